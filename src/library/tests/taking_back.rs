//! A decision that is taken back brings a face back at once, to whom it was of and as it was.

use super::*;

/// Ada with two faces named with the group, one confirmed and one suggested; a group of two; one face alone.
fn library() -> (LibraryFixture, Vec<FaceId>, PersonId, PersonId) {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0, 90.0, 91.0, 180.0]);
    fixture.group(&[&faces[..3], &faces[4..6], &faces[6..]]);
    let ada = fixture.person_of(faces[0]);
    fixture.library.name_person(ada, "Ada").unwrap();
    fixture.library.confirm(&faces[2..3]).unwrap();
    fixture.group(&[&faces[..4]]);
    let group = fixture.person_of(faces[4]);
    (fixture, faces, ada, group)
}

fn decide(fixture: &mut LibraryFixture, decision: Decision) {
    fixture.library.decide(&decision, Revision::NOW).unwrap();
}

fn states(fixture: &LibraryFixture, faces: &[FaceId]) -> Vec<FaceState> {
    faces.iter().map(|&face| fixture.state(face)).collect()
}

#[test]
fn who_was_set_aside_is_listed_by_name_and_comes_back_as_they_were() {
    for why in [SetAside::Stranger, SetAside::NotAFace] {
        let (mut fixture, faces, ada, _) = library();
        let before = states(&fixture, &faces);
        decide(&mut fixture, Decision::SetAsideAll { person: ada, why });
        let aside = fixture.library.faces_set_aside().unwrap();
        let whose = |face: &FaceSetAside| (face.person, face.name.clone());
        assert_eq!(aside.len(), 4);
        assert!(aside.iter().all(|face| whose(face) == (Some(ada), Some("Ada".into()))), "{aside:?}");
        // From no face to a stranger and back.
        decide(&mut fixture, Decision::SetAside { of: None, faces: faces[..1].to_vec(), why: SetAside::Stranger });
        decide(&mut fixture, Decision::Restore { of: Some(ada), faces: faces[..4].to_vec() });
        assert_eq!(states(&fixture, &faces), before);
        assert!(fixture.library.faces_set_aside().unwrap().is_empty());
    }
}

#[test]
fn a_group_that_went_with_its_last_face_is_there_again() {
    let (mut fixture, faces, _, group) = library();
    let before = states(&fixture, &faces);
    decide(&mut fixture, Decision::SetAsideAll { person: group, why: SetAside::Stranger });
    assert_eq!(fixture.library.person(group).unwrap(), None);
    for face in [faces[4], faces[5]] {
        decide(&mut fixture, Decision::Restore { of: Some(group), faces: vec![face] });
    }
    assert_eq!(states(&fixture, &faces), before, "one group of two");
}

#[test]
fn a_no_that_is_taken_back_leaves_no_trace() {
    for regrouped in [false, true] {
        let (mut fixture, faces, ada, _) = library();
        let before = states(&fixture, &faces);
        for face in &faces[..4] {
            decide(&mut fixture, Decision::Reject { person: ada, faces: vec![*face] });
        }
        if regrouped {
            fixture.group(&[&faces[..6], &faces[6..]]);
        }
        for face in &faces[..4] {
            decide(&mut fixture, Decision::TakeBackReject { person: ada, face: *face });
        }
        assert_eq!(states(&fixture, &faces[..4]), before[..4]);
        assert!(fixture.library.rejections().unwrap().is_empty());
        fixture.library.check_integrity().unwrap();
    }
}

#[test]
fn a_face_that_is_decided_not_to_be_somebody_is_a_group_at_once() {
    let (mut fixture, faces, ada, _) = library();
    decide(&mut fixture, Decision::Reject { person: ada, faces: faces[..2].to_vec() });
    let groups = PeopleFilter { kind: PeopleKind::Nameless, min_faces: 1 };
    let listed = fixture.library.people(groups, ListPage::ALL).unwrap();
    assert_ne!(fixture.person_of(faces[0]), fixture.person_of(faces[1]), "nobody said that they are one");
    assert!(faces[..2].iter().all(|&face| listed.iter().any(|card| card.id == fixture.person_of(face))));
    decide(&mut fixture, Decision::TakeBackReject { person: ada, face: faces[0] });
    decide(&mut fixture, Decision::TakeBackReject { person: ada, face: faces[1] });
    assert_eq!(fixture.library.people(groups, ListPage::ALL).unwrap().len(), listed.len() - 2, "and gone again");
}

