//! What Likeness itself wrote into a file, so that it takes back nothing else.
//!
//! The library keeps a [`WrittenNames`] for each file that it wrote into: which text went into which list, and where
//! its box was. What of it is still there is found by meaning, not by bytes: other programs write numbers anew, rename
//! prefixes, sort lists and drop fields that they do not know, but a name at a place stays a name at a place.
//!
//! For a library that is lost the same is said in the file ([`WrittenMark`], list `likeness:Written`). It stands beside
//! the lists, not in their items, since programs that rewrite regions (digiKam) drop strange fields of items, whereas
//! strange properties of a packet stay with every program built on Adobe's toolkit, and with ExifTool. It holds no
//! names, only the start of their SHA-256: who removes a name elsewhere must not find it here. It names its library,
//! since files travel: what another Likeness wrote is another's.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::metadata::region_box::RegionBox;
use crate::types::hex;

/// A list of the packet into which names are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum NameList {
    /// Face regions of the Metadata Working Group, which most programs read
    MwgRegions,
    /// Face regions of Windows and digiKam
    MicrosoftRegions,
    /// People in the picture, without a place (IPTC)
    PersonInImage,
    /// Keywords with levels, as Lightroom writes them
    HierarchicalSubject,
    /// digiKam's tags
    TagsList,
    /// Keywords without levels
    Subject,
}

impl NameList {
    pub const ALL: [Self; 6] = [
        Self::MwgRegions,
        Self::MicrosoftRegions,
        Self::PersonInImage,
        Self::HierarchicalSubject,
        Self::TagsList,
        Self::Subject,
    ];

    /// Whether its items have a box.
    pub(crate) fn has_places(self) -> bool {
        matches!(self, Self::MwgRegions | Self::MicrosoftRegions)
    }

    /// In marks.
    fn tag(self) -> &'static str {
        match self {
            Self::MwgRegions => "mwg",
            Self::MicrosoftRegions => "mp",
            Self::PersonInImage => "person",
            Self::HierarchicalSubject => "lr",
            Self::TagsList => "tags",
            Self::Subject => "subject",
        }
    }
}

/// A text in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WrittenName {
    pub list: NameList,
    pub text: String,
    /// As it was written; none in a list of texts.
    pub area: Option<RegionBox>,
}

/// All that was written into one file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct WrittenNames(pub Vec<WrittenName>);

impl WrittenNames {
    pub fn of_list(&self, list: NameList) -> impl Iterator<Item = &WrittenName> {
        self.0.iter().filter(move |name| name.list == list)
    }
}

/// A mark in a file: that a library of Likeness wrote a certain text into a certain list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WrittenMark {
    pub library: String,
    pub list: NameList,
    pub area: Option<RegionBox>,
    key: String,
}

impl WrittenMark {
    pub fn new(library: &str, name: &WrittenName) -> Self {
        let library = one_word(library);
        Self { library, list: name.list, area: name.area, key: key(name.list, &name.text) }
    }

    /// Whether it stands for this text at this place.
    pub fn is_for(&self, list: NameList, text: &str, area: Option<RegionBox>) -> bool {
        let is_here = match (self.area, area) {
            (Some(own), Some(other)) => own.is_same_place(other),
            (own, other) => own.is_none() && other.is_none(),
        };
        self.list == list && is_here && self.key == key(list, text)
    }

    /// Whether `found` is how a mark names `library`.
    pub fn is_library(found: &str, library: &str) -> bool {
        found == one_word(library)
    }

    pub fn to_text(&self) -> String {
        let place = self.area.map(|area| area.sides().iter().map(|n| format!(" {n:.4}")).collect::<String>());
        format!("{} {} {}{}", self.library, self.list.tag(), self.key, place.unwrap_or_default())
    }

    pub fn from_text(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let ([library, tag, key], place) = words.split_first_chunk()?;
        let list = NameList::ALL.into_iter().find(|list| list.tag() == *tag)?;
        let numbers: Vec<f32> = place.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let area = match numbers[..] {
            [] => None,
            [x, y, width, height] => Some(RegionBox { x, y, width, height }.checked()?),
            _ => return None,
        };
        Some(Self { library: (*library).to_owned(), list, area, key: (*key).to_owned() })
    }
}

/// Names are the same that differ in case or outer spaces only, as most programs see it.
pub(crate) fn is_same_name(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn one_word(library: &str) -> String {
    library.split_whitespace().collect::<Vec<_>>().join("-")
}

fn key(list: NameList, text: &str) -> String {
    let digest = Sha256::digest(format!("{}\0{}", list.tag(), text.trim().to_lowercase()));
    hex(&digest[..8])
}
