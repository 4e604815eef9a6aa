//! The grid of all photos ([`library`]), the page of one ([`photo`]) and the list of what was left out ([`left_out`]).

mod left_out;
pub mod library;
pub mod photo;

use eframe::egui::Ui;

use crate::app::photos::state::{Message, State};
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::page::Page;

pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

/// What the views keep between frames.
#[derive(Default)]
pub(crate) struct Views {
    pub library: library::LibraryView,
    pub photo: photo::PhotoView,
}

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        self.library.ui(ui, ctx);
    }

    fn page_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: Page) -> bool {
        let is_photo = matches!(page, Page::Photo(_));
        if is_photo {
            self.photo.ui(ui, ctx);
        }
        is_photo
    }
}
