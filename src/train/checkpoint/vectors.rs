//! Vectors by picture as a network gives them that stays as it is, written down as they are found: a run that goes on
//! finds only those that are missing.
//!
//! A record is the picture's number, its vector (not a number where the picture could not be read), and a checksum of
//! both, little endian. What follows the first record that is not whole was cut short by a kill and is dropped.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::RunFolderError;
use super::folder::tried;

#[derive(Debug, Default)]
pub struct VectorFile {
    known: BTreeMap<usize, Vec<f32>>,
    /// None keeps nothing on the disk.
    file: Option<(File, PathBuf)>,
}

impl VectorFile {
    /// Opens or creates the file of vectors of so many dimensions.
    pub fn open(path: &Path, dimensions: usize) -> Result<Self, RunFolderError> {
        let open = || {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let (mut known, mut whole) = (BTreeMap::new(), 0);
            let mut record = vec![0; 8 + 4 * dimensions + 4];
            let mut reader = BufReader::new(&file);
            while reader.read_exact(&mut record).is_ok()
                && let Some((picture, vector)) = parse(&record)
            {
                known.insert(picture, vector);
                whole += record.len() as u64;
            }
            file.set_len(whole)?;
            file.seek(SeekFrom::End(0))?;
            Ok((known, file))
        };
        let (known, file) = tried("opening", path, open())?;
        Ok(Self { known, file: Some((file, path.to_owned())) })
    }

    /// Whether the picture was looked at before.
    pub fn knows(&self, picture: usize) -> bool {
        self.known.contains_key(&picture)
    }

    /// Keeps what was found of some pictures; None is one that could not be read.
    pub fn keep<'a>(
        &mut self,
        found: impl IntoIterator<Item = (usize, Option<&'a [f32]>)>,
        dimensions: usize,
    ) -> Result<(), RunFolderError> {
        let mut bytes = Vec::new();
        for (picture, vector) in found {
            let vector = vector.map_or(vec![f32::NAN; dimensions], <[f32]>::to_vec);
            bytes.extend(record(picture, &vector));
            self.known.insert(picture, vector);
        }
        let Some((file, path)) = &mut self.file else { return Ok(()) };
        tried("writing", path, file.write_all(&bytes).and_then(|()| file.sync_data()))
    }

    /// The vectors of the pictures that could be read.
    pub fn into_vectors(mut self) -> BTreeMap<usize, Vec<f32>> {
        self.known.retain(|_, vector| vector.iter().all(|value| value.is_finite()));
        self.known
    }
}

fn record(picture: usize, vector: &[f32]) -> Vec<u8> {
    let mut bytes = (picture as u64).to_le_bytes().to_vec();
    bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend(checksum(&bytes).to_le_bytes());
    bytes
}

fn parse(record: &[u8]) -> Option<(usize, Vec<f32>)> {
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

    #[test]
    fn vectors_come_back_and_a_record_cut_short_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.bin");
        let mut file = VectorFile::open(&path, 2).unwrap();
        file.keep([(7, Some([0.6, 0.8].as_slice())), (9, None)], 2).unwrap();
        file.keep([(8, Some([1.0, 0.0].as_slice()))], 2).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for (bytes, knows) in [
            (whole.clone(), [true, true, true]),
            (whole[..whole.len() - 3].to_vec(), [true, true, false]),
            // As after a power cut: the length is there, the content is not.
            ([&whole[..whole.len() - 10], &[0; 10]].concat(), [true, true, false]),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let mut file = VectorFile::open(&path, 2).unwrap();
            assert_eq!([7, 9, 8].map(|picture| file.knows(picture)), knows);
            file.keep([(8, Some([1.0, 0.0].as_slice()))], 2).unwrap();
            let again = VectorFile::open(&path, 2).unwrap();
            let wanted = BTreeMap::from([(7, vec![0.6, 0.8]), (8, vec![1.0, 0.0])]);
            assert_eq!(again.into_vectors(), wanted, "9 could not be read");
        }
    }
}
