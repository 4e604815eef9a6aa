//! Several judged runs on one page: curves over each other, figures side by side, and the pairs that every model gets
//! wrong.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::inputs::InputFile;
use crate::app::evaluate::job::pairs::PairsOutcome;
use crate::app::evaluate::job::present::{band_of, cards, det_figure, failure_table, percent, roc_figure};
use crate::app::evaluate::job::rows::{FailureRow, PairsRun, Threshold};
use crate::app::evaluate::job::run_folder::RunFolder;
use crate::eval::errata::Errata;
use crate::figures::Table;
use crate::figures::report::{Part, Report};

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct OverlayOutcome {
    pub models: Vec<PairsOutcome>,
    /// Pairs that every model gets wrong with its own thresholds.
    pub wrong_by_all: usize,
    pub run: PathBuf,
}

/// Writes a page on several runs.
pub fn eval_overlay(
    home: &Home,
    runs: &[PairsRun],
    errata: &Errata,
    note: &mut dyn FnMut(String),
) -> Result<OverlayOutcome> {
    let first = runs.first().context("there is no run to show")?;
    let folders: Vec<&std::path::Path> = runs.iter().map(PairsRun::folder).collect();
    let run = RunFolder::create(home, "report", &serde_json::json!({ "runs": folders }), &[] as &[InputFile])?;
    let named: Vec<(String, &PairsRun)> = names(runs).into_iter().zip(runs).collect();
    let wrong = wrong_by_all(runs, errata);
    let outcome = OverlayOutcome {
        models: runs.iter().map(|run| run.outcome.clone()).collect(),
        wrong_by_all: wrong.len(),
        run: run.path().to_owned(),
    };
    run.json("result.json", &outcome)?;
    let table = table(&named);
    run.table("models", &table)?;
    run.table("wrong-by-all", &failure_table(&wrong))?;
    let curves: Vec<_> =
        named.iter().map(|(name, run)| (name.clone(), &run.judged.pooled, band_of(&run.curve()))).collect();
    let plain: Vec<_> = named.iter().map(|(name, run)| (name.clone(), &run.judged.pooled)).collect();
    let mut report = Report::new(format!("{} models compared", runs.len()));
    report.push(Part::Text(
        "Each fold was judged with the threshold that the other folds chose. Bands are standard errors over folds. \
         Crops are as the first model saw them."
            .to_owned(),
    ));
    report.push(Part::Table(table));
    report.push(Part::Figure(run.figure("roc", &roc_figure("ROC over all pairs", &curves), note)?));
    report.push(Part::Figure(run.figure("det", &det_figure("Detection error trade-off", &plain), note)?));
    report.push(Part::Heading(match wrong.len() {
        1 => "1 pair that every model gets wrong".to_owned(),
        count => format!("{count} pairs that every model gets wrong"),
    }));
    report.push(Part::Cards(cards(home, first, &wrong)));
    report.push(Part::Table(failure_table(&wrong)));
    run.report(&report)?;
    Ok(outcome)
}

/// The models' names, numbered where one occurs twice.
fn names(runs: &[PairsRun]) -> Vec<String> {
    let name = |index: usize| {
        let model = &runs[index].outcome.model;
        let before = runs[..index].iter().filter(|run| run.outcome.model == *model).count();
        if before == 0 { model.clone() } else { format!("{model} ({})", before + 1) }
    };
    (0..runs.len()).map(name).collect()
}

fn wrong_by_all(runs: &[PairsRun], errata: &Errata) -> Vec<FailureRow> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let others: Vec<&PairsRun> = others.iter().collect();
    let mut wrong = first.failures(Threshold::OfFold, errata, &others);
    wrong.retain(|row| row.elsewhere.iter().all(|other| other.as_ref().is_some_and(|other| !other.right)));
    wrong
}

fn table(runs: &[(String, &PairsRun)]) -> Table {
    let mut table = Table::new(&[
        "Model",
        "Accuracy",
        "Standard error",
        "VAL",
        "Standard error",
        "Measured FAR",
        "AUC",
        "Equal error rate",
        "Pairs",
        "Skipped",
        "Accuracy without doubted labels",
    ]);
    for (name, run) in runs {
        let outcome = &run.outcome;
        table.push(vec![
            name.clone(),
            percent(outcome.accuracy_mean),
            percent(outcome.accuracy_se),
            percent(outcome.val_mean),
            percent(outcome.val_se),
            percent(outcome.far_mean),
            format!("{:.5}", outcome.auc),
            outcome.eer.map_or("–".to_owned(), percent),
            outcome.pairs.to_string(),
            outcome.skipped.to_string(),
            outcome.without_errata.as_ref().map_or("–".to_owned(), |without| percent(without.accuracy_mean)),
        ]);
    }
    table
}
