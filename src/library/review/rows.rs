//! Reading and writing the rows that hold decisions, one function a question.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::library::error::Result;
use crate::types::{FaceId, PersonId};

/// How a face belongs to its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Belongs {
    /// Put there by the grouping; the next grouping may put it elsewhere.
    Grouped,
    /// Looks like a person whom the user knows; waits for a yes or no.
    Suggested,
    /// The user named the group that it was in. Only the user changes it.
    Named,
    /// The user said so of this face. Only the user changes it.
    Confirmed,
}

impl Belongs {
    /// Whether the user's word holds the face, and no grouping moves it.
    pub(crate) fn is_decided(self) -> bool {
        matches!(self, Self::Named | Self::Confirmed)
    }
}

/// Why a face takes no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetAside {
    /// A face nobody needs to name.
    #[serde(alias = "ignored")]
    Stranger,
    /// The detector was wrong.
    NotAFace,
}

/// Everything decided about a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaceState {
    Unassigned,
    Of { person: PersonId, belongs: Belongs },
    SetAside(SetAside),
}

impl FaceState {
    pub fn person(self) -> Option<PersonId> {
        match self {
            Self::Of { person, .. } => Some(person),
            _ => None,
        }
    }

    /// How it belongs to its person.
    pub fn belongs(self) -> Option<Belongs> {
        match self {
            Self::Of { belongs, .. } => Some(belongs),
            Self::Unassigned | Self::SetAside(_) => None,
        }
    }

    /// Whether the user gave the face to its person.
    pub(crate) fn is_decided(self) -> bool {
        matches!(self, Self::Of { belongs, .. } if belongs.is_decided())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::library) struct PersonRow {
    pub name: Option<String>,
    pub hidden: bool,
    pub cover_face: Option<i64>,
    pub created_at: i64,
}

impl PersonRow {
    /// Somebody about whom the user said something, who must not vanish.
    pub fn is_known(&self) -> bool {
        self.name.is_some() || self.hidden
    }
}

/// Reads person_id, belongs, set_aside from three columns beginning at `first`.
pub(in crate::library) fn state_at(row: &rusqlite::Row, first: usize) -> rusqlite::Result<FaceState> {
    let person: Option<i64> = row.get(first)?;
    if let Some(person) = person {
        let belongs = belongs_at(row, first + 1)?;
        return Ok(FaceState::Of { person: PersonId(person), belongs });
    }
    Ok(match row.get_ref(first + 2)?.as_str_or_null()? {
        None => FaceState::Unassigned,
        Some("stranger") => FaceState::SetAside(SetAside::Stranger),
        Some("not_a_face") => FaceState::SetAside(SetAside::NotAFace),
        Some(_) => return Err(unknown_word(first + 2, "set_aside")),
    })
}

pub(in crate::library) fn belongs_at(row: &rusqlite::Row, column: usize) -> rusqlite::Result<Belongs> {
    Ok(match row.get_ref(column)?.as_str()? {
        "grouped" => Belongs::Grouped,
        "suggested" => Belongs::Suggested,
        "named" => Belongs::Named,
        "confirmed" => Belongs::Confirmed,
        _ => return Err(unknown_word(column, "belongs")),
    })
}

/// A word that no version has written: guessing would be a decision that nobody made.
pub(in crate::library) fn unknown_word(column: usize, name: &str) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, name.to_owned(), rusqlite::types::Type::Text)
}

pub(in crate::library) fn face(c: &Connection, face: FaceId) -> Result<Option<FaceState>> {
    let mut query = c.prepare_cached("SELECT person_id, belongs, set_aside FROM face WHERE id = ?1")?;
    Ok(query.query_row([face.0], |row| state_at(row, 0)).optional()?)
}

/// Counts a change of faces and people, and returns its number.
pub(in crate::library) fn next_revision(c: &Connection) -> Result<i64> {
    let mut query = c.prepare_cached("UPDATE clock SET revision = revision + 1 RETURNING revision")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

pub(in crate::library) fn face_revision(c: &Connection, face: FaceId) -> Result<Option<i64>> {
    let mut query = c.prepare_cached("SELECT revision FROM face WHERE id = ?1")?;
    Ok(query.query_row([face.0], |row| row.get(0)).optional()?)
}

pub(in crate::library) fn person_revision(c: &Connection, person: PersonId) -> Result<Option<i64>> {
    let mut query = c.prepare_cached("SELECT revision FROM person WHERE id = ?1")?;
    Ok(query.query_row([person.0], |row| row.get(0)).optional()?)
}

/// What a revision is kept of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::library) enum RevisedRow {
    Face(FaceId),
    Person(PersonId),
}

