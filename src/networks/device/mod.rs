//! Where the networks run: choose an adapter or the CPU, self-test it, describe it.
//!
//! [`choose`] follows the user's [`DeviceChoice`]. An adapter is trusted only after a self-test of values and gradients
//! against the CPU (`self_test`), which runs in a process of its own (`trial`) because drivers crash and hang; the
//! outcome is kept in a [`VerdictCache`], one entry for adapter, driver and version of this program. Whatever is not
//! taken is named in the notes that [`choose`] returns; nothing falls back silently.
//!
//! Adapters are listed as Burn addresses them: the adapters of one graphics API, the first of Vulkan, DirectX 12 and
//! OpenGL (on macOS Metal) that has hardware, each counted within its type. So an index here is Burn's index. Without
//! the feature `gpu` there are no adapters, only the CPU.
//!
//! Software Vulkan (llvmpipe) is right but slow, and ends a shader after 65,535 rounds of its loops without an error,
//! so sums over larger channels come out wrong: whoever names such an adapter is told. At the default level of
//! autotuning it fails the self-test by its time limit; only the environment (`CUBECL_AUTOTUNE_LEVEL=minimal`) can
//! lower that. Burn's feature `vulkan` (SPIR-V) crashes the driver and stays off. The measurements are in
//! `benches/README.md`.
//!
//! When Vulkan has no hardware, OpenGL is probed too, but only in a desktop session: elsewhere it has nothing to offer,
//! and the display's library complains about `XDG_RUNTIME_DIR` on standard error.

mod adapter;
mod choice;
mod memory;
mod self_test;
mod trial;
mod verdict;

pub use crate::networks::device::adapter::{Adapter, AdapterKind, adapters, open};
pub(crate) use crate::networks::device::choice::DeviceChoice;
pub(crate) use crate::networks::device::memory::{can_reserve, is_cpu, memory_in_use};
pub use crate::networks::device::self_test::Phase;
pub(crate) use crate::networks::device::self_test::PhaseResult;
pub(crate) use crate::networks::device::trial::answer_trial;
pub(crate) use crate::networks::device::verdict::VerdictCache;
pub use crate::networks::device::verdict::{TestFailure, Verdict};

use serde::Serialize;

use crate::types::Advised;

/// A device that networks can be loaded on.
#[derive(Debug, Clone)]
pub struct ComputeDevice {
    pub burn: burn::tensor::Device,
    pub name: String,
    pub kind: DeviceKind,
    /// Bytes that a kernel can be given in one piece; none where only the memory ends.
    pub largest_buffer: Option<u64>,
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
    #[error("no GPU was found: use `--device cpu`, or {} to see what there is", Advised("devices"))]
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

/// How a device stands with its self-test.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SelfTest {
    /// The CPU is what others are compared with.
    NotNeeded,
    /// Burn knows no such kind of adapter.
    NotAddressable,
    /// A software rasteriser is only used when it is named, and tested then.
    OnlyWhenNamed,
    NotYet,
    Done(Verdict),
}

