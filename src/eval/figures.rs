//! The figures of an evaluation, as `result.json` keeps them and `--json` prints them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::all_pairs::SPLITS;
use super::quantised::QuantisationCost;
use super::{Summary, ValAtFar};
use crate::types::{CropRule, path_text};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figures {
    /// A list of pairs, judged by folds.
    Pairs(PairFigures),
    /// Every pair of a labelled set, counted.
    EveryPair(SetFigures),
}

/// Whose way of computing: this program's, or that of davidsandberg/facenet's `lfw.evaluate`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Arithmetic {
    #[default]
    #[value(skip)]
    Exact,
    Sandberg,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PairFigures {
    pub accuracy_mean: f64,
    pub accuracy_se: f64,
    pub accuracy_sd: f64,
    pub thresholds: Vec<f64>,
    pub val_mean: f64,
    pub val_se: f64,
    pub val_sd: f64,
    pub far_mean: f64,
    pub far_target: f64,
    /// False when the target is finer than one of the pairs that chose the threshold: VAL then tells little.
    pub far_resolved: bool,
    pub auc: f64,
    /// Missing where the published arithmetic has none.
    pub eer: Option<f64>,
    pub pairs: usize,
    pub skipped: usize,
    pub skipped_images: Vec<String>,
    /// Folds that lack a kind of pair: their pairs are in no figure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds_left_out: Vec<usize>,
    /// Whether folds are called as their list calls them. Earlier versions counted them all from 0.
    #[serde(default)]
    pub folds_are_named: bool,
    pub model: String,
    /// How faces were cut out; missing where no detector looked, and in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_rule: Option<CropRule>,
    pub arithmetic: Arithmetic,
    /// The same figures without pairs whose label is known to be wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_errata: Option<WithoutErrata>,
    /// What one byte a dimension costs; only told for plain squared distances over folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<QuantisationCost>,
    #[serde(with = "path_text")]
    pub run: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WithoutErrata {
    pub doubted_pairs: usize,
    pub accuracy_mean: f64,
    pub accuracy_se: f64,
    pub val_mean: f64,
    pub val_se: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetFigures {
    pub images: usize,
    pub people: usize,
    pub skipped: usize,
    pub same_pairs: u64,
    pub different_pairs: u64,
    pub far_target: f64,
    /// Over all pairs at once.
    pub val: ValAtFar,
    /// VAL at each power of ten that the pairs resolve.
    pub vals: Vec<ValAtFar>,
    pub auc: f64,
    pub eer: f64,
    /// Over identity-disjoint splits; missing when there are too few people.
    pub val_mean: Option<f64>,
    pub val_se: Option<f64>,
    pub val_sd: Option<f64>,
    pub auc_mean: Option<f64>,
    pub auc_se: Option<f64>,
    pub model: String,
    #[serde(with = "path_text")]
    pub run: PathBuf,
}

impl Figures {
    /// None where every pair was counted instead of judged by folds.
    pub fn accuracy(&self) -> Option<Summary> {
        let Self::Pairs(figures) = self else { return None };
        Some(Summary {
            mean: figures.accuracy_mean,
            standard_error: figures.accuracy_se,
            population_sd: figures.accuracy_sd,
            count: figures.thresholds.len(),
        })
    }

    /// Over folds or splits; of all pairs at once where there are neither.
    pub fn val(&self) -> Summary {
        match self {
            Self::Pairs(figures) => Summary {
                mean: figures.val_mean,
                standard_error: figures.val_se,
                population_sd: figures.val_sd,
                count: figures.thresholds.len(),
            },
            Self::EveryPair(figures) => Summary {
                mean: figures.val_mean.unwrap_or(figures.val.val),
                standard_error: figures.val_se.unwrap_or_default(),
                population_sd: figures.val_sd.unwrap_or_default(),
                count: figures.val_mean.map_or(1, |_| SPLITS),
            },
        }
    }

    /// Measured where VAL was.
    pub fn far(&self) -> f64 {
        match self {
            Self::Pairs(figures) => figures.far_mean,
            Self::EveryPair(figures) => figures.val.far,
        }
    }

    pub fn far_target(&self) -> f64 {
        match self {
            Self::Pairs(PairFigures { far_target, .. }) | Self::EveryPair(SetFigures { far_target, .. }) => *far_target,
        }
    }

    /// False where the target is finer than one pair.
    pub fn far_resolved(&self) -> bool {
        match self {
            Self::Pairs(figures) => figures.far_resolved,
            Self::EveryPair(figures) => figures.val.resolved,
        }
    }

    pub fn auc(&self) -> f64 {
        match self {
            Self::Pairs(PairFigures { auc, .. }) | Self::EveryPair(SetFigures { auc, .. }) => *auc,
        }
    }

    pub fn eer(&self) -> Option<f64> {
        match self {
            Self::Pairs(figures) => figures.eer,
            Self::EveryPair(figures) => Some(figures.eer),
        }
    }
}
