//! Pictures that take each other's place: which are compared, and what of their faces is carried over.

use super::*;
use crate::library::migrate;

pub(super) fn detector() -> ModelId {
    ModelId("boxes".into())
}

/// Records a picture of one face at a path. Returns the picture and its face.
pub(super) fn show(fixture: &mut LibraryFixture, scan: ScanId, name: &str, hash: u8) -> (PhotoId, FaceId) {
    let record = photo(&fixture.at(name), hash, vec![face(0.0, 0.0)]);
    let photo = fixture.library.record_photos(scan, &[record]).unwrap()[0].photo_id;
    (photo, fixture.library.faces_of_photo(photo).unwrap()[0].face_id)
}

fn pairs(fixture: &mut LibraryFixture) -> Vec<(PhotoId, PhotoId, bool)> {
    let replaced = fixture.library.replaced_photos().unwrap();
    replaced.into_iter().map(|pair| (pair.old, pair.new, pair.lives_on)).collect()
}

#[test]
fn an_original_that_was_renamed_is_compared_with_its_edit() {
    for renamed_is_met_first in [false, true] {
        let mut fixture = LibraryFixture::new();
        let old = fixture.add_turned("a.jpg", &[0.0])[0];
        let ada = fixture.library.move_faces(&[old], &Destination::NewPerson { name: "Ada".into() }).unwrap();
        let original = fixture.library.face(old).unwrap().unwrap().photo_id;
        let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
        let renamed = file(&fixture.at("a_original.jpg"), b'a');
        let mut edited = None;
        for step in [renamed_is_met_first, !renamed_is_met_first] {
            match step {
                true => _ = fixture.library.place(scan, &renamed, &detector()).unwrap(),
                false => edited = Some(show(&mut fixture, scan, "a.jpg", 200)),
            }
        }
        fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
        let (edited, new) = edited.unwrap();
        assert_eq!(pairs(&mut fixture), [(original, edited, true)]);
        let pair = fixture.library.replaced_photos().unwrap()[0];
        fixture.library.carry_over(pair, &[Carried::Onto { old, new }]).unwrap();
        assert_eq!((fixture.state(old).person(), fixture.state(new).person()), (Some(ada), Some(ada)));
        assert_eq!((fixture.library.lost_faces().unwrap(), pairs(&mut fixture)), (vec![], vec![]));
        assert_eq!(fixture.library.person(ada).unwrap().unwrap().faces, 2, "both pictures show her");
    }
}

/// The picture that took the place was there before: both were renamed, and no one was made from the other.
#[test]
fn pictures_that_change_places_are_not_compared() {
    let mut fixture = LibraryFixture::new();
    let first = fixture.scan;
    let ((a, _), (b, _)) = (show(&mut fixture, first, "a.jpg", 1), show(&mut fixture, first, "b.jpg", 2));
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    for (name, hash) in [("a.jpg", 2), ("b.jpg", 1)] {
        fixture.library.place(scan, &file(&fixture.at(name), hash), &detector()).unwrap();
    }
    assert_eq!(pairs(&mut fixture), []);
    // One of them goes for the other: it is compared, since its faces would be lost.
    fixture.library.place(scan, &file(&fixture.at("b.jpg"), 2), &detector()).unwrap();
    assert_eq!(pairs(&mut fixture), [(a, b, false)]);
}

