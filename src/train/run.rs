//! The training loop: load, learn, move the weights, judge, save.
//!
//! A run that was interrupted goes on from its last checkpoint with the same batches, the same random choices and, on
//! a device that computes the same twice, the same losses.
//!
//! What a run hands on is the network that was judged best, not the one of its last step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::module::Module;

use super::alarms::Watch;
use super::checkpoint::{Checkpoint, RunFolder};
use super::config::{MiningSource, TrainConfig};
use super::data::{Dataset, PictureSource};
use super::ema::Ema;
pub use super::error::TrainError;
use super::events::{Alarm, Control, StepReport, StopReason, TrainEvent};
use super::frozen::{freeze, redraw_last_layer};
use super::loader::{BATCHES_AHEAD, BatchRequest, LoadedBatch, Loader, Loading, SkippedPicture};
use super::mining::offline::TripletPlan;
use super::optimiser::Optimiser;
use super::sampler::{Exemplar, Sampler, SamplerPosition};
use super::teacher::LiveTeacher;
use super::times::{Lap, PartTimes};
use super::trunk::Trunk;
use super::validate::{PairSet, ValidationReport, pictures_to_judge};
use crate::networks::nets::EmbeddingNet;
use crate::networks::weights::{ModelCard, fill};

mod frozen_part;
mod judging;
mod learning;
mod planning;
mod saving;

/// How often a paused run looks whether it may go on.
const LOOKED_AT_WHILE_PAUSED: Duration = Duration::from_millis(50);

/// What to learn from and what to judge on.
pub(crate) struct TrainingData {
    pub source: Arc<dyn PictureSource>,
    pub training: Dataset,
    pub held_out: Dataset,
    /// An LFW-format list besides.
    pub pairs: Option<PairSet>,
    /// The frozen network's unit vectors by picture, for harmonic triplets.
    pub old_vectors: Option<BTreeMap<usize, Vec<f32>>>,
    /// A teacher's unit vectors by picture, with as many numbers as the network gives.
    pub teacher_vectors: Option<BTreeMap<usize, Vec<f32>>>,
    /// The teacher itself, where it sees what the network sees; its vectors are then those of what is judged.
    pub live_teacher: Option<LiveTeacher>,
}

impl TrainingData {
    /// People and their pictures alone.
    pub fn new(source: Arc<dyn PictureSource>, training: Dataset, held_out: Dataset) -> Self {
        Self { source, training, held_out, pairs: None, old_vectors: None, teacher_vectors: None, live_teacher: None }
    }
}

pub(crate) struct Setup<'a> {
    pub config: &'a TrainConfig,
    pub data: &'a TrainingData,
    /// Of the network being trained; its preprocessing is obeyed.
    pub card: ModelCard,
    /// None leaves nothing on the disk.
    pub folder: Option<RunFolder>,
    pub resume: Option<Checkpoint>,
    pub decode_threads: usize,
}

/// A finished or stopped run.
#[derive(Debug)]
pub struct Trained<N> {
    /// For inference: the network that was judged best, averaged where an average is kept.
    pub net: N,
    pub(crate) outcome: RunOutcome,
}

/// What became of a run.
#[derive(Debug, Clone)]
pub(crate) struct RunOutcome {
    pub parameters: usize,
    /// Done in all.
    pub steps: u64,
    pub reason: StopReason,
    /// Of the network that is handed on, with its step; none when there is nobody to judge on, or when the run was
    /// cancelled before the first judgement. Then it is the network of the last step.
    pub judged: Option<ValidationReport>,
    /// Of the network that is handed on.
    pub model_step: u64,
    pub skipped_pictures: usize,
    pub elapsed_secs: f64,
}

/// Trains `net` as `setup` says until it is done, stopped, or in trouble. Trouble leaves a checkpoint of the last step to
/// go on from, and the best network so far.
pub(crate) fn train<N: Module + EmbeddingNet>(
    net: N,
    setup: Setup<'_>,
    control: &Control,
    emit: &mut dyn FnMut(TrainEvent),
) -> Result<Trained<N>, TrainError> {
    let mut run = TrainingRun::start(net, setup, control, emit)?;
    let ended = run.steps().and_then(|reason| run.judge_at_the_end(reason).map(|()| reason));
    let trained = match ended {
        Ok(reason) | Err(TrainError::Interrupted(reason)) => run.finish(reason),
        Err(error) => Err(error),
    };
    trained.inspect_err(|_| run.leave())
}

