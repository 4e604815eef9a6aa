//! What the Train view asks: counts, choices, runs. A run has the device's thread to itself until it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow};

use crate::app::engine::networks::choose_device;
use crate::app::engine::progress::{Progress, Stage};
use crate::app::engine::report::{Failed, Failure, JobEnd, JobId, JobKind, JobReport, Report};
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks, failure, lock};
use crate::app::jobs::demonstration::{self, DemoOptions, DemoReport};
use crate::app::jobs::options;
use crate::app::jobs::regroup::{Grouping, reembed_and_regroup};
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::adopt::adopt;
use crate::app::train::job::choices::{Choices, ModelChoice, networks, read_schedule};
use crate::app::train::job::data_summary::{DataSource, DataSummary, summarise_folder, summarise_library};
use crate::app::train::job::runs::{discard_run, run_names, unfinished_run, unfinished_runs};
use crate::app::train::job::{DataFrom, StartFrom, TrainRequest, TrainSummary, resume, start_training};
use crate::networks::device::ComputeDevice;
use crate::networks::models::{Store, Task};
use crate::train::events::{Control, EmbeddingWhy, Ending, StopReason, TrainEvent};
use crate::train::run::TrainError;
use crate::train::schedule::Schedule;
use crate::types::error_chain;

const TRAINING_FAILED: Failed = Failed::Own("failed_train");
const DEMONSTRATION_FAILED: Failed = Failed::Own("failed_demonstrate");
const ADOPTION_FAILED: Failed = Failed::Own("failed_adopt");

pub const TRAIN: JobKind = JobKind("train");
pub(crate) const DEMONSTRATE: JobKind = JobKind("demonstrate");
pub(crate) const REEMBED: JobKind = JobKind("reembed");

const PREPARING_PICTURES: Stage = Stage::new("stage_prepare_pictures", "Preparing pictures");
const DRAWING_PEOPLE: Stage = Stage::new("stage_draw_people", "Drawing people");
const TRAINING: Stage = Stage::new("stage_train", "Training");
/// A network that learns is judged.
const JUDGING: Stage = Stage::new("stage_judge", "Judging");

/// A mini-batch is shown every so many steps: where steps are short, a snapshot of each would slow them down.
const SNAPSHOT_EVERY_STEPS: u64 = 4;
/// Batches as large as the paper's take seconds, so each is shown.
const LARGE_BATCH: usize = 400;
const DEMONSTRATION_SNAPSHOT_EVERY_STEPS: u64 = 2;

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadChoices,
    Summarise(DataSource),
    ReadSchedule(PathBuf),
    /// Trains; the name is that of the run's folder.
    Start {
        request: Box<TrainRequest>,
        name: String,
    },
    GoOn(PathBuf),
    Demonstrate(DemoOptions),
    Pause(bool),
    Stop {
        discard: bool,
    },
    /// Removes the folder of a run that does not run.
    Discard(PathBuf),
    /// Installs the network of this run; the library embeds with it from now on.
    Use(Box<TrainSummary>),
    Reembed,
}

