//! Judgements as figures, tables and a page to read.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use ::image::RgbImage;
use anyhow::Result;
use rayon::prelude::*;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::pairs::{Arithmetic, PairsConfig, PairsOutcome};
use crate::app::evaluate::job::rows::{CurveRows, FailureRow, PairHistogram, PairsRun, Threshold};
use crate::app::evaluate::job::run_folder::RunFolder;
use crate::app::evaluate::job::seen::{recipe_of, seen_by};
use crate::app::evaluate::job::worst::WorstPairs;
use crate::eval::errata::Errata;
use crate::eval::failures::Mistake;
use crate::eval::lfw::Judgement;
use crate::eval::roc::BandPoint;
use crate::eval::{Image, Metric, Pair, Roc};
use crate::figures::Table;
use crate::figures::plot::{Axis, Figure, Scale, Series, Shape};
use crate::figures::report::{Card, Part, Report};
use crate::types::{Detection, Preprocessing};

/// Over the range of the metric.
const BINS: u32 = 80;
/// Pictures make a page heavy; the table beside it lists every failure.
const CARDS: usize = 60;
const CARD_PIXELS: u32 = 216;

/// A share as a percentage with two digits.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// A rate in plain words.
pub(crate) fn one_in(rate: f64) -> String {
    if rate > 0.0 { format!("1 in {:.0}", 1.0 / rate) } else { "none".to_owned() }
}

/// Curves over one pair of axes, as fine as the smallest set allows; each with its name.
pub(crate) fn roc_figure(title: &str, curves: &[(String, &Roc, Vec<[f64; 3]>)]) -> Figure {
    let finest = curves.iter().map(|(_, roc, _)| roc.different).max().unwrap_or(1) as f64;
    let smallest = 10_f64.powf((1.0 / finest).log10().floor()).max(1e-8);
    let lowest = curves.iter().map(|(_, roc, _)| roc.val_at(smallest)).fold(1.0, f64::min);
    let lowest = if lowest > 0.9 { 0.9 } else { (lowest * 10.0 - 0.5).floor().max(0.0) / 10.0 };
    curves.iter().fold(Figure::roc(title, smallest, lowest), |figure, (name, roc, band)| {
        let points = roc.corners().iter().map(|point| [point.far, point.val]).collect();
        figure.with(Series::new(name, Shape::Steps, points).with_band(band.clone()))
    })
}

pub(crate) fn det_figure(title: &str, curves: &[(String, &Roc)]) -> Figure {
    let power_below = |pairs: usize| 10_f64.powf((1.0 / pairs.max(1) as f64).log10().floor());
    let far = curves.iter().map(|(_, roc)| power_below(roc.different)).fold(1.0, f64::min).max(1e-8);
    let miss = curves.iter().map(|(_, roc)| power_below(roc.same)).fold(1.0, f64::min).max(1e-6);
    curves.iter().fold(Figure::det(title, far, miss), |figure, (name, roc)| {
        let points = roc.corners().iter().map(|point| [point.far, 1.0 - point.val]).collect();
        figure.with(Series::new(name, Shape::Steps, points))
    })
}

/// Shares of same and different pairs a bin; `same` and `different` hold counts of bins of `width`.
pub(crate) fn histogram_figure(title: &str, axis: &str, width: f64, same: &[u64], different: &[u64]) -> Figure {
    let shares = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|&count| count as f64 / total).collect()
    };
    let (same, different) = (shares(same), shares(different));
    let last = same.iter().zip(&different).rposition(|(s, d)| s + d > 0.0).map_or(1, |last| last + 2);
    let top = same.iter().chain(&different).copied().fold(0.0, f64::max) * 1.15;
    let points = |shares: &[f64]| {
        shares.iter().take(last).enumerate().map(|(bin, share)| [bin as f64 * width, *share]).collect::<Vec<_>>()
    };
    let x = Axis::new(axis, Scale::Linear, 0.0, (last as f64 * width).max(width));
    Figure::new(title, x, Axis::new("Share of pairs", Scale::Linear, 0.0, top.max(1e-9)))
        .with(Series::new("same person", Shape::Histogram, points(&same)))
        .with(Series::new("different people", Shape::Histogram, points(&different)))
}

