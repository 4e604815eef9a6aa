//! People among a photo's keywords: those under a root such as "People", as digiKam, Lightroom and others write them.
//!
//! `digiKam:TagsList` parts with `/`, `lr:HierarchicalSubject` with `|`, `dc:subject` has no levels (some programs
//! write whole paths there as well). A name is the last part of a path that has none below it anywhere in the library:
//! "People/Family" is a folder of people as soon as "People/Family/Anna" exists. A flat keyword is a person only where
//! the same name is known to be one.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::found::{NameFound, NameKind, NameSource, PhotoPath};
use super::name_key::{NameKey, cleaned, folded};

/// The keywords of one photo, as an XMP reader hands them over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct PhotoKeywords {
    /// `dc:subject`.
    pub flat: Vec<String>,
    /// `lr:HierarchicalSubject`.
    pub hierarchical: Vec<String>,
    /// `digiKam:TagsList`.
    pub tags_list: Vec<String>,
}

/// What programs call the root of people in the languages that they speak, in small letters. More can be passed.
const ROOTS: &[&str] = &[
    "people",
    "persons",
    "person",
    "faces",
    "personen",
    "person(en)",
    "leute",
    "menschen",
    "gesichter",
    "personnes",
    "gens",
    "personas",
    "gente",
    "persone",
    "pessoas",
    "persoane",
    "mensen",
    "personer",
    "folk",
    "människor",
    "ihmiset",
    "henkilöt",
    "ludzie",
    "osoby",
    "lidé",
    "ľudia",
    "люди",
    "хора",
    "άτομα",
    "emberek",
    "személyek",
    "kişiler",
    "insanlar",
    "אנשים",
    "أشخاص",
    "人物",
    "人々",
    "ピープル",
    "人",
    "사람",
    "인물",
];

/// Tags that digiKam itself puts under the root: faces nobody has named.
const NOBODY: &[&str] = &[
    "unknown",
    "unconfirmed",
    "ignored",
    "unbekannt",
    "unbestätigt",
    "ignoriert",
    "inconnu",
    "non confirmé",
    "ignoré",
    "desconocido",
    "sin confirmar",
    "ignorado",
    "sconosciuto",
    "ignorato",
];

/// What all photos' keywords together tell: which are folders of people, and who is a person.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeopleKeywords {
    roots: HashSet<String>,
    /// Paths with others below them.
    folders: HashSet<Vec<String>>,
    known: HashSet<NameKey>,
}

impl PeopleKeywords {
    /// `more_roots` are what the user calls it beside the usual words.
    pub(crate) fn new(more_roots: &[String]) -> Self {
        let roots = ROOTS.iter().map(|root| folded(root)).chain(more_roots.iter().map(|root| folded(root.trim())));
        Self { roots: roots.collect(), ..Self::default() }
    }

    /// Every photo is learned before the first is asked about.
    pub(crate) fn learn(&mut self, keywords: &PhotoKeywords) {
        let fold = |path: Vec<&str>| path.iter().map(|part| folded(part)).collect::<Vec<_>>();
        let paths: Vec<Vec<String>> = self.paths(keywords).map(fold).collect();
        for path in paths {
            self.folders.extend((1..path.len()).map(|length| path[..length].to_vec()));
        }
    }

    /// A name that is a person's, by another source or in the library.
    pub(crate) fn know(&mut self, name: &str) {
        self.known.extend(NameKey::of(name));
    }

    /// The people named in one photo, each once.
    pub(crate) fn names(&self, photo: &Path, keywords: &PhotoKeywords) -> Vec<NameFound> {
        let mut seen = HashSet::new();
        let leaves = self.paths(keywords).filter_map(|path| self.person(&path)).collect::<Vec<_>>();
        let flat = keywords.flat.iter().filter(|keyword| self.is_known(keyword)).filter_map(|keyword| cleaned(keyword));
        let names = leaves.into_iter().chain(flat).filter(|name| NameKey::of(name).is_some_and(|key| seen.insert(key)));
        let found = |name| NameFound {
            photo: PhotoPath::Whole(photo.to_owned()),
            name: Some(name),
            region: None,
            source: NameSource::Keyword,
            writer: None,
            kind: NameKind::Confirmed,
        };
        names.map(found).collect()
    }

    /// Paths under a root, without the root.
    fn paths<'a>(&'a self, keywords: &'a PhotoKeywords) -> impl Iterator<Item = Vec<&'a str>> {
        let lists = [(&keywords.tags_list, '/'), (&keywords.hierarchical, '|')];
        let levels = lists.into_iter().flat_map(|(list, parted)| list.iter().map(move |path| split(path, parted)));
        let whole = keywords.flat.iter().flat_map(|path| ['/', '|'].map(|parted| split(path, parted)));
        levels.chain(whole).filter_map(|path| match path[..] {
            [root, _, ..] if self.roots.contains(&folded(root)) => Some(path[1..].to_vec()),
            _ => None,
        })
    }

    fn person(&self, path: &[&str]) -> Option<String> {
        let folded: Vec<String> = path.iter().map(|part| folded(part)).collect();
        let last = folded.last()?;
        let is_somebody = !self.folders.contains(&folded) && !NOBODY.contains(&last.as_str());
        path.last().filter(|_| is_somebody).and_then(|name| cleaned(name))
    }

    fn is_known(&self, keyword: &str) -> bool {
        NameKey::of(keyword).is_some_and(|key| self.known.contains(&key))
    }
}

fn split(path: &str, parted: char) -> Vec<&str> {
    path.split(parted).map(str::trim).filter(|part| !part.is_empty()).collect()
}
