//! Both engines against the definition and against `kodama`.

pub(super) mod made;
mod reference;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::types::{PersonId, PhotoId};
use reference::{Reference, may_meet};

const LINKAGES: [Linkage; 4] = [Linkage::Average, Linkage::Single, Linkage::Complete, Linkage::Ward];

/// Faces about a few directions, as embeddings of a few people are; no two distances are equal.
fn faces(count: usize, people: usize, random: &mut ChaCha8Rng) -> Vec<Embedding> {
    let vector = |random: &mut ChaCha8Rng| -> Vec<f32> { (0..20).map(|_| random.random_range(-1.0..1.0)).collect() };
    let centres: Vec<Vec<f32>> = (0..people).map(|_| vector(random)).collect();
    (0..count)
        .map(|i| {
            let noise = vector(random);
            let values = centres[i % people].iter().zip(&noise).map(|(c, n)| c + 0.8 * n).collect();
            Embedding::normalise(values).unwrap()
        })
        .collect()
}

/// Photos of one to three faces, some confirmed people (also two faces of one photo), some pairs told apart.
fn constraints(count: usize, random: &mut ChaCha8Rng) -> Constraints {
    let photos = (0..count).map(|_| PhotoId(random.random_range(0..count as i64 / 2))).collect();
    let confirmed = (0..count).map(|_| Some(random.random_range(0..12)).filter(|&p| p < 3).map(PersonId)).collect();
    let apart = (0..count / 4).map(|_| (random.random_range(0..count), random.random_range(0..count)));
    let apart = apart.filter(|(a, b)| a != b).collect();
    let copies = [None, Some(SquaredDistance(0.3)), Some(SquaredDistance(0.7))][random.random_range(0..3)];
    Constraints { photos, confirmed, copies, apart, ..Constraints::default() }
}

fn tree(engine: Algorithm, faces: &[Embedding], constraints: &Constraints, linkage: Linkage) -> Dendrogram {
    dendrogram_with(engine, faces, constraints, linkage, &Cancel::default(), &mut |_, _| {}).unwrap()
}

fn engines(linkage: Linkage) -> &'static [Algorithm] {
    match linkage {
        Linkage::Average | Linkage::Ward => &[Algorithm::Matrix, Algorithm::Means],
        Linkage::Single | Linkage::Complete => &[Algorithm::Matrix],
    }
}

/// Cluster numbers from lists of faces, in order of first appearance.
fn numbers(clusters: &[Vec<usize>], faces: usize) -> Vec<usize> {
    let mut order: Vec<&Vec<usize>> = clusters.iter().collect();
    order.sort_by_key(|cluster| cluster.iter().min());
    let mut numbers = vec![0; faces];
    for (number, cluster) in order.iter().enumerate() {
        cluster.iter().for_each(|&face| numbers[face] = number);
    }
    numbers
}

#[test]
fn agrees_with_the_definition_for_every_linkage_engine_and_threshold() {
    for seed in 0..12 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let count = random.random_range(2..36);
        let faces = faces(count, 5, &mut random);
        let free = Constraints::default();
        let bound = constraints(count, &mut random);
        for (linkage, constraints) in LINKAGES.iter().flat_map(|&l| [(l, &free), (l, &bound)]) {
            let whole = Reference::new(&faces, constraints, linkage).run(f64::INFINITY);
            for &engine in engines(linkage) {
                let tree = tree(engine, &faces, constraints, linkage);
                let what = format!("seed {seed}, {linkage:?}, {engine:?}, bound: {}", constraints == &bound);
                let joined = tree.steps().len() - whole.distances.len();
                for (step, expected) in tree.steps()[joined..].iter().zip(&whole.distances) {
                    let tolerance = 1e-5 * expected.max(1.0);
                    assert!((f64::from(step.distance.0) - expected).abs() < tolerance, "{what}: {step:?} {expected}");
                }
                for threshold in [0.0, 0.3, 0.6, 0.9, 1.2, 1.6, 2.0, 3.0, 9.0] {
                    let expected = Reference::new(&faces, constraints, linkage).run(threshold);
                    let cut = tree.cut(SquaredDistance(threshold as f32));
                    assert_eq!(cut, numbers(&expected.clusters, count), "{what}, threshold {threshold}");
                    assert_eq!(tree.count(SquaredDistance(threshold as f32)), expected.clusters.len());
                }
            }
        }
    }
}

