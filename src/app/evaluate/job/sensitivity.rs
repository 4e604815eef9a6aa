//! One thing varied, everything else kept: VAL at each level beside the paper's.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::engine::networks::Engine;
use crate::app::engine::progress::JobEvent;
use crate::app::evaluate::job::degrade::worsens_pictures;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::images::{ImageVariant, embed_images};
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::evaluate::job::pairs::{resolve, shortened};
use crate::app::evaluate::job::present::{percent, rate_words};
use crate::app::jobs::input_file::{InputFile, ListFormat, read_pairs};
use crate::eval::embedded::EmbeddedImages;
use crate::eval::sensitivity::{Study, StudyRow};
use crate::eval::{FarRule, Metric, Pair, PairList, Roc, val_at_far};
use crate::figures::Table;
use crate::figures::plot::{Axis, Figure, Scale, Series, Shape};
use crate::figures::report::{HtmlReport, ReportPart};
use crate::types::{Cancel, FaceCrop, counted, path_text};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct SensitivityConfig {
    pub study: Study,
    #[serde(serialize_with = "path_text::serialize")]
    pub list: PathBuf,
    #[serde(serialize_with = "path_text::serialize")]
    pub images: PathBuf,
    pub crop: FaceCrop,
    pub far_target: f64,
    /// Only the first pairs of each kind in each fold; all where not given.
    pub pairs_a_fold: Option<usize>,
}

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SensitivityOutcome {
    pub study: Study,
    pub rows: Vec<StudyRow>,
    pub model: String,
    #[serde(serialize_with = "path_text::serialize")]
    pub run: PathBuf,
}

