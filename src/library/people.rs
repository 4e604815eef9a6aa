//! What People, Compare and `likeness people` read.

use std::collections::HashMap;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, params};

use super::ListPage;
use super::error::Result;
use super::faces;
use super::open::LibraryReader;
use super::path;
use super::review::rows::IS_WHEN_SET_ASIDE;
use super::review::{Belongs, FaceState, rows};
use super::vectors::embedding_from;
use crate::types::{Detection, Embedding, FaceBox, FaceId, ModelId, PersonId, PhotoId, SquaredDistance};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeopleKind {
    Named,
    /// Groups that nobody has named yet.
    Nameless,
    Hidden,
}

/// Which people to list: groups smaller than `min_faces` are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeopleFilter {
    pub kind: PeopleKind,
    pub min_faces: usize,
}

/// A person's card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonCard {
    pub id: PersonId,
    pub name: Option<String>,
    pub is_hidden: bool,
    /// Faces without those that are only suggested.
    pub faces: usize,
    /// Of these, the ones confirmed one by one.
    pub confirmed: usize,
    pub suggested: usize,
    /// The face chosen by the user, else the best one.
    pub cover: Option<FaceId>,
    pub is_cover_chosen: bool,
}

/// A face on a person's page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceOfPerson {
    pub face_id: FaceId,
    pub photo_id: PhotoId,
    pub belongs: Belongs,
    /// To the mean of the person's confirmed faces; none where the model has not embedded the face.
    pub distance: Option<SquaredDistance>,
}

/// Everything about one face.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceDetail {
    pub face_id: FaceId,
    pub photo_id: PhotoId,
    pub path: PathBuf,
    pub detection: Detection,
    pub state: FaceState,
    /// Who has it again when it comes back from what was set aside.
    pub was_of: Option<PersonId>,
    /// The name of its person.
    pub name: Option<String>,
}

/// A person with all faces, for export.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonListing {
    pub id: PersonId,
    pub name: Option<String>,
    pub faces: Vec<ListedFace>,
    /// Those in photos that are missing, at the path where each was last.
    pub missing: Vec<ListedFace>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ListedFace {
    pub face_id: FaceId,
    pub path: PathBuf,
    /// The picture's other files.
    pub copies: Vec<PathBuf>,
    pub face_box: FaceBox,
    pub belongs: Belongs,
}

/// Faces that count: those whose photo is on the disk. Missing photos are few, so they are listed and looked up.
const PRESENT: &str = "photo_id NOT IN (SELECT id FROM photo WHERE missing = 1)";

/// Faces held in photos that are missing, but for those that were carried over to a face of the same person.
const HELD_MISSING: &str = "face JOIN photo ON photo.id = photo_id WHERE missing = 1 AND belongs <> 'suggested' \
    AND NOT EXISTS (SELECT 1 FROM carried JOIN face AS copy ON copy.id = into_face \
    WHERE face_id = face.id AND copy.person_id = face.person_id)";

/// The face of somebody whose photos are all missing.
const ANY_FACE: &str = "(SELECT gone.id FROM face gone WHERE gone.person_id =";

