//! Words for things of the domain that several views show.

use crate::app::engine::facts::WatchHindrance;
use crate::app::ui::locale::Locale;
use crate::networks::models::Task;

pub(crate) fn task_key(task: Task) -> &'static str {
    match task {
        Task::Detect => "task_detect",
        Task::Embed => "task_embed",
    }
}

/// Why a folder is not watched.
pub(crate) fn hindrance_words(hindrance: &WatchHindrance, text: &Locale) -> String {
    match hindrance {
        WatchHindrance::Offline => text.s("watch_offline").to_owned(),
        WatchHindrance::NetworkDrive => text.s("watch_network").to_owned(),
        WatchHindrance::LimitReached => text.s("watch_limit").to_owned(),
        WatchHindrance::Refused(details) => text.f("watch_refused", &[("details", details)]),
    }
}
