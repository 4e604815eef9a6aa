//! VAL(d) and FAR(d) over every pair of a labelled set (paper, section 4, equations 5–7), without holding the matrix
//! of distances: blocks of dot products fall into one fine histogram of same-person pairs and one of different-person
//! pairs, however many pairs there are.
//!
//! Distances are D = 2 − 2·a·b in f32, so vectors must have unit length; against f64 a distance is off by about 1e-6,
//! far less than a bin. Rates are exact at bin edges. The uncertainty comes from identity-disjoint splits, as the
//! paper's hold-out set has five ([`over_splits`]).

mod blocks;

use rayon::prelude::*;
use serde::Serialize;

use crate::types::Cancel;

use super::folds::identity_disjoint;
use super::roc::{Roc, RocPoint};
use super::{EvalError, Metric, Summary, ValAtFar, Vectors};

/// Bins over 0…4: 1/16384 of squared distance each.
pub const BINS: usize = 1 << 16;
const LARGEST: f32 = 4.0;
/// The paper's hold-out set has five disjoint sets.
pub(crate) const SPLITS: usize = 5;

/// How many pairs fell into each bin; bin i holds distances in [i, i + 1) · 4 / [`BINS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DistanceHistogram(Vec<u64>);

/// Both histograms of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllPairs {
    pub(crate) same: DistanceHistogram,
    pub(crate) different: DistanceHistogram,
}

/// VAL at a FAR on each identity-disjoint split, and over them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SplitResult {
    pub val: Summary,
    pub splits: Vec<ValAtFar>,
    pub auc: Summary,
}

/// Every unordered pair of `vectors` once. `done` hears the number of pairs counted so far.
///
/// # Errors
/// When labels are missing or the work is cancelled.
pub(crate) fn all_pairs(
    vectors: &Vectors,
    labels: &[u32],
    cancel: &Cancel,
    done: &(dyn Fn(u64) + Sync),
) -> Result<AllPairs, EvalError> {
    vectors.check_labels(labels)?;
    blocks::count(vectors, labels, cancel, done)
}

/// Every distance by itself in f64, of pairs of one person and of different people: for sets whose pairs fit in memory.
///
/// # Errors
/// When labels are missing.
pub(crate) fn exact(vectors: &Vectors, labels: &[u32]) -> Result<(Vec<f64>, Vec<f64>), EvalError> {
    vectors.check_labels(labels)?;
    let from = |i: usize| {
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for j in i + 1..vectors.len() {
            let distance = Metric::SquaredL2.between(vectors.row(i), vectors.row(j));
            if labels[i] == labels[j] { &mut same } else { &mut different }.push(distance);
        }
        (same, different)
    };
    let rows: Vec<(Vec<f64>, Vec<f64>)> = (0..vectors.len()).into_par_iter().map(from).collect();
    let (same, different): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    Ok((same.concat(), different.concat()))
}

/// The worst pairs of a set whose distances are known as histograms: of different people the nearest, of one person the
/// farthest, at most `limit` of each, as places in `vectors` with their distance. Fewer where many lie in one bin.
///
/// # Errors
/// When labels are missing or the work is cancelled.
pub(crate) fn worst(
    vectors: &Vectors,
    labels: &[u32],
    counted: &AllPairs,
    limit: usize,
    cancel: &Cancel,
) -> Result<Vec<(usize, usize, f64)>, EvalError> {
    vectors.check_labels(labels)?;
    let reach = |counts: &mut dyn Iterator<Item = &u64>| {
        let mut sum = 0;
        counts.take_while(|&&count| (sum += count, sum <= limit as u64).1).count()
    };
    let nearest = reach(&mut counted.different.0.iter());
    let farthest = BINS - reach(&mut counted.same.0.iter().rev());
    let found = blocks::beyond(vectors, labels, (nearest, farthest), cancel)?;
    let distance = |a, b| Metric::SquaredL2.between(vectors.row(a), vectors.row(b));
    Ok(found.into_iter().map(|(a, b)| (a, b, distance(a, b))).collect())
}

/// The set dealt into `splits` parts that share nobody, each judged alone: `judge` tells VAL at a FAR and the AUC.
///
/// # Errors
/// As `judge`; also when there are too few people.
pub(crate) fn over_splits(
    vectors: &Vectors,
    labels: &[u32],
    splits: usize,
    seed: u64,
    judge: &dyn Fn(&Vectors, &[u32]) -> Result<(ValAtFar, f64), EvalError>,
) -> Result<SplitResult, EvalError> {
    vectors.check_labels(labels)?;
    let (mut points, mut aucs) = (Vec::new(), Vec::new());
    for rows in identity_disjoint(labels, splits, seed)? {
        let of_rows: Vec<u32> = rows.iter().map(|&row| labels[row]).collect();
        let (point, auc) = judge(&vectors.select(&rows), &of_rows)?;
        points.push(point);
        aucs.push(auc);
    }
    let vals: Vec<f64> = points.iter().map(|point| point.val).collect();
    Ok(SplitResult { val: Summary::of(&vals), splits: points, auc: Summary::of(&aucs) })
}