impl LibraryReader {
    /// A page of people, those with the most faces first.
    pub(crate) fn people(&self, filter: PeopleFilter, page: ListPage) -> Result<Vec<PersonCard>> {
        self.read(|c| {
            let sql = format!(
                "SELECT id, name, hidden, faces, confirmed, suggested, coalesce(cover_face, (SELECT best.id FROM face best \
                 WHERE best.person_id = listed.id AND best.{PRESENT} ORDER BY best.belongs = 'suggested', \
                 best.quality DESC LIMIT 1), {ANY_FACE} listed.id LIMIT 1)), \
                 cover_face IS NOT NULL \
                 FROM ({} ORDER BY faces DESC, suggested DESC, id LIMIT ?2 OFFSET ?3) listed",
                listed(filter.kind)
            );
            let mut query = c.prepare_cached(&sql)?;
            let rows =
                query.query_map(params![filter.min_faces as i64, page.limit as i64, page.offset as i64], card_at)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    pub fn person(&self, person: PersonId) -> Result<Option<PersonCard>> {
        self.read(|c| card(c, person))
    }

    /// The cards of those among `people` who are listed, in the order asked for: named, hidden, or a group with a face
    /// that is present. The others are gone, or are not shown.
    pub(crate) fn people_by_id(&self, people: &[PersonId]) -> Result<Vec<PersonCard>> {
        self.read(|c| {
            let mut cards = Vec::with_capacity(people.len());
            for &person in people {
                let card = card(c, person)?;
                cards.extend(
                    card.filter(|card| card.is_hidden || card.name.is_some() || card.faces + card.suggested > 0),
                );
            }
            Ok(cards)
        })
    }

    /// A person's faces: confirmed and grouped ones, then suggestions, each in order of distance to the mean of the
    /// confirmed ones (of the grouped ones where none is confirmed).
    pub fn faces_of_person(&self, person: PersonId, model: &ModelId) -> Result<Vec<FaceOfPerson>> {
        let (mut faces, vectors) = self.read(|c| faces_and_vectors(c, person, model))?;
        let is_decided: fn(Belongs) -> bool = Belongs::is_decided;
        let (is_grouped, is_any): (fn(Belongs) -> bool, fn(Belongs) -> bool) = (|b| b == Belongs::Grouped, |_| true);
        let centre = [is_decided, is_grouped, is_any].into_iter().find_map(|counts| {
            mean(faces.iter().filter(|f| counts(f.belongs)).filter_map(|f| vectors.get(&f.face_id)))
        });
        for face in &mut faces {
            face.distance = match (vectors.get(&face.face_id), &centre) {
                (Some(vector), Some(centre)) => Some(vector.squared_distance(centre)),
                _ => None,
            };
        }
        let distance = |f: &FaceOfPerson| f.distance.map_or(f32::INFINITY, |d| d.0);
        faces.sort_by(|a, b| {
            let (a_waits, b_waits) = (a.belongs == Belongs::Suggested, b.belongs == Belongs::Suggested);
            a_waits.cmp(&b_waits).then(distance(a).total_cmp(&distance(b))).then(a.face_id.cmp(&b.face_id))
        });
        Ok(faces)
    }

    /// A person's faces in photos that are missing, those that are only suggested left out, each with its photo. What was
    /// carried over into a picture that is there, or waits in one that is missing too, is counted there.
    pub(crate) fn missing_faces_of(&self, person: PersonId) -> Result<Vec<(FaceId, PhotoId)>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT face.id, photo_id FROM {HELD_MISSING} AND person_id = ?1 ORDER BY path, face.id"
            ))?;
            let faces = query.query_map([person.0], |row| Ok((FaceId(row.get(0)?), PhotoId(row.get(1)?))))?;
            Ok(faces.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The faces that show a person best, for a strip.
    pub(crate) fn best_faces(&self, person: PersonId, limit: usize) -> Result<Vec<FaceId>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT id FROM face WHERE person_id = ?1 AND {PRESENT} \
                 ORDER BY belongs = 'suggested', quality DESC, id LIMIT ?2"
            ))?;
            let rows = query.query_map(params![person.0, limit as i64], |row| Ok(FaceId(row.get(0)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    pub fn face(&self, face: FaceId) -> Result<Option<FaceDetail>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&face_details("face.id = ?1"))?;
            let mut rows = query.query([face.0])?;
            rows.next()?.map(face_detail).transpose()
        })
    }

    /// The faces of a photo, the largest first.
    pub fn faces_of_photo(&self, photo: PhotoId) -> Result<Vec<FaceDetail>> {
        self.read(|c| {
            let largest_first = "photo_id = ?1 ORDER BY face.width * face.height DESC, face.id";
            let mut query = c.prepare_cached(&face_details(largest_first))?;
            let mut rows = query.query([photo.0])?;
            let mut faces = Vec::new();
            while let Some(row) = rows.next()? {
                faces.push(face_detail(row)?);
            }
            Ok(faces)
        })
    }

    /// Every named person and every group, with all faces, in order of id.
    pub fn everyone(&self) -> Result<Vec<PersonListing>> {
        self.read(|c| {
            let mut people: Vec<PersonListing> = Vec::new();
            let mut query = c.prepare("SELECT id, name FROM person ORDER BY id")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let (id, name) = (PersonId(row.get(0)?), row.get(1)?);
                people.push(PersonListing { id, name, faces: Vec::new(), missing: Vec::new() });
            }
            let place: HashMap<PersonId, usize> = people.iter().enumerate().map(|(i, p)| (p.id, i)).collect();
            let present = format!("face JOIN photo ON photo.id = photo_id WHERE {PRESENT}");
            let copies = copies(c)?;
            for (which, is_missing) in [(present.as_str(), false), (HELD_MISSING, true)] {
                let mut query = c.prepare(&format!(
                    "SELECT face.id, path, x, y, face.width, face.height, person_id, belongs, set_aside, photo_id \
                     FROM {which} AND person_id IS NOT NULL ORDER BY path, face.id"
                ))?;
                let mut rows = query.query([])?;
                while let Some(row) = rows.next()? {
                    let FaceState::Of { person, belongs } = rows::state_at(row, 6)? else { continue };
                    let Some(&index) = place.get(&person) else { continue };
                    let person = &mut people[index];
                    let faces = if is_missing { &mut person.missing } else { &mut person.faces };
                    faces.push(ListedFace {
                        face_id: FaceId(row.get(0)?),
                        path: path::from_bytes(row.get(1)?),
                        copies: copies.get(&row.get(9)?).cloned().unwrap_or_default(),
                        face_box: FaceBox { x: row.get(2)?, y: row.get(3)?, width: row.get(4)?, height: row.get(5)? },
                        belongs,
                    });
                }
            }
            Ok(people)
        })
    }
}

