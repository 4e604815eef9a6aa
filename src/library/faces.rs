//! Faces of a photo and their embeddings: what a scan writes, and what alignment and embedding ask for later.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::error::{LibraryError, Result};
use super::open::{Library, LibraryReader};
use super::path;
use super::place::is_place_by_hand;
use super::review::journal::Decisions;
use super::review::{FaceState, rows};
use super::scan::{KnownBefore, Recorded};
use super::vectors;
use crate::types::{Detection, Embedding, FaceBox, FaceId, Landmarks, ModelId, PersonId, PhotoId};

/// A face as found, cut and embedded.
#[derive(Debug, Clone)]
pub struct FaceRecord {
    /// In pixels of the upright photo at full scale.
    pub detection: Detection,
    /// None where the network gave no usable vector; the face is still shown.
    pub embedding: Option<Embedding>,
    /// A small JPEG of the face, for the window.
    pub crop_jpeg: Vec<u8>,
}

/// A face that a model has not embedded yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaceToEmbed {
    pub face_id: FaceId,
    pub photo_id: PhotoId,
    pub path: PathBuf,
    /// The hash of its picture, so that another one in its place is not taken for it; none where only an older program
    /// has read it.
    pub picture: Option<[u8; 32]>,
    pub detection: Detection,
    /// An import brings faces without their portraits.
    pub has_portrait: bool,
}

/// A face of a picture without a file that a model has not embedded yet: its portrait is all that shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PortraitToEmbed {
    pub face_id: FaceId,
    pub detection: Detection,
    /// Width and height of the upright photo.
    pub photo_size: (u32, u32),
    pub jpeg: Vec<u8>,
}

/// A face that its user has said to be someone's, for learning from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConfirmedFace {
    pub person_id: PersonId,
    /// None where the group has no name.
    pub name: Option<String>,
    pub path: PathBuf,
    /// Lower-case hexadecimal; none where the photo has not been hashed.
    pub sha256: Option<String>,
    /// The hash of the picture that the face was found in; none where only an older program has looked at it.
    pub picture: Option<[u8; 32]>,
    /// Of the file, when it was hashed.
    pub file_bytes: u64,
    pub modified_ns: i64,
    /// Width and height of the upright photo.
    pub photo_size: (u32, u32),
    pub detection: Detection,
    /// Confirmed by itself; else named with its group.
    pub one_by_one: bool,
}

/// Boxes that overlap by this share (intersection over union) are the same face in two versions of a photo.
pub(super) const SAME_FACE_OVERLAP: f32 = 0.5;

/// Boxes of a face as it is and as a detector sees it lying on its side overlap less.
const SAME_PLACE_OVERLAP: f32 = 0.3;

impl Library {
    /// Adds a model's embeddings to faces that are there, replacing that model's earlier ones.
    pub(crate) fn add_embeddings(&mut self, model: &ModelId, embeddings: &[(FaceId, Embedding)]) -> Result<()> {
        self.write(|t| {
            for (face, embedding) in embeddings {
                vectors::put_embedding(t, model, *face, embedding)?;
            }
            Ok(())
        })
    }

    /// Adds the small JPEGs of faces.
    pub(crate) fn add_portraits(&mut self, portraits: &[(FaceId, Vec<u8>)]) -> Result<()> {
        self.write(|t| portraits.iter().try_for_each(|(face, jpeg)| put_crop(t, *face, jpeg)))
    }
}

