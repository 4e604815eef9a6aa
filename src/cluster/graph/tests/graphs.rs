use std::path::Path;

use super::super::kernels::{Kernel, Tile};
use super::super::quantised::Quantised;
use super::*;

/// Every list from its definition.
fn by_definition(values: &[f32], dimensions: usize, reach: Reach, node: usize) -> (Vec<(u32, f32)>, bool) {
    let rows = VectorRows::new(values, dimensions);
    let mut all: Vec<(f32, u32)> = (0..rows.len())
        .filter(|&other| other != node)
        .map(|other| (rows.distance(node, other), other as u32))
        .filter(|(distance, _)| *distance <= reach.limit)
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let is_cut = all.len() > reach.neighbours;
    all.truncate(reach.neighbours);
    (all.into_iter().map(|(distance, id)| (id, distance)).collect(), is_cut)
}

#[test]
fn lists_hold_the_nearest_and_radii_keep_their_promise() {
    for (seed, dimensions, count) in [(1, 128, 600), (2, 8, 2600), (3, 512, 250), (4, 3, 300), (5, 1, 40)] {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let values = faces(count, 12, dimensions, 0.9, &mut random);
        let reach = Reach { neighbours: 17, limit: 1.1 };
        let graph = build(reach, &values, dimensions);
        for node in 0..count {
            let (expected, is_cut) = by_definition(&values, dimensions, reach, node);
            let found: Vec<(u32, f32)> = graph.neighbours(node).collect();
            assert_eq!(found, expected, "seed {seed}, node {node}");
            assert_eq!(graph.radius(node) < reach.limit, is_cut && expected.last().is_some_and(|last| last.1 < 1.1));
            assert!(!is_cut || graph.radius(node) == expected.last().unwrap().1);
        }
    }
}

#[test]
fn every_kernel_finds_the_same() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    for dimensions in [1, 7, 128, 130, 512] {
        let values = faces(333, 5, dimensions, 1.0, &mut random);
        let bytes = Quantised::new(VectorRows::new(&values, dimensions));
        let panels = bytes.panels();
        let row_limits: Vec<i32> = (0..300).map(|row| 500 * (row % 60) - 3000).collect();
        let panel_limits: Vec<i32> = (0..11).map(|panel| 4000 * panel - 9000).collect();
        let mut found = Kernel::available().into_iter().map(|kernel| {
            let mut near = Vec::new();
            let tile = Tile {
                rows: &bytes,
                row_range: 5..305,
                row_limits: &row_limits,
                panels: &panels,
                panel_range: 0..11,
                panel_limits: &panel_limits,
            };
            kernel.near(&tile, &mut near);
            near.sort();
            (kernel, near)
        });
        let (first_kernel, first) = found.next().unwrap();
        assert!(!first.is_empty());
        for (kernel, near) in found {
            assert!(near == first, "{kernel:?} and {first_kernel:?} at {dimensions} dimensions");
        }
        for near in first.iter().step_by(97) {
            let (a, b) = (bytes.row(near.row as usize), bytes.row(near.column as usize));
            let product: i32 = a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
            assert_eq!(product, near.product);
        }
    }
}

#[test]
fn every_kernel_makes_the_same_graph() {
    let mut random = ChaCha8Rng::seed_from_u64(10);
    let values = faces(1100, 9, 128, 1.2, &mut random);
    let reach = Reach { neighbours: 24, limit: 1.3 };
    let graphs = Kernel::available().into_iter().map(|kernel| {
        let rows = VectorRows::new(&values, 128);
        NeighbourGraph::build_with(kernel, reach, keys(&values, 128), rows, &Cancel::default(), &mut |_, _| {}).unwrap()
    });
    let graphs: Vec<_> = graphs.collect();
    graphs.iter().for_each(|graph| assert!(*graph == graphs[0]));
}

#[test]
fn outliers_among_the_vectors_lose_no_pair() {
    // Some vectors have all their length in one value: no common step fits them and the others.
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let dimensions = 64;
    let mut values = faces(900, 6, dimensions, 0.9, &mut random);
    for row in (0..900).step_by(50) {
        let row = &mut values[row * dimensions..][..dimensions];
        row.fill(0.0);
        (row[3], row[4]) = (0.8, 0.6);
    }
    let reach = Reach { neighbours: 200, limit: 1.6 };
    let graph = build(reach, &values, dimensions);
    for node in 0..900 {
        let found: Vec<(u32, f32)> = graph.neighbours(node).collect();
        assert_eq!(found, by_definition(&values, dimensions, reach, node).0, "{node}");
    }
}

