//! What the user decides, looking at the window, and what each decision means.

mod taken_back;

use std::collections::BTreeSet;

use taken_back::{restore, take_back_let_go, take_back_name, take_back_reject, take_back_yes};

use super::history::History;
use super::operations::Operation;
use super::words::{Word, Words};
use super::world::{Key, Shown, VisibleLibrary};
use crate::library::{Belongs, Decision, Destination, FaceState, LibraryError, SetAside};
use crate::types::PersonId;

impl Operation {
    pub fn decide(self, history: &mut History) -> Result<(), String> {
        let view = history.view();
        match self {
            Self::Name { face } => name(history, &view, face),
            Self::Confirm { face } => confirm(history, &view, face),
            Self::Reject { face } => reject(history, &view, face),
            Self::Stale { face, what } => stale(history, &view, face, what),
            Self::Move { face, to } => move_face(history, &view, face, to),
            Self::TakeOut { face } => take_out(history, &view, face),
            Self::Strangers { face } => set_aside(history, &view, face, SetAside::Stranger),
            Self::NotAPerson { face } => set_aside(history, &view, face, SetAside::NotAFace),
            Self::Restore { face } => restore(history, &view, face),
            Self::Hide { face } => hide(history, &view, face),
            Self::Show { person } => show(history, person),
            Self::TakeBackName { person } => take_back_name(history, person),
            Self::TakeBackYes { face } => take_back_yes(history, &view, face),
            Self::Merge { from, into } => merge(history, &view, from, into),
            Self::TellApart { one, other } => tell_apart(history, &view, one, other),
            Self::MayBeSame { pair } => may_be_same(history, &view, pair),
            Self::Split { face } => split(history, &view, face),
            Self::Cover { face } => cover(history, &view, face),
            Self::AutomaticCover { face } => automatic_cover(history, &view, face),
            Self::PutBack { lost, onto } => put_back(history, &view, lost, onto),
            Self::LetGo { lost } => let_go(history, &view, lost),
            Self::TakeBackLetGo { face } => take_back_let_go(history, &view, face),
            Self::TakeBackReject { rejection } => take_back_reject(history, &view, rejection),
            Self::Forget { face, may_find_again } => forget(history, &view, face, may_find_again),
            _ => Ok(()),
        }
    }
}

fn choose<T: Clone>(from: impl IntoIterator<Item = T>, number: u8) -> Option<T> {
    let all: Vec<T> = from.into_iter().collect();
    all.get(number as usize % all.len().max(1)).cloned()
}

fn truly(key: Key) -> usize {
    key.0.person(key.1)
}

/// A face in sight that belongs to somebody, and to whom.
fn of_somebody(view: &VisibleLibrary, number: u8) -> Option<(Shown, PersonId)> {
    let with = |face: &Shown| Some((face.clone(), face.state.person()?));
    choose(view.faces.iter().filter(|face| !face.is_missing).filter_map(with), number)
}

fn of_person(view: &VisibleLibrary, person: PersonId) -> impl Iterator<Item = &Shown> {
    view.faces.iter().filter(move |face| face.state.person() == Some(person))
}

fn is_grouped(face: &Shown) -> bool {
    matches!(face.state, FaceState::Of { belongs: Belongs::Grouped, .. })
}

/// Whether a truthful user would say that the face is this person.
fn may_be(history: &History, person: PersonId, key: Key) -> bool {
    history.model.given.iter().all(|(given, is)| *given != person || *is == truly(key))
}

/// The faces that the grouping put there are named with their group.
fn hold(words: &mut Words, view: &VisibleLibrary, person: PersonId) {
    for face in of_person(view, person).filter(|face| is_grouped(face)) {
        words.say(face.key, Word::Of { person, one_by_one: false });
    }
}

fn give(history: &mut History, view: &VisibleLibrary, person: PersonId) {
    let faces = of_person(view, person).filter(|face| is_grouped(face) || face.state.is_decided());
    let given: Vec<_> = faces.map(|face| (person, truly(face.key))).collect();
    history.model.given.extend(given);
}

fn name(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((face, person)) = of_somebody(view, face) else { return Ok(()) };
    let name = format!("P{}", truly(face.key));
    give(history, view, person);
    history.say(Decision::Name { person, name: name.clone() }, |words| {
        hold(words, view, person);
        words.people.entry(person).or_default().0 = Some(name);
    })?;
    Ok(())
}

fn confirm(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((face, person)) = of_somebody(view, face) else { return Ok(()) };
    if !may_be(history, person, face.key) {
        return Ok(());
    }
    history.model.given.insert((person, truly(face.key)));
    history.say(Decision::Confirm { person, faces: vec![face.face] }, |words| {
        words.say(face.key, Word::Of { person, one_by_one: true })
    })?;
    Ok(())
}

