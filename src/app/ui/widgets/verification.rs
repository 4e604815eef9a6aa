//! Rows of faces with the squared distances between neighbours and the threshold's verdict, as in the paper's Figure 1
//! (Schroff et al. 2015): one person under different pose and light, beside others.

use eframe::egui::{
    self, Align2, Color32, CornerRadius, FontId, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, space};
use crate::app::ui::thumbnails::Drawable;
use crate::app::ui::widgets::matrix::{CellWords, MatrixFace};
use crate::app::ui::widgets::picture;
use crate::types::SquaredDistance;

const FACE: f32 = 132.0;
/// Between two faces of a row, and between two rows.
const BESIDE: f32 = 104.0;
const BELOW: f32 = 48.0;

/// What is said below and above the threshold.
#[derive(Debug, Clone, Copy)]
pub struct Verdicts<'a> {
    pub threshold: f32,
    pub same: &'a str,
    pub different: &'a str,
}

pub fn verification_ui(
    ui: &mut Ui,
    faces: &[MatrixFace<'_>],
    distances: &[Vec<Option<SquaredDistance>>],
    columns: usize,
    verdicts: Verdicts<'_>,
    words: CellWords<'_>,
) {
    ScrollArea::both().id_salt("verification").auto_shrink(false).show(ui, |ui| {
        let columns = columns.clamp(1, faces.len().max(1));
        let rows = faces.len().div_ceil(columns);
        let side = vec2(columns as f32 * (FACE + BESIDE) - BESIDE, rows as f32 * (FACE + BELOW) - BELOW);
        let (frame, _) = ui.allocate_exact_size(side, Sense::hover());
        let place = |index: usize| {
            let offset = vec2((index % columns) as f32 * (FACE + BESIDE), (index / columns) as f32 * (FACE + BELOW));
            Rect::from_min_size(frame.min + offset, Vec2::splat(FACE))
        };
        let between = |a: usize, b: usize| *distances.get(a)?.get(b)?;
        for (index, face) in faces.iter().enumerate() {
            let rect = place(index);
            face_ui(ui, rect, face);
            if index % columns + 1 < columns && index + 1 < faces.len() {
                let gap = Rect::from_min_size(rect.right_top(), vec2(BESIDE, FACE));
                distance_ui(ui, gap, between(index, index + 1), verdicts, &|d| words(index, index + 1, d));
            }
            if index + columns < faces.len() {
                let gap = Rect::from_min_size(rect.left_bottom(), vec2(FACE, BELOW));
                distance_ui(ui, gap, between(index, index + columns), verdicts, &|d| words(index, index + columns, d));
            }
        }
    });
}

fn face_ui(ui: &Ui, rect: Rect, face: &MatrixFace<'_>) {
    let drawable = match face.crop {
        Some(texture) => Drawable::Ready { texture: texture.id(), size: texture.size_vec2() },
        None => Drawable::Failed,
    };
    picture::paint(ui, rect, drawable, picture::Fit::Cover, CornerRadius::same(theme::radius::TILE));
    let id = ui.scope_id().with(("face", rect.min.x as i32, rect.min.y as i32));
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, face.title));
    response.on_hover_text(face.title);
}

/// The number, and under it the verdict as icon and word.
fn distance_ui(
    ui: &Ui,
    gap: Rect,
    distance: Option<SquaredDistance>,
    verdicts: Verdicts<'_>,
    words: &dyn Fn(SquaredDistance) -> String,
) {
    let palette = theme::palette(ui.visuals());
    let Some(distance) = distance else {
        ui.painter().text(gap.center(), Align2::CENTER_CENTER, "–", theme::body_font(), palette.secondary);
        return;
    };
    let (icon, word, colour) = match distance.0 <= verdicts.threshold {
        true => (Icon::Equal, verdicts.same, palette.same),
        false => (Icon::EqualNot, verdicts.different, palette.different),
    };
    let middle = gap.center();
    let number = format!("{:.2}", distance.0);
    let font = theme::strong_font(theme::type_size::LEAD);
    ui.painter().text(pos2(middle.x, middle.y - 1.0), Align2::CENTER_BOTTOM, number, font, palette.text);
    verdict(ui, pos2(middle.x, middle.y + 1.0), icon, word, colour);
    let id = ui.scope_id().with(("distance", gap.min.x as i32, gap.min.y as i32));
    let response = ui.interact(gap.shrink(space::XS), id, Sense::hover());
    let spoken = words(distance);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    response.on_hover_text(spoken);
}

fn verdict(ui: &Ui, top: egui::Pos2, icon: Icon, word: &str, colour: Color32) {
    let font = FontId::new(theme::type_size::SMALL, theme::icon_family());
    let icon = ui.painter().layout_no_wrap(icons::glyph(icon).to_string(), font, colour);
    let word = ui.painter().layout_no_wrap(word.to_owned(), theme::small_font(), colour);
    let width = icon.size().x + space::XS + word.size().x;
    let left = top.x - width / 2.0;
    let drop = (word.size().y - icon.size().y) / 2.0;
    let word_left = left + icon.size().x + space::XS;
    ui.painter().galley(pos2(left, top.y + drop), icon, colour);
    ui.painter().galley(pos2(word_left, top.y), word, colour);
}
