//! Why a score is low: the same sample of pairs again with one thing changed at a time, and whatever lies further apart
//! than the way in use is told with the fix. Nothing is guessed from names; every finding is a measurement.
//!
//! * Each alternative is compared on the same faces by d′ ([`crate::eval::separation`]), with a paired bootstrap; a
//!   finding needs a gain of three standard errors and a tenth of d′.
//! * Where a way unlike the model's own makes no such difference, that is told as well.
//! * The best alternative is adopted and the rest is asked again, so two mistakes at once are both found.
//! * Skipped images are counted with their reasons, and what they cost if each of their pairs counted as wrong.
//! * Given ready embeddings as well, their distance to those made here in each way tells how they were made.

pub mod alternatives;
pub mod findings;
pub mod measure;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::engine::networks::{Engine, FindFaces};
use crate::app::engine::progress::JobEvent;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::inputs::{FaceInputs, model_files};
use crate::app::evaluate::job::pairs::shortened;
use crate::app::jobs::input_file::{InputFile, ListFormat};
use crate::eval::PairList;
use crate::figures::Table;
use crate::figures::report::{HtmlReport, ReportPart};
use crate::types::{Cancel, CropRule, FaceCrop, Preprocessing, counted, path_text};
use findings::{Finding, MeasuredRow};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckConfig {
    #[serde(serialize_with = "path_text::serialize")]
    pub list: PathBuf,
    pub format: ListFormat,
    #[serde(serialize_with = "path_text::serialize")]
    pub images: PathBuf,
    /// Which face of an image is meant.
    pub crop: FaceCrop,
    /// Pairs of each kind that are looked at, spread over the folds.
    pub pairs_a_kind: usize,
    pub seed: u64,
    /// How pictures were prepared; as the model says where none.
    pub used: Option<Preprocessing>,
}

/// Pairs of each kind that are looked at where nothing else is said: enough to see a gain of a tenth.
const PAIRS_A_KIND: usize = 120;

impl CheckConfig {
    /// The usual check of how the images in a folder are prepared.
    pub fn of(list: PathBuf, images: PathBuf) -> Self {
        let format = ListFormat::of(&list);
        Self { list, format, images, crop: FaceCrop::Central, pairs_a_kind: PAIRS_A_KIND, seed: 0, used: None }
    }
}

/// The object that `--json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CheckOutcome {
    pub model: String,
    pub used: Preprocessing,
    /// What the findings lead to; as `used` when there are none that change it.
    pub advised: Preprocessing,
    pub pairs: usize,
    pub skipped: usize,
    pub skipped_images: Vec<(String, String)>,
    /// d′ of the way in use, and of the advised one.
    pub separation: f64,
    pub separation_advised: f64,
    pub findings: Vec<Finding>,
    /// Everything that was measured, round by round.
    pub rows: Vec<MeasuredRow>,
    #[serde(serialize_with = "path_text::serialize")]
    pub run: PathBuf,
}

/// One change a round: crop or alignment, scaling, channels.
const ROUNDS: usize = 3;

