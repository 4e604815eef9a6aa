//! A folder with one sub-folder a person: VAL and FAR over every pair.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};

use crate::app::engine::home::Home;
use crate::app::evaluate::job::count::PairCounter;
use crate::app::evaluate::job::distances::PairDistances;
use crate::app::evaluate::job::errata_file::ErrataFile;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::figures;
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::evaluate::job::present::{percent, rate_words, worst_cards, worst_table};
use crate::app::evaluate::job::runs::{keep, row};
use crate::eval::all_pairs::{AllPairs, SPLITS, SplitResult, over_splits, worst};
use crate::eval::figures::{Figures, SetFigures};
use crate::eval::{EvalError, Image, Pair, Run, ValAtFar, Vectors};
use crate::figures::Table;
use crate::figures::report::{HtmlReport, ReportPart};
use crate::types::{Cancel, counted};

const SEED: u64 = 0;
const PLOT_BINS: usize = 256;
/// Of each kind of pair: too many are judged to keep them all, these are what one wants to see.
const WORST: usize = 200;

/// Judges every pair of `faces`, labelled by their folders, and writes a run.
pub(crate) fn eval_folder(
    home: &Home,
    faces: &FaceInputs,
    far_target: f64,
    counter: &PairCounter,
    cancel: &Cancel,
    note: &mut dyn FnMut(String),
) -> Result<Run> {
    faces.notes(note);
    let (labels, people) = faces.labels()?;
    note_shortcomings(faces, &labels, people, note);
    let vectors = &faces.images.vectors;
    let found = PairDistances::of(vectors, &labels, counter, cancel)?;
    let val = found.val_at_far(far_target).context("the folder cannot be judged")?;
    let judge = |vectors: &Vectors, labels: &[u32]| {
        let found = PairDistances::of(vectors, labels, counter, cancel)?;
        Ok((found.val_at_far(far_target)?, found.roc()?.auc()))
    };
    let splits = match over_splits(vectors, &labels, SPLITS, SEED, &judge) {
        Ok(splits) => Some(splits),
        Err(error @ EvalError::TooFewPeople { .. }) => {
            note(format!("No uncertainty over splits: {error}"));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let (same_pairs, different_pairs) = found.pairs();
    let roc = found.roc()?;
    let (kind, of) = faces.photos.origin(&faces.inputs);
    let config = serde_json::json!({
        "of": of, "far_target": far_target, "splits": SPLITS, "seed": SEED, "counted_on": counter.name()
    });
    let folder = EvaluationFolder::create(home, kind, &config, &faces.inputs)?;
    let figures = SetFigures {
        images: labels.len(),
        people,
        skipped: faces.images.failed.len(),
        same_pairs,
        different_pairs,
        far_target,
        val,
        vals: powers(&found)?,
        auc: roc.auc(),
        eer: roc.eer(),
        val_mean: splits.as_ref().map(|splits| splits.val.mean),
        val_se: splits.as_ref().map(|splits| splits.val.standard_error),
        val_sd: splits.as_ref().map(|splits| splits.val.population_sd),
        auc_mean: splits.as_ref().map(|splits| splits.auc.mean),
        auc_se: splits.as_ref().map(|splits| splits.auc.standard_error),
        model: faces.model(),
        run: folder.path().to_owned(),
    };
    let counted = found.counted()?;
    let worst = worst_pairs(faces, &labels, &counted, cancel)?;
    let row = row(folder.path(), of.as_deref(), &Figures::EveryPair(figures.clone()));
    let cut = (faces.photos.crop(), faces.photos.crop_rule());
    let mut run = Run::counted(row, figures.clone(), (counted, roc), worst, cut);
    run.doubt(ErrataFile::open(home)?.marks())?;
    keep(&folder, &run)?;
    let mut report = report(&folder, &run, &figures, &found, splits.as_ref(), note)?;
    report.push(ReportPart::Heading("Worst pairs".to_owned()));
    if run.images.iter().any(|image| image.path.is_some()) {
        report.push(ReportPart::Cards(worst_cards(home, &run)));
    }
    let table = worst_table(&run);
    folder.file("worst.csv", table.to_csv().as_bytes())?;
    report.push(ReportPart::Table(table));
    folder.report(&report)?;
    Ok(run)
}

/// Says once what makes the figures better or worse than the set would have them: people without a pair, and copies of
/// one picture, which are pairs that nobody can miss.
fn note_shortcomings(faces: &FaceInputs, labels: &[u32], people: usize, note: &mut dyn FnMut(String)) {
    let mut pictures = vec![0_usize; people];
    labels.iter().for_each(|&person| pictures[person as usize] += 1);
    match pictures.iter().filter(|count| **count == 1).count() {
        0 => {}
        1 => note("1 person has one picture, and is only told apart from others".to_owned()),
        lone => note(format!("{lone} people have one picture, and are only told apart from others")),
    }
    let mut first_of: HashMap<Vec<u32>, usize> = HashMap::new();
    let paths = &faces.images.paths;
    let rows = faces.images.vectors.rows().enumerate();
    let copies: Vec<(usize, usize)> = rows
        .filter_map(|(row, vector)| {
            let bits = vector.iter().map(|value| value.to_bits()).collect();
            let first = *first_of.entry(bits).or_insert(row);
            (first != row).then_some((first, row))
        })
        .collect();
    if let Some(&(first, copy)) = copies.first() {
        let such = format!("such as {} of {}", paths[copy], paths[first]);
        note(match copies.len() {
            1 => format!("1 picture is a copy of another one: {}", such.trim_start_matches("such as ")),
            count => format!("{count} pictures are copies of others, {such}"),
        });
    }
}

/// The images and pairs that are kept: of different people the nearest first, then of one person the most distant.
fn worst_pairs(
    faces: &FaceInputs,
    labels: &[u32],
    counted: &AllPairs,
    cancel: &Cancel,
) -> Result<(Vec<Image>, Vec<Pair>)> {
    let (mut images, mut pairs, mut place_of) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (a, b, distance) in worst(&faces.images.vectors, labels, counted, WORST, cancel)? {
        let [a_place, b_place] = [a, b].map(|row| {
            *place_of.entry(row).or_insert_with(|| {
                let listed = faces.images.paths[row].clone();
                images.push(Image { path: faces.photos.of(&listed), face: faces.images.faces[row], listed });
                images.len() - 1
            })
        });
        pairs.push(Pair { a: a_place, b: b_place, same: labels[a] == labels[b], fold: 0, distance });
    }
    let badness = |pair: &Pair| if pair.same { -pair.distance } else { pair.distance };
    pairs.sort_by(|a, b| a.same.cmp(&b.same).then(badness(a).total_cmp(&badness(b))));
    Ok((images, pairs))
}

/// VAL at 10⁻¹, 10⁻² … as long as a target is at least one pair.
fn powers(found: &PairDistances) -> Result<Vec<ValAtFar>> {
    let mut points = Vec::new();
    for power in 1..=8 {
        let point = found.val_at_far(10_f64.powi(-power))?;
        if !point.resolved {
            break;
        }
        points.push(point);
    }
    Ok(points)
}

fn report(
    folder: &EvaluationFolder,
    run: &Run,
    outcome: &SetFigures,
    found: &PairDistances,
    splits: Option<&SplitResult>,
    note: &mut dyn FnMut(String),
) -> Result<HtmlReport> {
    let mut report =
        HtmlReport::new(format!("{} on every pair of {}", outcome.model, counted(outcome.images, "image", "images")));
    report.push(ReportPart::Text(format!(
        "{}, {} of one person, {} of different people; {} skipped. {}",
        counted(outcome.people, "person", "people"),
        counted(outcome.same_pairs as usize, "pair", "pairs"),
        counted(outcome.different_pairs as usize, "pair", "pairs"),
        counted(outcome.skipped, "image", "images"),
        found.resolution()
    )));
    let spread = splits.map_or("too few people for splits".to_owned(), |splits| {
        format!(
            "{} ± {} (s.e.) over {SPLITS} sets of people",
            percent(splits.val.mean),
            percent(splits.val.standard_error)
        )
    });
    report.push(ReportPart::Numbers(vec![
        (percent(outcome.val.val), format!("VAL at {} wrong", rate_words(outcome.far_target)), spread),
        (format!("{:.5}", outcome.auc), "AUC".to_owned(), "area under the ROC".to_owned()),
        (percent(outcome.eer), "equal error rate".to_owned(), "false accepts = misses".to_owned()),
    ]));
    let row = |point: &ValAtFar| {
        let (threshold, far) = (format!("{:.4}", point.threshold), format!("{:.3e}", point.far));
        vec![rate_words(point.target), threshold, percent(point.val), far]
    };
    let table = Table::of(&["FAR target", "Threshold", "VAL", "Measured FAR"], outcome.vals.iter().map(row));
    report.push(ReportPart::Table(table.clone()));
    folder.table("vals", &table)?;
    let curve = [(outcome.model.clone(), &run.roc, Vec::new())];
    let threshold = outcome.val.threshold;
    let distances = figures::distances("Distances of every pair", run, PLOT_BINS);
    let figures = [
        ("roc", figures::roc("ROC over every pair", &curve)),
        ("det", figures::det("Detection error trade-off", &curve)),
        ("distances", distances.marked(threshold, format!("{} wrong: {threshold:.3}", rate_words(outcome.far_target)))),
    ];
    for (name, figure) in figures {
        report.push(ReportPart::Figure(folder.figure(name, &figure, note)?));
    }
    Ok(report)
}
