//! What each decision does to the rows.

use rusqlite::Transaction;

use super::journal::Decisions;
use super::rows::{self, Belongs, FaceState, SetAside};
use super::stale::StaleCheck;
use super::{Destination, TakenName};
use crate::library::error::{LibraryError, Result};
use crate::types::{FaceId, PersonId, acts_on_text, is_visible, shows_nothing};

/// The faces that the grouping put there are named with the group. Suggestions stay suggestions.
pub(super) fn name(d: &mut Decisions, person: PersonId, name: &str, seen: &StaleCheck) -> Result<()> {
    let name = cleaned(name)?;
    let mut row = known_row(d.t, person)?;
    row.name = Some(name);
    d.set_person(person, row)?;
    hold_grouped(d, person, seen)
}

/// The person is a nameless group again. Faces that were named with it are the grouping's as before; those that were
/// confirmed one by one stay together, and suggestions stay suggestions: nobody has said yes to them.
pub(super) fn take_back_name(d: &mut Decisions, person: PersonId) -> Result<()> {
    let mut row = known_row(d.t, person)?;
    row.name = None;
    let is_known = row.is_known();
    d.set_person(person, row)?;
    if !is_known {
        for (face, belongs) in rows::faces_of(d.t, person)? {
            if belongs == Belongs::Named {
                d.set_face(face, FaceState::Of { person, belongs: Belongs::Grouped })?;
            }
        }
    }
    tidy(d, &[person], None)
}

/// Whether the faces are this person's is open again: nobody said yes.
pub(super) fn take_back_yes(d: &mut Decisions, faces: &[FaceId]) -> Result<()> {
    for &face in faces {
        let state = state(d.t, face)?;
        if let Some(person) = state.person().filter(|_| state.is_decided()) {
            let is_known = known_row(d.t, person)?.is_known();
            let belongs = if is_known { Belongs::Suggested } else { Belongs::Grouped };
            d.set_face(face, FaceState::Of { person, belongs })?;
        }
    }
    Ok(())
}

/// Says yes to suggestions and to faces of a group. Faces that belong to nobody are left alone.
pub(super) fn confirm(d: &mut Decisions, faces: &[FaceId]) -> Result<()> {
    for &face in faces {
        if let Some(person) = state(d.t, face)?.person() {
            d.set_face(face, FaceState::Of { person, belongs: Belongs::Confirmed })?;
        }
    }
    Ok(())
}

/// Suggestions that were on the screen are confirmed, the others are named with them: nobody looked at these.
pub(super) fn confirm_all(d: &mut Decisions, person: PersonId, shown: &[FaceId], seen: &StaleCheck) -> Result<()> {
    for face in seen.of_person(d.t, person, Some(Belongs::Suggested))? {
        let belongs = if shown.contains(&face) { Belongs::Confirmed } else { Belongs::Named };
        d.set_face(face, FaceState::Of { person, belongs })?;
    }
    Ok(())
}

/// Says yes to faces that nobody looked at one by one: they are held, and not more than that.
pub(super) fn hold(d: &mut Decisions, faces: &[FaceId]) -> Result<()> {
    for &face in faces {
        let state = state(d.t, face)?;
        if let Some(person) = state.person().filter(|_| !state.is_decided()) {
            d.set_face(face, FaceState::Of { person, belongs: Belongs::Named })?;
        }
    }
    Ok(())
}

pub(super) fn reject(d: &mut Decisions, faces: &[FaceId]) -> Result<()> {
    let left = leave(d, faces, FaceState::Unassigned, Leaving::Rejected)?;
    tidy(d, &left, None)
}

pub(super) fn move_faces(d: &mut Decisions, faces: &[FaceId], to: &Destination) -> Result<PersonId> {
    give(d, faces, to, Belongs::Confirmed)
}

