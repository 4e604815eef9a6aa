//! How long a network of the catalogue takes for pictures, apart from everything around it.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::networks::device::{ComputeDevice, DeviceKind, can_reserve};
use crate::networks::nets::random_pass::{buffers, random_pass};
use crate::types::Cancel;

/// What `likeness bench --network` found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NetworkTime {
    pub network: String,
    /// In one pass.
    pub pictures: usize,
    pub passes: usize,
    /// Of a pass: the quickest, and half are quicker.
    pub quickest_ms: f64,
    pub median_ms: f64,
    /// Of all threads together; none where the system does not say.
    pub median_processor_ms: Option<f64>,
}

/// Times passes with random weights, on which the time does not depend, folded as for a scan.
pub(crate) fn bench_network(
    name: &str,
    pictures: usize,
    passes: usize,
    device: &ComputeDevice,
    cancel: &Cancel,
) -> Result<NetworkTime> {
    let buffers = buffers(name)?;
    buffers.fit(device.largest_buffer, pictures).with_context(|| format!("{name} cannot run on {}", device.name))?;
    if device.kind == DeviceKind::Cpu {
        buffers.fit_beside_pictures(pictures, can_reserve)?;
    }
    let pass = random_pass(name, pictures, &device.burn)?;
    // Weights are put in order, and memory is asked for, at first.
    (0..2).for_each(|_| pass());
    let (mut times, mut processor) = (Vec::new(), Vec::new());
    for _ in 0..passes.max(1) {
        ensure!(!cancel.is_cancelled(), "cancelled");
        let before = (Instant::now(), processor_ms());
        pass();
        times.push(before.0.elapsed().as_secs_f64() * 1e3);
        processor.extend(processor_ms().zip(before.1).map(|(after, before)| after - before));
    }
    times.sort_by(f64::total_cmp);
    processor.sort_by(f64::total_cmp);
    Ok(NetworkTime {
        network: name.to_owned(),
        pictures,
        passes: times.len(),
        quickest_ms: times[0],
        median_ms: times[times.len() / 2],
        median_processor_ms: processor.get(processor.len() / 2).copied(),
    })
}

/// What all threads of this process have computed so far, as Linux counts it.
fn processor_ms() -> Option<f64> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let times = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse::<f64>().ok()
    };
    Some(threads.filter_map(of).sum::<f64>() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::device::cpu;

    #[test]
    fn a_network_is_timed_and_an_unknown_one_refused() {
        let time = |name| bench_network(name, 2, 3, &cpu(), &Cancel::default());
        let found = time("likeness-small").unwrap();
        assert!(found.passes == 3 && found.quickest_ms > 0.0 && found.quickest_ms <= found.median_ms);
        assert!(time("nothing").unwrap_err().to_string().contains("nothing"));
    }

    #[test]
    fn what_the_computer_or_the_adapter_cannot_hold_is_refused_before_anything_is_drawn() {
        let time = |name, device: &ComputeDevice| bench_network(name, 1_000_000_000, 1, device, &Cancel::default());
        for name in ["yunet", "likeness-small"] {
            let told = time(name, &cpu()).unwrap_err().to_string();
            assert!(told.contains("1000000000 pictures to be timed at once need"), "{told}");
            let adapter = ComputeDevice { largest_buffer: Some(128 << 20), ..cpu() };
            let told = format!("{:#}", time(name, &adapter).unwrap_err());
            assert!(
                told.contains(&format!("{name} cannot run on")) && told.contains("the largest of this device"),
                "{told}"
            );
        }
    }
}
