//! Squared distances between several faces, as a table with a heat scale and the crops along both sides.

use eframe::egui::{Align2, CornerRadius, Rect, Role, ScrollArea, Sense, TextureHandle, Ui, Vec2, WidgetInfo, pos2};

use crate::app::ui::theme::{self, space};
use crate::app::ui::thumbnails::Drawable;
use crate::app::ui::widgets::picture;
use crate::types::SquaredDistance;

const CELL: f32 = 72.0;
const GAP: f32 = 2.0;

/// One face of the table.
pub(crate) struct MatrixFace<'a> {
    pub crop: Option<&'a TextureHandle>,
    pub title: &'a str,
}

/// Words for a cell, for screen readers and the pointer: row, column, distance.
pub(crate) type CellWords<'a> = &'a dyn Fn(usize, usize, SquaredDistance) -> String;

pub(crate) fn matrix_ui(
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
                let rect = cell(row + 1, column + 1);
                if row != column
                    && let Some(distance) = named_distance(ui, rect, *distance, |d| words(row, column, d))
                {
                    cell_ui(ui, rect, distance, threshold);
                }
            }
        }
    });
}

/// The face's crop; its title shows where the pointer rests.
pub(super) fn crop_ui(ui: &Ui, rect: Rect, face: &MatrixFace<'_>) {
    let rounding = CornerRadius::same(theme::radius::TILE);
    picture::paint(ui, rect, Drawable::of(face.crop), picture::Fit::Cover, rounding);
    named(ui, rect, "crop", face.title);
}

/// Names what is drawn here, for screen readers and for the pointer that rests on it.
fn named(ui: &Ui, rect: Rect, kind: &str, words: &str) {
    let id = ui.scope_id().with((kind, rect.min.x as i32, rect.min.y as i32));
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words));
    response.on_hover_text(words);
}

/// Names the distance that stands in this place; a dash stands for none.
pub(super) fn named_distance(
    ui: &Ui,
    rect: Rect,
    distance: Option<SquaredDistance>,
    words: impl Fn(SquaredDistance) -> String,
) -> Option<SquaredDistance> {
    match distance {
        Some(distance) => named(ui, rect, "distance", &words(distance)),
        None => {
            let colour = theme::palette(ui.visuals()).secondary;
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, "–", theme::body_font(), colour);
        }
    }
    distance
}

fn cell_ui(ui: &Ui, rect: Rect, distance: SquaredDistance, threshold: f32) {
    let palette = theme::palette(ui.visuals());
    let rounding = CornerRadius::same(theme::radius::CONTROL);
    ui.painter().rect_filled(rect, rounding, theme::heat(palette, distance.0, threshold));
    let font = theme::strong_font(theme::type_size::BODY);
    let number = format!("{:.2}", distance.0);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, number, font, palette.text);
    // Below the threshold an "=" stands in the corner, so that colour is not the only sign.
    if distance.0 <= threshold {
        let at = pos2(rect.right() - space::S, rect.top() + space::XS);
        ui.painter().text(at, Align2::RIGHT_TOP, "=", theme::small_font(), palette.text);
    }
}