/// Other programs' word names a face of which its user has said nothing yet, and those of which they follow it.
pub(super) fn take_name(d: &mut Decisions, taken: &TakenName) -> Result<()> {
    let mut faces = taken.faces.clone();
    for made in &taken.by_hand {
        faces.extend(d.make_face(made)?);
    }
    let mut named: Vec<(FaceId, Belongs)> = taken.corrected.iter().map(|face| (face.face, face.belongs)).collect();
    for face in faces {
        if is_open(d.t, face, &taken.to)? {
            named.push((face, Belongs::Named));
        }
    }
    if named.is_empty() {
        return Ok(());
    }
    let to = Destination::Person(destination(d, &taken.to)?);
    for belongs in [Belongs::Named, Belongs::Confirmed] {
        let such = named.iter().filter(|(_, how)| *how == belongs);
        let faces: Vec<FaceId> = such.map(|(face, _)| *face).collect();
        give(d, &faces, &to, belongs)?;
    }
    Ok(())
}

/// Whether its user has said nothing of a face, nor that it is not this person.
fn is_open(t: &Transaction, face: FaceId, to: &Destination) -> Result<bool> {
    let state = state(t, face)?;
    let is_denied = match to {
        Destination::Person(person) => rows::is_rejected(t, face, *person)?,
        Destination::NewPerson { .. } => false,
    };
    Ok(!state.is_decided() && !matches!(state, FaceState::SetAside(_)) && !is_denied)
}

fn destination(d: &mut Decisions, to: &Destination) -> Result<PersonId> {
    match to {
        Destination::Person(person) => existing(d.t, *person),
        Destination::NewPerson { name } => d.create_person(Some(cleaned(name)?)),
    }
}

fn give(d: &mut Decisions, faces: &[FaceId], to: &Destination, belongs: Belongs) -> Result<PersonId> {
    let person = destination(d, to)?;
    let after = FaceState::Of { person, belongs };
    faces.iter().try_for_each(|&face| forget_set_aside(d, face))?;
    let mut left = leave(d, faces, after, Leaving::Moved)?;
    for &face in faces {
        d.set_rejected(face, person, false)?;
    }
    left.retain(|&other| other != person);
    tidy(d, &left, Some(person))?;
    Ok(person)
}

pub(super) fn take_out(d: &mut Decisions, faces: &[FaceId]) -> Result<PersonId> {
    let person = d.create_person(None)?;
    let left = leave(d, faces, FaceState::Of { person, belongs: Belongs::Grouped }, Leaving::Rejected)?;
    for &group in &left {
        if !known_row(d.t, group)?.is_known() {
            inherit(d, group, person)?;
        }
    }
    tidy(d, &left, Some(person))?;
    Ok(person)
}

/// `from` goes into `into`, which keeps its id, and its name if it has one. Both groups' faces are named with it, since
/// their user said that they are one person; suggestions stay suggestions.
pub(super) fn merge(d: &mut Decisions, from: PersonId, into: PersonId, seen: &StaleCheck) -> Result<()> {
    if from == into {
        return Err(LibraryError::SamePerson);
    }
    let from_row = known_row(d.t, from)?;
    let mut into_row = known_row(d.t, into)?;
    // Whoever has the name is who is shown with it.
    let named = if into_row.name.is_none() { from } else { into };
    let cover = face_on_card(d.t, named)?;
    if into_row.name.is_none() {
        into_row.name = from_row.name;
        into_row.hidden = into_row.hidden && from_row.hidden;
    }
    if into_row.name.is_some() {
        into_row.cover_face = cover.or(into_row.cover_face);
    }
    d.set_person(into, into_row)?;
    hold_grouped(d, into, seen)?;
    for (face, belongs) in rows::faces_of(d.t, from)? {
        let belongs = match belongs {
            Belongs::Grouped if seen.has_seen_face(d.t, face)? => Belongs::Named,
            // Suggested for one, rejected for the other: the rejection is the user's word.
            Belongs::Suggested | Belongs::Grouped if rows::is_rejected(d.t, face, into)? => {
                d.set_face(face, FaceState::Unassigned)?;
                continue;
            }
            Belongs::Suggested | Belongs::Grouped => Belongs::Suggested,
            decided => decided,
        };
        d.set_face(face, FaceState::Of { person: into, belongs })?;
        if belongs.is_decided() {
            d.set_rejected(face, into, false)?;
        }
    }
    d.set_different(from, into, false)?;
    hand_over(d, from, into)?;
    d.delete_person(from)
}

