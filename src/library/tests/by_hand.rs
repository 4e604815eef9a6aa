//! Faces by hand: made with the names that are taken, undone and done again with them, and kept by every later scan.

use super::*;
use crate::types::{Detection, FaceBox, Landmarks};

/// The head at a place where the fixture's photos have no face.
fn head(x: f32) -> FaceByHand {
    let face_box = FaceBox { x, y: 200.0, width: 120.0, height: 140.0 };
    FaceByHand {
        photo: PhotoId(1),
        detection: Detection { face_box, score: 0.0, landmarks: Landmarks([face_box.centre(); 5]) },
        crop_jpeg: vec![7, 7],
        embedding: Some((model(), direction(30.0))),
    }
}

fn take(fixture: &mut LibraryFixture, by_hand: Vec<FaceByHand>) -> crate::types::Touched {
    let to = Destination::NewPerson { name: "Ada".into() };
    let taken = TakenName { by_hand, ..TakenName::none(to) };
    fixture.library.decide(&answers(vec![taken]), Revision::NOW).unwrap()
}

/// Those with a name.
fn named(fixture: &LibraryFixture) -> Vec<FaceId> {
    let faces = fixture.library.faces_of_photo(PhotoId(1)).unwrap();
    faces.iter().filter(|face| face.name.is_some()).map(|face| face.face_id).collect()
}

fn undo(fixture: &mut LibraryFixture) -> crate::types::Touched {
    fixture.library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap()
}

fn redo(fixture: &mut LibraryFixture) {
    fixture.library.decide(&Decision::Redo(StepId::LATEST), Revision::NOW).unwrap();
}

#[test]
fn a_face_by_hand_is_made_undone_and_done_again_as_it_was() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 1);
    let before = fixture.decisions();
    let touched = take(&mut fixture, vec![head(300.0)]);
    let face = named(&fixture)[0];
    assert_eq!((touched.faces, touched.photos), (vec![face], vec![PhotoId(1)]));
    assert!(matches!(fixture.state(face), FaceState::Of { belongs: Belongs::Named, .. }));
    let made = fixture.decisions();
    for _ in 0..2 {
        let touched = undo(&mut fixture);
        assert_eq!(fixture.decisions(), before);
        assert_eq!(touched.photos, [PhotoId(1)], "its photo is shown without it");
        redo(&mut fixture);
        assert_eq!(fixture.decisions(), made);
        assert_eq!(fixture.library.crop_jpeg(face).unwrap(), Some(vec![7, 7]));
        assert_eq!(fixture.library.embedding(&model(), face).unwrap(), Some(direction(30.0)));
    }
    undo(&mut fixture);
    take(&mut fixture, vec![head(300.0)]);
    assert_eq!(named(&fixture).len(), 1, "after another decision nothing is left of what was undone");
    undo(&mut fixture);
    redo(&mut fixture);
    assert_eq!(named(&fixture).len(), 1);
}

/// The same bytes again, another detector that sees nothing there, and one that sees the face in the head.
#[test]
fn a_later_scan_keeps_it_and_doubles_it_never() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 1);
    take(&mut fixture, vec![head(300.0)]);
    let face = named(&fixture);
    fixture.add("a.jpg", 1, 1);
    assert_eq!(named(&fixture), face);
    fixture.add("a.jpg", 1, 0);
    assert_eq!(named(&fixture), face, "nobody is found any more, and the name stays");
    let mut seen = super::face(330.0, 31.0);
    seen.detection.face_box = FaceBox { x: 325.0, y: 235.0, width: 70.0, height: 85.0 };
    let found = photo(&fixture.at("a.jpg"), 1, vec![seen.clone()]);
    fixture.library.record_photos(fixture.scan, &[found]).unwrap();
    let faces = fixture.library.faces_of_photo(PhotoId(1)).unwrap();
    assert_eq!(faces.iter().map(|face| face.face_id).collect::<Vec<_>>(), face);
    assert_eq!(faces[0].detection, seen.detection, "the detector knows better where it is");
    // By now it is a face that was found: undo takes the name alone.
    undo(&mut fixture);
    let faces = fixture.library.faces_of_photo(PhotoId(1)).unwrap();
    assert_eq!(faces.len(), 1);
    assert!(faces[0].name.is_none());
}

#[test]
fn none_is_made_where_a_face_is_found_by_now_and_none_where_somebody_was_forgotten() {
    let mut fixture = LibraryFixture::new();
    let found = fixture.add("a.jpg", 1, 1)[0];
    let mut there = head(0.0);
    there.detection.face_box = fixture.library.faces_of_photo(PhotoId(1)).unwrap()[0].detection.face_box;
    take(&mut fixture, vec![there]);
    assert_eq!(named(&fixture), [found]);
    undo(&mut fixture);
    take(&mut fixture, vec![head(300.0)]);
    let person = fixture.person_of(named(&fixture)[0]);
    let known = fixture.library.person_to_forget(person).unwrap();
    fixture.library.forget_person(&known, false).unwrap();
    take(&mut fixture, vec![head(310.0)]);
    assert!(named(&fixture).is_empty());
    assert_eq!(fixture.library.faces_of_photo(PhotoId(1)).unwrap().len(), 1);
}

#[test]
fn what_was_undone_leaves_nothing_of_somebody_who_is_forgotten() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 1);
    take(&mut fixture, vec![head(300.0)]);
    undo(&mut fixture);
    let rows = |fixture: &LibraryFixture| -> i64 {
        let count = "SELECT (SELECT count(*) FROM undone_face) + (SELECT count(*) FROM undone_vector)";
        fixture.library.connection.query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows(&fixture), 2);
    fixture.group(&[&faces[..1]]);
    let person = fixture.person_of(faces[0]);
    let known = fixture.library.person_to_forget(person).unwrap();
    fixture.library.forget_person(&known, false).unwrap();
    assert_eq!(rows(&fixture), 0);
}

#[test]
fn it_is_embedded_again_by_another_model_and_refused_for_a_photo_that_is_gone() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 0);
    take(&mut fixture, vec![head(300.0)]);
    let other = ModelId("other".into());
    let waiting = fixture.library.faces_without_embedding(&other, FaceId(0), 10).unwrap();
    assert_eq!(waiting.iter().map(|face| face.face_id).collect::<Vec<_>>(), named(&fixture));
    assert!(waiting[0].has_portrait);
    let gone = FaceByHand { photo: PhotoId(99), ..head(10.0) };
    let to = Destination::NewPerson { name: "Bo".into() };
    let taken = TakenName { by_hand: vec![gone], ..TakenName::none(to) };
    let refused = fixture.library.decide(&answers(vec![taken]), Revision::NOW);
    assert!(matches!(refused, Err(LibraryError::Stale(Stale::FaceGone))));
}
