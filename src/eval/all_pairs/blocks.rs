//! The bins of all pairs, block by block: sums of products stay in registers, bins and vectors of a block in cache.
//!
//! Vectors are packed as a matrix product wants them ([`Packed`]); a strip of rows meets all columns to its right. The
//! innermost loops are plain Rust, compiled three times: for AVX-512, for AVX2, and for whatever the program was built
//! for. What they count is held to two plain loops in f64 by the tests of the module above.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::{AllPairs, BINS, DistanceHistogram, LARGEST};
use crate::eval::{EvalError, Vectors};
use crate::types::Cancel;

/// Columns of a panel, and rows of a group: the pairs whose sums AVX-512 holds in registers at once.
const COLUMNS: usize = 32;
const ROWS: usize = 12;
/// Rows of a strip, the unit of work of a thread: 8 groups.
const STRIP: usize = 8 * ROWS;

type BlockBins = [[u32; COLUMNS]; ROWS];

/// Every unordered pair once. Both slices have one entry a vector.
pub(super) fn count(
    vectors: &Vectors,
    labels: &[u32],
    cancel: &Cancel,
    done: &(dyn Fn(u64) + Sync),
) -> Result<AllPairs, EvalError> {
    let set = Packed::new(vectors, labels);
    let (len, pairs_done) = (set.labels.len(), AtomicU64::new(0));
    let bins_of_block = bins_of_block();
    let strip = |mut worker: Worker, first: usize| {
        if cancel.is_cancelled() {
            return Err(EvalError::Cancelled);
        }
        let rows = first..(first + STRIP).min(len);
        set.each_block(rows.clone(), bins_of_block, |rows, columns, bins| worker.add_block(&set, rows, columns, bins));
        let pairs: u64 = rows.map(|row| (len - 1 - row) as u64).sum();
        done(pairs_done.fetch_add(pairs, Ordering::Relaxed) + pairs);
        Ok(worker)
    };
    let strips: Vec<usize> = (0..len).step_by(STRIP).collect();
    let worker = strips
        .into_par_iter()
        .try_fold(Worker::new, strip)
        .try_reduce(Worker::new, |worker, other| Ok(worker.merged(other)))?;
    Ok(AllPairs { same: DistanceHistogram(worker.same), different: DistanceHistogram(worker.different) })
}

/// The pairs of different people in bins below `nearest` and those of one person in bins from `farthest` on, by their
/// places in `vectors`.
pub(super) fn beyond(
    vectors: &Vectors,
    labels: &[u32],
    (nearest, farthest): (usize, usize),
    cancel: &Cancel,
) -> Result<Vec<(usize, usize)>, EvalError> {
    let set = Packed::new(vectors, labels);
    let (len, bins_of_block) = (set.labels.len(), bins_of_block());
    let strip = |first: usize| {
        if cancel.is_cancelled() {
            return Err(EvalError::Cancelled);
        }
        let mut found = Vec::new();
        set.each_block(first..(first + STRIP).min(len), bins_of_block, |rows, columns, bins| {
            for (row, bins) in rows.zip(bins) {
                for (column, &bin) in columns.clone().zip(bins).skip((row + 1).saturating_sub(columns.start)) {
                    let same = set.labels[row] == set.labels[column];
                    if if same { bin as usize >= farthest } else { (bin as usize) < nearest } {
                        found.push((set.order[row], set.order[column]));
                    }
                }
            }
        });
        Ok(found)
    };
    let strips: Vec<usize> = (0..len).step_by(STRIP).collect();
    let found: Vec<Vec<_>> = strips.into_par_iter().map(strip).collect::<Result<_, _>>()?;
    Ok(found.concat())
}

/// A set in the order of its labels: all blocks but those near the diagonal then hold different people only, and need
/// not look at labels. Panels of [`COLUMNS`] vectors follow one another, each one dimension after the other; the last
/// one is filled up with zeros.
struct Packed {
    panels: Vec<f32>,
    dimensions: usize,
    labels: Vec<u32>,
    /// Where each vector was before.
    order: Vec<usize>,
}