#[test]
fn an_updated_graph_is_one_made_anew() {
    let mut random = ChaCha8Rng::seed_from_u64(12);
    let dimensions = 24;
    let values = faces(1000, 9, dimensions, 1.0, &mut random);
    let all_keys = keys(&values, dimensions);
    let reach = Reach { neighbours: 20, limit: 1.2 };
    let take = |places: &[usize]| -> (Vec<NodeKey>, Vec<f32>) {
        let values = places.iter().flat_map(|&place| &values[place * dimensions..][..dimensions]).copied().collect();
        (places.iter().map(|&place| all_keys[place]).collect(), values)
    };
    // New ones at the end, at the beginning, in between; some gone; another order.
    let start: Vec<usize> = (50..750).collect();
    let steps: [Vec<usize>; 4] = [
        (50..800).collect(),
        (0..800).filter(|place| place % 9 != 4).collect(),
        (0..1000).filter(|place| place % 7 != 3).collect(),
        (0..1000).rev().filter(|place| place % 7 != 3).collect(),
    ];
    let (first_keys, first) = take(&start);
    let mut graph = NeighbourGraph::build(
        reach,
        first_keys,
        VectorRows::new(&first, dimensions),
        &Cancel::default(),
        &mut |_, _| {},
    )
    .unwrap();
    for places in &steps {
        let (keys, now) = take(places);
        let rows = VectorRows::new(&now, dimensions);
        graph.update(&keys, rows, &Cancel::default(), &mut |_, _| {}).unwrap();
        let anew = NeighbourGraph::build(reach, keys.clone(), rows, &Cancel::default(), &mut |_, _| {}).unwrap();
        assert_eq!(graph.keys(), anew.keys());
        for node in 0..keys.len() {
            let found: Vec<(u32, f32)> = graph.neighbours(node).collect();
            let expected: Vec<(u32, f32)> = anew.neighbours(node).collect();
            // After removals a list may be shorter, but what it promises holds.
            assert!(expected.starts_with(&found), "{node}: {found:?} {expected:?}");
            let is_other = |other: &usize| *other != node && found.iter().all(|&(id, _)| id as usize != *other);
            let others = (0..keys.len()).filter(is_other).map(|other| rows.distance(node, other));
            assert!(graph.radius(node) <= others.fold(f32::MAX, f32::min), "{node}");
            assert!(found.len() * 2 >= expected.len(), "{node}: no list is less than half full");
        }
        let before = graph.clone();
        graph.update(&keys, rows, &Cancel::default(), &mut |_, _| {}).unwrap();
        assert!(graph == before, "nothing is new");
    }
}

#[test]
fn new_faces_alone_leave_no_trace_of_the_order() {
    let mut random = ChaCha8Rng::seed_from_u64(13);
    let values = faces(1700, 9, 32, 1.0, &mut random);
    let reach = Reach { neighbours: 12, limit: 1.2 };
    let all = build(reach, &values, 32);
    let mut grown = build(reach, &values[..900 * 32], 32);
    for end in [901, 1000, 1400, 1700] {
        let rows = VectorRows::new(&values[..end * 32], 32);
        grown.update(&keys(&values[..end * 32], 32), rows, &Cancel::default(), &mut |_, _| {}).unwrap();
    }
    assert!(grown == all);
}

