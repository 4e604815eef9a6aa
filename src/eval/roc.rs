//! The curve of VAL over FAR as the threshold grows, exact at every distance that occurs.

use serde::Serialize;

use super::{EvalError, Pair, Summary};

/// What a threshold accepts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct RocPoint {
    pub threshold: f64,
    pub far: f64,
    pub val: f64,
}

/// Points in order of growing threshold: from (0, 0), where nothing is accepted, to (1, 1); one for each distance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Roc {
    pub(crate) points: Vec<RocPoint>,
    pub same: usize,
    pub different: usize,
}

impl Roc {
    /// # Errors
    /// When one kind of pair is missing or a distance is NaN.
    pub(crate) fn of(pairs: impl IntoIterator<Item = (f64, bool)>) -> Result<Self, EvalError> {
        let mut pairs: Vec<(f64, bool)> = pairs.into_iter().collect();
        if let Some(pair) = pairs.iter().position(|(distance, _)| distance.is_nan()) {
            return Err(EvalError::NotANumber { pair });
        }
        let same = pairs.iter().filter(|(_, same)| *same).count();
        let different = pairs.len() - same;
        if same == 0 || different == 0 {
            return Err(EvalError::OneSided { what: "a ROC", same, different });
        }
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut points = vec![RocPoint { threshold: pairs[0].0.next_down(), far: 0.0, val: 0.0 }];
        let mut accepted = [0_usize; 2];
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            group.iter().for_each(|(_, same)| accepted[usize::from(*same)] += 1);
            points.push(RocPoint {
                threshold: group[0].0,
                far: accepted[0] as f64 / different as f64,
                val: accepted[1] as f64 / same as f64,
            });
        }
        Ok(Self { points, same, different })
    }

    /// # Errors
    /// As [`Roc::of`].
    pub(crate) fn of_scored(pairs: &[Pair]) -> Result<Self, EvalError> {
        Self::of(pairs.iter().map(|pair| (pair.distance, pair.same)))
    }

    /// The area under the curve by trapezoids: the chance that a same-person pair is closer than a different-person
    /// pair, ties counting half.
    pub fn auc(&self) -> f64 {
        self.points.windows(2).map(|w| (w[1].far - w[0].far) * (w[1].val + w[0].val) / 2.0).sum()
    }

    /// The rate at which false accepts and false rejects are equally frequent, on straight lines between points.
    pub fn eer(&self) -> f64 {
        equal_error_rate(self.points.iter().map(|point| (point.far, point.val)))
    }

    /// VAL at the largest threshold whose FAR is at most `far`.
    pub(crate) fn val_at(&self, far: f64) -> f64 {
        self.within(far).val
    }

    /// The largest threshold whose FAR is at most `far`.
    pub(crate) fn threshold_at(&self, far: f64) -> f64 {
        self.within(far).threshold
    }

    fn within(&self, far: f64) -> RocPoint {
        let end = self.points.partition_point(|point| point.far <= far + f64::EPSILON);
        self.points[end.max(1) - 1]
    }

    /// What a threshold accepts.
    pub(crate) fn at(&self, threshold: f64) -> RocPoint {
        let end = self.points.partition_point(|point| point.threshold <= threshold);
        let (far, val) = end.checked_sub(1).map_or((0.0, 0.0), |last| (self.points[last].far, self.points[last].val));
        RocPoint { threshold, far, val }
    }

    /// The points a plot needs: corners only, since straight runs keep their shape without their middle.
    pub(crate) fn corners(&self) -> Vec<RocPoint> {
        let mut corners: Vec<RocPoint> = Vec::new();
        for &point in &self.points {
            if let [.., a, b] = corners.as_slice()
                && ((a.far == b.far && b.far == point.far) || (a.val == b.val && b.val == point.val))
            {
                corners.pop();
            }
            corners.push(point);
        }
        corners
    }
}

/// A share as one in how many; None for a share of zero.
pub(crate) fn one_in(share: f64) -> Option<u64> {
    (share > 1e-12).then(|| (1.0 / share).round() as u64)
}

/// Where FAR = 1 − VAL on the polyline through `(far, val)` points from (0, 0) to (1, 1).
pub(super) fn equal_error_rate(points: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let mut last = (0.0, 0.0);
    for (far, val) in points {
        let (before, after) = (last.0 + last.1 - 1.0, far + val - 1.0);
        if after >= 0.0 {
            let part = if after > before { -before / (after - before) } else { 0.0 };
            return last.0 + part * (far - last.0);
        }
        last = (far, val);
    }
    last.0
}

/// One FAR of a curve averaged over folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct BandPoint {
    pub far: f64,
    pub val: f64,
    pub standard_error: f64,
}

/// VAL of the curve over all pairs at each of `fars`, with the standard error over `curves`, one a fold, at the same
/// threshold. So the band lies around the curve even where a fold alone is too small to show such a FAR.
pub(crate) fn band(pooled: &Roc, curves: &[Roc], fars: &[f64]) -> Vec<BandPoint> {
    let at = |&far: &f64| {
        let threshold = pooled.threshold_at(far);
        let vals: Vec<f64> = curves.iter().map(|curve| curve.at(threshold).val).collect();
        BandPoint { far, val: pooled.val_at(far), standard_error: Summary::of(&vals).standard_error }
    };
    fars.iter().map(at).collect()
}

