//! The distances of all pairs of a set: each by itself where they are few, counted in fine bins where they are many.

use anyhow::Result;

use crate::app::evaluate::job::count::PairCounter;
use crate::eval::all_pairs::{AllPairs, BINS, DistanceHistogram, exact};
use crate::eval::{EvalError, FarRule, Roc, ValAtFar, Vectors, val_at_far};
use crate::types::Cancel;

/// Two million pairs take a moment and a hundred megabytes; rates and areas are then exact.
const EXACT_UP_TO: usize = 2000;

pub(crate) enum PairDistances {
    Exact { same: Vec<f64>, different: Vec<f64> },
    Counted(AllPairs),
}

impl PairDistances {
    pub fn of(vectors: &Vectors, labels: &[u32], counter: &PairCounter, cancel: &Cancel) -> Result<Self, EvalError> {
        if matches!(counter, PairCounter::Cpu) && vectors.len() <= EXACT_UP_TO {
            let (same, different) = exact(vectors, labels)?;
            return Ok(Self::Exact { same, different });
        }
        Ok(Self::Counted(counter.count(vectors, labels, cancel, &|_| {})?))
    }

    /// Pairs of one person, and of different people.
    pub fn pairs(&self) -> (u64, u64) {
        match self {
            Self::Exact { same, different } => (same.len() as u64, different.len() as u64),
            Self::Counted(counted) => (counted.same.total(), counted.different.total()),
        }
    }

    /// VAL at the largest threshold whose FAR is at most `target`.
    pub fn val_at_far(&self, target: f64) -> Result<ValAtFar, EvalError> {
        match self {
            Self::Exact { same, different } => val_at_far(same, different, target, FarRule::AtMost),
            Self::Counted(counted) => counted.val_at_far(target),
        }
    }

    pub fn roc(&self) -> Result<Roc, EvalError> {
        match self {
            Self::Exact { same, different } => {
                let labelled = |distances: &[f64], same: bool| distances.iter().map(|&d| (d, same)).collect::<Vec<_>>();
                Roc::of([labelled(same, true), labelled(different, false)].concat())
            }
            Self::Counted(counted) => counted.roc(),
        }
    }

    /// In the finest bins.
    pub fn counted(&self) -> Result<AllPairs, EvalError> {
        let count = |distances: &[f64]| {
            let mut counts = vec![0; BINS];
            distances.iter().for_each(|d| counts[((d / 4.0 * BINS as f64) as usize).min(BINS - 1)] += 1);
            DistanceHistogram::from_counts(counts)
        };
        match self {
            Self::Exact { same, different } => Ok(AllPairs { same: count(same)?, different: count(different)? }),
            Self::Counted(counted) => Ok(counted.clone()),
        }
    }

    /// How exact the rates are, in words.
    pub fn resolution(&self) -> &'static str {
        match self {
            Self::Exact { .. } => "Rates are exact.",
            Self::Counted(_) => "Rates are exact at steps of 1/16384 in squared distance.",
        }
    }
}