/// The number of one change, and the earlier changes of the same rows that it covers: a row tells its last one only.
#[derive(Debug)]
pub(in crate::library) struct Stamp {
    pub revision: i64,
    pub covered: Vec<(RevisedRow, i64)>,
}

impl Stamp {
    /// Counts a change of faces and people.
    pub fn next(c: &Connection) -> Result<Self> {
        Ok(Self { revision: next_revision(c)?, covered: Vec::new() })
    }

    fn cover(&mut self, row: RevisedRow, before: Option<i64>) {
        if let Some(before) = before.filter(|before| *before != self.revision) {
            self.covered.push((row, before));
        }
    }
}

/// Notes that something about a person has changed that stands in other rows: a face has left them, or somebody was said
/// to be somebody else.
pub(in crate::library) fn touch_person(c: &Connection, person: PersonId, stamp: &mut Stamp) -> Result<()> {
    stamp.cover(RevisedRow::Person(person), person_revision(c, person)?);
    c.prepare_cached("UPDATE person SET revision = ?2 WHERE id = ?1")?.execute([person.0, stamp.revision])?;
    Ok(())
}

pub(in crate::library) fn write_face(c: &Connection, face: FaceId, state: FaceState, stamp: &mut Stamp) -> Result<()> {
    stamp.cover(RevisedRow::Face(face), face_revision(c, face)?);
    let (person, belongs, set_aside) = match state {
        FaceState::Unassigned => (None, None, None),
        FaceState::Of { person, belongs } => (Some(person.0), Some(belongs_name(belongs)), None),
        FaceState::SetAside(SetAside::Stranger) => (None, None, Some("stranger")),
        FaceState::SetAside(SetAside::NotAFace) => (None, None, Some("not_a_face")),
    };
    c.prepare_cached("UPDATE face SET person_id = ?2, belongs = ?3, set_aside = ?4, revision = ?5 WHERE id = ?1")?
        .execute(params![face.0, person, belongs, set_aside, stamp.revision])?;
    Ok(())
}

pub(in crate::library) fn belongs_name(belongs: Belongs) -> &'static str {
    match belongs {
        Belongs::Grouped => "grouped",
        Belongs::Suggested => "suggested",
        Belongs::Named => "named",
        Belongs::Confirmed => "confirmed",
    }
}

pub(in crate::library) fn person(c: &Connection, person: PersonId) -> Result<Option<PersonRow>> {
    let mut query = c.prepare_cached("SELECT name, hidden, cover_face, created_at FROM person WHERE id = ?1")?;
    let row = query.query_row([person.0], |row| {
        Ok(PersonRow { name: row.get(0)?, hidden: row.get(1)?, cover_face: row.get(2)?, created_at: row.get(3)? })
    });
    Ok(row.optional()?)
}

/// Somebody new.
pub(in crate::library) fn insert_person(c: &Connection, row: &PersonRow, stamp: &Stamp) -> Result<PersonId> {
    c.prepare_cached(
        "INSERT INTO person (name, hidden, cover_face, created_at, revision) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![row.name, row.hidden, row.cover_face, row.created_at, stamp.revision])?;
    Ok(PersonId(c.last_insert_rowid()))
}

pub(in crate::library) fn write_person(
    c: &Connection,
    person: PersonId,
    row: &PersonRow,
    stamp: &mut Stamp,
) -> Result<()> {
    stamp.cover(RevisedRow::Person(person), person_revision(c, person)?);
    c.prepare_cached(
        "INSERT INTO person (id, name, hidden, cover_face, created_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, hidden = excluded.hidden, \
         cover_face = excluded.cover_face, created_at = excluded.created_at, revision = excluded.revision",
    )?
    .execute(params![person.0, row.name, row.hidden, row.cover_face, row.created_at, stamp.revision])?;
    Ok(())
}

/// The faces of a person with their state, in order of id.
pub(in crate::library) fn faces_of(c: &Connection, person: PersonId) -> Result<Vec<(FaceId, Belongs)>> {
    faces_where(c, person, "SELECT id, person_id, belongs, NULL FROM face WHERE person_id = ?1 ORDER BY id")
}

/// Of these, the faces whose photo is on the disk: those that a window shows.
pub(in crate::library) fn faces_in_sight(c: &Connection, person: PersonId) -> Result<Vec<(FaceId, Belongs)>> {
    faces_where(
        c,
        person,
        "SELECT id, person_id, belongs, NULL FROM face WHERE person_id = ?1 \
         AND photo_id NOT IN (SELECT id FROM photo WHERE missing = 1) ORDER BY id",
    )
}

fn faces_where(c: &Connection, person: PersonId, sql: &str) -> Result<Vec<(FaceId, Belongs)>> {
    let mut query = c.prepare_cached(sql)?;
    let mut rows = query.query([person.0])?;
    let mut faces = Vec::new();
    while let Some(row) = rows.next()? {
        if let FaceState::Of { belongs, .. } = state_at(row, 1)? {
            faces.push((FaceId(row.get(0)?), belongs));
        }
    }
    Ok(faces)
}

/// Whether a face, a rejection or a "different people" still points at the person.
pub(in crate::library) fn is_in_use(c: &Connection, person: PersonId) -> Result<bool> {
    let mut query = c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM face WHERE person_id = ?1) OR EXISTS (SELECT 1 FROM rejected WHERE person_id = ?1) \
         OR EXISTS (SELECT 1 FROM different WHERE person_a = ?1 OR person_b = ?1)",
    )?;
    Ok(query.query_row([person.0], |row| row.get(0))?)
}