/// What the jobs tell.
#[derive(Debug, Clone)]
pub enum Event {
    Choices(Choices),
    ChoicesFailed(String),
    Summarised(DataSource, Result<DataSummary, String>),
    Schedule(PathBuf, Result<Schedule, String>),
    Began(RunStart),
    /// What the run tells, as it came from it.
    Run(Box<RunEvent>),
    Ended(Box<RunEnd>),
    /// The trained network is installed and in use.
    InUse {
        model: String,
        /// Faces of the library that it has not embedded.
        faces: u64,
    },
    /// It could not be; the old one still is.
    NotInUse,
    /// So many faces of the library were embedded by the network in use and so many left out; all that there are, or
    /// fewer, because it was cancelled.
    Reembedded {
        faces: u64,
        skipped: u64,
        all: bool,
    },
    /// The runs on the disk changed.
    Runs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunKind {
    #[default]
    Training,
    Demonstration,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub enum RunEnd {
    Trained(TrainSummary),
    Demonstrated(DemoReport),
    /// Stopped at once; it can be gone on with.
    Interrupted,
    /// Stopped at the user's word, and nothing of it is left.
    Discarded,
    /// The demonstration was stopped before it had anything to show.
    Stopped,
    Failed(Failure),
}

/// A run as it begins.
#[derive(Debug, Clone, Default)]
pub struct RunStart {
    pub job: JobId,
    pub kind: RunKind,
    pub name: String,
    pub network: String,
    pub device: String,
    pub steps: u64,
}

/// Runs are begun on the device's thread, all else is answered in the background.
#[derive(Default)]
pub struct Job {
    /// Pauses and stops the run that was begun last.
    control: Mutex<Control>,
}

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        match request {
            Request::LoadChoices => tasks.in_background(|shared, sink| {
                sink.send(match choices(shared) {
                    Ok(choices) => Event::Choices(choices),
                    Err(error) => Event::ChoicesFailed(error_chain(&error)),
                });
            }),
            Request::Summarise(data) => tasks.at_length(|shared, sink| {
                let summary = summarise(shared, &data).map_err(|error| error_chain(&error));
                sink.send(Event::Summarised(data, summary));
            }),
            Request::ReadSchedule(path) => tasks.in_background(|_, sink| {
                let schedule = read_schedule(&path).map_err(|error| error_chain(&error));
                sink.send(Event::Schedule(path, schedule));
            }),
            Request::Start { request, name } => self.start_run(tasks, *request, name),
            Request::GoOn(run) => self.go_on(tasks, run),
            Request::Demonstrate(which) => self.demonstrate(tasks, which),
            Request::Pause(paused) => lock(&self.control).set_paused(paused),
            Request::Stop { discard } => {
                let ending = if discard { Ending::Discard } else { Ending::Keep };
                lock(&self.control).stop(ending);
            }
            Request::Discard(run) => tasks.at_length(move |_, sink| {
                if let Err(error) = discard_run(&run) {
                    sink.fail(Failed::Change, &error);
                }
                sink.send(Event::Runs);
            }),
            Request::Use(summary) => tasks.at_length(move |shared, sink| match use_trained(shared, &summary) {
                Ok((model, faces)) => sink.send(Event::InUse { model, faces }),
                Err(error) => {
                    sink.send(Event::NotInUse);
                    sink.fail(ADOPTION_FAILED, &error);
                }
            }),
            Request::Reembed => reembed_library(tasks),
        }
    }
}

impl Job {
    fn begin(&self, tasks: &mut Tasks<'_, Event>, snapshot_every_steps: u64) -> (JobId, Control) {
        let (job, cancel) = tasks.begin_job();
        let control = Control::with_cancel(cancel).with_snapshots_every(snapshot_every_steps);
        *lock(&self.control) = control.clone();
        (job, control)
    }

    fn start_run(&self, tasks: &mut Tasks<'_, Event>, mut request: TrainRequest, name: String) {
        let sampler = request.config.sampler;
        let large = sampler.people_per_batch * sampler.pictures_per_person >= LARGE_BATCH;
        let (job, control) = self.begin(tasks, if large { 1 } else { SNAPSHOT_EVERY_STEPS });
        tasks.on_device_thread(move |shared, networks, sink| {
            networks.unload();
            let out = shared.home.runs().join(&name);
            let (steps, network) = (request.config.steps, network_of(&request.start));
            let reporter = Reporter { sink, job, kind: RunKind::Training, steps };
            reporter.run(&control, || {
                let (store, device) = (Store::open(shared.home.models())?, device_for(shared)?);
                reporter.began(name, network, &device);
                if let DataFrom::Library { path, .. } = &mut request.data {
                    *path = shared.home.library();
                }
                let tell = &mut |event| reporter.tell(event);
                Ok(end_of(start_training(request, &out, &store, &device, &control, tell)?))
            });
        });
    }

