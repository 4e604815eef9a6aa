//! The arithmetic of davidsandberg/facenet's `lfw.evaluate` and `validate_on_lfw.py` (commit 096ed77), reproduced so
//! that figures published with it can be compared to the last digit. Use [`super::lfw`] for new work; what differs:
//!
//! * thresholds on a grid: 0, 0.01 … 3.99 for accuracy, 0, 0.001 … 3.999 for VAL; accepted when strictly below;
//! * folds are blocks of equal size over the pairs that were not skipped;
//! * with flips concatenated ([`Vectors::concatenated`]) squared distances reach 8, but thresholds stop below 4;
//! * arccos is not clamped: a cosine above one gives NaN, which is never accepted;
//! * `±` is NumPy's `std` over folds, not a standard error;
//! * the threshold at a FAR is `interp1d(far_train, thresholds, kind='slinear')`. FARs repeat, which SciPy after 1.8.1
//!   refuses; before that its linear spline joined the last threshold whose FAR is at most the target to the next;
//! * the equal error rate is where `scipy.optimize.brentq` stops, up to 2e-12 beside the root.

mod brent;

use super::folds::blocks;
use super::lfw::Centring;
use super::stats::{numpy_mean, numpy_std, numpy_sum};
use super::{EvalError, Metric, Pair, Vectors};

/// What `validate_on_lfw.py` prints, and the curves it computes that from.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub(crate) struct Published {
    pub accuracies: Vec<f64>,
    pub accuracy_mean: f64,
    /// `np.std`: population standard deviation over folds.
    pub accuracy_std: f64,
    pub thresholds: Vec<f64>,
    pub val_mean: f64,
    pub val_std: f64,
    pub far_mean: f64,
    pub vals: Vec<f64>,
    pub val_thresholds: Vec<f64>,
    pub auc: f64,
    /// None when the averaged curve ends before FAR 1: the published program raises an error there.
    pub eer: Option<f64>,
    #[serde(skip)]
    pub tpr: Vec<f64>,
    #[serde(skip)]
    pub fpr: Vec<f64>,
}

/// `lfw.evaluate(embeddings, actual_issame, nrof_folds, distance_metric, subtract_mean)`; the pairs' own folds are
/// not looked at.
///
/// # Errors
/// With fewer than two folds, or pairs of one kind only, in all or in a block: there it divides by zero, and goes on with
/// what is not a number.
pub(crate) fn evaluate(
    vectors: &Vectors,
    pairs: &[Pair],
    folds: usize,
    metric: Metric,
    centring: Centring,
    far_target: f64,
) -> Result<Published, EvalError> {
    if folds < 2 || pairs.len() < folds {
        return Err(EvalError::TooFewFolds(folds.min(pairs.len())));
    }
    let same: Vec<bool> = pairs.iter().map(|pair| pair.same).collect();
    let count = same.iter().filter(|same| **same).count();
    if count == 0 || count == same.len() {
        return Err(EvalError::OneSided { what: "lfw.evaluate", same: count, different: same.len() - count });
    }
    let (coarse, fine) = (arange(400, 0.01), arange(4000, 0.001));
    let rates = vec![0.0; coarse.len()];
    let mut published = Published { tpr: rates.clone(), fpr: rates, ..Published::default() };
    let mut fars = Vec::new();
    for (block, test) in blocks(pairs.len(), folds).into_iter().enumerate() {
        of_both_kinds(&same[test.clone()]).map_err(|kind| EvalError::BlockLacks {
            blocks: folds,
            block: block + 1,
            kind,
        })?;
        let mean = training_mean(vectors, pairs, &test, centring);
        let distances: Vec<f64> = pairs
            .iter()
            .map(|pair| distance(metric, &centred(vectors.row(pair.a), &mean), &centred(vectors.row(pair.b), &mean)))
            .collect();
        let training = SortedDistances::new(distances.iter().zip(&same).enumerate().filter(|(i, _)| !test.contains(i)));
        let held = SortedDistances::new(distances.iter().zip(&same).enumerate().filter(|(i, _)| test.contains(i)));

        let best = first_best(coarse.iter().map(|&t| training.accuracy(t)));
        published.thresholds.push(coarse[best]);
        published.accuracies.push(held.accuracy(coarse[best]));
        for (index, &threshold) in coarse.iter().enumerate() {
            published.tpr[index] += or_zero(held.val(threshold));
            published.fpr[index] += or_zero(held.far(threshold));
        }

        let fars_of_training: Vec<f64> = fine.iter().map(|&t| training.far(t)).collect();
        let threshold = slinear(&fars_of_training, &fine, far_target);
        published.val_thresholds.push(threshold);
        published.vals.push(held.val(threshold));
        fars.push(held.far(threshold));
    }
    published.tpr.iter_mut().chain(&mut published.fpr).for_each(|rate| *rate /= folds as f64);
    published.accuracy_mean = numpy_mean(&published.accuracies);
    published.accuracy_std = numpy_std(&published.accuracies);
    published.val_mean = numpy_mean(&published.vals);
    published.val_std = numpy_std(&published.vals);
    published.far_mean = numpy_mean(&fars);
    published.auc = auc(&published.fpr, &published.tpr);
    published.eer = equal_error_rate(&published.fpr, &published.tpr);
    Ok(published)
}