fn reject(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((face, person)) = of_somebody(view, face) else { return Ok(()) };
    let decision = Decision::Reject { person, faces: vec![face.face] };
    history.say(decision, |words| words.reject(face.key, person))?;
    Ok(())
}

/// The person goes, with all that was said of them and of their faces.
fn forget(history: &mut History, view: &VisibleLibrary, face: u8, may_find_again: bool) -> Result<(), String> {
    let Some((_, person)) = of_somebody(view, face) else { return Ok(()) };
    let set_aside = history.world.set_aside_as(person).map_err(|error| format!("{error:#}"))?;
    let set_aside = view.faces.iter().filter(|face| set_aside.contains(&face.face));
    let faces: BTreeSet<Key> = of_person(view, person).chain(set_aside).map(|face| face.key).collect();
    // A backup that its user has put elsewhere keeps them.
    history.backup = None;
    let steps = history.world.forget(person, may_find_again).map_err(|error| format!("{error:#}"))?;
    history.looked = history.world.revision();
    history.model.forget(person, &faces, &steps, may_find_again)?;
    let left = history.view();
    match left.faces.iter().find(|face| faces.contains(&face.key)) {
        Some(face) => Err(format!("{face:?} is there after {person:?} was forgotten")),
        None if left.people.contains_key(&person) => Err(format!("{person:?} was forgotten and is there")),
        None => Ok(()),
    }
}

/// Another program moves the face away; what is decided then meant what was seen before.
fn stale(history: &mut History, view: &VisibleLibrary, face: u8, what: u8) -> Result<(), String> {
    let Some((face, person)) = of_somebody(view, face) else { return Ok(()) };
    let to = Destination::NewPerson { name: format!("P{}", truly(face.key)) };
    let elsewhere = Decision::Move { of: Some(person), faces: vec![face.face], to };
    let touched = history.world.decide_elsewhere(&elsewhere).map_err(|error| error.to_string())?;
    let before = history.model.words.clone();
    let moved = history.view();
    follow_move(history, view, &moved, &face);
    history.model.step(before, touched.step);
    let faces = vec![face.face];
    let late = match what % 5 {
        0 => Decision::Confirm { person, faces },
        1 => Decision::Reject { person, faces },
        2 => Decision::TakeOut { person, faces },
        3 => Decision::Move { of: Some(person), faces, to: Destination::NewPerson { name: "Late".into() } },
        _ => Decision::SetAside { of: Some(person), faces, why: SetAside::Stranger },
    };
    let refused = history.world.decide(late.clone(), history.looked);
    let is_stale = |error: &anyhow::Error| matches!(error.downcast_ref(), Some(LibraryError::Stale(_)));
    match refused {
        Err(error) if is_stale(&error) => {}
        answer => return Err(format!("{late:?} came too late and was answered with {answer:?}")),
    }
    if history.view() != moved {
        return Err(format!("{late:?} came too late and has changed something"));
    }
    history.looked = history.world.revision();
    Ok(())
}

/// The face is confirmed for whomever it went to. They inherit what was said of a group that it was the last face of.
fn follow_move(history: &mut History, before: &VisibleLibrary, after: &VisibleLibrary, face: &Shown) {
    let moved = after.faces.iter().find(|other| other.face == face.face);
    let Some(person) = moved.and_then(|face| face.state.person()) else { return };
    history.model.given.insert((person, truly(face.key)));
    let words = &mut history.model.words;
    words.say(face.key, Word::Of { person, one_by_one: true });
    words.rejected.remove(&(face.key, person));
    if let Some(left) = face.state.person().filter(|left| !after.people.contains_key(left)) {
        words.rejected.extend(before.rejected.iter().filter(|no| no.1 == left));
        hand_rejections_over(words, left, person);
    }
    if let Some(row) = after.people.get(&person) {
        words.people.entry(person).or_insert_with(|| row.clone());
    }
}

fn move_face(history: &mut History, view: &VisibleLibrary, face: u8, to: u8) -> Result<(), String> {
    let in_sight = view.faces.iter().filter(|face| !face.is_missing && !matches!(face.state, FaceState::SetAside(_)));
    let Some(face) = choose(in_sight.cloned(), face) else { return Ok(()) };
    let may_go = |person: &PersonId| {
        may_be(history, *person, face.key) && history.model.given.contains(&(*person, truly(face.key)))
    };
    let known: Vec<PersonId> = history.model.words.people.keys().copied().filter(may_go).collect();
    let to = match known.len() {
        count if count > 0 && !to.is_multiple_of(4) => Destination::Person(known[to as usize / 4 % count]),
        _ => Destination::NewPerson { name: format!("P{}", truly(face.key)) },
    };
    let before = history.model.words.clone();
    let decision = Decision::Move { of: face.state.person(), faces: vec![face.face], to };
    let touched = history.world.decide(decision.clone(), history.looked);
    let touched = touched.map_err(|error| format!("{decision:?} was refused: {error:#}"))?;
    follow_move(history, view, &history.view(), &face);
    if touched != crate::types::Touched::default() {
        history.model.step(before, touched.step);
    }
    Ok(())
}

