//! Counts in words.

/// How many of them, in words: "1 face", "3 faces".
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
