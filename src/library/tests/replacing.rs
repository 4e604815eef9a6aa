//! Pictures that take each other's place: which are compared, and what becomes of their faces.

use super::*;
use crate::library::migrate;

fn detector() -> ModelId {
    ModelId("boxes".into())
}

/// Records a picture of one face at a path. Returns the picture and its face.
fn show(fixture: &mut LibraryFixture, scan: ScanId, name: &str, hash: u8) -> (PhotoId, FaceId) {
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

/// Renamed twice, and deleted in the end: nothing ever took their place.
#[test]
fn pictures_that_changed_places_and_back_are_not_lost_to_each_other() {
    let mut fixture = LibraryFixture::new();
    let first = fixture.scan;
    let faces = [show(&mut fixture, first, "a.jpg", 1).1, show(&mut fixture, first, "b.jpg", 2).1];
    for (face, name) in faces.iter().zip(["Ada", "Ben"]) {
        fixture.library.move_faces(&[*face], &Destination::NewPerson { name: name.into() }).unwrap();
    }
    for there in [[2, 1], [1, 2]] {
        let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
        for (name, hash) in ["a.jpg", "b.jpg"].into_iter().zip(there) {
            fixture.library.place(scan, &file(&fixture.at(name), hash), &detector()).unwrap();
        }
        fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
        assert_eq!(pairs(&mut fixture), []);
    }
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let end = fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    assert_eq!((end.missing, fixture.library.lost_faces().unwrap()), (2, vec![]));
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

/// What is decided of a lost face is meant for one: the picture may have come back meanwhile.
#[test]
fn a_face_that_is_not_lost_any_more_is_neither_put_back_nor_let_go() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[old], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (_, onto) = show(&mut fixture, scan, "a.jpg", 200);
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[]).unwrap();
    let seen = fixture.library.revision().unwrap();
    assert_eq!(fixture.library.count_lost_faces().unwrap(), 1);
    fixture.library.place(scan, &file(&fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    assert_eq!(fixture.library.count_lost_faces().unwrap(), 0, "its picture is back");
    let of = Some(ada);
    for decision in [Decision::PutBack { of, lost: old, onto }, Decision::LetGo { of, faces: vec![old] }] {
        let refused = fixture.library.decide(&decision, seen).unwrap_err();
        assert!(matches!(refused, LibraryError::Stale(Stale::FaceFound)), "{refused}");
        assert_eq!(fixture.state(old).person(), Some(ada));
    }
}

/// Ada's face of a picture that another one has replaced, lost, and the face of that one.
fn lost_ada(fixture: &mut LibraryFixture) -> (PersonId, FaceId, FaceId, ScanId) {
    let old = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[old], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (_, onto) = show(fixture, scan, "a.jpg", 200);
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[]).unwrap();
    assert_eq!(lost(fixture), [old]);
    (ada, old, onto, scan)
}

fn lost(fixture: &LibraryFixture) -> Vec<FaceId> {
    fixture.library.lost_faces().unwrap().iter().map(|lost| lost.face_id).collect()
}

#[test]
fn a_lost_face_takes_no_face_from_somebody_else() {
    let mut fixture = LibraryFixture::new();
    let (ada, old, onto, _) = lost_ada(&mut fixture);
    let bo = fixture.library.move_faces(&[onto], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let before = fixture.decisions();
    let put_back = Decision::PutBack { of: Some(ada), lost: old, onto };
    let refused = fixture.library.decide(&put_back, Revision::NOW).unwrap_err();
    assert!(matches!(refused, LibraryError::Stale(Stale::FaceOfOther)), "{refused}");
    assert_eq!((fixture.decisions(), lost(&fixture)), (before, vec![old]));
    fixture.library.decide(&Decision::Reject { person: bo, faces: vec![onto] }, Revision::NOW).unwrap();
    fixture.library.decide(&put_back, Revision::NOW).unwrap();
    assert_eq!((fixture.state(onto).person(), lost(&fixture)), (Some(ada), vec![]));
}

/// No decision goes without a word: it is taken back first.
#[test]
fn a_lost_face_overwrites_nothing_that_was_said_of_the_other() {
    let aside = |why| move |_, onto: FaceId| vec![Decision::SetAside { of: None, faces: vec![onto], why }];
    let rejected = |ada, onto: FaceId| {
        let to = Destination::Person(ada);
        vec![Decision::Move { of: None, faces: vec![onto], to }, Decision::Reject { person: ada, faces: vec![onto] }]
    };
    type Said<'a> = &'a dyn Fn(PersonId, FaceId) -> Vec<Decision>;
    let cases: [(Said, Stale); 3] = [
        (&aside(SetAside::Stranger), Stale::FaceStranger),
        (&aside(SetAside::NotAFace), Stale::FaceNotAFace),
        (&rejected, Stale::FaceRejected),
    ];
    for (said, why) in cases {
        let mut fixture = LibraryFixture::new();
        let (ada, old, onto, _) = lost_ada(&mut fixture);
        for decision in said(ada, onto) {
            fixture.library.decide(&decision, Revision::NOW).unwrap();
        }
        let before = fixture.decisions();
        let put_back = Decision::PutBack { of: Some(ada), lost: old, onto };
        let refused = fixture.library.decide(&put_back, Revision::NOW).unwrap_err();
        assert!(matches!(refused, LibraryError::Stale(stale) if stale == why), "{refused}");
        assert_eq!((fixture.decisions(), lost(&fixture)), (before, vec![old]));
        let take_back = match why {
            Stale::FaceRejected => Decision::TakeBackReject { person: ada, face: onto },
            _ => Decision::Restore { of: None, faces: vec![onto] },
        };
        fixture.library.decide(&take_back, Revision::NOW).unwrap();
        fixture.library.decide(&put_back, Revision::NOW).unwrap();
        assert_eq!((fixture.state(onto).person(), lost(&fixture)), (Some(ada), vec![]));
    }
}

#[test]
fn a_face_put_back_keeps_what_was_said_where_it_was() {
    let mut fixture = LibraryFixture::new();
    let (ada, old, onto, scan) = lost_ada(&mut fixture);
    let before = fixture.decisions();
    let confirmed = FaceState::Of { person: ada, belongs: Belongs::Confirmed };
    fixture.library.decide(&Decision::PutBack { of: Some(ada), lost: old, onto }, Revision::NOW).unwrap();
    assert_eq!(([old, onto].map(|face| fixture.state(face)), lost(&fixture)), ([confirmed; 2], vec![]));
    fixture.library.undo().unwrap();
    assert_eq!((fixture.decisions(), lost(&fixture)), (before, vec![old]));
    fixture.library.redo().unwrap();
    assert_eq!(([old, onto].map(|face| fixture.state(face)), lost(&fixture)), ([confirmed; 2], vec![]));
    // It was the wrong place: the face waits again for the right one.
    fixture.library.decide(&Decision::Reject { person: ada, faces: vec![onto] }, Revision::NOW).unwrap();
    assert_eq!((fixture.state(onto).is_decided(), lost(&fixture)), (false, vec![old]));
    fixture.library.undo().unwrap();
    assert!(lost(&fixture).is_empty());
    // The original is back, and speaks for itself.
    fixture.library.place(scan, &file(&fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    assert_eq!([old, onto].map(|face| fixture.state(face)), [confirmed; 2]);
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().faces, 2);
}

/// Whoever put it there. What is set aside has lists of its own.
#[test]
fn a_face_that_was_put_back_is_listed_with_where_it_was_until_that_is_taken_back() {
    let carried = |fixture: &LibraryFixture| -> Vec<(FaceId, FaceId)> {
        fixture.library.carried_faces().unwrap().iter().map(|face| (face.was.face_id, face.into)).collect()
    };
    let decide =
        |fixture: &mut LibraryFixture, decision| fixture.library.decide(&decision, Revision::NOW).map(drop).unwrap();
    let mut fixture = LibraryFixture::new();
    let (ada, old, onto, _) = lost_ada(&mut fixture);
    assert_eq!(carried(&fixture), []);
    decide(&mut fixture, Decision::PutBack { of: Some(ada), lost: old, onto });
    assert_eq!(carried(&fixture), [(old, onto)]);
    assert_eq!(fixture.library.carried_faces().unwrap()[0].was.name.as_deref(), Some("Ada"));
    decide(&mut fixture, Decision::Reject { person: ada, faces: vec![onto] });
    assert_eq!((carried(&fixture), lost(&fixture)), (vec![], vec![old]));
    let mut fixture = LibraryFixture::new();
    let (ada, old, onto, _) = lost_ada(&mut fixture);
    decide(&mut fixture, Decision::SetAside { of: Some(ada), faces: vec![old], why: SetAside::Stranger });
    decide(&mut fixture, Decision::PutBack { of: None, lost: old, onto });
    assert_eq!((carried(&fixture), lost(&fixture)), (vec![], vec![]));
    decide(&mut fixture, Decision::Restore { of: Some(ada), faces: vec![onto] });
    assert_eq!((carried(&fixture), lost(&fixture)), (vec![], vec![old]));
}

#[test]
fn a_face_that_was_let_go_is_listed_and_can_be_put_back_after_all() {
    let mut fixture = LibraryFixture::new();
    let (ada, old, onto, scan) = lost_ada(&mut fixture);
    let let_go = |fixture: &LibraryFixture| -> Vec<FaceId> {
        fixture.library.faces_let_go().unwrap().iter().map(|face| face.face_id).collect()
    };
    assert_eq!(let_go(&fixture), []);
    let confirmed = FaceState::Of { person: ada, belongs: Belongs::Confirmed };
    let decide =
        |fixture: &mut LibraryFixture, decision| fixture.library.decide(&decision, Revision::NOW).map(drop).unwrap();
    decide(&mut fixture, Decision::LetGo { of: Some(ada), faces: vec![old] });
    assert_eq!((lost(&fixture), let_go(&fixture)), (vec![], vec![old]));
    assert_eq!((fixture.library.count_lost_faces().unwrap(), fixture.library.count_set_aside().unwrap()), (0, 1));
    decide(&mut fixture, Decision::TakeBackLetGo { of: Some(ada), faces: vec![old] });
    assert_eq!((lost(&fixture), let_go(&fixture)), (vec![old], vec![]));
    fixture.library.undo().unwrap();
    fixture.library.undo().unwrap();
    assert_eq!((lost(&fixture), let_go(&fixture)), (vec![old], vec![]));
    fixture.library.redo().unwrap();
    // Its picture is back: nothing was taken from it.
    fixture.library.place(scan, &file(&fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    assert_eq!((fixture.state(old), let_go(&fixture)), (confirmed, vec![]));
    assert_ne!(fixture.state(onto), confirmed);
}

#[test]
fn a_face_that_a_scan_carried_to_the_wrong_place_is_lost_again_when_that_is_rejected() {
    let mut fixture = LibraryFixture::new();
    let (ada, old, onto, _) = lost_ada(&mut fixture);
    let photo = |fixture: &LibraryFixture, face| fixture.library.face(face).unwrap().unwrap().photo_id;
    let pair = Replaced { old: photo(&fixture, old), new: photo(&fixture, onto), lives_on: false };
    fixture.library.carry_over(pair, &[Carried::Onto { old, new: onto }]).unwrap();
    assert!(lost(&fixture).is_empty());
    fixture.library.decide(&Decision::Reject { person: ada, faces: vec![onto] }, Revision::NOW).unwrap();
    assert_eq!(lost(&fixture), [old]);
    // The scan does not say it again.
    fixture.library.carry_over(pair, &[Carried::Onto { old, new: onto }]).unwrap();
    assert_eq!((fixture.state(onto).is_decided(), lost(&fixture)), (false, vec![old]));
}

/// What was said of a face holds where it was until it is taken back there, whatever becomes of the face it went to.
#[test]
fn a_face_waits_when_something_else_is_said_of_the_one_that_it_was_carried_to() {
    let to_bo = |onto| {
        let to = Destination::NewPerson { name: "Bo".into() };
        Decision::Move { of: Some(PersonId(1)), faces: vec![onto], to }
    };
    let of_the_carried: [fn(FaceId) -> Decision; 3] = [
        |onto| Decision::SetAside { of: Some(PersonId(1)), faces: vec![onto], why: SetAside::Stranger },
        |onto| Decision::TakeOut { person: PersonId(1), faces: vec![onto] },
        |onto| Decision::Reject { person: PersonId(1), faces: vec![onto] },
    ];
    for decide in [&to_bo as &dyn Fn(FaceId) -> Decision].into_iter().chain(of_the_carried.iter().map(|f| f as _)) {
        let mut fixture = LibraryFixture::new();
        let (ada, old, onto, _) = lost_ada(&mut fixture);
        assert_eq!(ada, PersonId(1));
        let photo = |fixture: &LibraryFixture, face| fixture.library.face(face).unwrap().unwrap().photo_id;
        let pair = Replaced { old: photo(&fixture, old), new: photo(&fixture, onto), lives_on: false };
        fixture.library.carry_over(pair, &[Carried::Onto { old, new: onto }]).unwrap();
        assert_eq!(lost(&fixture), []);
        let decision = decide(onto);
        fixture.library.decide(&decision, Revision::NOW).unwrap();
        assert_eq!(lost(&fixture), [old], "{decision:?}");
        let said = fixture.state(onto);
        // The scan does not say it again.
        assert_eq!(fixture.library.carry_over(pair, &[Carried::Onto { old, new: onto }]).unwrap(), 0);
        assert_eq!((fixture.state(onto), lost(&fixture)), (said, vec![old]), "{decision:?}");
        fixture.library.undo().unwrap();
        assert_eq!((fixture.state(onto).person(), lost(&fixture)), (Some(ada), vec![]), "{decision:?}");
        fixture.library.redo().unwrap();
        assert_eq!(lost(&fixture), [old], "{decision:?}");
    }
}

/// The face of the edit was Ada's by its user's word before it was found to be the same: that word is taken back.
#[test]
fn a_face_waits_when_the_word_about_its_edit_is_undone() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[old], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let new = fixture.add_turned("b.jpg", &[1.0])[0];
    fixture.library.move_faces(&[new], &Destination::Person(ada)).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.place(scan, &file(&fixture.at("a.jpg"), b'b'), &detector()).unwrap();
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[Carried::Onto { old, new }]).unwrap();
    assert_eq!(lost(&fixture), []);
    fixture.library.undo().unwrap();
    assert_eq!((fixture.state(old).person(), fixture.state(new).person()), (Some(ada), None));
    assert_eq!(lost(&fixture), [old]);
}

/// A stranger's face that is one no more in the edit.
#[test]
fn a_face_set_aside_waits_when_the_one_that_it_was_carried_to_is_restored() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0])[0];
    fixture.library.set_aside(&[old], SetAside::Stranger).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (_, onto) = show(&mut fixture, scan, "a.jpg", 200);
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[Carried::Onto { old, new: onto }]).unwrap();
    assert_eq!(lost(&fixture), []);
    fixture.library.restore(&[onto]).unwrap();
    fixture.library.carry_over(pair, &[Carried::Onto { old, new: onto }]).unwrap();
    assert_eq!((fixture.state(onto).is_decided(), lost(&fixture)), (false, vec![old]));
}

