//! Every kind of decision against everything that may have changed since its user looked: it is refused where something
//! that it names has changed, and only there.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::LazyLock;

use super::*;

struct Known {
    fixture: LibraryFixture,
    who: Who,
}

impl Deref for Known {
    type Target = Who;

    fn deref(&self) -> &Who {
        &self.who
    }
}

/// Somebody of every kind, and a face of every kind.
#[derive(Clone, Copy)]
struct Who {
    /// Ada has `held`, `other` and the suggestion; Bo `of_bo`; the group the last two.
    ada: PersonId,
    bo: PersonId,
    group: PersonId,
    /// Of the two lost faces, told apart from nobody.
    cy: PersonId,
    held: FaceId,
    other: FaceId,
    suggested: FaceId,
    of_bo: FaceId,
    grouped: [FaceId; 2],
    /// Not Ada.
    rejected: FaceId,
    /// It was suggested for Bo.
    stranger: FaceId,
    lost: FaceId,
    let_go: FaceId,
}

impl Known {
    fn now(&self, face: FaceId) -> Option<PersonId> {
        self.fixture.state(face).person()
    }
}

/// A library of its own with all of them: a copy of one that is made once.
fn known() -> Known {
    static MADE: LazyLock<(Vec<u8>, Who)> = LazyLock::new(|| {
        let Known { fixture, who } = made();
        fixture.library.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        (std::fs::read(fixture.file()).unwrap(), who)
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    std::fs::write(&path, &MADE.0).unwrap();
    let fixture = LibraryFixture { library: Library::open(&path).unwrap(), folder, scan: ScanId(1) };
    Known { fixture, who: MADE.1 }
}

fn made() -> Known {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 90.0, 180.0, 181.0, 270.0, 300.0]);
    let gone = fixture.add_turned("c.jpg", &[30.0, 60.0]);
    let library = &mut fixture.library;
    let named = |library: &mut Library, faces: &[FaceId], name: &str| {
        library.move_faces(faces, &Destination::NewPerson { name: name.into() }).unwrap()
    };
    let (ada, bo) = (named(library, &f[..2], "Ada"), named(library, &f[3..4], "Bo"));
    let cy = named(library, &gone, "Cy");
    let suggested = [vec![f[0], f[2], f[6]], vec![f[3], f[7]]];
    library.apply_grouping(&suggested, GroupedBy::Scan, Revision::NOW).unwrap();
    library.reject(&f[6..7]).unwrap();
    library.set_aside(&f[7..], SetAside::Stranger).unwrap();
    library.mark_different(ada, bo).unwrap();
    fixture.group(&[&f[4..6]]);
    let group = fixture.person_of(f[4]);
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.record_photos(scan, &[photo(&fixture.at("c.jpg"), 200, vec![])]).unwrap();
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[]).unwrap();
    fixture.library.decide(&Decision::LetGo { of: Some(cy), faces: gone[1..].to_vec() }, Revision::NOW).unwrap();
    let [held, other, suggested, of_bo, a, b, rejected, stranger] = f[..] else { panic!("{f:?}") };
    let (grouped, [lost, let_go]) = ([a, b], gone[..].try_into().unwrap());
    let who = Who { ada, bo, group, cy, held, other, suggested, of_bo, grouped, rejected, stranger, lost, let_go };
    Known { fixture, who }
}

/// A decision, and what it names.
type Case = (Decision, Vec<FaceId>, Vec<PersonId>);