impl LibraryReader {
    /// Every face that its user has given to a person who is not hidden, in order of person and path.
    pub(crate) fn confirmed_faces(&self) -> Result<Vec<ConfirmedFace>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT person_id, name, photo.path, lower(hex(file.sha256)), photo.width, photo.height, \
                 x, y, face.width, face.height, score, landmarks, belongs = 'confirmed', file.size, file.mtime_ns, \
                 photo.picture FROM face JOIN photo ON photo.id = face.photo_id JOIN person ON person.id = person_id \
                 JOIN file ON file.path = photo.path AND file.photo_id = photo.id AND file.missing = 0 \
                 WHERE belongs IN ('named', 'confirmed') AND hidden = 0 ORDER BY person_id, photo.path, face.id",
            )?;
            let mut rows = query.query([])?;
            let mut faces = Vec::new();
            while let Some(row) = rows.next()? {
                faces.push(ConfirmedFace {
                    person_id: PersonId(row.get(0)?),
                    name: row.get(1)?,
                    path: path::from_bytes(row.get(2)?),
                    sha256: row.get::<_, Option<String>>(3)?.filter(|hash| !hash.is_empty()),
                    photo_size: (row.get(4)?, row.get(5)?),
                    detection: detection_at(row, 6)?,
                    one_by_one: row.get(12)?,
                    file_bytes: row.get::<_, i64>(13)?.max(0) as u64,
                    modified_ns: row.get(14)?,
                    picture: row.get(15)?,
                });
            }
            Ok(faces)
        })
    }

    /// Faces without an embedding of `model` or without a small picture, in order of their id after `after`: ask again with the last id for more.
    pub(crate) fn faces_without_embedding(
        &self,
        model: &ModelId,
        after: FaceId,
        limit: usize,
    ) -> Result<Vec<FaceToEmbed>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT face.id, photo_id, photo.path, x, y, face.width, face.height, score, landmarks, picture, \
                 EXISTS (SELECT 1 FROM face_crop WHERE face_id = face.id) AS has_portrait FROM face JOIN photo ON photo.id = photo_id \
                 WHERE face.id > ?1 AND EXISTS (SELECT 1 FROM file JOIN folder ON folder.id = folder_id \
                 WHERE file.photo_id = photo.id AND missing = 0 AND offline = 0) AND (NOT has_portrait OR NOT EXISTS (SELECT 1 \
                 FROM embedding WHERE model_id = (SELECT id FROM model WHERE name = ?2) AND face_id = face.id)) \
                 ORDER BY face.id LIMIT ?3",
            )?;
            let mut rows = query.query(params![after.0, model.0, limit as i64])?;
            let mut faces = Vec::new();
            while let Some(row) = rows.next()? {
                faces.push(FaceToEmbed {
                    face_id: FaceId(row.get(0)?),
                    photo_id: PhotoId(row.get(1)?),
                    path: path::from_bytes(row.get(2)?),
                    picture: row.get(9)?,
                    detection: detection_at(row, 3)?,
                    has_portrait: row.get(10)?,
                });
            }
            Ok(faces)
        })
    }

    /// Faces that were decided about, in pictures without a file, and that `model` has not embedded, in order of their id
    /// after `after`. The portrait of a face that no detector has found (score 0) is that of the face which it was made
    /// from, and shows it where that one was; where it was made from none it is its own.
    pub(crate) fn portraits_without_embedding(
        &self,
        model: &ModelId,
        after: FaceId,
        limit: usize,
    ) -> Result<Vec<PortraitToEmbed>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "WITH RECURSIVE wanted (face_id, found) AS (SELECT face.id, face.id FROM photo JOIN face \
                 ON photo_id = photo.id WHERE missing = 1 AND face.id > ?1 AND {IS_DECIDED} AND NOT EXISTS (SELECT 1 \
                 FROM embedding WHERE model_id = (SELECT id FROM model WHERE name = ?2) AND embedding.face_id = face.id) \
                 UNION SELECT wanted.face_id, carried.face_id FROM wanted JOIN face ON face.id = found AND score = 0 \
                 JOIN carried ON into_face = found AND carried.face_id <> found) \
                 SELECT wanted.face_id, photo.width, photo.height, crop.jpeg, x, y, face.width, face.height, score, \
                 landmarks FROM wanted JOIN face_crop AS crop ON crop.face_id = wanted.face_id \
                 JOIN face ON face.id = found AND (score > 0 OR NOT EXISTS (SELECT 1 FROM carried WHERE into_face = found \
                 AND carried.face_id <> found)) JOIN photo ON photo.id = photo_id \
                 JOIN face_crop AS cut ON cut.face_id = found AND cut.jpeg = crop.jpeg \
                 GROUP BY wanted.face_id ORDER BY wanted.face_id LIMIT ?3"
            ))?;
            let mut rows = query.query(params![after.0, model.0, limit as i64])?;
            let mut faces = Vec::new();
            while let Some(row) = rows.next()? {
                faces.push(PortraitToEmbed {
                    face_id: FaceId(row.get(0)?),
                    photo_size: (row.get(1)?, row.get(2)?),
                    jpeg: row.get(3)?,
                    detection: detection_at(row, 4)?,
                });
            }
            Ok(faces)
        })
    }

    /// The small JPEG of a face.
    pub fn crop_jpeg(&self, face: FaceId) -> Result<Option<Vec<u8>>> {
        self.read(|c| {
            let mut query = c.prepare_cached("SELECT jpeg FROM face_crop WHERE face_id = ?1")?;
            Ok(query.query_row([face.0], |row| row.get(0)).optional()?)
        })
    }
}