/// A line of `likeness devices`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedDevice {
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
pub(crate) fn choose(
    choice: &DeviceChoice,
    verdicts: &VerdictCache,
) -> Result<(ComputeDevice, Vec<String>), DeviceError> {
    let mut notes = Vec::new();
    if *choice == DeviceChoice::Cpu {
        return Ok((cpu(), notes));
    }
    let mut unsaved = None;
    let mut verdict = |adapter: &Adapter| {
        verdicts.get(adapter).unwrap_or_else(|| {
            let (verdict, note) = retest(adapter, verdicts);
            unsaved = note.or(unsaved.take());
            verdict
        })
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
pub(crate) fn adapter_for(choice: &DeviceChoice) -> Result<Option<Adapter>, DeviceError> {
    let trusted = &mut |_: &Adapter| Verdict::Passed { largest_difference: 0.0, seconds: 0.0 };
    Ok(choice::pick(choice, &adapters(), trusted, &mut Vec::new())?.cloned())
}

/// All devices with the verdicts known so far; nothing is tested.
pub(crate) fn list(verdicts: &VerdictCache) -> Vec<ListedDevice> {
    let cpu = ListedDevice { name: cpu().name, kind: DeviceKind::Cpu, adapter: None, verdict: None };
    let adapters = adapters().into_iter().map(|adapter| ListedDevice {
        name: adapter.name.clone(),
        kind: adapter.kind.device_kind(),
        verdict: verdicts.get(&adapter),
        adapter: Some(adapter),
    });
    std::iter::once(cpu).chain(adapters).collect()
}

/// Tests an adapter now, whatever was known of it, and remembers the verdict; the note says that this failed.
pub(crate) fn retest(adapter: &Adapter, verdicts: &VerdictCache) -> (Verdict, Option<String>) {
    let verdict = trial::try_out(adapter);
    let unsaved = verdicts.record(adapter, &verdict).err();
    let note = |error| format!("The self-test's verdict could not be saved, so it will run again: {error}");
    (verdict, unsaved.map(note))
}

pub(crate) fn cpu() -> ComputeDevice {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let name = format!("CPU ({threads} threads)");
    ComputeDevice { burn: burn::tensor::Device::flex(), name, kind: DeviceKind::Cpu, largest_buffer: None }
}

impl ListedDevice {
    /// False for an adapter that failed its self-test or that Burn cannot address.
    pub(crate) fn is_usable(&self) -> bool {
        let addressable = self.adapter.as_ref().is_none_or(|adapter| adapter.kind != AdapterKind::Other);
        addressable && !matches!(self.verdict, Some(Verdict::Failed { .. }))
    }

    /// What chooses this device.
    pub(crate) fn choice(&self) -> DeviceChoice {
        match self.kind {
            DeviceKind::Cpu => DeviceChoice::Cpu,
            DeviceKind::Hardware | DeviceKind::Software => DeviceChoice::Named(self.name.clone()),
        }
    }

    /// Whether `choice` may take this adapter, which was never tested. A software rasteriser is only taken when named.
    pub(crate) fn awaits_test(&self, choice: &DeviceChoice) -> bool {
        let may_be_taken = match choice {
            DeviceChoice::Cpu => false,
            DeviceChoice::Auto | DeviceChoice::Gpu => self.kind == DeviceKind::Hardware,
            DeviceChoice::Named(name) => self.name.to_lowercase().contains(&name.to_lowercase()),
        };
        may_be_taken && self.adapter.is_some() && self.verdict.is_none()
    }

    /// What its self-test says, or why there is none.
    pub(crate) fn self_test(&self) -> SelfTest {
        match (&self.verdict, &self.adapter) {
            (_, None) => SelfTest::NotNeeded,
            (_, Some(adapter)) if adapter.kind == AdapterKind::Other => SelfTest::NotAddressable,
            (Some(verdict), _) => SelfTest::Done(verdict.clone()),
            (None, _) if self.kind == DeviceKind::Software => SelfTest::OnlyWhenNamed,
            (None, _) => SelfTest::NotYet,
        }
    }

    /// The same as a sentence for the console.
    pub(crate) fn verdict_words(&self) -> String {
        match self.self_test() {
            SelfTest::NotNeeded => "needs no self-test".to_owned(),
            SelfTest::NotAddressable => "of a kind that Burn cannot address".to_owned(),
            SelfTest::Done(Verdict::Passed { largest_difference, seconds }) => {
                format!("self-test passed in {seconds:.0} s (largest difference from the CPU {largest_difference:.0e})")
            }
            SelfTest::Done(Verdict::Failed { reason, .. }) => format!("self-test failed: {reason}"),
            SelfTest::OnlyWhenNamed => "not tested (only used when named)".to_owned(),
            SelfTest::NotYet => "not tested yet".to_owned(),
        }
    }
}
