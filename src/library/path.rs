//! Paths as the database keeps them: the operating system's own bytes, since a file's name need not be text.

use std::ops::Range;
use std::path::Path;

pub(super) use crate::types::path_text::{from_bytes, to_bytes};

/// What a search for a file's name compares with.
pub(super) fn name_key(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Between which paths those in this folder are: they begin with its path and a separator.
pub(super) fn below(folder: &Path) -> Range<Vec<u8>> {
    let mut first = to_bytes(folder);
    let separator = to_bytes(Path::new(std::path::MAIN_SEPARATOR_STR));
    // Of a drive as a whole it ends with one.
    if !first.ends_with(&separator) {
        first.extend(separator);
    }
    let mut past = first.clone();
    past.last_mut().into_iter().for_each(|byte| *byte += 1);
    first..past
}

/// Whether a file lies at a path or below it, which [`at_or_below`] gives the values of.
pub(super) const AT_OR_BELOW: &str = "(file.path = ?1 OR (file.path >= ?2 AND file.path < ?3))";

pub(super) fn at_or_below(at: &Path) -> [Vec<u8>; 3] {
    let below = below(at);
    [to_bytes(at), below.start, below.end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_folder_is_told_from_what_begins_like_it() {
        let root = std::path::MAIN_SEPARATOR_STR;
        let path = |names: &[&str]| to_bytes(Path::new(&format!("{root}{}", names.join(root))));
        let folder = below(Path::new(&format!("{root}a")));
        assert!(folder.contains(&path(&["a", "1.jpg"])) && folder.contains(&path(&["a", "b", "é"])));
        assert!(!folder.contains(&path(&["a"])) && !folder.contains(&path(&["a b", "1.jpg"])));
        assert!(below(Path::new(root)).contains(&path(&["z", "1.jpg"])), "a drive as a whole");
    }
}
