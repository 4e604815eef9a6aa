//! `likeness eval`: judge embeddings by the protocols of the literature.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::cluster::Linkage;
use crate::eval::lfw::{Centring, Options};
use crate::eval::video::FRAMES;
use crate::eval::{FarRule, Metric};
use crate::jobs::Home;
use crate::jobs::eval::{
    Arithmetic, Faces, ListFormat, Mirror, PairsConfig, PairsOutcome, VideoConfig, eval_clusters, eval_compat,
    eval_folder, eval_pairs, eval_video, read_embeddings,
};
use crate::types::Cancel;

/// Judge a network: accuracy, VAL at a FAR, ROC, failures; each run leaves a folder with figures and a report
#[derive(Debug, Args)]
pub struct EvalArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// LFW's pairs.txt: the threshold for each fold comes from the others.
    Lfw(PairArgs),
    /// Any list of pairs, as CSV: first path, second path, 1 or 0, and optionally a fold.
    Pairs(PairArgs),
    /// Every pair of a folder with one sub-folder a person.
    Folder(FolderArgs),
    /// Pairs of videos, each a folder of frames (YouTube Faces protocol).
    Video(VideoArgs),
    /// Whether a new model's embeddings can be compared with an old one's.
    Compat(CompatArgs),
    /// How well clustering finds the people of a folder, at every threshold.
    Clusters(ClusterArgs),
}