/// The original's face would lead nowhere: no file shows it.
#[test]
fn a_face_set_aside_that_an_edit_has_taken_over_is_listed_once() {
    let mut fixture = LibraryFixture::new();
    let aside = fixture.add_turned("a.jpg", &[0.0])[0];
    fixture.library.set_aside(&[aside], SetAside::Stranger).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (_, new) = show(&mut fixture, scan, "a.jpg", 200);
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[Carried::Onto { old: aside, new }]).unwrap();
    let aside_now = |fixture: &LibraryFixture| {
        fixture.library.faces_set_aside().unwrap().iter().map(|face| face.face_id).collect::<Vec<_>>()
    };
    assert_eq!((aside_now(&fixture), fixture.library.count_set_aside().unwrap()), (vec![new], 1));
    // Taken back of the edit, it is still said of the original.
    fixture.library.restore(&[new]).unwrap();
    assert_eq!((aside_now(&fixture), lost(&fixture)), (vec![aside], vec![aside]));
}

/// A lost face is looked for in what it was not compared with, and anew in what is back or was looked through anew.
#[test]
fn lost_faces_are_looked_for_in_what_is_new() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0])[0];
    fixture.library.move_faces(&[old], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let (first, _) = show(&mut fixture, ScanId(1), "first.jpg", 199);
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (by, _) = show(&mut fixture, scan, "a.jpg", 200);
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[]).unwrap();
    let sought = |fixture: &LibraryFixture| fixture.library.lost_pictures(&model()).unwrap()[0].sought_up_to;
    let there = |fixture: &LibraryFixture| {
        let faces = fixture.library.faces_there(&model(), sought(fixture), 100).unwrap();
        faces.map_or_else(Vec::new, |page| page.faces.into_iter().map(|(photo, _)| photo).collect())
    };
    assert_eq!((sought(&fixture), there(&fixture)), (PhotoId(0), vec![first, by]), "in all that is there");
    fixture.library.note_sought(pair.old, &model(), by).unwrap();
    assert_eq!(there(&fixture), []);
    let (new, _) = show(&mut fixture, scan, "new.jpg", 201);
    assert_eq!(there(&fixture), [new]);
    fixture.library.note_sought(pair.old, &model(), new).unwrap();
    // Looked through anew, as by another detector.
    show(&mut fixture, scan, "a.jpg", 200);
    assert_eq!(there(&fixture), [by, new]);
    fixture.library.note_sought(pair.old, &model(), new).unwrap();
    // Gone, and back.
    std::fs::write(fixture.at("a.jpg"), b"").unwrap();
    std::fs::write(fixture.at("new.jpg"), b"").unwrap();
    let next = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let stays = [file(&fixture.at("a.jpg"), 200), file(&fixture.at("new.jpg"), 201)];
    fixture.library.mark_seen(next, &stays).unwrap();
    assert_eq!(fixture.library.finish_scan(next, ScanOutcome::Complete, MissingPolicy::Accept).unwrap().missing, 1);
    assert_eq!(there(&fixture), []);
    let next = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.mark_seen(next, &[file(&fixture.at("first.jpg"), 199)]).unwrap();
    assert_eq!(there(&fixture), [first, by, new]);
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

