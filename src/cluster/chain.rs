//! The nearest-neighbour chain: follow nearest neighbours until two are each other's nearest, merge them, go on from
//! what is left of the chain (Müllner 2011, figure 3). About 3·n searches, each linear in the clusters left.

use super::ClusterError;
use super::constraints::NumberedConstraints;
use super::dendrogram::{Dendrogram, Step};
use crate::types::{Cancel, SquaredDistance};

/// What an algorithm keeps. A cluster goes by one of its faces.
pub(super) trait Distances {
    fn len(&self) -> usize;
    fn distance(&self, a: usize, b: usize) -> f32;
    /// The nearest of the `active` clusters (in order) that `tip` may meet, the first of equally near ones.
    fn nearest(&self, tip: usize, active: &[usize], fenced: &[usize]) -> Option<(usize, f32)>;
    /// `gone` becomes part of `kept`; distances to the `active` ones follow.
    fn merge(&mut self, kept: usize, gone: usize, active: &[usize]);
    /// Whether `nearest` wants to be told each time whom `tip` must not meet; else it is told once, by `forbid`.
    fn needs_fences(&self) -> bool;
    fn forbid(&mut self, a: usize, b: usize);
}

/// How many merges pass between two looks at `cancel` and two reports.
const MERGES_PER_REPORT: usize = 64;

pub(super) fn run<D: Distances>(
    distances: D,
    facts: &NumberedConstraints,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Dendrogram, ClusterError> {
    let faces = distances.len();
    let mut forest = Forest::new(distances, facts);
    forest.join_confirmed();
    if !forest.distances.needs_fences() {
        forest.forbid_all();
    }
    // Invariant: each cluster of the chain is the nearest neighbour of the one before it.
    let mut chain: Vec<usize> = Vec::new();
    let mut reported = 0;
    while forest.active.len() > 1 {
        let settled = faces - forest.active.len();
        if settled >= reported + MERGES_PER_REPORT {
            reported = settled;
            progress(settled, faces);
            if cancel.is_cancelled() {
                return Err(ClusterError::Cancelled);
            }
        }
        if chain.is_empty() {
            chain.push(forest.active[0]);
        }
        forest.follow(&mut chain);
    }
    progress(faces, faces);
    Ok(Dendrogram::new(faces, forest.steps))
}

struct Forest<'f, D> {
    distances: D,
    facts: &'f NumberedConstraints,
    /// Clusters that may still grow, in order.
    active: Vec<usize>,
    cluster_of: Vec<usize>,
    members: Vec<Vec<usize>>,
    /// The distance at which each cluster was made.
    heights: Vec<f32>,
    steps: Vec<Step>,
}

impl<'f, D: Distances> Forest<'f, D> {
    fn new(distances: D, facts: &'f NumberedConstraints) -> Self {
        let faces = distances.len();
        Self {
            distances,
            facts,
            active: (0..faces).collect(),
            cluster_of: (0..faces).collect(),
            members: (0..faces).map(|face| vec![face]).collect(),
            heights: vec![0.0; faces],
            steps: Vec::with_capacity(faces.saturating_sub(1)),
        }
    }

    fn join_confirmed(&mut self) {
        for faces in &self.facts.people {
            for &face in &faces[1..] {
                self.merge(faces[0], face, 0.0);
            }
        }
    }

    fn forbid_all(&mut self) {
        for tip in self.active.clone() {
            for other in self.fence(tip) {
                self.distances.forbid(tip, other);
            }
        }
    }

    /// One step: the chain grows by the nearest neighbour of its end, or its end merges.
    fn follow(&mut self, chain: &mut Vec<usize>) {
        let Some(&tip) = chain.last() else { return };
        let fenced = if self.distances.needs_fences() { self.fence(tip) } else { Vec::new() };
        let Some((mut near, mut distance)) = self.distances.nearest(tip, &self.active, &fenced) else {
            // Nobody left that it may meet, and no later cluster will be anybody else.
            self.retire(tip);
            chain.clear();
            return;
        };
        // Of equally near ones the one before it in the chain, or ties would go round in circles.
        if let Some(&before) = chain.len().checked_sub(2).and_then(|place| chain.get(place)) {
            let back = self.distances.distance(tip, before);
            if back <= distance {
                (near, distance) = (before, back);
            }
        }
        // Normally only the one before it can be on the chain. Rounding can make an earlier one the nearest, by a
        // hair; merging with that one and forgetting the part in between keeps the invariant.
        match chain.iter().rposition(|&link| link == near) {
            Some(place) => {
                chain.truncate(place);
                self.merge(near.min(tip), near.max(tip), distance);
            }
            None => chain.push(near),
        }
    }

    fn merge(&mut self, kept: usize, gone: usize, distance: f32) {
        self.retire(gone);
        self.distances.merge(kept, gone, &self.active);
        let moved = std::mem::take(&mut self.members[gone]);
        for &face in &moved {
            self.cluster_of[face] = kept;
        }
        self.members[kept].extend(moved);
        // Rounding must not put a parent below its children.
        let height = distance.max(self.heights[kept]).max(self.heights[gone]);
        self.heights[kept] = height;
        self.steps.push(Step { face_a: kept, face_b: gone, distance: SquaredDistance(height) });
    }

    fn retire(&mut self, cluster: usize) {
        if let Ok(place) = self.active.binary_search(&cluster) {
            self.active.remove(place);
        }
    }

    /// The clusters that `tip` must not meet, in order.
    fn fence(&self, tip: usize) -> Vec<usize> {
        let mut fenced = Vec::new();
        let mut person = None;
        for &face in &self.members[tip] {
            person = person.or(self.facts.person_of[face]);
            fenced.extend(self.facts.apart[face].iter().map(|&other| self.cluster_of[other]));
            fenced.extend(self.facts.photo_mates(face).map(|other| self.cluster_of[other]));
        }
        fenced.extend(self.facts.told.from(&self.members[tip]).map(|other| self.cluster_of[other]));
        if let Some(person) = person {
            let others = self.facts.people.iter().enumerate().filter(|&(number, _)| number != person);
            fenced.extend(others.map(|(_, faces)| self.cluster_of[faces[0]]));
        }
        fenced.sort_unstable();
        fenced.dedup();
        fenced.retain(|&cluster| cluster != tip);
        fenced
    }
}
