//! The store ([`models`]), the catalogue of networks ([`networks`]), and what an import leaves open ([`import`]).

pub mod import;
pub mod models;
pub mod networks;

use eframe::egui::{self, Ui};

use crate::app::models::state::{Message, State};
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::FeatureView;

pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

/// Nothing is kept between frames.
#[derive(Default)]
pub(crate) struct Views;

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        models::models_ui(ui, ctx);
    }

    fn dialogs_ui(&mut self, window: &egui::Context, ctx: &mut Context<'_>) {
        import::import_ui(window, ctx);
    }
}
