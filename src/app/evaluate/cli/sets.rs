//! `likeness eval folder`, `clusters` and `video`: sets of images labelled by their folders.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::app::engine::networks::EngineOptions;
use crate::app::evaluate::cli::options::{Pictures, Source, Target};
use crate::app::evaluate::cli::{Terminal, percent, tell, tell_run};
use crate::app::evaluate::job::clusters::eval_clusters;
use crate::app::evaluate::job::count::PairCounter;
use crate::app::evaluate::job::folder::eval_folder;
use crate::app::evaluate::job::inputs::{Faces, ListFormat, Photos, read_embeddings, read_pairs};
use crate::app::evaluate::job::library_faces::library_faces;
use crate::app::evaluate::job::video::{VideoConfig, eval_video, listed_frames};
use crate::cluster::Linkage;
use crate::eval::video::FRAMES;

/// A labelled set, or the library's own confirmed faces.
#[derive(Debug, Args)]
pub struct LabelledSource {
    /// Ready embeddings: the JSON Lines of `likeness embed`, or a NumPy array with --paths.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["images", "library"])]
    embeddings: Option<PathBuf>,
    /// Paths of a NumPy array's rows, one a line.
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    paths: Option<PathBuf>,
    /// The library's confirmed faces, each labelled by its person.
    #[arg(long, conflicts_with_all = ["embeddings", "images"])]
    library: bool,
    #[command(flatten)]
    pictures: Pictures,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct FolderArgs {
    #[command(flatten)]
    source: LabelledSource,
    /// The false accept rate at which VAL is told.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE")]
    far: f64,
}

#[derive(Debug, Args)]
pub struct ClusterArgs {
    #[command(flatten)]
    source: LabelledSource,
    /// How far two groups are apart.
    #[arg(long, value_enum, default_value = "average", value_name = "LINKAGE")]
    linkage: Linkage,
    /// Also tell the scores at this squared distance.
    #[arg(long, value_name = "DISTANCE")]
    threshold: Option<f32>,
}

#[derive(Debug, Args)]
pub struct VideoArgs {
    /// CSV: first folder, second folder, 1 or 0, fold.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    target: Target,
    /// How many frames of each video are compared.
    #[arg(long, default_value_t = FRAMES, value_name = "COUNT")]
    frames: usize,
}

pub fn folder(terminal: &mut Terminal, args: &FolderArgs) -> Result<()> {
    let faces = faces(terminal, &args.source)?;
    let cancel = terminal.cancel.clone();
    let device = terminal.global.device()?;
    let counter = PairCounter::choose(&device, faces.images.paths.len(), &mut |text| terminal.note(text))?;
    let run = eval_folder(terminal.home, &faces, args.far, &counter, &cancel, &mut |text| terminal.note(text))?;
    tell_run(args.source.json, &run)
}

pub fn clusters(terminal: &mut Terminal, args: &ClusterArgs) -> Result<()> {
    let faces = faces(terminal, &args.source)?;
    let cancel = terminal.cancel.clone();
    let (home, linkage) = (terminal.home, args.linkage);
    let outcome = eval_clusters(home, &faces, linkage, args.threshold, &cancel, &mut |text| terminal.note(text))?;
    tell(args.source.json, &outcome, &outcome.run, || {
        format!(
            "Best B-cubed F {} at threshold {:.3}: {} clusters for {} people",
            percent(outcome.best.b_cubed_f),
            outcome.best_threshold,
            outcome.best.clusters,
            outcome.people
        )
    })
}

pub fn video(terminal: &mut Terminal, args: VideoArgs) -> Result<()> {
    let (list, input) = read_pairs(&args.pairs, ListFormat::Csv)?;
    let faces = match &args.source.embeddings {
        Some(file) => read_embeddings(file, args.source.paths.as_deref())?,
        None => {
            let folder = args.source.pictures.images.as_deref().context("give --embeddings or --images")?;
            terminal.embedded(&args.source.pictures, folder, &listed_frames(&list, folder)?)?
        }
    };
    let config = VideoConfig {
        list: args.pairs,
        frames: args.frames,
        far_target: args.target.far,
        far_rule: args.target.far_rule,
    };
    let outcome = eval_video(terminal.home, faces, (&list, input), &config, &mut |text| terminal.note(text))?;
    tell(args.source.json, &outcome, &outcome.run, || {
        let (mean, se) = (percent(outcome.accuracy_mean), percent(outcome.accuracy_se));
        format!("Accuracy {mean} ± {se} (s.e.) on {} pairs of videos, {} skipped", outcome.pairs, outcome.skipped)
    })
}

fn faces(terminal: &mut Terminal, source: &LabelledSource) -> Result<Faces> {
    if let Some(file) = &source.embeddings {
        let faces = read_embeddings(file, source.paths.as_deref())?;
        let folder = source.pictures.images.clone();
        let photos = folder.map_or(Photos::Unknown, |folder| Photos::Folder { folder, crop: None, rule: None });
        return Ok(Faces { photos, ..faces });
    }
    if source.library {
        let options = EngineOptions { model: source.pictures.model.clone(), ..EngineOptions::default() };
        return library_faces(terminal.home, &options.model_id()).context("the library's faces cannot be judged");
    }
    terminal.labelled_folder(&source.pictures)
}
