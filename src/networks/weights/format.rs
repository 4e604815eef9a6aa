//! What a file is, told by its content alone: a weight file of one of the formats that are read, or something else, which
//! is named as what it is with what to do about it.

use std::fmt;

use super::archive::Archive;
use super::graph_def::{read_graph_def, read_saved_model};
use super::keras::{ARCHIVED_WEIGHTS, read_keras, read_keras_archive};
use super::onnx::{OnnxGraph, read_graph};
use super::protobuf::{Wire, fields};
use super::pytorch::is_legacy;
use super::{TensorFile, WeightsError, read_onnx, read_pytorch, read_safetensors};

mod foreign;

pub(crate) use crate::networks::weights::format::foreign::Foreign;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    SafeTensors,
    Onnx,
    PyTorch,
    FrozenGraph,
    SavedModel,
    KerasHdf5,
    KerasArchive,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SafeTensors => "SafeTensors",
            Self::Onnx => "ONNX",
            Self::PyTorch => "PyTorch",
            Self::FrozenGraph => "TensorFlow graph",
            Self::SavedModel => "TensorFlow saved model",
            Self::KerasHdf5 | Self::KerasArchive => "Keras",
        })
    }
}

/// A weight file as it was read, before anything is known of its network.
#[derive(Debug)]
pub(crate) struct WeightFile {
    pub format: Format,
    pub tensors: TensorFile,
    /// Of an ONNX file, with its constants.
    pub graph: Option<(OnnxGraph, TensorFile)>,
}

impl WeightFile {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WeightsError> {
        let format = Format::of(bytes).map_err(WeightsError::Foreign)?;
        let graph = if format == Format::Onnx { Some(read_graph(bytes)?) } else { None };
        Ok(Self { format, tensors: format.read(bytes)?, graph })
    }
}

impl Format {
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, Foreign> {
        let format = match bytes {
            [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::KerasHdf5),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => return of_archive(bytes),
            _ if is_legacy(bytes) => Some(Self::PyTorch),
            _ if is_safetensors(bytes) => Some(Self::SafeTensors),
            _ => None,
        };
        // Texts, pictures and archives begin with their own marks; a protocol buffer begins with anything.
        let format = format.map(Ok).or_else(|| foreign::by_beginning(bytes).map(Err));
        format.unwrap_or_else(|| match is_meta_graph(bytes) {
            true => Err(Foreign::Checkpoint),
            false => of_protobuf(bytes).ok_or_else(|| foreign::unknown(bytes)),
        })
    }

    pub(crate) fn read(self, bytes: &[u8]) -> Result<TensorFile, WeightsError> {
        match self {
            Self::SafeTensors => read_safetensors(bytes),
            Self::Onnx => read_onnx(bytes),
            Self::PyTorch => read_pytorch(bytes),
            Self::FrozenGraph => read_graph_def(bytes),
            Self::SavedModel => read_saved_model(bytes),
            Self::KerasHdf5 => read_keras(bytes),
            Self::KerasArchive => read_keras_archive(bytes),
        }
    }
}

/// A length of eight bytes, then a JSON object. A length that the file has not is told by the reader.
fn is_safetensors(bytes: &[u8]) -> bool {
    matches!(bytes.get(8), Some(b'{')) && bytes.first().is_some_and(|first| *first != b'{')
}

fn of_archive(bytes: &[u8]) -> Result<Format, Foreign> {
    // One that is cut off is told by the reader it was most likely meant for.
    let Ok(archive) = Archive::open(bytes, "a ZIP archive") else { return Err(Foreign::CutArchive) };
    if archive.find("data.pkl").is_some() {
        Ok(Format::PyTorch)
    } else if archive.find(ARCHIVED_WEIGHTS).is_some() {
        Ok(Format::KerasArchive)
    } else {
        Err(foreign::of_archive(archive.names()))
    }
}

/// Told by which fields a message has and of what kind they are, in whatever order.
fn of_protobuf(bytes: &[u8]) -> Option<Format> {
    // Field 1 of ONNX and of a saved model is a number, of a graph its nodes. 7 is ONNX's graph, 2 a saved model's.
    let (mut numbered, mut nodes, mut graph, mut saved) = (false, false, false, false);
    for field in fields(bytes).map_while(Result::ok) {
        match field {
            (1, Wire::Number(_)) => numbered = true,
            (1, Wire::Bytes(node)) => nodes |= is_message(node, &[1, 2]),
            (7, Wire::Bytes(inner)) => graph |= is_message(inner, &[1, 2, 5, 11, 12]),
            (2, Wire::Bytes(inner)) => saved |= is_message(inner, &[2]),
            _ => {}
        }
    }
    match (graph, numbered && saved, nodes) {
        (true, _, _) => Some(Format::Onnx),
        (_, true, _) => Some(Format::SavedModel),
        (_, _, true) => Some(Format::FrozenGraph),
        // Begun as ONNX and cut off: its reader says so.
        _ => matches!(bytes, [0x08, 1..=20, 0x3a | 0x12 | 0x1a, ..]).then_some(Format::Onnx),
    }
}

/// What lies beside the values of a TensorFlow checkpoint: about it, its graph, and how it is saved. A graph alone has
/// nodes, functions and a number in these places.
fn is_meta_graph(bytes: &[u8]) -> bool {
    let (mut about, mut graph, mut saver) = (0, false, false);
    for field in fields(bytes).map_while(Result::ok) {
        match field {
            (1, Wire::Bytes(_)) => about += 1,
            (2, Wire::Bytes(inner)) => graph |= is_message(inner, &[1]),
            (3, Wire::Bytes(inner)) => saver |= is_message(inner, &[1]),
            _ => {}
        }
    }
    about == 1 && graph && saver
}

/// A whole message that has one of these fields, of bytes.
fn is_message(bytes: &[u8], wanted: &[u64]) -> bool {
    let mut has_one = false;
    let whole = fields(bytes).all(|field| {
        has_one |= matches!(field, Ok((tag, Wire::Bytes(_))) if wanted.contains(&tag));
        field.is_ok()
    });
    whole && has_one
}

#[cfg(test)]
mod tests;
