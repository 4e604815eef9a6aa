use super::super::touch::{Regrouped, completed};
use std::collections::HashSet;

use super::trees::assert_kept_apart;
use super::*;
use crate::cluster::score;
use crate::cluster::tests::made::{MadeFaces, made_faces};
use crate::types::SquaredDistance;

const THRESHOLD: SquaredDistance = SquaredDistance(1.1);
const PLAN: TreePlan = TreePlan { limit: 1.43, slack: 0.0 };
const REACH: Reach = Reach { neighbours: 32, limit: 1.43 };

fn quiet() -> impl FnMut(usize, usize) {
    |_, _| {}
}

fn graph_of(made: &MadeFaces) -> NeighbourGraph {
    NeighbourGraph::build(REACH, made.keys(), made.rows(), &Cancel::default(), &mut quiet()).unwrap()
}

fn photos(made: &MadeFaces) -> Constraints {
    Constraints { photos: made.photos.clone(), ..Constraints::default() }
}

fn scratch(graph: &NeighbourGraph, made: &MadeFaces, facts: &Constraints) -> Dendrogram {
    graph_tree(graph, made.rows(), facts, PLAN, &Cancel::default(), &mut quiet()).unwrap().0
}

fn remembered(graph: &NeighbourGraph, facts: &Constraints, tree: &Dendrogram) -> RememberedGroups {
    RememberedGroups::new(graph.keys().to_vec(), facts_of_faces(facts, graph.keys()), PLAN.limit, tree)
}

fn touched(graph: &NeighbourGraph, made: &MadeFaces, facts: &Constraints, before: &RememberedGroups) -> Regrouped {
    regroup_touched(graph, made.rows(), facts, before, THRESHOLD, &Cancel::default(), &mut quiet()).unwrap()
}

#[test]
fn nothing_new_is_no_work() {
    let made = made_faces(1500, 64, 1);
    let (graph, facts) = (graph_of(&made), photos(&made));
    let tree = scratch(&graph, &made, &facts);
    let before = remembered(&graph, &facts, &tree);
    assert!(before.is_of(graph.keys(), &facts_of_faces(&facts, graph.keys())));
    let again = touched(&graph, &made, &facts, &before);
    assert!(again.placed.is_empty() && again.groups.is_empty() && again.work == TreeWork::default());
    assert_eq!(again.tree.cut(THRESHOLD), tree.cut(THRESHOLD));
}

#[test]
fn new_faces_find_their_people_as_a_grouping_from_scratch_would() {
    for (seed, old) in [(2, 1450), (3, 1250), (4, 750)] {
        let made = made_faces(1500, 128, seed);
        let few = made.first(old);
        let mut graph = graph_of(&few);
        let before = remembered(&graph, &photos(&few), &scratch(&graph, &few, &photos(&few)));
        graph.update(&made.keys(), made.rows(), &Cancel::default(), &mut quiet()).unwrap();
        let facts = photos(&made);
        let found = touched(&graph, &made, &facts, &before);
        let (ours, theirs) = (found.tree.cut(THRESHOLD), scratch(&graph, &made, &facts).cut(THRESHOLD));
        let [ours_f, theirs_f] = [&ours, &theirs].map(|cut| score(cut, &made.owners).b_cubed_f);
        assert!((ours_f - theirs_f).abs() < 0.002, "{old}: {ours_f} {theirs_f}");
        assert_kept_apart(&ours, &facts, "new faces");
        // What is not named as changed is as it was.
        let placed: HashSet<usize> = found.groups.iter().flatten().copied().collect();
        let was = before.tree().cut(THRESHOLD);
        for a in (0..old).filter(|a| !placed.contains(a)) {
            for b in (0..old).step_by(7) {
                assert_eq!(ours[a] == ours[b], was[a] == was[b], "{a} {b}");
            }
        }
        assert!((old..1500).all(|face| placed.contains(&face)));
    }
}

#[test]
fn the_tree_goes_on_from_the_groups_there_are() {
    let made = made_faces(1500, 128, 5);
    let few = made.first(1350);
    let mut graph = graph_of(&few);
    let before = remembered(&graph, &photos(&few), &scratch(&graph, &few, &photos(&few)));
    graph.update(&made.keys(), made.rows(), &Cancel::default(), &mut quiet()).unwrap();
    let facts = photos(&made);
    let found = touched(&graph, &made, &facts, &before);
    let (whole, _) =
        completed(&graph, made.rows(), &facts, &found.tree, PLAN, &Cancel::default(), &mut quiet()).unwrap();
    assert_eq!(whole.cut(THRESHOLD), found.tree.cut(THRESHOLD));
    let scratch = scratch(&graph, &made, &facts);
    let lower = scratch.steps().iter().copied().filter(|step| step.distance <= THRESHOLD).collect();
    let lower = Dendrogram::new(1500, lower);
    let (upper, _) = completed(&graph, made.rows(), &facts, &lower, PLAN, &Cancel::default(), &mut quiet()).unwrap();
    for threshold in [0.8, 1.0, 1.1, 1.2, 1.3, 1.42] {
        let cuts = [&upper, &scratch].map(|tree| tree.cut(SquaredDistance(threshold)));
        assert!(score(&cuts[0], &cuts[1]).b_cubed_f > 0.9999, "exact groups go on as the exact tree does");
    }
    for threshold in [0.8, 1.0, 1.1, 1.2, 1.3, 1.42] {
        let cuts = [&whole, &scratch].map(|tree| tree.cut(SquaredDistance(threshold)));
        let [ours, theirs] = cuts.each_ref().map(|cut| score(cut, &made.owners).b_cubed_f);
        assert!((ours - theirs).abs() < 0.004, "at {threshold}: {ours} {theirs}");
        assert_kept_apart(&cuts[0], &facts, "gone on");
    }
}