/// VAL averaged over curves at each of `fars` (vertical averaging), with the standard error as band.
pub(crate) fn averaged(curves: &[Roc], fars: &[f64]) -> Vec<BandPoint> {
    let at = |&far: &f64| {
        let vals: Vec<f64> = curves.iter().map(|curve| curve.val_at(far)).collect();
        let summary = Summary::of(&vals);
        BandPoint { far, val: summary.mean, standard_error: summary.standard_error }
    };
    fars.iter().map(at).collect()
}

/// FARs from `from` to 1, evenly spaced by ratio, `per_decade` in each power of ten.
pub(crate) fn log_fars(from: f64, per_decade: usize) -> Vec<f64> {
    let steps = (-from.log10() * per_decade as f64).round().max(1.0);
    (0..=steps as usize).map(|step| 10_f64.powf(from.log10() * (1.0 - step as f64 / steps))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(same: &[f64], different: &[f64]) -> Roc {
        Roc::of(same.iter().map(|&d| (d, true)).chain(different.iter().map(|&d| (d, false)))).unwrap()
    }

    #[test]
    fn four_pairs_by_hand() {
        // Thresholds 1 (same), 2 (different), 3 (same), 4 (different): three of four cross pairs are ordered.
        let roc = curve(&[1.0, 3.0], &[2.0, 4.0]);
        assert_eq!(roc.auc(), 0.75);
        assert_eq!(roc.eer(), 0.5);
        assert_eq!(
            roc.points.iter().map(|p| (p.far, p.val)).collect::<Vec<_>>(),
            [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]
        );
        assert_eq!((roc.val_at(0.0), roc.val_at(0.49), roc.val_at(0.5)), (0.5, 0.5, 1.0));
    }

    #[test]
    fn ties_count_half() {
        assert_eq!(curve(&[1.0], &[1.0]).auc(), 0.5);
        assert_eq!(curve(&[1.0], &[1.0]).eer(), 0.5);
        assert_eq!(curve(&[0.1, 0.2], &[1.0, 2.0]).auc(), 1.0);
        assert_eq!(curve(&[0.1, 0.2], &[1.0, 2.0]).eer(), 0.0);
    }

    #[test]
    fn corners_keep_the_area() {
        let roc = curve(&[1.0, 1.1, 1.2, 3.0, 3.1], &[2.0, 2.1, 2.2, 4.0]);
        let corners = Roc { points: roc.corners(), ..roc.clone() };
        assert!(corners.points.len() < roc.points.len());
        assert!((corners.auc() - roc.auc()).abs() < 1e-15);
    }

    #[test]
    fn averaging_reads_each_curve_at_the_same_far() {
        let curves = [curve(&[1.0, 3.0], &[2.0, 4.0]), curve(&[1.0, 1.5], &[2.0, 4.0])];
        let band = averaged(&curves, &[0.1, 0.5]);
        assert_eq!((band[0].val, band[1].val), (0.75, 1.0));
        assert!((band[0].standard_error - 0.25).abs() < 1e-15);
        let fars = log_fars(1e-3, 1);
        assert_eq!(fars.len(), 4);
        assert!((fars[0] - 1e-3).abs() < 1e-18 && (fars[3] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_band_lies_around_the_pooled_curve() {
        let folds = [curve(&[1.0, 3.0], &[2.0, 4.0]), curve(&[1.0, 1.5], &[2.5, 5.0])];
        let pooled = curve(&[1.0, 3.0, 1.0, 1.5], &[2.0, 4.0, 2.5, 5.0]);
        let band = band(&pooled, &folds, &[0.1, 0.5]);
        // No different pair is accepted up to 1.5: three of four same pairs are, ½ and 1 in the folds.
        assert_eq!((band[0].val, band[0].standard_error, pooled.threshold_at(0.1)), (0.75, 0.25, 1.5));
        assert_eq!((band[1].val, band[1].standard_error), (1.0, 0.0));
        assert_eq!((pooled.at(0.5).val, pooled.at(9.0).val), (0.0, 1.0));
    }

    #[test]
    fn a_threshold_is_told_in_counts() {
        let roc = curve(&[0.5, 1.0, 1.5], &[1.0, 1.2]);
        let point = roc.at(1.0);
        assert_eq!((one_in(point.far), one_in(1.0 - point.val), point.far), (Some(2), Some(3), 0.5));
        assert_eq!((one_in(roc.at(0.0).far), roc.at(0.0).val), (None, 0.0));
    }

    #[test]
    fn the_same_far_has_another_threshold_in_another_run() {
        let other = Roc::of([(0.1, true), (0.2, false), (0.3, false), (0.35, true)]).unwrap();
        assert_eq!((other.threshold_at(0.5), other.threshold_at(0.0)), (0.2, 0.1));
    }

    #[test]
    fn one_kind_of_pair_has_no_curve() {
        assert!(matches!(Roc::of([(1.0, true)]), Err(EvalError::OneSided { same: 1, different: 0, .. })));
    }
}
