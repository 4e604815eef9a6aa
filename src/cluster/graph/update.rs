//! A graph kept up to date: faces that are gone leave it, new ones are compared with all, the rest stays as it is.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use super::kernels::Kernel;
use super::neighbours::{NeighbourGraph, NodeKey, check};
use super::quantised::Quantised;
use super::rows::VectorRows;
use super::search::{NearPair, NearestLists, Product, TILE};
use crate::cluster::ClusterError;
use crate::types::Cancel;

/// What an update made of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GraphChange {
    Nothing,
    /// Nodes came behind the others, which are in their places: the first one, and all lists that are new or others.
    Behind {
        first: usize,
        lists: Vec<u32>,
    },
    Everything,
}

impl NeighbourGraph {
    /// Makes it the graph of exactly these faces, in their order. On an error it is as it was.
    pub fn update(
        &mut self,
        keys: &[NodeKey],
        vectors: VectorRows<'_>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<GraphChange, ClusterError> {
        check(keys.len(), vectors)?;
        if self.keys == keys {
            return Ok(GraphChange::Nothing);
        }
        let old: HashMap<NodeKey, u32> = self.keys.iter().copied().zip(0..).collect();
        let before: Vec<Option<u32>> = keys.iter().map(|key| old.get(key).copied()).collect();
        // Also those that had another vector.
        let new: Vec<u32> = (0..).zip(&before).filter(|(_, before)| before.is_none()).map(|(node, _)| node).collect();
        if new.len() > keys.len() / 2 {
            *self = Self::build(self.reach, keys.to_vec(), vectors, cancel, progress)?;
            return Ok(GraphChange::Everything);
        }
        let first = self.len();
        let are_behind = keys.starts_with(&self.keys);
        let mut graph = if are_behind { self.with_behind(keys) } else { self.moved(keys, &before) };
        let thin = graph.thin(&before);
        let mut lists = graph.compare(&new, thin, vectors, cancel, progress)?;
        lists.sort_unstable();
        lists.dedup();
        *self = graph;
        Ok(if are_behind { GraphChange::Behind { first, lists } } else { GraphChange::Everything })
    }

    /// The new ones have no neighbours yet.
    fn with_behind(&self, keys: &[NodeKey]) -> Self {
        let mut graph = self.clone();
        graph.grow(keys.to_vec());
        graph
    }

    /// The old nodes in their new places; the new ones have no neighbours yet.
    fn moved(&self, keys: &[NodeKey], before: &[Option<u32>]) -> Self {
        let mut now = vec![None; self.len()];
        for (node, before) in before.iter().enumerate() {
            if let Some(before) = before {
                now[*before as usize] = Some(node as u32);
            }
        }
        let mut graph = Self::empty(self.reach, self.dimensions);
        graph.grow(keys.to_vec());
        let mut list: Vec<(f32, u32)> = Vec::new();
        for (node, before) in before.iter().enumerate() {
            let Some(before) = *before else { continue };
            list.clear();
            list.extend(self.neighbours(before as usize).filter_map(|(id, d)| now[id as usize].map(|id| (d, id))));
            graph.set(node, &list, self.radius(before as usize));
        }
        graph
    }

    /// Old nodes whose list was cut and is now less than half full.
    fn thin(&self, before: &[Option<u32>]) -> Vec<u32> {
        let is_thin = |&node: &usize| {
            let is_cut = self.radii[node] < self.reach.limit;
            before[node].is_some() && is_cut && (self.counts[node] as usize) < self.reach.neighbours.div_ceil(2)
        };
        (0..self.len()).filter(is_thin).map(|node| node as u32).collect()
    }

