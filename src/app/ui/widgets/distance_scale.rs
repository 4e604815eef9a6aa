//! The scale of squared distances, 0 to 4, with the threshold and one distance on it; behind it, where known, how far
//! apart pairs of one person and of different people are.

use eframe::egui::{self, Align2, Color32, CornerRadius, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2};

use crate::app::engine::facts::DistanceSample;
use crate::app::ui::plot::lines::between;
use crate::app::ui::theme::{self, space, type_size};
use crate::types::SquaredDistance;

/// Squared distances of unit vectors reach 4.
const LONGEST: f32 = 4.0;
const HEIGHT: f32 = 84.0;
/// The histograms stand between the number and the scale.
const HISTOGRAMS: f32 = 72.0;
const NUMBER: f32 = 26.0;

/// What the scale shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DistanceScale<'a> {
    pub distance: SquaredDistance,
    pub threshold: f32,
    pub threshold_word: &'a str,
    /// Distance and threshold in words, for screen readers.
    pub name: &'a str,
    pub sample: Option<&'a DistanceSample>,
}

pub(crate) fn distance_scale_ui(ui: &mut Ui, scale: DistanceScale<'_>) {
    let width = ui.available_width().min(theme::size::READING_WIDTH);
    let extra = if scale.sample.is_some() { HISTOGRAMS } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, HEIGHT + extra), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, scale.name));
    let palette = theme::palette(ui.visuals());
    let top = rect.top() + 34.0 + extra;
    let axis = Rect::from_min_max(pos2(rect.left() + space::M, top), pos2(rect.right() - space::M, top + 8.0));
    let x_of = |value: f32| axis.left() + axis.width() * (value / LONGEST).clamp(0.0, 1.0);
    if let Some(sample) = scale.sample {
        let area = Rect::from_min_max(pos2(axis.left(), rect.top() + NUMBER), pos2(axis.right(), axis.top() - 2.0));
        let highest = sample.same.iter().chain(&sample.different).copied().fold(f32::EPSILON, f32::max);
        histogram(ui, area, &sample.same, highest, palette.same);
        histogram(ui, area, &sample.different, highest, palette.different);
    }
    let edge = x_of(scale.threshold);
    let painter = ui.painter();
    let soft = |colour: Color32| palette.surface.lerp_to_gamma(colour, 0.35);
    let left = Rect::from_min_max(axis.min, pos2(edge, axis.max.y));
    let right = Rect::from_min_max(pos2(edge, axis.min.y), axis.max);
    painter.rect_filled(left, CornerRadius { nw: 4, sw: 4, ne: 0, se: 0 }, soft(palette.same));
    painter.rect_filled(right, CornerRadius { nw: 0, sw: 0, ne: 4, se: 4 }, soft(palette.different));
    for tick in 0..=4_u8 {
        let at = pos2(x_of(f32::from(tick)), axis.bottom() + space::S);
        painter.text(at, Align2::CENTER_TOP, tick, theme::small_font(), palette.secondary);
    }
    let above = axis.top() - space::XS - extra * 0.9;
    painter.vline(edge, above..=axis.bottom() + space::XXL - 6.0, Stroke::new(1.5, palette.text));
    painter.text(
        pos2(edge, rect.bottom()),
        Align2::CENTER_BOTTOM,
        format!("{} {:.2}", scale.threshold_word, scale.threshold),
        theme::small_font(),
        palette.text,
    );
    let colour = if scale.distance.0 <= scale.threshold { palette.same } else { palette.different };
    marker_ui(ui, pos2(x_of(scale.distance.0), axis.center().y), rect.top(), extra, scale.distance, colour);
}

/// Filled softly, with its outline.
fn histogram(ui: &Ui, area: Rect, shares: &[f32], highest: f32, colour: Color32) {
    let step = area.width() / shares.len().max(1) as f32;
    let at = |bin: usize, share: f32| {
        pos2(area.left() + (bin as f32 + 0.5) * step, area.bottom() - area.height() * share / highest)
    };
    let outline: Vec<egui::Pos2> = shares.iter().enumerate().map(|(bin, share)| at(bin, *share)).collect();
    let edges = outline.iter().map(|point| (*point, pos2(point.x, area.bottom())));
    ui.painter().add(between(edges, theme::band_of(colour)));
    ui.painter().add(Shape::line(outline, Stroke::new(1.25, colour)));
}

fn marker_ui(ui: &Ui, at: egui::Pos2, top: f32, extra: f32, distance: SquaredDistance, colour: Color32) {
    let palette = theme::palette(ui.visuals());
    let painter = ui.painter();
    if extra > 0.0 {
        painter.vline(at.x, top + NUMBER..=at.y, Stroke::new(1.5, colour));
    }
    painter.circle(at, 8.0, colour, Stroke::new(3.0, palette.surface));
    painter.text(
        pos2(at.x, top + space::XS),
        Align2::CENTER_TOP,
        format!("{:.3}", distance.0),
        theme::strong_font(type_size::LEAD),
        palette.text,
    );
}
