//! Average linkage from neighbour lists, as exact as the tree over all pairs.
//!
//! Each cluster A has a list and a radius R(A): whoever is not in the list, and may meet A, is at least R(A) away. The
//! mean distance to a merged cluster is the weighted mean of those to its parts. So when A and B merge, their lists are
//! united and their radii averaged by size, and the promise holds; it holds, too, when clusters not in the list merge
//! with each other. A nearest neighbour from the list that is no farther than the radius is therefore the nearest of
//! all. Only where there is none, and the radius is below the limit, all clusters left are asked: in batches, by products
//! of bytes. Distances are measured from means (see `means`), never estimated.
//!
//! Two clusters that are each other's nearest may merge at once, in any order, because no merger is nearer to a third
//! than the nearer of its parts was (Bruynooghe 1977). With a `slack` s, a cluster takes a neighbour up to 1 + s times as
//! far as its radius, as in Dhulipala et al. 2023 (TeraHAC): fewer questions, and each merge within 1 + s of the nearest.

use super::ask::Answering;
use super::merging::{MergingClusters, NONE};
use super::neighbours::NeighbourGraph;
use super::rows::VectorRows;
use crate::cluster::ClusterError;
use crate::cluster::constraints::NumberedConstraints;
use crate::cluster::dendrogram::{Dendrogram, Step};
use crate::types::Cancel;

/// What it took to make a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TreeWork {
    /// How often all clusters were asked for their nearest.
    pub rounds: usize,
    /// Clusters that asked.
    pub asked: usize,
    /// Products of all rounds, in pairs of clusters.
    pub pairs: u64,
}

/// How to make a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TreePlan {
    /// No merge farther than this.
    pub limit: f32,
    /// 0: exact.
    pub slack: f32,
}

/// What a tree goes on from, and how far it goes.
pub(super) struct TreeTask<'a> {
    pub vectors: VectorRows<'a>,
    pub facts: &'a NumberedConstraints,
    /// Merges made before.
    pub known: &'a [Step],
    /// Only what these faces touch; all, where there is none.
    pub only: Option<&'a [u32]>,
    pub plan: TreePlan,
}

pub(super) fn average_tree(
    graph: &NeighbourGraph,
    task: &TreeTask<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Dendrogram, TreeWork), ClusterError> {
    let mut merger = Merger::new(graph, task);
    merger.join_confirmed();
    merger.begin(task.only);
    merger.run(cancel, progress)?;
    let faces = task.vectors.len();
    progress(faces, faces);
    Ok((Dendrogram::new(faces, merger.forest.steps), merger.work))
}

/// How many clusters are looked at between two looks at `cancel` and two reports.
const SCANS_PER_REPORT: usize = 4096;

struct Merger<'a> {
    graph: &'a NeighbourGraph,
    plan: TreePlan,
    forest: MergingClusters<'a>,
    /// The list of a cluster; of a face that never changed its list, that of the graph.
    lists: Vec<Option<Vec<(u32, f32)>>>,
    radii: Vec<f32>,
    nearest: Vec<NearestCluster>,
    /// Clusters whose nearest this one was when they last looked.
    followers: Vec<Vec<u32>>,
    /// When a cluster last merged, and when its list was last measured.
    changed: Vec<u32>,
    measured: Vec<u32>,
    clock: u32,
    /// The scan in which a cluster was last met.
    met: Vec<u32>,
    scan: u32,
    /// Clusters are looked at when somebody's nearest, not all of them.
    is_lazy: bool,
    todo: Vec<u32>,
    asking: Vec<u32>,
    answering: Option<Answering>,
    work: TreeWork,
}

#[derive(Clone, Copy)]
struct NearestCluster {
    cluster: u32,
    distance: f32,
    /// Nobody else in the list was nearer than this.
    second: f32,
    is_sure: bool,
    /// Nobody may be met within the limit, now or later.
    is_alone: bool,
}

const UNKNOWN: NearestCluster =
    NearestCluster { cluster: NONE, distance: 0.0, second: 0.0, is_sure: false, is_alone: false };

impl<'a> Merger<'a> {
    fn new(graph: &'a NeighbourGraph, task: &TreeTask<'a>) -> Self {
        let faces = task.vectors.len();
        let plan = TreePlan { limit: task.plan.limit.min(graph.reach().limit), slack: task.plan.slack.max(0.0) };
        let forest = match task.known {
            [] => MergingClusters::new(task.vectors, task.facts),
            known => MergingClusters::grown(task.vectors, task.facts, known),
        };
        // What has grown before knows nobody: it asks. Others know one of its faces, not its mean.
        let is_grown = |face: usize| forest.sizes[face] > 1;
        let changed = (0..faces).map(|face| u32::from(is_grown(face))).collect();
        Self {
            graph,
            plan,
            lists: (0..faces).map(|face| is_grown(face).then(Vec::new)).collect(),
            radii: (0..faces).map(|face| if is_grown(face) { 0.0 } else { graph.radius(face) }).collect(),
            forest,
            nearest: vec![UNKNOWN; faces],
            followers: vec![Vec::new(); faces],
            changed,
            measured: vec![0; faces],
            clock: 1,
            met: vec![0; faces],
            scan: 0,
            is_lazy: false,
            todo: Vec::new(),
            asking: Vec::new(),
            answering: None,
            work: TreeWork::default(),
        }
    }