/// The kind that is missing.
fn of_both_kinds(same: &[bool]) -> Result<(), &'static str> {
    match (same.contains(&true), same.contains(&false)) {
        (true, true) => Ok(()),
        (false, _) => Err("one person"),
        (true, false) => Err("different people"),
    }
}

/// `np.arange(0, count * step, step)`.
fn arange(count: u32, step: f64) -> Vec<f64> {
    (0..count).map(|index| f64::from(index) * step).collect()
}

/// Distances by kind, sorted; NaN is left out of acceptance but counts as a pair.
struct SortedDistances {
    same: Vec<f64>,
    different: Vec<f64>,
    pairs: [usize; 2],
}

impl SortedDistances {
    fn new<'a>(pairs: impl Iterator<Item = (usize, (&'a f64, &'a bool))>) -> Self {
        let mut counts = Self { same: Vec::new(), different: Vec::new(), pairs: [0, 0] };
        for (_, (&distance, &same)) in pairs {
            counts.pairs[usize::from(same)] += 1;
            if !distance.is_nan() {
                if same { &mut counts.same } else { &mut counts.different }.push(distance);
            }
        }
        counts.same.sort_unstable_by(f64::total_cmp);
        counts.different.sort_unstable_by(f64::total_cmp);
        counts
    }

    fn accepted(sorted: &[f64], threshold: f64) -> usize {
        sorted.partition_point(|&distance| distance < threshold)
    }

    fn val(&self, threshold: f64) -> f64 {
        Self::accepted(&self.same, threshold) as f64 / self.pairs[1] as f64
    }

    fn far(&self, threshold: f64) -> f64 {
        Self::accepted(&self.different, threshold) as f64 / self.pairs[0] as f64
    }

    fn accuracy(&self, threshold: f64) -> f64 {
        let right = Self::accepted(&self.same, threshold) + self.pairs[0] - Self::accepted(&self.different, threshold);
        right as f64 / (self.pairs[0] + self.pairs[1]) as f64
    }
}

/// `calculate_accuracy` answers 0 where a fold has no pairs of a kind; `calculate_val_far` divides by zero.
fn or_zero(rate: f64) -> f64 {
    if rate.is_nan() { 0.0 } else { rate }
}

/// `np.argmax`.
fn first_best(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, value) in values.enumerate() {
        if value > best.1 {
            best = (index, value);
        }
    }
    best.0
}

