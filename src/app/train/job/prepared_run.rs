//! A run from what it learns to how its network compares with the old one, once all that it needs has been read.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use super::RunRecord;
use super::start::StartingNetwork;
use super::{TrainSummary, comparison};
use crate::app::engine::progress::Skipped;
use crate::app::jobs::run_event::{RunEvent, with_memory};
use crate::app::train::job::comparison::Judged;
use crate::app::train::job::limits::{idle_held_out, shrunk_batches};
use crate::app::train::job::people::{DataEntry, PreparedPeople};
use crate::eval::PairList;
use crate::networks::device::ComputeDevice;
use crate::networks::weights::read_card;
use crate::train::TrainConfig;
use crate::train::checkpoint::{Checkpoint, RunFolder};
use crate::train::comparison::{Comparison, TrainedDistances};
use crate::train::config::HoldOut;
use crate::train::data::Dataset;
use crate::train::events::{Control, StepReport, StopReason, TrainEvent};
use crate::train::loader::SkippedPicture;
use crate::train::run::{RunOutcome, Setup, TrainError, TrainingData};
use crate::train::start::{StartWeights, train_named};
use crate::train::validate::ValidationReport;
use crate::types::{counted, files};

pub(super) struct PreparedRun {
    pub(super) record: RunRecord,
    pub(super) prepared: PreparedPeople,
    pub(super) pairs: Option<PairList>,
    /// Where the network starts.
    pub(super) weights: StartWeights,
    /// Stays as it is, for harmonic training.
    pub(super) old: Option<StartingNetwork>,
    /// Its vectors are learned.
    pub(super) teacher: Option<StartingNetwork>,
    /// The result is measured against it.
    pub(super) against: Option<StartingNetwork>,
    pub(super) resume: Option<Checkpoint>,
    /// Pictures of which it was told that they take no part.
    pub(super) told: BTreeSet<usize>,
}

