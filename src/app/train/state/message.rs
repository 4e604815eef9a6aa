//! What the Train view sends.

use std::path::PathBuf;

use crate::app::jobs::demonstration::DemoOptions;
use crate::app::train::state::Discarding;
use crate::app::train::state::form::TrainForm;

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