struct TrainingRun<'a, N> {
    config: &'a TrainConfig,
    data: &'a TrainingData,
    card: ModelCard,
    folder: Option<RunFolder>,
    control: &'a Control,
    emit: &'a mut dyn FnMut(TrainEvent),
    sampler: Sampler<'a>,
    loader: Loader,
    net: N,
    /// What comes before the last layer, while that alone learns.
    trunk: Option<Trunk<N>>,
    optimiser: Optimiser,
    average: Option<Ema>,
    /// Steps done, which is also the number of the next batch.
    step: u64,
    requested: u64,
    saved_at: Option<u64>,
    plan: Option<TripletPlan>,
    /// The best judgement, and the network that it is of.
    best: Option<(ValidationReport, N)>,
    first_judged: Option<ValidationReport>,
    judged: Option<ValidationReport>,
    to_judge: Vec<Exemplar>,
    skipped: BTreeSet<usize>,
    watch: Watch,
    warned_of_same_identity: bool,
    /// Since the last step was reported, what is known of where the time went, and the run's seconds then.
    times: PartTimes,
    reported_secs: f64,
    /// The run's seconds when this process began with the first of its steps.
    stepping_since_secs: f64,
    started: Instant,
    /// Step at which this process took the run up, and the run's seconds until then.
    first_step: u64,
    earlier_secs: f64,
    paused_secs: f64,
}

impl<'a, N: Module + EmbeddingNet> TrainingRun<'a, N> {
    fn start(
        net: N,
        setup: Setup<'a>,
        control: &'a Control,
        emit: &'a mut dyn FnMut(TrainEvent),
    ) -> Result<Self, TrainError> {
        let Setup { config, data, card, folder, resume, decode_threads } = setup;
        let anchors = data.training.people.iter().filter(|person| person.pictures.len() > 1).count();
        if config.needs_names() && anchors < 2 {
            return Err(TrainError::TooFewPeople(anchors));
        }
        if data.training.pictures() < 2 {
            return Err(TrainError::TooFewPictures(data.training.pictures()));
        }
        let loader = Loader::start(loading(config, data), decode_threads)?;
        let net = match config.last_layer_first {
            Some(first) if first.redraw && resume.is_none() => redraw_last_layer(net, config.seed)?,
            _ => net,
        };
        let net = freeze(net.train(), config.trainable_at(0), config.batch_norm)?;
        let mut run = Self {
            config,
            data,
            card,
            folder,
            control,
            emit,
            sampler: sampler(config, &data.training),
            loader,
            average: config.ema_decay.map(|decay| Ema::new(&net, decay)),
            optimiser: Optimiser::new(config.optimiser),
            net,
            trunk: None,
            step: 0,
            requested: 0,
            saved_at: None,
            plan: None,
            best: None,
            first_judged: None,
            judged: None,
            to_judge: pictures_to_judge(&data.held_out, config.validation.pictures_at_most),
            skipped: BTreeSet::new(),
            watch: Watch::default(),
            warned_of_same_identity: false,
            times: PartTimes::default(),
            reported_secs: 0.0,
            stepping_since_secs: 0.0,
            started: Instant::now(),
            first_step: 0,
            earlier_secs: 0.0,
            paused_secs: 0.0,
        };
        match resume {
            Some(checkpoint) => run.go_on_from(checkpoint)?,
            None => run.warn_about_data(),
        }
        run.take_trunk()?;
        run.reported_secs = run.earlier_secs;
        Ok(run)
    }

    fn go_on_from(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        self.best = self.best_of(&checkpoint)?;
        let Checkpoint { state, weights, optimiser, average } = checkpoint;
        let net = fill(self.net.valid(), &weights, str::to_owned)?;
        self.net = freeze(net.train(), self.config.trainable_at(state.position.0), self.config.batch_norm)?;
        let device = self.net.devices().into_iter().next().unwrap_or_default().without_autodiff();
        self.optimiser = Optimiser::restore(self.config.optimiser, optimiser, &device);
        self.average = match (self.config.ema_decay, average) {
            (Some(decay), Some(average)) => Some(Ema::restore(average, decay, &device)),
            (Some(decay), None) => Some(Ema::new(&self.net, decay)),
            (None, _) => None,
        };
        self.step = state.position.0;
        self.requested = self.step;
        self.first_step = self.step;
        self.saved_at = Some(self.step);
        self.plan = state.plan;
        self.first_judged = state.first_judged;
        self.judged = state.judged;
        self.skipped = state.skipped;
        self.earlier_secs = state.elapsed_secs;
        if let Some(first) = &self.first_judged {
            (self.emit)(TrainEvent::Validated(first.clone()));
        }
        let past = self.folder.as_ref().map(RunFolder::past).transpose()?.unwrap_or_default();
        (self.emit)(TrainEvent::Resumed { step: self.step, past });
        Ok(())
    }

