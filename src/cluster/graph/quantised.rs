//! Vectors in bytes: a product of bytes says, with a bound on its error, which pairs are worth an exact distance.
//!
//! All vectors share one step; what is longer than 127 steps is cut off. The error of each vector, ‖a − â‖, is measured,
//! not guessed, so |a·b − â·b̂| ≤ ‖a − â‖ + ‖b − b̂‖ + ‖a − â‖·‖b − b̂‖ for vectors no longer than 1, and no pair is lost.

use rayon::prelude::*;

use super::rows::VectorRows;

/// Bytes of one column in a panel's group: what one instruction multiplies and adds.
pub(super) const GROUP: usize = 4;
/// Columns of a panel: two vectors of sixteen sums.
pub(super) const PANEL: usize = 32;

pub(super) struct Quantised {
    pub step: f32,
    /// Groups of four dimensions, the last filled up with zeros.
    pub groups: usize,
    /// Row by row.
    pub rows: Vec<i8>,
    /// The sum of each row: what is wrong with a product where the other side is shifted by 128.
    pub sums: Vec<i32>,
    /// ‖a − â‖ of each row.
    pub errors: Vec<f32>,
}

/// Panels of columns: for each group of dimensions 32 columns of four bytes, shifted by 128 so that they have no sign.
pub(super) struct Panels {
    pub bytes: Vec<u8>,
    /// Columns, the last panel not filled up.
    pub columns: usize,
}

impl Quantised {
    pub fn new(rows: VectorRows<'_>) -> Self {
        Self::with_step(rows, step_for(rows))
    }

    /// Two sides of a product share their step.
    pub fn with_step(rows: VectorRows<'_>, step: f32) -> Self {
        let groups = rows.dimensions().div_ceil(GROUP);
        let (count, width) = (rows.len(), groups * GROUP);
        let mut bytes = vec![0_i8; count * width];
        let mut facts = vec![(0_i32, 0.0_f32); count];
        bytes
            .par_chunks_mut(width.max(1))
            .zip(facts.par_iter_mut())
            .enumerate()
            .with_min_len(256)
            .for_each(|(index, (bytes, fact))| *fact = quantise(rows.row(index), step, bytes));
        let (sums, errors) = facts.into_iter().unzip();
        Self { step, groups, rows: bytes, sums, errors }
    }

    pub fn len(&self) -> usize {
        self.sums.len()
    }

    pub fn row(&self, index: usize) -> &[i8] {
        &self.rows[index * self.groups * GROUP..][..self.groups * GROUP]
    }

    /// Another vector in the place of this one.
    pub fn set(&mut self, index: usize, vector: &[f32]) {
        let width = self.groups * GROUP;
        let bytes = &mut self.rows[index * width..][..width];
        (self.sums[index], self.errors[index]) = quantise(vector, self.step, bytes);
    }

    pub fn panels(&self) -> Panels {
        let width = self.groups * GROUP * PANEL;
        let mut bytes = vec![128_u8; self.len().div_ceil(PANEL) * width];
        bytes.par_chunks_mut(width.max(1)).enumerate().with_min_len(16).for_each(|(panel, bytes)| {
            for column in 0..PANEL.min(self.len() - panel * PANEL) {
                put(bytes, column, self.row(panel * PANEL + column));
            }
        });
        Panels { bytes, columns: self.len() }
    }
}

impl Panels {
    /// Another row in the place of this column.
    pub fn set(&mut self, column: usize, row: &[i8]) {
        let width = row.len() * PANEL;
        put(&mut self.bytes[column / PANEL * width..][..width], column % PANEL, row);
    }
}

fn put(panel: &mut [u8], column: usize, row: &[i8]) {
    for (group, four) in row.as_chunks::<GROUP>().0.iter().enumerate() {
        let at = (group * PANEL + column) * GROUP;
        for (to, &from) in panel[at..at + GROUP].iter_mut().zip(four) {
            *to = (from as u8) ^ 128;
        }
    }
}

/// A step that cuts off nothing, unless a few vectors stand out so far that all others would be coarse.
pub(super) fn step_for(rows: VectorRows<'_>) -> f32 {
    const OUTSTANDING: f32 = 1.6;
    let largest_of = |row| rows.row(row).iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let mut largest: Vec<f32> = (0..rows.len()).into_par_iter().with_min_len(256).map(largest_of).collect();
    if largest.is_empty() {
        return 1.0;
    }
    let most = largest.iter().copied().fold(0.0, f32::max);
    let place = (largest.len() - 1) * 9 / 10;
    let (_, &mut usual, _) = largest.select_nth_unstable_by(place, f32::total_cmp);
    (most.min(OUTSTANDING * usual) / 127.0).max(1e-9)
}

fn quantise(row: &[f32], step: f32, bytes: &mut [i8]) -> (i32, f32) {
    let (mut sum, mut error) = (0_i32, 0.0_f32);
    let scale = 1.0 / step;
    for (&value, byte) in row.iter().zip(bytes) {
        // Adding and taking away 1.5·2²³ rounds, by two instructions that every processor has.
        const ROUND: f32 = 12_582_912.0;
        let rounded = ((value * scale).clamp(-127.0, 127.0) + ROUND) - ROUND;
        *byte = rounded as i8;
        sum += i32::from(*byte);
        let off = value - rounded * step;
        error += off * off;
    }
    // A hair more than measured covers the rounding of this sum.
    (sum, error.sqrt() * 1.0001 + 1e-7)
}
