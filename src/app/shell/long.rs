//! Requests that run on the device's thread, one after another: scans, installations, comparisons, switching models.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::app::compare::job::compare::{Compared, compare_face, compare_file};
use crate::app::engine::install;
use crate::app::engine::networks::{EMBEDDER, EngineOptions, FindFaces};
use crate::app::engine::progress::{JobEvent, Progress, Stage};
use crate::app::engine::workers::{Desk as Networks, Sink};
use crate::app::jobs::reembed;
use crate::app::jobs::regroup::{Grouping, regroup};
use crate::app::engine::report::{Failed, JobEnd, JobSummary, Ticket};
use crate::app::scan::job as scan;
use crate::app::shell::queries as loads;
use crate::app::shell::backend::Event;
use crate::app::engine::report::{JobId, JobKind, JobReport, JobStage};
use crate::app::compare::state::{CompareFace, CompareResult, CompareSource};
use crate::app::engine::picture::Picture;
use crate::app::engine::shared::{failure, lock};
use crate::app::shell::threads::{Desk, Shared};
use crate::networks::device::DeviceChoice;
use crate::networks::models::{InstallOptions, Manifest, Store, Task};
use crate::types::{Cancel, FaceId, ModelId, with_causes};

impl Desk {
    /// Scans the folders, or all known ones, and groups what was found.
    pub(crate) fn scan(&mut self, folders: Vec<PathBuf>) {
        let (job, cancel) = self.begin_job();
        let shared = self.shared.clone();
        self.runner.long(move |desk, sink| {
            let outcome = run_scan(&shared, desk, &folders, &cancel, &mut reporter(sink, job, JobKind::Scan));
            *lock(&shared.preview) = None;
            end(sink, job, &cancel, outcome);
        });
    }

    pub(crate) fn install(&mut self, models: Vec<ModelId>) {
        let (job, cancel) = self.begin_job();
        let shared = self.shared.clone();
        // Beside the device's thread, so that a scan can go on meanwhile.
        self.runner.quick(move |sink| {
            sink.send(Event::Installing(job, models.clone()));
            let mut events = reporter(sink, job, JobKind::Install);
            let outcome = Store::open(shared.home.models()).map_err(Into::into).and_then(|store| {
                install(&store, &models, &InstallOptions::default(), &cancel, &mut events)?;
                Ok(JobSummary::default())
            });
            end(sink, job, &cancel, outcome);
        });
    }

    pub(crate) fn compare(&mut self, sources: Vec<CompareSource>) {
        let shared = self.shared.clone();
        self.runner.long(move |desk, sink| sink.send(Event::Compared(run_compare(&shared, desk, sources))));
    }

    pub(crate) fn use_device(&mut self, ticket: Ticket, device: Option<String>) {
        self.change_options(ticket, move |options| {
            options.device = match device {
                Some(name) if name.starts_with("CPU (") => DeviceChoice::Cpu,
                Some(name) => DeviceChoice::Named(name),
                None => DeviceChoice::Auto,
            };
        });
    }

    pub(crate) fn use_model(&mut self, ticket: Ticket, model: ModelId) {
        self.change_options(ticket, move |options| {
            let known = Manifest::built_in();
            match known.entry(&model).map(|entry| entry.task) {
                Some(Task::Detect) => options.detector = Some(model.0),
                Some(Task::Embed) | None => options.model = Some(model.0),
            }
        });
    }

    /// On the device's thread, because the model may be loaded there.
    pub(crate) fn remove_model(&mut self, ticket: Ticket, model: ModelId) {
        let shared = self.shared.clone();
        self.runner.long(move |desk, sink| {
            desk.unload();
            sink.send(match removed(&shared, &model) {
                Ok(()) => Event::Changed(ticket),
                Err(error) => Event::Failed(Some(ticket), failure(Failed::Remove, &error)),
            });
        });
    }

    fn change_options(&mut self, ticket: Ticket, change: impl FnOnce(&mut EngineOptions) + Send + 'static) {
        self.quick(move |shared, sink| {
            let mut options = shared.options();
            change(&mut options);
            sink.send(match loads::remember(&shared.library, &options) {
                Ok(()) => {
                    *lock(&shared.options) = options;
                    *lock(&shared.device) = None;
                    Event::Changed(ticket)
                }
                Err(error) => Event::Failed(Some(ticket), failure(Failed::Change, &error)),
            });
        });
    }
}

