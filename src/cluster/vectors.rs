//! The faces' unit vectors one behind the other, and the two sums over them that clustering spends its time in.

use super::ClusterError;
use crate::types::Embedding;

pub(super) struct FaceVectors {
    pub values: Vec<f32>,
    pub dimensions: usize,
}

impl FaceVectors {
    pub fn new(embeddings: &[Embedding]) -> Result<Self, ClusterError> {
        let dimensions = embeddings.first().map_or(1, Embedding::dimensions);
        let mut values = Vec::with_capacity(embeddings.len() * dimensions);
        for embedding in embeddings {
            if embedding.dimensions() != dimensions {
                return Err(ClusterError::MixedDimensions { first: dimensions, other: embedding.dimensions() });
            }
            values.extend_from_slice(embedding.as_slice());
        }
        Ok(Self { values, dimensions })
    }

    pub fn len(&self) -> usize {
        self.values.len() / self.dimensions
    }

    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.dimensions..][..self.dimensions]
    }
}

/// As many partial sums as fit two AVX registers: the compiler turns the loop below into vector instructions.
const LANES: usize = 16;

/// ‖a − b‖².
pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    sum(a, b, |a, b| (a - b) * (a - b))
}

/// a · b.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum(a, b, |a, b| a * b)
}

#[inline(always)]
fn sum(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += term(a[lane], b[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(&a, &b)| term(a, b)).sum();
    sums.iter().sum::<f32>() + rest
}