fn decisions(k: &Known) -> Vec<Case> {
    let name = |name: &str| name.to_owned();
    let against = AgainstMerge::default();
    vec![
        (Decision::Name { person: k.ada, name: name("Ada L.") }, vec![], vec![k.ada]),
        (Decision::Name { person: k.group, name: name("Di") }, vec![], vec![k.group]),
        (Decision::TakeBackName(k.ada), vec![], vec![k.ada]),
        (Decision::Confirm { person: k.ada, faces: vec![k.suggested] }, vec![k.suggested], vec![k.ada]),
        (
            Decision::ConfirmSome { person: k.ada, shown: vec![k.suggested], others: vec![] },
            vec![k.suggested],
            vec![k.ada],
        ),
        (Decision::TakeBackYes { person: k.ada, faces: vec![k.held] }, vec![k.held], vec![k.ada]),
        (Decision::ConfirmAll { person: k.ada, shown: vec![] }, vec![], vec![k.ada]),
        (Decision::Reject { person: k.ada, faces: vec![k.suggested] }, vec![k.suggested], vec![k.ada]),
        (Decision::TakeBackReject { person: k.ada, face: k.rejected }, vec![k.rejected], vec![k.ada]),
        (
            Decision::Move { of: Some(k.group), faces: vec![k.grouped[0]], to: Destination::Person(k.ada) },
            vec![k.grouped[0]],
            vec![k.group, k.ada],
        ),
        (
            Decision::Move { of: Some(k.ada), faces: vec![k.held], to: Destination::NewPerson { name: name("Di") } },
            vec![k.held],
            vec![k.ada],
        ),
        (Decision::TakeOut { person: k.ada, faces: vec![k.held] }, vec![k.held], vec![k.ada]),
        (Decision::Merge { from: k.group, into: k.ada, against }, vec![], vec![k.group, k.ada]),
        (
            Decision::Merge { from: k.bo, into: k.ada, against: AgainstMerge { told_apart: true, ..against } },
            vec![],
            vec![k.bo, k.ada],
        ),
        (Decision::Different(k.group, k.bo), vec![], vec![k.group, k.bo]),
        (Decision::MayBeSame(k.ada, k.bo), vec![], vec![k.ada, k.bo]),
        (Decision::Hide(k.ada), vec![], vec![k.ada]),
        (Decision::Show(k.bo), vec![], vec![k.bo]),
        (
            Decision::SetAside { of: Some(k.ada), faces: vec![k.held], why: SetAside::NotAFace },
            vec![k.held],
            vec![k.ada],
        ),
        (Decision::SetAsideAll { person: k.group, why: SetAside::Stranger }, vec![], vec![k.group]),
        (Decision::Cover { person: k.ada, face: k.held }, vec![k.held], vec![k.ada]),
        (Decision::AutomaticCover(k.ada), vec![], vec![k.ada]),
        (taken(k.ada, k.grouped[0]), vec![k.grouped[0]], vec![k.ada]),
        (taken_off(k.ada, k.held), vec![k.held], vec![k.ada]),
        (Decision::Restore { of: Some(k.bo), faces: vec![k.stranger] }, vec![k.stranger], vec![k.bo]),
        (
            Decision::PutBack { of: Some(k.cy), lost: k.lost, onto: k.grouped[0] },
            vec![k.lost, k.grouped[0]],
            vec![k.cy],
        ),
        (Decision::LetGo { of: Some(k.cy), faces: vec![k.lost] }, vec![k.lost], vec![k.cy]),
        (Decision::TakeBackLetGo { of: Some(k.cy), faces: vec![k.let_go] }, vec![k.let_go], vec![k.cy]),
    ]
}

/// Other programs' word.
fn taken(to: PersonId, face: FaceId) -> Decision {
    answers(vec![TakenName { faces: vec![face], ..TakenName::none(Destination::Person(to)) }])
}

fn taken_off(person: PersonId, face: FaceId) -> Decision {
    Decision::AnswerNames(NameAnswers { taken_off: vec![(person, vec![face])], ..NameAnswers::default() })
}

/// What another program may do meanwhile.
fn changes(k: &Known) -> Vec<Decision> {
    let named = |person, name: &str| Decision::Name { person, name: name.into() };
    let changes = [
        named(k.ada, "Eve"),
        named(k.bo, "Eve"),
        named(k.group, "Eve"),
        named(k.cy, "Eve"),
        Decision::Hide(k.bo),
        Decision::Hide(k.group),
        Decision::Different(k.ada, k.group),
        Decision::Different(k.bo, k.group),
        Decision::MayBeSame(k.ada, k.bo),
        Decision::Confirm { person: k.ada, faces: vec![k.suggested] },
        Decision::Reject { person: k.ada, faces: vec![k.suggested] },
        Decision::TakeBackReject { person: k.ada, face: k.rejected },
        Decision::Move { of: k.now(k.rejected), faces: vec![k.rejected], to: Destination::Person(k.ada) },
        Decision::Move { of: Some(k.ada), faces: vec![k.suggested], to: Destination::Person(k.bo) },
        Decision::Move { of: Some(k.bo), faces: vec![k.of_bo], to: Destination::Person(k.ada) },
        Decision::TakeOut { person: k.ada, faces: vec![k.held] },
        Decision::TakeOut { person: k.group, faces: vec![k.grouped[0]] },
        Decision::SetAside { of: Some(k.ada), faces: vec![k.other], why: SetAside::Stranger },
        Decision::SetAsideAll { person: k.group, why: SetAside::NotAFace },
        Decision::Restore { of: Some(k.bo), faces: vec![k.stranger] },
        Decision::Cover { person: k.ada, face: k.other },
        Decision::Merge { from: k.group, into: k.bo, against: AgainstMerge::default() },
        Decision::PutBack { of: Some(k.cy), lost: k.lost, onto: k.grouped[1] },
        Decision::LetGo { of: Some(k.cy), faces: vec![k.lost] },
        Decision::TakeBackLetGo { of: Some(k.cy), faces: vec![k.let_go] },
    ];
    changes.to_vec()
}

