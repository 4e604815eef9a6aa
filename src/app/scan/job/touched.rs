//! What was touched in scanned folders, and what a scan of it leaves to be loaded again.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::pipeline::file_facts;
use super::presence::real_path;
use super::{ScanSummary, first_found};
use crate::app::jobs::not_looked_at;
use crate::app::jobs::walk::{is_looked_into, may_be_photo};
use crate::library::{LibraryError, LibraryReader};
use crate::types::{Cancel, Touched};

/// Of paths that were touched those at which the library would learn something: a photo that it does not know as it is
/// now, a folder with photos, a file that nobody looks at and that is not listed as such, something that it knows and that
/// is gone.
pub(super) fn worth_a_scan(
    library: &LibraryReader,
    touched: Vec<PathBuf>,
    own: &[PathBuf],
) -> Result<Vec<PathBuf>, LibraryError> {
    let listed = not_looked_at::kept(library)?.into_iter().map(|(path, _)| path).collect();
    let mut worth = Vec::new();
    for path in touched {
        if is_worth_a_scan(library, &listed, &path, own)? {
            worth.push(path);
        }
    }
    Ok(worth)
}

fn is_worth_a_scan(
    library: &LibraryReader,
    listed: &HashSet<PathBuf>,
    path: &Path,
    own: &[PathBuf],
) -> Result<bool, LibraryError> {
    let knows_some = |path: &Path| match listed.iter().any(|listed| listed.starts_with(path)) {
        true => Ok(true),
        false => library.knows_files_at(path),
    };
    let Ok(real) = fs::canonicalize(path) else { return real_path(path).map_or(Ok(false), |gone| knows_some(&gone)) };
    if real.is_dir() {
        let found = first_found(&real, own, &Cancel::default()).unwrap_or_default();
        let is_news = !found.photos.is_empty() || found.not_looked_at.iter().any(|file| !listed.contains(&file.path));
        return Ok(is_news || knows_some(&real)?);
    }
    let Ok(facts) = file_facts(&real) else { return Ok(false) };
    let known = library.known(&real)?;
    Ok(may_be_photo(path) && known.is_none_or(|known| known.missing || !known.is_unchanged(&facts)))
}

/// The scanned folders that are these paths, and those around the others from which a scan comes to them; of a file that
/// lies in none of them the one from which a scan has come to it.
pub(super) fn folders_around(
    library: &LibraryReader,
    touched: &[PathBuf],
    own: &[PathBuf],
) -> Result<Vec<PathBuf>, LibraryError> {
    let folders: BTreeSet<PathBuf> = library.folder_places()?.into_iter().map(|(folder, _)| folder).collect();
    let mut around = BTreeSet::new();
    for path in touched {
        around.extend(match folders.contains(path) {
            true => Some(path.clone()),
            false => match outermost(path, own, |folder| folders.contains(folder)) {
                Some(folder) => Some(folder.to_owned()),
                None => library.met_by(path)?,
            },
        });
    }
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
        let in_the_dark = [
            self.searched_again,
            self.moved_photos,
            self.missing_photos,
            self.carried_faces,
            self.lost_faces,
            self.returned_faces,
            self.offline_folders.len(),
            self.embedded_again,
        ];
        self.touched = match in_the_dark.iter().any(|count| *count > 0) {
            true => Touched::everything(),
            false => Touched { folders: true, ..since },
        };
    }
}
