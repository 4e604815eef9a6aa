//! PyTorch: state dicts, checkpoints around them, whole pickled models and TorchScript archives, in the ZIP format since
//! 1.6 and in the older one of pickles and raw storages one after the other.
//!
//! The pickle inside is run by [`machine`], which builds plain data and runs nothing. [`walk`] finds the tensors in what
//! it built and names each by the keys and attributes that lead to it. Memory stays within a few times the file's size:
//! archives that grow much are refused, and tensors together may not hold more values than the file has bytes.

mod class;
mod machine;
mod pickle;
mod walk;

use std::collections::HashMap;

use super::archive::Archive;
use super::element::{Element, swap_bytes};
use super::format::Foreign;
use super::shape::element_count;
use super::{NamedTensor, TensorFile, WeightsError};
use crate::networks::weights::pytorch::machine::load;
use crate::networks::weights::pytorch::pickle::{Pickle, Tensor};

const FORMAT: &str = "a PyTorch file";

/// The older format's first value: the number 0x1950A86A20F9469CFC6C.
const LEGACY_MAGIC: [u8; 12] = *b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
/// Protocol, and a frame's length where there is one.
const LEGACY_STARTS: [usize; 2] = [2, 11];

/// Every floating-point tensor, named by the keys that lead to it. Integers (batch norm's step counters) and what is no
/// tensor are left out.
pub fn read_pytorch(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    match is_legacy(bytes) {
        true => read_legacy(bytes),
        false => read_zip(bytes),
    }
}

pub(super) fn is_legacy(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x80)
        && LEGACY_STARTS.iter().any(|start| bytes.get(*start..).is_some_and(|rest| rest.starts_with(&LEGACY_MAGIC)))
}

fn read_zip(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut archive = Archive::open(bytes, FORMAT)?;
    let pickle_name = archive.find("data.pkl").ok_or_else(|| malformed("the archive has no data.pkl"))?.to_owned();
    let folder = pickle_name.trim_end_matches("data.pkl").to_owned();
    let order = format!("{folder}byteorder");
    let is_big_endian = archive.has(&order) && archive.entry(&order)? == b"big";
    let written = archive.entry(&pickle_name)?;
    let pickle = load(&written)?;
    let tensors = walk::tensors(&pickle)?;
    let mut storages = HashMap::new();
    for storage in tensors.iter().filter(|(_, tensor)| tensor.element.is_float()).filter_map(|(_, t)| t.storage) {
        let key = pickle.key(&storage);
        if !storages.contains_key(key) {
            let mut data = archive.entry(&format!("{folder}data/{key}"))?;
            if is_big_endian {
                swap_bytes(&mut data, storage.element.bytes());
            }
            storages.insert(key, data);
        }
    }
    let storages = storages.iter().map(|(key, data)| (*key, &data[..])).collect();
    // The constants of a frozen program lie beside its attributes, each under a number.
    let is_frozen = tensors.is_empty() && archive.has(&format!("{folder}constants/0"));
    match is_frozen {
        true => Err(WeightsError::Foreign(Foreign::FrozenScript)),
        false => collect(&pickle, tensors, &storages, bytes.len()),
    }
}

/// Magic number, version, system, object, keys of the storages, then each storage's length and bytes, which are
/// little-endian on every machine.
fn read_legacy(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut rest = bytes;
    let mut next = || -> Result<Pickle<'_>, WeightsError> {
        let pickle = load(rest)?;
        rest = &rest[pickle.length..];
        Ok(pickle)
    };
    let (_magic, _version, _system, object, keys) = (next()?, next()?, next()?, next()?, next()?);
    let mut storages = HashMap::new();
    for key in keys.row(keys.root).ok_or_else(|| malformed("it lists no storages"))? {
        let key = keys.text(*key).ok_or_else(|| malformed("it lists a storage without a name"))?;
        let (length, after) = rest.split_first_chunk::<8>().ok_or_else(|| malformed("it ends before its storages"))?;
        let storage =
            object.storages.get(key).ok_or_else(|| malformed(format!("nothing says what storage {key} holds")))?;
        let width = storage.element.bytes();
        let length = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| length.checked_mul(width));
        let data = length.and_then(|length| after.split_at_checked(length));
        let (data, after) = data.ok_or_else(|| malformed(format!("it ends within storage {key}")))?;
        storages.insert(key, data);
        rest = after;
    }
    collect(&object, walk::tensors(&object)?, &storages, bytes.len())
}

