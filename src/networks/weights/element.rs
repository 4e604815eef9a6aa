//! Types of numbers as weight files have them: read as f32, or named in words.

use half::{bf16, f16};

/// The type of a tensor's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    F64,
    F32,
    F16,
    BF16,
    F8,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
    /// Of so many bytes, both parts together.
    Complex(u8),
    /// Integers that stand for floats, of so many bytes.
    Quantised(u8),
    /// Numbers of four, six or other few bits.
    Narrow,
    Text,
    /// Values in a place and number of their own: sparse tensors.
    Sparse,
    /// A place kept for values that never came: of a model that was built without memory.
    Absent,
    /// A number that the format gives a meaning which nobody here knows.
    Unknown,
}

impl Element {
    /// In a file; 0 where values have no size of their own.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::F8 | Self::I8 | Self::U8 | Self::Bool => 1,
            Self::Complex(bytes) | Self::Quantised(bytes) => bytes.into(),
            Self::Narrow | Self::Text | Self::Sparse | Self::Absent | Self::Unknown => 0,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::F64 => "64-bit floats",
            Self::F32 => "32-bit floats",
            Self::F16 => "16-bit floats",
            Self::BF16 => "16-bit brain floats",
            Self::F8 => "8-bit floats",
            Self::I64 => "64-bit integers",
            Self::I32 => "32-bit integers",
            Self::I16 => "16-bit integers",
            Self::I8 | Self::U8 => "8-bit integers",
            Self::Bool => "yes-or-no values",
            Self::Complex(_) => "complex numbers",
            Self::Quantised(_) => "quantised numbers",
            Self::Narrow => "numbers of a few bits",
            Self::Text => "texts",
            Self::Sparse => "values of a sparse tensor",
            Self::Absent => "no values, only a shape",
            Self::Unknown => "values of an unknown type",
        }
    }

    /// What to do about weights that hold it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Quantised(_) | Self::Narrow | Self::F8 => {
                "what was rounded away does not come back, so take the file as it was before it was quantised, in \
                 floats of 32 or 16 bits"
            }
            Self::Sparse => "make it dense (in PyTorch tensor.to_dense()) and save the weights again",
            Self::Absent => "load the model with its weights before it is saved",
            Self::Complex(_) => "no network that is known computes with complex numbers",
            _ => "convert the weights to 32-bit floats (in PyTorch model.float()) and save them again",
        }
    }

    /// As a tensor of so many axes holds it: a matrix or a kernel of 8-bit integers is quantised weights.
    pub(crate) fn with_axes(self, axes: usize) -> Self {
        match self {
            Self::I8 | Self::U8 if axes > 1 => Self::Quantised(1),
            element => element,
        }
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::BF16)
    }

    /// Step counters and shapes are whole numbers and texts; weights are not.
    pub(crate) fn may_be_weights(self) -> bool {
        matches!(
            self,
            Self::F8
                | Self::Complex(_)
                | Self::Quantised(_)
                | Self::Narrow
                | Self::Sparse
                | Self::Absent
                | Self::Unknown
        )
    }

    /// All whole values of little-endian bytes; none where the type is not read.
    pub(crate) fn floats(self, bytes: &[u8]) -> Option<Vec<f32>> {
        fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Option<Vec<f32>> {
            Some(bytes.as_chunks::<N>().0.iter().map(|&bytes| value(bytes)).collect())
        }
        match self {
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F64 => each(bytes, |value| f64::from_le_bytes(value) as f32),
            Self::F16 => each(bytes, |value| f16::from_le_bytes(value).to_f32()),
            Self::BF16 => each(bytes, |value| bf16::from_le_bytes(value).to_f32()),
            _ => None,
        }
    }

    /// The value of element `index` of a storage that has it; NaN where the type is not read.
    pub(crate) fn value(self, storage: &[u8], index: usize) -> f32 {
        match self {
            Self::F64 => storage.as_chunks().0.get(index).map_or(f32::NAN, |value| f64::from_le_bytes(*value) as f32),
            Self::F32 => storage.as_chunks().0.get(index).map_or(f32::NAN, |value| f32::from_le_bytes(*value)),
            Self::F16 => storage.as_chunks().0.get(index).map_or(f32::NAN, |value| f16::from_le_bytes(*value).to_f32()),
            Self::BF16 => storage.as_chunks().0.get(index).map_or(f32::NAN, |v| bf16::from_le_bytes(*v).to_f32()),
            _ => f32::NAN,
        }
    }
}

/// Turns every value of so many bytes round: from big-endian order to little-endian.
pub(crate) fn swap_bytes(bytes: &mut [u8], width: usize) {
    if width > 1 {
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
}
