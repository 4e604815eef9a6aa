//! Camera raw files: the JPEG that the camera put into them, turned as the raw file says.
//!
//! The sensor's own data are not developed: the camera's preview is what its owner saw. Of all previews the largest is
//! taken; one below [`SMALLEST_LONG_SIDE`] is for a list, and a file with nothing else is refused by name. Structures
//! are those that ExifTool's tag tables and libopenraw describe; nothing is read but places and lengths.

mod cr3;
mod raf;
mod tiff_based;

#[cfg(test)]
pub(super) mod tests;

use super::DecodeError;
use super::decoder::{DecodeLimits, DecodeScale, Stored};
use super::exif::{self, PhotoMeta};
use super::jpeg;

/// Sony's older cameras store 1616 × 1080, Panasonic's 1920 × 1440; thumbnails have 160 to 640.
const SMALLEST_LONG_SIDE: u32 = 1000;

/// What was found in a raw file.
struct Found<'a> {
    previews: Vec<&'a [u8]>,
    about: About,
}

/// Who tells of the camera, the time and the orientation.
enum About {
    File(PhotoMeta, u32),
    Preview,
}

/// The name of a raw format that its first bytes tell; [`name_of_tiff`] tells the others.
pub(super) fn recognise(start: &[u8]) -> Option<&'static str> {
    match start {
        _ if start.starts_with(raf::MARK) => Some("RAF"),
        _ if start.get(4..12) == Some(&b"ftypcrx "[..]) => Some("CR3"),
        [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', 2, ..] => Some("CR2"),
        [b'I', b'I', b'R', b'O' | b'S', ..] | [b'M', b'M', b'O', b'R', ..] => Some("ORF"),
        [b'I', b'I', b'U', 0, ..] => Some("RW2"),
        _ => None,
    }
}

/// The name of a raw format that begins like any TIFF; the whole file is needed.
pub(super) fn name_of_tiff(bytes: &[u8]) -> Option<&'static str> {
    tiff_based::name(bytes)
}

/// The largest preview, what the file tells about it, and its orientation.
pub(super) fn decode(
    bytes: &[u8],
    format: &'static str,
    scale: DecodeScale,
    limits: &DecodeLimits,
) -> Result<(Stored, PhotoMeta, u32), DecodeError> {
    let (preview, about) = preview(bytes, format)?;
    let stored = jpeg::decode(preview, scale, limits)?;
    Ok(with_meta(stored, preview, about, format))
}

/// The same of a damaged file. Only to be looked at.
pub(super) fn decode_what_there_is(
    bytes: &[u8],
    format: &'static str,
    limits: &DecodeLimits,
) -> Result<(Stored, PhotoMeta, u32), DecodeError> {
    let (preview, about) = preview(bytes, format)?;
    let stored = jpeg::decode_what_there_is(preview, limits)?;
    Ok(with_meta(stored, preview, about, format))
}

fn preview<'a>(bytes: &'a [u8], format: &'static str) -> Result<(&'a [u8], About), DecodeError> {
    let found = match format {
        "RAF" => raf::find(bytes),
        "CR3" => cr3::find(bytes),
        _ => tiff_based::find(bytes),
    };
    let found = found.ok_or(DecodeError::Truncated)?;
    let sizes = found.previews.iter().filter_map(|&preview| Some((jpeg::dimensions(preview)?, preview)));
    let largest = sizes.max_by_key(|((width, height), _)| u64::from(*width) * u64::from(*height));
    match largest {
        Some(((width, height), preview)) if width.max(height) >= SMALLEST_LONG_SIDE => Ok((preview, found.about)),
        _ => Err(DecodeError::NoPreview { format }),
    }
}

fn with_meta(stored: Stored, preview: &[u8], about: About, format: &str) -> (Stored, PhotoMeta, u32) {
    let (meta, orientation) = match about {
        About::File(meta, orientation) => (meta, orientation),
        About::Preview => exif::read(&mut std::io::Cursor::new(jpeg::exif(preview).unwrap_or_default()), ""),
    };
    (stored, PhotoMeta { format: format.to_owned(), ..meta }, orientation)
}
