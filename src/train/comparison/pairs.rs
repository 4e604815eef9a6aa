//! The pairs that a draw of people weighs.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::train::mining::squared_distance;
use crate::train::rng::{Purpose, stream};

/// The pairs that draws weigh, by rows: all of a kind, or so many at random.
pub(super) struct SampledPairs {
    pub same: Vec<(u32, u32)>,
    different: Vec<(u32, u32)>,
    /// Of all different pairs.
    different_share: f64,
}

impl SampledPairs {
    pub fn of(labels: &[u32], count: usize, at_most: usize, seed: u64) -> Self {
        let mut rows_of = vec![Vec::new(); count];
        labels.iter().enumerate().for_each(|(row, &person)| rows_of[person as usize].push(row as u32));
        let pairs = |rows: usize| rows * rows.saturating_sub(1) / 2;
        let same_pairs: usize = rows_of.iter().map(|rows| pairs(rows.len())).sum();
        let different_pairs = pairs(labels.len()) - same_pairs;
        let mut rng = stream(seed, Purpose::SampledPairs, 0, 0);
        let same = if same_pairs <= at_most {
            rows_of.iter().flat_map(|rows| all_of(rows)).collect()
        } else {
            // A picture is drawn as often as it has partners, so that every pair is as likely.
            let mut ends = Vec::with_capacity(count);
            rows_of.iter().fold(0, |sum, rows| {
                ends.push(sum + pairs(rows.len()));
                sum + pairs(rows.len())
            });
            let draw = |_| {
                let pair = rng.random_range(0..same_pairs);
                two_of(&rows_of[ends.partition_point(|&end| end <= pair)], &mut rng)
            };
            (0..at_most).map(draw).collect()
        };
        let rows: Vec<u32> = (0..labels.len() as u32).collect();
        let differ = |&(a, b): &(u32, u32)| labels[a as usize] != labels[b as usize];
        let different: Vec<(u32, u32)> = if different_pairs <= at_most {
            all_of(&rows).filter(differ).collect()
        } else {
            std::iter::repeat_with(|| two_of(&rows, &mut rng)).filter(differ).take(at_most).collect()
        };
        let different_share = different.len() as f64 / different_pairs.max(1) as f64;
        Self { same, different, different_share }
    }
}

fn all_of(rows: &[u32]) -> impl Iterator<Item = (u32, u32)> {
    rows.iter().enumerate().flat_map(|(at, &a)| rows[at + 1..].iter().map(move |&b| (a, b)))
}

fn two_of(rows: &[u32], rng: &mut ChaCha8Rng) -> (u32, u32) {
    let a = rng.random_range(0..rows.len());
    let b = (a + rng.random_range(1..rows.len())) % rows.len();
    (rows[a], rows[b])
}

/// The pairs of one network, ready to be weighed by how often a person was drawn.
pub(super) struct Pairs {
    /// In order, a list a person.
    same: Vec<Vec<f32>>,
    /// Distance and both people, in order of distance.
    different: Vec<(f32, u32, u32)>,
    /// Of all different pairs.
    different_share: f64,
    pictures: Vec<u32>,
}

impl Pairs {
    pub fn of(vectors: &[f32], dimensions: usize, people: &[u32], sampled: &SampledPairs) -> Self {
        let row = |row: u32| &vectors[row as usize * dimensions..(row as usize + 1) * dimensions];
        let measured =
            |&(a, b): &(u32, u32)| (squared_distance(row(a), row(b)), people[a as usize], people[b as usize]);
        let count = people.iter().max().map_or(0, |&person| person as usize + 1);
        let mut same = vec![Vec::new(); count];
        for (distance, person, _) in sampled.same.par_iter().map(measured).collect::<Vec<_>>() {
            same[person as usize].push(distance);
        }
        same.iter_mut().for_each(|list| list.sort_unstable_by(f32::total_cmp));
        let mut different: Vec<(f32, u32, u32)> = sampled.different.par_iter().map(measured).collect();
        different.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut pictures = vec![0; count];
        people.iter().for_each(|&person| pictures[person as usize] += 1);
        Self { same, different, different_share: sampled.different_share, pictures }
    }

