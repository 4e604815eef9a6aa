//! How the window looks: every colour and type size is named here and nowhere else, and so are the distances, radii and
//! sizes that views share. How large its own rows, tiles and pictures are, a view says itself.
//!
//! The interface is neutral and thin, so that the faces carry the colour; one accent marks selection and the primary
//! action. Whether two faces are the same person is never told by colour alone: a word or an icon stands beside it.

use std::collections::BTreeMap;

use eframe::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Margin, RichText, Shadow, Stroke, TextStyle, Vec2, Visuals,
};
use serde::{Deserialize, Serialize};

/// What the user asked for; `System` follows the desktop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    #[default]
    System,
    Light,
    Dark,
}

impl ThemeChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) fn label_key(self) -> &'static str {
        match self {
            Self::System => "theme_system",
            Self::Light => "theme_light",
            Self::Dark => "theme_dark",
        }
    }

    pub(crate) fn preference(self) -> egui::ThemePreference {
        match self {
            Self::System => egui::ThemePreference::System,
            Self::Light => egui::ThemePreference::Light,
            Self::Dark => egui::ThemePreference::Dark,
        }
    }
}

/// The colours of one theme.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    pub background: Color32,
    pub surface: Color32,
    pub raised: Color32,
    /// A raised surface under the pointer.
    pub hovered: Color32,
    pub text: Color32,
    pub secondary: Color32,
    pub hairline: Color32,
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Selected text and selected rows.
    pub accent_soft: Color32,
    pub same: Color32,
    pub different: Color32,
    pub unsure: Color32,
    /// What lies behind a dialog.
    pub backdrop: Color32,
    /// Behind words that lie on a photo.
    pub scrim: Color32,
    pub on_scrim: Color32,
}

const LIGHT: Palette = Palette {
    background: Color32::from_rgb(0xFA, 0xFA, 0xF8),
    surface: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    raised: Color32::from_rgb(0xF1, 0xF1, 0xEE),
    hovered: Color32::from_rgb(0xE8, 0xE8, 0xE4),
    text: Color32::from_rgb(0x1B, 0x1C, 0x1E),
    secondary: Color32::from_rgb(0x6A, 0x6D, 0x72),
    hairline: Color32::from_rgb(0xE2, 0xE2, 0xDE),
    accent: Color32::from_rgb(0x2F, 0x6F, 0xDE),
    on_accent: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    accent_soft: Color32::from_rgb(0xDC, 0xE8, 0xFB),
    same: Color32::from_rgb(0x1E, 0x8E, 0x5A),
    different: Color32::from_rgb(0xC2, 0x41, 0x3B),
    unsure: Color32::from_rgb(0xB7, 0x79, 0x1F),
    backdrop: Color32::from_rgba_premultiplied(0, 0, 0, 90),
    scrim: Color32::from_rgba_premultiplied(0, 0, 0, 150),
    on_scrim: Color32::from_rgb(0xFF, 0xFF, 0xFF),
};

const DARK: Palette = Palette {
    background: Color32::from_rgb(0x17, 0x18, 0x1A),
    surface: Color32::from_rgb(0x1E, 0x20, 0x22),
    raised: Color32::from_rgb(0x28, 0x2B, 0x2E),
    hovered: Color32::from_rgb(0x32, 0x36, 0x3A),
    text: Color32::from_rgb(0xEC, 0xED, 0xEE),
    secondary: Color32::from_rgb(0x9A, 0x9E, 0xA5),
    hairline: Color32::from_rgb(0x33, 0x37, 0x3B),
    accent: Color32::from_rgb(0x6F, 0xA1, 0xFF),
    on_accent: Color32::from_rgb(0x10, 0x18, 0x28),
    accent_soft: Color32::from_rgb(0x26, 0x36, 0x55),
    same: Color32::from_rgb(0x4C, 0xC3, 0x8A),
    different: Color32::from_rgb(0xF2, 0x73, 0x6B),
    unsure: Color32::from_rgb(0xE5, 0xB4, 0x54),
    backdrop: Color32::from_rgba_premultiplied(0, 0, 0, 150),
    scrim: Color32::from_rgba_premultiplied(0, 0, 0, 150),
    on_scrim: Color32::from_rgb(0xFF, 0xFF, 0xFF),
};

