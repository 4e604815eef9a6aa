use super::super::single::single_tree;
use super::*;
use crate::cluster::tests::made::made_faces;
use crate::cluster::{Linkage, dendrogram, score};
use crate::types::{Embedding, SquaredDistance};

const LIMIT: f32 = 1.4;
const PLAN: TreePlan = TreePlan { limit: LIMIT, slack: 0.0 };

fn exact(values: &[f32], dimensions: usize, constraints: &Constraints) -> Dendrogram {
    let faces: Vec<Embedding> =
        values.chunks_exact(dimensions).map(|row| Embedding::normalise(row.to_vec()).unwrap()).collect();
    dendrogram(&faces, constraints, Linkage::Average, &Cancel::default(), &mut |_, _| {}).unwrap()
}

fn ours(graph: &NeighbourGraph, values: &[f32], constraints: &Constraints, plan: TreePlan) -> (Dendrogram, TreeWork) {
    let rows = VectorRows::new(values, graph.dimensions());
    graph_tree(graph, rows, constraints, plan, &Cancel::default(), &mut |_, _| {}).unwrap()
}

#[test]
fn groups_are_those_of_the_exact_tree_however_short_the_lists_are() {
    for seed in 0..10 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (count, dimensions) = (random.random_range(2..400), random.random_range(8..40));
        let values = faces(count, 11, dimensions, 1.1, &mut random);
        let bound = constraints(count, &mut random);
        for facts in [Constraints::default(), bound] {
            let whole = exact(&values, dimensions, &facts);
            assert_eq!(
                whole,
                exact(&values, dimensions, &in_pairs(&facts)),
                "groups or pairs of their faces: one tree"
            );
            for neighbours in [1, 3, 16, 1000] {
                let graph = build(Reach { neighbours, limit: LIMIT }, &values, dimensions);
                let (tree, work) = ours(&graph, &values, &facts, PLAN);
                let what = format!("seed {seed}, {count} faces, {neighbours} neighbours, {work:?}");
                let limited = whole.steps().iter().filter(|step| step.distance.0 <= LIMIT);
                assert_eq!(tree.steps().len(), limited.clone().count(), "{what}");
                for (step, expected) in tree.steps().iter().zip(limited) {
                    assert!((step.distance.0 - expected.distance.0).abs() < 2e-5, "{what}: {step:?} {expected:?}");
                }
                for threshold in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.1, 1.2, 1.3, 1.39] {
                    let threshold = SquaredDistance(threshold);
                    assert_eq!(tree.cut(threshold), whole.cut(threshold), "{what} at {threshold:?}");
                }
            }
        }
    }
}

/// Collages: each face once more in its photo, recompressed; some of the others in the photo are near, too.
#[test]
fn copies_in_one_photo_meet_as_in_the_exact_tree() {
    for seed in 30..36 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut values = faces(200, 9, 16, 0.9, &mut random);
        let copies = values.chunks_exact(16).flat_map(|row| {
            let moved: Vec<f32> = row.iter().map(|value| value + random.random_range(-0.15..0.15)).collect();
            let norm = moved.iter().map(|value| value * value).sum::<f32>().sqrt();
            moved.into_iter().map(move |value| value / norm)
        });
        let copies: Vec<f32> = copies.collect();
        values.extend(copies);
        let photos = (0..400).map(|face| PhotoId(face % 200 / 3)).collect();
        let graph = build(Reach { neighbours: 12, limit: LIMIT }, &values, 16);
        let mut cuts = Vec::new();
        for copies in [None, Some(SquaredDistance(0.35))] {
            let facts = Constraints { copies, photos: Vec::clone(&photos), ..constraints(400, &mut random) };
            let (whole, (tree, _)) = (exact(&values, 16, &facts), ours(&graph, &values, &facts, PLAN));
            for threshold in [0.2, 0.5, 0.8, 1.1, 1.3] {
                let threshold = SquaredDistance(threshold);
                assert_eq!(tree.cut(threshold), whole.cut(threshold), "seed {seed}, {copies:?}, at {threshold:?}");
            }
            cuts.push(tree.cut(SquaredDistance(1.1)));
        }
        assert_ne!(cuts[0], cuts[1], "copies meet");
    }
}

#[test]
fn some_thousand_made_faces_have_the_exact_groups() {
    let made = made_faces(1500, 128, 3);
    let facts = Constraints { photos: made.photos.clone(), ..Constraints::default() };
    let whole = exact(&made.values, 128, &facts);
    for neighbours in [8, 64] {
        let graph = build(Reach { neighbours, limit: LIMIT }, &made.values, 128);
        let (tree, _) = ours(&graph, &made.values, &facts, PLAN);
        for threshold in [0.5, 0.8, 1.0, 1.1, 1.2, 1.3, 1.39] {
            let (ours, theirs) = (tree.cut(SquaredDistance(threshold)), whole.cut(SquaredDistance(threshold)));
            assert!(score(&ours, &theirs).b_cubed_f > 0.9999, "at {threshold}");
            let (ours, theirs) = (score(&ours, &made.owners), score(&theirs, &made.owners));
            assert!((ours.b_cubed_f - theirs.b_cubed_f).abs() < 0.002, "at {threshold}: {ours:?} {theirs:?}");
        }
    }
}

