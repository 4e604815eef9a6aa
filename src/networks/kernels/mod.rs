//! Our own kernels, each held against a plain reference: the Rust side of `shaders/`, and what networks take
//! on the CPU, at work and learning.
//!
//! A shader runs on a wgpu device of its own, apart from Burn's: it needs none of Burn's tensors, and an error on one
//! device leaves the other working. Without the feature `gpu` kernels cannot be opened, which their callers are told.

pub mod all_pairs;
#[cfg(feature = "gpu")]
mod gpu;
pub(crate) mod inference;
pub(crate) mod learning;

/// Why a kernel gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    #[error("this program was built without GPU support")]
    NotBuilt,
    #[error("adapter {index} of {backend} cannot be opened: {reason}")]
    Open { backend: String, index: usize, reason: String },
    #[error("the GPU stopped: {0}; nothing was counted")]
    Device(String),
    #[error("a vector of {0} dimensions is more than the adapter can hold")]
    TooLong(usize),
    #[error("the GPU's answer differs from the CPU's: {0}")]
    Wrong(String),
    #[error("cancelled; nothing was kept")]
    Cancelled,
}
