//! A trained network becomes a model of the store, so that the library can embed with it.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::app::jobs::import::{self, ImportRequest};
use crate::app::train::job::start::crop_of;
use crate::app::train::job::{RunRecord, TrainSummary};
use crate::networks::models::Store;
use crate::train::comparison::{ComparisonOutcome, TrainedDistances};
use crate::train::events::StopReason;
use crate::train::validate::ValidationReport;
use crate::types::{CropRule, ModelId};

/// Why nobody is advised to use the network of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAdvised {
    /// A number was none, and the run ended.
    Ruined,
    /// No step found anything to learn.
    NothingLearned,
    /// Of all networks that were judged the one that the run began with did best.
    NothingGained,
    /// Than the one that it was measured against.
    Worse,
    /// It tells people apart less well than before.
    Fell,
    /// Of people held out there are so many pictures, too few to measure distances on.
    TooFewJudged { pictures: usize },
}

/// The distances of a network, and whether those whom they were measured on chose it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct MeasuredDistances {
    pub distances: TrainedDistances,
    pub chose: bool,
}

impl TrainSummary {
    /// Whether the network that is handed on is another than the one that the run began with.
    pub(crate) fn gained(&self) -> bool {
        self.learned && self.model_step > 0
    }

    /// Why its network is not advised; none where it is.
    pub(crate) fn not_advised(&self) -> Option<NotAdvised> {
        let verdict = self.comparison.as_ref().map(|comparison| comparison.verdict);
        let pictures = self.after.as_ref().and_then(|after| after.people.as_ref()).map_or(0, |people| people.pictures);
        let has_pairs = self.after.as_ref().is_some_and(|after| after.pairs.is_some());
        let reasons = [
            (self.stopped == StopReason::NotANumber, NotAdvised::Ruined),
            (!self.learned, NotAdvised::NothingLearned),
            (!self.gained(), NotAdvised::NothingGained),
            (verdict == Some(ComparisonOutcome::Worse), NotAdvised::Worse),
            (self.fell(), NotAdvised::Fell),
            (self.thresholds().is_none() && !has_pairs, NotAdvised::TooFewJudged { pictures }),
        ];
        reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
    }

    /// A network that has come nearer to its teacher may tell people apart less well than the one it was.
    fn fell(&self) -> bool {
        let people = |report: &Option<ValidationReport>| report.as_ref().and_then(|report| report.people.clone());
        let both = people(&self.before).zip(people(&self.after));
        both.is_some_and(|(before, after)| after.val < before.val && after.auc < before.auc)
    }

    /// Measured on people who did not choose the network, where they are enough.
    pub(crate) fn thresholds(&self) -> Option<MeasuredDistances> {
        let compared = self.comparison.as_ref().and_then(|comparison| {
            let people = comparison.people.as_ref()?;
            Some(MeasuredDistances { distances: people.thresholds?, chose: people.chose })
        });
        let judged = || {
            let distances = TrainedDistances::of(self.after.as_ref()?.people.as_ref()?)?;
            Some(MeasuredDistances { distances, chose: self.chosen })
        };
        compared.or_else(judged)
    }
}

/// Installs the network of a run under the run's name; another run's model of that name is left alone.
pub(crate) fn adopt(summary: &TrainSummary, models: &Store) -> Result<ModelId> {
    ensure!(summary.gained(), "the run gained nothing: its network is the one that it began with");
    let path = summary.model.clone().context("the run kept no network")?;
    let run = &summary.run;
    let record = RunRecord::read(run)?;
    let thresholds = summary.thresholds().map(|measured| measured.distances);
    let title = run.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let request = ImportRequest {
        path,
        id: Some(free_id(run, models)),
        title: Some(title),
        crop: crop_for_photos(&record, models)?,
        licence: Some("Trained on this computer".to_owned()),
        same_person: thresholds.map(|thresholds| thresholds.same_person as f32),
        grouping: thresholds.map(|thresholds| thresholds.grouping as f32),
        ..ImportRequest::default()
    };
    Ok(import::import(models, &request, &mut |_| {})?.id)
}