#[test]
fn agrees_with_kodama_without_constraints() {
    let mut random = ChaCha8Rng::seed_from_u64(77);
    let faces = faces(300, 20, &mut random);
    for linkage in LINKAGES {
        let (method, is_squared) = match linkage {
            Linkage::Average => (kodama::Method::Average, true),
            Linkage::Single => (kodama::Method::Single, true),
            Linkage::Complete => (kodama::Method::Complete, true),
            // Kodama's Ward takes and gives plain distances.
            Linkage::Ward => (kodama::Method::Ward, false),
        };
        let mut condensed: Vec<f64> = Vec::new();
        for a in 0..faces.len() {
            for b in a + 1..faces.len() {
                let squared = f64::from(faces[a].squared_distance(&faces[b]).0);
                condensed.push(if is_squared { squared } else { squared.sqrt() });
            }
        }
        let expected = kodama::linkage(&mut condensed, faces.len(), method);
        for &engine in engines(linkage) {
            let tree = tree(engine, &faces, &Constraints::default(), linkage);
            assert_eq!(tree.steps().len(), expected.len());
            for (step, theirs) in tree.steps().iter().zip(expected.steps()) {
                let theirs = if is_squared { theirs.dissimilarity } else { theirs.dissimilarity.powi(2) };
                let ours = f64::from(step.distance.0);
                assert!((ours - theirs).abs() < 1e-5 * theirs.max(1.0), "{linkage:?} {engine:?}: {ours} {theirs}");
            }
        }
    }
}