    /// Compares new and thin nodes with all. Returns whose lists are others now.
    fn compare(
        &mut self,
        new: &[u32],
        thin: Vec<u32>,
        vectors: VectorRows<'_>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<u32>, ClusterError> {
        let asked: Vec<u32> = new.iter().copied().chain(thin).collect();
        if asked.is_empty() {
            return Ok(asked);
        }
        let values: Vec<f32> = asked.iter().flat_map(|&node| vectors.row(node as usize)).copied().collect();
        let columns = Quantised::new(vectors);
        let rows = Quantised::with_step(VectorRows::new(&values, vectors.dimensions()), columns.step);
        let panels = columns.panels();
        let distance = |row: usize, column: usize| vectors.distance(asked[row] as usize, column);
        let kernel = Kernel::detect();
        let product = Product { kernel, rows: &rows, columns: &columns, panels: &panels, distance: &distance };
        // A new face may be a neighbour of an old one; the old ones know each other.
        let mut column_bounds = self.radii.clone();
        asked.iter().for_each(|&node| column_bounds[node as usize] = -1.0);
        let (mut done, mut changed) = (0, asked.clone());
        for (block, asked_now) in asked.chunks(TILE).enumerate() {
            if cancel.is_cancelled() {
                return Err(ClusterError::Cancelled);
            }
            let (mut nearest, for_others) = self.rows_by_all(&product, block * TILE, asked_now, &column_bounds);
            changed.extend(self.tell_others(for_others, &asked, new.len()));
            for (row, &node) in asked_now.iter().enumerate() {
                let (list, radius) = nearest.take(row);
                self.set(node as usize, &list, radius);
            }
            done += asked_now.len();
            progress(done, asked.len());
        }
        Ok(changed)
    }

    /// Old nodes that new ones are near to; the first `new` of those who asked are new. Returns who was told.
    fn tell_others(&mut self, mut pairs: Vec<NearPair>, asked: &[u32], new: usize) -> Vec<u32> {
        let mut told = Vec::new();
        // In one order, whoever computed what.
        pairs.sort_unstable_by_key(|pair| (pair.column, pair.row));
        for pair in pairs.iter().filter(|pair| (pair.row as usize) < new) {
            let (node, distance) = (pair.column as usize, pair.distance);
            if distance <= self.radii[node] {
                self.insert(node, asked[pair.row as usize], distance);
                told.push(pair.column);
            }
        }
        told
    }

    /// Some rows by all columns, in parallel over the columns.
    fn rows_by_all(
        &self,
        product: &Product<'_>,
        first: usize,
        asked: &[u32],
        column_bounds: &[f32],
    ) -> (NearestLists, Vec<NearPair>) {
        let count = column_bounds.len();
        let share = (count.div_ceil(TILE)).div_ceil(rayon::current_num_threads()).max(1) * TILE;
        let parts: Vec<(NearestLists, Vec<NearPair>)> = (0..count.div_ceil(share))
            .into_par_iter()
            .map(|part| {
                self.rows_by_some(product, first, asked, column_bounds, part * share..count.min((part + 1) * share))
            })
            .collect();
        let mut all = NearestLists::new(asked.len(), self.reach.neighbours, self.reach.limit);
        let mut others = Vec::new();
        for (part, for_others) in parts {
            all.absorb(part);
            others.extend(for_others);
        }
        (all, others)
    }

    fn rows_by_some(
        &self,
        product: &Product<'_>,
        first: usize,
        asked: &[u32],
        column_bounds: &[f32],
        part: Range<usize>,
    ) -> (NearestLists, Vec<NearPair>) {
        let mut nearest = NearestLists::new(asked.len(), self.reach.neighbours, self.reach.limit);
        let (mut scratch, mut hits, mut for_others) = (Vec::new(), Vec::new(), Vec::new());
        for start in part.clone().step_by(TILE) {
            let columns = start..part.end.min(start + TILE);
            hits.clear();
            let (bounds, wanted) = (nearest.bounds.clone(), &column_bounds[columns.clone()]);
            product.near(first..first + asked.len(), columns, &bounds, wanted, &mut scratch, &mut hits);
            for hit in &hits {
                let row = hit.row as usize - first;
                if asked[row] != hit.column {
                    nearest.push(row, hit.distance, hit.column);
                }
                if hit.distance <= column_bounds[hit.column as usize] {
                    for_others.push(*hit);
                }
            }
        }
        (nearest, for_others)
    }
}
