//! The graph as a file: a cache that can be made again from the library at any time. Little-endian, with a version and a
//! SHA-256 over all of it; whatever is not whole, or not of this version, is refused and made anew. What stands behind is
//! written and read by `kept`.

use std::io::{self, Read, Write};
use std::path::Path;

use super::file_parts::{GraphFileError, piece, read_all, torn, write_all, write_whole};
use super::neighbours::{NeighbourGraph, NodeKey, Reach};

const MAGIC: &[u8; 8] = b"LKNGRAPH";
const VERSION: u32 = 1;

impl NeighbourGraph {
    /// Writes beside `path`, then puts it in its place: a reader sees the old graph or the new one.
    pub fn save(&self, path: &Path) -> Result<(), GraphFileError> {
        write_whole(path, |out| self.write(out))
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&(self.dimensions as u32).to_le_bytes())?;
        out.write_all(&(self.reach.neighbours as u32).to_le_bytes())?;
        out.write_all(&self.reach.limit.to_le_bytes())?;
        out.write_all(&(self.len() as u64).to_le_bytes())?;
        write_all(out, self.keys.iter().map(|key| key.face.to_le_bytes()))?;
        write_all(out, self.keys.iter().map(|key| key.vector.to_le_bytes()))?;
        write_all(out, self.counts.iter().map(|count| count.to_le_bytes()))?;
        write_all(out, self.radii.iter().map(|radius| radius.to_le_bytes()))?;
        // Of each list only what is taken.
        write_all(out, self.taken(&self.ids).map(|id| id.to_le_bytes()))?;
        write_all(out, self.taken(&self.distances).map(|distance| distance.to_le_bytes()))
    }

    fn taken<'a, T: Copy>(&'a self, of: &'a [T]) -> impl Iterator<Item = T> + 'a {
        let lists = of.chunks_exact(self.reach.neighbours).zip(&self.counts);
        lists.flat_map(|(list, &count)| list[..count as usize].iter().copied())
    }

    pub(super) fn read(from: &mut dyn Read, length: u64) -> Result<Self, GraphFileError> {
        let mut magic = [0; 8];
        from.read_exact(&mut magic).map_err(torn)?;
        if magic != *MAGIC || u32::from_le_bytes(piece(from)?) != VERSION {
            return Err(GraphFileError::Foreign);
        }
        let dimensions = u32::from_le_bytes(piece(from)?) as usize;
        let neighbours = u32::from_le_bytes(piece(from)?) as usize;
        let limit = f32::from_le_bytes(piece(from)?);
        let nodes = u64::from_le_bytes(piece(from)?);
        // Nothing is set aside for more nodes than the file can hold.
        const LEAST_BYTES_OF_NODE: u64 = 24;
        if neighbours == 0 || nodes > length / LEAST_BYTES_OF_NODE || neighbours as u64 > length {
            return Err(GraphFileError::Damaged);
        }
        let nodes = nodes as usize;
        let faces = read_all(from, nodes, i64::from_le_bytes)?;
        let prints = read_all(from, nodes, u64::from_le_bytes)?;
        let counts = read_all(from, nodes, u32::from_le_bytes)?;
        let radii = read_all(from, nodes, f32::from_le_bytes)?;
        let listed: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        if counts.iter().any(|&count| count as usize > neighbours) || listed > length / 8 {
            return Err(GraphFileError::Damaged);
        }
        let ids = read_all(from, listed as usize, u32::from_le_bytes)?;
        let distances = read_all(from, listed as usize, f32::from_le_bytes)?;
        let mut graph = Self::empty(Reach { neighbours, limit }, dimensions);
        graph.grow(faces.into_iter().zip(prints).map(|(face, vector)| NodeKey { face, vector }).collect());
        let mut at = 0;
        for (node, &count) in counts.iter().enumerate() {
            let (start, count) = (node * neighbours, count as usize);
            graph.ids[start..][..count].copy_from_slice(&ids[at..][..count]);
            graph.distances[start..][..count].copy_from_slice(&distances[at..][..count]);
            at += count;
        }
        (graph.counts, graph.radii) = (counts, radii);
        Ok(graph)
    }

    /// No neighbour that is not there: what a checksum does not say of a file made elsewhere.
    pub(super) fn is_sound(&self) -> bool {
        let nodes = self.len();
        self.taken(&self.ids).all(|id| (id as usize) < nodes) && self.taken(&self.distances).all(f32::is_finite)
    }
}