/// Lines of a plot, in this order; told apart by the names beside them too.
const LIGHT_LINES: [Color32; 6] = [
    Color32::from_rgb(0x2F, 0x6F, 0xDE),
    Color32::from_rgb(0xC2, 0x55, 0x0A),
    Color32::from_rgb(0x12, 0x86, 0x66),
    Color32::from_rgb(0xA0, 0x47, 0x8A),
    Color32::from_rgb(0x8A, 0x6D, 0x00),
    Color32::from_rgb(0x55, 0x58, 0x5C),
];
const DARK_LINES: [Color32; 6] = [
    Color32::from_rgb(0x6F, 0xA1, 0xFF),
    Color32::from_rgb(0xF2, 0x9B, 0x5C),
    Color32::from_rgb(0x4C, 0xC3, 0xA4),
    Color32::from_rgb(0xDB, 0x8F, 0xC8),
    Color32::from_rgb(0xD8, 0xBC, 0x4E),
    Color32::from_rgb(0xB4, 0xB8, 0xBE),
];

/// The colour of a plot's line number `index`.
pub(crate) fn line_colour(visuals: &Visuals, index: usize) -> Color32 {
    let lines = if visuals.dark_mode { &DARK_LINES } else { &LIGHT_LINES };
    lines[index % lines.len()]
}

/// Confidence bands and what lies under a histogram: 15% of the line's colour.
pub(crate) fn band_of(colour: Color32) -> Color32 {
    colour.gamma_multiply(0.15)
}

/// Pictures are shown in their own colours.
pub(crate) const PICTURE_TINT: Color32 = Color32::WHITE;
pub(crate) const TRANSPARENT: Color32 = Color32::TRANSPARENT;

/// Distances, in points.
pub mod space {
    pub(crate) const XS: f32 = 4.0;
    pub const S: f32 = 8.0;
    pub(crate) const M: f32 = 12.0;
    pub(crate) const L: f32 = 16.0;
    pub(crate) const XL: f32 = 24.0;
    pub(crate) const XXL: f32 = 32.0;
}

/// Sizes of things that recur, in points.
pub mod size {
    pub(crate) const RAIL: f32 = 84.0;
    pub(crate) const TITLE_LINE: f32 = 56.0;
    pub(crate) const JOB_BAR: f32 = 48.0;
    pub(crate) const CONTROL: f32 = 30.0;
    pub(crate) const ICON: f32 = 16.0;
    /// Height of a slider: its knob follows from it.
    pub(crate) const SLIDER: f32 = 18.0;
    pub(crate) const PORTRAIT: f32 = 104.0;
    pub(crate) const STRIP_FACE: f32 = 72.0;
    pub(crate) const FACE_TILE: f32 = 112.0;
    pub(crate) const READING_WIDTH: f32 = 560.0;
    pub(crate) const SIDE_PANEL: f32 = 320.0;
    pub(crate) const HAIRLINE: f32 = 1.0;
    pub(crate) const RING: f32 = 2.0;
}

pub mod radius {
    pub(crate) const CONTROL: u8 = 6;
    pub(crate) const TILE: u8 = 8;
    pub(crate) const PANEL: u8 = 10;
}

/// Type sizes: small 12, body 13, lead 15, heading 20, display 28.
pub mod type_size {
    pub(crate) const SMALL: f32 = 12.0;
    pub(crate) const BODY: f32 = 13.0;
    pub(crate) const LEAD: f32 = 15.0;
    pub(crate) const HEADING: f32 = 20.0;
    pub(crate) const DISPLAY: f32 = 28.0;
}

/// Longest animation.
const MOTION_SECS: f32 = 0.12;

/// The family of the heavier weight; `fonts` fills it.
pub(crate) fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// The family of the icon font; `fonts` fills it.
pub(crate) fn icon_family() -> FontFamily {
    FontFamily::Name("icons".into())
}

