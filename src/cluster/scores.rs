//! How well clusters agree with true labels: at one clustering, and at every threshold of a dendrogram.
//!
//! * Pairwise: of all pairs of faces put together, the share that belong together (precision), and of all that belong
//!   together the share put together (recall). Large people dominate it.
//! * B-cubed (Bagga and Baldwin 1998): the same shares for each face within its own cluster and label, averaged over
//!   faces, so every face counts alike.
//! * Normalised mutual information, divided by the arithmetic mean of the two entropies.

use std::collections::HashMap;

use super::dendrogram::{Dendrogram, Sets};
use crate::types::SquaredDistance;

#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scores {
    pub clusters: usize,
    pub labels: usize,
    /// 1 where no pair is put together.
    pub pairwise_precision: f64,
    /// 1 where no pair belongs together.
    pub pairwise_recall: f64,
    pub pairwise_f: f64,
    pub b_cubed_precision: f64,
    pub b_cubed_recall: f64,
    pub b_cubed_f: f64,
    pub nmi: f64,
}

/// The scores from this threshold up to the next point's.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct SweepPoint {
    pub threshold: SquaredDistance,
    pub scores: Scores,
}

/// Scores of one clustering against labels; both are numbers without order.
///
/// # Panics
/// When the lists differ in length.
pub fn score(clusters: &[usize], labels: &[usize]) -> Scores {
    assert_eq!(clusters.len(), labels.len(), "one cluster and one label a face");
    let mut tally = Tally::new(labels);
    let mut first: HashMap<usize, usize> = HashMap::new();
    for (face, &cluster) in clusters.iter().enumerate() {
        let &mut start = first.entry(cluster).or_insert(face);
        if start != face {
            tally.join(start, face);
        }
    }
    tally.scores()
}

/// Scores at every threshold where something changes, from no merge at all (threshold 0 or the first merges at 0).
///
/// # Panics
/// When there is not one label a face.
pub(crate) fn sweep(dendrogram: &Dendrogram, labels: &[usize]) -> Vec<SweepPoint> {
    assert_eq!(dendrogram.faces(), labels.len(), "one label a face");
    let mut tally = Tally::new(labels);
    let mut points = vec![SweepPoint { threshold: SquaredDistance(0.0), scores: tally.scores() }];
    for step in dendrogram.steps() {
        tally.join(step.face_a, step.face_b);
        let point = SweepPoint { threshold: step.distance, scores: tally.scores() };
        match points.last_mut() {
            Some(last) if last.threshold == step.distance => *last = point,
            _ => points.push(point),
        }
    }
    points
}

/// The contingency table of clusters and labels, and its sums, kept up to date while clusters merge.
struct Tally {
    sets: Sets,
    /// For the root of each cluster how many of its faces have which label.
    counts: Vec<HashMap<usize, u64>>,
    sizes: Vec<u64>,
    label_sizes: HashMap<usize, u64>,
    clusters: usize,
    /// Pairs put together, and those of them that belong together.
    pairs: u64,
    right_pairs: u64,
    /// Σ n² / |cluster|, Σ n² / |label|, Σ n·ln n over the table's cells; Σ s·ln s over clusters.
    precision_sum: f64,
    recall_sum: f64,
    cells_log: f64,
    clusters_log: f64,
}

