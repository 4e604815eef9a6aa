//! The scale of squared distances, 0 to 4, with the threshold and one distance on it.

use eframe::egui::{self, Align2, Color32, CornerRadius, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2};

use crate::gui::theme::{self, space, type_size};
use crate::types::SquaredDistance;

/// Squared distances of unit vectors reach 4.
const LONGEST: f32 = 4.0;
const HEIGHT: f32 = 84.0;

/// `name` says distance and threshold in words, for screen readers.
pub fn distance_scale_ui(ui: &mut Ui, distance: SquaredDistance, threshold: f32, threshold_word: &str, name: &str) {
    let width = ui.available_width().min(theme::size::READING_WIDTH);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, name));
    let palette = theme::palette(ui.visuals());
    let axis = Rect::from_min_max(
        pos2(rect.left() + space::M, rect.top() + 34.0),
        pos2(rect.right() - space::M, rect.top() + 42.0),
    );
    let x_of = |value: f32| axis.left() + axis.width() * (value / LONGEST).clamp(0.0, 1.0);
    let edge = x_of(threshold);
    let painter = ui.painter();
    let soft = |colour: Color32| palette.surface.lerp_to_gamma(colour, 0.35);
    let left = Rect::from_min_max(axis.min, pos2(edge, axis.max.y));
    let right = Rect::from_min_max(pos2(edge, axis.min.y), axis.max);
    painter.rect_filled(left, CornerRadius { nw: 4, sw: 4, ne: 0, se: 0 }, soft(palette.same));
    painter.rect_filled(right, CornerRadius { nw: 0, sw: 0, ne: 4, se: 4 }, soft(palette.different));
    for tick in 0..=4_u8 {
        let x = x_of(f32::from(tick));
        painter.text(
            pos2(x, axis.bottom() + space::S),
            Align2::CENTER_TOP,
            tick,
            theme::small_font(),
            palette.secondary,
        );
    }
    painter.vline(edge, axis.top() - space::XS..=axis.bottom() + space::XXL - 6.0, Stroke::new(1.5, palette.text));
    painter.text(
        pos2(edge, rect.bottom()),
        Align2::CENTER_BOTTOM,
        format!("{threshold_word} {threshold:.2}"),
        theme::small_font(),
        palette.text,
    );
    let colour = if distance.0 <= threshold { palette.same } else { palette.different };
    marker_ui(ui, pos2(x_of(distance.0), axis.center().y), rect.top(), distance, colour);
}

fn marker_ui(ui: &Ui, at: egui::Pos2, top: f32, distance: SquaredDistance, colour: Color32) {
    let palette = theme::palette(ui.visuals());
    let painter = ui.painter();
    painter.circle(at, 8.0, colour, Stroke::new(3.0, palette.surface));
    painter.text(
        pos2(at.x, top + space::XS),
        Align2::CENTER_TOP,
        format!("{:.3}", distance.0),
        theme::strong_font(type_size::LEAD),
        palette.text,
    );
}
