use super::*;

/// Runs an action on a small library and checks that undo restores every row and redo brings every row back.
fn check(act: impl FnOnce(&mut LibraryFixture, &[FaceId], PersonId, PersonId)) -> LibraryFixture {
    let mut fixture = LibraryFixture::new();
    let mut faces = fixture.add_turned("a.jpg", &[0.0, 90.0]);
    faces.extend(fixture.add_turned("b.jpg", &[1.0, 91.0]));
    faces.extend(fixture.add_turned("c.jpg", &[2.0, 180.0]));
    // Ada: a0 confirmed, b0 and c0 suggested. A nameless group: a1, b1. Alone: c1.
    let ada = fixture.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&[faces[0], faces[2], faces[4]], &[faces[1], faces[3]], &[faces[5]]]);
    let group = fixture.person_of(faces[1]);
    fixture.library.mark_different(ada, fixture.person_of(faces[5])).unwrap();
    let steps_before = fixture.library.history(99).unwrap().len();

    let before = fixture.decisions();
    act(&mut fixture, &faces, ada, group);
    let after = fixture.decisions();
    assert_ne!(before, after);
    let steps = fixture.library.history(99).unwrap().len() - steps_before;
    for _ in 0..2 {
        for _ in 0..steps {
            assert_eq!(fixture.library.undo().unwrap().unwrap().left_alone, 0);
        }
        assert_eq!(fixture.decisions(), before);
        for _ in 0..steps {
            assert_eq!(fixture.library.redo().unwrap().unwrap().left_alone, 0);
        }
        assert_eq!(fixture.decisions(), after);
    }
    assert_eq!(fixture.library.redo().unwrap(), None);
    fixture.library.check_integrity().unwrap();
    fixture
}

#[test]
fn naming_a_group_confirms_it() {
    let fixture = check(|fixture, faces, _, group| {
        fixture.library.name_person(group, "  Grace   Hopper ").unwrap();
        assert!(fixture.state(faces[1]).is_decided() && fixture.state(faces[3]).is_decided());
        assert_eq!(fixture.library.face(faces[1]).unwrap().unwrap().name.as_deref(), Some("Grace Hopper"));
    });
    assert_eq!(fixture.library.counts().unwrap().named_people, 2);
}

#[test]
fn renaming_leaves_suggestions_suggestions() {
    check(|fixture, faces, ada, _| {
        fixture.library.name_person(ada, "Ada Lovelace").unwrap();
        assert!(!fixture.state(faces[2]).is_decided());
    });
}

#[test]
fn confirm_and_reject() {
    check(|fixture, faces, ada, _| {
        fixture.library.confirm(&[faces[2]]).unwrap();
        assert_eq!(fixture.state(faces[2]), FaceState::Of { person: ada, belongs: Belongs::Confirmed });
        fixture.library.reject(&[faces[4]]).unwrap();
        assert!(
            matches!(fixture.state(faces[4]), FaceState::Of { person, belongs: Belongs::Grouped } if person != ada)
        );
    });
}

#[test]
fn a_rejected_face_never_comes_back() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0]);
    let ada = fixture.library.move_faces(&f[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&f]);
    fixture.library.reject(&f[1..]).unwrap();
    // The next grouping thinks the same again, and is not listened to.
    let outcome = fixture.group(&[&f]);
    assert_eq!((outcome.kept_apart, outcome.groups), (1, 1));
    assert_ne!(fixture.person_of(f[1]), ada);
    // Unless the user says so.
    fixture.library.move_faces(&f[1..], &Destination::Person(ada)).unwrap();
    assert!(fixture.library.faces_to_group(&model()).unwrap().faces[1].rejected.is_empty());
}

#[test]
fn moving_the_last_face_removes_the_group() {
    let fixture = check(|fixture, faces, ada, group| {
        fixture.library.move_faces(&[faces[1], faces[3]], &Destination::Person(ada)).unwrap();
        assert_eq!(fixture.library.person(group).unwrap(), None);
    });
    assert_eq!(fixture.library.counts().unwrap().nameless_people, 1);
}

