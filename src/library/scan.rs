//! What a scan writes. One transaction a batch of photos, so a killed scan loses at most the photos in flight, and the
//! next one goes on from there.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::error::Result;
use super::faces::{self, FaceRecord};
use super::open::{Library, LibraryReader};
use super::path;
use crate::types::{ModelId, PhotoId};

/// A run over one folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanId(pub i64);

/// What the file system says of a photo, and the SHA-256 of its content where it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    pub path: PathBuf,
    pub size: u64,
    pub mtime_ns: i64,
    pub sha256: Option<[u8; 32]>,
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

/// What the library already knows of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPhoto {
    pub photo_id: PhotoId,
    pub size: u64,
    pub mtime_ns: i64,
    pub sha256: Option<[u8; 32]>,
    pub state: PhotoState,
    pub missing: bool,
    /// Which detector looked through it; none where it failed.
    pub detector: Option<ModelId>,
}

impl KnownPhoto {
    /// Size and time of the file are as they were.
    pub fn is_unchanged(&self, file: &FileFacts) -> bool {
        self.size == file.size && self.mtime_ns == file.mtime_ns
    }
}

/// What became of a photo's faces when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub photo_id: PhotoId,
    /// Faces that stood there before and keep their id, name and decisions.
    pub faces_kept: usize,
    pub faces_new: usize,
    /// Faces that are gone, with what was said about them.
    pub faces_lost: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanOutcome {
    Complete,
    Cancelled,
}

/// What a scan met: photos that could be looked through, and their faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanCounts {
    pub photos: usize,
    pub faces: usize,
}

/// A scanned folder and its last scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedFolder {
    pub path: PathBuf,
    pub started_at_secs: i64,
    pub finished_at_secs: Option<i64>,
    /// None: the program was stopped in the middle.
    pub outcome: Option<ScanOutcome>,
}

impl Library {
    pub fn begin_scan(&mut self, folder: &Path) -> Result<ScanId> {
        let bytes = path::to_bytes(folder);
        self.write(|t| {
            t.execute("INSERT OR IGNORE INTO folder (path, added_at) VALUES (?1, ?2)", params![bytes, now_secs()])?;
            t.execute(
                "INSERT INTO scan (folder_id, started_at) SELECT id, ?2 FROM folder WHERE path = ?1",
                params![bytes, now_secs()],
            )?;
            Ok(ScanId(t.last_insert_rowid()))
        })
    }

    /// Notes that unchanged photos are still there.
    pub fn mark_seen(&mut self, scan: ScanId, photos: &[PhotoId]) -> Result<()> {
        self.write(|t| {
            let folder = folder_of(t, scan)?;
            let mut update =
                t.prepare_cached("UPDATE photo SET seen_in_scan = ?2, folder_id = ?3, missing = 0 WHERE id = ?1")?;
            for photo in photos {
                update.execute(params![photo.0, scan.0, folder])?;
            }
            Ok(())
        })
    }

    /// Looks for a photo of the same content whose own file is gone: the file was moved. The photo takes the new path
    /// and keeps faces and names. None when there is no such photo, or the new path is known already.
    pub fn adopt_moved(&mut self, scan: ScanId, file: &FileFacts) -> Result<Option<PhotoId>> {
        let Some(hash) = file.sha256 else { return Ok(None) };
        if self.known(&file.path)?.is_some() {
            return Ok(None);
        }
        let same_content = self.read(|c| {
            let mut query =
                c.prepare_cached("SELECT id, path FROM photo WHERE sha256 = ?1 AND state = 'done' ORDER BY id")?;
            let rows = query.query_map([hash], |row| Ok((PhotoId(row.get(0)?), path::from_bytes(row.get(1)?))))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        })?;
        let Some((photo, _)) = same_content.into_iter().find(|(_, old)| is_gone(old)) else { return Ok(None) };
        self.write(|t| {
            t.execute(
                "UPDATE photo SET path = ?2, name_key = ?3, size = ?4, mtime_ns = ?5, seen_in_scan = ?6, \
                 folder_id = ?7, missing = 0 WHERE id = ?1",
                params![
                    photo.0,
                    path::to_bytes(&file.path),
                    path::name_key(&file.path),
                    file.size as i64,
                    file.mtime_ns,
                    scan.0,
                    folder_of(t, scan)?
                ],
            )?;
            Ok(Some(photo))
        })
    }

