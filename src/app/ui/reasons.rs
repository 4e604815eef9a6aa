//! Why a file is left out, in the window's language.
//!
//! Photos, lists and runs keep such reasons as the English sentences that the command line prints. Each kind of sentence is
//! a text of the tables: the English one is the pattern it is known by, the other language's says the same of what stands
//! in its `{placeholders}`. What a decoder says of its data, and sentences of other versions, stay as they are.

use std::sync::LazyLock;

use super::locale::{Language, Locale};
use crate::types::plain_within;

/// The kinds, those with more words around their placeholders first.
#[rustfmt::skip]
const REASONS: &[&str] = &[
    // Pictures.
    "reason_unreadable", "reason_not_a_file", "reason_empty", "reason_not_a_picture", "reason_video", "reason_not_read",
    "reason_no_preview", "reason_too_many_pixels", "reason_too_long", "reason_too_much_memory", "reason_cut",
    "reason_damaged", "reason_unsupported", "reason_decoder_gave_up", "reason_shows_another",
    // Folders and what lies in them.
    "reason_video_file", "reason_not_read_file", "reason_cannot_read_file", "reason_cannot_follow_link",
    "reason_cannot_read_folder", "reason_cannot_list_folder", "reason_folder_unreadable", "reason_cannot_be_read",
    "reason_not_regular", "reason_link_again", "reason_is_pipe", "reason_is_socket", "reason_is_device",
    "reason_is_a_folder", "reason_is_something_else",
    // Looking for faces, and training.
    "reason_network_stopped", "reason_decoder_stopped", "reason_not_carried_over", "reason_no_face", "reason_no_number",
    "reason_changed_while_read", "reason_ended_program", "reason_went_away", "reason_has_changed", "reason_gone",
    "reason_was_unreadable", "reason_not_listed",
    // What the operating system says.
    "reason_denied", "reason_not_permitted", "reason_not_there", "reason_is_folder", "reason_is_no_folder",
    "reason_disk_error", "reason_link_loop", "reason_stale_handle", "reason_not_connected", "reason_host_down",
];

static ENGLISH: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let english = Locale::new(Language::English);
    REASONS.iter().map(|key| (*key, english.s(key).to_owned())).collect()
});

impl Locale {
    /// A sentence that says in English why a file is left out.
    pub(crate) fn reason(&self, english: &str) -> String {
        match self.language() {
            Language::English => english.to_owned(),
            // Earlier versions kept the number that the system has for it.
            _ => self.known_reason(&plain_within(english.to_owned())).unwrap_or_else(|| english.to_owned()),
        }
    }

    fn known_reason(&self, english: &str) -> Option<String> {
        let known = ENGLISH.iter().find_map(|(key, pattern)| Some((key, values(pattern, english)?)));
        if let Some((key, found)) = known {
            // A cause in a reason may be one that is known.
            let values: Vec<(&str, String)> =
                found.into_iter().map(|(name, value)| (name, self.reason(value))).collect();
            return Some(self.f(key, &values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()));
        }
        // What was to be done, and why it could not be.
        let (what, why) = english.split_once(": ")?;
        let both = [self.known_reason(what), self.known_reason(why)];
        let is_known = both.iter().any(Option::is_some);
        let [what, why] = [(0, what), (1, why)].map(|(at, said)| both[at].clone().unwrap_or_else(|| said.to_owned()));
        is_known.then(|| self.f("reason_with_cause", &[("what", &what), ("why", &why)]))
    }
}

