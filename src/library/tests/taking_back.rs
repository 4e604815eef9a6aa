//! A decision that is taken back brings a face back at once, to whom it was of and as it was.

use super::*;

/// Ada with two faces named with the group, one confirmed and one suggested; a group of two; one face alone.
fn library() -> (Shelf, Vec<FaceId>, PersonId, PersonId) {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0, 90.0, 91.0, 180.0]);
    shelf.group(&[&faces[..3], &faces[4..6], &faces[6..]]);
    let ada = shelf.person_of(faces[0]);
    shelf.library.name_person(ada, "Ada").unwrap();
    shelf.library.confirm(&faces[2..3]).unwrap();
    shelf.group(&[&faces[..4]]);
    let group = shelf.person_of(faces[4]);
    (shelf, faces, ada, group)
}

fn decide(shelf: &mut Shelf, decision: Decision) {
    shelf.library.decide(&decision, Revision::NOW).unwrap();
}

fn states(shelf: &Shelf, faces: &[FaceId]) -> Vec<FaceState> {
    faces.iter().map(|&face| shelf.state(face)).collect()
}

#[test]
fn who_was_set_aside_is_listed_by_name_and_comes_back_as_they_were() {
    for why in [SetAside::Stranger, SetAside::NotAFace] {
        let (mut shelf, faces, ada, _) = library();
        let before = states(&shelf, &faces);
        decide(&mut shelf, Decision::SetAsideAll { person: ada, why });
        let aside = shelf.library.faces_set_aside().unwrap();
        let whose = |face: &FaceSetAside| (face.person, face.name.clone());
        assert_eq!(aside.len(), 4);
        assert!(aside.iter().all(|face| whose(face) == (Some(ada), Some("Ada".into()))), "{aside:?}");
        // From no face to a stranger and back.
        decide(&mut shelf, Decision::SetAside { faces: faces[..1].to_vec(), why: SetAside::Stranger });
        decide(&mut shelf, Decision::Restore(faces[..4].to_vec()));
        assert_eq!(states(&shelf, &faces), before);
        assert!(shelf.library.faces_set_aside().unwrap().is_empty());
    }
}

#[test]
fn a_group_that_went_with_its_last_face_is_there_again() {
    let (mut shelf, faces, _, group) = library();
    let before = states(&shelf, &faces);
    decide(&mut shelf, Decision::SetAsideAll { person: group, why: SetAside::Stranger });
    assert_eq!(shelf.library.person(group).unwrap(), None);
    for face in [faces[4], faces[5]] {
        decide(&mut shelf, Decision::Restore(vec![face]));
    }
    assert_eq!(states(&shelf, &faces), before, "one group of two");
}

#[test]
fn a_no_that_is_taken_back_leaves_no_trace() {
    for regrouped in [false, true] {
        let (mut shelf, faces, ada, _) = library();
        let before = states(&shelf, &faces);
        for face in &faces[..4] {
            decide(&mut shelf, Decision::Reject { person: ada, faces: vec![*face] });
        }
        if regrouped {
            shelf.group(&[&faces[..6], &faces[6..]]);
        }
        for face in &faces[..4] {
            decide(&mut shelf, Decision::TakeBackReject { person: ada, face: *face });
        }
        assert_eq!(states(&shelf, &faces[..4]), before[..4]);
        assert!(shelf.library.rejections().unwrap().is_empty());
        shelf.library.check_integrity().unwrap();
    }
}

#[test]
fn a_face_that_is_said_not_to_be_somebody_is_a_group_at_once() {
    let (mut shelf, faces, ada, _) = library();
    decide(&mut shelf, Decision::Reject { person: ada, faces: faces[..2].to_vec() });
    let groups = PeopleFilter { kind: PeopleKind::Nameless, min_faces: 1 };
    let listed = shelf.library.people(groups, ListPage::ALL).unwrap();
    assert_ne!(shelf.person_of(faces[0]), shelf.person_of(faces[1]), "nobody said that they are one");
    assert!(faces[..2].iter().all(|&face| listed.iter().any(|card| card.id == shelf.person_of(face))));
    decide(&mut shelf, Decision::TakeBackReject { person: ada, face: faces[0] });
    decide(&mut shelf, Decision::TakeBackReject { person: ada, face: faces[1] });
    assert_eq!(shelf.library.people(groups, ListPage::ALL).unwrap().len(), listed.len() - 2, "and gone again");
}

