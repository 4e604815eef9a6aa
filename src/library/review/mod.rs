//! What a user decides about faces and people. Every command is one transaction and one step of the history, and says
//! what it touched.

mod decision;
pub(in crate::library) mod journal;
pub(in crate::library) mod rows;
pub(in crate::library) mod touched;

use rusqlite::Transaction;

pub use decision::Decision;
pub use journal::{HistoryEntry, Reverted, ReviewAction};
pub use rows::{Belongs, FaceState, SetAside};

use super::error::{LibraryError, Result};
use super::open::Library;
use crate::types::{FaceId, PersonId, Touched};
use journal::Decisions;

/// Where moved faces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Person(PersonId),
    NewPerson { name: String },
}

impl Library {
    /// Names a person or changes the name. Naming a group confirms the faces that the grouping put there: its user
    /// has looked at them. Suggestions stay suggestions.
    pub fn name_person(&mut self, person: PersonId, name: &str) -> Result<Touched> {
        let name = cleaned(name)?;
        self.review(ReviewAction::Name, |d| {
            let mut row = rows::person(d.t, person)?.ok_or(LibraryError::NoSuchPerson(person))?;
            row.name = Some(name);
            d.set_person(person, row)?;
            confirm_grouped(d, person)
        })
    }

    /// Says yes to suggestions and to faces of a group. Faces that belong to nobody are left alone.
    pub fn confirm(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Confirm, |d| confirm(d, faces))
    }

    /// Says no: each face leaves its person and is never suggested for or grouped with them again.
    pub fn reject(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Reject, |d| {
            let left = leave(d, faces, FaceState::Unassigned, Leaving::Rejected)?;
            tidy(d, &left)
        })
    }

    /// Gives faces to a person, confirmed. Returns the person.
    pub fn move_faces(&mut self, faces: &[FaceId], to: &Destination) -> Result<PersonId> {
        self.review_for(ReviewAction::Move, |d| move_faces(d, faces, to)).map(|(person, _)| person)
    }

    /// Takes faces out of their people: they become a group of their own, never to be grouped with those people again.
    /// Splitting a group is taking out the part that is somebody else. Returns the new group.
    pub fn take_out(&mut self, faces: &[FaceId]) -> Result<PersonId> {
        self.review_for(ReviewAction::TakeOut, |d| take_out(d, faces)).map(|(person, _)| person)
    }

    /// Joins two people: `from` goes into `into`, which keeps its id, and its name if it has one. Both groups' faces
    /// are confirmed, since their user said that they are one person; suggestions stay suggestions.
    pub fn merge(&mut self, from: PersonId, into: PersonId) -> Result<Touched> {
        if from == into {
            return Err(LibraryError::SamePerson);
        }
        self.review(ReviewAction::Merge, |d| {
            let from_row = rows::person(d.t, from)?.ok_or(LibraryError::NoSuchPerson(from))?;
            let mut into_row = rows::person(d.t, into)?.ok_or(LibraryError::NoSuchPerson(into))?;
            if into_row.name.is_none() {
                into_row.name = from_row.name;
                into_row.hidden = into_row.hidden && from_row.hidden;
                d.set_person(into, into_row)?;
            }
            confirm_grouped(d, into)?;
            for (face, belongs) in rows::faces_of(d.t, from)? {
                let belongs = match belongs {
                    Belongs::Suggested if !rows::is_rejected(d.t, face, into)? => Belongs::Suggested,
                    // Suggested for one, rejected for the other: the rejection is the user's word.
                    Belongs::Suggested => {
                        d.set_face(face, FaceState::Unassigned)?;
                        continue;
                    }
                    Belongs::Grouped | Belongs::Confirmed => Belongs::Confirmed,
                };
                d.set_face(face, FaceState::Of { person: into, belongs })?;
                d.set_rejected(face, into, false)?;
            }
            d.set_different(from, into, false)?;
            hand_over(d, from, into)?;
            d.delete_person(from)
        })
    }

    /// Remembers that two people are not the same one: no grouping joins them.
    pub fn mark_different(&mut self, a: PersonId, b: PersonId) -> Result<Touched> {
        if a == b {
            return Err(LibraryError::SamePerson);
        }
        self.review(ReviewAction::Different, |d| d.set_different(existing(d.t, a)?, existing(d.t, b)?, true))
    }

    /// Hides a person whom nobody needs to name: a passer-by, a poster. New faces like theirs are suggested for them,
    /// and so stay out of sight too.
    pub fn hide_person(&mut self, person: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Hide, |d| {
            let mut row = rows::person(d.t, person)?.ok_or(LibraryError::NoSuchPerson(person))?;
            row.hidden = true;
            d.set_person(person, row)?;
            confirm_grouped(d, person)
        })
    }

    pub fn show_person(&mut self, person: PersonId) -> Result<Touched> {
        self.review(ReviewAction::Show, |d| {
            let mut row = rows::person(d.t, person)?.ok_or(LibraryError::NoSuchPerson(person))?;
            row.hidden = false;
            d.set_person(person, row)
        })
    }

    /// Sets faces aside: out of people and groupings, until restored.
    pub fn set_aside(&mut self, faces: &[FaceId], why: SetAside) -> Result<Touched> {
        let action = match why {
            SetAside::Ignored => ReviewAction::Ignore,
            SetAside::NotAFace => ReviewAction::NotAFace,
        };
        self.review(action, |d| set_aside(d, faces, why))
    }

    /// Brings faces back that were set aside.
    pub fn restore(&mut self, faces: &[FaceId]) -> Result<Touched> {
        self.review(ReviewAction::Restore, |d| {
            for &face in faces {
                if matches!(state(d.t, face)?, FaceState::SetAside(_)) {
                    d.set_face(face, FaceState::Unassigned)?;
                }
            }
            Ok(())
        })
    }

    /// Chooses the face on a person's card.
    pub fn set_cover(&mut self, person: PersonId, face: FaceId) -> Result<Touched> {
        self.review(ReviewAction::Cover, |d| {
            state(d.t, face)?;
            let mut row = rows::person(d.t, person)?.ok_or(LibraryError::NoSuchPerson(person))?;
            row.cover_face = Some(face.0);
            d.set_person(person, row)
        })
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

fn confirm(d: &mut Decisions, faces: &[FaceId]) -> Result<()> {
    for &face in faces {
        if let Some(person) = state(d.t, face)?.person() {
            d.set_face(face, FaceState::Of { person, belongs: Belongs::Confirmed })?;
        }
    }
    Ok(())
}

fn move_faces(d: &mut Decisions, faces: &[FaceId], to: &Destination) -> Result<PersonId> {
    let person = match to {
        Destination::Person(person) => existing(d.t, *person)?,
        Destination::NewPerson { name } => d.create_person(Some(cleaned(name)?))?,
    };
    let after = FaceState::Of { person, belongs: Belongs::Confirmed };
    let mut left = leave(d, faces, after, Leaving::Moved)?;
    for &face in faces {
        d.set_rejected(face, person, false)?;
    }
    left.retain(|&other| other != person);
    tidy(d, &left)?;
    Ok(person)
}

fn take_out(d: &mut Decisions, faces: &[FaceId]) -> Result<PersonId> {
    let person = d.create_person(None)?;
    let left = leave(d, faces, FaceState::Of { person, belongs: Belongs::Grouped }, Leaving::Rejected)?;
    tidy(d, &left)?;
    Ok(person)
}

fn set_aside(d: &mut Decisions, faces: &[FaceId], why: SetAside) -> Result<()> {
    let left = leave(d, faces, FaceState::SetAside(why), Leaving::Moved)?;
    tidy(d, &left)
}

/// Whether the person that a face leaves is remembered as wrong.
#[derive(Clone, Copy, PartialEq)]
enum Leaving {
    Rejected,
    Moved,
}

/// Puts faces into a state and returns the people they left.
fn leave(d: &mut Decisions, faces: &[FaceId], after: FaceState, leaving: Leaving) -> Result<Vec<PersonId>> {
    let mut left = Vec::new();
    for &face in faces {
        if let Some(person) = state(d.t, face)?.person() {
            if leaving == Leaving::Rejected {
                d.set_rejected(face, person, true)?;
            }
            left.push(person);
        }
        d.set_face(face, after)?;
    }
    left.sort();
    left.dedup();
    Ok(left)
}

/// After faces left: a nameless group without faces is gone, and a cover that left is no cover.
fn tidy(d: &mut Decisions, people: &[PersonId]) -> Result<()> {
    for &person in people {
        let Some(mut row) = rows::person(d.t, person)? else { continue };
        if !row.is_known() && !rows::has_faces(d.t, person)? {
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

fn confirm_grouped(d: &mut Decisions, person: PersonId) -> Result<()> {
    for (face, belongs) in rows::faces_of(d.t, person)? {
        if belongs == Belongs::Grouped {
            d.set_face(face, FaceState::Of { person, belongs: Belongs::Confirmed })?;
        }
    }
    Ok(())
}

/// What was said about `from` now holds for `into`: who is not them, and which faces are not theirs.
pub(super) fn hand_over(d: &mut Decisions, from: PersonId, into: PersonId) -> Result<()> {
    for face in rows::rejecting_faces(d.t, from)? {
        if state(d.t, face)?.person() != Some(into) {
            d.set_rejected(face, into, true)?;
        }
    }
    for other in rows::different_from(d.t, from)? {
        if other != into {
            d.set_different(into, other, true)?;
        }
    }
    Ok(())
}

fn state(t: &Transaction, face: FaceId) -> Result<FaceState> {
    rows::face(t, face)?.ok_or(LibraryError::NoSuchFace(face))
}

fn existing(t: &Transaction, person: PersonId) -> Result<PersonId> {
    rows::person(t, person)?.map(|_| person).ok_or(LibraryError::NoSuchPerson(person))
}

fn cleaned(name: &str) -> Result<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { Err(LibraryError::EmptyName) } else { Ok(name) }
}
