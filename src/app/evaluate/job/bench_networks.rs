//! How long a network of the catalogue takes for pictures, apart from everything around it.

use std::time::Instant;

use anyhow::{Result, ensure};
use burn::tensor::{Device, Distribution, Tensor};
use serde::Serialize;

use crate::networks::nets::EmbeddingNet;
use crate::networks::nets::catalogue::{self, NetOptions};
use crate::networks::nets::yunet::YuNet;
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

/// Rows and columns of what the detector is timed on.
const DETECTED: usize = 640;

/// Times passes with random weights, on which the time does not depend, folded as for a scan.
pub(crate) fn bench_network(
    name: &str,
    pictures: usize,
    passes: usize,
    device: &Device,
    cancel: &Cancel,
) -> Result<NetworkTime> {
    let pass = pass(name, pictures, device)?;
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

/// One pass over random pictures; its output is read back.
fn pass(name: &str, pictures: usize, device: &Device) -> Result<Box<dyn Fn()>> {
    let random = |[height, width]: [usize; 2]| {
        Tensor::<4>::random([pictures, 3, height, width], Distribution::Uniform(-1.0, 1.0), device)
    };
    if name == "yunet" {
        let (net, images) = (YuNet::new(device), random([DETECTED; 2]));
        return Ok(Box::new(move || drop(net.forward(images.clone()).map(Tensor::into_data))));
    }
    let variant = catalogue::find(name)?;
    let config = variant.config(&NetOptions::default())?;
    let net = variant.build(&config, device).drawn(1, device).folded();
    let images = random(config.input);
    Ok(Box::new(move || drop(EmbeddingNet::forward(&net, images.clone()).into_data())))
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

    #[test]
    fn a_network_is_timed_and_an_unknown_one_refused() {
        let time = |name| bench_network(name, 2, 3, &Device::flex(), &Cancel::default());
        let found = time("likeness-small").unwrap();
        assert!(found.passes == 3 && found.quickest_ms > 0.0 && found.quickest_ms <= found.median_ms);
        assert!(time("nothing").unwrap_err().to_string().contains("nothing"));
    }
}
