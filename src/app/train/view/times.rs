//! Where the time of a run goes: a bar of its parts, and a line for each with its seconds a step and its share.

use eframe::egui::{Color32, CornerRadius, Grid, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::app::train::state::live::LiveRun;
use crate::app::train::state::words;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::section::hint_ui;
use crate::train::times::TimePart;

const BAR: f32 = 12.0;
const MARK: f32 = 10.0;
const LINE: f32 = 18.0;

/// Nothing before the first step.
pub(crate) fn times_ui(ui: &mut Ui, text: &Locale, run: &LiveRun) {
    let all_secs = run.times.sum_secs();
    if run.timed_steps == 0 || all_secs <= 0.0 {
        return;
    }
    let parts: Vec<(TimePart, f64)> = run.times.parts().into_iter().filter(|(_, secs)| *secs > 0.0).collect();
    ui.label(theme::strong(text.s("train_times")));
    hint_ui(ui, text.s("train_times_what"));
    ui.add_space(space::XS);
    bar_ui(ui, text, &parts, all_secs);
    ui.add_space(space::XS);
    let a_step = |secs: f64| secs / run.timed_steps as f64;
    let grid = Grid::new("times of parts").num_columns(4).min_col_width(0.0).min_row_height(LINE);
    grid.spacing(vec2(space::M, space::XS)).show(ui, |ui| {
        for (part, secs) in &parts {
            mark_ui(ui, colour(ui, *part));
            ui.label(text.s(words::part_key(*part)));
            ui.label(seconds(text, a_step(*secs)));
            ui.label(words::percent(secs / all_secs));
            ui.end_row();
        }
    });
    let loading = seconds(text, a_step(run.loading_secs));
    hint_ui(ui, text.f("train_times_loading", &[("secs", &loading)]));
}

fn seconds(text: &Locale, secs: f64) -> String {
    text.f("train_times_secs", &[("secs", &format!("{secs:.3}"))])
}

fn bar_ui(ui: &mut Ui, text: &Locale, parts: &[(TimePart, f64)], all_secs: f64) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
    let share = |secs: f64| format!("{:.1}%", 100.0 * secs / all_secs);
    let spoken = parts.iter().map(|(part, secs)| format!("{} {}", text.s(words::part_key(*part)), share(*secs)));
    let spoken = format!("{}: {}", text.s("train_times"), spoken.collect::<Vec<_>>().join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    let mut left = rect.left();
    for (part, secs) in parts {
        let right = left + rect.width() * (secs / all_secs) as f32;
        let piece = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
        ui.painter().rect_filled(piece, CornerRadius::ZERO, colour(ui, *part));
        left = right;
    }
}

fn mark_ui(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(MARK, MARK), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(2), colour);
}

/// The words beside it tell which it is.
fn colour(ui: &Ui, part: TimePart) -> Color32 {
    let line = |number| theme::line_colour(ui.visuals(), number);
    match part {
        TimePart::Learning => line(0),
        TimePart::Embedding => line(2),
        TimePart::Mining => line(4),
        TimePart::Waiting => line(1),
        TimePart::Judging => line(3),
        TimePart::Optimiser => theme::palette(ui.visuals()).unsure,
        TimePart::Saving => line(5),
        TimePart::Rest => theme::palette(ui.visuals()).hairline,
    }
}