/// Ada's face, its edit to which the name was carried over, and the pictures of both.
struct Edited {
    fixture: LibraryFixture,
    ada: PersonId,
    original: FaceId,
    edit: FaceId,
    scan: ScanId,
}

fn edited() -> Edited {
    let mut fixture = LibraryFixture::new();
    let original = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[original], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (_, edit) = show(&mut fixture, scan, "a.jpg", 200);
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[Carried::Onto { old: original, new: edit }]).unwrap();
    assert_eq!(fixture.state(edit).person(), Some(ada));
    Edited { fixture, ada, original, edit, scan }
}

impl Edited {
    /// The file is as it was before the edit. The two faces are compared and found to be one, or not.
    fn put_file_back(&mut self, are_one: bool) {
        self.fixture.library.place(self.scan, &file(&self.fixture.at("a.jpg"), b'a'), &detector()).unwrap();
        let pair = self.fixture.library.replaced_photos().unwrap()[0];
        assert!(!pair.lives_on);
        let carried = Carried::Onto { old: self.edit, new: self.original };
        let carried = are_one.then_some(carried).into_iter().collect::<Vec<_>>();
        self.fixture.library.carry_over(pair, &carried).unwrap();
    }

    /// All pictures are compared, and the two faces found to be one.
    fn compared(&mut self, old: FaceId, new: FaceId) {
        let picture = |of: &Self, face| of.fixture.library.face(face).unwrap().unwrap().photo_id;
        let them = (picture(self, old), picture(self, new));
        for pair in self.fixture.library.replaced_photos().unwrap() {
            let is_theirs = (pair.old, pair.new) == them;
            let carried = is_theirs.then_some(Carried::Onto { old, new }).into_iter().collect::<Vec<_>>();
            self.fixture.library.carry_over(pair, &carried).unwrap();
        }
    }

