//! How far a job is, in words and as a line.

use eframe::egui::{CornerRadius, Rect, Response, Role, Ui, WidgetInfo, vec2};

use crate::app::engine::progress::StageUnit;
use crate::app::engine::report::JobReport;
use crate::app::ui::locale::{self, Locale, grouped};
use crate::app::ui::theme;

/// What is said about the job, apart from its stage: count, rate, time left.
pub fn parts(report: &JobReport, text: &Locale) -> Vec<String> {
    let in_bytes = report.progress.stage.unit() == StageUnit::Bytes;
    let number = |count: u64| if in_bytes { locale::size_words(count) } else { grouped(count) };
    let mut parts = Vec::new();
    match report.progress.total {
        Some(total) => {
            parts.push(text.f("progress_of", &[("done", &number(report.progress.done)), ("total", &number(total))]));
        }
        None if report.progress.done > 0 => parts.push(number(report.progress.done)),
        None => {}
    }
    if let Some(rate) = (report.progress.rate_per_s > 0.0).then_some(report.progress.rate_per_s) {
        let rate = if in_bytes { locale::size_words(rate as u64) } else { format!("{rate:.1}") };
        parts.push(text.f("progress_rate", &[("rate", &rate)]));
    }
    if let Some(left) = report.progress.left_secs {
        parts.push(text.f("progress_left", &[("time", &text.duration(left))]));
    }
    parts
}

/// A line that is done as far as the share says; none where it is unknown.
pub fn bar(ui: &Ui, rect: Rect, response: &Response, words: &str, share: Option<f32>, rounding: CornerRadius) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, words);
        info.value = share.map(|share| f64::from(share * 100.0));
        info
    });
    let palette = theme::palette(ui.visuals());
    ui.painter().rect_filled(rect, rounding, palette.hairline);
    if let Some(share) = share {
        let done = Rect::from_min_size(rect.min, vec2(rect.width() * share.clamp(0.0, 1.0), rect.height()));
        ui.painter().rect_filled(done, rounding, palette.accent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::progress::{Progress, Stage};
    use crate::app::engine::report::{JobId, JobKind};
    use crate::app::ui::locale::Language;

    #[test]
    fn says_count_rate_and_time_left() {
        let text = Locale::new(Language::English);
        let mut report = JobReport {
            job: JobId(1),
            kind: JobKind::SCAN,
            progress: Progress {
                stage: Stage::new("stage_find_faces", "Scanning"),
                done: 1204,
                total: Some(8310),
                rate_per_s: 14.2,
                left_secs: Some(500.0),
            },
        };
        assert_eq!(parts(&report, &text), ["1,204 of 8,310", "14.2/s", "8 min left"]);
        report.progress.stage = Stage::INSTALLING;
        report.progress.total = Some(38_696_353);
        report.progress.rate_per_s = 4_200_000.0;
        assert_eq!(parts(&report, &text), ["1.2 kB of 39 MB", "4.2 MB/s", "8 min left"]);
        report.progress = Progress::at(Stage::new("stage_find_files", "Looking for photos"), 1204, None, None);
        assert_eq!(parts(&report, &text), ["1,204"]);
    }
}