    /// Records a batch of photos, all or none. Faces of a photo that was there before keep id, name and decisions
    /// where the new box overlaps the old one by half or more (intersection over union).
    pub fn record_photos(&mut self, scan: ScanId, photos: &[PhotoRecord]) -> Result<Vec<Recorded>> {
        self.write(|t| {
            let folder = folder_of(t, scan)?;
            photos.iter().map(|photo| record(t, scan, folder, photo)).collect()
        })
    }

    /// Records that a file could not be looked through. Faces from an earlier, readable version stay.
    pub fn record_skip(&mut self, scan: ScanId, file: &FileFacts, reason: &str) -> Result<PhotoId> {
        self.write(|t| {
            let row = PhotoRow { file, state: PhotoState::Failed { reason: reason.to_owned() }, decoded: None };
            upsert(t, scan, folder_of(t, scan)?, &row)
        })
    }

    /// Closes a scan. After a complete one, photos of the folder that were not met and are gone from the disk are
    /// marked as missing; their faces and names stay for the day they return. Returns how many are newly missing.
    pub fn finish_scan(&mut self, scan: ScanId, outcome: ScanOutcome) -> Result<usize> {
        let gone = match outcome {
            ScanOutcome::Complete => self.gone_since(scan)?,
            ScanOutcome::Cancelled => Vec::new(),
        };
        self.write(|t| {
            let mut update = t.prepare_cached("UPDATE photo SET missing = 1 WHERE id = ?1")?;
            for photo in &gone {
                update.execute([photo.0])?;
            }
            let outcome = match outcome {
                ScanOutcome::Complete => "complete",
                ScanOutcome::Cancelled => "cancelled",
            };
            t.execute(
                "UPDATE scan SET finished_at = ?2, outcome = ?3 WHERE id = ?1",
                params![scan.0, now_secs(), outcome],
            )?;
            Ok(gone.len())
        })
    }

    fn gone_since(&self, scan: ScanId) -> Result<Vec<PhotoId>> {
        self.read(|c| {
            let folder: Vec<u8> = c.query_row(
                "SELECT path FROM folder WHERE id = (SELECT folder_id FROM scan WHERE id = ?1)",
                [scan.0],
                |row| row.get(0),
            )?;
            let folder = path::from_bytes(folder);
            let mut query = c.prepare("SELECT id, path FROM photo WHERE seen_in_scan <> ?1 AND missing = 0")?;
            let rows = query.query_map([scan.0], |row| Ok((PhotoId(row.get(0)?), path::from_bytes(row.get(1)?))))?;
            let mut gone = Vec::new();
            for row in rows {
                let (photo, path) = row?;
                if path.starts_with(&folder) && is_gone(&path) {
                    gone.push(photo);
                }
            }
            Ok(gone)
        })
    }
}

