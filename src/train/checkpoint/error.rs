//! Why a run's folder cannot be written or read.

use std::io;
use std::path::{Path, PathBuf};

use crate::networks::weights::WeightsError;
use crate::types::plain;

#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    #[error("the folder already holds a run; go on with --resume, or choose another: {0}")]
    Taken(PathBuf),
    #[error(
        "the folder holds {name}; a run needs one that is new or empty, for it may write over what is there, and hides \
         photos in its folder from scans and training: {path}"
    )]
    InTheWay { name: String, path: PathBuf },
    #[error("a run needs a folder, and this is a file: {0}")]
    NotAFolder(PathBuf),
    #[error("a run needs a folder, and this is a link to what is not there: {0}")]
    LinkToNothing(PathBuf),
    #[error("the run cannot be begun: {action} failed: {}; choose another folder: {}", plain(source), path.display())]
    NotBegun { action: &'static str, source: io::Error, path: PathBuf },
    #[error("process {process} works on this run; wait for its end, or stop it there: {path}")]
    InUse { process: String, path: PathBuf },
    #[error("the folder holds no run: {0}")]
    NoRun(PathBuf),
    #[error("this part of the run cannot be read: {}: {}", plain(source), path.display())]
    Unreadable { source: io::Error, path: PathBuf },
    #[error("{action} failed: {}: {}", plain(source), path.display())]
    Io { action: &'static str, source: io::Error, path: PathBuf },
    #[error("the checkpoint of step {step} was not written, and those before are unchanged: {source}")]
    NotSaved { step: u64, source: Box<RunFolderError> },
    #[error("a file of the run is not as it was written: {reason}: {path}")]
    Format { reason: String, path: PathBuf },
    #[error("a checkpoint's tensors: {0}")]
    Weights(#[from] WeightsError),
}

impl RunFolderError {
    /// While a run is made, which has nothing yet.
    pub(super) fn before_the_run(self) -> Self {
        match self {
            Self::Io { action, source, path } => Self::NotBegun { action, source, path },
            other => other,
        }
    }

    pub(super) fn format(error: serde_json::Error, path: &Path) -> Self {
        Self::Format { reason: error.to_string(), path: path.to_owned() }
    }
}

/// The outcome of doing this with a file or folder of the run.
pub(super) fn tried<T>(action: &'static str, path: &Path, outcome: io::Result<T>) -> Result<T, RunFolderError> {
    outcome.map_err(|source| RunFolderError::Io { action, source, path: path.to_owned() })
}

/// What reading a file or folder of the run came to.
pub(super) fn have_read<T>(path: &Path, outcome: io::Result<T>) -> Result<T, RunFolderError> {
    outcome.map_err(|source| RunFolderError::Unreadable { source, path: path.to_owned() })
}