    fn begin(&mut self, only: Option<&[u32]>) {
        self.is_lazy = only.is_some();
        self.todo = match only {
            Some(faces) => faces.iter().map(|&face| self.forest.cluster_of[face as usize]).collect(),
            None => (0..self.forest.len() as u32).filter(|&id| self.forest.is_cluster(id)).collect(),
        };
        self.todo.sort_unstable_by_key(|&id| std::cmp::Reverse(id));
        self.todo.dedup();
    }

    fn join_confirmed(&mut self) {
        let facts = self.forest.facts;
        for faces in &facts.people {
            for &face in &faces[1..] {
                let (a, b) = (self.forest.cluster_of[faces[0]], self.forest.cluster_of[face]);
                if a != b {
                    self.merge(a, b, 0.0);
                }
            }
        }
    }

    fn run(&mut self, cancel: &Cancel, progress: &mut dyn FnMut(usize, usize)) -> Result<(), ClusterError> {
        let faces = self.forest.len();
        let mut scans = 0;
        loop {
            while let Some(cluster) = self.todo.pop() {
                scans += 1;
                if scans % SCANS_PER_REPORT == 0 {
                    if cancel.is_cancelled() {
                        return Err(ClusterError::Cancelled);
                    }
                    progress(faces - self.forest.left, faces);
                }
                self.settle_nearest(cluster);
            }
            if self.ask(cancel)? {
                continue;
            }
            // Ties can go round in circles; the nearest two of all may always merge.
            match self.nearest_pair() {
                Some((a, b, distance)) => self.merge(a, b, distance),
                None => return Ok(()),
            }
        }
    }

    /// Finds the nearest of a cluster, and merges them where each is the other's.
    fn settle_nearest(&mut self, cluster: u32) {
        let known = self.nearest[cluster as usize];
        if !self.forest.is_cluster(cluster) || known.is_sure || known.is_alone {
            return;
        }
        match self.still_nearest(cluster).or_else(|| self.search(cluster)) {
            Some(found) => {
                self.nearest[cluster as usize] = found;
                let theirs = self.nearest[found.cluster as usize];
                if theirs.is_sure && theirs.cluster == cluster {
                    return self.merge(cluster, found.cluster, found.distance);
                }
                self.followers[found.cluster as usize].push(cluster);
                if self.is_lazy && !theirs.is_sure {
                    self.todo.push(found.cluster);
                }
            }
            None if self.radii[cluster as usize] >= self.plan.limit => self.nearest[cluster as usize].is_alone = true,
            None => self.asking.push(cluster),
        }
    }

    /// Where only the nearest has changed, and is still nearer than all others were, it is the nearest: they can only
    /// have come as near as the nearest of them was.
    fn still_nearest(&self, cluster: u32) -> Option<NearestCluster> {
        let known = self.nearest[cluster as usize];
        if known.cluster == NONE || self.changed[cluster as usize] > self.measured[cluster as usize] {
            return None;
        }
        let now = self.forest.cluster_of[known.cluster as usize];
        let distance = self.forest.distance(cluster, now);
        let is_nearest =
            distance < known.second && distance <= self.reach(cluster) && self.forest.may_meet(cluster, now);
        is_nearest.then_some(NearestCluster { cluster: now, distance, is_sure: true, ..known })
    }

    /// How far a cluster's list can be trusted.
    fn reach(&self, cluster: u32) -> f32 {
        (self.radii[cluster as usize] * (1.0 + self.plan.slack)).min(self.plan.limit)
    }

    /// Measures the list anew where something has changed, forgets what lies beyond its reach, and finds the nearest.
    fn search(&mut self, cluster: u32) -> Option<NearestCluster> {
        let reach = self.reach(cluster);
        let mut list = match self.lists[cluster as usize].take() {
            Some(list) => list,
            None => self.graph.neighbours(cluster as usize).collect(),
        };
        self.measure(cluster, reach, &mut list);
        let found = loop {
            let Some(place) = self.first(cluster, &list) else { break None };
            let (near, distance) = list[place];
            if self.forest.may_meet(cluster, near) {
                let others = list.iter().enumerate().filter(|&(other, _)| other != place);
                let second = others.map(|(_, &(_, distance))| distance).fold(reach, f32::min);
                break Some(NearestCluster { cluster: near, distance, second, is_sure: true, is_alone: false });
            }
            list.swap_remove(place);
        };
        self.lists[cluster as usize] = Some(list);
        found
    }

