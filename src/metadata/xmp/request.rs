//! What a packet is asked to say, and how each list says it.

use super::matching::OthersNames;
use super::orientation::to_stored;
use super::written::{NameList, WrittenName, WrittenNames, is_same_name};
use crate::metadata::region_box::RegionBox;

/// Above all names in the lists of keywords that have levels.
pub(crate) const PEOPLE: &str = "People";

/// What a packet is to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MergeRequest<'a> {
    /// Names, each with its box as fractions of the upright picture.
    pub faces: &'a [(String, RegionBox)],
    /// Of the stored picture.
    pub size: (u32, u32),
    pub orientation: u8,
    pub lists: &'a [NameList],
    pub ours: &'a WrittenNames,
    pub others: &'a OthersNames,
    /// Under which name marks are left; none are where there is none.
    pub library: Option<&'a str>,
    /// Of a sidecar: what stands in its photo.
    pub beside: &'a [PacketBeside],
}

/// A packet of the photo itself, beside which a sidecar stands. A list that the sidecar has hides the packet's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PacketBeside {
    pub text: String,
    /// By its marks.
    pub ours: WrittenNames,
}

impl MergeRequest<'_> {
    /// All faces as a list names them, left to others or not.
    pub(super) fn faces_in(&self, list: NameList) -> impl Iterator<Item = WrittenName> + '_ {
        self.faces.iter().map(move |(name, area)| {
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
