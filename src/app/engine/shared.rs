//! What all threads of an open window may look at, and how a feature starts work on them.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;

use super::changed_places::ChangedPlaces;
use super::home::Home;
use super::library_thread::LibraryHandle;
use super::networks::EngineOptions;
use super::progress::JobEvent;
use super::report::{Failed, Failure, JobEnd, JobId, JobKind, JobReport, Report, Ticket};
use super::resemblance::Resemblances;
use super::thumbnail_files::ThumbnailCache;
use super::unasked::Unasked;
use super::workers::{LoadedNetworks, Workers};
use crate::library::LibraryError;
use crate::types::{Cancel, Touched, error_chain};

pub struct Shared {
    pub home: Home,
    pub library: LibraryHandle,
    pub(crate) thumbnails: ThumbnailCache,
    options: Mutex<EngineOptions>,
    /// What the networks were last loaded on.
    device: Mutex<Option<String>>,
    /// Who resembles whom, once people have been listed.
    resemblances: Mutex<Option<Resemblances>>,
    /// Since names were looked for with the photos.
    names_changed: Mutex<ChangedPlaces>,
    /// Grows with every change that this window makes or learns of, whatever the library's own revision is.
    generation: AtomicU64,
    is_closing: AtomicBool,
    pub(crate) unasked: Unasked,
}

impl Shared {
    pub fn new(home: Home, library: LibraryHandle, options: EngineOptions) -> Self {
        Self {
            thumbnails: ThumbnailCache::new(home.cache()),
            home,
            library,
            options: Mutex::new(options),
            device: Mutex::default(),
            resemblances: Mutex::default(),
            names_changed: Mutex::default(),
            generation: AtomicU64::default(),
            is_closing: AtomicBool::default(),
            unasked: Unasked::default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn of_home(home: &Home) -> Arc<Self> {
        let library = LibraryHandle::open(&home.library()).unwrap();
        Arc::new(Self::new(home.clone(), library, EngineOptions::default()))
    }

    /// The window is being closed: what is cancelled now is not what its user wants to end.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Held while people are listed, so that a change which comes meanwhile is taken in afterwards.
    pub(crate) fn resemblances(&self) -> MutexGuard<'_, Option<Resemblances>> {
        lock(&self.resemblances)
    }

    pub fn options(&self) -> EngineOptions {
        lock(&self.options).clone()
    }

    /// The networks are loaded with these from now on.
    pub(crate) fn set_options(&self, options: EngineOptions) {
        *lock(&self.options) = options;
    }

    pub fn device(&self) -> Option<String> {
        lock(&self.device).clone()
    }

    pub(crate) fn set_device(&self, name: Option<String>) {
        *lock(&self.device) = name;
    }

    /// Where files changed since names were looked for with the photos.
    pub(crate) fn names_changed(&self) -> MutexGuard<'_, ChangedPlaces> {
        lock(&self.names_changed)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// What was computed from the library before does not hold any more.
    pub(crate) fn library_changed(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }
}

/// Where work leaves its reports; each one wakes the window.
pub(crate) struct Sink<E>(Arc<dyn Fn(Report<E>) + Send + Sync>);

impl<E> Clone for Sink<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: 'static> Sink<E> {
    pub fn new(take: impl Fn(Report<E>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    pub fn send(&self, event: E) {
        self.report(Report::Own(event));
    }

    pub fn report(&self, report: Report<E>) {
        (self.0)(report);
    }

    pub fn job(&self, report: JobReport) {
        self.report(Report::Job(report));
    }

    pub fn fail(&self, what: Failed, error: &anyhow::Error) {
        self.report(Report::Failed(None, failure(what, error)));
    }

    /// Answers what was asked to be shown.
    pub fn loaded<T>(&self, outcome: Result<T>, event: impl FnOnce(T) -> E) {
        match outcome {
            Ok(loaded) => self.send(event(loaded)),
            Err(error) => self.fail(Failed::Load, &error),
        }
    }

    /// Answers a change whose errors say what failed.
    pub fn changed_as(&self, ticket: Ticket, what_failed: fn(&anyhow::Error) -> Failed, outcome: Result<Touched>) {
        let what = outcome.as_ref().err().map_or(Failed::Change, what_failed);
        self.changed(ticket, what, outcome);
    }

    /// Answers a change.
    pub fn changed(&self, ticket: Ticket, what: Failed, outcome: Result<Touched>) {
        self.report(match outcome {
            Ok(touched) => Report::Changed(ticket, touched),
            Err(error) => Report::Failed(Some(ticket), failure(what, &error)),
        });
    }

    /// Turns a job's events into the window's reports. Skipped files are in the library; notes are for the command
    /// line.
    pub fn reporter(&self, job: JobId, kind: JobKind) -> impl FnMut(JobEvent) + use<E> {
        let sink = self.clone();
        move |event| {
            if let JobEvent::Progress(progress) = event {
                sink.job(JobReport { job, kind, progress });
            }
        }
    }

    pub fn end(&self, job: JobId, kind: JobKind, cancel: &Cancel, outcome: Result<()>) {
        let end = match outcome {
            _ if cancel.is_cancelled() => JobEnd::Cancelled,
            Ok(()) => JobEnd::Done(kind),
            Err(error) => JobEnd::Failed(failure(Failed::Job, &error)),
        };
        self.report(Report::JobEnded(job, end));
    }

    /// A sink for one feature's events.
    pub fn of<F: 'static>(&self, wrap: fn(F) -> E) -> Sink<F> {
        let outer = self.0.clone();
        Sink::new(move |report| {
            outer(match report {
                Report::Own(event) => Report::Own(wrap(event)),
                Report::Image(key, picture) => Report::Image(key, picture),
                Report::Job(report) => Report::Job(report),
                Report::JobEnded(job, end) => Report::JobEnded(job, end),
                Report::Changed(ticket, touched) => Report::Changed(ticket, touched),
                Report::ChangedElsewhere(touched) => Report::ChangedElsewhere(touched),
                Report::Failed(ticket, failure) => Report::Failed(ticket, failure),
            });
        })
    }
}

/// The jobs that run, so that they can be cancelled.
#[derive(Default)]
pub(crate) struct Running {
    jobs: HashMap<JobId, Cancel>,
    begun: u64,
}

impl Running {
    pub fn cancel(&self, job: JobId) {
        self.jobs.get(&job).into_iter().for_each(Cancel::cancel);
    }

