//! Decisions as a test says them: one call each, about the library as it is now.

use super::commands;
use super::journal::{self, Decisions, Direction, Reverted};
use super::stale::{OwnRevisions, StaleCheck};
use super::{Destination, ReviewAction, SetAside};
use crate::library::{Library, Result};
use crate::types::{FaceId, PersonId, Revision, StepId, Touched};

impl Library {
    pub(crate) fn name_person(&mut self, person: PersonId, name: &str) -> Result<Touched> {
        self.review(ReviewAction::Name, |d| {
            commands::name(d, person, name, &StaleCheck { revision: Revision::NOW, own: &OwnRevisions::default() })
        })
    }

    pub(crate) fn confirm(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Confirm, |d| commands::confirm(d, faces))
    }

    pub(crate) fn reject(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Reject, |d| commands::reject(d, faces))
    }

    pub(crate) fn move_faces(&mut self, faces: &[FaceId], to: &Destination) -> Result<PersonId> {
        self.review_for(ReviewAction::Move, |d| commands::move_faces(d, faces, to)).map(|(person, _)| person)
    }

    pub(crate) fn take_out(&mut self, faces: &[FaceId]) -> Result<PersonId> {
        self.review_for(ReviewAction::TakeOut, |d| commands::take_out(d, faces)).map(|(person, _)| person)
    }

    pub(crate) fn merge(&mut self, from: PersonId, into: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Merge, |d| {
            commands::merge(d, from, into, &StaleCheck { revision: Revision::NOW, own: &OwnRevisions::default() })
        })
    }

    pub(crate) fn mark_different(&mut self, a: PersonId, b: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Different, |d| commands::tell_apart(d, a, b, true))
    }

    pub(crate) fn hide_person(&mut self, person: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Hide, |d| {
            commands::hide(d, person, true, &StaleCheck { revision: Revision::NOW, own: &OwnRevisions::default() })
        })
    }

    pub(crate) fn show_person(&mut self, person: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Show, |d| {
            commands::hide(d, person, false, &StaleCheck { revision: Revision::NOW, own: &OwnRevisions::default() })
        })
    }

    pub(crate) fn set_aside(&mut self, faces: &[FaceId], why: SetAside) -> Result<Touched> {
        let action = match why {
            SetAside::Stranger => ReviewAction::Ignore,
            SetAside::NotAFace => ReviewAction::NotAFace,
        };
        self.review(action, |d| commands::set_aside(d, faces, why))
    }

    pub(crate) fn restore(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Restore, |d| commands::restore(d, faces))
    }

    pub(crate) fn set_cover(&mut self, person: PersonId, face: FaceId) -> Result<Touched> {
        self.review(ReviewAction::Cover, |d| commands::set_cover(d, person, Some(face)))
    }

    fn review(&mut self, action: ReviewAction, work: impl FnOnce(&mut Decisions) -> Result<()>) -> Result<Touched> {
        self.review_for(action, work).map(|((), touched)| touched)
    }

    fn review_for<T>(
        &mut self,
        action: ReviewAction,
        work: impl FnOnce(&mut Decisions) -> Result<T>,
    ) -> Result<(T, Touched)> {
        self.write(|t| {
            let mut decisions = Decisions::begin(t);
            let value = work(&mut decisions)?;
            commands::group_by_itself(&mut decisions)?;
            Ok((value, decisions.keep(action)?))
        })
    }

    /// The steps of the history, undone or not.
    pub(crate) fn steps(&self) -> Result<Vec<StepId>> {
        self.read(|c| {
            let mut query = c.prepare("SELECT id FROM journal ORDER BY id")?;
            Ok(query.query_map([], |row| row.get(0).map(StepId))?.collect::<rusqlite::Result<_>>()?)
        })
    }

    pub(crate) fn undo(&mut self) -> Result<Option<Reverted>> {
        self.write(|t| Ok(journal::step(t, Direction::Undo)?.map(|(reverted, _)| reverted)))
    }

    pub(crate) fn redo(&mut self) -> Result<Option<Reverted>> {
        self.write(|t| Ok(journal::step(t, Direction::Redo)?.map(|(reverted, _)| reverted)))
    }
}
