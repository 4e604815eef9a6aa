//! Which tool wrote a file, told from its first bytes.

use std::fmt;

use super::{TensorFile, WeightsError, read_graph_def, read_keras, read_onnx, read_pytorch, read_safetensors};

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    SafeTensors,
    Onnx,
    PyTorch,
    FrozenGraph,
    KerasHdf5,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SafeTensors => "SafeTensors",
            Self::Onnx => "ONNX",
            Self::PyTorch => "PyTorch",
            Self::FrozenGraph => "TensorFlow graph",
            Self::KerasHdf5 => "Keras",
        })
    }
}

impl Format {
    /// None where the beginning is that of no known format.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'H', b'D', b'F', ..] => Some(Self::KerasHdf5),
            [b'P', b'K', 3, 4, ..] | [0x80, 2, 0x8a, 0x0a, ..] => Some(Self::PyTorch),
            // A length of eight bytes, then JSON.
            [_, _, _, _, _, 0, 0, 0, b'{', ..] => Some(Self::SafeTensors),
            // Protocol buffers: ONNX begins with its version number, a graph with its first node.
            [0x08, ..] => Some(Self::Onnx),
            [0x0a, ..] => Some(Self::FrozenGraph),
            // A header that announces a length no file has; its reader says so.
            [_, _, _, _, _, _, _, _, b'{', ..] => Some(Self::SafeTensors),
            _ => None,
        }
    }

    pub fn read(self, bytes: &[u8]) -> Result<TensorFile, WeightsError> {
        match self {
            Self::SafeTensors => read_safetensors(bytes),
            Self::Onnx => read_onnx(bytes),
            Self::PyTorch => read_pytorch(bytes),
            Self::FrozenGraph => read_graph_def(bytes),
            Self::KerasHdf5 => read_keras(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_formats_by_their_beginnings() {
        for (bytes, format) in [
            (&b"\x89HDF\r\n\x1a\n"[..], Some(Format::KerasHdf5)),
            (b"PK\x03\x04", Some(Format::PyTorch)),
            (b"\x80\x02\x8a\x0al", Some(Format::PyTorch)),
            (b"\x10\0\0\0\0\0\0\0{}", Some(Format::SafeTensors)),
            (b"\xff\xff\xff\xff\xff\xff\xff\x7f{}", Some(Format::SafeTensors)),
            (b"\x08\x07", Some(Format::Onnx)),
            (b"\x0a\x20", Some(Format::FrozenGraph)),
            (b"GIF89a", None),
            (b"", None),
        ] {
            assert_eq!(Format::of(bytes), format, "{bytes:?}");
        }
    }
}