fn collect(
    pickle: &Pickle<'_>,
    tensors: Vec<(String, &Tensor)>,
    storages: &HashMap<&str, &[u8]>,
    values_at_most: usize,
) -> Result<TensorFile, WeightsError> {
    let mut file = TensorFile::default();
    let mut values_left = values_at_most;
    for (name, tensor) in tensors {
        let Some(storage) = tensor.storage.filter(|_| tensor.element.is_float()) else {
            file.leave_out(name, tensor.element, tensor.shape.len());
            continue;
        };
        let data = storages.get(pickle.key(&storage)).copied().unwrap_or_default();
        let count = element_count(&tensor.shape).filter(|count| *count <= values_left);
        let count = count.ok_or_else(|| malformed(format!("tensor {name} announces more values than the file has")))?;
        values_left -= count;
        let values = values(tensor, data, count).ok_or_else(|| WeightsError::WrongSize {
            name: name.clone(),
            shape: tensor.shape.clone(),
            found: data.len() / tensor.element.bytes(),
        })?;
        file.insert(NamedTensor::new(name, tensor.shape.clone(), values)?)?;
    }
    if file.is_empty() && !file.has_unread_weights() {
        let reason = "there is no tensor in it. Where it is a training state, or a model of its own kind, load it in PyTorch \
                      and save torch.save(model.state_dict(), \"weights.pt\")";
        return Err(WeightsError::NoWeights { reason: reason.to_owned() });
    }
    Ok(file)
}

/// A tensor's values in row-major order; none when it reaches beyond its storage.
fn values(tensor: &Tensor, storage: &[u8], count: usize) -> Option<Vec<f32>> {
    let element = tensor.element;
    let announced = tensor.storage.map(|storage| (storage.length, storage.untyped, storage.element))?;
    let available = storage.len() / element.bytes();
    let is_whole = match announced {
        (length, true, _) => length == storage.len(),
        (length, false, stored) => length == available && stored.bytes() == element.bytes(),
    };
    if !is_whole || tensor.shape.len() != tensor.strides.len() {
        return None;
    }
    if count == 0 {
        return Some(Vec::new());
    }
    let sides = tensor.shape.iter().zip(&tensor.strides);
    let last = sides
        .clone()
        .try_fold(tensor.offset, |last, (side, stride)| last.checked_add((side - 1).checked_mul(*stride)?))?;
    if last >= available {
        return None;
    }
    if is_contiguous(tensor) {
        return element.floats(&storage[tensor.offset * element.bytes()..(tensor.offset + count) * element.bytes()]);
    }
    Some(strided(tensor, element, storage, count))
}

fn is_contiguous(tensor: &Tensor) -> bool {
    let mut step = 1;
    tensor.shape.iter().zip(&tensor.strides).rev().all(|(side, stride)| {
        let fits = *side == 1 || *stride == step;
        step *= side;
        fits
    })
}

fn strided(tensor: &Tensor, element: Element, storage: &[u8], count: usize) -> Vec<f32> {
    let mut data = Vec::with_capacity(count);
    let mut place = vec![0; tensor.shape.len()];
    for _ in 0..count {
        let index = place.iter().zip(&tensor.strides).map(|(at, stride)| at * stride).sum::<usize>();
        data.push(element.value(storage, tensor.offset + index));
        for axis in (0..place.len()).rev() {
            place[axis] += 1;
            if place[axis] < tensor.shape[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
    data
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod written;