pub(crate) fn palette(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

pub(crate) fn body_font() -> FontId {
    FontId::proportional(type_size::BODY)
}

pub(crate) fn small_font() -> FontId {
    FontId::proportional(type_size::SMALL)
}

/// For the raised exponents of a plot's axes.
pub(crate) fn exponent_font() -> FontId {
    FontId::proportional(type_size::SMALL * 0.75)
}

pub(crate) fn strong_font(size: f32) -> FontId {
    FontId::new(size, strong_family())
}

/// Emphasis by weight, not by size.
pub(crate) fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).family(strong_family())
}

pub(crate) fn lead(text: impl Into<String>) -> RichText {
    strong(text).size(type_size::LEAD)
}

pub(crate) fn heading(text: impl Into<String>) -> RichText {
    strong(text).size(type_size::HEADING)
}

pub fn display(text: impl Into<String>) -> RichText {
    strong(text).size(type_size::DISPLAY)
}

pub(crate) fn secondary(ui: &egui::Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).color(palette(ui.visuals()).secondary)
}

/// A colour of the diverging scale from "same person" to "different people" for a squared distance in [0, 4].
///
/// Below the threshold it runs from the colour of `same` to the surface, above it to the colour of `different`.
pub(crate) fn heat(palette: &Palette, squared_distance: f32, threshold: f32) -> Color32 {
    let (towards, share) = if squared_distance <= threshold {
        (palette.same, 1.0 - squared_distance / threshold.max(f32::EPSILON))
    } else {
        // Distances above 2 (a right angle) hardly occur: the scale saturates there.
        (palette.different, ((squared_distance - threshold) / (2.0 - threshold).max(0.1)).min(1.0))
    };
    palette.surface.lerp_to_gamma(towards, 0.15 + 0.6 * share.clamp(0.0, 1.0))
}

/// Gives both themes of `ctx` these tokens.
pub(crate) fn apply(ctx: &egui::Context, reduced_motion: bool) {
    for (theme, palette) in [(egui::Theme::Light, &LIGHT), (egui::Theme::Dark, &DARK)] {
        ctx.style_mut_of(theme, |style| {
            style.text_styles = text_styles();
            style.visuals = visuals(theme, palette);
            style.animation_time = if reduced_motion { 0.0 } else { MOTION_SECS };
            style.interaction.selectable_labels = false;
            style.interaction.tooltip_delay = 0.35;
            spacing(&mut style.spacing);
        });
    }
}

fn text_styles() -> BTreeMap<TextStyle, FontId> {
    [
        (TextStyle::Small, small_font()),
        (TextStyle::Body, body_font()),
        (TextStyle::Button, body_font()),
        (TextStyle::Monospace, FontId::monospace(type_size::SMALL)),
        (TextStyle::Heading, strong_font(type_size::HEADING)),
    ]
    .into()
}

fn spacing(spacing: &mut egui::Spacing) {
    spacing.item_spacing = Vec2::new(space::S, space::S);
    spacing.button_padding = Vec2::new(space::M, space::XS + 2.0);
    spacing.interact_size.y = size::CONTROL;
    spacing.menu_margin = Margin::same(space::XS as i8);
    spacing.window_margin = Margin::same(space::XL as i8);
    spacing.icon_width = size::ICON;
    spacing.scroll = egui::style::ScrollStyle::thin();
    spacing.scroll.fade.strength = 0.0;
    spacing.slider_rail_height = 4.0;
}

fn visuals(theme: egui::Theme, palette: &Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    visuals.panel_fill = palette.background;
    visuals.window_fill = palette.surface;
    visuals.window_stroke = hairline(palette);
    visuals.window_corner_radius = CornerRadius::same(radius::PANEL);
    visuals.menu_corner_radius = CornerRadius::same(radius::TILE);
    visuals.extreme_bg_color = palette.surface;
    visuals.faint_bg_color = palette.raised;
    visuals.code_bg_color = palette.raised;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.unsure;
    visuals.error_fg_color = palette.different;
    visuals.weak_text_color = Some(palette.secondary);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.selection.bg_fill = palette.accent_soft;
    visuals.selection.stroke = Stroke::new(size::HAIRLINE, palette.accent);
    visuals.text_cursor.stroke = Stroke::new(1.5, palette.accent);
    visuals.popup_shadow = soft_shadow();
    visuals.window_shadow = soft_shadow();
    widgets(&mut visuals.widgets, palette);
    visuals
}

