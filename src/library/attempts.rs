//! Which file was being looked through when the program died, so that one bad file does not stop every later scan.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, params};
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::open::{Library, LibraryReader};
use super::path::{self, AT_OR_BELOW, at_or_below};
use super::scan::{FileFacts, now_secs};

/// How often the program may die with a file, the last time alone, before the file is set aside.
const DEATHS: i64 = 2;

/// A file that was being looked through when the program died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suspect {
    pub path: PathBuf,
    size: Option<i64>,
    mtime_ns: Option<i64>,
    ctime_ns: Option<i64>,
    /// None: the program died before it knew what is in the file.
    sha256: Option<[u8; 32]>,
    /// It died with this file again, and alone: it is not tried any more.
    pub is_guilty: bool,
}

impl Suspect {
    /// The program died so often while it read this file, before it knew what is in it: it is not even read.
    pub fn is_unreadable(&self, file: &FileFacts) -> bool {
        let is_this =
            (self.size, self.mtime_ns, self.ctime_ns) == (Some(file.size as i64), Some(file.mtime_ns), file.ctime_ns);
        self.is_guilty && self.sha256.is_none() && is_this
    }

    /// What is in the file is what the program died of.
    pub fn is_guilty_of(&self, sha256: &[u8; 32]) -> bool {
        self.is_guilty && self.sha256.as_ref() == Some(sha256)
    }
}

/// How far scans have come: it changes with every photo that one records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScanProgress {
    files: i64,
    /// By who looked through them.
    photos: Vec<(Option<String>, i64)>,
}

/// What was noted of a path counts only for the same file: another one has taken its place else.
const THE_SAME: &str = "(attempt.size IS excluded.size AND attempt.mtime_ns IS excluded.mtime_ns \
    AND attempt.ctime_ns IS excluded.ctime_ns)";

impl Library {
    /// Notes that a file is about to be looked through, alone or beside others, and when.
    pub(crate) fn begin_attempt(&mut self, file: &FileFacts, is_alone: bool) -> Result<()> {
        self.write(|t| {
            t.prepare_cached(&format!(
                "INSERT INTO attempt (path, size, mtime_ns, ctime_ns, is_alone, is_open) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 1) \
                 ON CONFLICT (path) DO UPDATE SET is_alone = excluded.is_alone, is_open = 1, \
                 size = excluded.size, mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, sha256 = iif({THE_SAME}, sha256, NULL), \
                 deaths = iif({THE_SAME}, deaths, 0), deaths_alone = iif({THE_SAME}, deaths_alone, 0)"
            ))?
            .execute(params![path::to_bytes(&file.path), file.size as i64, file.mtime_ns, file.ctime_ns, is_alone])?;
            t.prepare_cached("UPDATE file SET tried_at = ?2 WHERE path = ?1")?
                .execute(params![path::to_bytes(&file.path), now_secs()])?;
            Ok(())
        })
    }

    /// Notes that a network broke down over a file alone, though the program did not end.
    pub(crate) fn note_breakdown(&mut self, file: &FileFacts) -> Result<()> {
        self.write(|t| {
            let sha256 = file.hashes.map(|hashes| hashes.file);
            t.prepare_cached(&format!(
                "INSERT INTO attempt (path, size, mtime_ns, ctime_ns, sha256, deaths, deaths_alone, is_alone, is_open) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 1, 0) ON CONFLICT (path) DO UPDATE SET is_open = 0, \
                 size = excluded.size, mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, sha256 = excluded.sha256, \
                 deaths = iif({THE_SAME}, deaths, 0) + 1, deaths_alone = iif({THE_SAME}, deaths_alone, 0) + 1"
            ))?
            .execute(params![path::to_bytes(&file.path), file.size as i64, file.mtime_ns, file.ctime_ns, sha256])?;
            Ok(())
        })
    }

    /// Notes that the program has survived files.
    pub(crate) fn end_attempts(&mut self, files: &[PathBuf]) -> Result<()> {
        self.write(|t| {
            for file in files {
                t.prepare_cached("DELETE FROM attempt WHERE path = ?1")?.execute([path::to_bytes(file)])?;
            }
            Ok(())
        })
    }

    /// Lets the next scan look again into files at these paths or below that were left out, for whatever reason. They are
    /// tried last and alone, and one that ends the program once more is left out at once. Returns how many files that are.
    pub(crate) fn try_left_out_again(&mut self, paths: &[PathBuf]) -> Result<usize> {
        self.write(|t| {
            let mut files = 0;
            for at in paths {
                for file in left_out_at(t, at)? {
                    try_again(t, &file)?;
                    files += 1;
                }
            }
            Ok(files)
        })
    }

