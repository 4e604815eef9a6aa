//! `likeness embed`: files to embeddings, with `--json` one object a face.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;

use crate::app::compare::job::embed_files::{self, EmbeddedFace};
use crate::app::engine::cli::console::{Console, counted, end_on_ctrl_c, printable};
use crate::app::engine::cli::output::{self, with_path};
use crate::app::engine::cli::{Global, usage};
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::jobs::options::resolve;
use crate::types::path_text::{from_text, text_of_file};
use crate::types::{CropRule, FaceBox, ModelId, error_chain, files};

/// Embed the faces of photos, without touching the library. Without --json it tells which faces each file has, and no numbers.
#[derive(Debug, clap::Args)]
pub struct EmbedArgs {
    /// Photos.
    files: Vec<PathBuf>,
    /// Read more file names from LIST, one a line ("-" for standard input).
    #[arg(long, value_name = "LIST")]
    files_from: Option<PathBuf>,
    /// The embedding network.
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// The detector: yunet, mtcnn, or "none" where each file is a face crop already.
    #[arg(long, value_name = "ID")]
    detector: Option<String>,
    /// How faces are cut out, such as square:1.2, margin:32, output-margin:32 or greater-margin:32; the model's own way
    /// if not given.
    #[arg(long, value_name = "RULE")]
    crop_rule: Option<CropRule>,
    /// Do not install a missing model.
    #[arg(long)]
    offline: bool,
    /// Print JSON Lines: one object a face, with its embedding, or one with `error` a file that failed.
    #[arg(long)]
    json: bool,
}

/// Succeeds when at least one file gave a face; every file that did not is named.
pub fn run(home: &Home, global: &Global, args: EmbedArgs) -> Result<ExitCode> {
    let files = file_list(&args)?;
    usage(!files.is_empty(), "no files given: name photos, or a list with --files-from")?;
    let crops = args.detector.as_deref() == Some("none");
    usage(!crops || args.crop_rule.is_none(), "--crop-rule has no effect with --detector none")?;
    let cancel = end_on_ctrl_c()?;
    let mut console = Console::new();
    let given = EngineOptions {
        device: global.device()?,
        model: args.model,
        detector: args.detector.filter(|name| name != "none"),
        crop: args.crop_rule,
        whole_pictures: crops,
        small_faces: Some(false),
        offline: args.offline,
    };
    let options = resolve(home, given)?;
    let out = Output { json: args.json };
    let (mut good, mut failed) = (0, 0);
    embed_files::embed_files(
        &files,
        (home, &options),
        &cancel,
        &mut |event| console.show(event),
        &mut |path, faces| {
            if output::is_closed() {
                cancel.cancel();
            }
            match faces {
                Ok((model, faces)) if !faces.is_empty() => {
                    good += 1;
                    out.faces(model, path, &faces)
                }
                Ok(_) => {
                    failed += 1;
                    out.error(path, "no face found")
                }
                Err(error) => {
                    failed += 1;
                    out.error(path, &error_chain(&error))
                }
            }
        },
    )?;
    console.close();
    if failed > 0 {
        output::note(format!("{failed} of {} gave no embedding", counted(failed + good, "file", "files")));
    }
    Ok(ExitCode::from(u8::from(good == 0)))
}

/// Results as JSON Lines or as a short table.
struct Output {
    json: bool,
}

impl Output {
    fn faces(&self, model: &ModelId, path: &Path, faces: &[EmbeddedFace]) -> Result<()> {
        for (index, face) in faces.iter().enumerate() {
            let Some(embedding) = &face.embedding else {
                self.error(path, &format!("face {index} has an embedding without a direction"))?;
                continue;
            };
            let found = face.detection;
            match self.json {
                true => output::json(&with_path(
                    path,
                    json!({
                        "face": index,
                        "box": found.map(|found| numbers(found.face_box)),
                        "score": found.map(|found| found.score),
                        "landmarks": found.map(|found| found.landmarks),
                        "model": model,
                        "embedding": embedding.as_slice(),
                    }),
                ))?,
                false => {
                    let place = found.map_or("the whole picture".to_owned(), |found| {
                        let [x, y, width, height] = numbers(found.face_box);
                        format!("{width:.0}×{height:.0} at {x:.0},{y:.0}\tscore {:.2}", found.score)
                    });
                    output::line(format!("{}\tface {index}\t{place}", printable(path)))?;
                }
            }
        }
        Ok(())
    }

    /// With `--json` failures are part of the result; a person reads them beside it.
    fn error(&self, path: &Path, reason: &str) -> Result<()> {
        if self.json {
            return output::json(&with_path(path, json!({ "error": reason })));
        }
        output::note(format!("{}: {reason}", printable(path)));
        Ok(())
    }
}

fn numbers(face_box: FaceBox) -> [f32; 4] {
    [face_box.x, face_box.y, face_box.width, face_box.height]
}

/// The named files and those of the list, each once.
fn file_list(args: &EmbedArgs) -> Result<Vec<PathBuf>> {
    let mut files = args.files.clone();
    if let Some(list) = &args.files_from {
        let mut bytes = Vec::new();
        let read = match list.as_os_str().as_encoded_bytes() {
            b"-" => std::io::stdin().read_to_end(&mut bytes).map(drop),
            _ => files::read(list).map(|read| bytes = read),
        };
        read.with_context(|| format!("cannot read the list of files {}", list.display()))?;
        files.extend(text_of_file(&bytes).lines().filter(|line| !line.is_empty()).map(from_text));
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}
