//! What an evaluation is made from: embedding files and lists, each with its hash.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::engine::home::Home;
use crate::eval::embedded::EmbeddedImages;
use crate::eval::{PairList, Vectors};
use crate::networks::models::Store;
use crate::types::{CropRule, FaceCrop, ModelId};

/// A file that went into a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputFile {
    pub path: String,
    pub sha256: String,
}

impl InputFile {
    pub(crate) fn of(file: &Path) -> Result<Self> {
        Ok(read(file)?.1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFormat {
    Lfw,
    Csv,
}

impl ListFormat {
    /// A run's kind, as its folder is called.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Lfw => "lfw",
            Self::Csv => "pairs",
        }
    }

    /// By a file's ending.
    #[cfg(feature = "gui")]
    pub(crate) fn of(list: &Path) -> Self {
        let is_csv = list.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if is_csv { Self::Csv } else { Self::Lfw }
    }
}

/// One vector an image, ready to be judged.
#[derive(Debug)]
pub struct Faces {
    pub images: EmbeddedImages,
    pub inputs: Vec<InputFile>,
    pub photos: Photos,
}

/// Where the photos of a set are, for its pictures.
#[derive(Debug, Clone, Default)]
pub enum Photos {
    #[default]
    Unknown,
    /// Under their own paths in a folder; how faces were found and cut in them is not known of ready embeddings.
    Folder { folder: PathBuf, crop: Option<FaceCrop>, rule: Option<CropRule> },
    /// Each by its name.
    Files(HashMap<String, PathBuf>),
}

impl Photos {
    pub(crate) fn of(&self, listed: &str) -> Option<PathBuf> {
        match self {
            Self::Unknown => None,
            Self::Folder { folder, .. } => Some(folder.join(listed)),
            Self::Files(files) => files.get(listed).cloned(),
        }
    }

    /// The kind of a run over every pair of this set, as its folder is called, and what was judged: a folder, or the
    /// file of embeddings. Only the library's faces are known one by one.
    pub(crate) fn origin(&self, inputs: &[InputFile]) -> (&'static str, Option<String>) {
        match self {
            Self::Files(_) => ("library", None),
            Self::Folder { folder, .. } => ("folder", Some(folder.display().to_string())),
            Self::Unknown => ("folder", inputs.first().map(|input| input.path.clone())),
        }
    }

    pub(crate) fn crop(&self) -> Option<FaceCrop> {
        match self {
            Self::Folder { crop, .. } => *crop,
            Self::Unknown | Self::Files(_) => None,
        }
    }

    pub(crate) fn crop_rule(&self) -> Option<CropRule> {
        match self {
            Self::Folder { rule, .. } => *rule,
            Self::Unknown | Self::Files(_) => None,
        }
    }
}

impl Faces {
    /// The model's name, or what stands for one.
    pub fn model(&self) -> String {
        self.images.model.clone().unwrap_or_else(|| "not named".to_owned())
    }

    /// What a reader should know: failures and vectors that were not of unit length.
    pub(crate) fn notes(&self, note: &mut dyn FnMut(String)) {
        if self.images.normalised > 0 {
            note(format!("{} embeddings were not of unit length and have been normalised", self.images.normalised));
        }
        for (path, reason) in &self.images.failed {
            note(format!("Skipped {path}: {reason}"));
        }
    }

    /// Labels from the folders' names, numbered in the order of first sight.
    pub(crate) fn labels(&self) -> Result<(Vec<u32>, usize)> {
        let mut known = HashMap::new();
        let mut labels = Vec::with_capacity(self.images.paths.len());
        for (folder, path) in self.images.folders().into_iter().zip(&self.images.paths) {
            if folder.is_empty() {
                bail!("every image must lie in a folder with its person's name, but this one does not: {path}");
            }
            let next = known.len() as u32;
            labels.push(*known.entry(folder).or_insert(next));
        }
        Ok((labels, known.len()))
    }
}

/// Reads JSON Lines of `embed`, or a `.npy` array with `paths` as its list of paths. `mirrored` are the embeddings of
/// the mirrored images in the same order; they are concatenated or averaged by `join`.
pub fn read_embeddings(file: &Path, paths: Option<&Path>) -> Result<Faces> {
    let (bytes, input) = read(file)?;
    let mut inputs = vec![input];
    let images = if bytes.starts_with(b"\x93NUMPY") {
        let Some(paths) = paths else {
            bail!("a NumPy array needs the list of its images' paths, one a line: give it with --paths");
        };
        let (list, input) = read_text(paths)?;
        inputs.push(input);
        EmbeddedImages::parse_npy(&bytes, &list)
    } else {
        let text = std::str::from_utf8(&bytes)
            .with_context(|| format!("this is neither JSON Lines nor a NumPy array: {}", file.display()))?;
        EmbeddedImages::parse_json_lines(text)
    };
    let images = images.with_context(|| format!("cannot use the embeddings in {}", file.display()))?;
    Ok(Faces { images, inputs, photos: Photos::Unknown })
}

/// The list of paths that belongs to a NumPy array: a text file of the same name beside it.
#[cfg(feature = "gui")]
pub(crate) fn paths_beside(embeddings: &Path) -> Option<PathBuf> {
    Some(embeddings.with_extension("txt")).filter(|list| list.is_file())
}

/// A text file and its hash.
fn read_text(file: &Path) -> Result<(String, InputFile)> {
    let (bytes, input) = read(file)?;
    let text = String::from_utf8(bytes).with_context(|| format!("this is not a text file: {}", file.display()))?;
    Ok((text, input))
}

/// A list of pairs and its hash.
pub(crate) fn read_pairs(file: &Path, format: ListFormat) -> Result<(PairList, InputFile)> {
    let (text, input) = read_text(file)?;
    let list = match format {
        ListFormat::Lfw => PairList::parse_lfw(&text),
        ListFormat::Csv => PairList::parse_csv(&text),
    };
    Ok((list.with_context(|| format!("cannot use {}", file.display()))?, input))
}

/// Rows of `vectors` joined with the same images' rows of `mirrored`.
pub(crate) fn join_mirrored(
    faces: &mut Faces,
    mirrored: &Faces,
    join: fn(&Vectors, &Vectors) -> Result<Vectors, crate::eval::EvalError>,
) -> Result<()> {
    let rows: Option<Vec<usize>> = faces.images.paths.iter().map(|path| mirrored.images.row(path)).collect();
    let rows = rows.context("some images have no embedding of their mirror image")?;
    faces.images.vectors = join(&faces.images.vectors, &mirrored.images.vectors.select(&rows))?;
    faces.inputs.extend(mirrored.inputs.iter().cloned());
    Ok(())
}

/// The files of installed models.
pub(crate) fn model_files(home: &Home, ids: [&ModelId; 2]) -> Result<Vec<InputFile>> {
    let store = Store::open(home.models())?;
    let mut files = Vec::new();
    for id in ids {
        for file in &store.entry(id)?.files {
            files.push(InputFile { path: format!("{id}/{}", file.name), sha256: file.sha256.clone() });
        }
    }
    Ok(files)
}

fn read(file: &Path) -> Result<(Vec<u8>, InputFile)> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, InputFile { path: file.display().to_string(), sha256 }))
}