fn take_out(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((face, person)) = of_somebody(view, face) else { return Ok(()) };
    history.say(Decision::TakeOut { person, faces: vec![face.face] }, |words| words.reject(face.key, person))?;
    Ok(())
}

/// Offered for groups that nobody has named.
fn set_aside(history: &mut History, view: &VisibleLibrary, face: u8, why: SetAside) -> Result<(), String> {
    let Some((_, person)) = of_somebody(view, face) else { return Ok(()) };
    if history.model.words.people.contains_key(&person) {
        return Ok(());
    }
    history.say(Decision::SetAsideAll { person, why }, |words| {
        for face in of_person(view, person).filter(|face| !face.is_missing) {
            words.say(face.key, Word::Aside(why));
        }
    })?;
    Ok(())
}

fn hide(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((_, person)) = of_somebody(view, face) else { return Ok(()) };
    give(history, view, person);
    history.say(Decision::Hide(person), |words| {
        hold(words, view, person);
        words.people.entry(person).or_default().1 = true;
    })?;
    Ok(())
}

fn show(history: &mut History, person: u8) -> Result<(), String> {
    let hidden = history.model.words.people.iter().filter(|(_, (_, hidden))| *hidden).map(|(person, _)| *person);
    let Some(person) = choose(hidden, person) else { return Ok(()) };
    history.say(Decision::Show(person), |words| {
        if let Some(row) = words.people.get_mut(&person) {
            row.1 = false;
        }
        words.people.retain(|_, (name, hidden)| name.is_some() || *hidden);
    })?;
    Ok(())
}

/// Two of the same true person.
fn merge(history: &mut History, view: &VisibleLibrary, from: u8, into: u8) -> Result<(), String> {
    let Some((face, from)) = of_somebody(view, from) else { return Ok(()) };
    let others: BTreeSet<PersonId> = view
        .faces
        .iter()
        .filter(|other| !other.is_missing && truly(other.key) == truly(face.key))
        .filter_map(|other| other.state.person())
        .filter(|person| *person != from)
        .collect();
    let Some(into) = choose(others, into) else { return Ok(()) };
    let are_one = |person| of_person(view, person).all(|other| truly(other.key) == truly(face.key));
    if !are_one(from) || !are_one(into) || !may_be(history, from, face.key) || !may_be(history, into, face.key) {
        return Ok(());
    }
    history.model.given.insert((into, truly(face.key)));
    let against = history.world.library.call(move |library| library.against_merge(from, into));
    let against = against.map_err(|error| format!("{error:#}"))?;
    history.say(Decision::Merge { from, into, against }, |words| merged(words, view, from, into))?;
    Ok(())
}

fn merged(words: &mut Words, view: &VisibleLibrary, from: PersonId, into: PersonId) {
    hold(words, view, into);
    for face in of_person(view, from).filter(|face| is_grouped(face) || face.state.is_decided()) {
        let one_by_one = matches!(face.state, FaceState::Of { belongs: Belongs::Confirmed, .. });
        words.say(face.key, Word::Of { person: into, one_by_one });
    }
    hand_rejections_over(words, from, into);
    let pairs = std::mem::take(&mut words.apart);
    let one = |person| if person == from { into } else { person };
    let pairs = pairs.into_iter().map(|(a, b)| (one(a).min(one(b)), one(a).max(one(b))));
    words.apart = pairs.filter(|(a, b)| a != b).collect();
    let gone = words.people.remove(&from);
    let into_row = words.people.get(&into).cloned().unwrap_or_default();
    if into_row.0.is_none() {
        let (name, hidden) = gone.unwrap_or_default();
        words.people.insert(into, (name, into_row.1 && hidden));
    }
    words.people.retain(|_, (name, hidden)| name.is_some() || *hidden);
}

/// Who was not the one is not the other, unless that was said.
fn hand_rejections_over(words: &mut Words, from: PersonId, into: PersonId) {
    let rejecting: Vec<Key> = words.rejected.iter().filter(|no| no.1 == from).map(|no| no.0).collect();
    words.rejected.retain(|no| no.1 != from);
    words.rejected.extend(rejecting.into_iter().map(|key| (key, into)));
    let is_decided = |key| matches!(words.of(key), Word::Of { person, .. } if person == into);
    let said: Vec<_> = words.rejected.iter().filter(|no| no.1 == into && is_decided(no.0)).copied().collect();
    said.iter().for_each(|no| _ = words.rejected.remove(no));
}

