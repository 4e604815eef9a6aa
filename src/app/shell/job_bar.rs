//! The bar at the foot of the window while something runs: stage, count, rate, time left, Cancel, and for scans Pause.

use eframe::egui::{self, CornerRadius, Rect, Ui};

use crate::app::engine::report::{JobKind, JobReport};
use crate::app::shell::state::Context;
use crate::app::ui::action::Action;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::progress;

/// Draws the first running job and says how many more there are.
pub(crate) fn job_bar_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let Some(report) = ctx.facts.jobs.values().next() else { return };
    let others = ctx.facts.jobs.len() - 1;
    progress_line_ui(ui, report, ctx.text);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        ui.label(theme::strong(ctx.text.s(report.progress.stage.label_key())));
        let is_paused = ctx.facts.paused.contains(&report.job);
        if is_paused {
            ui.label(theme::secondary(ui, ctx.text.s("job_paused")));
        } else {
            for part in progress::parts(report, ctx.text) {
                ui.label(theme::secondary(ui, part));
            }
        }
        if others > 0 {
            ui.label(theme::secondary(ui, ctx.text.n("jobs_waiting", others as u64)));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel_job")).clicked() {
                ctx.act(Action::CancelJob(report.job));
            }
            let label = ctx.text.s(if is_paused { "resume_job" } else { "pause_job" });
            if report.kind == JobKind::SCAN && buttons::button_ui(ui, Rank::Plain, label).clicked() {
                ctx.act(Action::PauseJob(report.job, !is_paused));
            }
        });
    });
}

/// A thin line along the bar's upper edge; it has no length while the total is unknown.
fn progress_line_ui(ui: &mut Ui, report: &JobReport, text: &Locale) {
    let bar = ui.max_rect().expand2(egui::vec2(space::L, 0.0));
    let line = Rect::from_min_size(bar.min, egui::vec2(bar.width(), 2.0));
    let response = ui.interact(line, ui.scope_id().with("progress"), egui::Sense::hover());
    let total = report.progress.total.filter(|total| *total > 0);
    let share = total.map(|total| report.progress.done as f32 / total as f32);
    let words = text.s(report.progress.stage.label_key());
    progress::bar(ui, line, &response, words, share, CornerRadius::ZERO);
}
