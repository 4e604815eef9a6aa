//! One thing varied, everything else kept: VAL at each level beside the paper's.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::degrade::worsens_pictures;
use super::images::{FaceCrop, View, embed_images};
use super::inputs::{Faces, InputFile, read_text};
use super::pairs::{resolve, shortened};
use super::present::{one_in, percent};
use super::run_folder::RunFolder;
use crate::eval::embedded::EmbeddedImages;
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
    let (list, input) = read_list(config)?;
    let levels = config.study.levels();
    let views: Vec<View> = levels.iter().map(|&level| View::Degraded { study: config.study, level }).collect();
    let images = (config.images.as_path(), &list.images()[..]);
    let sets = embed_images(home, engine, images, config.crop, &views, cancel, events)?;
    let mut note = |text: String| events(JobEvent::Note(text));
    sets.iter().take(1).for_each(|faces| faces.notes(&mut note));
    let judge = |(&level, faces): (&f64, &Faces)| row(config.study, level, &faces.images, &list, config.far_target);
    let rows: Vec<StudyRow> = levels.iter().zip(&sets).map(judge).collect::<Result<_>>()?;
    let first = sets.first().context("the study has no levels")?;
    let inputs = [&first.inputs[..], &[input]].concat();
    write_study(home, config, &inputs, first.model(), rows, &mut note)
}

/// The list of a study, shortened if the study is.
pub(super) fn read_list(config: &SensitivityConfig) -> Result<(PairList, InputFile)> {
    let (text, input) = read_text(&config.list)?;
    let list = PairList::parse_lfw(&text).with_context(|| format!("cannot use {}", config.list.display()))?;
    Ok((config.pairs_a_fold.map_or_else(|| list.clone(), |count| shortened(&list, count)), input))
}

/// One level: VAL and AUC over all pairs of the list that have both embeddings.
pub(super) fn row(
    study: Study,
    level: f64,
    images: &EmbeddedImages,
    list: &PairList,
    far_target: f64,
) -> Result<StudyRow> {
    let resolved = resolve(images, list);
    let vectors = &images.vectors;
    let scored: Vec<(f64, bool)> = resolved
        .rows
        .iter()
        .map(|pair| (Metric::SquaredL2.between(vectors.row(pair.a), vectors.row(pair.b)), pair.same))
        .collect();
    scored_row(study, level, &scored, resolved.skipped, far_target)
}

/// One level from its distances.
pub(super) fn scored_row(
    study: Study,
    level: f64,
    scored: &[(f64, bool)],
    skipped: usize,
    far_target: f64,
) -> Result<StudyRow> {
    let of_kind = |same: bool| scored.iter().filter(|pair| pair.1 == same).map(|pair| pair.0).collect::<Vec<_>>();
    Ok(StudyRow {
        level,
        name: None,
        measured: val_at_far(&of_kind(true), &of_kind(false), far_target, FarRule::AtMost)?,
        auc: Roc::of(scored.iter().copied())?.auc(),
        pairs: scored.len(),
        skipped,
        paper: study.paper(level),
    })
}

/// Writes a finished study's run.
pub(super) fn write_study(
    home: &Home,
    config: &SensitivityConfig,
    inputs: &[InputFile],
    model: String,
    rows: Vec<StudyRow>,
    note: &mut dyn FnMut(String),
) -> Result<SensitivityOutcome> {
    let run = RunFolder::create(home, "sensitivity", config, inputs)?;
    let outcome = SensitivityOutcome { study: config.study, rows, model, run: run.path().to_owned() };
    run.json("result.json", &outcome)?;
    run.table("levels", &table(&outcome))?;
    let mut report = Report::new(format!("{}: {}", outcome.model, config.study.label()));
    report.push(Part::Text(format!(
        "VAL at {} wrong on {} pairs, the threshold chosen at each level. The paper's column is its own network on its \
         own photos, at 1 in 1000.",
        one_in(outcome.rows.first().map_or(config.far_target, |row| row.measured.target)),
        outcome.rows.first().map_or(0, |row| row.pairs)
    )));
    report.push(Part::Figure(run.figure("study", &figure(&outcome), note)?));
    report.push(Part::Table(table(&outcome)));
    run.report(&report)?;
    Ok(outcome)
}

fn table(outcome: &SensitivityOutcome) -> Table {
    let named = outcome.rows.iter().any(|row| row.name.is_some());
    let head = [outcome.study.label(), "VAL", "Threshold", "AUC", "Pairs", "Skipped", "The paper's VAL", "Network"];
    let columns = if named { head.len() } else { head.len() - 1 };
    let mut table = Table::new(&head[..columns]);
    for row in &outcome.rows {
        let mut cells = vec![
            row.level.to_string(),
            percent(row.measured.val),
            format!("{:.4}", row.measured.threshold),
            format!("{:.5}", row.auc),
            row.pairs.to_string(),
            row.skipped.to_string(),
            row.paper.map_or("–".to_owned(), percent),
            row.name.clone().unwrap_or_default(),
        ];
        cells.truncate(columns);
        table.push(cells);
    }
    table
}

fn figure(outcome: &SensitivityOutcome) -> Figure {
    let mut paper: Vec<[f64; 2]> = outcome.rows.iter().filter_map(|row| Some([row.level, row.paper?])).collect();
    if paper.is_empty() {
        // Nobody trains at the paper's own levels: its curve is shown where it lies.
        paper = outcome.study.levels().iter().filter_map(|&at| Some([at, outcome.study.paper(at)?])).collect();
    }
    let levels = outcome.rows.iter().map(|row| row.level).chain(paper.iter().map(|[level, _]| *level));
    let (from, to) = levels.fold((f64::MAX, f64::MIN), |(from, to), level| (from.min(level), to.max(level)));
    let scale = scale_of(outcome.study);
    // A single level, or levels all equal, still need an axis of some length.
    let (from, to) = match (scale, from < to) {
        (Scale::Log, true) => (10_f64.powf(from.log10().floor()), 10_f64.powf(to.log10().ceil())),
        (Scale::Log, false) => (from / 10.0, from * 10.0),
        (Scale::Linear, true) => (from, to),
        (Scale::Linear, false) => (from - 1.0, from + 1.0),
    };
    let x = Axis::new(outcome.study.label(), scale, from, to);
    let figure = Figure::new(outcome.study.label(), x, Axis::new("Validation rate (VAL)", Scale::Linear, 0.0, 1.0));
    // Networks are points of their own; levels of one network are joined.
    let point = |row: &StudyRow| [row.level, row.measured.val];
    let figure = match outcome.rows.iter().all(|row| row.name.is_some()) {
        true => outcome.rows.iter().fold(figure, |figure, row| {
            figure.with(Series::new(row.name.clone().unwrap_or_default(), Shape::Dots, vec![point(row)]))
        }),
        false => figure.with(Series::new(outcome.model.clone(), Shape::Dots, outcome.rows.iter().map(point).collect())),
    };
    if paper.is_empty() { figure } else { figure.with(Series::new("the paper's NN1", Shape::Dots, paper)) }
}

/// Sizes that grow by factors are read off a logarithmic axis.
fn scale_of(study: Study) -> Scale {
    match study {
        Study::ImagePixels | Study::Dimensions | Study::TrainingImages | Study::MultiplyAdds => Scale::Log,
        _ => Scale::Linear,
    }
}
