//! What the Train view sends.

use std::path::PathBuf;

use crate::app::jobs::demonstration::DemoOptions;
use crate::app::train::state::Discarding;
use crate::app::train::state::form::{TrainForm, TrainPath};

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
