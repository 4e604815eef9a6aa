//! Triplets over a subset of the data with the newest weights, every n steps (Schroff et al. 2015, section 3.2:
//! "using the most recent network checkpoint and computing the argmin and argmax on a subset of the data"; the paper
//! found it inconclusive and kept to online mining).
//!
//! davidsandberg/facenet does it in small: the subset is one mini-batch, each of its triplets is learned from once, and
//! then it is the next one's turn ([`TripletPlan::select`]).
//!
//! The plan is part of a checkpoint: a resumed run cannot mine again with weights that it has left behind.

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::online::{Draw, mine, mine_until};
use super::{MiningRule, Points};
use crate::train::loss::Triplet;
use crate::train::rng::{Purpose, shuffle, stream};
use crate::train::sampler::Exemplar;
use crate::types::Cancel;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OfflineConfig {
    /// Mine anew after so many steps.
    pub every_steps: u64,
    /// Pictures looked at each time.
    pub subset_pictures: usize,
    /// Triplets a step.
    pub triplets_per_step: usize,
}

impl Default for OfflineConfig {
    fn default() -> Self {
        Self { every_steps: 1000, subset_pictures: 10_000, triplets_per_step: 600 }
    }
}

/// davidsandberg's loop: triplets among the pictures of one mini-batch, embedded as in training, in the batch's order
/// and as many at a time as a step learns from. His steps have 30 triplets, 90 pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SelectionConfig {
    /// Triplets a step. A picture that is part of several of them is passed as often.
    pub triplets_per_step: usize,
}

impl Default for SelectionConfig {
    fn default() -> Self {
        Self { triplets_per_step: 30 }
    }
}

impl SelectionConfig {
    pub fn pictures_per_step(self) -> usize {
        3 * self.triplets_per_step.max(1)
    }
}

/// Triplets of pictures, shuffled, to be learned from until the next mining.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TripletPlan {
    mined_at_step: u64,
    triplets_per_step: usize,
    triplets: Vec<[Exemplar; 3]>,
    /// None is gone through again and again until the next mining.
    #[serde(default)]
    once: Option<Once>,
}

/// Of a plan that is gone through once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Once {
    /// The number of the mini-batch that it was mined from, if it was.
    batch: u64,
    /// What a step shows that has no triplet, because nothing that was looked at had one.
    without_triplet: Vec<Exemplar>,
}

/// A mini-batch to select from.
pub(crate) struct Selected<'a> {
    pub points: Points<'a>,
    /// The points' pictures, person by person.
    pub exemplars: &'a [Exemplar],
    /// As in davidsandberg's `select_triplets` only the first so many have anchors; whoever the batch was filled with
    /// is a negative.
    pub people: usize,
    /// The mini-batch's number.
    pub batch: u64,
}

/// The pictures of one step and the triplets among them, by their rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlannedBatch {
    pub exemplars: Vec<Exemplar>,
    pub triplets: Vec<Triplet>,
}

impl TripletPlan {
    /// Mines `points`, whose rows are `subset`'s pictures. Where they give no triplet the plan lasts one step; one that
    /// was cancelled is to be thrown away.
    pub fn mine(
        points: Points<'_>,
        subset: &[Exemplar],
        rule: MiningRule,
        margin: f32,
        config: OfflineConfig,
        draw: Draw,
        cancel: &Cancel,
    ) -> Self {
        let mut triplets = mine_until(points, rule, margin, draw, cancel).triplets;
        triplets.shuffle(&mut stream(draw.seed, Purpose::OfflineSubset, draw.step, 1));
        let exemplars = |t: Triplet| [t.anchor, t.positive, t.negative].map(|row| subset[row as usize]);
        let triplets_per_step = config.triplets_per_step.max(1);
        let without_triplet = || subset.iter().copied().take(3 * triplets_per_step).collect();
        Self {
            mined_at_step: draw.step,
            triplets_per_step,
            once: triplets.is_empty().then(|| Once { batch: 0, without_triplet: without_triplet() }),
            triplets: triplets.into_iter().map(exemplars).collect(),
        }
    }

    /// Selects among the pictures of one mini-batch.
    pub fn select(from: Selected<'_>, rule: MiningRule, margin: f32, config: SelectionConfig, draw: Draw) -> Self {
        let Selected { points, exemplars, people, batch } = from;
        let anchors = rows_of_first(exemplars, people);
        let mut triplets = mine(points, rule, margin, draw).triplets;
        triplets.retain(|triplet| (triplet.anchor as usize) < anchors);
        shuffle(&mut stream(draw.seed, Purpose::OfflineSubset, draw.step, 1), &mut triplets);
        let named = |t: Triplet| [t.anchor, t.positive, t.negative].map(|row| exemplars[row as usize]);
        let without_triplet = exemplars.iter().copied().take(config.pictures_per_step()).collect();
        Self {
            mined_at_step: draw.step,
            triplets_per_step: config.triplets_per_step.max(1),
            triplets: triplets.into_iter().map(named).collect(),
            once: Some(Once { batch, without_triplet }),
        }
    }

    /// The step at which nothing of the plan is left; none for one that is gone through again.
    pub fn ends_at(&self) -> Option<u64> {
        let steps = self.triplets.len().div_ceil(self.triplets_per_step).max(1) as u64;
        self.once.as_ref().map(|_| self.mined_at_step + steps)
    }

