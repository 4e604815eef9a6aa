//! Whether something is still as its user saw it.

use std::collections::HashSet;

use rusqlite::Connection;

use super::rows::{self, Belongs, FaceState};
use crate::library::error::{LibraryError, Result, Stale};
use crate::library::sought;
use crate::types::{FaceId, PersonId, Revision};

/// The revision that somebody looked at, and the changes that they themselves made since.
pub(super) struct StaleCheck<'a> {
    pub revision: Revision,
    pub own: &'a HashSet<i64>,
}

impl StaleCheck<'_> {
    pub fn is_seen(&self, revision: i64) -> bool {
        revision <= self.revision.0 || self.own.contains(&revision)
    }

    /// Refuses people who have changed, or from whom others have taken faces.
    pub fn people(&self, c: &Connection, people: &[PersonId]) -> Result<()> {
        for &person in people {
            match rows::person_revision(c, person)? {
                None => return Err(LibraryError::Stale(Stale::PersonGone)),
                Some(revision) if !self.is_seen(revision) => return Err(LibraryError::Stale(Stale::PersonChanged)),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Refuses faces about which others have decided.
    pub fn faces(&self, c: &Connection, faces: &[FaceId]) -> Result<()> {
        for &face in faces {
            match rows::face_revision(c, face)? {
                None => return Err(LibraryError::Stale(Stale::FaceGone)),
                Some(revision) if !self.is_seen(revision) => return Err(LibraryError::Stale(Stale::FaceDecided)),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Refuses faces that are not lost any more as well: what was decided of them holds where they are.
    pub fn lost(&self, c: &Connection, faces: &[FaceId]) -> Result<()> {
        self.faces(c, faces)?;
        for &face in faces {
            if !sought::is_lost(c, face)? {
                return Err(LibraryError::Stale(Stale::FaceFound));
            }
        }
        Ok(())
    }

    /// Refuses somebody who has another name by now, is hidden, or shown again. Faces may have come and gone.
    pub fn still_called_so(&self, c: &Connection, person: PersonId) -> Result<()> {
        match rows::said_revision(c, person)? {
            None => Err(LibraryError::Stale(Stale::PersonGone)),
            Some(revision) if !self.is_seen(revision) => Err(LibraryError::Stale(Stale::PersonChanged)),
            Some(_) => Ok(()),
        }
    }

    /// Refuses faces that are not this person's any more, or of somebody with another name by now. A yes to one that still is means the same, whatever others
    /// have said of it.
    pub fn still_of(&self, c: &Connection, person: PersonId, faces: &[FaceId]) -> Result<()> {
        self.still_called_so(c, person)?;
        for &face in faces {
            match rows::face(c, face)?.map(FaceState::person) {
                None => return Err(LibraryError::Stale(Stale::FaceGone)),
                Some(now) if now == Some(person) => {}
                Some(None) => return Err(LibraryError::Stale(Stale::FaceDecided)),
                Some(Some(_)) => return Err(LibraryError::Stale(Stale::FaceMoved)),
            }
        }
        Ok(())
    }

    /// Refuses faces about which others have decided as well.
    pub fn faces_of(&self, c: &Connection, person: PersonId, faces: &[FaceId]) -> Result<()> {
        self.still_of(c, person, faces)?;
        self.faces(c, faces)
    }

    /// The faces of a person that were in sight and seen.
    pub fn of_person(&self, c: &Connection, person: PersonId, only: Option<Belongs>) -> Result<Vec<FaceId>> {
        let mut faces = Vec::new();
        for (face, belongs) in rows::faces_in_sight(c, person)? {
            let revision = rows::face_revision(c, face)?.unwrap_or(0);
            if only.is_none_or(|only| only == belongs) && self.is_seen(revision) {
                faces.push(face);
            }
        }
        Ok(faces)
    }
}
