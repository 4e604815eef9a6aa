//! The bar at the foot of the window while something runs: stage, count, rate, time left, Cancel.

use eframe::egui::{self, CornerRadius, Rect, Role, Ui, WidgetInfo};

use crate::app::engine::report::{JobReport, JobStage};
use crate::app::shell::message::Command;
use crate::app::shell::view_context::ViewCtx;
use crate::app::ui::locale::{self, Locale, grouped};
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};

/// Draws the first running job and says how many more there are.
pub fn job_bar_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>) {
    let Some(report) = ctx.state.jobs.values().next() else { return };
    let others = ctx.state.jobs.len() - 1;
    progress_line_ui(ui, report, ctx.text);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        ui.label(theme::strong(ctx.text.s(report.stage.label_key())));
        for part in parts(report, ctx.text) {
            ui.label(theme::secondary(ui, part));
        }
        if others > 0 {
            ui.label(theme::secondary(ui, ctx.text.n("jobs_waiting", others as u64)));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel_job")).clicked() {
                ctx.send(Command::CancelJob(report.job));
            }
        });
    });
}

/// What is said about the job, apart from its stage: count, rate, time left.
pub fn parts(report: &JobReport, text: &Locale) -> Vec<String> {
    let in_bytes = report.stage == JobStage::Download;
    let number = |count: u64| if in_bytes { locale::bytes(count) } else { grouped(count) };
    let mut parts = Vec::new();
    match report.total {
        Some(total) => {
            parts.push(text.f("progress_of", &[("done", &number(report.done)), ("total", &number(total))]));
        }
        None if report.done > 0 => parts.push(number(report.done)),
        None => {}
    }
    if let Some(rate) = report.per_sec.filter(|rate| *rate > 0.0) {
        let rate = if in_bytes { locale::bytes(rate as u64) } else { format!("{rate:.1}") };
        parts.push(text.f("progress_rate", &[("rate", &rate)]));
    }
    if let Some(left) = report.left_secs {
        parts.push(text.f("progress_left", &[("time", &text.duration(left))]));
    }
    parts
}

/// A thin line along the bar's upper edge; it has no length while the total is unknown.
fn progress_line_ui(ui: &mut Ui, report: &JobReport, text: &Locale) {
    let palette = theme::palette(ui.visuals());
    let bar = ui.max_rect().expand2(egui::vec2(space::L, 0.0));
    let line = Rect::from_min_size(bar.min, egui::vec2(bar.width(), 2.0));
    let response = ui.interact(line, ui.scope_id().with("progress"), egui::Sense::hover());
    let share = report.total.filter(|total| *total > 0).map(|total| report.done as f32 / total as f32);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, text.s(report.stage.label_key()));
        info.value = share.map(|share| f64::from(share * 100.0));
        info
    });
    ui.painter().rect_filled(line, CornerRadius::ZERO, palette.hairline);
    if let Some(share) = share {
        let done = Rect::from_min_size(line.min, egui::vec2(line.width() * share.clamp(0.0, 1.0), 2.0));
        ui.painter().rect_filled(done, CornerRadius::ZERO, palette.accent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::report::{JobId, JobKind};
    use crate::app::ui::locale::Language;

    #[test]
    fn says_count_rate_and_time_left() {
        let text = Locale::new(Language::English);
        let mut report = JobReport {
            job: JobId(1),
            kind: JobKind::Scan,
            stage: JobStage::FindFaces,
            done: 1204,
            total: Some(8310),
            per_sec: Some(14.2),
            left_secs: Some(500.0),
        };
        assert_eq!(parts(&report, &text), ["1,204 of 8,310", "14.2/s", "8 min left"]);
        report.stage = JobStage::Download;
        report.total = Some(38_696_353);
        report.per_sec = Some(4_200_000.0);
        assert_eq!(parts(&report, &text), ["1.2 kB of 39 MB", "4.2 MB/s", "8 min left"]);
        report = JobReport { total: None, per_sec: None, left_secs: None, stage: JobStage::FindFiles, ..report };
        assert_eq!(parts(&report, &text), ["1,204"]);
    }
}