#[test]
fn what_was_said_since_holds_and_gone_faces_leave_the_rest_as_it_was() {
    let made = made_faces(1500, 128, 6);
    let (mut graph, mut facts) = (graph_of(&made), photos(&made));
    let tree = scratch(&graph, &made, &facts);
    let before = remembered(&graph, &facts, &tree);
    let groups = tree.groups(THRESHOLD);
    // A face of the largest group is not of it; two other groups are one named person; two more faces are.
    let (largest, outcast) = (&groups[0], groups[0][3]);
    facts.apart = largest.iter().filter(|&&face| face != outcast).map(|&face| (outcast, face)).collect();
    let mut confirmed = vec![None; 1500];
    groups[1].iter().chain(&groups[4]).for_each(|&face| confirmed[face] = Some(PersonId(7)));
    facts.confirmed = confirmed;
    let found = touched(&graph, &made, &facts, &before);
    let cut = found.tree.cut(THRESHOLD);
    assert_kept_apart(&cut, &facts, "said since");
    assert_eq!(cut[groups[1][0]], cut[groups[4][0]]);
    assert_ne!(cut[outcast], cut[groups[0][0]]);
    // Then every fifth face is gone.
    let left: Vec<usize> = (0..1500).filter(|face| face % 5 != 1).collect();
    let fewer = MadeFaces {
        dimensions: 128,
        values: left.iter().flat_map(|&face| made.rows().row(face)).copied().collect(),
        owners: left.iter().map(|&face| made.owners[face]).collect(),
        photos: left.iter().map(|&face| made.photos[face]).collect(),
    };
    let all_keys = made.keys();
    let keys: Vec<NodeKey> = left.iter().map(|&face| all_keys[face]).collect();
    let facts_before = photos(&made);
    let before = remembered(&graph, &facts_before, &tree);
    graph.update(&keys, fewer.rows(), &Cancel::default(), &mut quiet()).unwrap();
    let found = touched(&graph, &fewer, &photos(&fewer), &before);
    let (now, was) = (found.tree.cut(THRESHOLD), tree.cut(THRESHOLD));
    assert!(found.placed.is_empty());
    for (a, &old_a) in left.iter().enumerate() {
        for (b, &old_b) in left.iter().enumerate().step_by(11) {
            assert_eq!(now[a] == now[b], was[old_a] == was[old_b]);
        }
    }
}

#[test]
fn constraints_hold_whatever_was_said_since() {
    for seed in 200..225 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (count, old) = (200, random.random_range(50..200));
        let values = faces(count, 4, 10, 0.8, &mut random);
        let reach = Reach { neighbours: random.random_range(2..20), limit: 1.43 };
        let mut graph = build(reach, &values[..old * 10], 10);
        let first = Constraints { apart: Vec::new(), ..constraints(old, &mut random) };
        let rows = VectorRows::new(&values[..old * 10], 10);
        let tree = graph_tree(&graph, rows, &first, PLAN, &Cancel::default(), &mut quiet()).unwrap().0;
        let before = remembered(&graph, &first, &tree);
        let rows = VectorRows::new(&values, 10);
        graph.update(&keys(&values, 10), rows, &Cancel::default(), &mut quiet()).unwrap();
        let now = constraints(count, &mut random);
        let found = regroup_touched(&graph, rows, &now, &before, THRESHOLD, &Cancel::default(), &mut quiet()).unwrap();
        for threshold in [0.3, 0.7, 1.1] {
            let cut = found.tree.cut(SquaredDistance(threshold));
            assert_kept_apart(&cut, &now, &format!("seed {seed} at {threshold}"));
        }
    }
}

#[test]
fn a_file_gives_back_what_was_grouped() {
    let made = made_faces(500, 16, 8);
    let (graph, facts) = (graph_of(&made), photos(&made));
    let before = remembered(&graph, &facts, &scratch(&graph, &made, &facts));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("groups");
    before.save(&path).unwrap();
    assert_eq!(RememberedGroups::load(&path).unwrap(), before);
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 50) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(RememberedGroups::load(&path).is_err(), "{length} bytes");
    }
    for place in (0..whole.len()).step_by(whole.len() / 50) {
        let mut bad = whole.clone();
        bad[place] ^= 1;
        std::fs::write(&path, bad).unwrap();
        assert!(RememberedGroups::load(&path).is_err(), "byte {place}");
    }
}
