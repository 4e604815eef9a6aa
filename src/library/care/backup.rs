//! Backups: copies of the whole library, in a folder beside it, named by time and reason.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::Serialize;

use super::holdings::Holdings;
use super::pruning::{Worth, holdings, prune, worth};
use super::remains::Writing;
use super::{check, file, forget};
use crate::library::error::{LibraryError, Result};
use crate::library::migrate;
use crate::library::open::LibraryReader;

/// Why a backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackupReason {
    /// Before the library was brought to a newer format.
    Migration,
    /// Before a grouping that changed many faces of named people.
    Grouping,
    Daily,
    Asked,
    /// What was there before a backup was restored.
    BeforeRestore,
    BeforeImport,
    /// Before the faces of a folder that is no longer scanned were forgotten.
    BeforeRemoval,
    /// What a library still held whose log was garbled.
    Rescued,
    /// The library's file without its log, of which nothing could be read: sound, but it may lack what was decided last.
    FileAlone,
}

/// A copy of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub path: PathBuf,
    /// Seconds since 1970.
    pub at_secs: i64,
    pub reason: BackupReason,
    pub bytes: u64,
    pub state: BackupState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupState {
    /// It can be restored.
    Sound {
        /// With a name.
        people: usize,
        faces: usize,
    },
    Damaged(String),
    /// Only a newer program can read it.
    Newer,
}

/// A backup that was made, and those for which there was no room any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeBackup {
    pub path: PathBuf,
    pub removed: Vec<PathBuf>,
}

impl Backup {
    pub fn is_sound(&self) -> bool {
        matches!(self.state, BackupState::Sound { .. })
    }
}

impl BackupReason {
    const ALL: [Self; 9] = [
        Self::Migration,
        Self::Grouping,
        Self::Daily,
        Self::Asked,
        Self::BeforeRestore,
        Self::BeforeImport,
        Self::BeforeRemoval,
        Self::Rescued,
        Self::FileAlone,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Migration => "migration",
            Self::Grouping => "grouping",
            Self::Daily => "daily",
            Self::Asked => "asked",
            Self::BeforeRestore => "before-restore",
            Self::BeforeImport => "before-import",
            Self::BeforeRemoval => "before-removal",
            Self::Rescued => "rescued",
            Self::FileAlone => "file-alone",
        }
    }
}

/// How a backup's name says when it was made, in UTC.
const TIME: &str = "%Y%m%dT%H%M%S%.3fZ";

/// Where a library's backups lie.
pub(crate) fn backups_folder(library: &Path) -> PathBuf {
    library.parent().unwrap_or(Path::new("")).join("backups")
}

/// The backups of a library, the newest first, each read and checked. The library itself need not be readable.
pub fn backups(library: &Path) -> Result<Vec<Backup>> {
    let read = |found: FoundBackup| Backup {
        state: inspect(&found.path),
        bytes: found.bytes,
        at_secs: found.at.as_second(),
        reason: found.reason,
        path: found.path,
    };
    Ok(find(library)?.into_iter().map(read).collect())
}

/// How many there are; none is read.
pub(crate) fn count_backups(library: &Path) -> Result<usize> {
    Ok(find(library)?.len())
}

impl LibraryReader {
    /// Copies the library as it is now, and removes backups that are too many. Returns the copy.
    ///
    /// # Errors
    /// [`LibraryError::Damaged`] where the copy is not sound, because the library is not; it is not kept then.
    pub fn back_up(&self, reason: BackupReason) -> Result<PathBuf> {
        self.back_up_and_tell(reason).map(|made| made.path)
    }

    /// The same, for who is told what went.
    pub(crate) fn back_up_and_tell(&self, reason: BackupReason) -> Result<MadeBackup> {
        let path = self.back_up_only(reason)?;
        let removed = prune(&self.path, bytes_of(&path), Some(&path), None)?;
        Ok(MadeBackup { path, removed })
    }

