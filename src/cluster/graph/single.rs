//! Single linkage: the graph's pairs from the nearest on, each a merge unless the two are one already or must not meet.
//!
//! Exact for pairs that a list holds. Where lists were cut, two large groups that are near in a few places only may stay
//! two: a missing pair is farther than every neighbour that both its faces list.

use super::merging::MergingClusters;
use super::neighbours::NeighbourGraph;
use super::rows::VectorRows;
use crate::cluster::ClusterError;
use crate::cluster::constraints::{Constraints, NumberedConstraints};
use crate::cluster::dendrogram::Dendrogram;
use crate::types::Cancel;

/// Pairs between two looks at `cancel`.
const PAIRS_PER_QUESTION: usize = 4096;

pub(crate) fn single_tree(
    graph: &NeighbourGraph,
    vectors: VectorRows<'_>,
    constraints: &Constraints,
    limit: f32,
    cancel: &Cancel,
) -> Result<Dendrogram, ClusterError> {
    let facts = NumberedConstraints::new(constraints, vectors.len(), |a, b| vectors.distance(a, b))?;
    let mut forest = MergingClusters::new(vectors, &facts);
    for faces in &facts.people {
        for &face in &faces[1..] {
            // Whatever else is said: a mirror shows one person twice in a photo.
            let (a, b) = (forest.cluster_of[faces[0]], forest.cluster_of[face]);
            forest.merge(a, b, 0.0);
        }
    }
    for (count, (distance, a, b)) in pairs(graph, limit).into_iter().enumerate() {
        if count % PAIRS_PER_QUESTION == 0 && cancel.is_cancelled() {
            return Err(ClusterError::Cancelled);
        }
        let (a, b) = (forest.cluster_of[a as usize], forest.cluster_of[b as usize]);
        if a != b && forest.may_meet(a, b) {
            forest.merge(a, b, distance);
        }
    }
    Ok(Dendrogram::new(vectors.len(), forest.steps))
}

/// Each listed pair once, the nearest first.
fn pairs(graph: &NeighbourGraph, limit: f32) -> Vec<(f32, u32, u32)> {
    let mut pairs = Vec::with_capacity(graph.listed() / 2);
    for a in 0..graph.len() as u32 {
        let near = graph.neighbours(a as usize).take_while(|&(_, distance)| distance <= limit);
        let is_new = |&(b, _): &(u32, f32)| a < b || graph.neighbours(b as usize).all(|(other, _)| other != a);
        pairs.extend(near.filter(is_new).map(|(b, distance)| (distance, a, b)));
    }
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs
}
