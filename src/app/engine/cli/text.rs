//! Words for a terminal: paths and names on one line, and commands that can be pasted back.

use std::ffi::OsStr;
use std::path::Path;

use crate::types::acts_on_text;
pub(crate) use crate::types::counted;

/// A path on one line; bytes of it that are no text are written as escapes, too.
pub(crate) fn printable(path: &Path) -> String {
    path.as_os_str().as_encoded_bytes().utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(&printable_text(chunk.valid()));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
        text
    })
}

/// Text on one line: what would move a terminal's cursor, colour it or turn the direction of other text is written as
/// its number in Unicode, a line's end and a tab as every program has them.
pub fn printable_text(text: &str) -> String {
    escaped(text, acts_on_text)
}

/// The same of several lines, which stay apart, as do a table's columns.
pub(super) fn printable_lines(text: &str) -> String {
    escaped(text, |c| acts_on_text(c) && !matches!(c, '\n' | '\t'))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut text, c| {
        match c {
            c if !is_escaped(c) => text.push(c),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c => text.push_str(&format!("<U+{:04X}>", u32::from(c))),
        }
        text
    })
}

/// A word of a command line as a shell takes it back, whatever is in it.
pub(crate) fn shell_word(word: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    let text = match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => return text.to_owned(),
        Some(text) if !text.chars().any(acts_on_text) => return format!("'{}'", text.replace('\'', "'\\''")),
        _ => word.as_encoded_bytes(),
    };
    // Bash, zsh and ksh know this form; what cannot be shown stands in it as its bytes.
    let mut quoted = "$'".to_owned();
    for byte in text {
        match byte {
            b'\'' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            byte => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_newline_stays_on_one_line() {
        assert_eq!(printable(Path::new("名\n字.jpg")), "名\\n字.jpg");
        #[cfg(unix)]
        {
            let latin: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"G\xfcnther");
            assert_eq!(printable(Path::new(latin)), "G\\xfcnther");
        }
        assert_eq!(printable_text("A\u{1b}[31mda\u{9b}2J \u{202e}"), "A<U+001B>[31mda<U+009B>2J <U+202E>");
    }

    #[test]
    fn lines_and_columns_stay_apart() {
        assert_eq!(printable_lines("a\tb\nc\u{1b}[2J\r"), "a\tb\nc<U+001B>[2J\\r");
    }

    #[test]
    fn a_command_can_be_pasted_back() {
        let word = |text: &str| shell_word(OsStr::new(text));
        assert_eq!(word("/runs/a-b_1.safetensors"), "/runs/a-b_1.safetensors");
        assert_eq!(word(""), "''");
        assert_eq!(word("My runs"), "'My runs'");
        assert_eq!(word("Ann's $HOME; `x`"), "'Ann'\\''s $HOME; `x`'");
        assert_eq!(word("~/x"), "'~/x'");
        assert_eq!(word("a\nb'c"), "$'a\\x0ab\\'c'");
    }
}
