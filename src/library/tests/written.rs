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
        assert_eq!(files, [(fixture.at("a.jpg"), WritePlace::Sidecar)]);
        assert_eq!(fixture.library.files_of_last_writing().unwrap(), 1);
        let file = fixture.library.way_back(step, &files[0].0, files[0].1).unwrap().unwrap();
        assert_eq!(file.undo, undo);
        fixture.library.note_taken_back(step, &file).unwrap();
        assert_eq!(names(&fixture).as_deref(), left);
    }
    assert_eq!(fixture.library.last_writing().unwrap(), None);
    assert_eq!(fixture.library.files_of_last_writing().unwrap(), 0);
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

/// As the part that writes has it: a name in a list, and the bytes of a file before and after.
fn as_written(fixture: &LibraryFixture, photo: &str, name: &str) -> (WrittenFile, String) {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let bytes = BASE64_STANDARD.encode(format!("<rdf:li>{name}</rdf:li>"));
    let undo = format!(r#"{{"path":"{photo}.xmp","change":{{"Remove":{{"bytes":"{bytes}"}}}},"modified":"Now"}}"#);
    let names = format!(r#"[{{"list":"tags_list","text":"People/{name}","area":null}}]"#);
    (written(fixture, photo, &undo, None), names)
}

/// What is kept of a photo without them stays, unless one of their names is in it.
#[test]
fn forgetting_somebody_leaves_the_ways_back_of_files_without_them() {
    let mut fixture = LibraryFixture::new();
    let mut faces = Vec::new();
    for (number, (photo, name)) in (1..).zip([("a.jpg", "Ada"), ("b.jpg", "Bo"), ("c.jpg", "Cy"), ("d.jpg", "Di")]) {
        let face = fixture.add(photo, number, 1)[0];
        fixture.library.move_faces(&[face], &Destination::NewPerson { name: name.into() }).unwrap();
        faces.push(face);
    }
    let step = fixture.library.begin_writing().unwrap();
    // Of c.jpg the old name of a face that was hers; into d.jpg somebody's was written whom nobody knows any more.
    for (photo, name) in [("a.jpg", "Ada"), ("b.jpg", "Bo"), ("c.jpg", "ADA"), ("d.jpg", "Rumpelstilz")] {
        let (file, names) = as_written(&fixture, photo, name);
        fixture.library.note_writing(step, &file, &names).unwrap();
    }
    let known = fixture.library.person_to_forget(fixture.person_of(faces[0])).unwrap();
    assert_eq!(fixture.library.ways_back_with(&known).unwrap(), 3);
    fixture.library.forget_person(&known, false).unwrap();
    let (_, left) = fixture.library.last_writing().unwrap().unwrap();
    assert_eq!(left, [(fixture.at("b.jpg"), WritePlace::Sidecar)]);
    let names = |photo| fixture.library.names_written(&fixture.at(photo), WritePlace::Sidecar).unwrap();
    assert!(names("b.jpg").is_some() && names("a.jpg").is_none() && names("c.jpg").is_none());
}

#[test]
fn a_library_has_one_name_in_files() {
    let mut fixture = LibraryFixture::new();
    let name = fixture.library.name_in_files().unwrap();
    assert_eq!((name.len(), fixture.library.name_in_files().unwrap()), (16, name));
}
