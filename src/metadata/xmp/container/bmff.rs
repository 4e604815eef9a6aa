//! Files made of boxes: HEIC and AVIF (an item `mime` of type `application/rdf+xml`, ISO/IEC 23008-12), JPEG XL (a box
//! `xml `, ISO/IEC 18181-2; a packed `brob` box is left aside), and Canon's CR3 (a box `uuid` of Adobe's).

use super::super::encoding::MAX_BYTES;
use super::{ContainerError, FileWindow, RawPacket, damaged, too_long};
use crate::types::iso_box::BoxHead;
use crate::types::reader::Reader;

const ADOBE: [u8; 16] =
    [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac];
/// A film of many fragments has many boxes, but no photo has, nor an item many pieces.
const MAX_BOXES: usize = 65_536;
const MAX_EXTENTS: usize = 65_536;

struct FileBox {
    kind: [u8; 4],
    /// Of the content.
    at: u64,
    length: u64,
}

pub(super) fn packets(file: &mut FileWindow) -> Result<Vec<RawPacket>, ContainerError> {
    let mut found = Vec::new();
    for part in boxes(file, 0, file.length())? {
        match &part.kind {
            b"meta" => found.extend(items(file, &part)?),
            b"xml " => found.push(read(file, part.at, part.length)?),
            b"uuid" if part.length > 16 && file.array::<16>(part.at)? == ADOBE => {
                found.push(read(file, part.at + 16, part.length - 16)?);
            }
            _ => {}
        }
    }
    Ok(found)
}

fn read(file: &mut FileWindow, at: u64, length: u64) -> Result<RawPacket, ContainerError> {
    if length > MAX_BYTES as u64 {
        return Err(too_long());
    }
    Ok(RawPacket::whole(file.bytes(at, length)?))
}

fn boxes(file: &mut FileWindow, mut at: u64, end: u64) -> Result<Vec<FileBox>, ContainerError> {
    let mut found = Vec::new();
    while at < end && found.len() < MAX_BOXES {
        let start = file.bytes(at, (end - at).min(BoxHead::LONGEST))?;
        // A cut file still has its first boxes.
        let Some(head) = BoxHead::read(&start, end - at).filter(|head| !head.is_cut) else { break };
        found.push(FileBox { kind: head.kind, at: at + head.length, length: head.content });
        at += head.length + head.content;
    }
    Ok(found)
}

/// The packets among the items of a `meta` box.
fn items(file: &mut FileWindow, meta: &FileBox) -> Result<Vec<RawPacket>, ContainerError> {
    if meta.length < 4 || meta.length > MAX_BYTES as u64 {
        return Err(damaged("the HEIF", "its table of items is too long or too short"));
    }
    let parts = boxes(file, meta.at + 4, meta.at + meta.length)?;
    let part = |kind: &[u8; 4]| parts.iter().find(|part| &part.kind == kind).map(|part| (part.at, part.length));
    let (Some(names), Some(places)) = (part(b"iinf"), part(b"iloc")) else { return Ok(Vec::new()) };
    let inner = part(b"idat");
    let wanted = packet_items(file, names)?;
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let table = file.bytes(places.0, places.1)?;
    let places = item_places(&table).ok_or_else(|| damaged("the HEIF", "its table of places is cut short"))?;
    let mut found = Vec::new();
    for place in places.iter().filter(|place| wanted.contains(&place.item)) {
        found.push(place.read(file, inner)?);
    }
    Ok(found)
}

/// Numbers of the items that are XMP.
fn packet_items(file: &mut FileWindow, (at, length): (u64, u64)) -> Result<Vec<u64>, ContainerError> {
    let [version, ..] = file.array::<4>(at)?;
    let head = if version == 0 { 6 } else { 8 };
    let mut wanted = Vec::new();
    for entry in boxes(file, at + head, at + length)?.iter().filter(|part| &part.kind == b"infe") {
        let bytes = file.bytes(entry.at, entry.length)?;
        wanted.extend(packet_item(Reader(&bytes)));
    }
    Ok(wanted)
}

fn packet_item(mut entry: Reader<'_>) -> Option<u64> {
    let version = entry.big(1)?;
    entry.big(3)?;
    let number = entry.big(if version >= 3 { 4 } else { 2 })?;
    entry.big(2)?;
    let is_mime = version >= 2 && entry.big(4)? == u64::from(u32::from_be_bytes(*b"mime"));
    // Its name, then its type, each ended by a zero.
    let mut texts = entry.0.split(|byte| *byte == 0);
    (is_mime && texts.nth(1)? == b"application/rdf+xml").then_some(number)
}

struct ItemPlace {
    item: u64,
    is_inside: bool,
    /// Places and lengths.
    extents: Vec<(u64, u64)>,
}

impl ItemPlace {
    fn read(&self, file: &mut FileWindow, inner: Option<(u64, u64)>) -> Result<RawPacket, ContainerError> {
        let base = match (self.is_inside, inner) {
            (false, _) => 0,
            (true, Some((at, _))) => at,
            (true, None) => return Err(damaged("the HEIF", "an item lies in a box that is not there")),
        };
        let mut bytes = Vec::new();
        for (at, length) in &self.extents {
            if bytes.len() as u64 + length > MAX_BYTES as u64 {
                return Err(too_long());
            }
            bytes.extend(file.bytes(base.saturating_add(*at), *length)?);
        }
        Ok(RawPacket::whole(bytes))
    }
}

/// ISO/IEC 14496-12, section 8.11.3.
fn item_places(table: &[u8]) -> Option<Vec<ItemPlace>> {
    let mut table = Reader(table);
    let version = table.big(1)?;
    table.big(3)?;
    let widths = table.big(2)?;
    let width = |shift: u32| (widths >> shift & 15) as usize;
    let (place_width, length_width, base_width, index_width) = (width(12), width(8), width(4), width(0));
    let number_width = if version < 2 { 2 } else { 4 };
    let count = table.big(number_width)?;
    let mut places = Vec::new();
    // Numbers may be of no width, so that the table's length bounds nothing.
    let mut extents_left = MAX_EXTENTS;
    for _ in 0..count {
        let item = table.big(number_width)?;
        let method = if version == 0 { 0 } else { table.big(2)? & 15 };
        table.big(2)?;
        let base = table.big(base_width)?;
        let mut extents = Vec::new();
        for _ in 0..table.big(2)? {
            extents_left = extents_left.checked_sub(1)?;
            if version > 0 {
                table.big(index_width)?;
            }
            let at = base.checked_add(table.big(place_width)?)?;
            extents.push((at, table.big(length_width)?));
        }
        // Method 2 would build items of other items.
        if method < 2 {
            places.push(ItemPlace { item, is_inside: method == 1, extents });
        }
    }
    Some(places)
}
