//! The window's [`Backend`] over the real jobs: each request goes to its feature's job, on the engine's threads.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use crossbeam_channel::{Receiver, bounded};

use super::backend::{Answer, Backend, Event, Loaded, Request};
use super::features::for_features;
use crate::app::engine::daily::{self, back_up_daily};
use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::report::{Failed, Failure, Report, Ticket};
use crate::app::engine::shared::{FeatureJob, Running, Shared, Sink, Tasks};
use crate::app::engine::watch::watch;
use crate::app::engine::workers::Workers;
use crate::app::jobs::options::RememberedOptions;
use crate::app::jobs::{facts, options};
use crate::figures::Saving;
use crate::types::Touched;

/// Events that wait for the window, at most.
const EVENT_QUEUE: usize = 1024;

/// The jobs behind an open window.
pub struct Threads {
    tasks: TaskThreads,
    jobs: Jobs,
    events: Receiver<Event>,
}

/// What runs them, and what they all look at.
struct TaskThreads {
    workers: Workers,
    shared: Arc<Shared>,
    running: Running,
    sink: Sink<Answer>,
}

macro_rules! jobs_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        #[derive(Default)]
        struct Jobs {
            $($feature: crate::app::$feature::job::Job,)*
        }

        impl Threads {
            fn start(&mut self, request: Request) {
                let tasks = &mut self.tasks;
                match request {
                    $(Request::$Feature(request) => {
                        self.jobs.$feature.handle(&mut tasks.of(Answer::$Feature), request);
                    })*
                    Request::LoadOverview => tasks.load(|shared| facts::overview(shared).map(Loaded::Overview)),
                    Request::LoadPeople => tasks.load(|shared| facts::people(shared).map(Loaded::People)),
                    Request::LoadModels => tasks.load(|shared| facts::models(shared).map(Loaded::Models)),
                    Request::LoadTouched(touched) => {
                        tasks.load(move |shared| facts::touched(shared, &touched).map(Loaded::Touched));
                    }
                    Request::Save(ticket, path, saving) => tasks.save(ticket, path, saving),
                    Request::Cancel(job) => tasks.running.cancel(job),
                    Request::Pause(job, pause) => tasks.running.pause(job, pause),
                }
            }
        }
    };
}

for_features!(jobs_of);

impl Threads {
    /// Opens the library and starts the threads. `wake` asks the window to look for events.
    pub fn open(home: Home, options: EngineOptions, wake: Arc<dyn Fn() + Send + Sync>) -> Result<Self> {
        let library = LibraryHandle::open(&home.library())?;
        let options = options::resolve(&home, options)?;
        let (send, events) = bounded(EVENT_QUEUE);
        // Waits while the window has not drained its queue; events of a closed window go nowhere.
        let sink = Sink::new(move |event| {
            if send.send(event).is_ok() {
                wake();
            }
        });
        let broken = sink.clone();
        let workers = Workers::start(home.clone(), move || {
            let failure = Failure { what: Failed::Internal, details: "a job broke down".into() };
            broken.report(Report::Failed(None, failure));
        })?;
        let shared = Arc::new(Shared::new(home, library, options));
        let elsewhere = sink.clone();
        let mut chosen = shared.library.ask(RememberedOptions::read)?;
        watch(&shared, move |shared| {
            let models = chosen.follow(shared).unwrap_or_else(|error| {
                elsewhere.fail(Failed::Load, &error);
                false
            });
            elsewhere.report(Report::ChangedElsewhere(Touched { models, ..Touched::everything() }));
        })?;
        let elsewhere = sink.clone();
        back_up_daily(&shared, daily::PAUSE, move |error| elsewhere.fail(daily::FAILED, error))?;
        let tasks = TaskThreads { workers, shared, running: Running::default(), sink };
        Ok(Self { tasks, jobs: Jobs::default(), events })
    }
}

impl TaskThreads {
    /// How one feature starts work.
    fn of<E: 'static>(&mut self, wrap: fn(E) -> Answer) -> Tasks<'_, E> {
        let (shared, workers, running) = (&self.shared, &self.workers, &mut self.running);
        Tasks { shared, workers, sink: self.sink.of(wrap), running }
    }

    fn load(&mut self, query: impl FnOnce(&Shared) -> Result<Loaded> + Send + 'static) {
        self.of(Answer::Facts).in_background(move |shared, sink| sink.loaded(query(shared), |fact| fact));
    }

    fn save(&mut self, ticket: Ticket, path: PathBuf, saving: Box<Saving>) {
        self.of(Answer::Facts).at_length(move |_, sink| {
            let written = saving.write(&path).map(|()| Touched::default()).map_err(Into::into);
            sink.changed(ticket, Failed::Save, written);
        });
    }
}

impl Backend for Threads {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        // Cancel and Pause wait for no queue.
        let has_room = match &request {
            Request::Cancel(_) | Request::Pause(..) => true,
            request if request.is_long() => self.tasks.workers.device_has_room(),
            _ => self.tasks.workers.pool_has_room(),
        };
        if !has_room {
            return Err(request);
        }
        self.start(request);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        let event = self.events.try_recv().ok()?;
        if let Report::JobEnded(job, _) = &event {
            self.tasks.running.ended(*job);
        }
        Some(event)
    }
}

impl Drop for Threads {
    /// A closed window stops its jobs; what they have recorded is kept.
    fn drop(&mut self) {
        self.tasks.shared.close();
        self.tasks.running.cancel_all();
    }
}

#[cfg(test)]
mod tests;
