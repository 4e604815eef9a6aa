//! Average linkage where there are too many faces to compare all of them with all others at each grouping: from each
//! face's neighbours, and from what was grouped before.

use std::collections::HashMap;

use super::COPIES;
use super::files::GroupingFiles;
use crate::cluster::graph::{
    NeighbourGraph, NodeKey, Reach, RememberedGroups, TreePlan, VectorRows, facts_of_faces, fingerprint, graph_tree,
    regroup_touched,
};
use crate::cluster::{ClusterError, Constraints, Dendrogram};
use crate::library::GroupingInput;
use crate::types::{Cancel, SquaredDistance};

/// Neighbours are looked for somewhat farther than groups reach, so that a threshold can be raised without a new search.
const REACH: f32 = 1.3;
/// No two unit vectors are farther apart.
const FARTHEST: f32 = 4.0;
/// Above so many faces shorter lists, for memory's sake.
const MANY_FACES: usize = 300_000;
/// Where a larger share of the faces has changed than one in so many, all are grouped anew.
const FEW: usize = 4;

/// The tree up to the threshold at least, and what is to be kept once its groups are applied: nothing, where the files
/// say all of it.
pub(super) struct NeighbourGrouping {
    pub tree: Dendrogram,
    pub to_keep: Option<(NeighbourGraph, RememberedGroups)>,
}

pub(super) fn group(
    input: &GroupingInput,
    threshold: SquaredDistance,
    files: &GroupingFiles,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<NeighbourGrouping, ClusterError> {
    let (values, dimensions) = values(input)?;
    let vectors = VectorRows::new(&values, dimensions);
    let keys = input.faces.iter().zip(values.chunks_exact(dimensions));
    let keys: Vec<NodeKey> =
        keys.map(|(face, vector)| NodeKey { face: face.face_id.0, vector: fingerprint(vector) }).collect();
    let constraints = constraints(input);
    let facts = facts_of_faces(&constraints, &keys);
    let threshold = SquaredDistance(threshold.0.min(FARTHEST));
    let before = files.groups().filter(|before| before.limit >= threshold.0);
    if let Some(before) = before.as_ref().filter(|before| before.is_of(&keys, &facts)) {
        return Ok(NeighbourGrouping { tree: before.tree(), to_keep: None });
    }
    let mut graph = kept_graph(files, threshold, keys.len(), dimensions);
    // Neighbours first, then the tree: each half of the way.
    let faces = keys.len();
    graph.update(&keys, vectors, cancel, &mut |done, total| progress(faces * done / total.max(1) / 2, faces))?;
    let mut progress = |done: usize, total: usize| progress((faces + faces * done / total.max(1)) / 2, faces);
    let (tree, limit) = match before.filter(|before| is_much_as(before, &keys, &facts)) {
        Some(before) => {
            let found = regroup_touched(&graph, vectors, &constraints, &before, threshold, cancel, &mut progress)?;
            (found.tree, threshold.0)
        }
        None => {
            let plan = TreePlan { limit: graph.reach().limit, slack: 0.0 };
            (graph_tree(&graph, vectors, &constraints, plan, cancel, &mut progress)?.0, plan.limit)
        }
    };
    let groups = RememberedGroups::new(keys, facts, limit, &tree);
    Ok(NeighbourGrouping { tree, to_keep: Some((graph, groups)) })
}

/// The neighbours as they were kept, if they reach as far as they must; else none.
fn kept_graph(files: &GroupingFiles, threshold: SquaredDistance, faces: usize, dimensions: usize) -> NeighbourGraph {
    let neighbours = if faces > MANY_FACES { 32 } else { 64 };
    let limit = (REACH * threshold.0).clamp(f32::MIN_POSITIVE, FARTHEST);
    let is_of_use = |graph: &NeighbourGraph| {
        let reach = graph.reach();
        graph.dimensions() == dimensions
            && reach.neighbours == neighbours
            && reach.limit >= threshold.0
            && reach.limit <= REACH * limit
    };
    let kept = files.neighbours().filter(is_of_use);
    kept.unwrap_or_else(|| NeighbourGraph::empty(Reach { neighbours, limit }, dimensions))
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

/// As for a tree over all pairs, but without a list of the pairs that must not meet.
fn constraints(input: &GroupingInput) -> Constraints {
    let faces = input.faces.iter().enumerate();
    Constraints {
        photos: input.faces.iter().map(|face| face.photo_id).collect(),
        confirmed: input.confirmed(),
        copies: Some(COPIES),
        apart: Vec::new(),
        groups: input.groups(),
        different: input.different.clone(),
        rejected: faces.flat_map(|(place, face)| face.rejected.iter().map(move |&person| (place, person))).collect(),
    }
}
