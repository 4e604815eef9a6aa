//! What a decision says it touched, against all rows before and after it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;

use super::*;
use crate::types::{PhotoId, Touched};

/// Every row that a decision may change.
#[derive(Clone, PartialEq)]
struct Rows {
    /// Person and everything else decided.
    faces: BTreeMap<FaceId, (Option<PersonId>, Value, Value)>,
    people: BTreeMap<PersonId, Vec<Value>>,
    rejected: BTreeSet<(FaceId, PersonId)>,
    different: BTreeSet<(PersonId, PersonId)>,
    photo_of: BTreeMap<FaceId, PhotoId>,
}

impl Rows {
    fn of(library: &Library) -> Self {
        fn all<T>(library: &Library, sql: &str, row: fn(&rusqlite::Row) -> rusqlite::Result<T>) -> Vec<T> {
            let mut query = library.connection.prepare(sql).unwrap();
            query.query_map([], row).unwrap().map(|row| row.unwrap()).collect()
        }
        let face = |r: &rusqlite::Row| {
            let person = r.get::<_, Option<i64>>(1)?.map(PersonId);
            Ok((FaceId(r.get(0)?), (person, r.get(2)?, r.get(3)?)))
        };
        let person = |r: &rusqlite::Row| Ok((PersonId(r.get(0)?), vec![r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?]));
        Self {
            faces: all(library, "SELECT id, person_id, belongs, set_aside FROM face", face).into_iter().collect(),
            people: all(library, "SELECT id, name, hidden, cover_face, created_at FROM person", person)
                .into_iter()
                .collect(),
            rejected: all(library, "SELECT * FROM rejected", |r| Ok((FaceId(r.get(0)?), PersonId(r.get(1)?))))
                .into_iter()
                .collect(),
            different: all(library, "SELECT * FROM different", |r| Ok((PersonId(r.get(0)?), PersonId(r.get(1)?))))
                .into_iter()
                .collect(),
            photo_of: all(library, "SELECT id, photo_id FROM face", |r| Ok((FaceId(r.get(0)?), PhotoId(r.get(1)?))))
                .into_iter()
                .collect(),
        }
    }

    fn touched_until(&self, after: &Self) -> Touched {
        let (mut faces, mut people) = (BTreeSet::new(), BTreeSet::new());
        for (face, state) in &self.faces {
            if state != &after.faces[face] {
                faces.insert(*face);
                people.extend(state.0.into_iter().chain(after.faces[face].0));
            }
        }
        let ids: BTreeSet<&PersonId> = self.people.keys().chain(after.people.keys()).collect();
        people.extend(ids.into_iter().filter(|id| self.people.get(id) != after.people.get(id)));
        for (face, person) in self.rejected.symmetric_difference(&after.rejected) {
            faces.insert(*face);
            people.insert(*person);
        }
        for (a, b) in self.different.symmetric_difference(&after.different) {
            people.extend([a, b]);
        }
        let photos: BTreeSet<PhotoId> = faces.iter().map(|face| self.photo_of[face]).collect();
        Touched {
            faces: faces.into_iter().collect(),
            people: people.into_iter().collect(),
            photos: photos.into_iter().collect(),
            ..Touched::default()
        }
    }
}

struct Known {
    fixture: LibraryFixture,
    faces: Vec<FaceId>,
    ada: PersonId,
    group: PersonId,
    alone: PersonId,
}

/// Ada: a0 confirmed, b0 and c0 suggested. A group: a1, b1, b2; d0 was once rejected for it and is by itself, as c1 is,
/// who is not Ada.
fn known() -> Known {
    let mut fixture = LibraryFixture::new();
    let mut faces = fixture.add_turned("a.jpg", &[0.0, 90.0]);
    faces.extend(fixture.add_turned("b.jpg", &[1.0, 91.0, 92.0]));
    faces.extend(fixture.add_turned("c.jpg", &[2.0, 180.0]));
    faces.extend(fixture.add_turned("d.jpg", &[89.0]));
    let ada = fixture.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&[faces[0], faces[2], faces[5]], &[faces[1], faces[3], faces[4], faces[7]], &[faces[6]]]);
    let (group, alone) = (fixture.person_of(faces[1]), fixture.person_of(faces[6]));
    fixture.library.take_out(&faces[7..]).unwrap();
    fixture.library.mark_different(ada, alone).unwrap();
    Known { fixture, faces, ada, group, alone }
}

