//! Vectors by picture as a network gives them that stays as it is, written down as they are found: a run that goes on
//! finds only those that are missing. They may be embeddings, or what is put into a last layer.
//!
//! The file begins with a mark of its format and a key of all that the vectors depend on; a file with another key is
//! begun anew. A record is a number (of the picture, or of one of its views), its vector, and a checksum of both, little
//! endian. What follows the first record that is not whole was cut short by a kill and is dropped. A picture that could
//! not be read has no record, for it may be readable the next time; earlier versions wrote one that is no number.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::Device;
use sha2::{Digest, Sha256};

use super::error::{RunFolderError, tried};
use crate::networks::nets::KernelSet;
use crate::types::Preprocessing;

const MARK: &[u8; 8] = b"vectors2";

/// SHA-256 of what vectors depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VectorKey([u8; 32]);

impl VectorKey {
    /// `weights` is a hash of the network's, `device` and the kernels that this thread takes there compute a little otherwise
    /// than others, `pictures` is the run's list; `mirrored` says whether mirror images count as well.
    pub fn of(weights: [u8; 32], device: &Device, input: &Preprocessing, pictures: &str, mirrored: bool) -> Self {
        let device = device.clone().without_autodiff();
        let input = format!("{input:?} {mirrored} {device:?} {:?}", KernelSet::on(&device));
        let mut hash = Sha256::new();
        hash.update(weights);
        for part in [input.as_str(), pictures] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// How a file of vectors of so many numbers begins.
    pub(super) fn head(self, dimensions: usize) -> Vec<u8> {
        [MARK.as_slice(), &self.0, &(dimensions as u64).to_le_bytes()].concat()
    }
}

#[derive(Debug, Default)]
pub(crate) struct VectorFile {
    known: BTreeMap<usize, Arc<[f32]>>,
    /// None keeps nothing on the disk.
    file: Option<(File, PathBuf)>,
}

impl VectorFile {
    /// Opens the file of vectors of so many numbers, or begins it where there is none of this key.
    pub fn open(path: &Path, key: VectorKey, dimensions: usize) -> Result<Self, RunFolderError> {
        let open = || {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let head = key.head(dimensions);
            let mut found = vec![0; head.len()];
            let mut known = BTreeMap::new();
            let mut reader = BufReader::new(&file);
            if reader.read_exact(&mut found).is_err() || found != head {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                file.write_all(&head)?;
                return Ok((known, file));
            }
            let mut record = vec![0; 8 + 4 * dimensions + 4];
            let mut whole = head.len() as u64;
            while reader.read_exact(&mut record).is_ok()
                && let Some((number, vector)) = parse(&record)
            {
                if vector.iter().all(|value| value.is_finite()) {
                    known.insert(number, vector);
                }
                whole += record.len() as u64;
            }
            file.set_len(whole)?;
            file.seek(SeekFrom::End(0))?;
            io::Result::Ok((known, file))
        };
        let (known, file) = tried("opening", path, open())?;
        Ok(Self { known, file: Some((file, path.to_owned())) })
    }

    /// Whether the picture's vector is there.
    pub fn knows(&self, number: usize) -> bool {
        self.known.contains_key(&number)
    }

    /// Keeps what was found of some pictures.
    pub fn keep(&mut self, found: impl IntoIterator<Item = (usize, Arc<[f32]>)>) -> Result<(), RunFolderError> {
        let mut bytes = Vec::new();
        for (number, vector) in found {
            if self.file.is_some() {
                bytes.extend(record(number, &vector));
            }
            self.known.insert(number, vector);
        }
        let Some((file, path)) = &mut self.file else { return Ok(()) };
        tried("writing", path, file.write_all(&bytes).and_then(|()| file.sync_data()))
    }

    /// All of them.
    pub fn into_vectors(self) -> BTreeMap<usize, Vec<f32>> {
        self.known.into_iter().map(|(number, vector)| (number, vector.to_vec())).collect()
    }
}

pub(super) fn record(picture: usize, vector: &[f32]) -> Vec<u8> {
    let mut bytes = (picture as u64).to_le_bytes().to_vec();
    bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend(checksum(&bytes).to_le_bytes());
    bytes
}

pub(super) fn parse(record: &[u8]) -> Option<(usize, Arc<[f32]>)> {
    let (content, sum) = record.split_last_chunk::<4>()?;
    let (picture, values) = content.split_first_chunk::<8>()?;
    let vector = values.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    (u32::from_le_bytes(*sum) == checksum(content)).then_some((u64::from_le_bytes(*picture) as usize, vector))
}

/// Fowler, Noll and Vo's FNV-1a.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, &byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::testing::TINY_PREPROCESSING;

    fn key(pictures: &str) -> VectorKey {
        VectorKey::of([7; 32], &Device::flex(), &TINY_PREPROCESSING, pictures, false)
    }

    #[test]
    fn vectors_come_back_and_a_record_cut_short_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.bin");
        let vector = |values: [f32; 2]| Arc::from(values);
        let open = || VectorFile::open(&path, key("a"), 2).unwrap();
        let mut file = open();
        // As an earlier version wrote it of a picture that could not be read.
        file.keep([(7, vector([0.6, 0.8])), (9, vector([f32::NAN; 2]))]).unwrap();
        file.keep([(8, vector([1.0, 0.0]))]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for (bytes, knows) in [
            (whole.clone(), [true, false, true]),
            (whole[..whole.len() - 3].to_vec(), [true, false, false]),
            // As after a power cut: the length is there, the content is not.
            ([&whole[..whole.len() - 10], &[0; 10]].concat(), [true, false, false]),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let mut file = open();
            assert_eq!([7, 9, 8].map(|picture| file.knows(picture)), knows);
            file.keep([(8, vector([1.0, 0.0]))]).unwrap();
            let again = open();
            let wanted = BTreeMap::from([(7, vec![0.6, 0.8]), (8, vec![1.0, 0.0])]);
            assert_eq!(again.into_vectors(), wanted, "9 is looked at again");
        }
    }

    /// Of another network, of other pictures, of other kernels, or in the format of before.
    #[test]
    fn vectors_of_something_else_are_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.bin");
        let write = || VectorFile::open(&path, key("a"), 1).unwrap().keep([(3, Arc::from([0.5]))]).unwrap();
        let device = Device::flex();
        let other_kernels = match KernelSet::here() {
            KernelSet::Burn => KernelSet::Ours,
            KernelSet::Ours => KernelSet::Burn,
        };
        let other = Preprocessing { width: 13, ..TINY_PREPROCESSING };
        let others = [
            VectorKey::of([8; 32], &device, &TINY_PREPROCESSING, "a", false),
            VectorKey::of([7; 32], &device, &other, "a", false),
            VectorKey::of([7; 32], &device, &TINY_PREPROCESSING, "b", false),
            VectorKey::of([7; 32], &device, &TINY_PREPROCESSING, "a", true),
            other_kernels.during(|| key("a")),
        ];
        for other in others {
            write();
            assert!(VectorFile::open(&path, key("a"), 1).unwrap().knows(3));
            assert!(!VectorFile::open(&path, other, 1).unwrap().knows(3));
            assert!(!VectorFile::open(&path, key("a"), 1).unwrap().knows(3), "and is begun anew");
        }
        std::fs::write(&path, record(3, &[0.5])).unwrap();
        assert!(!VectorFile::open(&path, key("a"), 1).unwrap().knows(3));
    }
}
