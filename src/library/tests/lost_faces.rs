//! Faces of pictures that are gone: they wait, are looked for, put back or let go.

use super::replacing::{detector, show};
use super::*;

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
