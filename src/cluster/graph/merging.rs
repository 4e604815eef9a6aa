//! The clusters while they merge: who is in which, their means, and whom each may meet.

use std::collections::HashMap;

use rayon::prelude::*;

use super::rows::{VectorRows, distance_of, dot};
use crate::cluster::constraints::NumberedConstraints;
use crate::cluster::dendrogram::{Sets, Step};
use crate::types::SquaredDistance;

/// No cluster, no place.
pub(super) const NONE: u32 = u32::MAX;

/// A cluster goes by one of its faces.
pub(super) struct MergingClusters<'a> {
    pub facts: &'a NumberedConstraints,
    vectors: VectorRows<'a>,
    /// The cluster of each face.
    pub cluster_of: Vec<u32>,
    /// The next face of the same cluster, in a ring.
    next: Vec<u32>,
    pub sizes: Vec<u32>,
    /// The known person whose faces a cluster holds.
    person: Vec<u32>,
    /// Where the mean of a cluster of several faces lies in `means`.
    place: Vec<u32>,
    means: Vec<f32>,
    free: Vec<u32>,
    heights: Vec<f32>,
    /// For a cluster the groups of `facts.told` that it has faces of.
    told: HashMap<u32, Vec<usize>>,
    pub steps: Vec<Step>,
    /// Clusters left.
    pub left: usize,
}

impl<'a> MergingClusters<'a> {
    pub fn new(vectors: VectorRows<'a>, facts: &'a NumberedConstraints) -> Self {
        let faces = vectors.len();
        let person = facts.person_of.iter().map(|person| person.map_or(NONE, |person| person as u32)).collect();
        Self {
            facts,
            vectors,
            cluster_of: (0..faces as u32).collect(),
            next: (0..faces as u32).collect(),
            sizes: vec![1; faces],
            person,
            place: vec![NONE; faces],
            means: Vec::new(),
            free: Vec::new(),
            heights: vec![0.0; faces],
            told: facts.told.group_of.iter().map(|(&face, &group)| (face as u32, vec![group])).collect(),
            steps: Vec::with_capacity(faces.saturating_sub(1)),
            left: faces,
        }
    }

    /// With these merges made, all at once.
    pub fn grown(vectors: VectorRows<'a>, facts: &'a NumberedConstraints, known: &[Step]) -> Self {
        let mut forest = Self::new(vectors, facts);
        let mut sets = Sets::new(vectors.len());
        for step in known {
            let (kept, gone) = sets.join(step.face_a, step.face_b);
            forest.heights[kept] = step.distance.0.max(forest.heights[kept]).max(forest.heights[gone]);
        }
        for face in 0..vectors.len() {
            let root = sets.root(face);
            if root != face {
                forest.cluster_of[face] = root as u32;
                forest.next.swap(face, root);
                forest.sizes[root] += 1;
                forest.left -= 1;
                forest.unite_told(root as u32, face as u32);
                if forest.person[root] == NONE {
                    forest.person[root] = forest.person[face];
                }
            }
        }
        forest.measure_means();
        forest.steps.extend_from_slice(known);
        forest
    }

    /// The means of all clusters of several faces.
    fn measure_means(&mut self) {
        let dimensions = self.dimensions();
        let clusters = (0..self.len() as u32).filter(|&id| self.is_cluster(id) && self.sizes[id as usize] > 1);
        let clusters: Vec<u32> = clusters.collect();
        let mut means = vec![0.0_f32; clusters.len() * dimensions];
        means.par_chunks_mut(dimensions).zip(&clusters).with_min_len(16).for_each(|(mean, &cluster)| {
            let mut sum = vec![0.0_f64; dimensions];
            for face in self.members(cluster) {
                for (total, &value) in sum.iter_mut().zip(self.vectors.row(face as usize)) {
                    *total += f64::from(value);
                }
            }
            let size = f64::from(self.sizes[cluster as usize]);
            mean.iter_mut().zip(sum).for_each(|(mean, total)| *mean = (total / size) as f32);
        });
        self.means = means;
        for (place, &cluster) in clusters.iter().enumerate() {
            self.place[cluster as usize] = place as u32;
        }
    }

    pub fn dimensions(&self) -> usize {
        self.vectors.dimensions()
    }

    pub fn len(&self) -> usize {
        self.cluster_of.len()
    }

    pub fn is_cluster(&self, id: u32) -> bool {
        self.cluster_of[id as usize] == id
    }

    pub fn mean(&self, cluster: u32) -> &[f32] {
        match self.place[cluster as usize] {
            NONE => self.vectors.row(cluster as usize),
            place => &self.means[place as usize * self.dimensions()..][..self.dimensions()],
        }
    }

