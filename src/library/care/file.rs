//! The database as a file: copied whole, opened without leaving a trace, opened where it cannot be written.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{forget_pending, log};
use crate::library::error::{LibraryError, Obstacle, Result};
use crate::library::migrate;
use crate::library::open::{self, LibraryReader};
use crate::library::reason::{self, Reason};

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
    copy_while(from, to, || Ok(true)).map(drop)
}

/// Like [`copy`]; false where it came to be unwanted while it was written, and does not count.
pub(super) fn copy_while(from: &Connection, to: &Path, is_wanted: impl Fn() -> Result<bool>) -> Result<bool> {
    let partial = with_suffix(to, ".partial");
    let copied = || -> Result<bool> {
        // A log that a killed program left beside either would be rolled into the copy.
        remove(&partial)?;
        write_copy(from, &partial)?;
        SIDE_FILES.iter().try_for_each(|side| remove_file(&with_suffix(to, side)))?;
        if !is_wanted()? {
            remove(&partial)?;
            return Ok(false);
        }
        rename(&partial, to)?;
        Ok(true)
    };
    copied().map_err(|error| {
        // What is left of it is no backup, and removed again at the next opening if not now.
        let _ = remove(&partial);
        not_written(to, error.at(to))
    })
}

fn not_written(path: &Path, error: LibraryError) -> LibraryError {
    let because = |reason: Reason| LibraryError::NotWritten { path: path.to_owned(), reason };
    match error {
        LibraryError::Damaged { .. } | LibraryError::NotWritten { .. } => error,
        LibraryError::DiskFull { .. } => because(reason::FULL.into()),
        LibraryError::CannotOpen { reason, .. } | LibraryError::DiskFailed { reason, .. } => because(reason),
        other => because(other.to_string().into()),
    }
}

fn write_copy(from: &Connection, partial: &Path) -> Result<()> {
    open::create_private(partial, true).map_err(|error| at(partial, &error))?;
    change(partial, |to| {
        // Forced to the disk as a whole at the end.
        to.pragma_update(None, "synchronous", "off")?;
        pour(from, to)?;
        forget_pending::scrub(to)?;
        // One file, that needs none beside it.
        to.pragma_update(None, "journal_mode", "delete")?;
        // With its indices: a copy is what is left when the library is not.
        match full_check(to)? {
            Some(reason) => Err(LibraryError::Damaged { path: partial.to_owned(), reason }),
            None => Ok(()),
        }
    })?;
    sync(partial)
}

/// Changes a database that is no library, or none yet.
pub(super) fn change<T>(path: &Path, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    let done = work(&mut connection).map_err(|error| error.on(&connection))?;
    connection.close().map_err(|(connection, error)| LibraryError::from(error).on(&connection))?;
    Ok(done)
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

/// What SQLite finds wrong with the file's pages, if anything, without comparing each index with its table: enough to
/// know whether a library can be read at all.
///
/// # Errors
/// When the file cannot be read at present, which says nothing of itself.
pub(in crate::library) fn quick_check(connection: &Connection) -> Result<Option<Reason>> {
    verdict(connection, "PRAGMA quick_check(1)")
}

/// The same with every entry of every index: what a library or a backup is called sound by. Of pages from two states of a
/// file each may be whole, and one bit in an index keeps rows from being found. It reads no more, and computes twice as
/// long: 0.1 s with 60,000 faces, whose 290 MB took two to six seconds to read.
pub(super) fn full_check(connection: &Connection) -> Result<Option<Reason>> {
    verdict(connection, "PRAGMA integrity_check(1)")
}

fn verdict(connection: &Connection, pragma: &str) -> Result<Option<Reason>> {
    match connection.query_row(pragma, [], |row| row.get::<_, String>(0)) {
        Ok(verdict) if verdict == "ok" => Ok(None),
        Ok(verdict) => Ok(Some(Reason::with("its pages do not fit together", verdict))),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Some(Reason::of_sqlite(&error))),
            _ => Err(error.into()),
        },
    }
}

impl LibraryReader {
    /// Its file or its folder is protected: reading works, and every change is refused.
    pub(crate) fn is_read_only(&self) -> bool {
        self.connection.is_readonly(rusqlite::MAIN_DB).unwrap_or(false)
    }
}

/// Opens a file for reading that nobody writes to: no file appears beside it, and nothing in it changes.
pub(super) fn open_still(path: &Path) -> Result<Connection> {
    match log::garbled(path) {
        Some(reason) => Err(LibraryError::Damaged { path: path.to_owned(), reason: reason.into() }),
        None => open_as_it_is(path),
    }
}

