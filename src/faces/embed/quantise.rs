//! Embeddings of one byte a number: FaceNet's 128 bytes a face (Schroff et al. 2015, section 5.4: the
//! embedding "can be quantized to 128-bytes without loss of accuracy").
//!
//! The scheme is symmetric with one fixed scale: a number v becomes round(254·v), kept within ±127. One scale for all
//! faces means that distances are sums of integers and exact, with no factors to store. It covers |v| ≤ ½; a unit
//! vector of 128 numbers has a typical |v| of 0.09, and beyond ½ one number would hold a quarter of the whole length.
//! Rounding moves each number by at most 1/508, so a distance D (squared) between vectors without clipped numbers
//! moves by at most 2·√D·e + e² with e = √n/254 (0.045 for 128 numbers), and typically by 0.005.

use crate::types::{Embedding, EmbeddingError, SquaredDistance};

const STEPS_PER_UNIT: f32 = 254.0;

/// An embedding in as many bytes as it has numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantisedEmbedding(Box<[i8]>);

impl QuantisedEmbedding {
    pub fn new(embedding: &Embedding) -> Self {
        // The cast saturates at −128, which the scheme leaves unused.
        let steps = embedding.as_slice().iter().map(|&v| (v * STEPS_PER_UNIT).round().clamp(-127.0, 127.0) as i8);
        Self(steps.collect())
    }

    pub fn dimensions(&self) -> usize {
        self.0.len()
    }

    /// The direction that the bytes still point in.
    ///
    /// # Errors
    /// When all are zero.
    pub(crate) fn restored(&self) -> Result<Embedding, EmbeddingError> {
        Embedding::normalise(self.0.iter().map(|&step| f32::from(step) / STEPS_PER_UNIT).collect())
    }

    /// ‖a − b‖₂², summed exactly in integers.
    ///
    /// # Panics
    /// When the dimensions differ: two models' embeddings are never compared.
    pub fn squared_distance(&self, other: &Self) -> SquaredDistance {
        assert_eq!(self.dimensions(), other.dimensions(), "embeddings of two models were compared");
        let steps = self.0.iter().zip(&other.0).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2));
        SquaredDistance((steps.sum::<u64>() as f64 / f64::from(STEPS_PER_UNIT).powi(2)) as f32)
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(rng: &mut ChaCha8Rng, dimensions: usize) -> Embedding {
        let sum_of_12 = |rng: &mut ChaCha8Rng| (0..12).map(|_| rng.random::<f32>() - 0.5).sum::<f32>();
        Embedding::normalise((0..dimensions).map(|_| sum_of_12(rng)).collect()).unwrap()
    }

    #[test]
    fn distances_stay_within_the_documented_bound() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut total_error = 0.0;
        for _ in 0..500 {
            let (a, b) = (random(&mut rng, 128), random(&mut rng, 128));
            assert!(a.as_slice().iter().all(|v| v.abs() < 0.5));
            let exact = a.squared_distance(&b).0;
            let error = (QuantisedEmbedding::new(&a).squared_distance(&QuantisedEmbedding::new(&b)).0 - exact).abs();
            let e = 128_f32.sqrt() / STEPS_PER_UNIT;
            assert!(error <= 2.0 * exact.sqrt() * e + e * e, "{error} at {exact}");
            total_error += error;
        }
        assert!(total_error / 500.0 < 0.005, "mean error {}", total_error / 500.0);
    }

    #[test]
    fn a_face_takes_128_bytes() {
        let embedding = random(&mut ChaCha8Rng::seed_from_u64(8), 128);
        let quantised = QuantisedEmbedding::new(&embedding);
        assert_eq!(size_of_val(&*quantised.0), 128);
        assert_eq!(quantised.squared_distance(&quantised).0, 0.0);
    }

    #[test]
    fn large_numbers_are_clipped_symmetrically() {
        let embedding = Embedding::normalise(vec![1.0, -1.0]).unwrap();
        assert_eq!(*QuantisedEmbedding::new(&embedding).0, [127, -127]);
    }
}