/// Where else the pictures are found that are found more than once, by photo.
fn copies(c: &Connection) -> Result<HashMap<i64, Vec<PathBuf>>> {
    let mut query = c.prepare(
        "SELECT photo_id, file.path FROM file JOIN photo ON photo.id = photo_id \
         WHERE file.missing = 0 AND file.path <> photo.path ORDER BY file.path",
    )?;
    let mut rows = query.query([])?;
    let mut copies: HashMap<i64, Vec<PathBuf>> = HashMap::new();
    while let Some(row) = rows.next()? {
        copies.entry(row.get(0)?).or_default().push(path::from_bytes(row.get(1)?));
    }
    Ok(copies)
}

/// The people of a kind with their counts; `?1` is the smallest number of faces.
fn listed(kind: PeopleKind) -> String {
    let which = match kind {
        PeopleKind::Named => "name IS NOT NULL AND hidden = 0",
        PeopleKind::Nameless => "name IS NULL AND hidden = 0 AND faces + suggested > 0",
        PeopleKind::Hidden => "hidden = 1",
    };
    format!(
        "SELECT id, name, hidden, cover_face, ifnull(held, 0) AS faces, \
         ifnull(confirmed, 0) AS confirmed, ifnull(suggested, 0) AS suggested FROM person LEFT JOIN (\
         SELECT person_id, sum(belongs = 'confirmed') AS confirmed, sum(belongs = 'suggested') AS suggested, \
         sum(belongs <> 'suggested') AS held FROM face WHERE person_id IS NOT NULL AND {PRESENT} GROUP BY person_id) \
         ON person_id = person.id WHERE {which} AND ifnull(held, 0) >= ?1"
    )
}

