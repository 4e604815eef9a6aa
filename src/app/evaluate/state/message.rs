//! What the Evaluate view sends, what is asked of the job for it, and what the job tells.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::engine::facts::DistanceSample;
use crate::app::engine::picture::ImageKey;
use crate::app::engine::report::{Failure, JobKind};
use crate::app::evaluate::state::checked::Checked;
use crate::app::evaluate::state::setup::{EvaluationOptions, EvaluationSetup, Path, Subject};
use crate::app::evaluate::state::{Tab, WallFilter};
use crate::eval::Run;
use crate::eval::run::RunRow;
use crate::types::ModelId;

pub const EVALUATE: JobKind = JobKind("evaluate");
/// Finding out why a score is low.
pub(crate) const CHECK: JobKind = JobKind("check");

/// What a user can do in this view.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    SetSubject(Subject),
    /// Asks for a file or a folder.
    Ask(Path),
    SetPath(Path, Vec<PathBuf>),
    ToggleModel(ModelId),
    SetOptions(EvaluationOptions),
    Start,

    /// Marks a past run to be shown beside others, or takes the mark back.
    Tick(PathBuf),
    /// Shows these runs, the first in focus.
    Open(Vec<PathBuf>),
    /// Goes back to the list of runs.
    Leave,
    ShowTab(Tab),
    /// Puts another of the shown runs in focus.
    Focus(usize),
    /// A distance of the run in focus.
    SetThreshold(f64),
    SetFilter(WallFilter),
    /// Opens both photos of a pair, or closes them.
    ShowPair(Option<usize>),
    /// Says that a pair's label is wrong, or takes that back.
    Mark {
        pair: usize,
        mislabelled: bool,
    },
    /// Looks for reasons why the score of the run in focus is low.
    Check,
    /// Evaluates again as a finding suggests.
    Fix(usize),
}

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadRuns,
    /// A picture of an opened run.
    LoadImage(ImageKey),
    /// Distances of known pairs under the model in use, for the scale of the Compare view.
    LoadSample,
    OpenRuns(Vec<PathBuf>),
    Start(EvaluationSetup),
    Check(PathBuf),
    Mark {
        run: PathBuf,
        a: String,
        b: String,
        same: bool,
        mislabelled: bool,
    },
}

/// What came back.
#[derive(Debug, Clone)]
pub enum Event {
    Runs(Vec<RunRow>),
    Sample(Option<DistanceSample>),
    /// For the folders that were asked for.
    Opened(Vec<PathBuf>, Vec<Arc<Run>>),
    /// An evaluation ended and left these runs.
    Finished(Vec<PathBuf>),
    /// A run was read again, because marks changed.
    Changed(Arc<Run>),
    Checked(PathBuf, Result<Checked, Failure>),
}
