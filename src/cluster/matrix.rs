//! Distances as a condensed matrix, updated by Lance and Williams's formulas (Müllner 2011, figure 2).

use rayon::prelude::*;

use super::chain::Distances;
use super::vectors::{FaceVectors, squared_distance};
use super::{ClusterError, Linkage};
use crate::types::Cancel;

/// The upper triangle, row by row. Infinity: the two must not meet.
pub(super) struct Matrix {
    values: Vec<f32>,
    /// Where row `i` would begin if it began at column 0.
    starts: Vec<isize>,
    sizes: Vec<f32>,
    linkage: Linkage,
}

impl Matrix {
    pub fn new(vectors: &FaceVectors, linkage: Linkage, cancel: &Cancel) -> Result<Self, ClusterError> {
        let faces = vectors.len();
        let mut values = vec![0.0; faces * faces.saturating_sub(1) / 2];
        let mut rows = Vec::with_capacity(faces);
        let mut starts = Vec::with_capacity(faces);
        let mut rest = values.as_mut_slice();
        let mut start = 0_isize;
        for row in 0..faces {
            let length = faces - row - 1;
            let (this, others) = rest.split_at_mut(length);
            rows.push(this);
            rest = others;
            starts.push(start - row as isize - 1);
            start += length as isize;
        }
        rows.par_chunks_mut(ROWS_AT_ONCE).enumerate().for_each(|(block, rows)| {
            if !cancel.is_cancelled() {
                fill_rows(vectors, block * ROWS_AT_ONCE, rows);
            }
        });
        if cancel.is_cancelled() {
            return Err(ClusterError::Cancelled);
        }
        Ok(Self { values, starts, sizes: vec![1.0; faces], linkage })
    }

    fn at(&self, a: usize, b: usize) -> usize {
        let (row, column) = if a < b { (a, b) } else { (b, a) };
        (self.starts[row] + column as isize) as usize
    }
}

/// These rows share each column's vector while it is in the nearest cache.
const ROWS_AT_ONCE: usize = 8;

fn fill_rows(vectors: &FaceVectors, first: usize, rows: &mut [&mut [f32]]) {
    for column in first + 1..vectors.len() {
        let other = vectors.row(column);
        for (offset, row) in rows.iter_mut().enumerate() {
            let index = first + offset;
            if column > index {
                row[column - index - 1] = squared_distance(vectors.row(index), other);
            }
        }
    }
}

impl Distances for Matrix {
    fn len(&self) -> usize {
        self.sizes.len()
    }

    fn distance(&self, a: usize, b: usize) -> f32 {
        self.values[self.at(a, b)]
    }

    fn forbid(&mut self, a: usize, b: usize) {
        let place = self.at(a, b);
        self.values[place] = f32::INFINITY;
    }

    fn nearest(&self, tip: usize, active: &[usize], _: &[usize]) -> Option<(usize, f32)> {
        let mut best = (usize::MAX, f32::INFINITY);
        let split = active.partition_point(|&other| other < tip);
        for &other in &active[..split] {
            let distance = self.values[(self.starts[other] + tip as isize) as usize];
            if distance < best.1 {
                best = (other, distance);
            }
        }
        let row = self.starts[tip];
        for &other in active[split..].iter().filter(|&&other| other != tip) {
            let distance = self.values[(row + other as isize) as usize];
            if distance < best.1 {
                best = (other, distance);
            }
        }
        (best.1 < f32::INFINITY).then_some(best)
    }

    fn merge(&mut self, kept: usize, gone: usize, active: &[usize]) {
        let between = self.distance(kept, gone);
        let (size_kept, size_gone) = (self.sizes[kept], self.sizes[gone]);
        for &other in active {
            if other == kept || other == gone {
                continue;
            }
            let place = self.at(kept, other);
            let (a, b) = (self.values[place], self.distance(gone, other));
            self.values[place] = if a == f32::INFINITY || b == f32::INFINITY {
                f32::INFINITY
            } else {
                match self.linkage {
                    Linkage::Single => a.min(b),
                    Linkage::Complete => a.max(b),
                    Linkage::Average => (size_kept * a + size_gone * b) / (size_kept + size_gone),
                    Linkage::Ward => {
                        let size = self.sizes[other];
                        ((size_kept + size) * a + (size_gone + size) * b - size * between)
                            / (size_kept + size_gone + size)
                    }
                }
            };
        }
        self.sizes[kept] += size_gone;
    }

    fn needs_fences(&self) -> bool {
        false
    }
}
