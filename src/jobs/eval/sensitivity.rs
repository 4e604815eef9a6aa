//! One thing varied, everything else kept: VAL at each level beside the paper's.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::degrade::worsens_pictures;
use super::images::{FaceCrop, View, embed_images};
use super::inputs::{Faces, read_text};
use super::pairs::resolve;
use super::present::{one_in, percent};
use super::run_folder::RunFolder;
use crate::eval::sensitivity::{Study, StudyRow};
use crate::eval::{FarRule, Metric, PairList, Roc, val_at_far};
use crate::export::Table;
use crate::export::figures::{Axis, Figure, Scale, Series, Shape};
use crate::export::report::{Part, Report};
use crate::jobs::{Engine, Home, JobEvent};
use crate::types::Cancel;

#[derive(Debug, Clone, Serialize)]
pub struct SensitivityConfig {
    pub study: Study,
    pub list: PathBuf,
    pub images: PathBuf,
    pub crop: FaceCrop,
    pub far_target: f64,
    /// Only the first pairs of each kind in each fold; all where not given.
    pub pairs_a_fold: Option<usize>,
}

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct SensitivityOutcome {
    pub study: Study,
    pub rows: Vec<StudyRow>,
    pub model: String,
    pub run: PathBuf,
}

/// Runs a study of worse pictures on an LFW list, and writes a run.
pub fn eval_sensitivity(
    home: &Home,
    engine: &Engine,
    config: &SensitivityConfig,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<SensitivityOutcome> {
    ensure!(worsens_pictures(config.study), "{} is not studied by worsening pictures", config.study.label());
    let (text, input) = read_text(&config.list)?;
    let list = PairList::parse_lfw(&text).with_context(|| format!("cannot use {}", config.list.display()))?;
    let list = config.pairs_a_fold.map_or_else(|| list.clone(), |count| shortened(&list, count));
    let levels = config.study.levels();
    let views: Vec<View> = levels.iter().map(|&level| View::Degraded { study: config.study, level }).collect();
    let images = (config.images.as_path(), &list.images()[..]);
    let sets = embed_images(home, engine, images, config.crop, &views, cancel, events)?;
    let mut note = |text: String| events(JobEvent::Note(text));
    sets.iter().take(1).for_each(|faces| faces.notes(&mut note));
    let rows: Vec<StudyRow> =
        levels.iter().zip(&sets).map(|(&level, faces)| row(config, level, faces, &list)).collect::<Result<_>>()?;
    let first = sets.first().context("the study has no levels")?;
    let inputs = [&first.inputs[..], &[input]].concat();
    let run = RunFolder::create(home, "sensitivity", config, &inputs)?;
    let outcome = SensitivityOutcome { study: config.study, rows, model: first.model(), run: run.path().to_owned() };
    run.json("result.json", &outcome)?;
    run.table("levels", &table(&outcome))?;
    let mut report = Report::new(format!("{}: {}", outcome.model, config.study.label()));
    report.push(Part::Text(format!(
        "VAL at {} wrong on {} pairs, the threshold chosen at each level. The paper's column is its own network on its \
         own photos, at 1 in 1000.",
        one_in(config.far_target),
        outcome.rows.first().map_or(0, |row| row.pairs)
    )));
    report.push(Part::Figure(run.figure("study", &figure(&outcome), &mut note)?));
    report.push(Part::Table(table(&outcome)));
    run.report(&report)?;
    Ok(outcome)
}

fn shortened(list: &PairList, count: usize) -> PairList {
    let mut taken = std::collections::HashMap::new();
    let mut keep = |pair: &&crate::eval::LabelledPair| {
        let taken: &mut usize = taken.entry((pair.fold, pair.same)).or_default();
        *taken += 1;
        *taken <= count
    };
    PairList { pairs: list.pairs.iter().filter(&mut keep).cloned().collect(), folds: list.folds }
}

fn row(config: &SensitivityConfig, level: f64, faces: &Faces, list: &PairList) -> Result<StudyRow> {
    let resolved = resolve(&faces.images, list);
    let vectors = &faces.images.vectors;
    let scored: Vec<(f64, bool)> = resolved
        .rows
        .iter()
        .map(|pair| (Metric::SquaredL2.between(vectors.row(pair.a), vectors.row(pair.b)), pair.same))
        .collect();
    let of_kind = |same: bool| scored.iter().filter(|pair| pair.1 == same).map(|pair| pair.0).collect::<Vec<_>>();
    Ok(StudyRow {
        level,
        measured: val_at_far(&of_kind(true), &of_kind(false), config.far_target, FarRule::AtMost)?,
        auc: Roc::of(scored.iter().copied())?.auc(),
        pairs: scored.len(),
        skipped: resolved.skipped,
        paper: config.study.paper(level),
    })
}

fn table(outcome: &SensitivityOutcome) -> Table {
    let mut table =
        Table::new(&[outcome.study.label(), "VAL", "Threshold", "AUC", "Pairs", "Skipped", "The paper's VAL"]);
    for row in &outcome.rows {
        table.push(vec![
            row.level.to_string(),
            percent(row.measured.val),
            format!("{:.4}", row.measured.threshold),
            format!("{:.5}", row.auc),
            row.pairs.to_string(),
            row.skipped.to_string(),
            row.paper.map_or("–".to_owned(), percent),
        ]);
    }
    table
}

fn figure(outcome: &SensitivityOutcome) -> Figure {
    let (from, to) =
        outcome.rows.iter().fold((f64::MAX, f64::MIN), |(from, to), row| (from.min(row.level), to.max(row.level)));
    let scale = if from > 0.0 && to / from >= 1e3 { Scale::Log } else { Scale::Linear };
    let x = Axis::new(outcome.study.label(), scale, from, to);
    let measured = outcome.rows.iter().map(|row| [row.level, row.measured.val]).collect();
    let paper: Vec<[f64; 2]> = outcome.rows.iter().filter_map(|row| Some([row.level, row.paper?])).collect();
    let figure = Figure::new(outcome.study.label(), x, Axis::new("Validation rate (VAL)", Scale::Linear, 0.0, 1.0))
        .with(Series::new(outcome.model.clone(), Shape::Dots, measured));
    if paper.is_empty() { figure } else { figure.with(Series::new("the paper's NN1", Shape::Dots, paper)) }
}