fn card(c: &Connection, person: PersonId) -> Result<Option<PersonCard>> {
    let sql = format!(
        "SELECT person.id, name, hidden, count(belongs) - ifnull(sum(belongs = 'suggested'), 0), \
         ifnull(sum(belongs = 'confirmed'), 0), ifnull(sum(belongs = 'suggested'), 0), \
         coalesce(cover_face, (SELECT best.id FROM face best WHERE best.person_id = person.id AND best.{PRESENT} \
         ORDER BY best.belongs = 'suggested', best.quality DESC LIMIT 1), {ANY_FACE} person.id LIMIT 1)), cover_face IS NOT NULL \
         FROM person LEFT JOIN face ON face.person_id = person.id AND {PRESENT} WHERE person.id = ?1 GROUP BY person.id"
    );
    Ok(c.prepare_cached(&sql)?.query_row([person.0], card_at).optional()?)
}

/// Asks for details of these faces.
fn face_details(which: &str) -> String {
    format!(
        "SELECT face.id, photo_id, path, x, y, face.width, face.height, score, landmarks, person_id, belongs, set_aside, \
         name, (SELECT min(was_of.person_id) FROM was_of WHERE was_of.face_id = face.id AND {IS_WHEN_SET_ASIDE}) \
         FROM face JOIN photo ON photo.id = photo_id LEFT JOIN person ON person.id = person_id WHERE {which}"
    )
}

fn face_detail(row: &rusqlite::Row) -> Result<FaceDetail> {
    Ok(FaceDetail {
        face_id: FaceId(row.get(0)?),
        photo_id: PhotoId(row.get(1)?),
        path: path::from_bytes(row.get(2)?),
        detection: faces::detection_at(row, 3)?,
        state: rows::state_at(row, 9)?,
        name: row.get(12)?,
        was_of: row.get::<_, Option<i64>>(13)?.map(PersonId),
    })
}

fn card_at(row: &rusqlite::Row) -> rusqlite::Result<PersonCard> {
    Ok(PersonCard {
        id: PersonId(row.get(0)?),
        name: row.get(1)?,
        is_hidden: row.get(2)?,
        faces: row.get::<_, i64>(3)? as usize,
        confirmed: row.get::<_, i64>(4)? as usize,
        suggested: row.get::<_, i64>(5)? as usize,
        cover: row.get::<_, Option<i64>>(6)?.map(FaceId),
        is_cover_chosen: row.get(7)?,
    })
}

type FacesAndVectors = (Vec<FaceOfPerson>, HashMap<FaceId, Embedding>);

fn faces_and_vectors(c: &Connection, person: PersonId, model: &ModelId) -> Result<FacesAndVectors> {
    let mut query = c.prepare_cached(&format!(
        "SELECT face.id, photo_id, person_id, belongs, set_aside, vector FROM face \
         LEFT JOIN embedding ON face_id = face.id AND model_id = (SELECT id FROM model WHERE name = ?2) \
         WHERE person_id = ?1 AND {PRESENT}"
    ))?;
    let mut rows = query.query(params![person.0, model.0])?;
    let mut faces = Vec::new();
    let mut vectors = HashMap::new();
    while let Some(row) = rows.next()? {
        let FaceState::Of { belongs, .. } = rows::state_at(row, 2)? else { continue };
        let face_id = FaceId(row.get(0)?);
        faces.push(FaceOfPerson { face_id, photo_id: PhotoId(row.get(1)?), belongs, distance: None });
        if let Some(bytes) = row.get::<_, Option<Vec<u8>>>(5)? {
            vectors.insert(face_id, embedding_from(&bytes)?);
        }
    }
    Ok((faces, vectors))
}

/// The normalised mean; none of nothing, or where the vectors cancel.
fn mean<'a>(embeddings: impl Iterator<Item = &'a Embedding>) -> Option<Embedding> {
    let mut sum: Vec<f32> = Vec::new();
    for embedding in embeddings {
        sum.resize(embedding.dimensions(), 0.0);
        for (total, value) in sum.iter_mut().zip(embedding.as_slice()) {
            *total += value;
        }
    }
    Embedding::normalise(sum).ok()
}