#[test]
fn slack_asks_less_and_costs_little() {
    let made = made_faces(1500, 128, 4);
    let facts = Constraints { photos: made.photos.clone(), ..Constraints::default() };
    let graph = build(Reach { neighbours: 16, limit: LIMIT }, &made.values, 128);
    let (exact, exact_work) = ours(&graph, &made.values, &facts, PLAN);
    let (tree, work) = ours(&graph, &made.values, &facts, TreePlan { slack: 0.1, ..PLAN });
    assert!(work.asked < exact_work.asked, "{work:?} {exact_work:?}");
    for threshold in [0.9, 1.1, 1.3] {
        let [ours, theirs] = [&tree, &exact].map(|tree| score(&tree.cut(SquaredDistance(threshold)), &made.owners));
        assert!((ours.b_cubed_f - theirs.b_cubed_f).abs() < 0.002, "at {threshold}: {ours:?} {theirs:?}");
    }
}

#[test]
fn single_linkage_is_exact_where_no_list_is_cut() {
    for seed in 50..58 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let count = random.random_range(2..400);
        let values = faces(count, 9, 20, 1.0, &mut random);
        for facts in [Constraints::default(), constraints(count, &mut random)] {
            let embeddings: Vec<Embedding> =
                values.chunks_exact(20).map(|row| Embedding::normalise(row.to_vec()).unwrap()).collect();
            let whole = dendrogram(&embeddings, &facts, Linkage::Single, &Cancel::default(), &mut |_, _| {}).unwrap();
            let graph = build(Reach { neighbours: 400, limit: LIMIT }, &values, 20);
            let tree = single_tree(&graph, VectorRows::new(&values, 20), &facts, LIMIT, &Cancel::default()).unwrap();
            for threshold in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.39] {
                let threshold = SquaredDistance(threshold);
                assert_eq!(tree.cut(threshold), whole.cut(threshold), "seed {seed} at {threshold:?}");
            }
        }
    }
}

pub(super) fn assert_kept_apart(cut: &[usize], facts: &Constraints, what: &str) {
    let facts = &in_pairs(facts);
    let person = |face: usize| facts.confirmed.get(face).copied().flatten();
    let apart: std::collections::HashSet<(usize, usize)> =
        facts.apart.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
    for a in 0..cut.len() {
        for b in 0..a {
            if person(a).is_some() && person(a) == person(b) {
                assert_eq!(cut[a], cut[b], "{what}: {a} {b} are one confirmed person");
            } else if cut[a] == cut[b] {
                assert!(person(a).is_none() || person(b).is_none(), "{what}: {a} {b} are two people");
                assert!(!apart.contains(&(a, b)), "{what}: {a} {b} are told apart");
                let is_one_photo = !facts.photos.is_empty() && facts.photos[a] == facts.photos[b];
                assert!(!is_one_photo, "{what}: {a} {b} are of one photo");
            }
        }
    }
}

#[test]
fn constraints_hold_at_every_threshold_and_slack() {
    for seed in 100..140 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let count = random.random_range(3..160);
        let values = faces(count, 4, 10, 0.8, &mut random);
        let facts = constraints(count, &mut random);
        let graph = build(Reach { neighbours: random.random_range(1..20), limit: 3.9 }, &values, 10);
        for slack in [0.0, 0.3] {
            let (tree, _) = ours(&graph, &values, &facts, TreePlan { limit: 3.9, slack });
            for threshold in [0.0, 0.3, 0.7, 1.1, 2.0, 3.9] {
                let cut = tree.cut(SquaredDistance(threshold));
                assert_kept_apart(&cut, &facts, &format!("seed {seed}, slack {slack}, at {threshold}"));
            }
        }
    }
}

#[test]
fn equal_faces_are_no_trouble() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let few = faces(6, 6, 12, 0.9, &mut random);
    let copies: Vec<f32> = (0..90).flat_map(|i| few[i % 6 * 12..][..12].to_vec()).collect();
    for neighbours in [1, 5, 200] {
        let graph = build(Reach { neighbours, limit: LIMIT }, &copies, 12);
        let (tree, _) = ours(&graph, &copies, &Constraints::default(), PLAN);
        assert_eq!(tree.cut(SquaredDistance(1e-4)), (0..90).map(|i| i % 6).collect::<Vec<_>>(), "{neighbours}");
    }
}

#[test]
fn nothing_one_and_cancelled() {
    let none = NeighbourGraph::empty(Reach { neighbours: 3, limit: 1.0 }, 4);
    assert!(ours(&none, &[], &Constraints::default(), PLAN).0.steps().is_empty());
    let one = build(Reach { neighbours: 3, limit: 1.0 }, &[1.0, 0.0], 2);
    assert_eq!(ours(&one, &[1.0, 0.0], &Constraints::default(), PLAN).0.cut(SquaredDistance(1.0)), [0]);
    let mut random = ChaCha8Rng::seed_from_u64(16);
    let values = faces(9000, 5, 8, 1.0, &mut random);
    let graph = build(Reach { neighbours: 9, limit: 1.0 }, &values, 8);
    let cancel = Cancel::default();
    cancel.cancel();
    let rows = VectorRows::new(&values, 8);
    let cancelled = graph_tree(&graph, rows, &Constraints::default(), PLAN, &cancel, &mut |_, _| {});
    assert_eq!(cancelled.unwrap_err(), ClusterError::Cancelled);
}
