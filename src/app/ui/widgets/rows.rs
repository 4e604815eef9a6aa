//! Long lists of which only the visible rows are laid out.

use std::ops::Range;

use eframe::egui::{Rangef, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

/// Where the rows of a list lie: their upper edges, and the lower edge of the last.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RowTops(Vec<f32>);

impl RowTops {
    pub fn new(heights: impl IntoIterator<Item = f32>) -> Self {
        let mut tops = vec![0.0];
        let mut y = 0.0;
        for height in heights {
            y += height;
            tops.push(y);
        }
        Self(tops)
    }

    fn count(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    pub fn height(&self) -> f32 {
        self.0.last().copied().unwrap_or(0.0)
    }

    pub fn top(&self, row: usize) -> f32 {
        self.0.get(row).copied().unwrap_or_else(|| self.height())
    }

    /// The rows that touch `range`, and one more on each side, so that the keyboard can move on to it.
    pub fn visible(&self, range: Rangef) -> Range<usize> {
        let first = self.0.partition_point(|&top| top <= range.min).saturating_sub(2);
        let last = self.0.partition_point(|&top| top < range.max) + 1;
        first.min(self.count())..last.min(self.count())
    }

    /// The row at this height.
    pub fn at(&self, y: f32) -> usize {
        self.0.partition_point(|&top| top <= y).saturating_sub(1)
    }
}

/// Draws the visible rows; `row_ui` gets a row's index and its place. Returns how far the list is scrolled, and where
/// it lies.
pub(crate) fn rows_ui(
    ui: &mut Ui,
    salt: &str,
    tops: &RowTops,
    scroll_to: Option<f32>,
    mut row_ui: impl FnMut(&mut Ui, usize),
) -> (f32, Rect) {
    let mut area = ScrollArea::vertical().id_salt(salt).auto_shrink(false);
    if let Some(y) = scroll_to {
        area = area.vertical_scroll_offset(y);
    }
    let output = area.show_viewport(ui, |ui, viewport| {
        ui.set_height(tops.height());
        ui.set_width(ui.available_width());
        let origin = ui.max_rect().min;
        let width = ui.max_rect().width();
        for row in tops.visible(viewport.y_range()) {
            let top = tops.top(row);
            let height = tops.top(row + 1) - top;
            let rect = Rect::from_min_size(pos2(origin.x, origin.y + top), vec2(width, height));
            // Not after how many others it is drawn, which changes while rows are scrolled: a row keeps the keyboard.
            let id = ui.scope_id().with(row);
            ui.scope_builder(UiBuilder::new().max_rect(rect).scope_id(id), |ui| row_ui(ui, row));
        }
    });
    (output.state.clamped_offset().y, output.inner_rect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_touches_the_viewport_is_visible() {
        let tops = RowTops::new(std::iter::repeat_n(10.0, 5000));
        assert_eq!(tops.height(), 50_000.0);
        assert_eq!(tops.visible(Rangef::new(0.0, 95.0)), 0..11);
        let visible = tops.visible(Rangef::new(20_000.0, 20_100.0));
        assert!(visible.contains(&2000) && visible.contains(&2009) && visible.len() <= 14, "{visible:?}");
        assert_eq!(tops.visible(Rangef::new(49_990.0, 60_000.0)).end, 5000);
        assert_eq!(tops.at(25.0), 2);
        assert_eq!(RowTops::new([]).visible(Rangef::new(0.0, 100.0)), 0..0);
    }
}
