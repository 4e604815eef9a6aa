//! Which vector instructions there are, and code compiled once for each kind.
//!
//! The kernels are plain loops over arrays, which the compiler turns into vector instructions: the same lines for each
//! instruction set, whose reference they are at the same time.

/// A kind of processor that the kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cpu {
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of the architecture has.
    Plain,
}

impl Cpu {
    pub fn here() -> Self {
        if cfg!(debug_assertions) && !is_wanted() {
            return Self::Plain;
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return Self::Avx2;
        }
        Self::Plain
    }
}

/// Unoptimised, these loops are slower than Burn's crates, which every build optimises: then only tests of them ask.
fn is_wanted() -> bool {
    #[cfg(test)]
    return WANTED.get();
    #[cfg(not(test))]
    false
}

#[cfg(test)]
thread_local! {
    static WANTED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Runs `work` with the kernels whatever the build.
#[cfg(test)]
pub(crate) fn with_kernels<R>(work: impl FnOnce() -> R) -> R {
    WANTED.set(true);
    let result = work();
    WANTED.set(false);
    result
}