#[test]
fn a_file_gives_back_the_graph_and_a_torn_one_is_refused() {
    let mut random = ChaCha8Rng::seed_from_u64(14);
    let values = faces(400, 5, 16, 1.0, &mut random);
    let graph = build(Reach { neighbours: 9, limit: 1.0 }, &values, 16);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neighbours");
    graph.save(&path).unwrap();
    let load = |path: &Path| KeptGraph::load(path).map(|kept| kept.graph().clone());
    let found = load(&path).unwrap();
    assert_eq!(found.len(), graph.len());
    for node in 0..400 {
        assert!(found.neighbours(node).eq(graph.neighbours(node)) && found.radius(node) == graph.radius(node));
    }
    graph.save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 60).chain([0, 7, 8, 11, 12, whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(load(&path).is_err(), "{length} bytes");
    }
    for place in (0..whole.len()).step_by(whole.len() / 97) {
        let mut bad = whole.clone();
        bad[place] ^= 0x41;
        std::fs::write(&path, bad).unwrap();
        assert!(load(&path).is_err(), "byte {place}");
    }
    std::fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(load(&path).unwrap() == graph, "what stands behind is no piece");
    std::fs::write(&path, b"SQLite format 3\0 and more").unwrap();
    assert!(matches!(load(&path), Err(GraphFileError::Foreign)));
    assert!(matches!(load(&folder.path().join("none")), Err(GraphFileError::Io(_))));
    let empty = NeighbourGraph::empty(Reach { neighbours: 4, limit: 1.0 }, 8);
    empty.save(&path).unwrap();
    assert_eq!(load(&path).unwrap(), empty);
}

/// Killed anywhere, the graph is what it was before, and goes on from there.
#[test]
fn a_few_new_faces_are_written_behind_what_is_there() {
    let mut random = ChaCha8Rng::seed_from_u64(17);
    let values = faces(900, 40, 16, 1.0, &mut random);
    let reach = Reach { neighbours: 9, limit: 1.0 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neighbours");
    let update = |kept: &mut KeptGraph, faces: usize| {
        let values = &values[..faces * 16];
        kept.update(&keys(values, 16), VectorRows::new(values, 16), &Cancel::default(), &mut |_, _| {}).unwrap();
        kept.keep(&path).unwrap();
    };
    let of = |faces: usize| build(reach, &values[..faces * 16], 16);
    update(&mut KeptGraph::empty(reach, 16), 880);
    let mut files = vec![std::fs::read(&path).unwrap()];
    for faces in [881, 883, 890] {
        update(&mut KeptGraph::load(&path).unwrap(), faces);
        files.push(std::fs::read(&path).unwrap());
        let [before, now] = &files[files.len() - 2..] else { unreachable!() };
        assert!(now.starts_with(before) && now.len() < before.len() + before.len() / 4, "{faces}");
        assert!(*KeptGraph::load(&path).unwrap().graph() == of(faces));
    }
    let [.., before, now] = &files[..] else { unreachable!() };
    let as_before = of(883);
    for length in (before.len()..now.len()).step_by(97) {
        std::fs::write(&path, &now[..length]).unwrap();
        assert!(*KeptGraph::load(&path).unwrap().graph() == as_before, "{length} bytes");
    }
    update(&mut KeptGraph::load(&path).unwrap(), 890);
    assert!(std::fs::read(&path).unwrap() == *now, "the rest of the killed one is gone");
    let mut late = KeptGraph::load(&path).unwrap();
    update(&mut KeptGraph::load(&path).unwrap(), 891);
    update(&mut late, 900);
    assert!(*KeptGraph::load(&path).unwrap().graph() == of(900), "another program wrote meanwhile");
    // A face that has left leaves nothing behind.
    let mut kept = KeptGraph::load(&path).unwrap();
    let rest = &values[16..];
    kept.update(&keys(&values, 16)[1..], VectorRows::new(rest, 16), &Cancel::default(), &mut |_, _| {}).unwrap();
    kept.keep(&path).unwrap();
    assert!(std::fs::read(&path).unwrap().len() < now.len());
}

#[test]
fn a_cancelled_update_leaves_the_graph_as_it_was() {
    let mut random = ChaCha8Rng::seed_from_u64(15);
    let values = faces(300, 5, 16, 1.0, &mut random);
    let mut graph = build(Reach { neighbours: 9, limit: 1.0 }, &values[..250 * 16], 16);
    let before = graph.clone();
    let cancel = Cancel::default();
    cancel.cancel();
    let rows = VectorRows::new(&values, 16);
    let cancelled = graph.update(&keys(&values, 16), rows, &cancel, &mut |_, _| {});
    assert_eq!(cancelled.unwrap_err(), ClusterError::Cancelled);
    assert_eq!(graph, before);
    let cancelled = NeighbourGraph::build(before.reach(), keys(&values, 16), rows, &cancel, &mut |_, _| {});
    assert_eq!(cancelled.unwrap_err(), ClusterError::Cancelled);
}
