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
    /// Than the one that it was measured against, and shall replace.
    Worse,
    /// It tells people apart less well than before.
    Fell,
    /// Of people held out there are so many pictures, too few to measure distances on.
    TooFewJudged { pictures: usize },
    /// Pictures are held out, and no two of them are known to show one person.
    NobodyTwice,
    /// Such pictures, and the network is too far from its teacher to have the teacher's distances.
    FarFromTeacher,
}

/// The distances of a network, and where they are from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct KnownDistances {
    pub distances: TrainedDistances,
    pub from: DistancesFrom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DistancesFrom {
    /// Measured on people who had no say in which network it is.
    Strangers,
    /// Measured on those who chose it.
    Choosers,
    /// Taken over with the teacher's vectors.
    Teacher,
}

impl DistancesFrom {
    fn people(chose: bool) -> Self {
        if chose { Self::Choosers } else { Self::Strangers }
    }
}

impl TrainSummary {
    /// Whether the network that is handed on is another than the one that the run began with.
    pub(crate) fn gained(&self) -> bool {
        self.learned && self.model_step > 0
    }

    /// Why its network is not advised; none where it is.
    pub(crate) fn not_advised(&self) -> Option<NotAdvised> {
        let verdict = self.comparison.as_ref().map(|comparison| comparison.verdict);
        let has_pairs = self.after.as_ref().is_some_and(|after| after.pairs.is_some());
        let reasons = [
            (self.stopped == StopReason::NotANumber, NotAdvised::Ruined),
            (!self.learned, NotAdvised::NothingLearned),
            (!self.gained(), NotAdvised::NothingGained),
            (verdict == Some(ComparisonOutcome::Worse) && !self.against_teacher, NotAdvised::Worse),
            (self.fell(), NotAdvised::Fell),
            (self.thresholds().is_none() && !has_pairs, self.why_no_thresholds()),
        ];
        reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
    }

    /// A network that has come nearer to its teacher may tell people apart less well than the one it was.
    fn fell(&self) -> bool {
        let people = |report: &Option<ValidationReport>| report.as_ref().and_then(|report| report.people.clone());
        let both = people(&self.before).zip(people(&self.after));
        both.is_some_and(|(before, after)| after.val < before.val && after.auc < before.auc)
    }

    /// Whether each picture held out is the only one of its person, as far as is known: without names each is.
    pub(crate) fn holds_nobody_out_twice(&self) -> bool {
        self.held_out_pictures > 0 && self.held_out_people == self.held_out_pictures
    }

    fn why_no_thresholds(&self) -> NotAdvised {
        match self.after.as_ref().and_then(|after| after.people.as_ref()) {
            Some(people) => NotAdvised::TooFewJudged { pictures: people.pictures },
            None if !self.holds_nobody_out_twice() => NotAdvised::TooFewJudged { pictures: 0 },
            None if self.teacher_distances.is_some() => NotAdvised::FarFromTeacher,
            None => NotAdvised::NobodyTwice,
        }
    }

    /// Measured on people who did not choose the network, where they are enough; else its teacher's.
    pub(crate) fn thresholds(&self) -> Option<KnownDistances> {
        let compared = self.comparison.as_ref().and_then(|comparison| {
            let people = comparison.people.as_ref()?;
            Some(KnownDistances { distances: people.thresholds?, from: DistancesFrom::people(people.chose) })
        });
        let judged = || {
            let distances = TrainedDistances::of(self.after.as_ref()?.people.as_ref()?)?;
            Some(KnownDistances { distances, from: DistancesFrom::people(self.chosen) })
        };
        compared.or_else(judged).or_else(|| self.thresholds_of_teacher())
    }

    /// Where the network has come nearer to its teacher, and so near that the teacher would call its vector and its own
    /// of a picture one person, two pictures are about as far apart for one as for the other.
    fn thresholds_of_teacher(&self) -> Option<KnownDistances> {
        let distances = self.teacher_distances?;
        let apart = |report: &Option<ValidationReport>| Some(report.as_ref()?.to_teacher?.squared_distance);
        let (before, after) = (apart(&self.before)?, apart(&self.after)?);
        let is_near = after < before && after < distances.same_person.min(distances.grouping);
        is_near.then_some(KnownDistances { distances, from: DistancesFrom::Teacher })
    }
}

