//! Lost faces that are looked for again: in which pictures that has not been done yet, and what tells which of those are
//! worth a comparison.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Rows, Transaction, params};

use super::carry::{IS_LOST, IS_SOUGHT};
use super::error::Result;
use super::faces::IS_DECIDED;
use super::open::{Library, LibraryReader};
use super::vectors;
use crate::types::{Embedding, FaceId, ModelId, PhotoId};

/// A picture without a file whose faces are lost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LostPicture {
    pub photo: PhotoId,
    /// They were looked for in all pictures up to this one.
    pub sought_up_to: PhotoId,
    /// The lost faces' vectors.
    pub vectors: Vec<Embedding>,
}

/// Faces of pictures that are there, of some pictures in order of id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FacesThere {
    pub faces: Vec<(PhotoId, Embedding)>,
    /// The last picture that was asked for: the next ones come after it.
    pub up_to: PhotoId,
}

impl LibraryReader {
    /// Pictures with lost faces that `model` has embedded; without a vector nothing says where a face is. They were
    /// compared with what is in their place before. One that was found before, and of which its user said something else there, is theirs to place.
    pub(crate) fn lost_pictures(&self, model: &ModelId) -> Result<Vec<LostPicture>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT photo.id, vector, ifnull((SELECT up_to FROM sought WHERE sought.photo_id = photo.id \
                 AND sought.model_id = embedding.model_id), 0) FROM photo JOIN face ON face.photo_id = photo.id \
                 JOIN embedding ON embedding.face_id = face.id WHERE {IS_LOST} AND NOT {IS_SOUGHT} \
                 AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.face_id = face.id) \
                 AND embedding.model_id = (SELECT id FROM model WHERE name = ?1) ORDER BY photo.id, face.id"
            ))?;
            pictures(query.query([&model.0])?, |row| Ok(PhotoId(row.get(2)?)))
        })
    }

    /// Pictures that are gone and not replaced, with decided faces that `model` has embedded, to be looked for in what came
    /// after they were seen last: an edit under another name. They are looked for once, or whoever has deleted half of a
    /// library would wait at every new photo. Of what is said to be missing by hand nobody knows when it
    /// went.
    pub(crate) fn pictures_gone(&self, model: &ModelId) -> Result<Vec<LostPicture>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT photo.id, vector, seen FROM photo JOIN face ON face.photo_id = photo.id \
                 JOIN embedding ON embedding.face_id = face.id JOIN (SELECT photo_id AS gone, max(seen_in_scan) AS seen \
                 FROM file WHERE missing = 1 GROUP BY photo_id) ON gone = photo.id \
                 WHERE photo.missing = 1 AND replaced_by IS NULL AND seen > 0 AND {IS_DECIDED} \
                 AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.face_id = face.id) \
                 AND NOT EXISTS (SELECT 1 FROM sought WHERE sought.photo_id = photo.id \
                 AND sought.model_id = embedding.model_id) \
                 AND embedding.model_id = (SELECT id FROM model WHERE name = ?1) ORDER BY photo.id, face.id"
            ))?;
            let mut up_to_scan = BTreeMap::new();
            pictures(query.query([&model.0])?, |row| {
                let seen: i64 = row.get(2)?;
                Ok(PhotoId(match up_to_scan.get(&seen) {
                    Some(known) => *known,
                    None => *up_to_scan.entry(seen).or_insert(last_found_up_to(c, seen)?),
                }))
            })
        })
    }

    /// The picture that came last.
    pub(crate) fn last_photo(&self) -> Result<PhotoId> {
        self.read(|c| Ok(PhotoId(c.query_row("SELECT ifnull(max(id), 0) FROM photo", [], |row| row.get(0))?)))
    }

    /// The faces of the next `limit` pictures after one, of those that are there. None: it was the last.
    pub(crate) fn faces_there(&self, model: &ModelId, after: PhotoId, limit: usize) -> Result<Option<FacesThere>> {
        self.read(|c| {
            let last = "SELECT max(id) FROM (SELECT id FROM photo WHERE id > ?1 ORDER BY id LIMIT ?2)";
            let up_to: Option<i64> =
                c.prepare_cached(last)?.query_row(params![after.0, limit as i64], |row| row.get(0))?;
            let Some(up_to) = up_to else { return Ok(None) };
            let mut query = c.prepare_cached(
                "SELECT photo.id, vector FROM photo JOIN face ON face.photo_id = photo.id \
                 JOIN embedding ON embedding.face_id = face.id WHERE photo.id > ?1 AND photo.id <= ?2 AND missing = 0 \
                 AND model_id = (SELECT id FROM model WHERE name = ?3)",
            )?;
            let mut rows = query.query(params![after.0, up_to, model.0])?;
            let mut faces = Vec::new();
            while let Some(row) = rows.next()? {
                let vector = vectors::embedding_from(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
                faces.push((PhotoId(row.get(0)?), vector));
            }
            Ok(Some(FacesThere { faces, up_to: PhotoId(up_to) }))
        })
    }

    /// The first pictures after one that are there and were taken in the same second as `photo`, as an edit says of
    /// itself.
    pub(crate) fn taken_with(&self, photo: PhotoId, after: PhotoId, limit: usize) -> Result<Vec<PhotoId>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT other.id FROM photo JOIN photo AS other ON other.sort_at = photo.sort_at \
                 AND other.captured_at = photo.captured_at WHERE photo.id = ?1 AND other.id <> ?1 AND other.id > ?2 \
                 AND other.missing = 0 ORDER BY other.id LIMIT ?3",
            )?;
            let photos = query.query_map(params![photo.0, after.0, limit as i64], |row| row.get(0).map(PhotoId))?;
            Ok(photos.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl Library {
    /// Notes that the lost faces of a picture were looked for in all pictures up to another one.
    pub(crate) fn note_sought(&mut self, photo: PhotoId, model: &ModelId, up_to: PhotoId) -> Result<()> {
        self.write(|t| {
            t.execute(
                "INSERT OR REPLACE INTO sought (photo_id, model_id, up_to) \
                 SELECT photo.id, model.id, ?3 FROM photo, model WHERE photo.id = ?1 AND model.name = ?2",
                params![photo.0, model.0, up_to.0],
            )?;
            Ok(())
        })
    }
}

/// Of rows of picture and vector of a face, in order of the pictures; `sought_up_to` reads the rest of a picture's first.
fn pictures(
    mut rows: Rows<'_>,
    mut sought_up_to: impl FnMut(&Row<'_>) -> rusqlite::Result<PhotoId>,
) -> Result<Vec<LostPicture>> {
    let mut pictures: Vec<LostPicture> = Vec::new();
    while let Some(row) = rows.next()? {
        let photo = PhotoId(row.get(0)?);
        let vector = vectors::embedding_from(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        match pictures.last_mut() {
            Some(last) if last.photo == photo => last.vectors.push(vector),
            _ => pictures.push(LostPicture { photo, sought_up_to: sought_up_to(row)?, vectors: vec![vector] }),
        }
    }
    Ok(pictures)
}

/// The last picture that a scan had found, or one before it.
fn last_found_up_to(c: &Connection, scan: i64) -> rusqlite::Result<i64> {
    c.query_row("SELECT ifnull(max(id), 0) FROM photo WHERE found_in_scan <= ?1", [scan], |row| row.get(0))
}

/// A picture is back, or was looked through anew: lost faces may be in it. Its own are lost no more.
pub(super) fn seek_in(t: &Transaction, photo: PhotoId) -> Result<()> {
    t.prepare_cached("UPDATE sought SET up_to = ?1 - 1 WHERE up_to >= ?1")?.execute([photo.0])?;
    t.prepare_cached("DELETE FROM sought WHERE photo_id = ?1")?.execute([photo.0])?;
    Ok(())
}

/// Whether a face waits among the lost ones.
pub(super) fn is_lost(c: &Connection, face: FaceId) -> Result<bool> {
    let sql = format!("SELECT 1 FROM photo JOIN face ON photo_id = photo.id WHERE face.id = ?1 AND {IS_LOST}");
    Ok(c.prepare_cached(&sql)?.exists([face.0])?)
}
