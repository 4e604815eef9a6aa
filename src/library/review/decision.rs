//! What a person can decide about faces and people, as data: the window sends it, the library does it as one step of
//! the history.

use super::{Destination, ReviewAction, SetAside, confirm, move_faces, rows, set_aside, take_out};
use crate::library::{Belongs, Library, Result};
use crate::types::{FaceId, PersonId, Touched};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Gives a person or an unnamed group its name.
    Name {
        person: PersonId,
        name: String,
    },
    Confirm {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// Confirms every suggestion of this person.
    ConfirmAll(PersonId),
    /// These faces are not this person; they are not suggested again.
    Reject {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    Move {
        faces: Vec<FaceId>,
        to: Destination,
    },
    /// Back among the faces without a person.
    TakeOut(Vec<FaceId>),
    Merge {
        from: PersonId,
        into: PersonId,
    },
    /// Keeps the person or group out of sight.
    Hide(PersonId),
    /// These detections show no face of a person.
    NotAPerson(PersonId),
    Undo,
    Redo,
}

impl Library {
    /// Does what was decided, as one step of the history, and returns what it touched: nothing where everything was
    /// already so. Of undo and redo that is what the reverted step's restored rows are about.
    ///
    /// # Errors
    /// When a face or a person named is not in the library, a name is empty, or a person is merged with themself.
    /// Nothing is changed then.
    pub fn decide(&mut self, decision: &Decision) -> Result<Touched> {
        let mut touched = match decision {
            Decision::Name { person, name } => self.name_person(*person, name)?,
            Decision::Confirm { faces, .. } => self.confirm(faces)?,
            Decision::ConfirmAll(person) => self.review(ReviewAction::Confirm, |d| {
                let faces = rows::faces_in_sight(d.t, *person)?.into_iter();
                let suggested = faces.filter(|&(_, belongs)| belongs == Belongs::Suggested);
                confirm(d, &suggested.map(|(face, _)| face).collect::<Vec<_>>())
            })?,
            Decision::Reject { faces, .. } => self.reject(faces)?,
            Decision::Move { faces, to } => self.review_for(ReviewAction::Move, |d| move_faces(d, faces, to))?.1,
            Decision::TakeOut(faces) => self.review_for(ReviewAction::TakeOut, |d| take_out(d, faces))?.1,
            Decision::Merge { from, into } => self.merge(*from, *into)?,
            Decision::Hide(person) => self.hide_person(*person)?,
            Decision::NotAPerson(person) => self.review(ReviewAction::NotAFace, |d| {
                let faces = rows::faces_in_sight(d.t, *person)?.into_iter();
                set_aside(d, &faces.map(|(face, _)| face).collect::<Vec<_>>(), SetAside::NotAFace)
            })?,
            Decision::Undo => self.undo()?.map(|reverted| reverted.touched).unwrap_or_default(),
            Decision::Redo => self.redo()?.map(|reverted| reverted.touched).unwrap_or_default(),
        };
        // Where the faces have gone elsewhere meanwhile, who asked still sees them with this person.
        if let Decision::Confirm { person, .. } | Decision::Reject { person, .. } = decision
            && !touched.everything
            && let Err(place) = touched.people.binary_search(person)
        {
            touched.people.insert(place, *person);
        }
        Ok(touched)
    }
}