    /// The files that were being looked through when the program died; counts that it did. Called once when a scan
    /// begins and no other runs.
    pub(crate) fn suspects(&mut self) -> Result<Vec<Suspect>> {
        self.write(|t| {
            t.execute(
                "UPDATE attempt SET deaths = deaths + 1, deaths_alone = deaths_alone + is_alone, is_open = 0 \
                 WHERE is_open = 1",
                [],
            )?;
            let mut query = t.prepare(
                "SELECT path, size, mtime_ns, ctime_ns, sha256, deaths >= ?1 AND deaths_alone > 0 FROM attempt ORDER BY path",
            )?;
            let suspects = query.query_map([DEATHS], |row| {
                Ok(Suspect {
                    path: path::from_bytes(row.get(0)?),
                    size: row.get(1)?,
                    mtime_ns: row.get(2)?,
                    ctime_ns: row.get(3)?,
                    sha256: row.get(4)?,
                    is_guilty: row.get(5)?,
                })
            })?;
            Ok(suspects.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl LibraryReader {
    /// When files were looked into last of which no faces could be found, in seconds since 1970.
    pub(crate) fn left_out_tried(&self) -> Result<HashMap<PathBuf, i64>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT file.path, tried_at FROM file JOIN photo ON photo.id = photo_id WHERE tried_at IS NOT NULL \
                 AND file.missing = 0 AND (state = 'failed' OR problem IS NOT NULL)",
            )?;
            let tried = query.query_map([], |row| Ok((path::from_bytes(row.get(0)?), row.get(1)?)))?;
            Ok(tried.collect::<rusqlite::Result<_>>()?)
        })
    }

    pub(crate) fn scan_progress(&self) -> Result<ScanProgress> {
        self.read(|c| {
            let files = c.query_row("SELECT count(*) FROM file", [], |row| row.get(0))?;
            let mut query = c.prepare("SELECT detector, count(*) FROM photo GROUP BY detector ORDER BY detector")?;
            let photos = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(ScanProgress { files, photos: photos.collect::<rusqlite::Result<_>>()? })
        })
    }
}

/// A file in which no faces were found because it could not be looked through.
struct LeftOut {
    path: Vec<u8>,
    photo: i64,
    size: i64,
    mtime_ns: i64,
    ctime_ns: Option<i64>,
}

fn left_out_at(t: &Transaction, at: &Path) -> Result<Vec<LeftOut>> {
    let mut query = t.prepare_cached(&format!(
        "SELECT file.path, photo_id, file.size, mtime_ns, ctime_ns FROM file JOIN photo ON photo.id = photo_id \
         WHERE file.missing = 0 AND (state = 'failed' OR problem IS NOT NULL) AND {AT_OR_BELOW}"
    ))?;
    let files = query.query_map(at_or_below(at), |row| {
        Ok(LeftOut {
            path: row.get(0)?,
            photo: row.get(1)?,
            size: row.get(2)?,
            mtime_ns: row.get(3)?,
            ctime_ns: row.get(4)?,
        })
    })?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

/// One death less than too many: what it died of may be another file, or a program of before.
fn try_again(t: &Transaction, file: &LeftOut) -> Result<()> {
    t.prepare_cached("UPDATE photo SET failed_by = NULL WHERE id = ?1 AND state = 'failed'")?.execute([file.photo])?;
    t.prepare_cached(
        "INSERT INTO attempt (path, size, mtime_ns, ctime_ns, deaths, deaths_alone, is_alone, is_open) \
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0) \
         ON CONFLICT (path) DO UPDATE SET deaths = excluded.deaths, deaths_alone = 0 WHERE is_open = 0",
    )?
    .execute(params![file.path, file.size, file.mtime_ns, file.ctime_ns, DEATHS - 1])?;
    Ok(())
}

/// Notes what is in a file that is being looked through; what was noted of other content at its path is not this one's.
pub(super) fn note_content(c: &Connection, file: &FileFacts) -> Result<()> {
    let Some(hashes) = &file.hashes else { return Ok(()) };
    c.prepare_cached(
        "UPDATE attempt SET sha256 = ?2, deaths = iif(ifnull(sha256, ?2) = ?2, deaths, 0), \
         deaths_alone = iif(ifnull(sha256, ?2) = ?2, deaths_alone, 0) WHERE path = ?1",
    )?
    .execute(params![path::to_bytes(&file.path), hashes.file])?;
    Ok(())
}
