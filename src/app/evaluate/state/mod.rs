//! Everything of the Evaluate view that is not drawing.
//!
//! * [`Message`] is what the view sends, [`Request`] what is asked of the job, [`Event`] what it tells.
//! * [`figures`] turns runs into plots and tables, [`words`] says what a threshold does and what was found.
//! * `update` is what messages and events do to [`State`].

pub mod figures;
mod message;
mod update;
pub mod words;

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::engine::facts::{Loadable, ModelRow};
pub(crate) use crate::app::evaluate::job::CHECK;
pub(crate) use crate::app::evaluate::job::check::CheckOutcome;
pub(crate) use crate::app::evaluate::job::check::alternatives::PossibleFault;
pub(crate) use crate::app::evaluate::job::check::findings::Finding;
use crate::app::evaluate::job::checked::Checked;
pub(crate) use crate::app::evaluate::job::checked::SuggestedEvaluation;
pub(crate) use crate::app::evaluate::job::pairs_config::Mirror;
pub(crate) use crate::app::evaluate::job::present::{fold_cells, percent};
pub(crate) use crate::app::evaluate::job::setup::{EvaluationOptions, EvaluationPath, EvaluationSetup, Subject};
pub use crate::app::evaluate::job::{EVALUATE, Event, Request};
pub use crate::app::evaluate::state::message::Message;
use crate::eval::run::RunRow;
use crate::eval::{RocPoint, Run};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Curves,
    Wall,
    Folds,
    Check,
}

impl Tab {
    pub const ALL: [Self; 4] = [Self::Curves, Self::Wall, Self::Folds, Self::Check];

    pub(crate) fn label_key(self) -> &'static str {
        match self {
            Self::Curves => "tab_curves",
            Self::Wall => "tab_wall",
            Self::Folds => "tab_folds",
            Self::Check => "tab_check",
        }
    }
}

/// Which wrong pairs are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WallFilter {
    #[default]
    All,
    FalseAccepts,
    FalseRejects,
    Doubted,
}

impl WallFilter {
    pub const ALL: [Self; 4] = [Self::All, Self::FalseAccepts, Self::FalseRejects, Self::Doubted];

    pub(crate) fn label_key(self) -> &'static str {
        match self {
            Self::All => "wall_all",
            Self::FalseAccepts => "wall_accepts",
            Self::FalseRejects => "wall_rejects",
            Self::Doubted => "wall_doubted",
        }
    }
}

#[derive(Debug, Default)]
pub struct State {
    pub setup: EvaluationSetup,
    pub(crate) runs: Loadable<Vec<RunRow>>,
    /// Runs to be shown together.
    pub ticked: Vec<PathBuf>,
    /// What was asked to be opened and is not there yet.
    pub opening: Vec<PathBuf>,
    pub opened: Vec<Arc<Run>>,
    /// Index into `opened`.
    pub focused: usize,
    /// A distance of the run in focus.
    pub threshold: f64,
    pub tab: Tab,
    pub filter: WallFilter,
    /// Index into the pairs of the run in focus.
    pub pair: Option<usize>,
    /// What was found about a run; None while nobody asked.
    pub(crate) checked: Option<(PathBuf, Loadable<Checked>)>,
    /// Pairs that the evaluation judged and left out that is about to end.
    judged: (u64, u64),
}

impl State {
    pub fn focus(&self) -> Option<&Arc<Run>> {
        self.opened.get(self.focused)
    }

    /// The model in use is the first choice.
    pub(crate) fn choose_model(&mut self, models: &Loadable<Vec<ModelRow>>) {
        let Some(models) = models.ready() else { return };
        self.setup.models.retain(|wanted| models.iter().any(|model| model.model == *wanted && model.installed));
        if self.setup.models.is_empty() {
            let used = models.iter().filter(|model| model.in_use && model.embeds());
            self.setup.models = used.map(|model| model.model.clone()).collect();
        }
    }

    /// What the threshold does to the run in focus.
    pub(crate) fn point(&self) -> Option<RocPoint> {
        self.focus().map(|run| run.roc.at(self.threshold))
    }

    /// The threshold of another shown run that lets as many wrong matches through as the one in focus.
    pub(crate) fn threshold_of(&self, index: usize) -> Option<f64> {
        if index == self.focused {
            return Some(self.threshold);
        }
        let far = self.point()?.far;
        Some(self.opened.get(index)?.roc.threshold_at(far))
    }
}
