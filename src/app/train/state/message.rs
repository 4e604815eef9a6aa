//! What the Train view sends, what is asked of the jobs for it, and what they tell.

use std::path::PathBuf;

use crate::app::engine::report::JobKind;
use crate::app::jobs::demonstration::DemoOptions;
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::data_summary::DataSummary;
use crate::app::train::job::{TrainRequest, TrainSummary};
use crate::app::train::state::form::{DataSource, TrainForm};
use crate::app::train::state::live::{RunEnd, RunStart};
use crate::app::train::state::{Choices, Discarding};
use crate::train::schedule::Schedule;

pub const TRAIN: JobKind = JobKind("train");
pub(crate) const DEMONSTRATE: JobKind = JobKind("demonstrate");
pub(crate) const REEMBED: JobKind = JobKind("reembed");

/// What a user can do in the Train view.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Asks for a file or folder.
    AskPath(TrainPath),
    SetPath(TrainPath, PathBuf),
    /// The form as it is now.
    Edit(Box<TrainForm>),
    Start,
    GoOn(PathBuf),
    Demonstrate(DemoOptions),
    Pause(bool),
    /// Ends the run; what it has learned is kept.
    StopAndKeep,
    /// Asks whether a run shall be thrown away.
    AskDiscard(Discarding),
    /// It shall not.
    CloseDiscard,
    Discard(Discarding),
    /// Installs the trained network, and the library uses it from now on.
    UseNetwork,
    KeepOld,
    /// Embeds the library's faces by the network in use.
    Reembed,
    /// Leaves an ended run for the set-up.
    Leave,
}

/// A file or folder that the view needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainPath {
    Data,
    Weights,
    OldWeights,
    TeacherWeights,
    Pairs,
    PairPictures,
    Schedule,
}

impl TrainPath {
    pub(crate) fn is_folder(self) -> bool {
        matches!(self, Self::Data | Self::PairPictures)
    }

    pub(crate) fn title_key(self) -> &'static str {
        match self {
            Self::Data => "train_choose_data",
            Self::Weights => "train_choose_weights",
            Self::OldWeights => "train_choose_old",
            Self::TeacherWeights => "train_choose_teacher",
            Self::Pairs => "train_choose_pairs",
            Self::PairPictures => "train_choose_pair_pictures",
            Self::Schedule => "train_choose_schedule",
        }
    }
}

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadChoices,
    Summarise(DataSource),
    ReadSchedule(PathBuf),
    /// Trains; the name is that of the run's folder.
    Start {
        request: Box<TrainRequest>,
        name: String,
    },
    GoOn(PathBuf),
    Demonstrate(DemoOptions),
    Pause(bool),
    Stop {
        discard: bool,
    },
    /// Removes the folder of a run that does not run.
    Discard(PathBuf),
    /// Installs the network of this run; the library embeds with it from now on.
    Use(Box<TrainSummary>),
    Reembed,
}

/// What the jobs tell.
#[derive(Debug, Clone)]
pub enum Event {
    Choices(Choices),
    ChoicesFailed(String),
    Summarised(DataSource, Result<DataSummary, String>),
    Schedule(PathBuf, Result<Schedule, String>),
    Began(RunStart),
    /// What the run tells, as it came from it.
    Run(Box<RunEvent>),
    Ended(Box<RunEnd>),
    /// The trained network is installed and in use.
    InUse {
        model: String,
        /// Faces of the library that it has not embedded.
        faces: u64,
    },
    /// It could not be; the old one still is.
    NotInUse,
    /// The library's faces are embedded by the network in use.
    Reembedded,
    /// The runs on the disk changed.
    Runs,
}
