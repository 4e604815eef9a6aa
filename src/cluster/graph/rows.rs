//! Vectors one behind the other, and the one product on which every distance here is measured.

/// Unit vectors or means of unit vectors, row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VectorRows<'a> {
    values: &'a [f32],
    dimensions: usize,
}

impl<'a> VectorRows<'a> {
    /// # Panics
    /// When the values are no whole number of rows.
    pub fn new(values: &'a [f32], dimensions: usize) -> Self {
        assert!(dimensions > 0 && values.len().is_multiple_of(dimensions), "whole rows");
        Self { values, dimensions }
    }

    pub fn len(&self) -> usize {
        self.values.len() / self.dimensions
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.dimensions..][..self.dimensions]
    }

    /// The mean D between two rows' members: D itself where both are unit vectors.
    pub fn distance(&self, a: usize, b: usize) -> f32 {
        self.distance_to(a, *self, b)
    }

    /// The same between a row of these and one of others.
    pub fn distance_to(&self, a: usize, others: VectorRows<'_>, b: usize) -> f32 {
        distance_of(dot(self.row(a), others.row(b)))
    }
}

/// 2 − 2·cosine: D of unit vectors, and of two means of unit vectors the mean D of all pairs.
pub(super) fn distance_of(cosine: f32) -> f32 {
    (2.0 - 2.0 * cosine).max(0.0)
}

/// a · b, bit for bit equal to b · a, and on every machine that adds and multiplies in one step.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
        // SAFETY: the processor has both.
        return unsafe { dot_avx2(a, b) };
    }
    dot_plain(a, b)
}

const LANES: usize = 32;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    sum_of_products(a, b, |a, b, sum| a.mul_add(b, sum))
}

fn dot_plain(a: &[f32], b: &[f32]) -> f32 {
    sum_of_products(a, b, |a, b, sum| a * b + sum)
}

#[inline(always)]
fn sum_of_products(a: &[f32], b: &[f32], add: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] = add(a[lane], b[lane], sums[lane]);
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    a_rest.iter().zip(b_rest).fold(sums[0], |sum, (&a, &b)| add(a, b, sum))
}