impl DistanceHistogram {
    /// What something else counted, in [`BINS`] bins.
    ///
    /// # Errors
    /// With another number of bins.
    pub fn from_counts(counts: Vec<u64>) -> Result<Self, EvalError> {
        if counts.len() == BINS { Ok(Self(counts)) } else { Err(EvalError::Bins(counts.len())) }
    }

    pub fn counts(&self) -> &[u64] {
        &self.0
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The same counts in `bins` wide bins, for a plot.
    pub fn coarse(&self, bins: usize) -> Vec<u64> {
        self.0.chunks(BINS.div_ceil(bins.max(1))).map(|chunk| chunk.iter().sum()).collect()
    }
}

impl AllPairs {
    /// VAL at the largest bin edge whose FAR is at most `target`.
    ///
    /// # Errors
    /// When one kind of pair is missing or the target lies outside 0…1.
    pub(crate) fn val_at_far(&self, target: f64) -> Result<ValAtFar, EvalError> {
        if !(0.0..=1.0).contains(&target) {
            return Err(EvalError::FarTarget(target));
        }
        let (same, different) = self.totals("VAL at a FAR")?;
        let allowed = (target * different as f64 + 1e-9).floor() as u64;
        let (mut accepted, mut edge) = (0, 0);
        while edge < BINS && accepted + self.different.0[edge] <= allowed {
            accepted += self.different.0[edge];
            edge += 1;
        }
        let val = self.same.0[..edge].iter().sum::<u64>() as f64 / same as f64;
        let (threshold, far) = (edge as f64 * bin_width(), accepted as f64 / different as f64);
        Ok(ValAtFar { target, threshold, val, far, resolved: target * different as f64 >= 1.0 - 1e-9 })
    }

    /// The curve through the edges of bins that hold a pair.
    ///
    /// # Errors
    /// When one kind of pair is missing.
    pub fn roc(&self) -> Result<Roc, EvalError> {
        let (same, different) = self.totals("a ROC")?;
        let mut points = vec![RocPoint { threshold: 0.0, far: 0.0, val: 0.0 }];
        let mut accepted = [0_u64; 2];
        for (bin, (s, d)) in self.same.0.iter().zip(&self.different.0).enumerate().filter(|(_, (s, d))| **s + **d > 0) {
            accepted[0] += d;
            accepted[1] += s;
            points.push(RocPoint {
                threshold: (bin + 1) as f64 * bin_width(),
                far: accepted[0] as f64 / different as f64,
                val: accepted[1] as f64 / same as f64,
            });
        }
        Ok(Roc { points, same: same as usize, different: different as usize })
    }