impl Packed {
    fn new(vectors: &Vectors, labels: &[u32]) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|&row| labels[row]);
        let dimensions = vectors.dimensions();
        let mut panels = vec![0.0; labels.len().div_ceil(COLUMNS) * COLUMNS * dimensions];
        for (panel, rows) in panels.chunks_exact_mut((COLUMNS * dimensions).max(1)).zip(order.chunks(COLUMNS)) {
            for (column, &row) in rows.iter().enumerate() {
                let lane = panel.iter_mut().skip(column).step_by(COLUMNS);
                lane.zip(vectors.row(row)).for_each(|(place, &value)| *place = value);
            }
        }
        Self { panels, dimensions, labels: order.iter().map(|&row| labels[row]).collect(), order }
    }

    fn panel(&self, index: usize) -> &[f32] {
        let size = COLUMNS * self.dimensions;
        &self.panels[index * size..(index + 1) * size]
    }

    /// A group of [`ROWS`] rows from `first` on, one dimension after the other, zeros after the last row.
    fn group(&self, first: usize) -> Vec<f32> {
        let mut group = vec![0.0; ROWS * self.dimensions];
        for row in first..(first + ROWS).min(self.labels.len()) {
            let lane = self.panel(row / COLUMNS).iter().skip(row % COLUMNS).step_by(COLUMNS);
            group.iter_mut().skip(row - first).step_by(ROWS).zip(lane).for_each(|(place, &value)| *place = value);
        }
        group
    }

    /// The bins of `rows` with everything after them, a block at a time: its rows, its columns, and a bin for each pair,
    /// also for those on the wrong side of the diagonal.
    fn each_block(
        &self,
        rows: Range<usize>,
        bins_of_block: BinsOfBlock,
        mut each: impl FnMut(Range<usize>, Range<usize>, &BlockBins),
    ) {
        let len = self.labels.len();
        let groups: Vec<(usize, Vec<f32>)> =
            rows.clone().step_by(ROWS).map(|first| (first, self.group(first))).collect();
        let mut bins = [[0; COLUMNS]; ROWS];
        for panel in rows.start / COLUMNS..len.div_ceil(COLUMNS) {
            let columns = panel * COLUMNS..((panel + 1) * COLUMNS).min(len);
            for (first, group) in groups.iter().filter(|(first, _)| columns.end > first + 1) {
                bins_of_block.of(group, self.panel(panel), &mut bins);
                each(*first..(first + ROWS).min(len), columns.clone(), &bins);
            }
        }
    }
}

struct Worker {
    same: Vec<u64>,
    different: Vec<u64>,
}

impl Worker {
    fn new() -> Self {
        Self { same: vec![0; BINS], different: vec![0; BINS] }
    }

    fn merged(mut self, other: Self) -> Self {
        self.same.iter_mut().zip(other.same).for_each(|(sum, count)| *sum += count);
        self.different.iter_mut().zip(other.different).for_each(|(sum, count)| *sum += count);
        self
    }

    fn add_block(&mut self, set: &Packed, rows: Range<usize>, columns: Range<usize>, bins: &BlockBins) {
        let apart = set.labels[rows.end - 1] < set.labels[columns.start];
        if apart && rows.len() == ROWS && columns.len() == COLUMNS {
            let different = &mut self.different[..BINS];
            bins.as_flattened().iter().for_each(|&bin| different[bin as usize] += 1);
            return;
        }
        for (row, bins) in rows.zip(bins) {
            let from = (row + 1).max(columns.start);
            for (column, &bin) in (from..columns.end).zip(&bins[(from - columns.start).min(COLUMNS)..]) {
                let same = set.labels[row] == set.labels[column];
                let histogram = if same { &mut self.same } else { &mut self.different };
                histogram[bin as usize] += 1;
            }
        }
    }
}

/// The innermost loops for the processor at hand.
#[derive(Clone, Copy)]
enum BinsOfBlock {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

fn bins_of_block() -> BinsOfBlock {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        return BinsOfBlock::Avx512;
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        return BinsOfBlock::Avx2;
    }
    BinsOfBlock::Plain
}