/// No grouping joins people who were told apart.
pub(super) fn tell_apart(d: &mut Decisions, a: PersonId, b: PersonId, apart: bool) -> Result<()> {
    if a == b {
        return Err(LibraryError::SamePerson);
    }
    d.set_different(existing(d.t, a)?, existing(d.t, b)?, apart)
}

/// New faces like theirs are suggested for the hidden person, and so stay out of sight too.
pub(super) fn hide(d: &mut Decisions, person: PersonId, hide: bool, seen: &StaleCheck) -> Result<()> {
    let mut row = known_row(d.t, person)?;
    row.hidden = hide;
    d.set_person(person, row)?;
    if hide { hold_grouped(d, person, seen) } else { Ok(()) }
}

pub(super) fn set_aside(d: &mut Decisions, faces: &[FaceId], why: SetAside) -> Result<()> {
    let left = leave(d, faces, FaceState::SetAside(why), Leaving::SetAside)?;
    tidy(d, &left, None)
}

/// Each face is whose it was again, and as it was; a group that went with its last face is there again.
pub(super) fn restore(d: &mut Decisions, faces: &[FaceId]) -> Result<()> {
    for &face in faces {
        if matches!(state(d.t, face)?, FaceState::SetAside(_)) {
            let after = match rows::was_when_set_aside(d.t, face)? {
                Some((person, belongs)) => back_to(d, person, belongs)?,
                None => FaceState::Unassigned,
            };
            d.set_face(face, after)?;
            forget_set_aside(d, face)?;
        }
    }
    Ok(())
}

/// The face is this person's again as it was; where nobody knows how, it may be theirs. Of whomever it was given to
/// since, it stays. The same holds for it in pictures that its own one replaced.
pub(super) fn take_back_reject(d: &mut Decisions, person: PersonId, face: FaceId) -> Result<()> {
    if rows::is_rejected(d.t, face, person)? {
        for same in with_originals(d.t, face)? {
            take_back_reject_of(d, person, same)?;
        }
    }
    Ok(())
}

fn take_back_reject_of(d: &mut Decisions, person: PersonId, face: FaceId) -> Result<()> {
    if !rows::is_rejected(d.t, face, person)? {
        return Ok(());
    }
    let was = rows::was_of(d.t, face, person)?.unwrap_or(Belongs::Suggested);
    d.set_rejected(face, person, false)?;
    let now = state(d.t, face)?;
    if now.is_decided() || matches!(now, FaceState::SetAside(_)) {
        return Ok(());
    }
    let after = back_to(d, person, was)?;
    d.set_face(face, after)?;
    let left: Vec<PersonId> = now.person().filter(|&left| left != person).into_iter().collect();
    tidy(d, &left, Some(person).filter(|_| after.is_decided()))
}

fn with_originals(t: &Transaction, face: FaceId) -> Result<Vec<FaceId>> {
    let mut same = vec![face];
    same.extend(rows::originals(t, face)?);
    Ok(same)
}

/// A face that a decision left with nobody is a group of its own, so that it can be seen and named at once.
pub(super) fn group_by_itself(d: &mut Decisions) -> Result<()> {
    for face in d.changed_faces() {
        if rows::face(d.t, face)? == Some(FaceState::Unassigned) {
            let person = d.create_person(None)?;
            d.set_face(face, FaceState::Of { person, belongs: Belongs::Grouped })?;
        }
    }
    Ok(())
}

