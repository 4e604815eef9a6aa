//! What is known stays known: only faces that are new, or of which something else was said since, and small groups that
//! they touch, are grouped again; all other groups stay whole, and may take them in.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::Path;

use super::average::{TreePlan, TreeTask, TreeWork, average_tree};
use super::file_parts::{GraphFileError, piece, read_all, read_whole, write_all, write_whole};
use super::neighbours::{NeighbourGraph, NodeKey};
use super::rows::VectorRows;
use crate::cluster::ClusterError;
use crate::cluster::constraints::{Constraints, NumberedConstraints};
use crate::cluster::dendrogram::{Dendrogram, Sets, Step};
use crate::types::{Cancel, PersonId, SquaredDistance};

/// A grouping as it was made: its faces, what was said of each, and its merges.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RememberedGroups {
    pub keys: Vec<NodeKey>,
    /// See [`facts_of_faces`].
    pub facts: Vec<u64>,
    /// Merges up to here.
    pub limit: f32,
    pub(crate) steps: Vec<Step>,
}

/// What a new look at a grouping did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Regrouped {
    /// Merges up to the threshold.
    pub(crate) tree: Dendrogram,
    /// The faces that were placed anew.
    pub placed: Vec<u32>,
    /// The groups that they are in now: all others are as they were, but for faces that have gone.
    pub groups: Vec<Vec<usize>>,
    pub work: TreeWork,
}

/// Groups that large stay whole where a face comes near; the face goes into one as it is, or does not.
const PARTED_AT_MOST: usize = 300;

/// What is said of each face, in a number: its photo, its person, and whom it is told apart from.
pub(crate) fn facts_of_faces(constraints: &Constraints, keys: &[NodeKey]) -> Vec<u64> {
    let mut apart: Vec<Vec<i64>> = vec![Vec::new(); keys.len()];
    for &(a, b) in &constraints.apart {
        apart[a].push(keys[b].face);
        apart[b].push(keys[a].face);
    }
    let mut different: HashMap<PersonId, Vec<i64>> = HashMap::new();
    for &(a, b) in &constraints.different {
        different.entry(a).or_default().push(b.0);
        different.entry(b).or_default().push(a.0);
    }
    let mut rejected: HashMap<usize, Vec<i64>> = HashMap::new();
    constraints.rejected.iter().for_each(|&(face, person)| rejected.entry(face).or_default().push(person.0));
    let is_rejected: HashSet<PersonId> = constraints.rejected.iter().map(|&(_, person)| person).collect();
    let copies = constraints.copies.map(|copies| copies.0.to_bits());
    let number = |(face, mut apart): (usize, Vec<i64>)| {
        let group = constraints.groups.get(face).copied().flatten();
        let told = group.filter(|group| different.contains_key(group) || is_rejected.contains(group));
        let mut lists = [told.and_then(|group| different.get(&group)), rejected.get(&face)]
            .map(|list| list.cloned().unwrap_or_default());
        lists.iter_mut().for_each(|list| list.sort_unstable());
        apart.sort_unstable();
        apart.dedup();
        let mut hasher = DefaultHasher::new();
        let photo = constraints.photos.get(face).map(|photo| photo.0);
        let person = constraints.confirmed.get(face).copied().flatten().map(|person| person.0);
        (photo, person, apart, told, lists, copies).hash(&mut hasher);
        hasher.finish()
    };
    apart.into_iter().enumerate().map(number).collect()
}

