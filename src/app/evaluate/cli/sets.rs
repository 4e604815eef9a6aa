//! `likeness eval folder`, `clusters` and `video`: sets of images labelled by their folders.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::app::engine::cli::{at_least_one, not_negative, rate, usage};
use crate::app::evaluate::cli::options::{
    EmbeddingSource, FarTarget, Pictures, refuse_beside_embeddings, refuse_images_beside_embeddings,
};
use crate::app::evaluate::cli::{Terminal, percent, print_outcome, print_run};
use crate::app::evaluate::job::clusters::eval_clusters;
use crate::app::evaluate::job::evaluation::{EmbeddingsFile, FacesFrom};
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::evaluate::job::video::VideoConfig;
use crate::cluster::Linkage;
use crate::eval::video::FRAMES;
use crate::types::{FaceCrop, SquaredDistance, counted};

/// A labelled set, or the library's own named faces.
#[derive(Debug, Args)]
pub(crate) struct LabelledSource {
    /// Ready embeddings: the JSON Lines of `likeness embed`, or a NumPy array with --paths.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["images", "library"])]
    embeddings: Option<PathBuf>,
    /// Paths of a NumPy array's rows, one a line.
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    paths: Option<PathBuf>,
    /// The library's named faces, each labelled by its person.
    #[arg(long, conflicts_with_all = ["embeddings", "images"])]
    library: bool,
    #[command(flatten)]
    pictures: Pictures,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FolderArgs {
    #[command(flatten)]
    source: LabelledSource,
    /// The false accept rate at which VAL is given.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE", value_parser = rate::<f64>)]
    far: f64,
}

#[derive(Debug, Args)]
pub(crate) struct ClusterArgs {
    #[command(flatten)]
    source: LabelledSource,
    /// How far two groups are apart.
    #[arg(long, value_enum, default_value = "average", value_name = "LINKAGE")]
    linkage: Linkage,
    /// Also tell the scores at this squared distance: up to 4, and beyond with --linkage ward, whose groups can be farther
    /// apart than any two faces.
    #[arg(long, value_name = "DISTANCE", value_parser = not_negative::<f32>)]
    threshold: Option<f32>,
}

#[derive(Debug, Args)]
pub(crate) struct VideoArgs {
    /// CSV: first folder, second folder, 1 or 0, fold.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    source: EmbeddingSource,
    #[command(flatten)]
    target: FarTarget,
    /// How many frames of each video are compared.
    #[arg(long, default_value_t = FRAMES, value_name = "COUNT", value_parser = at_least_one::<usize>)]
    frames: usize,
}

pub(crate) fn folder(terminal: &mut Terminal, args: &FolderArgs) -> Result<()> {
    let faces = faces(terminal, &args.source)?;
    let run = terminal.evaluate(&args.source.pictures, |on| on.judge_every_pair(&faces, args.far))?;
    print_run(args.source.json, &run)
}

pub(crate) fn clusters(terminal: &mut Terminal, args: &ClusterArgs) -> Result<()> {
    let is_reached = |threshold: f32| args.linkage == Linkage::Ward || threshold <= SquaredDistance::FARTHEST.0;
    usage(
        args.threshold.is_none_or(is_reached),
        "a squared distance from 0 to 4 is needed for --threshold: farther apart are only groups with --linkage ward",
    )?;
    refuse_images_beside_embeddings(args.source.embeddings.is_some(), &args.source.pictures)?;
    let faces = faces(terminal, &args.source)?;
    let cancel = terminal.cancel.clone();
    let (home, linkage) = (terminal.home, args.linkage);
    let outcome = eval_clusters(home, &faces, linkage, args.threshold, &cancel, &mut |text| terminal.note(text))?;
    print_outcome(args.source.json, &outcome, &outcome.run, || {
        let at = outcome.grouped.at_threshold.map_or_else(String::new, |at| {
            let (f, clusters) = (percent(at.scores.b_cubed_f), counted(at.scores.clusters, "cluster", "clusters"));
            format!("\nAt threshold {}: B-cubed F {f}, {clusters}", at.threshold.0)
        });
        format!(
            "Best B-cubed F {} at threshold {:.3}: {} for {}; with one byte a dimension {}{at}",
            percent(outcome.grouped.best.b_cubed_f),
            outcome.grouped.best_threshold,
            counted(outcome.grouped.best.clusters, "cluster", "clusters"),
            counted(outcome.people, "person", "people"),
            percent(outcome.in_bytes.best.b_cubed_f)
        )
    })
}

pub(crate) fn video(terminal: &mut Terminal, args: VideoArgs) -> Result<()> {
    args.source.refuse_idle(terminal.global)?;
    let pictures = &args.source.pictures;
    refuse_images_beside_embeddings(args.source.embeddings.is_some(), pictures)?;
    let from = match args.source.ready(None) {
        Some(file) => FacesFrom::Embeddings { file, images: None },
        None => {
            let folder = pictures.images.clone().context("give --embeddings or --images")?;
            FacesFrom::Images { folder, crop: pictures.crop_or(FaceCrop::Largest) }
        }
    };
    let config = VideoConfig {
        list: args.pairs,
        frames: args.frames,
        far_target: args.target.far,
        far_rule: args.target.far_rule,
    };
    let outcome = terminal.evaluate(pictures, |on| on.judge_videos(&from, &config))?;
    print_outcome(args.source.json, &outcome, &outcome.run, || {
        let (mean, se) = (percent(outcome.accuracy_mean), percent(outcome.accuracy_se));
        let pairs = counted(outcome.pairs, "pair", "pairs");
        format!("Accuracy {mean} ± {se} (s.e.) on {pairs} of videos, {} skipped", outcome.skipped)
    })
}

fn faces(terminal: &mut Terminal, source: &LabelledSource) -> Result<FaceInputs> {
    let pictures = &source.pictures;
    pictures.refuse_idle()?;
    refuse_beside_embeddings(source.embeddings.is_some(), pictures, terminal.global)?;
    let computes = pictures.says_how_to_cut() || pictures.offline || terminal.global.device.is_some();
    usage(
        !source.library || !computes,
        "--detector, --crop, --crop-rule, --offline and --device have no effect with --library, whose faces are embedded \
         already",
    )?;
    let from = match &source.embeddings {
        Some(path) => {
            let file = EmbeddingsFile { path: path.clone(), images: source.paths.clone(), mirrored: None };
            FacesFrom::Embeddings { file, images: pictures.images.clone() }
        }
        None if source.library => FacesFrom::Library,
        None => {
            let folder = pictures.images.clone().context("give --embeddings or --images")?;
            FacesFrom::Images { folder, crop: pictures.crop_or(FaceCrop::Largest) }
        }
    };
    let faces = terminal.evaluate(pictures, |on| on.faces(&from));
    if source.library { faces.context("the library's faces cannot be judged") } else { faces }
}
