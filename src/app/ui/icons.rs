//! The icons, from one set: the Lucide icon font.

use eframe::egui::{FontId, RichText};
pub(crate) use lucide_icons::Icon;

use crate::app::ui::theme;

/// The font's bytes.
pub(crate) const FONT: &[u8] = lucide_icons::LUCIDE_FONT_BYTES;

pub(crate) fn glyph(icon: Icon) -> char {
    char::from(icon)
}

/// The font of an icon that is painted.
pub(crate) fn font(size: f32) -> FontId {
    FontId::new(size, theme::icon_family())
}

/// An icon as text, at the one size icons have.
pub fn text(icon: Icon) -> RichText {
    RichText::new(glyph(icon)).family(theme::icon_family()).size(theme::size::ICON)
}

/// An icon as text, larger: for empty views.
pub fn large(icon: Icon) -> RichText {
    text(icon).size(theme::type_size::DISPLAY)
}
