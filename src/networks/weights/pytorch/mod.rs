//! PyTorch state dicts (`torch.save(model.state_dict())`): the ZIP format since 1.6 and the older format of pickles and
//! raw storages one after the other. The still older tar format is not read.
//!
//! The pickle inside is run by [`pickle`], which knows the handful of operations that a state dict needs and refuses
//! every other by name; nothing of the file is ever executed. Memory stays within a few times the file's size: storages
//! must be stored uncompressed, and tensors together may not hold more values than the file has bytes.

mod pickle;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use super::tensors::element_count;
use super::{NamedTensor, TensorFile, WeightsError};
use crate::networks::weights::pytorch::pickle::{Tensor, Value};

const FORMAT: &str = "a PyTorch state dict";

/// The older format's first pickle: the number 0x1950A86A20F9469CFC6C in ten bytes.
const LEGACY_MAGIC: [u8; 15] = *b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

/// Keys under which training scripts keep the state dict.
const WRAPPERS: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// Every floating-point tensor of the state dict. Integers (batch norm's step counters) are left out, values that are
/// no tensors are an error.
pub fn read_pytorch(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    if bytes.starts_with(b"PK\x03\x04") {
        read_zip(bytes)
    } else if bytes.starts_with(&LEGACY_MAGIC) {
        read_legacy(bytes)
    } else {
        Err(malformed("it begins neither like a ZIP archive nor like torch's older format"))
    }
}

/// The type of a storage's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Double,
    Float,
    Half,
    BFloat16,
    /// Of so many bytes.
    Integer(usize),
}

impl Element {
    fn of_storage_class(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Self::Double,
            "FloatStorage" => Self::Float,
            "HalfStorage" => Self::Half,
            "BFloat16Storage" => Self::BFloat16,
            "LongStorage" => Self::Integer(8),
            "IntStorage" => Self::Integer(4),
            "ShortStorage" => Self::Integer(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" => Self::Integer(1),
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::Double => 8,
            Self::Float => 4,
            Self::Half | Self::BFloat16 => 2,
            Self::Integer(bytes) => bytes,
        }
    }

    /// The value of element `index` of a storage that has it.
    fn value(self, storage: &[u8], index: usize) -> f32 {
        match self {
            Self::Double => f64::from_le_bytes(storage.as_chunks().0[index]) as f32,
            Self::Float => f32::from_le_bytes(storage.as_chunks().0[index]),
            Self::Half => half::f16::from_le_bytes(storage.as_chunks().0[index]).to_f32(),
            Self::BFloat16 => half::bf16::from_le_bytes(storage.as_chunks().0[index]).to_f32(),
            Self::Integer(_) => unreachable!("integer tensors are left out before their values are read"),
        }
    }
}

