//! Labels known to be wrong: published errata of a data set, and what a user marked on the failure wall. A side file,
//! never a change to the pair list; figures are shown with and without.
//!
//! One fact a line, fields separated by tabs, `#` starts a comment:
//! ```text
//! image  Name/Name_0001.jpg   Real Name              where this is known from
//! person Name                 Real Name              where this is known from
//! pair   A/A_0001.jpg         B/B_0002.jpg   same    where this is known from
//! ```
//! `person` is a folder whose images all show somebody else, or somebody who has another folder as well. The verdict of
//! a pair is `same`, `different` or `unsure`; the last field may be left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// What a pair really is, whatever its list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrueLabel {
    Same,
    Different,
    Unsure,
}

/// The facts of a side file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errata {
    images: BTreeMap<String, (String, String)>,
    /// Keyed by the folder's name.
    people: BTreeMap<String, (String, String)>,
    /// Keyed with the smaller path first.
    pairs: BTreeMap<(String, String), (TrueLabel, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected \"image\", \"person\" or \"pair\" with its fields separated by tabs, found \"{text}\"")]
pub(crate) struct ErrataError {
    pub line: usize,
    pub text: String,
}

/// Checked by a test to be well formed.
const LFW: &str = include_str!("../../assets/errata/lfw.tsv");

impl Errata {
    /// What is known about Labeled Faces in the Wild, and how it is known; its pairs' paths are unlike any other set's.
    pub fn lfw() -> Self {
        Self::parse(LFW).expect("a test reads the built-in list")
    }

    /// Both sets of facts; where they speak of the same thing, `later` is right.
    #[must_use]
    pub(crate) fn overruled_by(mut self, later: &Self) -> Self {
        let Self { images, people, pairs } = later.clone();
        self.images.extend(images);
        self.people.extend(people);
        self.pairs.extend(pairs);
        self
    }

    /// # Errors
    /// At the first line that breaks the format.
    pub(crate) fn parse(text: &str) -> Result<Self, ErrataError> {
        let mut errata = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fields: Vec<&str> = line.split('\t').map(str::trim).filter(|field| !field.is_empty()).collect();
            let wrong = || ErrataError { line: index + 1, text: line.replace('\t', " ") };
            match fields.as_slice() {
                ["image", path, name, rest @ ..] if rest.len() < 2 => {
                    errata.images.insert((*path).to_owned(), ((*name).to_owned(), rest.concat()));
                }
                ["person", folder, name, rest @ ..] if rest.len() < 2 => {
                    errata.people.insert((*folder).to_owned(), ((*name).to_owned(), rest.concat()));
                }
                ["pair", a, b, verdict, rest @ ..] if rest.len() < 2 => {
                    let verdict = match *verdict {
                        "same" => TrueLabel::Same,
                        "different" => TrueLabel::Different,
                        "unsure" => TrueLabel::Unsure,
                        _ => return Err(wrong()),
                    };
                    errata.mark(a, b, verdict, &rest.concat());
                }
                _ => return Err(wrong()),
            }
        }
        Ok(errata)
    }

    /// Adds or replaces the verdict on a pair.
    pub(crate) fn mark(&mut self, a: &str, b: &str, verdict: TrueLabel, note: &str) {
        self.pairs.insert(key(a, b), (verdict, note.to_owned()));
    }

    /// What was said of this very pair.
    pub(crate) fn mark_of(&self, a: &str, b: &str) -> Option<TrueLabel> {
        self.pairs.get(&key(a, b)).map(|(verdict, _)| *verdict)
    }

    /// Forgets the verdict on a pair.
    pub(crate) fn unmark(&mut self, a: &str, b: &str) {
        self.pairs.remove(&key(a, b));
    }

    /// The file's text, sorted.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from("# Labels known to be wrong\n");
        let mut line = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|field| field.replace(['\t', '\n', '\r'], " ")).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", fields.join("\t").trim_end());
        };
        for (path, (name, note)) in &self.images {
            line(&["image", path, name, note]);
        }
        for (folder, (name, note)) in &self.people {
            line(&["person", folder, name, note]);
        }
        for ((a, b), (verdict, note)) in &self.pairs {
            let verdict = match verdict {
                TrueLabel::Same => "same",
                TrueLabel::Different => "different",
                TrueLabel::Unsure => "unsure",
            };
            line(&["pair", a, b, verdict, note]);
        }
        text
    }

    /// Why the label of a pair is wrong or in doubt, first by what is said of the pair, then of its images; None where
    /// nothing speaks against it.
    pub fn doubt(&self, a: &str, b: &str, same: bool) -> Option<&str> {
        if let Some((really, note)) = self.pairs.get(&key(a, b)) {
            let right = matches!((really, same), (TrueLabel::Same, true) | (TrueLabel::Different, false));
            let note = if note.is_empty() { "marked as mislabelled" } else { note };
            return (!right).then_some(note);
        }
        let really = [a, b].map(|path| self.really(path));
        if really == [None, None] || (self.name_of(a) == self.name_of(b)) == same {
            return None;
        }
        let note = really.into_iter().flatten().map(|(_, note)| note.as_str()).find(|note| !note.is_empty());
        Some(note.unwrap_or("an image shows someone else"))
    }

    /// Who an image really shows, and how that is known.
    fn really(&self, path: &str) -> Option<&(String, String)> {
        self.images.get(path).or_else(|| self.people.get(folder_of(path)))
    }

    /// The real name, else the folder's name with spaces.
    fn name_of(&self, path: &str) -> String {
        self.really(path).map_or(folder_of(path), |(name, _)| name).replace('_', " ").to_lowercase()
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}

