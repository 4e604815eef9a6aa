//! LFW and other lists of pairs.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, ensure};

use crate::app::engine::home::Home;
use crate::app::engine::networks::Engine;
use crate::app::engine::progress::JobEvent;
use crate::app::evaluate::job::errata_file::ErrataFile;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::images::{ImageVariant, embed_images};
use crate::app::evaluate::job::inputs::{FaceInputs, join_mirrored};
use crate::app::evaluate::job::pairs_config::{Mirror, PairsConfig};
use crate::app::evaluate::job::present;
use crate::app::evaluate::job::runs::{keep, row};
use crate::app::jobs::input_file::{InputFile, read_pairs};
use crate::app::jobs::walk::listed::ListedFiles;
use crate::eval::embedded::EmbeddedImages;
use crate::eval::errata::Errata;
use crate::eval::figures::{Arithmetic, Figures, PairFigures};
use crate::eval::lfw::{Centring, Judgement, LfwOptions, judge, judge_split};
use crate::eval::quantised::{QuantisationCost, cost};
use crate::eval::sandberg::{self, Published};
use crate::eval::{Image, LackingFold, Metric, Pair, PairList, Run, Summary, Vectors, lacking_words};
use crate::faces::embed::quantise::QuantisedEmbedding;
use crate::types::path_text::to_text;
use crate::types::{Cancel, Embedding, counted};

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

/// The lists of an evaluation, each read once.
pub(crate) struct Lists {
    judged: PairList,
    /// Its pairs choose the threshold instead of the other folds.
    training: Option<PairList>,
    files: Vec<InputFile>,
}

impl Lists {
    /// They must be ones that can be judged. Read before minutes are spent on networks and pictures.
    pub fn read(config: &PairsConfig) -> Result<Self> {
        let (judged, file) = read_pairs(&config.list, config.format)?;
        ensure!(
            judged.folds.len() > 1 || config.threshold_from.is_some(),
            "{} has one fold, so another list must choose the threshold (--threshold-from)",
            config.list.display()
        );
        ensure!(
            config.options.centring == Centring::None || config.threshold_from.is_none(),
            "a mean can only be subtracted where folds are held out"
        );
        let training = config.threshold_from.as_deref().map(|file| read_pairs(file, config.format)).transpose()?;
        let (training, other) = training.unzip();
        Ok(Self { judged, training, files: [Some(file), other].into_iter().flatten().collect() })
    }

    /// Every image that they name, once.
    fn images(&self) -> Vec<String> {
        let known: HashSet<&String> = self.judged.images.iter().collect();
        let others = self.training.iter().flat_map(|list| &list.images).filter(|image| !known.contains(image));
        self.judged.images.iter().chain(others).cloned().collect()
    }
}

