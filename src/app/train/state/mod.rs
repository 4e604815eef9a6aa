//! Everything of the Train view and the demonstration that is not drawing.
//!
//! * `message` is what the view sends; what is asked of the job and what it tells is the job's.
//! * [`form`] is what the user has chosen, and why a run cannot start yet.
//! * [`live`] is a run as it is watched: curves, histograms, triplets, alarms, how it ended.
//! * `update` is what messages and events do to [`State`]; [`words`] are alarms and reasons in the user's
//!   language.

pub mod form;
pub mod live;
mod message;
mod update;
pub mod words;

use std::path::PathBuf;

use crate::app::engine::facts::Loadable;
use crate::app::engine::report::Failure;
pub(crate) use crate::app::train::job::adopt::{DistancesFrom, NotAdvised};
pub(crate) use crate::app::train::job::choices::NetworkChoice;
pub use crate::app::train::job::choices::{Choices, ModelChoice};
pub use crate::app::train::job::data_summary::DataSource;
pub(crate) use crate::app::train::job::data_summary::{DataSummary, LeftOutWhy};
pub(crate) use crate::app::train::job::people::FaceFinding;
pub(crate) use crate::app::train::job::{DEMONSTRATE, REEMBED, StartFrom, TrainSummary};
pub use crate::app::train::job::{Event, Request, TRAIN};
use crate::app::train::state::form::TrainForm;
pub use crate::app::train::state::form::TrainPath;
use crate::app::train::state::live::LiveRun;
pub use crate::app::train::state::message::Message;

/// What the Train view shows.
#[derive(Debug, Default)]
pub struct State {
    pub form: TrainForm,
    pub(crate) choices: Loadable<Choices>,
    /// What the data hold, and which data.
    pub(crate) data_summary: Option<(DataSource, Loadable<DataSummary>)>,
    /// A run was asked for and has not begun: the device is being tested, or has other work.
    pub waiting: bool,
    /// Why the last run did not even begin.
    pub failed_to_begin: Option<Failure>,
    /// The run on show, running or ended.
    pub(crate) run: Option<LiveRun>,
    /// Stop and discard was pressed and waits for a second word.
    pub discarding: Option<Discarding>,
    /// Faces embedded anew and left out by the job that is about to end.
    reembedded: (u64, u64),
}

/// What is about to be thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discarding {
    Running,
    Unfinished(PathBuf),
}
