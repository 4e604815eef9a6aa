use super::*;
use crate::library::migrate;

#[test]
fn keeps_the_file_for_its_owner() {
    let fixture = LibraryFixture::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in ["library.sqlite", "library.sqlite-wal", "library.sqlite-shm"] {
            let mode = std::fs::metadata(fixture.at(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
    fixture.library.check_integrity().unwrap();
}

#[test]
fn leaves_foreign_and_damaged_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let check = |bytes: &[u8], expected: fn(&LibraryError) -> bool| {
        std::fs::write(&path, bytes).unwrap();
        for outcome in [Library::open(&path).map(drop), Library::open_read_only(&path).map(drop)] {
            let error = outcome.unwrap_err();
            assert!(expected(&error), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    };
    check(b"these are my holiday notes, not a database at all", |e| matches!(e, LibraryError::NotALibrary { .. }));

    let other = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE recipe (text TEXT)").unwrap();
    check(&std::fs::read(&other).unwrap(), |e| matches!(e, LibraryError::NotALibrary { .. }));

    let sound = folder.path().join("sound.sqlite");
    drop(Library::open(&sound).unwrap());
    let whole = std::fs::read(&sound).unwrap();
    check(&whole[..whole.len() / 2], |e| matches!(e, LibraryError::Damaged { .. }));
}

#[test]
fn refuses_a_newer_library() {
    let fixture = LibraryFixture::new();
    fixture.library.connection.pragma_update(None, "user_version", 99).unwrap();
    let path = fixture.library.path().to_owned();
    drop(fixture.library);
    let error = Library::open(&path).map(drop).unwrap_err();
    assert!(matches!(error, LibraryError::Newer { found: 99, .. }), "{error}");
}

#[test]
fn brings_a_first_library_up_to_date_and_keeps_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    drop(first_library(folder.path()));
    assert!(matches!(Library::open_read_only(&path), Err(LibraryError::NeedsMigration { found: 1, .. })));

    let mut library = Library::open(&path).unwrap();
    let faces = library.faces_to_group(&model()).unwrap().faces;
    assert_eq!(faces.len(), 1);
    assert_eq!(library.known(&folder.path().join("a.jpg")).unwrap().unwrap().sha256, Some([1; 32]));
    library.set_aside(&[faces[0].face_id], SetAside::Stranger).unwrap();
    assert_eq!(library.history(9).unwrap().len(), 1);

    let backup = crate::library::care::backups(&path).unwrap().remove(0).path;
    let copy = Library::open_with(&backup, &migrate::STEPS[..1]).unwrap();
    assert_eq!(copy.counts().unwrap().faces, 1);
    copy.check_integrity().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// A library of the first format with one photo of one face.
fn first_library(folder: &Path) -> rusqlite::Connection {
    let path = folder.join("library.sqlite");
    drop(Library::open_with(&path, &migrate::STEPS[..1]).unwrap());
    let old = rusqlite::Connection::open(&path).unwrap();
    let bytes = |path: PathBuf| path.into_os_string().into_encoded_bytes();
    old.execute("INSERT INTO folder (path, added_at) VALUES (?1, 1)", [bytes(folder.to_owned())]).unwrap();
    old.execute(
        "INSERT INTO photo (folder_id, seen_in_scan, path, name_key, size, mtime_ns, sha256, state, sort_at, width, \
         height, detector) VALUES (1, 1, ?1, 'a.jpg', 1000, 1, ?2, 'done', '2024-05-01', 640, 480, 'boxes')",
        rusqlite::params![bytes(folder.join("a.jpg")), [1_u8; 32]],
    )
    .unwrap();
    let landmarks: Vec<u8> = [0.0_f32; 10].iter().flat_map(|v| v.to_le_bytes()).collect();
    let vector: Vec<u8> = [1.0_f32, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    old.execute(
        "INSERT INTO face (photo_id, x, y, width, height, score, landmarks, quality) \
         VALUES (1, 0, 10, 60, 80, 0.9, ?1, 0.5)",
        [landmarks],
    )
    .unwrap();
    old.execute("INSERT INTO model (name, dimensions) VALUES ('toy', 2)", []).unwrap();
    old.execute("INSERT INTO embedding VALUES (1, 1, ?1)", [vector]).unwrap();
    old
}

#[test]
fn a_failed_migration_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    drop(Library::open(&path).unwrap());
    let mut steps = migrate::STEPS.to_vec();
    steps.push("CREATE TABLE later (id INTEGER); SELECT nonsense;");
    assert!(matches!(Library::open_with(&path, &steps), Err(LibraryError::MigrationFailed { .. })));
    let library = Library::open(&path).unwrap();
    let tables: i64 = library
        .connection
        .query_row("SELECT count(*) FROM sqlite_master WHERE name = 'later'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 0);
}

#[test]
fn a_reader_sees_what_the_writer_commits_and_cannot_write() {
    let mut fixture = LibraryFixture::new();
    let reader = Library::open_read_only(fixture.library.path()).unwrap();
    assert_eq!(reader.counts().unwrap().photos, 0);
    fixture.add_turned("a.jpg", &[0.0]);
    assert_eq!(reader.counts().unwrap().photos, 1);
    assert!(reader.connection.execute("DELETE FROM photo", []).is_err());
}

#[test]
fn a_write_that_stops_midway_leaves_nothing() {
    let mut fixture = LibraryFixture::new();
    fixture.add_turned("a.jpg", &[0.0]);
    let before = fixture.library.counts().unwrap();
    // A second photo of the batch whose embedding has the wrong length: the first is not kept either.
    let mut wrong = face(0.0, 0.0);
    wrong.embedding = Some(Embedding::normalise(vec![1.0, 0.0, 0.0]).unwrap());
    let batch = [photo(&fixture.at("b.jpg"), 2, vec![face(0.0, 0.0)]), photo(&fixture.at("c.jpg"), 3, vec![wrong])];
    let error = fixture.library.record_photos(fixture.scan, &batch).unwrap_err();
    assert!(matches!(error, LibraryError::Dimensions { known: 2, found: 3, .. }), "{error}");
    assert_eq!(fixture.library.counts().unwrap(), before);

    // A panic in the middle of a transaction, as a killed process would leave it.
    let path = fixture.at("d.jpg");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        fixture.library.write(|t| -> Result<()> {
            t.execute("UPDATE photo SET missing = 1", []).unwrap();
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(fixture.library.counts().unwrap(), before);
    assert!(fixture.library.known(&path).unwrap().is_none());
}

#[test]
fn a_copy_of_the_files_during_a_write_opens_as_before_it() {
    // What a killed process leaves: the database and its log, with an unfinished transaction.
    let mut fixture = LibraryFixture::new();
    fixture.add_turned("a.jpg", &[0.0]);
    let copied = tempfile::tempdir().unwrap();
    let names = ["library.sqlite", "library.sqlite-wal"];
    let from: Vec<PathBuf> = names.iter().map(|name| fixture.at(name)).collect();
    fixture
        .library
        .write(|t| {
            t.execute("UPDATE photo SET missing = 1", [])?;
            for (name, path) in names.iter().zip(&from) {
                std::fs::copy(path, copied.path().join(name)).unwrap();
            }
            Ok(())
        })
        .unwrap();
    let library = Library::open(&copied.path().join("library.sqlite")).unwrap();
    assert_eq!((library.counts().unwrap().photos, library.counts().unwrap().missing), (1, 0));
    library.check_integrity().unwrap();
}

#[test]
fn settings_stay() {
    let mut fixture = LibraryFixture::new();
    assert_eq!(fixture.library.setting("threshold").unwrap(), None);
    fixture.library.set_setting("threshold", "1.1").unwrap();
    fixture.library.set_setting("threshold", "1.2").unwrap();
    assert_eq!(fixture.library.setting("threshold").unwrap().as_deref(), Some("1.2"));
}
