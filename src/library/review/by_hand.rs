//! Faces by hand: where another program drew a region and no detector finds a face. Their score is 0, as that of every face
//! that no detector has found; one that finds it later takes it over, with its name.
//!
//! Made with the step that names them, they go with it: undo puts them away, redo brings them back.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::change::Change;
use super::journal::Decisions;
use super::rows::{self, FaceState};
use crate::library::error::Result;
use crate::library::faces;
use crate::library::place::is_place_by_hand;
use crate::library::vectors;
use crate::types::{Detection, Embedding, FaceBox, FaceId, ModelId, PhotoId};

/// A face that is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceByHand {
    pub photo: PhotoId,
    /// In pixels of the upright photo at full scale. All landmarks at one point where nobody knows them.
    pub detection: Detection,
    pub crop_jpeg: Vec<u8>,
    /// None where it could not be embedded.
    pub embedding: Option<(ModelId, Embedding)>,
}

impl Decisions<'_> {
    /// Makes a face, unless one is there by now, which it is then. None where somebody was who is to be forgotten.
    pub(super) fn make_face(&mut self, face: &FaceByHand) -> Result<Option<FaceId>> {
        let place = face.detection.face_box;
        if faces::forgotten_places(self.t, face.photo)?.iter().any(|&gone| is_place_by_hand(place, gone)) {
            return Ok(None);
        }
        if let Some(there) = face_at(self.t, face.photo, place)? {
            return Ok(Some(there));
        }
        let detection = Detection { score: 0.0, ..face.detection };
        let id = faces::insert_face(self.t, face.photo, &detection)?;
        faces::put_crop(self.t, id, &face.crop_jpeg)?;
        if let Some((model, embedding)) = &face.embedding {
            vectors::put_embedding(self.t, model, id, embedding)?;
        }
        self.note(Change::Made { face: id.0, photo: face.photo.0, before: false, after: true });
        Ok(Some(id))
    }
}

fn face_at(t: &Transaction, photo: PhotoId, place: FaceBox) -> Result<Option<FaceId>> {
    let mut query = t.prepare_cached("SELECT id, x, y, width, height FROM face WHERE photo_id = ?1 ORDER BY id")?;
    let faces = query.query_map([photo.0], |row| {
        let there = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
        Ok((FaceId(row.get(0)?), there))
    })?;
    let faces: Vec<(FaceId, FaceBox)> = faces.collect::<rusqlite::Result<_>>()?;
    Ok(faces.into_iter().find(|(_, there)| faces::is_same_place(*there, place)).map(|(id, _)| id))
}

/// Makes a face again, or makes it undone. False where it is no longer as it was: what was said of it since, and what a
/// detector has found, stays.
pub(super) fn set_made(t: &Transaction, face: FaceId, is_made: bool) -> Result<bool> {
    if is_made { bring_back(t, face) } else { put_away(t, face) }
}

fn put_away(t: &Transaction, face: FaceId) -> Result<bool> {
    let is_free = rows::face(t, face)? == Some(FaceState::Unassigned) && rows::rejected_for(t, face)?.is_empty();
    if !is_free || !t.prepare_cached("SELECT 1 FROM face WHERE id = ?1 AND score = 0")?.exists([face.0])? {
        return Ok(false);
    }
    t.prepare_cached(
        "INSERT OR REPLACE INTO undone_face (id, photo_id, x, y, width, height, landmarks, jpeg) SELECT id, photo_id, x, y, \
         width, height, landmarks, (SELECT jpeg FROM face_crop WHERE face_id = face.id) FROM face WHERE id = ?1",
    )?
    .execute([face.0])?;
    t.prepare_cached(
        "INSERT INTO undone_vector (face_id, model_id, vector) SELECT face_id, model_id, vector FROM embedding \
         WHERE face_id = ?1",
    )?
    .execute([face.0])?;
    t.prepare_cached("DELETE FROM face WHERE id = ?1")?.execute([face.0])?;
    vectors::changed(t)?;
    Ok(true)
}

fn bring_back(t: &Transaction, face: FaceId) -> Result<bool> {
    let away = t
        .prepare_cached("SELECT photo_id, x, y, width, height FROM undone_face WHERE id = ?1")?
        .query_row([face.0], |row| {
            let place = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
            Ok((PhotoId(row.get(0)?), place))
        })
        .optional()?;
    let Some((photo, place)) = away else { return Ok(false) };
    // A scan may have found it meanwhile, under another number.
    if rows::face(t, face)?.is_some() || face_at(t, photo, place)?.is_some() {
        return Ok(false);
    }
    t.prepare_cached(
        "INSERT INTO face (id, photo_id, x, y, width, height, score, landmarks, quality) \
         SELECT id, photo_id, x, y, width, height, 0, landmarks, 0 FROM undone_face WHERE id = ?1",
    )?
    .execute([face.0])?;
    t.prepare_cached(
        "INSERT INTO face_crop (face_id, jpeg) SELECT id, jpeg FROM undone_face WHERE id = ?1 AND jpeg IS NOT NULL",
    )?
    .execute([face.0])?;
    t.prepare_cached(
        "INSERT INTO embedding (model_id, face_id, vector) SELECT model_id, face_id, vector FROM undone_vector \
         WHERE face_id = ?1",
    )?
    .execute([face.0])?;
    vectors::changed(t)?;
    t.prepare_cached("DELETE FROM undone_face WHERE id = ?1")?.execute(params![face.0])?;
    Ok(true)
}

/// Nothing brings them back any more.
pub(in crate::library) fn drop_undone(c: &Connection) -> Result<()> {
    c.execute("DELETE FROM undone_face", [])?;
    Ok(())
}
