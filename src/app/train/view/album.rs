//! Faces that come with the news of a run rather than from the library.

use eframe::egui::{self, CornerRadius, Rect, TextureHandle, Ui};

use crate::app::engine::picture::Picture;
use crate::app::ui::theme;
use crate::app::ui::thumbnails::{Drawable, colour_image};
use crate::app::ui::widgets::picture;

/// Textures of a list of pictures, made anew when the list changes.
#[derive(Default)]
pub struct Textures {
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
        let texture = |picture: Picture| {
            let image = colour_image(&picture)?;
            Some(ctx.load_texture("face of a run", image, egui::TextureOptions::LINEAR))
        };
        self.textures = pictures().into_iter().map(texture).collect();
    }

    pub fn paint(&self, ui: &Ui, rect: Rect, place: usize) {
        let drawable = match self.textures.get(place).and_then(Option::as_ref) {
            Some(texture) => Drawable::Ready { texture: texture.id(), size: texture.size_vec2() },
            None => Drawable::Failed,
        };
        picture::paint(ui, rect, drawable, picture::Fit::Cover, CornerRadius::same(theme::radius::CONTROL));
    }
}