pub(in crate::library) fn has_faces(c: &Connection, person: PersonId) -> Result<bool> {
    Ok(c.prepare_cached("SELECT 1 FROM face WHERE person_id = ?1")?.exists([person.0])?)
}

pub(in crate::library) fn rejecting_faces(c: &Connection, person: PersonId) -> Result<Vec<FaceId>> {
    let mut query = c.prepare_cached("SELECT face_id FROM rejected WHERE person_id = ?1 ORDER BY face_id")?;
    Ok(query.query_map([person.0], |row| Ok(FaceId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}

pub(in crate::library) fn is_rejected(c: &Connection, face: FaceId, person: PersonId) -> Result<bool> {
    Ok(c.prepare_cached("SELECT 1 FROM rejected WHERE face_id = ?1 AND person_id = ?2")?
        .exists(params![face.0, person.0])?)
}

pub(in crate::library) fn write_rejected(c: &Connection, face: FaceId, person: PersonId, to: bool) -> Result<()> {
    let sql = match to {
        true => "INSERT OR IGNORE INTO rejected (face_id, person_id) VALUES (?1, ?2)",
        false => "DELETE FROM rejected WHERE face_id = ?1 AND person_id = ?2",
    };
    c.prepare_cached(sql)?.execute(params![face.0, person.0])?;
    Ok(())
}

/// How the face belonged to the person when it was set aside, or said not to be theirs.
pub(in crate::library) fn was_of(c: &Connection, face: FaceId, person: PersonId) -> Result<Option<Belongs>> {
    let mut query = c.prepare_cached("SELECT belongs FROM was_of WHERE face_id = ?1 AND person_id = ?2")?;
    Ok(query.query_row([face.0, person.0], |row| belongs_at(row, 0)).optional()?)
}

/// A row of `was_of` that tells whose a face was when it was set aside. The others tell whose it was said not to be. Where
/// there are several, the first person counts.
pub(in crate::library) const IS_WHEN_SET_ASIDE: &str = "NOT EXISTS (SELECT 1 FROM rejected \
    WHERE rejected.face_id = was_of.face_id AND rejected.person_id = was_of.person_id)";

/// Whose the face was when it was set aside.
pub(in crate::library) fn was_when_set_aside(c: &Connection, face: FaceId) -> Result<Option<(PersonId, Belongs)>> {
    let mut query = c.prepare_cached(&format!(
        "SELECT person_id, belongs FROM was_of WHERE face_id = ?1 AND {IS_WHEN_SET_ASIDE} ORDER BY person_id LIMIT 1"
    ))?;
    Ok(query.query_row([face.0], |row| Ok((PersonId(row.get(0)?), belongs_at(row, 1)?))).optional()?)
}

/// The faces that were this person's and were set aside.
pub(in crate::library) fn set_aside_of(c: &Connection, person: PersonId) -> Result<Vec<(FaceId, Belongs)>> {
    let mut query = c.prepare_cached(&format!(
        "SELECT face_id, belongs FROM was_of WHERE person_id = ?1 AND {IS_WHEN_SET_ASIDE} ORDER BY face_id"
    ))?;
    Ok(query
        .query_map([person.0], |row| Ok((FaceId(row.get(0)?), belongs_at(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

pub(in crate::library) fn write_was_of(
    c: &Connection,
    face: FaceId,
    person: PersonId,
    belongs: Option<Belongs>,
) -> Result<()> {
    match belongs {
        Some(belongs) => c
            .prepare_cached("INSERT OR REPLACE INTO was_of (face_id, person_id, belongs) VALUES (?1, ?2, ?3)")?
            .execute(params![face.0, person.0, belongs_name(belongs)])?,
        None => {
            c.prepare_cached("DELETE FROM was_of WHERE face_id = ?1 AND person_id = ?2")?.execute([face.0, person.0])?
        }
    };
    Ok(())
}

/// The face that shows a person best, of those on the disk.
pub(in crate::library) fn best_face(c: &Connection, person: PersonId) -> Result<Option<FaceId>> {
    let mut query = c.prepare_cached(
        "SELECT id FROM face WHERE person_id = ?1 AND photo_id NOT IN (SELECT id FROM photo WHERE missing = 1) \
         ORDER BY belongs = 'suggested', quality DESC LIMIT 1",
    )?;
    Ok(query.query_row([person.0], |row| row.get(0).map(FaceId)).optional()?)
}

pub(in crate::library) fn different_from(c: &Connection, person: PersonId) -> Result<Vec<PersonId>> {
    let mut query = c.prepare_cached(
        "SELECT person_b FROM different WHERE person_a = ?1 UNION SELECT person_a FROM different WHERE person_b = ?1",
    )?;
    Ok(query.query_map([person.0], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}

/// Expects `a < b`.
pub(in crate::library) fn is_different(c: &Connection, a: PersonId, b: PersonId) -> Result<bool> {
    Ok(c.prepare_cached("SELECT 1 FROM different WHERE person_a = ?1 AND person_b = ?2")?.exists(params![a.0, b.0])?)
}

/// Expects `a < b`.
pub(in crate::library) fn write_different(c: &Connection, a: PersonId, b: PersonId, to: bool) -> Result<()> {
    let sql = match to {
        true => "INSERT OR IGNORE INTO different (person_a, person_b) VALUES (?1, ?2)",
        false => "DELETE FROM different WHERE person_a = ?1 AND person_b = ?2",
    };
    c.prepare_cached(sql)?.execute(params![a.0, b.0])?;
    Ok(())
}

/// The same face in the pictures that took the place of this one's.
pub(in crate::library) fn carried_to(c: &Connection, face: FaceId) -> Result<Vec<FaceId>> {
    let mut query = c.prepare_cached("SELECT into_face FROM carried WHERE face_id = ?1 ORDER BY into_face")?;
    Ok(query.query_map([face.0], |row| row.get(0).map(FaceId))?.collect::<rusqlite::Result<_>>()?)
}

/// The same face in the pictures whose place this one's took, directly or by way of others, and that no file shows any more.
pub(in crate::library) fn originals(c: &Connection, face: FaceId) -> Result<Vec<FaceId>> {
    let mut query = c.prepare_cached(
        "WITH RECURSIVE same (id) AS (SELECT ?1 UNION SELECT face_id FROM same JOIN carried ON into_face = same.id \
         JOIN face ON face.id = face_id JOIN photo ON photo.id = photo_id WHERE missing = 1 AND replaced_by IS NOT NULL) \
         SELECT id FROM same WHERE id <> ?1 ORDER BY id",
    )?;
    Ok(query.query_map([face.0], |row| row.get(0).map(FaceId))?.collect::<rusqlite::Result<_>>()?)
}

pub(in crate::library) fn is_carried(c: &Connection, face: FaceId, into: FaceId) -> Result<bool> {
    Ok(c.prepare_cached("SELECT 1 FROM carried WHERE face_id = ?1 AND into_face = ?2")?.exists([face.0, into.0])?)
}

pub(in crate::library) fn write_carried(c: &Connection, face: FaceId, into: FaceId, to: bool) -> Result<()> {
    let sql = match to {
        true => "INSERT OR IGNORE INTO carried (face_id, into_face) VALUES (?1, ?2)",
        false => "DELETE FROM carried WHERE face_id = ?1 AND into_face = ?2",
    };
    c.prepare_cached(sql)?.execute([face.0, into.0])?;
    Ok(())
}

/// The people whom a face is not.
pub(in crate::library) fn rejected_for(c: &Connection, face: FaceId) -> Result<Vec<PersonId>> {
    let mut query = c.prepare_cached("SELECT person_id FROM rejected WHERE face_id = ?1 ORDER BY person_id")?;
    Ok(query.query_map([face.0], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether a rejection or a "different people" names the person.
pub(in crate::library) fn is_spoken_of(c: &Connection, person: PersonId) -> Result<bool> {
    let mut query = c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM rejected WHERE person_id = ?1) \
         OR EXISTS (SELECT 1 FROM different WHERE person_a = ?1 OR person_b = ?1)",
    )?;
    Ok(query.query_row([person.0], |row| row.get(0))?)
}
