//! What the Train view asks: counts, choices, runs. A run has the device's thread to itself until it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::app::engine::networks::{EngineOptions, FindFaces};
use crate::app::engine::workers::Sink;
use crate::app::jobs::reembed;
use crate::app::jobs::regroup::{Grouping, regroup};
use crate::app::engine::report::{Failed, JobEnd, JobSummary};
use crate::app::shell::backend::Event;
use crate::app::shell::long::{end, reporter};
use crate::app::engine::report::{JobId, JobKind, JobReport, JobStage};
use crate::app::engine::shared::{failure, lock};
use crate::app::shell::queries::remember;
use crate::app::shell::threads::{Desk, Shared};
use crate::app::train::job::{DataFrom, StartFrom, TrainJobEvent, TrainRequest, TrainSummary, adopt, resume, start_training};
use crate::app::train::job::choices::{can_start_from, networks, read_schedule};
use crate::app::train::job::look::{DataLook, look_at_folder, look_at_library};
use crate::app::train::job::runs::{discard_run, run_names, unfinished_run, unfinished_runs};
use crate::app::train::state::{Choices, ModelChoice};
use crate::app::train::state::form::DataSource;
use crate::app::train::state::live::{RunEnd, RunKind};
use crate::app::train::state::message::{TrainAsk, TrainNews};
use crate::networks::device::{ComputeDevice, VerdictCache, choose};
use crate::networks::models::{Store, Task};
use crate::train::events::{Control, Ending, StopReason, TrainEvent};
use crate::types::with_causes;

/// A mini-batch is shown every so many steps: where steps are short, looking at each would slow them down.
const LOOK_EVERY_STEPS: u64 = 4;
/// Batches as large as the paper's take seconds, so each is shown.
const LARGE_BATCH: usize = 400;

impl Desk {
    pub(crate) fn train(&mut self, ask: TrainAsk) {
        match ask {
            TrainAsk::LoadChoices => self.quick(|shared, sink| {
                sink.send(Event::Train(match choices(shared) {
                    Ok(choices) => TrainNews::Choices(choices),
                    Err(error) => TrainNews::ChoicesFailed(with_causes(&error)),
                }));
            }),
            TrainAsk::Look(data) => self.quick(|shared, sink| {
                let look = look(shared, &data).map_err(|error| with_causes(&error));
                sink.send(Event::Train(TrainNews::Looked(data, look)));
            }),
            TrainAsk::ReadSchedule(path) => self.quick(|_, sink| {
                let schedule = read_schedule(&path).map_err(|error| with_causes(&error));
                sink.send(Event::Train(TrainNews::Schedule(path, schedule)));
            }),
            TrainAsk::Start { request, data, name } => self.start_run(*request, data, name),
            TrainAsk::GoOn(run) => self.go_on(run),
            TrainAsk::Demonstrate(which) => self.demonstrate(which),
            TrainAsk::Pause(paused) => self.with_control(|control| control.set_paused(paused)),
            TrainAsk::Stop { discard } => {
                let ending = if discard { Ending::Discard } else { Ending::Keep };
                self.with_control(|control| control.stop(ending));
            }
            TrainAsk::Discard(run) => self.quick(move |_, sink| {
                if let Err(error) = discard_run(&run) {
                    sink.send(Event::Failed(None, failure(Failed::Change, &error)));
                }
                sink.send(Event::Train(TrainNews::Runs));
            }),
            TrainAsk::Use(summary) => self.quick(move |shared, sink| match use_trained(shared, &summary) {
                Ok((model, faces)) => sink.send(Event::Train(TrainNews::InUse { model, faces })),
                Err(error) => {
                    sink.send(Event::Train(TrainNews::NotInUse));
                    sink.send(Event::Failed(None, failure(Failed::Adopt, &error)));
                }
            }),
            TrainAsk::Reembed => self.reembed(),
        }
    }

    fn with_control(&self, tell: impl FnOnce(&Control)) {
        if let Some((_, control)) = &self.training {
            tell(control);
        }
    }

    /// The control of a run that begins, told apart by its job.
    pub(crate) fn begin_run(&mut self, look_every_steps: u64) -> (JobId, Control) {
        let (job, cancel) = self.begin_job();
        let control = Control::with_cancel(cancel).looking_every(look_every_steps);
        self.training = Some((job, control.clone()));
        (job, control)
    }

