//! A component at a half, a quarter or an eighth of its picture's size, straight from its blocks: of the DCT only the
//! lowest frequencies are turned back, as many as there are to be samples (libjpeg does the same, `jidctred.c`).
//!
//! Colours that are stored at half size come with twice as many samples a block, so that nothing has to be enlarged.

use std::sync::LazyLock;

use super::samples::inverse_dct;
use super::scan::DctBlock;

/// Samples of a component, row by row.
pub(crate) struct SmallPlane {
    samples: Vec<u8>,
    stride: usize,
    /// Blocks a row.
    blocks: usize,
    /// Samples of a block, across and down: 1, 2, 4 or 8.
    across: usize,
    down: usize,
}

impl SmallPlane {
    /// Grey, for so many blocks a row and so many rows of them. None for other numbers of samples a block
    /// than those that pictures usually come to.
    pub fn new(blocks: usize, rows: usize, across: usize, down: usize) -> Option<Self> {
        let fits = |side: usize| matches!(side, 1 | 2 | 4 | 8);
        let stride = blocks * across;
        let is_sound = fits(across) && fits(down) && across <= 2 * down && down <= 2 * across && blocks > 0;
        is_sound.then(|| Self { samples: vec![128; stride * rows * down], stride, blocks, across, down })
    }

    /// Writes the samples of a block; one outside of the plane is left out.
    pub fn put(&mut self, place: usize, coefficients: &DctBlock, quantisers: &[u16; 64]) {
        let first = place / self.blocks * self.down * self.stride + place % self.blocks * self.across;
        let Some(out) = self.samples.get_mut(first..) else { return };
        match (self.across, self.down) {
            (8, 8) => inverse_dct(coefficients, quantisers, out, self.stride),
            (8, 4) => reduced::<8, 4>(coefficients, quantisers, out, self.stride),
            (4, 8) => reduced::<4, 8>(coefficients, quantisers, out, self.stride),
            (4, 4) => reduced::<4, 4>(coefficients, quantisers, out, self.stride),
            (4, 2) => reduced::<4, 2>(coefficients, quantisers, out, self.stride),
            (2, 4) => reduced::<2, 4>(coefficients, quantisers, out, self.stride),
            (2, 2) => reduced::<2, 2>(coefficients, quantisers, out, self.stride),
            (2, 1) => reduced::<2, 1>(coefficients, quantisers, out, self.stride),
            (1, 2) => reduced::<1, 2>(coefficients, quantisers, out, self.stride),
            _ => reduced::<1, 1>(coefficients, quantisers, out, self.stride),
        }
    }

    pub fn row(&self, y: usize, width: usize) -> Option<&[u8]> {
        self.samples.get(y * self.stride..)?.get(..width.min(self.stride))
    }
}

const CONST_BITS: i32 = 13;
const PASS1_BITS: i32 = 2;

/// Of the inverse DCT of 1, 2, 4 and 8 points on coefficients of one of 8: the share of frequency `k` in sample `n`,
/// times 2¹³, at `8 n + k`.
static SHARES: LazyLock<[[i32; 64]; 4]> = LazyLock::new(|| [1, 2, 4, 8].map(shares));

fn shares(points: usize) -> [i32; 64] {
    std::array::from_fn(|at| {
        let (n, k) = ((at / 8) as f64, at % 8);
        let scale = if k == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let angle = (2.0 * n + 1.0) * k as f64 * std::f64::consts::PI / (2.0 * points as f64);
        (scale * angle.cos() / 2.0 * f64::from(1 << CONST_BITS)).round() as i32
    })
}

/// `X` samples across and `Y` down. Damaged files overflow, which means nothing and breaks nothing.
#[inline(always)]
fn reduced<const X: usize, const Y: usize>(
    coefficients: &DctBlock,
    quantisers: &[u16; 64],
    out: &mut [u8],
    stride: usize,
) {
    let down = &SHARES[Y.trailing_zeros() as usize];
    let across = &SHARES[X.trailing_zeros() as usize];
    let mut columns = [[0_i32; X]; Y];
    for (y, row) in columns.iter_mut().enumerate() {
        for k in 0..Y {
            let share = down[8 * y + k];
            for (x, value) in row.iter_mut().enumerate() {
                let coefficient = i32::from(coefficients[8 * k + x]) * i32::from(quantisers[8 * k + x]);
                *value = value.wrapping_add(coefficient.wrapping_mul(share));
            }
        }
    }
    for (row, line) in columns.iter_mut().zip(out.chunks_mut(stride)) {
        row.iter_mut().for_each(|value| *value = rounded(*value, CONST_BITS - PASS1_BITS));
        for (n, sample) in line.iter_mut().take(X).enumerate() {
            let sum = (0..X).fold(0_i32, |sum, k| sum.wrapping_add(row[k].wrapping_mul(across[8 * n + k])));
            *sample = rounded(sum, CONST_BITS + PASS1_BITS).wrapping_add(128).clamp(0, 255) as u8;
        }
    }
}

#[inline(always)]
fn rounded(value: i32, bits: i32) -> i32 {
    value.wrapping_add(1 << (bits - 1)) >> bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a picture without high frequencies the small one is its average.
    #[test]
    fn a_small_block_is_the_average_of_the_whole_one() {
        let coefficients: DctBlock = std::array::from_fn(|at| match at {
            0 => 60,
            1 => 25,
            8 => -30,
            9 => 7,
            _ => 0,
        });
        let quantisers = [4; 64];
        let mut whole = [0; 64];
        inverse_dct(&coefficients, &quantisers, &mut whole, 8);
        for (across, down) in [(8, 8), (8, 4), (4, 8), (4, 4), (4, 2), (2, 4), (2, 2), (2, 1), (1, 2), (1, 1)] {
            let mut plane = SmallPlane::new(2, 2, across, down).unwrap();
            plane.put(3, &coefficients, &quantisers);
            assert_eq!(plane.row(0, 99).unwrap(), vec![128; 2 * across], "the other blocks are grey");
            let (wide, high) = (8 / across, 8 / down);
            for (x, y) in (0..across).flat_map(|x| (0..down).map(move |y| (x, y))) {
                let sum: f32 = (0..wide * high)
                    .map(|at| f32::from(whole[8 * (y * high + at / wide) + x * wide + at % wide]))
                    .sum();
                let found = f32::from(plane.row(down + y, 99).unwrap()[across + x]);
                // A cosine and its average over a step differ a little.
                assert!((found - sum / (wide * high) as f32).abs() < 4.0, "{across} × {down}: {x} {y}");
            }
        }
        assert!(SmallPlane::new(1, 1, 3, 8).is_none() && SmallPlane::new(1, 1, 16, 8).is_none());
        assert!(SmallPlane::new(1, 1, 4, 1).is_none());
    }
}
