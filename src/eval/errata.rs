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

use super::LabelledPair;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
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
    pairs: BTreeMap<(String, String), (Verdict, String)>,
}

/// What a side file says about a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding<'a> {
    /// Nothing, or that the label is right.
    Trusted,
    /// The label is wrong or in doubt, and why.
    Doubted(&'a str),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected \"image\", \"person\" or \"pair\" with its fields separated by tabs, found \"{text}\"")]
pub struct ErrataError {
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
    pub fn overruled_by(mut self, later: &Self) -> Self {
        let Self { images, people, pairs } = later.clone();
        self.images.extend(images);
        self.people.extend(people);
        self.pairs.extend(pairs);
        self
    }

    /// # Errors
    /// At the first line that breaks the format.
    pub fn parse(text: &str) -> Result<Self, ErrataError> {
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
                        "same" => Verdict::Same,
                        "different" => Verdict::Different,
                        "unsure" => Verdict::Unsure,
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
    pub fn mark(&mut self, a: &str, b: &str, verdict: Verdict, note: &str) {
        self.pairs.insert(key(a, b), (verdict, note.to_owned()));
    }

    /// What was said of this very pair.
    pub fn mark_of(&self, a: &str, b: &str) -> Option<Verdict> {
        self.pairs.get(&key(a, b)).map(|(verdict, _)| *verdict)
    }

    /// Forgets the verdict on a pair.
    pub fn unmark(&mut self, a: &str, b: &str) {
        self.pairs.remove(&key(a, b));
    }

    /// The file's text, sorted.
    pub fn to_text(&self) -> String {
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
                Verdict::Same => "same",
                Verdict::Different => "different",
                Verdict::Unsure => "unsure",
            };
            line(&["pair", a, b, verdict, note]);
        }
        text
    }

    /// What is known about a pair: first what is said of the pair, then of its images.
    pub fn finding(&self, pair: &LabelledPair) -> Finding<'_> {
        if let Some((verdict, note)) = self.pairs.get(&key(&pair.a, &pair.b)) {
            let right = matches!((verdict, pair.same), (Verdict::Same, true) | (Verdict::Different, false));
            let note = if note.is_empty() { "marked as mislabelled" } else { note };
            return if right { Finding::Trusted } else { Finding::Doubted(note) };
        }
        let really = [&pair.a, &pair.b].map(|path| self.really(path));
        if really == [None, None] || (self.name_of(&pair.a) == self.name_of(&pair.b)) == pair.same {
            return Finding::Trusted;
        }
        let note = really.into_iter().flatten().map(|(_, note)| note.as_str()).find(|note| !note.is_empty());
        Finding::Doubted(note.unwrap_or("an image shows someone else"))
    }

    /// Which of `pairs` to trust: indices of the trusted ones, and how many are doubted.
    pub fn trusted(&self, pairs: &[LabelledPair]) -> (Vec<usize>, usize) {
        let trusted: Vec<usize> =
            (0..pairs.len()).filter(|&index| self.finding(&pairs[index]) == Finding::Trusted).collect();
        let doubted = pairs.len() - trusted.len();
        (trusted, doubted)
    }

    pub fn is_empty(&self) -> bool {
        self.images.is_empty() && self.people.is_empty() && self.pairs.is_empty()
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

    fn pair(a: &str, b: &str, same: bool) -> LabelledPair {
        LabelledPair { a: a.into(), b: b.into(), same, fold: 0 }
    }

    #[test]
    fn a_pair_is_doubted_for_itself_or_for_its_images() {
        let errata = Errata::parse(TEXT).unwrap();
        let check = |a: &str, b: &str, same: bool, expected: Finding| {
            assert_eq!(errata.finding(&pair(a, b, same)), expected, "{a} {b}");
        };
        check("A/A_0001.jpg", "A/A_0002.jpg", true, Finding::Doubted("the data set's page"));
        check("A/A_0001.jpg", "Q/Q_0002.jpg", false, Finding::Trusted);
        check("Bo_Ek/Bo_Ek_0001.jpg", "A/A_0001.jpg", false, Finding::Doubted("the data set's page"));
        check("D/D_0001.jpg", "C/C_0001.jpg", false, Finding::Doubted("marked as mislabelled"));
        check("E/E_0001.jpg", "E/E_0002.jpg", true, Finding::Doubted("blurred"));
        check("X/X_0001.jpg", "X/X_0002.jpg", true, Finding::Trusted);
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut errata = Errata::parse(TEXT).unwrap();
        errata.mark("Z/1.jpg", "Y/1.jpg", Verdict::Different, "two\tbrothers");
        errata.unmark("E/E_0001.jpg", "E/E_0002.jpg");
        let again = Errata::parse(&errata.to_text()).unwrap();
        assert_eq!(again.pairs.len(), 2);
        assert_eq!(again.finding(&pair("Y/1.jpg", "Z/1.jpg", true)), Finding::Doubted("two brothers"));
    }

    #[test]
    fn the_built_in_list_is_well_formed_and_says_why() {
        let errata = Errata::parse(LFW).unwrap();
        assert!(errata.images.values().chain(errata.people.values()).all(|(_, note)| !note.is_empty()));
        let kostelic =
            pair("Janica_Kostelic/Janica_Kostelic_0001.jpg", "Janica_Kostelic/Janica_Kostelic_0002.jpg", true);
        assert_eq!(
            errata.finding(&kostelic),
            Finding::Doubted("an image of Anja Paerson (from memory; 1.53 from Janica_Kostelic_0002, so not of her)")
        );
        let bratt = pair("Talisa_Bratt/Talisa_Bratt_0001.jpg", "Talisa_Soto/Talisa_Soto_0001.jpg", false);
        assert!(matches!(errata.finding(&bratt), Finding::Doubted(_)));
        let babenco = pair("Hector_Babenco/Hector_Babenco_0002.jpg", "Talisa_Bratt/Talisa_Bratt_0001.jpg", false);
        assert_eq!(errata.finding(&babenco), Finding::Trusted);
    }

    #[test]
    fn a_users_mark_overrules_what_is_built_in() {
        let kostelic =
            pair("Janica_Kostelic/Janica_Kostelic_0001.jpg", "Janica_Kostelic/Janica_Kostelic_0002.jpg", true);
        let mut marks = Errata::default();
        marks.mark(&kostelic.b, &kostelic.a, Verdict::Same, "");
        assert_eq!(marks.mark_of(&kostelic.a, &kostelic.b), Some(Verdict::Same));
        assert_eq!(Errata::lfw().overruled_by(&marks).finding(&kostelic), Finding::Trusted);
    }

    #[test]
    fn a_broken_line_is_named() {
        assert_eq!(Errata::parse("# x\npair\ta\tb\tmaybe").unwrap_err().line, 2);
    }
}
