//! Everything of the Evaluate view that is not drawing.
//!
//! * [`message`] is what the view sends, what is asked of the job, and what it tells.
//! * [`rows`] are runs as plain data: the job fills them, the views read them.
//! * [`setup`] is what a user chooses before an evaluation starts.
//! * [`point`] says what a threshold does; [`figures`] turns runs into plots.
//! * [`update`] is what messages and events do to [`EvaluateState`]; [`words`] says what a check found.

pub mod figures;
pub mod message;
pub mod point;
pub mod rows;
pub mod setup;
pub mod update;
pub mod words;

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::engine::facts::{Loadable, ModelRow};
use crate::app::evaluate::state::point::Point;
use crate::app::evaluate::state::rows::{CheckRow, EvalRun, RunRow};
use crate::app::evaluate::state::setup::Setup;

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

    pub fn label_key(self) -> &'static str {
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

    pub fn label_key(self) -> &'static str {
        match self {
            Self::All => "wall_all",
            Self::FalseAccepts => "wall_accepts",
            Self::FalseRejects => "wall_rejects",
            Self::Doubted => "wall_doubted",
        }
    }
}

#[derive(Debug, Default)]
pub struct EvaluateState {
    pub setup: Setup,
    pub runs: Loadable<Vec<RunRow>>,
    /// Runs to be shown together.
    pub ticked: Vec<PathBuf>,
    /// What was asked to be opened and is not there yet.
    pub opening: Vec<PathBuf>,
    pub opened: Vec<Arc<EvalRun>>,
    /// Index into `opened`.
    pub focused: usize,
    /// A distance of the run in focus.
    pub threshold: f64,
    pub tab: Tab,
    pub filter: WallFilter,
    /// Index into the pairs of the run in focus.
    pub pair: Option<usize>,
    /// What was found about a run; None while nobody asked.
    pub checked: Option<(PathBuf, Loadable<Vec<CheckRow>>)>,
}

impl EvaluateState {
    pub fn focus(&self) -> Option<&Arc<EvalRun>> {
        self.opened.get(self.focused)
    }

    /// The model in use is the first choice.
    pub fn choose_model(&mut self, models: &Loadable<Vec<ModelRow>>) {
        let Some(models) = models.ready() else { return };
        self.setup.models.retain(|chosen| models.iter().any(|model| model.model == *chosen && model.installed));
        if self.setup.models.is_empty() {
            let used = models.iter().filter(|model| model.in_use && model.embeds());
            self.setup.models = used.map(|model| model.model.clone()).collect();
        }
    }

    /// What the threshold does to the run in focus.
    pub fn point(&self) -> Option<Point> {
        self.focus().map(|run| Point::at(&run.roc, self.threshold))
    }

    /// The threshold of another shown run that lets as many wrong matches through as the one in focus.
    pub fn threshold_of(&self, index: usize) -> Option<f64> {
        if index == self.focused {
            return Some(self.threshold);
        }
        let far = self.point()?.far;
        Some(Point::with_far(&self.opened.get(index)?.roc, far).threshold)
    }
}
