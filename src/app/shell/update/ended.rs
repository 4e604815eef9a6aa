//! How a job ended: the words for it, and what it leaves other than before.

use crate::app::engine::report::{JobKind, JobSummary};
use crate::app::evaluate::state::ended_words;
use crate::app::shell::notices::NoticeAction;
use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::view::View;
use crate::types::Touched;

/// What a job of this kind leaves other than before.
pub(super) fn touched_by(kind: Option<JobKind>) -> Touched {
    match kind {
        Some(JobKind::Scan | JobKind::Reembed) | None => Touched::everything(),
        Some(JobKind::Install) => Touched { settings: true, ..Touched::models() },
        Some(JobKind::Train) => Touched::models(),
        Some(JobKind::Evaluate | JobKind::Check | JobKind::Demonstrate) => Touched::default(),
    }
}

pub(super) fn done_words(text: &Locale, kind: Option<JobKind>, summary: &JobSummary) -> (String, Option<NoticeAction>) {
    let with_skipped = |mut words: String| {
        if summary.skipped > 0 {
            words.push_str(text.s("list_separator"));
            words.push_str(&text.n("said_skipped", summary.skipped));
        }
        words
    };
    match kind {
        Some(JobKind::Scan) | None => {
            let (photos, faces) = (grouped(summary.photos), grouped(summary.faces));
            let words = text.f("said_scanned", &[("photos", &photos), ("faces", &faces)]);
            let show =
                if summary.lost_faces > 0 { NoticeAction::ShowSetAside } else { NoticeAction::Show(View::People) };
            (with_found_again(text, with_skipped(words), summary), Some(show))
        }
        Some(JobKind::Install) => (text.s("said_installed").into(), None),
        Some(JobKind::Check) => (text.s("said_checked").into(), Some(NoticeAction::Show(View::Evaluate))),
        Some(JobKind::Evaluate) => {
            let words = ended_words(text, summary.pairs, summary.skipped);
            (words, Some(NoticeAction::Show(View::Evaluate)))
        }
        Some(JobKind::Train) => (text.s("said_trained").into(), Some(NoticeAction::Show(View::Train))),
        Some(JobKind::Demonstrate) => (text.s("said_demonstrated").into(), Some(NoticeAction::Show(View::Train))),
        Some(JobKind::Reembed) => {
            (with_skipped(text.n("said_reembedded", summary.faces)), Some(NoticeAction::Show(View::People)))
        }
    }
}

/// Adds what became of names in edited photos, and which folders were not there.
fn with_found_again(text: &Locale, mut words: String, summary: &JobSummary) -> String {
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
