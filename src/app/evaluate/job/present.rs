//! Judgements as figures, tables and a page to read.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use ::image::RgbImage;
use anyhow::Result;
use rayon::prelude::*;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::figures;
use crate::app::evaluate::job::pairs_config::PairsConfig;
use crate::app::evaluate::job::seen::{preprocessing_of, seen_face, whole_photo};
use crate::eval::failures::{FailedPair, Mistake};
use crate::eval::figures::{Arithmetic, PairFigures};
use crate::eval::lfw::FoldResult;
use crate::eval::roc::one_in;
use crate::eval::{Figures, Image, Pair, Run};
use crate::figures::Table;
use crate::figures::plot::{Figure, Series, Shape};
use crate::figures::report::{Card, HtmlReport, ReportPart};
use crate::types::{self, FaceCrop, Preprocessing, counted, grouped};

/// Over the range of the metric.
const BINS: usize = 80;
/// Pictures make a page heavy; the table beside it lists every failure.
const CARDS: usize = 60;
const CARD_PIXELS: u32 = 216;

/// A share as a percentage with two digits.
pub(crate) fn percent(share: f64) -> String {
    types::percent(share, 2)
}

/// A rate in plain words.
pub(crate) fn rate_words(rate: f64) -> String {
    one_in_words(rate).unwrap_or("none".to_owned())
}

/// A rate in plain words; None for a rate of zero.
pub(crate) fn one_in_words(rate: f64) -> Option<String> {
    one_in(rate).map(|count| format!("1 in {count}"))
}

pub(crate) fn failure_table(run: &Run, wrong: &[FailedPair]) -> Table {
    let row = |failure: &FailedPair| {
        let pair = &run.pairs[failure.pair];
        let [first, second] = run.names(pair).map(str::to_owned);
        let [distance, threshold] = [pair.distance, failure.threshold].map(|value| format!("{value:.4}"));
        let (fold, known) = (pair.fold.to_string(), known(run, failure).unwrap_or_default());
        vec![mistake_word(failure).to_owned(), first, second, distance, threshold, fold, known]
    };
    let head = ["Mistake", "First", "Second", "Distance", "Threshold", "Fold", "Known about the label"];
    Table::of(&head, wrong.iter().map(row))
}

fn distance_table(run: &Run) -> Table {
    let row = |pair: &Pair| {
        let ([first, second], same) = (run.names(pair).map(str::to_owned), u8::from(pair.same).to_string());
        vec![first, second, same, pair.fold.to_string(), pair.distance.to_string()]
    };
    Table::of(&["first", "second", "same", "fold", "distance"], run.pairs.iter().map(row))
}

/// Tables, figures and page of a run on pairs.
pub(crate) fn pairs_report(
    home: &Home,
    folder: &EvaluationFolder,
    run: &Run,
    config: &PairsConfig,
    note: &mut dyn FnMut(String),
) -> Result<()> {
    let (wrong, folds) = (run.failures(), fold_table(run));
    folder.table("failures", &failure_table(run, &wrong))?;
    folder.file("folds.csv", folds.to_csv().as_bytes())?;
    folder.file("pairs.csv", distance_table(run).to_csv().as_bytes())?;
    let mut report = HtmlReport::new(format!("{} on {}", run.row.model, file_name(&config.list)));
    if let Figures::Pairs(figures) = &run.figures {
        summary_parts(&mut report, figures, run.folds.len(), config);
    }
    report.push(ReportPart::Heading("Curves".to_owned()));
    for (name, figure) in plots(run) {
        report.push(ReportPart::Figure(folder.figure(name, &figure, note)?));
    }
    report.push(ReportPart::Heading("Folds".to_owned()));
    report.push(ReportPart::Table(folds));
    report.push(ReportPart::Heading(counted(wrong.len(), "wrong pair", "wrong pairs")));
    if config.images.is_some() {
        report.push(ReportPart::Cards(failure_cards(home, run, &wrong, &[])));
    }
    report.push(ReportPart::Table(failure_table(run, &wrong)));
    folder.report(&report)
}

