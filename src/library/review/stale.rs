//! Whether something is still as its user saw it.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::rows::{self, Belongs, FaceState, RevisedRow, SetAside, Stamp};
use crate::library::aside::{self, AgainstMerge};
use crate::library::error::{LibraryError, Result, Stale};
use crate::library::open::LibraryReader;
use crate::library::{carry, sought};
use crate::types::{FaceId, PersonId, PhotoId, Revision};

/// What one writer itself changed: its user knows that before it is read again.
#[derive(Debug, Default)]
pub(in crate::library) struct OwnRevisions {
    made: HashSet<i64>,
    /// The latest change by others that an own one covers, by row: its user may not have seen it yet.
    covered: HashMap<RevisedRow, i64>,
}

impl OwnRevisions {
    pub(super) fn note(&mut self, stamp: Stamp) {
        let by_others = stamp.covered.into_iter().filter(|(_, revision)| !self.made.contains(revision));
        self.covered.extend(by_others);
        self.made.insert(stamp.revision);
    }
}

/// The revision that somebody looked at, and the changes that they themselves made since.
pub(super) struct StaleCheck<'a> {
    pub revision: Revision,
    pub own: &'a OwnRevisions,
}

impl LibraryReader {
    /// Refuses a person who has changed since this revision.
    pub(crate) fn person_as_seen(&self, person: PersonId, revision: Revision) -> Result<()> {
        self.read(|c| StaleCheck { revision, own: &OwnRevisions::default() }.people(c, &[person]))
    }
}

