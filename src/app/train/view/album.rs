//! Faces that come with the events of a run rather than from the library.

use eframe::egui::{self, CornerRadius, Rect, TextureHandle, Ui};

use crate::app::engine::picture::Picture;
use crate::app::ui::theme;
use crate::app::ui::thumbnails::{Drawable, texture_of};
use crate::app::ui::widgets::picture;

/// Textures of a list of pictures, made anew when the list changes.
#[derive(Default)]
pub(crate) struct Textures {
    /// What tells the list from the one before.
    stamp: Option<u64>,
    textures: Vec<Option<TextureHandle>>,
}

impl Textures {
    /// `stamp` changes whenever the pictures do; only then they are asked for.
    pub fn update(&mut self, ctx: &egui::Context, stamp: u64, pictures: impl FnOnce() -> Vec<Picture>) {
        if self.stamp == Some(stamp) {
            return;
        }
        self.stamp = Some(stamp);
        self.textures = pictures().iter().map(|picture| texture_of(ctx, "face of a run", picture)).collect();
    }

    pub fn paint(&self, ui: &Ui, rect: Rect, place: usize) {
        let drawable = Drawable::of(self.textures.get(place).and_then(Option::as_ref));
        picture::paint(ui, rect, drawable, picture::Fit::Cover, CornerRadius::same(theme::radius::CONTROL));
    }
}