#[test]
fn moving_to_somebody_new() {
    check(|fixture, faces, _, _| {
        let bo = fixture.library.move_faces(&faces[1..3], &Destination::NewPerson { name: "Bo".into() }).unwrap();
        assert_eq!(fixture.library.person(bo).unwrap().unwrap().confirmed, 2);
    });
}

#[test]
fn taking_out_is_remembered() {
    check(|fixture, faces, ada, group| {
        let out = fixture.library.take_out(&[faces[0], faces[1]]).unwrap();
        assert_eq!(fixture.person_of(faces[0]), out);
        let input = fixture.library.faces_to_group(&model()).unwrap();
        let place = |face| input.faces.iter().position(|f| f.face_id == face).unwrap();
        assert_eq!(input.faces[place(faces[0])].rejected, vec![ada]);
        assert_eq!(input.faces[place(faces[1])].rejected, vec![group], "the group it was taken out of");
        assert_eq!(fixture.person_of(faces[3]), group);
    });
}

#[test]
fn merging_hands_over_what_was_said() {
    check(|fixture, faces, ada, group| {
        fixture.library.reject(&[faces[4]]).unwrap();
        let alone = fixture.person_of(faces[5]);
        fixture.library.merge(ada, group).unwrap();
        let card = fixture.library.person(group).unwrap().unwrap();
        assert_eq!((card.name.as_deref(), card.faces, card.confirmed, card.suggested), (Some("Ada"), 3, 1, 1));
        assert_eq!(fixture.library.person(ada).unwrap(), None);
        let input = fixture.library.faces_to_group(&model()).unwrap();
        assert_eq!(input.faces[4].rejected, vec![group]);
        assert_eq!(input.different, vec![(group, alone)]);
    });
}

#[test]
fn merging_keeps_the_target_name_and_drops_contradictions() {
    check(|fixture, faces, ada, group| {
        fixture.library.name_person(group, "Grace").unwrap();
        fixture.library.mark_different(ada, group).unwrap();
        fixture.library.merge(group, ada).unwrap();
        assert_eq!(fixture.library.person(ada).unwrap().unwrap().name.as_deref(), Some("Ada"));
        assert_eq!(fixture.person_of(faces[3]), ada);
    });
}

#[test]
fn hiding_and_showing() {
    let fixture = check(|fixture, faces, _, group| {
        fixture.library.hide_person(group).unwrap();
        assert!(fixture.state(faces[1]).is_decided());
        assert_eq!(fixture.hidden_people(), 1);
    });
    let hidden = PeopleFilter { kind: PeopleKind::Hidden, min_faces: 0 };
    assert_eq!(fixture.library.people(hidden, ListPage::ALL).unwrap().len(), 1);
    check(|fixture, _, ada, _| {
        fixture.library.hide_person(ada).unwrap();
        fixture.library.show_person(ada).unwrap();
        fixture.library.set_cover(ada, FaceId(3)).unwrap();
    });
}

#[test]
fn setting_aside_and_restoring() {
    check(|fixture, faces, _, group| {
        fixture.library.set_aside(&faces[1..2], SetAside::NotAFace).unwrap();
        fixture.library.set_aside(&faces[5..], SetAside::Stranger).unwrap();
        assert_eq!(fixture.library.counts().unwrap().faces, 4);
        assert_eq!(fixture.library.faces_to_group(&model()).unwrap().faces.len(), 4);
        fixture.library.restore(&faces[1..2]).unwrap();
        assert_eq!(fixture.state(faces[1]), FaceState::Of { person: group, belongs: Belongs::Grouped });
    });
}

#[test]
fn a_grouping_asked_for_can_be_undone() {
    check(|fixture, faces, _, _| {
        let groups = vec![vec![faces[1]], vec![faces[3], faces[5]]];
        fixture.library.apply_grouping(&groups, GroupedBy::User(&[]), Revision::NOW).unwrap();
        assert_eq!(fixture.library.history(1).unwrap()[0].action, ReviewAction::Regroup);
    });
}

