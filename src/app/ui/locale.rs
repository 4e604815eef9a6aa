//! Every word the window says, from one table a language: `assets/locales/en.toml` and `zh-CN.toml`.
//!
//! A table is flat: `key = "text with {placeholder}"`. A text that counts has two keys, `…_one` and `…_many`; Chinese
//! has both too, with the same words. Tests hold the tables to the same keys and placeholders, and to the code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use crate::types::{grouped, size_words};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN")]
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The language's name in that language.
    pub(crate) fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    /// The system's language where there is a table for it, else English.
    pub(crate) fn of_system() -> Self {
        match sys_locale::get_locale() {
            Some(tag) if tag.starts_with("zh") => Self::Chinese,
            _ => Self::English,
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::English => include_str!("../../../assets/locales/en.toml"),
            Self::Chinese => include_str!("../../../assets/locales/zh-CN.toml"),
        }
    }
}

/// As a calendar and a clock on the wall show it, of seconds since 1970.
pub(crate) fn day_and_time(secs: i64) -> String {
    let at = jiff::Timestamp::from_second(secs).map(|at| at.to_zoned(jiff::tz::TimeZone::system()));
    at.map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

/// The table of one language.
#[derive(Debug, Clone)]
pub struct Locale {
    language: Language,
    texts: BTreeMap<String, String>,
}

impl Locale {
    pub fn new(language: Language) -> Self {
        // The tables are compiled in, and a test reads both.
        let texts = toml::from_str(language.table()).expect("the locale tables are valid");
        Self { language, texts }
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of `key`. A key without a text shows itself; a test keeps that from happening.
    pub fn s<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// The text of `key` with its `{placeholders}` filled.
    pub fn f(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.s(key), values)
    }

    /// The text of `key_one` or `key_many`, with `{count}` filled.
    pub fn n(&self, key: &str, count: u64) -> String {
        self.nf(key, count, &[])
    }

    /// Like [`Self::n`], with more placeholders.
    pub(crate) fn nf(&self, key: &str, count: u64, values: &[(&str, &str)]) -> String {
        let key = format!("{key}_{}", if count == 1 { "one" } else { "many" });
        let number = grouped(count);
        let mut all = vec![("count", number.as_str())];
        all.extend_from_slice(values);
        fill(self.s(&key), &all)
    }

    /// A month's heading, such as "March 2024" or "2024年3月".
    pub fn month(&self, year: i32, month: u8) -> String {
        const MONTHS: [&str; 12] = [
            "month_1", "month_2", "month_3", "month_4", "month_5", "month_6", "month_7", "month_8", "month_9",
            "month_10", "month_11", "month_12",
        ];
        match MONTHS.get(usize::from(month).wrapping_sub(1)) {
            Some(key) => self.f("month_heading", &[("month", self.s(key)), ("year", &year.to_string())]),
            None => self.s("month_unknown").to_owned(),
        }
    }

    /// A span of time in the one or two largest units, such as "8 min" or "2 h 10 min".
    pub(crate) fn duration(&self, secs: f64) -> String {
        let secs = secs.max(0.0).round() as u64;
        let (hours, minutes) = (secs / 3600, secs / 60 % 60);
        match (hours, minutes) {
            (0, 0) => self.f("duration_secs", &[("secs", &secs.to_string())]),
            (0, _) => self.f("duration_minutes", &[("minutes", &minutes.to_string())]),
            _ => self.f("duration_hours", &[("hours", &hours.to_string()), ("minutes", &minutes.to_string())]),
        }
    }
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { break };
        text.push_str(&rest[..start]);
        let name = &rest[start + 1..start + length];
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => text.push_str(value),
            None => text.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn tables_have_the_same_keys_and_placeholders() {
        let [english, chinese] = Language::ALL.map(Locale::new);
        let keys = |locale: &Locale| locale.texts.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(
            keys(&english).symmetric_difference(&keys(&chinese)).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "keys in one table only"
        );
        for (key, text) in &english.texts {
            assert_eq!(placeholders(text), placeholders(chinese.s(key)), "placeholders of {key}");
        }
    }

    /// Plural texts differ in their number only.
    #[test]
    fn plurals_come_in_pairs() {
        let english = Locale::new(Language::English);
        for key in english.texts.keys() {
            if let Some(stem) = key.strip_suffix("_one") {
                let many = format!("{stem}_many");
                assert!(english.texts.contains_key(&many), "{key} without {many}");
            }
        }
    }

    /// What is counted is said by a text of its own, "1 face" or "3 faces", also within a sentence. Recipes of trainings are
    /// left out: fewer than two people, pictures or steps are none.
    #[test]
    fn no_text_has_a_fixed_plural_behind_a_number() {
        const COUNTED: [&str; 13] = [
            "backups",
            "decisions",
            "faces",
            "files",
            "folders",
            "groups",
            "images",
            "lists",
            "names",
            "pairs",
            "people",
            "photos",
            "pictures",
        ];
        for (key, text) in &Locale::new(Language::English).texts {
            if key.ends_with("_many") || key.starts_with("train_") {
                continue;
            }
            let filled = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
            // One in many is never one in one.
            for (_, behind) in filled.filter(|(name, behind)| *name != "one_in" && behind.starts_with(' ')) {
                let words = behind.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
                let plural = words.take(2).find(|word| COUNTED.contains(word));
                assert_eq!(plural, None, "{key}: {text}");
            }
        }
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }

    /// Every `.s("…")`, `.f("…"`, `.n("…"`, `.nf("…"` names a text, and every text is named somewhere.
    #[test]
    fn code_and_tables_agree() {
        let english = Locale::new(Language::English);
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app"), &mut files);
        let code: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let compact: String = code.split_whitespace().collect::<Vec<_>>().join(" ").replace("( \"", "(\"");
        for (call, counted) in [(".s(\"", false), (".f(\"", false), (".n(\"", true), (".nf(\"", true)] {
            for part in compact.split(call).skip(1) {
                let key = part.split('"').next().unwrap();
                if key.contains('…') {
                    continue;
                }
                let needed = if counted { format!("{key}_many") } else { key.to_owned() };
                assert!(english.texts.contains_key(&needed), "no text for {needed}");
            }
        }
        for key in english.texts.keys() {
            let stem = key.strip_suffix("_one").or_else(|| key.strip_suffix("_many")).unwrap_or(key);
            // What a setting does stands under its key with `_hint` behind it.
            let stem = stem.strip_suffix("_hint").unwrap_or(stem);
            let named = code.contains(&format!("\"{key}\"")) || code.contains(&format!("\"{stem}\""));
            assert!(named, "nothing says {key}");
        }
    }

    #[test]
    fn texts_are_filled_and_counted() {
        let english = Locale::new(Language::English);
        assert_eq!(english.n("faces", 1), "1 face");
        assert_eq!(english.n("faces", 1204), "1,204 faces");
        assert_eq!(english.duration(480.0), "8 min");
        assert_eq!(english.duration(7800.0), "2 h 10 min");
        assert_eq!(Locale::new(Language::Chinese).month(2024, 3), "2024年3月");
        assert_eq!(fill("{a} and {b} {c", &[("a", "x")]), "x and {b} {c");
    }
}
