//! `likeness eval lfw` and `likeness eval pairs`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::usage;
use crate::app::evaluate::cli::options::{EmbeddingSource, FarTarget};
use crate::app::evaluate::cli::{Terminal, print_run};
use crate::app::evaluate::job::pairs_config::{Mirror, PairsConfig};
use crate::app::jobs::input_file::ListFormat;
use crate::eval::Metric;
use crate::eval::figures::Arithmetic;
use crate::eval::lfw::{Centring, LfwOptions};
use crate::types::FaceCrop;

#[derive(Debug, Args)]
pub(crate) struct PairArgs {
    /// The list of pairs.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    source: EmbeddingSource,
    #[command(flatten)]
    target: FarTarget,
    /// Another list whose pairs choose the threshold, for lists with one fold (LFW's View 1).
    #[arg(long, value_name = "FILE")]
    threshold_from: Option<PathBuf>,
    /// Labels that you marked as wrong, instead of those marked in the window; figures are given with and without them and
    /// the known errata of LFW.
    #[arg(long, value_name = "FILE")]
    errata: Option<PathBuf>,
    /// Squared distance, or angle / π.
    #[arg(long, value_enum, default_value = "squared-l2", value_name = "METRIC")]
    metric: Metric,
    /// Subtract the mean of the other folds.
    #[arg(long)]
    subtract_mean: bool,
    /// Join each embedding with that of its mirror image.
    #[arg(long, value_enum, value_name = "HOW")]
    mirror: Option<Mirror>,
    /// With --embeddings and --mirror: embeddings of the mirrored images, under the same paths.
    #[arg(long, value_name = "FILE", requires_all = ["mirror", "embeddings"])]
    mirrored: Option<PathBuf>,
    /// Repeat another program's arithmetic to the last digit.
    #[arg(long, value_enum, value_name = "PROGRAM")]
    compat: Option<Arithmetic>,
}

pub(crate) fn run(terminal: &mut Terminal, args: PairArgs, format: ListFormat) -> Result<()> {
    let pictures = &args.source.pictures;
    let usual = PairsConfig::of(args.pairs, format, terminal.home);
    let config = PairsConfig {
        threshold_from: args.threshold_from,
        errata: args.errata.unwrap_or(usual.errata),
        crop: Some(pictures.crop_or(FaceCrop::Central)),
        images: pictures.images.clone(),
        mirror: args.mirror,
        arithmetic: args.compat.unwrap_or_default(),
        options: LfwOptions {
            metric: args.metric,
            centring: Centring::of_other_folds(args.subtract_mean),
            far_target: args.target.far,
            far_rule: args.target.far_rule,
        },
        ..usual
    };
    let ready = args.source.ready(args.mirrored);
    args.source.refuse_idle(terminal.global)?;
    let has_mirrored = ready.as_ref().is_none_or(|file| file.mirrored.is_some());
    usage(args.mirror.is_none() || has_mirrored, "--mirror with --embeddings needs --mirrored as well")?;
    let run = terminal.evaluate(pictures, |on| on.judge_pairs(ready.as_ref(), &config))?;
    print_run(args.source.json, &run)
}
