//! The faces of the Compare view and the distances between them.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::compare::{ComparedFace, compare_face, compare_file};
use crate::app::compare::state::{CompareResult, CompareSource, Event, Request};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks};
use crate::app::engine::workers::LoadedNetworks;
use crate::types::{Cancel, Detection, Embedding, FaceId, error_chain};

type FoundToCompare = Result<(ComparedFace, Embedding)>;

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
    let engine = networks.engine(&shared.options(), &Cancel::default(), &mut |_| {});
    let found: Vec<FoundToCompare> = match engine {
        Ok(engine) => sources
            .iter()
            .map(|source| match source {
                CompareSource::File(path) => compare_file(engine, path),
                CompareSource::Face(face) => {
                    stored_face(shared, *face).and_then(|(path, found)| compare_face(engine, &path, &found))
                }
            })
            .collect(),
        Err(error) => sources.iter().map(|_| Err(anyhow::Error::msg(error_chain(&error)))).collect(),
    };
    let distance = |a: &FoundToCompare, b: &FoundToCompare| match (a, b) {
        (Ok((_, a)), Ok((_, b))) => Some(a.squared_distance(b)),
        _ => None,
    };
    let distances = found.iter().map(|a| found.iter().map(|b| distance(a, b)).collect()).collect();
    let slots = found.into_iter().map(|face| face.map(|(face, _)| face).map_err(|error| error_chain(&error)));
    CompareResult { slots: slots.collect(), distances, sources }
}

fn stored_face(shared: &Shared, face: FaceId) -> Result<(PathBuf, Detection)> {
    let detail = shared.library.call(move |library| library.face(face))?.context("this face is gone")?;
    Ok((detail.path, detail.detection))
}
