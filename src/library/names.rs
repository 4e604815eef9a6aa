//! What meets the names that other programs gave: the faces of photos, and what was answered before.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Deserialize;
use serde_json::json;

use super::error::{LibraryError, Result};
use super::faces::forgotten_places;
use super::open::LibraryReader;
use super::path;
use super::review::{FaceState, rows};
use super::vectors::embedding_from;
use crate::types::{Embedding, FaceBox, FaceId, ModelId, PersonId, PhotoId};

/// A photo at one of its paths, with its faces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhotoWithFaces {
    pub id: PhotoId,
    pub path: PathBuf,
    /// Upright.
    pub size: (u32, u32),
    pub faces: Vec<FaceWithOwner>,
    /// Where somebody was who is to be forgotten.
    pub forgotten: Vec<FaceBox>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaceWithOwner {
    pub id: FaceId,
    /// In the upright picture, in pixels.
    pub face_box: FaceBox,
    pub state: FaceState,
    /// Of its person.
    pub name: Option<String>,
    /// Of people whom its user said it is not.
    pub denied: Vec<String>,
    /// None where the model has not embedded the face.
    pub embedding: Option<Embedding>,
}

/// An answer to a name in a photo, as the part that offers names says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameAnswer {
    pub photo: PhotoId,
    pub name: String,
    /// None: nothing is answered any more.
    pub answer: Option<String>,
}

impl LibraryReader {
    /// The photos below a folder, each at every path that is there, in order of their paths.
    pub(crate) fn photos_with_faces(&self, folder: &Path, model: &ModelId) -> Result<Vec<PhotoWithFaces>> {
        self.read(|c| {
            let mut query = c.prepare(
                "SELECT file.path, photo_id, width, height FROM file JOIN photo ON photo.id = photo_id \
                 WHERE file.missing = 0 AND state = 'done' ORDER BY file.path",
            )?;
            let mut rows = query.query([])?;
            let mut photos = Vec::new();
            while let Some(row) = rows.next()? {
                let path = path::from_bytes(row.get(0)?);
                if path.starts_with(folder) {
                    let (id, size) = (PhotoId(row.get(1)?), (row.get(2)?, row.get(3)?));
                    let (faces, forgotten) = (faces_of(c, id, model)?, forgotten_places(c, id)?);
                    photos.push(PhotoWithFaces { id, path, size, faces, forgotten });
                }
            }
            Ok(photos)
        })
    }

    pub(crate) fn named_people(&self) -> Result<Vec<(PersonId, String)>> {
        self.read(|c| {
            let mut query = c.prepare_cached("SELECT id, name FROM person WHERE name IS NOT NULL ORDER BY id")?;
            let people = query.query_map([], |row| Ok((PersonId(row.get(0)?), row.get(1)?)))?;
            Ok(people.collect::<rusqlite::Result<_>>()?)
        })
    }

    pub(crate) fn name_answers(&self) -> Result<Vec<String>> {
        self.read(|c| Ok(answers(c)?.into_iter().map(|(_, answer)| answer).collect()))
    }
}

