//! What killed programs leave behind of copies that they were writing, and the lock by which it is known from what another
//! program is writing now.
//!
//! Who writes a copy holds the lock together with others who do; who clears away needs it alone. The operating system lets
//! it go when a process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::backup;
use super::file::{self, SIDE_FILES, with_suffix};
use crate::library::error::{LibraryError, Result};

/// Where nothing can be locked, what is older than this is no longer being written.
const LONGEST_COPY: Duration = Duration::from_secs(3600);

/// How long who cleans backups waits for those who write copies.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// How copies are called that do not count yet.
const UNFINISHED: [&str; 4] = [".partial", ".forgetting", ".restoring", ".rescuing"];

/// Held while copies of a library are written.
#[derive(Debug)]
pub(super) struct Writing {
    _lock: Option<File>,
}

impl Writing {
    /// Without a lock where the file system has none: a copy is worth more than what may be left of it.
    pub fn begin(library: &Path) -> Self {
        Self { _lock: lock_file(library).filter(|lock| lock.lock_shared().is_ok()) }
    }
}

/// Held while backups are cleaned of somebody: nobody writes a copy meanwhile, and nobody else cleans.
#[derive(Debug)]
pub(super) struct Cleaning {
    _lock: Option<File>,
}

impl Cleaning {
    /// Waits a while for those who write.
    pub fn begin(library: &Path) -> Result<Self> {
        let begun = Instant::now();
        let Some(lock) = lock_file(library) else { return Ok(Self { _lock: None }) };
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { _lock: Some(lock) }),
                Err(TryLockError::Error(_)) => return Ok(Self { _lock: None }),
                Err(TryLockError::WouldBlock) if begun.elapsed() > LONGEST_WAIT => {
                    return Err(LibraryError::Busy { path: library.to_owned() });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
    }
}

fn lock_file(library: &Path) -> Option<File> {
    let path = with_suffix(library, ".lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).ok()
}

/// Removes what killed programs left, unless somebody is writing a copy now.
pub(in crate::library) fn clear(library: &Path) -> Result<()> {
    let remains = find(library)?;
    if remains.is_empty() {
        return Ok(());
    }
    let lock = lock_file(library);
    match lock.as_ref().map(File::try_lock) {
        Some(Ok(())) => remains.iter().try_for_each(|path| file::remove_file(path)),
        Some(Err(TryLockError::WouldBlock)) => Ok(()),
        Some(Err(TryLockError::Error(_))) | None => {
            remains.iter().filter(|path| is_old(path)).try_for_each(|path| file::remove_file(path))
        }
    }
}

/// Removes it whoever wrote it: a copy that was begun before a person was forgotten does not count.
pub(super) fn remove_all(library: &Path) -> Result<()> {
    find(library)?.iter().try_for_each(|path| file::remove_file(path))
}

/// Databases beside a library and among its backups that are neither: copies that its user made, under names of theirs.
pub(crate) fn copies_by_hand(library: &Path) -> Result<Vec<PathBuf>> {
    let mut own: Vec<PathBuf> = backup::find(library)?.into_iter().map(|found| found.path).collect();
    own.extend(find(library)?);
    own.push(library.to_owned());
    let mut copies = backup::files_of(library.parent().unwrap_or(Path::new("")))?;
    copies.extend(backup::files_of(&backup::backups_folder(library))?);
    copies.retain(|path| path.file_name() != library.file_name() && !own.contains(path) && is_database(path));
    Ok(copies)
}

fn is_database(path: &Path) -> bool {
    let mut begin = [0; 16];
    let read = File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut begin));
    read.is_ok() && begin == *b"SQLite format 3\0"
}

fn is_old(path: &Path) -> bool {
    let changed = std::fs::metadata(path).and_then(|file| file.modified()).ok();
    changed.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > LONGEST_COPY)
}

/// Unfinished copies of this library and of its backups, with what SQLite keeps beside them.
fn find(library: &Path) -> Result<Vec<PathBuf>> {
    let own = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let of_backups = format!("{}-", backup::stem(library));
    let beside = backup::files_of(library.parent().unwrap_or(Path::new("")))?;
    let among = backup::files_of(&backup::backups_folder(library))?;
    let all = beside.into_iter().map(|path| (path, &own)).chain(among.into_iter().map(|path| (path, &of_backups)));
    let is_unfinished = |name: &str| {
        let ends =
            |end: &&str| name.ends_with(*end) || SIDE_FILES.iter().any(|side| name.ends_with(&format!("{end}{side}")));
        UNFINISHED.iter().any(ends)
    };
    let is_ours = |(path, begin): (PathBuf, &String)| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        (name.starts_with(begin.as_str()) && is_unfinished(&name)).then_some(path)
    };
    Ok(all.filter_map(is_ours).collect())
}