/// What stands in a pattern's placeholders; none where the text is not of the pattern.
fn values<'t>(pattern: &'t str, text: &'t str) -> Option<Vec<(&'t str, &'t str)>> {
    let (start, mut pattern) = pattern.split_once('{').unwrap_or((pattern, ""));
    let mut rest = text.strip_prefix(start)?;
    let mut values = Vec::new();
    while let Some((name, after)) = pattern.split_once('}') {
        let (literal, next) = after.split_once('{').unwrap_or((after, ""));
        let is_last = next.is_empty();
        let end = match literal {
            "" => rest.len(),
            _ if is_last => rest.len().checked_sub(literal.len()).filter(|end| rest.get(*end..) == Some(literal))?,
            _ => rest.find(literal)?,
        };
        if end == 0 {
            return None;
        }
        values.push((name, &rest[..end]));
        rest = &rest[end + literal.len()..];
        pattern = next;
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use std::io;
    #[cfg(unix)]
    use std::path::Path;

    use super::*;
    use crate::faces::image::DecodeError;
    #[cfg(unix)]
    use crate::types::files;

    fn every_decode_error() -> Vec<DecodeError> {
        let (format, kind) = ("JPEG", "MP4");
        let all = vec![
            DecodeError::Unreadable(io::Error::from_raw_os_error(13)),
            DecodeError::NotAFile,
            DecodeError::Empty,
            DecodeError::NotAPicture,
            DecodeError::Video { kind },
            DecodeError::NotRead { kind: "PSD" },
            DecodeError::NoPreview { format: "NEF" },
            DecodeError::TooManyPixels { width: 40_000, height: 30_000, max_pixels: 1_000_000_000 },
            DecodeError::TooLong { max_bytes: 1 << 30 },
            DecodeError::TooMuchMemory { format, reason: "Q1".to_owned() },
            DecodeError::Truncated,
            DecodeError::Damaged { format, reason: "the decoder gave up".to_owned() },
            DecodeError::Unsupported { format, reason: "Q2".to_owned() },
        ];
        // A kind that is new has to be added above.
        for error in &all {
            match error {
                DecodeError::Unreadable(_)
                | DecodeError::NotAFile
                | DecodeError::Empty
                | DecodeError::NotAPicture
                | DecodeError::Video { .. }
                | DecodeError::NotRead { .. }
                | DecodeError::NoPreview { .. }
                | DecodeError::TooManyPixels { .. }
                | DecodeError::TooLong { .. }
                | DecodeError::TooMuchMemory { .. }
                | DecodeError::Truncated
                | DecodeError::Damaged { .. }
                | DecodeError::Unsupported { .. } => {}
            }
        }
        all
    }

    /// No English word but names of formats.
    fn is_chinese(text: &str) -> bool {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let is_name = |word: &str| word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        words.into_iter().all(is_name) && text.chars().any(|c| !c.is_ascii())
    }

    #[test]
    fn every_reason_of_a_picture_is_told_in_the_windows_language() {
        let [english, chinese] = Language::ALL.map(Locale::new);
        for error in every_decode_error() {
            let said = error.to_string();
            assert_eq!(english.reason(&said), said);
            let told = chinese.reason(&said).replace("JPEG", "").replace("PNG", "");
            assert!(is_chinese(&told), "{said}: {told}");
        }
        for said in [
            "a video (MP4)",
            "PSD, which is not read",
            "cannot read the file: permission denied",
            "cannot follow the link: no such file or directory",
            "cannot list the folder: permission denied",
            "the folder cannot be read: input/output error",
            "cannot be read: not a directory",
            "the file cannot be read: Permission denied (os error 13)",
            "not a regular file",
            "a link to a folder that is scanned anyway",
            "a network stopped with an internal error; the photo is left out",
            "the decoder stopped with an internal error; the photo is left out",
            "names could not be carried over to it: the file is empty",
            "no face was found",
            "the file shows another picture since it was scanned; scan its folder again",
            "what the network makes of it is not a number",
            "the file changed while it was read; the next scan looks at it again",
            "the program ended more than once while it was looked through, the last time alone; it is left out",
            "it went away while the folder was looked through",
        ] {
            assert!(is_chinese(&chinese.reason(said)), "{said}: {}", chinese.reason(said));
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_stands_in_a_files_place_is_told_in_the_windows_language() {
        let chinese = Locale::new(Language::Chinese);
        let folder = tempfile::tempdir().unwrap();
        let [pipe, socket] = ["pipe", "socket"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&pipe, &socket, Path::new("/dev/zero"), folder.path()] {
            let said = files::open(path).unwrap_err().to_string();
            assert!(is_chinese(&chinese.reason(&said)), "{said}: {}", chinese.reason(&said));
        }
    }

    #[test]
    fn values_and_what_is_not_known_stay() {
        let chinese = Locale::new(Language::Chinese);
        let told = chinese.reason("40000 × 30000 pixels are more than the limit of 1000 megapixels");
        assert!(["40000", "30000", "1000"].iter().all(|value| told.contains(value)), "{told}");
        let told = chinese.reason("the PNG data is damaged: CRC error");
        assert!(told.contains("PNG") && told.contains("CRC error") && !told.contains("damaged"), "{told}");
        assert_eq!(chinese.reason("something that another version said"), "something that another version said");
        let told = chinese.reason("cannot open a.jpg: the file is empty");
        assert!(told.contains("cannot open a.jpg") && !told.contains("is empty"), "{told}");
    }
}
