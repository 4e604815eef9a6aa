//! Pictures in rounded or round frames: the texture, or what stands in while there is none.

use eframe::egui::{Align2, CornerRadius, Rect, Shape, Ui, Vec2, epaint::RectShape, pos2};

use crate::app::engine::picture::ImageKey;
use crate::app::ui::context::ViewContext;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme;
use crate::app::ui::thumbnails::Drawable;
use crate::types::FaceId;

/// How a picture meets its frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fit {
    /// Fills the frame; what juts out is cut.
    Cover,
    /// Like `Cover`, but what is at this share of the picture's width and height comes to the middle, as far as the
    /// picture reaches.
    CoverAround([f32; 2]),
    /// Whole, within the frame.
    Contain,
}

/// Paints `drawable` into `frame` and returns where the whole picture would lie, cut parts included.
pub(crate) fn paint(ui: &Ui, frame: Rect, drawable: Drawable, fit: Fit, rounding: CornerRadius) -> Rect {
    let palette = theme::palette(ui.visuals());
    match drawable {
        Drawable::Ready { texture, size } => {
            let whole = place(frame, size, fit);
            let shown = whole.intersect(frame);
            let uv = Rect::from_min_max(
                pos2((shown.left() - whole.left()) / whole.width(), (shown.top() - whole.top()) / whole.height()),
                pos2((shown.right() - whole.left()) / whole.width(), (shown.bottom() - whole.top()) / whole.height()),
            );
            let shape = RectShape::filled(shown, rounding, theme::PICTURE_TINT).with_texture(texture, uv);
            ui.painter().add(Shape::Rect(shape));
            whole
        }
        Drawable::Loading | Drawable::Failed => {
            ui.painter().rect_filled(frame, rounding, palette.raised);
            if drawable == Drawable::Failed {
                let (glyph, font) = (icons::glyph(Icon::ImageOff), icons::font(theme::size::ICON));
                ui.painter().text(frame.center(), Align2::CENTER_CENTER, glyph, font, palette.secondary);
            }
            frame
        }
    }
}

/// A person's face in a circle, or what stands for one of whom there is none.
pub(crate) fn paint_portrait<S, M>(ui: &Ui, ctx: &mut ViewContext<'_, S, M>, frame: Rect, cover: Option<FaceId>) {
    let palette = theme::palette(ui.visuals());
    match cover {
        Some(face) => _ = paint(ui, frame, ctx.images.get(ImageKey::Face(face)), Fit::Cover, round(frame)),
        None => {
            ui.painter().rect_filled(frame, round(frame), palette.raised);
            let (glyph, font) = (icons::glyph(Icon::UserRound), icons::font(frame.height() / 2.0));
            ui.painter().text(frame.center(), Align2::CENTER_CENTER, glyph, font, palette.secondary);
        }
    }
}

/// The corners of a circle that fills `frame`.
pub fn round(frame: Rect) -> CornerRadius {
    CornerRadius::same((frame.height() / 2.0).min(255.0) as u8)
}

fn place(frame: Rect, picture: Vec2, fit: Fit) -> Rect {
    let ratio = frame.size() / picture.max(Vec2::splat(1.0));
    match fit {
        Fit::Contain => Rect::from_center_size(frame.center(), picture * ratio.min_elem()),
        Fit::Cover => Rect::from_center_size(frame.center(), picture * ratio.max_elem()),
        Fit::CoverAround([x, y]) => {
            let size = picture * ratio.max_elem();
            let wanted = frame.center() - Vec2::new(x, y) * size;
            // No edge of the picture comes inside the frame.
            let min = wanted.max(frame.max - size).min(frame.min);
            Rect::from_min_size(min, size)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_and_contains() {
        let frame = Rect::from_min_size(pos2(10.0, 10.0), Vec2::splat(100.0));
        let wide = Vec2::new(400.0, 200.0);
        assert_eq!(place(frame, wide, Fit::Cover).size(), Vec2::new(200.0, 100.0));
        assert_eq!(place(frame, wide, Fit::Contain).size(), Vec2::new(100.0, 50.0));
        assert_eq!(place(frame, wide, Fit::Cover).center(), frame.center());
    }

    #[test]
    fn what_matters_comes_to_the_middle_as_far_as_the_picture_reaches() {
        let frame = Rect::from_min_size(pos2(10.0, 10.0), Vec2::splat(100.0));
        let tall = Vec2::new(100.0, 400.0);
        assert_eq!(place(frame, tall, Fit::CoverAround([0.5, 0.5])), place(frame, tall, Fit::Cover));
        assert_eq!(place(frame, tall, Fit::CoverAround([0.5, 0.25])).top(), 10.0 + 50.0 - 100.0);
        assert_eq!(place(frame, tall, Fit::CoverAround([0.5, 0.0])).top(), frame.top());
        assert_eq!(place(frame, tall, Fit::CoverAround([0.5, 1.0])).bottom(), frame.bottom());
    }
}
