//! Which faces with which facts go into a grouping.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::error::Result;
use super::kept_vectors::KeptVectors;
use super::open::LibraryReader;
use super::review::{Belongs, FaceState, rows};
use super::vectors::{self, VectorState};
use crate::types::{Embedding, FaceId, ModelId, PersonId, PhotoId, Revision};

/// A face as the clustering sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceToGroup {
    pub face_id: FaceId,
    pub photo_id: PhotoId,
    pub embedding: Embedding,
    pub state: FaceState,
    /// People whom this face is not.
    pub rejected: Vec<PersonId>,
}

/// All faces that take part, of one model, in order of their id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupingInput {
    pub faces: Vec<FaceToGroup>,
    /// People who are not the same.
    pub different: Vec<(PersonId, PersonId)>,
    /// People of whom faces are suggested only: named or hidden ones.
    pub known: HashSet<PersonId>,
    /// What of the library was seen.
    pub revision: Revision,
    /// What its vectors were.
    pub(crate) vectors: Option<VectorState>,
}

impl GroupingInput {
    /// The person that each face is said to be.
    pub fn confirmed(&self) -> Vec<Option<PersonId>> {
        self.faces.iter().map(|face| face.state.person().filter(|_| face.state.is_decided())).collect()
    }

    /// The person or group that each face is of; one that is only suggested is nobody's yet.
    pub fn groups(&self) -> Vec<Option<PersonId>> {
        let of = |state: FaceState| match state {
            FaceState::Of { person, belongs: Belongs::Named | Belongs::Confirmed | Belongs::Grouped } => Some(person),
            _ => None,
        };
        self.faces.iter().map(|face| of(face.state)).collect()
    }

    /// The groups that the library does not have as they are here: [`Library::apply_grouping`] would leave the others.
    pub(crate) fn changed(&self, groups: &[Vec<FaceId>]) -> Vec<Vec<FaceId>> {
        let faces: HashMap<FaceId, &FaceToGroup> = self.faces.iter().map(|face| (face.face_id, face)).collect();
        let mut sizes: HashMap<PersonId, usize> = HashMap::new();
        for person in self.faces.iter().filter_map(|face| face.state.person()) {
            *sizes.entry(person).or_default() += 1;
        }
        let is_changed = |group: &&Vec<FaceId>| {
            let members: Option<Vec<&FaceToGroup>> = group.iter().map(|face| faces.get(face).copied()).collect();
            members.is_none_or(|members| !self.is_there(&members, &sizes))
        };
        groups.iter().filter(is_changed).cloned().collect()
    }

    /// Whether the library has a group so already; where that is hard to say, not.
    fn is_there(&self, members: &[&FaceToGroup], sizes: &HashMap<PersonId, usize>) -> bool {
        let decided = members.iter().filter(|face| face.state.is_decided()).filter_map(|face| face.state.person());
        let owners: HashSet<PersonId> = decided.collect();
        let mut open = members.iter().filter(|face| !face.state.is_decided());
        let is_of = |face: &FaceToGroup, person, belongs| {
            face.state == FaceState::Of { person, belongs } && !face.rejected.contains(&person)
        };
        if let Some(&owner) = owners.iter().next() {
            let belongs = if self.known.contains(&owner) { Belongs::Suggested } else { Belongs::Grouped };
            return owners.len() == 1 && open.all(|face| is_of(face, owner, belongs));
        }
        let Some(person) = members.first().and_then(|face| face.state.person()) else { return members.is_empty() };
        let is_whole = sizes.get(&person) == Some(&members.len()) && !self.known.contains(&person);
        is_whole && open.all(|face| is_of(face, person, Belongs::Grouped))
    }
}

impl LibraryReader {
    /// Every face that takes part in a grouping: embedded by `model`, not set aside, its photo not missing; of missing
    /// photos those that were given to a person, who is known by them still.
    pub fn faces_to_group(&self, model: &ModelId) -> Result<GroupingInput> {
        self.faces_to_group_from(model, None)
    }

    /// The same, with vectors from the file where these are still what it holds.
    pub(crate) fn faces_to_group_from(
        &self,
        model: &ModelId,
        file: Option<&Arc<KeptVectors>>,
    ) -> Result<GroupingInput> {
        self.at_once(|library| {
            let vectors = library.read(vectors::state)?;
            let file = library.kept_vectors(model, file)?;
            Ok(GroupingInput {
                faces: library.read(|c| faces_to_group(c, model, None, file))?,
                different: library.told_apart_pairs()?,
                known: library.read(known_people)?,
                revision: library.revision()?,
                vectors,
            })
        })
    }

    /// Of these faces those of one person or group.
    pub(crate) fn faces_to_group_of(
        &self,
        person: PersonId,
        model: &ModelId,
        file: Option<&Arc<KeptVectors>>,
    ) -> Result<Vec<FaceToGroup>> {
        let file = self.kept_vectors(model, file)?;
        self.read(|c| faces_to_group(c, model, Some(person), file))
    }

