//! What follows from the end of a scan.

use crate::app::engine::report::{JobKind, JobSummary};
use crate::app::ui::action::Action;
use crate::app::ui::feature::{Ended, with_skipped};
use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::view::View;
use crate::types::Touched;

pub(super) fn scan_ended(kind: JobKind, summary: &JobSummary, text: &Locale) -> Option<Ended> {
    if kind != JobKind::SCAN {
        return None;
    }
    let (photos, faces) = (grouped(summary.photos), grouped(summary.faces));
    let words = with_skipped(text.f("said_scanned", &[("photos", &photos), ("faces", &faces)]), summary, text);
    let show = if summary.lost_faces > 0 { Action::OpenSetAside } else { Action::Show(View::PEOPLE) };
    let words = with_found_again(words, summary, text);
    Some(Ended { words, show: Some(show), touched: Touched::everything(), said_in: None })
}

/// Adds what became of names in edited photos, and which folders were not there.
fn with_found_again(mut words: String, summary: &JobSummary, text: &Locale) -> String {
    for (key, count) in [("said_carried", summary.carried_faces), ("said_lost", summary.lost_faces)] {
        if count > 0 {
            words.push_str(text.s("list_separator"));
            words.push_str(&text.n(key, count));
        }
    }
    for folder in &summary.offline_folders {
        words.push_str(text.s("list_separator"));
        words.push_str(&text.f("said_offline", &[("folder", &folder.to_string_lossy())]));
    }
    words
}