pub(crate) fn failure_table(wrong: &[FailureRow]) -> Table {
    let mut table =
        Table::new(&["Mistake", "First", "Second", "Distance", "Threshold", "Fold", "Known about the label"]);
    for row in wrong {
        table.push(vec![
            mistake_word(row).to_owned(),
            row.images[0].listed.clone(),
            row.images[1].listed.clone(),
            format!("{:.4}", row.failure.distance),
            format!("{:.4}", row.failure.threshold),
            (row.failure.fold + 1).to_string(),
            known(row),
        ]);
    }
    table
}

fn distance_table(run: &PairsRun) -> Table {
    let mut table = Table::new(&["first", "second", "same", "fold", "distance"]);
    for pair in &run.judged.pairs {
        let ([first, second], same) = (run.names(pair).map(str::to_owned), u8::from(pair.same).to_string());
        table.push(vec![first, second, same, pair.fold.to_string(), pair.distance.to_string()]);
    }
    table
}

/// Tables, figures and page of a run on pairs.
pub(crate) fn pairs_report(
    home: &Home,
    run: &RunFolder,
    judged: &PairsRun,
    errata: &Errata,
    config: &PairsConfig,
    note: &mut dyn FnMut(String),
) -> Result<()> {
    let outcome = &judged.outcome;
    let wrong = judged.failures(Threshold::OfFold, errata, &[]);
    let folds = fold_table(&judged.judged);
    run.table("failures", &failure_table(&wrong))?;
    run.file("folds.csv", folds.to_csv().as_bytes())?;
    run.file("pairs.csv", distance_table(judged).to_csv().as_bytes())?;
    let mut report = Report::new(format!("{} on {}", outcome.model, file_name(&config.list)));
    report.push(Part::Text(summary(outcome, &judged.judged, config)));
    report.push(Part::Numbers(numbers(outcome, &judged.judged)));
    if let Some(without) = &outcome.without_errata {
        report.push(Part::Text(format!(
            "Without {} pairs whose label is doubted: accuracy {} ± {} (s.e.), VAL {} ± {}",
            without.doubted_pairs,
            percent(without.accuracy_mean),
            percent(without.accuracy_se),
            percent(without.val_mean),
            percent(without.val_se)
        )));
    }
    if let Some(bytes) = &outcome.bytes {
        report.push(Part::Text(format!(
            "With one byte a dimension: accuracy {}, VAL {}, {} of {} decisions changed, distances off by at most {:.4}",
            percent(bytes.bytes_accuracy.mean),
            percent(bytes.bytes_val.mean),
            bytes.decisions_changed,
            outcome.pairs,
            bytes.largest_distance_error
        )));
    }
    report.push(Part::Heading("Curves".to_owned()));
    for (name, figure) in figures(judged) {
        report.push(Part::Figure(run.figure(name, &figure, note)?));
    }
    report.push(Part::Heading("Folds".to_owned()));
    report.push(Part::Table(folds));
    report.push(Part::Heading(format!("{} wrong pairs", wrong.len())));
    if config.images.is_some() {
        report.push(Part::Cards(cards(home, judged, &wrong)));
    }
    report.push(Part::Table(failure_table(&wrong)));
    run.report(&report)
}

fn summary(outcome: &PairsOutcome, judged: &Judgement, config: &PairsConfig) -> String {
    let way = match (config.arithmetic, &config.threshold_from) {
        (Arithmetic::Sandberg, _) => {
            "The four figures below repeat the arithmetic of davidsandberg/facenet's lfw.evaluate; curves, folds and \
             wrong pairs use exact thresholds"
        }
        (_, Some(_)) => "The threshold was chosen on another list of pairs",
        (_, None) => "Each fold was judged with the threshold that the other folds chose",
    };
    let skipped = match outcome.skipped {
        0 => "no pair was skipped".to_owned(),
        skipped => format!("{skipped} pairs were skipped, because an image has no embedding"),
    };
    format!("{way}; {} pairs in {} folds, {skipped}.", outcome.pairs, judged.folds.len())
}

