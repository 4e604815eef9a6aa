//! What the operating system says of a failure, as a part of a sentence.

use std::io;

/// Its sentence without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(NUMBER).next().unwrap_or(&text).to_lowercase()
}

/// The same of such a sentence within a text.
pub(crate) fn plain_within(text: String) -> String {
    let mut plain = text;
    while let Some(at) = plain.find(NUMBER) {
        let Some(length) = plain[at..].find(')') else { break };
        plain.replace_range(at..=at + length, "");
        let start = plain[..at].rfind(": ").map_or(0, |colon| colon + ": ".len());
        if start > 0 && plain.as_bytes()[start].is_ascii_uppercase() {
            plain[start..=start].make_ascii_lowercase();
        }
    }
    plain
}

const NUMBER: &str = " (os error";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_system_are_not_told() {
        let error = io::Error::from_raw_os_error(20);
        assert!(!plain(&error).contains("os error") && plain(&error) == plain(&error).to_lowercase());
        let said = "cannot read a: Not a directory (os error 20); see B: No such file or directory (os error 2)";
        assert_eq!(plain_within(said.to_owned()), "cannot read a: not a directory; see B: no such file or directory");
        assert_eq!(plain_within("as it was".to_owned()), "as it was");
    }
}