impl Tally {
    fn new(labels: &[usize]) -> Self {
        let mut label_sizes = HashMap::new();
        for &label in labels {
            *label_sizes.entry(label).or_default() += 1;
        }
        let recall_sum = labels.iter().map(|label| 1.0 / label_sizes[label] as f64).sum();
        Self {
            sets: Sets::new(labels.len()),
            counts: labels.iter().map(|&label| HashMap::from([(label, 1)])).collect(),
            sizes: vec![1; labels.len()],
            label_sizes,
            clusters: labels.len(),
            pairs: 0,
            right_pairs: 0,
            precision_sum: labels.len() as f64,
            recall_sum,
            cells_log: 0.0,
            clusters_log: 0.0,
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        let (mut a, mut b) = (self.sets.root(a), self.sets.root(b));
        if a == b {
            return;
        }
        // The smaller table into the larger: each face moves at most log n times.
        if self.counts[a].len() < self.counts[b].len() {
            (a, b) = (b, a);
        }
        self.sets.join(a, b);
        let (size_a, size_b) = (self.sizes[a], self.sizes[b]);
        let squares = |counts: &HashMap<usize, u64>| counts.values().map(|n| n * n).sum::<u64>();
        let before = squares(&self.counts[a]) as f64 / size_a as f64 + squares(&self.counts[b]) as f64 / size_b as f64;
        let smaller = std::mem::take(&mut self.counts[b]);
        for (label, moved) in smaller {
            let count = self.counts[a].entry(label).or_default();
            let there = *count;
            *count += moved;
            self.right_pairs += there * moved;
            self.recall_sum += 2.0 * (there * moved) as f64 / self.label_sizes[&label] as f64;
            self.cells_log += n_log_n(there + moved) - n_log_n(there) - n_log_n(moved);
        }
        self.precision_sum += squares(&self.counts[a]) as f64 / (size_a + size_b) as f64 - before;
        self.clusters_log += n_log_n(size_a + size_b) - n_log_n(size_a) - n_log_n(size_b);
        self.pairs += size_a * size_b;
        self.sizes[a] += size_b;
        self.clusters -= 1;
    }

    fn scores(&self) -> Scores {
        let faces = self.sizes.len() as f64;
        let true_pairs: u64 = self.label_sizes.values().map(|n| n * (n - 1) / 2).sum();
        let share = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let pairwise_precision = share(self.right_pairs, self.pairs);
        let pairwise_recall = share(self.right_pairs, true_pairs);
        let b_cubed_precision = if faces > 0.0 { self.precision_sum / faces } else { 1.0 };
        let b_cubed_recall = if faces > 0.0 { self.recall_sum / faces } else { 1.0 };
        Scores {
            clusters: self.clusters,
            labels: self.label_sizes.len(),
            pairwise_precision,
            pairwise_recall,
            pairwise_f: harmonic_mean(pairwise_precision, pairwise_recall),
            b_cubed_precision,
            b_cubed_recall,
            b_cubed_f: harmonic_mean(b_cubed_precision, b_cubed_recall),
            nmi: self.nmi(faces),
        }
    }

    fn nmi(&self, faces: f64) -> f64 {
        if faces == 0.0 {
            return 1.0;
        }
        let labels_log: f64 = self.label_sizes.values().map(|&n| n_log_n(n)).sum();
        let cluster_entropy = faces.ln() - self.clusters_log / faces;
        let label_entropy = faces.ln() - labels_log / faces;
        let shared = faces.ln() + (self.cells_log - self.clusters_log - labels_log) / faces;
        let mean = (cluster_entropy + label_entropy) / 2.0;
        // Both sides a single cluster: they agree.
        if mean < 1e-12 { 1.0 } else { (shared / mean).clamp(0.0, 1.0) }
    }
}

fn n_log_n(n: u64) -> f64 {
    if n == 0 { 0.0 } else { n as f64 * (n as f64).ln() }
}

fn harmonic_mean(a: f64, b: f64) -> f64 {
    if a + b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::{Constraints, Linkage, dendrogram};
    use super::*;
    use crate::types::{Cancel, Embedding};

    /// Every score from its definition, pair by pair and face by face.
    fn by_definition(clusters: &[usize], labels: &[usize]) -> [f64; 5] {
        let n = clusters.len();
        let (mut together, mut belong, mut right) = (0.0, 0.0, 0.0);
        let (mut precision, mut recall) = (0.0, 0.0);
        for a in 0..n {
            let (mut of_cluster, mut of_label, mut of_both) = (0.0, 0.0, 0.0);
            for b in 0..n {
                let (same_cluster, same_label) = (clusters[a] == clusters[b], labels[a] == labels[b]);
                of_cluster += f64::from(same_cluster);
                of_label += f64::from(same_label);
                of_both += f64::from(same_cluster && same_label);
                if b < a {
                    together += f64::from(same_cluster);
                    belong += f64::from(same_label);
                    right += f64::from(same_cluster && same_label);
                }
            }
            precision += of_both / of_cluster / n as f64;
            recall += of_both / of_label / n as f64;
        }
        let entropy = |of: &dyn Fn(usize) -> (usize, usize)| -> f64 {
            (0..n)
                .map(|a| {
                    let count = (0..n).filter(|&b| of(a) == of(b)).count();
                    -(count as f64 / n as f64).ln() / n as f64
                })
                .sum()
        };
        let of_clusters = entropy(&|face| (clusters[face], 0));
        let of_labels = entropy(&|face| (labels[face], 0));
        let of_both = entropy(&|face| (clusters[face], labels[face]));
        let nmi = (of_clusters + of_labels - of_both) / ((of_clusters + of_labels) / 2.0);
        [if together > 0.0 { right / together } else { 1.0 }, right / belong, precision, recall, nmi]
    }

    #[test]
    fn every_threshold_agrees_with_the_definitions() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let labels: Vec<usize> = (0..60).map(|i| (i * i) % 7).collect();
        let faces: Vec<Embedding> = labels
            .iter()
            .map(|&label| {
                let noise = (0..6).map(|axis| f32::from(axis == label % 6) + random.random_range(-0.7..0.7));
                Embedding::normalise(noise.collect()).unwrap()
            })
            .collect();
        let tree =
            dendrogram(&faces, &Constraints::default(), Linkage::Average, &Cancel::default(), &mut |_, _| {}).unwrap();
        let points = sweep(&tree, &labels);
        assert_eq!(points.len(), 60);
        for point in &points {
            let cut = tree.cut(point.threshold);
            let expected = by_definition(&cut, &labels);
            let direct = score(&cut, &labels);
            for scores in [point.scores, direct] {
                let found = [
                    scores.pairwise_precision,
                    scores.pairwise_recall,
                    scores.b_cubed_precision,
                    scores.b_cubed_recall,
                    scores.nmi,
                ];
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() < 1e-12, "{point:?}: {found} {expected}");
                }
                assert_eq!(scores.clusters, tree.count(point.threshold));
            }
        }
    }

    #[test]
    fn perfect_and_empty() {
        let perfect = score(&[4, 4, 9], &[1, 1, 0]);
        assert_eq!((perfect.pairwise_f, perfect.b_cubed_f, perfect.nmi, perfect.clusters), (1.0, 1.0, 1.0, 2));
        assert_eq!(score(&[], &[]).labels, 0);
    }
}