#[test]
fn a_no_that_is_taken_back_takes_no_face_from_whom_it_was_given_to_since() {
    let (mut fixture, faces, ada, _) = library();
    decide(&mut fixture, Decision::Reject { person: ada, faces: faces[..1].to_vec() });
    let (of, to) = (Some(fixture.person_of(faces[0])), Destination::NewPerson { name: "Bo".into() });
    decide(&mut fixture, Decision::Move { of, faces: faces[..1].to_vec(), to });
    let bo = fixture.state(faces[0]);
    decide(&mut fixture, Decision::TakeBackReject { person: ada, face: faces[0] });
    assert_eq!(fixture.state(faces[0]), bo);
    assert!(fixture.library.rejections().unwrap().is_empty());
}

/// Of a library of an older program nobody knows how it was.
#[test]
fn a_no_of_which_nothing_more_is_known_makes_a_suggestion_when_it_is_taken_back() {
    let (mut fixture, faces, ada, _) = library();
    decide(&mut fixture, Decision::Reject { person: ada, faces: faces[..1].to_vec() });
    fixture.library.write(|t| Ok(t.execute("DELETE FROM was_of", [])?)).unwrap();
    decide(&mut fixture, Decision::TakeBackReject { person: ada, face: faces[0] });
    assert_eq!(fixture.state(faces[0]), FaceState::Of { person: ada, belongs: Belongs::Suggested });
}

#[test]
fn what_comes_back_comes_to_whom_its_person_was_merged_into() {
    let (mut fixture, faces, ada, group) = library();
    decide(&mut fixture, Decision::SetAside { of: Some(ada), faces: faces[..1].to_vec(), why: SetAside::Stranger });
    decide(&mut fixture, Decision::Reject { person: ada, faces: faces[1..2].to_vec() });
    decide(&mut fixture, Decision::Merge { from: ada, into: group, against: AgainstMerge::default() });
    let before = fixture.decisions();
    decide(&mut fixture, Decision::Restore { of: Some(group), faces: faces[..1].to_vec() });
    decide(&mut fixture, Decision::TakeBackReject { person: group, face: faces[1] });
    let named = FaceState::Of { person: group, belongs: Belongs::Named };
    assert_eq!(states(&fixture, &faces[..2]), [named, named]);
    fixture.library.undo().unwrap();
    fixture.library.undo().unwrap();
    assert_eq!(fixture.decisions(), before);
}

#[test]
fn a_carried_face_is_taken_back_as_the_one_it_was_carried_from() {
    let (mut fixture, faces, ada, _) = library();
    decide(&mut fixture, Decision::SetAside { of: Some(ada), faces: faces[..1].to_vec(), why: SetAside::Stranger });
    let other = fixture.add_turned("b.jpg", &[0.0]);
    fixture.library.write(|t| crate::library::faces::copy_decision(t, faces[0], other[0])).unwrap();
    decide(&mut fixture, Decision::Restore { of: Some(ada), faces: other.clone() });
    assert_eq!(fixture.state(other[0]), FaceState::Of { person: ada, belongs: Belongs::Named });
}

/// Whoever has the name is shown with it, as before.
#[test]
fn a_merge_does_not_change_the_face_on_the_card() {
    for named_last in [false, true] {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add_turned("a.jpg", &[0.0, 90.0]);
        let order = if named_last { [1, 0] } else { [0, 1] };
        // The group's face is the better one.
        let better = faces[order[1]];
        fixture.library.write(|t| Ok(t.execute("UPDATE face SET quality = id = ?1", [better.0])?)).unwrap();
        fixture.group(&[&faces[..1], &faces[1..]]);
        let (ada, group) = (fixture.person_of(faces[order[0]]), fixture.person_of(better));
        fixture.library.name_person(ada, "Ada").unwrap();
        let shown = fixture.library.person(ada).unwrap().unwrap().cover;
        let (from, into) = if named_last { (ada, group) } else { (group, ada) };
        decide(&mut fixture, Decision::Merge { from, into, against: AgainstMerge::default() });
        assert_eq!(fixture.library.person(into).unwrap().unwrap().cover, shown, "named last: {named_last}");
    }
}

