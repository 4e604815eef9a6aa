//! Paths as the database keeps them: the operating system's own bytes, since a file's name need not be text.

use std::path::Path;

pub(super) use crate::types::path_text::{from_bytes, to_bytes};

/// What a search for a file's name compares with.
pub(super) fn name_key(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}
