//! A judged list of pairs, kept so that a window can ask again: curves, histograms, what any threshold does, and which
//! pairs it gets wrong. Plain rows; no texture, no widget, no words.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::pairs::{PairsOutcome, WithoutErrata};
use crate::eval::errata::Errata;
use crate::eval::failures::{Failure, OperatingPoint, failures};
use crate::eval::lfw::{Judgement, judge_scored};
use crate::eval::roc::{BandPoint, averaged, band, log_fars};
use crate::eval::{FarRule, Image, Metric, Pair, RocPoint};

/// One model on one list of pairs.
#[derive(Debug, Clone)]
pub struct PairsRun {
    pub outcome: PairsOutcome,
    /// Its pairs are those that have both embeddings.
    pub judged: Judgement,
    pub metric: Metric,
    pub far_rule: FarRule,
    pub images: Vec<Image>,
    /// How faces were cut; None for ready embeddings.
    pub crop: Option<FaceCrop>,
    /// The threshold came from another list, so no fold can be held out again.
    pub(crate) split: bool,
}

/// A curve over all pairs, its uncertainty, and the mean over folds.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveRows {
    /// Corners of the pooled curve, from (0, 0) to (1, 1).
    pub points: Vec<RocPoint>,
    /// The curve at evenly spaced FARs with its standard error over folds; empty with one fold.
    pub band: Vec<BandPoint>,
    /// VAL averaged over the folds' own curves at the same FARs; empty with one fold.
    pub averaged: Vec<BandPoint>,
}

/// Pairs by distance, in bins of `width` from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairHistogram {
    pub bins_a_unit: u32,
    pub same: Vec<u64>,
    pub different: Vec<u64>,
}

/// Which threshold judges a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// Each fold's own, chosen on the others.
    OfFold,
    Fixed(f64),
}

/// A wrongly judged pair, and everything known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureRow {
    pub failure: Failure,
    pub images: [Image; 2],
    /// Why the label is doubted: built in, or marked by the user.
    pub doubt: Option<String>,
    /// The same pair under the other runs handed in, in their order; None where a run lacks it.
    pub elsewhere: Vec<Option<Elsewhere>>,
}

/// A pair as another run judged it, by that run's own threshold for the pair's fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Elsewhere {
    pub model: String,
    pub distance: f64,
    pub threshold: f64,
    pub right: bool,
}

impl PairsRun {
    pub fn curve(&self) -> CurveRows {
        let pooled = &self.judged.pooled;
        let fars = log_fars((1.0 / pooled.different as f64).min(0.1), 20);
        let curves = &self.judged.curves;
        let (band, averaged) = match curves.len() {
            0 | 1 => (Vec::new(), Vec::new()),
            _ => (band(pooled, curves, &fars), averaged(curves, &fars)),
        };
        CurveRows { points: pooled.corners(), band, averaged }
    }

    /// Counts in bins of 1/`bins_a_unit`; the last bin holds whatever lies beyond the metric's range.
    pub fn histogram(&self, bins_a_unit: u32) -> PairHistogram {
        let farthest = self.judged.pairs.iter().map(|pair| pair.distance).fold(self.largest(), f64::max);
        let bins = ((farthest * f64::from(bins_a_unit)).ceil() as usize).max(1);
        let mut histogram = PairHistogram { bins_a_unit, same: vec![0; bins], different: vec![0; bins] };
        for pair in &self.judged.pairs {
            let bin = ((pair.distance * f64::from(bins_a_unit)) as usize).min(bins - 1);
            let counts = if pair.same { &mut histogram.same } else { &mut histogram.different };
            counts[bin] += 1;
        }
        histogram
    }

    /// The largest distance that unit vectors can have.
    pub fn largest(&self) -> f64 {
        match self.metric {
            Metric::SquaredL2 => 4.0,
            Metric::Angle => 1.0,
        }
    }

    /// The mean of the folds' thresholds: where a slider starts.
    pub fn mean_threshold(&self) -> f64 {
        self.judged.thresholds().iter().sum::<f64>() / self.judged.folds.len() as f64
    }

    /// What one threshold does to all pairs.
    pub fn at(&self, threshold: f64) -> OperatingPoint {
        OperatingPoint::at(threshold, &self.judged.pairs)
    }

    /// As [`Self::at`], without pairs whose label is doubted.
    pub fn at_trusted(&self, threshold: f64, errata: &Errata) -> OperatingPoint {
        OperatingPoint::at(threshold, &self.trusted(errata).0)
    }

    /// The protocol's figures without pairs whose label is doubted; None when there is none.
    pub fn without(&self, errata: &Errata) -> Result<Option<WithoutErrata>> {
        let (kept, doubted_pairs) = self.trusted(errata);
        if doubted_pairs == 0 || self.split {
            return Ok(None);
        }
        let again = judge_scored(&kept, self.outcome.far_target, self.far_rule)
            .context("without the doubted pairs nothing is left to judge")?;
        Ok(Some(WithoutErrata {
            doubted_pairs,
            accuracy_mean: again.accuracy.mean,
            accuracy_se: again.accuracy.standard_error,
            val_mean: again.val.mean,
            val_se: again.val.standard_error,
        }))
    }

    /// The wrongly judged pairs, the worst first.
    pub fn failures(&self, threshold: Threshold, errata: &Errata, others: &[&Self]) -> Vec<FailureRow> {
        let threshold_of = |fold| match threshold {
            Threshold::OfFold => self.judged.threshold_of(fold).unwrap_or(f64::NAN),
            Threshold::Fixed(threshold) => threshold,
        };
        let wrong = failures(&self.judged.pairs, threshold_of);
        let places: Vec<HashMap<[&str; 2], usize>> = others.iter().map(|other| other.places()).collect();
        let row = |failure: Failure| {
            let pair = &self.judged.pairs[failure.pair];
            let [a, b] = self.names(pair);
            let elsewhere = others
                .iter()
                .zip(&places)
                .map(|(other, places)| places.get(&[a, b]).map(|&index| other.verdict(index)));
            FailureRow {
                failure,
                images: [pair.a, pair.b].map(|place| self.images[place].clone()),
                doubt: errata.doubt(a, b, pair.same).map(str::to_owned),
                elsewhere: elsewhere.collect(),
            }
        };
        wrong.into_iter().map(row).collect()
    }

    /// A pair's images as the list spells them.
    pub fn names(&self, pair: &Pair) -> [&str; 2] {
        [pair.a, pair.b].map(|place| self.images[place].listed.as_str())
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.outcome.run
    }

    fn places(&self) -> HashMap<[&str; 2], usize> {
        self.judged.pairs.iter().enumerate().map(|(index, pair)| (self.names(pair), index)).collect()
    }

    fn verdict(&self, index: usize) -> Elsewhere {
        let scored = self.judged.pairs[index];
        let threshold = self.judged.threshold_of(scored.fold).unwrap_or(f64::NAN);
        let right = (scored.distance <= threshold) == scored.same;
        Elsewhere { model: self.outcome.model.clone(), distance: scored.distance, threshold, right }
    }

    /// The pairs whose label is not doubted, and how many are.
    fn trusted(&self, errata: &Errata) -> (Vec<Pair>, usize) {
        let is_trusted = |pair: &&Pair| {
            let [a, b] = self.names(pair);
            errata.doubt(a, b, pair.same).is_none()
        };
        let trusted: Vec<Pair> = self.judged.pairs.iter().filter(is_trusted).copied().collect();
        let doubted = self.judged.pairs.len() - trusted.len();
        (trusted, doubted)
    }
}
