//! Files to embeddings without a library: what scripts, `compare` and independent evaluations use.

use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use super::engine::{Engine, FindFaces, FoundFace, Timings};
use super::progress::{JobEvent, Meter, Stage};
use super::scan::working_copy;
use crate::image::Photo;
use crate::types::Cancel;

/// Files decoded and embedded together.
const BATCH: usize = 8;

/// Where the faces of a file come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceSource {
    Detector,
    /// The file is one face already: the whole picture is the crop.
    WholePicture,
}

/// Calls `each` with every file's faces (largest first) or its error, in the order of `files`. Returns early when
/// cancelled or when `each` fails.
pub fn embed_files(
    files: &[PathBuf],
    source: FaceSource,
    engine: &Engine,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
    each: &mut dyn FnMut(&Path, Result<Vec<FoundFace>>) -> Result<()>,
) -> Result<Timings> {
    let mut timings = Timings::default();
    let mut meter = Meter::start(Stage::Embedding, Some(files.len() as u64));
    for batch in files.chunks(BATCH) {
        if cancel.is_cancelled() {
            break;
        }
        let photos: Vec<Result<Photo>> = batch.par_iter().map(|path| working_copy(path)).collect();
        let readable: Vec<(&Path, &Photo)> =
            batch.iter().zip(&photos).filter_map(|(path, photo)| Some((path.as_path(), photo.as_ref().ok()?))).collect();
        let mut found = match source {
            FaceSource::Detector => engine.find_faces(&readable, &mut timings),
            FaceSource::WholePicture => engine.embed_whole(&readable, &mut timings),
        }
        .into_iter();
        for (path, photo) in batch.iter().zip(photos) {
            let faces = photo.and_then(|_| found.next().unwrap_or_else(|| Ok(Vec::new())));
            each(path, faces)?;
        }
        events(JobEvent::Progress(meter.advance(batch.len() as u64)));
    }
    Ok(timings)
}