    fn go_on(&self, tasks: &mut Tasks<'_, Event>, run: PathBuf) {
        let (job, control) = self.begin(tasks, SNAPSHOT_EVERY_STEPS);
        tasks.on_device_thread(move |shared, networks, sink| {
            networks.unload();
            let found = unfinished_run(&run);
            let steps = found.as_ref().map_or(0, |run| run.steps);
            let reporter = Reporter { sink, job, kind: RunKind::Training, steps };
            reporter.run(&control, || {
                let found = found.context("this run cannot be gone on with")?;
                let (store, device) = (Store::open(shared.home.models())?, device_for(shared)?);
                reporter.began(found.name, found.network, &device);
                Ok(end_of(resume(&run, &store, &device, &control, &mut |event| reporter.tell(event))?))
            });
        });
    }

    fn demonstrate(&self, tasks: &mut Tasks<'_, Event>, options: DemoOptions) {
        let (job, control) = self.begin(tasks, DEMONSTRATION_SNAPSHOT_EVERY_STEPS);
        tasks.on_device_thread(move |shared, networks, sink| {
            networks.unload();
            let reporter = Reporter { sink, job, kind: RunKind::Demonstration, steps: options.steps };
            reporter.run(&control, || {
                let device = device_for(shared)?;
                reporter.began(String::new(), demonstration::network().to_owned(), &device);
                let report = demonstration::demo(options, &device, &control, &mut |event| reporter.tell(event))?;
                Ok(RunEnd::Demonstrated(report))
            });
        });
    }
}

/// Embeds the library's faces by the network in use, and groups anew; names stay.
fn reembed_library(tasks: &mut Tasks<'_, Event>) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let mut events = sink.reporter(job, REEMBED);
        let mut work = || {
            let options = shared.options();
            let engine = networks.engine(&options, &cancel, &mut events)?;
            let grouping = Grouping::remembered(&shared.library, &Store::open(shared.home.models())?, &options)?;
            let (embedded, groups) = reembed_and_regroup(engine, &shared.library, &grouping, &cancel, &mut events)?;
            let (faces, skipped) = (embedded.faces as u64, embedded.skipped.len() as u64);
            sink.send(Event::Reembedded { faces, skipped, all: groups.is_some() });
            Ok(())
        };
        let outcome = work();
        shared.library_changed();
        sink.end(job, REEMBED, &cancel, outcome);
    });
}

/// Passes a run's events on to the window, and its progress to the job bar.
struct Reporter<'a> {
    sink: &'a Sink<Event>,
    job: JobId,
    kind: RunKind,
    steps: u64,
}

