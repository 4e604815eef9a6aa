//! How far apart same and different pairs lie, as one number that moves before accuracy does: a few dozen pairs tell
//! two ways of preparing pictures apart that thousands are needed for otherwise.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Distances of same-person and of different-person pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Kinds {
    pub same: Vec<f64>,
    pub different: Vec<f64>,
}

/// What another way gains over the one in use, on the same pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Gain {
    pub gain: f64,
    /// Over resampled pairs; the same pairs are drawn for both ways.
    pub standard_error: f64,
}

const RESAMPLES: usize = 400;

impl Kinds {
    /// d′ = (mean of different − mean of same) / √((variance of same + variance of different) / 2).
    pub fn separation(&self) -> f64 {
        let all = |values: &[f64]| (0..values.len()).collect::<Vec<_>>();
        d_prime(&self.same, &all(&self.same), &self.different, &all(&self.different))
    }

    /// The gain of `other`, whose pairs come in the same order.
    pub fn gain_of(&self, other: &Self, seed: u64) -> Gain {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |n: usize| (0..n).map(|_| rng.random_range(0..n)).collect::<Vec<_>>();
        let gains: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let (same, different) = (draw(self.same.len()), draw(self.different.len()));
                d_prime(&other.same, &same, &other.different, &different)
                    - d_prime(&self.same, &same, &self.different, &different)
            })
            .collect();
        Gain { gain: other.separation() - self.separation(), standard_error: super::stats::numpy_std(&gains) }
    }
}

fn d_prime(same: &[f64], same_rows: &[usize], different: &[f64], different_rows: &[usize]) -> f64 {
    let moments = |values: &[f64], rows: &[usize]| {
        let n = rows.len() as f64;
        let mean = rows.iter().map(|&row| values[row]).sum::<f64>() / n;
        (mean, rows.iter().map(|&row| (values[row] - mean).powi(2)).sum::<f64>() / n)
    };
    let ((near, near_spread), (far, far_spread)) = (moments(same, same_rows), moments(different, different_rows));
    (far - near) / f64::midpoint(near_spread, far_spread).sqrt().max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(near: f64, far: f64) -> Kinds {
        let spread = |middle: f64| (0..40).map(|i| middle + f64::from(i % 5) * 0.1 - 0.2).collect();
        Kinds { same: spread(near), different: spread(far) }
    }

    #[test]
    fn separation_by_hand() {
        // Five values 0.1 apart: variance 0.02.
        assert!((kinds(0.5, 1.5).separation() - 1.0 / 0.02_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_better_way_gains_more_than_its_error() {
        let (used, better) = (kinds(0.8, 1.3), kinds(0.5, 1.5));
        let gain = used.gain_of(&better, 1);
        assert!(gain.gain > 5.0 * gain.standard_error && gain.standard_error > 0.0, "{gain:?}");
        let none = used.gain_of(&used, 1);
        assert_eq!((none.gain, none.standard_error), (0.0, 0.0));
    }
}