    /// The newest sound backup that holds what the library holds now, or one that is made; no other one is removed.
    pub(super) fn back_up_where_needed(&self, reason: BackupReason) -> Result<PathBuf> {
        let damaged = |problem: check::Problem| LibraryError::Damaged {
            path: self.path.clone(),
            reason: problem.to_string().into(),
        };
        let now =
            self.read(|c| check::wrong_rows(c)?.map_or_else(|| Holdings::of(c), |problem| Err(damaged(problem))))?;
        let is_same = |found: &FoundBackup| holdings(&found.path) == Some(now) && worth(&found.path) == Worth::Sound;
        match find(&self.path)?.into_iter().find(is_same) {
            Some(found) => Ok(found.path),
            None => self.back_up_only(reason),
        }
    }

    /// Removes no other backup.
    pub(super) fn back_up_only(&self, reason: BackupReason) -> Result<PathBuf> {
        self.read(|c| back_up(c, &self.path, reason))
    }
}

/// Copies a library of an older format before it is migrated, and removes backups that are too many.
pub(in crate::library) fn back_up_to_migrate(connection: &Connection, library: &Path) -> Result<()> {
    let target = write(connection, library, BackupReason::Migration)?;
    prune(library, bytes_of(&target), Some(&target), None).map(drop)
}

pub(super) fn back_up(connection: &Connection, library: &Path, reason: BackupReason) -> Result<PathBuf> {
    loop {
        let forgotten = forget::count(connection)?;
        // Where somebody was forgotten meanwhile, they may be in it.
        let is_wanted = || Ok(forget::count(connection)? == forgotten);
        match write_while(connection, library, reason, is_wanted) {
            // Of a garbled library anything that can be had is worth keeping.
            Ok(Some(target)) if matches!(reason, BackupReason::Rescued | BackupReason::FileAlone) => return Ok(target),
            Ok(Some(target)) => return refuse_unsound(library, target),
            Ok(None) => {}
            // Who forgets somebody removes what others have begun.
            Err(_) if forget::count(connection)? != forgotten => {}
            Err(error) => return Err(error),
        }
    }
}

/// A copy whose rows are not sound is none to come back to, and its user is told while older ones are there.
fn refuse_unsound(library: &Path, copy: PathBuf) -> Result<PathBuf> {
    let Some(problem) = check::wrong_rows(&file::open_still(&copy)?)? else { return Ok(copy) };
    file::remove(&copy)?;
    Err(LibraryError::Damaged { path: library.to_owned(), reason: problem.to_string().into() })
}

fn write(connection: &Connection, library: &Path, reason: BackupReason) -> Result<PathBuf> {
    let target = write_while(connection, library, reason, || Ok(true))?;
    Ok(target.expect("it is wanted"))
}

fn write_while(
    connection: &Connection,
    library: &Path,
    reason: BackupReason,
    is_wanted: impl Fn() -> Result<bool>,
) -> Result<Option<PathBuf>> {
    let _writing = Writing::begin(library);
    let target = new_path(library, reason)?;
    let is_written = file::copy_while(connection, &target, is_wanted).map_err(|error| match error {
        // It is the library that is damaged, since a copy is like it.
        LibraryError::Damaged { reason, .. } => LibraryError::Damaged { path: library.to_owned(), reason },
        other => other,
    })?;
    Ok(is_written.then_some(target))
}

/// A name that no backup has yet, in a folder for its owner only.
pub(super) fn new_path(library: &Path, reason: BackupReason) -> Result<PathBuf> {
    let folder = backups_folder(library);
    create_folder(&folder).map_err(|error| file::at(&folder, &error))?;
    let mut at = Timestamp::now();
    loop {
        let time = at.to_zoned(TimeZone::UTC).datetime().strftime(TIME).to_string();
        let path = folder.join(format!("{}-{time}-{}.sqlite", stem(library), reason.word()));
        if !path.exists() {
            return Ok(path);
        }
        at += std::time::Duration::from_millis(1);
    }
}

pub(super) fn create_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether there is a backup, sound or not.
pub(in crate::library) fn has_backups(library: &Path) -> bool {
    find(library).is_ok_and(|found| found.iter().any(|found| found.bytes > 0))
}

/// A backup by its name; nothing of it was read.
#[derive(Debug)]
pub(super) struct FoundBackup {
    pub path: PathBuf,
    pub at: Timestamp,
    pub reason: BackupReason,
    pub bytes: u64,
    /// Left beside the library by an earlier program.
    pub is_beside: bool,
}