    fn lost(&self) -> Vec<FaceId> {
        self.fixture.library.lost_faces().unwrap().iter().map(|lost| lost.face_id).collect()
    }
}

#[test]
fn what_was_said_of_an_edit_last_holds_when_the_file_is_put_back() {
    let mut at = edited();
    let bo = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original).person(), Some(bo));
    assert_eq!(at.lost(), [], "nothing waits: it is said where the face is");
    // The way back is the one of every decision.
    at.fixture.library.undo().unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    at.fixture.library.redo().unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(bo));
    // Edited the same way again: whatever is said of the original by then.
    let cleo = at.fixture.library.move_faces(&[at.original], &Destination::NewPerson { name: "Cleo".into() }).unwrap();
    let (edit, onto) = (at.edit, at.original);
    at.fixture.library.place(at.scan, &file(&at.fixture.at("a.jpg"), 200), &detector()).unwrap();
    let pair = at.fixture.library.replaced_photos().unwrap()[0];
    at.fixture.library.carry_over(pair, &[Carried::Onto { old: onto, new: edit }]).unwrap();
    assert_eq!(at.fixture.state(edit).person(), Some(cleo));
    assert_eq!(at.lost(), []);
}

#[test]
fn a_face_that_was_set_aside_or_rejected_in_an_edit_is_so_when_the_file_is_put_back() {
    let mut at = edited();
    at.fixture.library.set_aside(&[at.edit], SetAside::Stranger).unwrap();
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original), FaceState::SetAside(SetAside::Stranger));
    let aside = at.fixture.library.faces_set_aside().unwrap();
    assert_eq!(aside.iter().map(|face| (face.face_id, face.person)).collect::<Vec<_>>(), [(at.original, Some(at.ada))]);
    at.fixture.library.undo().unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));

    let mut at = edited();
    at.fixture.library.reject(&[at.edit]).unwrap();
    at.put_file_back(true);
    assert_ne!(at.fixture.state(at.original).person(), Some(at.ada));
    let said: Vec<_> = at.fixture.library.rejections().unwrap().iter().map(|no| (no.face_id, no.person)).collect();
    assert_eq!(said, [(at.original, at.ada)], "once, where the face is");
    let taken_back = Decision::TakeBackReject { person: at.ada, face: at.original };
    at.fixture.library.decide(&taken_back, Revision::NOW).unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    assert!(at.fixture.library.rejections().unwrap().is_empty(), "and of the edit as well");
}