#[test]
fn a_no_that_is_taken_back_takes_no_face_from_whom_it_was_given_to_since() {
    let (mut shelf, faces, ada, _) = library();
    decide(&mut shelf, Decision::Reject { person: ada, faces: faces[..1].to_vec() });
    let to = Destination::NewPerson { name: "Bo".into() };
    decide(&mut shelf, Decision::Move { faces: faces[..1].to_vec(), to });
    let bo = shelf.state(faces[0]);
    decide(&mut shelf, Decision::TakeBackReject { person: ada, face: faces[0] });
    assert_eq!(shelf.state(faces[0]), bo);
    assert!(shelf.library.rejections().unwrap().is_empty());
}

/// Of a library of an older program nobody knows how it was.
#[test]
fn a_no_of_which_nothing_more_is_known_makes_a_suggestion_when_it_is_taken_back() {
    let (mut shelf, faces, ada, _) = library();
    decide(&mut shelf, Decision::Reject { person: ada, faces: faces[..1].to_vec() });
    shelf.library.write(|t| Ok(t.execute("DELETE FROM was_of", [])?)).unwrap();
    decide(&mut shelf, Decision::TakeBackReject { person: ada, face: faces[0] });
    assert_eq!(shelf.state(faces[0]), FaceState::Of { person: ada, belongs: Belongs::Suggested });
}

#[test]
fn what_comes_back_comes_to_whom_its_person_was_merged_into() {
    let (mut shelf, faces, ada, group) = library();
    decide(&mut shelf, Decision::SetAside { faces: faces[..1].to_vec(), why: SetAside::Stranger });
    decide(&mut shelf, Decision::Reject { person: ada, faces: faces[1..2].to_vec() });
    decide(&mut shelf, Decision::Merge { from: ada, into: group });
    let before = shelf.decisions();
    decide(&mut shelf, Decision::Restore(faces[..1].to_vec()));
    decide(&mut shelf, Decision::TakeBackReject { person: group, face: faces[1] });
    let named = FaceState::Of { person: group, belongs: Belongs::Named };
    assert_eq!(states(&shelf, &faces[..2]), [named, named]);
    shelf.library.undo().unwrap();
    shelf.library.undo().unwrap();
    assert_eq!(shelf.decisions(), before);
}

#[test]
fn a_carried_face_is_taken_back_as_the_one_it_was_carried_from() {
    let (mut shelf, faces, ada, _) = library();
    decide(&mut shelf, Decision::SetAside { faces: faces[..1].to_vec(), why: SetAside::Stranger });
    let other = shelf.add_turned("b.jpg", &[0.0]);
    shelf.library.write(|t| crate::library::faces::copy_decision(t, faces[0], other[0])).unwrap();
    decide(&mut shelf, Decision::Restore(other.clone()));
    assert_eq!(shelf.state(other[0]), FaceState::Of { person: ada, belongs: Belongs::Named });
}

/// Whoever has the name is shown with it, as before.
#[test]
fn a_merge_does_not_change_the_face_on_the_card() {
    for named_last in [false, true] {
        let mut shelf = Shelf::new();
        let faces = shelf.add_turned("a.jpg", &[0.0, 90.0]);
        let order = if named_last { [1, 0] } else { [0, 1] };
        // The group's face is the better one.
        let better = faces[order[1]];
        shelf.library.write(|t| Ok(t.execute("UPDATE face SET quality = id = ?1", [better.0])?)).unwrap();
        shelf.group(&[&faces[..1], &faces[1..]]);
        let (ada, group) = (shelf.person_of(faces[order[0]]), shelf.person_of(better));
        shelf.library.name_person(ada, "Ada").unwrap();
        let shown = shelf.library.person(ada).unwrap().unwrap().cover;
        let (from, into) = if named_last { (ada, group) } else { (group, ada) };
        decide(&mut shelf, Decision::Merge { from, into });
        assert_eq!(shelf.library.person(into).unwrap().unwrap().cover, shown, "named last: {named_last}");
    }
}

#[test]
fn only_suggestions_that_were_shown_are_confirmed_one_by_one() {
    let (mut shelf, faces, ada, _) = library();
    let more = shelf.add_turned("b.jpg", &[4.0, 5.0]);
    shelf.group(&[&[&faces[..4], &more[..]].concat()]);
    decide(&mut shelf, Decision::ConfirmAll { person: ada, shown: vec![faces[3]] });
    let of = |belongs| FaceState::Of { person: ada, belongs };
    assert_eq!(states(&shelf, &[faces[3], more[0]]), [of(Belongs::Confirmed), of(Belongs::Named)]);
    shelf.library.undo().unwrap();
    decide(&mut shelf, Decision::ConfirmSome { person: ada, shown: vec![faces[0]], others: vec![faces[2], more[0]] });
    assert_eq!(
        states(&shelf, &[faces[0], faces[2], more[0], more[1]]),
        [Belongs::Confirmed, Belongs::Confirmed, Belongs::Named, Belongs::Suggested].map(of),
        "what was confirmed stays so"
    );
}
