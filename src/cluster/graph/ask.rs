//! All clusters left, asked for the nearest of some of them.

use rayon::prelude::*;

use super::kernels::Kernel;
use super::merging::{MergingClusters, NONE};
use super::quantised::{Panels, Quantised};
use super::rows::{VectorRows, distance_of, dot};
use super::search::{NearPair, NearestLists, Product, TILE};
use crate::cluster::ClusterError;
use crate::types::Cancel;

/// Neighbours that an answer lists at most.
const ANSWERS: usize = 48;
/// VectorRows that one thread takes at once.
const ROWS: usize = 256;

/// Those who may answer, in bytes; kept from one round to the next.
pub(super) struct Answering {
    /// The cluster of each column, or none any more.
    ids: Vec<u32>,
    left: usize,
    bytes: Quantised,
    panels: Panels,
    /// When the columns were last brought up to date.
    clock: u32,
}

/// A list of neighbours, and how far it can be trusted.
pub(super) type ClusterAnswer = (Vec<(u32, f32)>, f32);

impl Answering {
    fn new(forest: &MergingClusters<'_>, ids: Vec<u32>, clock: u32) -> Self {
        let dimensions = forest.dimensions();
        let mut values = vec![0.0_f32; ids.len() * dimensions];
        let rows = values.par_chunks_mut(dimensions).zip(&ids).with_min_len(256);
        rows.for_each(|(row, &id)| row.copy_from_slice(forest.mean(id)));
        let bytes = Quantised::new(VectorRows::new(&values, dimensions));
        let panels = bytes.panels();
        Self { left: ids.len(), ids, bytes, panels, clock }
    }

    /// Brings `kept` up to date: `may_answer` says which clusters are left, `changed` when each last merged.
    pub fn update(
        kept: Option<Self>,
        forest: &MergingClusters<'_>,
        may_answer: impl Fn(u32) -> bool,
        changed: &[u32],
        clock: u32,
    ) -> Self {
        if let Some(mut kept) = kept {
            kept.follow(forest, &may_answer, changed);
            if kept.left * 2 >= kept.ids.len() {
                kept.clock = clock;
                return kept;
            }
        }
        Self::new(forest, (0..forest.len() as u32).filter(|&id| may_answer(id)).collect(), clock)
    }

    fn follow(&mut self, forest: &MergingClusters<'_>, may_answer: &impl Fn(u32) -> bool, changed: &[u32]) {
        for (column, id) in self.ids.iter_mut().enumerate().filter(|(_, id)| **id != NONE) {
            if !may_answer(*id) {
                *id = NONE;
                self.left -= 1;
            } else if changed[*id as usize] > self.clock {
                self.bytes.set(column, forest.mean(*id));
                self.panels.set(column, self.bytes.row(column));
            }
        }
    }

    pub fn len(&self) -> usize {
        self.left
    }

    /// For each of those who ask the nearest clusters that it may meet, and how far they are known.
    pub fn ask(
        &self,
        forest: &MergingClusters<'_>,
        asking: &[u32],
        limit: f32,
        cancel: &Cancel,
    ) -> Result<Vec<ClusterAnswer>, ClusterError> {
        let rows = ROWS.min(asking.len().div_ceil(rayon::current_num_threads())).max(1);
        let answers: Vec<Vec<ClusterAnswer>> =
            asking.par_chunks(rows).map(|asking| self.ask_some(forest, asking, limit, cancel)).collect();
        match cancel.is_cancelled() {
            true => Err(ClusterError::Cancelled),
            false => Ok(answers.into_iter().flatten().collect()),
        }
    }

    fn ask_some(
        &self,
        forest: &MergingClusters<'_>,
        asking: &[u32],
        limit: f32,
        cancel: &Cancel,
    ) -> Vec<ClusterAnswer> {
        let values: Vec<f32> = asking.iter().flat_map(|&id| forest.mean(id)).copied().collect();
        let rows = Quantised::with_step(VectorRows::new(&values, forest.dimensions()), self.bytes.step);
        let distance = |row: usize, column: usize| match self.ids[column] {
            NONE => f32::INFINITY,
            id => distance_of(dot(forest.mean(asking[row]), forest.mean(id))),
        };
        let (kernel, columns) = (Kernel::detect(), &self.bytes);
        let product = Product { kernel, rows: &rows, columns, panels: &self.panels, distance: &distance };
        let mut nearest = NearestLists::new(asking.len(), ANSWERS, limit);
        let (mut scratch, mut hits) = (Vec::new(), Vec::<NearPair>::new());
        for start in (0..self.ids.len()).step_by(TILE) {
            if cancel.is_cancelled() {
                return Vec::new();
            }
            hits.clear();
            let columns = start..self.ids.len().min(start + TILE);
            product.near(0..asking.len(), columns, &nearest.bounds.clone(), &[], &mut scratch, &mut hits);
            for hit in &hits {
                let (row, id) = (hit.row as usize, self.ids[hit.column as usize]);
                if id != asking[row] && hit.distance <= nearest.bounds[row] && forest.may_meet(asking[row], id) {
                    nearest.push(row, hit.distance, id);
                }
            }
        }
        let answers = (0..asking.len()).map(|row| nearest.take(row));
        answers
            .map(|(list, radius)| (list.into_iter().map(|(distance, id)| (id, distance)).collect(), radius))
            .collect()
    }
}
