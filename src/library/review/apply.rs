//! A step back or forth, row by row. A row changes only where it still is as the step says; what has changed since is left
//! alone.
//!
//! Two things change with it. What was carried over to edits of a picture follows its original. And what the grouping has
//! made since of the step's people is no user's word: a group that it emptied is there again for the faces that come back
//! to it, and whom it suggested for somebody who goes joins their faces in their group.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Transaction;

use super::by_hand;
use super::change::Change;
use super::journal::{Direction, left};
use super::merges;
use super::rows::{self, Belongs, FaceState, PersonRow, Stamp};
use crate::library::error::Result;
use crate::library::names;
use crate::library::scan::now_secs;
use crate::library::settings;
use crate::types::{FaceId, PersonId, PhotoId, StepId};

/// What a step back or forth has done so far.
pub(super) struct Reverting<'t> {
    t: &'t Transaction<'t>,
    direction: Direction,
    /// The faces that the step is about itself: of these it knows more than their originals do.
    of_step: BTreeSet<FaceId>,
    /// Whose faces go to which group.
    homes: HashMap<PersonId, PersonId>,
    pub stamp: Stamp,
    /// The rows that it changed.
    pub restored: Vec<Change>,
    /// The step with what was found to belong to it, in the order in which it was done.
    pub whole: Vec<Change>,
}

impl<'t> Reverting<'t> {
    pub fn begin(t: &'t Transaction<'t>, direction: Direction, changes: &[Change]) -> Result<Self> {
        let mut homes = HashMap::new();
        for change in changes {
            if let Change::Face { before, after: FaceState::Of { person, belongs: Belongs::Grouped }, .. } = change {
                before.person().into_iter().for_each(|from| _ = homes.entry(from).or_insert(*person));
            }
        }
        let of_step = changes.iter().filter_map(Change::face).collect();
        Ok(Self { t, direction, of_step, homes, stamp: Stamp::next(t)?, restored: Vec::new(), whole: Vec::new() })
    }

    /// Changes a row, and what goes with it. False where the row is no longer as the step says.
    pub fn change(&mut self, change: &Change) -> Result<bool> {
        if let Change::Person { id, before: Some(before), after: None } = change {
            self.release(PersonId(*id), before)?;
        }
        let is_changed = self.apply(change)?;
        if !is_changed {
            self.whole.push(change.clone());
            return Ok(false);
        }
        self.note(change.clone());
        if self.direction == Direction::Undo {
            self.follow(change)?;
        }
        Ok(true)
    }

    fn note(&mut self, change: Change) {
        self.whole.push(change.clone());
        self.restored.push(change);
    }

    fn apply(&mut self, change: &Change) -> Result<bool> {
        let t = self.t;
        match *change {
            Change::Face { id, before, after } => self.apply_face(FaceId(id), before, after),
            Change::Person { id, ref before, ref after } => {
                apply_person(t, PersonId(id), before.as_ref(), after.as_ref(), &mut self.stamp)
            }
            Change::Rejected { face, person, before, after } => {
                let (face, person) = (FaceId(face), PersonId(person));
                let both_there = rows::face(t, face)?.is_some() && rows::person(t, person)?.is_some();
                if !both_there || rows::is_rejected(t, face, person)? != before {
                    return Ok(false);
                }
                rows::write_rejected(t, face, person, after)?;
                rows::touch_person(t, person, &mut self.stamp)?;
                Ok(true)
            }
            Change::WasOf { face, person, before, after } => {
                let (face, person) = (FaceId(face), PersonId(person));
                if rows::face(t, face)?.is_none() || rows::was_of(t, face, person)? != before {
                    return Ok(false);
                }
                rows::write_was_of(t, face, person, after)?;
                Ok(true)
            }
            Change::Different { a, b, before, after } => {
                let (a, b) = (PersonId(a), PersonId(b));
                let both_there = rows::person(t, a)?.is_some() && rows::person(t, b)?.is_some();
                if !both_there || rows::is_different(t, a, b)? != before {
                    return Ok(false);
                }
                rows::write_different(t, a, b, after)?;
                rows::touch_person(t, a, &mut self.stamp)?;
                rows::touch_person(t, b, &mut self.stamp)?;
                Ok(true)
            }
            Change::Made { face, after, .. } => by_hand::set_made(t, FaceId(face), after),
            Change::Carried { face, into, before, after } => {
                let (face, into) = (FaceId(face), FaceId(into));
                let both_there = rows::face(t, face)?.is_some() && rows::face(t, into)?.is_some();
                if !both_there || rows::is_carried(t, face, into)? != before {
                    return Ok(false);
                }
                rows::write_carried(t, face, into, after)?;
                Ok(true)
            }
            Change::Answer { photo, ref name, ref before, ref after } => {
                names::change_answer(t, PhotoId(photo), name, before.as_deref(), after.as_deref())
            }
            Change::Parted { step, after, .. } => merges::set_parted(t, StepId(step), after),
            Change::Setting { ref key, ref before, ref after } => {
                let is_as_it_was = settings::read(t, key)? == *before;
                if is_as_it_was {
                    settings::write(t, key, after.as_deref())?;
                }
                Ok(is_as_it_was)
            }
        }
    }