    fn totals(&self, what: &'static str) -> Result<(u64, u64), EvalError> {
        match (self.same.total(), self.different.total()) {
            (same, different) if same > 0 && different > 0 => Ok((same, different)),
            (same, different) => Err(EvalError::OneSided { what, same: same as usize, different: different as usize }),
        }
    }
}

fn bin_width() -> f64 {
    f64::from(LARGEST) / BINS as f64
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn unit_vectors(count: usize, dimensions: usize, seed: u64) -> Vectors {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let rows: Vec<Vec<f32>> = (0..count)
            .map(|_| {
                let row: Vec<f32> = (0..dimensions).map(|_| rng.random::<f32>() - 0.4).collect();
                let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
                row.iter().map(|v| v / norm).collect()
            })
            .collect();
        Vectors::from_rows(rows.iter().map(Vec::as_slice)).unwrap()
    }

    fn labels(count: usize) -> Vec<u32> {
        (0..count as u32).map(|row| row * 7 % 31).collect()
    }

    /// Every pair by two loops in f64.
    fn plainly(vectors: &Vectors, labels: &[u32]) -> (Vec<f64>, Vec<f64>) {
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for i in 0..vectors.len() {
            for j in i + 1..vectors.len() {
                let distance = Metric::SquaredL2.between(vectors.row(i), vectors.row(j));
                if labels[i] == labels[j] { &mut same } else { &mut different }.push(distance);
            }
        }
        (same, different)
    }

    /// Counts below each edge may differ only by pairs within rounding of it.
    fn check(found: &DistanceHistogram, mut plain: Vec<f64>) {
        plain.sort_by(f64::total_cmp);
        assert_eq!(found.total(), plain.len() as u64);
        let mut below = 0_usize;
        for (bin, &count) in found.counts().iter().enumerate() {
            below += count as usize;
            let edge = (bin + 1) as f64 * bin_width();
            let range = plain.partition_point(|d| *d < edge - 2e-6)..=plain.partition_point(|d| *d < edge + 2e-6);
            assert!(range.contains(&below) || bin == BINS - 1, "edge {edge}: {below} not in {range:?}");
        }
    }

    #[test]
    fn counts_what_two_loops_count() {
        for (count, dimensions) in [(5, 3), (97, 16), (700, 33)] {
            let (vectors, labels) = (unit_vectors(count, dimensions, 3), labels(count));
            let done = AtomicU64::new(0);
            let told = |pairs| done.fetch_max(pairs, Ordering::Relaxed);
            let found = all_pairs(&vectors, &labels, &Cancel::default(), &|pairs| _ = told(pairs)).unwrap();
            assert_eq!(done.into_inner(), (count * (count - 1) / 2) as u64);
            let (same, different) = plainly(&vectors, &labels);
            check(&found.same, same);
            check(&found.different, different);
        }
    }

    #[test]
    fn rates_by_hand() {
        // Same pairs at D = 0 and 0; different pairs: 1 at D = 2 from each of two, and 4 across.
        let vectors = Vectors::from_rows([[1.0_f32, 0.0].as_slice(), &[1.0, 0.0], &[0.0, 1.0], &[-1.0, 0.0]]).unwrap();
        let found = all_pairs(&vectors, &[1, 1, 2, 3], &Cancel::default(), &|_| {}).unwrap();
        assert_eq!((found.same.total(), found.different.total()), (1, 5));
        let roc = found.roc().unwrap();
        assert_eq!((roc.at(0.1).val, roc.at(0.1).far, roc.at(2.1).far, roc.at(4.0).far), (1.0, 0.0, 0.6, 1.0));
        let point = found.val_at_far(0.6).unwrap();
        assert_eq!((point.val, point.far, point.resolved), (1.0, 0.6, true));
        assert!(point.threshold > 3.99);
        assert_eq!(found.val_at_far(0.0).unwrap().threshold, 2.0);
        assert_eq!(found.roc().unwrap().auc(), 1.0);
    }

    #[test]
    fn the_worst_pairs_are_those_of_two_loops() {
        let (vectors, labels) = (unit_vectors(300, 16, 11), labels(300));
        let counted = all_pairs(&vectors, &labels, &Cancel::default(), &|_| {}).unwrap();
        let found = worst(&vectors, &labels, &counted, 20, &Cancel::default()).unwrap();
        let (mut same, mut different) = plainly(&vectors, &labels);
        same.sort_by(|a, b| b.total_cmp(a));
        different.sort_by(f64::total_cmp);
        let sorted = |of_same: bool| {
            let of_kind = found.iter().filter(|(a, b, _)| (labels[*a] == labels[*b]) == of_same);
            let mut distances: Vec<f64> = of_kind.map(|(_, _, distance)| *distance).collect();
            distances.sort_by(|a, b| if of_same { b.total_cmp(a) } else { a.total_cmp(b) });
            distances
        };
        for (found, plain) in [(sorted(true), same), (sorted(false), different)] {
            assert!((15..=20).contains(&found.len()), "{} pairs", found.len());
            assert_eq!(found, plain[..found.len()]);
        }
    }

    #[test]
    fn few_pairs_are_kept_one_by_one() {
        let (vectors, labels) = (unit_vectors(97, 16, 3), labels(97));
        assert_eq!(exact(&vectors, &labels).unwrap(), plainly(&vectors, &labels));
        assert!(exact(&vectors, &labels[1..]).is_err());
    }

    #[test]
    fn splits_give_an_uncertainty() {
        let (vectors, labels) = (unit_vectors(620, 16, 9), labels(620));
        let judge = |vectors: &Vectors, labels: &[u32]| {
            let found = all_pairs(vectors, labels, &Cancel::default(), &|_| {})?;
            Ok((found.val_at_far(0.1)?, found.roc()?.auc()))
        };
        let result = over_splits(&vectors, &labels, 5, 1, &judge).unwrap();
        assert_eq!((result.splits.len(), result.val.count), (5, 5));
        assert!(result.val.standard_error > 0.0 && (result.auc.mean - 0.5).abs() < 0.05);
    }

    #[test]
    fn stops_when_asked() {
        let cancel = Cancel::default();
        cancel.cancel();
        let result = all_pairs(&unit_vectors(300, 4, 1), &labels(300), &cancel, &|_| {});
        assert_eq!(result, Err(EvalError::Cancelled));
    }
}