/// A model that the user had added is gone for good; where it was in use, the default takes its place.
fn removed(shared: &Shared, model: &ModelId) -> Result<()> {
    let store = Store::open(shared.home.models())?;
    let mut options = shared.options();
    if store.own().has(model) && options.model_id() == *model {
        options.model = Some(EMBEDDER.to_owned());
        loads::remember(&shared.library, &options)?;
        *lock(&shared.options) = options;
    }
    store.remove(model)?;
    Ok(())
}

fn run_scan(
    shared: &Shared,
    desk: &mut Networks,
    folders: &[PathBuf],
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<JobSummary> {
    let engine = desk.engine(&shared.options(), cancel, events)?;
    *lock(&shared.device) = Some(engine.device().name.clone());
    let folders = match folders {
        [] => shared.library.call(|library| library.folders())?.into_iter().map(|folder| folder.path).collect(),
        chosen => chosen.to_vec(),
    };
    let mut summary = JobSummary::default();
    for folder in &folders {
        let scanned = scan(folder, engine, &shared.library, &shared.thumbnails, cancel, events)?;
        summary.photos += scanned.new_photos as u64;
        summary.faces += scanned.new_faces as u64;
        summary.skipped += scanned.skipped.len() as u64;
        summary.elapsed_secs += scanned.elapsed_secs;
    }
    if !cancel.is_cancelled() {
        reembed(engine, &shared.library, cancel, events)?;
        let store = Store::open(shared.home.models())?;
        let grouping = Grouping::remembered(&shared.library, &store, &shared.options())?;
        regroup(&shared.library, engine.model_id(), &grouping, cancel, events)?;
    }
    Ok(summary)
}

/// Turns a job's events into the window's reports. Skipped files are in the library; notes are for the command line.
pub(crate) fn reporter(sink: &Sink<Event>, job: JobId, kind: JobKind) -> impl FnMut(JobEvent) + '_ {
    move |event| {
        if let JobEvent::Progress(progress) = event {
            sink.send(Event::Job(report(job, kind, &progress)));
        }
    }
}

fn report(job: JobId, kind: JobKind, progress: &Progress) -> JobReport {
    let stage = match progress.stage {
        Stage::Installing => JobStage::Download,
        Stage::LookingForPhotos => JobStage::FindFiles,
        Stage::Grouping => JobStage::Group,
        Stage::Embedding => JobStage::Embed,
        Stage::Evaluating => JobStage::Judge,
        _ => JobStage::FindFaces,
    };
    let per_sec = (progress.rate_per_s > 0.0).then_some(progress.rate_per_s);
    JobReport { job, kind, stage, done: progress.done, total: progress.total, per_sec, left_secs: progress.left_secs }
}

pub(crate) fn end(sink: &Sink<Event>, job: JobId, cancel: &Cancel, outcome: Result<JobSummary>) {
    let end = match outcome {
        Ok(summary) if cancel.is_cancelled() => JobEnd::Cancelled(summary),
        Ok(summary) => JobEnd::Done(summary),
        Err(_) if cancel.is_cancelled() => JobEnd::Cancelled(JobSummary::default()),
        Err(error) => JobEnd::Failed(failure(Failed::Job, &error)),
    };
    sink.send(Event::JobEnded(job, end));
}

fn run_compare(shared: &Shared, desk: &mut Networks, sources: Vec<CompareSource>) -> CompareResult {
    let found: Vec<Result<Compared>> = match desk.engine(&shared.options(), &Cancel::default(), &mut |_| {}) {
        Ok(engine) => sources
            .iter()
            .map(|source| match source {
                CompareSource::File(path) => compare_file(engine, path),
                CompareSource::Face(face) => {
                    stored_face(shared, *face).and_then(|(path, found)| compare_face(engine, &path, &found))
                }
            })
            .collect(),
        Err(error) => sources.iter().map(|_| Err(anyhow::Error::msg(with_causes(&error)))).collect(),
    };
    let distance = |a: &Result<Compared>, b: &Result<Compared>| {
        let (a, b) = (a.as_ref().ok()?, b.as_ref().ok()?);
        Some(a.embedding.squared_distance(&b.embedding))
    };
    let distances = found.iter().map(|a| found.iter().map(|b| distance(a, b)).collect()).collect();
    let slots = found.into_iter().map(|face| {
        face.map(|face| CompareFace {
            crop: Picture::from_rgb(&face.crop),
            title: face.title,
            faces_in_file: face.faces_in_file as u32,
        })
        .map_err(|error| with_causes(&error))
    });
    CompareResult { slots: slots.collect(), distances, sources }
}

fn stored_face(shared: &Shared, face: FaceId) -> Result<(PathBuf, crate::types::Detection)> {
    let detail = shared.library.call(move |library| library.face(face))?.context("this face is gone")?;
    Ok((detail.path, detail.detection))
}