/// `np.mean(np.concatenate([embeddings1[train], embeddings2[train]]), axis=0)`, summed in that order.
fn training_mean(
    vectors: &Vectors,
    pairs: &[Pair],
    test: &std::ops::Range<usize>,
    centring: Centring,
) -> Option<Vec<f64>> {
    if centring == Centring::None {
        return None;
    }
    let training = || pairs.iter().enumerate().filter(|(index, _)| !test.contains(index)).map(|(_, pair)| pair);
    let rows: Vec<usize> = training().map(|pair| pair.a).chain(training().map(|pair| pair.b)).collect();
    let mut mean = vec![0.0; vectors.dimensions()];
    for &row in &rows {
        mean.iter_mut().zip(vectors.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    mean.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
    Some(mean)
}

fn centred(row: &[f32], mean: &Option<Vec<f64>>) -> Vec<f64> {
    match mean {
        None => row.iter().map(|&value| f64::from(value)).collect(),
        Some(mean) => row.iter().zip(mean).map(|(&value, mean)| f64::from(value) - mean).collect(),
    }
}

fn distance(metric: Metric, a: &[f64], b: &[f64]) -> f64 {
    let sum_of = |f: fn(f64, f64) -> f64, a: &[f64], b: &[f64]| {
        numpy_sum(&a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect::<Vec<_>>())
    };
    match metric {
        Metric::SquaredL2 => sum_of(|a, b| (a - b) * (a - b), a, b),
        Metric::Angle => {
            let product = |a: &[f64], b: &[f64]| sum_of(|a, b| a * b, a, b);
            let norms = product(a, a).sqrt() * product(b, b).sqrt();
            (product(a, b) / norms).acos() / std::f64::consts::PI
        }
    }
}

/// SciPy's spline of degree one through `(fars, thresholds)` at `target`, evaluated by de Boor's recurrence; 0 when
/// no FAR reaches the target.
fn slinear(fars: &[f64], thresholds: &[f64], target: f64) -> f64 {
    if !fars.iter().any(|&far| far >= target) {
        return 0.0;
    }
    let after = fars.partition_point(|&far| far <= target);
    // A target of exactly the last FAR: the published program reads an interval without width there.
    let (Some(&next), true) = (fars.get(after), after > 0) else { return thresholds[after.max(1) - 1] };
    let last = fars[after - 1];
    let width = 1.0 / (next - last);
    thresholds[after - 1] * (width * (next - target)) + thresholds[after] * (width * (target - last))
}

/// `sklearn.metrics.auc`: trapezoids.
fn auc(x: &[f64], y: &[f64]) -> f64 {
    let areas: Vec<f64> = x.windows(2).zip(y.windows(2)).map(|(x, y)| (x[1] - x[0]) * (y[1] + y[0]) / 2.0).collect();
    numpy_sum(&areas)
}

/// `brentq(lambda x: 1. - x - interp1d(fpr, tpr)(x), 0., 1.)`; None where `interp1d` refuses to go beyond the curve.
fn equal_error_rate(fpr: &[f64], tpr: &[f64]) -> Option<f64> {
    let covers = fpr.first().is_some_and(|&far| far <= 0.0) && fpr.last().is_some_and(|&far| far >= 1.0);
    let tpr_at = |far: f64| {
        let after = fpr.partition_point(|&other| other <= far);
        match (after, fpr.get(after)) {
            (0, _) => tpr[0],
            (_, None) => tpr[after - 1],
            (_, Some(_)) if fpr[after - 1] == far => tpr[after - 1],
            (_, Some(next)) => {
                let (last, val) = (fpr[after - 1], tpr[after - 1]);
                (tpr[after] - val) / (next - last) * (far - last) + val
            }
        }
    };
    if covers { brent::root(|far| 1.0 - far - tpr_at(far), 0.0, 1.0) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spline_joins_the_last_far_not_above_the_target_to_the_next() {
        let (fars, thresholds) = ([0.0, 0.0, 0.1, 0.1, 0.3, 1.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((slinear(&fars, &thresholds, 0.1) - 3.0).abs() < 1e-15);
        assert!((slinear(&fars, &thresholds, 0.2) - 3.5).abs() < 1e-15);
        assert!((slinear(&fars, &thresholds, 0.05) - 1.5).abs() < 1e-15);
        assert_eq!(slinear(&[0.0, 0.0], &[0.0, 1.0], 0.1), 0.0);
    }

    #[test]
    fn a_threshold_is_exclusive() {
        let (distances, same) = ([0.5, 0.5], [true, false]);
        let counts = SortedDistances::new(distances.iter().zip(&same).enumerate());
        assert_eq!((counts.val(0.5), counts.val(0.51), counts.far(0.51)), (0.0, 1.0, 1.0));
    }

    #[test]
    fn one_kind_of_pair_is_refused() {
        let vectors = Vectors::from_rows([[1.0_f32, 0.0].as_slice()]).unwrap();
        let pairs = [Pair::unmeasured(0, 0, true, 0); 4];
        let result = evaluate(&vectors, &pairs, 2, Metric::SquaredL2, Centring::None, 1e-3);
        assert!(matches!(result, Err(EvalError::OneSided { same: 4, different: 0, .. })));
    }

    #[test]
    fn a_block_of_one_kind_is_refused_instead_of_figures_that_are_no_numbers() {
        let vectors = Vectors::from_rows([[1.0_f32, 0.0].as_slice(), &[0.0, 1.0]]).unwrap();
        let pairs = [true, false, true, true].map(|same| Pair::unmeasured(0, usize::from(!same), same, 1));
        let result = evaluate(&vectors, &pairs, 2, Metric::SquaredL2, Centring::None, 1e-3);
        let told = result.unwrap_err().to_string();
        assert!(told.ends_with("block 2 has no pair of different people"), "{told}");
    }
}