struct OldFace {
    id: FaceId,
    detection: Detection,
    /// Its user said something about it.
    is_decided: bool,
}

impl OldFace {
    /// Whether no detector has found it.
    fn is_by_hand(&self) -> bool {
        self.detection.score == 0.0
    }
}

/// What a user has said something about: named, set aside, or not somebody.
pub(super) const IS_DECIDED: &str = "(ifnull(belongs IN ('named', 'confirmed'), 0) OR set_aside IS NOT NULL \
    OR EXISTS (SELECT 1 FROM rejected WHERE rejected.face_id = face.id))";

/// Puts the faces found now in place of those that were found in the same picture before.
///
/// A face that its user decided on and that the new detector does not find stays: another detector must not cost a
/// name. A face of somebody who is to be forgotten is left out.
pub(super) fn replace(t: &Transaction, photo: PhotoId, model: &ModelId, faces: &[FaceRecord]) -> Result<Recorded> {
    let forgotten = forgotten_places(t, photo)?;
    let is_forgotten =
        |there: FaceBox| forgotten.iter().any(|&place| is_same_place(place, there) || is_place_by_hand(place, there));
    let is_wanted = |face: &&FaceRecord| !is_forgotten(face.detection.face_box);
    let faces: Vec<&FaceRecord> = faces.iter().filter(is_wanted).collect();
    let old = old_faces(t, photo)?;
    let matches = matched(&old, &faces);
    let mut recorded =
        Recorded { photo_id: photo, before: KnownBefore::Nothing, faces_kept: 0, faces_new: 0, faces_lost: 0 };
    for (face, old_index) in faces.iter().zip(&matches) {
        match *old_index {
            Some(index) => {
                if old[index].detection != face.detection {
                    update_face(t, old[index].id, face)?;
                }
                recorded.faces_kept += 1;
                put_parts(t, old[index].id, model, face)?;
            }
            None => {
                let id = insert_face(t, photo, &face.detection)?;
                recorded.faces_new += 1;
                put_parts(t, id, model, face)?;
            }
        }
    }
    for (index, face) in old.iter().enumerate() {
        if matches.contains(&Some(index)) {
            continue;
        }
        if face.is_decided {
            recorded.faces_kept += 1;
            continue;
        }
        t.prepare_cached("DELETE FROM face WHERE id = ?1")?.execute([face.id.0])?;
        recorded.faces_lost += 1;
    }
    Ok(recorded)
}

/// Two photos are one picture: faces at one place are one face, and keep what was said of either. Where both were
/// given to different people, both stay.
pub(super) fn merge(t: &Transaction, from: PhotoId, into: PhotoId) -> Result<()> {
    let (leaving, staying) = (old_faces(t, from)?, old_faces(t, into)?);
    for face in leaving {
        let here = |other: &&OldFace| is_same_place(other.detection.face_box, face.detection.face_box);
        let twin = staying.iter().find(here);
        match twin {
            Some(_) if !face.is_decided => {}
            Some(twin) if !twin.is_decided => copy_decision(t, face.id, twin.id)?,
            Some(twin) if rows::face(t, face.id)? == rows::face(t, twin.id)? => copy_rejections(t, face.id, twin.id)?,
            _ => {
                t.prepare_cached("UPDATE face SET photo_id = ?2 WHERE id = ?1")?.execute(params![face.id.0, into.0])?;
            }
        }
    }
    Ok(())
}

/// Says of `to` what was said of `from`.
pub(super) fn copy_decision(t: &Transaction, from: FaceId, to: FaceId) -> Result<()> {
    if let Some(state) = rows::face(t, from)? {
        Decisions::begin(t).set_face(to, state)?;
    }
    copy_rejections(t, from, to)
}

