//! What a scan writes. One transaction a batch of photos, so a killed scan loses at most the photos in flight, and the
//! next one goes on from there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::error::{LibraryError, Result};
use super::faces::{self, FaceRecord};
use super::files::{
    PROGRAM, find_photo, is_tried, link, replaced_unread, settle, settle_all, standing, with_small_faces,
};
use super::gone::{Gone, told_missing};
use super::open::{Library, LibraryReader};
use super::path;
use super::photos::IS_NO_PHOTO;
use super::sought;
use crate::types::{Cancel, ModelId, PhotoId};

/// A run over one folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanId(pub i64);

/// SHA-256 of a file's bytes, and of its coded picture without metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileHashes {
    pub file: [u8; 32],
    pub picture: [u8; 32],
}

/// What the file system says of a photo, and its hashes where it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    pub path: PathBuf,
    pub size: u64,
    pub mtime_ns: i64,
    /// When the inode changed last, which no program sets; none on Windows.
    pub ctime_ns: Option<i64>,
    pub hashes: Option<FileHashes>,
}

/// A photo as decoded and looked through. `captured_at` is ISO 8601, local time.
#[derive(Debug, Clone)]
pub struct PhotoRecord {
    pub file: FileFacts,
    /// Upright, at full scale.
    pub width: u32,
    pub height: u32,
    pub format: String,
    pub captured_at: Option<String>,
    pub camera: Option<String>,
    pub gps: Option<[f64; 2]>,
    pub detector: ModelId,
    /// The model of the faces' embeddings.
    pub model: ModelId,
    pub faces: Vec<FaceRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhotoState {
    Done,
    Failed { reason: String },
}

/// What was known of a picture before it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownBefore {
    Nothing,
    /// An import brought it, and no scan had met it.
    ByImport,
    /// Somebody in it was forgotten who may be found again.
    Forgotten,
    /// Another detector looked through it.
    ByOtherDetector,
    /// The same detector did, for large faces alone.
    WithoutSmallFaces,
    /// Another file shows it, and this one was not known.
    AsCopy,
    /// Another file shows it, and so did this one.
    AsKnownCopy,
}

/// What became of a photo's faces when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub photo_id: PhotoId,
    pub(crate) before: KnownBefore,
    /// Faces that stood there before and keep their id, name and decisions.
    pub faces_kept: usize,
    pub faces_new: usize,
    /// Faces about which nothing was decided and that are not found any more.
    pub faces_lost: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanOutcome {
    Complete,
    Cancelled,
}

/// Whether a scan may mark more than half of a folder's photos as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingPolicy {
    /// Not without asking: the drive may not be there.
    #[default]
    Ask,
    Accept,
}

/// What the end of a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanEnd {
    /// Photos that are missing since this scan.
    pub missing: usize,
    /// More than half of the folder's photos are gone, so none was marked: how many, of how many.
    pub withheld: Option<(usize, usize)>,
}

/// What a scan met: photos that could be looked through, and their faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanCounts {
    pub photos: usize,
    pub faces: usize,
}

impl Library {
    pub fn begin_scan(&mut self, folder: &Path) -> Result<ScanId> {
        self.write(|t| {
            t.execute(
                "INSERT INTO folder (path, added_at) VALUES (?1, ?2) ON CONFLICT (path) DO NOTHING",
                params![path::to_bytes(folder), now_secs()],
            )?;
            begin(t, folder)?.ok_or_else(|| LibraryError::NoSuchFolder(folder.to_owned()))
        })
    }

    /// The same of a folder that was scanned before; none where the library does not have it any more.
    pub(crate) fn begin_scan_again(&mut self, folder: &Path) -> Result<Option<ScanId>> {
        self.write(|t| begin(t, folder))
    }

