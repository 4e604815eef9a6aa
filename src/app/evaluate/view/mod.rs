//! Evaluate: what to judge and past evaluations; then the curves, the wrong pairs, the folds, and why a score is low.

mod check;
mod curves;
mod folds;
mod pair;
mod results;
mod start;
mod wall;

use eframe::egui::{Ui, Vec2};

use crate::app::evaluate::state::{Message, State, percent};
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::widgets::status;

pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

#[derive(Default)]
pub(crate) struct Views {
    curves: curves::Curves,
    wall: wall::Wall,
}

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        let evaluate = ctx.state;
        if !evaluate.opened.is_empty() {
            self.results_ui(ui, ctx);
        } else if !evaluate.opening.is_empty() {
            status::skeleton_ui(ui, Vec2::new(ui.available_width() / 2.0 - 8.0, 280.0), ctx.text.s("loading"));
        } else {
            start::start_ui(ui, ctx);
        }
    }
}
