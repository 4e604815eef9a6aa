//! Against all pairs, against the definition, and against the house's exact tree.

mod graphs;
mod touched;
mod trees;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::types::{PersonId, PhotoId};

/// Unit vectors about a few directions, of sizes from one to many.
fn faces(count: usize, people: usize, dimensions: usize, noise: f32, random: &mut ChaCha8Rng) -> Vec<f32> {
    let mut vector = || -> Vec<f32> { (0..dimensions).map(|_| random.random_range(-1.0..1.0)).collect() };
    let centres: Vec<Vec<f32>> = (0..people).map(|_| vector()).collect();
    let mut values = Vec::new();
    for face in 0..count {
        // Person 0 has half of all, person 1 a quarter, and so on.
        let person = ((face * 7919 % count + 1) as f32 / count as f32).log2().abs() as usize % people;
        let row: Vec<f32> = centres[person].iter().zip(vector()).map(|(c, n)| c + noise * n).collect();
        let norm = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        values.extend(row.iter().map(|&v| (f64::from(v) / norm) as f32));
    }
    values
}

fn keys(values: &[f32], dimensions: usize) -> Vec<NodeKey> {
    let rows = values.chunks_exact(dimensions).enumerate();
    rows.map(|(face, row)| NodeKey { face: face as i64 * 3, vector: fingerprint(row) }).collect()
}

fn build(reach: Reach, values: &[f32], dimensions: usize) -> NeighbourGraph {
    let rows = VectorRows::new(values, dimensions);
    NeighbourGraph::build(reach, keys(values, dimensions), rows, &Cancel::default(), &mut |_, _| {}).unwrap()
}

/// Photos of one to three faces, some confirmed people (also two faces of one photo), some pairs told apart.
fn constraints(count: usize, random: &mut ChaCha8Rng) -> Constraints {
    let photos = (0..count).map(|_| PhotoId(random.random_range(0..count as i64 / 2))).collect();
    let confirmed = (0..count).map(|_| Some(random.random_range(0..12)).filter(|&p| p < 3).map(PersonId)).collect();
    let apart = (0..count / 4).map(|_| (random.random_range(0..count), random.random_range(0..count)));
    let apart = apart.filter(|(a, b)| a != b).collect();
    let groups = (0..count).map(|_| Some(PersonId(random.random_range(0..9))).filter(|group| group.0 < 5)).collect();
    let different = vec![(PersonId(0), PersonId(3)), (PersonId(20), PersonId(1))];
    let rejected = (0..3).map(|_| (random.random_range(0..count), PersonId(random.random_range(1..4)))).collect();
    Constraints { photos, confirmed, copies: None, apart, groups, different, rejected }
}

/// The same with a pair for any two faces that groups keep apart.
fn in_pairs(facts: &Constraints) -> Constraints {
    let of = |person: PersonId| (0..facts.groups.len()).filter(move |&face| facts.groups[face] == Some(person));
    let mut apart = facts.apart.clone();
    apart.extend(facts.different.iter().flat_map(|&(a, b)| of(a).flat_map(move |i| of(b).map(move |j| (i, j)))));
    apart.extend(facts.rejected.iter().flat_map(|&(i, b)| of(b).filter(move |&j| j != i).map(move |j| (i, j))));
    let (photos, confirmed) = (facts.photos.clone(), facts.confirmed.clone());
    Constraints { photos, confirmed, copies: facts.copies, apart, ..Constraints::default() }
}
