//! Who counts all pairs: the CPU, or a compute shader.

use anyhow::{Context, Result};

use crate::eval::all_pairs::{AllPairs, BINS, DistanceHistogram, all_pairs};
use crate::eval::{EvalError, Vectors};
use crate::networks::device::{self, DeviceChoice};
use crate::networks::kernels::KernelError;
use crate::networks::kernels::all_pairs::{AllPairsKernel, LabelledRows};
use crate::types::Cancel;

/// Below so many vectors the CPU is done before an adapter is open.
const WORTH_A_GPU: usize = 20_000;

/// Counts the distances of all pairs of a set.
pub(crate) enum PairCounter {
    Cpu,
    Gpu { name: String, kernel: Box<AllPairsKernel> },
}

impl PairCounter {
    /// The counter for a set of `vectors`: with `auto` a GPU only where that pays.
    pub fn choose(choice: &DeviceChoice, vectors: usize, note: &mut dyn FnMut(String)) -> Result<Self> {
        if *choice == DeviceChoice::Cpu || (*choice == DeviceChoice::Auto && vectors < WORTH_A_GPU) {
            return Ok(Self::Cpu);
        }
        let Some(adapter) = device::adapter_for(choice)? else { return Ok(Self::Cpu) };
        match AllPairsKernel::open(&adapter.backend, adapter.index) {
            Ok(kernel) => Ok(Self::Gpu { name: adapter.name, kernel: Box::new(kernel) }),
            Err(error) if *choice == DeviceChoice::Auto => {
                note(format!("Counting pairs on the CPU, because {} cannot: {error}", adapter.name));
                Ok(Self::Cpu)
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot count pairs; try --device cpu", adapter.name)),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Cpu => "CPU",
            Self::Gpu { name, .. } => name,
        }
    }

    /// Every unordered pair once. `done` hears the number of pairs counted so far.
    ///
    /// # Errors
    /// When labels are missing, an adapter fails, or the work is cancelled.
    pub fn count(
        &self,
        vectors: &Vectors,
        labels: &[u32],
        cancel: &Cancel,
        done: &(dyn Fn(u64) + Sync),
    ) -> Result<AllPairs, EvalError> {
        let Self::Gpu { kernel, .. } = self else { return all_pairs(vectors, labels, cancel, done) };
        vectors.check_labels(labels)?;
        let rows = LabelledRows { values: vectors.as_slice(), dimensions: vectors.dimensions(), labels };
        let counts = kernel.count(rows, BINS, cancel, done).map_err(|error| match error {
            KernelError::Cancelled => EvalError::Cancelled,
            error => EvalError::Adapter(error.to_string()),
        })?;
        Ok(AllPairs {
            same: DistanceHistogram::from_counts(counts.same)?,
            different: DistanceHistogram::from_counts(counts.different)?,
        })
    }
}
