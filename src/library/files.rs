//! Which files show which picture. A photo is found by its picture's hash at any number of paths; what was decided
//! about its faces holds for all of them.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::attempts;
use super::carry;
use super::error::Result;
use super::faces;
use super::folders::Folders;
use super::open::{Library, LibraryReader};
use super::path;
use super::scan::{FileFacts, FileHashes, PhotoState, ScanId, folder_of, leads_to, state_from};
use super::sought;
use crate::types::{ModelId, PhotoId};
use std::path::{Path, PathBuf};

/// What the library already knows of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownFile {
    pub photo_id: PhotoId,
    pub size: u64,
    pub mtime_ns: i64,
    /// None: not known, as on Windows.
    pub ctime_ns: Option<i64>,
    /// Of the file's bytes.
    pub sha256: Option<[u8; 32]>,
    /// Whether the picture's hash is known; an older program did not compute it.
    pub has_picture: bool,
    pub state: PhotoState,
    pub missing: bool,
    /// Which detector looked through it; none where it failed.
    pub detector: Option<ModelId>,
    /// The program's version that could not decode it.
    pub failed_by: Option<String>,
    /// Why the file could not be read at the last scan.
    pub problem: Option<String>,
}

impl KnownFile {
    /// Size and times of the file are as they were. Without the inode's time, another file of the same size and
    /// modification time is taken for this one.
    pub fn is_unchanged(&self, file: &FileFacts) -> bool {
        let same_inode = self.ctime_ns.is_none() || file.ctime_ns.is_none() || self.ctime_ns == file.ctime_ns;
        same_inode && self.size == file.size && self.mtime_ns == file.mtime_ns
    }

    /// Nothing new can come of looking at an unchanged file: `detector` has looked through it, or this program failed.
    pub fn is_settled(&self, detector: &ModelId) -> bool {
        let looked_through = match self.state {
            PhotoState::Done => self.detector.as_ref().is_some_and(|by| serves(by, detector)),
            PhotoState::Failed { .. } => self.failed_by.as_deref() == Some(PROGRAM),
        };
        self.has_picture && self.problem.is_none() && looked_through
    }
}

/// What the library makes of a file whose hashes are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placed {
    /// A picture that nobody has looked through with this detector.
    New,
    /// A known picture. The path leads to it now; faces and names are there.
    Known { is_new_path: bool },
    /// A picture that this program cannot decode, and why.
    Failed { reason: String },
}

/// Of a detector that looked for small faces too.
const SMALL_FACES: &str = "+small-faces";

/// Who looks through photos where a detector looks for small faces too.
pub(crate) fn with_small_faces(detector: &ModelId) -> ModelId {
    ModelId(format!("{detector}{SMALL_FACES}"))
}

/// Whether a photo that was looked through by one need not be by the other: who looked for small faces has seen the
/// large ones.
fn serves(by: &ModelId, wanted: &ModelId) -> bool {
    by == wanted || by.0.strip_suffix(SMALL_FACES) == Some(wanted.0.as_str())
}

/// The version whose failures are not tried again by the same one.
pub(super) const PROGRAM: &str = env!("CARGO_PKG_VERSION");

impl Library {
    /// Points a path to its picture, where that is known. Expects the file's hashes.
    pub(crate) fn place(&mut self, scan: ScanId, file: &FileFacts, detector: &ModelId) -> Result<Placed> {
        let Some(hashes) = file.hashes else { return Ok(Placed::New) };
        self.write(|t| {
            attempts::note_content(t, file)?;
            let Some(photo) = find_photo(t, &hashes)? else { return Ok(Placed::New) };
            let (state, looked_by, failed_by) = standing(t, photo)?;
            let placed = match state {
                PhotoState::Done if looked_by.as_ref().is_some_and(|by| serves(by, detector)) => {
                    Placed::Known { is_new_path: !leads_to(t, &file.path, photo)? }
                }
                PhotoState::Failed { reason }
                    if failed_by.as_deref() == Some(PROGRAM) && is_tried(t, photo, &hashes.file)? =>
                {
                    Placed::Failed { reason }
                }
                _ => return Ok(Placed::New),
            };
            link(t, scan, file, photo)?;
            Ok(placed)
        })
    }

