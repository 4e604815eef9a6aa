//! `likeness eval`: judge embeddings by the protocols of the literature.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::Global;
use super::console::{Console, cancel_on_ctrl_c};
use crate::cluster::Linkage;
use crate::eval::lfw::{Centring, Options};
use crate::eval::sensitivity::{Study, StudyRow};
use crate::eval::video::FRAMES;
use crate::eval::{FarRule, Metric};
use crate::jobs::eval::{
    Arithmetic, FaceCrop, Faces, ListFormat, Mirror, PairCounter, PairsConfig, PairsRun, SensitivityConfig,
    VideoConfig, View, embed_images, eval_clusters, eval_compat, eval_folder, eval_images, eval_pairs,
    eval_sensitivity, eval_video, labelled_images, read_embeddings,
};
use crate::jobs::{Engine, EngineOptions, Home, JobEvent};
use crate::types::{Cancel, CropRule};

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
    /// VAL while pictures get worse: JPEG, size, blur, occlusion, rotation.
    Sensitivity(SensitivityArgs),
}

/// Where the embeddings come from: a file, or images and a model.
#[derive(Debug, Args)]
struct Source {
    /// Ready embeddings: the JSON Lines of `likeness embed`, or a NumPy array with --paths.
    #[arg(long, value_name = "FILE", required_unless_present = "images")]
    embeddings: Option<PathBuf>,
    /// Paths of a NumPy array's rows, one a line.
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    paths: Option<PathBuf>,
    #[command(flatten)]
    pictures: Pictures,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Pictures {
    /// Folder of the images, as Name/Name_0001.jpg; with --embeddings only for pictures in the report.
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    /// The embedding network.
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// The detector: yunet or mtcnn.
    #[arg(long, value_name = "ID")]
    detector: Option<String>,
    /// How the face is cut out, such as square:1.2, margin:32 or output-margin:32; the model's own way if not
    /// given.
    #[arg(long, value_name = "RULE")]
    crop_rule: Option<CropRule>,
    /// Which part of an image is the face.
    #[arg(long, value_enum, default_value = "largest", value_name = "CROP")]
    crop: CropName,
    /// Side of the square of --crop centre, as a share of the shorter side.
    #[arg(long, default_value_t = 0.6, value_name = "SHARE")]
    centre_share: f32,
    /// Do not install a missing model.
    #[arg(long)]
    offline: bool,
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

#[derive(Debug, Args)]
struct SensitivityArgs {
    /// What gets worse.
    #[arg(value_enum)]
    study: StudyName,
    /// LFW's list of pairs.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    pictures: Pictures,
    /// The false accept rate at which VAL is told.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE")]
    far: f64,
    /// Only so many pairs of each kind in each fold.
    #[arg(long, value_name = "COUNT")]
    pairs_a_fold: Option<usize>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CropName {
    Largest,
    Central,
    AsStored,
    Centre,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StudyName {
    Jpeg,
    Size,
    Blur,
    Occlusion,
    Rotation,
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

pub fn run(home: &Home, global: &Global, args: EvalArgs) -> Result<ExitCode> {
    let mut desk = Desk { home, global, cancel: cancel_on_ctrl_c()?, console: Console::new() };
    match args.what {
        What::Lfw(args) => pairs(&mut desk, args, "lfw", ListFormat::Lfw)?,
        What::Pairs(args) => pairs(&mut desk, args, "pairs", ListFormat::Csv)?,
        What::Folder(args) => folder(&mut desk, &args)?,
        What::Video(args) => video(&mut desk, args)?,
        What::Compat(args) => compat(&mut desk, &args)?,
        What::Clusters(args) => clusters(&mut desk, &args)?,
        What::Sensitivity(args) => sensitivity(&mut desk, args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What every evaluation needs beside its own options.
struct Desk<'a> {
    home: &'a Home,
    global: &'a Global,
    cancel: Cancel,
    console: Console,
}

impl Desk<'_> {
    fn engine(&mut self, pictures: &Pictures) -> Result<Engine> {
        let options = EngineOptions {
            device: self.global.device()?,
            model: pictures.model.clone(),
            detector: pictures.detector.clone(),
            crop: pictures.crop_rule,
            offline: pictures.offline,
        };
        Engine::load(self.home, &options, &self.cancel, &mut |event| self.console.show(event))
    }

    /// Read from the file, or made from the images of a folder with one sub-folder a person.
    fn labelled(&mut self, source: &Source) -> Result<Faces> {
        if let Some(file) = &source.embeddings {
            return read_embeddings(file, source.paths.as_deref());
        }
        let folder = source.pictures.images.as_deref().context("give --embeddings or --images")?;
        let paths = labelled_images(folder)?;
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let engine = self.engine(&source.pictures)?;
        let events = &mut |event| self.console.show(event);
        let crop = source.pictures.crop();
        let sets = embed_images(self.home, &engine, (folder, &paths), crop, &[View::Plain], &self.cancel, events);
        self.console.close();
        sets?.into_iter().next().context("no image was embedded")
    }

    fn note(&mut self, text: String) {
        self.console.show(JobEvent::Note(text));
    }
}

fn pairs(desk: &mut Desk, args: PairArgs, kind: &'static str, format: ListFormat) -> Result<()> {
    let embeddings = args.source.embeddings.clone();
    let config = PairsConfig {
        kind,
        list: args.pairs,
        format,
        threshold_from: args.threshold_from,
        errata: args.errata.unwrap_or_else(|| desk.home.label_errata()),
        crop: embeddings.is_none().then(|| args.source.pictures.crop()),
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
            eval_pairs(desk.home, faces, mirrored.as_ref(), &config, &mut |text| desk.note(text))?
        }
        None => {
            let engine = desk.engine(&args.source.pictures)?;
            let run = eval_images(desk.home, &engine, &config, &desk.cancel, &mut |event| desk.console.show(event));
            desk.console.close();
            run?
        }
    };
    let outcome = &run.outcome;
    tell(args.source.json, outcome, &outcome.run, || told(&run))
}

fn folder(desk: &mut Desk, args: &FolderArgs) -> Result<()> {
    let faces = desk.labelled(&args.source)?;
    let cancel = desk.cancel.clone();
    let device = desk.global.device()?;
    let counter = PairCounter::choose(&device, faces.images.paths.len(), &mut |text| desk.note(text))?;
    let outcome = eval_folder(desk.home, &faces, args.far, &counter, &cancel, &mut |text| desk.note(text))?;
    tell(args.source.json, &outcome, &outcome.run, || {
        let spread = outcome.val_se.map_or(String::new(), |se| format!(" ± {} (s.e. over splits)", percent(se)));
        format!(
            "VAL {}{spread} at FAR {} over {} pairs of one person and {} of different people, AUC {:.5}",
            percent(outcome.val_mean.unwrap_or(outcome.val.val)),
            outcome.far_target,
            outcome.same_pairs,
            outcome.different_pairs,
            outcome.auc
        )
    })
}

fn video(desk: &mut Desk, args: VideoArgs) -> Result<()> {
    let faces = desk.labelled(&args.source)?;
    let config = VideoConfig {
        list: args.pairs,
        frames: args.frames,
        far_target: args.target.far,
        far_rule: args.target.far_rule.into(),
    };
    let outcome = eval_video(desk.home, faces, &config, &mut |text| desk.note(text))?;
    tell(args.source.json, &outcome, &outcome.run, || {
        let (mean, se) = (percent(outcome.accuracy_mean), percent(outcome.accuracy_se));
        format!("Accuracy {mean} ± {se} (s.e.) on {} pairs of videos, {} skipped", outcome.pairs, outcome.skipped)
    })
}

fn compat(desk: &mut Desk, args: &CompatArgs) -> Result<()> {
    let (old, new) = (read_embeddings(&args.old, None)?, read_embeddings(&args.new, None)?);
    let outcome = eval_compat(desk.home, &old, &new, &args.pairs, args.far, &mut |text| desk.note(text))?;
    tell(args.json, &outcome, &outcome.run, || {
        let [old, new, crossed] =
            [&outcome.old, &outcome.new, &outcome.new_against_old].map(|curve| percent(curve.val));
        format!("VAL at FAR {}: old {old}, new {new}, new against old {crossed}", args.far)
    })
}

fn clusters(desk: &mut Desk, args: &ClusterArgs) -> Result<()> {
    let faces = desk.labelled(&args.source)?;
    let cancel = desk.cancel.clone();
    let mut note = |text| desk.console.show(JobEvent::Note(text));
    let outcome = eval_clusters(desk.home, &faces, args.linkage.into(), args.threshold, &cancel, &mut note)?;
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

fn sensitivity(desk: &mut Desk, args: SensitivityArgs) -> Result<()> {
    let engine = desk.engine(&args.pictures)?;
    let config = SensitivityConfig {
        study: args.study.into(),
        list: args.pairs,
        crop: args.pictures.crop(),
        images: args.pictures.images.context("a sensitivity study needs --images")?,
        far_target: args.far,
        pairs_a_fold: args.pairs_a_fold,
    };
    let cancel = desk.cancel.clone();
    let outcome = eval_sensitivity(desk.home, &engine, &config, &cancel, &mut |event| desk.console.show(event))?;
    desk.console.close();
    tell(args.json, &outcome, &outcome.run, || {
        let row = |row: &StudyRow| format!("{:>8}  VAL {}", row.level, percent(row.measured.val));
        let rows: Vec<String> = outcome.rows.iter().map(row).collect();
        format!("{}\n{}", config.study.label(), rows.join("\n"))
    })
}

fn told(run: &PairsRun) -> String {
    let outcome = &run.outcome;
    let at = run.at(run.mean_threshold());
    let words = |one_in: Option<usize>, of: usize| one_in.map_or(format!("none in {of}"), |n| format!("1 in {n}"));
    let plainly = format!(
        "At threshold {:.3}: {} wrong matches; misses {}",
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

impl Pictures {
    fn crop(&self) -> FaceCrop {
        match self.crop {
            CropName::Largest => FaceCrop::Largest,
            CropName::Central => FaceCrop::Central,
            CropName::AsStored => FaceCrop::AsStored,
            CropName::Centre => FaceCrop::Centre { share: self.centre_share },
        }
    }
}

impl From<StudyName> for Study {
    fn from(name: StudyName) -> Self {
        match name {
            StudyName::Jpeg => Self::JpegQuality,
            StudyName::Size => Self::ImagePixels,
            StudyName::Blur => Self::BlurSigma,
            StudyName::Occlusion => Self::OccludedShare,
            StudyName::Rotation => Self::RotationDegrees,
        }
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
