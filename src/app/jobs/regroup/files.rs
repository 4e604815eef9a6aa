//! What a grouping of many faces keeps beside the library: all vectors in one file, each face's neighbours, and the groups
//! as they were made.
//!
//! Caches: they can be made again at any time. They hold vectors, hashes of them and their distances; so they go with
//! whoever is forgotten, and hold nobody who has left the library once it is grouped again.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::engine::home::{cache_beside, grouping_file, grouping_in};
use crate::app::engine::library_thread::VECTORS;
use crate::cluster::graph::{GraphFileError, KeptGraph, RememberedGroups};
use crate::library::{GroupingInput, KeptVectors, VectorState};
use crate::types::{FaceId, ModelId};

/// The files of one model.
pub(super) struct GroupingFiles {
    folder: PathBuf,
    vectors: PathBuf,
    neighbours: PathBuf,
    groups: PathBuf,
}

/// Neighbours, and the groups where they take long to make of these.
pub(super) struct FoundToKeep {
    pub graph: KeptGraph,
    pub groups: Option<RememberedGroups>,
}

impl GroupingFiles {
    pub fn beside(library: &Path, model: &ModelId) -> Self {
        let file = |kind: &str| grouping_file(library, kind, model);
        let folder = grouping_in(&cache_beside(library));
        Self { folder, vectors: file(VECTORS), neighbours: file("neighbours"), groups: file("groups") }
    }

    /// Before the faces are read: forgetting somebody removes the folder, and nothing of what was read before is kept then.
    pub fn begin(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)
    }

    /// None where there are none of any use.
    pub fn neighbours(&self) -> Option<KeptGraph> {
        KeptGraph::load(&self.neighbours).ok()
    }

    pub fn groups(&self) -> Option<RememberedGroups> {
        RememberedGroups::load(&self.groups).ok()
    }

    pub fn keep(&self, found: &FoundToKeep) -> Result<(), GraphFileError> {
        let keep_groups = || found.groups.as_ref().map_or(Ok(()), |groups| groups.save(&self.groups));
        match found.graph.keep(&self.neighbours).and_then(|()| keep_groups()) {
            Err(GraphFileError::Io(error)) => unless_gone(Err(error)).map_err(GraphFileError::Io),
            outcome => outcome,
        }
    }

    /// Behind those that are `kept`, else all of them anew. False where nothing had to be written, or the folder is gone:
    /// somebody was forgotten since `begin`.
    pub fn keep_vectors(
        &self,
        input: &GroupingInput,
        state: VectorState,
        kept: Option<&Arc<KeptVectors>>,
    ) -> io::Result<bool> {
        let faces = || input.faces.iter().map(|face| (face.face_id, &face.embedding));
        let whole = || written(KeptVectors::write(&self.vectors, state, faces()));
        let Some(kept) = kept else { return whole() };
        let last = kept.faces().last();
        let later = || faces().filter(move |(face, _)| Some(*face) > last);
        if later().next().is_none() {
            return Ok(false);
        }
        match kept.append(&self.vectors, state, later()) {
            Ok(true) => Ok(true),
            Ok(false) => whole(),
            Err(error) => written(Err(error)),
        }
    }

    /// There need not be any.
    pub fn remove(&self) -> io::Result<()> {
        [&self.vectors, &self.neighbours, &self.groups]
            .into_iter()
            .try_for_each(|file| unless_gone(fs::remove_file(file)))
    }
}

/// Faces that the file holds and that take no part. None where one that takes part would have to be written between them.
pub(super) fn idle_in(kept: &KeptVectors, input: &GroupingInput) -> Option<Vec<FaceId>> {
    let mut taking_part = input.faces.iter().map(|face| face.face_id).peekable();
    let mut idle = Vec::new();
    for face in kept.faces() {
        match taking_part.peek() {
            Some(next) if *next < face => return None,
            Some(next) if *next == face => _ = taking_part.next(),
            _ => idle.push(face),
        }
    }
    Some(idle)
}

/// Removes what was kept of every model.
pub(crate) fn remove_all(cache: &Path) -> io::Result<()> {
    unless_gone(fs::remove_dir_all(grouping_in(cache)))
}

/// Whether it was, and not into a folder that is gone.
fn written(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) => unless_gone(Err(error)).map(|()| false),
    }
}

fn unless_gone(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
