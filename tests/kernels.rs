//! What runs on this machine's wgpu adapters, compared with the CPU: forward, and backward with one optimiser step.
//!
//! Without an adapter, or without the feature `gpu`, these tests say that they were skipped. Software Vulkan runs only
//! the forward pass in a build with `autotune`: there its backward pass does not end (see `likeness::device`).

use std::io::Write;
use std::sync::OnceLock;

use likeness::device::{Adapter, AdapterKind, ComputeDevice, Phase, adapters, open};

/// The first adapter that Burn can address, opened once.
fn adapter() -> Option<&'static (Adapter, ComputeDevice)> {
    static OPENED: OnceLock<Option<(Adapter, ComputeDevice)>> = OnceLock::new();
    OPENED
        .get_or_init(|| {
            let mut found = adapters();
            found.sort_by_key(|adapter| adapter.kind == AdapterKind::Software);
            let adapter = found.into_iter().find(|adapter| adapter.kind != AdapterKind::Other)?;
            let device = open(&adapter).expect("a listed adapter can be opened");
            Some((adapter, device))
        })
        .as_ref()
}

/// Written past the test harness, which keeps what a passing test prints.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "kernels: {line}");
}

fn check(phase: Phase) {
    let Some((adapter, device)) = adapter() else {
        let why = if cfg!(feature = "gpu") { "no adapter was found" } else { "built without the feature gpu" };
        return say(&format!("{} skipped, {why}", phase.name()));
    };
    if phase != Phase::Forward && adapter.kind == AdapterKind::Software && cfg!(feature = "autotune") {
        return say(&format!("{} skipped, it does not end on {} with autotune", phase.name(), adapter.name));
    }
    let finding = phase.run(&device.burn);
    say(&format!(
        "{} on {} ({} {}) took {:.1} s, largest difference from the CPU {:.1e}",
        phase.name(),
        adapter.name,
        adapter.driver,
        adapter.driver_info,
        finding.seconds,
        finding.largest_difference
    ));
    assert_eq!(finding.failure, None, "{}", phase.name());
}

#[test]
fn forward_agrees_with_the_cpu() {
    check(Phase::Forward);
}

#[test]
fn gradients_agree_with_the_cpu() {
    check(Phase::Backward);
}

#[test]
fn gradients_above_a_frozen_base_agree_with_the_cpu() {
    check(Phase::FrozenBase);
}

#[test]
fn a_step_agrees_with_the_cpu() {
    check(Phase::Step);
}