/// Where the embeddings come from.
#[derive(Debug, Args)]
struct Source {
    /// Ready embeddings: the JSON Lines of `likeness embed`, or a NumPy array with --paths.
    #[arg(long, value_name = "FILE")]
    embeddings: PathBuf,
    /// Paths of a NumPy array's rows, one a line.
    #[arg(long, value_name = "FILE")]
    paths: Option<PathBuf>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Target {
    /// The false accept rate at which VAL is told.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE")]
    far: f64,
    /// How the threshold for a FAR is read off the distances.
    #[arg(long, value_enum, default_value = "interpolated", value_name = "RULE")]
    far_rule: FarRuleName,
}

#[derive(Debug, Args)]
struct PairArgs {
    /// The list of pairs.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    target: Target,
    /// Folder of the images, for pictures in the report.
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    /// Another list whose pairs choose the threshold, for lists with one fold (LFW's View 1).
    #[arg(long, value_name = "FILE")]
    threshold_from: Option<PathBuf>,
    /// Labels known to be wrong: figures are told with and without these pairs.
    #[arg(long, value_name = "FILE")]
    errata: Option<PathBuf>,
    /// Squared distance, or angle / π.
    #[arg(long, value_enum, default_value = "squared-l2", value_name = "METRIC")]
    metric: MetricName,
    /// Subtract the mean of the other folds.
    #[arg(long)]
    subtract_mean: bool,
    /// Embeddings of the mirrored images, under the same paths.
    #[arg(long, value_name = "FILE")]
    mirrored: Option<PathBuf>,
    /// How mirrored images are joined.
    #[arg(long, value_enum, default_value = "average", value_name = "HOW")]
    mirror: MirrorName,
    /// Repeat another program's arithmetic to the last digit.
    #[arg(long, value_enum, value_name = "PROGRAM")]
    compat: Option<CompatName>,
}

#[derive(Debug, Args)]
struct FolderArgs {
    #[command(flatten)]
    source: Source,
    /// The false accept rate at which VAL is told.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE")]
    far: f64,
}

#[derive(Debug, Args)]
struct VideoArgs {
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

#[derive(Debug, Args)]
struct CompatArgs {
    /// LFW's list of pairs.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    /// Embeddings of the old model.
    #[arg(long, value_name = "FILE")]
    old: PathBuf,
    /// Embeddings of the new model.
    #[arg(long, value_name = "FILE")]
    new: PathBuf,
    /// The false accept rate at which VAL is told.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE")]
    far: f64,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ClusterArgs {
    #[command(flatten)]
    source: Source,
    /// How far two groups are apart.
    #[arg(long, value_enum, default_value = "average", value_name = "LINKAGE")]
    linkage: LinkageName,
    /// Also tell the scores at this squared distance.
    #[arg(long, value_name = "DISTANCE")]
    threshold: Option<f32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FarRuleName {
    Interpolated,
    AtMost,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricName {
    SquaredL2,
    Angle,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MirrorName {
    Average,
    Concatenate,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CompatName {
    Sandberg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LinkageName {
    Average,
    Single,
    Complete,
    Ward,
}

pub fn run(home: &Home, args: EvalArgs) -> Result<ExitCode> {
    let cancel = Cancel::default();
    let mut note = |text: String| eprintln!("{text}");
    match args.what {
        What::Lfw(args) => pairs(home, args, "lfw", ListFormat::Lfw, &mut note)?,
        What::Pairs(args) => pairs(home, args, "pairs", ListFormat::Csv, &mut note)?,
        What::Folder(args) => {
            let outcome = eval_folder(home, &args.source.read()?, args.far, &cancel, &mut note)?;
            tell(args.source.json, &outcome, &outcome.run, || {
                let spread =
                    outcome.val_se.map_or(String::new(), |se| format!(" ± {} (s.e. over splits)", percent(se)));
                format!(
                    "VAL {}{spread} at FAR {} over {} pairs of one person and {} of different people, AUC {:.5}",
                    percent(outcome.val_mean.unwrap_or(outcome.val.val)),
                    outcome.far_target,
                    outcome.same_pairs,
                    outcome.different_pairs,
                    outcome.auc
                )
            })?;
        }
        What::Video(args) => {
            let config = VideoConfig {
                list: args.pairs,
                frames: args.frames,
                far_target: args.target.far,
                far_rule: args.target.far_rule.into(),
            };
            let outcome = eval_video(home, args.source.read()?, &config, &mut note)?;
            tell(args.source.json, &outcome, &outcome.run, || {
                let (mean, se) = (percent(outcome.accuracy_mean), percent(outcome.accuracy_se));
                format!("Accuracy {mean} ± {se} (s.e.) on {} pairs of videos", outcome.pairs)
            })?;
        }
        What::Compat(args) => {
            let (old, new) = (read_embeddings(&args.old, None)?, read_embeddings(&args.new, None)?);
            let outcome = eval_compat(home, &old, &new, &args.pairs, args.far, &mut note)?;
            tell(args.json, &outcome, &outcome.run, || {
                let [old, new, crossed] =
                    [&outcome.old, &outcome.new, &outcome.new_against_old].map(|curve| percent(curve.val));
                format!("VAL at FAR {}: old {old}, new {new}, new against old {crossed}", args.far)
            })?;
        }
        What::Clusters(args) => {
            let faces = args.source.read()?;
            let outcome = eval_clusters(home, &faces, args.linkage.into(), args.threshold, &cancel, &mut note)?;
            tell(args.source.json, &outcome, &outcome.run, || {
                format!(
                    "Best B-cubed F {} at threshold {:.3}: {} clusters for {} people",
                    percent(outcome.best.b_cubed_f),
                    outcome.best_threshold,
                    outcome.best.clusters,
                    outcome.people
                )
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn pairs(
    home: &Home,
    args: PairArgs,
    kind: &'static str,
    format: ListFormat,
    note: &mut dyn FnMut(String),
) -> Result<()> {
    let faces = args.source.read()?;
    let mirrored =
        args.mirrored.as_deref().map(|file| read_embeddings(file, args.source.paths.as_deref())).transpose()?;
    let config = PairsConfig {
        kind,
        list: args.pairs,
        format,
        threshold_from: args.threshold_from,
        errata: args.errata,
        images: args.images,
        mirror: mirrored.is_some().then(|| args.mirror.into()),
        arithmetic: args.compat.map_or(Arithmetic::Exact, |CompatName::Sandberg| Arithmetic::Sandberg),
        options: Options {
            metric: args.metric.into(),
            centring: if args.subtract_mean { Centring::OtherFolds } else { Centring::None },
            far_target: args.target.far,
            far_rule: args.target.far_rule.into(),
        },
    };
    let outcome = eval_pairs(home, faces, mirrored.as_ref(), &config, note)?;
    tell(args.source.json, &outcome, &outcome.run, || told(&outcome))
}

fn told(outcome: &PairsOutcome) -> String {
    format!(
        "Accuracy {} ± {} (s.e., {} s.d.), VAL {} ± {} at FAR {} (measured {}), AUC {:.5}; {} pairs, {} skipped",
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

fn tell<T: Serialize>(json: bool, outcome: &T, run: &Path, text: impl FnOnce() -> String) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(outcome).context("the result cannot be written as JSON")?);
    } else {
        println!("{}\nReport: {}", text(), run.join("report.html").display());
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

impl Source {
    fn read(&self) -> Result<Faces> {
        read_embeddings(&self.embeddings, self.paths.as_deref())
    }
}

impl From<FarRuleName> for FarRule {
    fn from(name: FarRuleName) -> Self {
        match name {
            FarRuleName::Interpolated => Self::Interpolated,
            FarRuleName::AtMost => Self::AtMost,
        }
    }
}

impl From<MetricName> for Metric {
    fn from(name: MetricName) -> Self {
        match name {
            MetricName::SquaredL2 => Self::SquaredL2,
            MetricName::Angle => Self::Angle,
        }
    }
}

impl From<MirrorName> for Mirror {
    fn from(name: MirrorName) -> Self {
        match name {
            MirrorName::Average => Self::Average,
            MirrorName::Concatenate => Self::Concatenate,
        }
    }
}

impl From<LinkageName> for Linkage {
    fn from(name: LinkageName) -> Self {
        match name {
            LinkageName::Average => Self::Average,
            LinkageName::Single => Self::Single,
            LinkageName::Complete => Self::Complete,
            LinkageName::Ward => Self::Ward,
        }
    }
}
