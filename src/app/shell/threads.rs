//! The window's [`Backend`] over the real jobs: each request goes to its feature's job, on the engine's threads.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use crossbeam_channel::{Receiver, bounded};

use super::backend::{Answer, Backend, Event, Request};
use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::report::{Failed, Failure, Report, Ticket};
use crate::app::engine::shared::{Running, Shared, Sink, Tasks};
use crate::app::engine::watch::watch;
use crate::app::engine::workers::Workers;
use crate::app::evaluate::job::window::{self as evaluate, OpenRuns};
use crate::app::jobs::{facts, options};
use crate::app::people::job::preview::Preview;
use crate::app::train::job::window as train;
use crate::app::{care, compare, models, people, photos, scan, settings};
use crate::figures::Saving;
use crate::types::Touched;

/// Events that wait for the window, at most.
const EVENT_QUEUE: usize = 1024;

/// The jobs behind an open window.
pub struct Threads {
    workers: Workers,
    shared: Arc<Shared>,
    running: Running,
    sink: Sink<Answer>,
    events: Receiver<Event>,
    preview: Arc<Preview>,
    /// Evaluations on show, for their pictures.
    open_runs: Arc<Mutex<OpenRuns>>,
}

impl Threads {
    /// Opens the library and starts the threads. `wake` asks the window to look for events.
    pub fn open(home: Home, options: EngineOptions, wake: Arc<dyn Fn() + Send + Sync>) -> Result<Self> {
        let library = LibraryHandle::open(&home.library())?;
        let options = options::remembered_options(&library, options)?;
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
        watch(&shared, move || elsewhere.report(Report::ChangedElsewhere(Touched::everything())))?;
        Ok(Self {
            workers,
            shared,
            running: Running::default(),
            sink,
            events,
            preview: Arc::default(),
            open_runs: Arc::default(),
        })
    }

    fn tasks<E: 'static>(&mut self, wrap: fn(E) -> Answer) -> Tasks<'_, E> {
        let (shared, workers, running) = (&self.shared, &self.workers, &mut self.running);
        Tasks { shared, workers, sink: self.sink.of(wrap), running }
    }

    fn load(&mut self, query: impl FnOnce(&Shared) -> Result<Answer> + Send + 'static) {
        self.tasks(std::convert::identity).in_background(move |shared, sink| match query(shared) {
            Ok(answer) => sink.send(answer),
            Err(error) => sink.fail(Failed::Load, &error),
        });
    }

    fn save(&mut self, ticket: Ticket, path: std::path::PathBuf, saving: Box<Saving>) {
        self.tasks::<Answer>(std::convert::identity).in_background(move |_, sink| {
            let written = saving.write(&path).map(|()| Touched::default()).map_err(Into::into);
            sink.changed(ticket, Failed::Save, written);
        });
    }
}

impl Backend for Threads {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        // Cancel waits for no queue.
        if let Request::Cancel(job) = request {
            self.running.cancel(job);
            return Ok(());
        }
        let has_room = match request.is_long() {
            true => self.workers.device_has_room(),
            false => self.workers.pool_has_room(),
        };
        if !has_room {
            return Err(request);
        }
        let (preview, open_runs) = (self.preview.clone(), self.open_runs.clone());
        match request {
            Request::LoadOverview => self.load(|shared| facts::overview(shared).map(Answer::Overview)),
            Request::LoadPeople => self.load(|shared| facts::people(shared).map(Answer::People)),
            Request::LoadModels => self.load(|shared| facts::models(shared).map(Answer::Models)),
            Request::LoadTouched(touched) => {
                self.load(move |shared| facts::touched(shared, &touched).map(Answer::Touched));
            }
            Request::Scan(request) => scan::job::handle(&mut self.tasks::<Answer>(std::convert::identity), request),
            Request::Photos(request) => photos::job::handle(&self.tasks(Answer::OfPhotos), request),
            Request::People(request) => people::job::handle(&self.tasks(Answer::OfPeople), &preview, request),
            Request::Compare(request) => compare::job::window::handle(&self.tasks(Answer::OfCompare), request),
            Request::Evaluate(request) => {
                evaluate::handle(&mut self.tasks(Answer::OfEvaluate), &open_runs, request);
            }
            Request::Train(request) => train::handle(&mut self.tasks(Answer::OfTrain), request),
            Request::Models(request) => models::job::handle(&mut self.tasks(Answer::OfModels), request),
            Request::Settings(request) => settings::job::handle(&self.tasks(Answer::OfSettings), request),
            Request::Care(request) => care::job::window::handle(&self.tasks(Answer::OfCare), request),
            Request::Save(ticket, path, saving) => self.save(ticket, path, saving),
            Request::Cancel(_) => {}
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        let event = self.events.try_recv().ok()?;
        if let Report::JobEnded(job, _) = &event {
            self.running.ended(*job);
        }
        Some(event)
    }
}

impl Drop for Threads {
    /// A closed window stops its jobs; what they have recorded is kept.
    fn drop(&mut self) {
        self.running.cancel_all();
    }
}
