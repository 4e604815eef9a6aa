//! Items, their properties and their data out of a HEIC or AVIF file (ISO/IEC 23008-12 on ISO/IEC 14496-12).
//!
//! Read by those who decode a picture and by those who hash it: both see the same items. A number is believed when the
//! file is long enough for it; nothing is copied.

use std::collections::BTreeMap;

use crate::types::iso_box::whole_boxes;
use crate::types::reader::{Reader, big, slice};

type Bytes<'a> = &'a [u8];

/// Identities of identities end long before.
const DEEPEST: usize = 8;

/// A file's items by number.
pub(in super::super) struct Heif<'a> {
    bytes: &'a [u8],
    /// Small data inside of the meta box.
    idat: &'a [u8],
    pub(in super::super) primary: u64,
    kinds: BTreeMap<u64, Bytes<'a>>,
    places: BTreeMap<u64, Place<'a>>,
    properties: Vec<(Bytes<'a>, Bytes<'a>)>,
    /// Numbers of an item's properties, from 1, and whether a reader has to know them.
    linked: BTreeMap<u64, Vec<(usize, bool)>>,
    /// References `dimg`: what a grid or an overlay is put together from.
    made_of: BTreeMap<u64, Vec<u64>>,
    /// References `auxl`: from an auxiliary picture to those that it belongs to.
    auxiliary: BTreeMap<u64, Vec<u64>>,
    /// References `prem`: from a picture to the alpha plane that its colours are multiplied by.
    multiplied: BTreeMap<u64, Vec<u64>>,
}

impl<'a> Heif<'a> {
    /// None where the boxes do not lead to a primary picture.
    pub(in super::super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let meta = find(&listed(bytes), b"meta")?;
        let boxes = listed(meta.get(4..)?);
        let properties = listed(find(&boxes, b"iprp")?);
        let [made_of, auxiliary, multiplied] = references(find(&boxes, b"iref").unwrap_or_default())?;
        Some(Self {
            bytes,
            idat: find(&boxes, b"idat").unwrap_or_default(),
            primary: primary(find(&boxes, b"pitm")?)?,
            kinds: kinds(find(&boxes, b"iinf")?)?,
            places: places(find(&boxes, b"iloc")?)?,
            linked: linked(&properties)?,
            properties: listed(find(&properties, b"ipco")?),
            made_of,
            auxiliary,
            multiplied,
        })
    }

    /// Four letters: `hvc1`, `av01`, `grid`, …
    pub(in super::super) fn kind(&self, item: u64) -> Option<&'a [u8]> {
        self.kinds.get(&item).copied()
    }

    /// Type and content, in the order in which they are linked.
    pub(in super::super) fn properties_of(&self, item: u64) -> impl Iterator<Item = (Bytes<'a>, Bytes<'a>)> {
        let linked = self.linked.get(&item).map_or(&[][..], Vec::as_slice);
        linked.iter().filter_map(|(number, _)| self.properties.get(number.checked_sub(1)?).copied())
    }

    /// Types of the properties without which an item is not to be shown.
    pub(super) fn essentials_of(&self, item: u64) -> impl Iterator<Item = Bytes<'a>> {
        let linked = self.linked.get(&item).map_or(&[][..], Vec::as_slice);
        let essential = linked.iter().filter(|(_, is_essential)| *is_essential);
        essential.filter_map(|(number, _)| self.properties.get(number.checked_sub(1)?).map(|(kind, _)| *kind))
    }

    pub(super) fn property(&self, item: u64, kind: &[u8]) -> Option<&'a [u8]> {
        self.properties_of(item).find(|(found, _)| *found == kind).map(|(_, content)| content)
    }

    /// What a grid, an overlay or an identity is put together from, in order.
    pub(in super::super) fn made_of(&self, item: u64) -> &[u64] {
        self.made_of.get(&item).map_or(&[], Vec::as_slice)
    }

    /// A picture's alpha planes; a reader shows the first.
    pub(in super::super) fn alpha_planes_of(&self, item: u64) -> impl Iterator<Item = u64> {
        const NAMES: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0"];
        let is_alpha = |content: Bytes| content.get(4..).is_some_and(|name| NAMES.iter().any(|n| name.starts_with(n)));
        let of_item = self.auxiliary.iter().filter(move |(_, to)| to.contains(&item)).map(|(from, _)| *from);
        of_item.filter(move |item| self.properties_of(*item).any(|(kind, c)| kind == b"auxC" && is_alpha(c)))
    }

    /// Whether the primary picture's colours are multiplied by its alpha already.
    pub(super) fn is_multiplied(&self) -> bool {
        self.multiplied.contains_key(&self.primary)
    }

    /// Whether the container says how the primary picture is turned, be it not at all: EXIF has no say then (ISO/IEC
    /// 23000-22, 7.3.4.1).
    pub(in super::super) fn states_orientation(&self) -> bool {
        let mut item = self.primary;
        for _ in 0..DEEPEST {
            if self.properties_of(item).any(|(kind, _)| kind == b"irot" || kind == b"imir") {
                return true;
            }
            match (self.kind(item), self.made_of(item)) {
                (Some(b"iden"), [of]) => item = *of,
                _ => return false,
            }
        }
        false
    }

    /// None where it is not in this file, or is made out of another item's bytes.
    pub(in super::super) fn data(&self, item: u64) -> Option<Vec<&'a [u8]>> {
        let Some(place) = self.places.get(&item) else { return Some(Vec::new()) };
        let source = match place.method {
            0 => self.bytes,
            1 => self.idat,
            _ => return None,
        };
        let mut extents = Reader(place.extents);
        let mut pieces = Vec::new();
        for _ in 0..place.count {
            extents.take(place.index_bytes)?;
            let at = place.base.checked_add(extents.big(place.offset_bytes)?)?;
            let length = match extents.big(place.length_bytes)? {
                // All that follows.
                0 => (source.len() as u64).checked_sub(at)?,
                length => length,
            };
            pieces.push(slice(source, at, length)?);
        }
        Some(pieces)
    }
}

