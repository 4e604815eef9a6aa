//! TIFF, BigTIFF, DNG and the raw files that are built like them (NEF, CR2, ARW, PEF, SRW, ORF, RW2): tag 700 of a
//! directory in the chain that the head begins.

use super::super::encoding::MAX_BYTES;
use super::{ContainerError, FileWindow, RawPacket, damaged, too_long};

const XMP_TAG: u64 = 700;
/// Pages of a document; a chain that leads back to itself ends here.
const MAX_DIRECTORIES: usize = 64;
const MAX_ENTRIES: u64 = 4096;

/// Byte order and width of numbers.
#[derive(Clone, Copy)]
struct TiffShape {
    is_little: bool,
    is_big_tiff: bool,
}

impl TiffShape {
    fn number(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
    }

    /// Widths of the number of entries, of an entry, and of a place.
    fn widths(self) -> (u64, u64, u64) {
        if self.is_big_tiff { (8, 20, 8) } else { (2, 12, 4) }
    }
}

pub(super) fn packets(file: &mut FileWindow) -> Result<Vec<RawPacket>, ContainerError> {
    let head = file.bytes(0, file.length().min(16))?;
    let is_little = head[0] == b'I';
    let is_big_tiff = head[if is_little { 2 } else { 3 }] == 43;
    let shape = TiffShape { is_little, is_big_tiff };
    let first = if is_big_tiff { 8..16 } else { 4..8 };
    let first = head.get(first).ok_or_else(|| damaged("the TIFF", "it ends in its head"))?;
    let mut next = shape.number(first);
    let mut found = Vec::new();
    for _ in 0..MAX_DIRECTORIES {
        if next == 0 {
            break;
        }
        next = directory(file, shape, next, &mut found)?;
    }
    Ok(found)
}

/// Reads a directory's packet and says where the next directory is; 0 for none.
fn directory(
    file: &mut FileWindow,
    shape: TiffShape,
    at: u64,
    found: &mut Vec<RawPacket>,
) -> Result<u64, ContainerError> {
    let (count_width, entry_width, place_width) = shape.widths();
    let count = shape.number(&file.bytes(at, count_width)?);
    if count > MAX_ENTRIES {
        return Err(damaged("the TIFF", "a directory has more entries than any program writes"));
    }
    let entries = file.bytes(at + count_width, count * entry_width)?;
    for entry in entries.chunks_exact(entry_width as usize) {
        if shape.number(&entry[..2]) == XMP_TAG {
            found.push(packet(file, shape, entry)?);
        }
    }
    let next = at + count_width + count * entry_width;
    // Some raw files end in the middle of the chain.
    Ok(file.bytes(next, place_width).map(|place| shape.number(&place)).unwrap_or(0))
}

fn packet(file: &mut FileWindow, shape: TiffShape, entry: &[u8]) -> Result<RawPacket, ContainerError> {
    let place_width = shape.widths().2 as usize;
    let (count, place) = entry[4..].split_at(place_width);
    let count = shape.number(count);
    // Types 1 and 7 are bytes; a writer or other says 2, text.
    if !matches!(shape.number(&entry[2..4]), 1 | 2 | 7) {
        return Err(damaged("the TIFF", "its XMP is of a type that has no bytes"));
    }
    if count > MAX_BYTES as u64 {
        return Err(too_long());
    }
    let bytes = if count <= place_width as u64 {
        place[..count as usize].to_vec()
    } else {
        file.bytes(shape.number(place), count)?
    };
    Ok(RawPacket::whole(bytes))
}