/// Runs a study of worse pictures on an LFW list, and writes a run.
pub(crate) fn eval_sensitivity(
    home: &Home,
    engine: &Engine,
    (config, (list, input)): (&SensitivityConfig, (PairList, InputFile)),
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<SensitivityOutcome> {
    ensure!(worsens_pictures(config.study), "{} is not studied by worsening pictures", config.study.label());
    let levels = config.study.levels();
    let views: Vec<ImageVariant> =
        levels.iter().map(|&level| ImageVariant::Degraded { study: config.study, level }).collect();
    let images = (config.images.as_path(), &list.images[..]);
    let sets = embed_images(home, engine, images, config.crop, &views, cancel, events)?;
    let mut note = |text: String| events(JobEvent::Note(text));
    sets.iter().take(1).for_each(|faces| faces.notes(&mut note));
    let judge =
        |(&level, faces): (&f64, &FaceInputs)| row(config.study, level, &faces.images, &list, config.far_target);
    let rows: Vec<StudyRow> = levels.iter().zip(&sets).map(judge).collect::<Result<_>>()?;
    let first = sets.first().context("the study has no levels")?;
    let inputs = [&first.inputs[..], &[input]].concat();
    write_study(home, config, &inputs, first.model(), rows, &mut note)
}

/// The list of a study, shortened if the study is.
pub(crate) fn read_list(config: &SensitivityConfig) -> Result<(PairList, InputFile)> {
    let (list, input) = read_pairs(&config.list, ListFormat::Lfw)?;
    Ok((config.pairs_a_fold.map_or_else(|| list.clone(), |count| shortened(&list, count)), input))
}

/// One level: VAL and AUC over all pairs of the list that have both embeddings.
pub(crate) fn row(
    study: Study,
    level: f64,
    images: &EmbeddedImages,
    list: &PairList,
    far_target: f64,
) -> Result<StudyRow> {
    let resolved = resolve(images, list);
    let scored = resolved.vectors.measured(&resolved.pairs, Metric::SquaredL2);
    scored_row(study, level, &scored, resolved.skipped, far_target)
}

/// One level from its distances.
pub(crate) fn scored_row(
    study: Study,
    level: f64,
    scored: &[Pair],
    skipped: usize,
    far_target: f64,
) -> Result<StudyRow> {
    let of_kind =
        |same: bool| scored.iter().filter(|pair| pair.same == same).map(|pair| pair.distance).collect::<Vec<_>>();
    Ok(StudyRow {
        level,
        name: None,
        measured: val_at_far(&of_kind(true), &of_kind(false), far_target, FarRule::AtMost)?,
        auc: Roc::of_scored(scored)?.auc(),
        pairs: scored.len(),
        skipped,
        paper: study.paper(level),
    })
}

/// Writes a finished study's run.
pub(crate) fn write_study(
    home: &Home,
    config: &SensitivityConfig,
    inputs: &[InputFile],
    model: String,
    rows: Vec<StudyRow>,
    note: &mut dyn FnMut(String),
) -> Result<SensitivityOutcome> {
    let run = EvaluationFolder::create(home, "sensitivity", config, inputs)?;
    let outcome = SensitivityOutcome { study: config.study, rows, model, run: run.path().to_owned() };
    run.json("result.json", &outcome)?;
    run.table("levels", &table(&outcome))?;
    let mut report = HtmlReport::new(format!("{}: {}", outcome.model, config.study.label()));
    let (target, pairs) = outcome.rows.first().map_or((config.far_target, 0), |row| (row.measured.target, row.pairs));
    report.push(ReportPart::Text(format!(
        "VAL at {} wrong matches on {}, the threshold chosen at each level. The paper's figures are its own \
         networks on its own photos, at 1 in 1000.",
        rate_words(target),
        counted(pairs, "pair", "pairs")
    )));
    report.push(ReportPart::Figure(run.figure("study", &figure(&outcome, target), note)?));
    report.push(ReportPart::Table(table(&outcome)));
    if !config.study.paper_networks().is_empty() {
        report.push(ReportPart::Heading("The paper's networks".to_owned()));
        report.push(ReportPart::Table(paper_table(config.study)));
    }
    run.report(&report)?;
    Ok(outcome)
}

fn table(outcome: &SensitivityOutcome) -> Table {
    let named = outcome.rows.iter().any(|row| row.name.is_some());
    let head = [outcome.study.label(), "VAL", "Threshold", "AUC", "Pairs", "Skipped", "The paper's VAL", "Network"];
    let columns = if named { head.len() } else { head.len() - 1 };
    let row = |row: &StudyRow| {
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
        cells
    };
    Table::of(&head[..columns], outcome.rows.iter().map(row))
}

fn paper_table(study: Study) -> Table {
    let networks = study.paper_networks().iter();
    let rows = networks.map(|(name, level, val)| vec![(*name).to_owned(), level.to_string(), percent(*val)]);
    Table::of(&["Network", study.label(), "VAL"], rows)
}

fn figure(outcome: &SensitivityOutcome, far_target: f64) -> Figure {
    let study = outcome.study;
    let mut paper: Vec<[f64; 2]> = outcome.rows.iter().filter_map(|row| Some([row.level, row.paper?])).collect();
    if paper.is_empty() {
        // Nobody trains at the paper's own levels: its curve is shown where it lies.
        paper = study.levels().iter().filter_map(|&at| Some([at, study.paper(at)?])).collect();
    }
    let networks: Vec<[f64; 2]> = study.paper_networks().iter().map(|&(_, adds, val)| [adds, val]).collect();
    let levels = outcome.rows.iter().map(|row| row.level).chain(paper.iter().chain(&networks).map(|[level, _]| *level));
    let title = format!("VAL at {} wrong matches", rate_words(far_target));
    let val = Axis::new("Validation rate (VAL)", Scale::Linear, 0.0, 1.0);
    let figure = Figure::new(title, level_axis(study, levels), val);
    // Networks are points of their own; levels of one network are joined.
    let point = |row: &StudyRow| [row.level, row.measured.val];
    let figure = match outcome.rows.iter().all(|row| row.name.is_some()) {
        true => outcome.rows.iter().fold(figure, |figure, row| {
            figure.with(Series::new(row.name.clone().unwrap_or_default(), Shape::Points, vec![point(row)]))
        }),
        false => figure.with(Series::new(outcome.model.clone(), Shape::Dots, outcome.rows.iter().map(point).collect())),
    };
    let figure =
        if paper.is_empty() { figure } else { figure.with(Series::new("the paper's NN1", Shape::Dots, paper)) };
    if networks.is_empty() {
        return figure;
    }
    figure.with(Series::new("the paper's networks", Shape::Points, networks))
}

/// An axis with a little room around `levels`, and with ticks at them where they are few and known.
fn level_axis(study: Study, levels: impl Iterator<Item = f64>) -> Axis {
    let mut levels: Vec<f64> = levels.collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let words = |&level: &f64| Some((level, study.level_words(level)?));
    let ticks: Vec<(f64, String)> = levels.iter().filter_map(words).collect();
    let mut axis = Axis::around(study.label(), scale_of(study), levels);
    if let (Scale::Log, [(first, _), .., (last, _)]) = (axis.scale, ticks.as_slice()) {
        (axis.from, axis.to) = (first / 1.2, last * 1.2);
    }
    axis.with_ticks(ticks)
}

/// Sizes that grow by factors are read off a logarithmic axis.
fn scale_of(study: Study) -> Scale {
    match study {
        Study::ImagePixels | Study::Dimensions | Study::TrainingImages | Study::MultiplyAdds => Scale::Log,
        _ => Scale::Linear,
    }
}
