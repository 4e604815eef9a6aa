//! A run from what it learns to how its network compares with the old one, once all that it needs has been read.

use std::path::Path;

use anyhow::Result;

use super::RunRecord;
use super::start::StartingNetwork;
use super::{TrainSummary, comparison};
use crate::app::jobs::run_event::{RunEvent, with_memory};
use crate::app::train::job::comparison::Judged;
use crate::app::train::job::limits::shrunk_batches;
use crate::app::train::job::people::PreparedPeople;
use crate::eval::PairList;
use crate::networks::device::ComputeDevice;
use crate::train::checkpoint::{Checkpoint, RunFolder};
use crate::train::comparison::Comparison;
use crate::train::events::{Control, StopReason, TrainEvent};
use crate::train::run::{RunOutcome, Setup, TrainError, TrainingData};
use crate::train::start::{StartWeights, train_named};
use crate::train::validate::ValidationReport;
use crate::types::counted;

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
        let data = match self.data(&folder, device, control, events) {
            Err(error) => return self.stopped_before_the_first_step(folder.root(), device, error),
            Ok(data) => data,
        };
        let (people, pictures) = (data.training.people.len(), data.training.pictures());
        let held_out_people = data.held_out.people.len() + self.prepared.compared().people.len();
        events(RunEvent::Note(match self.record.request.config.needs_names() {
            true => {
                let (people, pictures) =
                    (counted(people, "person", "people"), counted(pictures, "picture", "pictures"));
                format!(
                    "{people} with {pictures} to learn from, {} held out",
                    counted(held_out_people, "person", "people")
                )
            }
            false => {
                let pictures = counted(pictures, "picture", "pictures");
                format!("{pictures} to learn from, {} held out", data.held_out.pictures())
            }
        }));
        let config = &self.record.request.config;
        shrunk_batches(&data.training, config).into_iter().for_each(|words| events(RunEvent::Note(words)));
        let (run, model) = (folder.root().to_owned(), folder.model());
        RunFolder::set_uncompared(&run, self.against.is_some())?;
        let mut totals = Totals::default();
        let outcome = self.learn(&data, folder, device, control, &mut |event| {
            totals.note(&event);
            events(RunEvent::Train(event));
        });
        if outcome.is_err() && model.exists() {
            let words = format!("the best network so far is kept, and the run can go on: {}", model.display());
            events(RunEvent::Note(words));
        }
        let outcome = outcome?;
        let comparison = match outcome.reason {
            StopReason::Cancelled | StopReason::Discarded => None,
            _ => self.compared(&data, &run, &model, device, control, events)?,
        };
        let discarded = [Some(outcome.reason), control.stopped()].contains(&Some(StopReason::Discarded));
        let stopped = if discarded { StopReason::Discarded } else { outcome.reason };
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
            held_out_people,
            left_out: self.prepared.left_out,
            skipped: outcome.skipped_pictures,
            waited_share: totals.waited_secs / totals.step_secs.max(1e-9),
            before: totals.before,
            after: outcome.judged,
            comparison,
        })
    }

    /// Against the old network, where there is one.
    fn compared(
        &self,
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
        let comparison = comparison::compare(old, model, &on, device, &mut progress);
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
        let (training, held_out) = self.prepared.datasets();
        Ok(TrainSummary {
            run: run.to_owned(),
            model: None,
            network: self.record.network.architecture.clone(),
            parameters: 0,
            device: device.name.clone(),
            steps: self.resume.as_ref().map_or(0, |checkpoint| checkpoint.state.position.0),
            stopped: *stopped,
            seconds: self.resume.as_ref().map_or(0.0, |checkpoint| checkpoint.state.elapsed_secs),
            people: training.people.len(),
            pictures: training.pictures(),
            held_out_people: held_out.people.len() + self.prepared.compared().people.len(),
            left_out: self.prepared.left_out,
            skipped: 0,
            waited_share: 0.0,
            before: None,
            after: None,
            comparison: None,
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

/// What a summary keeps of a run's events.
#[derive(Default)]
struct Totals {
    before: Option<ValidationReport>,
    waited_secs: f64,
    step_secs: f64,
}

impl Totals {
    fn note(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Validated(report) if report.step == 0 => self.before = Some(report.clone()),
            TrainEvent::Step(report) => {
                self.waited_secs += report.times.waited_secs;
                self.step_secs += report.pictures as f64 / report.pictures_per_s;
            }
            _ => {}
        }
    }
}