fn listed(bytes: &[u8]) -> Vec<(Bytes<'_>, Bytes<'_>)> {
    whole_boxes(bytes).collect()
}

fn find<'a>(boxes: &[(Bytes<'a>, Bytes<'a>)], kind: &[u8]) -> Option<&'a [u8]> {
    boxes.iter().find(|(found, _)| *found == kind).map(|(_, content)| *content)
}

/// Version and flags before the content of many boxes.
fn full_box<'a>(content: Bytes<'a>) -> Option<(u8, u64, Reader<'a>)> {
    let mut reader = Reader(content);
    Some((reader.byte()?, reader.big(3)?, reader))
}

fn primary(pitm: Bytes) -> Option<u64> {
    let (version, _, mut reader) = full_box(pitm)?;
    reader.big(if version == 0 { 2 } else { 4 })
}

fn kinds(iinf: Bytes<'_>) -> Option<BTreeMap<u64, Bytes<'_>>> {
    let (version, _, mut reader) = full_box(iinf)?;
    reader.take(if version == 0 { 2 } else { 4 })?;
    let mut kinds = BTreeMap::new();
    for (_, content) in whole_boxes(reader.0).filter(|(kind, _)| kind == b"infe") {
        let (version, _, mut entry) = full_box(content)?;
        let item = entry.big(if version < 3 { 2 } else { 4 })?;
        entry.take(2)?;
        // Entries of versions 0 and 1 name no type.
        if version >= 2 {
            kinds.entry(item).or_insert(entry.take(4)?);
        }
    }
    Some(kinds)
}

/// Where an item's data is (`iloc`); the extents are read when they are needed.
struct Place<'a> {
    method: u64,
    base: u64,
    count: usize,
    extents: &'a [u8],
    offset_bytes: usize,
    length_bytes: usize,
    index_bytes: usize,
}

fn places(iloc: Bytes<'_>) -> Option<BTreeMap<u64, Place<'_>>> {
    let (version, _, mut reader) = full_box(iloc)?;
    let [sizes, more] = [reader.byte()?, reader.byte()?];
    let [offset_bytes, length_bytes, base_bytes, index_bytes] =
        [sizes >> 4, sizes & 15, more >> 4, if version == 0 { 0 } else { more & 15 }].map(usize::from);
    let items = reader.big(if version < 2 { 2 } else { 4 })?;
    let mut places = BTreeMap::new();
    for _ in 0..items {
        let item = reader.big(if version < 2 { 2 } else { 4 })?;
        let method = if version == 0 { 0 } else { reader.big(2)? & 15 };
        let elsewhere = reader.big(2)?;
        let (base, count) = (reader.big(base_bytes)?, reader.big(2)? as usize);
        let extent_bytes = index_bytes + offset_bytes + length_bytes;
        let extents = reader.take(count * extent_bytes)?;
        // Extents without a byte of their own would be many for nothing; 3 stands for a method that nobody knows.
        let method = if elsewhere != 0 || (extent_bytes == 0 && count > 1) { 3 } else { method };
        places.entry(item).or_insert(Place { method, base, count, extents, offset_bytes, length_bytes, index_bytes });
    }
    Some(places)
}

fn linked(properties: &[(Bytes, Bytes)]) -> Option<BTreeMap<u64, Vec<(usize, bool)>>> {
    let mut linked: BTreeMap<u64, Vec<(usize, bool)>> = BTreeMap::new();
    for (_, content) in properties.iter().filter(|(kind, _)| *kind == b"ipma") {
        let (version, flags, mut reader) = full_box(content)?;
        for _ in 0..reader.big(4)? {
            let item = reader.big(if version == 0 { 2 } else { 4 })?;
            let count = reader.byte()?;
            let wide = if flags & 1 == 0 { 1 } else { 2 };
            // The highest bit says that a reader has to know the property.
            let essential = if wide == 1 { 0x80 } else { 0x8000 };
            let numbers = reader.take(usize::from(count) * wide)?.chunks_exact(wide).map(big);
            let numbers = numbers.map(|number| ((number & (essential - 1)) as usize, number & essential != 0));
            linked.entry(item).or_default().extend(numbers);
        }
    }
    Some(linked)
}

/// From which item to which, of the kinds `dimg`, `auxl` and `prem`.
fn references(iref: Bytes) -> Option<[BTreeMap<u64, Vec<u64>>; 3]> {
    let mut found = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    if iref.is_empty() {
        return Some(found);
    }
    let (version, _, reader) = full_box(iref)?;
    let bytes = if version == 0 { 2 } else { 4 };
    for (kind, content) in whole_boxes(reader.0) {
        let Some(kind) = [b"dimg", b"auxl", b"prem"].iter().position(|known| kind == *known) else { continue };
        let mut reader = Reader(content);
        let (from, count) = (reader.big(bytes)?, reader.big(2)? as usize);
        let to = reader.take(count * bytes)?.chunks_exact(bytes).map(big);
        found[kind].entry(from).or_insert_with(Vec::new).extend(to);
    }
    Some(found)
}
