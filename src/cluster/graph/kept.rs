//! A graph beside the file that it came from: what has come since is written behind what is there, a few lists for a few
//! faces. Once that is much, or faces have left, the file is made anew.

use std::io::{self, Write};
use std::path::Path;

use super::file_parts::{GraphFileError, Written, piece, read_all, read_with_more, write_all, write_more};
use super::neighbours::{NeighbourGraph, NodeKey, Reach};
use super::rows::VectorRows;
use super::update::GraphChange;
use crate::cluster::ClusterError;
use crate::types::Cancel;

/// Behind a file comes at most this share of it.
const MOST_BEHIND: u64 = 2;

#[derive(Debug)]
pub(crate) struct KeptGraph {
    graph: NeighbourGraph,
    /// What of it is in the file; none where there is none of use.
    written: Option<Written>,
    change: GraphChange,
}

impl KeptGraph {
    pub fn empty(reach: Reach, dimensions: usize) -> Self {
        Self { graph: NeighbourGraph::empty(reach, dimensions), written: None, change: GraphChange::Everything }
    }

    /// What was not written behind to its end is left out.
    pub fn load(path: &Path) -> Result<Self, GraphFileError> {
        let (graph, written) = read_with_more(path, NeighbourGraph::read, NeighbourGraph::read_more)?;
        match graph.is_sound() {
            true => Ok(Self { graph, written: Some(written), change: GraphChange::Nothing }),
            false => Err(GraphFileError::Damaged),
        }
    }

    pub fn graph(&self) -> &NeighbourGraph {
        &self.graph
    }

    /// See [`NeighbourGraph::update`].
    pub fn update(
        &mut self,
        keys: &[NodeKey],
        vectors: VectorRows<'_>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), ClusterError> {
        let change = self.graph.update(keys, vectors, cancel, progress)?;
        self.change = match (std::mem::replace(&mut self.change, GraphChange::Everything), change) {
            (before, GraphChange::Nothing) => before,
            (GraphChange::Nothing, now) => now,
            _ => GraphChange::Everything,
        };
        Ok(())
    }

    /// Writes what the file does not have.
    pub fn keep(&self, path: &Path) -> Result<(), GraphFileError> {
        match (&self.written, &self.change) {
            (Some(_), GraphChange::Nothing) => return Ok(()),
            (Some(written), GraphChange::Behind { first, lists }) => {
                let mut more = Vec::new();
                self.graph.write_more(*first, lists, &mut more)?;
                if written.with(&more) <= written.base + written.base / MOST_BEHIND && write_more(path, written, &more)?
                {
                    return Ok(());
                }
            }
            _ => {}
        }
        self.graph.save(path)
    }
}

impl NeighbourGraph {
    /// The nodes from `first` on, and these lists.
    fn write_more(&self, first: usize, lists: &[u32], out: &mut dyn Write) -> io::Result<()> {
        let keys = &self.keys[first..];
        out.write_all(&(first as u64).to_le_bytes())?;
        out.write_all(&(keys.len() as u64).to_le_bytes())?;
        out.write_all(&(lists.len() as u64).to_le_bytes())?;
        write_all(out, keys.iter().map(|key| key.face.to_le_bytes()))?;
        write_all(out, keys.iter().map(|key| key.vector.to_le_bytes()))?;
        write_all(out, lists.iter().map(|node| node.to_le_bytes()))?;
        let nodes = || lists.iter().map(|&node| node as usize);
        write_all(out, nodes().map(|node| self.counts[node].to_le_bytes()))?;
        write_all(out, nodes().map(|node| self.radii[node].to_le_bytes()))?;
        write_all(out, nodes().flat_map(|node| self.neighbours(node)).map(|(id, _)| id.to_le_bytes()))?;
        write_all(out, nodes().flat_map(|node| self.neighbours(node)).map(|(_, distance)| distance.to_le_bytes()))
    }

    fn read_more(&mut self, mut more: &[u8]) -> Result<(), GraphFileError> {
        let length = more.len() as u64;
        let from = &mut more;
        let [first, new, lists] = [(); 3].map(|()| piece(from).map(u64::from_le_bytes));
        let (first, new, lists) = (first?, new?, lists?);
        // Nothing is set aside for more than there can be.
        if first != self.len() as u64 || new > length / 16 || lists > length / 12 {
            return Err(GraphFileError::Damaged);
        }
        let (new, lists) = (new as usize, lists as usize);
        let faces = read_all(from, new, i64::from_le_bytes)?;
        let prints = read_all(from, new, u64::from_le_bytes)?;
        let nodes = read_all(from, lists, u32::from_le_bytes)?;
        let counts = read_all(from, lists, u32::from_le_bytes)?;
        let radii = read_all(from, lists, f32::from_le_bytes)?;
        let listed: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let are_too_long = counts.iter().any(|&count| count as usize > self.reach.neighbours);
        if are_too_long || nodes.iter().any(|&node| node as usize >= self.len() + new) || listed > length / 8 {
            return Err(GraphFileError::Damaged);
        }
        let ids = read_all(from, listed as usize, u32::from_le_bytes)?;
        let distances = read_all(from, listed as usize, f32::from_le_bytes)?;
        let mut keys = std::mem::take(&mut self.keys);
        keys.extend(faces.into_iter().zip(prints).map(|(face, vector)| NodeKey { face, vector }));
        self.grow(keys);
        let mut pairs = distances.into_iter().zip(ids);
        for ((node, count), radius) in nodes.into_iter().zip(counts).zip(radii) {
            let list: Vec<(f32, u32)> = pairs.by_ref().take(count as usize).collect();
            self.set(node as usize, &list, radius);
        }
        if from.is_empty() { Ok(()) } else { Err(GraphFileError::Damaged) }
    }
}
