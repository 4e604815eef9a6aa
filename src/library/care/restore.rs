//! Puts a backup in the library's place.
//!
//! The backup is copied, brought to the present format and checked before anything happens to the library. A library
//! that can be read takes the copy in as one change, which other programs that have it open see like any other. One that
//! cannot is put among the backups with all that belongs to it, and the copy takes its place. Killed at any moment, the
//! library is as before or as in the backup, or told as gone, with both among the backups.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::forget_again::ForgottenForGood;
use super::numbers::{Taken, tell_apart};
use super::remains::Writing;
use super::{BackupReason, backup, check, file, forget_pending, log, pruning};
use crate::library::error::{LibraryError, Result};
use crate::library::open::Library;
use crate::library::reason::Reason;
use crate::library::{files, migrate};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What was in its place, as a backup; none where nothing was.
    pub kept: Option<PathBuf>,
    /// With a name, now.
    pub people: usize,
    /// Where that is now which was in the place of the library's files and is no file: folders, devices, sockets.
    pub moved_aside: Vec<PathBuf>,
    /// Other backups for which there was no room any more.
    pub removed: Vec<PathBuf>,
}

/// Restores a library that need not be readable, or be there.
///
/// # Errors
/// When the backup is not sound or of a newer program, and when the library cannot be written; it is as before then.
pub(crate) fn restore(library: &Path, backup: &Path) -> Result<Restored> {
    let mut moved_aside = Vec::new();
    if file::refuse_obstructed(library).is_err() {
        // Nothing is moved for a backup that cannot be restored.
        moved_aside = std::mem::take(&mut Staged::copy(library, backup)?.moved_aside);
        moved_aside.extend(file::step_over(library)?);
    }
    log::rescue_garbled(library);
    let restored = match open_whole(library)?.map(|mut open| open.take_backup_in(backup)) {
        None => Staged::copy(library, backup)?.replace(library)?,
        // What opened turns out to be damaged further on.
        Some(Err(error)) if is_of_the_present(&error) => Staged::copy(library, backup)?.replace(library)?,
        Some(outcome) => outcome?,
    };
    Ok(Restored { moved_aside: [moved_aside, restored.moved_aside].concat(), ..restored })
}

/// Whether it is the library in its place that hinders a restore, and not the backup, the disk or another program. What is
/// to be replaced need not be understood: a table that is missing is as good a reason to restore as a torn page.
fn is_of_the_present(error: &LibraryError) -> bool {
    error.is_damage() || matches!(error, LibraryError::Sql(_) | LibraryError::BadValue { .. })
}

