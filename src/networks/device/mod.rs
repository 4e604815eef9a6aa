//! Where the networks run: choose an adapter or the CPU, self-test it, describe it.
//!
//! [`choose`] follows the user's [`DeviceChoice`]. An adapter is trusted only after a self-test of values and gradients
//! against the CPU (`self_test`), which runs in a process of its own (`trial`) because drivers crash and hang; the
//! outcome is kept in a [`VerdictCache`], one entry for adapter, driver and version of this program. Whatever is not
//! taken is named in the notes that [`choose`] returns; nothing falls back silently.
//!
//! Adapters are listed as Burn addresses them: the adapters of one graphics API, the first of Vulkan, DirectX 12 and
//! OpenGL (on macOS Metal) that has hardware, each counted within its type. So an index here is Burn's index.
//! Without the feature `gpu` there are no adapters, only the CPU.
//!
//! # Software Vulkan
//! What Burn 0.22.1 does on llvmpipe of Mesa 22.3.6 (LLVM 15.0.6), with the feature `wgpu` (WGSL), autotuning and
//! fusion, two busy cores, no autotune cache; the network of `self_test`, seconds of the first run in a process:
//!
//! | | `CUBECL_AUTOTUNE_LEVEL=minimal` | default level |
//! |---|---|---|
//! | forward | 37 | 57 |
//! | backward | 62 | 236 |
//! | backward with a frozen base | 1.3 | 1.2 |
//! | optimiser step | 0.9 | 0.8 |
//!
//! Nothing fails there: values differ from the CPU's by 2e-7 and gradients by 3e-6 (relative), none is NaN. What costs
//! is compiling candidate kernels: of 107 s in a logged run `wgrad_im2col` took 18 s, `conv_im2col_1x1` 13 s and
//! `dgrad_im2col` 9 s. At the default level the backward pass exceeds the limit of `trial`, so such an adapter fails
//! its self-test unless the level is lowered, which only the environment can do: CubeCL reads it once and Burn has no
//! call for it. Larger networks need longer: a backward pass at the default level was given up after 8 minutes.
//! Built without the feature `autotune`, only the kernels that are used are compiled: at a quarter of its width
//! MobileFaceNet's first forward and backward pass takes 23 s instead of 446, and all networks of the catalogue together
//! two minutes (`tests/layers.rs`).
//! Burn's feature `vulkan` (SPIR-V), which we do not enable, crashes this driver while it compiles a matrix product,
//! in Mesa 22.3.6 and in 25.0.7.
//!
//! Worse, llvmpipe ends a shader after 65,535 rounds of its loops, nested ones counted together, without an error: a
//! shader of our own that asks for 100,000 rounds does 65,535 (Mesa 22.3.6). Burn's sums over a channel and its
//! gradients of convolutions go round once for each value, so they come out wrong where a channel has more than that:
//! with four pictures of 299×299 the gradients of Inception v3's first three batch norms. The CPU is right there, and
//! whoever names such an adapter is told.
//!
//! When Vulkan has no hardware, OpenGL is probed too; without a desktop session Mesa then writes a complaint about
//! `XDG_RUNTIME_DIR` to standard error, which means nothing.

mod adapter;
mod choice;
mod memory;
mod self_test;
mod trial;
mod verdict;

pub use crate::networks::device::adapter::{Adapter, AdapterKind, adapters, open};
pub use crate::networks::device::choice::DeviceChoice;
pub use crate::networks::device::memory::{is_cpu, memory_in_use};
pub use crate::networks::device::self_test::{Phase, PhaseResult};
pub use crate::networks::device::trial::answer_trial;
pub use crate::networks::device::verdict::{Verdict, VerdictCache};

use serde::Serialize;

/// A device that networks can be loaded on.
#[derive(Debug, Clone)]
pub struct ComputeDevice {
    pub burn: burn::tensor::Device,
    pub name: String,
    pub kind: DeviceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// Burn's own CPU code.
    Cpu,
    Hardware,
    /// An adapter that only pretends: a rasteriser on the CPU.
    Software,
}

#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("no GPU was found: use `--device cpu`, or `likeness devices` to see what there is")]
    NoGpu,
    #[error("no adapter is named like {asked} (there are: {known})")]
    NoSuchAdapter { asked: String, known: String },
    #[error("there is no adapter {0}")]
    NoSuchIndex(usize),
    #[error("the self-test's findings could not be told: {0}")]
    Answer(std::io::Error),
    #[error("{name} could not be opened: {reason}")]
    CannotOpen { name: String, reason: String },
}

/// A line of `likeness devices`.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    pub name: String,
    pub kind: DeviceKind,
    /// None for the CPU.
    pub adapter: Option<Adapter>,
    /// None for the CPU, which needs no test, and for an adapter that was not tested yet.
    #[serde(flatten)]
    pub verdict: Option<Verdict>,
}