    /// Records a batch of photos, all or none. A picture that was there before keeps its faces with id, name and
    /// decisions where the new box overlaps the old one by half or more (intersection over union).
    ///
    /// # Errors
    /// When a file has no hashes, or an embedding has another length than its model's others.
    pub fn record_photos(&mut self, scan: ScanId, photos: &[PhotoRecord]) -> Result<Vec<Recorded>> {
        self.write(|t| photos.iter().map(|photo| record(t, scan, photo)).collect())
    }

    /// Records that a picture could not be decoded. Faces from an earlier, readable version stay.
    pub(crate) fn record_skip(&mut self, scan: ScanId, file: &FileFacts, reason: &str) -> Result<PhotoId> {
        self.write(|t| {
            let known = match &file.hashes {
                Some(hashes) => find_photo(t, hashes)?,
                None => unreadable_at(t, &file.path)?,
            };
            let photo = match known {
                Some(photo) => photo,
                None => insert_photo(t, scan, file)?,
            };
            // Another file may show the same picture, and be sound.
            let tried = match &file.hashes {
                Some(hashes) => is_tried(t, photo, &hashes.file)?,
                None => true,
            };
            t.prepare_cached(
                "UPDATE photo SET state = 'failed', reason = ?2, failed_by = ?3, detector = NULL WHERE id = ?1 \
                 AND (?4 OR detector IS NULL)",
            )?
            .execute(params![photo.0, reason, PROGRAM, tried])?;
            link(t, scan, file, photo)?;
            // One that is new was not known yet when it was looked into.
            t.prepare_cached("UPDATE file SET tried_at = ?2 WHERE path = ?1 AND tried_at IS NULL")?
                .execute(params![path::to_bytes(&file.path), now_secs()])?;
            Ok(photo)
        })
    }

    /// Records that a file could not be read. What is known of the path stays, and whether it was written into since; a
    /// path never read stands as failed.
    pub(crate) fn record_unreadable(&mut self, scan: ScanId, file: &FileFacts, problem: &str) -> Result<()> {
        let known = self.known(&file.path)?;
        let is_changed = known.as_ref().is_some_and(|known| !known.is_unchanged(file));
        if known.is_none_or(|known| !known.has_picture && known.sha256.is_none()) {
            self.record_skip(scan, &FileFacts { hashes: None, ..file.clone() }, problem)?;
        }
        self.write(|t| {
            let photo: i64 = t
                .prepare_cached(
                    "UPDATE file SET problem = ?2, seen_in_scan = ?3, missing = 0, may_be_other = may_be_other OR ?4 \
                     WHERE path = ?1 RETURNING photo_id",
                )?
                .query_row(params![path::to_bytes(&file.path), problem, scan.0, is_changed], |row| row.get(0))?;
            settle(t, PhotoId(photo))
        })
    }

    /// Closes a scan. After a complete one, files of the folder that were not met and are gone from the disk are
    /// marked as missing, and photos without any other file with them; their faces and names stay for the day they
    /// return. The disk is asked here; whoever shares the library with others asks it before ([`Self::end_scan`]).
    pub fn finish_scan(&mut self, scan: ScanId, outcome: ScanOutcome, policy: MissingPolicy) -> Result<ScanEnd> {
        let gone = match outcome {
            ScanOutcome::Complete => Gone::after(scan, None, policy, &Cancel::default(), |question| question(self))?,
            ScanOutcome::Cancelled => None,
        };
        self.end_scan(scan, outcome, policy, &gone.unwrap_or_default())
    }

    /// Closes a scan of which is known what is gone.
    pub(crate) fn end_scan(
        &mut self,
        scan: ScanId,
        outcome: ScanOutcome,
        policy: MissingPolicy,
        gone: &Gone,
    ) -> Result<ScanEnd> {
        let since = match outcome {
            ScanOutcome::Complete => self.gone_since(scan, gone)?,
            ScanOutcome::Cancelled => BTreeMap::new(),
        };
        let (mut end, gone) = told_missing(since.into_values(), policy);
        self.write(|t| {
            end.missing = mark_missing(t, &gone)?;
            close_scan(t, scan, outcome)?;
            Ok(end)
        })
    }
}