#[test]
fn a_cover_that_leaves_is_no_cover() {
    check(|fixture, faces, ada, _| {
        fixture.library.set_cover(ada, faces[0]).unwrap();
        assert_eq!(fixture.library.person(ada).unwrap().unwrap().cover, Some(faces[0]));
        fixture.library.take_out(&faces[..1]).unwrap();
        assert_ne!(fixture.library.person(ada).unwrap().unwrap().cover, Some(faces[0]));
    });
}

#[test]
fn undo_survives_a_restart_and_leaves_alone_what_is_gone() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 90.0]);
    fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.take_out(&faces[..1]).unwrap();
    let path = fixture.library.path().to_owned();
    fixture.library = Library::open(&path).unwrap();
    // The first face is gone, with its folder perhaps.
    fixture.library.write(|t| Ok(t.execute("DELETE FROM face WHERE id = ?1", [faces[0].0])?)).unwrap();
    let reverted = fixture.library.undo().unwrap().unwrap();
    assert_eq!(reverted.action, ReviewAction::TakeOut);
    assert!(reverted.left_alone > 0);
    let reverted = fixture.library.undo().unwrap().unwrap();
    assert_eq!((reverted.action, fixture.state(faces[1])), (ReviewAction::Move, FaceState::Unassigned));
    assert_eq!(fixture.library.undo().unwrap(), None);
    assert!(fixture.library.history(9).unwrap().iter().all(|entry| entry.is_undone));
}

#[test]
fn a_new_action_ends_redo_and_the_history_is_bounded() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    let ada = fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.name_person(ada, "Bea").unwrap();
    fixture.library.undo().unwrap();
    fixture.library.name_person(ada, "Cleo").unwrap();
    assert_eq!(fixture.library.redo().unwrap(), None);
    let steps = fixture.library.history(9).unwrap().len();
    fixture.library.name_person(ada, "Cleo").unwrap();
    assert_eq!(fixture.library.history(9).unwrap().len(), steps, "nothing changed, so nothing to undo");
    for i in 0..250 {
        fixture.library.name_person(ada, &format!("Name {i}")).unwrap();
    }
    assert_eq!(fixture.library.history(999).unwrap().len(), 200);
    fixture.library.undo().unwrap();
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().name.as_deref(), Some("Name 248"));
}

#[test]
fn impossible_wishes_are_refused_and_change_nothing() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    let ada = fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let before = fixture.decisions();
    let nobody = PersonId(999);
    assert!(matches!(fixture.library.name_person(ada, "  "), Err(LibraryError::EmptyName)));
    assert!(matches!(fixture.library.name_person(nobody, "X"), Err(LibraryError::NoSuchPerson(_))));
    assert!(matches!(fixture.library.merge(ada, ada), Err(LibraryError::SamePerson)));
    assert!(matches!(fixture.library.merge(ada, nobody), Err(LibraryError::NoSuchPerson(_))));
    assert!(matches!(fixture.library.confirm(&[FaceId(999)]), Err(LibraryError::NoSuchFace(_))));
    let half = fixture.library.move_faces(&[faces[0], FaceId(999)], &Destination::NewPerson { name: "Bo".into() });
    assert!(matches!(half, Err(LibraryError::NoSuchFace(_))));
    assert_eq!(fixture.decisions(), before);
}

#[test]
fn a_merge_keeps_the_no_to_a_face_that_is_suggested_for_the_other() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 10.0, 20.0]);
    let ada = fixture.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let other = fixture.library.move_faces(&faces[1..2], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&[faces[0], faces[2]]]);
    fixture.library.reject(&faces[2..]).unwrap();
    fixture.group(&[&[faces[1], faces[2]]]);
    assert_eq!(fixture.state(faces[2]), FaceState::Of { person: other, belongs: Belongs::Suggested });
    fixture.library.merge(ada, other).unwrap();
    assert_ne!(fixture.person_of(faces[2]), other);
    assert!(fixture.library.rejections().unwrap().iter().any(|no| no.face_id == faces[2] && no.person == other));
}

