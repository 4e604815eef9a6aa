//! Buttons: one shape, three ranks.

use eframe::egui::{
    self, Color32, CornerRadius, Galley, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetText,
};
use std::sync::Arc;

use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, Palette, size, space};

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    /// The one thing to do next.
    Primary,
    Plain,
    /// No frame until the pointer is over it.
    Quiet,
}

/// A button with words.
pub(crate) fn button_ui(ui: &mut Ui, rank: Rank, label: &str) -> Response {
    labelled_ui(ui, rank, None, label, true)
}

/// A button with an icon before its words.
pub(crate) fn icon_and_text_ui(ui: &mut Ui, rank: Rank, icon: Icon, label: &str) -> Response {
    labelled_ui(ui, rank, Some(icon), label, true)
}

/// A button that may be out of use.
pub(crate) fn enabled_button_ui(ui: &mut Ui, enabled: bool, rank: Rank, label: &str) -> Response {
    labelled_ui(ui, rank, None, label, enabled)
}

/// A square button with an icon only; its name shows when the pointer rests on it.
pub(crate) fn icon_button_ui(ui: &mut Ui, icon: Icon, label: &str) -> Response {
    enabled_icon_button_ui(ui, true, icon, label)
}

/// As [`icon_button_ui`]; it keeps its place while it is out of use.
pub(crate) fn enabled_icon_button_ui(ui: &mut Ui, enabled: bool, icon: Icon, label: &str) -> Response {
    let response = enabled_ui(ui, enabled, |ui| {
        let galley = galley(ui, icons::text(icon));
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(size::CONTROL), Sense::click());
        name(ui, &response, label, None);
        if ui.is_rect_visible(rect) {
            let palette = theme::palette(ui.visuals());
            paint_frame(ui, rect, &response, Rank::Quiet, palette);
            let colour = if response.hovered() { palette.text } else { palette.secondary };
            ui.painter().galley(rect.center() - galley.size() / 2.0, galley, colour);
        }
        response
    });
    response.on_hover_text(label).on_disabled_hover_text(label)
}

/// A filter that is on or off.
pub(crate) fn chip_ui(ui: &mut Ui, selected: bool, label: &str) -> Response {
    let palette = theme::palette(ui.visuals());
    let galley = galley(ui, label);
    let height = size::CONTROL - space::XS;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(galley.size().x + 2.0 * space::M, height), Sense::click());
    name(ui, &response, label, Some(selected));
    if ui.is_rect_visible(rect) {
        let (fill, outline, text) = match (selected, response.hovered()) {
            (true, _) => (palette.accent_soft, palette.accent, palette.text),
            (false, true) => (palette.hovered, palette.hairline, palette.text),
            (false, false) => (theme::TRANSPARENT, palette.hairline, palette.secondary),
        };
        let rounding = CornerRadius::same((height / 2.0) as u8);
        ui.painter().rect(rect, rounding, fill, Stroke::new(size::HAIRLINE, outline), StrokeKind::Inside);
        focus_ring(ui, rect, &response, rounding, palette);
        ui.painter().galley(rect.center() - galley.size() / 2.0, galley, text);
    }
    response
}

/// One choice of a few, side by side in one frame. Returns the index that was pressed.
pub(crate) fn segments_ui(ui: &mut Ui, chosen: usize, labels: &[&str]) -> Option<usize> {
    let mut pressed = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for (i, label) in labels.iter().enumerate() {
            if chip_ui(ui, i == chosen, label).clicked() {
                pressed = Some(i);
            }
        }
    });
    pressed
}

/// One of a few values, side by side. Returns the one that was pressed.
pub(crate) fn choice_ui<'l, T: Copy + PartialEq, const N: usize>(
    ui: &mut Ui,
    all: [T; N],
    current: T,
    label: impl Fn(T) -> &'l str,
) -> Option<T> {
    let chosen = all.iter().position(|choice| *choice == current).unwrap_or(0);
    segments_ui(ui, chosen, &all.map(label)).map(|pressed| all[pressed])
}

