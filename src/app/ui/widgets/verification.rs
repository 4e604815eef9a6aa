//! Rows of faces with the squared distances between neighbours and the threshold's verdict, as in the paper's Figure 1
//! (Schroff et al. 2015): one person under different pose and light, beside others.

use eframe::egui::{self, Align2, Color32, Rect, ScrollArea, Sense, Ui, Vec2, pos2, vec2};

use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::matrix::{CellWords, MatrixFace, crop_ui, named_distance};
use crate::types::SquaredDistance;

const FACE: f32 = 132.0;
/// Between two faces of a row, and between two rows.
const BESIDE: f32 = 104.0;
const BELOW: f32 = 48.0;

/// What is said below and above the threshold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdicts<'a> {
    pub threshold: f32,
    pub same: &'a str,
    pub different: &'a str,
}

pub(crate) fn verification_ui(
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
            crop_ui(ui, rect, face);
            if index % columns + 1 < columns && index + 1 < faces.len() {
                let gap = Rect::from_min_size(rect.right_top(), vec2(BESIDE, FACE));
                distance_ui(ui, gap, between(index, index + 1), verdicts, |d| words(index, index + 1, d));
            }
            if index + columns < faces.len() {
                let gap = Rect::from_min_size(rect.left_bottom(), vec2(FACE, BELOW));
                distance_ui(ui, gap, between(index, index + columns), verdicts, |d| words(index, index + columns, d));
            }
        }
    });
}

/// The number, and under it the verdict as icon and word.
fn distance_ui(
    ui: &Ui,
    gap: Rect,
    distance: Option<SquaredDistance>,
    verdicts: Verdicts<'_>,
    words: impl Fn(SquaredDistance) -> String,
) {
    let Some(distance) = named_distance(ui, gap.shrink(space::XS), distance, words) else { return };
    let palette = theme::palette(ui.visuals());
    let (icon, word, colour) = match distance.0 <= verdicts.threshold {
        true => (Icon::Equal, verdicts.same, palette.same),
        false => (Icon::EqualNot, verdicts.different, palette.different),
    };
    let middle = gap.center();
    let number = format!("{:.2}", distance.0);
    let font = theme::strong_font(theme::type_size::LEAD);
    ui.painter().text(pos2(middle.x, middle.y - 1.0), Align2::CENTER_BOTTOM, number, font, palette.text);
    verdict(ui, pos2(middle.x, middle.y + 1.0), icon, word, colour);
}

fn verdict(ui: &Ui, top: egui::Pos2, icon: Icon, word: &str, colour: Color32) {
    let font = icons::font(theme::type_size::SMALL);
    let icon = ui.painter().layout_no_wrap(icons::glyph(icon).to_string(), font, colour);
    let word = ui.painter().layout_no_wrap(word.to_owned(), theme::small_font(), colour);
    let width = icon.size().x + space::XS + word.size().x;
    let left = top.x - width / 2.0;
    let drop = (word.size().y - icon.size().y) / 2.0;
    let word_left = left + icon.size().x + space::XS;
    ui.painter().galley(pos2(left, top.y + drop), icon, colour);
    ui.painter().galley(pos2(word_left, top.y), word, colour);
}
