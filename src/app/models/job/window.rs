//! What the window asks of the models.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::app::engine::install::install;
use crate::app::engine::networks::EMBEDDER;
use crate::app::engine::report::{Failed, Failure, JobId, JobKind, Ticket};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks, failure};
use crate::app::jobs::import::{ImportRequest, OpenQuestion, import, what_is_open};
use crate::app::jobs::options;
use crate::app::models::job;
use crate::networks::models::{FileCheck, InstallOptions, Manifest, Store, Task};
use crate::networks::nets::blocks::LayerTable;
use crate::networks::nets::catalogue::{VARIANTS, Variant};
use crate::types::{ModelId, Touched};

const IMPORT_FAILED: Failed = Failed::Own("failed_import");
const REMOVAL_FAILED: Failed = Failed::Own("failed_remove");

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadNetworks,
    /// What must be asked before this file can be imported.
    Inspect(PathBuf),
    Install(Vec<ModelId>),
    Import(Ticket, Box<ImportRequest>),
    Verify(Ticket, ModelId),
    Remove(Ticket, ModelId),
    /// Faces are embedded with this model from now on.
    Use(Ticket, ModelId),
}

#[derive(Debug, Clone)]
pub enum Event {
    Networks(Vec<NetworkRow>),
    Inspected(PathBuf, Result<Option<OpenQuestion>, Failure>),
    /// A job will install these models.
    Installing(JobId, Vec<ModelId>),
}

/// A network of the catalogue and its layers.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRow {
    pub variant: &'static Variant,
    pub table: LayerTable,
}

/// What the window asks of this feature.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        match request {
            Request::LoadNetworks => tasks.in_background(|_, sink| {
                // Computed on sizes alone; no weights are drawn.
                let rows = VARIANTS.iter().map(|variant| NetworkRow { variant, table: variant.table() });
                sink.send(Event::Networks(rows.collect()));
            }),
            Request::Inspect(path) => tasks.in_background(move |shared, sink| {
                let request = ImportRequest { path: path.clone(), ..ImportRequest::default() };
                let store = Store::open(shared.home.models()).map_err(Into::into);
                let outcome = store.and_then(|store| what_is_open(&store, &request));
                sink.send(Event::Inspected(path, outcome.map_err(|error| failure(IMPORT_FAILED, &error))));
            }),
            Request::Install(models) => install_models(tasks, models),
            Request::Import(ticket, request) => tasks.at_length(move |shared, sink| {
                let imported = Store::open(shared.home.models()).map_err(Into::into);
                let imported = imported.and_then(|store| import(&store, &request, &mut |_| {}));
                sink.changed(ticket, IMPORT_FAILED, imported.map(|_| Touched::models()));
            }),
            Request::Verify(ticket, model) => {
                tasks.at_length(move |shared, sink| sink.changed(ticket, Failed::Change, verify(shared, &model)));
            }
            // On the device's thread, because the model may be loaded there.
            Request::Remove(ticket, model) => tasks.on_device_thread(move |shared, networks, sink| {
                networks.unload();
                sink.changed(ticket, REMOVAL_FAILED, remove(shared, &model));
            }),
            Request::Use(ticket, model) => {
                tasks.at_length(move |shared, sink| sink.changed(ticket, Failed::Change, use_model(shared, model)));
            }
        }
    }
}

/// Beside the device's thread, so that a scan can go on meanwhile.
fn install_models(tasks: &mut Tasks<'_, Event>, models: Vec<ModelId>) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job_in_background(job, move |shared, sink| {
        sink.send(Event::Installing(job, models.clone()));
        let mut events = sink.reporter(job, JobKind::INSTALL);
        let outcome = Store::open(shared.home.models()).map_err(Into::into).and_then(|store| {
            install(&store, &models, &InstallOptions::default(), &cancel, &mut events)?;
            Ok(())
        });
        sink.end(job, JobKind::INSTALL, &cancel, outcome);
    });
}

fn verify(shared: &Shared, model: &ModelId) -> Result<Touched> {
    let store = Store::open(shared.home.models())?;
    for checked in job::verify(&store, std::slice::from_ref(model)) {
        match checked? {
            (_, FileCheck::Sound) => {}
            (id, FileCheck::Missing) => bail!("{id} is not installed"),
            (id, FileCheck::Damaged { path, .. }) => {
                bail!("a file of {id} is damaged; remove the model and install it again: {}", path.display())
            }
        }
    }
    Ok(Touched::default())
}

fn remove(shared: &Shared, model: &ModelId) -> Result<Touched> {
    let store = Store::open(shared.home.models())?;
    let removed = job::remove_with(&store, model, || Ok(Some(shared.library.clone())))?;
    if !removed.default_in_use {
        return Ok(Touched::models());
    }
    use_model(shared, ModelId(EMBEDDER.to_owned()))
}

/// Other vectors group otherwise, so everything about the library is loaded again.
fn use_model(shared: &Shared, model: ModelId) -> Result<Touched> {
    options::change(shared, |options| match Manifest::built_in().entry(&model).map(|entry| entry.task) {
        Some(Task::Detect) => options.detector = Some(model.0),
        Some(Task::Embed) | None => options.model = Some(model.0),
    })?;
    shared.set_device(None);
    shared.library_changed();
    Ok(Touched { models: true, ..Touched::everything() })
}
