//! The window's [`Backend`] over the real jobs: requests become work for the [`Runner`]'s threads, results become rows.

use crate::app::engine::shared::failure;
use crate::app::engine::shared::lock;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;

use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::engine::workers::{Runner, Sink};
use crate::app::engine::report::{Failed, Failure, JobId};
use crate::app::shell::backend::{Backend, Change, Event, Request};
use crate::train::events::Control;
use crate::types::{Cancel, with_causes};

/// The jobs behind an open window.
pub struct Desk {
    runner: Runner<Event>,
    shared: Arc<Shared>,
    running: HashMap<JobId, Cancel>,
    /// The run that was started last, to be paused or stopped.
    training: Option<(JobId, Control)>,
    next_job: u64,
}

/// What all threads may look at.
struct Shared {
    home: Home,
    library: LibraryHandle,
    thumbnails: ThumbnailCache,
    options: Mutex<EngineOptions>,
    /// What the networks were last loaded on.
    device: Mutex<Option<String>>,
    /// The last dendrogram, so that moving the threshold only cuts it anew.
    preview: Mutex<Option<preview::Prepared>>,
    /// Evaluations on show, for their pictures.
    judged: Mutex<evaluate::OpenRuns>,
}

impl Desk {
    /// Opens the library and starts the threads. `wake` asks the window to look for events.
    pub fn open(home: Home, options: EngineOptions, wake: Arc<dyn Fn() + Send + Sync>) -> Result<Self> {
        let library = LibraryHandle::open(&home.library())?;
        let options = loads::remembered_options(&library, options)?;
        let shared = Shared {
            thumbnails: ThumbnailCache::new(home.cache()),
            home: home.clone(),
            library,
            options: Mutex::new(options),
            device: Mutex::new(None),
            preview: Mutex::new(None),
            judged: Mutex::default(),
        };
        let runner = Runner::start(home, wake, || {
            Event::Failed(None, Failure { what: Failed::Internal, details: "a job broke down".into() })
        })?;
        Ok(Self { runner, shared: Arc::new(shared), running: HashMap::new(), training: None, next_job: 1 })
    }

    /// A new job's name and its cancel flag.
    fn begin_job(&mut self) -> (JobId, Cancel) {
        let job = JobId(self.next_job);
        self.next_job += 1;
        let cancel = Cancel::default();
        self.running.insert(job, cancel.clone());
        (job, cancel)
    }

    fn quick(&self, work: impl FnOnce(&Shared, &Sink<Event>) + Send + 'static) {
        let shared = self.shared.clone();
        self.runner.quick(move |sink| work(&shared, sink));
    }
}

impl Backend for Desk {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        if !self.runner.has_room() {
            return Err(request);
        }
        match request {
            Request::Scan(folders) => self.scan(folders),
            Request::InstallModels(models) => self.install(models),
            Request::Compare(sources) => self.compare(sources),
            Request::Evaluate(request) => self.evaluate(request),
            Request::Save(ticket, path, saving) => self.quick(move |_, sink| {
                sink.send(match saving.write(&path) {
                    Ok(()) => Event::Saved(ticket),
                    Err(error) => Event::Failed(Some(ticket), failure(Failed::Save, &error.into())),
                });
            }),
            Request::Train(ask) => self.train(ask),
            Request::Cancel(job) => {
                self.running.get(&job).into_iter().for_each(Cancel::cancel);
            }
            Request::PreviewGrouping { squared_distance, linkage } => {
                self.quick(move |shared, sink| preview::answer(shared, sink, squared_distance, linkage));
            }
            Request::LoadImage(key) => {
                self.quick(move |shared, sink| {
                    let picture = pictures::load(shared, key).map_err(|error| with_causes(&error));
                    sink.send(Event::Image(key, picture));
                });
            }
            Request::Change(ticket, Change::UseDevice(device)) => self.use_device(ticket, device),
            Request::Change(ticket, Change::UseModel(model)) => self.use_model(ticket, model),
            Request::Change(ticket, Change::RemoveModel(model)) => self.remove_model(ticket, model),
            Request::Change(ticket, change) => {
                self.quick(move |shared, sink| sink.send(changes::answer(shared, ticket, change)));
            }
            load => self.quick(move |shared, sink| sink.send(loads::answer(shared, load))),
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        let event = self.runner.poll()?;
        if let Event::JobEnded(job, _) = &event {
            self.running.remove(job);
            self.training.take_if(|(of, _)| of == job);
        }
        Some(event)
    }
}

impl Drop for Desk {
    /// A closed window stops its jobs; what they have recorded is kept.
    fn drop(&mut self) {
        self.running.values().for_each(Cancel::cancel);
    }
}

impl Shared {
    fn options(&self) -> EngineOptions {
        lock(&self.options).clone()
    }
}

