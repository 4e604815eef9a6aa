//! Names that other programs gave: what is remembered of an answer is part of its step, and undo leaves nobody behind.

use super::*;

fn undo(fixture: &mut LibraryFixture) -> crate::types::Touched {
    fixture.library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap()
}

fn redo(fixture: &mut LibraryFixture) -> crate::types::Touched {
    fixture.library.decide(&Decision::Redo(StepId::LATEST), Revision::NOW).unwrap()
}

fn note(name: &str, answer: Option<&str>) -> NameAnswer {
    NameAnswer { photo: PhotoId(1), name: name.to_owned(), answer: answer.map(str::to_owned) }
}

fn take(fixture: &mut LibraryFixture, name: &str, faces: &[FaceId]) {
    let to = Destination::NewPerson { name: name.to_owned() };
    let taken = vec![TakenName { faces: faces.to_vec(), ..TakenName::none(to) }];
    let noted = vec![note(name, Some("taken"))];
    let answers = NameAnswers { taken, noted, ..NameAnswers::default() };
    fixture.library.decide(&Decision::AnswerNames(answers), Revision::NOW).unwrap();
}

#[test]
fn what_was_answered_goes_and_comes_back_with_its_step() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    take(&mut fixture, "Ada", &faces[..1]);
    let ada = fixture.person_of(faces[0]);
    let is_off = NameAnswers {
        taken_off: vec![(ada, vec![faces[0]])],
        noted: vec![note("Ada", None), note("Bo", Some("refused"))],
        ..NameAnswers::default()
    };
    let is_kept = NameAnswers { noted: vec![note("Ada", None)], ..NameAnswers::default() };
    for answers in [is_off, is_kept] {
        let before = fixture.decisions();
        let touched = fixture.library.decide(&Decision::AnswerNames(answers), Revision::NOW).unwrap();
        assert!(touched.step.is_some() && touched.name_answers);
        let after = fixture.decisions();
        assert_ne!(after, before);
        for _ in 0..2 {
            assert!(undo(&mut fixture).name_answers);
            assert_eq!(fixture.decisions(), before);
            redo(&mut fixture);
            assert_eq!(fixture.decisions(), after);
        }
        undo(&mut fixture);
    }
    assert_eq!(fixture.library.name_answers().unwrap(), ["taken"]);
    undo(&mut fixture);
    assert!(fixture.library.name_answers().unwrap().is_empty());
}

/// Their group is gone by then, and what looked like them was suggested for them.
#[test]
fn nobody_is_left_of_names_that_are_undone_after_another_scan() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0, 4.0]);
    fixture.group(&[&faces[..3]]);
    let group = fixture.person_of(faces[0]);
    take(&mut fixture, "Ada", &faces[..2]);
    fixture.group(&[&faces]);
    let ada = fixture.person_of(faces[0]);
    for face in &faces[2..] {
        assert_eq!(fixture.state(*face), FaceState::Of { person: ada, belongs: Belongs::Suggested });
    }
    let scanned = fixture.decisions();
    for _ in 0..2 {
        undo(&mut fixture);
        assert!(fixture.library.person(ada).unwrap().is_none());
        for face in &faces {
            assert_eq!(fixture.state(*face), FaceState::Of { person: group, belongs: Belongs::Grouped });
        }
        redo(&mut fixture);
        assert_eq!(fixture.decisions(), scanned);
    }
}

/// They were of nobody before, so that no group takes what was suggested for them.
#[test]
fn faces_that_were_suggested_for_somebody_who_is_undone_are_a_group() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0]);
    take(&mut fixture, "Ada", &faces[..1]);
    fixture.group(&[&faces]);
    let scanned = fixture.decisions();
    undo(&mut fixture);
    let group = fixture.person_of(faces[1]);
    assert!(fixture.library.person(group).unwrap().unwrap().name.is_none());
    assert_eq!(fixture.state(faces[2]), FaceState::Of { person: group, belongs: Belongs::Grouped });
    redo(&mut fixture);
    assert_eq!(fixture.decisions(), scanned);
}

