use super::super::file;
use super::*;

#[test]
fn a_sound_library_has_no_problems() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.name(&faces[..1], "Ada");
    fixture.library.reject(&faces[..1]).unwrap();
    let report = check(&fixture.file());
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.photos, report.faces, report.people), (1, 2, 1));
    assert_eq!(fixture.library.check().unwrap(), report);
}

#[test]
fn each_broken_promise_of_the_rows_is_named() {
    let planted: [(&str, fn(&Problem) -> bool); 6] = [
        ("INSERT INTO person (name, created_at) VALUES (CAST(x'41FF' AS TEXT), 0)", |p| matches!(p, Problem::Names(1))),
        ("UPDATE face SET photo_id = 99", |p| matches!(p, Problem::FaceWithoutPhoto(2))),
        ("UPDATE face SET person_id = 99, belongs = 'grouped'", |p| matches!(p, Problem::Dangling { rows: 2, .. })),
        ("UPDATE embedding SET vector = x'0000'", |p| matches!(p, Problem::Length { rows: 2, .. })),
        ("INSERT INTO journal (action, faces, changes, bytes, at) VALUES ('move', 1, x'7B', 1, 0)", |p| {
            matches!(p, Problem::History(1))
        }),
        ("PRAGMA ignore_check_constraints = on; UPDATE face SET belongs = 'grouped'", |p| {
            matches!(p, Problem::Structure(_) | Problem::Unclear(2))
        }),
    ];
    for (sql, is_named) in planted {
        let mut fixture = LibraryFixture::new();
        fixture.add("a.jpg", 1, 2);
        fixture.library.connection.execute_batch(&format!("PRAGMA foreign_keys = off; {sql}")).unwrap();
        let report = fixture.library.check().unwrap();
        assert!(report.problems.iter().any(is_named), "{sql}: {:?}", report.problems);
    }
}

#[test]
fn a_file_that_is_no_library_is_a_problem_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    assert!(!check(&path).is_sound(), "there is nothing");
    std::fs::write(&path, b"these are my holiday notes, not a database at all").unwrap();
    assert!(matches!(check(&path).problems[..], [Problem::Closed(_)]));
    assert_eq!(std::fs::read(&path).unwrap(), b"these are my holiday notes, not a database at all");
}

/// One bit in the file's header.
#[test]
fn a_format_that_nobody_has_written_is_damage_with_a_way_back() {
    for format in [-5, i32::MIN, 0] {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 2);
        fixture.name(&faces[..1], "Ada");
        let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
        fixture.library.connection.pragma_update(None, "user_version", format).unwrap();
        let file = fixture.file();
        drop(fixture.library);
        assert!(matches!(Library::open(&file), Err(LibraryError::Damaged { .. })), "{format}");
        assert!(matches!(Library::open_read_only(&file), Err(LibraryError::Damaged { .. })), "{format}");
        assert!(matches!(check(&file).problems[..], [Problem::Structure(_)]), "{format}: {:?}", check(&file));
        let restored = restore(&file, &backup).unwrap();
        assert_eq!((restored.people, names(&Library::open(&file).unwrap())), (1, vec!["Ada".to_owned()]));
    }
}

#[test]
fn an_empty_file_is_a_library_before_its_first_photo_and_damage_where_there_are_backups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    std::fs::write(&path, b"").unwrap();
    assert_eq!(check(&path), CheckReport::default());
    let fixture = LibraryFixture::new();
    fixture.library.back_up(BackupReason::Asked).unwrap();
    let path = fixture.file();
    let _folder = fixture.folder;
    drop(fixture.library);
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(check(&path).problems[..], [Problem::Structure(_)]), "{:?}", check(&path));
}

/// An older program, or a fault, left a note of a photo that does not fit its files: all that was decided is there, so a
/// backup of it is as good as any, and what takes it in mends it.
#[test]
fn a_note_that_does_not_fit_a_photos_files_is_no_damage_and_is_mended() {
    for note in ["UPDATE photo SET missing = 1", "DELETE FROM file"] {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 1);
        fixture.name(&faces, "Ada");
        fixture.library.connection.execute_batch(note).unwrap();
        let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
        assert!(check(&fixture.file()).is_sound() && backups(&fixture.file()).unwrap()[0].is_sound(), "{note}");
        let fits = |fixture: &LibraryFixture| {
            let sql = "SELECT missing, (SELECT count(*) FROM file WHERE file.missing = 0) FROM photo";
            let row = |row: &rusqlite::Row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            let (missing, files) = fixture.library.connection.query_row(sql, [], row).unwrap();
            (missing == 0) == (files > 0)
        };
        assert!(!fits(&fixture));
        let folder = fixture.folder.path().to_owned();
        fixture.library.begin_scan(&folder).unwrap();
        assert!(fits(&fixture), "a scan mends it: {note}");
        fixture.library.restore_backup(&backup).unwrap();
        assert!(fits(&fixture), "a restore mends it: {note}");
        assert_eq!(fixture.names(), ["Ada"]);
    }
}

/// Whoever opens it begins the library anew; so a check finds nothing wrong with it, and nothing in it.
#[test]
fn a_library_whose_creation_was_killed_is_one_before_its_first_photo() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let (making, journal) = (folder.path().join("making.sqlite"), folder.path().join("library.sqlite-journal"));
    let creating = rusqlite::Connection::open(&making).unwrap();
    // Forced to the disk before the file is written, as a real one is.
    creating.pragma_update(None, "synchronous", "off").unwrap();
    creating.execute_batch("BEGIN; PRAGMA user_version = 0; PRAGMA application_id = 1;").unwrap();
    std::fs::copy(file::with_suffix(&making, "-journal"), &journal).unwrap();
    creating.execute_batch("COMMIT").unwrap();
    drop(creating);
    std::fs::copy(&making, &path).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 0, "half written");
    assert_eq!(check(&path), CheckReport::default());
    assert!(Library::open(&path).unwrap().everyone().unwrap().is_empty());
}