    pub fn pause(&self, job: JobId, pause: bool) {
        self.jobs.get(&job).into_iter().for_each(|work| work.pause(pause));
    }

    pub fn cancel_all(&self) {
        self.jobs.values().for_each(Cancel::cancel);
    }

    pub fn ended(&mut self, job: JobId) {
        self.jobs.remove(&job);
    }
}

/// What a feature does for the window, with what it keeps while the window is open.
pub(crate) trait FeatureJob: Default {
    type Request;
    type Event;

    /// Starts what is asked for, and returns at once.
    fn handle(&self, tasks: &mut Tasks<'_, Self::Event>, request: Self::Request);
}

/// How a feature starts work on the threads.
pub(crate) struct Tasks<'a, E> {
    pub shared: &'a Arc<Shared>,
    pub workers: &'a Workers,
    pub sink: Sink<E>,
    pub running: &'a mut Running,
}

impl<E: Send + 'static> Tasks<'_, E> {
    /// Runs work that ends soon and waits for no change of the library: pages and pictures.
    pub fn in_background(&self, work: impl FnOnce(&Shared, &Sink<E>) + Send + 'static) {
        let (shared, sink) = (self.shared.clone(), self.sink.clone());
        self.workers.in_background(move || work(&shared, &sink));
    }

    /// Runs work that takes long or changes the library; pages and pictures do not wait for it.
    pub fn at_length(&self, work: impl FnOnce(&Shared, &Sink<E>) + Send + 'static) {
        let (shared, sink) = (self.shared.clone(), self.sink.clone());
        self.workers.at_length(move || work(&shared, &sink));
    }

    /// Runs work that ends soon, after what was given here before.
    pub fn in_order(&self, work: impl FnOnce(&Shared, &Sink<E>) + Send + 'static) {
        let (shared, sink) = (self.shared.clone(), self.sink.clone());
        self.workers.in_order(move || work(&shared, &sink));
    }