fn widgets(widgets: &mut egui::style::Widgets, palette: &Palette) {
    let corner_radius = CornerRadius::same(radius::CONTROL);
    let state = |fill: Color32, outline: Color32, text: Color32| egui::style::WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(size::HAIRLINE, outline),
        corner_radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    widgets.noninteractive = state(palette.surface, palette.hairline, palette.text);
    widgets.inactive = state(palette.raised, palette.hairline, palette.text);
    widgets.hovered = state(palette.hovered, palette.hairline, palette.text);
    widgets.active = state(palette.hovered, palette.accent, palette.text);
    widgets.open = state(palette.hovered, palette.hairline, palette.text);
}

pub(crate) fn hairline(palette: &Palette) -> Stroke {
    Stroke::new(size::HAIRLINE, palette.hairline)
}

fn soft_shadow() -> Shadow {
    Shadow { offset: [0, 4], blur: 16, spread: 0, color: Color32::from_black_alpha(40) }
}

/// Two heads that overlap, in the accent's colours.
pub(crate) fn window_icon() -> egui::IconData {
    const SIDE: u32 = 64;
    let inside = |x: f32, y: f32, cx: f32, cy: f32, r: f32| (x - cx).powi(2) + (y - cy).powi(2) <= r * r;
    let head = |x: f32, y: f32, cx: f32| inside(x, y, cx, 22.0, 11.0) || (y < 58.0 && inside(x, y, cx, 56.0, 18.0));
    let mut rgba = Vec::with_capacity((SIDE * SIDE * 4) as usize);
    for pixel in 0..SIDE * SIDE {
        let (x, y) = ((pixel % SIDE) as f32 + 0.5, (pixel / SIDE) as f32 + 0.5);
        let colour = match (head(x, y, 22.0), head(x, y, 42.0)) {
            (true, true) => LIGHT.text,
            (true, false) => LIGHT.accent,
            (false, true) => DARK.accent,
            (false, false) => TRANSPARENT,
        };
        rgba.extend(colour.to_array());
    }
    egui::IconData { rgba, width: SIDE, height: SIDE }
}

/// A filled surface with its hairline: the last means of grouping, after space and a hairline.
pub fn card(ui: &egui::Ui) -> egui::Frame {
    let palette = palette(ui.visuals());
    egui::Frame::new()
        .fill(palette.surface)
        .stroke(hairline(palette))
        .corner_radius(radius::PANEL)
        .inner_margin(Margin::same(space::L as i8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color32) -> f32 {
        let linear = |v: u8| {
            let v = f32::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG 2.1 asks 4.5:1 of body text and 3:1 of large text and marks.
    #[test]
    fn text_can_be_read_on_every_surface() {
        for palette in [&LIGHT, &DARK] {
            for surface in [palette.background, palette.surface, palette.raised] {
                assert!(contrast(palette.text, surface) >= 4.5);
                assert!(contrast(palette.secondary, surface) >= 4.5, "{}", contrast(palette.secondary, surface));
                for mark in [palette.accent, palette.same, palette.different, palette.unsure] {
                    assert!(contrast(mark, surface) >= 3.0, "{mark:?}: {}", contrast(mark, surface));
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) >= 4.5);
        }
        for (palette, lines) in [(&LIGHT, &LIGHT_LINES), (&DARK, &DARK_LINES)] {
            for line in lines {
                assert!(contrast(*line, palette.surface) >= 4.3, "{line:?}: {}", contrast(*line, palette.surface));
            }
        }
    }

    #[test]
    fn heat_changes_side_at_the_threshold() {
        let near = heat(&LIGHT, 0.1, 1.2);
        let far = heat(&LIGHT, 2.0, 1.2);
        assert!(near.g() > near.r(), "same people lean to green: {near:?}");
        assert!(far.r() > far.g(), "different people lean to red: {far:?}");
    }
}
