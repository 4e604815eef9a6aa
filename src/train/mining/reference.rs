//! The miners in plain words: every triplet of a cloud is looked at, nothing is sorted beforehand or shared.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::harmonic::Combinations;
use super::{MiningRule, Negatives, Points, Positives, Space};
use crate::train::loss::Triplet;

/// Unit vectors of a few people, close enough together that all kinds of triplets occur.
pub(crate) struct Cloud {
    vectors: Vec<f32>,
    people: Vec<u32>,
    spaces: Vec<Space>,
}

const DIMENSIONS: usize = 11;

impl Cloud {
    pub fn random(seed: u64, people: u32, pictures: usize, two_spaces: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut cloud = Self { vectors: Vec::new(), people: Vec::new(), spaces: Vec::new() };
        for space in if two_spaces { vec![Space::New, Space::Old] } else { vec![Space::New] } {
            for person in 0..people {
                let centre: Vec<f32> = (0..DIMENSIONS).map(|_| rng.random_range(-1.0..1.0)).collect();
                for _ in 0..pictures {
                    let raw: Vec<f32> = centre.iter().map(|c| 1.0 + 0.5 * c + rng.random_range(-0.6..0.6)).collect();
                    let length = raw.iter().map(|v| v * v).sum::<f32>().sqrt();
                    cloud.vectors.extend(raw.iter().map(|v| v / length));
                    cloud.people.push(person);
                    cloud.spaces.push(space);
                }
            }
        }
        cloud
    }

    pub fn points(&self) -> Points<'_> {
        Points { vectors: &self.vectors, dimensions: DIMENSIONS, people: &self.people, spaces: &self.spaces }
    }
}

/// An anchor–positive pair and all negatives its rule admits, the closest first.
pub struct Pair {
    pub anchor: usize,
    pub positive: usize,
    pub negatives: Vec<usize>,
}

impl Pair {
    pub(crate) fn first_triplet(&self) -> Option<Triplet> {
        self.triplets().next()
    }

    pub fn triplets(&self) -> impl Iterator<Item = Triplet> + '_ {
        self.negatives.iter().map(|&negative| Triplet {
            anchor: self.anchor as u32,
            positive: self.positive as u32,
            negative: negative as u32,
        })
    }
}

pub(crate) fn candidates(points: Points<'_>, rule: MiningRule, margin: f32, allowed: &Combinations) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for anchor in 0..points.len() {
        let mut positives: Vec<usize> = (0..points.len())
            .filter(|&other| other != anchor && points.people[other] == points.people[anchor])
            .filter(|&other| {
                [Space::New, Space::Old].iter().any(|&n| allowed.has(points.spaces[anchor], points.spaces[other], n))
            })
            .collect();
        match rule.positives {
            Positives::AllPairs => {}
            Positives::EachPairOnce => {
                positives.retain(|&positive| points.spaces[positive] != points.spaces[anchor] || positive > anchor);
            }
            Positives::Hardest => {
                let farthest = positives.iter().map(|&p| points.squared_distance(anchor, p)).fold(0.0, f32::max);
                positives.retain(|&positive| points.squared_distance(anchor, positive) == farthest);
                positives.truncate(1);
            }
        }
        for positive in positives {
            pairs.push(Pair {
                anchor,
                positive,
                negatives: negatives(points, rule, margin, allowed, anchor, positive),
            });
        }
    }
    pairs
}

fn negatives(
    points: Points<'_>,
    rule: MiningRule,
    margin: f32,
    allowed: &Combinations,
    anchor: usize,
    positive: usize,
) -> Vec<usize> {
    let d_ap = points.squared_distance(anchor, positive);
    let mut found: Vec<usize> = (0..points.len())
        .filter(|&negative| points.people[negative] != points.people[anchor])
        .filter(|&n| allowed.has(points.spaces[anchor], points.spaces[positive], points.spaces[n]))
        .filter(|&negative| {
            let d_an = points.squared_distance(anchor, negative);
            match rule.negatives {
                Negatives::SemiHardClosest | Negatives::SemiHardRandom => d_ap < d_an && d_an < d_ap + margin,
                Negatives::Hardest | Negatives::AnyViolating => d_an < d_ap + margin,
            }
        })
        .collect();
    found.sort_by(|&x, &y| points.squared_distance(anchor, x).total_cmp(&points.squared_distance(anchor, y)));
    found
}