    fn apply_face(&mut self, face: FaceId, before: FaceState, after: FaceState) -> Result<bool> {
        let t = self.t;
        if rows::face(t, face)? != Some(without_gone_group(t, before)?) {
            return Ok(false);
        }
        self.make_group_again(after)?;
        let after = without_gone_group(t, after)?;
        if let Some(person) = after.person()
            && rows::person(t, person)?.is_none()
        {
            return Ok(false);
        }
        rows::write_face(t, face, after, &mut self.stamp)?;
        if let Some(person) = left(before, after) {
            rows::touch_person(t, person, &mut self.stamp)?;
        }
        Ok(true)
    }

    /// The same face in the pictures that took this one's place follows, unless something else was said of it since.
    fn follow(&mut self, change: &Change) -> Result<()> {
        let Some(face) = change.face() else { return Ok(()) };
        let mut copies = rows::carried_to(self.t, face)?;
        copies.retain(|copy| !self.of_step.contains(copy));
        for copy in copies {
            let same = change.of(copy);
            if self.apply(&same)? {
                self.note(same.clone());
                self.follow(&same)?;
            }
        }
        Ok(())
    }

    /// A group that lost its last face since is there again for one that comes back to it.
    fn make_group_again(&mut self, after: FaceState) -> Result<()> {
        match after {
            FaceState::Of { person, belongs: Belongs::Grouped } if rows::person(self.t, person)?.is_none() => {
                let row = PersonRow { name: None, hidden: false, cover_face: None, created_at: now_secs() };
                self.find(Change::Person { id: person.0, before: None, after: Some(row) })
            }
            _ => Ok(()),
        }
    }

    /// What was suggested for somebody who goes with the step goes where their own faces go. Where only the name goes it
    /// stays suggested, since nobody has said yes to it: the name, given again, decides it no more than the first time.
    fn release(&mut self, person: PersonId, before: &PersonRow) -> Result<()> {
        let t = self.t;
        if !before.is_known() || rows::person(t, person)?.as_ref() != Some(before) {
            return Ok(());
        }
        let faces = rows::faces_of(t, person)?;
        let stays = faces.iter().any(|(_, belongs)| belongs.is_decided()) || rows::is_spoken_of(t, person)?;
        if stays {
            return Ok(());
        }
        for (face, belongs) in faces {
            let before = FaceState::Of { person, belongs };
            let after = FaceState::Of { person: self.home(person, face)?, belongs: Belongs::Grouped };
            self.find(Change::Face { id: face.0, before, after })?;
        }
        Ok(())
    }

    /// The group that a face of somebody who goes belongs to then: a new one where their own faces go nowhere.
    fn home(&mut self, person: PersonId, face: FaceId) -> Result<PersonId> {
        if let Some(&home) = self.homes.get(&person)
            && rows::person(self.t, home)?.is_some_and(|row| !row.is_known())
            && !rows::is_rejected(self.t, face, home)?
        {
            return Ok(home);
        }
        let row = PersonRow { name: None, hidden: false, cover_face: None, created_at: now_secs() };
        let group = rows::insert_person(self.t, &row, &self.stamp)?;
        self.note(Change::Person { id: group.0, before: None, after: Some(row) });
        self.homes.insert(person, group);
        Ok(group)
    }

    fn find(&mut self, change: Change) -> Result<()> {
        if self.apply(&change)? {
            self.note(change);
        }
        Ok(())
    }
}

/// A group may be gone by a grouping since. Nobody said that the face is in it, so that hinders nothing.
fn without_gone_group(t: &Transaction, state: FaceState) -> Result<FaceState> {
    match state.person() {
        Some(person) if !state.is_decided() && rows::person(t, person)?.is_none() => Ok(FaceState::Unassigned),
        _ => Ok(state),
    }
}

fn apply_person(
    t: &Transaction,
    id: PersonId,
    before: Option<&PersonRow>,
    after: Option<&PersonRow>,
    stamp: &mut Stamp,
) -> Result<bool> {
    if rows::person(t, id)?.as_ref() != before {
        return Ok(false);
    }
    match (before, after) {
        (_, Some(row)) => {
            let mut row = row.clone();
            // The face may have left the library since.
            let cover_is_there = match row.cover_face {
                Some(face) => rows::face(t, FaceId(face))?.is_some(),
                None => true,
            };
            if !cover_is_there {
                row.cover_face = None;
            }
            rows::write_person(t, id, &row, stamp)?;
            Ok(true)
        }
        (Some(_), None) => {
            if rows::is_in_use(t, id)? {
                return Ok(false);
            }
            t.execute("DELETE FROM person WHERE id = ?1", [id.0])?;
            Ok(true)
        }
        (None, None) => Ok(true),
    }
}
