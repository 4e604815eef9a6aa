//! Tables of numbers: words at the left, figures right-aligned, hairlines between the rows.

use std::sync::Arc;

use eframe::egui::{Color32, CornerRadius, Galley, Rect, Role, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2};

use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons;

const ROW: f32 = 28.0;
const SWATCH: f32 = 16.0;

/// How a table is laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableLayout<'a> {
    pub salt: &'a str,
    pub head: &'a [&'a str],
    /// So many columns hold words; the others hold figures.
    pub words: usize,
    /// Rows can be pressed.
    pub clickable: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct TableRow {
    pub cells: Vec<String>,
    /// A dash of this colour before the first cell: the line of a plot.
    pub colour: Option<Color32>,
    pub selected: bool,
    pub strong: bool,
}

impl TableRow {
    pub fn new(cells: Vec<String>) -> Self {
        Self { cells, ..Self::default() }
    }
}

/// Draws all rows, and returns the index of the one that was pressed.
pub(crate) fn table_ui(ui: &mut Ui, layout: TableLayout<'_>, rows: &[TableRow]) -> Option<usize> {
    let palette = theme::palette(ui.visuals());
    let word = |text: &str, strong: bool, colour: Color32| {
        let font = if strong { theme::strong_font(theme::type_size::BODY) } else { theme::body_font() };
        ui.painter().layout_no_wrap(text.to_owned(), font, colour)
    };
    let small = |text: &&str| ui.painter().layout_no_wrap((*text).to_owned(), theme::small_font(), palette.secondary);
    let head: Vec<Arc<Galley>> = layout.head.iter().map(small).collect();
    let cells = |row: &TableRow| row.cells.iter().map(|text| word(text, row.strong, palette.text)).collect();
    let body: Vec<Vec<Arc<Galley>>> = rows.iter().map(cells).collect();
    let swatch = if rows.iter().any(|row| row.colour.is_some()) { SWATCH + space::S } else { 0.0 };
    let rights = edges(&head, &body, swatch, layout.words);
    let mut pressed = None;
    let width = rights.last().map_or(0.0, |(_, right)| *right) + space::S;
    ScrollArea::horizontal().id_salt(layout.salt).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let (line, _) = ui.allocate_exact_size(Vec2::new(width, ROW), Sense::hover());
        put(ui, line, &head, &rights, layout.words);
        for (index, (row, galleys)) in rows.iter().zip(&body).enumerate() {
            let sense = if layout.clickable { Sense::click() } else { Sense::hover() };
            let (line, response) = ui.allocate_exact_size(Vec2::new(width, ROW), sense);
            let spoken = spoken(layout.head, &row.cells);
            response.widget_info(|| match layout.clickable {
                true => WidgetInfo::selected(Role::Button, true, row.selected, &spoken),
                false => WidgetInfo::labeled(Role::Label, true, &spoken),
            });
            plate(ui, line, row, layout.clickable && response.hovered());
            buttons::focus_ring(ui, line.shrink(2.0), &response, CornerRadius::same(4), palette);
            if let Some(colour) = row.colour {
                let dash = line.left() + space::XS..=line.left() + space::XS + SWATCH;
                ui.painter().hline(dash, line.center().y, Stroke::new(2.5, colour));
            }
            put(ui, line, galleys, &rights, layout.words);
            pressed = if response.clicked() { Some(index) } else { pressed };
        }
    });
    pressed
}

/// Left and right edge of every column.
fn edges(head: &[Arc<Galley>], body: &[Vec<Arc<Galley>>], swatch: f32, words: usize) -> Vec<(f32, f32)> {
    let mut left = space::XS + swatch;
    let mut edges = Vec::with_capacity(head.len());
    for (column, title) in head.iter().enumerate() {
        let widths = body.iter().filter_map(|row| Some(row.get(column)?.size().x));
        let width = widths.fold(title.size().x, f32::max);
        edges.push((left, left + width));
        left += width + if column + 1 < words { space::L } else { space::XL };
    }
    edges
}

fn put(ui: &Ui, line: Rect, galleys: &[Arc<Galley>], edges: &[(f32, f32)], words: usize) {
    for (column, (galley, (left, right))) in galleys.iter().zip(edges).enumerate() {
        let x = if column < words { line.left() + left } else { line.left() + right - galley.size().x };
        let corner = pos2(x, line.center().y - galley.size().y / 2.0);
        ui.painter().galley(corner, galley.clone(), theme::TRANSPARENT);
    }
}

fn plate(ui: &Ui, line: Rect, row: &TableRow, hovered: bool) {
    let palette = theme::palette(ui.visuals());
    let rounding = CornerRadius::same(theme::radius::CONTROL);
    if row.selected || hovered {
        let fill = if row.selected { palette.accent_soft } else { palette.raised };
        ui.painter().rect_filled(line, rounding, fill);
    }
    ui.painter().hline(line.x_range(), line.top(), Stroke::new(size::HAIRLINE, palette.hairline));
}

/// "Model SFace, Accuracy 99.1%": what a screen reader says of a row.
fn spoken(head: &[&str], cells: &[String]) -> String {
    let parts = head.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    parts.map(|(head, cell)| format!("{head} {cell}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_with_its_heads() {
        let cells = ["SFace".to_owned(), String::new(), "99.1%".to_owned()];
        assert_eq!(spoken(&["Model", "Note", "Accuracy"], &cells), "Model SFace, Accuracy 99.1%");
    }
}
