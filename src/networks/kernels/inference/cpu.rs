//! Which kernels compute, which vector instructions there are, and code compiled once for each kind.
//!
//! The kernels are the same lines for each instruction set, whose reference they are at the same time: loops over arrays,
//! which the compiler turns into vector instructions, and in the innermost loop of convolutions over [`Lanes`].

use std::cell::Cell;
use std::sync::OnceLock;

use super::lanes::Lanes;
#[cfg(target_arch = "x86_64")]
use super::lanes::{Register, RegisterPair};

/// Sixteen numbers.
type Array = [f32; super::lanes::WIDTH];

/// What computes a layer from which nothing is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KernelSet {
    /// Burn's own operations.
    Burn,
    /// The kernels beside this file.
    Ours,
}

thread_local! {
    /// The thread's, where it has been told.
    static TOLD: Cell<Option<KernelSet>> = const { Cell::new(None) };
}

impl KernelSet {
    /// What this thread was told ([`Self::during`]), else what is quicker. Unoptimised, our loops are slower than Burn's
    /// crates, which every build optimises.
    pub fn here() -> Self {
        TOLD.get().unwrap_or(match cfg!(debug_assertions) || Cpu::here() == Cpu::Plain {
            true => Self::Burn,
            false => Self::Ours,
        })
    }

    /// Does some work of this thread with these kernels. What hands work to other threads takes the set along.
    pub fn during<R>(self, work: impl FnOnce() -> R) -> R {
        /// Gives back what the thread was told before, also after a panic.
        struct Before(Option<KernelSet>);
        impl Drop for Before {
            fn drop(&mut self) {
                TOLD.set(self.0);
            }
        }
        let _before = Before(TOLD.replace(Some(self)));
        work()
    }
}

/// A kind of processor that the kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cpu {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of the architecture has.
    Plain,
}

impl Cpu {
    /// The quickest.
    pub fn here() -> Self {
        #[cfg(test)]
        if let Some(only) = ONLY.get() {
            return only;
        }
        static HERE: OnceLock<Cpu> = OnceLock::new();
        *HERE.get_or_init(|| Self::all_here()[0])
    }

    /// All that this processor can, the quickest first.
    pub fn all_here() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vl") {
                all.push(Self::Avx512);
            }
            all.push(Self::Avx2);
        }
        all.push(Self::Plain);
        all
    }
}

/// Work that is compiled once for each kind of processor.
pub(super) trait CpuTask: Sized {
    /// Inlined, with all that it calls: so it is made of the instructions of who calls it.
    fn work<L: Lanes>(self);

    fn run(self, cpu: Cpu) {
        match cpu {
            // SAFETY: the processor has the instructions.
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx512 => unsafe { on_avx512(self) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx2 => unsafe { on_avx2(self) },
            Cpu::Plain => self.work::<Array>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
fn on_avx512(task: impl CpuTask) {
    task.work::<Register>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn on_avx2(task: impl CpuTask) {
    task.work::<RegisterPair>();
}

#[cfg(test)]
thread_local! {
    /// Kernels that this thread has run.
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

#[cfg(test)]
thread_local! {
    /// The instructions that this thread was told to use.
    static ONLY: Cell<Option<Cpu>> = const { Cell::new(None) };
}

#[cfg(test)]
impl Cpu {
    /// Does some work of this thread with these instructions.
    pub fn during<R>(self, work: impl FnOnce() -> R) -> R {
        let before = ONLY.replace(Some(self));
        let result = work();
        ONLY.set(before);
        result
    }
}

#[cfg(test)]
pub(super) fn count_run() {
    RUNS.set(RUNS.get() + 1);
}

/// What comes of the work with Burn's operations and with our kernels, which it must have run.
#[cfg(test)]
pub(crate) fn both_ways<R>(work: impl Fn() -> R) -> [R; 2] {
    [KernelSet::Burn, KernelSet::Ours].map(|set| {
        let before = RUNS.get();
        let result = set.during(&work);
        assert_eq!(RUNS.get() > before, set == KernelSet::Ours, "kernels run with {set:?}");
        result
    })
}
