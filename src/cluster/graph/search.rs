//! Which pairs of rows and columns are near, with exact distances: bytes first, f32 for what passes.

use std::ops::Range;

use super::kernels::{ByteProduct, Kernel, Tile};
use super::quantised::{PANEL, Panels, Quantised};

/// VectorRows and columns a tile: both sides' bytes fit the second cache.
pub(super) const TILE: usize = 1024;

/// A pair and its exact distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NearPair {
    pub row: u32,
    pub column: u32,
    pub distance: f32,
}

/// VectorRows by columns, in bytes; `distance` knows the exact distance of a row and a column.
pub(super) struct Product<'a> {
    pub kernel: Kernel,
    pub rows: &'a Quantised,
    pub columns: &'a Quantised,
    pub panels: &'a Panels,
    pub distance: &'a (dyn Fn(usize, usize) -> f32 + Sync),
}

/// More than an exact product of two unit vectors is off by rounding.
const ROUNDING: f32 = 1e-5;

impl Product<'_> {
    /// All pairs of the tile no farther than the larger of both bounds; `column_bounds` is empty where only the rows
    /// want to know. The first column is the first of a panel.
    pub fn near(
        &self,
        rows: Range<usize>,
        columns: Range<usize>,
        row_bounds: &[f32],
        column_bounds: &[f32],
        scratch: &mut Vec<ByteProduct>,
        hits: &mut Vec<NearPair>,
    ) {
        scratch.clear();
        let panels = columns.start / PANEL..columns.end.div_ceil(PANEL);
        let (row_limits, panel_limits) = self.limits(&rows, &columns, row_bounds, column_bounds);
        let tile = Tile {
            rows: self.rows,
            row_range: rows.clone(),
            row_limits: &row_limits,
            panels: self.panels,
            panel_range: panels,
            panel_limits: &panel_limits,
        };
        self.kernel.near(&tile, scratch);
        let unit = self.rows.step * self.columns.step;
        for near in scratch.iter() {
            let (row, column) = (near.row as usize, near.column as usize);
            let mut bound = row_bounds[row - rows.start];
            if !column_bounds.is_empty() {
                bound = bound.max(column_bounds[column - columns.start]);
            }
            let margin = margin(self.rows.errors[row], self.columns.errors[column]);
            if near.product as f32 * unit + margin < cosine_of(bound) {
                continue;
            }
            let distance = (self.distance)(row, column);
            if distance <= bound {
                hits.push(NearPair { row: near.row, column: near.column, distance });
            }
        }
    }

    /// The limits of the rows, and of the panels.
    fn limits(
        &self,
        rows: &Range<usize>,
        columns: &Range<usize>,
        row_bounds: &[f32],
        column_bounds: &[f32],
    ) -> (Vec<i32>, Vec<i32>) {
        let most = |errors: &[f32]| errors.iter().fold(0.0_f32, |most, &error| most.max(error));
        let row_errors = &self.rows.errors[rows.clone()];
        let (row_error, column_error) = (most(row_errors), most(&self.columns.errors[columns.clone()]));
        let of_rows = row_bounds.iter().zip(row_errors).map(|(&bound, &error)| self.limit(bound, error, column_error));
        let of_panels = match column_bounds {
            [] => vec![i32::MAX; columns.len().div_ceil(PANEL)],
            bounds => bounds
                .chunks(PANEL)
                .map(|bounds| bounds.iter().fold(f32::MIN, |most, &bound| most.max(bound)))
                .map(|bound| self.limit(bound, row_error, column_error))
                .collect(),
        };
        (of_rows.collect(), of_panels)
    }

    /// The least product of bytes that a pair no farther than `bound` can have.
    fn limit(&self, bound: f32, row_error: f32, column_error: f32) -> i32 {
        let unit = f64::from(self.rows.step) * f64::from(self.columns.step);
        (f64::from(cosine_of(bound) - margin(row_error, column_error)) / unit).floor() as i32 - 1
    }
}

fn margin(row_error: f32, column_error: f32) -> f32 {
    row_error + column_error + row_error * column_error + ROUNDING
}

fn cosine_of(distance: f32) -> f32 {
    1.0 - distance / 2.0
}

/// For each of some rows the nearest found so far.
pub(super) struct NearestLists {
    keep: usize,
    pub lists: Vec<Vec<(f32, u32)>>,
    /// What is farther is of no use.
    pub bounds: Vec<f32>,
    limit: f32,
}

impl NearestLists {
    pub fn new(rows: usize, keep: usize, limit: f32) -> Self {
        Self { keep, lists: vec![Vec::new(); rows], bounds: vec![limit; rows], limit }
    }

    pub fn push(&mut self, row: usize, distance: f32, id: u32) {
        if distance > self.bounds[row] {
            return;
        }
        let list = &mut self.lists[row];
        list.push((distance, id));
        if list.len() >= self.keep + self.keep / 2 + 8 {
            self.trim(row);
        }
    }

    fn trim(&mut self, row: usize) {
        let list = &mut self.lists[row];
        list.select_nth_unstable_by(self.keep - 1, by_distance);
        list.truncate(self.keep);
        self.bounds[row] = list[self.keep - 1].0;
    }

    /// What was found elsewhere for the same rows.
    pub fn absorb(&mut self, other: Self) {
        for (row, (list, bound)) in other.lists.into_iter().zip(other.bounds).enumerate() {
            for (distance, id) in list {
                self.push(row, distance, id);
            }
            self.bounds[row] = self.bounds[row].min(bound);
        }
    }

    /// The nearest in order, and how far everybody is known: whoever is not listed is at least so far.
    pub fn take(&mut self, row: usize) -> (Vec<(f32, u32)>, f32) {
        if self.lists[row].len() > self.keep {
            self.trim(row);
        }
        let mut list = std::mem::take(&mut self.lists[row]);
        list.sort_unstable_by(by_distance);
        // Bounds are the limit until something was cut.
        let radius = self.bounds[row].min(self.limit);
        (list, radius)
    }
}

fn by_distance(a: &(f32, u32), b: &(f32, u32)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}