/// Installs the network of a run under the run's name; another run's model of that name is left alone.
pub(crate) fn adopt(summary: &TrainSummary, models: &Store) -> Result<ModelId> {
    ensure!(summary.gained(), "the run gained nothing: its network is the one that it began with");
    let path = summary.model.clone().context("the run kept no network")?;
    let run = &summary.run;
    let record = RunRecord::read(run)?;
    let thresholds = summary.thresholds().map(|known| known.distances);
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
pub(crate) mod tests {
    use super::*;
    use crate::train::comparison::Comparison;
    use crate::train::validate::{PeopleReport, TeacherReport, judge_people};

    /// On so many pictures of two people, recognised as well as `val` says.
    fn judged(pictures: usize, val: f64) -> ValidationReport {
        let rows: Vec<f32> = (0..pictures).map(|picture| if picture % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let people: Vec<u32> = (0..pictures as u32).map(|picture| picture % 2).collect();
        let people = PeopleReport { val, auc: val, ..judge_people(&rows, 1, &people, 0.1).unwrap() };
        ValidationReport { step: 9, people: Some(people), ..ValidationReport::default() }
    }

    pub(crate) fn summary(pictures: usize) -> TrainSummary {
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
            against_teacher: false,
            teacher_distances: None,
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
        assert_eq!(good().thresholds().unwrap().from, DistancesFrom::Choosers);
        assert_eq!(told(summary(12)), Some(NotAdvised::TooFewJudged { pictures: 12 }));
        let alone = TrainSummary { before: None, after: None, ..good() };
        assert_eq!(told(alone), Some(NotAdvised::TooFewJudged { pictures: 0 }));
        let better = || compared(ComparisonOutcome::Better);
        assert_eq!(told(TrainSummary { comparison: better(), ..good() }), None);
        let worse = compared(ComparisonOutcome::Worse);
        assert_eq!(told(TrainSummary { comparison: worse.clone(), ..good() }), Some(NotAdvised::Worse));
        // A small network need not be as good as the one that taught it.
        assert_eq!(told(TrainSummary { comparison: worse, against_teacher: true, ..good() }), None);
        let fell = TrainSummary { after: Some(judged(40, 0.2)), ..good() };
        assert_eq!(told(fell), Some(NotAdvised::Fell));
        assert_eq!(told(TrainSummary { model_step: 0, ..good() }), Some(NotAdvised::NothingGained));
        let nothing = TrainSummary { learned: false, ..good() };
        assert!(!nothing.gained());
        assert_eq!(told(nothing), Some(NotAdvised::NothingLearned));
        let ruined = TrainSummary { stopped: StopReason::NotANumber, comparison: better(), ..good() };
        assert_eq!(told(ruined), Some(NotAdvised::Ruined));
    }

    #[test]
    fn a_network_taught_without_names_has_its_teachers_distances_where_it_is_near() {
        let distances = TrainedDistances { same_person: 1.2, grouping: 0.8 };
        let apart = |squared_distance| {
            let to_teacher = Some(TeacherReport { pictures: 40, squared_distance });
            Some(ValidationReport { to_teacher, ..ValidationReport::default() })
        };
        let (held_out_people, teacher_distances) = (40, Some(distances));
        let taught = |before, after| TrainSummary {
            before: apart(before),
            after: apart(after),
            comparison: compared(ComparisonOutcome::NotMeasured),
            held_out_people,
            teacher_distances,
            ..summary(40)
        };
        let near = taught(1.4, 0.3);
        assert_eq!(near.not_advised(), None);
        assert_eq!(near.thresholds(), Some(KnownDistances { distances, from: DistancesFrom::Teacher }));
        for far in [taught(1.4, 0.9), taught(0.2, 0.3), TrainSummary { before: None, ..taught(1.4, 0.3) }] {
            assert_eq!((far.not_advised(), far.thresholds()), (Some(NotAdvised::FarFromTeacher), None));
        }
        let unknown = TrainSummary { teacher_distances: None, ..taught(1.4, 0.3) };
        assert_eq!(unknown.not_advised(), Some(NotAdvised::NobodyTwice));
        let named = TrainSummary { after: Some(judged(40, 0.5)), ..near };
        assert_eq!(named.thresholds().unwrap().from, DistancesFrom::Choosers, "its own where they are measured");
    }
}
