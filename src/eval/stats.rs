//! Means with their uncertainty, and NumPy's order of summation for figures that must agree to the last digit.

use serde::{Deserialize, Serialize};

/// A figure over folds or splits.
///
/// Two spreads are in use and often confused: LFW asks for the standard error of the mean (s / √n with the sample
/// standard deviation s, LFW technical report, section 4); most programs print NumPy's `std`, the population standard
/// deviation, which is about three times as large over ten folds. Both are here, named.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub mean: f64,
    /// s / √n, n − 1 in s; zero when there is only one value.
    pub standard_error: f64,
    /// n in the denominator.
    pub population_sd: f64,
    pub count: usize,
}

impl Summary {
    /// The summary of nothing is NaN throughout.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = numpy_mean(values);
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let standard_error = if values.len() > 1 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 };
        Self { mean, standard_error, population_sd: numpy_std(values), count: values.len() }
    }

    /// The standard error; None where there is one value only.
    pub fn error(&self) -> Option<f64> {
        (self.count > 1).then_some(self.standard_error)
    }

    /// The population standard deviation; None where there is one value only.
    pub(crate) fn deviation(&self) -> Option<f64> {
        (self.count > 1).then_some(self.population_sd)
    }
}

/// `np.mean` of a contiguous array, bit for bit.
pub(crate) fn numpy_mean(values: &[f64]) -> f64 {
    numpy_sum(values) / values.len() as f64
}

/// `np.std` of a contiguous array (population standard deviation), bit for bit.
pub(crate) fn numpy_std(values: &[f64]) -> f64 {
    let mean = numpy_mean(values);
    let squares: Vec<f64> = values.iter().map(|v| (v - mean) * (v - mean)).collect();
    (numpy_sum(&squares) / values.len() as f64).sqrt()
}

/// `np.sum` of a contiguous array: eight running sums in blocks of at most 128, halves added pairwise
/// (NumPy's `loops_utils.h`, pairwise summation).
pub(crate) fn numpy_sum(values: &[f64]) -> f64 {
    match values.len() {
        // NumPy starts at −0.0 so that a sum of negative zeros keeps its sign; 0.0 compares equal.
        0..8 => values.iter().sum(),
        8..=128 => {
            let mut lanes: [f64; 8] = std::array::from_fn(|lane| values[lane]);
            let mut chunks = values[8..].chunks_exact(8);
            for chunk in &mut chunks {
                lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
            }
            let [a, b, c, d, e, f, g, h] = lanes;
            let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
            chunks.remainder().iter().fold(sum, |sum, value| sum + value)
        }
        n => {
            let half = n / 2 - (n / 2) % 8;
            numpy_sum(&values[..half]) + numpy_sum(&values[half..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spreads_by_hand() {
        // Deviations −2, 0, 2: squares sum to 8, sample variance 4, s.e. 2/√3, population variance 8/3.
        let summary = Summary::of(&[1.0, 3.0, 5.0]);
        assert_eq!(summary.mean, 3.0);
        assert!((summary.standard_error - 2.0 / 3.0_f64.sqrt()).abs() < 1e-15);
        assert!((summary.population_sd - (8.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn one_value_has_no_error_and_none_has_no_mean() {
        assert_eq!(Summary::of(&[0.5]).standard_error, 0.0);
        assert!(Summary::of(&[]).mean.is_nan());
    }

    #[test]
    fn long_sums_agree_with_short_ones() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.1).collect();
        assert!((numpy_sum(&values) - 49_950.0).abs() < 1e-9);
    }
}
