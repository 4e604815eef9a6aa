//! TIFF 6.0 and BigTIFF: the tags of the first directory that shape its picture, and its strips or tiles in their order.
//!
//! Numbers enter by their value, so that it does not matter how wide a program writes them or where it puts the data.
//! Dates, texts, XMP, IPTC, the directories of EXIF and GPS, and further pages are left out.

use std::collections::BTreeMap;

use super::PartHasher;
use crate::faces::image::ifd::type_bytes;
use crate::types::reader::{big, little, slice};

const ORIENTATION: u16 = 274;

/// Tags that shape the picture, without those that only tell where its data is.
const SEEN: &[u16] = &[
    256, 257, // width, length
    258, 259, 262, 263, 264, 265, 266, // bits, compression, meaning of the samples, halftones, order of bits
    277, 278, 280, 281, 284, // samples a pixel, rows a strip, smallest and largest sample, planes
    290, 291, 292, 293, // response of grey, fax
    301, 317, 318, 319, 320, // transfer, predictor, white point, primaries, palette
    322, 323, // size of a tile
    332, 333, 334, 336, 338, 339, 340, 341, 342, // inks, extra samples, format and range of samples
    347, 512, 519, 520, 521, 529, 530, 531, 532,   // JPEG, YCbCr
    34675, // ICC profile
];

/// Offsets of the data and its lengths: strips, tiles, a JPEG of the old kind.
const DATA: [(u16, u16); 3] = [(273, 279), (324, 325), (513, 514)];

pub(super) fn is_big(start: &[u8]) -> bool {
    start.starts_with(b"II\x2b\0") || start.starts_with(b"MM\0\x2b")
}

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    let file = Tiff { bytes, big_endian: bytes.first()? == &b'M', is_big: is_big(bytes) };
    let entries = file.first_directory()?;
    // Samples of 16 bits, and some values, are stored in the file's order.
    seen.number(b"big endian", file.big_endian.into());
    for tag in SEEN {
        if let Some(entry) = entries.get(tag) {
            seen.part(&tag.to_le_bytes(), &file.value(entry)?);
        }
    }
    let orientation = entries.get(&ORIENTATION).and_then(|entry| file.numbers(entry)?.first().copied());
    seen.number(b"orientation", orientation.filter(|value| (1..=8).contains(value)).unwrap_or(1));
    let mut left = bytes.len();
    let mut pieces = 0;
    for (offsets, lengths) in DATA {
        let Some(offsets) = entries.get(&offsets) else { continue };
        let (offsets, lengths) = (file.numbers(offsets)?, file.numbers(entries.get(&lengths)?)?);
        if offsets.len() != lengths.len() {
            return None;
        }
        for (&at, &length) in offsets.iter().zip(&lengths) {
            let data = slice(bytes, at, length)?;
            // Strips that lie upon each other would cost more than the file is long.
            left = left.checked_sub(data.len())?;
            seen.part(b"data", data);
            pieces += 1;
        }
    }
    (pieces > 0 && entries.contains_key(&256) && entries.contains_key(&257)).then_some(())
}

struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    is_big: bool,
}

/// Type and content of a tag.
struct Entry<'a> {
    kind: u64,
    bytes: &'a [u8],
}

impl<'a> Tiff<'a> {
    fn number(&self, bytes: &[u8]) -> u64 {
        if self.big_endian { big(bytes) } else { little(bytes) }
    }

    fn number_at(&self, at: u64, length: u64) -> Option<u64> {
        slice(self.bytes, at, length).map(|bytes| self.number(bytes))
    }

    /// The tags that matter. Of a tag that stands there twice the first counts.
    fn first_directory(&self) -> Option<BTreeMap<u16, Entry<'a>>> {
        let (offset_at, offset_bytes, count_bytes, entry_bytes) =
            if self.is_big { (8, 8, 8, 20) } else { (4, 4, 2, 12) };
        let at = self.number_at(offset_at, offset_bytes)?;
        let count = self.number_at(at, count_bytes)?;
        let directory = slice(self.bytes, at.checked_add(count_bytes)?, count.checked_mul(entry_bytes)?)?;
        let mut entries = BTreeMap::new();
        for entry in directory.chunks_exact(entry_bytes as usize) {
            let tag = self.number(&entry[..2]) as u16;
            if is_wanted(tag) && !entries.contains_key(&tag) {
                entries.insert(tag, self.entry(entry)?);
            }
        }
        Some(entries)
    }

    fn entry(&self, entry: &'a [u8]) -> Option<Entry<'a>> {
        let kind = self.number(&entry[2..4]);
        let (count, field) = if self.is_big { entry[4..].split_at(8) } else { entry[4..].split_at(4) };
        let length = self.number(count).checked_mul(type_bytes(kind)?)?;
        let bytes = match field.get(..usize::try_from(length).ok()?) {
            Some(inline) => inline,
            None => slice(self.bytes, self.number(field), length)?,
        };
        Some(Entry { kind, bytes })
    }

    /// None for a type that is no whole number.
    fn numbers(&self, entry: &Entry) -> Option<Vec<u64>> {
        let bytes = match entry.kind {
            BYTE | UNDEFINED | SHORT | LONG | IFD | LONG8 | IFD8 => type_bytes(entry.kind)? as usize,
            _ => return None,
        };
        Some(entry.bytes.chunks_exact(bytes).map(|value| self.number(value)).collect())
    }

    /// Numbers by their value; all else, and bytes, as they stand there.
    fn value(&self, entry: &Entry) -> Option<Vec<u8>> {
        match entry.kind {
            SHORT | LONG | IFD | LONG8 | IFD8 => {
                Some(self.numbers(entry)?.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
            _ => Some(entry.bytes.to_vec()),
        }
    }
}

fn is_wanted(tag: u16) -> bool {
    let data = DATA.iter().any(|(offsets, lengths)| [*offsets, *lengths].contains(&tag));
    data || tag == ORIENTATION || SEEN.contains(&tag)
}

const BYTE: u64 = 1;
const SHORT: u64 = 3;
const LONG: u64 = 4;
const UNDEFINED: u64 = 7;
const IFD: u64 = 13;
const LONG8: u64 = 16;
const IFD8: u64 = 18;