/// The newest first.
pub(super) fn find(library: &Path) -> Result<Vec<FoundBackup>> {
    let mut all = Vec::new();
    for path in files_of(&backups_folder(library))? {
        if let Some((at, reason)) = parse(library, &path) {
            all.push(FoundBackup { bytes: bytes_of(&path), path, at, reason, is_beside: false });
        }
    }
    for path in files_of(library.parent().unwrap_or(Path::new("")))? {
        if is_migration_copy(library, &path) {
            let at = std::fs::metadata(&path).and_then(|file| file.modified()).ok();
            let at = at.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
            all.push(FoundBackup {
                bytes: bytes_of(&path),
                path,
                at,
                reason: BackupReason::Migration,
                is_beside: true,
            });
        }
    }
    all.sort_by(|a, b| (b.at, &b.path).cmp(&(a.at, &a.path)));
    Ok(all)
}

/// The files of a folder; none where there is no folder.
pub(super) fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    // A library named without a folder lies in the present one.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file::at(folder, &error)),
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

/// With what stands in its log.
pub(in crate::library) fn bytes_of(path: &Path) -> u64 {
    let sizes = ["", "-wal"].map(|suffix| std::fs::metadata(file::with_suffix(path, suffix)).map_or(0, |f| f.len()));
    sizes.iter().sum()
}

pub(super) fn stem(library: &Path) -> String {
    library.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Why a backup was made, as its name says; none where it is named otherwise.
pub(crate) fn reason_of(library: &Path, backup: &Path) -> Option<BackupReason> {
    parse(library, backup).map(|(_, reason)| reason)
}

fn parse(library: &Path, path: &Path) -> Option<(Timestamp, BackupReason)> {
    let name = path.file_name()?.to_str()?.strip_prefix(&stem(library))?.strip_prefix('-')?.strip_suffix(".sqlite")?;
    let (time, reason) = name.split_once('-')?;
    let reason = BackupReason::ALL.into_iter().find(|known| known.word() == reason)?;
    let time = DateTime::strptime("%Y%m%dT%H%M%S%.fZ", time).ok()?;
    Some((time.to_zoned(TimeZone::UTC).ok()?.timestamp(), reason))
}

/// `library.sqlite.v3.backup`: how earlier programs named their copies.
fn is_migration_copy(library: &Path, path: &Path) -> bool {
    let (Some(own), Some(name)) = (library.file_name(), path.file_name()) else { return false };
    let (own, name) = (own.to_string_lossy(), name.to_string_lossy());
    let format = name.strip_prefix(&*own).and_then(|rest| rest.strip_prefix(".v")?.strip_suffix(".backup"));
    format.is_some_and(|format| !format.is_empty() && format.bytes().all(|b| b.is_ascii_digit()))
}

/// Reads a backup and checks it, as whole as before it is restored.
pub(super) fn inspect(path: &Path) -> BackupState {
    let read = || -> Result<BackupState> {
        let connection = file::open_still(path)?;
        if migrate::format_of(&connection, path)? == 0 {
            return Err(LibraryError::NotALibrary { path: path.to_owned() });
        }
        let report = check::inspect(&connection)?;
        Ok(match report.problems.first() {
            Some(problem) => BackupState::Damaged(problem.to_string()),
            None => BackupState::Sound { people: report.people, faces: report.faces },
        })
    };
    match read().map_err(|error| error.at(path)) {
        Ok(state) => state,
        Err(LibraryError::Newer { .. }) => BackupState::Newer,
        Err(LibraryError::Damaged { reason, .. } | LibraryError::CannotOpen { reason, .. }) => {
            BackupState::Damaged(reason.to_string())
        }
        Err(LibraryError::NotALibrary { .. }) => BackupState::Damaged("it is no Likeness library".to_owned()),
        Err(other) => BackupState::Damaged(other.to_string()),
    }
}

/// How many changes of faces and people a backup has seen: of two copies of one library, which one holds more. None
/// where an older program made it, which did not count.
pub(crate) fn revision_in(backup: &Path) -> Option<i64> {
    let connection = file::open_still(backup).ok()?;
    connection.query_row("SELECT revision FROM clock", [], |row| row.get(0)).ok()
}
