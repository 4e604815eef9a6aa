//! What XMP says about people, as one of many sources of names.

use std::path::Path;

use super::found::{NameFound, NameKind, NameRegion, NameSource, PhotoPath, RegionArea, StatedFrame};
use super::name_key::cleaned;
use super::xmp::{BoxUnit, PeoplePacket, RegionFormat, XmpRegion};

/// The faces and people of one packet, without its keywords.
pub(crate) fn names(packet: &PeoplePacket, photo: &Path) -> Vec<NameFound> {
    let found = |name: Option<String>, region, source| NameFound {
        photo: PhotoPath::Whole(photo.to_owned()),
        kind: if name.is_some() { NameKind::Confirmed } else { NameKind::Unnamed },
        name,
        region,
        source,
        writer: packet.program.clone(),
    };
    let people = packet.regions.iter().filter(|region| region.kind.is_person());
    let placed = people
        .map(|region| found(region.name.as_deref().and_then(cleaned), name_region(region), source(region.format)));
    let unplaced =
        packet.person_in_image.iter().filter_map(|name| Some(found(Some(cleaned(name)?), None, NameSource::Iptc)));
    placed.chain(unplaced).collect()
}

fn name_region(region: &XmpRegion) -> Option<NameRegion> {
    let area = region.area?;
    let area = match (region.unit, region.applied_to) {
        (BoxUnit::Fractions, of) => RegionArea::Fractions { at: area, of },
        (BoxUnit::Pixels, Some(sides)) => RegionArea::Pixels { at: area.sides(), sides },
        // Pixels of a picture of unknown size are nowhere.
        (BoxUnit::Pixels, None) => return None,
    };
    // Where a format leaves it open, most programs write what is stored; the faces decide.
    Some(NameRegion { region: area, frame: StatedFrame::Stored })
}

fn source(format: RegionFormat) -> NameSource {
    match format {
        RegionFormat::Mwg => NameSource::Mwg,
        RegionFormat::Apple => NameSource::Apple,
        RegionFormat::Microsoft => NameSource::MicrosoftPeople,
        RegionFormat::Iptc => NameSource::Iptc,
        RegionFormat::AcdSee => NameSource::AcdSee,
    }
}
