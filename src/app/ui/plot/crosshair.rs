//! The crosshair: a line at the pointer, a dot on every series, and the exact values.

use std::sync::Arc;

use eframe::egui::{Color32, CornerRadius, Galley, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2, pos2};

use crate::app::ui::plot::Area;
use crate::app::ui::theme::{self, space};

pub(crate) fn paint(ui: &Ui, area: &Area<'_>, colours: &[Color32], pointer: Pos2, exact: [fn(f64) -> String; 2]) {
    let palette = theme::palette(ui.visuals());
    let x = pointer.x.clamp(area.rect.left(), area.rect.right());
    let at = area.x_value(x);
    ui.painter().vline(x, area.rect.y_range(), Stroke::new(theme::size::HAIRLINE, palette.secondary));
    let figure = area.figure;
    let mut rows = vec![(figure.x.label.clone(), exact[0](at), palette.text)];
    for (series, &colour) in figure.series.iter().zip(colours) {
        let Some(height) = series.height_at(at, &figure.x) else { continue };
        ui.painter().circle(pos2(x, area.y(height)), 4.0, colour, Stroke::new(1.5, palette.surface));
        if !series.name.is_empty() {
            rows.push((series.name.clone(), exact[1](height), colour));
        }
    }
    table(ui, area.rect, pointer, &rows);
}

/// Names at the left, numbers at the right, on the side of the pointer that has more room.
fn table(ui: &Ui, inside: Rect, pointer: Pos2, rows: &[(String, String, Color32)]) {
    let palette = theme::palette(ui.visuals());
    let word = |text: &str, colour| ui.painter().layout_no_wrap(text.to_owned(), theme::small_font(), colour);
    let written = |(name, value, colour): &(String, String, Color32)| (word(name, *colour), word(value, palette.text));
    let rows: Vec<(Arc<Galley>, Arc<Galley>)> = rows.iter().map(written).collect();
    let names = rows.iter().map(|(name, _)| name.size().x).fold(0.0, f32::max);
    let values = rows.iter().map(|(_, value)| value.size().x).fold(0.0, f32::max);
    let line = rows.first().map_or(0.0, |(name, _)| name.size().y) + 3.0;
    let size = Vec2::new(names + space::L + values, rows.len() as f32 * line) + Vec2::splat(2.0 * space::S);
    let left = if pointer.x < inside.center().x { pointer.x + space::L } else { pointer.x - space::L - size.x };
    let top = (pointer.y - size.y / 2.0).clamp(inside.top(), (inside.bottom() - size.y).max(inside.top()));
    let frame = Rect::from_min_size(pos2(left, top), size);
    let rounding = CornerRadius::same(theme::radius::CONTROL);
    ui.painter().rect(frame, rounding, palette.surface, theme::hairline(palette), StrokeKind::Inside);
    for (index, (name, value)) in rows.into_iter().enumerate() {
        let y = frame.top() + space::S + index as f32 * line;
        let right = frame.right() - space::S - value.size().x;
        ui.painter().galley(pos2(frame.left() + space::S, y), name, palette.text);
        ui.painter().galley(pos2(right, y), value, palette.text);
    }
}
