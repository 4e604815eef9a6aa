//! What a user decides about faces and people. Every command is one transaction and one step of the history, and says
//! what it touched.

mod commands;
mod decision;
pub(in crate::library) mod journal;
pub(in crate::library) mod rows;
mod seen;
pub(in crate::library) mod touched;

pub(in crate::library) use commands::{cleaned, hand_over};
pub use decision::Decision;
pub use journal::{HistoryEntry, Reverted, ReviewAction};
pub use rows::{Belongs, FaceState, SetAside};

use super::error::Result;
use super::open::Library;
use crate::types::{FaceId, PersonId, Touched};
use journal::Decisions;
use seen::Seen;

/// Where moved faces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Person(PersonId),
    NewPerson { name: String },
}

impl Library {
    /// Names a person as the library has them now. See [`Decision::Name`].
    pub fn name_person(&mut self, person: PersonId, name: &str) -> Result<Touched> {
        self.review(ReviewAction::Name, |d| commands::name(d, person, name, &Seen::now()))
    }

    /// Says yes to suggestions and to faces of a group. Faces that belong to nobody are left alone.
    pub fn confirm(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Confirm, |d| commands::confirm(d, faces))
    }

    /// Says no: each face leaves its person and is never suggested for or grouped with them again.
    pub fn reject(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Reject, |d| commands::reject(d, faces))
    }

    /// Gives faces to a person, confirmed. Returns the person.
    pub fn move_faces(&mut self, faces: &[FaceId], to: &Destination) -> Result<PersonId> {
        self.review_for(ReviewAction::Move, |d| commands::move_faces(d, faces, to)).map(|(person, _)| person)
    }

    /// Takes faces out of their people: they become a group of their own, never to be grouped with those people again.
    /// Splitting a group is taking out the part that is somebody else. Returns the new group.
    pub fn take_out(&mut self, faces: &[FaceId]) -> Result<PersonId> {
        self.review_for(ReviewAction::TakeOut, |d| commands::take_out(d, faces)).map(|(person, _)| person)
    }

    /// Joins two people. See [`Decision::Merge`].
    pub fn merge(&mut self, from: PersonId, into: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Merge, |d| commands::merge(d, from, into, &Seen::now()))
    }

    /// Remembers that two people are not the same one: no grouping joins them.
    pub fn mark_different(&mut self, a: PersonId, b: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Different, |d| commands::tell_apart(d, a, b, true))
    }

    /// Hides a person whom nobody needs to name: a passer-by, a poster.
    pub fn hide_person(&mut self, person: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Hide, |d| commands::hide(d, person, true, &Seen::now()))
    }

    pub fn show_person(&mut self, person: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Show, |d| commands::hide(d, person, false, &Seen::now()))
    }

    /// Sets faces aside: out of people and groupings, until restored.
    pub fn set_aside(&mut self, faces: &[FaceId], why: SetAside) -> Result<Touched> {
        let action = match why {
            SetAside::Stranger => ReviewAction::Ignore,
            SetAside::NotAFace => ReviewAction::NotAFace,
        };
        self.review(action, |d| commands::set_aside(d, faces, why))
    }

    /// Brings faces back that were set aside.
    pub fn restore(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Restore, |d| commands::restore(d, faces))
    }

    /// Chooses the face on a person's card.
    pub fn set_cover(&mut self, person: PersonId, face: FaceId) -> Result<Touched> {
        self.review(ReviewAction::Cover, |d| commands::set_cover(d, person, face))
    }

    fn review(&mut self, action: ReviewAction, work: impl FnOnce(&mut Decisions) -> Result<()>) -> Result<Touched> {
        self.review_for(action, work).map(|((), touched)| touched)
    }

    /// One transaction and one step of the history. Returns what `work` returned, and what it touched.
    fn review_for<T>(
        &mut self,
        action: ReviewAction,
        work: impl FnOnce(&mut Decisions) -> Result<T>,
    ) -> Result<(T, Touched)> {
        self.write(|t| {
            let mut decisions = Decisions::begin(t);
            let value = work(&mut decisions)?;
            Ok((value, decisions.keep(action)?))
        })
    }
}