fn numbers(outcome: &PairsOutcome, judged: &Judgement) -> Vec<(String, String, String)> {
    let several = judged.folds.len() > 1;
    let spread = |se: f64, sd: f64| {
        if several {
            format!("± {} standard error ({} s.d.)", percent(se), percent(sd))
        } else {
            "one fold".to_owned()
        }
    };
    vec![
        (percent(outcome.accuracy_mean), "accuracy".into(), spread(outcome.accuracy_se, outcome.accuracy_sd)),
        (
            percent(outcome.val_mean),
            format!("VAL at 1 wrong match in {:.0}", 1.0 / outcome.far_target),
            format!("{}, measured FAR {}", spread(outcome.val_se, outcome.val_sd), percent(outcome.far_mean)),
        ),
        (format!("{:.5}", outcome.auc), "AUC".into(), "area under the ROC".into()),
        (outcome.eer.map_or("–".into(), percent), "equal error rate".into(), "false accepts = misses".into()),
    ]
}

/// FAR, lowest and greatest VAL.
pub(crate) fn band_of(curve: &CurveRows) -> Vec<[f64; 3]> {
    let around = |point: &BandPoint| {
        let low = (point.val - point.standard_error).max(0.0);
        [point.far, low, (point.val + point.standard_error).min(1.0)]
    };
    curve.band.iter().map(around).collect()
}

fn figures(run: &PairsRun) -> Vec<(&'static str, Figure)> {
    let curve = run.curve();
    let (model, pooled) = (run.outcome.model.clone(), &run.judged.pooled);
    let bins_a_unit = BINS / run.largest() as u32;
    let PairHistogram { same, different, .. } = run.histogram(bins_a_unit);
    let threshold = run.mean_threshold();
    let axis = match run.metric {
        Metric::SquaredL2 => "Squared distance",
        Metric::Angle => "Angle / π",
    };
    let roc = [(model.clone(), pooled, band_of(&curve))];
    let mut figures = vec![
        ("roc", roc_figure("ROC over all pairs, ± standard error over folds", &roc)),
        ("det", det_figure("Detection error trade-off", &[(model.clone(), pooled)])),
        (
            "distances",
            histogram_figure("Distances of pairs", axis, 1.0 / f64::from(bins_a_unit), &same, &different)
                .marked(threshold, format!("threshold {threshold:.3}")),
        ),
    ];
    if let Some(first) = curve.averaged.first() {
        let points = curve.averaged.iter().map(|point| [point.far, point.val]).collect();
        let figure = Figure::roc("ROC averaged over folds", first.far, if first.val > 0.9 { 0.9 } else { 0.0 });
        figures.push(("roc-averaged", figure.with(Series::new(model, Shape::Line, points))));
    }
    figures
}

fn fold_table(judged: &Judgement) -> Table {
    let mut table = Table::new(&["Fold", "Pairs", "Threshold", "Accuracy", "VAL threshold", "VAL", "FAR"]);
    for fold in &judged.folds {
        table.push(vec![
            (fold.fold + 1).to_string(),
            fold.pairs.to_string(),
            format!("{:.4}", fold.threshold),
            percent(fold.accuracy),
            format!("{:.4}", fold.val_threshold),
            percent(fold.val),
            percent(fold.far),
        ]);
    }
    table
}

/// The worst failures of `run` as pictures.
pub(crate) fn cards(home: &Home, run: &PairsRun, wrong: &[FailureRow]) -> Vec<Card> {
    // A model that is not known here, as of embeddings from elsewhere, shows whole photos.
    let recipe = recipe_of(home, &run.outcome.model, run.outcome.crop_rule).ok();
    wrong.iter().take(CARDS).map(|row| card(recipe.as_ref(), run.crop, row)).collect()
}