    fn measure(&mut self, cluster: u32, reach: f32, list: &mut Vec<(u32, f32)>) {
        self.scan += 1;
        let since = self.measured[cluster as usize];
        let is_changed = self.changed[cluster as usize] > since;
        list.retain_mut(|(id, distance)| {
            let now = self.forest.cluster_of[*id as usize];
            if now == cluster || self.met[now as usize] == self.scan {
                return false;
            }
            self.met[now as usize] = self.scan;
            if is_changed || now != *id || self.changed[now as usize] > since {
                (*id, *distance) = (now, self.forest.distance(cluster, now));
            }
            *distance <= reach
        });
        self.measured[cluster as usize] = self.clock;
    }

    /// The place of the nearest; of equally near ones the same for both sides.
    fn first(&self, cluster: u32, list: &[(u32, f32)]) -> Option<usize> {
        let key = |&(id, distance): &(u32, f32)| (distance, cluster.min(id), cluster.max(id));
        (0..list.len()).min_by(|&a, &b| {
            let (a, b) = (key(&list[a]), key(&list[b]));
            a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2)))
        })
    }

    fn merge(&mut self, a: u32, b: u32, distance: f32) {
        let radius = {
            let (size_a, size_b) = (self.forest.sizes[a as usize] as f64, self.forest.sizes[b as usize] as f64);
            let sum = f64::from(self.radii[a as usize]) * size_a + f64::from(self.radii[b as usize]) * size_b;
            // Rounded down: a promise must hold.
            ((sum / (size_a + size_b)) as f32).next_down()
        };
        let both_at_limit = self.radii[a as usize].min(self.radii[b as usize]) >= self.plan.limit;
        let mut lists = [a, b].map(|id| match self.lists[id as usize].take() {
            Some(list) => list,
            None => self.graph.neighbours(id as usize).collect(),
        });
        let (kept, gone) = self.forest.merge(a, b, distance);
        lists.sort_by_key(|list| std::cmp::Reverse(list.len()));
        let [mut list, shorter] = lists;
        list.extend(shorter);
        self.lists[kept as usize] = Some(list);
        self.lists[gone as usize] = Some(Vec::new());
        self.radii[kept as usize] = if both_at_limit { self.plan.limit } else { radius };
        self.clock += 1;
        self.changed[kept as usize] = self.clock;
        self.changed[gone as usize] = self.clock;
        if self.nearest[kept as usize].is_alone || self.nearest[gone as usize].is_alone {
            // Where rounding makes it one of two: who was alone answers again.
            self.answering = None;
        }
        self.nearest[kept as usize] = UNKNOWN;
        self.nearest[gone as usize] = UNKNOWN;
        for side in [kept, gone] {
            for follower in std::mem::take(&mut self.followers[side as usize]) {
                let known = &mut self.nearest[follower as usize];
                if known.is_sure && known.cluster == side {
                    known.is_sure = false;
                    self.todo.push(follower);
                }
            }
        }
        self.todo.push(kept);
    }

    /// Asks all clusters left for the nearest of those that know too few. False where nobody asks.
    fn ask(&mut self, cancel: &Cancel) -> Result<bool, ClusterError> {
        let mut asking = std::mem::take(&mut self.asking);
        asking.retain(|&id| self.forest.is_cluster(id) && !self.nearest[id as usize].is_sure);
        asking.sort_unstable();
        asking.dedup();
        if asking.is_empty() {
            return Ok(false);
        }
        let may_answer = |id: u32| self.forest.is_cluster(id) && !self.nearest[id as usize].is_alone;
        let kept = self.answering.take();
        let answering = Answering::update(kept, &self.forest, may_answer, &self.changed, self.clock);
        self.work.rounds += 1;
        self.work.asked += asking.len();
        self.work.pairs += asking.len() as u64 * answering.len() as u64;
        let answers = answering.ask(&self.forest, &asking, self.plan.limit, cancel)?;
        self.answering = Some(answering);
        for (&cluster, (list, radius)) in asking.iter().zip(answers) {
            self.lists[cluster as usize] = Some(list);
            self.radii[cluster as usize] = radius;
            self.measured[cluster as usize] = self.clock;
        }
        self.todo.extend(asking.into_iter().rev());
        Ok(true)
    }

    fn nearest_pair(&self) -> Option<(u32, u32, f32)> {
        let sure = (0..self.forest.len() as u32).filter(|&id| self.forest.is_cluster(id));
        sure.map(|id| (id, self.nearest[id as usize]))
            .filter(|(_, nearest)| nearest.is_sure)
            .min_by(|a, b| a.1.distance.total_cmp(&b.1.distance))
            .map(|(id, nearest)| (id, nearest.cluster, nearest.distance))
    }
}
