//! Why a run cannot begin or go on.

use burn::tensor::TensorReadError;

use super::checkpoint::RunFolderError;
use super::events::StopReason;
use super::frozen::FreezeError;
use super::loader::LoaderError;
use crate::eval::EvalError;
use crate::networks::nets::catalogue::CatalogueError;
use crate::networks::weights::WeightsError;

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Not a failure: the user's word came while something long was under way.
    #[error("stopped")]
    Interrupted(StopReason),
    #[error("there is nothing to learn: triplets need at least two people with two pictures each, the data have {0}")]
    TooFewPeople(usize),
    #[error("there is nothing to learn: a batch needs two pictures, the data have {0}")]
    TooFewPictures(usize),
    #[error("learning from a teacher needs its vector of every picture; picture {0} has none")]
    NoTeacherVector(usize),
    #[error("a teacher that sees what the network sees has to be there itself, not only its vectors")]
    NoLiveTeacher,
    #[error("harmonic training needs the old network's vector of every picture; picture {0} has none")]
    NoOldVector(usize),
    #[error(
        "none of the pictures of step {step} could be read{}; mend that, and go on with --resume",
        reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default()
    )]
    NothingReadable { step: u64, reason: Option<String> },
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Freeze(#[from] FreezeError),
    #[error(transparent)]
    Loader(#[from] LoaderError),
    #[error(transparent)]
    Folder(#[from] RunFolderError),
    #[error("the weights could not be used: {0}")]
    Weights(#[from] WeightsError),
    #[error("the device did not hand its result back: {0}")]
    Device(#[from] TensorReadError),
    #[error("the network could not be judged: {0}")]
    Judge(#[source] EvalError),
}

impl From<EvalError> for TrainError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Cancelled => Self::Interrupted(StopReason::Cancelled),
            error => Self::Judge(error),
        }
    }
}
