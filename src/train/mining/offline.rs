//! Triplets over a subset of the data with the newest weights, every n steps (Schroff et al. 2015, section 3.2:
//! "using the most recent network checkpoint and computing the argmin and argmax on a subset of the data"; the paper
//! found it inconclusive and kept to online mining).
//!
//! The plan is part of a checkpoint: a resumed run cannot mine again with weights that it has left behind.

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::online::{Draw, mine};
use super::{MiningRule, Points};
use crate::train::loss::Triplet;
use crate::train::rng::{Purpose, stream};
use crate::train::sampler::Exemplar;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineConfig {
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

/// Triplets of pictures, shuffled, to be learned from until the next mining.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TripletPlan {
    mined_at_step: u64,
    triplets_per_step: usize,
    triplets: Vec<[Exemplar; 3]>,
}

/// The pictures of one step and the triplets among them, by their rows.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedBatch {
    pub exemplars: Vec<Exemplar>,
    pub triplets: Vec<Triplet>,
}

impl TripletPlan {
    /// Mines `points`, whose rows are `subset`'s pictures.
    pub fn mine(
        points: Points<'_>,
        subset: &[Exemplar],
        rule: MiningRule,
        margin: f32,
        config: OfflineConfig,
        draw: Draw,
    ) -> Self {
        let mut triplets = mine(points, rule, margin, draw).triplets;
        triplets.shuffle(&mut stream(draw.seed, Purpose::OfflineSubset, draw.step, 1));
        let exemplars = |t: Triplet| [t.anchor, t.positive, t.negative].map(|row| subset[row as usize]);
        Self {
            mined_at_step: draw.step,
            triplets_per_step: config.triplets_per_step.max(1),
            triplets: triplets.into_iter().map(exemplars).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.triplets.is_empty()
    }

    /// The batch of `step`; a short plan is gone through again.
    pub fn batch(&self, step: u64) -> PlannedBatch {
        let mut batch = PlannedBatch { exemplars: Vec::new(), triplets: Vec::new() };
        let per_step = self.triplets_per_step.min(self.triplets.len());
        let start = (step - self.mined_at_step) as usize * per_step;
        for number in start..start + per_step {
            let rows = self.triplets[number % self.triplets.len()].map(|exemplar| batch.row_of(exemplar));
            batch.triplets.push(Triplet { anchor: rows[0], positive: rows[1], negative: rows[2] });
        }
        batch
    }
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

    const RULE: MiningRule = MiningRule { positives: Positives::Hardest, negatives: Negatives::Hardest };

    fn plan(cloud: &reference::Cloud, triplets_per_step: usize) -> (TripletPlan, Vec<Exemplar>) {
        let points = cloud.points();
        let subset: Vec<Exemplar> =
            points.people.iter().enumerate().map(|(row, &person)| Exemplar { picture: 1000 + row, person }).collect();
        let config = OfflineConfig { triplets_per_step, ..OfflineConfig::default() };
        let plan = TripletPlan::mine(points, &subset, RULE, 0.2, config, Draw { seed: 4, step: 50 });
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
