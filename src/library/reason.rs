//! Why something failed, in the program's own words. What SQLite or the system calls it is its source: it follows in the
//! error chain, for who wants to look closer, and stands in no sentence.

use std::error::Error;
use std::fmt;
use std::io;

use rusqlite::ffi;
use rusqlite::{Connection, ErrorCode};

#[derive(Debug)]
pub struct Reason {
    words: String,
    raw: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.raw.as_deref().map(|raw| raw as &(dyn Error + 'static))
    }
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self { words, raw: None }
    }
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl Reason {
    pub(super) fn with(words: &str, raw: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { words: words.to_owned(), raw: Some(raw.into()) }
    }

    pub(super) fn of_sqlite(error: &rusqlite::Error) -> Self {
        // As text: its own source says the same once more.
        Self::with(words_of(error), error.to_string())
    }

    pub(super) fn of_system(error: &io::Error) -> Self {
        if let (io::ErrorKind::InvalidInput, Some(said)) = (error.kind(), error.get_ref()) {
            // Who looked what stands there has said it: a pipe, a device.
            return said.to_string().into();
        }
        match (words_of_system(error.kind()), error.raw_os_error()) {
            (Some(words), _) => words.into(),
            (None, Some(code)) => Self::with(UNKNOWN, io::Error::from_raw_os_error(code)),
            (None, None) => Self::with(UNKNOWN, error.to_string()),
        }
    }

    /// The same, with more words behind.
    pub(super) fn and(mut self, words: &str) -> Self {
        self.words += words;
        self
    }

    /// What SQLite or the system says itself.
    pub(super) fn details(&self) -> Option<String> {
        self.raw.as_ref().map(ToString::to_string)
    }
}

/// What becomes of an error of SQLite; each has a sentence in [`LibraryError`](super::LibraryError).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SqliteFailure {
    NotADatabase,
    Damaged,
    DiskFull,
    DiskFailed,
    Busy,
    ReadOnly,
    CannotOpen,
    NoMemory,
    /// Nothing that its user or their disk has a part in.
    Refused,
}

impl SqliteFailure {
    pub fn of(error: &rusqlite::Error) -> Self {
        if is_no_value_of_ours(error) {
            return Self::Damaged;
        }
        let Some(code) = error.sqlite_error_code() else { return Self::Refused };
        match (code, extended(error)) {
            // SQLite could not make its shared memory file larger, which even a reader needs.
            (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::DiskFull,
            (_, ffi::SQLITE_IOERR_NOMEM) => Self::NoMemory,
            (_, ffi::SQLITE_READONLY_DBMOVED) => Self::CannotOpen,
            (ErrorCode::NotADatabase, _) => Self::NotADatabase,
            (ErrorCode::DatabaseCorrupt, _) => Self::Damaged,
            (ErrorCode::DiskFull, _) => Self::DiskFull,
            (ErrorCode::SystemIoFailure, _) => Self::DiskFailed,
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed, _) => {
                Self::Busy
            }
            (ErrorCode::ReadOnly, _) => Self::ReadOnly,
            (ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied, _) => {
                Self::CannotOpen
            }
            (ErrorCode::OutOfMemory, _) => Self::NoMemory,
            _ => Self::Refused,
        }
    }
}

/// Whether writing or making a file failed since there was no room: SQLite tells that by the same code as a broken disk.
pub(super) fn is_of_full_disk(error: &rusqlite::Error, connection: &Connection) -> bool {
    let may_be = matches!(SqliteFailure::of(error), SqliteFailure::DiskFailed | SqliteFailure::CannotOpen);
    // SAFETY: the connection is open as long as it is borrowed, and its handle is only asked.
    let code = || unsafe { ffi::sqlite3_system_errno(connection.handle()) };
    may_be && !READING.contains(&extended(error)) && is_full(io::Error::from_raw_os_error(code()).kind())
}

/// The same error, as SQLite tells it where a write finds no room.
pub(super) fn full_disk(error: &rusqlite::Error) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), Some(error.to_string()))
}

fn is_full(kind: io::ErrorKind) -> bool {
    use io::ErrorKind;
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

fn extended(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(ffi::SQLITE_ERROR, |error| error.extended_code)
}

fn words_of(error: &rusqlite::Error) -> &'static str {
    if is_no_value_of_ours(error) {
        return "it holds values that Likeness never writes";
    }
    match (SqliteFailure::of(error), extended(error)) {
        (_, ffi::SQLITE_READONLY_DBMOVED) => {
            "its file was moved or replaced while it was open; close Likeness and open it again"
        }
        (_, ffi::SQLITE_CANTOPEN_ISDIR) => "a folder is in its place; move it elsewhere, then try again",
        (SqliteFailure::CannotOpen, _) => "see that its drive is there, and that you may read and write its folder",
        (SqliteFailure::Damaged, _) => "some of its pages were overwritten or are gone",
        (_, ffi::SQLITE_IOERR_CORRUPTFS) => "the drive's own file system is damaged; have it checked before you go on",
        (SqliteFailure::DiskFailed, code) if LOCKING.contains(&code) => {
            "its file cannot be locked, as on many network drives; keep the library on a drive of this computer"
        }
        (SqliteFailure::DiskFailed, code) if READING.contains(&code) => {
            "it could not be read; check the drive, then try again"
        }
        (SqliteFailure::DiskFailed, _) => "it could not be written; check the drive, then try again",
        _ => "a step was refused",
    }
}

