//! What runs on this machine's wgpu adapters: the self-test of `likeness devices`, forward, backward, above a frozen
//! base and after one optimiser step, each compared with the CPU; and the kernels of `shaders/`, each against its
//! reference.
//!
//! Without an adapter, or without the feature `gpu`, this says that it was skipped.

use std::io::Write;
use std::process::Command;

use likeness::networks::device::{Adapter, AdapterKind, adapters};
use likeness::networks::kernels::all_pairs::{AllPairsKernel, LabelledRows, agrees};
use likeness::types::Cancel;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Written past the test harness, which keeps what a passing test prints.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "kernels: {line}");
}

#[test]
fn adapters_agree_with_the_cpu() {
    let usable: Vec<Adapter> = adapters().into_iter().filter(|adapter| adapter.kind != AdapterKind::Other).collect();
    if usable.is_empty() {
        let why = if cfg!(feature = "gpu") { "no adapter was found" } else { "built without the feature gpu" };
        return say(&format!("skipped, {why}"));
    }
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    command.arg("--home").arg(home.path()).args(["devices", "--retest", "--json"]);
    if usable.iter().all(|adapter| adapter.kind == AdapterKind::Software) {
        // At a higher level the backward pass does not end there: see `likeness::networks::device`.
        command.env("CUBECL_AUTOTUNE_LEVEL", "minimal");
    }
    let output = command.output().expect("the binary runs");
    let listed: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a JSON array");
    for adapter in usable {
        let found = listed.iter().find(|entry| entry["adapter"]["index"] == adapter.index).expect("it is listed");
        say(&format!("{} ({} {}): {found}", adapter.name, adapter.driver, adapter.driver_info));
        assert_eq!(found["verdict"], "passed", "{found}");
    }
}

/// Unit vectors of which some are equal and some opposite, so that both ends of the histogram are met.
fn unit_vectors(count: usize, dimensions: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values: Vec<f32> = Vec::new();
    for row in 0..count {
        let vector: Vec<f32> = match row % 10 {
            7 => values[..dimensions].to_vec(),
            8 => values[..dimensions].iter().map(|value| -value).collect(),
            _ => (0..dimensions).map(|_| rng.random_range(-0.5..0.6)).collect(),
        };
        let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        values.extend(vector.iter().map(|value| value / norm));
    }
    values
}

#[test]
fn all_pairs_are_counted_as_the_reference_counts_them() {
    for adapter in adapters() {
        let kernel = AllPairsKernel::open(&adapter.backend, adapter.index).expect("the kernel passes its self-test");
        // One block; blocks of unlike size; one tile partly filled; dimensions that fill no register.
        for (count, dimensions, bins) in [(1000, 128, 1 << 16), (8250, 2, 1 << 10), (65, 1, 16), (64, 33, 1 << 16)] {
            let values = unit_vectors(count, dimensions, count as u64);
            let labels: Vec<u32> = (0..count as u32).map(|row| row * 7 % 97).collect();
            let rows = LabelledRows { values: &values, dimensions, labels: &labels };
            let found = kernel.count(rows, bins, &Cancel::default(), &|_| {}).expect("the kernel counts");
            let total: u64 = found.same.iter().chain(&found.different).sum();
            assert_eq!(total, (count * (count - 1) / 2) as u64, "{}", adapter.name);
            agrees(&found, rows, bins).expect("the reference counts the same");
        }
        say(&format!("all pairs counted on {} ({})", adapter.name, adapter.backend));
    }
}
