//! Standard error for people: one line of progress where it is a terminal, notes and skipped files always; and Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
pub use super::text::printable_text;
pub(crate) use super::text::{counted, printable};
use crate::app::engine::progress::{JobEvent, Progress, StageUnit};
use crate::types::Cancel;

/// Prints a job's events.
#[derive(Default)]
pub(crate) struct Console {
    /// The progress line while it is open. A console that is dropped takes its line away, so that an error starts on
    /// its own.
    bar: Option<ProgressBar>,
}

impl Console {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn show(&mut self, event: JobEvent) {
        match event {
            JobEvent::Progress(progress) => self.progress(progress_line(&progress)),
            JobEvent::Note(note) => self.line(&note),
            JobEvent::Skipped(skipped) => {
                self.line(&format!("Skipped {}: {}", printable(&skipped.path), printable_text(&skipped.reason)));
            }
            // Who waits at a terminal is told of the groups in the end.
            JobEvent::Grouped => {}
        }
    }

    /// Ends the progress line, so that what follows starts on its own.
    pub fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.abandon();
        }
    }

    /// Draws the progress line anew, where standard error is a terminal.
    pub fn progress(&mut self, text: String) {
        self.bar.get_or_insert_with(progress_bar).set_message(text);
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }
}

/// Nothing but a message, cut off where the terminal ends.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)).with_style(style)
}

/// What a shell calls a program that Ctrl-C ended.
pub const INTERRUPTED: u8 = 130;

static WAS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C asks the job to stop, the second ends the program. For what keeps something of its work: it is given
/// the time to put that away.
pub(crate) fn cancel_on_ctrl_c() -> Result<Cancel> {
    listen(|| {})
}

/// The same for what loses nothing when it ends: after the first Ctrl-C it has a moment to say so, whatever it is in the
/// middle of.
pub(crate) fn end_on_ctrl_c() -> Result<Cancel> {
    listen(|| {
        // Without it the second Ctrl-C ends the program.
        let _ = std::thread::Builder::new().name("interrupt".to_owned()).spawn(|| {
            std::thread::sleep(MOMENT);
            std::process::exit(INTERRUPTED.into());
        });
    })
}

/// Long enough to leave a progress line and to remove a temporary folder.
const MOMENT: Duration = Duration::from_secs(1);

fn listen(when_first_asked: fn()) -> Result<Cancel> {
    let cancel = Cancel::default();
    let asked = cancel.clone();
    ctrlc::set_handler(move || {
        if WAS_INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        asked.cancel();
        when_first_asked();
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(cancel)
}

/// Whether Ctrl-C asked the job to stop: whatever it came to then, the program says so by its exit code.
pub fn was_interrupted() -> bool {
    WAS_INTERRUPTED.load(Ordering::Relaxed)
}

fn progress_line(progress: &Progress) -> String {
    let (unit, scale) = match progress.stage.unit() {
        StageUnit::Bytes => (" MB", 1e6),
        StageUnit::Items => ("", 1.0),
    };
    let amount = |count: u64| if scale > 1.0 { format!("{:.1}", count as f64 / scale) } else { count.to_string() };
    let total = progress.total.map(|total| format!(" of {}", amount(total))).unwrap_or_default();
    let rate = match progress.rate_per_s > 0.0 {
        true => format!(" · {:.1}{unit}/s", progress.rate_per_s / scale),
        false => String::new(),
    };
    let left = progress.left_secs.map(|secs| format!(" · {}", duration(secs))).unwrap_or_default();
    format!("{} {}{total}{unit}{rate}{left}", progress.stage.word(), amount(progress.done))
}

fn duration(secs: f64) -> String {
    match secs.ceil() as u64 {
        secs @ 0..60 => format!("{secs} s left"),
        secs @ 60..3600 => format!("{} min left", secs.div_ceil(60)),
        secs => format!("{} h {} min left", secs / 3600, secs % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::progress::Stage;

    #[test]
    fn says_rate_and_time_left() {
        let progress = Progress {
            stage: Stage::new("stage_find_faces", "Scanning"),
            done: 1204,
            total: Some(8310),
            rate_per_s: 14.2,
            left_secs: Some(500.0),
        };
        assert_eq!(progress_line(&progress), "Scanning 1204 of 8310 · 14.2/s · 9 min left");
        let counting = Progress {
            stage: Stage::new("stage_find_files", "Looking for photos"),
            done: 3,
            total: None,
            rate_per_s: 0.0,
            left_secs: None,
        };
        assert_eq!(progress_line(&counting), "Looking for photos 3");
        let (done, total) = (12_300_000, Some(38_696_353));
        let bytes = Progress { stage: Stage::INSTALLING, done, total, rate_per_s: 4e6, left_secs: None };
        assert_eq!(progress_line(&bytes), "Installing 12.3 of 38.7 MB · 4.0 MB/s");
    }
}
