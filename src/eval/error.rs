//! Why a measure cannot be taken, or not of everything.

use std::fmt;

use crate::types::grouped;

/// A fold that cannot be judged, since a kind of pair is missing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LackingFold {
    /// As the list calls it.
    pub fold: usize,
    pub same: usize,
    pub different: usize,
}

impl fmt::Display for LackingFold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fold = self.fold;
        match (self.same, self.different) {
            (0, 0) => write!(f, "fold {fold} has no pairs left"),
            (0, _) => write!(f, "fold {fold} has no pair of one person left"),
            _ => write!(f, "fold {fold} has no pair of different people left"),
        }
    }
}

/// What several folds lack, each with its number as far as that can be read.
pub(crate) fn lacking_words(lacking: &[LackingFold]) -> String {
    const TOLD: usize = 10;
    let mut words: Vec<String> = lacking.iter().take(TOLD).map(ToString::to_string).collect();
    if lacking.len() > TOLD {
        words.push(format!("and so do {} more", grouped((lacking.len() - TOLD) as u64)));
    }
    words.join("; ")
}

/// Why a measure cannot be taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvalError {
    #[error(
        "{what} needs pairs of the same person and pairs of different people, but there are {same} and {different}"
    )]
    OneSided { what: &'static str, same: usize, different: usize },
    #[error("a distance is not a number (pair {pair}), so no threshold can be chosen")]
    NotANumber { pair: usize },
    #[error("the false accept rate must lie between 0 and 1, not {0}")]
    FarTarget(f64),
    #[error(
        "holding folds out needs at least two folds, but the pairs have {0}; choose the threshold on another list instead"
    )]
    TooFewFolds(usize),
    #[error(
        "holding folds out needs at least two folds with pairs of both kinds, but there is {whole}: {}",
        lacking_words(lacking)
    )]
    FoldsLack { whole: usize, lacking: Vec<LackingFold> },
    #[error(
        "the published arithmetic cuts the list into {blocks} blocks and divides by the pairs of each kind in each, but \
         block {block} has no pair of {kind}"
    )]
    BlockLacks { blocks: usize, block: usize, kind: &'static str },
    #[error("vectors of {left} and {right} dimensions cannot be compared: they come from different models")]
    Dimensions { left: usize, right: usize },
    #[error("{vectors} vectors came with {labels} labels")]
    Labels { vectors: usize, labels: usize },
    #[error("splitting {people} people into {splits} sets leaves a set without two photos of one person")]
    TooFewPeople { people: usize, splits: usize },
    #[error("a video without frames cannot be compared (video {0})")]
    EmptyVideo(usize),
    #[error("a histogram of distances has {0} bins here, which no other part expects")]
    Bins(usize),
    #[error("the adapter could not count the pairs: {0}")]
    Adapter(String),
    #[error("cancelled; nothing was kept")]
    Cancelled,
}
