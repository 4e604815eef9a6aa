//! A judged list of pairs, kept so that a window can ask again: curves, histograms, what any threshold does, and which
//! pairs it gets wrong. Plain rows; no texture, no widget, no words.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::pairs::{PairsOutcome, WithoutErrata};
use crate::eval::errata::{Errata, Finding};
use crate::eval::failures::{Mistake, OperatingPoint, failures};
use crate::eval::lfw::{Judgement, judge_scored};
use crate::eval::roc::{BandPoint, averaged, band, log_fars};
use crate::eval::{FarRule, LabelledPair, Metric, RocPoint, ScoredPair};
use crate::types::Detection;

/// One model on one list of pairs.
#[derive(Debug, Clone)]
pub struct PairsRun {
    pub outcome: PairsOutcome,
    /// Pairs that have both embeddings, in the order of `judged.scored`.
    pub pairs: Vec<LabelledPair>,
    pub judged: Judgement,
    pub metric: Metric,
    pub far_rule: FarRule,
    /// Folder of the images that the pairs name.
    pub images: Option<PathBuf>,
    /// How faces were cut; None for ready embeddings.
    pub crop: Option<FaceCrop>,
    /// Where the face of an image is, by the pair list's path; missing where no detector looked.
    pub(crate) faces: HashMap<String, Detection>,
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
    /// Index into the run's pairs.
    pub index: usize,
    pub pair: LabelledPair,
    pub mistake: Mistake,
    pub distance: f64,
    pub threshold: f64,
    /// The folders' names, with spaces.
    pub names: [String; 2],
    pub photos: Option<[PathBuf; 2]>,
    pub faces: [Option<Detection>; 2],
    /// Why the label is doubted: built in, or marked by the user.
    pub doubt: Option<String>,
    /// The same pair under the other runs handed in, in their order; None where a run lacks it.
    pub elsewhere: Vec<Option<Elsewhere>>,
}

impl FailureRow {
    /// How far beyond the threshold.
    pub fn wrong_by(&self) -> f64 {
        (self.distance - self.threshold).abs()
    }
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
        let farthest = self.judged.scored.iter().map(|pair| pair.distance).fold(self.largest(), f64::max);
        let bins = ((farthest * f64::from(bins_a_unit)).ceil() as usize).max(1);
        let mut histogram = PairHistogram { bins_a_unit, same: vec![0; bins], different: vec![0; bins] };
        for pair in &self.judged.scored {
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
        OperatingPoint::at(threshold, &self.judged.scored)
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
        let wrong = failures(&self.judged.scored, threshold_of);
        let places: Vec<HashMap<(&str, &str), usize>> = others.iter().map(|other| other.places()).collect();
        let row = |failure: crate::eval::failures::Failure| {
            let pair = &self.pairs[failure.pair];
            let elsewhere = others.iter().zip(&places).map(|(other, places)| {
                places.get(&(pair.a.as_str(), pair.b.as_str())).map(|&index| other.verdict(index))
            });
            FailureRow {
                index: failure.pair,
                mistake: failure.mistake,
                distance: failure.distance,
                threshold: failure.threshold,
                names: [&pair.a, &pair.b].map(|path| person(path)),
                photos: self.images.as_deref().map(|folder| [&pair.a, &pair.b].map(|path| folder.join(path))),
                faces: [&pair.a, &pair.b].map(|path| self.face(path)),
                doubt: doubt(errata, pair),
                elsewhere: elsewhere.collect(),
                pair: pair.clone(),
            }
        };
        wrong.into_iter().map(row).collect()
    }

    /// Where the face of an image of the list is.
    pub fn face(&self, path: &str) -> Option<Detection> {
        self.faces.get(path).copied()
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.outcome.run
    }

    fn places(&self) -> HashMap<(&str, &str), usize> {
        self.pairs.iter().enumerate().map(|(index, pair)| ((pair.a.as_str(), pair.b.as_str()), index)).collect()
    }

    fn verdict(&self, index: usize) -> Elsewhere {
        let scored = self.judged.scored[index];
        let threshold = self.judged.threshold_of(scored.fold).unwrap_or(f64::NAN);
        let right = (scored.distance <= threshold) == scored.same;
        Elsewhere { model: self.outcome.model.clone(), distance: scored.distance, threshold, right }
    }

    fn trusted(&self, errata: &Errata) -> (Vec<ScoredPair>, usize) {
        let (trusted, doubted) = errata.trusted(&self.pairs);
        (trusted.into_iter().map(|pair| self.judged.scored[pair]).collect(), doubted)
    }
}

/// Why a pair's label is doubted.
pub(crate) fn doubt(errata: &Errata, pair: &LabelledPair) -> Option<String> {
    match errata.finding(pair) {
        Finding::Trusted => None,
        Finding::Doubted(why) => Some(why.to_owned()),
    }
}

fn person(path: &str) -> String {
    path.rsplit('/').nth(1).unwrap_or(path).replace('_', " ")
}