/// Renamed twice, and deleted in the end: nothing ever took their place. So also where a scan was stopped before it
/// came to that.
#[test]
fn pictures_that_changed_places_and_back_are_not_lost_to_each_other() {
    for is_stopped in [false, true] {
        let mut fixture = LibraryFixture::new();
        let first = fixture.scan;
        let faces = [show(&mut fixture, first, "a.jpg", 1).1, show(&mut fixture, first, "b.jpg", 2).1];
        for (face, name) in faces.iter().zip(["Ada", "Ben"]) {
            fixture.library.move_faces(&[*face], &Destination::NewPerson { name: name.into() }).unwrap();
        }
        fixture.library.finish_scan(first, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
        for there in [[2, 1], [1, 2]] {
            let mut scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
            for (name, hash) in ["a.jpg", "b.jpg"].into_iter().zip(there) {
                fixture.library.place(scan, &file(&fixture.at(name), hash), &detector()).unwrap();
            }
            if is_stopped {
                fixture.library.finish_scan(scan, ScanOutcome::Cancelled, MissingPolicy::Ask).unwrap();
                scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
                let seen = [("a.jpg", there[0]), ("b.jpg", there[1])].map(|(name, hash)| file(&fixture.at(name), hash));
                fixture.library.mark_seen(scan, &seen).unwrap();
            }
            fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
            fixture.library.leave_out_renamed(scan).unwrap();
            assert_eq!(pairs(&mut fixture), []);
        }
        let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
        let end = fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
        assert_eq!((end.missing, fixture.library.lost_faces().unwrap()), (2, vec![]), "{is_stopped}");
    }
}

/// With a scan between the two renames: nobody took the place of who had left it before.
#[test]
fn a_picture_is_not_lost_to_one_that_comes_where_it_was_long_before() {
    let mut fixture = LibraryFixture::new();
    let first = fixture.scan;
    let face = show(&mut fixture, first, "a.jpg", 1).1;
    show(&mut fixture, first, "b.jpg", 2);
    fixture.library.move_faces(&[face], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.finish_scan(first, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    for there in [&[("c.jpg", 1), ("b.jpg", 2)][..], &[("c.jpg", 1), ("a.jpg", 2)], &[("a.jpg", 2)]] {
        let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
        for &(name, hash) in there {
            fixture.library.place(scan, &file(&fixture.at(name), hash), &detector()).unwrap();
        }
        fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
        fixture.library.leave_out_renamed(scan).unwrap();
        assert_eq!((pairs(&mut fixture), fixture.library.lost_faces().unwrap()), (vec![], vec![]), "{there:?}");
    }
    assert_eq!(fixture.library.absent_faces().unwrap().into_iter().collect::<Vec<_>>(), [face], "it is missing alone");
}

#[test]
fn each_edit_is_compared_with_the_picture_that_was_there_before() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[old], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let original = fixture.library.face(old).unwrap().unwrap().photo_id;
    fixture.library.place(fixture.scan, &file(&fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let ((one, in_one), (two, in_two)) =
        (show(&mut fixture, scan, "a.jpg", 200), show(&mut fixture, scan, "b.jpg", 201));
    assert_eq!(pairs(&mut fixture), [(original, one, false), (original, two, false)]);
    let replaced = fixture.library.replaced_photos().unwrap();
    fixture.library.carry_over(replaced[0], &[Carried::Onto { old, new: in_one }]).unwrap();
    assert!(fixture.library.lost_faces().unwrap().is_empty(), "it is in one of them, wherever else it may be");
    fixture.library.carry_over(replaced[1], &[Carried::Onto { old, new: in_two }]).unwrap();
    let people = |fixture: &LibraryFixture| [in_one, in_two].map(|face| fixture.state(face).person());
    assert_eq!(people(&fixture), [Some(ada); 2]);
    assert!(fixture.library.lost_faces().unwrap().is_empty());
    fixture.library.undo().unwrap();
    assert_eq!(people(&fixture), [None; 2], "what is taken back is taken back everywhere");
}

/// From the moment on when another picture is at its path its names are somewhere to be read; and what its user says of
/// them until the two are compared holds.
#[test]
fn a_picture_whose_edit_is_not_compared_yet_has_its_faces_among_the_lost() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0, 40.0]);
    let ada = fixture.library.move_faces(&old, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let edit = photo(&fixture.at("a.jpg"), 200, vec![face(0.0, 0.0), face(100.0, 0.0)]);
    let edit = fixture.library.record_photos(scan, &[edit]).unwrap()[0].photo_id;
    let there: Vec<FaceId> =
        fixture.library.faces_of_photo(edit).unwrap().into_iter().map(|face| face.face_id).collect();
    let listed = fixture.library.lost_faces().unwrap();
    assert_eq!(
        listed.iter().map(|lost| (lost.face_id, lost.is_sought)).collect::<Vec<_>>(),
        old.iter().map(|face| (*face, true)).collect::<Vec<_>>()
    );
    let seen = fixture.library.revision().unwrap();
    let of = Some(ada);
    fixture.library.decide(&Decision::PutBack { of, lost: old[0], onto: there[1] }, seen).unwrap();
    fixture.library.decide(&Decision::LetGo { of, faces: vec![old[1]] }, seen).unwrap();
    assert!(fixture.library.lost_faces().unwrap().is_empty());
    let pair = fixture.library.replaced_photos().unwrap()[0];
    let found = [(old[0], there[0]), (old[1], there[0])].map(|(old, new)| Carried::Onto { old, new });
    assert_eq!(fixture.library.carry_over(pair, &found[..1]).unwrap(), 0, "it is where its user has put it");
    assert_eq!(fixture.state(there[0]).person(), None);
    assert_eq!(fixture.library.carry_over(pair, &found[1..]).unwrap(), 1);
    assert_eq!(there.iter().map(|face| fixture.state(*face).person()).collect::<Vec<_>>(), [of, of]);
    assert_eq!(fixture.library.count_faces_let_go().unwrap(), 0, "it is there after all");
}

/// A face that is in one of two edits is not lost; one that is in neither is.
#[test]
fn a_face_is_lost_when_no_edit_shows_it() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0, 40.0]);
    fixture.library.move_faces(&old, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.place(fixture.scan, &file(&fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (_, new) = show(&mut fixture, scan, "a.jpg", 200);
    show(&mut fixture, scan, "b.jpg", 201);
    let replaced = fixture.library.replaced_photos().unwrap();
    fixture.library.carry_over(replaced[0], &[Carried::Onto { old: old[0], new }]).unwrap();
    fixture.library.carry_over(replaced[1], &[]).unwrap();
    let lost = fixture.library.lost_faces().unwrap();
    assert_eq!(lost.iter().map(|lost| lost.face_id).collect::<Vec<_>>(), old[1..]);
}

#[test]
fn a_file_is_unchanged_while_nothing_says_otherwise() {
    let mut fixture = LibraryFixture::new();
    let path = fixture.at("a.jpg");
    let at = |ctime_ns| FileFacts { ctime_ns, ..file(&path, b'a') };
    fixture.add_turned("a.jpg", &[0.0]);
    let known = |fixture: &LibraryFixture| fixture.library.known(&path).unwrap().unwrap();
    assert!(known(&fixture).is_unchanged(&at(None)) && known(&fixture).is_unchanged(&at(Some(5))), "not known before");
    // From then on it is.
    fixture.library.mark_seen(fixture.scan, &[at(Some(5))]).unwrap();
    assert!(known(&fixture).is_unchanged(&at(Some(5))) && !known(&fixture).is_unchanged(&at(Some(6))));
    assert!(known(&fixture).is_unchanged(&at(None)), "a system that does not tell");
    fixture.library.place(fixture.scan, &at(Some(6)), &detector()).unwrap();
    assert!(known(&fixture).is_unchanged(&at(Some(6))));
}

/// A library of the fourth format: a photo that was replaced and not compared yet, one that was, with a face that is in
/// the new picture and one that is lost.
#[test]
fn a_library_of_the_fourth_format_keeps_what_was_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    drop(Library::open_with(&path, &migrate::STEPS[..4]).unwrap());
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "INSERT INTO folder (path, added_at) VALUES (CAST('/photos' AS BLOB), 1);
         INSERT INTO scan (folder_id, started_at) VALUES (1, 1);
         INSERT INTO photo (id, picture, path, name_key, size, state, sort_at, missing, replaced_by, carried) VALUES
             (1, x'01', CAST('/photos/a.jpg' AS BLOB), 'a.jpg', 9, 'done', '2024', 0, NULL, 0),
             (2, x'02', CAST('/photos/a.jpg' AS BLOB), 'a.jpg', 9, 'done', '2024', 1, 1, 1),
             (3, x'03', CAST('/photos/a.jpg' AS BLOB), 'a.jpg', 9, 'done', '2024', 1, 1, 0);
         INSERT INTO file (path, photo_id, folder_id, seen_in_scan, size, mtime_ns)
             VALUES (CAST('/photos/a.jpg' AS BLOB), 1, 1, 1, 9, 7);
         INSERT INTO person (id, name, created_at) VALUES (1, 'Ada', 1);
         INSERT INTO face (id, photo_id, x, y, width, height, score, landmarks, quality, person_id, belongs, carried_to)
             SELECT column1, column2, 0, 0, 9, 9, 1, zeroblob(40), 1, 1, 'confirmed', column3
             FROM (VALUES (1, 1, NULL), (2, 2, 1), (3, 2, NULL), (4, 3, NULL));",
    )
    .unwrap();
    drop(old);
    let mut library = Library::open(&path).unwrap();
    library.check_integrity().unwrap();
    let listed = library.lost_faces().unwrap();
    let listed: Vec<_> = listed.iter().map(|lost| (lost.face_id, lost.is_sought)).collect();
    assert_eq!(listed, [(FaceId(3), false), (FaceId(4), true)]);
    let replaced = library.replaced_photos().unwrap();
    assert_eq!(replaced, [Replaced { old: PhotoId(3), new: PhotoId(1), lives_on: false }]);
    library.carry_over(replaced[0], &[]).unwrap();
    assert_eq!(library.count_lost_faces().unwrap(), 2);
    assert_eq!(library.person(PersonId(1)).unwrap().unwrap().faces, 1);
    let known = library.known(Path::new("/photos/a.jpg")).unwrap().unwrap();
    let now = FileFacts { size: 9, mtime_ns: 7, ctime_ns: Some(1), ..file(Path::new("/photos/a.jpg"), 1) };
    assert!(known.is_unchanged(&now), "no file is read again because of the new format");
    drop(library);
    let copied: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT into_face FROM carried WHERE face_id = 2", [], |row| row.get(0))
        .unwrap();
    assert_eq!(copied, 1);
}

