//! Reads weight files of other tools without running code from them, and fills networks by name.
//!
//! [`WeightFile::read`] tells the format by the content and makes of it a [`TensorFile`]: named blocks of f32 in plain
//! memory. A network states where each of its parameters comes from, and [`fill()`] copies them over; whatever is
//! missing, left over, or of the wrong shape is an error that names it, because a network with one wrong tensor still
//! gives plausible embeddings.
//!
//! One reader a format: PyTorch ([`read_pytorch`]), [`read_safetensors`], ONNX initialisers ([`read_onnx`]), TensorFlow
//! graphs (`graph_def`), Keras (`keras`). They share the types of numbers (`element`), the names of what
//! is no weight (`auxiliary`) and archives. What is the same in all of them is done behind them: names that share a
//! beginning, and layouts of matrices and kernels, by [`fit`] and [`names`]. [`remap`] holds one name table a network and
//! source. Written: SafeTensors with a [`ModelCard`] ([`save`], [`load`]), our own format.
//!
//! Left out: sparse and quantised tensors, weights stored beside the file, integers (in ONNX files they are the shapes
//! that graph nodes want, in PyTorch exports step counters; no network here has integer parameters).

mod archive;
mod auxiliary;
mod element;
mod error;
mod fill;
pub(crate) mod fit;
mod format;
#[cfg(test)]
mod fuzz;
mod graph_def;
mod keras;
pub(crate) mod names;
mod onnx;
mod path;
mod protobuf;
mod pytorch;
pub mod remap;
mod safetensors;
mod shape;
mod tensors;

pub(crate) use crate::networks::weights::error::some_of;
pub use crate::networks::weights::error::{Mismatch, WeightsError};
pub use crate::networks::weights::fill::collect;
pub use crate::networks::weights::fill::fill;
pub(crate) use crate::networks::weights::format::{Format, WeightFile};
pub use crate::networks::weights::onnx::read_onnx;
pub(crate) use crate::networks::weights::onnx::{GraphNode, OnnxGraph};
pub(crate) use crate::networks::weights::path::keep_path;
pub use crate::networks::weights::pytorch::read_pytorch;
#[cfg(test)]
pub(crate) use crate::networks::weights::pytorch::written;
pub use crate::networks::weights::safetensors::read_safetensors;
pub(crate) use crate::networks::weights::safetensors::{
    ModelCard, is_of_torch, load, read_card, save, write_safetensors,
};
pub use crate::networks::weights::tensors::{NamedTensor, TensorFile};