impl BinsOfBlock {
    fn of(self, rows: &[f32], columns: &[f32], bins: &mut BlockBins) {
        match self {
            Self::Plain => block::<false, 4, 8>(rows, columns, bins),
            // SAFETY: `bins_of_block` names these only after it has asked the processor; nothing else in them is unsafe.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { block_avx2(rows, columns, bins) },
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { block_avx512(rows, columns, bins) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn block_avx2(rows: &[f32], columns: &[f32], bins: &mut BlockBins) {
    block::<true, 6, 16>(rows, columns, bins);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn block_avx512(rows: &[f32], columns: &[f32], bins: &mut BlockBins) {
    block::<true, ROWS, COLUMNS>(rows, columns, bins);
}

/// The bin of each pair of a group of rows and a panel of columns, `R` by `C` sums at a time.
#[inline(always)]
fn block<const FUSED: bool, const R: usize, const C: usize>(rows: &[f32], columns: &[f32], bins: &mut BlockBins) {
    for top in (0..ROWS).step_by(R) {
        for left in (0..COLUMNS).step_by(C) {
            let mut sums = [[0.0_f32; C]; R];
            for (rows, columns) in rows.chunks_exact(ROWS).zip(columns.chunks_exact(COLUMNS)) {
                let rows: &[f32; R] = rows[top..top + R].try_into().expect("the slice has this length");
                let columns: &[f32; C] = columns[left..left + C].try_into().expect("the slice has this length");
                for i in 0..R {
                    for j in 0..C {
                        let (a, b, sum) = (rows[i], columns[j], &mut sums[i][j]);
                        *sum = if FUSED { a.mul_add(b, *sum) } else { a * b + *sum };
                    }
                }
            }
            for i in 0..R {
                for j in 0..C {
                    bins[top + i][left + j] = bin_of_dot(sums[i][j]);
                }
            }
        }
    }
}

#[inline(always)]
fn bin_of_dot(dot: f32) -> u32 {
    let bin = ((2.0 - 2.0 * dot).max(0.0) * (BINS as f32 / LARGEST)).min((BINS - 1) as f32);
    // SAFETY: between 0 and BINS - 1, even where `dot` is not a number, because `max` then takes its other side. The
    // checked conversion would take as long as the whole sum of products.
    let bin: i32 = unsafe { bin.to_int_unchecked() };
    bin as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_finds_the_same_bins_within_one() {
        let value = |i: usize| ((i * 7919 % 1009) as f32 / 1009.0 - 0.4) / 6.0;
        let rows: Vec<f32> = (0..64 * ROWS).map(value).collect();
        let columns: Vec<f32> = (0..64 * COLUMNS).map(|i| value(i * 31)).collect();
        let (mut plain, mut fast) = ([[0; COLUMNS]; ROWS], [[0; COLUMNS]; ROWS]);
        BinsOfBlock::Plain.of(&rows, &columns, &mut plain);
        assert!(plain.as_flattened().iter().all(|bin| (1..BINS as u32 - 1).contains(bin)));
        let mut kinds = vec![bins_of_block()];
        #[cfg(target_arch = "x86_64")]
        if matches!(kinds[0], BinsOfBlock::Avx512) {
            kinds.push(BinsOfBlock::Avx2);
        }
        for kind in kinds {
            kind.of(&rows, &columns, &mut fast);
            assert!(fast.as_flattened().iter().zip(plain.as_flattened()).all(|(a, b)| a.abs_diff(*b) <= 1));
        }
    }

    #[test]
    fn bins_end_where_distances_end() {
        let bins = [1.0, 1.5, 0.0, -1.0, -7.0, f32::NAN, f32::NEG_INFINITY].map(bin_of_dot);
        let last = BINS as u32 - 1;
        assert_eq!(bins, [0, 0, BINS as u32 / 2, last, last, 0, last]);
    }
}
