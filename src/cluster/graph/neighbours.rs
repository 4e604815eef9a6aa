//! The neighbour graph: for each face the nearest others within a limit, and how far everybody near it is known.

use std::sync::Mutex;

use rayon::prelude::*;

use super::kernels::{ByteProduct, Kernel};
use super::quantised::Quantised;
use super::rows::VectorRows;
use super::search::{NearPair, NearestLists, Product, TILE};
use crate::cluster::ClusterError;
use crate::types::Cancel;

/// How far the graph sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reach {
    /// Neighbours of a face at most.
    pub neighbours: usize,
    /// No farther than this, in D.
    pub limit: f32,
}

/// What a node of the graph stands for: a face, and the vector it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NodeKey {
    pub face: i64,
    pub vector: u64,
}

/// Whoever is not in a face's list is at least as far as its radius.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NeighbourGraph {
    pub(super) reach: Reach,
    pub(super) dimensions: usize,
    pub(super) keys: Vec<NodeKey>,
    /// `reach.neighbours` places a node, the first `counts` of them taken, the nearest first.
    pub(super) ids: Vec<u32>,
    pub(super) distances: Vec<f32>,
    pub(super) counts: Vec<u32>,
    /// The limit, or where the list was cut the distance of its last.
    pub(super) radii: Vec<f32>,
}

impl NeighbourGraph {
    pub fn empty(reach: Reach, dimensions: usize) -> Self {
        let reach = Reach { neighbours: reach.neighbours.max(1), ..reach };
        let (ids, distances, counts, radii) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { reach, dimensions, keys: Vec::new(), ids, distances, counts, radii }
    }

    /// Every pair is looked at once. `progress` is told how many tiles of how many are done.
    pub fn build(
        reach: Reach,
        keys: Vec<NodeKey>,
        vectors: VectorRows<'_>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, ClusterError> {
        Self::build_with(Kernel::detect(), reach, keys, vectors, cancel, progress)
    }

