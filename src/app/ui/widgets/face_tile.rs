//! One face, round or square, with a ring when it is selected.

use eframe::egui::{CornerRadius, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use crate::app::engine::picture::ImageKey;
use crate::app::ui::context::ViewContext;
use crate::app::ui::theme;
use crate::app::ui::widgets::{buttons, picture};
use crate::types::FaceId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TileFrame {
    Round,
    Square,
}

/// What to draw; `name` is for screen readers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaceTile<'a> {
    pub face: FaceId,
    pub side: f32,
    pub frame: TileFrame,
    pub selected: bool,
    pub name: &'a str,
}

pub(crate) fn face_tile_ui<S, M>(ui: &mut Ui, ctx: &mut ViewContext<'_, S, M>, tile: FaceTile<'_>) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(tile.side), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), tile.selected, tile.name));
    if ui.is_rect_visible(rect) {
        let palette = theme::palette(ui.visuals());
        let rounding = match tile.frame {
            TileFrame::Round => picture::round(rect),
            TileFrame::Square => CornerRadius::same(theme::radius::TILE),
        };
        picture::paint(ui, rect, ctx.images.get(ImageKey::Face(tile.face)), picture::Fit::Cover, rounding);
        if tile.selected {
            let ring = Stroke::new(theme::size::RING + 1.0, palette.accent);
            ui.painter().rect_stroke(rect, rounding, ring, StrokeKind::Inside);
        } else if response.hovered() {
            let ring = Stroke::new(theme::size::RING, palette.secondary);
            ui.painter().rect_stroke(rect, rounding, ring, StrokeKind::Inside);
        }
        buttons::focus_ring(ui, rect, &response, rounding, palette);
    }
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    response
}
