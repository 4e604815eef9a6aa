//! What the grid of photos and `likeness scan`'s summary read.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, params};

use super::ListPage;
use super::error::Result;
use super::open::LibraryReader;
use super::path;
use super::scan::{PhotoState, state_from};
use crate::types::{FaceBox, PersonId, PhotoId};

/// Which photos to list. All but the last leave out those that are missing; all but the last two, failed ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PhotoFilter {
    #[default]
    All,
    /// With a confirmed or grouped face of this person.
    Person(PersonId),
    /// With a face that has no name, is not hidden and not set aside.
    UnnamedFaces,
    NoFaces,
    Failed,
    Missing,
}

/// A photo of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPhoto {
    pub id: PhotoId,
    pub path: PathBuf,
    /// Upright, at full scale; zero for photos that never could be decoded.
    pub width: u32,
    pub height: u32,
    /// ISO 8601: the capture time, else the file's. Its first seven characters are year and month.
    pub time: String,
    pub faces: usize,
    pub state: PhotoState,
}

/// A photo's own facts; its faces come from `faces_of_photo`.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoDetail {
    pub id: PhotoId,
    pub path: PathBuf,
    pub width: u32,
    pub height: u32,
    pub sha256: Option<[u8; 32]>,
    pub format: Option<String>,
    pub captured_at: Option<String>,
    pub camera: Option<String>,
    pub gps: Option<[f64; 2]>,
    pub state: PhotoState,
    pub is_missing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Looked through and present.
    pub photos: usize,
    pub failed: usize,
    pub missing: usize,
    /// Faces of present photos that are not set aside.
    pub faces: usize,
    pub named_people: usize,
    pub nameless_people: usize,
}

impl LibraryReader {
    /// A page of the grid, the latest photos first.
    pub fn photos(&self, filter: PhotoFilter, page: ListPage) -> Result<Vec<ListedPhoto>> {
        let (condition, person) = condition(filter);
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT id, path, width, height, sort_at, (SELECT count(*) FROM face WHERE photo_id = photo.id \
                 AND set_aside IS NULL), reason FROM photo WHERE {condition} \
                 ORDER BY sort_at DESC, id LIMIT ?2 OFFSET ?3"
            ))?;
            let rows = query.query_map(params![person, page.limit as i64, page.offset as i64], |row| {
                Ok(ListedPhoto {
                    id: PhotoId(row.get(0)?),
                    path: path::from_bytes(row.get(1)?),
                    width: row.get(2)?,
                    height: row.get(3)?,
                    time: row.get(4)?,
                    faces: row.get::<_, i64>(5)? as usize,
                    state: state_from(row.get(6)?),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The boxes of these photos' faces that are not set aside, for outlines on the grid.
    pub fn face_boxes(&self, filter: PhotoFilter) -> Result<Vec<(PhotoId, FaceBox)>> {
        let (condition, person) = condition(filter);
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT photo_id, x, y, width, height FROM face WHERE set_aside IS NULL \
                 AND photo_id IN (SELECT id FROM photo WHERE {condition}) AND ?1 IS ?1"
            ))?;
            let rows = query.query_map([person], |row| {
                let face_box = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
                Ok((PhotoId(row.get(0)?), face_box))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    pub fn photo(&self, photo: PhotoId) -> Result<Option<PhotoDetail>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT id, path, width, height, sha256, format, captured_at, camera, latitude, longitude, \
                 reason, missing FROM photo WHERE id = ?1",
            )?;
            let detail = query.query_row([photo.0], |row| {
                Ok(PhotoDetail {
                    id: PhotoId(row.get(0)?),
                    path: path::from_bytes(row.get(1)?),
                    width: row.get(2)?,
                    height: row.get(3)?,
                    sha256: row.get(4)?,
                    format: row.get(5)?,
                    captured_at: row.get(6)?,
                    camera: row.get(7)?,
                    gps: row.get::<_, Option<f64>>(8)?.zip(row.get::<_, Option<f64>>(9)?).map(|(a, b)| [a, b]),
                    state: state_from(row.get(10)?),
                    is_missing: row.get(11)?,
                })
            });
            Ok(detail.optional()?)
        })
    }

    /// Files of photos that were looked through before, which could not be read at the last scan, each with the reason.
    pub(crate) fn unread_files(&self) -> Result<Vec<(PhotoId, PathBuf, String)>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT photo_id, file.path, problem FROM file JOIN photo ON photo.id = photo_id \
                 WHERE problem IS NOT NULL AND file.missing = 0 AND state = 'done' ORDER BY file.path",
            )?;
            let files = query.query_map([], |row| {
                Ok((PhotoId(row.get(0)?), path::from_bytes(row.get(1)?), row.get::<_, String>(2)?))
            })?;
            Ok(files.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Photos whose file name holds `text`, whatever the case, the latest first.
    pub(crate) fn search_photos(&self, text: &str, limit: usize) -> Result<Vec<(PhotoId, PathBuf)>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT id, path FROM photo WHERE instr(name_key, ?1) > 0 AND missing = 0 \
                 ORDER BY sort_at DESC, id LIMIT ?2",
            )?;
            let rows = query.query_map(params![text.to_lowercase(), limit as i64], |row| {
                Ok((PhotoId(row.get(0)?), path::from_bytes(row.get(1)?)))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How many faces of present photos are not set aside: what [`counts`](Self::counts) says, without the people.
    pub(crate) fn count_faces(&self) -> Result<usize> {
        self.read(faces_in_sight)
    }

    pub fn counts(&self) -> Result<Counts> {
        self.read(|c| {
            let count = |sql: &str| -> Result<usize> {
                Ok(c.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))? as usize)
            };
            let PhotoCounts { photos, missing, failed } = photo_counts(c)?;
            Ok(Counts {
                photos,
                failed,
                missing,
                faces: faces_in_sight(c)?,
                named_people: count("SELECT count(*) FROM person WHERE name IS NOT NULL AND hidden = 0")?,
                nameless_people: count(
                    "SELECT count(*) FROM person WHERE name IS NULL AND hidden = 0 AND EXISTS (SELECT 1 FROM face \
                     WHERE person_id = person.id AND photo_id NOT IN (SELECT id FROM photo WHERE missing = 1))",
                )?,
            })
        })
    }
}