/// Words that act, in the accent's colour.
pub(crate) fn link_ui(ui: &mut Ui, label: &str) -> Response {
    let palette = theme::palette(ui.visuals());
    let galley = galley(ui, label);
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, ui.is_enabled(), label));
    if ui.is_rect_visible(rect) {
        ui.painter().galley(rect.min, galley, palette.accent);
        if response.hovered() || response.has_focus() {
            ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(size::HAIRLINE, palette.accent));
        }
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// What is in use is placed without a scope of its own, which no wrapping line would break before.
fn enabled_ui(ui: &mut Ui, enabled: bool, button: impl FnOnce(&mut Ui) -> Response) -> Response {
    if enabled { button(ui) } else { ui.add_enabled_ui(false, button).inner }
}

fn labelled_ui(ui: &mut Ui, rank: Rank, icon: Option<Icon>, label: &str, enabled: bool) -> Response {
    enabled_ui(ui, enabled, |ui| {
        let text = galley(ui, theme::strong(label));
        let icon = icon.map(|icon| galley(ui, icons::text(icon)));
        let icon_width = icon.as_ref().map_or(0.0, |icon| icon.size().x + space::S);
        let width = text.size().x + icon_width + 2.0 * space::M;
        let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::CONTROL), Sense::click());
        name(ui, &response, label, None);
        if ui.is_rect_visible(rect) {
            let palette = theme::palette(ui.visuals());
            let colour = paint_frame(ui, rect, &response, rank, palette);
            let mut x = rect.left() + space::M;
            if let Some(icon) = icon {
                ui.painter().galley(egui::pos2(x, rect.center().y - icon.size().y / 2.0), icon, colour);
                x += icon_width;
            }
            ui.painter().galley(egui::pos2(x, rect.center().y - text.size().y / 2.0), text, colour);
        }
        response
    })
}

/// Returns the colour of what lies on the frame.
fn paint_frame(ui: &Ui, rect: egui::Rect, response: &Response, rank: Rank, palette: &Palette) -> Color32 {
    let lit = response.hovered() || response.is_pointer_button_down_on();
    let pressed = response.is_pointer_button_down_on();
    let (fill, outline, text) = match rank {
        Rank::Primary => {
            let fill = if lit { palette.accent.lerp_to_gamma(palette.text, 0.12) } else { palette.accent };
            (fill, fill, palette.on_accent)
        }
        Rank::Plain => (if lit { palette.hovered } else { palette.surface }, palette.hairline, palette.text),
        Rank::Quiet => (if lit { palette.hovered } else { theme::TRANSPARENT }, theme::TRANSPARENT, palette.text),
    };
    let rounding = CornerRadius::same(theme::radius::CONTROL);
    let rect = if pressed { rect.shrink(0.5) } else { rect };
    ui.painter().rect(rect, rounding, fill, Stroke::new(size::HAIRLINE, outline), StrokeKind::Inside);
    focus_ring(ui, rect, response, rounding, palette);
    text
}

/// Who has the keyboard is always to be seen.
pub(crate) fn focus_ring(ui: &Ui, rect: egui::Rect, response: &Response, rounding: CornerRadius, palette: &Palette) {
    if response.has_focus() {
        let stroke = Stroke::new(size::RING, palette.accent);
        ui.painter().rect_stroke(rect.expand(2.0), rounding + CornerRadius::same(2), stroke, StrokeKind::Inside);
    }
}

fn galley(ui: &Ui, text: impl Into<WidgetText>) -> Arc<Galley> {
    text.into().into_galley(ui, Some(egui::TextWrapMode::Extend), f32::INFINITY, egui::TextStyle::Button)
}

fn name(ui: &Ui, response: &Response, label: &str, selected: Option<bool>) {
    let enabled = ui.is_enabled();
    response.widget_info(|| match selected {
        Some(selected) => WidgetInfo::selected(Role::Button, enabled, selected, label),
        None => WidgetInfo::labeled(Role::Button, enabled, label),
    });
}

/// An entry of a menu; true when it was chosen, which closes the menu.
pub(crate) fn entry_ui(ui: &mut Ui, icon: Icon, label: &str) -> bool {
    let response = ui.add(egui::Button::new((icons::text(icon), label)).frame_when_inactive(false));
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, label));
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}
