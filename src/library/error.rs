//! What can go wrong with a library, in words for its user.

use std::path::PathBuf;

use rusqlite::Connection;

use super::reason::{self, Reason, SqliteFailure};
use crate::types::{Advised, FaceId, PersonId};

/// What has happened to something between looking at it and deciding about it, or what was said of it that the decision
/// would overwrite: a whole sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    #[error("this face has gone since it was shown; nothing was done, look again")]
    FaceGone,
    #[error("this face has come to somebody else since it was shown; nothing was done, look again")]
    FaceMoved,
    /// It may still be the same person's.
    #[error("something else has been decided about this face since it was shown; nothing was done, look again")]
    FaceDecided,
    #[error("this face has been found since it was shown as lost; nothing was done, look again")]
    FaceFound,
    #[error("this face is somebody else's, and nothing was done; say first that it is not them")]
    FaceOfOther,
    #[error("this face was marked as not a face, and nothing was done; restore it first")]
    FaceNotAFace,
    #[error("this face was set aside as a stranger, and nothing was done; restore it first")]
    FaceStranger,
    #[error("it was said that this face is not this person, and nothing was done; take that back first")]
    FaceRejected,
    #[error("this person has gone since they were shown; nothing was done, look again")]
    PersonGone,
    #[error("this person has changed since they were shown; nothing was done, look again")]
    PersonChanged,
    /// More was said against joining two people than its user knows.
    #[error("since these two were shown it has been said that they are different people; nothing was done, look again")]
    SaidApart,
    #[error("more photos of this folder have gone since they were counted; nothing was done, look again")]
    MoreGone,
    #[error("what this would change has been worked out anew since it was shown; nothing was done, look again")]
    OtherPreview,
    /// Not the step of the history that was to be undone or done again comes next.
    #[error("something else has been decided since this was shown; nothing was done, look again")]
    OtherStep,
}

/// What is where a file of the library belongs, and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    #[error("a folder")]
    Folder,
    #[error("a device")]
    Device,
    #[error("a socket")]
    Socket,
    #[error("a pipe")]
    Pipe,
    #[error("something that is no file")]
    Other,
}

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error("the library cannot be opened; nothing was changed: {reason}: {}", path.display())]
    CannotOpen {
        path: PathBuf,
        #[source]
        reason: Reason,
    },
    #[error(
        "the library is damaged and was left as it is; {} puts the newest sound backup in its place: {reason}: {}",
        Advised("library restore"), path.display()
    )]
    Damaged {
        path: PathBuf,
        #[source]
        reason: Reason,
    },
    #[error("this file is not a Likeness library; it was left as it is: {}", path.display())]
    NotALibrary { path: PathBuf },
    #[error(
        "{what} is in the way where the library keeps a file; nothing was changed: move it elsewhere, or let {} move it \
         aside and put the newest sound backup in the library's place: {}", Advised("library restore"), path.display()
    )]
    InTheWay { path: PathBuf, what: Obstacle },
    #[error(
        "the library was written by a newer Likeness (format {found}, this program knows {known}); it was left as it \
         is; use the newer program: {}", path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("the library is still of format {found} and this reader needs {known}: open it for writing once: {}", path.display())]
    NeedsMigration { path: PathBuf, found: i64, known: i64 },
    #[error("the library could not be brought to format {to}; it was left as it was: {reason}: {}", path.display())]
    MigrationFailed {
        path: PathBuf,
        to: i64,
        #[source]
        reason: Reason,
    },
    #[error("the disk is full; the last change was not kept, everything before it was: make room, then try again: {}", path.display())]
    DiskFull { path: PathBuf },
    #[error("the disk failed; the last change was not kept, everything before it was: {reason}: {}", path.display())]
    DiskFailed {
        path: PathBuf,
        #[source]
        reason: Reason,
    },
    #[error("there was not enough memory, and nothing was changed; close other programs and try again: {}", path.display())]
    NoMemory { path: PathBuf },
    #[error("another program is writing to the library; the last change was not kept: try again: {}", path.display())]
    Busy { path: PathBuf },
    #[error("the library can only be read; nothing was changed: {}", path.display())]
    ReadOnly { path: PathBuf },
    #[error(
        "another program has put another file in the library's place, or taken it away; nothing was changed: look again, \
         or start Likeness anew: {}", path.display()
    )]
    Replaced { path: PathBuf },
    #[error("this backup is not sound and was not used: {reason}: {}", path.display())]
    UnsoundBackup {
        path: PathBuf,
        #[source]
        reason: Reason,
    },
    /// Of what is written to wherever its caller says.
    #[error("{0}")]
    NotExported(#[source] Reason),
    #[error("could not be written: {reason}: {}", path.display())]
    NotWritten {
        path: PathBuf,
        #[source]
        reason: Reason,
    },
    #[error("line {line} cannot be read, and nothing was changed: {reason}")]
    BadLine { line: usize, reason: String },
    #[error("person {} is not in the library", .0.0)]
    NoSuchPerson(PersonId),
    #[error("face {} is not in the library", .0.0)]
    NoSuchFace(FaceId),
    #[error("the folder is not in the library: {}", .0.display())]
    NoSuchFolder(PathBuf),
    #[error("nothing that is known of {} is in {}", .from.display(), .to.display())]
    OtherFolder { from: PathBuf, to: PathBuf },
    #[error("{0}")]
    Stale(Stale),
    /// No scan could leave such faces out.
    #[error(
        "{faces} of these faces are in pictures that the library does not know by their content yet, so that later scans \
         could not leave them out; nothing was done: scan first, or let later scans find these faces again"
    )]
    PicturesUnknown { faces: usize },
    #[error("a name needs at least one visible character")]
    EmptyName,
    #[error("a name cannot hold control characters, line separators, or what turns the direction of text")]
    UnprintableName,
    #[error("a name cannot be longer than {most} characters")]
    LongName { most: usize },
    #[error("a person cannot be joined with, or told apart from, themself")]
    SamePerson,
    #[error("embeddings of {model} have {known} dimensions; one with {found} was offered and not stored")]
    Dimensions { model: String, known: usize, found: usize },
    #[error("the stored {what} cannot be read; rescan its photo")]
    BadValue { what: &'static str },
    #[error(
        "the library refused this, and nothing was changed; {} says whether it is sound: if it is, please report this \
         as a fault of Likeness",
        Advised("library check")
    )]
    Sql(#[from] rusqlite::Error),
}