/// How many photos there are, by what is known of them.
pub(super) struct PhotoCounts {
    /// That are there and could be looked through.
    pub photos: usize,
    pub missing: usize,
    /// Files that are there, and of which no picture could be made.
    pub failed: usize,
}

/// A file of which nobody could make a picture so far is a photo neither as long as it is there nor once it is gone.
pub(super) const IS_NO_PHOTO: &str =
    "state = 'failed' AND NOT EXISTS (SELECT 1 FROM face WHERE face.photo_id = photo.id)";

pub(super) fn photo_counts(c: &Connection) -> Result<PhotoCounts> {
    let count =
        |sql: &str| -> Result<usize> { Ok(c.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))? as usize) };
    let failed = count("SELECT count(*) FROM photo WHERE state = 'failed' AND missing = 0")?;
    let gone = count("SELECT count(*) FROM photo WHERE missing = 1")?;
    let never_any = count(&format!("SELECT count(*) FROM photo WHERE missing = 1 AND {IS_NO_PHOTO}"))?;
    let photos = count("SELECT count(*) FROM photo")? - failed - gone;
    Ok(PhotoCounts { photos, missing: gone - never_any, failed })
}

/// Faces of present photos that are not set aside: all without the few that are not, so that no row is looked at which
/// an index does not name.
pub(super) fn faces_in_sight(c: &Connection) -> Result<usize> {
    let mut query = c.prepare_cached(
        "SELECT (SELECT count(*) FROM face) \
         - (SELECT count(*) FROM face WHERE set_aside IS NOT NULL) \
         - (SELECT count(*) FROM photo JOIN face ON photo_id = photo.id WHERE missing = 1 AND set_aside IS NULL)",
    )?;
    Ok(query.query_row([], |row| row.get::<_, i64>(0))? as usize)
}

/// The condition of a filter and the value of its `?1`.
fn condition(filter: PhotoFilter) -> (&'static str, Option<i64>) {
    match filter {
        PhotoFilter::All => ("state = 'done' AND missing = 0", None),
        PhotoFilter::Person(person) => (
            "state = 'done' AND missing = 0 AND id IN \
             (SELECT photo_id FROM face WHERE person_id = ?1 AND belongs <> 'suggested')",
            Some(person.0),
        ),
        PhotoFilter::UnnamedFaces => (
            "state = 'done' AND missing = 0 AND EXISTS (SELECT 1 FROM face WHERE photo_id = photo.id \
             AND set_aside IS NULL AND (person_id IS NULL OR EXISTS (SELECT 1 FROM person \
             WHERE person.id = person_id AND name IS NULL AND hidden = 0)))",
            None,
        ),
        PhotoFilter::NoFaces => (
            "state = 'done' AND missing = 0 AND NOT EXISTS (SELECT 1 FROM face WHERE photo_id = photo.id \
             AND set_aside IS NULL)",
            None,
        ),
        PhotoFilter::Failed => ("state = 'failed' AND missing = 0", None),
        PhotoFilter::Missing => ("missing = 1", None),
    }
}
