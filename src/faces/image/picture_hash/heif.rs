//! HEIC and AVIF (ISO/IEC 23008-12 on ISO/IEC 14496-12): the primary picture with the properties that shape it, its
//! tiles through `dimg`, and its alpha plane. EXIF, XMP, thumbnails, depth and gain maps are left out.
//!
//! Items enter by what they hold, not by their number or place: programs that write metadata move them.

use std::collections::BTreeMap;

use super::PartHasher;
use super::reader::{Reader, big, slice};

type Bytes<'a> = &'a [u8];

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    let meta = find(&boxes(bytes), b"meta")?;
    let file = Heif::read(bytes, meta.get(4..)?)?;
    let mut walk = Walk { file: &file, seen, visited: BTreeMap::new(), left: 4 * bytes.len() + 65_536 };
    walk.item(file.primary, 0)?;
    for alpha in file.alpha_planes() {
        walk.seen.number(b"alpha", 0);
        walk.item(alpha, 0)?;
    }
    Some(())
}

/// Properties that change what is seen; they work in the order in which they are linked.
const SEEN: [&[u8]; 13] = [
    b"ispe", b"hvcC", b"av1C", b"avcC", b"vvcC", b"lhvC", b"jpgC", b"irot", b"imir", b"clap", b"colr", b"pixi", b"pasp",
];
/// Grids of overlays of tiles end long before.
const DEEPEST: usize = 8;

/// Hashes items, each once.
struct Walk<'a, 'b> {
    file: &'b Heif<'a>,
    seen: &'b mut PartHasher,
    visited: BTreeMap<u64, u64>,
    /// Bytes that may still be hashed: items that share their data would cost more than the file is long.
    left: usize,
}

impl Walk<'_, '_> {
    fn item(&mut self, item: u64, depth: usize) -> Option<()> {
        let number = self.visited.len() as u64;
        if let Some(first) = self.visited.get(&item) {
            self.seen.number(b"again", *first);
            return Some(());
        }
        self.visited.insert(item, number);
        if depth > DEEPEST {
            return None;
        }
        self.seen.part(b"item", self.file.kinds.get(&item)?);
        for (kind, content) in self.file.properties_of(item).filter(|(kind, _)| SEEN.contains(kind)) {
            self.left = self.left.checked_sub(content.len())?;
            self.seen.part(kind, content);
        }
        let pieces = self.file.data(item)?;
        let tiles = self.file.made_of.get(&item).map_or(&[][..], Vec::as_slice);
        if pieces.is_empty() && tiles.is_empty() {
            return None;
        }
        self.left = self.left.checked_sub(pieces.iter().map(|piece| piece.len()).sum())?;
        self.seen.joined(b"data", &pieces);
        self.seen.number(b"tiles", tiles.len() as u64);
        tiles.iter().try_for_each(|tile| self.item(*tile, depth + 1))
    }
}

struct Heif<'a> {
    bytes: &'a [u8],
    /// Small data inside of the meta box.
    idat: &'a [u8],
    primary: u64,
    kinds: BTreeMap<u64, Bytes<'a>>,
    places: BTreeMap<u64, Place<'a>>,
    properties: Vec<(Bytes<'a>, Bytes<'a>)>,
    /// Numbers of an item's properties, from 1.
    linked: BTreeMap<u64, Vec<usize>>,
    /// References `dimg`: what a grid or an overlay is put together from.
    made_of: BTreeMap<u64, Vec<u64>>,
    /// References `auxl`: from an auxiliary picture to those that it belongs to.
    auxiliary: BTreeMap<u64, Vec<u64>>,
}

impl<'a> Heif<'a> {
    fn read(bytes: &'a [u8], meta: &'a [u8]) -> Option<Self> {
        let boxes = self::boxes(meta);
        let properties = self::boxes(find(&boxes, b"iprp")?);
        let [made_of, auxiliary] = references(find(&boxes, b"iref").unwrap_or_default())?;
        Some(Self {
            bytes,
            idat: find(&boxes, b"idat").unwrap_or_default(),
            primary: primary(find(&boxes, b"pitm")?)?,
            kinds: kinds(find(&boxes, b"iinf")?)?,
            places: places(find(&boxes, b"iloc")?)?,
            linked: linked(&properties)?,
            properties: self::boxes(find(&properties, b"ipco")?),
            made_of,
            auxiliary,
        })
    }

