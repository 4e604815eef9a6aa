//! Why weights were not read, in words that say which tensor and what to do.

use std::path::PathBuf;

use super::format::Foreign;
use super::shape::sides;

/// Why weights were not read, not fitted into a network, or not written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    #[error("{0}")]
    Foreign(Foreign),
    #[error("the file is not {format}: {reason}")]
    Malformed { format: &'static str, reason: String },
    #[error("the file holds no weights: {reason}")]
    NoWeights { reason: String },
    #[error("tensor {name} announces the shape {} but has {found} values in the file", sides(shape))]
    WrongSize { name: String, shape: Vec<usize>, found: usize },
    #[error("tensor {name} keeps its values in another file, {place}: export the model as one file")]
    ExternalData { name: String, place: String },
    #[error("tensor {name} holds {found}, which are not read: {advice}")]
    UnknownType { name: String, found: &'static str, advice: &'static str },
    #[error(
        "tensor {name} holds {found} as value {at} of {of}: these weights are spoilt; take an earlier checkpoint of the \
         training, or fetch the file again"
    )]
    NotFinite { name: String, found: &'static str, at: usize, of: usize },
    #[error("two tensors are called {name}")]
    Duplicate { name: String },
    #[error("the file has no tensor called {name}")]
    NotFound { name: String },
    #[error("tensor {name} has the shape {} where {wanted} was wanted", sides(found))]
    WrongShape { name: String, found: Vec<usize>, wanted: String },
    #[error("the weights do not fit the network: {0}")]
    Mismatch(Mismatch),
    #[error("the device did not hand tensor {name} back: {reason}")]
    Unreadable { name: String, reason: String },
    #[error("{action} failed: {source}; an earlier file of this name is unchanged: {}", path.display())]
    Write { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("the weights could not be read: {source}: {}", path.display())]
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
    /// How many names it tells.
    pub(crate) fn count(&self) -> usize {
        self.missing.len() + self.extra.len() + self.misshaped.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.misshaped.is_empty()
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds = [("missing", &self.missing), ("not wanted", &self.extra), ("of another shape", &self.misshaped)];
        let mut separator = "";
        for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
            write!(f, "{separator}{} {kind} ({})", names.len(), some_of(names))?;
            separator = "; ";
        }
        Ok(())
    }
}

/// The first of them.
pub(crate) fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    names[..names.len().min(SHOWN)].join(", ") + more
}