    /// The mean D over all pairs.
    pub fn distance(&self, a: u32, b: u32) -> f32 {
        distance_of(dot(self.mean(a), self.mean(b)))
    }

    pub fn members(&self, cluster: u32) -> impl Iterator<Item = u32> {
        let mut face = cluster;
        let mut is_first = true;
        std::iter::from_fn(move || {
            if face == cluster && !is_first {
                return None;
            }
            is_first = false;
            let now = face;
            face = self.next[face as usize];
            Some(now)
        })
    }

    /// Whether no fact keeps the two apart.
    pub fn may_meet(&self, a: u32, b: u32) -> bool {
        let people = (self.person[a as usize], self.person[b as usize]);
        if people.0 != NONE && people.1 != NONE && people.0 != people.1 {
            return false;
        }
        let (few, many) = if self.sizes[a as usize] <= self.sizes[b as usize] { (a, b) } else { (b, a) };
        let is_there = |&other: &usize| self.cluster_of[other] == many;
        let meets = |face: u32| {
            let mut in_photo = self.facts.photo_mates(face as usize);
            in_photo.any(|other| is_there(&other)) || self.facts.apart[face as usize].iter().any(is_there)
        };
        !self.members(few).any(meets) && !self.are_told_apart(few, many)
    }

    /// Whether the groups that the two have faces of are different, or one was rejected by a face of the other.
    fn are_told_apart(&self, few: u32, many: u32) -> bool {
        let told = &self.facts.told;
        if told.groups.is_empty() {
            return false;
        }
        let of = |cluster: u32| self.told.get(&cluster).map_or(&[][..], Vec::as_slice);
        let are_different = of(few).iter().any(|&a| told.different[a].iter().any(|b| of(many).contains(b)));
        let is_of = |face: usize, cluster: u32| self.cluster_of[face] == cluster;
        let reject = |cluster: u32, by: u32| {
            of(cluster).iter().any(|&group| told.rejecting[group].iter().any(|&face| is_of(face, by)))
        };
        are_different || reject(few, many) || reject(many, few)
    }

    fn unite_told(&mut self, kept: u32, gone: u32) {
        if let Some(more) = self.told.remove(&gone) {
            let told = self.told.entry(kept).or_default();
            for group in more {
                if !told.contains(&group) {
                    told.push(group);
                }
            }
        }
    }

    /// Makes one cluster of two, and returns which of the two names it goes by.
    pub fn merge(&mut self, a: u32, b: u32, distance: f32) -> (u32, u32) {
        let is_larger = (self.sizes[a as usize], std::cmp::Reverse(a)) > (self.sizes[b as usize], std::cmp::Reverse(b));
        let (kept, gone) = if is_larger { (a, b) } else { (b, a) };
        self.merge_means(kept, gone);
        let mut face = gone;
        loop {
            self.cluster_of[face as usize] = kept;
            face = self.next[face as usize];
            if face == gone {
                break;
            }
        }
        self.next.swap(kept as usize, gone as usize);
        self.sizes[kept as usize] += self.sizes[gone as usize];
        self.unite_told(kept, gone);
        if self.person[kept as usize] == NONE {
            self.person[kept as usize] = self.person[gone as usize];
        }
        // Rounding must not put a parent below its children.
        let height = distance.max(self.heights[kept as usize]).max(self.heights[gone as usize]);
        self.heights[kept as usize] = height;
        let distance = SquaredDistance(height);
        self.steps.push(Step { face_a: kept as usize, face_b: gone as usize, distance });
        self.left -= 1;
        (kept, gone)
    }

    fn merge_means(&mut self, kept: u32, gone: u32) {
        let share = self.sizes[gone as usize] as f32 / (self.sizes[kept as usize] + self.sizes[gone as usize]) as f32;
        let merged: Vec<f32> =
            self.mean(kept).iter().zip(self.mean(gone)).map(|(&mean, &other)| mean + (other - mean) * share).collect();
        let freed = std::mem::replace(&mut self.place[gone as usize], NONE);
        if freed != NONE {
            self.free.push(freed);
        }
        let dimensions = self.dimensions();
        if self.place[kept as usize] == NONE {
            self.place[kept as usize] = self.free.pop().unwrap_or_else(|| {
                self.means.resize(self.means.len() + dimensions, 0.0);
                (self.means.len() / dimensions - 1) as u32
            });
        }
        self.means[self.place[kept as usize] as usize * dimensions..][..dimensions].copy_from_slice(&merged);
    }
}
