//! What can go wrong with a library, in words for its user.

use std::path::PathBuf;

use crate::types::{FaceId, PersonId, PhotoId};

/// What has happened to something between looking at it and deciding about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    #[error("this face has gone")]
    FaceGone,
    #[error("this face has come to somebody else")]
    FaceMoved,
    #[error("this face has been found")]
    FaceFound,
    #[error("this person has gone")]
    PersonGone,
    #[error("this person has changed")]
    PersonChanged,
}

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error("the library cannot be opened; nothing was changed: {reason}: {}", path.display())]
    CannotOpen { path: PathBuf, reason: String },
    #[error(
        "the library is damaged and was left as it is; `likeness library restore` puts the newest sound backup in its \
         place: {reason}: {}", path.display()
    )]
    Damaged { path: PathBuf, reason: String },
    #[error("this file is not a Likeness library; it was left as it is: {}", path.display())]
    NotALibrary { path: PathBuf },
    #[error(
        "the library was written by a newer Likeness (format {found}, this program knows {known}); it was left as it \
         is; use the newer program: {}", path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("the library is still of format {found} and this reader needs {known}: open it for writing once: {}", path.display())]
    NeedsMigration { path: PathBuf, found: i64, known: i64 },
    #[error("the library could not be brought to format {to}; it was left as it was: {reason}: {}", path.display())]
    MigrationFailed { path: PathBuf, to: i64, reason: String },
    #[error("the disk is full; the last change was not kept, everything before it was: {}", path.display())]
    DiskFull { path: PathBuf },
    #[error("the disk failed; the last change was not kept, everything before it was: {reason}: {}", path.display())]
    DiskFailed { path: PathBuf, reason: String },
    #[error("another program is writing to the library; the last change was not kept: try again: {}", path.display())]
    Busy { path: PathBuf },
    #[error("the library can only be read; nothing was changed: {}", path.display())]
    ReadOnly { path: PathBuf },
    #[error("this backup is not sound and was not used: {reason}: {}", path.display())]
    UnsoundBackup { path: PathBuf, reason: String },
    #[error("could not be written: {reason}: {}", path.display())]
    NotWritten { path: PathBuf, reason: String },
    #[error("line {line} cannot be read, and nothing was changed: {reason}")]
    BadLine { line: usize, reason: String },
    #[error("person {} is not in the library", .0.0)]
    NoSuchPerson(PersonId),
    #[error("face {} is not in the library", .0.0)]
    NoSuchFace(FaceId),
    #[error("photo {} is not in the library", .0.0)]
    NoSuchPhoto(PhotoId),
    #[error("the folder is not in the library: {}", .0.display())]
    NoSuchFolder(PathBuf),
    #[error("{0} since this was shown; nothing was done, look again")]
    Stale(Stale),
    #[error("a name needs at least one visible character")]
    EmptyName,
    #[error("a name cannot hold control characters")]
    UnprintableName,
    #[error("a person cannot be joined with, or told apart from, themself")]
    SamePerson,
    #[error("embeddings of {model} have {known} dimensions; one with {found} was offered and not stored")]
    Dimensions { model: String, known: usize, found: usize },
    #[error("the stored {what} cannot be read; rescan its photo")]
    BadValue { what: &'static str },
    #[error("the library refused a change, which was not kept: {0}")]
    Sql(#[from] rusqlite::Error),
}

impl LibraryError {
    /// Whether the library's file is damaged, so that a backup helps.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::NotALibrary { .. } | Self::MigrationFailed { .. })
    }

    /// Gives an SQLite error its meaning where it has one for the user.
    pub(super) fn at(self, path: &std::path::Path) -> Self {
        use rusqlite::ErrorCode;
        let Self::Sql(error) = self else { return self };
        let path = path.to_owned();
        let reason = error.to_string();
        if is_no_value_of_ours(&error) {
            return Self::Damaged { path, reason };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotALibrary { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, reason },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::CannotOpen { path, reason },
            Some(ErrorCode::SystemIoFailure) if is_for_want_of_space(&error) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) => Self::DiskFailed { path, reason },
            _ => Self::Sql(error),
        }
    }
}

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

/// SQLite could not make its shared memory file larger, which even a reader needs.
fn is_for_want_of_space(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

pub type Result<T, E = LibraryError> = std::result::Result<T, E>;