/// Groups anew what has changed since `before`, at the threshold of the groups, which `before` must reach: where its limit
/// is lower, it is [`completed`] first.
pub(crate) fn regroup_touched(
    graph: &NeighbourGraph,
    vectors: VectorRows<'_>,
    constraints: &Constraints,
    before: &RememberedGroups,
    threshold: SquaredDistance,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Regrouped, ClusterError> {
    let facts = NumberedConstraints::new(constraints, vectors.len(), |a, b| vectors.distance(a, b))?;
    let now = facts_of_faces(constraints, graph.keys());
    let places = Places::new(graph.keys(), &now, before);
    let touched = places.touched(graph, before, threshold.0);
    let known = carried(before, threshold.0, |old| places.now[old].filter(|&face| !touched[face as usize]));
    let placed: Vec<u32> = (0..).zip(&touched).filter(|(_, is)| **is).map(|(face, _)| face).collect();
    if placed.is_empty() {
        let tree = Dendrogram::new(vectors.len(), known);
        return Ok(Regrouped { tree, placed, groups: Vec::new(), work: TreeWork::default() });
    }
    let plan = TreePlan { limit: threshold.0, slack: 0.0 };
    let task = TreeTask { vectors, facts: &facts, known: &known, only: Some(&placed), plan };
    let (tree, work) = average_tree(graph, &task, cancel, progress)?;
    let cut = tree.cut(threshold);
    let mut groups: HashMap<usize, Vec<usize>> = placed.iter().map(|&face| (cut[face as usize], Vec::new())).collect();
    for (face, cluster) in cut.iter().enumerate() {
        if let Some(group) = groups.get_mut(cluster) {
            group.push(face);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|faces| (std::cmp::Reverse(faces.len()), faces[0]));
    Ok(Regrouped { tree, placed, groups, work })
}

/// Goes on from the merges there are, up to the plan's limit: what a look beyond the threshold needs.
pub(crate) fn completed(
    graph: &NeighbourGraph,
    vectors: VectorRows<'_>,
    constraints: &Constraints,
    tree: &Dendrogram,
    plan: TreePlan,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Dendrogram, TreeWork), ClusterError> {
    let facts = NumberedConstraints::new(constraints, vectors.len(), |a, b| vectors.distance(a, b))?;
    let task = TreeTask { vectors, facts: &facts, known: tree.steps(), only: None, plan };
    average_tree(graph, &task, cancel, progress)
}

/// Where the faces of before are now, and of which something else is said.
struct Places {
    /// For each face of before its place now.
    now: Vec<Option<u32>>,
    /// For each face its place before.
    before: Vec<Option<u32>>,
    /// New, or something else is said of it.
    is_changed: Vec<bool>,
}

impl Places {
    fn new(keys: &[NodeKey], facts: &[u64], old: &RememberedGroups) -> Self {
        let places: HashMap<NodeKey, u32> = old.keys.iter().copied().zip(0..).collect();
        let before: Vec<Option<u32>> = keys.iter().map(|key| places.get(key).copied()).collect();
        let mut now = vec![None; old.keys.len()];
        for (face, place) in before.iter().enumerate() {
            if let Some(place) = place {
                now[*place as usize] = Some(face as u32);
            }
        }
        let is_changed =
            before.iter().zip(facts).map(|(place, &fact)| place.is_none_or(|place| old.facts[place as usize] != fact));
        let is_changed = is_changed.collect();
        Self { now, before, is_changed }
    }

    /// The faces to be placed anew: those that changed, and the faces of small groups that they are of or near.
    fn touched(&self, graph: &NeighbourGraph, old: &RememberedGroups, threshold: f32) -> Vec<bool> {
        let tree = Dendrogram::new(old.keys.len(), old.steps.clone());
        let group_of = tree.cut(SquaredDistance(threshold));
        let mut sizes = vec![0_usize; old.keys.len()];
        group_of.iter().for_each(|&group| sizes[group] += 1);
        let mut is_parted = vec![false; old.keys.len()];
        let mut part = |face: usize| {
            if let Some(place) = self.before[face] {
                let group = group_of[place as usize];
                is_parted[group] |= sizes[group] <= PARTED_AT_MOST;
            }
        };
        for face in 0..self.before.len() {
            if self.is_changed[face] {
                part(face);
                let near = graph.neighbours(face).take_while(|&(_, distance)| distance <= threshold);
                near.for_each(|(other, _)| part(other as usize));
                continue;
            }
            let mut near = graph.neighbours(face).take_while(|&(_, distance)| distance <= threshold);
            if near.any(|(other, _)| self.is_changed[other as usize]) {
                part(face);
            }
        }
        let of_parted = |place: &Option<u32>| place.is_some_and(|place| is_parted[group_of[place as usize]]);
        self.before.iter().zip(&self.is_changed).map(|(place, &is_changed)| is_changed || of_parted(place)).collect()
    }
}

/// The merges up to the threshold among the faces that have a place, which stand for those that have none.
fn carried(before: &RememberedGroups, threshold: f32, place: impl Fn(usize) -> Option<u32>) -> Vec<Step> {
    let mut sets = Sets::new(before.keys.len());
    let mut stands_for: Vec<Option<u32>> = (0..before.keys.len()).map(place).collect();
    let mut steps = Vec::with_capacity(before.steps.len());
    for step in before.steps.iter().take_while(|step| step.distance.0 <= threshold) {
        let (a, b) = sets.join(step.face_a, step.face_b);
        if let (Some(a), Some(b)) = (stands_for[a], stands_for[b]) {
            steps.push(Step { face_a: a as usize, face_b: b as usize, distance: step.distance });
        }
        stands_for[a] = stands_for[a].or(stands_for[b]);
    }
    steps
}

const MAGIC: &[u8; 8] = b"LKNGROUP";
const VERSION: u32 = 1;

impl RememberedGroups {
    pub(crate) fn new(keys: Vec<NodeKey>, facts: Vec<u64>, limit: f32, tree: &Dendrogram) -> Self {
        Self { keys, facts, limit, steps: tree.steps().to_vec() }
    }

    /// Whether these faces and facts are those it was made from.
    pub fn is_of(&self, keys: &[NodeKey], facts: &[u64]) -> bool {
        self.keys == keys && self.facts == facts
    }

    pub(crate) fn tree(&self) -> Dendrogram {
        Dendrogram::new(self.keys.len(), self.steps.clone())
    }

    pub fn save(&self, path: &Path) -> Result<(), GraphFileError> {
        write_whole(path, |out| {
            out.write_all(MAGIC)?;
            out.write_all(&VERSION.to_le_bytes())?;
            out.write_all(&self.limit.to_le_bytes())?;
            out.write_all(&(self.keys.len() as u64).to_le_bytes())?;
            out.write_all(&(self.steps.len() as u64).to_le_bytes())?;
            write_all(out, self.keys.iter().map(|key| key.face.to_le_bytes()))?;
            write_all(out, self.keys.iter().map(|key| key.vector.to_le_bytes()))?;
            write_all(out, self.facts.iter().map(|fact| fact.to_le_bytes()))?;
            write_all(out, self.steps.iter().map(|step| (step.face_a as u32).to_le_bytes()))?;
            write_all(out, self.steps.iter().map(|step| (step.face_b as u32).to_le_bytes()))?;
            write_all(out, self.steps.iter().map(|step| step.distance.0.to_le_bytes()))
        })
    }

    pub fn load(path: &Path) -> Result<Self, GraphFileError> {
        let found = read_whole(path, Self::read)?;
        let faces = found.keys.len();
        let is_sound = |step: &Step| step.face_a < faces && step.face_b < faces && step.distance.0.is_finite();
        if found.steps.iter().all(is_sound) { Ok(found) } else { Err(GraphFileError::Damaged) }
    }

    fn read(from: &mut dyn Read, length: u64) -> Result<Self, GraphFileError> {
        if piece::<8>(from)? != *MAGIC || u32::from_le_bytes(piece(from)?) != VERSION {
            return Err(GraphFileError::Foreign);
        }
        let limit = f32::from_le_bytes(piece(from)?);
        let (faces, steps) = (u64::from_le_bytes(piece(from)?), u64::from_le_bytes(piece(from)?));
        // Nothing is set aside for more than the file can hold.
        if faces > length / 24 || steps > length / 12 {
            return Err(GraphFileError::Damaged);
        }
        let (faces, steps) = (faces as usize, steps as usize);
        let ids = read_all(from, faces, i64::from_le_bytes)?;
        let prints = read_all(from, faces, u64::from_le_bytes)?;
        let facts = read_all(from, faces, u64::from_le_bytes)?;
        let face_a = read_all(from, steps, u32::from_le_bytes)?;
        let face_b = read_all(from, steps, u32::from_le_bytes)?;
        let distances = read_all(from, steps, f32::from_le_bytes)?;
        let keys = ids.into_iter().zip(prints).map(|(face, vector)| NodeKey { face, vector }).collect();
        let steps = face_a.into_iter().zip(face_b).zip(distances).map(|((a, b), distance)| Step {
            face_a: a as usize,
            face_b: b as usize,
            distance: SquaredDistance(distance),
        });
        Ok(Self { keys, facts, limit, steps: steps.collect() })
    }
}
