//! All people ([`people`]), one person ([`person`]), merging two ([`merge`]), two of one name ([`same_name`]), what was
//! set aside ([`aside`]), and how alike faces must be ([`grouping`]).

pub mod aside;
pub mod grouping;
pub mod merge;
pub mod people;
pub mod person;
pub mod same_name;

use eframe::egui::{self, Ui};

use crate::app::people::state::{Message, State};
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::page::Page;

pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

/// What the views keep between frames.
#[derive(Default)]
pub(crate) struct Views {
    pub people: people::PeopleView,
    pub person: person::PersonView,
}

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        self.people.ui(ui, ctx);
    }

    fn dialogs_ui(&mut self, window: &egui::Context, ctx: &mut Context<'_>) {
        merge::merge_ui(window, ctx);
        same_name::same_name_ui(window, ctx);
    }

    fn page_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: Page) -> bool {
        match page {
            Page::Person(_) => self.person.ui(ui, ctx),
            page if page == Page::SET_ASIDE => aside::aside_ui(ui, ctx),
            _ => return false,
        }
        true
    }

    fn escape(&mut self, page: Page) -> bool {
        matches!(page, Page::Person(_)) && self.person.clear_selection()
    }

    fn left(&mut self) {
        self.people.leave();
    }
}
