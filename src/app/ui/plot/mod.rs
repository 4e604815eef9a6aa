//! Plots in the window, in one style: hairline axes, names beside their lines instead of a legend where they fit,
//! logarithmic axes labelled as powers, bands at 15% of the line's colour, a crosshair with the exact values, and a
//! threshold that can be moved.
//!
//! What is drawn is a [`Figure`], the same that [`crate::figures::plot`] writes as SVG and PNG, so that a saved
//! figure shows what the window showed. Painted with egui's own painter: exponents are raised, which no plot widget's
//! text labels can do.

pub mod axes;
pub mod crosshair;
pub mod lines;
pub mod names;

use std::fmt::Write;

use eframe::egui::{
    self, Color32, EventFilter, Key, Pos2, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2,
};

use crate::app::ui::theme::{self, space};
use crate::figures::plot::Figure;

/// The colour of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The plot's own colours, by number.
    Line(usize),
    Same,
    Different,
    /// What stands back: a reference, an earlier run.
    Quiet,
    /// Single values behind their mean, which has the plot's first colour.
    Faint,
}

/// A figure to be drawn, with how.
pub(crate) struct Plot<'a> {
    pub figure: &'a Figure,
    pub height: f32,
    /// One for each series; without, they take the plot's colours in their order.
    pub inks: &'a [Ink],
    /// The figure's first mark follows the pointer where it is pressed, and the arrow keys.
    pub movable: bool,
    /// The lines' names stand in the crosshair's table only.
    pub names_hidden: bool,
    /// How the crosshair writes values of x and of y.
    pub exact: [fn(f64) -> String; 2],
}

impl<'a> Plot<'a> {
    pub fn new(figure: &'a Figure) -> Self {
        Self { figure, height: 300.0, inks: &[], movable: false, names_hidden: false, exact: [exact, exact] }
    }

    /// Draws over the whole available width. Returns where the user put the first mark, on the x axis.
    pub fn ui(self, ui: &mut Ui) -> Option<f64> {
        let sense = if self.movable { Sense::click_and_drag() } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), self.height), sense);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, self.spoken()));
        if !ui.is_rect_visible(rect) {
            return None;
        }
        let colours: Vec<Color32> = (0..self.figure.series.len()).map(|index| self.colour(ui, index)).collect();
        let names = match self.names_hidden {
            true => names::Names::none(),
            false => names::Names::layout(ui, self.figure, &colours, rect),
        };
        let area = Area { rect: axes::inner_rect(ui, self.figure, rect, &names), figure: self.figure };
        axes::paint(ui, &area);
        for (series, &colour) in self.figure.series.iter().zip(&colours) {
            lines::paint(ui, &area, series, colour);
        }
        names.paint(ui, &area, &colours);
        marks(ui, &area);
        let moved_to = if self.movable { self.moved(ui, &area, &response) } else { None };
        if let Some(at) = response.hover_pos().filter(|at| area.rect.expand(2.0).contains(*at)) {
            crosshair::paint(ui, &area, &colours, at, self.exact);
        }
        moved_to
    }

    fn colour(&self, ui: &Ui, index: usize) -> Color32 {
        let palette = theme::palette(ui.visuals());
        match self.inks.get(index).copied().unwrap_or(Ink::Line(index)) {
            Ink::Line(number) => theme::line_colour(ui.visuals(), number),
            Ink::Same => palette.same,
            Ink::Different => palette.different,
            Ink::Quiet => palette.secondary,
            Ink::Faint => theme::line_colour(ui.visuals(), 0).gamma_multiply(0.3),
        }
    }

    /// What a screen reader says: the title, and each line's height at the mark, else where it ends.
    fn spoken(&self) -> String {
        let mut words = self.figure.title.clone();
        for series in &self.figure.series {
            let read_off = |(x, _): &(f64, String)| Some([*x, series.height_at(*x, &self.figure.x)?]);
            let at_mark = self.figure.marks.first().and_then(read_off);
            let Some([x, y]) = at_mark.or(series.points.last().copied()) else { continue };
            // Writing to a string cannot fail.
            let _ = write!(words, "; {}: {} @ {}", series.name, self.exact[1](y), self.exact[0](x));
        }
        words
    }

    fn moved(&self, ui: &Ui, area: &Area<'_>, response: &Response) -> Option<f64> {
        let (mark, _) = self.figure.marks.first()?;
        if response.clicked() || response.dragged() {
            response.request_focus();
            let at = response.interact_pointer_pos()?;
            return Some(area.x_value(at.x));
        }
        if !response.has_focus() {
            return None;
        }
        let outline = area.rect.expand(3.0);
        let palette = theme::palette(ui.visuals());
        ui.painter().rect_stroke(
            outline,
            3.0,
            Stroke::new(theme::size::RING, palette.accent),
            egui::StrokeKind::Outside,
        );
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let steps = ui.input(|input| {
            let step = if input.modifiers.shift { 10.0 } else { 1.0 };
            let pressed = |key| input.num_presses(key) as f64;
            (pressed(Key::ArrowRight) - pressed(Key::ArrowLeft)) * step
        });
        (steps != 0.0).then(|| area.figure.x.value_at((area.figure.x.place(*mark) + steps / 400.0).clamp(0.0, 1.0)))
    }
}

