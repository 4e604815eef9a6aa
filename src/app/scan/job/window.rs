//! A scan that the window asks for.

use std::path::PathBuf;

use anyhow::Result;

use super::{ScanChoices, ScanContext, ScanSummary, run};
use crate::app::engine::progress::JobEvent;
use crate::app::engine::report::{JobKind, Report};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks};
use crate::app::engine::workers::LoadedNetworks;
use crate::types::{Cancel, Touched};

#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Adds the folders to the library and looks for what is new in them; no folder means all known ones.
    Scan(Vec<PathBuf>),
}

#[derive(Debug, Clone)]
pub enum Event {
    /// What a scan did, before its job ends.
    Scanned(Box<ScanSummary>),
}

/// Scans the folders, or all known ones, on the device's thread.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        let Request::Scan(folders) = request;
        let (job, cancel) = tasks.begin_job();
        tasks.run_job(job, move |shared, networks, sink| {
            let mut report = sink.reporter(job, JobKind::SCAN);
            let mut events = |event: JobEvent| {
                if matches!(event, JobEvent::Grouped) {
                    shared.library_changed();
                    sink.report(Report::ChangedElsewhere(Touched::everything()));
                }
                report(event);
            };
            let outcome = scan_folders(shared, networks, folders, &cancel, &mut events);
            shared.library_changed();
            let outcome = outcome.map(|summary| sink.send(Event::Scanned(Box::new(summary))));
            sink.end(job, JobKind::SCAN, &cancel, outcome);
        });
    }
}

fn scan_folders(
    shared: &Shared,
    networks: &mut LoadedNetworks,
    folders: Vec<PathBuf>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<ScanSummary> {
    let options = shared.options();
    let engine = networks.engine(&options, cancel, events)?;
    shared.set_device(Some(engine.device().name.clone()));
    let folders = match folders.is_empty() {
        true => shared.library.ask(|library| library.folders())?.into_iter().map(|folder| folder.path).collect(),
        false => folders,
    };
    let (home, library, thumbnails) = (&shared.home, &shared.library, &shared.thumbnails);
    let context = ScanContext { home, options: &options, engine, library, thumbnails };
    Ok(run(&folders, &ScanChoices::default(), &context, cancel, events)?.0)
}
