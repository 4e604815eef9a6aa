//! As its owner and as root alike: a file or folder without the right to be written is not written.

use super::failing_disk::{Fault, failing};
use super::*;

#[cfg(unix)]
fn protect(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_protected_library_can_be_read_and_refuses_every_change() {
    for folder_too in [false, true] {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 1);
        let person = fixture.name(&faces, "Ada");
        let mut text = Vec::new();
        fixture.library.export(&mut text).unwrap();
        let file = fixture.file();
        drop(fixture.library);
        let bytes = std::fs::read(&file).unwrap();
        match folder_too {
            true => protect(fixture.folder.path(), 0o500),
            false => protect(&file, 0o400),
        }
        let mut library = Library::open(&file).unwrap();
        assert!(library.is_read_only());
        assert_eq!(names(&library), ["Ada"]);
        assert_eq!(Library::open_read_only(&file).unwrap().everyone().unwrap().len(), 1);
        assert!(check(&file).is_sound());
        let refused = [
            library.name_person(person, "Eve").map(drop),
            library.forget_now(person, true).map(drop),
            library.set_setting("a", "b"),
            library.import(&text[..], ImportMode::Apply).map(drop),
            library.begin_scan(Path::new("/photos")).map(drop),
        ];
        for outcome in refused {
            let error = outcome.unwrap_err();
            assert!(matches!(error, LibraryError::ReadOnly { .. }), "{error}");
        }
        assert_eq!(library.back_up_if_due().unwrap(), None);
        drop(library);
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
        assert_eq!(mode(&file) & 0o200 == 0, !folder_too, "rights stay as they were");
        protect(fixture.folder.path(), 0o700);
        let beside: Vec<_> =
            std::fs::read_dir(fixture.folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(beside, ["library.sqlite"], "nothing was left beside it");
    }
}

/// Every file can be read, and none written or made: as on a disk that is mounted so.
#[test]
fn a_library_on_a_disk_that_can_only_be_read_opens_read_only_and_is_sound() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 1);
    fixture.name(&faces, "Ada");
    let file = fixture.file();
    let LibraryFixture { folder: _folder, library, .. } = fixture;
    drop(library);
    let bytes = std::fs::read(&file).unwrap();
    let (_, refused) = failing(Fault::ReadOnly, 1, || {
        let mut library = Library::open(&file).unwrap();
        assert!(library.is_read_only());
        assert_eq!(names(&library), ["Ada"]);
        assert_eq!(Library::open_read_only(&file).unwrap().everyone().unwrap().len(), 1);
        let report = check(&file);
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.people, 1);
        let error = library.set_setting("a", "b").unwrap_err();
        assert!(matches!(error, LibraryError::ReadOnly { .. }), "{error}");
    });
    assert!(refused > 0, "nothing was tried, so nothing was tested");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    assert!(check(&file).is_sound());
}

/// Not even what SQLite puts beside the file finds room.
#[test]
fn a_library_on_a_full_disk_can_be_read_and_is_written_once_there_is_room() {
    let folders = [with_log(), {
        let folder = with_log();
        drop(Library::open(&folder.path().join("library.sqlite")).unwrap());
        folder
    }];
    for folder in folders {
        let file = folder.path().join("library.sqlite");
        let (mut library, refused) = failing(Fault::Full, 1, || {
            let mut library = Library::open(&file).unwrap();
            assert_eq!(names(&library), ["Ada"]);
            assert_eq!(Library::open_read_only(&file).unwrap().everyone().unwrap().len(), 1);
            let report = check(&file);
            assert!(report.is_sound() && report.people == 1, "{report:?}");
            let mut text = Vec::new();
            library.export(&mut text).unwrap();
            let ada = library.named_people().unwrap()[0].0;
            let refused = [
                library.decide(&Decision::TakeBackName(ada), Revision::NOW).map(drop),
                library.forget_now(ada, true).map(drop),
                library.import(&text[..], ImportMode::Apply).map(drop),
                library.begin_scan(Path::new("/photos")).map(drop),
                library.restore_backup(&file).map(drop),
                library.back_up(BackupReason::Asked).map(drop),
            ];
            for outcome in refused {
                let words = outcome.unwrap_err().to_string();
                assert!(words.contains("the disk is full") && words.contains("make room, then try again"), "{words}");
            }
            library
        });
        assert!(refused > 0, "nothing was tried, so nothing was tested");
        library.set_setting("a", "b").unwrap();
        assert!(!library.is_read_only() && backups(&file).unwrap().is_empty());
    }
}

/// As a killed program leaves them: the library, and a log with what was decided last.
fn with_log() -> tempfile::TempDir {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 1);
    fixture.library.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    fixture.name(&faces, "Ada");
    let folder = tempfile::tempdir().unwrap();
    for name in ["library.sqlite", "library.sqlite-wal"] {
        std::fs::copy(fixture.at(name), folder.path().join(name)).unwrap();
    }
    folder
}

fn bytes_in(folder: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

fn is_read_with_its_log(file: &Path) {
    let mut library = Library::open(file).unwrap();
    assert!(library.is_read_only());
    assert_eq!(names(&library), ["Ada"], "it stands in the log alone");
    let reader = Library::open_read_only(file).unwrap();
    assert_eq!(reader.everyone().unwrap().len(), 1);
    let report = check(file);
    assert!(report.is_sound() && report.people == 1, "{report:?}");
    let error = library.set_setting("a", "b").unwrap_err();
    assert!(matches!(error, LibraryError::ReadOnly { .. }), "{error}");
}

#[test]
fn a_library_and_a_log_on_a_disk_that_can_only_be_read_open_read_only() {
    let folder = with_log();
    let before = bytes_in(folder.path());
    let file = folder.path().join("library.sqlite");
    let (_, refused) = failing(Fault::ReadOnly, 1, || is_read_with_its_log(&file));
    assert!(refused > 0, "nothing was tried, so nothing was tested");
    assert!(bytes_in(folder.path()) == before, "something was written");
}

#[cfg(unix)]
#[test]
fn a_protected_library_and_its_log_open_read_only_and_leave_nothing_beside() {
    for (folder_mode, file_mode) in [(0o500, 0o600), (0o700, 0o400)] {
        let folder = with_log();
        let before = bytes_in(folder.path());
        let file = folder.path().join("library.sqlite");
        protect(&file, file_mode);
        protect(folder.path(), folder_mode);
        is_read_with_its_log(&file);
        protect(folder.path(), 0o700);
        assert!(bytes_in(folder.path()) == before, "something was written");
    }
}