/// Of a garbled log, what stands before.
pub(super) fn open_as_it_is(path: &Path) -> Result<Connection> {
    let has_log = std::fs::metadata(with_suffix(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let connection = if has_log { open_with_log(path)? } else { open_alone(path)? };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// SQLite's way to a file without locks.
const WITHOUT_LOCKS: &str = if cfg!(windows) { "win32-none" } else { "unix-none" };

/// With its latest changes, which stand in the log beside it. What SQLite puts beside the two to find its way in the log,
/// and shares with who writes, is used where it is there; where it cannot be made, on a disk that can only be read, nobody
/// writes, and it is kept in memory.
fn open_with_log(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if with_suffix(path, "-shm").exists() {
        let shared = Connection::open_with_flags(path, flags)?;
        if shared.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0)).is_ok() {
            return Ok(shared);
        }
    }
    let connection = Connection::open_with_flags_and_vfs(path, flags, WITHOUT_LOCKS)?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Without what stands in a log beside it.
pub(super) fn open_alone(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let uri = std::path::absolute(path).ok().and_then(|path| url::Url::from_file_path(path).ok());
    Ok(match uri {
        Some(uri) => Connection::open_with_flags(format!("{uri}?immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)?,
        None => Connection::open_with_flags(path, flags)?,
    })
}

/// The library where its file or its folder is not to be written; none where it is, or is not there.
pub(in crate::library) fn open_protected(path: &Path) -> Result<Option<Connection>> {
    if path.exists() && is_protected(path) { open_to_read(path).map(Some) } else { Ok(None) }
}

fn is_protected(path: &Path) -> bool {
    let is_protected = |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.permissions().readonly());
    is_protected(path) || path.parent().is_some_and(is_protected)
}

/// Takes back what a killed program had half written without a log, as when it was creating the library: how it was
/// before stands in a journal beside the file. Where that cannot be written, reading it says so.
pub(super) fn roll_back(path: &Path) {
    let has_journal = std::fs::metadata(with_suffix(path, "-journal")).is_ok_and(|journal| journal.len() > 0);
    if has_journal && !is_protected(path) {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // The first question does it.
        let _ = Connection::open_with_flags(path, flags).map(|connection| migrate::format_of(&connection, path));
    }
}

/// The library where writing turned out to be impossible: on a disk that can only be read or is full, in somebody else's
/// folder.
/// Asked of SQLite and not of the file system, since opening and closing the file here would drop the locks that other
/// connections of this process hold.
pub(in crate::library) fn open_after(error: LibraryError, path: &Path) -> Result<Connection> {
    let is_refused = match &error {
        LibraryError::CannotOpen { .. } => true,
        full if full.is_of_full_disk() => true,
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

/// What is in a file's place and is none, if anything. A link counts as what it leads to.
fn obstacle(path: &Path) -> Option<Obstacle> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some(Obstacle::Folder);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_socket() {
            return Some(Obstacle::Socket);
        }
        if kind.is_fifo() {
            return Some(Obstacle::Pipe);
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some(Obstacle::Device);
        }
    }
    Some(Obstacle::Other)
}

/// Refuses a library in whose place, or in that of a file beside it, something else is. Nothing of it is opened: a pipe
/// would keep its reader waiting, and a folder keeps its rights.
pub(in crate::library) fn refuse_obstructed(library: &Path) -> Result<()> {
    for suffix in std::iter::once("").chain(SIDE_FILES) {
        let path = with_suffix(library, suffix);
        if let Some(what) = obstacle(&path) {
            return Err(LibraryError::InTheWay { path, what });
        }
    }
    Ok(())
}

/// Moves aside what is in the place of a database or of a file beside it and is no file. Returns where it is now.
pub(crate) fn step_over(database: &Path) -> Result<Vec<PathBuf>> {
    let mut moved = Vec::new();
    for suffix in std::iter::once("").chain(SIDE_FILES) {
        let path = with_suffix(database, suffix);
        let Some(what) = obstacle(&path) else { continue };
        let aside = free_name(&with_suffix(&path, ".in-the-way"));
        std::fs::rename(&path, &aside).map_err(|error| {
            let reason =
                Reason::with(&format!("{what} is in the way and cannot be moved aside; move it elsewhere"), error);
            LibraryError::NotWritten { path: path.clone(), reason }
        })?;
        sync_folder(&aside);
        moved.push(aside);
    }
    Ok(moved)
}

fn free_name(path: &Path) -> PathBuf {
    let is_free = |path: &PathBuf| std::fs::symlink_metadata(path).is_err();
    let numbered = (2..).map(|number| with_suffix(path, &format!("-{number}")));
    std::iter::once(path.to_owned()).chain(numbered).find(is_free).unwrap_or_else(|| path.to_owned())
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
pub(super) fn sync(path: &Path) -> Result<()> {
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
    LibraryError::NotWritten { path: path.to_owned(), reason: Reason::of_system(error) }
}