    pub(super) fn build_with(
        kernel: Kernel,
        reach: Reach,
        keys: Vec<NodeKey>,
        vectors: VectorRows<'_>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, ClusterError> {
        check(keys.len(), vectors)?;
        let mut graph = Self::empty(reach, vectors.dimensions());
        let nearest = all_pairs(kernel, graph.reach, vectors, cancel, progress)?;
        graph.grow(keys);
        for (block, mut rows) in nearest.into_iter().enumerate() {
            for row in 0..rows.lists.len() {
                let (list, radius) = rows.take(row);
                graph.set(block * TILE + row, &list, radius);
            }
        }
        Ok(graph)
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn reach(&self) -> Reach {
        self.reach
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub fn keys(&self) -> &[NodeKey] {
        &self.keys
    }

    /// The neighbours of a node, the nearest first, with their distances.
    pub fn neighbours(&self, node: usize) -> impl Iterator<Item = (u32, f32)> {
        let (start, count) = (node * self.reach.neighbours, self.counts[node] as usize);
        self.ids[start..][..count].iter().copied().zip(self.distances[start..][..count].iter().copied())
    }

    /// Whoever is not in the list is at least so far.
    pub fn radius(&self, node: usize) -> f32 {
        self.radii[node]
    }

    /// Neighbours listed in all, each pair once or twice.
    pub fn listed(&self) -> usize {
        self.counts.iter().map(|&count| count as usize).sum()
    }

    pub(super) fn grow(&mut self, keys: Vec<NodeKey>) {
        let nodes = keys.len();
        self.keys = keys;
        self.ids.resize(nodes * self.reach.neighbours, 0);
        self.distances.resize(nodes * self.reach.neighbours, 0.0);
        self.counts.resize(nodes, 0);
        self.radii.resize(nodes, self.reach.limit);
    }

    pub(super) fn set(&mut self, node: usize, list: &[(f32, u32)], radius: f32) {
        let start = node * self.reach.neighbours;
        for (place, &(distance, id)) in list.iter().enumerate() {
            (self.ids[start + place], self.distances[start + place]) = (id, distance);
        }
        self.counts[node] = list.len() as u32;
        self.radii[node] = radius;
    }

    /// One more neighbour, in its place. The last makes room.
    pub(super) fn insert(&mut self, node: usize, id: u32, distance: f32) {
        let (start, count) = (node * self.reach.neighbours, self.counts[node] as usize);
        let list = self.distances[start..][..count].iter().zip(&self.ids[start..][..count]);
        let place = list.take_while(|&(&d, &i)| (d, i) < (distance, id)).count();
        let is_full = count == self.reach.neighbours;
        if is_full && place == count {
            self.radii[node] = self.radii[node].min(self.distances[start + count - 1]);
            return;
        }
        let end = if is_full { count - 1 } else { count };
        self.ids.copy_within(start + place..start + end, start + place + 1);
        self.distances.copy_within(start + place..start + end, start + place + 1);
        (self.ids[start + place], self.distances[start + place]) = (id, distance);
        if is_full {
            self.radii[node] = self.radii[node].min(self.distances[start + count - 1]);
        } else {
            self.counts[node] += 1;
        }
    }
}

pub(super) fn check(keys: usize, vectors: VectorRows<'_>) -> Result<(), ClusterError> {
    match keys == vectors.len() {
        true => Ok(()),
        false => Err(ClusterError::Lengths { what: "vectors", faces: keys, given: vectors.len() }),
    }
}

/// Tiles between two looks at `cancel` and two reports.
const TILES_AT_ONCE: usize = 128;

fn all_pairs(
    kernel: Kernel,
    reach: Reach,
    vectors: VectorRows<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<NearestLists>, ClusterError> {
    let bytes = Quantised::new(vectors);
    let panels = bytes.panels();
    let distance = |a: usize, b: usize| vectors.distance(a, b);
    let product = Product { kernel, rows: &bytes, columns: &bytes, panels: &panels, distance: &distance };
    let count = vectors.len();
    let blocks: Vec<Mutex<NearestLists>> = (0..count.div_ceil(TILE))
        .map(|block| Mutex::new(NearestLists::new(TILE.min(count - block * TILE), reach.neighbours, reach.limit)))
        .collect();
    let tiles: Vec<(usize, usize)> = (0..blocks.len()).flat_map(|a| (a..blocks.len()).map(move |b| (a, b))).collect();
    let mut done = 0;
    for tiles_now in tiles.chunks(TILES_AT_ONCE) {
        if cancel.is_cancelled() {
            return Err(ClusterError::Cancelled);
        }
        tiles_now.par_iter().for_each_init(
            || (Vec::new(), Vec::new()),
            |(scratch, hits), &(a, b)| one_tile(&product, &blocks, (a, b), scratch, hits),
        );
        done += tiles_now.len();
        progress(done, tiles.len());
    }
    Ok(blocks.into_iter().map(|block| block.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())).collect())
}

/// Compares the rows of block `a` with those of block `b`, and tells both.
fn one_tile(
    product: &Product<'_>,
    blocks: &[Mutex<NearestLists>],
    (a, b): (usize, usize),
    scratch: &mut Vec<ByteProduct>,
    hits: &mut Vec<NearPair>,
) {
    let bounds = |block: usize| lock(&blocks[block]).bounds.clone();
    let (of_rows, of_columns) = (bounds(a), bounds(b));
    let range = |block: usize, rows: usize| block * TILE..block * TILE + rows;
    hits.clear();
    product.near(range(a, of_rows.len()), range(b, of_columns.len()), &of_rows, &of_columns, scratch, hits);
    hits.retain(|hit| a != b || hit.row < hit.column);
    let mut rows = lock(&blocks[a]);
    for hit in hits.iter() {
        rows.push(hit.row as usize - a * TILE, hit.distance, hit.column);
    }
    drop(rows);
    let mut columns = lock(&blocks[b]);
    for hit in hits.iter() {
        columns.push(hit.column as usize - b * TILE, hit.distance, hit.row);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What a vector is known again by.
pub(crate) fn fingerprint(vector: &[f32]) -> u64 {
    // Multiply and fold, as hashes for tables do: it must tell a re-embedded face from the old one, nobody attacks it.
    vector.iter().fold(0x9e37_79b9_7f4a_7c15, |hash: u64, value| {
        let mixed = u128::from(hash ^ u64::from(value.to_bits())) * 0xd6e8_feb8_6659_fd93;
        (mixed as u64) ^ ((mixed >> 64) as u64)
    })
}
