//! What the Evaluate view sends.

use std::path::PathBuf;

use crate::app::evaluate::job::setup::{EvaluationOptions, EvaluationPath, Subject};
use crate::app::evaluate::state::{Tab, WallFilter};
use crate::types::ModelId;

/// What a user can do in this view.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    SetSubject(Subject),
    /// Asks for a file or a folder.
    Ask(EvaluationPath),
    SetPath(EvaluationPath, Vec<PathBuf>),
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
