//! Faces to people where there are too many for a tree over all pairs: neighbours first, then a tree from them.
//!
//! * [`NeighbourGraph`]: for each face the nearest others within a limit, at most so many, and a radius within which
//!   nobody is missing. Products of bytes find the pairs, f32 measures them, and the measured error of the bytes sees to
//!   it that none is lost (`quantised`, `kernels`, `search`). It is updated by each scan (`update`) and kept as a file,
//!   behind which comes what is new (`kept`).
//! * [`graph_tree`]: average linkage from the lists, the same tree as over all pairs up to the limit (`average` says
//!   why), under the same constraints (`merging`).
//! * [`regroup_touched`]: what is known stays known; only what is new or newly told is placed (`touch`), and
//!   `touch::completed` goes on from there to the limit, for a look at other thresholds.
//! * `single`: single linkage. Complete linkage and Ward's are not here: the farthest pair of two groups, and a
//!   distance that grows with their sizes, lie beyond what neighbours within a limit can say.

mod ask;
mod average;
mod between;
mod file;
mod file_parts;
mod kept;
mod kernels;
mod merging;
mod neighbours;
mod quantised;
mod rows;
mod search;
mod single;
#[cfg(test)]
mod tests;
mod touch;
mod update;

pub(crate) use average::{TreePlan, TreeWork};
pub(crate) use between::nearest_between;
pub(crate) use file_parts::GraphFileError;
pub(crate) use kept::KeptGraph;
pub(crate) use neighbours::{NeighbourGraph, NodeKey, Reach, fingerprint};
pub(crate) use rows::VectorRows;
pub(crate) use single::single_tree;
pub(crate) use touch::{RememberedGroups, completed, facts_of_faces, regroup_touched};

use super::ClusterError;
use super::constraints::{Constraints, NumberedConstraints};
use super::dendrogram::Dendrogram;
use crate::types::Cancel;

/// The tree of average linkage up to the plan's limit.
pub(crate) fn graph_tree(
    graph: &NeighbourGraph,
    vectors: VectorRows<'_>,
    constraints: &Constraints,
    plan: TreePlan,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Dendrogram, TreeWork), ClusterError> {
    let facts = NumberedConstraints::new(constraints, vectors.len(), |a, b| vectors.distance(a, b))?;
    let task = average::TreeTask { vectors, facts: &facts, known: &[], only: None, plan };
    average::average_tree(graph, &task, cancel, progress)
}