impl LibraryError {
    /// Whether the library's file is damaged, so that a backup helps.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::NotALibrary { .. } | Self::MigrationFailed { .. } | Self::InTheWay { .. }
        )
    }

    /// What is wrong with the library's file, as a sentence where the way back is offered beside it: the command that
    /// others are told of is left out. None: nothing is.
    pub(crate) fn damage(&self) -> Option<String> {
        let words = match self {
            Self::Damaged { path, reason } => format!("The library's file is damaged: {reason}: {}", path.display()),
            Self::InTheWay { path, what } => {
                format!(
                    "Where the library keeps a file there is {what}, which a restore moves aside: {}",
                    path.display()
                )
            }
            Self::NotALibrary { path } => format!("This file is not a Likeness library: {}", path.display()),
            Self::MigrationFailed { path, to, reason } => {
                format!("The library could not be brought to format {to}: {reason}: {}", path.display())
            }
            _ => return None,
        };
        Some(words)
    }

    /// Whether SQLite found no room.
    pub(super) fn is_of_full_disk(&self) -> bool {
        matches!(self, Self::Sql(error) if SqliteFailure::of(error) == SqliteFailure::DiskFull)
    }

    /// Where SQLite says that the disk failed, what the system had said to this connection: it may be full.
    pub(super) fn on(self, connection: &Connection) -> Self {
        match self {
            Self::Sql(error) if reason::is_of_full_disk(&error, connection) => Self::Sql(reason::full_disk(&error)),
            other => other,
        }
    }

    /// Gives an SQLite error its meaning for the user.
    pub(super) fn at(self, path: &std::path::Path) -> Self {
        let Self::Sql(error) = self else { return self };
        let path = path.to_owned();
        match SqliteFailure::of(&error) {
            SqliteFailure::NotADatabase => Self::NotALibrary { path },
            SqliteFailure::Damaged => Self::Damaged { path, reason: Reason::of_sqlite(&error) },
            SqliteFailure::DiskFull => Self::DiskFull { path },
            SqliteFailure::DiskFailed => Self::DiskFailed { path, reason: Reason::of_sqlite(&error) },
            SqliteFailure::Busy => Self::Busy { path },
            SqliteFailure::ReadOnly => Self::ReadOnly { path },
            SqliteFailure::CannotOpen => Self::CannotOpen { path, reason: Reason::of_sqlite(&error) },
            SqliteFailure::NoMemory => Self::NoMemory { path },
            SqliteFailure::Refused => Self::Sql(error),
        }
    }
}

pub type Result<T, E = LibraryError> = std::result::Result<T, E>;