    /// Notes that unchanged files are still there.
    pub(crate) fn mark_seen(&mut self, scan: ScanId, files: &[FileFacts]) -> Result<()> {
        self.write(|t| {
            let (folder, folders) = (folder_of(t, scan)?, Folders::load(t)?);
            for file in files {
                let folder = folders.innermost(&file.path).unwrap_or(folder);
                let seen = params![path::to_bytes(&file.path), scan.0, folder, file.ctime_ns];
                let is_there = t
                    .prepare_cached(
                        "UPDATE file SET seen_in_scan = ?2, folder_id = ?3, ctime_ns = ifnull(?4, ctime_ns) \
                         WHERE path = ?1 AND missing = 0",
                    )?
                    .execute(seen)?;
                if is_there == 0 {
                    came_back(t, seen)?;
                }
            }
            Ok(())
        })
    }
}

impl LibraryReader {
    /// What is known of a path, or None.
    pub(crate) fn known(&self, path: &Path) -> Result<Option<KnownFile>> {
        self.read(|c| known(c, path))
    }

    /// Where a photo's picture is found now, in order of path.
    /// The folder from which a scan has come to this file: through a link it may lie in none of them.
    pub(crate) fn met_by(&self, file: &Path) -> Result<Option<PathBuf>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT folder.path FROM file JOIN folder ON folder.id = folder_id WHERE file.path = ?1",
            )?;
            let folder = query.query_row([path::to_bytes(file)], |row| Ok(path::from_bytes(row.get(0)?)));
            Ok(folder.optional()?)
        })
    }

    pub(crate) fn paths_of(&self, photo: PhotoId) -> Result<Vec<PathBuf>> {
        self.read(|c| {
            let mut query =
                c.prepare_cached("SELECT path FROM file WHERE photo_id = ?1 AND missing = 0 ORDER BY path")?;
            Ok(query.query_map([photo.0], |row| row.get(0).map(path::from_bytes))?.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// A file that was missing is seen again.
fn came_back(t: &Transaction, seen: &[&dyn rusqlite::ToSql]) -> Result<()> {
    let mut query = t.prepare_cached(
        "UPDATE file SET seen_in_scan = ?2, folder_id = ?3, ctime_ns = ifnull(?4, ctime_ns), missing = 0 \
         WHERE path = ?1 RETURNING photo_id",
    )?;
    let photo: Option<i64> = query.query_row(seen, |row| row.get(0)).optional()?;
    photo.map_or(Ok(()), |photo| settle(t, PhotoId(photo)))
}

fn known(c: &Connection, path: &Path) -> Result<Option<KnownFile>> {
    let mut query = c.prepare_cached(
        "SELECT photo_id, file.size, mtime_ns, file.sha256, picture IS NOT NULL, reason, file.missing, detector, \
         failed_by, problem, ctime_ns FROM file JOIN photo ON photo.id = photo_id WHERE file.path = ?1",
    )?;
    let known = query.query_row([path::to_bytes(path)], |row| {
        Ok(KnownFile {
            photo_id: PhotoId(row.get(0)?),
            size: row.get::<_, i64>(1)? as u64,
            mtime_ns: row.get(2)?,
            sha256: row.get(3)?,
            has_picture: row.get(4)?,
            state: state_from(row.get(5)?),
            missing: row.get(6)?,
            detector: row.get::<_, Option<String>>(7)?.map(ModelId),
            failed_by: row.get(8)?,
            problem: row.get(9)?,
            ctime_ns: row.get(10)?,
        })
    });
    Ok(known.optional()?)
}

/// The photo of a picture. One that an older program recorded is known by the bytes of its file, and gets its hash now.
pub(super) fn find_photo(t: &Transaction, hashes: &FileHashes) -> Result<Option<PhotoId>> {
    let by_picture: Option<i64> = t
        .prepare_cached("SELECT id FROM photo WHERE picture = ?1")?
        .query_row([hashes.picture], |row| row.get(0))
        .optional()?;
    let mut query = t.prepare_cached("SELECT id FROM photo WHERE picture IS NULL AND sha256 = ?1 ORDER BY id")?;
    let by_bytes: Vec<i64> = query.query_map([hashes.file], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let Some(kept) = by_picture.or(by_bytes.first().copied()) else { return Ok(None) };
    for twin in by_bytes.into_iter().filter(|&twin| twin != kept) {
        merge_photos(t, PhotoId(twin), PhotoId(kept))?;
    }
    t.prepare_cached("UPDATE photo SET picture = ?2 WHERE id = ?1")?.execute(params![kept, hashes.picture])?;
    Ok(Some(PhotoId(kept)))
}

/// Two photos turn out to be one picture: files and faces of `from` go to `into`.
fn merge_photos(t: &Transaction, from: PhotoId, into: PhotoId) -> Result<()> {
    faces::merge(t, from, into)?;
    t.execute("UPDATE file SET photo_id = ?2 WHERE photo_id = ?1", params![from.0, into.0])?;
    t.execute("UPDATE photo SET replaced_by = ?2 WHERE replaced_by = ?1", params![from.0, into.0])?;
    t.execute("UPDATE OR IGNORE replaced SET old = ?2 WHERE old = ?1 AND new <> ?2", params![from.0, into.0])?;
    t.execute("UPDATE OR IGNORE replaced SET new = ?2 WHERE new = ?1 AND old <> ?2", params![from.0, into.0])?;
    t.execute("DELETE FROM photo WHERE id = ?1", [from.0])?;
    settle(t, into)
}

/// Whether a file of these bytes leads to the photo. Another one of the same picture may be damaged where no part of the
/// picture is, in a checksum or in its container.
pub(super) fn is_tried(c: &Connection, photo: PhotoId, bytes: &[u8; 32]) -> Result<bool> {
    let mut query = c.prepare_cached("SELECT 1 FROM file WHERE photo_id = ?1 AND sha256 = ?2")?;
    Ok(query.exists(params![photo.0, bytes])?)
}

type PhotoStatus = (PhotoState, Option<ModelId>, Option<String>);

/// A photo's state, its detector, and the program that failed.
pub(super) fn standing(c: &Connection, photo: PhotoId) -> Result<PhotoStatus> {
    let mut query = c.prepare_cached("SELECT reason, detector, failed_by FROM photo WHERE id = ?1")?;
    Ok(query.query_row([photo.0], |row| {
        Ok((state_from(row.get(0)?), row.get::<_, Option<String>>(1)?.map(ModelId), row.get(2)?))
    })?)
}

/// Lets a path lead to a photo. The photo that it led to before is replaced there; its faces stay with it.
pub(super) fn link(t: &Transaction, scan: ScanId, file: &FileFacts, photo: PhotoId) -> Result<()> {
    let bytes = path::to_bytes(&file.path);
    let before: Option<(i64, i64)> = t
        .prepare_cached("SELECT photo_id, linked_in_scan FROM file WHERE path = ?1")?
        .query_row([&bytes], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let had_left = before.map_or(Ok(false), |(shown, _)| has_left(t, &bytes, PhotoId(shown)))?;
    t.prepare_cached(
        "INSERT INTO file (path, photo_id, folder_id, seen_in_scan, linked_in_scan, size, mtime_ns, sha256, ctime_ns) \
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (path) DO UPDATE SET photo_id = excluded.photo_id, \
         folder_id = excluded.folder_id, seen_in_scan = excluded.seen_in_scan, \
         linked_in_scan = CASE photo_id WHEN excluded.photo_id THEN linked_in_scan ELSE excluded.linked_in_scan END, \
         size = excluded.size, mtime_ns = excluded.mtime_ns, sha256 = ifnull(excluded.sha256, sha256), \
         ctime_ns = excluded.ctime_ns, problem = NULL, missing = 0, may_be_other = 0",
    )?
    .execute(params![
        bytes,
        photo.0,
        Folders::load(t)?.innermost(&file.path).map_or_else(|| folder_of(t, scan), Ok)?,
        scan.0,
        file.size as i64,
        file.mtime_ns,
        file.hashes.map(|hashes| hashes.file),
        file.ctime_ns
    ])?;
    if before.is_none_or(|(shown, _)| shown != photo.0) {
        // It was not there until now, so another one that took its place elsewhere lost it nothing.
        t.prepare_cached("UPDATE photo SET replaced_by = NULL WHERE id = ?1")?.execute([photo.0])?;
        // But for a file that this very scan could not read.
        t.prepare_cached("UPDATE file SET may_be_other = 0 WHERE photo_id = ?1 AND seen_in_scan <> ?2")?
            .execute([photo.0, scan.0])?;
    }
    if let Some((old, _)) = before.filter(|(old, _)| *old != photo.0) {
        carry::note_newer(t, photo, PhotoId(old))?;
        carry::open_circle(t, photo, PhotoId(old))?;
    }
    settle(t, photo)?;
    match before {
        Some((old, since)) if old != photo.0 && had_left => note_pair(t, PhotoId(old), photo, ScanId(since)),
        Some((old, since)) if old != photo.0 => replaced(t, PhotoId(old), photo, ScanId(since)),
        Some(_) => Ok(()),
        None => last_at(t, &bytes, photo)?.into_iter().try_for_each(|old| replaced(t, old, photo, NOT_KNOWN)),
    }
}

/// Since when a picture was at its last path is not known where no file tells; so it does not say that the one there now
/// came later.
const NOT_KNOWN: ScanId = ScanId(i64::MAX);

/// Pictures without a file that were last at this path: imported, or of a folder that was not scanned for a while. They
/// were edited there or replaced meanwhile. So was one whose successor is nowhere, too. An imported one that no scan has
/// met may come from a computer where its folder had another place: a new picture of its file's name is taken for its
/// successor, until the picture itself is found.
fn last_at(t: &Transaction, path: &[u8], by: PhotoId) -> Result<Vec<PhotoId>> {
    let mut query = t.prepare_cached(
        "SELECT id FROM photo WHERE missing = 1 AND id <> ?2 AND ((path = ?1 \
         AND (replaced_by IS NULL OR EXISTS (SELECT 1 FROM photo AS by WHERE by.id = photo.replaced_by AND by.id <> ?2 \
         AND by.missing = 1 AND by.id <> photo.id))) \
         OR (name_key = ?3 AND replaced_by IS NULL AND detector IS NULL AND found_in_scan = 0 \
         AND (SELECT found_in_scan > 0 FROM photo AS by WHERE by.id = ?2))) \
         AND NOT EXISTS (SELECT 1 FROM file WHERE photo_id = photo.id) \
         AND EXISTS (SELECT 1 FROM face WHERE photo_id = photo.id) ORDER BY id",
    )?;
    let name = path::name_key(&path::from_bytes(path.to_owned()));
    let photos = query.query_map(params![path, by.0, name], |row| row.get(0).map(PhotoId))?;
    Ok(photos.collect::<rusqlite::Result<_>>()?)
}

/// Another picture has taken a photo's place at a path where it was since that scan. A photo that only stood for an
/// unreadable file goes, and what it had replaced is replaced by what the file turns out to show.
fn replaced(t: &Transaction, old: PhotoId, by: PhotoId, since: ScanId) -> Result<()> {
    settle(t, old)?;
    if stands_for_unreadable(t, old)? {
        // Nothing could be found in it: only now the two can be compared.
        t.prepare_cached(
            "INSERT OR IGNORE INTO replaced (old, new, came_later) SELECT id, ?2, 0 FROM photo \
             WHERE replaced_by = ?1 AND id <> ?2",
        )?
        .execute([old.0, by.0])?;
        t.prepare_cached("UPDATE photo SET replaced_by = ?2 WHERE replaced_by = ?1 AND id <> ?2")?
            .execute([old.0, by.0])?;
        t.prepare_cached("DELETE FROM photo WHERE id = ?1")?.execute([old.0])?;
        return Ok(());
    }
    t.prepare_cached("UPDATE photo SET replaced_by = ?2 WHERE id = ?1")?.execute(params![old.0, by.0])?;
    note_pair(t, old, by, since)
}

/// Whether a photo was gone from this path before, and is at another: what comes here then takes nobody's place.
fn has_left(t: &Transaction, path: &[u8], photo: PhotoId) -> Result<bool> {
    let mut query = t.prepare_cached(
        "SELECT 1 FROM file WHERE path = ?1 AND photo_id = ?2 AND missing = 1 \
         AND EXISTS (SELECT 1 FROM file AS other WHERE other.photo_id = ?2 AND other.missing = 0)",
    )?;
    Ok(query.exists(params![path, photo.0])?)
}

/// Two pictures that are to be compared: the second is where the first was since that scan.
fn note_pair(t: &Transaction, old: PhotoId, by: PhotoId, since: ScanId) -> Result<()> {
    t.prepare_cached(
        "INSERT INTO replaced (old, new, came_later) SELECT ?1, id, found_in_scan > ?3 FROM photo WHERE id = ?2 \
         ON CONFLICT (old, new) DO UPDATE SET came_later = max(came_later, excluded.came_later)",
    )?
    .execute(params![old.0, by.0, since.0])?;
    Ok(())
}

/// A photo without a file is replaced by nothing known where its last file was written into before it went, and nobody
/// could read it since: renamed after an edit, as it may be, it would else be sought nowhere. Its faces are lost, and are
/// looked for in what comes.
pub(super) fn replaced_unread(t: &Transaction, photo: PhotoId) -> Result<()> {
    t.prepare_cached(
        "UPDATE photo SET replaced_by = id WHERE id = ?1 AND missing = 1 AND replaced_by IS NULL \
         AND EXISTS (SELECT 1 FROM file WHERE photo_id = photo.id AND may_be_other = 1) \
         AND EXISTS (SELECT 1 FROM face WHERE photo_id = photo.id)",
    )?
    .execute([photo.0])?;
    Ok(())
}

/// Whether a photo is none, but a file that never could be read, and that is gone or can be read now.
fn stands_for_unreadable(t: &Transaction, photo: PhotoId) -> Result<bool> {
    let mut query = t.prepare_cached(
        "SELECT 1 FROM photo WHERE id = ?1 AND picture IS NULL AND missing = 1 AND width = 0 \
         AND NOT EXISTS (SELECT 1 FROM face WHERE photo_id = ?1)",
    )?;
    Ok(query.exists([photo.0])?)
}

/// Shows a photo by one of its files, one on a drive that is there before others: the one it was shown by, else the
/// first in order of path. Without any it is missing, and keeps its last path.
pub(super) fn settle(t: &Transaction, photo: PhotoId) -> Result<()> {
    let shown: Option<(Vec<u8>, i64, bool)> = t
        .prepare_cached(
            "SELECT file.path, file.size, photo.missing FROM file JOIN photo ON photo.id = photo_id \
             JOIN folder ON folder.id = folder_id \
             WHERE photo_id = ?1 AND file.missing = 0 ORDER BY offline, file.path <> photo.path, file.path LIMIT 1",
        )?
        .query_row([photo.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if matches!(shown, Some((.., true))) {
        // A picture that is back speaks for itself again: its faces may be lost once more.
        t.prepare_cached("DELETE FROM carried WHERE face_id IN (SELECT id FROM face WHERE photo_id = ?1)")?
            .execute([photo.0])?;
        t.prepare_cached("UPDATE photo SET replaced_by = NULL WHERE id = ?1")?.execute([photo.0])?;
        sought::seek_in(t, photo)?;
    }
    match shown {
        None => t.prepare_cached("UPDATE photo SET missing = 1 WHERE id = ?1")?.execute([photo.0])?,
        Some((bytes, size, _)) => {
            let key = path::name_key(&path::from_bytes(bytes.clone()));
            t.prepare_cached("UPDATE photo SET missing = 0, path = ?2, name_key = ?3, size = ?4 WHERE id = ?1")?
                .execute(params![photo.0, bytes, key, size])?
        }
    };
    Ok(())
}

/// Photos whose note that they are missing does not fit their files.
pub(super) const TO_SETTLE: &str = "photo WHERE missing \
    <> (NOT EXISTS (SELECT 1 FROM file WHERE photo_id = photo.id AND file.missing = 0))";

/// Settles photos of which that was not done when their files changed: by an older program, or in a library that a backup
/// brings back.
pub(super) fn settle_all(t: &Transaction) -> Result<()> {
    let mut query = t.prepare(&format!("SELECT id FROM {TO_SETTLE}"))?;
    let photos: Vec<i64> = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    photos.into_iter().try_for_each(|photo| settle(t, PhotoId(photo)))
}