/// How a face belongs to whom it comes back to. A grouping is no word of the user: it puts no face with somebody known.
fn back_to(d: &mut Decisions, person: PersonId, was: Belongs) -> Result<FaceState> {
    let is_known = match rows::person(d.t, person)? {
        Some(row) => row.is_known(),
        None => {
            d.create_group_again(person)?;
            false
        }
    };
    let belongs = match was {
        Belongs::Grouped if is_known => Belongs::Suggested,
        Belongs::Suggested if !is_known => Belongs::Grouped,
        was => was,
    };
    Ok(FaceState::Of { person, belongs })
}

fn forget_set_aside(d: &mut Decisions, face: FaceId) -> Result<()> {
    while let Some((person, _)) = rows::was_when_set_aside(d.t, face)? {
        d.set_was_of(face, person, None)?;
    }
    Ok(())
}

/// What was said of the lost face holds for the other one, whatever the grouping made of it. The lost one keeps it too,
/// as one that a scan has carried over does: its picture may come back, and this may have been the wrong place.
pub(super) fn put_back(d: &mut Decisions, lost: FaceId, onto: FaceId) -> Result<()> {
    let decided = state(d.t, lost)?;
    let left: Vec<PersonId> = state(d.t, onto)?.person().into_iter().collect();
    d.set_face(onto, decided)?;
    for person in rows::rejected_for(d.t, lost)? {
        d.set_rejected(onto, person, true)?;
        if let Some(was) = rows::was_of(d.t, lost, person)? {
            d.set_was_of(onto, person, Some(was))?;
        }
    }
    if let Some((person, was)) = rows::was_when_set_aside(d.t, lost)? {
        d.set_was_of(onto, person, Some(was))?;
    }
    if let Some(person) = decided.person() {
        d.set_rejected(onto, person, false)?;
    }
    d.set_carried(lost, onto, true)?;
    tidy(d, &left, decided.person())
}

/// A face that is said to be nowhere but where it was is not lost any more. What was said of it stays, for the day on
/// which this is taken back or its picture is there again.
pub(super) fn let_go(d: &mut Decisions, faces: &[FaceId], go: bool) -> Result<()> {
    faces.iter().try_for_each(|&face| state(d.t, face).and_then(|_| d.set_carried(face, face, go)))
}

/// None where the best face is to be on the card.
pub(super) fn set_cover(d: &mut Decisions, person: PersonId, face: Option<FaceId>) -> Result<()> {
    face.map_or(Ok(()), |face| state(d.t, face).map(drop))?;
    let mut row = known_row(d.t, person)?;
    row.cover_face = face.map(|face| face.0);
    d.set_person(person, row)
}

/// Part of a group that was looked at as a whole: who the group is not, this is not either.
pub(in crate::library) fn inherit(d: &mut Decisions, from: PersonId, to: PersonId) -> Result<()> {
    for other in rows::different_from(d.t, from)? {
        if other != to {
            d.set_different(to, other, true)?;
        }
    }
    for face in rows::rejecting_faces(d.t, from)? {
        if state(d.t, face)?.person() != Some(to) {
            d.set_rejected(face, to, true)?;
        }
    }
    Ok(())
}

/// What was said about `from` now holds for `into`: who is not them, and which faces are not theirs.
pub(in crate::library) fn hand_over(d: &mut Decisions, from: PersonId, into: PersonId) -> Result<()> {
    for face in rows::rejecting_faces(d.t, from)? {
        match state(d.t, face)? {
            FaceState::Of { person, belongs: Belongs::Suggested } if person == into => {
                d.set_face(face, FaceState::Unassigned)?
            }
            FaceState::Of { person, .. } if person == into => continue,
            _ => {}
        }
        d.set_rejected(face, into, true)?;
        if let (Some(was), None) = (rows::was_of(d.t, face, from)?, rows::was_of(d.t, face, into)?) {
            d.set_was_of(face, into, Some(was))?;
        }
    }
    for (face, was) in rows::set_aside_of(d.t, from)? {
        d.set_was_of(face, from, None)?;
        if !rows::is_rejected(d.t, face, into)? {
            d.set_was_of(face, into, Some(was))?;
        }
    }
    for other in rows::different_from(d.t, from)? {
        if other != into {
            d.set_different(into, other, true)?;
        }
    }
    Ok(())
}