/// Says of `to` what was said of `from`, and nothing that was said of it before.
pub(super) fn replace_decision(t: &Transaction, from: FaceId, to: FaceId) -> Result<()> {
    for table in ["rejected", "was_of"] {
        t.prepare_cached(&format!("DELETE FROM {table} WHERE face_id = ?1"))?.execute([to.0])?;
    }
    copy_decision(t, from, to)?;
    // On the card of whom it left it stands no more.
    t.prepare_cached(
        "UPDATE person SET cover_face = NULL \
         WHERE cover_face = ?1 AND id IS NOT (SELECT person_id FROM face WHERE id = ?1)",
    )?
    .execute([to.0])?;
    Ok(())
}

/// With whose the face was before, so that the rejections can be taken back there too. A grouping has not put it with one
/// of them then.
pub(super) fn copy_rejections(t: &Transaction, from: FaceId, to: FaceId) -> Result<()> {
    t.prepare_cached(
        "INSERT OR IGNORE INTO rejected (face_id, person_id) SELECT ?2, person_id FROM rejected WHERE face_id = ?1",
    )?
    .execute([from.0, to.0])?;
    t.prepare_cached(
        "INSERT OR IGNORE INTO was_of (face_id, person_id, belongs) \
         SELECT ?2, person_id, belongs FROM was_of WHERE face_id = ?1",
    )?
    .execute([from.0, to.0])?;
    match rows::face(t, to)? {
        Some(FaceState::Of { person, belongs }) if !belongs.is_decided() && rows::is_rejected(t, to, person)? => {
            Decisions::begin(t).set_face(to, FaceState::Unassigned)
        }
        _ => Ok(()),
    }
}

/// Removes what a detector took for other faces where a known one is, and about which nothing was decided.
pub(super) fn clear_place(t: &Transaction, photo: PhotoId, place: FaceBox) -> Result<()> {
    for face in old_faces(t, photo)? {
        if !face.is_decided && face.detection.face_box.overlap(place) >= SAME_PLACE_OVERLAP {
            t.prepare_cached("DELETE FROM face WHERE id = ?1")?.execute([face.id.0])?;
        }
    }
    Ok(())
}

