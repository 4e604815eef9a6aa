//! Which program this is.

/// The package's version; of a release build from a git checkout also the commit, and whether the sources were changed
/// since (`build.rs`).
pub const VERSION: &str = env!("LIKENESS_VERSION");

/// The same with the program's name, for what it writes.
pub(crate) const PROGRAM: &str = concat!("likeness ", env!("LIKENESS_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_the_packages_version_and_names_a_commit_where_it_names_more() {
        let rest = VERSION.strip_prefix(env!("CARGO_PKG_VERSION")).unwrap();
        let commit = rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
        let commit = commit.map(|commit| commit.strip_suffix(", changed").unwrap_or(commit));
        let is_commit = |text: &str| text.len() >= 12 && text.chars().all(|c| c.is_ascii_hexdigit());
        assert!(rest.is_empty() || commit.is_some_and(is_commit), "{VERSION}");
    }
}
