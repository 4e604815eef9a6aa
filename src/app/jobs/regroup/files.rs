//! What a grouping of many faces keeps beside the library: each face's neighbours, and the groups as they were made.
//!
//! Caches: they can be made again at any time. They hold no vectors, but hashes of them and their distances; so they go
//! with whoever is forgotten, and hold nobody who has left the library once it is grouped again.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::app::engine::home::cache_beside;
use crate::cluster::graph::{GraphFileError, NeighbourGraph, RememberedGroups};
use crate::types::{ModelId, hex};

/// The files of one model.
pub(super) struct GroupingFiles {
    folder: PathBuf,
    neighbours: PathBuf,
    groups: PathBuf,
}

impl GroupingFiles {
    pub fn beside(library: &Path, model: &ModelId) -> Self {
        let folder = folder_in(&cache_beside(library));
        // A model's name need not be a file's.
        let name = hex(&Sha256::digest(model.0.as_bytes())[..8]);
        let file = |kind: &str| folder.join(format!("{kind}-{name}"));
        Self { neighbours: file("neighbours"), groups: file("groups"), folder }
    }

    /// Before the faces are read: forgetting somebody removes the folder, and what was read before is not kept then.
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
            // Somebody was forgotten since `begin`.
            Err(GraphFileError::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    /// There need not be any.
    pub fn remove(&self) -> io::Result<()> {
        [&self.neighbours, &self.groups].into_iter().try_for_each(|file| unless_gone(fs::remove_file(file)))
    }
}

/// Removes what was kept of every model.
pub(in crate::app::jobs) fn remove_all(cache: &Path) -> io::Result<()> {
    unless_gone(fs::remove_dir_all(folder_in(cache)))
}

fn folder_in(cache: &Path) -> PathBuf {
    cache.join("grouping")
}

fn unless_gone(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