/// The figures in numbers and sentences.
fn summary_parts(report: &mut HtmlReport, outcome: &PairFigures, folds: usize, config: &PairsConfig) {
    report.push(ReportPart::Text(summary(outcome, folds, config)));
    report.push(ReportPart::Numbers(numbers(outcome, folds)));
    if let Some(without) = &outcome.without_errata {
        report.push(ReportPart::Text(format!(
            "Without {} whose label is doubted: accuracy {} ± {} (s.e.), VAL {} ± {}",
            counted(without.doubted_pairs, "pair", "pairs"),
            percent(without.accuracy_mean),
            percent(without.accuracy_se),
            percent(without.val_mean),
            percent(without.val_se)
        )));
    }
    if let Some(bytes) = &outcome.bytes {
        report.push(ReportPart::Text(format!(
            "With one byte a dimension: accuracy {}, VAL {}, {} of {} decisions changed, distances off by at most {:.4}",
            percent(bytes.bytes_accuracy.mean),
            percent(bytes.bytes_val.mean),
            bytes.decisions_changed,
            outcome.pairs,
            bytes.largest_distance_error
        )));
    }
}

fn summary(outcome: &PairFigures, folds: usize, config: &PairsConfig) -> String {
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
        skipped => {
            format!("{} skipped, because an image has no embedding", counted(skipped, "pair was", "pairs were"))
        }
    };
    let lacking = match &outcome.folds_left_out[..] {
        [] => String::new(),
        folds => {
            const TOLD: usize = 20;
            let mut told: Vec<String> = folds.iter().take(TOLD).map(ToString::to_string).collect();
            told.extend((folds.len() > TOLD).then(|| format!("and {} more", grouped((folds.len() - TOLD) as u64))));
            format!("; folds left out, since they lack a kind of pair: {}", told.join(", "))
        }
    };
    let (pairs, folds) = (counted(outcome.pairs, "pair", "pairs"), counted(folds, "fold", "folds"));
    format!("{way}; {pairs} in {folds}, {skipped}{lacking}.")
}

