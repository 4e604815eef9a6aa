//! How far apart two vectors are.

use serde::{Deserialize, Serialize};

/// What a threshold is compared with.
///
/// * Squared L2 is ‖a − b‖₂², the paper's D: 0…4 for unit vectors.
/// * Angle is arccos(cos θ) / π, 0…1, with cos θ clamped to [−1, 1]. For unit vectors it orders pairs as D does; it
///   differs once a mean is subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    #[default]
    SquaredL2,
    Angle,
}

impl Metric {
    /// The distance of two rows, accumulated in f64.
    pub fn between(self, a: &[f32], b: &[f32]) -> f64 {
        self.accumulate(a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b))))
    }

    /// The distance after `mean` is subtracted from both rows; they are not brought back to unit length.
    pub(crate) fn between_centred(self, a: &[f32], b: &[f32], mean: &[f64]) -> f64 {
        let centred = a.iter().zip(b).zip(mean).map(|((&a, &b), mean)| (f64::from(a) - mean, f64::from(b) - mean));
        self.accumulate(centred)
    }

    /// The largest distance that unit vectors can have.
    pub fn largest(self) -> f64 {
        match self {
            Self::SquaredL2 => 4.0,
            Self::Angle => 1.0,
        }
    }

    fn accumulate(self, values: impl Iterator<Item = (f64, f64)>) -> f64 {
        match self {
            Self::SquaredL2 => values.map(|(a, b)| (a - b) * (a - b)).sum(),
            Self::Angle => {
                let (dot, aa, bb) =
                    values.fold((0.0, 0.0, 0.0), |(dot, aa, bb), (a, b)| (dot + a * b, aa + a * a, bb + b * b));
                (dot / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0).acos() / std::f64::consts::PI
            }
        }
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SquaredL2 => "squared distance",
            Self::Angle => "angle / π",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposite_and_orthogonal_vectors() {
        let (x, y, minus_x) = ([1.0_f32, 0.0], [0.0_f32, 1.0], [-1.0_f32, 0.0]);
        assert_eq!(Metric::SquaredL2.between(&x, &y), 2.0);
        assert_eq!(Metric::SquaredL2.between(&x, &minus_x), 4.0);
        assert!((Metric::Angle.between(&x, &y) - 0.5).abs() < 1e-15);
        assert_eq!(Metric::Angle.between(&x, &minus_x), 1.0);
    }

    #[test]
    fn rounding_cannot_push_the_cosine_out_of_range() {
        // 3 · (0.1/√0.03)² exceeds one in floating point; an unclamped arccos would be NaN.
        let v = [0.577_350_26_f32; 3];
        assert!(Metric::Angle.between(&v, &v) < 1e-7);
    }

    #[test]
    fn a_mean_moves_angles_but_not_distances() {
        let (a, b, mean) = ([1.0_f32, 0.0], [0.0_f32, 1.0], [0.5, 0.5]);
        assert_eq!(Metric::SquaredL2.between_centred(&a, &b, &mean), 2.0);
        // arccos is steep at −1: half the digits of the cosine are lost.
        assert!((Metric::Angle.between_centred(&a, &b, &mean) - 1.0).abs() < 1e-7);
    }
}
