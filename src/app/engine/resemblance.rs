//! Which group resembles which named person: the means of all of them, brought up to date by what a change touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster;
use crate::cluster::graph::{VectorRows, nearest_between};
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

/// So many people near to a group are asked whether they are somebody else.
const NEAR: usize = 8;
/// More than two ways to measure a distance differ by.
const ROUNDING: f32 = 1e-4;

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
        all.find_all();
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

    /// Of all groups: each is compared with the few people whose means are near to its own.
    fn find_all(&mut self) {
        let Some(dimensions) = self.known.values().next().map(Embedding::dimensions) else { return };
        let values = |means: &BTreeMap<PersonId, Embedding>| -> Vec<f32> {
            means.values().flat_map(Embedding::as_slice).copied().collect()
        };
        let (groups, known) = (values(&self.groups), values(&self.known));
        let rows = [&groups, &known].map(|values| VectorRows::new(values, dimensions));
        let near = nearest_between(rows[0], rows[1], NEAR, self.threshold.0 + ROUNDING);
        let people: Vec<PersonId> = self.known.keys().copied().collect();
        let groups: Vec<PersonId> = self.groups.keys().copied().collect();
        for (group, near) in groups.into_iter().zip(near) {
            let found = self.nearest_of(group, near.iter().map(|&(_, place)| people[place as usize]));
            if found.is_none() && near.len() == NEAR {
                // All of them are somebody else, and there may be others.
                self.find(group);
            } else {
                put(&mut self.nearest, group, found);
            }
        }
    }

    fn find(&mut self, group: PersonId) {
        let nearest = self.nearest_of(group, self.known.keys().copied());
        put(&mut self.nearest, group, nearest);
    }

    /// Who of these people resembles the group most; none where nobody is near enough.
    fn nearest_of(
        &self,
        group: PersonId,
        people: impl Iterator<Item = PersonId>,
    ) -> Option<(PersonId, SquaredDistance)> {
        let mean = self.groups.get(&group)?;
        let is_not = |person: PersonId| {
            self.apart.contains(&(group, person))
                || self.rejected.get(&group).is_some_and(|people| people.contains(&person))
        };
        let others = people.filter(|person| !is_not(*person));
        let distances = others.filter_map(|person| Some((person, mean.squared_distance(self.known.get(&person)?))));
        let nearest = distances.min_by(|a, b| a.1.0.total_cmp(&b.1.0).then(a.0.cmp(&b.0)));
        nearest.filter(|(_, distance)| *distance <= self.threshold)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FaceId, PhotoId};

    fn face(place: i64, person: PersonId, belongs: Belongs, degrees: f32, rejected: Vec<PersonId>) -> FaceToGroup {
        let (y, x) = degrees.to_radians().sin_cos();
        FaceToGroup {
            face_id: FaceId(place),
            photo_id: PhotoId(place),
            embedding: Embedding::normalise(vec![x, y]).unwrap(),
            state: FaceState::Of { person, belongs },
            rejected,
        }
    }

    /// Twenty people a degree apart and a group near the first; more of them are not the group than are asked at first.
    #[test]
    fn a_group_resembles_the_nearest_who_may_be_meant_however_many_may_not() {
        let group = PersonId(100);
        let people = 0..20_i64;
        let mut faces: Vec<FaceToGroup> = people
            .clone()
            .map(|person| face(person, PersonId(person), Belongs::Confirmed, person as f32, Vec::new()))
            .collect();
        for others in [0, 3, NEAR as i64 + 2, 20] {
            faces.truncate(20);
            faces.push(face(
                200,
                group,
                Belongs::Grouped,
                -1.0,
                people.clone().take(others as usize).map(PersonId).collect(),
            ));
            let input = GroupingInput { faces: faces.clone(), ..GroupingInput::default() };
            let found = Resemblances::of(&input, ModelId("toy".to_owned()), SquaredDistance(1.0));
            let nearest = found.nearest().get(&group).map(|(person, _)| person.0);
            assert_eq!(nearest, Some(others).filter(|others| *others < 20));
        }
    }
}
