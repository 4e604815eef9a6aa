//! What a scan and its grouping touched: the people of before beside those of now, whose rows tell a later change, and
//! whether photos were recorded.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::attempts::ScanProgress;
use super::error::Result;
use super::open::LibraryReader;
use super::review::touched::touched_rows;
use crate::types::{FaceId, PersonId, PhotoId, Revision, Touched};

/// Who was there when a scan began, and how far scans had come.
#[derive(Debug, Clone)]
pub(crate) struct LibraryBefore {
    at: Revision,
    people: BTreeSet<PersonId>,
    /// Photos that were missing.
    missing: BTreeSet<PhotoId>,
    progress: ScanProgress,
}

impl LibraryReader {
    pub(crate) fn before_scan(&self) -> Result<LibraryBefore> {
        self.at_once(|library| {
            let (at, people, progress) = (library.revision()?, library.read(people)?, library.scan_progress()?);
            Ok(LibraryBefore { at, people, missing: library.read(missing)?, progress })
        })
    }

    /// Whose faces or rows have changed since, who has come or gone, and whether photos have; also of whom there is a photo
    /// more or less since one is back or missing, of which their rows tell nothing.
    pub(crate) fn touched_since(&self, before: &LibraryBefore) -> Result<Touched> {
        self.at_once(|library| {
            let missing = library.read(missing)?;
            let turned: Vec<PhotoId> = missing.symmetric_difference(&before.missing).copied().collect();
            let which_photos = library.scan_progress()? != before.progress || !turned.is_empty();
            if library.revision()? == before.at && turned.is_empty() {
                return Ok(Touched { which_photos, ..Touched::default() });
            }
            let touched = library.read(|c| {
                let (faces, mut touched) = changed_since(c, before.at)?;
                touched.extend(people_in(c, &turned)?);
                touched.extend(people(c)?.symmetric_difference(&before.people));
                touched_rows(c, faces, touched)
            })?;
            Ok(Touched { which_photos, ..touched })
        })
    }
}

fn people(c: &Connection) -> Result<BTreeSet<PersonId>> {
    let mut query = c.prepare_cached("SELECT id FROM person")?;
    Ok(query.query_map([], |row| row.get(0).map(PersonId))?.collect::<rusqlite::Result<_>>()?)
}

fn missing(c: &Connection) -> Result<BTreeSet<PhotoId>> {
    let mut query = c.prepare_cached("SELECT id FROM photo WHERE missing = 1")?;
    Ok(query.query_map([], |row| row.get(0).map(PhotoId))?.collect::<rusqlite::Result<_>>()?)
}

fn people_in(c: &Connection, photos: &[PhotoId]) -> Result<BTreeSet<PersonId>> {
    let mut query = c.prepare_cached("SELECT person_id FROM face WHERE photo_id = ?1 AND person_id IS NOT NULL")?;
    let mut people = BTreeSet::new();
    for photo in photos {
        for person in query.query_map([photo.0], |row| row.get(0).map(PersonId))? {
            people.insert(person?);
        }
    }
    Ok(people)
}

fn changed_since(c: &Connection, at: Revision) -> Result<(BTreeSet<FaceId>, BTreeSet<PersonId>)> {
    let mut query = c.prepare_cached("SELECT id FROM person WHERE revision > ?1")?;
    let mut people: BTreeSet<PersonId> =
        query.query_map([at.0], |row| row.get(0).map(PersonId))?.collect::<rusqlite::Result<_>>()?;
    let mut query = c.prepare_cached("SELECT id, person_id FROM face WHERE revision > ?1")?;
    let mut faces = BTreeSet::new();
    let mut rows = query.query([at.0])?;
    while let Some(row) = rows.next()? {
        faces.insert(FaceId(row.get(0)?));
        people.extend(row.get::<_, Option<i64>>(1)?.map(PersonId));
    }
    Ok((faces, people))
}