    fn start_run(&mut self, mut request: TrainRequest, data: DataSource, name: String) {
        let sampler = request.config.sampler;
        let large = sampler.people_per_batch * sampler.pictures_per_person >= LARGE_BATCH;
        let (job, control) = self.begin_run(if large { 1 } else { LOOK_EVERY_STEPS });
        let shared = self.shared.clone();
        self.runner.long(move |desk, sink| {
            desk.unload();
            let out = shared.home.runs().join(&name);
            let (steps, network) = (request.config.steps, network_of(&request.start));
            let reporter = Reporter { sink, job, steps };
            reporter.run(&control, || {
                let (store, device) = (Store::open(shared.home.models())?, device_for(&shared)?);
                reporter.began(name, network, &device);
                let tell = &mut |event: TrainJobEvent<'_>| reporter.tell(event);
                if data == DataSource::Library {
                    request.data = DataFrom::Library { path: shared.home.library() };
                }
                start_training(request, &out, &store, &device, &control, tell)
            });
        });
    }

    fn go_on(&mut self, run: PathBuf) {
        let (job, control) = self.begin_run(LOOK_EVERY_STEPS);
        let shared = self.shared.clone();
        self.runner.long(move |desk, sink| {
            desk.unload();
            let found = unfinished_run(&run);
            let reporter = Reporter { sink, job, steps: found.as_ref().map_or(0, |run| run.steps) };
            reporter.run(&control, || {
                let found = found.context("this run cannot be gone on with")?;
                let (store, device) = (Store::open(shared.home.models())?, device_for(&shared)?);
                reporter.began(found.name, found.network, &device);
                resume(&run, &store, &device, &control, &mut |event| reporter.tell(event))
            });
        });
    }
}

impl Desk {
    /// Embeds the library's faces by the network in use, and groups anew; names stay.
    fn reembed(&mut self) {
        let (job, cancel) = self.begin_job();
        let shared = self.shared.clone();
        self.runner.long(move |desk, sink| {
            let mut events = reporter(sink, job, JobKind::Reembed);
            let mut work = || {
                let options = shared.options();
                let engine = desk.engine(&options, &cancel, &mut events)?;
                let embedded = reembed(engine, &shared.library, &cancel, &mut events)?;
                if !cancel.is_cancelled() {
                    let store = Store::open(shared.home.models())?;
                    let grouping = Grouping::remembered(&shared.library, &store, &options)?;
                    regroup(&shared.library, engine.model_id(), &grouping, &cancel, &mut events)?;
                }
                let (faces, skipped) = (embedded.faces as u64, embedded.skipped.len() as u64);
                if !cancel.is_cancelled() {
                    sink.send(Event::Train(TrainNews::Reembedded));
                }
                Ok(JobSummary { faces, skipped, ..JobSummary::default() })
            };
            let outcome = work();
            *lock(&shared.preview) = None;
            end(sink, job, &cancel, outcome);
        });
    }
}

/// Turns a run's events into the window's.
struct Reporter<'a> {
    sink: &'a Sink<Event>,
    job: JobId,
    steps: u64,
}

impl Reporter<'_> {
    fn news(&self, news: TrainNews) {
        self.sink.send(Event::Train(news));
    }

    fn progress(&self, stage: JobStage, done: u64, total: u64, left_secs: Option<f64>) {
        let report = JobReport {
            job: self.job,
            kind: JobKind::Train,
            stage,
            done,
            total: (total > 0).then_some(total),
            per_sec: None,
            left_secs,
        };
        self.sink.send(Event::Job(report));
    }

    fn began(&self, name: String, network: String, device: &ComputeDevice) {
        let (job, kind, steps) = (self.job, RunKind::Training, self.steps);
        self.news(TrainNews::Began { job, kind, name, network, device: device.name.clone(), steps });
        self.progress(JobStage::PreparePictures, 0, 0, None);
    }

    /// Does the work and tells its end, also when it breaks down.
    fn run(&self, control: &Control, work: impl FnOnce() -> Result<TrainSummary>) {
        let outcome = catch_unwind(AssertUnwindSafe(work));
        let outcome = outcome.unwrap_or_else(|_| Err(anyhow!("the run broke down; its last checkpoint is kept")));
        let (end, job_end) = ends(control, outcome);
        self.news(TrainNews::Ended(Box::new(end)));
        self.sink.send(Event::JobEnded(self.job, job_end));
    }

    fn tell(&self, event: TrainJobEvent<'_>) {
        match event {
            TrainJobEvent::Preparing { done, total } => {
                let (done, total) = (done as u64, total as u64);
                self.news(TrainNews::Preparing { done, total });
                self.progress(JobStage::PreparePictures, done, total, None);
            }
            TrainJobEvent::LeftOut(left_out) => {
                self.news(TrainNews::LeftOut(left_out.path.clone(), left_out.reason.clone()));
            }
            TrainJobEvent::Train(event) => {
                if let TrainEvent::Step(report) = event {
                    self.progress(JobStage::Train, report.step, self.steps, Some(report.left_secs));
                }
                if let Some(news) = news_of(event) {
                    self.news(news);
                }
            }
            TrainJobEvent::Comparing => self.news(TrainNews::Comparing),
            // Notes are for the command line; the gate comes with the summary.
            TrainJobEvent::Note(_) | TrainJobEvent::Gate(_) => {}
        }
    }
}

