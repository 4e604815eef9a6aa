//! What both the window and `likeness library` do with the library's file.

#[cfg(feature = "gui")]
mod window;

#[cfg(feature = "gui")]
pub use self::window::Job;

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::app::engine::home::Home;
use crate::library::care::{self, Backup, BackupReason, ExportCounts, ImportMode, ImportReport, Restored};
use crate::library::{Library, LibraryReader};

/// The backup that a user means by a path, or by its name among the library's backups; without either the newest sound
/// one. What an earlier restore put aside is only taken when asked for.
pub fn backup_to_restore(home: &Home, named: Option<&Path>) -> Result<PathBuf> {
    let library = home.library();
    if let Some(named) = named {
        let own = care::backups_folder(&library).join(named);
        return match [named.to_owned(), own].into_iter().find(|path| path.is_file()) {
            Some(path) => Ok(path),
            None => bail!("there is no such backup: {}", named.display()),
        };
    }
    let newest = newest_sound(&care::backups(&library)?).map(|backup| backup.path.clone());
    newest.with_context(|| format!("there is no sound backup in {}", care::backups_folder(&library).display()))
}

fn newest_sound(backups: &[Backup]) -> Option<&Backup> {
    backups.iter().find(|backup| backup.is_sound() && backup.reason != BackupReason::BeforeRestore)
}

pub fn newest_of(home: &Home) -> Result<Option<Backup>> {
    Ok(newest_sound(&care::backups(&home.library())?).cloned())
}

/// Restores a backup, whether the library can be opened or not.
pub fn restore(home: &Home, backup: &Path) -> Result<Restored> {
    Ok(care::restore(&home.library(), backup)?)
}

/// Writes an export beside its place and renames it, so that a failed one leaves what was there. A device, a pipe and
/// what a link leads to are written into.
pub fn export(library: &LibraryReader, to: &Path) -> Result<ExportCounts> {
    let cannot = || format!("cannot write {}", to.display());
    let there = std::fs::symlink_metadata(to).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let mut file = File::options().write(true).truncate(true).open(to).with_context(cannot)?;
        return export_into(library, &mut file).with_context(cannot);
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    let counts = export_into(library, file.as_file_mut()).with_context(cannot)?;
    file.as_file().sync_all().with_context(cannot)?;
    if let Some(there) = there {
        file.as_file().set_permissions(there.permissions()).with_context(cannot)?;
    }
    file.persist(to).with_context(cannot)?;
    Ok(counts)
}

fn export_into(library: &LibraryReader, file: &mut File) -> Result<ExportCounts> {
    let mut out = BufWriter::new(file);
    let counts = library.export(&mut out)?;
    out.flush()?;
    Ok(counts)
}

pub fn import(library: &mut Library, from: &Path, mode: ImportMode) -> Result<ImportReport> {
    let file = File::open(from).with_context(|| format!("cannot read {}", from.display()))?;
    library.import(BufReader::new(file), mode).with_context(|| format!("{} was not imported", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::Home;

    #[test]
    fn the_newest_sound_backup_is_meant_where_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        assert!(backup_to_restore(&home, None).is_err());
        let library = Library::open(&home.library()).unwrap();
        let first = library.back_up(BackupReason::Asked).unwrap();
        let torn = library.back_up(BackupReason::Daily).unwrap();
        std::fs::write(&torn, b"torn").unwrap();
        library.back_up(BackupReason::BeforeRestore).unwrap();
        assert_eq!(backup_to_restore(&home, None).unwrap(), first);
        assert_eq!(backup_to_restore(&home, torn.file_name().map(Path::new)).unwrap(), torn);
        assert!(backup_to_restore(&home, Some(Path::new("none.sqlite"))).is_err());
    }

    #[test]
    fn a_failed_export_leaves_the_file_that_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let file = folder.path().join("people.jsonl");
        export(&library, &file).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(export(&library, &folder.path().join("not there/people.jsonl")).is_err());
        assert_eq!(std::fs::read(&file).unwrap(), before);
        let mut other = Library::open(&folder.path().join("other.sqlite")).unwrap();
        import(&mut other, &file, ImportMode::Apply).unwrap();
        assert!(import(&mut other, &folder.path().join("none"), ImportMode::Apply).is_err());
    }
}