pub(super) fn forgotten_places(c: &Connection, photo: PhotoId) -> Result<Vec<FaceBox>> {
    let mut query = c.prepare_cached(
        "SELECT x, y, forgotten.width, forgotten.height FROM forgotten JOIN photo ON photo.picture = forgotten.picture \
         WHERE photo.id = ?1",
    )?;
    let rows = query.query_map([photo.0], |row| {
        Ok(FaceBox { x: row.get(0)?, y: row.get(1)?, width: row.get(2)?, height: row.get(3)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn is_same_place(a: FaceBox, b: FaceBox) -> bool {
    a.overlap(b) >= SAME_FACE_OVERLAP
}

/// For each new face the old one that overlaps it most, each old one used once, best overlaps first.
fn matched(old: &[OldFace], new: &[&FaceRecord]) -> Vec<Option<usize>> {
    let mut overlaps: Vec<(f32, usize, usize)> = Vec::new();
    for (n, face) in new.iter().enumerate() {
        for (o, before) in old.iter().enumerate() {
            let (there, here) = (face.detection.face_box, before.detection.face_box);
            let share = there.overlap(here);
            if share >= SAME_FACE_OVERLAP || (before.is_by_hand() && is_place_by_hand(there, here)) {
                overlaps.push((share, n, o));
            }
        }
    }
    overlaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut matches = vec![None; new.len()];
    for (_, n, o) in overlaps {
        if matches[n].is_none() && !matches.contains(&Some(o)) {
            matches[n] = Some(o);
        }
    }
    matches
}

/// How well a face shows its person, for choosing covers: the detector's confidence, times the size up to 112 pixels
/// (what the recogniser sees), times how centred the nose is between the eyes (1 = frontal).
fn quality(detection: &Detection) -> f32 {
    let side = detection.face_box.area().sqrt();
    let size = (side / 112.0).min(1.0);
    let [right_eye, left_eye, nose, ..] = detection.landmarks.0;
    let eyes = left_eye[0] - right_eye[0];
    let turned = if eyes.abs() < 1e-3 { 1.0 } else { ((nose[0] - right_eye[0]) / eyes - 0.5).abs() * 2.0 };
    detection.score * size * (1.0 - turned.min(1.0) * 0.5)
}

fn old_faces(t: &Transaction, photo: PhotoId) -> Result<Vec<OldFace>> {
    let mut query = t.prepare_cached(&format!(
        "SELECT id, {IS_DECIDED}, x, y, width, height, score, landmarks FROM face WHERE photo_id = ?1 ORDER BY id"
    ))?;
    let mut rows = query.query([photo.0])?;
    let mut faces = Vec::new();
    while let Some(row) = rows.next()? {
        faces.push(OldFace { id: FaceId(row.get(0)?), is_decided: row.get(1)?, detection: detection_at(row, 2)? });
    }
    Ok(faces)
}

pub(super) fn insert_face(t: &Transaction, photo: PhotoId, face: &Detection) -> Result<FaceId> {
    let FaceBox { x, y, width, height } = face.face_box;
    t.prepare_cached(
        "INSERT INTO face (photo_id, x, y, width, height, score, landmarks, quality) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![photo.0, x, y, width, height, face.score, landmark_bytes(&face.landmarks), quality(face)])?;
    Ok(FaceId(t.last_insert_rowid()))
}

fn update_face(t: &Transaction, id: FaceId, face: &FaceRecord) -> Result<()> {
    let FaceBox { x, y, width, height } = face.detection.face_box;
    t.prepare_cached(
        "UPDATE face SET x = ?2, y = ?3, width = ?4, height = ?5, score = ?6, landmarks = ?7, quality = ?8 \
         WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        x,
        y,
        width,
        height,
        face.detection.score,
        landmark_bytes(&face.detection.landmarks),
        quality(&face.detection)
    ])?;
    // Every model's embedding was made from the old landmarks, so none of them holds any more.
    t.prepare_cached("DELETE FROM embedding WHERE face_id = ?1")?.execute([id.0])?;
    vectors::changed(t)
}

fn put_parts(t: &Transaction, id: FaceId, model: &ModelId, face: &FaceRecord) -> Result<()> {
    put_crop(t, id, &face.crop_jpeg)?;
    match &face.embedding {
        Some(embedding) => vectors::put_embedding(t, model, id, embedding),
        None => Ok(()),
    }
}

/// A face that only an import knows may have no crop until it is embedded.
pub(super) fn copy_crop(t: &Transaction, from: FaceId, to: FaceId) -> Result<()> {
    t.prepare_cached(
        "INSERT OR REPLACE INTO face_crop (face_id, jpeg) SELECT ?2, jpeg FROM face_crop WHERE face_id = ?1",
    )?
    .execute([from.0, to.0])?;
    Ok(())
}

/// Of a face that has gone meanwhile nothing is kept.
pub(super) fn put_crop(t: &Transaction, id: FaceId, jpeg: &[u8]) -> Result<()> {
    let mut insert =
        t.prepare_cached("INSERT OR REPLACE INTO face_crop (face_id, jpeg) SELECT id, ?2 FROM face WHERE id = ?1")?;
    Ok(insert.execute(params![id.0, jpeg]).map(drop)?)
}

/// Reads x, y, width, height, score, landmarks from six columns beginning at `first`.
pub(super) fn detection_at(row: &rusqlite::Row, first: usize) -> Result<Detection> {
    let landmarks: Vec<u8> = row.get(first + 5)?;
    Ok(Detection {
        face_box: FaceBox {
            x: row.get(first)?,
            y: row.get(first + 1)?,
            width: row.get(first + 2)?,
            height: row.get(first + 3)?,
        },
        score: row.get(first + 4)?,
        landmarks: landmarks_from(&landmarks)?,
    })
}

fn landmark_bytes(landmarks: &Landmarks) -> Vec<u8> {
    landmarks.0.iter().flatten().flat_map(|v| v.to_le_bytes()).collect()
}

fn landmarks_from(bytes: &[u8]) -> Result<Landmarks> {
    let values = vectors::floats(bytes);
    if values.len() != 10 {
        return Err(LibraryError::BadValue { what: "landmarks" });
    }
    Ok(Landmarks(std::array::from_fn(|i| [values[2 * i], values[2 * i + 1]])))
}
