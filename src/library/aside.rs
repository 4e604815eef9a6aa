//! What its user said and may want to take back: faces set aside, rejections, people told apart.

use rusqlite::Connection;

use super::error::Result;
use super::open::LibraryReader;
use super::review::rows::IS_WHEN_SET_ASIDE;
use super::review::{SetAside, rows};
use crate::types::{FaceId, PersonId, PhotoId};

/// A face that takes no part, where it is, and whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaceSetAside {
    pub face_id: FaceId,
    pub photo_id: PhotoId,
    pub why: SetAside,
    /// Who has it again when it is restored. None: it comes back as a group of its own.
    pub person: Option<PersonId>,
    /// Of that person.
    pub name: Option<String>,
}

/// "This face is not them."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub face_id: FaceId,
    pub photo_id: PhotoId,
    pub person: PersonId,
    /// None: a group without a name.
    pub name: Option<String>,
}

/// "These two are different people."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldApart {
    pub people: (PersonId, PersonId),
    pub names: (Option<String>, Option<String>),
}

/// What was decided that merging two people goes against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgainstMerge {
    /// "These two are different people."
    pub told_apart: bool,
    /// Faces of the one who goes that were said not to be the other …
    pub from_not_into: usize,
    /// … and the other way round.
    pub into_not_from: usize,
}

impl AgainstMerge {
    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Whether who knows `known` knows all of this.
    pub(super) fn is_within(self, known: Self) -> bool {
        self.told_apart <= known.told_apart
            && self.from_not_into <= known.from_not_into
            && self.into_not_from <= known.into_not_from
    }
}

/// A face set aside, and no other one to which it was carried over when an edit replaced its picture.
const IS_HERE: &str = "set_aside IS NOT NULL AND NOT (missing = 1 AND replaced_by IS NOT NULL \
    AND EXISTS (SELECT 1 FROM carried JOIN face AS copy ON copy.id = into_face WHERE carried.face_id = face.id \
    AND copy.id <> face.id AND copy.set_aside = face.set_aside))";

/// A rejection, and no other one that was carried over with its face when an edit replaced the picture: it is taken back
/// there, and with it this one.
const REJECTION_IS_HERE: &str = "NOT (missing = 1 AND replaced_by IS NOT NULL \
    AND EXISTS (SELECT 1 FROM carried JOIN rejected AS copy ON copy.face_id = into_face \
    WHERE carried.face_id = rejected.face_id AND into_face <> carried.face_id \
    AND copy.person_id = rejected.person_id))";

impl LibraryReader {
    /// What merging `from` into `into` would go against.
    pub fn against_merge(&self, from: PersonId, into: PersonId) -> Result<AgainstMerge> {
        self.read(|c| against_merge(c, from, into))
    }