impl Reporter<'_> {
    fn progress(&self, stage: Stage, done: u64, total: u64, left_secs: Option<f64>) {
        let progress = Progress::at(stage, done, (total > 0).then_some(total), left_secs);
        self.sink.job(JobReport { job: self.job, kind: self.job_kind(), progress });
    }

    fn job_kind(&self) -> JobKind {
        match self.kind {
            RunKind::Training => TRAIN,
            RunKind::Demonstration => DEMONSTRATE,
        }
    }

    fn began(&self, name: String, network: String, device: &ComputeDevice) {
        let (job, kind, steps) = (self.job, self.kind, self.steps);
        self.sink.send(Event::Began(RunStart { job, kind, name, network, device: device.name.clone(), steps }));
        let stage = match kind {
            RunKind::Training => PREPARING_PICTURES,
            RunKind::Demonstration => DRAWING_PEOPLE,
        };
        self.progress(stage, 0, 0, None);
    }

    /// Does the work and tells the view and the job bar its end, also when it breaks down.
    fn run(&self, control: &Control, work: impl FnOnce() -> Result<RunEnd>) {
        // What it is called when it was stopped before there was anything to keep, and when it failed.
        let (stopped, failed, broke_down) = match self.kind {
            RunKind::Training => {
                (RunEnd::Discarded, TRAINING_FAILED, "the run broke down; its last checkpoint is kept")
            }
            RunKind::Demonstration => (RunEnd::Stopped, DEMONSTRATION_FAILED, "the demonstration broke down"),
        };
        let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(anyhow!(broke_down)));
        let end = match outcome {
            Ok(end) => end,
            Err(error) if control.stopped().is_some() && was_stopped(self.kind, &error) => stopped,
            Err(error) => RunEnd::Failed(failure(failed, &error)),
        };
        let job_end = match &end {
            RunEnd::Trained(_) | RunEnd::Demonstrated(_) => JobEnd::Done(self.job_kind()),
            RunEnd::Interrupted | RunEnd::Discarded | RunEnd::Stopped => JobEnd::Cancelled,
            RunEnd::Failed(failure) => JobEnd::Failed(failure.clone()),
        };
        self.sink.send(Event::Ended(Box::new(end)));
        self.sink.report(Report::JobEnded(self.job, job_end));
    }

    fn tell(&self, event: RunEvent) {
        match &event {
            RunEvent::Preparing { done, total } => {
                self.progress(PREPARING_PICTURES, *done as u64, *total as u64, None);
            }
            RunEvent::Drawn { .. } => self.progress(TRAINING, 0, self.steps, None),
            RunEvent::Train(TrainEvent::Embedding { why, done, total }) => {
                let stage = match why {
                    EmbeddingWhy::Judging => JUDGING,
                    EmbeddingWhy::Mining | EmbeddingWhy::FrozenPart => Stage::EMBEDDING,
                };
                self.progress(stage, *done as u64, *total as u64, None);
            }
            RunEvent::Train(TrainEvent::Step(report)) => {
                self.progress(TRAINING, report.step, self.steps, Some(report.left_secs));
            }
            _ => {}
        }
        self.sink.send(Event::Run(Box::new(event)));
    }
}

/// Whether what was asked to end did so. A run that was to be kept and found no room has failed: it lies on the disk.
fn was_stopped(kind: RunKind, error: &anyhow::Error) -> bool {
    kind == RunKind::Demonstration || matches!(error.downcast_ref(), Some(TrainError::Interrupted(_)))
}

fn end_of(summary: TrainSummary) -> RunEnd {
    match summary.stopped {
        StopReason::Cancelled => RunEnd::Interrupted,
        StopReason::Discarded => RunEnd::Discarded,
        _ => RunEnd::Trained(summary),
    }
}

/// The device that the user chose, tested before it is first used.
fn device_for(shared: &Shared) -> Result<ComputeDevice> {
    let (device, _) = choose_device(&shared.home, &shared.options().device_choice())?;
    shared.set_device(Some(device.name.clone()));
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
    options::change(shared, |options| options.model = Some(model.0))?;
    let faces = shared.library.ask(|library| library.counts())?.faces as u64;
    Ok((summary.run.file_name().unwrap_or_default().to_string_lossy().into_owned(), faces))
}

fn summarise(shared: &Shared, data: &DataSource) -> Result<DataSummary> {
    match data {
        DataSource::Folder(path) => summarise_folder(path),
        DataSource::Library { one_by_one } => summarise_library(&shared.library, *one_by_one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_run_that_could_not_be_kept_was_not_discarded() {
        let stopped = Err::<(), _>(TrainError::Interrupted(StopReason::Kept)).context("stopped while it prepared");
        let full = anyhow!(io::Error::from(io::ErrorKind::StorageFull)).context("the run was not written");
        let of = |kind| [stopped.as_ref().unwrap_err(), &full].map(|error| was_stopped(kind, error));
        assert_eq!((of(RunKind::Training), of(RunKind::Demonstration)), ([true, false], [true, true]));
    }
}
