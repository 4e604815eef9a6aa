//! `likeness eval lfw` and `likeness eval pairs`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::app::evaluate::cli::options::{Source, Target};
use crate::app::evaluate::cli::{Terminal, tell_run};
use crate::app::evaluate::job::inputs::{ListFormat, read_embeddings};
use crate::app::evaluate::job::pairs::{Mirror, PairsConfig, eval_images, eval_pairs};
use crate::eval::Metric;
use crate::eval::figures::Arithmetic;
use crate::eval::lfw::{Centring, Options};
use crate::types::FaceCrop;

#[derive(Debug, Args)]
pub struct PairArgs {
    /// The list of pairs.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    target: Target,
    /// Another list whose pairs choose the threshold, for lists with one fold (LFW's View 1).
    #[arg(long, value_name = "FILE")]
    threshold_from: Option<PathBuf>,
    /// Labels that you marked as wrong, instead of those marked in the window; figures are told with and without them and
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
    #[arg(long, value_name = "FILE", requires = "mirror")]
    mirrored: Option<PathBuf>,
    /// Repeat another program's arithmetic to the last digit.
    #[arg(long, value_enum, value_name = "PROGRAM")]
    compat: Option<Arithmetic>,
}

pub fn run(terminal: &mut Terminal, args: PairArgs, kind: &'static str, format: ListFormat) -> Result<()> {
    let embeddings = args.source.embeddings.clone();
    let config = PairsConfig {
        kind,
        list: args.pairs,
        format,
        threshold_from: args.threshold_from,
        errata: args.errata.unwrap_or_else(|| terminal.home.label_errata()),
        crop: embeddings.is_none().then(|| args.source.pictures.crop_or(FaceCrop::Central)),
        images: args.source.pictures.images.clone(),
        mirror: args.mirror,
        arithmetic: args.compat.unwrap_or_default(),
        options: Options {
            metric: args.metric,
            centring: if args.subtract_mean { Centring::OtherFolds } else { Centring::None },
            far_target: args.target.far,
            far_rule: args.target.far_rule,
        },
    };
    let run = match embeddings {
        Some(file) => {
            let paths = args.source.paths.as_deref();
            let faces = read_embeddings(&file, paths)?;
            let mirrored = args.mirrored.as_deref().map(|file| read_embeddings(file, paths)).transpose()?;
            ensure!(args.mirror.is_none() || mirrored.is_some(), "--mirror with --embeddings needs --mirrored as well");
            eval_pairs(terminal.home, faces, mirrored.as_ref(), &config, &mut |text| terminal.note(text))?
        }
        None => {
            let engine = terminal.engine(&args.source.pictures)?;
            let run = eval_images(terminal.home, &engine, &config, &terminal.cancel, &mut |event| {
                terminal.console.show(event)
            });
            terminal.console.close();
            run?
        }
    };
    tell_run(args.source.json, &run)
}
