//! Distances from the clusters' means alone.
//!
//! For unit vectors the mean of ‖a − b‖² over all pairs of two clusters is 2 − 2·μ_A·μ_B, because ‖a‖² = ‖b‖² = 1;
//! Ward's distance is 2·|A|·|B| / (|A| + |B|) · ‖μ_A − μ_B‖² by definition. So n means are enough ("stored data" chain,
//! Murtagh 1985), and memory grows with n instead of n².

use rayon::prelude::*;

use super::Linkage;
use super::chain::Distances;
use super::vectors::{FaceVectors, dot, squared_distance};

pub(super) struct Means {
    means: FaceVectors,
    sizes: Vec<f32>,
    linkage: Linkage,
}

impl Means {
    pub fn new(vectors: FaceVectors, linkage: Linkage) -> Self {
        let sizes = vec![1.0; vectors.len()];
        Self { means: vectors, sizes, linkage }
    }
}

/// Below this many clusters a search is not worth waking the other threads.
const PARALLEL_FROM: usize = 2048;

impl Distances for Means {
    fn len(&self) -> usize {
        self.sizes.len()
    }

    fn distance(&self, a: usize, b: usize) -> f32 {
        let (mean_a, mean_b) = (self.means.row(a), self.means.row(b));
        match self.linkage {
            Linkage::Ward => {
                let (a, b) = (self.sizes[a], self.sizes[b]);
                2.0 * a * b / (a + b) * squared_distance(mean_a, mean_b)
            }
            _ => (2.0 - 2.0 * dot(mean_a, mean_b)).max(0.0),
        }
    }

    /// `fenced` are the clusters that `tip` must not meet, in order.
    fn nearest(&self, tip: usize, active: &[usize], fenced: &[usize]) -> Option<(usize, f32)> {
        let search = |part: &[usize]| -> Option<(usize, f32)> {
            let mut best: Option<(usize, f32)> = None;
            for &other in part {
                if other == tip || fenced.binary_search(&other).is_ok() {
                    continue;
                }
                let distance = self.distance(tip, other);
                if best.is_none_or(|(_, least)| distance < least) {
                    best = Some((other, distance));
                }
            }
            best
        };
        if active.len() < PARALLEL_FROM {
            return search(active);
        }
        // Ties go to the first, as in the sequential search, so the result does not depend on the number of threads.
        active.par_chunks(PARALLEL_FROM / 4).filter_map(search).min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }

    fn forbid(&mut self, _: usize, _: usize) {}

    fn merge(&mut self, kept: usize, gone: usize, _: &[usize]) {
        let (size_kept, size_gone) = (self.sizes[kept], self.sizes[gone]);
        let share = size_gone / (size_kept + size_gone);
        let dimensions = self.means.dimensions;
        for index in 0..dimensions {
            let other = self.means.values[gone * dimensions + index];
            let mean = &mut self.means.values[kept * dimensions + index];
            *mean += (other - *mean) * share;
        }
        self.sizes[kept] += size_gone;
    }

    fn needs_fences(&self) -> bool {
        true
    }
}
