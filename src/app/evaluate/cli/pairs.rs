//! `likeness eval lfw` and `likeness eval pairs`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::app::evaluate::cli::options::{CompatName, MetricName, MirrorName, Source, Target};
use crate::app::evaluate::cli::{Terminal, percent, tell};
use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::inputs::read_embeddings;
use crate::app::evaluate::job::pairs::{Arithmetic, ListFormat, PairsConfig, eval_images, eval_pairs};
use crate::app::evaluate::job::rows::PairsRun;
use crate::eval::lfw::{Centring, Options};

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
    metric: MetricName,
    /// Subtract the mean of the other folds.
    #[arg(long)]
    subtract_mean: bool,
    /// Join each embedding with that of its mirror image.
    #[arg(long, value_enum, value_name = "HOW")]
    mirror: Option<MirrorName>,
    /// With --embeddings and --mirror: embeddings of the mirrored images, under the same paths.
    #[arg(long, value_name = "FILE", requires = "mirror")]
    mirrored: Option<PathBuf>,
    /// Repeat another program's arithmetic to the last digit.
    #[arg(long, value_enum, value_name = "PROGRAM")]
    compat: Option<CompatName>,
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
        mirror: args.mirror.map(Into::into),
        arithmetic: args.compat.map_or(Arithmetic::Exact, |CompatName::Sandberg| Arithmetic::Sandberg),
        options: Options {
            metric: args.metric.into(),
            centring: if args.subtract_mean { Centring::OtherFolds } else { Centring::None },
            far_target: args.target.far,
            far_rule: args.target.far_rule.into(),
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
    tell(args.source.json, &run.outcome, run.folder(), || told(&run))
}

fn told(run: &PairsRun) -> String {
    let outcome = &run.outcome;
    let at = run.at(run.mean_threshold());
    let words = |one_in: Option<usize>, of: usize| one_in.map_or(format!("none in {of}"), |n| format!("1 in {n}"));
    let plainly = format!(
        "At threshold {:.3}: wrong matches {}; misses {}",
        at.threshold,
        words(at.wrong_one_in(), at.different),
        words(at.misses_one_in(), at.same)
    );
    let doubted = outcome.without_errata.as_ref().map_or(String::new(), |without| {
        let (mean, se) = (percent(without.accuracy_mean), percent(without.accuracy_se));
        format!("\nWithout {} pairs whose label is doubted: accuracy {mean} ± {se}", without.doubted_pairs)
    });
    format!(
        "Accuracy {} ± {} (s.e., {} s.d.), VAL {} ± {} at FAR {} (measured {}), AUC {:.5}; {} pairs, {} skipped\n\
         {plainly}{doubted}",
        percent(outcome.accuracy_mean),
        percent(outcome.accuracy_se),
        percent(outcome.accuracy_sd),
        percent(outcome.val_mean),
        percent(outcome.val_se),
        outcome.far_target,
        percent(outcome.far_mean),
        outcome.auc,
        outcome.pairs,
        outcome.skipped
    )
}
