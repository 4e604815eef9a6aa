//! What a person can decide about faces and people, as data: the window sends it, the library does it as one step of
//! the history.

use super::{Destination, SetAside};
use crate::library::{Belongs, Library, Result};
use crate::types::{FaceId, ModelId, PersonId, Touched};

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
    /// Does what was decided, as one step of the history. The model's embeddings order a person's faces.
    pub fn decide(&mut self, decision: &Decision, model: &ModelId) -> Result<Touched> {
        match decision {
            Decision::Name { person, name } => self.name_person(*person, name)?,
            Decision::Confirm { faces, .. } => self.confirm(faces)?,
            Decision::ConfirmAll(person) => {
                let faces = self.faces_that(*person, model, |belongs| belongs == Belongs::Suggested)?;
                self.confirm(&faces)?;
            }
            Decision::Reject { faces, .. } => self.reject(faces)?,
            Decision::Move { faces, to } => _ = self.move_faces(faces, to)?,
            Decision::TakeOut(faces) => _ = self.take_out(faces)?,
            Decision::Merge { from, into } => self.merge(*from, *into)?,
            Decision::Hide(person) => self.hide_person(*person)?,
            Decision::NotAPerson(person) => {
                let faces = self.faces_that(*person, model, |_| true)?;
                self.set_aside(&faces, SetAside::NotAFace)?;
            }
            Decision::Undo => _ = self.undo()?,
            Decision::Redo => _ = self.redo()?,
        }
        Ok(Touched::everything())
    }

    fn faces_that(&self, person: PersonId, model: &ModelId, wanted: impl Fn(Belongs) -> bool) -> Result<Vec<FaceId>> {
        let faces = self.faces_of_person(person, model)?.into_iter();
        Ok(faces.filter(|face| wanted(face.belongs)).map(|face| face.face_id).collect())
    }
}