/// What is remembered of the person that a face leaves.
#[derive(Clone, Copy, PartialEq)]
enum Leaving {
    /// That they are wrong, and how it was before.
    Rejected,
    /// How it was before.
    SetAside,
    Moved,
}

/// Puts faces into a state and returns the people they left.
fn leave(d: &mut Decisions, faces: &[FaceId], after: FaceState, leaving: Leaving) -> Result<Vec<PersonId>> {
    let mut left = Vec::new();
    for &face in faces {
        if let FaceState::Of { person, belongs } = state(d.t, face)? {
            if leaving == Leaving::Rejected {
                d.set_rejected(face, person, true)?;
            }
            if leaving != Leaving::Moved {
                d.set_was_of(face, person, Some(belongs))?;
            }
            left.push(person);
        }
        d.set_face(face, after)?;
    }
    left.sort();
    left.dedup();
    Ok(left)
}

/// After faces left: a nameless group without faces is gone, and a cover that left is no cover. What was said about the
/// group holds for who took its last faces; where nobody did, the group stays, out of sight, as long as it is spoken of.
pub(super) fn tidy(d: &mut Decisions, people: &[PersonId], successor: Option<PersonId>) -> Result<()> {
    for &person in people {
        let Some(mut row) = rows::person(d.t, person)? else { continue };
        if !row.is_known() && !rows::has_faces(d.t, person)? {
            match successor {
                Some(successor) => hand_over(d, person, successor)?,
                None if rows::is_spoken_of(d.t, person)? => continue,
                None => {}
            }
            d.delete_person(person)?;
            continue;
        }
        if let Some(cover) = row.cover_face
            && rows::face(d.t, FaceId(cover))?.and_then(FaceState::person) != Some(person)
        {
            row.cover_face = None;
            d.set_person(person, row)?;
        }
    }
    Ok(())
}

/// The face on the person's card.
fn face_on_card(t: &Transaction, person: PersonId) -> Result<Option<i64>> {
    match known_row(t, person)?.cover_face {
        Some(face) => Ok(Some(face)),
        None => Ok(rows::best_face(t, person)?.map(|face| face.0)),
    }
}

/// The faces that the grouping put there are held from now on; those that came unseen are only suggested.
fn hold_grouped(d: &mut Decisions, person: PersonId, seen: &StaleCheck) -> Result<()> {
    for (face, belongs) in rows::faces_of(d.t, person)? {
        if belongs == Belongs::Grouped {
            let belongs = if seen.has_seen_face(d.t, face)? { Belongs::Named } else { Belongs::Suggested };
            d.set_face(face, FaceState::Of { person, belongs })?;
        }
    }
    Ok(())
}

fn state(t: &Transaction, face: FaceId) -> Result<FaceState> {
    rows::face(t, face)?.ok_or(LibraryError::NoSuchFace(face))
}

fn existing(t: &Transaction, person: PersonId) -> Result<PersonId> {
    known_row(t, person).map(|_| person)
}

fn known_row(t: &Transaction, person: PersonId) -> Result<rows::PersonRow> {
    rows::person(t, person)?.ok_or(LibraryError::NoSuchPerson(person))
}

/// More than any name of a person, and what other programs' fields take.
const LONGEST_NAME: usize = 500;

/// A name without needless white space, and without what shows nothing: no two names look the same.
///
/// # Errors
/// Where it shows nothing at all, is longer than any name, or holds what would change how other text is shown.
pub(in crate::library) fn cleaned(name: &str) -> Result<String> {
    let name: String = name.chars().filter(|c| !shows_nothing(*c)).collect();
    let name = name.trim_matches(' ').split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if name.chars().any(acts_on_text) {
        return Err(LibraryError::UnprintableName);
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(LibraryError::LongName { most: LONGEST_NAME });
    }
    if name.chars().any(is_visible) { Ok(name) } else { Err(LibraryError::EmptyName) }
}