/// All that is known of somebody, without suggestions, and the faces that are theirs.
#[derive(Debug, PartialEq)]
struct Facts {
    row: Option<(Option<String>, bool, Option<FaceId>)>,
    not_them: Vec<FaceId>,
    apart: Vec<PersonId>,
    held: BTreeSet<FaceId>,
}

fn facts(library: &Library, person: PersonId) -> Facts {
    let row = library.read(|c| review::rows::person(c, person)).unwrap();
    let held = library.read(|c| review::rows::faces_of(c, person)).unwrap();
    Facts {
        row: row.map(|row| (row.name, row.hidden, row.cover_face.map(FaceId))),
        not_them: library.rejected_for(person).unwrap().into_iter().map(|(face, _)| face).collect(),
        apart: library.told_apart_from(person).unwrap().into_iter().map(|(person, _)| person).collect(),
        held: held.into_iter().filter(|(_, belongs)| *belongs != Belongs::Suggested).map(|(face, _)| face).collect(),
    }
}

impl Facts {
    /// Faces may have been added.
    fn still_hold(&self, now: &Self) -> bool {
        (&self.row, &self.not_them, &self.apart) == (&now.row, &now.not_them, &now.apart)
            && self.held.is_subset(&now.held)
    }
}

fn face_facts(library: &Library, face: FaceId) -> String {
    let state = library.face(face).unwrap().unwrap().state;
    let among = |faces: Vec<LostFace>| faces.iter().any(|lost| lost.face_id == face);
    let lost = (among(library.lost_faces().unwrap()), among(library.faces_let_go().unwrap()));
    format!("{state:?} {lost:?}")
}

fn check(case: usize, change: Option<usize>, own: Option<fn(&Known) -> Decision>) {
    let mut k = known();
    let (decision, faces, people) = decisions(&k).swap_remove(case);
    let own = own.map(|own| own(&k));
    let seen = k.fixture.library.revision().unwrap();
    let before: Vec<Facts> = people.iter().map(|&person| facts(&k.fixture.library, person)).collect();
    let faces_before: Vec<String> = faces.iter().map(|&face| face_facts(&k.fixture.library, face)).collect();
    let change = change.map(|change| changes(&k).swap_remove(change));
    if let Some(change) = &change {
        Library::open(&k.fixture.file()).unwrap().decide(change, Revision::NOW).unwrap();
    }
    let now = |face: &FaceId| face_facts(&k.fixture.library, *face);
    let mut holds =
        people.iter().zip(&before).all(|(&person, before)| before.still_hold(&facts(&k.fixture.library, person)));
    // A yes to a face that still is hers means the same.
    let is_yes = matches!(decision, Decision::Confirm { .. } | Decision::ConfirmSome { .. });
    let means_the_same = is_yes && matches!(change, Some(Decision::Confirm { .. }));
    holds &= means_the_same || faces.iter().zip(&faces_before).all(|(face, before)| now(face) == *before);
    if let Some(own) = &own
        && k.fixture.library.decide(own, seen).is_err()
    {
        // Refused itself: the change was about its face.
        return;
    }
    let at = format!("{decision:?} after {change:?} and one's own {own:?}");
    let rows = k.fixture.decisions();
    match k.fixture.library.decide(&decision, seen) {
        Ok(_) => assert!(holds, "{at}: it passed"),
        Err(LibraryError::Stale(_)) => {
            assert!(!holds, "{at}: nothing that it names has changed");
            assert_eq!(k.fixture.decisions(), rows, "{at}: nothing is done");
        }
        Err(error) => panic!("{at}: {error}"),
    }
}

