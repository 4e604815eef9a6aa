//! What the costs of a large library stand beside, and how they are timed.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::cluster::graph::VectorRows;

pub(super) const DIMENSIONS: usize = 128;
/// Of more pairs than that a part is multiplied, and the time scaled.
const PLAIN_PAIRS: u64 = 2_000_000_000;
/// What a decision about one face writes at least, through to the disk.
const PAGE_BYTES: usize = 4096;
/// Of what is read at once the quickest of so many counts: what else runs meanwhile only makes it slower.
const ROUNDS: usize = 3;

/// Seconds of the products of some random unit vectors with all, each pair once and by itself, on all threads; and the
/// share of the pairs that was multiplied, where they are too many for a bench.
pub(super) fn plain_products(some: usize, all: usize, seed: u64) -> (f64, f64) {
    const ROWS: usize = 64;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values: Vec<f32> = (0..all * DIMENSIONS).map(|_| rng.random_range(-1.0..1.0)).collect();
    for row in values.chunks_exact_mut(DIMENSIONS) {
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= length);
    }
    let vectors = VectorRows::new(&values, DIMENSIONS);
    let wanted = if some == all { all as u64 * (all as u64 - 1) / 2 } else { some as u64 * all as u64 };
    // Whole rows, until that is enough.
    let mut rows = 0..0;
    let mut pairs = 0_u64;
    while pairs < wanted.min(PLAIN_PAIRS) && rows.end < some {
        pairs += if some == all { (all - 1 - rows.end) as u64 } else { all as u64 };
        rows.end += 1;
    }
    let begun = Instant::now();
    let blocks: Vec<usize> = rows.clone().step_by(ROWS).collect();
    let near: usize = blocks
        .into_par_iter()
        .map(|first| {
            let block = first..(first + ROWS).min(rows.end);
            let from = if some == all { first } else { 0 };
            let pairs = (from..all).flat_map(|column| block.clone().map(move |row| (row, column)));
            let wanted = pairs.filter(|&(row, column)| some != all || row < column);
            wanted.filter(|&(row, column)| vectors.distance(row, column) < 1.0).count()
        })
        .sum();
    std::hint::black_box(near);
    let share = pairs as f64 / wanted.max(1) as f64;
    (begun.elapsed().as_secs_f64() / share.max(f64::MIN_POSITIVE), share)
}

pub(super) fn all_pairs_words(share: f64) -> String {
    format!("the distances of all pairs, one by one{}", scaled_words(share))
}

pub(super) fn scaled_words(share: f64) -> String {
    if share < 1.0 { format!(" (scaled from {:.1} % of them)", share * 100.0) } else { String::new() }
}

pub(super) fn write_page(folder: &Path) -> Result<()> {
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&[1; PAGE_BYTES])?;
    file.sync_all()?;
    Ok(())
}

pub(super) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let begun = Instant::now();
    let value = work()?;
    Ok((value, begun.elapsed().as_secs_f64()))
}

pub(super) fn quickest(work: impl Fn() -> Result<()>) -> Result<f64> {
    (0..ROUNDS).try_fold(f64::INFINITY, |least, _| Ok(timed(&work)?.1.min(least)))
}

/// The smallest value that is not below `share` of all.
pub(super) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (share * values.len() as f64).ceil() as usize;
    values.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pairs_are_multiplied_once_and_of_too_many_a_part() {
        assert_eq!(plain_products(100, 100, 1).1, 1.0);
        assert_eq!(plain_products(3, 100, 1).1, 1.0);
        assert_eq!(scaled_words(0.25), " (scaled from 25.0 % of them)");
    }
}