impl LibraryReader {
    /// What is known of a path, or None.
    pub fn known(&self, path: &Path) -> Result<Option<KnownPhoto>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT id, size, mtime_ns, sha256, reason, missing, detector FROM photo WHERE path = ?1",
            )?;
            let known = query.query_row([path::to_bytes(path)], |row| {
                Ok(KnownPhoto {
                    photo_id: PhotoId(row.get(0)?),
                    size: row.get::<_, i64>(1)? as u64,
                    mtime_ns: row.get(2)?,
                    sha256: row.get(3)?,
                    state: match row.get::<_, Option<String>>(4)? {
                        Some(reason) => PhotoState::Failed { reason },
                        None => PhotoState::Done,
                    },
                    missing: row.get(5)?,
                    detector: row.get::<_, Option<String>>(6)?.map(ModelId),
                })
            });
            Ok(known.optional()?)
        })
    }

    pub fn scan_counts(&self, scan: ScanId) -> Result<ScanCounts> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT count(*), ifnull(sum((SELECT count(*) FROM face WHERE photo_id = photo.id AND \
                 set_aside IS NULL)), 0) FROM photo WHERE seen_in_scan = ?1 AND state = 'done'",
            )?;
            let counts = query.query_row([scan.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
            Ok(ScanCounts { photos: counts.0 as usize, faces: counts.1 as usize })
        })
    }

    /// Every folder ever scanned, with its last scan, the latest first.
    pub fn folders(&self) -> Result<Vec<ScannedFolder>> {
        self.read(|c| {
            let mut query = c.prepare(
                "SELECT folder.path, scan.started_at, scan.finished_at, scan.outcome FROM folder JOIN scan \
                 ON scan.id = (SELECT max(id) FROM scan WHERE folder_id = folder.id) ORDER BY scan.id DESC",
            )?;
            let rows = query.query_map([], |row| {
                let outcome: Option<String> = row.get(3)?;
                Ok(ScannedFolder {
                    path: path::from_bytes(row.get(0)?),
                    started_at_secs: row.get(1)?,
                    finished_at_secs: row.get(2)?,
                    outcome: outcome.map(|o| match o.as_str() {
                        "complete" => ScanOutcome::Complete,
                        _ => ScanOutcome::Cancelled,
                    }),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Now, in seconds since 1970.
pub(super) fn now_secs() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}

fn folder_of(c: &Connection, scan: ScanId) -> Result<i64> {
    Ok(c.prepare_cached("SELECT folder_id FROM scan WHERE id = ?1")?.query_row([scan.0], |row| row.get(0))?)
}

/// Surely gone, not merely unreadable or on a drive that errs.
fn is_gone(path: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(std::fs::symlink_metadata(path), Err(error) if matches!(error.kind(), NotFound | NotADirectory))
}

fn record(t: &Transaction, scan: ScanId, folder: i64, photo: &PhotoRecord) -> Result<Recorded> {
    let before: Option<Option<Vec<u8>>> = t
        .prepare_cached("SELECT sha256 FROM photo WHERE path = ?1")?
        .query_row([path::to_bytes(&photo.file.path)], |row| row.get(0))
        .optional()?;
    let same_content = match (before, photo.file.sha256) {
        (Some(Some(old)), Some(new)) => old == new,
        _ => false,
    };
    let row = PhotoRow { file: &photo.file, state: PhotoState::Done, decoded: Some(photo) };
    let photo_id = upsert(t, scan, folder, &row)?;
    faces::replace(t, photo_id, &photo.model, &photo.faces, same_content)
}

struct PhotoRow<'a> {
    file: &'a FileFacts,
    state: PhotoState,
    decoded: Option<&'a PhotoRecord>,
}

/// Inserts the row of a path or updates it. A photo that can no longer be decoded keeps its last known picture facts.
fn upsert(t: &Transaction, scan: ScanId, folder: i64, row: &PhotoRow) -> Result<PhotoId> {
    let (state, reason) = match &row.state {
        PhotoState::Done => ("done", None),
        PhotoState::Failed { reason } => ("failed", Some(reason)),
    };
    let file = row.file;
    let id: i64 = t
        .prepare_cached(
            "INSERT INTO photo (path, name_key, folder_id, seen_in_scan, size, mtime_ns, sha256, state, reason, sort_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (path) DO UPDATE SET \
             folder_id = excluded.folder_id, seen_in_scan = excluded.seen_in_scan, size = excluded.size, \
             mtime_ns = excluded.mtime_ns, sha256 = excluded.sha256, state = excluded.state, \
             reason = excluded.reason, sort_at = excluded.sort_at, missing = 0, detector = NULL RETURNING id",
        )?
        .query_row(
            params![
                path::to_bytes(&file.path),
                path::name_key(&file.path),
                folder,
                scan.0,
                file.size as i64,
                file.mtime_ns,
                file.sha256,
                state,
                reason,
                sort_at(row)
            ],
            |row| row.get(0),
        )?;
    if let Some(photo) = row.decoded {
        t.prepare_cached(
            "UPDATE photo SET width = ?2, height = ?3, format = ?4, captured_at = ?5, camera = ?6, latitude = ?7, \
             longitude = ?8, detector = ?9 WHERE id = ?1",
        )?
        .execute(params![
            id,
            photo.width,
            photo.height,
            photo.format,
            photo.captured_at,
            photo.camera,
            photo.gps.map(|g| g[0]),
            photo.gps.map(|g| g[1]),
            photo.detector.0
        ])?;
    }
    Ok(PhotoId(id))
}

fn sort_at(row: &PhotoRow) -> String {
    if let Some(captured_at) = row.decoded.and_then(|photo| photo.captured_at.clone()) {
        return captured_at;
    }
    let file_time =
        jiff::Timestamp::from_nanosecond(i128::from(row.file.mtime_ns)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    file_time.to_zoned(jiff::tz::TimeZone::UTC).datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
