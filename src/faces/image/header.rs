//! Width and height out of the first bytes, before any decoder is asked for memory.
//!
//! The decoders of the `image` crate know them too, but only their generic interface tells; using it would build all of
//! them a second time as part of this crate. Offsets from: PNG (W3C, section 11.2.2), GIF89a (section 18), BMP
//! (BITMAPCOREHEADER, BITMAPINFOHEADER), WebP (RFC 9649, sections 2.5–2.7), TIFF 6.0 (section 2) and BigTIFF.

use ::image::ImageFormat;

use super::DecodeError;
use super::ifd::TiffFile;

pub(super) fn dimensions(bytes: &[u8], format: ImageFormat) -> Result<(u32, u32), DecodeError> {
    let found = match format {
        ImageFormat::Png => png(bytes),
        ImageFormat::Gif => gif(bytes),
        ImageFormat::Bmp => bmp(bytes),
        ImageFormat::WebP => webp(bytes),
        ImageFormat::Tiff => tiff(bytes),
        _ => return Err(DecodeError::NotAPicture),
    };
    // Where a number is looked for is beyond the end of the file.
    found.ok_or(DecodeError::Truncated)
}

/// Whether the file ends before its own structure does, as far as that is told without decoding.
pub(super) fn is_cut(bytes: &[u8], format: ImageFormat) -> bool {
    const GIF_TRAILER: u8 = 0x3b;
    match format {
        ImageFormat::WebP => little(bytes, 4, 4).is_some_and(|length| bytes.len() < length as usize + 8),
        ImageFormat::Gif => bytes.iter().rfind(|&&byte| byte != 0) != Some(&GIF_TRAILER),
        _ => false,
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn little(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let part = bytes.get(at..at + length)?;
    Some(part.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte)))
}

fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    Some((u32::from_be_bytes(array(bytes, 16)?), u32::from_be_bytes(array(bytes, 20)?)))
}

fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    Some((little(bytes, 6, 2)?, little(bytes, 8, 2)?))
}

fn bmp(bytes: &[u8]) -> Option<(u32, u32)> {
    const CORE_HEADER_BYTES: u32 = 12;
    if little(bytes, 14, 4)? == CORE_HEADER_BYTES {
        return Some((little(bytes, 18, 2)?, little(bytes, 20, 2)?));
    }
    // A negative height is a picture stored from the top.
    let signed = |at| Some(i32::from_le_bytes(array(bytes, at)?).unsigned_abs());
    Some((signed(18)?, signed(22)?))
}

fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    match &array(bytes, 12)? {
        b"VP8X" => Some((little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1)),
        b"VP8L" => {
            let bits = little(bytes, 21, 4)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        _ => Some((little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff)),
    }
}

/// ImageWidth (256) and ImageLength (257) of the first directory; 0 where an entry is missing, for the decoder to refuse.
fn tiff(bytes: &[u8]) -> Option<(u32, u32)> {
    let directory = TiffFile::open(bytes)?.first()?;
    let side = |tag| directory.number(tag).map_or(0, |side| u32::try_from(side).unwrap_or(u32::MAX));
    Some((side(256), side(257)))
}