    /// Every face set aside, strangers first, each in order of name, person and id; those without a name come last.
    pub(crate) fn faces_set_aside(&self) -> Result<Vec<FaceSetAside>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT face.id, photo_id, set_aside = 'stranger', min(was_of.person_id), name FROM face \
                 LEFT JOIN was_of ON face_id = face.id AND {IS_WHEN_SET_ASIDE} \
                 LEFT JOIN person ON person.id = was_of.person_id JOIN photo ON photo.id = photo_id WHERE {IS_HERE} \
                 GROUP BY face.id ORDER BY set_aside DESC, name IS NULL, name, was_of.person_id, face.id"
            ))?;
            let faces = query.query_map([], |row| {
                let why = if row.get(2)? { SetAside::Stranger } else { SetAside::NotAFace };
                Ok(FaceSetAside {
                    face_id: FaceId(row.get(0)?),
                    photo_id: PhotoId(row.get(1)?),
                    why,
                    person: row.get::<_, Option<i64>>(3)?.map(PersonId),
                    name: row.get(4)?,
                })
            })?;
            Ok(faces.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Every rejection, in order of person and face; of a face and its original, once.
    pub fn rejections(&self) -> Result<Vec<Rejection>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT face_id, photo_id, rejected.person_id, name FROM rejected JOIN face ON face.id = face_id \
                 JOIN photo ON photo.id = photo_id JOIN person ON person.id = rejected.person_id \
                 WHERE {REJECTION_IS_HERE} ORDER BY rejected.person_id, face_id",
            ))?;
            let rejections = query.query_map([], |row| {
                Ok(Rejection {
                    face_id: FaceId(row.get(0)?),
                    photo_id: PhotoId(row.get(1)?),
                    person: PersonId(row.get(2)?),
                    name: row.get(3)?,
                })
            })?;
            Ok(rejections.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Every two people who were told apart.
    pub fn told_apart(&self) -> Result<Vec<ToldApart>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT person_a, person_b, a.name, b.name FROM different JOIN person a ON a.id = person_a \
                 JOIN person b ON b.id = person_b ORDER BY person_a, person_b",
            )?;
            let pairs = query.query_map([], |row| {
                Ok(ToldApart {
                    people: (PersonId(row.get(0)?), PersonId(row.get(1)?)),
                    names: (row.get(2)?, row.get(3)?),
                })
            })?;
            Ok(pairs.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The faces that are not this person, each with its photo, in order of id.
    pub(crate) fn rejected_for(&self, person: PersonId) -> Result<Vec<(FaceId, PhotoId)>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT face_id, photo_id FROM rejected JOIN face ON face.id = face_id \
                 JOIN photo ON photo.id = photo_id WHERE rejected.person_id = ?1 AND {REJECTION_IS_HERE} ORDER BY face_id",
            ))?;
            let faces = query.query_map([person.0], |row| Ok((FaceId(row.get(0)?), PhotoId(row.get(1)?))))?;
            Ok(faces.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The people who are not this one, with their names, in order of id.
    pub(crate) fn told_apart_from(&self, person: PersonId) -> Result<Vec<(PersonId, Option<String>)>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT id, name FROM different JOIN person ON id = person_a + person_b - ?1 \
                 WHERE person_a = ?1 OR person_b = ?1 ORDER BY id",
            )?;
            let people = query.query_map([person.0], |row| Ok((PersonId(row.get(0)?), row.get(1)?)))?;
            Ok(people.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How much is set aside in all: lost faces and those let go, hidden people, faces, people told apart, rejections.
    pub(crate) fn count_set_aside(&self) -> Result<usize> {
        let lost = self.count_lost_faces()? + self.count_faces_let_go()?;
        self.read(|c| {
            let set_aside = format!("face JOIN photo ON photo.id = photo_id WHERE {IS_HERE}");
            let rejected = format!(
                "rejected JOIN face ON face.id = face_id JOIN photo ON photo.id = photo_id WHERE {REJECTION_IS_HERE}"
            );
            let tables = [set_aside.as_str(), "person WHERE hidden = 1", "different", rejected.as_str()];
            tables.into_iter().try_fold(lost, |sum, table| Ok(sum + rows_of(c, table)?))
        })
    }
}

pub(super) fn against_merge(c: &Connection, from: PersonId, into: PersonId) -> Result<AgainstMerge> {
    let rejected = |of: PersonId, not: PersonId| -> Result<usize> {
        let mut query = c.prepare_cached(&format!(
            "SELECT count(*) FROM rejected JOIN face ON face.id = face_id JOIN photo ON photo.id = photo_id \
             WHERE face.person_id = ?1 AND rejected.person_id = ?2 AND belongs <> 'suggested' AND {REJECTION_IS_HERE}"
        ))?;
        Ok(query.query_row([of.0, not.0], |row| row.get::<_, i64>(0))? as usize)
    };
    Ok(AgainstMerge {
        told_apart: rows::is_different(c, from.min(into), from.max(into))?,
        from_not_into: rejected(from, into)?,
        into_not_from: rejected(into, from)?,
    })
}

fn rows_of(c: &Connection, table: &str) -> Result<usize> {
    let mut query = c.prepare_cached(&format!("SELECT count(*) FROM {table}"))?;
    Ok(query.query_row([], |row| row.get::<_, i64>(0))? as usize)
}
