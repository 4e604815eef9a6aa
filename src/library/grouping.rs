//! Between the library and the clustering: which faces with which facts go in, and how the groups that come out become
//! people without touching what the user said.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, Transaction, params};

use super::error::{LibraryError, Result};
use super::faces;
use super::open::{Library, LibraryReader};
use super::review::journal::Decisions;
use super::review::steps::NextSteps;
use super::review::{self, Belongs, FaceState, ReviewAction, rows};
use super::vectors::{self, VectorFile, VectorState};
use crate::types::{Embedding, FaceId, ModelId, PersonId, PhotoId, Revision, Touched};

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

/// Who asks for a grouping: only what a user asked for goes into the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupedBy {
    Scan,
    User,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupingOutcome {
    /// Faces newly suggested for somebody known.
    pub suggested: usize,
    /// Nameless groups there are now among the faces given.
    pub groups: usize,
    /// Of these, groups that were not there before.
    pub new_groups: usize,
    /// Faces kept out of a group because their user once said no, or because a group held two known people.
    pub kept_apart: usize,
    /// Where a user asked for it: what it touched, and the step that takes it back.
    pub touched: Touched,
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
    pub fn changed(&self, groups: &[Vec<FaceId>]) -> Vec<Vec<FaceId>> {
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
    pub(crate) fn faces_to_group_from(&self, model: &ModelId, file: Option<&Arc<VectorFile>>) -> Result<GroupingInput> {
        self.at_once(|library| {
            let vectors = library.read(vectors::state)?;
            let file = file.filter(|file| vectors == Some(file.state()));
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
        file: Option<&Arc<VectorFile>>,
    ) -> Result<Vec<FaceToGroup>> {
        self.read(|c| {
            let vectors = vectors::state(c)?;
            faces_to_group(c, model, Some(person), file.filter(|file| vectors == Some(file.state())))
        })
    }

    /// Every two people who are not the same one.
    pub fn told_apart_pairs(&self) -> Result<Vec<(PersonId, PersonId)>> {
        self.read(told_apart)
    }
}

fn told_apart(c: &Connection) -> Result<Vec<(PersonId, PersonId)>> {
    let mut query = c.prepare_cached("SELECT person_a, person_b FROM different")?;
    let pairs = query.query_map([], |row| Ok((PersonId(row.get(0)?), PersonId(row.get(1)?))))?;
    Ok(pairs.collect::<rusqlite::Result<_>>()?)
}

fn faces_to_group(
    c: &Connection,
    model: &ModelId,
    of: Option<PersonId>,
    file: Option<&Arc<VectorFile>>,
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
                // It took no part in the grouping that wrote the file, or has none.
                None => match faces::embedding_of(c, model, face_id)? {
                    Some(embedding) => embedding,
                    None => continue,
                },
            },
            None => faces::embedding_from(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?,
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

impl Library {
    /// Makes people of groups.
    ///
    /// Confirmed faces stay where they are. The other faces of a group with confirmed faces are suggested for that
    /// person. A group without any becomes a nameless person, who keeps the id of the nameless person that most of
    /// its faces belonged to, hidden as they were. A face never goes to a person for whom it was rejected. Faces in no
    /// group are untouched, and so are faces that have gone or changed since `seen`, what the groups were made from: what
    /// was decided while they were computed holds.
    pub fn apply_grouping(&mut self, groups: &[Vec<FaceId>], by: GroupedBy, seen: Revision) -> Result<GroupingOutcome> {
        let apply = |t: &Transaction| {
            let before = NextSteps::read(t)?;
            let mut decisions = Decisions::begin(t);
            let groups = unchanged(t, groups, seen)?;
            let mut outcome = GroupsToApply::read(t, &groups)?.apply(&mut decisions)?;
            match by {
                GroupedBy::Scan => {}
                GroupedBy::User => outcome.touched = decisions.keep(ReviewAction::Regroup)?,
            }
            Ok((outcome, before, NextSteps::read(t)?))
        };
        let (mut outcome, before, after) = match by {
            // It can be found again.
            GroupedBy::Scan => self.write(apply)?,
            GroupedBy::User => self.write_through(apply)?,
        };
        self.own_steps.note(before, after);
        outcome.touched.step = Some(after.undo).filter(|step| *step > before.undo);
        Ok(outcome)
    }

    /// Suggests known people for new faces, one by one, without a new grouping. Faces that already belong to somebody
    /// or were rejected for that person are left alone. Returns how many suggestions were made.
    pub fn suggest(&mut self, suggestions: &[(FaceId, PersonId)]) -> Result<usize> {
        self.write(|t| {
            let mut decisions = Decisions::begin(t);
            let mut made = 0;
            for &(face, person) in suggestions {
                let is_free = rows::face(t, face)?.ok_or(LibraryError::NoSuchFace(face))? == FaceState::Unassigned;
                if is_free && !rows::is_rejected(t, face, person)? {
                    decisions.set_face(face, FaceState::Of { person, belongs: Belongs::Suggested })?;
                    made += 1;
                }
            }
            Ok(made)
        })
    }
}

/// The groups without the faces that have gone or changed since.
fn unchanged(c: &Connection, groups: &[Vec<FaceId>], seen: Revision) -> Result<Vec<Vec<FaceId>>> {
    let mut kept = Vec::with_capacity(groups.len());
    for group in groups {
        let mut faces = Vec::with_capacity(group.len());
        for &face in group {
            if rows::face_revision(c, face)?.is_some_and(|revision| revision <= seen.0) {
                faces.push(face);
            }
        }
        kept.push(faces);
    }
    Ok(kept)
}

/// The groups given, beside the present state of their faces.
struct GroupsToApply<'g> {
    groups: &'g [Vec<FaceId>],
    states: HashMap<FaceId, FaceState>,
    rejected: HashMap<FaceId, Vec<PersonId>>,
    /// Who is somebody else than whom, also where that was said while the groups were computed.
    different: HashMap<PersonId, HashSet<PersonId>>,
    outcome: GroupingOutcome,
}

impl<'g> GroupsToApply<'g> {
    fn read(c: &Connection, groups: &'g [Vec<FaceId>]) -> Result<Self> {
        let mut states = HashMap::new();
        for &face in groups.iter().flatten() {
            states.insert(face, rows::face(c, face)?.ok_or(LibraryError::NoSuchFace(face))?);
        }
        let mut different: HashMap<PersonId, HashSet<PersonId>> = HashMap::new();
        for (a, b) in told_apart(c)? {
            different.entry(a).or_default().insert(b);
            different.entry(b).or_default().insert(a);
        }
        let rejected = rejections(c, None)?;
        Ok(Self { groups, states, rejected, different, outcome: GroupingOutcome::default() })
    }

    fn apply(mut self, d: &mut Decisions) -> Result<GroupingOutcome> {
        let mut nameless: Vec<Vec<FaceId>> = Vec::new();
        for group in self.groups {
            let owner = self.owner(group);
            let undecided = self.leave_apart(group, owner, &mut nameless);
            match owner {
                Some(owner) => self.join(d, owner, &undecided, &mut nameless)?,
                None if undecided.is_empty() => {}
                None => nameless.push(undecided),
            }
        }
        let ids = self.ids_for(d, &nameless)?;
        for (group, id) in nameless.iter().zip(ids) {
            let person = match id {
                Some(id) => id,
                None => {
                    self.outcome.new_groups += 1;
                    d.create_person(None)?
                }
            };
            self.outcome.groups += 1;
            for &face in group {
                d.set_face(face, FaceState::Of { person, belongs: Belongs::Grouped })?;
            }
            self.inherit(d, person, group)?;
        }
        self.remove_emptied(d)?;
        Ok(self.outcome)
    }

    /// Neither confirmed nor set aside: the grouping may place it.
    fn is_open(&self, face: FaceId) -> bool {
        !self.states[&face].is_decided() && !matches!(self.states[&face], FaceState::SetAside(_))
    }

    /// The faces that the grouping may place together. Those of a person who is somebody else than another one in the
    /// group stay as they are.
    fn leave_apart(&self, group: &[FaceId], owner: Option<PersonId>, nameless: &mut Vec<Vec<FaceId>>) -> Vec<FaceId> {
        let open = group.iter().copied().filter(|face| self.is_open(*face));
        if self.different.is_empty() {
            return open.collect();
        }
        // A suggestion is nobody's word.
        let whose = |face: &FaceId| {
            let state = self.states[face];
            state.person().filter(|_| state.belongs() != Some(Belongs::Suggested))
        };
        let people: HashSet<PersonId> = group.iter().filter_map(whose).collect();
        let is_apart = |person: &PersonId| {
            let others = self.different.get(person).filter(|_| Some(*person) != owner);
            others.is_some_and(|others| !others.is_disjoint(&people))
        };
        let (mut together, mut apart) = (Vec::new(), BTreeMap::<PersonId, Vec<FaceId>>::new());
        for face in open {
            match whose(&face).filter(is_apart) {
                Some(person) => apart.entry(person).or_default().push(face),
                None => together.push(face),
            }
        }
        nameless.extend(apart.into_values());
        together
    }

    /// What was said of a group holds for the parts that it falls into.
    fn inherit(&self, d: &mut Decisions, person: PersonId, group: &[FaceId]) -> Result<()> {
        let mut came_from: HashMap<PersonId, usize> = HashMap::new();
        for before in group.iter().filter_map(|face| self.states[face].person()) {
            *came_from.entry(before).or_default() += 1;
        }
        let most = came_from.into_iter().find(|&(before, faces)| before != person && faces * 2 > group.len());
        let Some((before, _)) = most else { return Ok(()) };
        match rows::person(d.t, before)? {
            Some(row) if !row.is_known() => review::inherit(d, before, person),
            _ => Ok(()),
        }
    }

    fn is_rejected(&self, face: FaceId, person: PersonId) -> bool {
        self.rejected.get(&face).is_some_and(|people| people.contains(&person))
    }

    /// The person with the most confirmed faces in the group. A group with two is the caller's mistake; it is counted.
    fn owner(&mut self, group: &[FaceId]) -> Option<PersonId> {
        let mut votes: HashMap<PersonId, usize> = HashMap::new();
        for face in group {
            let state = self.states[face];
            if let (true, Some(person)) = (state.is_decided(), state.person()) {
                *votes.entry(person).or_default() += 1;
            }
        }
        let (&owner, &most) = votes.iter().max_by_key(|&(person, votes)| (votes, std::cmp::Reverse(person)))?;
        self.outcome.kept_apart += votes.values().sum::<usize>() - most;
        Some(owner)
    }

    fn join(
        &mut self,
        d: &mut Decisions,
        owner: PersonId,
        faces: &[FaceId],
        nameless: &mut Vec<Vec<FaceId>>,
    ) -> Result<()> {
        let is_known = rows::person(d.t, owner)?.is_some_and(|row| row.is_known());
        // A nameless group that its user has put together grows without asking; a known person does not.
        let belongs = if is_known { Belongs::Suggested } else { Belongs::Grouped };
        for &face in faces {
            if self.is_rejected(face, owner) {
                self.outcome.kept_apart += 1;
                nameless.push(vec![face]);
                continue;
            }
            let after = FaceState::Of { person: owner, belongs };
            if is_known && self.states[&face] != after {
                self.outcome.suggested += 1;
            }
            d.set_face(face, after)?;
        }
        Ok(())
    }

    /// For each nameless group the person that it continues: largest overlap first, each person once. A group that was
    /// hidden with no face held is continued too, and so stays out of sight.
    fn ids_for(&self, d: &Decisions, nameless: &[Vec<FaceId>]) -> Result<Vec<Option<PersonId>>> {
        let mut overlaps: HashMap<(usize, PersonId), usize> = HashMap::new();
        for (index, group) in nameless.iter().enumerate() {
            for face in group {
                if let FaceState::Of { person, .. } = self.states[face] {
                    *overlaps.entry((index, person)).or_default() += 1;
                }
            }
        }
        let mut candidates: Vec<(usize, PersonId, usize)> =
            overlaps.into_iter().map(|((index, person), shared)| (shared, person, index)).collect();
        candidates.sort_by_key(|&(shared, person, index)| (std::cmp::Reverse(shared), person, index));
        let mut ids = vec![None; nameless.len()];
        let mut taken = HashSet::new();
        for (_, person, index) in candidates {
            let is_free = ids[index].is_none() && !taken.contains(&person);
            if is_free && self.may_continue(d, person, &nameless[index])? {
                ids[index] = Some(person);
                taken.insert(person);
            }
        }
        Ok(ids)
    }

    fn may_continue(&self, d: &Decisions, person: PersonId, group: &[FaceId]) -> Result<bool> {
        if group.iter().any(|&face| self.is_rejected(face, person)) {
            return Ok(false);
        }
        let Some(row) = rows::person(d.t, person)? else { return Ok(false) };
        let faces = rows::faces_of(d.t, person)?;
        Ok(row.name.is_none() && faces.iter().all(|(_, belongs)| !belongs.is_decided()))
    }

    /// Nameless people whose faces all went elsewhere are gone. What was said about them holds for those who took
    /// most of their faces, if they have them: whom a face is only suggested for may not be the same one.
    fn remove_emptied(&self, d: &mut Decisions) -> Result<()> {
        let emptied = nameless_without_faces(d.t)?;
        let is_emptied: HashSet<PersonId> = emptied.iter().copied().collect();
        let mut heirs: HashMap<PersonId, HashMap<PersonId, usize>> = HashMap::new();
        for (&face, state) in &self.states {
            if let FaceState::Of { person, belongs: Belongs::Grouped } = *state
                && is_emptied.contains(&person)
                && let Some(FaceState::Of { person: now, belongs }) = rows::face(d.t, face)?
                && belongs != Belongs::Suggested
            {
                *heirs.entry(person).or_default().entry(now).or_default() += 1;
            }
        }
        for &person in &emptied {
            let heir = heirs
                .get(&person)
                .and_then(|votes| votes.iter().max_by_key(|&(heir, votes)| (votes, std::cmp::Reverse(heir))));
            match heir {
                Some((&heir, _)) => review::hand_over(d, person, heir)?,
                None if rows::is_spoken_of(d.t, person)? => continue,
                None => {}
            }
            d.delete_person(person)?;
        }
        Ok(())
    }
}

fn known_people(c: &Connection) -> Result<HashSet<PersonId>> {
    let mut query = c.prepare_cached("SELECT id FROM person WHERE name IS NOT NULL OR hidden <> 0")?;
    Ok(query.query_map(params![], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn nameless_without_faces(c: &Connection) -> Result<Vec<PersonId>> {
    let mut query = c.prepare_cached(
        "SELECT id FROM person WHERE name IS NULL AND hidden = 0 \
         AND NOT EXISTS (SELECT 1 FROM face WHERE person_id = person.id) ORDER BY id",
    )?;
    Ok(query.query_map(params![], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn rejections(c: &Connection, of: Option<PersonId>) -> Result<HashMap<FaceId, Vec<PersonId>>> {
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
