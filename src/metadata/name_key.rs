//! When two spellings are one name.

use std::collections::BTreeMap;

use icu_normalizer::ComposingNormalizer;

use crate::types::{acts_on_text, shows_nothing};

/// A name without its case, its spaces and the order of surname and first name: "MÜLLER,  Anna" and "Anna Müller" have
/// the same key, and so have composed and decomposed letters (macOS writes the latter). What parts levels in a list of
/// keywords is written as another sign there, by Likeness a hyphen, by digiKam a backslash: they are one sign here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct NameKey(String);

impl NameKey {
    /// None of a name without a letter or digit.
    pub fn of(name: &str) -> Option<Self> {
        let composed = folded(name).replace(['/', '|', '\\'], "-");
        let parts: Vec<&str> = composed.split(',').map(str::trim).collect();
        let words = match parts[..] {
            // "Surname, First name".
            [surname, first] if !surname.is_empty() && !first.is_empty() => format!("{first} {surname}"),
            _ => composed.clone(),
        };
        let key = words.split_whitespace().collect::<Vec<_>>().join(" ");
        key.chars().any(char::is_alphanumeric).then_some(Self(key))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text for comparing: composed, in small letters.
pub(crate) fn folded(text: &str) -> String {
    ComposingNormalizer::new_nfc().normalize(text).to_lowercase()
}

/// A name to be written down: no spaces around it, no line breaks, no more than `MAX_CHARS`.
pub(crate) fn cleaned(name: &str) -> Option<String> {
    const MAX_CHARS: usize = 200;
    // Nor what acts on other text, or shows nothing.
    let shown = name.chars().filter(|c| !shows_nothing(*c));
    let visible: String = shown.map(|c| if acts_on_text(c) { ' ' } else { c }).collect();
    let words = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(MAX_CHARS).collect();
    NameKey::of(&short).map(|_| short)
}

/// How often each spelling of one name stands somewhere; the first to show is the most frequent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Spellings(BTreeMap<String, usize>);

impl Spellings {
    pub(crate) fn add(&mut self, name: &str) {
        *self.0.entry(name.to_owned()).or_default() += 1;
    }

    /// Most frequent first; of equally frequent ones those that are not in capitals or small letters throughout.
    pub(crate) fn sorted(&self) -> Vec<(&str, usize)> {
        let mut sorted: Vec<_> = self.0.iter().map(|(name, &count)| (name.as_str(), count)).collect();
        let is_flat = |name: &str| name == name.to_lowercase() || name == name.to_uppercase() || name.contains(',');
        sorted.sort_by(|a, b| b.1.cmp(&a.1).then(is_flat(a.0).cmp(&is_flat(b.0))).then(a.0.cmp(b.0)));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_have_one_key() {
        let key = NameKey::of("Anna Müller").unwrap();
        for other in ["anna  müller ", "ANNA MÜLLER", "Müller, Anna", "Anna Mu\u{308}ller", "Anna\u{a0}Müller"] {
            assert_eq!(NameKey::of(other).as_ref(), Some(&key), "{other}");
        }
        assert_ne!(NameKey::of("Anna Muller"), Some(key.clone()));
        assert_ne!(NameKey::of("Müller Anna Lena"), Some(key));
        assert_eq!(NameKey::of(" ,- "), None);
    }

    #[test]
    fn a_name_with_signs_that_part_levels_is_the_same_in_every_list() {
        let key = NameKey::of("Jo O|Hare/Mills").unwrap();
        for other in ["Jo O-Hare/Mills", "Jo O|Hare\\Mills", "Jo O|Hare-Mills"] {
            assert_eq!(NameKey::of(other).as_ref(), Some(&key), "{other}");
        }
        assert_ne!(NameKey::of("Jo OHare Mills"), Some(key));
    }

    #[test]
    fn the_usual_spelling_comes_first() {
        let mut spellings = Spellings::default();
        for name in ["ANNA", "Anna", "anna", "ANNA", "Anna"] {
            spellings.add(name);
        }
        assert_eq!(spellings.sorted(), [("Anna", 2), ("ANNA", 2), ("anna", 1)]);
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(cleaned(" Anna\nMaria\0 "), Some("Anna Maria".to_owned()));
        assert_eq!(cleaned("\u{7}"), None);
    }
}
