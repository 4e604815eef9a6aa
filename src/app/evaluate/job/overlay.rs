//! Several judged runs on one page: curves over each other, figures side by side, and the pairs that every model gets
//! wrong.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::figures;
use crate::app::evaluate::job::present::{failure_cards, failure_table, percent};
use crate::app::jobs::input_file::InputFile;
use crate::eval::failures::FailedPair;
use crate::eval::figures::PairFigures;
use crate::eval::{Figures, Run};
use crate::figures::Table;
use crate::figures::report::{HtmlReport, ReportPart};
use crate::types::{counted, path_text};

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OverlayOutcome {
    pub models: Vec<PairFigures>,
    /// Pairs that every model gets wrong with its own thresholds.
    pub wrong_by_all: usize,
    #[serde(serialize_with = "path_text::serialize")]
    pub run: PathBuf,
}

/// Writes a page on several runs.
pub(crate) fn eval_overlay(home: &Home, runs: &[Run], note: &mut dyn FnMut(String)) -> Result<OverlayOutcome> {
    let first = runs.first().context("there is no run to show")?;
    let models = runs.iter().map(figures_of).collect::<Result<_>>()?;
    let folders: Vec<&Path> = runs.iter().map(|run| run.row.run.as_path()).collect();
    let run = EvaluationFolder::create(home, "report", &serde_json::json!({ "runs": folders }), &[] as &[InputFile])?;
    let names = names(runs);
    let (wrong, others) = (wrong_by_all(first, &runs[1..]), runs[1..].iter().collect::<Vec<_>>());
    let outcome = OverlayOutcome { models, wrong_by_all: wrong.len(), run: run.path().to_owned() };
    run.json("result.json", &outcome)?;
    let table = table(&names, &outcome.models);
    run.table("models", &table)?;
    run.table("wrong-by-all", &failure_table(first, &wrong))?;
    let curves = |band: fn(&Run) -> Vec<[f64; 3]>| {
        names.iter().zip(runs).map(|(name, run)| (name.clone(), &run.roc, band(run))).collect::<Vec<_>>()
    };
    let figures = [
        ("roc", figures::roc("ROC over all pairs", &curves(Run::band))),
        ("det", figures::det("Detection error trade-off", &curves(|_| Vec::new()))),
    ];
    let mut report = HtmlReport::new(format!("{} compared", counted(runs.len(), "model", "models")));
    report.push(ReportPart::Text(
        "Each fold was judged with the threshold that the other folds chose. Bands are standard errors over folds. \
         Crops are as the first model saw them."
            .to_owned(),
    ));
    report.push(ReportPart::Table(table));
    for (name, figure) in figures {
        report.push(ReportPart::Figure(run.figure(name, &figure, note)?));
    }
    let pairs = counted(wrong.len(), "pair", "pairs");
    report.push(ReportPart::Heading(format!("{pairs} that every model gets wrong")));
    report.push(ReportPart::Cards(failure_cards(home, first, &wrong, &others)));
    report.push(ReportPart::Table(failure_table(first, &wrong)));
    run.report(&report)?;
    Ok(outcome)
}

fn figures_of(run: &Run) -> Result<PairFigures> {
    match &run.figures {
        Figures::Pairs(figures) => Ok(figures.clone()),
        Figures::EveryPair(_) => bail!("this is no finished run on pairs: {}", run.row.run.display()),
    }
}

/// The models' names, numbered where one occurs twice.
fn names(runs: &[Run]) -> Vec<String> {
    let name = |index: usize| {
        let model = &runs[index].row.model;
        let before = runs[..index].iter().filter(|run| run.row.model == *model).count();
        if before == 0 { model.clone() } else { format!("{model} ({})", before + 1) }
    };
    (0..runs.len()).map(name).collect()
}

fn wrong_by_all(first: &Run, others: &[Run]) -> Vec<FailedPair> {
    let wrong_by = |failure: &FailedPair, other: &Run| {
        first.judged_by(failure.pair, other, None).is_some_and(|elsewhere| !elsewhere.right)
    };
    let mut wrong = first.failures();
    wrong.retain(|failure| others.iter().all(|other| wrong_by(failure, other)));
    wrong
}

fn table(names: &[String], models: &[PairFigures]) -> Table {
    let head = [
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
    ];
    let row = |(name, figures): (&String, &PairFigures)| {
        let of_folds = [figures.accuracy_mean, figures.accuracy_se, figures.val_mean, figures.val_se, figures.far_mean]
            .map(percent);
        let share = |share: Option<f64>| share.map_or("–".to_owned(), percent);
        let mut row = vec![name.clone()];
        row.extend(of_folds);
        row.extend([format!("{:.5}", figures.auc), share(figures.eer)]);
        row.extend([figures.pairs, figures.skipped].map(|count| count.to_string()));
        row.push(share(figures.without_errata.as_ref().map(|without| without.accuracy_mean)));
        row
    };
    Table::of(&head, names.iter().zip(models).map(row))
}