impl StaleCheck<'_> {
    fn is_seen(&self, row: RevisedRow, revision: i64) -> bool {
        let covered = self.own.covered.get(&row);
        let is_known = revision <= self.revision.0 || self.own.made.contains(&revision);
        is_known && covered.is_none_or(|covered| *covered <= self.revision.0)
    }

    pub fn has_seen_face(&self, c: &Connection, face: FaceId) -> Result<bool> {
        Ok(self.is_seen(RevisedRow::Face(face), rows::face_revision(c, face)?.unwrap_or(0)))
    }

    /// Refuses people who have changed, from whom others have taken faces, or of whom others have said who they are not.
    pub fn people(&self, c: &Connection, people: &[PersonId]) -> Result<()> {
        for &person in people {
            match rows::person_revision(c, person)? {
                None => return Err(LibraryError::Stale(Stale::PersonGone)),
                Some(revision) if !self.is_seen(RevisedRow::Person(person), revision) => {
                    return Err(LibraryError::Stale(Stale::PersonChanged));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Refuses to join people of whom more was said against it than their user knows.
    pub fn merge(&self, c: &Connection, (from, into): (PersonId, PersonId), known: AgainstMerge) -> Result<()> {
        self.people(c, &[from, into])?;
        match aside::against_merge(c, from, into)?.is_within(known) {
            true => Ok(()),
            false => Err(LibraryError::Stale(Stale::SaidApart)),
        }
    }

    /// Refuses faces about which others have decided.
    pub fn faces(&self, c: &Connection, faces: &[FaceId]) -> Result<()> {
        for &face in faces {
            match rows::face_revision(c, face)? {
                None => return Err(LibraryError::Stale(Stale::FaceGone)),
                Some(revision) if !self.is_seen(RevisedRow::Face(face), revision) => {
                    return Err(LibraryError::Stale(Stale::FaceDecided));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Refuses photos that are not in the library any more.
    pub fn photos(&self, c: &Connection, mut photos: impl Iterator<Item = PhotoId>) -> Result<()> {
        let mut query = c.prepare_cached("SELECT 1 FROM photo WHERE id = ?1 AND missing = 0")?;
        match photos.try_fold(true, |all, photo| query.exists([photo.0]).map(|is_there| all && is_there))? {
            true => Ok(()),
            false => Err(LibraryError::Stale(Stale::FaceGone)),
        }
    }

    /// Refuses faces that are not lost any more as well: what was decided of them holds where they are.
    pub fn lost(&self, c: &Connection, of: Option<PersonId>, faces: &[FaceId]) -> Result<()> {
        self.faces_of(c, of, faces)?;
        for &face in faces {
            if !sought::is_lost(c, face)? {
                return Err(LibraryError::Stale(Stale::FaceFound));
            }
        }
        Ok(())
    }

    /// Refuses faces that are not let go any more as well.
    pub fn let_go(&self, c: &Connection, of: Option<PersonId>, faces: &[FaceId]) -> Result<()> {
        self.faces_of(c, of, faces)?;
        for &face in faces {
            if !carry::is_let_go(c, face)? {
                return Err(LibraryError::Stale(Stale::FaceDecided));
            }
        }
        Ok(())
    }

    /// Refuses faces that are not set aside any more as well, and those that are somebody else's when they are back.
    pub fn set_aside(&self, c: &Connection, of: Option<PersonId>, faces: &[FaceId]) -> Result<()> {
        self.faces(c, faces)?;
        for &face in faces {
            if !matches!(rows::face(c, face)?, Some(FaceState::SetAside(_))) {
                return Err(LibraryError::Stale(Stale::FaceDecided));
            }
            if rows::was_when_set_aside(c, face)?.map(|(person, _)| person) != of {
                return Err(LibraryError::Stale(Stale::FaceMoved));
            }
        }
        // A group that went with its last face is there again with it.
        match of {
            Some(person) if rows::person(c, person)?.is_some() => self.people(c, &[person]),
            _ => Ok(()),
        }
    }

    /// Refuses to put a lost face back where something has become of either, or of whom it is; and onto a face of which
    /// its user has said something else, which would be gone without a word.
    pub fn put_back(&self, c: &Connection, person: Option<PersonId>, lost: FaceId, onto: FaceId) -> Result<()> {
        self.lost(c, person, &[lost])?;
        self.faces(c, &[onto])?;
        let (lost, now) = (rows::face(c, lost)?, rows::face(c, onto)?);
        let refused = match now {
            Some(FaceState::Of { person: other, belongs }) if belongs.is_decided() && Some(other) != person => {
                Some(Stale::FaceOfOther)
            }
            Some(FaceState::SetAside(SetAside::NotAFace)) if now != lost => Some(Stale::FaceNotAFace),
            Some(FaceState::SetAside(SetAside::Stranger)) if now != lost => Some(Stale::FaceStranger),
            _ => match person {
                Some(person) if rows::is_rejected(c, onto, person)? => Some(Stale::FaceRejected),
                _ => None,
            },
        };
        refused.map_or(Ok(()), |stale| Err(LibraryError::Stale(stale)))
    }

    /// Refuses a rejection that is not there any more as well.
    pub fn rejection(&self, c: &Connection, person: PersonId, face: FaceId) -> Result<()> {
        self.faces(c, &[face])?;
        self.people(c, &[person])?;
        match rows::is_rejected(c, face, person)? {
            true => Ok(()),
            false => Err(LibraryError::Stale(Stale::FaceDecided)),
        }
    }

    /// Refuses faces that are not this person's any more, and a person who has changed: a yes to Ada is none to Bo, as
    /// whom she may be known by now. A yes to a face that still is hers means the same, whatever others have said of it.
    /// Where nobody is named, they are to be nobody's.
    pub fn still_of(&self, c: &Connection, person: Option<PersonId>, faces: &[FaceId]) -> Result<()> {
        if let Some(person) = person
            && rows::person(c, person)?.is_none()
        {
            return Err(LibraryError::Stale(Stale::PersonGone));
        }
        for &face in faces {
            match rows::face(c, face)?.map(FaceState::person) {
                None => return Err(LibraryError::Stale(Stale::FaceGone)),
                Some(now) if now == person => {}
                Some(None) => return Err(LibraryError::Stale(Stale::FaceDecided)),
                Some(Some(_)) => return Err(LibraryError::Stale(Stale::FaceMoved)),
            }
        }
        self.people(c, person.as_slice())
    }

    /// Refuses faces about which others have decided as well.
    pub fn faces_of(&self, c: &Connection, person: Option<PersonId>, faces: &[FaceId]) -> Result<()> {
        self.still_of(c, person, faces)?;
        self.faces(c, faces)
    }

    /// The faces of a person that were in sight and seen.
    pub fn of_person(&self, c: &Connection, person: PersonId, only: Option<Belongs>) -> Result<Vec<FaceId>> {
        let mut faces = Vec::new();
        for (face, belongs) in rows::faces_in_sight(c, person)? {
            if only.is_none_or(|only| only == belongs) && self.has_seen_face(c, face)? {
                faces.push(face);
            }
        }
        Ok(faces)
    }
}
