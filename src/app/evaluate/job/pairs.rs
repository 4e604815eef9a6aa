//! LFW and other lists of pairs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::app::engine::home::Home;
use crate::app::engine::networks::Engine;
use crate::app::engine::progress::JobEvent;
use crate::app::evaluate::job::errata_file::ErrataFile;
use crate::app::evaluate::job::images::{FaceCrop, ImageVariant, embed_images};
use crate::app::evaluate::job::inputs::{Faces, InputFile, join_mirrored, read_text};
use crate::app::evaluate::job::present;
use crate::app::evaluate::job::reopen::keep;
use crate::app::evaluate::job::rows::PairsRun;
use crate::app::evaluate::job::run_folder::RunFolder;
use crate::eval::embedded::EmbeddedImages;
use crate::eval::errata::Errata;
use crate::eval::lfw::{Centring, Judgement, Options, judge, judge_split};
use crate::eval::quantised::{QuantisationCost, cost};
use crate::eval::sandberg::{self, Published};
use crate::eval::{Image, Metric, Pair, PairList, Vectors};
use crate::faces::embed::quantise::QuantisedEmbedding;
use crate::types::{Cancel, CropRule, Embedding};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFormat {
    Lfw,
    Csv,
}

/// Whose way of computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arithmetic {
    Exact,
    /// davidsandberg/facenet's `lfw.evaluate`.
    Sandberg,
}

/// How an image's mirror image is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mirror {
    Concatenate,
    Average,
}

