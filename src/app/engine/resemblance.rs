//! Which group resembles which named person: the means of all of them, brought up to date by what a change touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster;
use crate::library::{Belongs, FaceState, FaceToGroup, GroupingInput};
use crate::types::{Embedding, ModelId, PersonId, SquaredDistance};

/// For each nameless group the person whose faces' mean is nearest to the group's, where that is near enough to be the
/// same person. People who were told apart do not resemble each other, nor does a group whom one of its faces is not.
pub(crate) struct Resemblances {
    model: ModelId,
    threshold: SquaredDistance,
    known: BTreeMap<PersonId, Embedding>,
    groups: BTreeMap<PersonId, Embedding>,
    /// Both ways round.
    apart: BTreeSet<(PersonId, PersonId)>,
    /// Whom a face of the group is not.
    rejected: BTreeMap<PersonId, BTreeSet<PersonId>>,
    nearest: BTreeMap<PersonId, (PersonId, SquaredDistance)>,
}

impl Resemblances {
    pub fn of(input: &GroupingInput, model: ModelId, threshold: SquaredDistance) -> Self {
        let mut faces: BTreeMap<PersonId, Vec<&FaceToGroup>> = BTreeMap::new();
        for face in &input.faces {
            if let Some(person) = face.state.person() {
                faces.entry(person).or_default().push(face);
            }
        }
        let (known, groups, nearest, rejected) = Default::default();
        let mut all = Self { model, threshold, known, groups, apart: both_ways(&input.different), rejected, nearest };
        for (person, faces) in faces {
            all.place(person, &faces);
        }
        let groups: Vec<PersonId> = all.groups.keys().copied().collect();
        groups.into_iter().for_each(|group| all.find(group));
        all
    }

    pub fn is_by(&self, model: &ModelId) -> bool {
        self.model == *model
    }

    /// By group.
    pub fn nearest(&self) -> &BTreeMap<PersonId, (PersonId, SquaredDistance)> {
        &self.nearest
    }

    /// Takes in which faces these people have now. Returns the groups that may resemble somebody else since, or
    /// somebody with another name.
    pub fn update(
        &mut self,
        people: &[(PersonId, Vec<FaceToGroup>)],
        different: &[(PersonId, PersonId)],
    ) -> BTreeSet<PersonId> {
        let apart = both_ways(different);
        let mut changed: BTreeSet<PersonId> = apart.symmetric_difference(&self.apart).map(|(a, _)| *a).collect();
        self.apart = apart;
        for (person, faces) in people {
            self.place(*person, &faces.iter().collect::<Vec<_>>());
            changed.insert(*person);
        }
        let is_touched = |person: &PersonId| people.iter().any(|(touched, _)| touched == person);
        changed.extend(self.nearest.iter().filter(|(_, (near, _))| is_touched(near)).map(|(group, _)| *group));
        for (person, _) in people {
            changed.extend(self.now_nearer_to(*person));
        }
        changed.iter().for_each(|group| self.find(*group));
        changed
    }

    /// Groups that are nearer to this person than to whom they resembled.
    fn now_nearer_to(&self, person: PersonId) -> Vec<PersonId> {
        let Some(mean) = self.known.get(&person) else { return Vec::new() };
        let nearer = |(group, other): &(&PersonId, &Embedding)| {
            let found = (mean.squared_distance(other), person);
            let before =
                self.nearest.get(*group).map_or((self.threshold, PersonId(i64::MAX)), |(near, far)| (*far, *near));
            found.0.0.total_cmp(&before.0.0).then(found.1.cmp(&before.1)).is_lt()
        };
        self.groups.iter().filter(nearer).map(|(group, _)| *group).collect()
    }

    fn place(&mut self, person: PersonId, faces: &[&FaceToGroup]) {
        let mean = |counts: &dyn Fn(FaceState) -> bool| {
            cluster::centroid(faces.iter().filter(|face| counts(face.state)).map(|face| &face.embedding))
        };
        let grouped = |state| matches!(state, FaceState::Of { belongs: Belongs::Grouped, .. });
        let rejected: BTreeSet<PersonId> = faces.iter().flat_map(|face| &face.rejected).copied().collect();
        put(&mut self.rejected, person, Some(rejected).filter(|people| !people.is_empty()));
        put(&mut self.known, person, mean(&FaceState::is_decided));
        put(&mut self.groups, person, mean(&grouped));
    }

    fn find(&mut self, group: PersonId) {
        let nearest = self.groups.get(&group).and_then(|mean| {
            let is_not = |person: &PersonId| {
                self.apart.contains(&(group, *person))
                    || self.rejected.get(&group).is_some_and(|people| people.contains(person))
            };
            let others = self.known.iter().filter(|(person, _)| !is_not(person));
            let distances = others.map(|(person, other)| (*person, mean.squared_distance(other)));
            distances.min_by(|a, b| a.1.0.total_cmp(&b.1.0)).filter(|(_, distance)| *distance <= self.threshold)
        });
        put(&mut self.nearest, group, nearest);
    }
}

fn both_ways(pairs: &[(PersonId, PersonId)]) -> BTreeSet<(PersonId, PersonId)> {
    pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect()
}

fn put<T>(map: &mut BTreeMap<PersonId, T>, person: PersonId, value: Option<T>) {
    match value {
        Some(value) => _ = map.insert(person, value),
        None => _ = map.remove(&person),
    }
}