#[test]
fn only_suggestions_that_were_shown_are_confirmed_one_by_one() {
    let (mut fixture, faces, ada, _) = library();
    let more = fixture.add_turned("b.jpg", &[4.0, 5.0]);
    fixture.group(&[&[&faces[..4], &more[..]].concat()]);
    decide(&mut fixture, Decision::ConfirmAll { person: ada, shown: vec![faces[3]] });
    let of = |belongs| FaceState::Of { person: ada, belongs };
    assert_eq!(states(&fixture, &[faces[3], more[0]]), [of(Belongs::Confirmed), of(Belongs::Named)]);
    fixture.library.undo().unwrap();
    decide(&mut fixture, Decision::ConfirmSome { person: ada, shown: vec![faces[0]], others: vec![faces[2], more[0]] });
    assert_eq!(
        states(&fixture, &[faces[0], faces[2], more[0], more[1]]),
        [Belongs::Confirmed, Belongs::Confirmed, Belongs::Named, Belongs::Suggested].map(of),
        "what was confirmed stays so"
    );
}

#[test]
fn a_name_that_is_taken_back_leaves_what_was_confirmed_together_and_says_yes_to_nothing() {
    let (mut fixture, faces, ada, _) = library();
    let before = states(&fixture, &faces);
    decide(&mut fixture, Decision::TakeBackName(ada));
    let of = |belongs| FaceState::Of { person: ada, belongs };
    let taken_back = [of(Belongs::Grouped), of(Belongs::Grouped), of(Belongs::Confirmed), of(Belongs::Suggested)];
    assert_eq!(states(&fixture, &faces[..4]), taken_back);
    // The same name again names the group as it did before.
    fixture.library.name_person(ada, "Ada").unwrap();
    assert_eq!(states(&fixture, &faces), before, "a suggestion is a suggestion still");
    decide(&mut fixture, Decision::TakeBackName(ada));
    fixture.group(&faces.iter().map(std::slice::from_ref).collect::<Vec<_>>());
    assert_eq!(fixture.state(faces[2]), of(Belongs::Confirmed));
    assert!(faces[..2].iter().chain(&faces[3..4]).all(|face| fixture.state(*face).person() != Some(ada)));
    fixture.library.check_integrity().unwrap();
}

#[test]
fn a_yes_that_is_taken_back_makes_a_suggestion_of_the_face() {
    let (mut fixture, faces, ada, group) = library();
    decide(&mut fixture, Decision::TakeBackYes { person: ada, faces: faces[..3].to_vec() });
    let suggested = FaceState::Of { person: ada, belongs: Belongs::Suggested };
    assert_eq!(states(&fixture, &faces[..4]), [suggested; 4]);
    assert!(fixture.library.rejections().unwrap().is_empty(), "nobody said no");
    decide(&mut fixture, Decision::Undo(StepId::LATEST));
    assert_eq!(fixture.state(faces[2]), FaceState::Of { person: ada, belongs: Belongs::Confirmed });
    decide(&mut fixture, Decision::Confirm { person: group, faces: faces[4..5].to_vec() });
    decide(&mut fixture, Decision::TakeBackYes { person: group, faces: faces[4..5].to_vec() });
    assert_eq!(fixture.state(faces[4]), FaceState::Of { person: group, belongs: Belongs::Grouped });
}

#[test]
fn taking_a_name_back_is_one_step_and_leaves_what_was_said_against_it() {
    let (mut fixture, faces, ada, group) = library();
    decide(&mut fixture, Decision::Different(ada, group));
    decide(&mut fixture, Decision::Reject { person: ada, faces: faces[..1].to_vec() });
    let before = states(&fixture, &faces);
    decide(&mut fixture, Decision::TakeBackName(ada));
    assert_eq!(fixture.library.told_apart_from(ada).unwrap().len(), 1);
    assert_eq!(fixture.library.rejections().unwrap().len(), 1);
    decide(&mut fixture, Decision::Undo(StepId::LATEST));
    assert_eq!(states(&fixture, &faces), before);
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().name.as_deref(), Some("Ada"));
}

#[test]
fn who_was_hidden_stays_hidden_without_a_name_and_a_name_without_faces_goes() {
    let (mut fixture, faces, ada, _) = library();
    fixture.library.hide_person(ada).unwrap();
    let before = states(&fixture, &faces);
    decide(&mut fixture, Decision::TakeBackName(ada));
    assert!(fixture.library.person(ada).unwrap().unwrap().is_hidden);
    assert_eq!(states(&fixture, &faces), before, "what is suggested for them stays out of sight too");
    let bo = Destination::NewPerson { name: "Bo".into() };
    let bo = fixture.library.move_faces(&faces[6..], &bo).unwrap();
    fixture.library.move_faces(&faces[6..], &Destination::Person(ada)).unwrap();
    decide(&mut fixture, Decision::TakeBackName(bo));
    assert_eq!(fixture.library.person(bo).unwrap(), None);
}