/// What the window shows of a trainer's event.
pub(crate) fn news_of(event: &TrainEvent) -> Option<TrainNews> {
    Some(match event {
        TrainEvent::Resumed { step, past } => TrainNews::Resumed { step: *step, past: Box::new(past.clone()) },
        TrainEvent::Step(report) => TrainNews::Step(report.clone()),
        TrainEvent::Look(look) => TrainNews::Look(Box::new(look.clone())),
        TrainEvent::Validated(report) => TrainNews::Judged(Box::new(report.clone())),
        TrainEvent::Saved { step } => TrainNews::Saved { step: *step },
        TrainEvent::Paused { .. } => TrainNews::Paused(true),
        TrainEvent::Continued { .. } => TrainNews::Paused(false),
        TrainEvent::Alarm(alarm) => TrainNews::Alarm(alarm.clone()),
        TrainEvent::Skipped(skipped) => {
            // The reason names the file.
            TrainNews::LeftOut(PathBuf::new(), skipped.reason.clone())
        }
    })
}

/// What the view is told, and what the job bar.
fn ends(control: &Control, outcome: Result<TrainSummary>) -> (RunEnd, JobEnd) {
    let cancelled = || JobEnd::Cancelled(JobSummary::default());
    match outcome {
        Ok(summary) => match summary.stopped {
            StopReason::Cancelled => (RunEnd::Interrupted, cancelled()),
            StopReason::Discarded => (RunEnd::Discarded, cancelled()),
            _ => (RunEnd::Trained(summary), JobEnd::Done(JobSummary::default())),
        },
        // Stopped before there was anything to keep.
        Err(_) if control.stopped().is_some() => (RunEnd::Discarded, cancelled()),
        Err(error) => {
            let failure = failure(Failed::Train, &error);
            (RunEnd::Failed(failure.clone()), JobEnd::Failed(failure))
        }
    }
}

/// The device that the user chose, tested before it is first used.
pub(crate) fn device_for(shared: &Shared) -> Result<ComputeDevice> {
    let (device, _) = choose(&shared.options().device, &VerdictCache::open(shared.home.device_verdicts()))?;
    *lock(&shared.device) = Some(device.name.clone());
    Ok(device)
}

fn network_of(start: &StartFrom) -> String {
    match start {
        StartFrom::Scratch { net, .. } => net.clone(),
        StartFrom::Installed { id } => id.0.clone(),
        StartFrom::File { path } => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

fn choices(shared: &Shared) -> Result<Choices> {
    let store = Store::open(shared.home.models())?;
    let in_use = shared.options().model_id();
    let installed =
        store.manifest().models.iter().filter(|entry| entry.task == Task::Embed && store.installed(&entry.id));
    let models = installed.map(|entry| ModelChoice {
        model: entry.id.clone(),
        name: entry.title.clone(),
        dimensions: entry.dimensions.unwrap_or_default(),
        trainable: can_start_from(entry),
        in_use: entry.id == in_use,
    });
    let runs = shared.home.runs();
    Ok(Choices {
        networks: networks(),
        models: models.collect(),
        unfinished: unfinished_runs(&runs)?,
        taken: run_names(&runs)?,
        runs,
    })
}

/// The new model's title, and how many faces of the library wait for it.
fn use_trained(shared: &Shared, summary: &TrainSummary) -> Result<(String, u64)> {
    let store = Store::open(shared.home.models())?;
    let model = adopt(summary, &store)?;
    let options = EngineOptions { model: Some(model.0.clone()), ..shared.options() };
    remember(&shared.library, &options)?;
    *lock(&shared.options) = options;
    let faces = shared.library.call(|library| library.counts())?.faces as u64;
    Ok((summary.run.file_name().unwrap_or_default().to_string_lossy().into_owned(), faces))
}

fn look(shared: &Shared, data: &DataSource) -> Result<DataLook> {
    match data {
        DataSource::Folder(path) => look_at_folder(path),
        DataSource::Library => look_at_library(&shared.library),
    }
}
