//! Regions out of the formats of five programs and standards. Names of fields as ExifTool's tables give them
//! (`MWG.pm`, `Microsoft.pm`, `XMP2.pl`).

use roxmltree::Node;

use super::model::{BoxFrame, BoxUnit, RegionFormat, RegionKind, XmpRegion};
use super::namespace::{
    ACDSEE, ACDSEE_AREA, ACDSEE_SIZE, APPLE, IPTC, MP, MP_INFO, MP_REGION, MWG, MWG_AREA, MWG_SIZE, Namespace, XMP,
};
use super::rdf::{self, RdfValue};
use crate::metadata::region_box::RegionBox;

/// All regions of a packet, whatever they show.
pub(crate) fn regions(root: Node<'_, '_>) -> Vec<XmpRegion> {
    let mwg = rdf::properties(root, MWG, "Regions").into_iter().flat_map(mwg_regions);
    let microsoft = rdf::properties(root, MP, "RegionInfo").into_iter().flat_map(microsoft_regions);
    let iptc = rdf::properties(root, IPTC, "ImageRegion").into_iter().flat_map(RdfValue::items).map(iptc_region);
    let acdsee = rdf::properties(root, ACDSEE, "Regions").into_iter().flat_map(acdsee_regions);
    mwg.chain(microsoft).chain(iptc).chain(acdsee).collect()
}

/// An item of `mwg-rs:RegionList`.
pub(crate) fn mwg_region(item: RdfValue<'_, '_>, applied_to: Option<(u32, u32)>) -> XmpRegion {
    let is_apple = item.field(MWG, "Extensions").is_some_and(|extensions| extensions.has_field_of(APPLE));
    let area = item.field(MWG, "Area");
    let (area, unit) = area.map_or((None, BoxUnit::Fractions), |area| centred(area, MWG_AREA));
    XmpRegion {
        format: if is_apple { RegionFormat::Apple } else { RegionFormat::Mwg },
        name: item.text_field(MWG, "Name"),
        kind: kind(item.text_field(MWG, "Type")),
        area,
        unit,
        frame: BoxFrame::Stored,
        applied_to,
    }
}

/// An item of `MPRI:Regions`.
pub(crate) fn microsoft_region(item: RdfValue<'_, '_>) -> XmpRegion {
    XmpRegion {
        format: RegionFormat::Microsoft,
        name: item.text_field(MP_REGION, "PersonDisplayName"),
        kind: RegionKind::Face,
        area: item.text_field(MP_REGION, "Rectangle").and_then(|text| rectangle(&text)),
        unit: BoxUnit::Fractions,
        frame: BoxFrame::Unsaid,
        applied_to: None,
    }
}

/// Width and height that a structure of regions says to be made for.
pub(crate) fn applied_to(regions: RdfValue<'_, '_>, own: Namespace, size: Namespace) -> Option<(u32, u32)> {
    let dimensions = regions.field(own, "AppliedToDimensions")?;
    let side = |name| dimensions.number_field(size, name).filter(|side| (1.0..=f64::from(u32::MAX)).contains(side));
    Some((side("w")? as u32, side("h")? as u32))
}

fn mwg_regions(regions: RdfValue<'_, '_>) -> Vec<XmpRegion> {
    let applied_to = applied_to(regions, MWG, MWG_SIZE);
    let items = regions.field(MWG, "RegionList").map(RdfValue::items).unwrap_or_default();
    items.into_iter().map(|item| mwg_region(item, applied_to)).collect()
}

fn microsoft_regions(info: RdfValue<'_, '_>) -> Vec<XmpRegion> {
    let items = info.field(MP_INFO, "Regions").map(RdfValue::items).unwrap_or_default();
    items.into_iter().map(microsoft_region).collect()
}

fn acdsee_regions(regions: RdfValue<'_, '_>) -> Vec<XmpRegion> {
    let applied_to = applied_to(regions, ACDSEE, ACDSEE_SIZE);
    let items = regions.field(ACDSEE, "RegionList").map(RdfValue::items).unwrap_or_default();
    let region = |item: RdfValue<'_, '_>| {
        // The place that is shown, which its user may have moved, before the one that was computed.
        let area = item.field(ACDSEE, "DLYArea").or_else(|| item.field(ACDSEE, "ALGArea"));
        let (area, unit) = area.map_or((None, BoxUnit::Fractions), |area| centred(area, ACDSEE_AREA));
        // A suggestion to which its user said no keeps its name.
        let is_denied = item.text_field(ACDSEE, "NameAssignType").is_some_and(|how| how.eq_ignore_ascii_case("denied"));
        XmpRegion {
            format: RegionFormat::AcdSee,
            name: item.text_field(ACDSEE, "Name").filter(|_| !is_denied),
            kind: kind(item.text_field(ACDSEE, "Type")),
            area,
            unit,
            frame: BoxFrame::Unsaid,
            applied_to,
        }
    };
    items.into_iter().map(region).collect()
}