    /// Runs work on the device's thread, after what waits there.
    pub fn on_device_thread(&self, work: impl FnOnce(&Shared, &mut LoadedNetworks, &Sink<E>) + Send + 'static) {
        let (shared, sink) = (self.shared.clone(), self.sink.clone());
        self.workers.on_device_thread(move |networks| work(&shared, networks, &sink));
    }

    /// Runs a job on the device's thread. One that breaks down is told as failed, and the networks are loaded anew for
    /// the next.
    pub fn run_job(&self, job: JobId, work: impl FnOnce(&Shared, &mut LoadedNetworks, &Sink<E>) + Send + 'static) {
        self.on_device_thread(move |shared, networks, sink| {
            if let Some(failure) = breakdown(|| work(shared, networks, sink)) {
                networks.unload();
                shared.library_changed();
                sink.report(Report::JobEnded(job, JobEnd::Failed(failure)));
            }
        });
    }

    /// Runs a job beside the device's thread; one that breaks down is told as failed.
    pub fn run_job_in_background(&self, job: JobId, work: impl FnOnce(&Shared, &Sink<E>) + Send + 'static) {
        self.at_length(move |shared, sink| {
            if let Some(failure) = breakdown(|| work(shared, sink)) {
                sink.report(Report::JobEnded(job, JobEnd::Failed(failure)));
            }
        });
    }

    /// A new job's name and its cancel flag.
    pub fn begin_job(&mut self) -> (JobId, Cancel) {
        self.running.begun += 1;
        let job = JobId(self.running.begun);
        let cancel = Cancel::default();
        self.running.jobs.insert(job, cancel.clone());
        (job, cancel)
    }
}

/// A panic of another thread leaves whole values behind: each is replaced in one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the work; what to tell where it broke down.
fn breakdown(work: impl FnOnce()) -> Option<Failure> {
    let panic = catch_unwind(AssertUnwindSafe(work)).err()?;
    Some(Failure { what: Failed::Internal, details: panic_words(panic.as_ref()) })
}

fn panic_words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    words.map_or_else(|| "the job broke down".to_owned(), |words| format!("the job broke down: {words}"))
}

pub fn failure(what: Failed, error: &anyhow::Error) -> Failure {
    let what = if is_damage(error) { Failed::Damaged } else { what };
    Failure { what, details: damage_or_chain(error) }
}

/// What the page says that offers the way back: what is wrong with the library's file, else what the error itself says.
pub(crate) fn damage_or_chain(error: &anyhow::Error) -> String {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref().and_then(LibraryError::damage))
        .unwrap_or_else(|| error_chain(error))
}

/// Whether the library's file is damaged, so that a backup helps.
pub(crate) fn is_damage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref().is_some_and(LibraryError::is_damage))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::*;

    #[test]
    fn a_job_that_breaks_down_is_told_and_leaves_the_job_bar() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let workers = Workers::start(home.clone(), || panic!("told by the job itself")).unwrap();
        let shared = Shared::of_home(&home);
        let (send, told) = bounded(16);
        let sink = Sink::<()>::new(move |report| send.send(report).unwrap());
        let mut running = Running::default();
        let mut tasks = Tasks { shared: &shared, workers: &workers, sink, running: &mut running };
        let (job, _) = tasks.begin_job();
        tasks.run_job(job, |_, _, _| panic!("the driver is gone"));
        let (next, cancel) = tasks.begin_job();
        tasks.run_job(next, move |_, _, sink| sink.end(next, JobKind::SCAN, &cancel, Ok(())));
        let hear = || told.recv_timeout(Duration::from_secs(20)).unwrap();
        let Report::JobEnded(ended, JobEnd::Failed(failure)) = hear() else { panic!("the job was not ended") };
        assert_eq!((ended, failure.what), (job, Failed::Internal));
        assert_eq!(failure.details, "the job broke down: the driver is gone");
        assert!(matches!(hear(), Report::JobEnded(ended, JobEnd::Done(_)) if ended == next), "the next job runs");
    }
}
