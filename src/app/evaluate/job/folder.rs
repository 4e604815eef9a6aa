//! A folder with one sub-folder a person: VAL and FAR over every pair.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::app::engine::home::Home;
use crate::app::evaluate::job::count::PairCounter;
use crate::app::evaluate::job::distances::Distances;
use crate::app::evaluate::job::inputs::Faces;
use crate::app::evaluate::job::present::{
    det_figure, histogram_figure, one_in, percent, roc_figure, worst_cards, worst_table,
};
use crate::app::evaluate::job::run_folder::RunFolder;
use crate::app::evaluate::job::worst;
use crate::eval::all_pairs::{SplitResult, over_splits};
use crate::eval::{EvalError, ValAtFar, Vectors};
use crate::figures::Table;
use crate::figures::report::{Part, Report};
use crate::types::Cancel;

/// The paper's hold-out set has five disjoint sets.
const SPLITS: usize = 5;
const SEED: u64 = 0;
const PLOT_BINS: usize = 256;

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FolderOutcome {
    pub images: usize,
    pub people: usize,
    pub skipped: usize,
    pub same_pairs: u64,
    pub different_pairs: u64,
    pub far_target: f64,
    /// Over all pairs at once.
    pub val: ValAtFar,
    /// VAL at each power of ten that the pairs resolve.
    pub vals: Vec<ValAtFar>,
    pub auc: f64,
    pub eer: f64,
    /// Over five identity-disjoint splits; missing when there are too few people.
    pub val_mean: Option<f64>,
    pub val_se: Option<f64>,
    pub val_sd: Option<f64>,
    pub auc_mean: Option<f64>,
    pub auc_se: Option<f64>,
    pub model: String,
    pub run: PathBuf,
}

/// Judges every pair of `faces`, labelled by their folders, and writes a run.
pub fn eval_folder(
    home: &Home,
    faces: &Faces,
    far_target: f64,
    counter: &PairCounter,
    cancel: &Cancel,
    note: &mut dyn FnMut(String),
) -> Result<FolderOutcome> {
    faces.notes(note);
    let (labels, people) = faces.labels()?;
    let vectors = &faces.images.vectors;
    let found = Distances::of(vectors, &labels, counter, cancel)?;
    let val = found.val_at_far(far_target).context("the folder cannot be judged")?;
    let judge = |vectors: &Vectors, labels: &[u32]| {
        let found = Distances::of(vectors, labels, counter, cancel)?;
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
    let run = RunFolder::create(home, kind, &config, &faces.inputs)?;
    let outcome = FolderOutcome {
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
        run: run.path().to_owned(),
    };
    crate::app::evaluate::job::counted::keep(&run, &found)?;
    let worst = worst::worst_pairs(faces, &labels, &found, cancel)?;
    worst::keep(&run, &worst)?;
    run.json("result.json", &outcome)?;
    let mut report = report(&run, &outcome, &found, &roc, splits.as_ref(), note)?;
    report.push(Part::Heading("Worst pairs".to_owned()));
    if worst.images.iter().any(|image| image.path.is_some()) {
        report.push(Part::Cards(worst_cards(home, &outcome.model, &worst)));
    }
    let table = worst_table(&worst, outcome.val.threshold);
    run.file("worst.csv", table.to_csv().as_bytes())?;
    report.push(Part::Table(table));
    run.report(&report)?;
    Ok(outcome)
}

/// VAL at 10⁻¹, 10⁻² … as long as a target is at least one pair.
fn powers(found: &Distances) -> Result<Vec<ValAtFar>> {
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
    run: &RunFolder,
    outcome: &FolderOutcome,
    found: &Distances,
    roc: &crate::eval::Roc,
    splits: Option<&SplitResult>,
    note: &mut dyn FnMut(String),
) -> Result<Report> {
    let mut report = Report::new(format!("{} on every pair of {} images", outcome.model, outcome.images));
    report.push(Part::Text(format!(
        "{} people, {} pairs of one person, {} pairs of different people; {} images skipped. {}",
        outcome.people,
        outcome.same_pairs,
        outcome.different_pairs,
        outcome.skipped,
        found.resolution()
    )));
    let spread = splits.map_or("too few people for splits".to_owned(), |splits| {
        format!(
            "{} ± {} (s.e.) over {SPLITS} sets of people",
            percent(splits.val.mean),
            percent(splits.val.standard_error)
        )
    });
    report.push(Part::Numbers(vec![
        (percent(outcome.val.val), format!("VAL at {} wrong", one_in(outcome.far_target)), spread),
        (format!("{:.5}", outcome.auc), "AUC".to_owned(), "area under the ROC".to_owned()),
        (percent(outcome.eer), "equal error rate".to_owned(), "false accepts = misses".to_owned()),
    ]));
    let mut table = Table::new(&["FAR target", "Threshold", "VAL", "Measured FAR"]);
    for point in &outcome.vals {
        let far = format!("{:.3e}", point.far);
        table.push(vec![one_in(point.target), format!("{:.4}", point.threshold), percent(point.val), far]);
    }
    report.push(Part::Table(table.clone()));
    run.table("vals", &table)?;
    let width = 4.0 / PLOT_BINS as f64;
    let (same, different) = found.histogram(PLOT_BINS);
    let threshold = outcome.val.threshold;
    let figures = [
        ("roc", roc_figure("ROC over every pair", &[(outcome.model.clone(), roc, Vec::new())])),
        ("det", det_figure("Detection error trade-off", &[(outcome.model.clone(), roc)])),
        (
            "distances",
            histogram_figure("Distances of every pair", "Squared distance", width, &same, &different)
                .marked(threshold, format!("{} wrong: {threshold:.3}", one_in(outcome.far_target))),
        ),
    ];
    for (name, figure) in figures {
        report.push(Part::Figure(run.figure(name, &figure, note)?));
    }
    Ok(report)
}