/// The rectangle between the axes, and what lies in it.
pub(crate) struct Area<'a> {
    rect: Rect,
    figure: &'a Figure,
}

impl Area<'_> {
    fn x(&self, value: f64) -> f32 {
        self.rect.left() + self.rect.width() * self.figure.x.place(value) as f32
    }

    fn y(&self, value: f64) -> f32 {
        self.rect.bottom() - self.rect.height() * self.figure.y.place(value) as f32
    }

    fn at(&self, [x, y]: [f64; 2]) -> Pos2 {
        pos2(self.x(x), self.y(y))
    }

    fn x_value(&self, x: f32) -> f64 {
        let place = f64::from((x - self.rect.left()) / self.rect.width().max(1.0));
        self.figure.x.value_at(place.clamp(0.0, 1.0))
    }
}

/// Vertical lines with their words on top.
fn marks(ui: &Ui, area: &Area<'_>) {
    let palette = theme::palette(ui.visuals());
    for (value, label) in &area.figure.marks {
        let x = area.x(*value);
        ui.painter().vline(x, area.rect.y_range(), Stroke::new(1.5, palette.text));
        let galley = ui.painter().layout_no_wrap(label.clone(), theme::small_font(), palette.text);
        let half = galley.size().x / 2.0;
        let middle = x.clamp(area.rect.left() + half, (area.rect.right() - half).max(area.rect.left() + half));
        let corner = pos2(middle - half, area.rect.top() - galley.size().y - space::XS / 2.0);
        ui.painter().galley(corner, galley, palette.text);
    }
}

/// A value with four significant digits.
pub(crate) fn exact(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e7).contains(&size) {
        format!("{value:.2e}")
    } else {
        let decimals = (3.0 - size.log10().floor()).max(0.0) as usize;
        format!("{value:.decimals$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::plot::{Axis, Scale};

    #[test]
    fn values_keep_four_digits() {
        let written: Vec<String> = [0.0, 0.98765, 12.3456, 0.00123, 1e-6, 123_456.7].into_iter().map(exact).collect();
        assert_eq!(written, ["0", "0.9877", "12.35", "0.001230", "1.00e-6", "123457"]);
    }

    #[test]
    fn a_place_on_the_screen_is_a_value() {
        let figure = Figure::new("", Axis::new("", Scale::Log, 1e-4, 1.0), Axis::new("", Scale::Linear, 0.0, 1.0));
        let rect = Rect::from_min_max(pos2(100.0, 0.0), pos2(500.0, 100.0));
        let area = Area { rect, figure: &figure };
        assert_eq!((area.x(1e-2), area.y(0.25)), (300.0, 75.0));
        assert!((area.x_value(300.0) - 1e-2).abs() < 1e-9);
        assert!((area.x_value(-50.0) - 1e-4).abs() < 1e-12);
    }
}
