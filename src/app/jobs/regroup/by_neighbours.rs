//! Average linkage where there are too many faces to compare all of them with all others at each grouping: from each
//! face's neighbours, and from what was grouped before.

use std::collections::HashMap;

use super::files::{FoundToKeep, GroupingFiles};
use super::{Grouping, constraints};
use crate::cluster::graph::{
    KeptGraph, NodeKey, Reach, RememberedGroups, TreePlan, VectorRows, completed, facts_of_faces, fingerprint,
    graph_tree, regroup_touched, single_tree,
};
use crate::cluster::{ClusterError, Constraints, Dendrogram, Linkage};
use crate::library::GroupingInput;
use crate::types::{Cancel, SquaredDistance};

/// Neighbours are looked for somewhat farther than groups reach, so that a threshold can be raised without a new search.
const REACH: f32 = 1.3;
/// Who looks at other thresholds sees at least so much farther than groups reach.
const LEAST_REACH: f32 = 1.1;
/// No two unit vectors are farther apart.
const FARTHEST: f32 = 4.0;
/// Above so many faces shorter lists, for memory's sake.
const MANY_FACES: usize = 300_000;
/// Where a larger share of the faces has changed than one in so many, all are grouped anew.
const FEW: usize = 4;

/// How far a tree is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TreeExtent {
    /// As far as the groups at the threshold reach.
    Groups,
    /// As far as neighbours are known: other thresholds can be looked at.
    Neighbours,
}

/// A tree, and what is to be kept: nothing, where the files say all of it.
pub(super) struct NeighbourGrouping {
    pub tree: Dendrogram,
    /// The tree says nothing of thresholds beyond this.
    pub reach: f32,
    pub to_keep: Option<FoundToKeep>,
}