    /// The file, where what it holds is still what the library does.
    pub(crate) fn kept_vectors<'f>(
        &self,
        model: &ModelId,
        file: Option<&'f Arc<KeptVectors>>,
    ) -> Result<Option<&'f Arc<KeptVectors>>> {
        let Some(file) = file else { return Ok(None) };
        Ok(self.read(|c| vectors::is_kept(c, model, file))?.then_some(file))
    }

    /// Whether all these faces are there still, with a vector.
    pub(crate) fn have_vectors(&self, model: &ModelId, faces: &[FaceId]) -> Result<bool> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT 1 FROM embedding WHERE face_id = ?2 AND model_id = (SELECT id FROM model WHERE name = ?1)",
            )?;
            for face in faces {
                if !query.exists(params![model.0, face.0])? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Whether there are faces that no grouping has seen yet.
    pub(crate) fn has_ungrouped_faces(&self, model: &ModelId) -> Result<bool> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT 1 FROM face JOIN photo ON photo.id = photo_id WHERE person_id IS NULL AND set_aside IS NULL \
                 AND photo.missing = 0 AND EXISTS (SELECT 1 FROM embedding WHERE face_id = face.id \
                 AND model_id = (SELECT id FROM model WHERE name = ?1))",
            )?;
            Ok(query.exists([&model.0])?)
        })
    }

    /// Every two people who are not the same one.
    pub(crate) fn told_apart_pairs(&self) -> Result<Vec<(PersonId, PersonId)>> {
        self.read(told_apart)
    }
}

pub(super) fn told_apart(c: &Connection) -> Result<Vec<(PersonId, PersonId)>> {
    let mut query = c.prepare_cached("SELECT person_a, person_b FROM different")?;
    let pairs = query.query_map([], |row| Ok((PersonId(row.get(0)?), PersonId(row.get(1)?))))?;
    Ok(pairs.collect::<rusqlite::Result<_>>()?)
}

fn faces_to_group(
    c: &Connection,
    model: &ModelId,
    of: Option<PersonId>,
    file: Option<&Arc<KeptVectors>>,
) -> Result<Vec<FaceToGroup>> {
    let mut rejected = rejections(c, of)?;
    let whose = if of.is_some() { "person_id = ?2" } else { "?2 IS NULL" };
    let (from, order) = match file {
        // Nothing is read of the vectors' table.
        Some(_) => ("NULL, person_id, belongs, set_aside FROM face WHERE ?1 IS NOT NULL", "face.id"),
        None => (
            "vector, person_id, belongs, set_aside FROM embedding JOIN face ON face.id = embedding.face_id \
             WHERE model_id = (SELECT id FROM model WHERE name = ?1)",
            "embedding.face_id",
        ),
    };
    let mut query = c.prepare_cached(&format!(
        "SELECT face.id, photo_id, {from} AND {whose} AND set_aside IS NULL \
         AND (photo_id NOT IN (SELECT id FROM photo WHERE missing = 1) \
         OR (belongs IN ('named', 'confirmed') \
         AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.face_id = face.id))) ORDER BY {order}"
    ))?;
    let mut rows = query.query(params![model.0, of.map(|person| person.0)])?;
    let mut faces = Vec::new();
    while let Some(row) = rows.next()? {
        let face_id = FaceId(row.get(0)?);
        let embedding = match file {
            Some(file) => match file.embedding(face_id) {
                Some(embedding) => embedding,
                // It has come since the file was written, took no part in that grouping, or has none.
                None => match vectors::embedding_of(c, model, face_id)? {
                    Some(embedding) => embedding,
                    None => continue,
                },
            },
            None => vectors::embedding_from(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?,
        };
        faces.push(FaceToGroup {
            face_id,
            photo_id: PhotoId(row.get(1)?),
            embedding,
            state: rows::state_at(row, 3)?,
            rejected: rejected.remove(&face_id).unwrap_or_default(),
        });
    }
    Ok(faces)
}

fn known_people(c: &Connection) -> Result<HashSet<PersonId>> {
    let mut query = c.prepare_cached("SELECT id FROM person WHERE name IS NOT NULL OR hidden <> 0")?;
    Ok(query.query_map(params![], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn rejections(c: &Connection, of: Option<PersonId>) -> Result<HashMap<FaceId, Vec<PersonId>>> {
    let mut query = c.prepare_cached(
        "SELECT face_id, person_id FROM rejected \
         WHERE ?1 IS NULL OR face_id IN (SELECT id FROM face WHERE person_id = ?1) ORDER BY face_id, person_id",
    )?;
    let mut rows = query.query([of.map(|person| person.0)])?;
    let mut rejected: HashMap<FaceId, Vec<PersonId>> = HashMap::new();
    while let Some(row) = rows.next()? {
        rejected.entry(FaceId(row.get(0)?)).or_default().push(PersonId(row.get(1)?));
    }
    Ok(rejected)
}