fn key(a: &str, b: &str) -> (String, String) {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    (first.to_owned(), second.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# known\n\nimage\tA/A_0001.jpg\tBo Ek\tthe data set's page\n\
                        pair\tC/C_0001.jpg\tD/D_0001.jpg\tsame\r\npair\tE/E_0002.jpg\tE/E_0001.jpg\tunsure\tblurred\n";

    #[test]
    fn a_pair_is_doubted_for_itself_or_for_its_images() {
        let errata = Errata::parse(TEXT).unwrap();
        let check = |a: &str, b: &str, same: bool, expected: Option<&str>| {
            assert_eq!(errata.doubt(a, b, same), expected, "{a} {b}");
        };
        check("A/A_0001.jpg", "A/A_0002.jpg", true, Some("the data set's page"));
        check("A/A_0001.jpg", "Q/Q_0002.jpg", false, None);
        check("Bo_Ek/Bo_Ek_0001.jpg", "A/A_0001.jpg", false, Some("the data set's page"));
        check("D/D_0001.jpg", "C/C_0001.jpg", false, Some("marked as mislabelled"));
        check("E/E_0001.jpg", "E/E_0002.jpg", true, Some("blurred"));
        check("X/X_0001.jpg", "X/X_0002.jpg", true, None);
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut errata = Errata::parse(TEXT).unwrap();
        errata.mark("Z/1.jpg", "Y/1.jpg", TrueLabel::Different, "two\tbrothers");
        errata.unmark("E/E_0001.jpg", "E/E_0002.jpg");
        let again = Errata::parse(&errata.to_text()).unwrap();
        assert_eq!(again.pairs.len(), 2);
        assert_eq!(again.doubt("Y/1.jpg", "Z/1.jpg", true), Some("two brothers"));
    }

    #[test]
    fn the_built_in_list_is_well_formed_and_says_why() {
        let errata = Errata::parse(LFW).unwrap();
        assert!(errata.images.values().chain(errata.people.values()).all(|(_, note)| !note.is_empty()));
        let kostelic = ["Janica_Kostelic/Janica_Kostelic_0001.jpg", "Janica_Kostelic/Janica_Kostelic_0002.jpg"];
        assert_eq!(
            errata.doubt(kostelic[0], kostelic[1], true),
            Some("an image of Anja Paerson (from memory; 1.53 from Janica_Kostelic_0002, so not of her)")
        );
        let bratt = "Talisa_Bratt/Talisa_Bratt_0001.jpg";
        assert!(errata.doubt(bratt, "Talisa_Soto/Talisa_Soto_0001.jpg", false).is_some());
        assert_eq!(errata.doubt("Hector_Babenco/Hector_Babenco_0002.jpg", bratt, false), None);
    }

    #[test]
    fn a_users_mark_overrules_what_is_built_in() {
        let [a, b] = ["Janica_Kostelic/Janica_Kostelic_0001.jpg", "Janica_Kostelic/Janica_Kostelic_0002.jpg"];
        let mut marks = Errata::default();
        marks.mark(b, a, TrueLabel::Same, "");
        assert_eq!(marks.mark_of(a, b), Some(TrueLabel::Same));
        assert_eq!(Errata::lfw().overruled_by(&marks).doubt(a, b, true), None);
    }

    #[test]
    fn a_broken_line_is_named() {
        assert_eq!(Errata::parse("# x\npair\ta\tb\tmaybe").unwrap_err().line, 2);
    }
}
