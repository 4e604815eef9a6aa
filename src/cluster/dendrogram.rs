//! The tree of merges.

use crate::types::SquaredDistance;

/// One merge: the clusters that hold these two faces become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub(crate) face_a: usize,
    pub(crate) face_b: usize,
    pub distance: SquaredDistance,
}

/// All merges in order of distance. Under constraints it is a forest: clusters that may never meet stay apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dendrogram {
    faces: usize,
    steps: Vec<Step>,
}

impl Dendrogram {
    /// Takes the merges in the order they were made, a cluster's own merges before those it takes part in, at
    /// distances that do not fall from child to parent.
    pub(super) fn new(faces: usize, mut steps: Vec<Step>) -> Self {
        // Stable: at equal distances children stay before parents.
        steps.sort_by(|a, b| a.distance.0.total_cmp(&b.distance.0));
        Self { faces, steps }
    }

    pub fn faces(&self) -> usize {
        self.faces
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The cluster of each face when merging stops at `threshold` (which is still merged), numbered from 0 in order
    /// of first appearance.
    pub fn cut(&self, threshold: SquaredDistance) -> Vec<usize> {
        let mut sets = Sets::new(self.faces);
        for step in self.steps.iter().take_while(|step| step.distance.0 <= threshold.0) {
            sets.join(step.face_a, step.face_b);
        }
        let mut numbers = vec![usize::MAX; self.faces];
        let mut next = 0;
        (0..self.faces)
            .map(|face| {
                let root = sets.root(face);
                if numbers[root] == usize::MAX {
                    numbers[root] = next;
                    next += 1;
                }
                numbers[root]
            })
            .collect()
    }

    /// How many clusters there are at `threshold`.
    pub fn count(&self, threshold: SquaredDistance) -> usize {
        self.faces - self.steps.partition_point(|step| step.distance.0 <= threshold.0)
    }

    /// The faces of each cluster at `threshold`, the largest cluster first.
    pub fn groups(&self, threshold: SquaredDistance) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.count(threshold)];
        for (face, cluster) in self.cut(threshold).into_iter().enumerate() {
            groups[cluster].push(face);
        }
        groups.sort_by_key(|faces| (std::cmp::Reverse(faces.len()), faces[0]));
        groups
    }
}

/// Disjoint sets of faces.
pub(super) struct Sets(Vec<usize>);

impl Sets {
    pub fn new(faces: usize) -> Self {
        Self((0..faces).collect())
    }

    pub fn root(&mut self, mut face: usize) -> usize {
        while self.0[face] != face {
            self.0[face] = self.0[self.0[face]];
            face = self.0[face];
        }
        face
    }

    /// Returns the two former roots; the first is the new one.
    pub fn join(&mut self, a: usize, b: usize) -> (usize, usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[b] = a;
        (a, b)
    }
}