#[test]
fn a_chosen_cover_gives_way_to_the_best_face_again() {
    let (mut fixture, faces, ada, _) = library();
    let card = |fixture: &LibraryFixture| fixture.library.person(ada).unwrap().unwrap();
    let before = card(&fixture);
    let other = *faces[..3].iter().find(|face| Some(**face) != before.cover).unwrap();
    decide(&mut fixture, Decision::Cover { person: ada, face: other });
    assert_eq!((card(&fixture).cover, card(&fixture).is_cover_chosen), (Some(other), true));
    decide(&mut fixture, Decision::AutomaticCover(ada));
    assert_eq!(card(&fixture), before);
    decide(&mut fixture, Decision::Undo(StepId::LATEST));
    assert_eq!(card(&fixture).cover, Some(other));
}

#[test]
fn parts_of_a_group_are_not_whom_the_whole_is_not() {
    let (mut fixture, faces, ada, group) = library();
    decide(&mut fixture, Decision::Different(ada, group));
    decide(&mut fixture, Decision::TakeOut { person: group, faces: faces[4..5].to_vec() });
    let parts = [fixture.person_of(faces[4]), fixture.person_of(faces[5])];
    assert_ne!(parts[0], parts[1]);
    let not_ada = |fixture: &LibraryFixture| -> Vec<PersonId> {
        let mut others: Vec<_> = fixture.library.told_apart_from(ada).unwrap().into_iter().map(|(id, _)| id).collect();
        others.sort();
        others
    };
    assert!(parts.iter().all(|part| not_ada(&fixture).contains(part)));
    // A face of Ada's that is taken out may be anybody whom Ada is not.
    decide(&mut fixture, Decision::TakeOut { person: ada, faces: faces[..1].to_vec() });
    let out = fixture.person_of(faces[0]);
    assert!(fixture.library.told_apart_from(out).unwrap().is_empty());
}

#[test]
fn a_grouping_that_parts_a_group_says_the_same_of_its_parts() {
    let (mut fixture, faces, ada, group) = library();
    decide(&mut fixture, Decision::Different(ada, group));
    fixture.group(&[&faces[4..5], &faces[5..6]]);
    let parts = [fixture.person_of(faces[4]), fixture.person_of(faces[5])];
    assert_ne!(parts[0], parts[1]);
    for part in parts {
        assert_eq!(fixture.library.told_apart_from(part).unwrap().len(), 1, "not Ada");
    }
}

/// "Not Ada" comes while a grouping is computed that makes them one.
#[test]
fn groups_that_were_told_apart_meanwhile_stay_apart() {
    let (mut fixture, faces, ada, group) = library();
    let before = states(&fixture, &faces);
    let seen = fixture.library.revision().unwrap();
    decide(&mut fixture, Decision::Different(ada, group));
    fixture.library.apply_grouping(&[faces[..6].to_vec(), faces[6..].to_vec()], GroupedBy::Scan, seen).unwrap();
    assert_eq!(states(&fixture, &faces), before);
    // Of two nameless groups, too.
    let alone = fixture.person_of(faces[6]);
    decide(&mut fixture, Decision::Different(group, alone));
    fixture.library.apply_grouping(&[faces[4..].to_vec()], GroupedBy::Scan, seen).unwrap();
    assert_eq!(states(&fixture, &faces), before);
}

/// Undo is not the only way back of a merge, and it reaches only so far.
#[test]
fn people_who_were_joined_long_ago_are_two_again_with_their_names() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 5);
    let mut name = |faces: &[FaceId], name: &str| {
        fixture.library.move_faces(faces, &Destination::NewPerson { name: name.into() }).unwrap()
    };
    let (ada, bo, cleo) = (name(&faces[..2], "Ada"), name(&faces[2..4], "Bo"), name(&faces[4..], "Cleo"));
    fixture.library.mark_different(bo, cleo).unwrap();
    fixture.library.merge(bo, ada).unwrap();
    for number in 0..250 {
        fixture.library.name_person(ada, &format!("Ada {number}")).unwrap();
    }
    // Said since, and it holds.
    let dee = fixture.library.move_faces(&faces[3..4], &Destination::NewPerson { name: "Dee".into() }).unwrap();
    let [merged] = &fixture.library.merged_people().unwrap()[..] else { panic!("it is listed") };
    assert_eq!((merged.name.as_str(), merged.into, merged.faces), ("Bo", Some(ada), 2));
    let part = Decision::Part { step: merged.step, into: merged.into };
    let seen = fixture.library.revision().unwrap();
    let mut other = Library::open(&fixture.at("library.sqlite")).unwrap();
    other.decide(&Decision::Name { person: ada, name: "Ada".into() }, Revision::NOW).unwrap();
    assert!(matches!(fixture.library.decide(&part, seen), Err(LibraryError::Stale(Stale::PersonChanged))));
    let before = fixture.decisions();
    fixture.library.decide(&part, Revision::NOW).unwrap();
    let people: Vec<PersonId> = faces.iter().map(|face| fixture.person_of(*face)).collect();
    assert_eq!(people, [ada, ada, bo, dee, cleo]);
    let named = |person| fixture.library.person(person).unwrap().unwrap().name;
    assert_eq!([ada, bo].map(named), [Some("Ada".to_owned()), Some("Bo".to_owned())]);
    assert!(fixture.library.told_apart().unwrap().iter().any(|pair| pair.people == (bo, cleo)));
    assert_eq!(fixture.library.merged_people().unwrap(), []);
    assert!(matches!(fixture.library.decide(&part, Revision::NOW), Err(LibraryError::Stale(_))), "only once");
    fixture.library.undo().unwrap();
    assert_eq!((fixture.decisions(), fixture.library.merged_people().unwrap().len()), (before, 1));
    fixture.library.check_integrity().unwrap();
}

