//! All vectors of a model in one file beside the library, mapped and not read row by row: a cache, made again from the
//! library at any time.
//!
//! A file holds the word that names what the library's vectors were at its time, and the library notes it until one of
//! them is another ([`note_kept_vectors`](super::open::Library)); under any other word it is of no use. What comes later is
//! written behind, and then the head that counts it: whoever is killed in between leaves the file as it was. A face that
//! has gone since has a vector there still, and nobody asks for it; who writes the file sees to it that it does not stay.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use memmap2::{Mmap, MmapMut};

use super::vectors::VectorState;
use crate::types::{Embedding, FaceId};

/// The file: a head of 64 bytes, then face by face in the order of their ids the id and the vector. Little-endian.
pub(crate) struct KeptVectors {
    map: Mmap,
    head: VectorsHead,
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct VectorsHead {
    state: VectorState,
    dimensions: usize,
    faces: usize,
    sum: CheckSum,
}

const MAGIC: &[u8; 8] = b"LKNVECTS";
const VERSION: u32 = 2;
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
        faces: impl Iterator<Item = (FaceId, &'a Embedding)>,
    ) -> io::Result<()> {
        let mut faces = faces.peekable();
        let dimensions = faces.peek().map_or(0, |(_, embedding)| embedding.dimensions());
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let empty = VectorsHead { state, dimensions, faces: 0, sum: CheckSum::default() };
        append(file.as_file_mut(), empty, state, faces)?;
        file.persist(path)?;
        Ok(())
    }

    /// Writes later faces behind these. False where the file at `path` is not this one any more, or somebody else is
    /// writing there: nothing is written then.
    ///
    /// # Errors
    /// When it cannot be written, or the vectors are not of one length.
    pub fn append<'a>(
        &self,
        path: &Path,
        state: VectorState,
        faces: impl Iterator<Item = (FaceId, &'a Embedding)>,
    ) -> io::Result<bool> {
        let mut file = File::options().read(true).write(true).open(path)?;
        if file.try_lock().is_err() {
            return Ok(false);
        }
        let mut head = [0; HEAD];
        file.read_exact(&mut head)?;
        if head != self.head.bytes() {
            return Ok(false);
        }
        // What is behind was left by who did not come to an end.
        file.set_len(self.head.file_bytes().ok_or(io::ErrorKind::InvalidData)? as u64)?;
        append(&mut file, self.head, state, faces)?;
        Ok(true)
    }

    /// None where there is none, or it is not whole.
    pub fn open(path: &Path) -> Option<Arc<Self>> {
        // Numbers are taken as they lie there.
        if cfg!(target_endian = "big") {
            return None;
        }
        let map = mapped(File::open(path).ok()?).ok()?;
        let head = VectorsHead::read(map.get(..HEAD)?)?;
        if head.dimensions == 0 || map.len() < head.file_bytes()? {
            return None;
        }
        let opened = Self { map, head };
        let is_whole = opened.map[..HEAD] == head.bytes() && opened.sum() == head.sum;
        (is_whole && opened.ids().is_sorted()).then(|| Arc::new(opened))
    }

    /// Length and time of the file there, which another one seldom shares; none where there is none.
    pub fn written(path: &Path) -> Option<(u64, SystemTime)> {
        let file = std::fs::metadata(path).ok()?;
        Some((file.len(), file.modified().ok()?))
    }

    pub fn state(&self) -> VectorState {
        self.head.state
    }

    /// The faces that it holds, in the order of their ids.
    pub fn faces(&self) -> impl ExactSizeIterator<Item = FaceId> {
        self.ids().map(FaceId)
    }

    pub(super) fn embedding(self: &Arc<Self>, face: FaceId) -> Option<Embedding> {
        let (mut first, mut past) = (0, self.head.faces);
        while first < past {
            let middle = first.midpoint(past);
            match self.id(middle).cmp(&face.0) {
                std::cmp::Ordering::Equal => {
                    let start = middle * self.head.row_bytes() / NUMBER + ID / NUMBER;
                    return Some(Embedding::part_of(self.clone(), start, self.head.dimensions));
                }
                std::cmp::Ordering::Less => first = middle + 1,
                std::cmp::Ordering::Greater => past = middle,
            }
        }
        None
    }

    fn ids(&self) -> impl ExactSizeIterator<Item = i64> {
        (0..self.head.faces).map(|row| self.id(row))
    }

    fn id(&self, row: usize) -> i64 {
        let [bytes, ..] = self.map[HEAD + row * self.head.row_bytes()..].as_chunks::<ID>().0 else { return 0 };
        i64::from_le_bytes(*bytes)
    }

    fn sum(&self) -> CheckSum {
        let (mut sum, row) = (CheckSum::default(), self.head.row_bytes() / NUMBER);
        for (id, numbers) in self.ids().zip(self.as_ref().chunks_exact(row)) {
            sum.add_face(FaceId(id), &numbers[ID / NUMBER..]);
        }
        sum
    }
}

/// All rows as numbers, ids too.
impl AsRef<[f32]> for KeptVectors {
    fn as_ref(&self) -> &[f32] {
        // SAFETY: any bytes are such a number.
        let (before, numbers, after) =
            unsafe { self.map[HEAD..][..self.head.faces * self.head.row_bytes()].align_to::<f32>() };
        // A map begins at a page, and head and rows are whole numbers long.
        assert!(before.is_empty() && after.is_empty(), "numbers in their places");
        numbers
    }
}

