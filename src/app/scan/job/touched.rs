//! What was touched in scanned folders, and what a scan of it leaves to be loaded again.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::pipeline::file_facts;
use super::presence::real_path;
use super::{ScanSummary, first_found};
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::progress::Skipped;
use crate::app::jobs::not_looked_at;
use crate::app::jobs::walk::{FoundPhotos, is_looked_into, may_be_photo};
use crate::library::{FileFacts, LibraryError, LibraryReader};
use crate::types::{Cancel, Touched};

/// What is at a path that was touched.
pub(super) struct TouchedPlace {
    path: PathBuf,
    there: There,
}

enum There {
    /// Nothing any more; where it was, without links.
    Gone(Option<PathBuf>),
    Folder {
        real: PathBuf,
        found: FoundPhotos,
    },
    File {
        real: PathBuf,
        facts: Option<FileFacts>,
    },
}

impl TouchedPlace {
    /// Asks the disk, which may take long: no state of the library is held meanwhile.
    pub fn read(path: PathBuf, own: &[PathBuf]) -> Self {
        let there = match fs::canonicalize(&path) {
            Err(_) => There::Gone(real_path(&path).ok()),
            Ok(real) if real.is_dir() => {
                let found = first_found(&real, own, &Cancel::default()).unwrap_or_default();
                There::Folder { real, found }
            }
            Ok(real) => There::File { facts: file_facts(&real).ok(), real },
        };
        Self { path, there }
    }
}

/// Of paths that were touched those at which the library would learn something: a photo that it does not know as it is
/// now, a folder with photos, a file that nobody looks at and that is not listed as such, something that it knows and that
/// is gone.
pub(super) fn worth_a_scan(
    library: &LibraryHandle,
    touched: impl IntoIterator<Item = PathBuf>,
    own: &[PathBuf],
) -> Result<Vec<PathBuf>> {
    let places: Vec<_> = touched.into_iter().map(|path| TouchedPlace::read(path, own)).collect();
    library.ask(|library| {
        let listed = not_looked_at::kept(library)?.into_iter().map(|(path, _)| path).collect();
        let mut worth = Vec::new();
        for place in places {
            if is_worth_a_scan(library, &listed, &place)? {
                worth.push(place.path);
            }
        }
        Ok::<_, LibraryError>(worth)
    })
}

fn is_worth_a_scan(
    library: &LibraryReader,
    listed: &HashSet<PathBuf>,
    place: &TouchedPlace,
) -> Result<bool, LibraryError> {
    let knows_some = |path: &Path| match listed.iter().any(|listed| listed.starts_with(path)) {
        true => Ok(true),
        false => library.knows_files_at(path),
    };
    match &place.there {
        There::Gone(gone) => gone.as_deref().map_or(Ok(false), knows_some),
        There::Folder { real, found } => {
            let is_listed = |file: &Skipped| listed.contains(&file.path);
            let is_news = !found.photos.is_empty() || !found.not_looked_at.iter().all(is_listed);
            Ok(is_news || knows_some(real)?)
        }
        There::File { real, facts: Some(facts) } if may_be_photo(&place.path) => {
            Ok(library.known(real)?.is_none_or(|known| known.missing || !known.is_unchanged(facts)))
        }
        There::File { .. } => Ok(false),
    }
}

/// The scanned folders that are these paths, and those around the others from which a scan comes to them; of a file that
/// lies in none of them the one from which a scan has come to it.
pub(super) fn folders_around(library: &LibraryHandle, touched: &[PathBuf], own: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let folders: BTreeSet<PathBuf> =
        library.ask(|library| library.folder_places())?.into_iter().map(|(folder, _)| folder).collect();
    let (mut around, mut elsewhere) = (BTreeSet::new(), Vec::new());
    for path in touched {
        match folders.get(path).map(PathBuf::as_path).or_else(|| outermost(path, own, |at| folders.contains(at))) {
            Some(folder) => _ = around.insert(folder.to_owned()),
            None => elsewhere.push(path),
        }
    }
    let met = library.ask(|library| elsewhere.into_iter().map(|path| library.met_by(path)).collect())?;
    around.extend(Vec::<Option<PathBuf>>::into_iter(met).flatten());
    Ok(around.into_iter().collect())
}

/// The scanned folder from which a scan comes to a path and that lies in no other such. One that is hidden in another one
/// is looked into from itself alone.
pub(super) fn outermost<'a>(path: &'a Path, own: &[PathBuf], is_scanned: impl Fn(&Path) -> bool) -> Option<&'a Path> {
    path.ancestors().filter(|at| is_scanned(at) && is_looked_into(at, path, own)).last()
}

impl ScanSummary {
    /// What is to be loaded again, where these faces and people have changed since the scan began. New photos and a
    /// grouping can be listed. Where a photo has gone, has come back or shows another picture, people have changed of whom
    /// no row tells.
    pub(super) fn note_touched(&mut self, since: Touched) {
        self.touched = match self.changed_in_the_dark() {
            true => Touched::everything(),
            false => Touched { folders: true, ..since },
        };
    }

    fn changed_in_the_dark(&self) -> bool {
        let counts = [
            self.searched_again,
            self.moved_photos,
            self.missing_photos,
            self.carried_faces,
            self.lost_faces,
            self.returned_faces,
            self.offline_folders.len(),
            self.embedded_again,
        ];
        counts.iter().any(|count| *count > 0)
    }

    /// Whether there is anything to tell whoever has not asked for the scan.
    pub(in crate::app::scan) fn is_news(&self) -> bool {
        self.new_photos > 0 || self.touched.which_photos || self.changed_in_the_dark()
    }
}