/// Whoever is two again may be said to be one once more, and only the latest such word has a way back.
#[test]
fn a_merge_that_was_taken_back_is_not_taken_back_again() {
    for is_same_again in [false, true] {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 5);
        let mut name = |faces: &[FaceId], name: &str| {
            fixture.library.move_faces(faces, &Destination::NewPerson { name: name.into() }).unwrap()
        };
        let (anna, bert, carl) = (name(&faces[..2], "Anna"), name(&faces[2..4], "Bert"), name(&faces[4..], "Carl"));
        fixture.library.merge(anna, bert).unwrap();
        let first = fixture.library.merged_people().unwrap().remove(0);
        let part = |merged: &MergedPerson| Decision::Part { step: merged.step, into: merged.into };
        decide(&mut fixture, part(&first));
        fixture.library.move_faces(&faces[3..4], &Destination::Person(anna)).unwrap();
        let into = if is_same_again { bert } else { carl };
        let before = fixture.decisions();
        fixture.library.merge(anna, into).unwrap();
        let [merged] = &fixture.library.merged_people().unwrap()[..] else { panic!("the second one alone is listed") };
        assert_eq!((merged.into, merged.faces), (Some(into), 3));
        assert!(matches!(fixture.library.decide(&part(&first), Revision::NOW), Err(LibraryError::Stale(_))));
        decide(&mut fixture, part(merged));
        assert_eq!(fixture.decisions(), before);
        // The way back of the way back leads to the first merge, too.
        (0..3).for_each(|_| _ = fixture.library.undo().unwrap());
        assert_eq!(fixture.library.merged_people().unwrap(), []);
        fixture.library.undo().unwrap();
        assert_eq!(fixture.library.merged_people().unwrap(), [first]);
        fixture.library.redo().unwrap();
        assert_eq!(fixture.library.merged_people().unwrap(), []);
        fixture.library.check_integrity().unwrap();
    }
}

/// A group that takes a name over tells nobody of it, and takes nobody's way back away.
#[test]
fn whom_a_group_has_taken_over_since_leads_back_to_the_people_who_were_joined() {
    for with_name in [true, false] {
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 5);
        fixture.group(&[&faces[..2], &faces[2..4], &faces[4..]]);
        let [anna, bert, group] = [0, 2, 4].map(|face| fixture.person_of(faces[face]));
        fixture.library.name_person(anna, "Anna").unwrap();
        fixture.library.name_person(bert, "Bert").unwrap();
        fixture.library.merge(anna, bert).unwrap();
        if !with_name {
            decide(&mut fixture, Decision::TakeBackName(bert));
        }
        fixture.library.merge(bert, group).unwrap();
        for number in 0..250 {
            fixture.library.name_person(group, &format!("Bert {number}")).unwrap();
        }
        let [merged] = &fixture.library.merged_people().unwrap()[..] else { panic!("Anna alone is listed") };
        assert_eq!((merged.name.as_str(), merged.into, merged.faces), ("Anna", Some(group), 2));
        decide(&mut fixture, Decision::Part { step: merged.step, into: merged.into });
        let people: Vec<PersonId> = faces.iter().map(|face| fixture.person_of(*face)).collect();
        assert_eq!(people, [anna, anna, group, group, group], "with a name: {with_name}");
        assert_eq!(fixture.library.person(anna).unwrap().unwrap().name.as_deref(), Some("Anna"));
        fixture.library.check_integrity().unwrap();
    }
}
