//! What runs on this machine's wgpu adapters: the self-test of `likeness devices`, forward, backward, above a frozen
//! base and after one optimiser step, each compared with the CPU.
//!
//! Without an adapter, or without the feature `gpu`, this says that it was skipped.

use std::io::Write;
use std::process::Command;

use likeness::device::{Adapter, AdapterKind, adapters};
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
        // At a higher level the backward pass does not end there: see `likeness::device`.
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
