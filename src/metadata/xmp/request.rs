//! What a packet is asked to say, and how each list says it.

use super::matching::OthersNames;
use super::orientation::to_stored;
use super::written::{NameList, WrittenName, WrittenNames, is_same_name};
use crate::metadata::region_box::RegionBox;

/// Above all names in the lists of keywords that have levels.
pub(crate) const PEOPLE: &str = "People";

/// A face with a name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaceToWrite {
    pub name: String,
    /// Fractions of the upright picture.
    pub area: RegionBox,
}

/// All that a photo's XMP is to say about people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamesToWrite<'a> {
    pub faces: &'a [FaceToWrite],
    /// Of the stored picture, before the orientation is applied.
    pub size: (u32, u32),
    /// EXIF's, 1 to 8.
    pub orientation: u8,
    /// The lists to keep. What we wrote into another is taken out of it.
    pub lists: &'a [NameList],
    /// What was written at this place before.
    pub ours: &'a WrittenNames,
    pub others: &'a OthersNames,
    /// The library's own name, for marks in the file; without it none are left.
    pub library: Option<&'a str>,
}

/// A packet of the photo itself, beside which a sidecar stands. A list that the sidecar has hides the packet's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PacketBeside {
    pub text: String,
    /// By its marks.
    pub ours: WrittenNames,
}

impl NamesToWrite<'_> {
    /// All faces as a list names them, left to others or not.
    pub(super) fn faces_in(&self, list: NameList) -> impl Iterator<Item = WrittenName> + '_ {
        self.faces.iter().map(move |FaceToWrite { name, area }| {
            let area = list.has_places().then(|| to_stored(area.within_picture().unwrap_or(*area), self.orientation));
            WrittenName { list, text: list_text(list, name), area }
        })
    }

    /// Whether a list's text is to go whoever wrote it, as these names are.
    pub(super) fn removable(&self, list: NameList, gone: &[String]) -> impl Fn(&str) -> bool {
        let names: Vec<String> = self.others.remove.iter().chain(gone).map(|name| list_text(list, name)).collect();
        move |text| names.iter().any(|name| is_same_name(text, name))
    }
}

/// A name as the list writes it. What parts levels there cannot be in a name; digiKam (7.9) turns a slash in a region's
/// name into a backslash, so that the keyword written so is the same tag as the region's.
fn list_text(list: NameList, name: &str) -> String {
    let name = name.trim();
    match list {
        NameList::HierarchicalSubject => format!("{PEOPLE}|{}", name.replace('|', "-")),
        NameList::TagsList => format!("{PEOPLE}/{}", name.replace('/', "\\")),
        _ => name.to_owned(),
    }
}