impl LibraryReader {
    pub(crate) fn scan_counts(&self, scan: ScanId) -> Result<ScanCounts> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT count(*), ifnull(sum((SELECT count(*) FROM face WHERE photo_id = photo.id AND \
                 set_aside IS NULL)), 0) FROM photo WHERE state = 'done' \
                 AND id IN (SELECT photo_id FROM file WHERE seen_in_scan = ?1)",
            )?;
            let counts = query.query_row([scan.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
            Ok(ScanCounts { photos: counts.0 as usize, faces: counts.1 as usize })
        })
    }
}

fn begin(t: &Transaction, folder: &Path) -> Result<Option<ScanId>> {
    let scan = insert_scan(t, folder)?;
    settle_all(t)?;
    Ok(scan)
}

/// A run over a folder that is there; none where the library does not have the folder.
pub(super) fn insert_scan(t: &Transaction, folder: &Path) -> Result<Option<ScanId>> {
    let bytes = path::to_bytes(folder);
    t.execute("UPDATE folder SET offline = 0 WHERE path = ?1", [&bytes])?;
    let scans = t.execute(
        "INSERT INTO scan (folder_id, started_at) SELECT id, ?2 FROM folder WHERE path = ?1",
        params![bytes, now_secs()],
    )?;
    Ok((scans > 0).then(|| ScanId(t.last_insert_rowid())))
}

pub(super) fn close_scan(t: &Transaction, scan: ScanId, outcome: ScanOutcome) -> Result<()> {
    let outcome = match outcome {
        ScanOutcome::Complete => "complete",
        ScanOutcome::Cancelled => "cancelled",
    };
    t.execute("UPDATE scan SET finished_at = ?2, outcome = ?3 WHERE id = ?1", params![scan.0, now_secs(), outcome])?;
    Ok(())
}

/// Marks files as missing, and photos that have no other. Returns how many photos that were.
pub(super) fn mark_missing(t: &Transaction, files: &[PathBuf]) -> Result<usize> {
    let is_missing = format!("SELECT 1 FROM photo WHERE id = ?1 AND missing = 1 AND NOT ({IS_NO_PHOTO})");
    let mut photos = 0;
    for file in files {
        let photo: Option<i64> = t
            .prepare_cached("UPDATE file SET missing = 1 WHERE path = ?1 AND missing = 0 RETURNING photo_id")?
            .query_row([path::to_bytes(file)], |row| row.get(0))
            .optional()?;
        // It may have left the library while the disk was asked.
        let Some(photo) = photo else { continue };
        settle(t, PhotoId(photo))?;
        replaced_unread(t, PhotoId(photo))?;
        photos += usize::from(t.prepare_cached(&is_missing)?.exists([photo])?);
    }
    Ok(photos)
}

/// Now, in seconds since 1970.
pub(super) fn now_secs() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}

pub(super) fn folder_of(c: &Connection, scan: ScanId) -> Result<i64> {
    Ok(c.prepare_cached("SELECT folder_id FROM scan WHERE id = ?1")?.query_row([scan.0], |row| row.get(0))?)
}

pub(super) fn state_from(reason: Option<String>) -> PhotoState {
    reason.map_or(PhotoState::Done, |reason| PhotoState::Failed { reason })
}

pub(super) fn leads_to(c: &Connection, path: &Path, photo: PhotoId) -> Result<bool> {
    let mut query = c.prepare_cached("SELECT 1 FROM file WHERE path = ?1 AND photo_id = ?2")?;
    Ok(query.exists(params![path::to_bytes(path), photo.0])?)
}