fn iptc_region(item: RdfValue<'_, '_>) -> XmpRegion {
    let boundary = item.field(IPTC, "RegionBoundary");
    let unit = match boundary.and_then(|boundary| boundary.text_field(IPTC, "rbUnit")) {
        Some(unit) if unit.eq_ignore_ascii_case("pixel") => BoxUnit::Pixels,
        _ => BoxUnit::Fractions,
    };
    let inside = || item.field(IPTC, "PersonInImage").and_then(|people| people.texts().into_iter().next());
    XmpRegion {
        format: RegionFormat::Iptc,
        name: item.text_field(IPTC, "Name").or_else(inside),
        kind: iptc_kind(item),
        area: boundary.and_then(iptc_box),
        unit,
        frame: BoxFrame::Unsaid,
        applied_to: None,
    }
}

/// What the region shows, by the controlled vocabulary or, failing that, by its word.
fn iptc_kind(item: RdfValue<'_, '_>) -> RegionKind {
    let entities = item.field(IPTC, "rCtype").map(RdfValue::items).unwrap_or_default();
    let words = entities.iter().flat_map(|entity| {
        let addresses = entity.field(XMP, "Identifier").map(RdfValue::texts).unwrap_or_default();
        addresses.into_iter().chain(entity.text_field(IPTC, "Name"))
    });
    let words: Vec<String> = words.map(|word| word.rsplit('/').next().unwrap_or_default().to_lowercase()).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    match words.first() {
        None => RegionKind::Unsaid,
        Some(_) if has(&["human", "face", "person", "humanface"]) => RegionKind::Face,
        Some(_) if has(&["animal", "pet"]) => RegionKind::Pet,
        Some(first) => RegionKind::Other(first.clone()),
    }
}

fn iptc_box(boundary: RdfValue<'_, '_>) -> Option<RegionBox> {
    let number = |of: RdfValue<'_, '_>, name| of.number_field(IPTC, name).map(|number| number as f32);
    let point = |of: RdfValue<'_, '_>| Some([number(of, "rbX")?, number(of, "rbY")?]);
    if let Some(corners) = boundary.field(IPTC, "rbVertices") {
        let corners: Vec<[f32; 2]> = corners.items().into_iter().filter_map(point).collect();
        let side = |axis: usize, pick: fn(f32, f32) -> f32| corners.iter().map(|corner| corner[axis]).reduce(pick);
        let (left, top) = (side(0, f32::min)?, side(1, f32::min)?);
        let (right, bottom) = (side(0, f32::max)?, side(1, f32::max)?);
        return RegionBox { x: left, y: top, width: right - left, height: bottom - top }.checked();
    }
    let [x, y] = point(boundary)?;
    if boundary.text_field(IPTC, "rbShape").is_some_and(|shape| shape.eq_ignore_ascii_case("circle")) {
        // The radius is one of widths, and the height of the picture is not known here: taken as a square's.
        let radius = number(boundary, "rbRx")?;
        return RegionBox::around([x, y], 2.0 * radius, 2.0 * radius).checked();
    }
    let (width, height) = (number(boundary, "rbW")?, number(boundary, "rbH")?);
    RegionBox { x, y, width, height }.checked()
}

/// A rectangle by its middle.
fn centred(area: RdfValue<'_, '_>, namespace: Namespace) -> (Option<RegionBox>, BoxUnit) {
    let number = |name| area.number_field(namespace, name).map(|number| number as f32);
    let unit = match area.text_field(namespace, "unit") {
        Some(unit) if unit.eq_ignore_ascii_case("pixel") => BoxUnit::Pixels,
        _ => BoxUnit::Fractions,
    };
    let found = (|| RegionBox::around([number("x")?, number("y")?], number("w")?, number("h")?).checked())();
    (found, unit)
}

/// `x, y, w, h` from the top left corner.
fn rectangle(text: &str) -> Option<RegionBox> {
    let numbers: Vec<f32> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [x, y, width, height] = numbers[..] else { return None };
    RegionBox { x, y, width, height }.checked()
}

fn kind(word: Option<String>) -> RegionKind {
    match word {
        None => RegionKind::Unsaid,
        Some(word) => match word.to_lowercase().as_str() {
            "face" => RegionKind::Face,
            "pet" => RegionKind::Pet,
            "focus" => RegionKind::Focus,
            "barcode" => RegionKind::BarCode,
            _ => RegionKind::Other(word),
        },
    }
}
