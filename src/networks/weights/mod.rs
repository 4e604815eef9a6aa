//! Reads weight files of other tools without running code from them, and fills networks by name.
//!
//! A file becomes a [`TensorFile`]: named blocks of f32 in plain memory. A network states where each of its
//! parameters comes from, and [`fill()`] copies them over; whatever is missing, left over, or of the wrong shape is an
//! error that names it, because a network with one wrong tensor still gives plausible embeddings.
//!
//! Read: ONNX initialisers ([`read_onnx`]; the graph itself is never interpreted), SafeTensors ([`read_safetensors`]),
//! PyTorch state dicts ([`read_pytorch`]), frozen TensorFlow graphs ([`read_graph_def`]) and Keras HDF5 ([`read_keras`]).
//! [`remap`] holds one name table a network and source. Written: SafeTensors with a [`ModelCard`] ([`save`],
//! [`load`]), our own format.
//!
//! Left out: sparse and quantised tensors, weights stored beside the file, integers (in ONNX files they are the shapes
//! that graph nodes want, in PyTorch exports step counters; no network here has integer parameters).

mod fill;
mod format;
mod graph_def;
mod keras;
mod onnx;
mod path;
mod pytorch;
pub mod remap;
mod safetensors;
mod tensors;

pub use crate::networks::weights::fill::collect;
pub use crate::networks::weights::fill::fill;
pub(crate) use crate::networks::weights::format::Format;
pub(crate) use crate::networks::weights::graph_def::read_graph_def;
pub(crate) use crate::networks::weights::keras::read_keras;
pub use crate::networks::weights::onnx::read_onnx;
pub(crate) use crate::networks::weights::path::keep_path;
pub use crate::networks::weights::pytorch::read_pytorch;
pub use crate::networks::weights::safetensors::read_safetensors;
pub(crate) use crate::networks::weights::safetensors::{ModelCard, load, read_card, save, write_safetensors};
pub use crate::networks::weights::tensors::{NamedTensor, TensorFile};

use std::path::PathBuf;

/// Why weights were not read, not fitted into a network, or not written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    #[error("the file is not {format}: {reason}")]
    Malformed { format: &'static str, reason: String },
    #[error("tensor {name} announces the shape {shape:?} but holds {found} values")]
    WrongSize { name: String, shape: Vec<usize>, found: usize },
    #[error("tensor {name} keeps its values in another file; export the model as one file")]
    ExternalData { name: String },
    #[error("tensor {name} is of type {found}, which this reader does not know")]
    UnknownType { name: String, found: String },
    #[error("two tensors are called {name}")]
    Duplicate { name: String },
    #[error("the file has no tensor called {name}")]
    NotFound { name: String },
    #[error("tensor {name} has the shape {found:?} where {wanted} was wanted")]
    WrongShape { name: String, found: Vec<usize>, wanted: String },
    #[error("the weights do not fit the network: {0}")]
    Mismatch(Mismatch),
    #[error("the device did not hand tensor {name} back: {reason}")]
    Unreadable { name: String, reason: String },
    #[error("{action} failed: {source}; an earlier file of this name is unchanged: {path}")]
    Write { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("the weights could not be read: {source}: {path}")]
    Read { path: PathBuf, source: std::io::Error },
}

/// Everything that kept a file from filling a network, so that one look at the message is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Parameters of the network (with the tensor wanted for them) that the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that no parameter asked for.
    pub extra: Vec<String>,
    /// Tensors whose shape is not the parameter's.
    pub misshaped: Vec<String>,
}

impl Mismatch {
    fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.misshaped.is_empty()
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const NAMES_SHOWN: usize = 8;
        let kinds = [("missing", &self.missing), ("not wanted", &self.extra), ("of another shape", &self.misshaped)];
        let mut separator = "";
        for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
            let shown = names[..names.len().min(NAMES_SHOWN)].join(", ");
            let more = if names.len() > NAMES_SHOWN { ", …" } else { "" };
            write!(f, "{separator}{} {kind} ({shown}{more})", names.len())?;
            separator = "; ";
        }
        Ok(())
    }
}
