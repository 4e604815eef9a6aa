//! Hairline axes and their ticks; powers of ten with raised exponents.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{Align, Galley, Rect, Stroke, Ui, pos2};
use std::sync::Arc;

use crate::app::ui::plot::Area;
use crate::app::ui::plot::names::Names;
use crate::app::ui::theme::{self, space};
use crate::figures::plot::{Figure, TickLabel};

/// Height of a line of tick labels.
const LINE: f32 = 18.0;
/// Nearer than this, tick labels would touch.
const GAP: f32 = 6.0;

/// Where the lines go: what the labels leave of `rect`.
pub(crate) fn inner_rect(ui: &Ui, figure: &Figure, rect: Rect, names: &Names) -> Rect {
    let widest = figure.y.ticks().iter().map(|(_, label)| tick(ui, label).size().x).fold(0.0, f32::max);
    let above = names.rows_above() as f32 * LINE + LINE + if figure.marks.is_empty() { 0.0 } else { LINE };
    Rect::from_min_max(
        pos2(rect.left() + widest + space::S, rect.top() + above),
        pos2(rect.right() - names.room_right().max(space::S), rect.bottom() - 2.0 * LINE - space::XS),
    )
}

pub(crate) fn paint(ui: &Ui, area: &Area<'_>) {
    let palette = theme::palette(ui.visuals());
    let (rect, figure) = (area.rect, area.figure);
    let grid = Stroke::new(theme::size::HAIRLINE, palette.hairline.gamma_multiply(0.6));
    let mut free_from = f32::NEG_INFINITY;
    for (value, label) in figure.x.ticks() {
        let x = area.x(value);
        ui.painter().vline(x, rect.y_range(), grid);
        let galley = tick(ui, &label);
        let left = x - galley.size().x / 2.0;
        if left > free_from {
            free_from = left + galley.size().x + GAP;
            ui.painter().galley(pos2(left, rect.bottom() + space::XS), galley, palette.secondary);
        }
    }
    let mut free_below = f32::INFINITY;
    for (value, label) in figure.y.ticks() {
        let y = area.y(value);
        ui.painter().hline(rect.x_range(), y, grid);
        let galley = tick(ui, &label);
        let top = y - galley.size().y / 2.0;
        if top + galley.size().y < free_below {
            free_below = top;
            ui.painter().galley(pos2(rect.left() - space::S - galley.size().x, top), galley, palette.secondary);
        }
    }
    let axis = Stroke::new(theme::size::HAIRLINE, palette.secondary);
    ui.painter().hline(rect.x_range(), rect.bottom(), axis);
    ui.painter().vline(rect.left(), rect.y_range(), axis);
    labels(ui, area);
}

/// The name of y above its axis, the name of x below the middle of its own.
fn labels(ui: &Ui, area: &Area<'_>) {
    let palette = theme::palette(ui.visuals());
    let (rect, figure) = (area.rect, area.figure);
    let word = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), theme::small_font(), palette.secondary);
    let x = word(&figure.x.label);
    let left = rect.center().x - x.size().x / 2.0;
    ui.painter().galley(pos2(left, rect.bottom() + LINE + space::XS), x, palette.secondary);
    let y = word(&figure.y.label);
    let lift = if figure.marks.is_empty() { 0.0 } else { LINE };
    let corner = pos2(rect.left() - space::S, rect.top() - lift - y.size().y - space::XS / 2.0);
    ui.painter().galley(corner, y, palette.secondary);
}

fn tick(ui: &Ui, label: &TickLabel) -> Arc<Galley> {
    let colour = theme::palette(ui.visuals()).secondary;
    let (base, power) = match label {
        TickLabel::Number(text) => (text.clone(), None),
        TickLabel::Power(0) => ("1".to_owned(), None),
        TickLabel::Power(power) => ("10".to_owned(), Some(*power)),
    };
    let mut job = LayoutJob::default();
    job.append(&base, 0.0, TextFormat::simple(theme::small_font(), colour));
    if let Some(power) = power {
        let sign = if power < 0 { "−" } else { "" };
        let mut raised = TextFormat::simple(theme::exponent_font(), colour);
        raised.valign = Align::TOP;
        job.append(&format!("{sign}{}", power.abs()), 1.0, raised);
    }
    ui.painter().layout_job(job)
}