/// Checks how pictures are prepared for the network of `engine`; `given` are embeddings of the same images from
/// elsewhere.
pub(crate) fn eval_check(
    home: &Home,
    engine: &Engine,
    (config, (list, input)): (&CheckConfig, (PairList, InputFile)),
    given: Option<&FaceInputs>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<CheckOutcome> {
    let list = sample(&list, config.pairs_a_kind);
    let own = *engine.preprocessing();
    let used = cut_as(config.used.unwrap_or(own), config.crop);
    let (mut advised, mut rows, mut found) = (used, Vec::new(), Vec::new());
    let (mut first, mut last) = (None, f64::NAN);
    for round in 0..ROUNDS {
        let alternatives = alternatives::of(&advised, &own, &findings::suspects(&found));
        let measured = measure::measure(engine, config, &list, (&advised, &alternatives), given, cancel, events)?;
        ensure!(
            measured.used.same.len() > 1 && measured.used.different.len() > 1,
            "too few of the sampled pairs have both faces to check anything: {} skipped",
            counted(measured.skipped.len(), "image was", "images were")
        );
        last = measured.used.separation();
        let (measured_ways, best) = findings::of_round(round, &measured, &alternatives, config.seed);
        rows.extend(measured_ways);
        if first.is_none() {
            first = Some((last, measured.pairs, measured.skipped.clone()));
            found.extend(findings::skipped(&measured, list.pairs.len()));
            found.extend(findings::how_given_was_made(&measured, &alternatives));
        }
        let Some((alternative, finding)) = best else { break };
        (advised, last) = (alternative.preprocessing, finding.separation);
        found.push(finding);
    }
    let unlike = findings::unlike_the_model(&advised, &own, &found, &rows);
    found.extend(unlike);
    let (separation, pairs, skipped_images) = first.context("no round was measured")?;
    let mut inputs = model_files(home, engine.models())?;
    inputs.push(input);
    inputs.extend(given.into_iter().flat_map(|given| given.inputs.iter().cloned()));
    let run = EvaluationFolder::create(home, "check", config, &inputs)?;
    let outcome = CheckOutcome {
        model: engine.model_id().0.clone(),
        used,
        advised,
        pairs,
        skipped: list.pairs.len() - pairs,
        skipped_images: skipped_images.into_iter().map(|image| (image.path, image.reason)).collect(),
        separation,
        separation_advised: last,
        findings: found,
        rows,
        run: run.path().to_owned(),
    };
    run.json("result.json", &outcome)?;
    run.table("measured", &table(&outcome))?;
    run.report(&report(&outcome))?;
    Ok(outcome)
}

/// Faces that were cut without a detector were not aligned, whatever the model says.
fn cut_as(preprocessing: Preprocessing, crop: FaceCrop) -> Preprocessing {
    match crop {
        FaceCrop::Centre { share } => Preprocessing { crop: CropRule::Centre { share }, ..preprocessing },
        FaceCrop::AsStored => Preprocessing { crop: CropRule::AsStored, ..preprocessing },
        FaceCrop::Largest | FaceCrop::Central => preprocessing,
    }
}

/// As many pairs of each kind, the same number from each fold as far as it goes.
fn sample(list: &PairList, pairs_a_kind: usize) -> PairList {
    shortened(list, pairs_a_kind.div_ceil(list.folds.len().max(1)))
}

fn table(outcome: &CheckOutcome) -> Table {
    let row = |row: &MeasuredRow| {
        vec![
            (row.round + 1).to_string(),
            row.what.clone(),
            format!("{:.2}", row.separation),
            format!("{:+.2}", row.gain.gain),
            format!("{:.2}", row.gain.standard_error),
            row.to_given.map_or("–".to_owned(), |distance| format!("{distance:.4}")),
        ]
    };
    let head = ["Round", "Changed", "Separation d′", "Gain", "Standard error", "To given embeddings"];
    Table::of(&head, outcome.rows.iter().map(row))
}

fn report(outcome: &CheckOutcome) -> HtmlReport {
    let mut report = HtmlReport::new(format!("Is {} fed as it should be?", outcome.model));
    report.push(ReportPart::Text(format!(
        "{}, {} skipped. Same and different pairs lie d′ = {:.2} apart as pictures are prepared now, {:.2} as advised.",
        counted(outcome.pairs, "pair", "pairs"),
        outcome.skipped,
        outcome.separation,
        outcome.separation_advised
    )));
    if outcome.findings.is_empty() {
        report.push(ReportPart::Text("Nothing was found: no other way of preparing pictures does better.".to_owned()));
    }
    for finding in &outcome.findings {
        report.push(ReportPart::Heading(finding.sentence.clone()));
        report.push(ReportPart::Text(finding.fix.clone()));
    }
    report.push(ReportPart::Heading("What was measured".to_owned()));
    report.push(ReportPart::Table(table(outcome)));
    report
}