#[test]
fn a_name_shows_and_changes_no_other_text() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    let ada = fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    for name in ["\u{1b}[31mred", "a\tb", "a\nb", "a\u{7f}b", "abc\u{202e}cba", "\u{85}x", "a\u{2028}b", "a\u{2029}b"] {
        assert!(matches!(fixture.library.name_person(ada, name), Err(LibraryError::UnprintableName)), "{name:?}");
    }
    for name in ["", "  ", "\u{200b}", "\u{feff}\u{2060}"] {
        assert!(matches!(fixture.library.name_person(ada, name), Err(LibraryError::EmptyName)), "{name:?}");
    }
    for name in ["-x", "李", "a\u{200d}b", "👩\u{200d}🚀", "  Ada   L. "] {
        fixture.library.name_person(ada, name).unwrap();
    }
    // Nor do two names look the same.
    fixture.library.name_person(ada, "\u{feff}Ada\u{200b} L.\u{2060}").unwrap();
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().name.as_deref(), Some("Ada L."));
}

fn taken(to: Destination, faces: Vec<FaceId>) -> TakenName {
    TakenName { faces, ..TakenName::none(to) }
}

/// What its user said holds against other programs' word, and all of it is one step.
#[test]
fn names_taken_from_elsewhere_leave_decisions_and_are_undone_as_one() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 5);
    fixture.group(&[&faces[..2], &faces[2..3]]);
    fixture.library.move_faces(&faces[3..4], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let bo = fixture.person_of(faces[3]);
    fixture.library.set_aside(&faces[4..], SetAside::NotAFace).unwrap();
    let before = fixture.decisions();
    let taken = [
        taken(Destination::NewPerson { name: "Ada".into() }, vec![faces[0], faces[3], faces[4]]),
        taken(Destination::Person(bo), vec![faces[2]]),
    ];
    fixture.library.decide(&answers(taken.to_vec()), Revision::NOW).unwrap();
    let ada = fixture.person_of(faces[0]);
    assert_eq!(fixture.state(faces[0]), FaceState::Of { person: ada, belongs: Belongs::Named });
    assert_eq!(fixture.state(faces[2]), FaceState::Of { person: bo, belongs: Belongs::Named });
    assert_eq!(fixture.state(faces[3]), FaceState::Of { person: bo, belongs: Belongs::Confirmed });
    assert_eq!(fixture.state(faces[4]), FaceState::SetAside(SetAside::NotAFace));
    assert_ne!(fixture.person_of(faces[1]), ada, "its group is not hers");
    let step = fixture.library.next_steps().unwrap().undo;
    fixture.library.decide(&Decision::Undo(step), Revision::NOW).unwrap();
    assert_eq!(fixture.decisions(), before);
}

#[test]
fn names_that_others_took_back_come_off_several_people_and_are_back_with_one_undo() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    for (face, name) in faces.iter().zip(["Ada", "Bo"]) {
        fixture.library.move_faces(&[*face], &Destination::NewPerson { name: name.into() }).unwrap();
    }
    let before = fixture.decisions();
    let people = faces.iter().map(|face| (fixture.person_of(*face), vec![*face])).collect();
    let taken_off = Decision::AnswerNames(NameAnswers { taken_off: people, ..NameAnswers::default() });
    let touched = fixture.library.decide(&taken_off, Revision::NOW).unwrap();
    assert_eq!(touched.faces.len(), 2);
    assert_ne!(fixture.decisions(), before);
    fixture.library.decide(&Decision::Undo(touched.step.unwrap()), Revision::NOW).unwrap();
    assert_eq!(fixture.decisions(), before);
}

#[test]
fn a_face_that_is_not_somebody_takes_no_name_of_theirs_from_elsewhere() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let ada = fixture.person_of(faces[0]);
    let seen = Revision::NOW;
    fixture.library.decide(&Decision::Reject { person: ada, faces: vec![faces[1]] }, seen).unwrap();
    let taken = taken(Destination::Person(ada), vec![faces[1]]);
    fixture.library.decide(&answers(vec![taken]), seen).unwrap();
    assert_ne!(fixture.person_of(faces[1]), ada);
}
