//! Faces that another program calls otherwise: its name stays, and ours is written into no list of the packet, or one
//! file would give one face two names.

use roxmltree::Node;

use super::list::FoundList;
use super::matching::{ListItem, named_otherwise};
use super::model::{BoxUnit, XmpRegion};
use super::orientation::{ListFrame, list_frame, to_stored};
use super::rdf;
use super::regions;
use super::request::{NamesToWrite, PacketBeside};
use super::written::{NameList, WrittenName};

/// A face, by its place among those to be written, and what it is called instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftFace {
    pub face: usize,
    pub instead: String,
}

/// None where its user wants our names in the place of others.
pub(crate) fn left_to_others(root: Node<'_, '_>, names: &NamesToWrite<'_>, beside: &[PacketBeside]) -> Vec<LeftFace> {
    let parsed = beside.iter().filter_map(|packet| Some((rdf::parse(&packet.text).ok()?, &packet.ours)));
    let beside: Vec<_> = parsed.collect();
    let mut packets = vec![(root, names.ours)];
    packets.extend(beside.iter().filter_map(|(document, ours)| Some((rdf::root(document).ok()?, *ours))));
    let mut left: Vec<LeftFace> = Vec::new();
    if names.others.replace_differing {
        return left;
    }
    let faces: Vec<WrittenName> = names.faces_in(NameList::MwgRegions).collect();
    let mut add = |regions: &[ListItem], list: NameList, ours: &[&WrittenName]| {
        let named = named_otherwise(regions, &faces, ours, names.removable(list, &[]));
        let new = named.into_iter().map(|(face, instead)| LeftFace { face, instead });
        let known: Vec<usize> = left.iter().map(|left| left.face).collect();
        left.extend(new.filter(|new| !known.contains(&new.face)));
    };
    for list in [NameList::MwgRegions, NameList::MicrosoftRegions] {
        let lists = packets.iter().map(|(root, ours)| (FoundList::of(list, *root), ours));
        let Some((found, ours)) = lists.into_iter().find(|(found, _)| !found.properties.is_empty()) else { continue };
        let frame = found.frame(list, names.size, names.orientation);
        // Boxes of a picture that was cropped since say of no face where it is.
        if frame != ListFrame::Stale {
            let ours: Vec<&WrittenName> = ours.of_list(list).collect();
            add(&found.list_items(list, frame, names.orientation), list, &ours);
        }
    }
    // Formats that are read but never written: all that stands there is another's.
    let all = packets.iter().flat_map(|(root, _)| regions::regions(*root));
    let read_only = all.filter(|region| region.format.list().is_none());
    let items: Vec<ListItem> = read_only.filter_map(|region| item(region, names)).collect();
    add(&items, NameList::PersonInImage, &[]);
    left.sort_by_key(|left| left.face);
    left
}

/// A region in the frame of the stored picture. None where it is not known which part of it that is.
fn item(region: XmpRegion, names: &NamesToWrite<'_>) -> Option<ListItem> {
    let area = region.area.filter(|_| region.unit == BoxUnit::Fractions)?;
    let area = match list_frame(region.applied_to, names.size, names.orientation) {
        ListFrame::Stored => area,
        ListFrame::Upright => to_stored(area, names.orientation),
        ListFrame::Stale => return None,
    };
    Some(ListItem { text: region.name, area: Some(area), is_person: region.kind.is_person() })
}