/// Groups as well as people.
fn tell_apart(history: &mut History, view: &VisibleLibrary, one: u8, other: u8) -> Result<(), String> {
    let all: Vec<PersonId> = view.people.keys().copied().collect();
    let (Some(a), Some(b)) = (choose(all.clone(), one), choose(all, other)) else { return Ok(()) };
    if a != b {
        history.say(Decision::Different(a, b), |words| _ = words.apart.insert((a.min(b), a.max(b))))?;
    }
    Ok(())
}

fn may_be_same(history: &mut History, view: &VisibleLibrary, pair: u8) -> Result<(), String> {
    let Some((a, b)) = choose(view.apart.iter().copied(), pair) else { return Ok(()) };
    history.say(Decision::MayBeSame(a, b), |words| _ = words.apart.remove(&(a, b)))?;
    Ok(())
}

/// Offered for groups that nobody has named. Who goes is not who stays.
fn split(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((_, person)) = of_somebody(view, face) else { return Ok(()) };
    let to_group = of_person(view, person).filter(|face| face.has_vector && !face.is_missing);
    if history.model.words.people.contains_key(&person) || to_group.count() < 2 {
        return Ok(());
    }
    let before = history.model.words.clone();
    let touched = history.world.split(person, history.looked).map_err(|error| format!("{error:#}"))?;
    let after = history.view();
    let gone: Vec<Key> = of_person(view, person)
        .filter(|face| of_person(&after, person).all(|left| left.face != face.face))
        .map(|face| face.key)
        .collect();
    if gone.is_empty() || of_person(&after, person).next().is_none() {
        return Err(format!("{person:?} was split and left {:?}", of_person(&after, person).collect::<Vec<_>>()));
    }
    gone.into_iter().for_each(|key| history.model.words.reject(key, person));
    history.model.step(before, touched.step);
    Ok(())
}

fn cover(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((face, person)) = of_somebody(view, face) else { return Ok(()) };
    history.say(Decision::Cover { person, face: face.face }, |_| ())?;
    match history.world.cover(person) {
        cover if cover == (Some(face.face), true) => Ok(()),
        cover => Err(format!("{face:?} was said to be on the card of {person:?}, where {cover:?} is")),
    }
}

fn automatic_cover(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some((_, person)) = of_somebody(view, face) else { return Ok(()) };
    history.say(Decision::AutomaticCover(person), |_| ())?;
    match history.world.cover(person) {
        (_, false) => Ok(()),
        cover => Err(format!("{cover:?} is chosen on the card of {person:?} after this was taken back")),
    }
}

/// Onto a face that truly is the same person, and of which nothing else was said.
fn put_back(history: &mut History, view: &VisibleLibrary, lost: u8, onto: u8) -> Result<(), String> {
    let Some(lost) = choose(view.faces.iter().filter(|face| view.lost.contains(&face.key)), lost) else {
        return Ok(());
    };
    let same = |face: &&Shown| !face.is_missing && truly(face.key) == truly(lost.key);
    let Some(onto) = choose(view.faces.iter().filter(same), onto) else { return Ok(()) };
    let person = |word| if let Word::Of { person, .. } = word { Some(person) } else { None };
    let known = &history.model.words;
    let (said, now) = (known.of(lost.key), known.of(onto.key));
    let is_of_other = person(now).is_some_and(|other| Some(other) != person(said));
    let is_rejected = person(said).is_some_and(|person| known.rejected.contains(&(onto.key, person)));
    if is_of_other || is_rejected || (matches!(now, Word::Aside(_)) && now != said) {
        return Ok(());
    }
    let decision = Decision::PutBack { of: lost.state.person(), lost: lost.face, onto: onto.face };
    history.say(decision, |words| {
        let word = words.of(lost.key);
        words.say(onto.key, word);
        let rejected: Vec<_> = words.rejected.iter().filter(|no| no.0 == lost.key).map(|no| no.1).collect();
        words.rejected.extend(rejected.into_iter().map(|person| (onto.key, person)));
        if let Word::Of { person, .. } = word {
            words.rejected.remove(&(onto.key, person));
        }
    })?;
    history.model.is_put_back(lost.key, onto.key);
    Ok(())
}

fn let_go(history: &mut History, view: &VisibleLibrary, lost: u8) -> Result<(), String> {
    let Some(lost) = choose(view.faces.iter().filter(|face| view.lost.contains(&face.key)), lost) else {
        return Ok(());
    };
    // What was said of it stays, and it need not wait any more.
    history.say(Decision::LetGo { of: lost.state.person(), faces: vec![lost.face] }, |_| ())?;
    history.model.is_put_back(lost.key, lost.key);
    if history.view().lost.contains(&lost.key) {
        return Err(format!("{:?} was let go and is lost", lost.key));
    }
    Ok(())
}
