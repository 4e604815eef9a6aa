//! Whether a new model's embeddings can be compared with an old one's.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::figures;
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::evaluate::job::present::percent;
use crate::app::jobs::input_file::InputFile;
use crate::eval::compat::compare;
use crate::eval::{PairList, Roc};
use crate::figures::Table;
use crate::figures::report::{HtmlReport, ReportPart};
use crate::types::{counted, path_text};

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CompatOutcome {
    pub old: CurveFigures,
    pub new: CurveFigures,
    pub new_against_old: CurveFigures,
    pub pairs: usize,
    pub skipped: usize,
    #[serde(serialize_with = "path_text::serialize")]
    pub run: PathBuf,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct CurveFigures {
    pub model: String,
    pub auc: f64,
    pub eer: f64,
    pub far_target: f64,
    pub val: f64,
}

/// Judges both models and one against the other on the same pairs of an LFW list, and writes a run.
pub(crate) fn eval_compat(
    home: &Home,
    old: &FaceInputs,
    new: &FaceInputs,
    (list, input): (PairList, InputFile),
    far_target: f64,
    note: &mut dyn FnMut(String),
) -> Result<CompatOutcome> {
    old.notes(note);
    new.notes(note);
    let rows = |image: &String| Some((old.images.row(image)?, new.images.row(image)?));
    let known: Vec<bool> = list.images.iter().map(|image| rows(image).is_some()).collect();
    let PairList { images, pairs, .. } = list.filtered(|pair| known[pair.a] && known[pair.b]);
    // Rows of both sets in one order, so that a pair's places mean the same images in both.
    let (old_rows, new_rows): (Vec<usize>, Vec<usize>) = images.iter().filter_map(rows).unzip();
    let skipped = list.pairs.len() - pairs.len();
    if skipped > 0 {
        let pairs = counted(skipped, "pair", "pairs");
        note(format!("Skipped {pairs}, because an image has no embedding by one of the models"));
    }
    ensure!(!pairs.is_empty(), "none of the list's {} pairs has embeddings by both models", list.pairs.len());
    let found = compare(&old.images.vectors.select(&old_rows), &new.images.vectors.select(&new_rows), &pairs)?;
    let inputs = [&old.inputs[..], &new.inputs, &[input]].concat();
    let run = EvaluationFolder::create(home, "compat", &serde_json::json!({ "far_target": far_target }), &inputs)?;
    let of_curve = |model: String, roc: &Roc| CurveFigures {
        model,
        auc: roc.auc(),
        eer: roc.eer(),
        far_target,
        val: roc.val_at(far_target),
    };
    let (new_model, old_model) = (new.model(), old.model());
    let crossed = format!("{new_model} against {old_model}");
    let outcome = CompatOutcome {
        old: of_curve(old_model, &found.old),
        new: of_curve(new_model, &found.new),
        new_against_old: of_curve(crossed, &found.new_against_old),
        pairs: pairs.len(),
        skipped,
        run: run.path().to_owned(),
    };
    run.json("result.json", &outcome)?;
    let curves = [("old", &found.old), ("new", &found.new), ("new against old", &found.new_against_old)]
        .map(|(name, roc)| (name.to_owned(), roc, Vec::new()));
    let svg = run.figure("roc", &figures::roc("Old model, new model, and one against the other", &curves), note)?;
    let mut report = HtmlReport::new(format!("Is {} compatible with {}?", outcome.new.model, outcome.old.model));
    let pairs = counted(outcome.pairs, "pair", "pairs");
    report.push(ReportPart::Text(format!("{pairs}, {skipped} skipped.")));
    report.push(ReportPart::Table(table(&outcome)));
    report.push(ReportPart::Figure(svg));
    run.report(&report)?;
    Ok(outcome)
}

fn table(outcome: &CompatOutcome) -> Table {
    let row = |curve: &CurveFigures| {
        vec![curve.model.clone(), percent(curve.val), format!("{:.5}", curve.auc), percent(curve.eer)]
    };
    let rows = [&outcome.old, &outcome.new, &outcome.new_against_old].map(row);
    Table::of(&["Compared", "VAL at the FAR target", "AUC", "Equal error rate"], rows)
}
