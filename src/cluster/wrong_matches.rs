//! How often two confirmed faces of different people are nearer than a threshold, from a sample where there are too many
//! pairs, with how far the number can be trusted.

use std::collections::HashMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::types::{PersonId, SquaredDistance};

/// Distances of pairs of different people, the nearest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WrongMatches {
    /// Distance, and the two people.
    pairs: Vec<(f32, u32, u32)>,
    /// How many of the pairs each person takes part in.
    pairs_of: Vec<u64>,
    /// Pairs of people that were compared.
    people_pairs: u64,
}

/// A share with the bounds between which it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrongShare {
    pub per_1000: f32,
    pub least: f32,
    pub most: f32,
    pub pairs: u64,
}

/// Up to here every pair is looked at, above so many of them are drawn.
const PAIRS: usize = 400_000;
/// Fewer say nothing.
const LEAST_PAIRS: usize = 100;

impl WrongMatches {
    /// `faces` are confirmed faces, each with its person and its unit vector. The same faces give the same sample, so
    /// that a larger threshold never gives fewer.
    pub fn new<'a>(faces: impl Iterator<Item = (PersonId, &'a [f32])>) -> Self {
        let mut numbers: HashMap<PersonId, u32> = HashMap::new();
        let faces: Vec<(u32, &[f32])> = faces
            .map(|(person, vector)| {
                let next = numbers.len() as u32;
                (*numbers.entry(person).or_insert(next), vector)
            })
            .collect();
        let chosen = if faces.len() * faces.len().saturating_sub(1) / 2 <= PAIRS { all(&faces) } else { drawn(&faces) };
        let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let mut pairs_of = vec![0; numbers.len()];
        let mut people = std::collections::HashSet::new();
        let mut pairs: Vec<(f32, u32, u32)> = chosen
            .into_iter()
            .map(|(a, b)| {
                let ((person_a, a), (person_b, b)) = (faces[a], faces[b]);
                pairs_of[person_a as usize] += 1;
                pairs_of[person_b as usize] += 1;
                people.insert((person_a.min(person_b), person_a.max(person_b)));
                (distance(a, b), person_a, person_b)
            })
            .collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Self { pairs, pairs_of, people_pairs: people.len() as u64 }
    }

    /// None where there are too few pairs to say.
    pub fn at(&self, threshold: SquaredDistance) -> Option<WrongShare> {
        if self.pairs.len() < LEAST_PAIRS {
            return None;
        }
        let near = self.pairs.partition_point(|pair| pair.0 <= threshold.0);
        let (share, pairs) = (near as f64 / self.pairs.len() as f64, self.pairs.len() as f64);
        let (least, most) = wilson(share, pairs / self.design_effect(near));
        let per_1000 = |share: f64| (share * 1000.0) as f32;
        Some(WrongShare {
            per_1000: per_1000(share),
            least: per_1000(least),
            most: per_1000(most),
            pairs: self.pairs.len() as u64,
        })
    }

    /// How many pairs say as much as one independent one: pairs share people. From the variance when one person at a
    /// time is left out (jackknife), at most as if all pairs of the same two people were one.
    fn design_effect(&self, near: usize) -> f64 {
        let pairs = self.pairs.len() as f64;
        let most = (pairs / self.people_pairs.max(1) as f64).max(1.0);
        let share = near as f64 / pairs;
        let binomial = share * (1.0 - share) / pairs;
        if binomial <= 0.0 {
            return most;
        }
        let mut near_of = vec![0_u64; self.pairs_of.len()];
        for &(_, a, b) in &self.pairs[..near] {
            near_of[a as usize] += 1;
            near_of[b as usize] += 1;
        }
        let people = self.pairs_of.len() as f64;
        let without = self.pairs_of.iter().zip(&near_of).filter(|(of, _)| (**of as f64) < pairs);
        let without: Vec<f64> =
            without.map(|(&of, &near_of)| (near as f64 - near_of as f64) / (pairs - of as f64)).collect();
        let mean = without.iter().sum::<f64>() / without.len().max(1) as f64;
        let spread: f64 = without.iter().map(|share| (share - mean).powi(2)).sum();
        (spread * (people - 1.0) / people / binomial).clamp(1.0, most)
    }
}

fn all(faces: &[(u32, &[f32])]) -> Vec<(usize, usize)> {
    let pairs = (0..faces.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    pairs.filter(|&(a, b)| faces[a].0 != faces[b].0).collect()
}

fn drawn(faces: &[(u32, &[f32])]) -> Vec<(usize, usize)> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut draw = || (random.random_range(0..faces.len()), random.random_range(0..faces.len()));
    (0..PAIRS).map(|_| draw()).filter(|&(a, b)| faces[a].0 != faces[b].0).collect()
}

/// Wilson's interval (1927) at 95 %.
fn wilson(share: f64, pairs: f64) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let scale = 1.0 + Z * Z / pairs;
    let middle = share + Z * Z / (2.0 * pairs);
    let half = Z * (share * (1.0 - share) / pairs + Z * Z / (4.0 * pairs * pairs)).sqrt();
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::made::made_faces;

    #[test]
    fn wilsons_interval_is_that_of_the_tables() {
        // Newcombe 1998, table I: 81 of 263 is 0.2553 to 0.3662, 0 of 20 is 0 to 0.1611.
        let (least, most) = wilson(81.0 / 263.0, 263.0);
        assert!((least - 0.2553).abs() < 5e-5 && (most - 0.3662).abs() < 5e-5);
        let (least, most) = wilson(0.0, 20.0);
        assert!(least == 0.0 && (most - 0.1611).abs() < 5e-5);
    }

    fn share_of(faces: usize, seed: u64, threshold: f32) -> (Option<WrongShare>, f64) {
        let made = made_faces(faces, 32, seed);
        let people = made.owners.iter().map(|&owner| PersonId(owner as i64));
        let found = WrongMatches::new(people.zip(made.values.chunks_exact(32))).at(SquaredDistance(threshold));
        let (mut near, mut pairs) = (0_u64, 0_u64);
        for a in 0..faces {
            for b in (0..a).filter(|&b| made.owners[a] != made.owners[b]) {
                pairs += 1;
                near += u64::from(made.rows().distance(a, b) <= threshold);
            }
        }
        (found, near as f64 * 1000.0 / pairs as f64)
    }

    #[test]
    fn few_faces_are_counted_and_many_sampled_within_the_bounds() {
        let (few, expected) = share_of(300, 1, 1.3);
        assert!((f64::from(few.unwrap().per_1000) - expected).abs() < 1e-3);
        for seed in 2..8 {
            let (many, expected) = share_of(1000, seed, 1.2);
            let many = many.unwrap();
            let expected = expected as f32;
            assert!(many.least <= expected && expected <= many.most, "{many:?} {expected}");
            assert!(many.least <= many.per_1000 && many.per_1000 <= many.most, "{many:?}");
        }
        assert_eq!(share_of(8, 9, 1.2).0, None);
    }

    #[test]
    fn a_larger_threshold_never_gives_fewer() {
        let made = made_faces(1200, 32, 3);
        let people = made.owners.iter().map(|&owner| PersonId(owner as i64));
        let found = WrongMatches::new(people.zip(made.values.chunks_exact(32)));
        let shares: Vec<f32> = (0..40).map(|i| found.at(SquaredDistance(i as f32 / 10.0)).unwrap().per_1000).collect();
        assert!(shares.is_sorted() && shares[39] > 999.0, "{shares:?}");
    }
}
