//! A decision means what its user saw.

use super::*;

/// Ada with one said and one suggested face, and a group of two.
fn library() -> (LibraryFixture, Vec<FaceId>, PersonId, PersonId) {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 1.0, 90.0, 91.0]);
    fixture.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&faces[..2], &faces[2..]]);
    let (ada, group) = (fixture.person_of(faces[0]), fixture.person_of(faces[2]));
    (fixture, faces, ada, group)
}

fn refused(fixture: &mut LibraryFixture, decision: Decision, seen: Revision) -> Stale {
    let before = fixture.decisions();
    let error = fixture.library.decide(&decision, seen).unwrap_err();
    assert_eq!(fixture.decisions(), before, "nothing was done");
    match error {
        LibraryError::Stale(stale) => stale,
        other => panic!("{other}"),
    }
}

#[test]
fn a_tick_on_a_face_that_has_come_to_somebody_else_is_refused() {
    let (mut fixture, faces, ada, group) = library();
    let seen = fixture.library.revision().unwrap();
    let bo = fixture.library.move_faces(&faces[1..2], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let moved = faces[1..2].to_vec();
    for decision in [
        Decision::Confirm { person: ada, faces: moved.clone() },
        Decision::Reject { person: ada, faces: moved.clone() },
        Decision::TakeOut { person: ada, faces: moved.clone() },
        Decision::Move { of: Some(ada), faces: moved.clone(), to: Destination::Person(group) },
        Decision::Move { of: None, faces: moved.clone(), to: Destination::Person(group) },
        Decision::SetAside { of: Some(ada), faces: moved, why: SetAside::Stranger },
    ] {
        assert_eq!(refused(&mut fixture, decision, seen), Stale::FaceMoved);
    }
    let now = fixture.library.revision().unwrap();
    let back = Decision::Move { of: Some(bo), faces: faces[1..2].to_vec(), to: Destination::Person(ada) };
    fixture.library.decide(&back, now).unwrap();
}

#[test]
fn a_face_that_somebody_else_has_confirmed_for_the_same_person_has_not_come_to_another() {
    let (mut fixture, faces, ada, _) = library();
    let seen = fixture.library.revision().unwrap();
    let mut other = Library::open(&fixture.at("library.sqlite")).unwrap();
    let yes = Decision::Confirm { person: ada, faces: faces[1..2].to_vec() };
    other.decide(&yes, Revision::NOW).unwrap();
    fixture.library.decide(&yes, seen).unwrap();
    for decision in [
        Decision::Reject { person: ada, faces: faces[1..2].to_vec() },
        Decision::SetAside { of: Some(ada), faces: faces[1..2].to_vec(), why: SetAside::Stranger },
    ] {
        assert_eq!(refused(&mut fixture, decision, seen), Stale::FaceDecided);
    }
    assert_eq!(fixture.state(faces[1]), FaceState::Of { person: ada, belongs: Belongs::Confirmed });
}

/// A yes to "Ada?" is none to "Bo?".
#[test]
fn a_tick_under_another_name_is_refused() {
    let (mut fixture, faces, ada, _) = library();
    let changes: [Decision; 2] = [Decision::Name { person: ada, name: "Bo".into() }, Decision::Hide(ada)];
    for change in changes {
        let seen = fixture.library.revision().unwrap();
        let mut other = Library::open(&fixture.at("library.sqlite")).unwrap();
        other.decide(&change, Revision::NOW).unwrap();
        for decision in [
            Decision::Confirm { person: ada, faces: faces[1..2].to_vec() },
            Decision::Reject { person: ada, faces: faces[..1].to_vec() },
            Decision::Cover { person: ada, face: faces[0] },
        ] {
            assert_eq!(refused(&mut fixture, decision, seen), Stale::PersonChanged, "after {change:?}");
        }
    }
}

#[test]
fn a_person_who_has_changed_or_gone_is_not_decided_about() {
    let (mut fixture, faces, ada, group) = library();
    let seen = fixture.library.revision().unwrap();
    fixture.library.take_out(&faces[2..3]).unwrap();
    let name = |person| Decision::Name { person, name: "Cy".into() };
    assert_eq!(refused(&mut fixture, name(group), seen), Stale::PersonChanged, "a face has left the group");
    fixture.library.merge(group, ada).unwrap();
    let now = fixture.library.revision().unwrap();
    assert_eq!(refused(&mut fixture, name(group), now), Stale::PersonGone);
}

#[test]
fn what_a_scan_added_meanwhile_is_not_named_unseen() {
    let (mut fixture, faces, _, group) = library();
    let seen = fixture.library.revision().unwrap();
    let later = fixture.add_turned("b.jpg", &[92.0]);
    fixture.group(&[&faces[..2], &[faces[2], faces[3], later[0]]]);
    fixture.library.decide(&Decision::Name { person: group, name: "Bo".into() }, seen).unwrap();
    let belongs = |face| match fixture.state(face) {
        FaceState::Of { person, belongs } if person == group => belongs,
        other => panic!("{other:?}"),
    };
    assert_eq!(belongs(faces[2]), Belongs::Named);
    assert_eq!(belongs(later[0]), Belongs::Suggested, "nobody saw it");
}

#[test]
fn quick_decisions_of_one_user_do_not_hinder_each_other() {
    let (mut fixture, faces, ada, group) = library();
    let seen = fixture.library.revision().unwrap();
    let steps = fixture.library.next_steps().unwrap();
    fixture.library.decide(&Decision::Reject { person: group, faces: faces[2..3].to_vec() }, seen).unwrap();
    fixture.library.decide(&Decision::Name { person: group, name: "Bo".into() }, seen).unwrap();
    fixture
        .library
        .decide(&Decision::Merge { from: group, into: ada, against: AgainstMerge::default() }, seen)
        .unwrap();
    fixture.library.decide(&Decision::Undo(steps.undo), seen).unwrap();
    fixture.library.decide(&Decision::Name { person: group, name: "Bob".into() }, seen).unwrap();
}

#[test]
fn undo_takes_nothing_back_that_somebody_else_has_decided_since() {
    let (mut fixture, _, ada, group) = library();
    let name = |person, name: &str| Decision::Name { person, name: name.into() };
    let seen = fixture.library.next_steps().unwrap();
    let mine = fixture.library.decide(&name(group, "Bo"), Revision::NOW).unwrap().step.unwrap();
    let mut other = Library::open(&fixture.at("library.sqlite")).unwrap();
    other.decide(&name(ada, "Powell"), Revision::NOW).unwrap();
    for step in [seen.undo, mine, StepId::NONE] {
        assert_eq!(refused(&mut fixture, Decision::Undo(step), Revision::NOW), Stale::OtherStep);
    }
    // Once it has been shown it can be taken back, and then the one before.
    let theirs = fixture.library.next_steps().unwrap().undo;
    fixture.library.decide(&Decision::Undo(theirs), Revision::NOW).unwrap();
    fixture.library.decide(&Decision::Undo(theirs), Revision::NOW).unwrap();
    assert_eq!(fixture.library.person(group).unwrap().unwrap().name, None);
}

#[test]
fn undo_and_redo_do_not_follow_an_undo_that_nobody_saw() {
    let (mut fixture, _, ada, group) = library();
    let name = |person, name: &str| Decision::Name { person, name: name.into() };
    fixture.library.decide(&name(ada, "Powell"), Revision::NOW).unwrap();
    let mine = fixture.library.decide(&name(group, "Bo"), Revision::NOW).unwrap().step.unwrap();
    let seen = fixture.library.next_steps().unwrap();
    let mut other = Library::open(&fixture.at("library.sqlite")).unwrap();
    other.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap();
    other.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap();
    assert_eq!(refused(&mut fixture, Decision::Undo(mine), Revision::NOW), Stale::OtherStep);
    assert_eq!(refused(&mut fixture, Decision::Redo(seen.redo), Revision::NOW), Stale::OtherStep);
}

#[test]
fn one_user_goes_back_and_forth_before_anything_is_read_again() {
    let (mut fixture, _, _, group) = library();
    let seen = fixture.library.next_steps().unwrap();
    let name = |name: &str| Decision::Name { person: group, name: name.into() };
    let before = fixture.decisions();
    fixture.library.decide(&name("Bo"), Revision::NOW).unwrap();
    fixture.library.decide(&name("Bob"), Revision::NOW).unwrap();
    let after = fixture.decisions();
    let mut step = |decision| fixture.library.decide(&decision, Revision::NOW).map(drop).unwrap();
    step(Decision::Undo(seen.undo));
    step(Decision::Undo(seen.undo));
    step(Decision::Redo(seen.redo));
    step(Decision::Redo(seen.redo));
    assert_eq!(fixture.decisions(), after);
    let mut step = |decision| fixture.library.decide(&decision, Revision::NOW).map(drop).unwrap();
    step(Decision::Undo(seen.undo));
    step(Decision::Undo(seen.undo));
    assert_eq!(fixture.decisions(), before);
}

#[test]
fn what_was_said_while_a_grouping_was_computed_holds() {
    let (mut fixture, faces, _, group) = library();
    let seen = fixture.library.faces_to_group(&model()).unwrap().revision;
    let taken_out = fixture.library.take_out(&faces[3..]).unwrap();
    // Computed before: both in one group.
    let groups = vec![faces[..2].to_vec(), faces[2..].to_vec()];
    fixture.library.apply_grouping(&groups, GroupedBy::Scan, seen).unwrap();
    assert_eq!((fixture.person_of(faces[2]), fixture.person_of(faces[3])), (group, taken_out));
    let input = fixture.library.faces_to_group(&model()).unwrap();
    assert!(input.faces.iter().any(|face| face.face_id == faces[3] && face.rejected == [group]));
}

#[test]
fn a_no_to_a_group_outlives_its_last_face() {
    let (mut fixture, faces, ada, group) = library();
    // The last face is not the second one; then the group's other face is Ada.
    fixture.library.reject(&faces[3..]).unwrap();
    fixture.library.move_faces(&faces[2..3], &Destination::Person(ada)).unwrap();
    assert_eq!(fixture.library.person(group).unwrap(), None);
    let input = fixture.library.faces_to_group(&model()).unwrap();
    let face = input.faces.iter().find(|face| face.face_id == faces[3]).unwrap();
    assert_eq!(face.rejected, [ada]);
}

#[test]
fn every_decision_is_listed_and_taken_back() {
    let (mut fixture, faces, ada, group) = library();
    let start = fixture.decisions();
    let now = Revision::NOW;
    let mut done = |decision: Decision| fixture.library.decide(&decision, now).map(drop).unwrap();
    done(Decision::Different(ada, group));
    done(Decision::MayBeSame(ada, group));
    done(Decision::Hide(ada));
    done(Decision::Show(ada));
    assert_eq!(fixture.decisions(), start);
    fixture.library.decide(&Decision::SetAsideAll { person: group, why: SetAside::Stranger }, now).unwrap();
    let aside = fixture.library.faces_set_aside().unwrap();
    assert_eq!((aside.len(), aside[0].why), (2, SetAside::Stranger));
    fixture.library.decide(&Decision::Restore { of: Some(group), faces: faces[2..].to_vec() }, now).unwrap();
    assert!(fixture.library.faces_set_aside().unwrap().is_empty());
    fixture.library.decide(&Decision::Reject { person: ada, faces: faces[1..2].to_vec() }, now).unwrap();
    assert_eq!(fixture.library.rejections().unwrap()[0].name.as_deref(), Some("Ada"));
    fixture.library.decide(&Decision::TakeBackReject { person: ada, face: faces[1] }, now).unwrap();
    assert!(fixture.library.rejections().unwrap().is_empty());
}

#[test]
fn what_was_said_against_a_merge_is_known_before_and_what_does_not_contradict_it_stays() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 1.0, 90.0, 91.0, 180.0]);
    fixture.group(&[&faces[..2], &faces[2..4], &faces[4..]]);
    let (ada, group, other) = (fixture.person_of(faces[0]), fixture.person_of(faces[2]), fixture.person_of(faces[4]));
    for (person, name) in [(ada, "Ada"), (other, "Other")] {
        fixture.library.name_person(person, name).unwrap();
    }
    let against = |fixture: &LibraryFixture| fixture.library.against_merge(group, ada).unwrap();
    assert!(against(&fixture).is_nothing());
    // One of the group is not Ada, and neither is a face of somebody else, nor of the group; the other is not the group.
    for (face, person) in [(faces[2], ada), (faces[4], ada), (faces[0], group), (faces[4], group), (faces[3], other)] {
        fixture.library.write(|t| review::rows::write_rejected(t, face, person, true)).unwrap();
    }
    fixture.library.mark_different(ada, group).unwrap();
    assert_eq!(against(&fixture), AgainstMerge { told_apart: true, from_not_into: 1, into_not_from: 1 });
    let before = fixture.decisions();
    fixture.library.merge(group, ada).unwrap();
    let left: Vec<_> = fixture.library.rejections().unwrap().iter().map(|no| (no.face_id, no.person)).collect();
    assert_eq!(left, [(faces[4], ada), (faces[3], other)]);
    fixture.library.undo().unwrap();
    assert_eq!(fixture.decisions(), before);
}