/// The same was said of both, and is shown where the face is.
#[test]
fn what_was_said_of_a_face_and_carried_over_is_listed_once_and_taken_back_once() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 40.0]);
    let ada = fixture.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.reject(&faces[..1]).unwrap();
    fixture.library.set_aside(&faces[1..], SetAside::NotAFace).unwrap();
    let count = fixture.library.count_set_aside().unwrap();
    assert_eq!(count, 2);
    // Two edits, one after the other.
    let mut shown = faces.clone();
    for hash in [200, 201] {
        let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
        let record = photo(&fixture.at("a.jpg"), hash, vec![face(0.0, 0.0), face(100.0, 40.0)]);
        let edit = fixture.library.record_photos(scan, &[record]).unwrap()[0].photo_id;
        let mut there: Vec<FaceId> = fixture.library.faces_of_photo(edit).unwrap().iter().map(|f| f.face_id).collect();
        there.sort();
        let pair = fixture.library.replaced_photos().unwrap()[0];
        let onto = shown.iter().zip(&there).map(|(&old, &new)| Carried::Onto { old, new }).collect::<Vec<_>>();
        fixture.library.carry_over(pair, &onto).unwrap();
        shown = there;
    }
    let said: Vec<_> = fixture.library.rejections().unwrap().iter().map(|no| (no.face_id, no.person)).collect();
    assert_eq!(said, [(shown[0], ada)]);
    assert_eq!(fixture.library.rejected_for(ada).unwrap().len(), 1);
    assert_eq!(fixture.library.faces_set_aside().unwrap().len(), 1);
    assert_eq!(fixture.library.count_set_aside().unwrap(), count, "as many as before the edits");
    let taken_back = Decision::TakeBackReject { person: ada, face: shown[0] };
    fixture.library.decide(&taken_back, Revision::NOW).unwrap();
    assert_eq!(fixture.library.count_set_aside().unwrap(), count - 1, "of the originals as well");
    assert_eq!([faces[0], shown[0]].map(|face| fixture.state(face).person()), [Some(ada); 2], "theirs again");
    // And it is one step.
    fixture.library.undo().unwrap();
    assert_eq!(fixture.library.count_set_aside().unwrap(), count);
    fixture.library.redo().unwrap();
    assert_eq!(fixture.library.count_set_aside().unwrap(), count - 1);
}