impl VectorsHead {
    fn read(bytes: &[u8]) -> Option<Self> {
        let field = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        Some(Self {
            state: VectorState(u128::from_le_bytes(bytes.get(32..48)?.try_into().ok()?)),
            dimensions: usize::try_from(field(16)?).ok()?,
            faces: usize::try_from(field(24)?).ok()?,
            sum: CheckSum(field(48)?),
        })
    }

    fn bytes(&self) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&VERSION.to_le_bytes());
        head[16..24].copy_from_slice(&(self.dimensions as u64).to_le_bytes());
        head[24..32].copy_from_slice(&(self.faces as u64).to_le_bytes());
        head[32..48].copy_from_slice(&self.state.0.to_le_bytes());
        head[48..56].copy_from_slice(&self.sum.0.to_le_bytes());
        head
    }

    fn row_bytes(&self) -> usize {
        ID + self.dimensions * NUMBER
    }

    /// None where no file is that long.
    fn file_bytes(&self) -> Option<usize> {
        let row = self.dimensions.checked_mul(NUMBER)?.checked_add(ID)?;
        row.checked_mul(self.faces)?.checked_add(HEAD)
    }
}

/// Writes faces behind those that the head counts, then the head that counts them, too.
fn append<'a>(
    file: &mut File,
    mut head: VectorsHead,
    state: VectorState,
    faces: impl Iterator<Item = (FaceId, &'a Embedding)>,
) -> io::Result<()> {
    file.seek(SeekFrom::Start(head.file_bytes().ok_or(io::ErrorKind::InvalidData)? as u64))?;
    let mut out = BufWriter::with_capacity(1 << 20, &*file);
    for (face, embedding) in faces {
        if embedding.dimensions() != head.dimensions {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "vectors of different lengths"));
        }
        out.write_all(&face.0.to_le_bytes())?;
        embedding.as_slice().iter().try_for_each(|number| out.write_all(&number.to_le_bytes()))?;
        head.sum.add_face(face, embedding.as_slice());
        head.faces += 1;
    }
    out.flush()?;
    drop(out);
    // Whatever becomes of the computer, the head counts nothing that is not there.
    file.sync_data()?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&VectorsHead { state, ..head }.bytes())
}

fn mapped(mut file: File) -> io::Result<Mmap> {
    if cfg!(windows) {
        // There a file that is mapped can neither be replaced nor removed.
        let bytes = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let mut read = MmapMut::map_anon(bytes)?;
        file.read_exact(&mut read)?;
        return read.make_read_only();
    }
    // SAFETY: this program never changes what a head counts, it only writes behind it or puts another file in its place,
    // and cuts off what no head counts. Who changes it by hand changes distances, and who cuts it off meanwhile ends the
    // program, as with the library's own files.
    unsafe { Mmap::map(&file) }
}

/// Of half a gigabyte in a moment; it tells what is torn or decayed, and keeps nobody out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct CheckSum(u64);

impl CheckSum {
    fn add_face(&mut self, face: FaceId, vector: &[f32]) {
        self.add(face.0 as u64);
        vector.iter().for_each(|number| self.add(u64::from(number.to_bits())));
    }

    fn add(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(id: i64) -> (FaceId, Embedding) {
        (FaceId(id), Embedding::normalise(vec![id as f32, 1.0, -2.0]).unwrap())
    }

    fn rows(faces: &[(FaceId, Embedding)]) -> impl Iterator<Item = (FaceId, &Embedding)> {
        faces.iter().map(|(face, embedding)| (*face, embedding))
    }

    fn holds(kept: &Arc<KeptVectors>, faces: &[(FaceId, Embedding)]) -> bool {
        kept.faces().eq(faces.iter().map(|(face, _)| *face))
            && faces.iter().all(|(face, embedding)| kept.embedding(*face).as_ref() == Some(embedding))
    }

    #[test]
    fn a_file_gives_every_vector_back_and_one_that_is_not_whole_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        let faces = [2, 3, 70, 71, 900].map(face);
        KeptVectors::write(&path, VectorState(7), rows(&faces)).unwrap();
        let kept = KeptVectors::open(&path).unwrap();
        assert!(kept.state() == VectorState(7) && holds(&kept, &faces));
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

    /// Killed anywhere, what was there is there still; and who has the file open sees what it saw.
    #[test]
    fn later_faces_are_written_behind_and_count_once_all_of_them_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        let faces = [2, 3, 70, 71, 900, 901].map(face);
        KeptVectors::write(&path, VectorState(7), rows(&faces[..3])).unwrap();
        let (before, bytes) = (KeptVectors::open(&path).unwrap(), std::fs::read(&path).unwrap());
        assert!(before.append(&path, VectorState(8), rows(&faces[3..])).unwrap());
        let after = std::fs::read(&path).unwrap();
        let kept = KeptVectors::open(&path).unwrap();
        assert!(kept.state() == VectorState(8) && holds(&kept, &faces));
        assert!(holds(&before, &faces[..3]), "as it was opened");
        assert_eq!(after[HEAD..bytes.len()], bytes[HEAD..], "nothing is written twice");
        for end in bytes.len()..=after.len() {
            std::fs::write(&path, [&bytes[..HEAD], &after[HEAD..end]].concat()).unwrap();
            let kept = KeptVectors::open(&path).unwrap();
            assert!(kept.state() == VectorState(7) && holds(&kept, &faces[..3]), "killed at {end}");
        }
        assert!(KeptVectors::open(&path).unwrap().append(&path, VectorState(9), rows(&faces[5..])).unwrap());
        let kept = KeptVectors::open(&path).unwrap();
        assert!(kept.faces().len() == 4 && kept.embedding(FaceId(901)).is_some());
        assert!(!before.append(&path, VectorState(10), rows(&faces[3..])).unwrap(), "it is not that file any more");
    }
}
