//! Squared distances between several faces, as a table with a heat scale and the crops along both sides.

use eframe::egui::{
    self, Align2, CornerRadius, Rect, Role, ScrollArea, Sense, TextureHandle, Ui, Vec2, WidgetInfo, pos2,
};

use crate::app::ui::theme::{self, space};
use crate::app::ui::thumbnails::Drawable;
use crate::app::ui::widgets::picture;
use crate::types::SquaredDistance;

const CELL: f32 = 72.0;
const GAP: f32 = 2.0;

/// One face of the table.
pub struct MatrixFace<'a> {
    pub crop: Option<&'a TextureHandle>,
    pub title: &'a str,
}

/// Words for a cell, for screen readers and the pointer: row, column, distance.
pub type CellWords<'a> = &'a dyn Fn(usize, usize, SquaredDistance) -> String;

pub fn matrix_ui(
    ui: &mut Ui,
    faces: &[MatrixFace<'_>],
    distances: &[Vec<Option<SquaredDistance>>],
    threshold: f32,
    words: CellWords<'_>,
) {
    ScrollArea::both().id_salt("matrix").auto_shrink(false).show(ui, |ui| {
        let side = (faces.len() + 1) as f32 * (CELL + GAP);
        let (frame, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
        let cell = |row: usize, column: usize| {
            let offset = Vec2::new(column as f32, row as f32) * (CELL + GAP);
            Rect::from_min_size(frame.min + offset, Vec2::splat(CELL))
        };
        for (i, face) in faces.iter().enumerate() {
            for rect in [cell(0, i + 1), cell(i + 1, 0)] {
                crop_ui(ui, rect.shrink(space::XS / 2.0), face);
            }
        }
        for (row, line) in distances.iter().enumerate() {
            for (column, distance) in line.iter().enumerate() {
                if row != column {
                    cell_ui(ui, cell(row + 1, column + 1), *distance, threshold, &|distance| {
                        words(row, column, distance)
                    });
                }
            }
        }
    });
}

fn crop_ui(ui: &Ui, rect: Rect, face: &MatrixFace<'_>) {
    let drawable = match face.crop {
        Some(texture) => Drawable::Ready { texture: texture.id(), size: texture.size_vec2() },
        None => Drawable::Failed,
    };
    picture::paint(ui, rect, drawable, picture::Fit::Cover, CornerRadius::same(theme::radius::TILE));
    let response =
        ui.interact(rect, ui.scope_id().with(("crop", rect.min.x as i32, rect.min.y as i32)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, face.title));
    response.on_hover_text(face.title);
}

fn cell_ui(
    ui: &Ui,
    rect: Rect,
    distance: Option<SquaredDistance>,
    threshold: f32,
    words: &dyn Fn(SquaredDistance) -> String,
) {
    let palette = theme::palette(ui.visuals());
    let Some(distance) = distance else {
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, "–", theme::body_font(), palette.secondary);
        return;
    };
    let response = ui.interact(rect, ui.scope_id().with((rect.min.x as i32, rect.min.y as i32)), Sense::hover());
    let name = words(distance);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let rounding = CornerRadius::same(theme::radius::CONTROL);
    ui.painter().rect_filled(rect, rounding, theme::heat(palette, distance.0, threshold));
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        format!("{:.2}", distance.0),
        theme::strong_font(theme::type_size::BODY),
        palette.text,
    );
    // Below the threshold an "=" stands in the corner, so that colour is not the only sign.
    if distance.0 <= threshold {
        let at = pos2(rect.right() - space::S, rect.top() + space::XS);
        ui.painter().text(at, Align2::RIGHT_TOP, "=", theme::small_font(), palette.text);
    }
    response.on_hover_text(name);
}

/// A texture for a crop.
pub fn crop_texture(
    ctx: &egui::Context,
    name: &str,
    picture: &crate::app::engine::picture::Picture,
) -> Option<TextureHandle> {
    let image = crate::app::ui::thumbnails::colour_image(picture)?;
    Some(ctx.load_texture(name, image, egui::TextureOptions::LINEAR))
}