fn numbers(outcome: &PairFigures, folds: usize) -> Vec<(String, String, String)> {
    let spread = |se: f64, sd: f64| {
        if folds > 1 {
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

fn plots(run: &Run) -> Vec<(&'static str, Figure)> {
    let curve = |band| [(run.row.model.clone(), &run.roc, band)];
    let threshold = run.threshold();
    let distances = figures::distances("Distances of pairs", run, BINS);
    let mut plots = vec![
        ("roc", figures::roc("ROC over all pairs, ± standard error over folds", &curve(run.band()))),
        ("det", figures::det("Detection error trade-off", &curve(Vec::new()))),
        ("distances", distances.marked(threshold, format!("threshold {threshold:.3}"))),
    ];
    let averaged = run.averaged();
    if let Some(first) = averaged.first() {
        let points = averaged.iter().map(|point| [point.far, point.val]).collect();
        let figure = Figure::roc("ROC averaged over folds", first.far, if first.val > 0.9 { 0.9 } else { 0.0 });
        plots.push(("roc-averaged", figure.with(Series::new(run.row.model.clone(), Shape::Line, points))));
    }
    plots
}

fn fold_table(run: &Run) -> Table {
    let row = |fold: &FoldResult| {
        let mut row = vec![fold.fold.to_string(), fold.pairs.to_string()];
        row.extend(fold_cells(fold));
        row
    };
    let head = ["Fold", "Pairs", "Threshold", "Accuracy", "VAL threshold", "VAL", "FAR"];
    Table::of(&head, run.folds.iter().map(row))
}

/// Threshold and accuracy, then threshold of VAL, VAL and FAR.
pub(crate) fn fold_cells(fold: &FoldResult) -> [String; 5] {
    let (threshold, val_threshold) = (format!("{:.4}", fold.threshold), format!("{:.4}", fold.val_threshold));
    [threshold, percent(fold.accuracy), val_threshold, percent(fold.val), percent(fold.far)]
}

/// The worst failures of `run` as pictures, and what `others` say of them.
pub(crate) fn failure_cards(home: &Home, run: &Run, wrong: &[FailedPair], others: &[&Run]) -> Vec<Card> {
    let lines = |failure: &FailedPair| {
        let pair = &run.pairs[failure.pair];
        let mut lines = vec![format!("Distance {:.3}, threshold {:.3}", pair.distance, failure.threshold)];
        lines.extend(run.names(pair).map(|name| stem(name).to_owned()));
        let judgements = others.iter().filter_map(|other| run.judged_by(failure.pair, other, None));
        lines.extend(judgements.map(|other| {
            let word = if other.right { "right" } else { "wrong" };
            format!("{}: {:.3}, threshold {:.3}, {word}", other.model, other.distance, other.threshold)
        }));
        lines.extend(known(run, failure));
        lines
    };
    let shown = wrong.iter().take(CARDS);
    cards(home, run, shown.map(|failure| (run.pairs[failure.pair], mistake_word(failure), lines(failure))).collect())
}

/// The worst pairs of a run over every pair as pictures, as many of one person as of different people.
pub(crate) fn worst_cards(home: &Home, run: &Run) -> Vec<Card> {
    let of_kind = |same| run.pairs.iter().filter(move |pair| pair.same == same).take(CARDS / 2);
    let lines = |pair: &Pair| {
        let names = run.names(pair).map(|name| stem(name).to_owned());
        [format!("Distance {:.3}", pair.distance)].into_iter().chain(names).collect()
    };
    let shown = of_kind(false).chain(of_kind(true));
    cards(home, run, shown.map(|pair| (*pair, kind_word(pair), lines(pair))).collect())
}

/// The same pairs as a table, wrong at the run's threshold or not.
pub(crate) fn worst_table(run: &Run) -> Table {
    let row = |pair: &Pair| {
        let right = (pair.distance <= run.threshold()) == pair.same;
        let [first, second] = run.names(pair).map(str::to_owned);
        let judged = if right { "right" } else { "wrong" };
        vec![kind_word(pair).to_owned(), first, second, format!("{:.4}", pair.distance), judged.to_owned()]
    };
    Table::of(&["Pair", "First", "Second", "Distance", "Judged"], run.pairs.iter().map(row))
}

/// Pairs, each under its title and over its lines.
fn cards(home: &Home, run: &Run, shown: Vec<(Pair, &str, Vec<String>)>) -> Vec<Card> {
    // A model that is not known here, as of embeddings from elsewhere, shows whole photos.
    let preprocessing = preprocessing_of(home, run).ok();
    // One image is often in many of the worst pairs.
    let places: BTreeSet<usize> = shown.iter().flat_map(|(pair, ..)| [pair.a, pair.b]).collect();
    let picture = |place: usize| (place, picture(preprocessing.as_ref(), run.crop, &run.images[place]));
    let pictures: HashMap<usize, Option<Vec<u8>>> = places.into_par_iter().map(picture).collect();
    let card = |(pair, title, lines): (Pair, &str, Vec<String>)| Card {
        pictures: [pair.a, pair.b].map(|place| pictures[&place].clone()),
        title: title.to_owned(),
        lines,
    };
    shown.into_iter().map(card).collect()
}

/// The crop that the network saw; the whole photo where the face or the network is not known here. None where the picture
/// cannot be read, which the page shows as an empty square.
fn picture(preprocessing: Option<&Preprocessing>, crop: Option<FaceCrop>, image: &Image) -> Option<Vec<u8>> {
    let (photo, face) = (image.path.as_ref()?, image.face.as_ref());
    let known = preprocessing.filter(|_| face.is_some() || crop.is_some());
    let seen = known.and_then(|preprocessing| seen_face(preprocessing, crop, photo, face).ok());
    match seen.and_then(|seen| jpeg(&seen.crop)) {
        Some(crop) => Some(crop),
        None => jpeg(&whole_photo(photo, CARD_PIXELS).ok()?),
    }
}

fn kind_word(pair: &Pair) -> &'static str {
    if pair.same { "One person" } else { "Different people" }
}

fn known(run: &Run, failure: &FailedPair) -> Option<String> {
    run.doubts.get(&failure.pair).map(|doubt| format!("Label doubted: {}", doubt.why))
}

fn mistake_word(failure: &FailedPair) -> &'static str {
    match failure.mistake {
        Mistake::FalseAccept => "False accept",
        Mistake::FalseReject => "False reject",
    }
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

#[cfg(test)]
mod tests {
    use ::image::ImageEncoder;
    use ::image::codecs::jpeg::JpegEncoder;

    use super::*;

    #[test]
    fn whole_photos_of_a_report_stand_upright() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("turned.jpg");
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new(&mut bytes);
        // One entry: orientation 6, a quarter turn to the right.
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
        encoder.encode_image(&RgbImage::new(432, 108)).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let image = Image { listed: "turned.jpg".to_owned(), path: Some(path), face: None };
        let shown = picture(None, None, &image).unwrap();
        assert_eq!(::image::load_from_memory(&shown).unwrap().to_rgb8().dimensions(), (54, CARD_PIXELS));
    }
}