    /// The best network so far, which has a checkpoint of its own.
    fn best_of(&self, newest: &Checkpoint) -> Result<Option<(ValidationReport, N)>, TrainError> {
        let Some(report) = &newest.state.best else { return Ok(None) };
        let of_its_step = match &self.folder {
            Some(folder) if report.step != newest.state.position.0 => Some(folder.checkpoint(report.step)?),
            _ => None,
        };
        Ok(Some((report.clone(), self.network_of(of_its_step.as_ref().unwrap_or(newest))?)))
    }

    /// For inference, as it was at a checkpoint.
    fn network_of(&self, checkpoint: &Checkpoint) -> Result<N, TrainError> {
        let net = fill(self.net.valid(), &checkpoint.weights, str::to_owned)?;
        let device = net.devices().into_iter().next().unwrap_or_default();
        Ok(match (self.config.ema_decay, &checkpoint.average) {
            (Some(decay), Some(average)) => Ema::restore(average.clone(), decay, &device).averaged(&net),
            _ => net,
        })
    }

    fn warn_about_data(&mut self) {
        let people = self.data.training.people_with_one_picture();
        if people > 0 && self.config.needs_names() {
            let are_negatives = self.config.shows_people_with_one_picture();
            (self.emit)(TrainEvent::Alarm(Alarm::PeopleWithOnePicture { people, are_negatives }));
        }
        if self.to_judge.is_empty() {
            (self.emit)(TrainEvent::Alarm(Alarm::NobodyHeldOut));
        }
    }

    fn steps(&mut self) -> Result<StopReason, TrainError> {
        let mut lap = Lap::start();
        self.find_features()?;
        self.times.embedding_secs += lap.secs();
        // Where the curve starts: chance, or what the given weights know already. Or a judgement that was interrupted.
        if self.is_due(self.config.validation.every_steps) && !self.is_judged() {
            self.judge()?;
        }
        if self.step == 0 && self.judged.is_some() {
            // Weights that know faces already can tell now; others at the end.
            self.warn_about_same_identity()?;
        }
        if self.step == 0 {
            self.save()?;
        }
        self.stepping_since_secs = self.elapsed_secs();
        loop {
            if self.step >= self.config.steps {
                return Ok(StopReason::StepsDone);
            }
            let Some(rate) = self.config.rate_at(self.step) else { return Ok(StopReason::ScheduleEnded) };
            if self.config.last_layer_first.is_some_and(|first| first.steps == self.step) {
                self.net = freeze(self.net.valid().train(), &self.config.trainable, self.config.batch_norm)?;
                self.take_trunk()?;
            }
            if let Some(reason) = self.wait_while_paused()? {
                return Ok(reason);
            }
            let Some(report) = self.one_step(rate, self.control.takes_snapshot_at(self.step + 1))? else {
                self.warn_of_ruin(self.step + 1);
                return Ok(StopReason::NotANumber);
            };
            if let Some(folder) = &mut self.folder {
                folder.step(&report)?;
            }
            if let Some(alarm) = self.watch.step(&report) {
                (self.emit)(TrainEvent::Alarm(alarm));
            }
            (self.emit)(TrainEvent::Step(report));
            self.judge_and_save_when_due()?;
        }
    }

    /// Returns once the run may go on, or why it shall stop.
    fn wait_while_paused(&mut self) -> Result<Option<StopReason>, TrainError> {
        let control = self.control;
        if control.is_paused() && control.stopped().is_none() {
            self.save()?;
            let since = Instant::now();
            (self.emit)(TrainEvent::Paused { step: self.step });
            while control.is_paused() && control.stopped().is_none() {
                std::thread::sleep(LOOKED_AT_WHILE_PAUSED);
            }
            self.paused_secs += since.elapsed().as_secs_f64();
            (self.emit)(TrainEvent::Continued { step: self.step });
        }
        Ok(control.stopped())
    }

    /// None when the loss or a gradient is not a number.
    fn one_step(&mut self, rate: f64, snapshot: bool) -> Result<Option<StepReport>, TrainError> {
        let (started, mut lap) = (Instant::now(), Lap::start());
        self.plan_when_due()?;
        self.ask_ahead()?;
        self.times.embedding_secs += lap.secs();
        let batch = self.loader.take()?;
        self.times.waited_secs += lap.secs();
        let loading_secs = batch.secs;
        self.note_skipped(&batch.skipped);
        self.has_pictures(&batch)?;
        let Some(report) = self.learn_from(batch, rate, snapshot)? else { return Ok(None) };
        let elapsed_secs = self.elapsed_secs();
        let pace = (elapsed_secs - self.stepping_since_secs) / (self.step - self.first_step) as f64;
        let times = self.times_until(elapsed_secs);
        Ok(Some(StepReport {
            elapsed_secs,
            times,
            loading_secs,
            pictures_per_s: report.pictures as f64 / started.elapsed().as_secs_f64().max(1e-9),
            left_secs: pace * self.config.steps.saturating_sub(self.step) as f64,
            ..report
        }))
    }