#[derive(Debug, Clone, Serialize)]
pub struct PairsConfig {
    /// The kind of run, as its folder is called.
    pub kind: &'static str,
    pub list: PathBuf,
    pub format: ListFormat,
    /// A list whose pairs choose the threshold instead of the other folds: View 1.
    pub threshold_from: Option<PathBuf>,
    /// The user's marks; the file need not exist.
    pub errata: PathBuf,
    /// How faces were cut; None for ready embeddings.
    pub crop: Option<FaceCrop>,
    /// Folder of images, for pictures in the report.
    pub images: Option<PathBuf>,
    pub mirror: Option<Mirror>,
    pub arithmetic: Arithmetic,
    #[serde(flatten)]
    pub options: Options,
}

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PairsOutcome {
    pub accuracy_mean: f64,
    pub accuracy_se: f64,
    pub accuracy_sd: f64,
    pub thresholds: Vec<f64>,
    pub val_mean: f64,
    pub val_se: f64,
    pub val_sd: f64,
    pub far_mean: f64,
    pub far_target: f64,
    /// False when the target is finer than one of the pairs that chose the threshold: VAL then tells little.
    pub far_resolved: bool,
    pub auc: f64,
    /// Missing where the published arithmetic has none.
    pub eer: Option<f64>,
    pub pairs: usize,
    pub skipped: usize,
    pub skipped_images: Vec<String>,
    pub model: String,
    /// How faces were cut out; missing where no detector looked, and in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_rule: Option<CropRule>,
    pub arithmetic: Arithmetic,
    /// The same figures without pairs whose label is known to be wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_errata: Option<WithoutErrata>,
    /// What one byte a dimension costs; only told for plain squared distances over folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<QuantisationCost>,
    pub run: PathBuf,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WithoutErrata {
    pub doubted_pairs: usize,
    pub accuracy_mean: f64,
    pub accuracy_se: f64,
    pub val_mean: f64,
    pub val_se: f64,
}

/// Pairs that have both embeddings, and what is missing.
pub(crate) struct Resolved {
    /// The embeddings' row of every image of these pairs.
    pub rows: Vec<usize>,
    /// One a row, in that order, which is the order in which the pairs first mention them.
    pub vectors: Vectors,
    pub images: Vec<String>,
    pub pairs: Vec<Pair>,
    pub skipped: usize,
    pub skipped_images: Vec<String>,
}

pub(crate) fn resolve(images: &EmbeddedImages, list: &PairList) -> Resolved {
    let row_of: Vec<Option<usize>> = list.images.iter().map(|path| images.row(path)).collect();
    let mut missing: Vec<String> =
        list.images.iter().zip(&row_of).filter(|(_, row)| row.is_none()).map(|(path, _)| path.clone()).collect();
    missing.sort();
    let kept = list.filtered(|pair| row_of[pair.a].is_some() && row_of[pair.b].is_some());
    let rows: Vec<usize> = kept.images.iter().filter_map(|path| images.row(path)).collect();
    Resolved {
        vectors: images.vectors.select(&rows),
        rows,
        skipped: list.pairs.len() - kept.pairs.len(),
        images: kept.images,
        pairs: kept.pairs,
        skipped_images: missing,
    }
}

/// Embeds the images that `config`'s lists name with the networks of `engine`, judges them, and writes a run.
pub fn eval_images(
    home: &Home,
    engine: &Engine,
    config: &PairsConfig,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<PairsRun> {
    let folder = config.images.as_deref().context("embedding images needs their folder")?;
    // Before minutes are spent on embedding.
    read_list(config)?;
    let lists = std::iter::once(config.list.as_path()).chain(config.threshold_from.as_deref());
    let paths = listed_images(lists, config.format)?;
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let crop = config.crop.context("embedding images needs a way to cut faces")?;
    let views = [ImageVariant::Plain, ImageVariant::Mirrored];
    let views = if config.mirror.is_some() { &views[..] } else { &views[..1] };
    let mut sets = embed_images(home, engine, (folder, &paths), crop, views, cancel, events)?.into_iter();
    let faces = sets.next().context("no image was embedded")?;
    let lines = faces.images.to_json_lines();
    let run = eval_pairs(home, faces, sets.next().as_ref(), config, &mut |text| events(JobEvent::Note(text)))?;
    // Embedding takes minutes: the next evaluation can take these.
    let file = run.folder().join("embeddings.jsonl");
    std::fs::write(&file, lines).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(run)
}

/// Judges `faces` on a list of pairs and writes a run.
pub fn eval_pairs(
    home: &Home,
    mut faces: Faces,
    mirrored: Option<&Faces>,
    config: &PairsConfig,
    note: &mut dyn FnMut(String),
) -> Result<PairsRun> {
    faces.notes(note);
    let (list, input) = read_list(config)?;
    faces.inputs.push(input);
    if let (Some(mirror), Some(mirrored)) = (config.mirror, mirrored) {
        let join = match mirror {
            Mirror::Concatenate => Vectors::concatenated,
            Mirror::Average => Vectors::averaged,
        };
        join_mirrored(&mut faces, mirrored, join)?;
    }
    let resolved = resolve(&faces.images, &list);
    tell_skipped(&resolved, note);
    ensure!(!resolved.pairs.is_empty(), "none of the list's {} pairs has both embeddings", list.pairs.len());

    let judged = judgement(&mut faces, &resolved, config, note)?;
    let published = match config.arithmetic {
        Arithmetic::Exact => None,
        Arithmetic::Sandberg => Some(published(&resolved, list.folds, config)?),
    };
    if !far_resolved(&judged, config.options.far_target) {
        note(format!(
            "VAL at FAR {} tells little: there are too few pairs of different people",
            config.options.far_target
        ));
    }
    let errata = read_errata(&mut faces, config)?;

    let run = RunFolder::create(home, config.kind, config, &faces.inputs)?;
    let bytes = byte_cost(&resolved, &judged, config)?;
    let outcome = PairsOutcome { bytes, ..outcome(&run, &faces, &resolved, &judged, published.as_ref(), config) };
    let mut judged = PairsRun {
        outcome,
        judged,
        metric: config.options.metric,
        far_rule: config.options.far_rule,
        images: images_of(&faces.images, &resolved, config),
        crop: config.crop,
        split: config.threshold_from.is_some(),
    };
    judged.outcome.without_errata = judged.without(&errata)?;
    run.json("result.json", &judged.outcome)?;
    keep(&run, &judged)?;
    if let Some(published) = &published {
        run.json("sandberg.json", published)?;
    }
    present::pairs_report(home, &run, &judged, &errata, config, note)?;
    Ok(judged)
}

/// The list, which must be one that can be judged.
fn read_list(config: &PairsConfig) -> Result<(PairList, InputFile)> {
    let (text, input) = read_text(&config.list)?;
    let list = parse(&text, config.format).with_context(|| format!("cannot use {}", config.list.display()))?;
    ensure!(
        list.folds > 1 || config.threshold_from.is_some(),
        "{} has one fold, so another list must choose the threshold (--threshold-from)",
        config.list.display()
    );
    ensure!(
        config.options.centring == Centring::None || config.threshold_from.is_none(),
        "a mean can only be subtracted where folds are held out"
    );
    Ok((list, input))
}

/// The images that lists of pairs name, each once.
pub fn listed_images<'a>(lists: impl IntoIterator<Item = &'a Path>, format: ListFormat) -> Result<Vec<String>> {
    let mut images = Vec::new();
    for file in lists {
        let (text, _) = read_text(file)?;
        let list = parse(&text, format).with_context(|| format!("cannot use {}", file.display()))?;
        images.extend(list.images().into_iter().map(str::to_owned));
    }
    let mut seen = std::collections::HashSet::new();
    images.retain(|image| seen.insert(image.clone()));
    Ok(images)
}

/// Only the first `count` pairs of each kind in each fold.
pub(crate) fn shortened(list: &PairList, count: usize) -> PairList {
    let mut taken = std::collections::HashMap::new();
    list.filtered(|pair| {
        let taken: &mut usize = taken.entry((pair.fold, pair.same)).or_default();
        *taken += 1;
        *taken <= count
    })
}

pub(crate) fn parse(text: &str, format: ListFormat) -> Result<PairList, crate::eval::pairs::PairsError> {
    match format {
        ListFormat::Lfw => PairList::parse_lfw(text),
        ListFormat::Csv => PairList::parse_csv(text),
    }
}

fn tell_skipped(resolved: &Resolved, note: &mut dyn FnMut(String)) {
    if resolved.skipped > 0 {
        let (pairs, images) = (resolved.skipped, resolved.skipped_images.len());
        note(format!("Skipped {pairs} pairs, because {images} images have no embedding"));
    }
}

fn judgement(
    faces: &mut Faces,
    resolved: &Resolved,
    config: &PairsConfig,
    note: &mut dyn FnMut(String),
) -> Result<Judgement> {
    let Some(from) = &config.threshold_from else {
        return judge(&resolved.vectors, &resolved.pairs, &config.options).context("the pairs cannot be judged");
    };
    let (text, input) = read_text(from)?;
    faces.inputs.push(input);
    let list = parse(&text, config.format).with_context(|| format!("cannot use {}", from.display()))?;
    let training = resolve(&faces.images, &list);
    tell_skipped(&training, note);
    let [training, held] = [&training, resolved].map(|of| measured(of, config.options.metric));
    Ok(judge_split(&training, &held, config.options.far_target, config.options.far_rule)?)
}

/// The pairs with their distances.
fn measured(resolved: &Resolved, metric: Metric) -> Vec<Pair> {
    let vectors = &resolved.vectors;
    let measured = |pair: &Pair| Pair { distance: metric.between(vectors.row(pair.a), vectors.row(pair.b)), ..*pair };
    resolved.pairs.iter().map(measured).collect()
}

/// The images of a run, and where their faces are.
fn images_of(embedded: &EmbeddedImages, resolved: &Resolved, config: &PairsConfig) -> Vec<Image> {
    let image = |(listed, &row): (&String, &usize)| Image {
        path: config.images.as_ref().map(|folder| folder.join(listed)),
        face: embedded.faces[row],
        listed: listed.clone(),
    };
    resolved.images.iter().zip(&resolved.rows).map(image).collect()
}

fn published(resolved: &Resolved, folds: usize, config: &PairsConfig) -> Result<Published> {
    let Options { metric, centring, far_target, .. } = config.options;
    let found = sandberg::evaluate(&resolved.vectors, &resolved.pairs, folds, metric, centring, far_target);
    found.context("the published arithmetic cannot judge these pairs")
}

/// What is built in and the user's marks; a file of marks that exists is one of the run's inputs.
fn read_errata(faces: &mut Faces, config: &PairsConfig) -> Result<Errata> {
    let marks = ErrataFile::at(&config.errata)?;
    if config.errata.exists() {
        faces.inputs.push(read_text(&config.errata)?.1);
    }
    Ok(marks.errata())
}

/// The same pairs judged by embeddings of one byte a dimension.
fn byte_cost(resolved: &Resolved, judged: &Judgement, config: &PairsConfig) -> Result<Option<QuantisationCost>> {
    let Options { metric, centring, far_target, far_rule } = config.options;
    let plain = metric == Metric::SquaredL2 && centring == Centring::None && config.threshold_from.is_none();
    if !plain || config.mirror == Some(Mirror::Concatenate) {
        return Ok(None);
    }
    let quantise = |row: &[f32]| Ok(QuantisedEmbedding::new(&Embedding::normalise(row.to_vec())?));
    let bytes: Vec<QuantisedEmbedding> = resolved.vectors.rows().map(quantise).collect::<Result<_>>()?;
    let score = |pair: &Pair| Pair { distance: f64::from(bytes[pair.a].squared_distance(&bytes[pair.b]).0), ..*pair };
    let scored: Vec<Pair> = resolved.pairs.iter().map(score).collect();
    Ok(Some(cost(&judged.pairs, &scored, far_target, far_rule)?))
}

fn outcome(
    run: &RunFolder,
    faces: &Faces,
    resolved: &Resolved,
    judged: &Judgement,
    published: Option<&Published>,
    config: &PairsConfig,
) -> PairsOutcome {
    let exact = PairsOutcome {
        accuracy_mean: judged.accuracy.mean,
        accuracy_se: judged.accuracy.standard_error,
        accuracy_sd: judged.accuracy.population_sd,
        thresholds: judged.thresholds(),
        val_mean: judged.val.mean,
        val_se: judged.val.standard_error,
        val_sd: judged.val.population_sd,
        far_mean: judged.far.mean,
        far_target: config.options.far_target,
        far_resolved: far_resolved(judged, config.options.far_target),
        auc: judged.auc,
        eer: Some(judged.eer),
        pairs: resolved.pairs.len(),
        skipped: resolved.skipped,
        skipped_images: resolved.skipped_images.clone(),
        model: faces.model(),
        crop_rule: faces.photos.crop_rule(),
        arithmetic: config.arithmetic,
        without_errata: None,
        bytes: None,
        run: run.path().to_owned(),
    };
    let Some(published) = published else { return exact };
    let accuracy = crate::eval::Summary::of(&published.accuracies);
    let val = crate::eval::Summary::of(&published.vals);
    PairsOutcome {
        accuracy_mean: published.accuracy_mean,
        accuracy_se: accuracy.standard_error,
        accuracy_sd: published.accuracy_std,
        thresholds: published.thresholds.clone(),
        val_mean: published.val_mean,
        val_se: val.standard_error,
        val_sd: published.val_std,
        far_mean: published.far_mean,
        auc: published.auc,
        eer: published.eer,
        ..exact
    }
}

/// Whether one pair of different people among those that choose a threshold weighs no more than the target.
fn far_resolved(judged: &Judgement, target: f64) -> bool {
    let pairs_of = |fold: usize| judged.pairs.iter().filter(|pair| !pair.same && pair.fold != fold).count();
    let fewest = judged.folds.iter().map(|fold| pairs_of(fold.fold)).min().unwrap_or(0);
    // One fold alone had its threshold from another list, whose size is not known here.
    judged.folds.len() == 1 || fewest as f64 * target >= 1.0 - 1e-9
}