/// Whether a scan has found a file of the photo, at whatever path.
fn was_met(t: &Transaction, photo: Option<PhotoId>) -> Result<bool> {
    let mut query = t.prepare_cached(
        "SELECT 1 FROM photo WHERE id = ?1 AND (found_in_scan > 0 OR EXISTS (SELECT 1 FROM file WHERE photo_id = ?1))",
    )?;
    Ok(query.exists([photo.map(|photo| photo.0)])?)
}

fn record(t: &Transaction, scan: ScanId, record: &PhotoRecord) -> Result<Recorded> {
    let hashes = record.file.hashes.ok_or(LibraryError::BadValue { what: "picture without a hash" })?;
    let known = find_photo(t, &hashes)?;
    let was_there = known.map_or(Ok(false), |photo| leads_to(t, &record.file.path, photo))?;
    let before = match known.map(|photo| standing(t, photo)).transpose()? {
        Some((PhotoState::Done, Some(by), _)) if by == record.detector => match was_there {
            true => KnownBefore::AsKnownCopy,
            false => KnownBefore::AsCopy,
        },
        Some((PhotoState::Done, Some(by), _)) if with_small_faces(&by) == record.detector => {
            KnownBefore::WithoutSmallFaces
        }
        Some((PhotoState::Done, Some(_), _)) => KnownBefore::ByOtherDetector,
        Some((PhotoState::Done, None, _)) if was_met(t, known)? => KnownBefore::Forgotten,
        Some((PhotoState::Done, None, _)) => KnownBefore::ByImport,
        _ => KnownBefore::Nothing,
    };
    let photo = match known {
        Some(photo) => photo,
        None => insert_photo(t, scan, &record.file)?,
    };
    t.prepare_cached(
        "UPDATE photo SET state = 'done', reason = NULL, failed_by = NULL, sha256 = ifnull(sha256, ?2), \
         width = ?3, height = ?4, format = ?5, captured_at = ?6, camera = ?7, latitude = ?8, longitude = ?9, \
         detector = ?10, sort_at = ?11 WHERE id = ?1",
    )?
    .execute(params![
        photo.0,
        hashes.file,
        record.width,
        record.height,
        record.format,
        record.captured_at,
        record.camera,
        record.gps.map(|g| g[0]),
        record.gps.map(|g| g[1]),
        record.detector.0,
        record.captured_at.clone().unwrap_or_else(|| file_time(&record.file))
    ])?;
    link(t, scan, &record.file, photo)?;
    sought::seek_in(t, photo)?;
    Ok(Recorded { before, ..faces::replace(t, photo, &record.model, &record.faces)? })
}

/// A photo of which nothing is known yet but its file.
fn insert_photo(t: &Transaction, scan: ScanId, file: &FileFacts) -> Result<PhotoId> {
    t.prepare_cached(
        "INSERT INTO photo (picture, path, name_key, size, sha256, state, reason, sort_at, found_in_scan) \
         VALUES (?1, ?2, ?3, ?4, ?5, 'failed', '', ?6, ?7)",
    )?
    .execute(params![
        file.hashes.map(|hashes| hashes.picture),
        path::to_bytes(&file.path),
        path::name_key(&file.path),
        file.size as i64,
        file.hashes.map(|hashes| hashes.file),
        file_time(file),
        scan.0
    ])?;
    Ok(PhotoId(t.last_insert_rowid()))
}

/// The photo that stands for a file which could never be read.
fn unreadable_at(c: &Connection, path: &Path) -> Result<Option<PhotoId>> {
    let mut query = c.prepare_cached(
        "SELECT photo_id FROM file JOIN photo ON photo.id = photo_id \
         WHERE file.path = ?1 AND picture IS NULL AND file.sha256 IS NULL",
    )?;
    Ok(query.query_row([path::to_bytes(path)], |row| row.get(0).map(PhotoId)).optional()?)
}

/// The order of photos that do not tell when they were taken.
fn file_time(file: &FileFacts) -> String {
    let time = jiff::Timestamp::from_nanosecond(i128::from(file.mtime_ns)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(jiff::tz::TimeZone::UTC).datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