const LOCKING: [i32; 6] = [
    ffi::SQLITE_IOERR_LOCK,
    ffi::SQLITE_IOERR_RDLOCK,
    ffi::SQLITE_IOERR_UNLOCK,
    ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
    ffi::SQLITE_IOERR_SHMLOCK,
    ffi::SQLITE_IOERR_BLOCKED,
];

const READING: [i32; 6] = [
    ffi::SQLITE_IOERR,
    ffi::SQLITE_IOERR_READ,
    ffi::SQLITE_IOERR_SHORT_READ,
    ffi::SQLITE_IOERR_FSTAT,
    ffi::SQLITE_IOERR_ACCESS,
    ffi::SQLITE_IOERR_DATA,
];

/// What is stored is of another kind than what is ever stored there.
fn is_no_value_of_ours(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    )
}

/// Of a disk without room.
pub(super) const FULL: &str = "the disk is full; make room, then try again";
const UNKNOWN: &str = "the disk gave an error; check the drive, then try again";

/// None where the system's own words say more.
fn words_of_system(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind;
    Some(match kind {
        kind if is_full(kind) => FULL,
        ErrorKind::PermissionDenied => "the system does not allow it; see whose folder it is",
        ErrorKind::ReadOnlyFilesystem => "its disk can only be read",
        ErrorKind::NotFound => "it, or its folder, is not there",
        ErrorKind::NotADirectory => "a file is in the place of its folder",
        ErrorKind::IsADirectory => "a folder is in its place",
        ErrorKind::AlreadyExists | ErrorKind::InvalidInput => "something else is in its place",
        ErrorKind::ResourceBusy | ErrorKind::WouldBlock => "another program uses it; try again",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::library::LibraryError;
    use crate::types::error_chain;

    /// Every code of SQLite, each with the extended codes that it has.
    fn all_codes() -> Vec<i32> {
        (1..=28).flat_map(|code| (0..=35).map(move |more| code | more << 8)).collect()
    }

    fn is_raw(sentence: &str, raw: &str) -> bool {
        let sqlite =
            ["sqlite", "database", "malformed", "i/o", "disk image", "constraint", "misuse", "vtable", "(os error"];
        sentence.contains(raw) || sqlite.iter().any(|word| sentence.to_lowercase().contains(word))
    }

    #[test]
    fn every_error_of_sqlite_is_a_sentence_of_the_programs_own_that_says_what_to_do() {
        // What each sentence asks of its reader, or says of what was kept.
        let helps = [
            "restore",
            "try again",
            "check",
            "see that",
            "left as it is",
            "close",
            "disk is full",
            "only be read",
            "keep",
        ];
        for code in all_codes() {
            let failed = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let raw = failed.to_string();
            let error = LibraryError::from(failed).at(Path::new("/home/ada/photos.lib"));
            let sentence = error.to_string();
            assert!(!is_raw(&sentence, &raw), "{code}: {sentence}");
            assert!(helps.iter().any(|help| sentence.contains(help)), "{code}: {sentence}");
            assert!(
                sentence.contains("/home/ada/photos.lib") || matches!(error, LibraryError::Sql(_)),
                "{code}: {sentence}"
            );
            // The cause follows for who looks closer, where there is one that says more.
            let is_told_whole = matches!(
                error,
                LibraryError::DiskFull { .. }
                    | LibraryError::Busy { .. }
                    | LibraryError::ReadOnly { .. }
                    | LibraryError::NotALibrary { .. }
                    | LibraryError::NoMemory { .. }
            );
            let chain = error_chain(&error.into());
            assert!(is_told_whole || chain.contains(&raw), "{code}: {chain}");
        }
    }

    #[test]
    fn what_a_step_of_a_migration_or_a_copy_met_is_told_in_the_same_words() {
        for code in all_codes() {
            let failed = || rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let path = Path::new("library").to_owned();
            let sentences = [
                LibraryError::MigrationFailed { path: path.clone(), to: 5, reason: Reason::of_sqlite(&failed()) },
                LibraryError::UnsoundBackup { path: path.clone(), reason: Reason::of_sqlite(&failed()) },
                LibraryError::NotWritten { path, reason: Reason::of_sqlite(&failed()) },
            ];
            for error in sentences {
                assert!(!is_raw(&error.to_string(), &failed().to_string()), "{code}: {error}");
            }
        }
    }

    #[test]
    fn every_error_of_the_system_is_told_in_words() {
        for code in 1..134 {
            let error = io::Error::from_raw_os_error(code);
            let reason = Reason::of_system(&error);
            assert!(!is_raw(&reason.to_string(), &error.to_string()), "{code}: {reason}");
            let raw = (reason.to_string() == UNKNOWN).then(|| error.to_string());
            assert_eq!(reason.details(), raw, "only where it says more");
        }
    }

    #[test]
    fn values_of_another_kind_are_damage() {
        let wrong = rusqlite::Error::InvalidColumnType(0, "name".into(), rusqlite::types::Type::Blob);
        let error = LibraryError::from(wrong).at(Path::new("library"));
        assert!(matches!(error, LibraryError::Damaged { .. }) && !error.to_string().contains("column"), "{error}");
    }
}