#[test]
fn a_decision_is_refused_where_what_it_names_has_changed_and_only_there() {
    let k = known();
    for case in 0..decisions(&k).len() {
        check(case, None, None);
        (0..changes(&k).len()).for_each(|change| check(case, Some(change), None));
    }
}

/// After any decision: also after a name that was taken back, whose suggestions stay suggestions.
#[test]
fn any_decision_and_its_undo_leave_every_row_as_it_was() {
    let k = known();
    let count = decisions(&k).len();
    for first in std::iter::once(None).chain((0..count).map(Some)) {
        let mut k = known();
        if let Some(first) = first {
            let (decision, ..) = decisions(&k).swap_remove(first);
            k.fixture.library.decide(&decision, Revision::NOW).unwrap();
        }
        let before = k.fixture.decisions();
        for (decision, ..) in decisions(&k) {
            let at = format!("{decision:?} after {first:?}");
            let Ok(touched) = k.fixture.library.decide(&decision, Revision::NOW) else { continue };
            let Some(step) = touched.step else { continue };
            let after = k.fixture.decisions();
            k.fixture.library.decide(&Decision::Undo(step), Revision::NOW).unwrap();
            assert_eq!(k.fixture.decisions(), before, "{at}");
            k.fixture.library.decide(&Decision::Redo(step), Revision::NOW).unwrap();
            assert_eq!(k.fixture.decisions(), after, "{at}, done again");
            k.fixture.library.decide(&Decision::Undo(step), Revision::NOW).unwrap();
        }
    }
}

/// One's own decision about another face of the same person names that face alone, and shows nothing of what others did.
#[test]
fn ones_own_decision_hides_no_change_by_others() {
    let own: [fn(&Known) -> Decision; 2] = [
        |k| Decision::TakeOut { person: k.ada, faces: vec![k.other] },
        |k| Decision::TakeOut { person: k.group, faces: vec![k.grouped[1]] },
    ];
    let k = known();
    for case in 0..decisions(&k).len() {
        for own in own {
            check(case, None, Some(own));
        }
        for change in 0..4 {
            own.iter().for_each(|own| check(case, Some(change), Some(*own)));
        }
    }
}

/// Named with a face that came unseen: that one is suggested, and is not confirmed with those that were shown.
#[test]
fn a_face_that_nobody_saw_is_not_confirmed_by_two_quick_decisions() {
    let mut k = known();
    let seen = k.fixture.library.revision().unwrap();
    let later = k.fixture.add_turned("d.jpg", &[182.0]);
    k.fixture.group(&[&[k.grouped[0], k.grouped[1], later[0]]]);
    k.fixture.library.decide(&Decision::Name { person: k.group, name: "Di".into() }, seen).unwrap();
    k.fixture.library.decide(&Decision::ConfirmAll { person: k.group, shown: vec![] }, seen).unwrap();
    assert_eq!(k.fixture.state(later[0]), FaceState::Of { person: k.group, belongs: Belongs::Suggested });
}

#[test]
fn people_are_joined_against_what_was_said_only_by_who_knows_it() {
    let mut k = known();
    let (from, into) = (k.bo, k.ada);
    let merge = |against| Decision::Merge { from, into, against };
    let knows = k.fixture.library.against_merge(from, into).unwrap();
    assert!(knows.told_apart);
    let less = AgainstMerge { told_apart: false, ..knows };
    let refused = k.fixture.library.decide(&merge(less), Revision::NOW).unwrap_err();
    assert!(matches!(refused, LibraryError::Stale(Stale::SaidApart)), "{refused}");
    // One of Bo's faces is not Ada.
    let of_bo = k.of_bo;
    k.fixture.library.write(|t| review::rows::write_rejected(t, of_bo, into, true)).unwrap();
    let refused = k.fixture.library.decide(&merge(knows), Revision::NOW).unwrap_err();
    assert!(matches!(refused, LibraryError::Stale(Stale::SaidApart)), "{refused}");
    let all = k.fixture.library.against_merge(from, into).unwrap();
    assert_eq!(all.from_not_into, 1);
    k.fixture.library.decide(&merge(all), Revision::NOW).unwrap();
    assert_eq!(k.fixture.person_of(k.of_bo), into);
}