fn read_zip(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(malformed)?;
    let names = archive.file_names().map(|name| name.map(|name| name.into_owned())).collect::<Result<Vec<_>, _>>();
    let names = names.map_err(malformed)?;
    let pickle_name = names.iter().find(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let pickle_name = pickle_name.ok_or_else(|| malformed("the archive has no data.pkl"))?.clone();
    let folder = pickle_name.trim_end_matches("data.pkl").to_owned();
    if names.contains(&format!("{folder}byteorder")) && entry(&mut archive, &format!("{folder}byteorder"))? != b"little"
    {
        return Err(malformed("its bytes are in big-endian order"));
    }
    let pickle = entry(&mut archive, &pickle_name)?;
    let (value, _) = pickle::load(&pickle)?;
    let mut storages = BTreeMap::new();
    let mut bytes_left = bytes.len();
    let tensors = state_dict(&value)?;
    for (_, tensor) in &tensors {
        let key = tensor.storage.key.to_string();
        if !storages.contains_key(&key) {
            let storage = entry(&mut archive, &format!("{folder}data/{key}"))?;
            // A directory can name one place of the file a thousand times.
            let left = bytes_left.checked_sub(storage.len());
            bytes_left = left.ok_or_else(|| malformed("its storages lie on top of each other"))?;
            storages.insert(key, storage);
        }
    }
    collect(tensors, &storages, bytes.len())
}

/// An archive's entry, which has to be stored as it is.
fn entry(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, WeightsError> {
    let entry = archive.by_name(name).map_err(|error| malformed(format!("{name}: {error}")))?;
    if entry.compression() != zip::CompressionMethod::Stored {
        return Err(malformed(format!("{name} is compressed, which torch never does")));
    }
    let mut data = Vec::new();
    entry.take(u64::MAX).read_to_end(&mut data).map_err(malformed)?;
    Ok(data)
}

/// Magic number, version, system, object, keys of the storages, then each storage's length and bytes.
fn read_legacy(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut rest = &bytes[LEGACY_MAGIC.len()..];
    let mut next = || -> Result<Value, WeightsError> {
        let (value, length) = pickle::load(rest)?;
        rest = &rest[length..];
        Ok(value)
    };
    let (_version, _system, object, keys) = (next()?, next()?, next()?, next()?);
    let tensors = state_dict(&object)?;
    let widths: BTreeMap<String, usize> =
        tensors.iter().map(|(_, t)| (t.storage.key.to_string(), t.storage.element.bytes())).collect();
    let mut storages = BTreeMap::new();
    for key in keys.strings().ok_or_else(|| malformed("it lists no storages"))? {
        let (length, after) = rest.split_first_chunk::<8>().ok_or_else(|| malformed("it ends before its storages"))?;
        let width = widths.get(&*key).ok_or_else(|| malformed(format!("no tensor uses storage {key}")))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| length.checked_mul(*width));
        let data = length.and_then(|length| after.split_at_checked(length));
        let (data, after) = data.ok_or_else(|| malformed(format!("it ends within storage {key}")))?;
        storages.insert(key.to_string(), data.to_vec());
        rest = after;
    }
    collect(tensors, &storages, bytes.len())
}

/// The tensors by name, out of the dictionary or out of the one that a training script wrapped around it.
fn state_dict(value: &Value) -> Result<Vec<(String, Tensor)>, WeightsError> {
    let items = value.items().ok_or_else(|| malformed("the pickle holds no dictionary"))?;
    let wrapped = items
        .iter()
        .find(|(key, value)| value.items().is_some() && key.text().is_some_and(|key| WRAPPERS.contains(&&*key)));
    if let Some((_, inner)) = wrapped {
        return state_dict(inner);
    }
    let named = items.into_iter().map(|(key, value)| {
        let key = key.text().ok_or_else(|| malformed("a key of the dictionary is no text"))?.to_string();
        let tensor = value.tensor().ok_or_else(|| malformed(format!("the value of {key} is no tensor")))?;
        Ok((key, tensor))
    });
    named.collect()
}

fn collect(
    tensors: Vec<(String, Tensor)>,
    storages: &BTreeMap<String, Vec<u8>>,
    values_at_most: usize,
) -> Result<TensorFile, WeightsError> {
    let mut file = TensorFile::default();
    let mut values_left = values_at_most;
    for (name, tensor) in tensors {
        if matches!(tensor.storage.element, Element::Integer(_)) {
            continue;
        }
        let storage = storages.get(&*tensor.storage.key).map(Vec::as_slice).unwrap_or_default();
        let count = element_count(&tensor.shape).filter(|count| *count <= values_left);
        let count = count.ok_or_else(|| malformed(format!("tensor {name} announces more values than the file has")))?;
        values_left -= count;
        let data = values(&tensor, storage, count).ok_or_else(|| WeightsError::WrongSize {
            name: name.clone(),
            shape: tensor.shape.clone(),
            found: storage.len(),
        })?;
        file.insert(NamedTensor::new(name, tensor.shape, data)?)?;
    }
    if file.is_empty() {
        return Err(malformed("it holds no weights"));
    }
    without_wrapper(file)
}

/// `DataParallel` puts `module.` before every name.
fn without_wrapper(file: TensorFile) -> Result<TensorFile, WeightsError> {
    const WRAPPER: &str = "module.";
    if !file.names().all(|name| name.starts_with(WRAPPER)) {
        return Ok(file);
    }
    let mut bare = TensorFile::default();
    for tensor in file.iter() {
        bare.insert(NamedTensor { name: tensor.name[WRAPPER.len()..].to_owned(), ..tensor.clone() })?;
    }
    Ok(bare)
}

/// A tensor's values in row-major order; none when it reaches beyond its storage.
fn values(tensor: &Tensor, storage: &[u8], count: usize) -> Option<Vec<f32>> {
    let available = storage.len() / tensor.storage.element.bytes();
    if available != tensor.storage.length || tensor.shape.len() != tensor.strides.len() {
        return None;
    }
    if count == 0 {
        return Some(Vec::new());
    }
    let last = tensor
        .shape
        .iter()
        .zip(&tensor.strides)
        .try_fold(tensor.offset, |last, (side, stride)| last.checked_add((side - 1).checked_mul(*stride)?))?;
    if last >= available {
        return None;
    }
    let mut data = Vec::with_capacity(count);
    let mut place = vec![0; tensor.shape.len()];
    for _ in 0..count {
        let index = place.iter().zip(&tensor.strides).map(|(at, stride)| at * stride).sum::<usize>();
        data.push(tensor.storage.element.value(storage, tensor.offset + index));
        for axis in (0..place.len()).rev() {
            place[axis] += 1;
            if place[axis] < tensor.shape[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
    Some(data)
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