/// Embeds the images that `config`'s lists name with the networks of `engine`, judges them, and writes a run.
pub(crate) fn eval_images(
    home: &Home,
    engine: &Engine,
    (config, lists): (&PairsConfig, Lists),
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Run> {
    let folder = config.images.as_deref().context("embedding images needs their folder")?;
    let crop = config.crop.context("embedding images needs a way to cut faces")?;
    let views = [ImageVariant::Plain, ImageVariant::Mirrored];
    let views = if config.mirror.is_some() { &views[..] } else { &views[..1] };
    let mut sets = embed_images(home, engine, (folder, &lists.images()), crop, views, cancel, events)?.into_iter();
    let faces = sets.next().context("no image was embedded")?;
    let lines = faces.images.to_json_lines();
    let mut note = |text| events(JobEvent::Note(text));
    let run = eval_pairs(home, faces, sets.next().as_ref(), (config, lists), &mut note)?;
    // Embedding takes minutes: the next evaluation can take these.
    let file = run.row.run.join("embeddings.jsonl");
    std::fs::write(&file, lines).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(run)
}

/// Judges `faces` on a list of pairs and writes a run.
pub(crate) fn eval_pairs(
    home: &Home,
    mut faces: FaceInputs,
    mirrored: Option<&FaceInputs>,
    (config, lists): (&PairsConfig, Lists),
    note: &mut dyn FnMut(String),
) -> Result<Run> {
    faces.notes(note);
    faces.inputs.extend(lists.files);
    if let (Some(mirror), Some(mirrored)) = (config.mirror, mirrored) {
        let join = match mirror {
            Mirror::Concatenate => Vectors::concatenated,
            Mirror::Average => Vectors::averaged,
        };
        join_mirrored(&mut faces, mirrored, join)?;
    }
    let list = &lists.judged;
    let resolved = resolve(&faces.images, list);
    note_skipped(&resolved, note);
    ensure!(!resolved.pairs.is_empty(), "none of the list's {} pairs has both embeddings", list.pairs.len());

    let judged = judgement(&faces, &resolved, lists.training.as_ref(), config, note)?;
    let lacking = lacking_folds(&judged, &list.folds);
    note_left_out(&lacking, list.folds.len(), note);
    let published = match config.arithmetic {
        Arithmetic::Exact => None,
        Arithmetic::Sandberg => Some(published(&resolved, list.folds.len(), config)?),
    };
    if !far_resolved(&judged, config.options.far_target) {
        note(format!(
            "VAL at FAR {} tells little: there are too few pairs of different people",
            config.options.far_target
        ));
    }
    let marks = read_marks(&mut faces, config)?;

    let folder = EvaluationFolder::create(home, config.kind, config, &faces.inputs)?;
    let bytes = byte_cost(&resolved, &judged, config)?;
    let figures = figures(&folder, &faces, &resolved, &judged, published.as_ref(), config);
    let folds_left_out = lacking.iter().map(|lacking| lacking.fold).collect();
    let figures = PairFigures { bytes, folds_left_out, ..figures };
    let row = row(folder.path(), Some(&to_text(config.list.as_os_str())), &Figures::Pairs(figures.clone()));
    let images = images_of(&faces.images, &resolved, config);
    let mut run = Run::judged(row, figures, judged, &config.options, images, config.crop);
    run.doubt(&marks).context("without the doubted pairs nothing is left to judge")?;
    keep(&folder, &run)?;
    if let Some(published) = &published {
        folder.json("sandberg.json", published)?;
    }
    present::pairs_report(home, &folder, &run, config, note)?;
    Ok(run)
}

/// Only the first `count` pairs of each kind in each fold.
pub(crate) fn shortened(list: &PairList, count: usize) -> PairList {
    let mut taken = HashMap::new();
    list.filtered(|pair| {
        let taken: &mut usize = taken.entry((pair.fold, pair.same)).or_default();
        *taken += 1;
        *taken <= count
    })
}

fn note_skipped(resolved: &Resolved, note: &mut dyn FnMut(String)) {
    if resolved.skipped > 0 {
        let (pairs, images) = (resolved.skipped, resolved.skipped_images.len());
        let (pairs, images) = (counted(pairs, "pair", "pairs"), counted(images, "image has", "images have"));
        note(format!("Skipped {pairs}, because {images} no embedding"));
    }
}

/// Folds of a list that are in no figure: those that lack a kind of pair, and those of which nothing is left.
fn lacking_folds(judged: &Judgement, folds: &[usize]) -> Vec<LackingFold> {
    // One fold alone had its threshold from another list, and is judged whatever the list calls it.
    if judged.folds.len() < 2 {
        return Vec::new();
    }
    let known: HashMap<usize, LackingFold> = judged.left_out.iter().map(|lacking| (lacking.fold, *lacking)).collect();
    let judged: HashSet<usize> = judged.folds.iter().map(|judged| judged.fold).collect();
    let missing = folds.iter().filter(|fold| !judged.contains(fold));
    let nothing_left = |fold| LackingFold { fold, same: 0, different: 0 };
    missing.map(|&fold| known.get(&fold).copied().unwrap_or(nothing_left(fold))).collect()
}

/// Says once which folds are in no figure.
pub(crate) fn note_left_out(lacking: &[LackingFold], folds: usize, note: &mut dyn FnMut(String)) {
    if !lacking.is_empty() {
        let (why, whole) = (lacking_words(lacking), folds.saturating_sub(lacking.len()));
        note(format!("Left out: {why}. The figures are those of the other {whole} of {folds} folds"));
    }
}

fn judgement(
    faces: &FaceInputs,
    resolved: &Resolved,
    training: Option<&PairList>,
    config: &PairsConfig,
    note: &mut dyn FnMut(String),
) -> Result<Judgement> {
    let Some(training) = training else {
        return judge(&resolved.vectors, &resolved.pairs, &config.options).context("the pairs cannot be judged");
    };
    let training = resolve(&faces.images, training);
    note_skipped(&training, note);
    let [training, held] = [&training, resolved].map(|of| of.vectors.measured(&of.pairs, config.options.metric));
    Ok(judge_split(&training, &held, config.options.far_target, config.options.far_rule)?)
}

/// The images of a run, and where their faces are.
fn images_of(embedded: &EmbeddedImages, resolved: &Resolved, config: &PairsConfig) -> Vec<Image> {
    let mut files = config.images.as_deref().map(ListedFiles::in_folder);
    let image = |(listed, &row): (&String, &usize)| Image {
        path: files.as_mut().map(|files| files.path(listed)),
        face: embedded.faces[row],
        listed: listed.clone(),
    };
    resolved.images.iter().zip(&resolved.rows).map(image).collect()
}

fn published(resolved: &Resolved, folds: usize, config: &PairsConfig) -> Result<Published> {
    let LfwOptions { metric, centring, far_target, .. } = config.options;
    let found = sandberg::evaluate(&resolved.vectors, &resolved.pairs, folds, metric, centring, far_target);
    found.context("the published arithmetic cannot judge these pairs")
}

/// The user's marks; a file of marks that exists is one of the run's inputs.
fn read_marks(faces: &mut FaceInputs, config: &PairsConfig) -> Result<Errata> {
    let marks = ErrataFile::at(&config.errata)?;
    if config.errata.exists() {
        faces.inputs.push(InputFile::of(&config.errata)?);
    }
    Ok(marks.marks().clone())
}

/// The same pairs judged by embeddings of one byte a dimension.
fn byte_cost(resolved: &Resolved, judged: &Judgement, config: &PairsConfig) -> Result<Option<QuantisationCost>> {
    let LfwOptions { metric, centring, far_target, far_rule } = config.options;
    let plain = metric == Metric::SquaredL2 && centring == Centring::None && config.threshold_from.is_none();
    if !plain || config.mirror == Some(Mirror::Concatenate) {
        return Ok(None);
    }
    let quantise = |row: &[f32]| Ok(QuantisedEmbedding::new(&Embedding::normalise(row.to_vec())?));
    let bytes: Vec<QuantisedEmbedding> = resolved.vectors.rows().map(quantise).collect::<Result<_>>()?;
    let score = |pair: &Pair| Pair { distance: f64::from(bytes[pair.a].squared_distance(&bytes[pair.b]).0), ..*pair };
    let scored: Vec<Pair> = judged.pairs.iter().map(score).collect();
    Ok(Some(cost(&judged.pairs, &scored, far_target, far_rule)?))
}

fn figures(
    run: &EvaluationFolder,
    faces: &FaceInputs,
    resolved: &Resolved,
    judged: &Judgement,
    published: Option<&Published>,
    config: &PairsConfig,
) -> PairFigures {
    let exact = PairFigures {
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
        pairs: judged.pairs.len(),
        skipped: resolved.skipped,
        folds_left_out: Vec::new(),
        folds_are_named: true,
        skipped_images: resolved.skipped_images.clone(),
        model: faces.model(),
        crop_rule: faces.photos.crop_rule(),
        arithmetic: config.arithmetic,
        without_errata: None,
        bytes: None,
        run: run.path().to_owned(),
    };
    let Some(published) = published else { return exact };
    let accuracy = Summary::of(&published.accuracies);
    let val = Summary::of(&published.vals);
    PairFigures {
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
