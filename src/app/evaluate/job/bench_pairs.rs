//! How long all pairs of a large set take, and on what.

use std::time::Instant;

use anyhow::{Result, ensure};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::app::engine::memory::hold;
use crate::app::evaluate::job::count::PairCounter;
use crate::eval::Vectors;
use crate::networks::device::DeviceChoice;
use crate::types::{Cancel, counted};

const DIMENSIONS: usize = 128;
/// Photos of each synthetic person.
const PHOTOS: u32 = 10;

/// What `likeness bench --all-pairs` found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AllPairsReport {
    pub vectors: usize,
    pub dimensions: usize,
    pub pairs: u64,
    pub counted_on: String,
    pub elapsed_secs: f64,
    pub pairs_per_s: f64,
    /// A checksum of both histograms, so that two machines can tell whether they counted the same.
    pub mean_bin: f64,
    /// The most memory this process ever held; only Linux tells.
    pub peak_memory_bytes: Option<u64>,
}

/// Counts all pairs of `count` random unit vectors.
pub(crate) fn bench_all_pairs(
    count: usize,
    seed: u64,
    device: &DeviceChoice,
    cancel: &Cancel,
    note: &mut dyn FnMut(String),
) -> Result<AllPairsReport> {
    // The vectors, and the same once more while they are made.
    hold(&counted(count, "vector", "vectors"), (count * DIMENSIONS * size_of::<f32>() * 2) as u64)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values: Vec<f32> = Vec::with_capacity(count * DIMENSIONS);
    for _ in 0..count {
        ensure!(!cancel.is_cancelled(), "cancelled");
        let row: [f32; DIMENSIONS] = std::array::from_fn(|_| rng.random_range(-0.5..0.5));
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        values.extend(row.iter().map(|v| v / norm));
    }
    let vectors = Vectors::from_rows(values.chunks_exact(DIMENSIONS))?;
    drop(values);
    let labels: Vec<u32> = (0..count as u32).map(|row| row / PHOTOS).collect();
    let counter = PairCounter::choose(device, count, note)?;
    let started = Instant::now();
    let counted = counter.count(&vectors, &labels, cancel, &|_| {})?;
    let elapsed_secs = started.elapsed().as_secs_f64();
    let pairs = counted.same.total() + counted.different.total();
    let bins = counted.same.counts().iter().zip(counted.different.counts()).enumerate();
    let mean_bin = bins.map(|(bin, (s, d))| bin as f64 * (s + d) as f64).sum::<f64>() / pairs.max(1) as f64;
    Ok(AllPairsReport {
        vectors: count,
        dimensions: DIMENSIONS,
        pairs,
        counted_on: counter.name().to_owned(),
        elapsed_secs,
        pairs_per_s: pairs as f64 / elapsed_secs,
        mean_bin,
        peak_memory_bytes: peak_memory(),
    })
}

/// The most memory this process ever held; only Linux tells.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(kilobytes.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}
