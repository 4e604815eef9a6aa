//! Runs of evaluations as plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::app::evaluate::job::check::findings::Fact;
use crate::app::evaluate::state::setup::Setup;
use crate::eval::lfw::FoldResult;
use crate::eval::{Image, Metric, Pair, Roc};

/// A past run, as a line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run's folder.
    pub run: PathBuf,
    /// As the folder is called: "lfw", "folder", "sensitivity".
    pub kind: String,
    pub model: String,
    /// The list or folder that was judged, in a few words.
    pub on: String,
    /// Local time, to the minute.
    pub when: String,
    /// Accuracy where folds were judged, else VAL; None for studies.
    pub score: Option<f64>,
    pub pairs: u64,
    pub skipped: u64,
    /// False for studies, whose report alone can be shown.
    pub has_curves: bool,
}

impl RunRow {
    /// Where every pair was counted, no folds were judged: the score is VAL, not an accuracy.
    pub fn score_is_val(&self) -> bool {
        matches!(self.kind.as_str(), "folder" | "library")
    }
}

/// A run that is shown. Its place in the list of opened runs gives its colour.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalRun {
    /// Names the run's pictures while the window is open.
    pub number: u32,
    pub row: RunRow,
    pub metric: Metric,
    pub figures: Figures,
    pub folds: Vec<FoldResult>,
    pub roc: Roc,
    /// FAR, and VAL ± standard error over folds or splits; empty where there is one fold only.
    pub band: Vec<[f64; 3]>,
    /// Pairs of one person and of different people by distance.
    pub same: Vec<u64>,
    pub different: Vec<u64>,
    pub bin_width: f64,
    /// The threshold of the protocol: the mean over folds, or the one for the FAR target.
    pub threshold: f64,
    /// Every judged pair; where all pairs were counted, the worst of them.
    pub pairs: Vec<Pair>,
    pub images: Vec<Image>,
    /// Of the pairs whose label is doubted, why.
    pub doubts: BTreeMap<usize, Doubt>,
}

/// The figures of a run, with their uncertainty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// None where every pair was counted instead of judged by folds.
    pub accuracy: Option<Spread>,
    pub val: Spread,
    pub far_target: f64,
    /// Measured where it was judged.
    pub far: f64,
    /// False where the target is finer than one pair.
    pub far_resolved: bool,
    pub auc: f64,
    pub eer: Option<f64>,
    pub skipped_images: Vec<String>,
    /// The same without pairs whose label is doubted.
    pub without: Option<Without>,
    /// With one byte a dimension: accuracy and VAL.
    pub bytes: Option<(Spread, Spread)>,
}

/// A mean with both spreads that are in use.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    pub mean: f64,
    /// None where there is one value only.
    pub standard_error: Option<f64>,
    pub population_sd: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Without {
    pub doubted_pairs: u64,
    pub accuracy: Spread,
    pub val: f64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub why: String,
    /// The user marked this pair; else it is known from elsewhere.
    pub marked_here: bool,
}

impl EvalRun {
    /// Whether all pairs were counted instead of a list judged by folds; then only the worst are known one by one.
    pub fn counted(&self) -> bool {
        self.folds.is_empty()
    }
}

/// A reason for a low score, found by measuring.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRow {
    pub fault: Fault,
    /// What was measured; none where nothing is wrong.
    pub fact: Option<Fact>,
    /// How far apart both kinds of pairs lie (d′), as it is and as it would be.
    pub measured: Option<(f64, f64)>,
    pub cure: Option<Cure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No other way of preparing pictures does better.
    None,
    CropMargin,
    PixelScaling,
    Channels,
    Alignment,
    SkippedPairs,
}

impl Fault {
    pub fn label_key(self) -> &'static str {
        match self {
            Self::None => "check_none",
            Self::CropMargin => "check_crop_margin",
            Self::PixelScaling => "check_pixel_scaling",
            Self::Channels => "check_channels",
            Self::Alignment => "check_alignment",
            Self::SkippedPairs => "check_skipped",
        }
    }
}

/// An evaluation that avoids the fault.
#[derive(Debug, Clone, PartialEq)]
pub enum Cure {
    WithoutDetector(Setup),
    /// As the model's recipe says, instead of the given embeddings.
    EmbedHere(Setup),
}

impl Cure {
    pub fn label_key(&self) -> &'static str {
        match self {
            Self::WithoutDetector(_) => "cure_without_detector",
            Self::EmbedHere(_) => "cure_embed_here",
        }
    }

    pub fn setup(&self) -> &Setup {
        match self {
            Self::WithoutDetector(setup) | Self::EmbedHere(setup) => setup,
        }
    }
}
