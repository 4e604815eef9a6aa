//! What keeps a folder out of the walk though it is neither hidden nor a system's.

use std::ffi::OsStr;
use std::path::Path;

/// Whether the folder holds what a Likeness made of photos: crops, models, runs and backups lie beside its library, and
/// a run of training or evaluation may lie anywhere.
pub(super) fn is_of_a_store(folder: &Path) -> bool {
    const BESIDE_A_LIBRARY: [&str; 4] = ["cache", "models", "runs", "backups"];
    let name = folder.file_name().and_then(OsStr::to_str);
    let has_library = || folder.parent().is_some_and(|home| home.join("library.sqlite").is_file());
    name.is_some_and(|name| BESIDE_A_LIBRARY.contains(&name)) && has_library() || is_a_run(folder)
}

fn is_a_run(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has("config.json") && (has("data.jsonl") || has("report.html"))
}
