//! Words for things of the domain that several views show.

use crate::networks::models::Task;

pub(crate) fn task_key(task: Task) -> &'static str {
    match task {
        Task::Detect => "task_detect",
        Task::Embed => "task_embed",
    }
}
