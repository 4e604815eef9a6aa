//! What a step of the history touched, taken from the rows that it changed.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use super::change::Change;
use crate::library::error::Result;
use crate::types::{FaceId, PersonId, PhotoId, Touched};

/// Beyond this many faces a list is no help: reading everything again costs as much.
pub(in crate::library) const MOST_FACES: usize = 10_000;

/// The faces, people and photos of some changed rows, each once and in order of id.
///
/// A face counts with both its people, the one it left and the one it came to; a rejection with its face and its
/// person; "different people" with both.
pub(super) fn touched(c: &Connection, changes: &[Change]) -> Result<Touched> {
    let (mut faces, mut people, mut photos) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut name_answers, mut settings) = (false, false);
    for change in changes {
        match *change {
            Change::Face { id, before, after } => {
                faces.insert(FaceId(id));
                people.extend(before.person().into_iter().chain(after.person()));
            }
            Change::Person { id, .. } => _ = people.insert(PersonId(id)),
            Change::Rejected { face, person, .. } => {
                faces.insert(FaceId(face));
                people.insert(PersonId(person));
            }
            Change::WasOf { face, .. } => _ = faces.insert(FaceId(face)),
            // A face that is not made any more is in no photo, and was in this one.
            Change::Made { face, photo, .. } => {
                faces.insert(FaceId(face));
                photos.insert(PhotoId(photo));
            }
            Change::Carried { face, into, .. } => faces.extend([FaceId(face), FaceId(into)]),
            Change::Different { a, b, .. } => people.extend([PersonId(a), PersonId(b)]),
            Change::Answer { .. } => name_answers = true,
            // The people whom it parts stand in the same step.
            Change::Parted { .. } => {}
            Change::Setting { .. } => settings = true,
        }
    }
    let mut touched = Touched { name_answers, settings, ..touched_rows(c, faces, people)? };
    if !touched.everything {
        photos.extend(touched.photos);
        touched.photos = photos.into_iter().collect();
    }
    Ok(touched)
}

pub(in crate::library) fn touched_rows(
    c: &Connection,
    faces: BTreeSet<FaceId>,
    people: BTreeSet<PersonId>,
) -> Result<Touched> {
    if faces.len() > MOST_FACES {
        return Ok(Touched::everything());
    }
    let photos = photos_of(c, &faces)?;
    Ok(Touched {
        faces: faces.into_iter().collect(),
        people: people.into_iter().collect(),
        photos: photos.into_iter().collect(),
        ..Touched::default()
    })
}

fn photos_of(c: &Connection, faces: &BTreeSet<FaceId>) -> Result<BTreeSet<PhotoId>> {
    let mut query = c.prepare_cached("SELECT photo_id FROM face WHERE id = ?1")?;
    let mut photos = BTreeSet::new();
    for face in faces {
        photos.extend(query.query_row([face.0], |row| row.get(0).map(PhotoId)).optional()?);
    }
    Ok(photos)
}