fn card(recipe: Option<&Preprocessing>, crop: Option<FaceCrop>, row: &FailureRow) -> Card {
    let mut lines = vec![
        format!("Distance {:.3}, threshold {:.3}", row.failure.distance, row.failure.threshold),
        stem(&row.images[0].listed).to_owned(),
        stem(&row.images[1].listed).to_owned(),
    ];
    lines.extend(row.elsewhere.iter().flatten().map(|other| {
        let word = if other.right { "right" } else { "wrong" };
        format!("{}: {:.3}, threshold {:.3}, {word}", other.model, other.distance, other.threshold)
    }));
    lines.extend(Some(known(row)).filter(|known| !known.is_empty()));
    let picture = |side: usize| {
        let image = &row.images[side];
        let photo = image.path.as_ref()?;
        face_jpeg(recipe, crop, photo, image.face.as_ref()).or_else(|| thumbnail(photo))
    };
    Card { pictures: [picture(0), picture(1)], title: mistake_word(row).to_owned(), lines }
}

/// The crop that the network saw; None where the face or the network is not known here, and the whole photo is shown.
fn face_jpeg(
    recipe: Option<&Preprocessing>,
    crop: Option<FaceCrop>,
    photo: &Path,
    face: Option<&Detection>,
) -> Option<Vec<u8>> {
    if face.is_none() && crop.is_none() {
        return None;
    }
    jpeg(&seen_by(recipe?, crop, photo, face).ok()?.crop)
}

/// The worst pairs of a run over every pair, wrong at `threshold` or not.
pub(crate) fn worst_table(worst: &WorstPairs, threshold: f64) -> Table {
    let mut table = Table::new(&["Pair", "First", "Second", "Distance", "Judged"]);
    for pair in &worst.pairs {
        let right = (pair.distance <= threshold) == pair.same;
        let [first, second] = [pair.a, pair.b].map(|place| worst.images[place].listed.clone());
        let judged = if right { "right" } else { "wrong" };
        table.push(vec![kind_word(pair).to_owned(), first, second, format!("{:.4}", pair.distance), judged.to_owned()]);
    }
    table
}

/// The same pairs as pictures, as many of one person as of different people.
pub(crate) fn worst_cards(home: &Home, model: &str, worst: &WorstPairs) -> Vec<Card> {
    let recipe = recipe_of(home, model, worst.crop_rule).ok();
    let picture = |image: &Image| {
        let photo = image.path.as_ref()?;
        face_jpeg(recipe.as_ref(), worst.crop, photo, image.face.as_ref()).or_else(|| thumbnail(photo))
    };
    let of_kind = |same| worst.pairs.iter().filter(move |pair| pair.same == same).take(CARDS / 2);
    let shown: Vec<&Pair> = of_kind(false).chain(of_kind(true)).collect();
    // One image is often in many of the worst pairs.
    let places: BTreeSet<usize> = shown.iter().flat_map(|pair| [pair.a, pair.b]).collect();
    let pictures: HashMap<usize, Option<Vec<u8>>> =
        places.into_par_iter().map(|place| (place, picture(&worst.images[place]))).collect();
    let card = |pair: &Pair| {
        let places = [pair.a, pair.b];
        let names = places.map(|place| stem(&worst.images[place].listed).to_owned());
        let lines = [format!("Distance {:.3}", pair.distance)].into_iter().chain(names).collect();
        let pictures = places.map(|place| pictures[&place].clone());
        Card { pictures, title: kind_word(pair).to_owned(), lines }
    };
    shown.into_iter().map(card).collect()
}

fn kind_word(pair: &Pair) -> &'static str {
    if pair.same { "One person" } else { "Different people" }
}

fn known(row: &FailureRow) -> String {
    row.doubt.as_ref().map_or(String::new(), |why| format!("Label doubted: {why}"))
}

fn mistake_word(row: &FailureRow) -> &'static str {
    match row.failure.mistake {
        Mistake::FalseAccept => "False accept",
        Mistake::FalseReject => "False reject",
    }
}

/// A small JPEG for the page; None where the picture cannot be read, which the page shows as an empty square.
fn thumbnail(path: &Path) -> Option<Vec<u8>> {
    jpeg(&::image::open(path).ok()?.thumbnail(CARD_PIXELS, CARD_PIXELS).to_rgb8())
}

fn jpeg(picture: &RgbImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(::image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85)).ok()?;
    Some(bytes)
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
