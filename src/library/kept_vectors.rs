//! All vectors of a model in one file beside the library, mapped and not read row by row: a cache, made again from the
//! library at any time.
//!
//! What the vectors are is named by a random word in the library, another one after every vector that is written. A file
//! holds the word of its time; under any other word it is of no use. A face that has gone since has a vector there still,
//! and nobody asks for it; who writes the file sees to it that it does not stay.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use memmap2::{Mmap, MmapMut};

use super::vectors::VectorState;
use crate::types::{Embedding, FaceId};

/// The file: a head of 64 bytes, the faces' ids in their order, their vectors. Little-endian.
pub(crate) struct KeptVectors {
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

impl KeptVectors {
    /// Writes beside `path`, then puts the file in its place: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When it cannot be written, or the vectors are not of one length.
    pub fn write<'a>(
        path: &Path,
        state: VectorState,
        faces: impl Iterator<Item = (FaceId, &'a Embedding)> + Clone,
    ) -> io::Result<()> {
        let dimensions = faces.clone().next().map_or(0, |(_, embedding)| embedding.dimensions());
        if faces.clone().any(|(_, embedding)| embedding.dimensions() != dimensions) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "vectors of different lengths"));
        }
        let mut sum = CheckSum::default();
        faces.clone().for_each(|(face, _)| sum.add(face.0 as u64));
        let numbers = || faces.clone().flat_map(|(_, embedding)| embedding.as_slice());
        numbers().for_each(|number| sum.add(u64::from(number.to_bits())));
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        let mut out = BufWriter::with_capacity(1 << 20, file.as_file());
        out.write_all(&head(state, dimensions, faces.clone().count(), sum))?;
        faces.clone().try_for_each(|(face, _)| out.write_all(&face.0.to_le_bytes()))?;
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
        let map = mapped(File::open(path).ok()?).ok()?;
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

    /// Length and time of the file there, which another one seldom shares; none where there is none.
    pub fn written(path: &Path) -> Option<(u64, SystemTime)> {
        let file = std::fs::metadata(path).ok()?;
        Some((file.len(), file.modified().ok()?))
    }

    pub fn state(&self) -> VectorState {
        self.state
    }

    /// Whether it holds these faces and no others.
    pub fn is_of(&self, faces: impl Iterator<Item = FaceId>) -> bool {
        self.ids().iter().copied().eq(faces.map(|face| face.0))
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
impl AsRef<[f32]> for KeptVectors {
    fn as_ref(&self) -> &[f32] {
        numbers_in(&self.map[HEAD + self.faces * ID..])
    }
}

fn mapped(mut file: File) -> io::Result<Mmap> {
    if cfg!(windows) {
        // There a file that is mapped can neither be replaced nor removed.
        let bytes = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let mut read = MmapMut::map_anon(bytes)?;
        file.read_exact(&mut read)?;
        return read.make_read_only();
    }
    // SAFETY: this program never changes the file, it only puts another one in its place. Who changes it by hand changes
    // distances, and who cuts it off meanwhile ends the program, as with the library's own files.
    unsafe { Mmap::map(&file) }
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

    #[test]
    fn a_file_gives_every_vector_back_and_one_that_is_not_whole_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        let faces = [2, 3, 70, 71, 900].map(|id| {
            let vector = vec![id as f32, 1.0, -2.0];
            (FaceId(id), Embedding::normalise(vector).unwrap())
        });
        KeptVectors::write(&path, VectorState(7), faces.iter().map(|(face, embedding)| (*face, embedding))).unwrap();
        let kept = KeptVectors::open(&path).unwrap();
        let ids = faces.iter().map(|(face, _)| *face);
        assert!(kept.state() == VectorState(7) && kept.is_of(ids.clone()) && !kept.is_of(ids.skip(1)));
        for (face, embedding) in &faces {
            assert_eq!(kept.embedding(*face).as_ref(), Some(embedding));
        }
        assert_eq!(kept.embedding(FaceId(4)), None);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            std::fs::write(&path, torn).unwrap();
            let opened = KeptVectors::open(&path);
            assert!(opened.is_none_or(|kept| kept.state() != VectorState(7)), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(KeptVectors::open(&path).is_none(), "cut off at {at}");
        }
    }
}