/// What has changed is to be looked at again; what was said against it is to be taken back first: never both in one.
#[test]
fn each_refusal_is_one_sentence_that_says_what_to_do() {
    let changed = [
        Stale::FaceGone,
        Stale::FaceMoved,
        Stale::FaceDecided,
        Stale::FaceFound,
        Stale::PersonGone,
        Stale::PersonChanged,
        Stale::SaidApart,
        Stale::MoreGone,
        Stale::OtherStep,
    ];
    for stale in changed {
        let words = LibraryError::Stale(stale).to_string();
        assert!(words.contains("since ") && words.ends_with("; nothing was done, look again"), "{words}");
        assert_eq!(words.matches(';').count(), 1, "{words}");
    }
    for stale in [Stale::FaceOfOther, Stale::FaceStranger, Stale::FaceNotAFace, Stale::FaceRejected] {
        let words = LibraryError::Stale(stale).to_string();
        assert!(words.contains(", and nothing was done; ") && words.contains(" first"), "{words}");
        assert!(!words.contains(" since ") && words.matches(';').count() == 1, "{words}");
    }
}

/// What another program says of a face is followed where it was seen whose the face is: who was shown as Ada may be
/// somebody else by now, though nobody has touched the face.
#[test]
fn a_correction_by_another_programs_word_is_refused_where_the_owner_has_changed() {
    let (mut fixture, faces, ada, _) = library();
    let seen = fixture.library.revision().unwrap();
    let correct = |of| {
        let corrected = vec![CorrectedFace { face: faces[0], of, belongs: Belongs::Confirmed }];
        answers(vec![TakenName { corrected, ..TakenName::none(Destination::NewPerson { name: "Eve".into() }) }])
    };
    let mut other = Library::open(&fixture.at("library.sqlite")).unwrap();
    other.decide(&Decision::Name { person: ada, name: "Bo".into() }, Revision::NOW).unwrap();
    assert_eq!(refused(&mut fixture, correct(Some(ada)), seen), Stale::PersonChanged);
    fixture.library.decide(&correct(Some(ada)), Revision::NOW).unwrap();
    assert_ne!(fixture.person_of(faces[0]), ada);
    assert_eq!(refused(&mut fixture, correct(Some(ada)), Revision::NOW), Stale::FaceMoved);
}