/// None where it is damaged, or not there. A damaged one is not opened for writing before it is kept: SQLite might clear
/// its log away.
fn open_whole(library: &Path) -> Result<Option<Library>> {
    if !library.exists() || !is_readable(library)? {
        return Ok(None);
    }
    match Library::open(library) {
        Ok(open) => Ok(Some(open)),
        Err(error) if is_of_the_present(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_readable(library: &Path) -> Result<bool> {
    match check::open(library) {
        Ok(connection) => Ok(file::quick_check(&connection).map_err(|error| error.at(library))?.is_none()),
        Err(_) => Ok(false),
    }
}

impl Library {
    /// Restores the library that is open here, and perhaps elsewhere. One whose state cannot be read is put aside.
    pub(crate) fn restore_backup(&mut self, backup: &Path) -> Result<Restored> {
        match self.take_backup_in(backup) {
            Err(error) if is_of_the_present(&error) => {
                let restored = Staged::copy(&self.path, backup)?.replace(&self.path)?;
                self.follow_replaced()?;
                Ok(restored)
            }
            outcome => outcome,
        }
    }

    fn take_backup_in(&mut self, backup: &Path) -> Result<Restored> {
        self.be_writable()?;
        self.refuse_replaced()?;
        // A backup that still holds somebody forgotten must not bring them back.
        let is_finished = self.finish_forgetting()?;
        let staged = Staged::copy(&self.path, backup)?;
        self.take_in(staged, is_finished)
    }

    fn take_in(&mut self, mut staged: Staged, is_finished: bool) -> Result<Restored> {
        // Who restores twice in a row has lost nothing the second time, and what the first one put aside stays.
        let kept = self.back_up_where_needed(BackupReason::BeforeRestore)?;
        let revision = self.revision()?.0;
        // Nor is a number given twice: an open window knows faces and photos by theirs.
        let numbers = self.read(numbers_given)?;
        let forgotten = self.read(ForgottenForGood::read)?;
        let path = self.path.clone();
        let mut pour = || -> Result<()> {
            staged.change(|from| {
                tell_apart(from, revision)?;
                keep_numbers(from, &numbers)?;
                forgotten.apply(from)?;
                if is_finished { Ok(()) } else { forget_pending::only_the_library(from) }
            })?;
            file::pour(&file::open_still(&staged.path)?, &mut self.reader.connection)
        };
        pour().map_err(|error| error.on(&self.reader.connection).at(&path))?;
        self.own = Default::default();
        self.own_steps = Default::default();
        let removed = leave_few(&self.path, self.read(bytes_within)?, &kept, &staged.backup);
        let people = self.read(named_people)?;
        let moved_aside = std::mem::take(&mut staged.moved_aside);
        Ok(Restored { kept: Some(kept), people, moved_aside, removed })
    }
}

/// Removes backups that are too many. The restore is done by then: what hinders it is told by the next backup.
fn leave_few(library: &Path, now: u64, kept: &Path, restored: &Path) -> Vec<PathBuf> {
    pruning::prune(library, now, Some(kept), Some(restored)).unwrap_or_default()
}

/// How large a library is as one file, however much of it stands in its log.
fn bytes_within(c: &Connection) -> Result<u64> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    Ok(c.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
}

fn named_people(c: &Connection) -> Result<usize> {
    check::count(c, "SELECT count(*) FROM person WHERE name IS NOT NULL")
}

/// The last numbers that were given, by table.
fn numbers_given(c: &Connection) -> Result<Vec<(String, i64)>> {
    let mut query = c.prepare("SELECT name, seq FROM sqlite_sequence")?;
    Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn keep_numbers(c: &Connection, given: &[(String, i64)]) -> Result<()> {
    for (table, last) in given {
        if c.execute("UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1", params![table, last])? == 0 {
            c.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", params![table, last])?;
        }
    }
    Ok(())
}

/// A sound copy of a backup, in the present format, beside the library.
pub(super) struct Staged {
    path: PathBuf,
    /// What it was copied from.
    backup: PathBuf,
    people: usize,
    moved_aside: Vec<PathBuf>,
    _writing: Writing,
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What is left of it is no backup, and removed at the next attempt if not now.
        let _ = file::remove(&self.path);
    }
}

impl Staged {
    pub(super) fn copy(library: &Path, backup: &Path) -> Result<Self> {
        let unsound = |reason: Reason| LibraryError::UnsoundBackup { path: backup.to_owned(), reason };
        let path = staging_path(library);
        let writing = Writing::begin(library);
        let mut moved_aside = file::step_over(&path)?;
        moved_aside.extend(file::step_over(&file::with_suffix(&path, ".partial"))?);
        let copied = || -> Result<()> {
            let from = file::open_still(backup)?;
            if migrate::format_of(&from, backup)? == 0 {
                return Err(LibraryError::NotALibrary { path: backup.to_owned() });
            }
            file::copy(&from, &path)?;
            file::change(&path, |staged| {
                migrate::migrate_copy(staged, &path)?;
                let transaction = staged.transaction()?;
                files::settle_all(&transaction)?;
                Ok(transaction.commit()?)
            })
        };
        copied().map_err(|error| match error.at(backup) {
            LibraryError::Damaged { reason, .. } | LibraryError::CannotOpen { reason, .. } => unsound(reason),
            LibraryError::MigrationFailed { reason, .. } => unsound(reason),
            LibraryError::NotALibrary { .. } => unsound("it is no Likeness library".into()),
            other => other,
        })?;
        let mut staged = Self { path, backup: backup.to_owned(), people: 0, moved_aside, _writing: writing };
        let report = super::check(&staged.path);
        staged.people = report.people;
        match report.problems.first() {
            Some(problem) => Err(unsound(problem.to_string().into())),
            None => Ok(staged),
        }
    }

    fn change(&self, work: impl FnOnce(&mut Connection) -> Result<()>) -> Result<()> {
        file::change(&self.path, work)
    }

    /// What is in the library's place is kept first, and its file goes before its log: without the log it might open as
    /// something older. After a kill in between nothing is there, which is told, and both are among the backups.
    pub(super) fn replace(mut self, library: &Path) -> Result<Restored> {
        let kept = match library.exists() {
            true => Some(keep(library)?),
            false => None,
        };
        let taken = Taken::with_unknown(library, &self.path)?;
        let forgotten = ForgottenForGood::of_what_is_left(library)?;
        self.people = file::change(&self.path, |staged| {
            taken.leave_out(staged)?;
            forgotten.apply(staged)?;
            named_people(staged)
        })?;
        let clear = || {
            file::remove_file(library)?;
            file::SIDE_FILES.iter().try_for_each(|suffix| file::remove(&file::with_suffix(library, suffix)))
        };
        if let Err(error) = clear().and_then(|()| file::rename(&self.path, library)) {
            kept.map_or(Ok(()), |kept| duplicate(&kept, library))?;
            return Err(error);
        }
        // Only now: the others were asked what they know, and a kill before would have left them as the way back.
        let removed = match &kept {
            Some(kept) => leave_few(library, backup::bytes_of(library), kept, &self.backup),
            None => Vec::new(),
        };
        Ok(Restored { kept, people: self.people, moved_aside: std::mem::take(&mut self.moved_aside), removed })
    }
}

/// Where a copy waits to take the library's place.
fn staging_path(library: &Path) -> PathBuf {
    file::with_suffix(library, ".restoring")
}

/// Puts a library that cannot be read among the backups, with what SQLite keeps beside it.
fn keep(library: &Path) -> Result<PathBuf> {
    let kept = backup::new_path(library, BackupReason::BeforeRestore)?;
    duplicate(library, &kept)?;
    Ok(kept)
}

/// Gives a database and what SQLite keeps beside it a second name; what is there under it stays.
fn duplicate(database: &Path, second: &Path) -> Result<()> {
    for suffix in std::iter::once("").chain(file::SIDE_FILES) {
        let (from, to) = (file::with_suffix(database, suffix), file::with_suffix(second, suffix));
        if from.exists() && !to.exists() && std::fs::hard_link(&from, &to).is_err() {
            // No second name for a file here: a copy, which counts once it is whole.
            let partial = file::with_suffix(&to, ".partial");
            std::fs::copy(&from, &partial).map_err(|error| file::at(&to, &error))?;
            file::rename(&partial, &to)?;
        }
    }
    Ok(())
}
