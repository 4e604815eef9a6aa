//! The database as a file: copied whole, opened without leaving a trace, opened where it cannot be written.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::log;
use crate::library::error::{LibraryError, Result};
use crate::library::migrate;
use crate::library::open::{self, Library};

/// What SQLite keeps beside a database.
pub(super) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];
/// How long a copy waits for another program's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// A path with something behind its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}

/// Writes a database as one file that only its owner can read. It counts once it is whole: written beside, checked,
/// forced to the disk, renamed.
pub(super) fn copy(from: &Connection, to: &Path) -> Result<()> {
    let partial = with_suffix(to, ".partial");
    // A log that a killed program left beside either would be rolled into the copy.
    let copied = remove(&partial)
        .and_then(|()| write_copy(from, &partial))
        .and_then(|()| SIDE_FILES.iter().try_for_each(|side| remove_file(&with_suffix(to, side))))
        .and_then(|()| rename(&partial, to));
    copied.map_err(|error| {
        // What is left of it is no backup, and removed again at the next attempt if not now.
        let _ = remove(&partial);
        not_written(to, error.at(to))
    })
}

fn not_written(path: &Path, error: LibraryError) -> LibraryError {
    let because = |reason: String| LibraryError::NotWritten { path: path.to_owned(), reason };
    match error {
        LibraryError::Damaged { .. } | LibraryError::NotWritten { .. } => error,
        LibraryError::DiskFull { .. } => because("the disk is full".to_owned()),
        LibraryError::CannotOpen { reason, .. } => because(reason),
        other => because(other.to_string()),
    }
}

fn write_copy(from: &Connection, partial: &Path) -> Result<()> {
    open::create_private(partial, true).map_err(|error| at(partial, &error))?;
    let mut to =
        Connection::open_with_flags(partial, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Forced to the disk as a whole at the end.
    to.pragma_update(None, "synchronous", "off")?;
    pour(from, &mut to)?;
    // One file, that needs none beside it.
    to.pragma_update(None, "journal_mode", "delete")?;
    if let Some(reason) = quick_check(&to)? {
        return Err(LibraryError::Damaged { path: partial.to_owned(), reason });
    }
    to.close().map_err(|(_, error)| error)?;
    sync(partial)
}

/// Copies all pages as one transaction, whatever others write meanwhile.
pub(super) fn pour(from: &Connection, to: &mut Connection) -> Result<()> {
    let begun = Instant::now();
    let backup = Backup::new(from, to)?;
    loop {
        match backup.step(-1)? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked if begun.elapsed() > BUSY_TIMEOUT => {
                let path = from.path().map(PathBuf::from).unwrap_or_default();
                return Err(LibraryError::Busy { path });
            }
            _ => std::thread::sleep(BUSY_PAUSE),
        }
    }
}

/// What SQLite finds wrong with the file's structure, if anything.
///
/// # Errors
/// When the file cannot be read at present, which says nothing of itself.
pub(super) fn quick_check(connection: &Connection) -> Result<Option<String>> {
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(None),
        Ok(verdict) => Ok(Some(verdict)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Some(error.to_string())),
            _ => Err(error.into()),
        },
    }
}

impl Library {
    /// Its file or its folder is protected: reading works, and every change is refused.
    pub fn is_read_only(&self) -> bool {
        self.connection.is_readonly(rusqlite::MAIN_DB).unwrap_or(false)
    }
}

/// Opens a file for reading that nobody writes to: no file appears beside it, and nothing in it changes.
pub(super) fn open_still(path: &Path) -> Result<Connection> {
    match log::garbled(path) {
        Some(reason) => Err(LibraryError::Damaged { path: path.to_owned(), reason }),
        None => open_as_it_is(path),
    }
}

/// Of a garbled log, what stands before.
pub(super) fn open_as_it_is(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let has_log = std::fs::metadata(with_suffix(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let uri = std::path::absolute(path).ok().and_then(|path| url::Url::from_file_path(path).ok());
    let connection = match uri {
        // Its latest changes stand in the log beside it.
        _ if has_log => Connection::open_with_flags(path, flags)?,
        Some(uri) => Connection::open_with_flags(format!("{uri}?immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// The library where its file or its folder is not to be written; none where it is, or is not there.
pub(in crate::library) fn open_protected(path: &Path) -> Result<Option<Connection>> {
    let is_protected = |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.permissions().readonly());
    if !path.exists() || !(is_protected(path) || path.parent().is_some_and(is_protected)) {
        return Ok(None);
    }
    open_to_read(path).map(Some)
}

/// The library where writing turned out to be impossible: on a disk that can only be read, in somebody else's folder.
/// Asked of SQLite and not of the file system, since opening and closing the file here would drop the locks that other
/// connections of this process hold.
pub(in crate::library) fn open_after(error: LibraryError, path: &Path) -> Result<Connection> {
    let is_refused = match &error {
        LibraryError::CannotOpen { .. } => true,
        LibraryError::Sql(error) => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly)
        ),
        _ => false,
    };
    if is_refused && path.exists() { open_to_read(path).map_err(|_| error) } else { Err(error) }
}

fn open_to_read(path: &Path) -> Result<Connection> {
    let connection = open_still(path)?;
    let found = migrate::format_of(&connection, path)?;
    if found < migrate::known_format() {
        return Err(LibraryError::NeedsMigration { path: path.to_owned(), found, known: migrate::known_format() });
    }
    Ok(connection)
}

/// Removes a database and what SQLite keeps beside it, as far as they are there.
pub(super) fn remove(path: &Path) -> Result<()> {
    std::iter::once("").chain(SIDE_FILES).try_for_each(|suffix| remove_file(&with_suffix(path, suffix)))
}

/// There need not be one.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(path, &error)),
        _ => Ok(()),
    }
}

/// Puts a file in another's place, at once and for good.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(|error| at(to, &error))?;
    sync_folder(to);
    Ok(())
}

/// Opened for writing, since Windows forces no file to the disk that can only be read.
fn sync(path: &Path) -> Result<()> {
    let forced = OpenOptions::new().write(true).open(path).and_then(|file| file.sync_all());
    forced.map_err(|error| at(path, &error))
}

/// A name is forced to the disk with its folder, where the system can; elsewhere it does so itself.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(Ok(folder)) = path.parent().map(std::fs::File::open) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = path;
}

pub(super) fn at(path: &Path, error: &std::io::Error) -> LibraryError {
    LibraryError::NotWritten { path: path.to_owned(), reason: error.to_string() }
}
