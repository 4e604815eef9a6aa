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
use crate::cluster::graph::{GraphFileError, NeighbourGraph, RememberedGroups};
use crate::library::{GroupingInput, KeptVectors};
use crate::types::ModelId;

/// The files of one model.
pub(super) struct GroupingFiles {
    folder: PathBuf,
    vectors: PathBuf,
    neighbours: PathBuf,
    groups: PathBuf,
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
    pub fn neighbours(&self) -> Option<NeighbourGraph> {
        NeighbourGraph::load(&self.neighbours).ok()
    }

    pub fn groups(&self) -> Option<RememberedGroups> {
        RememberedGroups::load(&self.groups).ok()
    }

    pub fn keep(&self, graph: &NeighbourGraph, groups: Option<&RememberedGroups>) -> Result<(), GraphFileError> {
        let keep_groups = || groups.map_or(Ok(()), |groups| groups.save(&self.groups));
        match graph.save(&self.neighbours).and_then(|()| keep_groups()) {
            Err(GraphFileError::Io(error)) => unless_gone(Err(error)).map_err(GraphFileError::Io),
            outcome => outcome,
        }
    }

    /// Unless the file holds these vectors already.
    pub fn keep_vectors(&self, input: &GroupingInput) -> io::Result<()> {
        let Some(state) = input.vectors else { return Ok(()) };
        let is_of =
            |file: Arc<KeptVectors>| file.state() == state && file.is_of(input.faces.iter().map(|face| face.face_id));
        match KeptVectors::open(&self.vectors).is_some_and(is_of) {
            true => Ok(()),
            // Gone is the folder where somebody was forgotten since `begin`.
            false => {
                let faces = input.faces.iter().map(|face| (face.face_id, &face.embedding));
                unless_gone(KeptVectors::write(&self.vectors, state, faces))
            }
        }
    }

    /// There need not be any.
    pub fn remove(&self) -> io::Result<()> {
        [&self.vectors, &self.neighbours, &self.groups]
            .into_iter()
            .try_for_each(|file| unless_gone(fs::remove_file(file)))
    }
}

/// Removes what was kept of every model.
pub(crate) fn remove_all(cache: &Path) -> io::Result<()> {
    unless_gone(fs::remove_dir_all(grouping_in(cache)))
}

fn unless_gone(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
