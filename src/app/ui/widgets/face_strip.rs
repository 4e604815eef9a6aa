//! A few faces of a group side by side, and how many more there are.

use eframe::egui::{Align2, CornerRadius, Response, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::app::engine::picture::ImageKey;
use crate::app::ui::context::ViewContext;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::picture;
use crate::types::FaceId;

/// One button, however many faces: it opens the group.
pub(crate) fn face_strip_ui<S, M>(
    ui: &mut Ui,
    ctx: &mut ViewContext<'_, S, M>,
    faces: &[FaceId],
    more: u64,
    side: f32,
    name: &str,
) -> Response {
    let tiles = faces.len() + usize::from(more > 0);
    let width = tiles as f32 * (side + space::XS) - space::XS;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width.max(side), side), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let palette = theme::palette(ui.visuals());
    let rounding = CornerRadius::same(theme::radius::TILE);
    let frame = |i: usize| {
        let left = rect.min + Vec2::new(i as f32 * (side + space::XS), 0.0);
        eframe::egui::Rect::from_min_size(left, Vec2::splat(side))
    };
    for (i, face) in faces.iter().enumerate() {
        picture::paint(ui, frame(i), ctx.images.get(ImageKey::Face(*face)), picture::Fit::Cover, rounding);
    }
    if more > 0 {
        let last = frame(faces.len());
        let fill = if response.hovered() { palette.hovered } else { palette.raised };
        ui.painter().rect_filled(last, rounding, fill);
        let words = format!("+{}", crate::app::ui::locale::grouped(more));
        ui.painter().text(last.center(), Align2::CENTER_CENTER, words, theme::body_font(), palette.secondary);
    }
    crate::app::ui::widgets::buttons::focus_ring(ui, rect, &response, rounding, palette);
    response
}
