//! Puts a backup in the library's place.
//!
//! The backup is copied, brought to the present format and checked before anything happens to the library. A library
//! that can be read takes the copy in as one change, which other programs that have it open see like any other. One that
//! cannot is put among the backups with all that belongs to it, and the copy takes its place at once. Killed at any
//! moment, the library is as before or as in the backup.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{BackupReason, backup, check, file};
use crate::library::error::{LibraryError, Result};
use crate::library::migrate;
use crate::library::open::Library;

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What was in its place, as a backup; none where nothing was.
    pub kept: Option<PathBuf>,
    /// With a name, now.
    pub people: usize,
}

/// Restores a library that need not be readable, or be there.
///
/// # Errors
/// When the backup is not sound or of a newer program, and when the library cannot be written; it is as before then.
pub fn restore(library: &Path, backup: &Path) -> Result<Restored> {
    let staged = Staged::copy(library, backup)?;
    // A damaged one is not opened for writing before it is kept: SQLite might clear its log away.
    if library.exists() && is_readable(library)? {
        match Library::open(library).and_then(|mut open| open.take_in(&staged)) {
            Err(
                LibraryError::Damaged { .. } | LibraryError::NotALibrary { .. } | LibraryError::MigrationFailed { .. },
            ) => {}
            outcome => return outcome,
        }
    }
    staged.replace(library)
}

fn is_readable(library: &Path) -> Result<bool> {
    match check::open(library) {
        Ok(connection) => Ok(file::quick_check(&connection).map_err(|error| error.at(library))?.is_none()),
        Err(_) => Ok(false),
    }
}

impl Library {
    /// Restores the library that is open here, and perhaps elsewhere.
    pub fn restore_backup(&mut self, backup: &Path) -> Result<Restored> {
        let staged = Staged::copy(&self.path, backup)?;
        self.take_in(&staged)
    }

    fn take_in(&mut self, staged: &Staged) -> Result<Restored> {
        if self.is_read_only() {
            return Err(LibraryError::ReadOnly { path: self.path.clone() });
        }
        let kept = self.back_up_only(BackupReason::BeforeRestore)?;
        // Who has looked at the library as it was must not decide about it as it will be.
        let revision = self.revision()?.0;
        let path = self.path.clone();
        let mut pour = || -> Result<()> {
            let from = staged.open()?;
            from.execute("UPDATE clock SET revision = max(revision, ?1) + 1", [revision])?;
            file::pour(&from, &mut self.reader.connection)
        };
        pour().map_err(|error| error.at(&path))?;
        self.own.clear();
        Ok(Restored { kept: Some(kept), people: staged.people })
    }
}

/// A sound copy of a backup, in the present format, beside the library.
struct Staged {
    path: PathBuf,
    people: usize,
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What is left of it is no backup, and removed at the next attempt if not now.
        let _ = file::remove(&self.path);
    }
}

impl Staged {
    fn copy(library: &Path, backup: &Path) -> Result<Self> {
        let unsound = |reason: String| LibraryError::UnsoundBackup { path: backup.to_owned(), reason };
        let path = staging_path(library);
        let copied = || -> Result<()> {
            let from = file::open_still(backup)?;
            if migrate::format_of(&from, backup)? == 0 {
                return Err(LibraryError::NotALibrary { path: backup.to_owned() });
            }
            file::copy(&from, &path)?;
            let mut staged = open_plain(&path)?;
            migrate::migrate_copy(&mut staged, &path)
        };
        copied().map_err(|error| match error.at(backup) {
            LibraryError::Damaged { reason, .. } | LibraryError::CannotOpen { reason, .. } => unsound(reason),
            LibraryError::MigrationFailed { reason, .. } => unsound(reason),
            LibraryError::NotALibrary { .. } => unsound("it is no Likeness library".to_owned()),
            other => other,
        })?;
        let mut staged = Self { path, people: 0 };
        let report = super::check(&staged.path);
        staged.people = report.people;
        match report.problems.first() {
            Some(problem) => Err(unsound(problem.to_string())),
            None => Ok(staged),
        }
    }

    fn open(&self) -> Result<Connection> {
        open_plain(&self.path)
    }

    /// What is in the library's place is kept first; so a kill in between loses nothing of either.
    fn replace(self, library: &Path) -> Result<Restored> {
        let kept = match library.exists() {
            true => Some(keep(library)?),
            false => None,
        };
        for suffix in file::SIDE_FILES {
            file::remove(&file::with_suffix(library, suffix))?;
        }
        file::rename(&self.path, library)?;
        Ok(Restored { kept, people: self.people })
    }
}

/// Where a copy waits to take the library's place.
pub(super) fn staging_path(library: &Path) -> PathBuf {
    file::with_suffix(library, ".restoring")
}

pub(super) fn open_plain(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags)?)
}

/// Puts a library that cannot be read among the backups, with what SQLite keeps beside it.
fn keep(library: &Path) -> Result<PathBuf> {
    let kept = backup::new_path(library, BackupReason::BeforeRestore)?;
    for suffix in std::iter::once("").chain(file::SIDE_FILES) {
        let (from, to) = (file::with_suffix(library, suffix), file::with_suffix(&kept, suffix));
        if from.exists() && std::fs::hard_link(&from, &to).is_err() {
            // No second name for a file here: a copy, which counts once it is whole.
            let partial = file::with_suffix(&to, ".partial");
            std::fs::copy(&from, &partial).map_err(|error| file::at(&to, &error))?;
            file::rename(&partial, &to)?;
        }
    }
    Ok(kept)
}
