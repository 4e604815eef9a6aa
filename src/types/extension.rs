//! The end of a file's name, in whatever case it is written.

use std::path::Path;

/// Whether the name ends in one of these extensions.
pub(crate) fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| known.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_does_not_matter_and_only_the_last_one_counts() {
        let known = |name: &str| has_extension(Path::new(name), &["jpg", "m2ts"]);
        assert!(known("a.jpg") && known("a/B.JPG") && known("x.y.M2ts"));
        assert!(!known("jpg") && !known(".jpg") && !known("a.jpg.xmp") && !known("a.jpeg"));
    }
}