/// The device to compute on, and what the user must be told: a device that was asked for and is not used, and why.
/// The first time that an adapter is met this takes as long as its self-test, up to minutes.
pub fn choose(choice: &DeviceChoice, verdicts: &VerdictCache) -> Result<(ComputeDevice, Vec<String>), DeviceError> {
    let mut notes = Vec::new();
    if *choice == DeviceChoice::Cpu {
        return Ok((cpu(), notes));
    }
    let mut unsaved = None;
    let mut verdict = |adapter: &Adapter| match verdicts.get(adapter) {
        Some(verdict) => verdict,
        None => test(adapter, verdicts, &mut unsaved),
    };
    let adapters = adapters();
    let picked = choice::pick(choice, &adapters, &mut verdict, &mut notes)?;
    notes.extend(unsaved);
    match picked {
        Some(adapter) => {
            notes.extend((adapter.kind == AdapterKind::Software).then(|| software_note(&adapter.name)));
            Ok((open(adapter)?, notes))
        }
        None => Ok((cpu(), notes)),
    }
}

fn software_note(name: &str) -> String {
    format!(
        "{name} is a rasteriser on the CPU; Mesa's ends a kernel after 65,535 rounds of its loops, so large pictures and \
         batches can give wrong gradients without a sign. --device cpu is right, and faster"
    )
}

/// The adapter that `choice` means, for kernels that test themselves; None for the CPU.
pub fn adapter_for(choice: &DeviceChoice) -> Result<Option<Adapter>, DeviceError> {
    let trusted = &mut |_: &Adapter| Verdict::Passed { largest_difference: 0.0, seconds: 0.0 };
    Ok(choice::pick(choice, &adapters(), trusted, &mut Vec::new())?.cloned())
}

/// All devices with the verdicts known so far; nothing is tested.
pub fn list(verdicts: &VerdictCache) -> Vec<Listed> {
    let cpu = Listed { name: cpu().name, kind: DeviceKind::Cpu, adapter: None, verdict: None };
    let adapters = adapters().into_iter().map(|adapter| Listed {
        name: adapter.name.clone(),
        kind: adapter.kind.device_kind(),
        verdict: verdicts.get(&adapter),
        adapter: Some(adapter),
    });
    std::iter::once(cpu).chain(adapters).collect()
}

/// Tests an adapter now, whatever was known of it, and remembers the verdict.
pub fn retest(adapter: &Adapter, verdicts: &VerdictCache) -> (Verdict, Option<String>) {
    let mut unsaved = None;
    let verdict = test(adapter, verdicts, &mut unsaved);
    (verdict, unsaved)
}

fn test(adapter: &Adapter, verdicts: &VerdictCache, unsaved: &mut Option<String>) -> Verdict {
    let verdict = trial::try_out(adapter);
    if let Err(error) = verdicts.record(adapter, &verdict) {
        *unsaved = Some(format!("The self-test's verdict could not be saved, so it will run again: {error}"));
    }
    verdict
}

pub fn cpu() -> ComputeDevice {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let name = format!("CPU ({threads} threads)");
    ComputeDevice { burn: burn::tensor::Device::flex(), name, kind: DeviceKind::Cpu }
}

impl Listed {
    /// False for an adapter that failed its self-test or that Burn cannot address.
    pub fn is_usable(&self) -> bool {
        let addressable = self.adapter.as_ref().is_none_or(|adapter| adapter.kind != AdapterKind::Other);
        addressable && !matches!(self.verdict, Some(Verdict::Failed { .. }))
    }

    /// Whether `choice` may take this adapter, which was never tested. A software rasteriser is only taken when named.
    pub fn awaits_test(&self, choice: &DeviceChoice) -> bool {
        let may_be_taken = match choice {
            DeviceChoice::Cpu => false,
            DeviceChoice::Auto | DeviceChoice::Gpu => self.kind == DeviceKind::Hardware,
            DeviceChoice::Named(name) => self.name.to_lowercase().contains(&name.to_lowercase()),
        };
        may_be_taken && self.adapter.is_some() && self.verdict.is_none()
    }

    /// The verdict as a sentence.
    pub fn verdict_words(&self) -> String {
        match (&self.verdict, &self.adapter) {
            (_, None) => "needs no self-test".to_owned(),
            (_, Some(adapter)) if adapter.kind == AdapterKind::Other => "of a kind that Burn cannot address".to_owned(),
            (Some(Verdict::Passed { largest_difference, seconds }), _) => {
                format!("self-test passed in {seconds:.0} s (largest difference from the CPU {largest_difference:.0e})")
            }
            (Some(Verdict::Failed { reason }), _) => format!("self-test failed: {reason}"),
            (None, _) if self.kind == DeviceKind::Software => "not tested (only used when named)".to_owned(),
            (None, _) => "not tested yet".to_owned(),
        }
    }
}
