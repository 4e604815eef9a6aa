//! Which photos of a library an import is about, and those that it makes.

use rusqlite::{OptionalExtension, params};

use super::import::Import;
use super::lines::PhotoLine;
use crate::library::error::Result;
use crate::library::path;
use crate::types::{PathText, PhotoId};

impl Import<'_, '_> {
    pub(super) fn find_photo(&self, photo: &PhotoLine) -> Result<Option<PhotoId>> {
        if !photo.has_hash() {
            return self.find_at_paths(photo);
        }
        let (picture, sha256) = (photo.picture.map(|hash| hash.0), photo.sha256.map(|hash| hash.0));
        let mut query = self.d.t.prepare_cached(
            "SELECT id FROM photo WHERE picture = ?1 OR (sha256 = ?2 AND (picture IS NULL OR ?1 IS NULL)) \
             ORDER BY picture IS NULL, id LIMIT 1",
        )?;
        Ok(query.query_row(params![picture, sha256], |row| row.get(0).map(PhotoId)).optional()?)
    }

    /// One of another size in its place is another picture.
    fn find_at_paths(&self, photo: &PhotoLine) -> Result<Option<PhotoId>> {
        let mut query = self.d.t.prepare_cached(
            "SELECT id FROM photo WHERE size = ?2 AND width = ?3 AND height = ?4 AND (path = ?1 OR EXISTS \
             (SELECT 1 FROM file WHERE photo_id = photo.id AND file.path = ?1 AND file.missing = 0)) \
             ORDER BY missing, id LIMIT 1",
        )?;
        for path in &photo.paths {
            let there = params![path::to_bytes(&path.to_path()), photo.size as i64, photo.width, photo.height];
            if let Some(id) = query.query_row(there, |row| row.get(0).map(PhotoId)).optional()? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    pub(super) fn is_missing(&self, photo: PhotoId) -> Result<bool> {
        let mut query = self.d.t.prepare_cached("SELECT missing FROM photo WHERE id = ?1")?;
        Ok(query.query_row([photo.0], |row| row.get(0))?)
    }

    /// Missing, and looked through by no detector: so a scan that finds the picture looks for its faces.
    pub(super) fn make_photo(&mut self, photo: &PhotoLine) -> Result<PhotoId> {
        let last = photo.paths.first().map(PathText::to_path).unwrap_or_default();
        self.d
            .t
            .prepare_cached(
                "INSERT INTO photo (picture, sha256, path, name_key, size, state, missing, width, height, sort_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 'done', 1, ?6, ?7, ?8)",
            )?
            .execute(params![
                photo.picture.map(|hash| hash.0),
                photo.sha256.map(|hash| hash.0),
                path::to_bytes(&last),
                path::name_key(&last),
                photo.size as i64,
                photo.width,
                photo.height,
                photo.time
            ])?;
        let id = PhotoId(self.d.t.last_insert_rowid());
        self.made_photos.insert(id);
        self.report.photos_made += 1;
        Ok(id)
    }
}