fn decide(library: &mut Library, decision: &Decision) -> Touched {
    let before = Rows::of(library);
    let touched = library.decide(decision, Revision::NOW).unwrap();
    let after = Rows::of(library);
    assert!(before != after, "{decision:?} changed nothing");
    let touched = Touched { step: None, reverted: None, ..touched };
    assert_eq!(touched, before.touched_until(&after), "{decision:?}");
    touched
}

#[test]
fn a_decision_tells_exactly_what_it_touched_and_so_do_undo_and_redo() {
    let decisions: [fn(&Known) -> Decision; 19] = [
        |k| Decision::Name { person: k.group, name: "Grace".into() },
        |k| Decision::Name { person: k.ada, name: "Ada Lovelace".into() },
        |k| Decision::TakeBackName(k.ada),
        |k| Decision::TakeBackYes { person: k.ada, faces: vec![k.faces[0]] },
        |k| Decision::ConfirmSome { person: k.ada, shown: vec![k.faces[2]], others: vec![k.faces[5]] },
        |k| Decision::Confirm { person: k.ada, faces: vec![k.faces[2]] },
        |k| Decision::ConfirmAll { person: k.ada, shown: k.faces.clone() },
        |k| Decision::Reject { person: k.ada, faces: vec![k.faces[5]] },
        |k| Decision::Reject { person: k.alone, faces: vec![k.faces[6]] },
        |k| Decision::Move { of: Some(k.group), faces: vec![k.faces[1], k.faces[3]], to: Destination::Person(k.ada) },
        |k| {
            let to = Destination::NewPerson { name: "Bo".into() };
            Decision::Move { of: Some(k.group), faces: vec![k.faces[1], k.faces[3], k.faces[4]], to }
        },
        |k| Decision::TakeOut { person: k.ada, faces: vec![k.faces[0], k.faces[2]] },
        |k| Decision::Merge { from: k.group, into: k.ada, against: AgainstMerge::default() },
        |k| Decision::Merge { from: k.ada, into: k.group, against: AgainstMerge::default() },
        |k| Decision::Hide(k.group),
        |k| Decision::SetAsideAll { person: k.group, why: SetAside::NotAFace },
        |k| Decision::SetAsideAll { person: k.alone, why: SetAside::NotAFace },
        |k| Decision::SetAside { of: Some(k.group), faces: vec![k.faces[1], k.faces[3]], why: SetAside::NotAFace },
        |k| Decision::Cover { person: k.ada, face: k.faces[0] },
    ];
    for decision in decisions {
        let mut known = known();
        let decision = decision(&known);
        let library = &mut known.fixture.library;
        let touched = decide(library, &decision);
        assert_eq!(decide(library, &Decision::Undo(StepId::LATEST)), touched, "undo of {decision:?}");
        assert_eq!(decide(library, &Decision::Redo(StepId::LATEST)), touched, "redo of {decision:?}");
    }
}

#[test]
fn what_changes_nothing_touches_nothing() {
    let mut known = known();
    let library = &mut known.fixture.library;
    assert_eq!(library.decide(&Decision::Redo(StepId::LATEST), Revision::NOW).unwrap(), Touched::default());
    library.decide(&Decision::Name { person: known.ada, name: "Ada".into() }, Revision::NOW).unwrap();
    let steps = library.history(99).unwrap().len();
    for _ in 0..steps {
        assert_ne!(library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap(), Touched::default());
    }
    assert_eq!(library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap(), Touched::default());
}

#[test]
fn undo_does_not_tell_of_rows_that_it_left_alone() {
    let mut known = known();
    let (faces, ada, fixture) = (known.faces, known.ada, &mut known.fixture);
    fixture.library.decide(&Decision::Confirm { person: ada, faces: vec![faces[2], faces[5]] }, Revision::NOW).unwrap();
    fixture.library.write(|t| Ok(t.execute("DELETE FROM face WHERE id = ?1", [faces[2].0])?)).unwrap();
    let touched = fixture.library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap();
    assert_eq!((touched.faces, touched.people), (vec![faces[5]], vec![ada]));
}