/// A face that was put back by hand onto a wrong one is no edit's: only what the pictures show to be one follows.
#[test]
fn what_was_said_of_another_face_moves_no_name_when_the_file_is_put_back() {
    let mut at = edited();
    let bo = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    at.put_file_back(false);
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    assert_eq!(at.lost(), [at.edit]);
    assert_eq!(at.fixture.state(at.edit).person(), Some(bo));
}

/// The original was somewhere else all the time, in sight with its name.
#[test]
fn a_face_that_was_never_gone_keeps_its_name_when_a_copy_is_put_back() {
    let mut at = edited();
    at.fixture.library.place(at.scan, &file(&at.fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    assert_eq!(at.lost(), [at.edit]);
}

/// A picture with Ada's face at two paths, one of which shows an edit of it now, to which the face was carried over.
fn edited_copy() -> Edited {
    let mut fixture = LibraryFixture::new();
    let original = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[original], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.place(scan, &file(&fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    let (_, edit) = show(&mut fixture, scan, "a.jpg", 200);
    let mut at = Edited { fixture, ada, original, edit, scan };
    at.compared(original, edit);
    assert_eq!(at.fixture.state(edit).person(), Some(ada));
    at
}

/// The two were different decisions of the user's, on two pictures in sight.
#[test]
fn a_name_in_sight_is_not_taken_by_a_picture_that_lived_on_beside_its_edit() {
    let mut at = edited_copy();
    let carl = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Carl".into() }).unwrap();
    at.fixture.library.move_faces(&[at.original], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let scan = at.fixture.library.begin_scan(at.fixture.folder.path()).unwrap();
    assert_eq!(show(&mut at.fixture, scan, "b.jpg", 200).1, at.edit);
    at.compared(at.original, at.edit);
    assert_eq!((at.fixture.state(at.edit).person(), at.lost()), (Some(carl), vec![at.original]));
}

#[test]
fn a_copy_that_was_edited_and_put_back_is_lost_when_it_is_nowhere() {
    let mut at = edited_copy();
    at.fixture.library.place(at.scan, &file(&at.fixture.at("a.jpg"), b'a'), &detector()).unwrap();
    at.compared(at.edit, at.original);
    let scan = at.fixture.library.begin_scan(at.fixture.folder.path()).unwrap();
    for name in ["a.jpg", "b.jpg"] {
        show(&mut at.fixture, scan, name, 201);
    }
    for pair in at.fixture.library.replaced_photos().unwrap() {
        at.fixture.library.carry_over(pair, &[]).unwrap();
    }
    assert_eq!(at.lost(), [at.original], "what is said of it is said of nothing that is there");
}

#[test]
fn what_was_said_last_is_known_after_a_backup_is_restored() {
    let mut at = edited();
    let bo = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let backup = at.fixture.library.back_up(care::BackupReason::Asked).unwrap();
    let seen = at.fixture.library.revision().unwrap();
    at.fixture.library.restore_backup(&backup).unwrap();
    let stale = Decision::Confirm { person: bo, faces: vec![at.edit] };
    assert!(at.fixture.library.decide(&stale, seen).is_err(), "it was seen before the restore");
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original).person(), Some(bo));
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
