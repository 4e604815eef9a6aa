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

/// SQLite drops the CHECK constraints of a file that it opens only to read, and holds no column to its type.
#[test]
fn values_that_no_likeness_writes_are_damage() {
    let planted = [
        "UPDATE face SET belongs = 'rubbish' WHERE person_id IS NOT NULL",
        "UPDATE face SET set_aside = 'x', person_id = NULL, belongs = NULL",
        "UPDATE face SET x = 'nan'",
        "UPDATE face SET width = -5e300",
        "UPDATE face SET landmarks = x'00'",
        "UPDATE file SET mtime_ns = 'abc'",
        "UPDATE photo SET picture = x'00'",
        "UPDATE photo SET path = ''",
        "UPDATE photo SET width = -1",
        "UPDATE photo SET missing = 7",
        "UPDATE photo SET format = CAST(x'FF' AS TEXT)",
        "UPDATE embedding SET vector = zeroblob(length(vector))",
        "UPDATE clock SET revision = 9223372036854775807",
        "UPDATE sqlite_sequence SET seq = 'abc'",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "DELETE FROM clock",
        "DROP TABLE clock",
        "DROP TABLE carried",
        "DROP TABLE setting",
        "ALTER TABLE face RENAME COLUMN quality TO q2",
        "CREATE TRIGGER t AFTER UPDATE ON face BEGIN SELECT raise(ABORT, 'no'); END",
    ];
    for sql in planted {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 2);
        fixture.name(&faces[..1], "Ada");
        let sound = fixture.library.back_up(BackupReason::Asked).unwrap();
        let plant = format!("PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on; {sql}");
        fixture.library.connection.execute_batch(&plant).unwrap();
        let file = fixture.file();
        assert!(!check(&file).is_sound(), "{sql}");
        assert!(fixture.library.back_up(BackupReason::Asked).is_err(), "{sql}");
        drop(fixture.library);
        let unsound = backups(&file).unwrap();
        assert!(unsound.len() == 1 && unsound[0].path == sound, "{sql}: {unsound:?}");
        let restored = restore(&file, &sound).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(restored.kept.is_some_and(|kept| kept.exists()), "{sql}");
        assert!(check(&file).is_sound(), "{sql}");
        assert_eq!(names(&Library::open(&file).unwrap()), ["Ada"], "{sql}");
    }
}

/// The window has the library open.
#[test]
fn an_open_library_whose_state_cannot_be_read_is_restored_all_the_same() {
    for sql in ["DELETE FROM clock", "DROP TABLE clock", "DROP TABLE setting", "DROP TABLE forgotten"] {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 2);
        fixture.name(&faces[..1], "Ada");
        let sound = fixture.library.back_up(BackupReason::Asked).unwrap();
        fixture.library.connection.execute_batch(sql).unwrap();
        fixture.library.restore_backup(&sound).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(fixture.names(), ["Ada"], "{sql}");
        fixture.name(&faces[1..], "Ben");
        assert!(check(&fixture.file()).is_sound(), "{sql}");
    }
}

/// One bit of an index: no page is torn, and rows are not found any more.
#[test]
fn an_index_that_leads_to_no_row_is_damage() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.name(&faces[..1], "Ada");
    let c = &fixture.library.connection;
    let kept: String =
        c.query_row("SELECT sql FROM sqlite_master WHERE name = 'face_by_photo'", [], |row| row.get(0)).unwrap();
    // The index is filled as if another column were asked: as many entries, in order, and none of them is true.
    let other = kept.replace("(photo_id)", "(photo_id + 5)");
    assert_ne!(other, kept);
    c.execute_batch(&format!("DROP INDEX face_by_photo; {other}; PRAGMA writable_schema = on;")).unwrap();
    c.execute("UPDATE sqlite_master SET sql = ?1 WHERE name = 'face_by_photo'", [kept]).unwrap();
    c.execute_batch("PRAGMA writable_schema = reset").unwrap();
    assert!(file::quick_check(c).unwrap().is_none(), "no page is wrong in itself");
    let report = check(&fixture.file());
    assert!(matches!(report.problems[..], [Problem::Structure(_)]), "{report:?}");
    assert!(fixture.library.back_up(BackupReason::Asked).is_err());
}