impl PreparedRun {
    pub(super) fn run(
        self,
        folder: RunFolder,
        device: &ComputeDevice,
        control: &Control,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<TrainSummary> {
        // Also while the networks are compared, when the trainer has let go of the folder.
        let lock = folder.lock();
        let summary = self.learn_and_compare(folder, device, control, events);
        drop(lock);
        if let Ok(TrainSummary { run, stopped: StopReason::Discarded, .. }) = &summary {
            RunFolder::discard(run)?;
        }
        summary
    }

    fn learn_and_compare(
        mut self,
        folder: RunFolder,
        device: &ComputeDevice,
        control: &Control,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<TrainSummary> {
        let mut told = std::mem::take(&mut self.told);
        let data = match self.data(&folder, device, control, &mut told, events) {
            Err(error) => return self.stopped_before_the_first_step(folder.root(), device, error),
            Ok(data) => data,
        };
        let (people, pictures) = (data.training.people_with_pictures(), data.training.pictures());
        let held_out = self.held_out(&data.held_out);
        events(RunEvent::Note(people_words(&self.record.request.config, &data.training, held_out)));
        let config = &self.record.request.config;
        let notes = shrunk_batches(&data.training, config).into_iter().chain(idle_held_out(&data.held_out, config));
        notes.for_each(|words| events(RunEvent::Note(words)));
        let (run, model) = (folder.root().to_owned(), folder.model());
        RunFolder::set_uncompared(&run, self.against.is_some())?;
        let mut totals = Totals::default();
        let entries = self.prepared.entries.clone();
        let outcome = self.learn(&data, folder, device, control, &mut |event| {
            totals.note(&event);
            match event {
                TrainEvent::Skipped(skipped) => tell_skipped(&entries, &mut told, skipped, events),
                event => events(RunEvent::Train(event)),
            }
        });
        self.told = told;
        let outcome = outcome.inspect_err(|_| {
            // Where not even the network found room it is that of an earlier stop.
            if let Some(step) = step_of(&model) {
                let path = model.display();
                events(RunEvent::Note(format!("the network after step {step} is kept, and the run can go on: {path}")));
            }
        })?;
        let comparison = match outcome.reason {
            StopReason::Cancelled | StopReason::Discarded => None,
            _ => self.compared(&data, &run, &model, device, control, events)?,
        };
        let discarded = [Some(outcome.reason), control.stopped()].contains(&Some(StopReason::Discarded));
        let stopped = if discarded { StopReason::Discarded } else { outcome.reason };
        let teacher_distances = self.teacher_distances();
        let against_teacher = self.record.request.is_measured_against_its_teacher();
        Ok(TrainSummary {
            run,
            model: (!discarded).then_some(model),
            network: self.record.network.architecture,
            parameters: outcome.parameters,
            device: device.name.clone(),
            steps: outcome.steps,
            stopped,
            seconds: outcome.elapsed_secs,
            people,
            pictures,
            held_out_people: held_out.people,
            held_out_pictures: held_out.pictures,
            left_out: self.prepared.left_out,
            skipped: outcome.skipped_pictures,
            waited_share: totals.waited_secs / totals.step_secs.max(1e-9),
            learned: totals.learned,
            model_step: outcome.model_step,
            chosen: self.record.request.config.chooses() && outcome.judged.is_some(),
            before: totals.before,
            after: outcome.judged,
            comparison,
            against_teacher,
            teacher_distances,
        })
    }

    /// For judging and for comparing.
    fn held_out(&self, judged: &Dataset) -> HeldOut {
        let compared = self.prepared.compared();
        HeldOut {
            people: judged.people_with_pictures() + compared.people_with_pictures(),
            pictures: judged.pictures() + compared.pictures(),
        }
    }

    /// Up to which the teacher calls two faces one person; of a projection of its vectors nobody knows them.
    fn teacher_distances(&self) -> Option<TrainedDistances> {
        let same_length = |teacher: &&StartingNetwork| teacher.card.dimensions == self.record.network.dimensions;
        let thresholds = self.teacher.as_ref().filter(same_length)?.thresholds?;
        let [same_person, grouping] =
            [thresholds.same_person, thresholds.grouping].map(|distance| f64::from(distance.0));
        Some(TrainedDistances { same_person, grouping })
    }

    /// Against the old network, where there is one.
    fn compared(
        &mut self,
        data: &TrainingData,
        run: &Path,
        model: &Path,
        device: &ComputeDevice,
        control: &Control,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<Option<Comparison>> {
        let Some(old) = &self.against else { return Ok(None) };
        let on = Judged { prepared: &self.prepared, data, config: &self.record.request.config, control };
        let mut progress = |done, total| events(RunEvent::Comparing { done, total });
        let compared = comparison::compare(old, model, &on, device, &mut progress);
        let (entries, told) = (&self.prepared.entries, &mut self.told);
        let comparison = compared.map(|compared| {
            let (comparison, skipped) = compared?;
            skipped.into_iter().for_each(|skipped| tell_skipped(entries, told, skipped, events));
            Some(comparison)
        });
        match &comparison {
            Ok(None) => {
                let words = "the comparison with the old network was stopped: it is made when the run goes on";
                events(RunEvent::Note(words.to_owned()));
                return Ok(None);
            }
            Ok(Some(made)) => RunFolder::save_comparison(run, made)?,
            Err(_) => {}
        }
        // Whether it was made or is impossible: it would be the same again.
        RunFolder::set_uncompared(run, false)?;
        comparison
    }

    /// Stopped while the vectors of a network that stays as it is were found: those that are known are kept for when
    /// the run goes on.
    fn stopped_before_the_first_step(
        &self,
        run: &Path,
        device: &ComputeDevice,
        error: anyhow::Error,
    ) -> Result<TrainSummary> {
        let Some(TrainError::Interrupted(stopped)) = error.downcast_ref() else { return Err(error) };
        let (training, judged) = self.prepared.datasets();
        let held_out = self.held_out(&judged);
        Ok(TrainSummary {
            run: run.to_owned(),
            model: None,
            network: self.record.network.architecture.clone(),
            parameters: 0,
            device: device.name.clone(),
            steps: self.resume.as_ref().map_or(0, |checkpoint| checkpoint.state.position.0),
            stopped: *stopped,
            seconds: self.resume.as_ref().map_or(0.0, |checkpoint| checkpoint.state.elapsed_secs),
            people: training.people_with_pictures(),
            pictures: training.pictures(),
            held_out_people: held_out.people,
            held_out_pictures: held_out.pictures,
            left_out: self.prepared.left_out,
            skipped: 0,
            waited_share: 0.0,
            learned: false,
            model_step: 0,
            chosen: false,
            before: None,
            after: None,
            comparison: None,
            against_teacher: self.record.request.is_measured_against_its_teacher(),
            teacher_distances: None,
        })
    }

    fn learn(
        &mut self,
        data: &TrainingData,
        folder: RunFolder,
        device: &ComputeDevice,
        control: &Control,
        events: &mut dyn FnMut(TrainEvent),
    ) -> Result<RunOutcome> {
        let setup = Setup {
            config: &self.record.request.config,
            data,
            card: self.record.network.clone(),
            folder: Some(folder),
            resume: self.resume.take(),
            decode_threads: std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2),
        };
        Ok(train_named(&self.weights, &device.burn, setup, control, &mut |event| events(with_memory(event)))?)
    }
}

/// After how many steps of its run the network of a file is what it is.
fn step_of(model: &Path) -> Option<u64> {
    read_card(&files::read(model).ok()?).ok()??.run_step
}

/// By its file, once.
pub(super) fn tell_skipped(
    entries: &[DataEntry],
    told: &mut BTreeSet<usize>,
    SkippedPicture { picture, reason }: SkippedPicture,
    events: &mut dyn FnMut(RunEvent),
) {
    if let Some(entry) = entries.get(picture).filter(|_| told.insert(picture)) {
        events(RunEvent::LeftOut(Skipped { path: entry.path.clone(), reason }));
    }
}

#[derive(Clone, Copy)]
struct HeldOut {
    people: usize,
    pictures: usize,
}

/// How many there are to learn from, and how many are held out.
fn people_words(config: &TrainConfig, training: &Dataset, held_out: HeldOut) -> String {
    let people = |people: usize| counted(people, "person", "people");
    let pictures = |pictures: usize| counted(pictures, "picture", "pictures");
    let (learned, shown) = (people(training.people_with_pictures()), pictures(training.pictures()));
    let out = pictures(held_out.pictures);
    match (config.needs_names(), config.validation.hold_out) {
        (false, _) => format!("{shown} to learn from, {} held out", held_out.pictures),
        (true, HoldOut::People) => {
            format!("{learned} with {shown} to learn from, {} with {out} held out", people(held_out.people))
        }
        (true, HoldOut::Pictures) => {
            format!("{learned} with {shown} to learn from, {out} of {} of them held out", held_out.people)
        }
    }
}

/// What a summary keeps of a run's events.
#[derive(Default)]
struct Totals {
    before: Option<ValidationReport>,
    learned: bool,
    waited_secs: f64,
    step_secs: f64,
}

impl Totals {
    fn note(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Validated(report) if report.step == 0 => self.before = Some(report.clone()),
            TrainEvent::Resumed { past, .. } => self.learned |= past.steps.iter().any(StepReport::has_learned),
            TrainEvent::Step(report) => {
                self.learned |= report.has_learned();
                self.waited_secs += report.times.waited_secs;
                self.step_secs += report.pictures as f64 / report.pictures_per_s;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::Person;
    use crate::train::presets::Preset;

    #[test]
    fn what_is_held_out_is_told_as_what_it_is() {
        let person = |id: usize| Person { name: id.to_string(), pictures: (4 * id..4 * id + 4).collect() };
        let (training, held_out) =
            (Dataset { people: (0..3).map(person).collect() }, HeldOut { people: 2, pictures: 6 });
        let told = |preset: Preset| people_words(&preset.config(), &training, held_out);
        assert_eq!(told(Preset::Finetune), "3 people with 12 pictures to learn from, 6 pictures of 2 of them held out");
        assert_eq!(told(Preset::Scratch), "3 people with 12 pictures to learn from, 2 people with 6 pictures held out");
        assert_eq!(told(Preset::Teacher), "12 pictures to learn from, 6 held out");
    }
}