    /// The mini-batch to select from after this plan.
    pub fn next_batch(&self) -> u64 {
        self.once.as_ref().map_or(0, |once| once.batch + 1)
    }

    /// The batch of `step`: each picture of its triplets once, or where a plan is gone through once, as often as they
    /// name it.
    pub fn batch(&self, step: u64) -> PlannedBatch {
        if let Some(once) = &self.once {
            return self.batch_once(step, once);
        }
        let mut batch = PlannedBatch { exemplars: Vec::new(), triplets: Vec::new() };
        let per_step = self.triplets_per_step.min(self.triplets.len());
        let start = (step - self.mined_at_step) as usize * per_step;
        for number in start..start + per_step {
            let rows = self.triplets[number % self.triplets.len()].map(|exemplar| batch.row_of(exemplar));
            batch.triplets.push(Triplet { anchor: rows[0], positive: rows[1], negative: rows[2] });
        }
        batch
    }

    fn batch_once(&self, step: u64, once: &Once) -> PlannedBatch {
        let number = (step - self.mined_at_step) as usize;
        let Some(triplets) = self.triplets.chunks(self.triplets_per_step).nth(number) else {
            return PlannedBatch { exemplars: once.without_triplet.clone(), triplets: Vec::new() };
        };
        let rows = |row: u32| Triplet { anchor: 3 * row, positive: 3 * row + 1, negative: 3 * row + 2 };
        PlannedBatch { exemplars: triplets.concat(), triplets: (0..triplets.len() as u32).map(rows).collect() }
    }
}

fn rows_of_first(exemplars: &[Exemplar], people: usize) -> usize {
    exemplars.chunk_by(|one, next| one.person == next.person).take(people).map(<[Exemplar]>::len).sum()
}

impl PlannedBatch {
    fn row_of(&mut self, exemplar: Exemplar) -> u32 {
        let row = self.exemplars.iter().position(|known| known.picture == exemplar.picture);
        row.unwrap_or_else(|| {
            self.exemplars.push(exemplar);
            self.exemplars.len() - 1
        }) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Negatives, Positives, reference};
    use super::*;
    use crate::train::mining::harmonic::Combinations;
    use std::collections::BTreeSet;

    const DRAW: Draw = Draw { seed: 4, step: 50 };
    const RULE: MiningRule = MiningRule { positives: Positives::Hardest, negatives: Negatives::Hardest };

    fn plan(cloud: &reference::Cloud, triplets_per_step: usize) -> (TripletPlan, Vec<Exemplar>) {
        let points = cloud.points();
        let subset: Vec<Exemplar> =
            points.people.iter().enumerate().map(|(row, &person)| Exemplar { picture: 1000 + row, person }).collect();
        let config = OfflineConfig { triplets_per_step, ..OfflineConfig::default() };
        let plan = TripletPlan::mine(points, &subset, RULE, 0.2, config, DRAW, &Cancel::default());
        (plan, subset)
    }

    #[test]
    fn holds_the_argmax_and_argmin_of_every_anchor() {
        let cloud = reference::Cloud::random(8, 7, 5, false);
        let (plan, subset) = plan(&cloud, 4);
        let wanted: BTreeSet<[usize; 3]> = reference::candidates(cloud.points(), RULE, 0.2, &Combinations::only_new())
            .iter()
            .filter_map(|pair| pair.first_triplet())
            .map(|t| [t.anchor, t.positive, t.negative].map(|row| subset[row as usize].picture))
            .collect();
        let got: BTreeSet<[usize; 3]> = plan.triplets.iter().map(|t| t.map(|exemplar| exemplar.picture)).collect();
        assert_eq!(got, wanted);
    }

    #[test]
    fn a_plan_without_triplets_shows_pictures_for_a_step() {
        let cloud = reference::Cloud::random(8, 7, 5, false);
        let subset: Vec<Exemplar> = (0..56).map(|picture| Exemplar { picture, person: 0 }).collect();
        let config = OfflineConfig { triplets_per_step: 4, ..OfflineConfig::default() };
        // No negative is nearer than a positive by the whole diameter.
        let plan = TripletPlan::mine(cloud.points(), &subset, RULE, -4.0, config, DRAW, &Cancel::default());
        assert_eq!(plan.ends_at(), Some(51));
        assert_eq!(plan.batch(50), PlannedBatch { exemplars: subset[..12].to_vec(), triplets: Vec::new() });
    }

    #[test]
    fn steps_walk_through_the_plan_and_batches_hold_each_picture_once() {
        let cloud = reference::Cloud::random(8, 7, 5, false);
        let (plan, _) = plan(&cloud, 4);
        let mut walked = Vec::new();
        for step in 50..50 + plan.triplets.len() as u64 / 4 {
            let batch = plan.batch(step);
            let pictures: BTreeSet<usize> = batch.exemplars.iter().map(|exemplar| exemplar.picture).collect();
            assert_eq!(pictures.len(), batch.exemplars.len());
            walked.extend(
                batch
                    .triplets
                    .iter()
                    .map(|t| [t.anchor, t.positive, t.negative].map(|row| batch.exemplars[row as usize])),
            );
        }
        assert_eq!(walked[..], plan.triplets[..walked.len()]);
        let restored: TripletPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        assert_eq!(restored.batch(9999), plan.batch(9999));
    }
}
