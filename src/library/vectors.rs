//! All vectors of a model in one file beside the library, mapped and not read row by row: a cache, made again from the
//! library at any time.
//!
//! What the vectors are is named by a random word in the library, another one after every vector that is written. A file
//! holds the word of its time; under any other word it is of no use. A face that has gone since has a vector there still,
//! and nobody asks for it; who writes the file sees to it that it does not stay.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;
use rusqlite::{Connection, OptionalExtension};

use super::error::Result;
use super::grouping::FaceToGroup;
use crate::types::{Embedding, FaceId};

/// Names what the library's vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VectorState(u128);

const SETTING: &str = "vectors.state";

/// None before a vector was written by a program that notes it.
pub(super) fn state(c: &Connection) -> Result<Option<VectorState>> {
    let mut query = c.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
    let word: Option<String> = query.query_row([SETTING], |row| row.get(0)).optional()?;
    Ok(word.and_then(|word| u128::from_str_radix(&word, 16).ok()).map(VectorState))
}

/// Whoever writes a vector, or puts one under another name, says so.
pub(super) fn changed(c: &Connection) -> Result<()> {
    c.prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, hex(randomblob(16)))")?
        .execute([SETTING])?;
    Ok(())
}

/// The file: a head of 64 bytes, the faces' ids in their order, their vectors. Little-endian.
pub(crate) struct VectorFile {
    map: Mmap,
    state: VectorState,
    dimensions: usize,
    faces: usize,
}

const MAGIC: &[u8; 8] = b"LKNVECTS";
const VERSION: u32 = 1;
const HEAD: usize = 64;
const ID: usize = size_of::<i64>();
const NUMBER: usize = size_of::<f32>();

impl VectorFile {
    /// Writes beside `path`, then puts the file in its place: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When it cannot be written, or the vectors are not of one length.
    pub fn write(path: &Path, state: VectorState, faces: &[FaceToGroup]) -> io::Result<()> {
        let dimensions = faces.first().map_or(0, |face| face.embedding.dimensions());
        if faces.iter().any(|face| face.embedding.dimensions() != dimensions) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "vectors of different lengths"));
        }
        let mut sum = CheckSum::default();
        faces.iter().for_each(|face| sum.add(face.face_id.0 as u64));
        let numbers = || faces.iter().flat_map(|face| face.embedding.as_slice());
        numbers().for_each(|number| sum.add(u64::from(number.to_bits())));
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        let mut out = BufWriter::with_capacity(1 << 20, file.as_file());
        out.write_all(&head(state, dimensions, faces.len(), sum))?;
        faces.iter().try_for_each(|face| out.write_all(&face.face_id.0.to_le_bytes()))?;
        numbers().try_for_each(|number| out.write_all(&number.to_le_bytes()))?;
        out.flush()?;
        drop(out);
        file.persist(path)?;
        Ok(())
    }

    /// None where there is none, or it is not whole.
    pub fn open(path: &Path) -> Option<Arc<Self>> {
        // Numbers are taken as they lie there.
        if cfg!(target_endian = "big") {
            return None;
        }
        let file = File::open(path).ok()?;
        // SAFETY: the file is never changed, only replaced by another one; who changes it by hand changes distances, and
        // who cuts it off meanwhile ends the program, as with the library itself.
        let map = unsafe { Mmap::map(&file) }.ok()?;
        let field =
            |at: usize| map.get(at..at + 8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
        let (dimensions, faces) = (field(16)? as usize, field(24)? as usize);
        let state = VectorState(u128::from_le_bytes(map.get(32..48)?.try_into().ok()?));
        let bytes = dimensions.checked_mul(NUMBER)?.checked_add(ID)?.checked_mul(faces)?.checked_add(HEAD)?;
        if map.len() != bytes || dimensions == 0 {
            return None;
        }
        let opened = Self { map, state, dimensions, faces };
        let is_whole = opened.map[..HEAD] == head(state, dimensions, faces, opened.sum());
        (is_whole && opened.ids().is_sorted()).then(|| Arc::new(opened))
    }

    pub fn state(&self) -> VectorState {
        self.state
    }

    /// Whether it holds these faces and no others.
    pub fn is_of(&self, faces: &[FaceToGroup]) -> bool {
        self.ids().iter().copied().eq(faces.iter().map(|face| face.face_id.0))
    }

    pub(super) fn embedding(self: &Arc<Self>, face: FaceId) -> Option<Embedding> {
        let row = self.ids().binary_search(&face.0).ok()?;
        Some(Embedding::row_of(self.clone(), row, self.dimensions))
    }

    fn ids(&self) -> &[i64] {
        numbers_in(&self.map[HEAD..HEAD + self.faces * ID])
    }

    fn sum(&self) -> CheckSum {
        let mut sum = CheckSum::default();
        self.ids().iter().for_each(|&id| sum.add(id as u64));
        self.as_ref().iter().for_each(|number| sum.add(u64::from(number.to_bits())));
        sum
    }
}

/// All vectors, one behind the other.
impl AsRef<[f32]> for VectorFile {
    fn as_ref(&self) -> &[f32] {
        numbers_in(&self.map[HEAD + self.faces * ID..])
    }
}

/// Bytes as the numbers that they are.
fn numbers_in<T: Plain>(bytes: &[u8]) -> &[T] {
    // SAFETY: any bytes are such a number.
    let (before, numbers, after) = unsafe { bytes.align_to::<T>() };
    // A map begins at a page, and what comes before is a multiple of eight bytes.
    assert!(before.is_empty() && after.is_empty(), "whole numbers in their places");
    numbers
}

/// Numbers of which every pattern of bits is one.
trait Plain {}

impl Plain for i64 {}
impl Plain for f32 {}

fn head(state: VectorState, dimensions: usize, faces: usize, sum: CheckSum) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[16..24].copy_from_slice(&(dimensions as u64).to_le_bytes());
    head[24..32].copy_from_slice(&(faces as u64).to_le_bytes());
    head[32..48].copy_from_slice(&state.0.to_le_bytes());
    head[48..56].copy_from_slice(&sum.0.to_le_bytes());
    head
}

/// Of half a gigabyte in a moment; it tells what is torn or decayed, and keeps nobody out.
#[derive(Clone, Copy, Default)]
struct CheckSum(u64);

impl CheckSum {
    fn add(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::FaceState;
    use crate::types::PhotoId;

    fn face(id: i64) -> FaceToGroup {
        let vector = vec![id as f32, 1.0, -2.0];
        FaceToGroup {
            face_id: FaceId(id),
            photo_id: PhotoId(id),
            embedding: Embedding::normalise(vector).unwrap(),
            state: FaceState::Unassigned,
            rejected: Vec::new(),
        }
    }

    #[test]
    fn a_file_gives_every_vector_back_and_one_that_is_not_whole_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        let faces: Vec<FaceToGroup> = [2, 3, 70, 71, 900].map(face).to_vec();
        VectorFile::write(&path, VectorState(7), &faces).unwrap();
        let file = VectorFile::open(&path).unwrap();
        assert!(file.state() == VectorState(7) && file.is_of(&faces) && !file.is_of(&faces[1..]));
        for face in &faces {
            assert_eq!(file.embedding(face.face_id).as_ref(), Some(&face.embedding));
        }
        assert_eq!(file.embedding(FaceId(4)), None);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            std::fs::write(&path, torn).unwrap();
            let opened = VectorFile::open(&path);
            assert!(opened.is_none_or(|file| file.state() != VectorState(7)), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(VectorFile::open(&path).is_none(), "cut off at {at}");
        }
    }
}
