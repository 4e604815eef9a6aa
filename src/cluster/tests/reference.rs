//! The definition, slow and obvious: look at all pairs of clusters, merge the nearest that may meet, repeat.

use std::collections::HashSet;

use crate::cluster::{Constraints, Linkage};
use crate::types::Embedding;

/// Merges with their distances, clusters as sets of faces, computed from the faces themselves in f64.
pub(super) struct Reference<'a> {
    faces: &'a [Embedding],
    constraints: &'a Constraints,
    linkage: Linkage,
    pub clusters: Vec<Vec<usize>>,
    pub distances: Vec<f64>,
}

impl<'a> Reference<'a> {
    pub fn new(faces: &'a [Embedding], constraints: &'a Constraints, linkage: Linkage) -> Self {
        let mut clusters: Vec<Vec<usize>> = Vec::new();
        for face in 0..faces.len() {
            let person = constraints.confirmed.get(face).copied().flatten();
            let same = |other: &Vec<usize>| person.is_some() && constraints.confirmed[other[0]] == person;
            match clusters.iter_mut().find(|cluster| same(cluster)) {
                Some(cluster) => cluster.push(face),
                None => clusters.push(vec![face]),
            }
        }
        Self { faces, constraints, linkage, clusters, distances: Vec::new() }
    }

    /// Merges up to and including `threshold`.
    pub fn run(mut self, threshold: f64) -> Self {
        loop {
            let mut best: Option<(f64, usize, usize)> = None;
            for a in 0..self.clusters.len() {
                for b in a + 1..self.clusters.len() {
                    let distance = self.distance(&self.clusters[a], &self.clusters[b]);
                    if self.may_meet(a, b) && best.is_none_or(|(least, ..)| distance < least) {
                        best = Some((distance, a, b));
                    }
                }
            }
            match best {
                Some((distance, a, b)) if distance <= threshold => {
                    let gone = self.clusters.remove(b);
                    self.clusters[a].extend(gone);
                    self.distances.push(distance);
                }
                _ => return self,
            }
        }
    }

    fn may_meet(&self, a: usize, b: usize) -> bool {
        self.clusters[a].iter().all(|&i| self.clusters[b].iter().all(|&j| may_meet(self.faces, self.constraints, i, j)))
    }

    fn distance(&self, a: &[usize], b: &[usize]) -> f64 {
        let pairs = a.iter().flat_map(|&i| b.iter().map(move |&j| (i, j)));
        let mut distances = pairs.map(|(i, j)| squared_distance(&self.faces[i], &self.faces[j]));
        let (size_a, size_b) = (a.len() as f64, b.len() as f64);
        match self.linkage {
            Linkage::Single => distances.fold(f64::INFINITY, f64::min),
            Linkage::Complete => distances.fold(0.0, f64::max),
            Linkage::Average => distances.sum::<f64>() / (size_a * size_b),
            Linkage::Ward => {
                let between: f64 = distances.by_ref().sum::<f64>() / (size_a * size_b);
                let means = between - self.spread(a) - self.spread(b);
                2.0 * size_a * size_b / (size_a + size_b) * means
            }
        }
    }

    /// The mean squared distance of a cluster's faces to their mean.
    fn spread(&self, cluster: &[usize]) -> f64 {
        let pairs = cluster.iter().flat_map(|&i| cluster.iter().map(move |&j| (i, j)));
        let sum: f64 = pairs.map(|(i, j)| squared_distance(&self.faces[i], &self.faces[j])).sum();
        sum / 2.0 / (cluster.len() as f64).powi(2)
    }
}

/// Whether two faces may be of one cluster, as far as these two alone tell.
pub(super) fn may_meet(faces: &[Embedding], constraints: &Constraints, i: usize, j: usize) -> bool {
    let person = |face: usize| constraints.confirmed.get(face).copied().flatten();
    let same_photo = is_one_photo(constraints, i, j) && !are_copies(faces, constraints, i, j);
    let two_people = matches!((person(i), person(j)), (Some(a), Some(b)) if a != b);
    let apart: HashSet<(usize, usize)> = constraints.apart.iter().copied().collect();
    !(same_photo || two_people || apart.contains(&(i, j)) || apart.contains(&(j, i)))
}

fn is_one_photo(constraints: &Constraints, i: usize, j: usize) -> bool {
    !constraints.photos.is_empty() && constraints.photos[i] == constraints.photos[j]
}

/// Whether copies in their photo lead from one to the other.
fn are_copies(faces: &[Embedding], constraints: &Constraints, i: usize, j: usize) -> bool {
    let Some(copies) = constraints.copies else { return false };
    let mut reached = vec![i];
    let mut next = 0;
    while let Some(&from) = reached.get(next) {
        let is_near = |to: &usize| squared_distance(&faces[from], &faces[*to]) <= f64::from(copies.0);
        let new: Vec<usize> = (0..faces.len())
            .filter(|to| is_one_photo(constraints, i, *to) && !reached.contains(to))
            .filter(is_near)
            .collect();
        reached.extend(new);
        next += 1;
    }
    reached.contains(&j)
}

fn squared_distance(a: &Embedding, b: &Embedding) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}
