//! What the user takes back of what was decided.

use super::{choose, hand_rejections_over, may_be, truly};
use crate::app::scan::job::histories::history::History;
use crate::app::scan::job::histories::words::{Word, Words};
use crate::app::scan::job::histories::world::{Key, Shown, VisibleLibrary};
use crate::library::{Decision, FaceState};
use crate::types::PersonId;

pub(super) fn restore(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let aside = view.faces.iter().filter(|face| matches!(face.state, FaceState::SetAside(_)));
    let Some(face) = choose(aside, face) else { return Ok(()) };
    let before = history.model.words.clone();
    let decision = Decision::Restore { of: face.was_of, faces: vec![face.face] };
    let touched = history.world.decide(decision.clone(), history.looked);
    let touched = touched.map_err(|error| format!("{decision:?}: {error:#}"))?;
    // Whose it was before, or in a group of its own; and at once in one.
    if let Word::Aside(_) = follow_taken_back(history, &before, face)? {
        return Err(format!("{face:?} was restored and is set aside"));
    }
    history.model.step(before, touched.step);
    Ok(())
}

/// One that is listed, of a face that a file shows. The face is theirs again as it was, where it was and nothing was
/// said of it since. It is taken back of the originals of the face, too.
pub(super) fn take_back_reject(history: &mut History, view: &VisibleLibrary, rejection: u8) -> Result<(), String> {
    let shown = |key: &Key| view.faces.iter().find(|face| face.key == *key && !face.is_missing);
    let listed = view.listed.iter().filter(|no| may_be(history, no.1, no.0));
    let listed = listed.filter_map(|(key, person)| Some((shown(key)?, *person)));
    let Some((face, person)) = choose(listed, rejection) else { return Ok(()) };
    let before = history.model.words.clone();
    let decision = Decision::TakeBackReject { person, face: face.face };
    let touched = history.world.decide(decision.clone(), history.looked);
    let touched = touched.map_err(|error| format!("{decision:?}: {error:#}"))?;
    let now = follow_taken_back(history, &before, face)?;
    let was = before.before.get(&(face.key, person)).copied();
    let may_be_said = match (before.of(face.key), was) {
        (Word::Nothing, Some(was)) => now == was,
        (Word::Nothing, None) => now == Word::Nothing || matches!(now, Word::Of { person: of, .. } if of == person),
        (said, _) => now == said,
    };
    if !may_be_said {
        return Err(format!("{face:?} is {now:?} since it may be {person:?}; it was {was:?}"));
    }
    let after = history.view();
    if after.rejected.contains(&(face.key, person)) {
        return Err(format!("that {face:?} is not {person:?} was taken back and is there"));
    }
    let model = &mut history.model;
    let gone: Vec<_> =
        model.words.rejected.iter().filter(|no| no.1 == person && !after.rejected.contains(*no)).copied().collect();
    for no in gone {
        if no.0 != face.key && !model.is_handed_over(no.0, face.key) {
            return Err(format!("{no:?} was taken back with that of {face:?}"));
        }
        model.words.rejected.remove(&no);
    }
    let is_gone = |left: &PersonId| !after.people.contains_key(left);
    if let Some(left) = face.state.person().filter(is_gone)
        && now != Word::Nothing
    {
        model.words.rejected.extend(view.rejected.iter().filter(|no| no.1 == left));
        hand_rejections_over(&mut model.words, left, person);
    }
    model.step(before, touched.step);
    Ok(())
}

/// What is said of a face of which something was taken back, and of its originals, of which the same was said.
fn follow_taken_back(history: &mut History, before: &Words, face: &Shown) -> Result<Word, String> {
    let view = history.view();
    for other in &view.faces {
        let (key, word) = (other.key, Word::of(other.state));
        let was = before.of(key);
        if word == was {
            continue;
        }
        let is_same = key == face.key || (was == before.of(face.key) && history.model.is_handed_over(key, face.key));
        match word {
            _ if !is_same => return Err(format!("{key:?} is {word:?} since something was taken back of {face:?}")),
            Word::Of { person, .. } if !history.model.given.contains(&(person, truly(key))) => {
                return Err(format!("{key:?} came back to somebody whom it never was: {word:?}"));
            }
            _ => history.model.words.say(key, word),
        }
    }
    let now = view.faces.iter().find(|other| other.face == face.face).map(|face| Word::of(face.state));
    now.ok_or(format!("{face:?} is gone"))
}

/// Who it is, is open again, and so is what was said of the faces with the name.
pub(super) fn take_back_name(history: &mut History, person: u8) -> Result<(), String> {
    let named = history.model.words.people.iter().filter(|(_, (name, _))| name.is_some()).map(|(person, _)| *person);
    let Some(person) = choose(named, person) else { return Ok(()) };
    history.say(Decision::TakeBackName(person), |words| {
        if let Some(row) = words.people.get_mut(&person) {
            row.0 = None;
        }
        words.people.retain(|_, (name, hidden)| name.is_some() || *hidden);
        if !words.people.contains_key(&person) {
            words.faces.retain(|_, word| *word != Word::Of { person, one_by_one: false });
        }
    })?;
    Ok(())
}

pub(super) fn take_back_yes(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let is_said = |face: &&Shown| !face.is_missing && face.state.is_decided();
    let Some(face) = choose(view.faces.iter().filter(is_said), face) else { return Ok(()) };
    let Some(person) = face.state.person() else { return Ok(()) };
    let decision = Decision::TakeBackYes { person, faces: vec![face.face] };
    history.say(decision, |words| words.say(face.key, Word::Nothing))?;
    Ok(())
}

/// It waits again, unless what was said of it is said of another face by now.
pub(super) fn take_back_let_go(history: &mut History, view: &VisibleLibrary, face: u8) -> Result<(), String> {
    let Some(face) = choose(view.faces.iter().filter(|face| view.let_go.contains(&face.key)), face) else {
        return Ok(());
    };
    history.say(Decision::TakeBackLetGo { of: face.state.person(), faces: vec![face.face] }, |_| ())?;
    history.model.is_taken_back(face.key, face.key);
    let after = history.view();
    match after.let_go.contains(&face.key)
        || !(after.lost.contains(&face.key) || history.model.is_said_elsewhere(face.key))
    {
        true => Err(format!("{:?} is not to be let go any more, and does not wait", face.key)),
        false => Ok(()),
    }
}