    /// Where the time since the last report went.
    fn times_until(&mut self, elapsed_secs: f64) -> PartTimes {
        let since = elapsed_secs - std::mem::replace(&mut self.reported_secs, elapsed_secs);
        std::mem::take(&mut self.times).filled_up_to(since)
    }

    /// Keeps the loader busy with the coming batches, as far as they are known.
    fn ask_ahead(&mut self) -> Result<(), TrainError> {
        let mut end = (self.step + BATCHES_AHEAD as u64).min(self.config.steps);
        if let MiningSource::Offline(offline) = &self.config.mining {
            // Beyond the next mining nobody knows yet.
            end = end.min((self.step / offline.every_steps + 1) * offline.every_steps);
        }
        end = end.min(self.plan.as_ref().and_then(TripletPlan::ends_at).unwrap_or(end));
        while self.requested < end {
            let exemplars = match &self.plan {
                Some(plan) => plan.batch(self.requested).exemplars,
                None => self.sampler.batch(SamplerPosition(self.requested)),
            };
            self.loader.request(BatchRequest { step: self.requested, exemplars })?;
            self.requested += 1;
        }
        Ok(())
    }

    fn note_skipped(&mut self, skipped: &[SkippedPicture]) {
        for skip in skipped {
            if self.skipped.insert(skip.picture) {
                (self.emit)(TrainEvent::Skipped(skip.clone()));
            }
        }
    }

    /// A disk that was taken away is no reason to go through the steps that are left without learning anything.
    fn has_pictures(&self, batch: &LoadedBatch) -> Result<(), TrainError> {
        let reason = batch.skipped.first().map(|skipped| skipped.reason.clone());
        match batch.exemplars.is_empty() {
            true => Err(TrainError::NothingReadable { step: self.step + 1, reason }),
            false => Ok(()),
        }
    }

    fn warn_of_ruin(&mut self, step: u64) {
        if let Some(alarm) = self.watch.ruined(step) {
            (self.emit)(TrainEvent::Alarm(alarm));
        }
    }

    fn judge_and_save_when_due(&mut self) -> Result<(), TrainError> {
        if self.is_due(self.config.validation.every_steps) {
            self.judge()?;
        }
        if self.is_due(self.config.checkpoint_every_steps) {
            self.save()?;
        }
        Ok(())
    }

    fn is_due(&self, every: u64) -> bool {
        every > 0 && self.step.is_multiple_of(every)
    }

    fn is_judged(&self) -> bool {
        self.judged.as_ref().is_some_and(|judged| judged.step == self.step)
    }

    fn elapsed_secs(&self) -> f64 {
        self.earlier_secs + self.started.elapsed().as_secs_f64() - self.paused_secs
    }

    fn inference_net(&self) -> N {
        match &self.average {
            Some(average) => average.averaged(&self.net),
            None => self.net.valid(),
        }
    }

    fn judge_at_the_end(&mut self, reason: StopReason) -> Result<(), TrainError> {
        if matches!(reason, StopReason::Cancelled | StopReason::Discarded) {
            return Ok(());
        }
        if !self.is_judged() {
            self.judge()?;
        }
        self.warn_about_same_identity()
    }
}

fn loading(config: &TrainConfig, data: &TrainingData) -> Loading {
    Loading {
        source: data.source.clone(),
        augmentation: config.augmentation,
        mirrors_before: config.last_layer_first.filter(|first| first.mirrors_at_most).map_or(0, |first| first.steps),
        seed: config.seed,
        teacher: data.live_teacher.as_ref().map(|teacher| teacher.source.clone()),
        mixed_share: config.teacher.map_or(0.0, |teacher| teacher.mixed()),
    }
}

/// Over people, or over all pictures where nobody has to be told apart.
fn sampler<'a>(config: &TrainConfig, data: &'a Dataset) -> Sampler<'a> {
    match config.teacher {
        Some(teacher) if !teacher.looks_for_triplets() => {
            Sampler::over_pictures(data, teacher.pictures_per_batch, config.seed)
        }
        _ => Sampler::new(data, config.sampler, config.seed),
    }
}

#[cfg(test)]
mod davidsandberg;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod made;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod taught;
#[cfg(test)]
mod tests;