#[test]
fn a_name_given_again_after_its_undo_decides_no_suggestion() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 1.0]);
    fixture.group(&[&faces[..1]]);
    let group = fixture.person_of(faces[0]);
    fixture.library.name_person(group, "Ada").unwrap();
    fixture.group(&[&faces]);
    let scanned = fixture.decisions();
    undo(&mut fixture);
    let suggested = FaceState::Of { person: group, belongs: Belongs::Suggested };
    assert_eq!(fixture.state(faces[1]), suggested);
    redo(&mut fixture);
    assert_eq!(fixture.decisions(), scanned);
    undo(&mut fixture);
    fixture.library.name_person(group, "Ada").unwrap();
    assert_eq!(fixture.decisions(), scanned);
}

#[test]
fn who_is_forgotten_is_in_no_answer_of_the_history_and_other_steps_can_be_undone() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.library.move_faces(&faces[1..], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let refused = NameAnswers { noted: vec![note("bo elsewhere", Some("refused"))], ..NameAnswers::default() };
    fixture.library.decide(&Decision::AnswerNames(refused), Revision::NOW).unwrap();
    take(&mut fixture, "Ada", &faces[..1]);
    let known = fixture.library.person_to_forget(fixture.person_of(faces[1])).unwrap();
    fixture.library.forget_person(&known, false).unwrap();
    let texts = "SELECT count(*) FROM journal WHERE instr(CAST(changes AS TEXT), 'elsewhere')";
    let texts: i64 = fixture.library.connection.query_row(texts, [], |row| row.get(0)).unwrap();
    assert_eq!(texts, 0);
    undo(&mut fixture);
    assert!(fixture.library.face(faces[0]).unwrap().unwrap().state.belongs() != Some(Belongs::Named));
}

/// What a format remembered beside its steps is part of them in the next one.
#[test]
fn answers_of_an_older_library_are_in_their_steps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let mut library = Library::open_with(&path, &crate::library::migrate::STEPS[..11]).unwrap();
    // Scanned by the program of today: what it notes of files is not there yet, and goes again before the migration.
    library.connection.execute_batch(crate::library::migrate::STEPS[12]).unwrap();
    let scan = library.begin_scan(folder.path()).unwrap();
    let faces = vec![face(0.0, 0.0), face(100.0, 10.0)];
    library.record_photos(scan, &[photo(&folder.path().join("a.jpg"), 1, faces)]).unwrap();
    for (name, number) in [("Ada", 1), ("Bo", 2)] {
        let to = Destination::NewPerson { name: name.to_owned() };
        let taken = TakenName { faces: vec![FaceId(number)], ..TakenName::none(to) };
        let step = library.decide(&answers(vec![taken]), Revision::NOW).unwrap().step.unwrap();
        let insert = "INSERT INTO name_answer (photo_id, name, answer, step) VALUES (1, ?1, ?1, ?2)";
        library.connection.execute(insert, rusqlite::params![name, step.0]).unwrap();
    }
    library.connection.execute("INSERT INTO name_answer VALUES (1, 'Eve', 'Eve', NULL)", []).unwrap();
    library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap();
    for column in ["tried_at", "may_be_other"] {
        library.connection.execute(&format!("ALTER TABLE file DROP COLUMN {column}"), []).unwrap();
    }
    drop(library);
    let mut library = Library::open(&path).unwrap();
    assert_eq!(library.name_answers().unwrap(), ["Ada", "Eve"]);
    for (decision, names) in [
        (Decision::Redo(StepId::LATEST), vec!["Ada", "Bo", "Eve"]),
        (Decision::Undo(StepId::LATEST), vec!["Ada", "Eve"]),
        (Decision::Undo(StepId::LATEST), vec!["Eve"]),
    ] {
        library.decide(&decision, Revision::NOW).unwrap();
        assert_eq!(library.name_answers().unwrap(), names);
    }
    library.check_integrity().unwrap();
}