fn answers(c: &Connection) -> Result<Vec<(PhotoId, String)>> {
    let mut query = c.prepare("SELECT photo_id, answer FROM name_answer ORDER BY photo_id, name")?;
    let rows = query.query_map([], |row| Ok((PhotoId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What has to be known of an answer here, in the words of the part that offers names.
#[derive(Deserialize)]
struct AnswerRead {
    name: String,
    #[serde(default)]
    at: Option<PlaceOfName>,
    #[serde(default)]
    sources: Vec<String>,
    decision: String,
}

const REFUSED: &str = "refused";
const TAKEN: &str = "taken";

/// Where a name stands that stands at several places of a photo, in the numbers of the part that offers names.
pub(super) type PlaceOfName = [u16; 4];

/// What was answered to a name, or at one of its places, as another computer can take it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExportedName {
    pub name: String,
    pub at: Option<PlaceOfName>,
    pub answer: ExportedAnswer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExportedAnswer {
    Refused,
    /// With who gave it: where they take it back, that is asked about.
    Taken {
        sources: Vec<String>,
    },
}

/// Each name that was answered, with its photo.
pub(super) fn exported_answers(c: &Connection) -> Result<Vec<(PhotoId, ExportedName)>> {
    let mut decided = Vec::new();
    for (photo, answer) in answers(c)? {
        let unknown = || LibraryError::BadValue { what: "answer to a name" };
        let AnswerRead { name, at, sources, decision } = serde_json::from_str(&answer).map_err(|_| unknown())?;
        let answer = match decision.as_str() {
            REFUSED => ExportedAnswer::Refused,
            TAKEN => ExportedAnswer::Taken { sources },
            _ => return Err(unknown()),
        };
        decided.push((photo, ExportedName { name, at, answer }));
    }
    Ok(decided)
}

/// Notes what was answered to a name in a photo, unless something was answered to it here. Returns whether it was noted.
pub(super) fn note_answer(t: &Transaction, photo: PhotoId, answered: &ExportedName) -> Result<bool> {
    let ExportedName { name, at, answer } = answered;
    let (sources, decision) = match answer {
        ExportedAnswer::Refused => (&[][..], REFUSED),
        ExportedAnswer::Taken { sources } => (&sources[..], TAKEN),
    };
    let mut answer = json!({ "photo": photo, "name": name, "sources": sources, "decision": decision });
    let key = match at {
        None => json!(name),
        Some(at) => {
            answer["at"] = json!(at);
            json!((name, at))
        }
    };
    let mut insert =
        t.prepare_cached("INSERT OR IGNORE INTO name_answer (photo_id, name, answer) VALUES (?1, ?2, ?3)")?;
    Ok(insert.execute(params![photo.0, key.to_string(), answer.to_string()])? > 0)
}

/// What was answered to a name of a photo.
pub(super) fn answer_to(c: &Connection, photo: PhotoId, name: &str) -> Result<Option<String>> {
    let mut query = c.prepare_cached("SELECT answer FROM name_answer WHERE photo_id = ?1 AND name = ?2")?;
    Ok(query.query_row(params![photo.0, name], |row| row.get(0)).optional()?)
}

/// False where something else is answered by now, or the photo is gone.
pub(super) fn change_answer(
    c: &Connection,
    photo: PhotoId,
    name: &str,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<bool> {
    let is_there = c.prepare_cached("SELECT 1 FROM photo WHERE id = ?1")?.exists([photo.0])?;
    if !is_there || answer_to(c, photo, name)?.as_deref() != before {
        return Ok(false);
    }
    match after {
        Some(answer) => c
            .prepare_cached("INSERT OR REPLACE INTO name_answer (photo_id, name, answer) VALUES (?1, ?2, ?3)")?
            .execute(params![photo.0, name, answer])?,
        None => c
            .prepare_cached("DELETE FROM name_answer WHERE photo_id = ?1 AND name = ?2")?
            .execute(params![photo.0, name])?,
    };
    Ok(true)
}

/// Forgets what was answered, and what was read: the names stand there.
pub(super) fn forget_answers(t: &Transaction) -> Result<()> {
    t.execute("DELETE FROM name_answer", [])?;
    t.execute("DELETE FROM names_read", [])?;
    Ok(())
}

fn faces_of(c: &Connection, photo: PhotoId, model: &ModelId) -> Result<Vec<FaceWithOwner>> {
    let mut query = c.prepare_cached(
        "SELECT face.id, x, y, face.width, face.height, name, vector FROM face LEFT JOIN person \
         ON person.id = person_id LEFT JOIN embedding ON embedding.face_id = face.id \
         AND model_id = (SELECT id FROM model WHERE model.name = ?2) WHERE photo_id = ?1 ORDER BY face.id",
    )?;
    let mut rows_of_photo = query.query(params![photo.0, model.0])?;
    let mut faces = Vec::new();
    while let Some(row) = rows_of_photo.next()? {
        let id = FaceId(row.get(0)?);
        faces.push(FaceWithOwner {
            id,
            face_box: FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? },
            state: rows::face(c, id)?.ok_or(LibraryError::NoSuchFace(id))?,
            name: row.get(5)?,
            denied: denied(c, id)?,
            embedding: row.get::<_, Option<Vec<u8>>>(6)?.as_deref().map(embedding_from).transpose()?,
        });
    }
    Ok(faces)
}

fn denied(c: &Connection, face: FaceId) -> Result<Vec<String>> {
    let mut query = c.prepare_cached(
        "SELECT name FROM rejected JOIN person ON person.id = person_id WHERE face_id = ?1 AND name IS NOT NULL ORDER BY 1",
    )?;
    Ok(query.query_map([face.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}