    /// How many of the pairs of two people are weighed. A person drawn twice makes no different pair with themself.
    fn different_weight(&self, weights: &[u32]) -> f64 {
        let counts = || weights.iter().zip(&self.pictures).map(|(&w, &n)| f64::from(w) * f64::from(n));
        let sum: f64 = counts().sum();
        (sum * sum - counts().map(|count| count * count).sum::<f64>()) / 2.0 * self.different_share
    }

    /// The share of same pairs nearer than `cut`.
    fn accepted(&self, weights: &[u32], cut: f32) -> f64 {
        let (mut accepted, mut all) = (0.0, 0.0);
        for (list, &weight) in self.same.iter().zip(weights) {
            accepted += f64::from(weight) * list.partition_point(|&distance| distance < cut) as f64;
            all += f64::from(weight) * list.len() as f64;
        }
        accepted / all
    }

    /// VAL at the largest threshold whose FAR does not exceed the target.
    pub fn val(&self, weights: &[u32], far_target: f64) -> f64 {
        let budget = far_target * self.different_weight(weights) * (1.0 + 1e-9);
        let mut used = 0.0;
        let refused = self.different.iter().find(|(_, a, b)| {
            used += f64::from(weights[*a as usize]) * f64::from(weights[*b as usize]);
            used > budget
        });
        self.accepted(weights, refused.map_or(f32::INFINITY, |pair| pair.0))
    }

    pub fn accuracy(&self, weights: &[u32], cut: f32) -> f64 {
        let nearer = &self.different[..self.different.partition_point(|pair| pair.0 < cut)];
        let weight = |&(_, a, b): &(f32, u32, u32)| f64::from(weights[a as usize]) * f64::from(weights[b as usize]);
        let far = nearer.iter().map(weight).sum::<f64>() / self.different_weight(weights);
        (self.accepted(weights, cut) + 1.0 - far) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_draw_weighs_pairs_by_how_often_their_people_were_drawn() {
        let rows = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-0.6, 0.8], [-1.0, 0.0]];
        let people = [0, 0, 1, 1, 2];
        let pairs = Pairs::of(rows.as_flattened(), 2, &people, &SampledPairs::of(&people, 3, 100, 1));
        assert_eq!(pairs.different_weight(&[1, 1, 1]), 8.0);
        assert_eq!(pairs.different_weight(&[2, 0, 1]), 4.0);
        assert_eq!(pairs.different_weight(&[3, 0, 0]), 0.0);
        // Distances of same pairs: 0.4 and 0.4; of different ones 0.8 between the second and the third picture.
        assert_eq!(pairs.val(&[1, 1, 1], 0.0), 1.0);
        assert_eq!(pairs.accuracy(&[1, 1, 1], 0.9), (1.0 + 1.0 - 2.0 / 8.0) / 2.0);
    }

    /// 40 people with 75 pictures each: 111,000 pairs of one person and 4,387,500 of two.
    #[test]
    fn of_many_pairs_so_many_are_chosen_and_each_as_likely() {
        let labels: Vec<u32> = (0..3000).map(|row| row % 40).collect();
        let sampled = SampledPairs::of(&labels, 40, 40_000, 1);
        assert_eq!((sampled.same.len(), sampled.different.len()), (40_000, 40_000));
        let person = |row: u32| labels[row as usize];
        assert!(sampled.same.iter().all(|&(a, b)| a != b && person(a) == person(b)));
        assert!(sampled.different.iter().all(|&(a, b)| person(a) != person(b)));
        let mut counts = BTreeMap::new();
        sampled.same.iter().for_each(|&(a, _)| *counts.entry(person(a)).or_insert(0) += 1);
        assert!(counts.len() == 40 && counts.values().all(|count| (800..1200).contains(count)), "{counts:?}");
        assert!((sampled.different_share - 40_000.0 / 4_387_500.0).abs() < 1e-9);
    }
}