#[test]
fn too_many_faces_are_everything() {
    let mut fixture = LibraryFixture::new();
    let degrees: Vec<f32> = (0..2000).map(|at| at as f32 / 10.0).collect();
    let mut faces = Vec::new();
    while faces.len() <= review::touched::MOST_FACES {
        faces.extend(fixture.add_turned(&format!("{}.jpg", faces.len()), &degrees));
    }
    let to = Destination::NewPerson { name: "Crowd".into() };
    let touched = fixture.library.decide(&Decision::Move { of: None, faces, to }, Revision::NOW).unwrap();
    assert!(touched.everything);
    let undone = fixture.library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap();
    assert_eq!((undone.everything, undone.reverted), (true, touched.step));
}

#[test]
fn touched_people_are_read_again_by_their_ids() {
    let mut known = known();
    let (ada, group, alone) = (known.ada, known.group, known.alone);
    let library = &mut known.fixture.library;
    let listed = |library: &Library, kind| library.people(PeopleFilter { kind, min_faces: 0 }, ListPage::ALL).unwrap();
    let mut all = listed(library, PeopleKind::Named);
    all.extend(listed(library, PeopleKind::Nameless));
    let ids: Vec<PersonId> = all.iter().map(|card| card.id).collect();
    assert_eq!(library.people_by_id(&ids).unwrap(), all, "as the whole list has them, in the order asked for");
    for card in &all {
        assert_eq!(library.person(card.id).unwrap().as_ref(), Some(card));
    }

    library
        .decide(&Decision::Merge { from: group, into: ada, against: AgainstMerge::default() }, Revision::NOW)
        .unwrap();
    library.decide(&Decision::Hide(alone), Revision::NOW).unwrap();
    let cards = library.people_by_id(&[group, ada, alone, PersonId(999)]).unwrap();
    let listed: Vec<_> = cards.iter().map(|card| (card.id, card.faces, card.is_hidden)).collect();
    assert_eq!(listed, [(ada, 4, false), (alone, 1, true)]);
    // A group whose photos are all missing is not shown, but for a hidden one.
    library.write(|t| Ok(t.execute("UPDATE photo SET missing = 1", [])?)).unwrap();
    let only = library.people_by_id(&ids).unwrap();
    assert_eq!(
        only.iter().map(|card| (card.id, card.faces, card.cover)).collect::<Vec<_>>(),
        [(ada, 0, Some(known.faces[0])), (alone, 0, Some(known.faces[6]))]
    );
}

#[test]
fn what_can_be_undone_and_redone_is_known_without_the_history() {
    let mut known = known();
    let library = &mut known.fixture.library;
    let can = |library: &Library| (library.can_undo().unwrap(), library.can_redo().unwrap());
    assert_eq!(can(library), (true, false));
    library.decide(&Decision::Undo(StepId::LATEST), Revision::NOW).unwrap();
    assert_eq!(can(library), (true, true));
    while library.undo().unwrap().is_some() {}
    assert_eq!(can(library), (false, true));
    assert_eq!(can(&LibraryFixture::new().library), (false, false));
}

#[test]
fn faces_are_counted_without_those_set_aside_or_missing() {
    let mut known = known();
    let faces = known.faces.clone();
    let library = &mut known.fixture.library;
    library.set_aside(&faces[..2], SetAside::NotAFace).unwrap();
    library.write(|t| Ok(t.execute("UPDATE photo SET missing = 1 WHERE id = 2 OR id = 1", [])?)).unwrap();
    library
        .record_skip(known.fixture.scan, &file(&known.fixture.folder.path().join("e.jpg"), 9), "not a picture")
        .unwrap();
    let counts = library.counts().unwrap();
    assert_eq!((counts.photos, counts.failed, counts.missing, counts.faces), (2, 1, 2, 3));
    assert_eq!(library.count_faces().unwrap(), 3);
}
