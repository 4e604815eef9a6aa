//! The folders that are scanned: on the disk, on a drive that is not there, moved, or no longer wanted.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::care::BackupReason;
use super::carry;
use super::error::{LibraryError, Result, Stale};
use super::files::settle;
use super::gone::{Gone, size_of};
use super::open::{Library, LibraryReader};
use super::path;
use super::review::rows::unknown_word;
use super::scan::{ScanOutcome, mark_missing};
use crate::types::PhotoId;

/// A scanned folder and its last scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedFolder {
    pub path: PathBuf,
    pub finished_at_secs: Option<i64>,
    /// None: the program was stopped in the middle, or the folder was not looked through as a whole yet.
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
    pub(crate) fn accept_missing(&mut self, folder: &Path, shown: u64, gone: &Gone) -> Result<usize> {
        self.write(|t| match mark_missing(t, &gone.files())? {
            missing if missing as u64 > shown => Err(LibraryError::Stale(Stale::MoreGone)),
            missing => {
                // What was answered is not asked again: it was met in no scan that counts.
                t.execute(
                    "UPDATE file SET seen_in_scan = 0 WHERE missing = 1 AND folder_id = ?1",
                    [folder_id(t, folder)?],
                )?;
                Ok(missing)
            }
        })
    }

    /// Scans the folder no longer. What lies in another scanned folder too stays with that one. Returns how many photos
    /// are out of sight or gone since. Before faces are forgotten a backup is made: it is the way back.
    pub(crate) fn remove_folder(&mut self, folder: &Path, faces: FacesOfFolder) -> Result<usize> {
        self.read(|c| folder_id(c, folder))?;
        if faces == FacesOfFolder::Forget {
            self.back_up(BackupReason::BeforeRemoval)?;
        }
        self.write(|t| {
            let id = folder_id(t, folder)?;
            let others = Folders::load(t)?.without(id);
            let mut own = own_paths(t, folder, &others)?;
            let mut photos = BTreeSet::new();
            for (bytes, photo) in files_of(t, id)? {
                photos.insert(photo);
                match others.innermost(&path::from_bytes(bytes.clone())) {
                    Some(other) => {
                        t.prepare_cached("UPDATE file SET folder_id = ?2 WHERE path = ?1")?
                            .execute(params![bytes, other])?;
                    }
                    None => {
                        t.prepare_cached("DELETE FROM file WHERE path = ?1")?.execute([&bytes])?;
                        own.insert(bytes);
                    }
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

    /// The folder lies elsewhere now: every file below it is expected at the new place, and so are folders inside it that
    /// are scanned by themselves. What was scanned there already belongs to them.
    ///
    /// # Errors
    /// When the folder is not in the library.
    pub(crate) fn move_folder(&mut self, from: &Path, to: &Path) -> Result<()> {
        let mut files = self.files_below(from)?;
        in_order_of_moving(&mut files, from, to, |file| file);
        self.write(|t| {
            folder_id(t, from)?;
            let mut photos = BTreeSet::new();
            let mut folders = Folders::load(t)?.0;
            in_order_of_moving(&mut folders, from, to, |folder| &folder.path);
            for Folder { id, path: folder, .. } in folders {
                let Some(to) = moved(&folder, from, to) else { continue };
                photos.extend(files_of(t, id)?.into_iter().map(|(_, photo)| photo));
                if let Some(there) = find_folder(t, &to)?.filter(|there| *there != id) {
                    photos.extend(files_of(t, there)?.into_iter().map(|(_, photo)| photo));
                    t.execute("UPDATE file SET folder_id = ?2 WHERE folder_id = ?1", [there, id])?;
                    t.execute("DELETE FROM folder WHERE id = ?1", [there])?;
                }
                // Whether one inside it, perhaps another drive, is there is for the next scan to say.
                t.execute(
                    "UPDATE folder SET path = ?2, offline = offline AND ?3 WHERE id = ?1",
                    params![id, path::to_bytes(&to), folder != from],
                )?;
            }
            for file in &files {
                let Some(to) = moved(file, from, to) else { continue };
                let (old, new) = (path::to_bytes(file), path::to_bytes(&to));
                // The file there gives way to this one, and its photo is missing until a scan says where it is.
                photos.extend(photo_at(t, &new)?);
                t.prepare_cached("UPDATE OR REPLACE file SET path = ?2 WHERE path = ?1")?.execute(params![old, new])?;
                t.prepare_cached("UPDATE photo SET path = ?2 WHERE path = ?1")?.execute(params![old, new])?;
            }
            photos.into_iter().try_for_each(|photo| settle(t, photo))
        })
    }
}

/// Some files of a folder, and their sizes.
#[derive(Debug, Clone)]
pub(crate) struct FolderSample {
    folder: PathBuf,
    files: Vec<(PathBuf, u64)>,
}

impl FolderSample {
    /// Asks the disk whether `to` may be where the folder lies now: at least one of its files is there, by its place below
    /// the folder and its size.
    ///
    /// # Errors
    /// [`LibraryError::OtherFolder`] where none is.
    pub fn find_at(&self, to: &Path) -> Result<()> {
        let is_there = |(file, size): &(PathBuf, u64)| {
            file.strip_prefix(&self.folder).is_ok_and(|rest| size_of(&to.join(rest)) == Some(*size))
        };
        match self.files.is_empty() || self.files.iter().any(is_there) {
            true => Ok(()),
            false => Err(LibraryError::OtherFolder { from: self.folder.clone(), to: to.to_owned() }),
        }
    }
}

/// Where one of two folders lies in the other, a path may be where another one goes: that one moves away first.
fn in_order_of_moving<T>(things: &mut [T], from: &Path, to: &Path, path: impl Fn(&T) -> &Path) {
    let depth = |thing: &T| path(thing).components().count();
    things.sort_by_key(depth);
    if to.starts_with(from) {
        things.reverse();
    }
}

/// Where a path leads that lies in `from`, or is it, when that is at `to`.
fn moved(path: &Path, from: &Path, to: &Path) -> Option<PathBuf> {
    let rest = path.strip_prefix(from).ok()?;
    Some(if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) })
}

/// The scanned folders. A file belongs to the innermost of those that it lies in; one that was met through a link
/// elsewhere, to the one that met it.
pub(super) struct Folders(Vec<Folder>);

struct Folder {
    id: i64,
    path: PathBuf,
    is_offline: bool,
}

impl Folders {
    pub fn load(c: &Connection) -> Result<Self> {
        let mut query = c.prepare_cached("SELECT id, path, offline FROM folder ORDER BY id")?;
        let folders = query.query_map([], |row| {
            Ok(Folder { id: row.get(0)?, path: path::from_bytes(row.get(1)?), is_offline: row.get(2)? })
        })?;
        Ok(Self(folders.collect::<rusqlite::Result<_>>()?))
    }

    /// As the disk says, also of drives that no scan has missed yet.
    pub fn without_drives(mut self, gone: &Gone) -> Self {
        self.0.iter_mut().for_each(|folder| folder.is_offline |= gone.is_folder(&folder.path));
        self
    }

    fn without(mut self, id: i64) -> Self {
        self.0.retain(|folder| folder.id != id);
        self
    }

    fn holding(&self, file: &Path) -> Option<&Folder> {
        let around = self.0.iter().filter(|folder| file.starts_with(&folder.path));
        around.max_by_key(|folder| folder.path.components().count())
    }

    /// The innermost folder that a path lies in.
    pub fn innermost(&self, file: &Path) -> Option<i64> {
        self.holding(file).map(|folder| folder.id)
    }

    /// The folder of which a file tells that it is gone, where `looked_at` is looked through: that one, or one inside it
    /// whose drive is there. None where the file is in neither.
    pub fn holder(&self, file: &Path, met_by: i64, looked_at: i64) -> Option<i64> {
        let looked_through = self.0.iter().find(|folder| folder.id == looked_at)?;
        match self.holding(file) {
            Some(folder) if folder.id == looked_at => Some(looked_at),
            Some(inner) if inner.path.starts_with(&looked_through.path) => (!inner.is_offline).then_some(inner.id),
            Some(_) => None,
            None => (met_by == looked_at).then_some(looked_at),
        }
    }
}

impl LibraryReader {
    /// Every folder ever scanned and not removed, with its last scan, in the order in which they were added.
    pub fn folders(&self) -> Result<Vec<ScannedFolder>> {
        self.read(|c| {
            let mut query = c.prepare(
                "SELECT folder.path, scan.finished_at, scan.outcome, offline, \
                 (SELECT count(*) FROM file WHERE folder_id = folder.id AND missing = 0) FROM folder \
                 LEFT JOIN scan ON scan.id = (SELECT max(id) FROM scan WHERE folder_id = folder.id) ORDER BY folder.id",
            )?;
            let rows = query.query_map([], |row| {
                let outcome = match row.get_ref(2)?.as_str_or_null()? {
                    None => None,
                    Some("complete") => Some(ScanOutcome::Complete),
                    Some("cancelled") => Some(ScanOutcome::Cancelled),
                    Some(_) => return Err(unknown_word(2, "outcome")),
                };
                Ok(ScannedFolder {
                    path: path::from_bytes(row.get(0)?),
                    finished_at_secs: row.get(1)?,
                    outcome,
                    is_offline: row.get(3)?,
                    files: row.get::<_, i64>(4)? as usize,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Files of a folder, by which it is known where it lies now: of many so many, from all over it.
    pub(crate) fn sample(&self, folder: &Path) -> Result<FolderSample> {
        let files = self.read(|c| {
            let (known, mut query) = (count_below(c, folder)?, c.prepare(&format!("SELECT path, size FROM {BELOW}"))?);
            let files = query.query_map(params_below(folder), |row| {
                Ok((path::from_bytes(row.get(0)?), row.get::<_, i64>(1)? as u64))
            })?;
            let every = known.div_ceil(LOOKED_FOR).max(1);
            Ok(files.step_by(every).collect::<rusqlite::Result<_>>()?)
        })?;
        Ok(FolderSample { folder: folder.to_owned(), files })
    }

    fn files_below(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        self.read(|c| {
            let mut query = c.prepare(&format!("SELECT path FROM {BELOW}"))?;
            let paths = query.query_map(params_below(folder), |row| row.get(0).map(path::from_bytes))?;
            Ok(paths.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether a file is one of [`Self::files_held`].
    pub(crate) fn is_held(&self, folder: &Path, file: &Path, gone: &Gone) -> Result<bool> {
        self.read(|c| {
            let Some(id) = find_folder(c, folder)? else { return Ok(false) };
            let mut query = c.prepare_cached("SELECT folder_id FROM file WHERE path = ?1 AND missing = 0")?;
            let met_by: Option<i64> = query.query_row([path::to_bytes(file)], |row| row.get(0)).optional()?;
            let Some(met_by) = met_by else { return Ok(false) };
            Ok(Folders::load(c)?.without_drives(gone).holder(file, met_by, id).is_some())
        })
    }

    /// Files of a folder and of those inside it whose drives are there, without those that are missing. None where the
    /// library does not have the folder.
    pub(crate) fn files_held(&self, folder: &Path, gone: &Gone) -> Result<Vec<PathBuf>> {
        self.read(|c| {
            let Some(id) = find_folder(c, folder)? else { return Ok(Vec::new()) };
            let folders = Folders::load(c)?.without_drives(gone);
            let mut query = c.prepare("SELECT path, folder_id FROM file WHERE missing = 0 ORDER BY path")?;
            let (mut held, mut rows) = (Vec::new(), query.query([])?);
            while let Some(row) = rows.next()? {
                let path = path::from_bytes(row.get(0)?);
                if folders.holder(&path, row.get(1)?, id).is_some() {
                    held.push(path);
                }
            }
            Ok(held)
        })
    }
}

/// Files below a folder, also those that are missing.
const BELOW: &str = "file WHERE path >= ?1 AND path < ?2 ORDER BY path";

fn params_below(folder: &Path) -> [Vec<u8>; 2] {
    let below = path::below(folder);
    [below.start, below.end]
}

fn count_below(c: &Connection, folder: &Path) -> Result<usize> {
    let count = c.query_row(&format!("SELECT count(*) FROM {BELOW}"), params_below(folder), |row| row.get::<_, i64>(0));
    Ok(count? as usize)
}

fn files_of(c: &Connection, folder: i64) -> Result<Vec<(Vec<u8>, PhotoId)>> {
    let mut query = c.prepare("SELECT path, photo_id FROM file WHERE folder_id = ?1 ORDER BY path")?;
    let files = query.query_map([folder], |row| Ok((row.get(0)?, PhotoId(row.get(1)?))))?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

fn photo_at(c: &Connection, path: &[u8]) -> Result<Option<PhotoId>> {
    let mut query = c.prepare_cached("SELECT photo_id FROM file WHERE path = ?1")?;
    Ok(query.query_row([path], |row| row.get(0).map(PhotoId)).optional()?)
}

/// Where pictures below a folder were that have no file any more, because they were edited or replaced there. What lies
/// in another scanned folder too stays with that one.
fn own_paths(t: &Transaction, folder: &Path, others: &Folders) -> Result<HashSet<Vec<u8>>> {
    let mut query = t.prepare(
        "SELECT path FROM photo WHERE missing = 1 AND NOT EXISTS (SELECT 1 FROM file WHERE file.path = photo.path)",
    )?;
    let paths = query.query_map([], |row| row.get(0))?;
    let paths: Vec<Vec<u8>> = paths.collect::<rusqlite::Result<_>>()?;
    let is_own = |bytes: &Vec<u8>| {
        let file = path::from_bytes(bytes.clone());
        file.starts_with(folder) && others.innermost(&file).is_none()
    };
    Ok(paths.into_iter().filter(is_own).collect())
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
    find_folder(c, folder)?.ok_or_else(|| LibraryError::NoSuchFolder(folder.to_owned()))
}

fn find_folder(c: &Connection, folder: &Path) -> Result<Option<i64>> {
    let mut query = c.prepare_cached("SELECT id FROM folder WHERE path = ?1")?;
    Ok(query.query_row([path::to_bytes(folder)], |row| row.get(0)).optional()?)
}
