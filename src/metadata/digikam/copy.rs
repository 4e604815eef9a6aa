//! A copy of a database that another program may be using.
//!
//! Opened where it lies, even for reading only, a database in WAL mode gets files beside it, and one in the older mode
//! is locked while it is read. So the file is copied with its journal or write-ahead log, and the copy counts if none
//! of them changed meanwhile. SQLite brings the copy up to date as after a crash.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;

use super::DigikamError;
use crate::types::files;

/// The copy, deleted when dropped.
pub(super) struct DatabaseCopy {
    folder: TempDir,
}

const NAME: &str = "digikam4.db";
/// Beside the database, by what is appended to its name.
const PARTS: [&str; 3] = ["", "-wal", "-journal"];
const ATTEMPTS: u32 = 3;

/// Enough to tell whether a file was written to.
type FileStamp = Option<(u64, Option<SystemTime>)>;

impl DatabaseCopy {
    pub(super) fn of(path: &Path, copies: &Path) -> Result<Self, DigikamError> {
        let cannot = |source| DigikamError::CannotCopy { path: path.to_owned(), source };
        for _ in 0..ATTEMPTS {
            let before = stamps(path).map_err(cannot)?;
            let copy = Self { folder: TempDir::new_in(copies).map_err(cannot)? };
            for part in PARTS {
                copy.take(path, part).map_err(cannot)?;
            }
            if stamps(path).map_err(cannot)? == before {
                return Ok(copy);
            }
        }
        Err(DigikamError::Busy { path: path.to_owned() })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    fn take(&self, path: &Path, part: &str) -> io::Result<()> {
        let mut from = match files::open(&beside(path, part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !part.is_empty() => return Ok(()),
            opened => opened?,
        };
        let mut to = File::create(self.folder.path().join(format!("{NAME}{part}")))?;
        io::copy(&mut from, &mut to).map(drop)
    }
}

fn stamps(path: &Path) -> io::Result<[FileStamp; PARTS.len()]> {
    let mut stamps = [None; PARTS.len()];
    for (stamp, part) in stamps.iter_mut().zip(PARTS) {
        *stamp = match std::fs::metadata(beside(path, part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !part.is_empty() => None,
            meta => meta.map(|meta: Metadata| Some((meta.len(), meta.modified().ok())))?,
        };
    }
    Ok(stamps)
}

fn beside(path: &Path, part: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(part);
    PathBuf::from(name)
}
