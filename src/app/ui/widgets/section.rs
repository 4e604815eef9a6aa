//! Parts of a page: a title with what belongs under it, and words that explain.

use eframe::egui::{Label, Ui};

use crate::app::ui::theme::{self, space};

pub(crate) fn section_ui(ui: &mut Ui, title: &str, content: impl FnOnce(&mut Ui)) {
    ui.label(theme::lead(title));
    ui.add_space(space::XS);
    content(ui);
    ui.add_space(space::XL);
}

/// Quiet words, in as many lines as they need.
pub(crate) fn hint_ui(ui: &mut Ui, words: impl Into<String>) {
    ui.add(Label::new(theme::secondary(ui, words)).wrap());
}
