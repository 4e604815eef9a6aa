//! The faces of the Compare view and the distances between them.

use super::compare::{CompareResult, CompareSource, compare};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks};
use crate::app::engine::workers::LoadedNetworks;
use crate::types::Cancel;

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    Compare(Vec<CompareSource>),
}

#[derive(Debug, Clone)]
pub enum Event {
    Compared(CompareResult),
}

/// Compares on the device's thread.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        let Request::Compare(sources) = request;
        tasks.on_device_thread(move |shared, networks, sink| {
            sink.send(Event::Compared(run_compare(shared, networks, sources)))
        });
    }
}

fn run_compare(shared: &Shared, networks: &mut LoadedNetworks, sources: Vec<CompareSource>) -> CompareResult {
    let cancel = Cancel::default();
    match networks.engine(&shared.options(), &cancel, &mut |_| {}) {
        Ok(engine) => compare(engine, sources, Some(&shared.library), &cancel),
        Err(error) => CompareResult::failed(sources, &error),
    }
}
