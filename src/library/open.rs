//! Opening: one writer, any number of readers, a file that only its owner can read.

use std::fs::OpenOptions;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::care;
use super::error::{LibraryError, Result};
use super::held::HeldLibrary;
use super::migrate;
use super::reason::Reason;
use super::review::stale::OwnRevisions;
use super::review::steps::OwnSteps;
use crate::types::Revision;

/// Reads the library: every question of the window and of the command line.
///
/// A connection of its own; what the writer commits shows in the next question.
pub struct LibraryReader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// The file that was opened.
    file: Option<FileId>,
    /// It can only be read, since its disk was full when it was opened; what is written later it does not see.
    is_disk_full: bool,
    /// What file and log were then.
    opened_at: FileTimes,
}

/// The one writer. It lives on one thread; it is also a reader.
pub struct Library {
    pub(super) reader: LibraryReader,
    /// What was decided through this writer.
    pub(super) own: OwnRevisions,
    pub(super) own_steps: OwnSteps,
}

/// What a connection keeps of the file in memory, in KiB: a decision about a person with thousands of faces writes as
/// many rows, spread over the file.
const CACHE_KIB: i64 = 32 << 10;
/// How long a connection waits for another program's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

impl Library {
    /// Opens the library or creates it, and brings an older format up to date after a backup copy. Where the file or
    /// its folder can only be read, so can the library: every change is refused. So it is where the disk is full, until
    /// there is room for a change.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, migrate::STEPS)
    }

    pub(super) fn open_with(path: &Path, steps: &[&str]) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> Result<Connection> {
            care::refuse_obstructed(path)?;
            if let Some(connection) = care::open_protected(path)? {
                return Ok(connection);
            }
            refuse_emptied(path)?;
            care::refuse_garbled(path)?;
            create_private(path, false).map_err(|error| LibraryError::CannotOpen {
                path: path.to_owned(),
                reason: Reason::of_system(&error),
            })?;
            let mut connection = Connection::open_with_flags(path, flags)?;
            match prepare(&mut connection, path, steps) {
                Ok(()) => Ok(connection),
                Err(error) => Err(error.on(&connection)),
            }
        };
        let mut library = Self {
            reader: LibraryReader::of(open(), path)?,
            own: OwnRevisions::default(),
            own_steps: OwnSteps::default(),
        };
        if !library.is_read_only() {
            // A killed program has not done it; what hinders it now is asked again at the next opening.
            let _ = care::clear_remains(path);
            let _ = library.finish_forgetting();
        }
        Ok(library)
    }

    /// A second connection that cannot write, for the thread that reads for the window.
    pub(crate) fn open_read_only(path: &Path) -> Result<LibraryReader> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> Result<Connection> {
            care::refuse_obstructed(path)?;
            if let Some(connection) = care::open_protected(path)? {
                return Ok(connection);
            }
            care::refuse_garbled(path)?;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            let found = migrate::format_of(&connection, path).map_err(|error| error.on(&connection))?;
            if found < migrate::known_format() {
                return Err(LibraryError::NeedsMigration {
                    path: path.to_owned(),
                    found,
                    known: migrate::known_format(),
                });
            }
            Ok(connection)
        };
        LibraryReader::of(open(), path)
    }

    /// Refuses where the library can only be read. One whose disk was full is opened anew: there may be room by now.
    pub(super) fn be_writable(&mut self) -> Result<()> {
        if self.is_disk_full {
            *self = Self::open(&self.path.clone())?;
        }
        let path = || self.path.clone();
        match (self.is_read_only(), self.is_disk_full) {
            (false, _) => Ok(()),
            (true, true) => Err(LibraryError::DiskFull { path: path() }),
            (true, false) => Err(LibraryError::ReadOnly { path: path() }),
        }
    }

    /// Runs `work` in one transaction: all of it is kept or none. A transaction left by a panic, an error or a killed
    /// process is rolled back by SQLite.
    pub(super) fn write<T>(&mut self, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        self.be_ready()?;
        self.in_transaction(work)
    }

    /// What is written so is on the disk before this returns: what a user decided survives a power cut. A scan's findings
    /// can be found again, so that they wait for the next such write.
    pub(super) fn write_through<T>(&mut self, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        self.be_ready()?;
        self.synchronous("full")?;
        let outcome = self.in_transaction(work);
        // It is written or it is not, whatever becomes of this: without it the next writes take longer.
        let _ = self.synchronous("normal");
        outcome
    }

    /// Another file in the library's place is refused before anything is opened anew: that would follow it unasked.
    fn be_ready(&mut self) -> Result<()> {
        self.refuse_replaced()?;
        self.be_writable()
    }

    fn in_transaction<T>(&mut self, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        let path = self.reader.path.clone();
        let run = || -> Result<T> {
            let transaction = self.reader.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|error| error.on(&self.reader.connection).at(&path))
    }

    fn synchronous(&self, how: &str) -> Result<()> {
        let set = self.reader.connection.pragma_update(None, "synchronous", how);
        set.map_err(|error| LibraryError::from(error).on(&self.reader.connection).at(&self.reader.path))
    }
}

impl Library {
    /// Opens the file that another program has put in the library's place, as a restore of a damaged one does, and anew the
    /// one whose disk was full. Returns whether anything may be new there.
    pub(crate) fn follow_replaced(&mut self) -> Result<bool> {
        if !self.is_behind() {
            return Ok(false);
        }
        let before = self.opened_at;
        *self = Self::open(&self.path.clone())?;
        Ok(!self.is_disk_full || self.opened_at != before)
    }
}

/// Length and time of the library's file and of its log.
type FileTimes = [Option<(u64, SystemTime)>; 2];

