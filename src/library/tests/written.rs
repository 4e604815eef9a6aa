//! What is kept of names that were written into files.

use super::*;
use crate::library::written::{WritePlace, WrittenFile};

fn written(fixture: &LibraryFixture, name: &str, undo: &str, before: Option<&str>) -> WrittenFile {
    let names_before = before.map(str::to_owned);
    WrittenFile { photo: fixture.at(name), place: WritePlace::Sidecar, undo: undo.into(), names_before }
}

#[test]
fn a_photo_is_written_while_it_has_named_faces_or_names_of_ours() {
    let mut fixture = LibraryFixture::new();
    let (named, hidden) = (fixture.add("a.jpg", 1, 2), fixture.add("b.jpg", 2, 1));
    fixture.add("c.jpg", 3, 1);
    for (face, name) in [(named[0], "Ada"), (hidden[0], "Bo")] {
        fixture.library.move_faces(&[face], &Destination::NewPerson { name: name.into() }).unwrap();
    }
    fixture.library.decide(&Decision::Hide(fixture.person_of(hidden[0])), Revision::NOW).unwrap();
    let listed = |fixture: &LibraryFixture| -> Vec<(PathBuf, Vec<String>)> {
        let photos = fixture.library.photos_to_write(fixture.folder.path()).unwrap();
        photos.into_iter().map(|photo| (photo.path, photo.faces.into_iter().map(|face| face.name).collect())).collect()
    };
    assert_eq!(listed(&fixture), [(fixture.at("a.jpg"), vec!["Ada".to_owned()])]);
    let step = fixture.library.begin_writing().unwrap();
    fixture.library.note_writing(step, &written(&fixture, "c.jpg", "back", None), "ours").unwrap();
    assert_eq!(listed(&fixture).len(), 2, "what was written is taken back once nobody is named");
    assert!(fixture.library.photos_to_write(&fixture.at("elsewhere")).unwrap().is_empty());
}

#[test]
fn a_writing_is_taken_back_file_by_file() {
    let mut fixture = LibraryFixture::new();
    let names =
        |fixture: &LibraryFixture| fixture.library.names_written(&fixture.at("a.jpg"), WritePlace::Sidecar).unwrap();
    for (now, before) in [("first", None), ("second", Some("first"))] {
        let step = fixture.library.begin_writing().unwrap();
        let file = written(&fixture, "a.jpg", now, before);
        fixture.library.note_writing(step, &file, now).unwrap();
        assert_eq!(names(&fixture).as_deref(), Some(now));
    }
    for (undo, left) in [("second", Some("first")), ("first", None)] {
        let (step, files) = fixture.library.last_writing().unwrap().unwrap();
        assert_eq!(files.iter().map(|file| file.undo.as_str()).collect::<Vec<_>>(), [undo]);
        fixture.library.note_taken_back(step, &files[0]).unwrap();
        assert_eq!(names(&fixture).as_deref(), left);
    }
    assert_eq!(fixture.library.last_writing().unwrap(), None);
}

/// Forgotten people's names stand in both tables, also those that were written for them before they had another one.
#[test]
fn forgetting_somebody_leaves_no_name_that_was_written() {
    let mut fixture = LibraryFixture::new();
    let face = fixture.add("a.jpg", 1, 1)[0];
    fixture.library.move_faces(&[face], &Destination::NewPerson { name: "Rumpelstilz".into() }).unwrap();
    let step = fixture.library.begin_writing().unwrap();
    let file = written(&fixture, "a.jpg", "was Rumpelstilz", Some("Rumpelstilz"));
    fixture.library.note_writing(step, &file, "Rumpelstilz").unwrap();
    let known = fixture.library.person_to_forget(fixture.person_of(face)).unwrap();
    fixture.library.forget_person(&known, false).unwrap();
    let bytes = std::fs::read(fixture.file()).unwrap();
    assert!(!bytes.windows(11).any(|window| window == b"Rumpelstilz"));
    assert_eq!(fixture.library.last_writing().unwrap(), None);
}

#[test]
fn a_library_has_one_name_in_files() {
    let mut fixture = LibraryFixture::new();
    let name = fixture.library.name_in_files().unwrap();
    assert_eq!((name.len(), fixture.library.name_in_files().unwrap()), (16, name));
}