#[test]
fn constraints_hold_at_every_threshold() {
    for seed in 100..110 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let faces = faces(120, 10, &mut random);
        let constraints = constraints(120, &mut random);
        for (linkage, engine) in LINKAGES.iter().flat_map(|&l| engines(l).iter().map(move |&e| (l, e))) {
            let tree = tree(engine, &faces, &constraints, linkage);
            for threshold in [0.0, 0.5, 1.0, 1.5, 1000.0] {
                let cut = tree.cut(SquaredDistance(threshold));
                for a in 0..120 {
                    for b in 0..a {
                        // Two confirmed people in one cluster are never allowed; photos and pairs hold unless the
                        // faces are confirmed to be of one person.
                        let confirmed = |face: usize| constraints.confirmed[face];
                        let same_person = confirmed(a).is_some() && confirmed(a) == confirmed(b);
                        if same_person {
                            assert_eq!(cut[a], cut[b]);
                        } else if cut[a] == cut[b] {
                            assert!(
                                may_meet(&faces, &constraints, a, b),
                                "seed {seed} {linkage:?} {engine:?}: {a} {b}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_order_of_faces_does_not_matter() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let faces = faces(80, 8, &mut random);
    let constraints = constraints(80, &mut random);
    let mut order: Vec<usize> = (0..80).collect();
    for place in (1..80).rev() {
        order.swap(place, random.random_range(0..=place));
    }
    let shuffled: Vec<Embedding> = order.iter().map(|&face| faces[face].clone()).collect();
    let place = |face: usize| order.iter().position(|&f| f == face).unwrap();
    let moved = Constraints {
        photos: order.iter().map(|&f| constraints.photos[f]).collect(),
        copies: constraints.copies,
        confirmed: order.iter().map(|&f| constraints.confirmed[f]).collect(),
        apart: constraints.apart.iter().map(|&(a, b)| (place(a), place(b))).collect(),
        ..Constraints::default()
    };
    for (linkage, engine) in LINKAGES.iter().flat_map(|&l| engines(l).iter().map(move |&e| (l, e))) {
        let a = tree(engine, &faces, &constraints, linkage).cut(SquaredDistance(1.0));
        let b = tree(engine, &shuffled, &moved, linkage).cut(SquaredDistance(1.0));
        for i in 0..80 {
            for j in 0..80 {
                assert_eq!(a[order[i]] == a[order[j]], b[i] == b[j], "{linkage:?} {engine:?}");
            }
        }
    }
}

#[test]
fn equal_faces_are_no_trouble() {
    // Copies of photos: many distances are exactly 0 and many exactly equal.
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let few = faces(6, 6, &mut random);
    let copies: Vec<Embedding> = (0..60).map(|i| few[i % 6].clone()).collect();
    for (linkage, engine) in LINKAGES.iter().flat_map(|&l| engines(l).iter().map(move |&e| (l, e))) {
        let tree = tree(engine, &copies, &Constraints::default(), linkage);
        let cut = tree.cut(SquaredDistance(1e-5));
        assert_eq!(cut, (0..60).map(|i| i % 6).collect::<Vec<_>>(), "{linkage:?} {engine:?}");
        assert_eq!(tree.count(SquaredDistance(1e6)), 1);
    }
}

#[test]
fn many_faces_go_the_parallel_way() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let faces = faces(2300, 200, &mut random);
    let constraints = constraints(2300, &mut random);
    let matrix = tree(Algorithm::Matrix, &faces, &constraints, Linkage::Average);
    let means = tree(Algorithm::Means, &faces, &constraints, Linkage::Average);
    assert_eq!(matrix.cut(SquaredDistance(0.7)), means.cut(SquaredDistance(0.7)));
}

#[test]
fn nothing_one_and_two() {
    let one = Embedding::normalise(vec![1.0, 0.0]).unwrap();
    let free = Constraints::default();
    assert!(agglomerate(&[], &free, Linkage::Average, SquaredDistance(1.0)).unwrap().is_empty());
    assert_eq!(agglomerate(std::slice::from_ref(&one), &free, Linkage::Ward, SquaredDistance(1.0)).unwrap(), [0]);
    let same_photo = Constraints { photos: vec![PhotoId(4); 2], ..Constraints::default() };
    let two = [one.clone(), one];
    assert_eq!(agglomerate(&two, &same_photo, Linkage::Average, SquaredDistance(1.0)).unwrap(), [0, 1]);
    let mirror = Constraints { confirmed: vec![Some(PersonId(1)); 2], ..same_photo };
    assert_eq!(agglomerate(&two, &mirror, Linkage::Average, SquaredDistance(0.0)).unwrap(), [0, 0]);
}

/// A collage of twelve equal faces is one person's, in one photo and over two; a collage of people is not.
#[test]
fn copies_in_one_photo_are_one_person_and_people_in_one_photo_are_several() {
    let at = |degrees: f32| {
        let radians = degrees.to_radians();
        Embedding::normalise(vec![radians.cos(), radians.sin()]).unwrap()
    };
    let (copies, threshold) = (Some(SquaredDistance(0.4)), SquaredDistance(1.1));
    let groups = |faces: &[Embedding], photos: &[i64], apart: Vec<(usize, usize)>| {
        let photos = photos.iter().map(|&photo| PhotoId(photo)).collect();
        let constraints = Constraints { photos, copies, apart, ..Constraints::default() };
        LINKAGES.map(|linkage| {
            let trees =
                engines(linkage).iter().map(|&engine| tree(engine, faces, &constraints, linkage).cut(threshold));
            let trees: Vec<_> = trees.collect();
            assert!(trees.windows(2).all(|pair| pair[0] == pair[1]), "{linkage:?}");
            trees[0].clone()
        })
    };
    // Recompressed: a degree is D = 0.0003.
    let collage: Vec<Embedding> = (0..12).map(|face| at(face as f32 / 3.0)).collect();
    assert!(groups(&collage, &[1; 12], vec![]).iter().all(|cut| *cut == [0; 12]));
    let and_alone: Vec<Embedding> = collage.iter().cloned().chain([at(20.0)]).collect();
    let photos: Vec<i64> = [1; 12].into_iter().chain([2]).collect();
    assert!(groups(&and_alone, &photos, vec![]).iter().all(|cut| *cut == [0; 13]), "the person's other photo, too");
    // 45 degrees are D = 0.59: near enough for one group, were they of two photos.
    let people: Vec<Embedding> = (0..4).map(|face| at(face as f32 * 45.0)).collect();
    assert!(groups(&people, &[1; 4], vec![]).iter().all(|cut| *cut == [0, 1, 2, 3]));
    let told_apart = groups(&collage[..2], &[1; 2], vec![(0, 1)]);
    assert!(told_apart.iter().all(|cut| *cut == [0, 1]), "the user's word stands");
}

#[test]
fn says_what_is_wrong() {
    let pair = [vec![1.0, 0.0], vec![1.0, 0.0, 0.0]].map(|v| Embedding::normalise(v).unwrap());
    let free = Constraints::default();
    let run = |faces: &[Embedding], constraints: &Constraints| {
        agglomerate(faces, constraints, Linkage::Average, SquaredDistance(1.0)).unwrap_err()
    };
    assert_eq!(run(&pair, &free), ClusterError::MixedDimensions { first: 2, other: 3 });
    let short = Constraints { photos: vec![PhotoId(1)], ..Constraints::default() };
    let two = [pair[0].clone(), pair[0].clone()];
    assert!(matches!(run(&two, &short), ClusterError::Lengths { faces: 2, given: 1, .. }));
    let outside = Constraints { apart: vec![(0, 7)], ..Constraints::default() };
    assert!(matches!(run(&two, &outside), ClusterError::Lengths { given: 8, .. }));
    let too_many = dendrogram_with(Algorithm::Means, &two, &free, Linkage::Single, &Cancel::default(), &mut |_, _| {})
        .unwrap_err();
    assert!(matches!(too_many, ClusterError::TooManyFaces { linkage: Linkage::Single, faces: 2, .. }));
    let cancel = Cancel::default();
    cancel.cancel();
    let cancelled = dendrogram(&two, &free, Linkage::Average, &cancel, &mut |_, _| {}).unwrap_err();
    assert_eq!(cancelled, ClusterError::Cancelled);
}

#[test]
fn reports_how_far_it_is() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let faces = faces(300, 9, &mut random);
    let mut reports = Vec::new();
    dendrogram(&faces, &Constraints::default(), Linkage::Average, &Cancel::default(), &mut |done, total| {
        reports.push((done, total));
    })
    .unwrap();
    assert!(reports.len() > 3 && reports.is_sorted() && reports.last() == Some(&(300, 300)), "{reports:?}");
}

#[test]
fn groups_come_largest_first() {
    let at = |degrees: f32| {
        let radians = degrees.to_radians();
        Embedding::normalise(vec![radians.cos(), radians.sin()]).unwrap()
    };
    let faces = [at(0.0), at(90.0), at(91.0), at(92.0), at(1.0)];
    let tree =
        dendrogram(&faces, &Constraints::default(), Linkage::Average, &Cancel::default(), &mut |_, _| {}).unwrap();
    assert_eq!(tree.groups(SquaredDistance(0.1)), vec![vec![1, 2, 3], vec![0, 4]]);
}