    fn properties_of(&self, item: u64) -> impl Iterator<Item = (Bytes<'a>, Bytes<'a>)> {
        let linked = self.linked.get(&item).map_or(&[][..], Vec::as_slice);
        linked.iter().filter_map(|number| self.properties.get(number.checked_sub(1)?).copied())
    }

    fn alpha_planes(&self) -> impl Iterator<Item = u64> {
        const NAMES: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0"];
        let is_alpha = |content: Bytes| content.get(4..).is_some_and(|name| NAMES.iter().any(|n| name.starts_with(n)));
        let of_primary = self.auxiliary.iter().filter(|(_, to)| to.contains(&self.primary)).map(|(from, _)| *from);
        of_primary.filter(move |item| self.properties_of(*item).any(|(kind, c)| kind == b"auxC" && is_alpha(c)))
    }

    /// None where it is not in this file, or is made out of another item's bytes.
    fn data(&self, item: u64) -> Option<Vec<&'a [u8]>> {
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

/// Type and content, up to the first box that does not fit: what follows it is no part of the file.
fn boxes(bytes: &[u8]) -> Vec<(Bytes<'_>, Bytes<'_>)> {
    let mut reader = Reader(bytes);
    std::iter::from_fn(|| next_box(&mut reader)).collect()
}

fn next_box<'a>(reader: &mut Reader<'a>) -> Option<(Bytes<'a>, Bytes<'a>)> {
    let whole = reader.0.len() as u64;
    let (short, kind) = (reader.big(4)?, reader.take(4)?);
    let (length, header) = match short {
        0 => (whole, 8),
        1 => (reader.big(8)?, 16),
        length => (length, 8),
    };
    Some((kind, reader.take(usize::try_from(length.checked_sub(header)?).ok()?)?))
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
    for (_, content) in boxes(reader.0).into_iter().filter(|(kind, _)| kind == b"infe") {
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

fn linked(properties: &[(Bytes, Bytes)]) -> Option<BTreeMap<u64, Vec<usize>>> {
    let mut linked: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (_, content) in properties.iter().filter(|(kind, _)| *kind == b"ipma") {
        let (version, flags, mut reader) = full_box(content)?;
        for _ in 0..reader.big(4)? {
            let item = reader.big(if version == 0 { 2 } else { 4 })?;
            let count = reader.byte()?;
            let wide = if flags & 1 == 0 { 1 } else { 2 };
            let numbers = reader.take(usize::from(count) * wide)?.chunks_exact(wide);
            // The highest bit says that a reader has to know the property.
            let numbers = numbers.map(|number| (big(number) & if wide == 1 { 0x7f } else { 0x7fff }) as usize);
            linked.entry(item).or_default().extend(numbers);
        }
    }
    Some(linked)
}

/// From which item to which, of the kinds `dimg` and `auxl`.
fn references(iref: Bytes) -> Option<[BTreeMap<u64, Vec<u64>>; 2]> {
    let mut found = [BTreeMap::new(), BTreeMap::new()];
    if iref.is_empty() {
        return Some(found);
    }
    let (version, _, reader) = full_box(iref)?;
    let bytes = if version == 0 { 2 } else { 4 };
    for (kind, content) in boxes(reader.0) {
        let Some(kind) = [b"dimg", b"auxl"].iter().position(|known| kind == *known) else { continue };
        let mut reader = Reader(content);
        let (from, count) = (reader.big(bytes)?, reader.big(2)? as usize);
        let to = reader.take(count * bytes)?.chunks_exact(bytes).map(big);
        found[kind].entry(from).or_insert_with(Vec::new).extend(to);
    }
    Some(found)
}
