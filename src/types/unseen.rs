//! Characters that nobody sees: those that act on the text around them, and those that only stand there.

/// Moves a terminal's cursor, ends a line or a paragraph, or turns the direction of other text (Unicode, "explicit
/// directional formatting", with the deprecated ones and annotations).
pub(crate) fn acts_on_text(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// Shows nothing and changes nothing: two texts that differ by it look the same. Joiners and the marks of a direction
/// are none of these, since several scripts need them.
pub(crate) fn shows_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{2060}'
            ..='\u{2065}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
    )
}

/// Whether it is seen where it stands alone.
pub(crate) fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !acts_on_text(c) && !shows_nothing(c) && !matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unseen_character_is_of_one_kind() {
        for c in ['\u{1b}', '\n', '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2067}', '\u{206f}', '\u{fff9}'] {
            assert!(acts_on_text(c) && !shows_nothing(c) && !is_visible(c), "U+{:04X}", u32::from(c));
        }
        for c in ['\u{ad}', '\u{200b}', '\u{2060}', '\u{2063}', '\u{3164}', '\u{feff}'] {
            assert!(shows_nothing(c) && !acts_on_text(c) && !is_visible(c), "U+{:04X}", u32::from(c));
        }
        for c in ['\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', ' ', '\u{a0}', '\u{3000}'] {
            assert!(!shows_nothing(c) && !acts_on_text(c) && !is_visible(c), "U+{:04X}", u32::from(c));
        }
        assert!(['a', '李', '\u{1f680}', '-'].into_iter().all(is_visible));
    }
}