/// A run on ready crops never cut a face out of a photo: then the rule of what it started from holds.
fn crop_for_photos(record: &RunRecord, models: &Store) -> Result<Option<CropRule>> {
    if record.network.input.crop != CropRule::AsStored {
        return Ok(None);
    }
    Ok(Some(crop_of(&record.request.start, &record.request, models)?))
}

/// Letters, digits, dots and dashes of the run's name, with a number where a model is called so already.
fn free_id(run: &Path, models: &Store) -> String {
    let name = run.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let trimmed = plain.trim_matches(['-', '.']);
    let base = if trimmed.is_empty() { "trained" } else { trimmed };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let free = |id: &String| models.entry(&ModelId(id.clone())).is_err();
    std::iter::once(base.to_owned()).chain(numbered).find(free).unwrap_or_else(|| base.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::comparison::Comparison;
    use crate::train::validate::{PeopleReport, judge_people};

    /// On so many pictures of two people, recognised as well as `val` says.
    fn judged(pictures: usize, val: f64) -> ValidationReport {
        let rows: Vec<f32> = (0..pictures).map(|picture| if picture % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let people: Vec<u32> = (0..pictures as u32).map(|picture| picture % 2).collect();
        let people = PeopleReport { val, auc: val, ..judge_people(&rows, 1, &people, 0.1).unwrap() };
        ValidationReport { step: 9, people: Some(people), ..ValidationReport::default() }
    }

    fn summary(pictures: usize) -> TrainSummary {
        TrainSummary {
            run: "run".into(),
            model: Some("run/model.safetensors".into()),
            network: "small".to_owned(),
            parameters: 1,
            device: "a device".to_owned(),
            steps: 9,
            stopped: StopReason::StepsDone,
            seconds: 1.0,
            people: 4,
            pictures: 40,
            held_out_people: 2,
            held_out_pictures: pictures,
            left_out: 0,
            skipped: 0,
            waited_share: 0.0,
            learned: true,
            model_step: 9,
            chosen: true,
            before: Some(judged(pictures, 0.3)),
            after: Some(judged(pictures, 0.5)),
            comparison: None,
        }
    }

    fn compared(verdict: ComparisonOutcome) -> Option<Comparison> {
        Some(Comparison { verdict, ..Comparison::new("old".to_owned(), None, None) })
    }

    #[test]
    fn a_network_is_advised_where_something_speaks_for_it_and_nothing_against() {
        let told = |summary: TrainSummary| summary.not_advised();
        let good = || summary(40);
        assert_eq!(told(good()), None);
        assert!(good().thresholds().unwrap().chose);
        assert_eq!(told(summary(12)), Some(NotAdvised::TooFewJudged { pictures: 12 }));
        let alone = TrainSummary { before: None, after: None, ..good() };
        assert_eq!(told(alone), Some(NotAdvised::TooFewJudged { pictures: 0 }));
        let better = || compared(ComparisonOutcome::Better);
        assert_eq!(told(TrainSummary { comparison: better(), ..good() }), None);
        let worse = compared(ComparisonOutcome::Worse);
        assert_eq!(told(TrainSummary { comparison: worse, ..good() }), Some(NotAdvised::Worse));
        let fell = TrainSummary { after: Some(judged(40, 0.2)), ..good() };
        assert_eq!(told(fell), Some(NotAdvised::Fell));
        assert_eq!(told(TrainSummary { model_step: 0, ..good() }), Some(NotAdvised::NothingGained));
        let nothing = TrainSummary { learned: false, ..good() };
        assert!(!nothing.gained());
        assert_eq!(told(nothing), Some(NotAdvised::NothingLearned));
        let ruined = TrainSummary { stopped: StopReason::NotANumber, comparison: better(), ..good() };
        assert_eq!(told(ruined), Some(NotAdvised::Ruined));
    }
}
