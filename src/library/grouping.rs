//! How the groups that a clustering found become people, without touching what the user said.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, Transaction, params};

use super::error::{LibraryError, Result};
use super::open::Library;
use super::review::journal::Decisions;
use super::review::steps::NextSteps;
use super::review::{self, Belongs, FaceState, ReviewAction, rows};
use super::to_group::{rejections, told_apart};
use crate::types::{FaceId, PersonId, Revision, Touched};

/// Who asks for a grouping: only what a user asked for goes into the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupedBy<'s> {
    Scan,
    /// With the settings that it was made with, each with its value: they are part of the step.
    User(&'s [(String, String)]),
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

impl Library {
    /// Makes people of groups.
    ///
    /// Confirmed faces stay where they are. The other faces of a group with confirmed faces are suggested for that
    /// person. A group without any becomes a nameless person, who keeps the id of the nameless person that most of
    /// its faces belonged to, hidden as they were. A face never goes to a person for whom it was rejected. Faces in no
    /// group are untouched, and so are faces that have gone or changed since `seen`, what the groups were made from: what
    /// was decided while they were computed holds.
    pub fn apply_grouping(
        &mut self,
        groups: &[Vec<FaceId>],
        by: GroupedBy<'_>,
        seen: Revision,
    ) -> Result<GroupingOutcome> {
        let apply = |t: &Transaction| {
            let before = NextSteps::read(t)?;
            let mut decisions = Decisions::begin(t);
            let groups = unchanged(t, groups, seen)?;
            let mut outcome = GroupsToApply::read(t, &groups)?.apply(&mut decisions)?;
            match by {
                GroupedBy::Scan => {}
                GroupedBy::User(settings) => {
                    settings.iter().try_for_each(|(key, value)| decisions.set_setting(key, value))?;
                    outcome.touched = decisions.keep(ReviewAction::Regroup)?;
                }
            }
            Ok((outcome, before, NextSteps::read(t)?))
        };
        let (mut outcome, before, after) = match by {
            // It can be found again.
            GroupedBy::Scan => self.write(apply)?,
            GroupedBy::User(_) => self.write_through(apply)?,
        };
        self.own_steps.note(before, after);
        outcome.touched.step = Some(after.undo).filter(|step| *step > before.undo);
        Ok(outcome)
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
        let mut successors: HashMap<PersonId, HashMap<PersonId, usize>> = HashMap::new();
        for (&face, state) in &self.states {
            if let FaceState::Of { person, belongs: Belongs::Grouped } = *state
                && is_emptied.contains(&person)
                && let Some(FaceState::Of { person: now, belongs }) = rows::face(d.t, face)?
                && belongs != Belongs::Suggested
            {
                *successors.entry(person).or_default().entry(now).or_default() += 1;
            }
        }
        for &person in &emptied {
            let successor = successors
                .get(&person)
                .and_then(|votes| votes.iter().max_by_key(|&(successor, votes)| (votes, std::cmp::Reverse(successor))));
            match successor {
                Some((&successor, _)) => review::hand_over(d, person, successor)?,
                None if rows::is_spoken_of(d.t, person)? => continue,
                None => {}
            }
            d.delete_person(person)?;
        }
        Ok(())
    }
}

fn nameless_without_faces(c: &Connection) -> Result<Vec<PersonId>> {
    let mut query = c.prepare_cached(
        "SELECT id FROM person WHERE name IS NULL AND hidden = 0 \
         AND NOT EXISTS (SELECT 1 FROM face WHERE person_id = person.id) ORDER BY id",
    )?;
    Ok(query.query_map(params![], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}
