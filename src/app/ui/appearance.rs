//! How the window looks, and what puts it into effect.

use eframe::egui;
use serde::{Deserialize, Serialize};

use super::locale::Language;
use super::theme::{self, ThemeChoice};

/// How the window looks; remembered from one start to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Appearance {
    pub theme: ThemeChoice,
    /// None follows the system.
    pub language: Option<Language>,
    pub reduced_motion: bool,
}

impl Appearance {
    pub(crate) fn language_or_system(&self) -> Language {
        self.language.unwrap_or_else(Language::of_system)
    }

    /// Theme and motion; words and fonts go by the language.
    pub(crate) fn apply(&self, ctx: &egui::Context) {
        ctx.set_theme(self.theme.preference());
        theme::apply(ctx, self.reduced_motion);
    }
}