fn file_times(path: &Path) -> FileTimes {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path, Path::new(&log)].map(|path| {
        let file = std::fs::metadata(path).ok()?;
        Some((file.len(), file.modified().ok()?))
    })
}

/// Which file of the disk a path leads to. Nobody can put another one in an open library's place on Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(path).ok().map(|file| Self { device: file.dev(), inode: file.ino() })
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}

/// Refuses to begin anew where a library has been.
pub(super) fn refuse_emptied(path: &Path) -> Result<()> {
    if is_gone(path) && care::has_backups(path) {
        let reason = "it is empty or gone, though there are backups of it".into();
        return Err(LibraryError::Damaged { path: path.to_owned(), reason });
    }
    Ok(())
}

/// Nothing is where the library was, nor in its log.
fn is_gone(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(file) => file.len() == 0 && care::bytes_of(path) == 0,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

impl Deref for Library {
    type Target = LibraryReader;

    fn deref(&self) -> &LibraryReader {
        &self.reader
    }
}

impl LibraryReader {
    fn of(opened: Result<Connection>, path: &Path) -> Result<Self> {
        let is_disk_full = opened.as_ref().is_err_and(LibraryError::is_of_full_disk);
        let opened_at = file_times(path);
        let connection = set_up(opened, path)?;
        Ok(Self { connection, path: path.to_owned(), file: FileId::of(path), is_disk_full, opened_at })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it does not show what is there now: another file is in the place of the one that was opened, or its disk was
    /// full.
    pub(crate) fn is_behind(&self) -> bool {
        self.is_disk_full || FileId::of(&self.path).is_some_and(|now| Some(now) != self.file)
    }

    /// Refuses to write into a file that is not the library any more: nobody would find it there.
    pub(super) fn refuse_replaced(&self) -> Result<()> {
        match FileId::of(&self.path) == self.file {
            true => Ok(()),
            false => Err(LibraryError::Replaced { path: self.path.clone() }),
        }
    }

    /// How many changes of faces and people there have been: what its reader has seen.
    pub fn revision(&self) -> Result<Revision> {
        self.read(|c| Ok(Revision(c.prepare_cached("SELECT revision FROM clock")?.query_row([], |row| row.get(0))?)))
    }

    /// Changes when another connection has committed something, not when this one has.
    pub(crate) fn data_version(&self) -> Result<i64> {
        self.read(|c| Ok(c.pragma_query_value(None, "data_version", |row| row.get(0))?))
    }

    /// Asks several questions of one state of the library, whatever others write meanwhile. Within others that are
    /// asked so, it is their state.
    pub fn at_once<T, E: From<LibraryError>>(&self, ask: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        if !self.connection.is_autocommit() {
            return ask(self);
        }
        let hindered = |error| LibraryError::from(error).on(&self.connection).at(&self.path);
        let transaction = self.connection.unchecked_transaction().map_err(hindered)?;
        let held = HeldLibrary::new();
        let answer = ask(self);
        drop(held);
        // Nothing was written, so however it ends nothing is lost.
        drop(transaction);
        answer
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        work(&self.connection).map_err(|error| error.on(&self.connection).at(&self.path))
    }
}

/// Makes the file a library of the present format.
fn prepare(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Read the header before anything is written, so that a foreign file is left byte for byte.
    migrate::format_of(connection, path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    migrate::migrate(connection, path, steps)
}

/// A connection as every part of the library expects it; one that only reads, where writing was refused.
fn set_up(opened: Result<Connection>, path: &Path) -> Result<Connection> {
    let ready = opened.or_else(|error| care::open_after(error, path)).and_then(|connection| {
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    });
    ready.map_err(|error| error.at(path))
}

/// Creates the file readable by its owner only, or makes an existing one so. SQLite gives its side files the same
/// permission.
pub(super) fn create_private(path: &Path, empty_it: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(empty_it);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if path.exists() && !empty_it {
        // Not opened: closing a descriptor would drop the locks that another connection of this process holds.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let permissions = std::fs::metadata(path)?.permissions();
            if permissions.mode() & 0o077 != 0 {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(permissions.mode() & 0o700))?;
            }
        }
        return Ok(());
    }
    options.open(path)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_reason_to_write_into_another_file_that_is_in_the_librarys_place() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("library.sqlite"), folder.path().join("other.sqlite"));
        let mut library = Library::open(&path).unwrap();
        drop(Library::open(&other).unwrap());
        std::fs::rename(&other, &path).unwrap();
        library.reader.is_disk_full = true;
        let write = |t: &Transaction| Ok(t.execute("INSERT INTO setting (key, value) VALUES ('a', '1')", [])?);
        assert!(matches!(library.write(write), Err(LibraryError::Replaced { .. })));
        assert!(matches!(library.write_through(write), Err(LibraryError::Replaced { .. })));
    }
    /// A library as it is opened on a full disk, when its log cannot be shared with who writes.
    fn opened_on_a_full_disk(path: &Path) -> Library {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let mut library = Library::open(path).unwrap();
        let still = format!("file:{}?immutable=1", path.display());
        library.reader.connection = Connection::open_with_flags(still, flags).unwrap();
        library.reader.is_disk_full = true;
        library
    }

    #[test]
    fn what_others_write_is_followed_where_the_disk_was_full() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        // Whoever closes it last puts the log away.
        drop(Library::open(&path).unwrap());
        let mut other = Library::open(&path).unwrap();
        let mut library = opened_on_a_full_disk(&path);
        other.set_setting("theirs", "1").unwrap();
        assert_eq!(library.setting("theirs").unwrap(), None);
        assert!(library.is_behind(), "no question is asked of it again");
        assert!(library.follow_replaced().unwrap());
        assert_eq!(library.setting("theirs").unwrap().as_deref(), Some("1"));
        assert!(!library.is_behind() && !library.follow_replaced().unwrap());
    }
}
