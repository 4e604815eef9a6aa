//! The folders that are scanned: on the disk, on a drive that is not there, moved, or no longer wanted.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::care::BackupReason;
use super::carry;
use super::error::{LibraryError, Result, Stale};
use super::files::settle;
use super::open::{Library, LibraryReader};
use super::path;
use super::review::rows::unknown_word;
use super::scan::{ScanOutcome, is_gone, mark_missing, size_of};
use crate::types::PhotoId;

/// A scanned folder and its last scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedFolder {
    pub path: PathBuf,
    pub started_at_secs: i64,
    pub finished_at_secs: Option<i64>,
    /// None: the program was stopped in the middle.
    pub outcome: Option<ScanOutcome>,
    /// Its drive was not there when it was looked for last.
    pub is_offline: bool,
    /// Files found below it, without those that are missing.
    pub files: usize,
}

/// What becomes of the faces of a folder that is no longer scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacesOfFolder {
    /// They stay with their people, out of sight, and are there again when the folder is.
    Keep,
    /// Those of pictures that are found nowhere else go, with everything decided about them, also of pictures that were
    /// edited or replaced in the folder.
    Forget,
}

/// How many files tell whether a folder is the one that was moved.
const LOOKED_FOR: usize = 500;

impl Library {
    /// Notes that a folder is not there. Its photos stay in sight, shown by their thumbnails.
    pub(crate) fn mark_offline(&mut self, folder: &Path) -> Result<()> {
        self.write(|t| {
            let id = folder_id(t, folder)?;
            t.execute("UPDATE folder SET offline = 1 WHERE id = ?1", [id])?;
            // Copies elsewhere show their photos from now on.
            let mut query = t.prepare("SELECT DISTINCT photo_id FROM file WHERE folder_id = ?1")?;
            let photos: Vec<i64> = query.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            photos.into_iter().try_for_each(|photo| settle(t, PhotoId(photo)))
        })
    }

    /// Marks the files of a folder that are gone as missing, after its user has said so of as many photos as were shown.
    /// Returns how many are missing since.
    ///
    /// # Errors
    /// [`Stale::MoreGone`] where more are gone by now, as when a drive was unplugged meanwhile: nothing is marked then.
    pub(crate) fn accept_missing(&mut self, folder: &Path, shown: u64) -> Result<usize> {
        let gone: Vec<PathBuf> = self.files_below(folder)?.into_iter().filter(|path| is_gone(path)).collect();
        self.write(|t| match mark_missing(t, &gone)? {
            missing if missing as u64 > shown => Err(LibraryError::Stale(Stale::MoreGone)),
            missing => Ok(missing),
        })
    }

    /// Scans the folder no longer. Returns how many photos are out of sight or gone since. Before faces are forgotten a
    /// backup is made: it is the way back.
    pub(crate) fn remove_folder(&mut self, folder: &Path, faces: FacesOfFolder) -> Result<usize> {
        self.read(|c| folder_id(c, folder))?;
        if faces == FacesOfFolder::Forget {
            self.back_up(BackupReason::BeforeRemoval)?;
        }
        let files = self.files_below(folder)?;
        self.write(|t| {
            let id = folder_id(t, folder)?;
            let own = own_paths(t, id, folder)?;
            let mut photos = BTreeSet::new();
            for file in &files {
                let bytes = path::to_bytes(file);
                // A folder inside another stays scanned by the outer one.
                if t.prepare_cached("SELECT 1 FROM file WHERE path = ?1 AND folder_id = ?2")?
                    .exists(params![bytes, id])?
                {
                    let photo = t
                        .prepare_cached("DELETE FROM file WHERE path = ?1 RETURNING photo_id")?
                        .query_row([bytes], |row| row.get(0))?;
                    photos.insert(PhotoId(photo));
                }
            }
            t.execute("DELETE FROM folder WHERE id = ?1", [id])?;
            photos.iter().try_for_each(|&photo| settle(t, photo))?;
            match faces {
                FacesOfFolder::Keep => count_missing(t, &photos),
                FacesOfFolder::Forget => forget_pictures(t, &own),
            }
        })
    }

    /// The folder lies elsewhere now: every file below it is expected at the new place.
    ///
    /// # Errors
    /// When the folder is not in the library.
    pub(crate) fn move_folder(&mut self, from: &Path, to: &Path) -> Result<()> {
        let files = self.files_below(from)?;
        self.write(|t| {
            let id = folder_id(t, from)?;
            t.execute("DELETE FROM folder WHERE path = ?1 AND id <> ?2", params![path::to_bytes(to), id])?;
            t.execute("UPDATE folder SET path = ?2, offline = 0 WHERE id = ?1", params![id, path::to_bytes(to)])?;
            for file in &files {
                let Ok(rest) = file.strip_prefix(from) else { continue };
                let (old, new) = (path::to_bytes(file), path::to_bytes(&to.join(rest)));
                t.prepare_cached("UPDATE OR REPLACE file SET path = ?2 WHERE path = ?1")?.execute(params![old, new])?;
                t.prepare_cached("UPDATE photo SET path = ?2 WHERE path = ?1")?.execute(params![old, new])?;
            }
            Ok(())
        })
    }
}

