//! What a threshold does, in counts and in plain words.

use crate::app::ui::locale::{Locale, grouped};
use crate::eval::Roc;

/// One threshold of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub threshold: f64,
    pub far: f64,
    pub val: f64,
    /// So many pairs of each kind were judged.
    pub same: usize,
    pub different: usize,
}

impl Point {
    /// What `threshold` accepts.
    pub fn at(roc: &Roc, threshold: f64) -> Self {
        let end = roc.points.partition_point(|point| point.threshold <= threshold);
        let (far, val) = end.checked_sub(1).map_or((0.0, 0.0), |last| (roc.points[last].far, roc.points[last].val));
        Self { threshold, far, val, same: roc.same, different: roc.different }
    }

    /// The largest threshold that accepts no more wrong matches than the share `far`.
    pub fn with_far(roc: &Roc, far: f64) -> Self {
        let end = roc.points.partition_point(|point| point.far <= far + f64::EPSILON);
        Self::at(roc, roc.points.get(end.max(1) - 1).map_or(0.0, |point| point.threshold))
    }

    /// "1 wrong match in 1,000; misses 1 in 20".
    pub fn words(&self, text: &Locale) -> String {
        let wrong = match one_in(self.far) {
            Some(count) => text.f("wrong_one_in", &[("count", &grouped(count))]),
            None => text.f("wrong_none", &[("count", &grouped(self.different as u64))]),
        };
        let misses = match one_in(1.0 - self.val) {
            Some(count) => text.f("misses_one_in", &[("count", &grouped(count))]),
            None => text.f("misses_none", &[("count", &grouped(self.same as u64))]),
        };
        text.f("point_words", &[("wrong", &wrong), ("misses", &misses)])
    }
}

/// One in how many; None for a share of zero.
pub fn one_in(share: f64) -> Option<u64> {
    (share > 1e-12).then(|| (1.0 / share).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ui::locale::Language;

    fn roc() -> Roc {
        let same = (0..20).map(|i| (0.5 + 0.05 * f64::from(i), true));
        Roc::of(same.chain((0..10).map(|i| (1.4 + 0.1 * f64::from(i), false)))).unwrap()
    }

    #[test]
    fn a_threshold_is_told_in_plain_words() {
        let text = Locale::new(Language::English);
        assert_eq!(Point::at(&roc(), 1.41).words(&text), "1 wrong match in 10; misses 1 in 20");
        assert_eq!(Point::at(&roc(), 1.21).words(&text), "No wrong match in 10; misses 1 in 4");
        assert_eq!(Point::at(&roc(), 3.0).words(&text), "1 wrong match in 1; misses none of 20");
        assert_eq!(Point::at(&roc(), 0.0).val, 0.0);
    }

    #[test]
    fn the_same_far_has_another_threshold_in_another_run() {
        let other = Roc::of([(0.1, true), (0.2, false), (0.3, false), (0.35, true)]).unwrap();
        assert_eq!(Point::with_far(&other, 0.5).threshold, 0.2);
        assert_eq!(Point::with_far(&other, 0.0).threshold, 0.1);
    }
}