/// Average or single linkage.
pub(super) fn group(
    input: &GroupingInput,
    grouping: &Grouping,
    extent: TreeExtent,
    files: &GroupingFiles,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<NeighbourGrouping, ClusterError> {
    let faces = Faces::of(input)?;
    let threshold = SquaredDistance(grouping.threshold.0.min(FARTHEST));
    let least = match extent {
        TreeExtent::Groups => threshold.0,
        TreeExtent::Neighbours => (LEAST_REACH * threshold.0).min(FARTHEST),
    };
    match grouping.linkage {
        Linkage::Single => single(&faces, threshold, least, files, cancel, progress),
        _ => average(&faces, threshold, (extent, least), files, cancel, progress),
    }
}

fn average(
    faces: &Faces,
    threshold: SquaredDistance,
    (extent, least): (TreeExtent, f32),
    files: &GroupingFiles,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<NeighbourGrouping, ClusterError> {
    let before = files.groups().filter(|before| before.limit >= threshold.0);
    let is_same = |before: &&RememberedGroups| before.limit >= least && before.is_of(&faces.keys, &faces.facts);
    if let Some(before) = before.as_ref().filter(is_same) {
        return Ok(NeighbourGrouping { tree: before.tree(), reach: before.limit, to_keep: None });
    }
    let kept = faces.graph(files, threshold, least, cancel, progress)?;
    let graph = kept.graph();
    let (vectors, constraints, count) = (faces.vectors(), &faces.constraints, faces.keys.len());
    let mut progress = |done: usize, total: usize| progress((count + count * done / total.max(1)) / 2, count);
    let whole = TreePlan { limit: graph.reach().limit, slack: 0.0 };
    let (tree, reach) = match before.filter(|before| is_much_as(before, &faces.keys, &faces.facts)) {
        Some(before) => {
            let known = regroup_touched(graph, vectors, constraints, &before, threshold, cancel, &mut progress)?.tree;
            match extent {
                TreeExtent::Groups => (known, threshold.0),
                TreeExtent::Neighbours => {
                    let tree = completed(graph, vectors, constraints, &known, whole, cancel, &mut progress)?.0;
                    (tree, whole.limit)
                }
            }
        }
        None => (graph_tree(graph, vectors, constraints, whole, cancel, &mut progress)?.0, whole.limit),
    };
    let groups = RememberedGroups::new(faces.keys.clone(), faces.facts.clone(), reach, &tree);
    Ok(NeighbourGrouping { tree, reach, to_keep: Some(FoundToKeep { graph: kept, groups: Some(groups) }) })
}

/// Quick to make of the neighbours, so only these are kept.
fn single(
    faces: &Faces,
    threshold: SquaredDistance,
    least: f32,
    files: &GroupingFiles,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<NeighbourGrouping, ClusterError> {
    let kept = faces.graph(files, threshold, least, cancel, progress)?;
    let reach = kept.graph().reach().limit;
    let tree = single_tree(kept.graph(), faces.vectors(), &faces.constraints, reach, cancel)?;
    Ok(NeighbourGrouping { tree, reach, to_keep: Some(FoundToKeep { graph: kept, groups: None }) })
}

/// The faces as the graph has them.
struct Faces {
    /// All vectors, one behind the other, of so many dimensions each.
    values: Vec<f32>,
    dimensions: usize,
    keys: Vec<NodeKey>,
    constraints: Constraints,
    facts: Vec<u64>,
}

impl Faces {
    fn of(input: &GroupingInput) -> Result<Self, ClusterError> {
        let (values, dimensions) = values(input)?;
        let keys = input.faces.iter().zip(values.chunks_exact(dimensions));
        let keys: Vec<NodeKey> =
            keys.map(|(face, vector)| NodeKey { face: face.face_id.0, vector: fingerprint(vector) }).collect();
        let constraints = constraints(input);
        let facts = facts_of_faces(&constraints, &keys);
        Ok(Self { values, dimensions, keys, constraints, facts })
    }

    fn vectors(&self) -> VectorRows<'_> {
        VectorRows::new(&self.values, self.dimensions)
    }

    /// The neighbours, those that were kept brought up to date: half of the whole work.
    fn graph(
        &self,
        files: &GroupingFiles,
        threshold: SquaredDistance,
        least: f32,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<KeptGraph, ClusterError> {
        let count = self.keys.len();
        let mut kept = kept_graph(files, threshold, least, count, self.dimensions);
        kept.update(&self.keys, self.vectors(), cancel, &mut |done, total| {
            progress(count * done / total.max(1) / 2, count)
        })?;
        Ok(kept)
    }
}

/// The neighbours as they were kept, if they reach as far as they must; else none.
fn kept_graph(
    files: &GroupingFiles,
    threshold: SquaredDistance,
    least: f32,
    faces: usize,
    dimensions: usize,
) -> KeptGraph {
    let neighbours = if faces > MANY_FACES { 32 } else { 64 };
    let limit = (REACH * threshold.0).clamp(f32::MIN_POSITIVE, FARTHEST);
    let is_of_use = |kept: &KeptGraph| {
        let reach = kept.graph().reach();
        kept.graph().dimensions() == dimensions
            && reach.neighbours == neighbours
            && reach.limit >= least
            && reach.limit <= REACH * limit
    };
    let kept = files.neighbours().filter(is_of_use);
    kept.unwrap_or_else(|| KeptGraph::empty(Reach { neighbours, limit }, dimensions))
}

/// Whether most of the faces were grouped before, and nothing else was said of them since.
fn is_much_as(before: &RememberedGroups, keys: &[NodeKey], facts: &[u64]) -> bool {
    let known: HashMap<NodeKey, u64> = before.keys.iter().copied().zip(before.facts.iter().copied()).collect();
    let changed = keys.iter().zip(facts).filter(|(key, fact)| known.get(key) != Some(fact)).count();
    changed * FEW <= keys.len()
}

/// All vectors one behind the other, and the length of each.
fn values(input: &GroupingInput) -> Result<(Vec<f32>, usize), ClusterError> {
    let first = input.faces.first().map_or(1, |face| face.embedding.dimensions());
    let mut values = Vec::with_capacity(input.faces.len() * first);
    for face in &input.faces {
        let other = face.embedding.dimensions();
        if other != first {
            return Err(ClusterError::MixedDimensions { first, other });
        }
        values.extend_from_slice(face.embedding.as_slice());
    }
    Ok((values, first))
}