impl LibraryReader {
    /// Every folder ever scanned and not removed, with its last scan, in the order in which they were added.
    pub fn folders(&self) -> Result<Vec<ScannedFolder>> {
        self.read(|c| {
            let mut query = c.prepare(
                "SELECT folder.path, scan.started_at, scan.finished_at, scan.outcome, offline, \
                 (SELECT count(*) FROM file WHERE folder_id = folder.id AND missing = 0) FROM folder JOIN scan \
                 ON scan.id = (SELECT max(id) FROM scan WHERE folder_id = folder.id) ORDER BY folder.id",
            )?;
            let rows = query.query_map([], |row| {
                let outcome = match row.get_ref(3)?.as_str_or_null()? {
                    None => None,
                    Some("complete") => Some(ScanOutcome::Complete),
                    Some("cancelled") => Some(ScanOutcome::Cancelled),
                    Some(_) => return Err(unknown_word(3, "outcome")),
                };
                Ok(ScannedFolder {
                    path: path::from_bytes(row.get(0)?),
                    started_at_secs: row.get(1)?,
                    finished_at_secs: row.get(2)?,
                    outcome,
                    is_offline: row.get(4)?,
                    files: row.get::<_, i64>(5)? as usize,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether `to` may be where a folder lies now: at least one of its files is there, by its place below the folder and
    /// its size. Of many files so many are looked for, from all over the folder.
    ///
    /// # Errors
    /// [`LibraryError::OtherFolder`] where none is.
    pub fn check_moved(&self, from: &Path, to: &Path) -> Result<()> {
        let known = self.read(|c| {
            let mut query = c.prepare("SELECT path, size FROM file ORDER BY path")?;
            let files = query.query_map([], |row| Ok((path::from_bytes(row.get(0)?), row.get::<_, i64>(1)? as u64)))?;
            let files: Vec<(PathBuf, u64)> = files.collect::<rusqlite::Result<_>>()?;
            Ok(files.into_iter().filter(|(path, _)| path.starts_with(from)).collect::<Vec<_>>())
        })?;
        let is_there = |(file, size): &(PathBuf, u64)| {
            file.strip_prefix(from).is_ok_and(|rest| size_of(&to.join(rest)) == Some(*size))
        };
        let every = known.len().div_ceil(LOOKED_FOR).max(1);
        match known.is_empty() || known.iter().step_by(every).any(is_there) {
            true => Ok(()),
            false => Err(LibraryError::OtherFolder { from: from.to_owned(), to: to.to_owned() }),
        }
    }

    fn files_below(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        self.read(|c| {
            let mut query = c.prepare("SELECT path FROM file ORDER BY path")?;
            let paths = query.query_map([], |row| row.get(0).map(path::from_bytes))?;
            let paths: Vec<PathBuf> = paths.collect::<rusqlite::Result<_>>()?;
            Ok(paths.into_iter().filter(|path| path.starts_with(folder)).collect())
        })
    }
}

/// Paths below a folder that are its own: files that its scans met, and where pictures were that have no file any more,
/// because they were edited or replaced there. What another scanned folder holds too stays with that one.
fn own_paths(t: &Transaction, id: i64, folder: &Path) -> Result<HashSet<Vec<u8>>> {
    let mut query = t.prepare("SELECT path FROM folder WHERE id <> ?1")?;
    let others = query.query_map([id], |row| row.get(0).map(path::from_bytes))?;
    let others: Vec<PathBuf> = others.collect::<rusqlite::Result<_>>()?;
    let mut query = t.prepare(
        "SELECT path, folder_id FROM file UNION ALL SELECT path, NULL FROM photo WHERE missing = 1 \
         AND NOT EXISTS (SELECT 1 FROM file WHERE file.path = photo.path)",
    )?;
    let mut rows = query.query([])?;
    let mut own = HashSet::new();
    while let Some(row) = rows.next()? {
        let (bytes, met_by): (Vec<u8>, Option<i64>) = (row.get(0)?, row.get(1)?);
        let file = path::from_bytes(bytes.clone());
        let is_own = match met_by {
            Some(met_by) => met_by == id,
            None => !others.iter().any(|other| file.starts_with(other)),
        };
        if is_own && file.starts_with(folder) {
            own.insert(bytes);
        }
    }
    Ok(own)
}

fn count_missing(t: &Transaction, photos: &BTreeSet<PhotoId>) -> Result<usize> {
    let mut missing = 0;
    for photo in photos {
        missing += t.prepare_cached("SELECT 1 FROM photo WHERE id = ?1 AND missing = 1")?.exists([photo.0])? as usize;
    }
    Ok(missing)
}

/// Removes the pictures that are nowhere now and were last at one of these paths, with their faces. Returns how many.
fn forget_pictures(t: &Transaction, last_at: &HashSet<Vec<u8>>) -> Result<usize> {
    let mut query = t.prepare("SELECT id, path FROM photo WHERE missing = 1")?;
    let missing = query.query_map([], |row| Ok((PhotoId(row.get(0)?), row.get(1)?)))?;
    let missing: Vec<(PhotoId, Vec<u8>)> = missing.collect::<rusqlite::Result<_>>()?;
    let gone: Vec<PhotoId> = missing.into_iter().filter(|(_, at)| last_at.contains(at)).map(|(id, _)| id).collect();
    for &photo in &gone {
        carry::keep_lost(t, photo)?;
        t.prepare_cached("DELETE FROM photo WHERE id = ?1")?.execute([photo.0])?;
    }
    Ok(gone.len())
}

fn folder_id(c: &Connection, folder: &Path) -> Result<i64> {
    let id = c.query_row("SELECT id FROM folder WHERE path = ?1", [path::to_bytes(folder)], |row| row.get(0));
    id.optional()?.ok_or_else(|| LibraryError::NoSuchFolder(folder.to_owned()))
}
