//! HEIC and AVIF: the primary picture, by decoders written in Rust; no library of the platform is asked for.
//!
//! `container` finds the items (ISO/IEC 23008-12), `hevc` and `av1` decode one each, `colour` makes RGB of what they
//! give, `turn` crops, turns and mirrors it as the item's properties say, `picture` puts tiles and alpha together. What
//! a caller may rely on:
//! * The container's own crop, turns and mirrors are applied once, in the file's order. `states_orientation` says whether
//!   there are any; only where there are none does EXIF's orientation count.
//! * A picture above the limit is refused by its header; each coded picture has the size that its header states, so that
//!   no stream asks for more memory than the limit gives.
//! * What a decoder cannot do is an error that names it, and so is a picture that is not all there.
//!
//! Left out: thumbnails, depth and gain maps, overlays, tracks (of a sequence with a still picture, the still is shown),
//! items in `mini` boxes. The colour profile is handed out as it is; the pixels are the file's own RGB.

mod av1;
mod code_points;
mod colour;
mod container;
mod hevc;
mod picture;
mod planes;
mod turn;

use colour::ColourProfile;
pub(super) use container::Heif;

use ::image::RgbImage;

use super::DecodeError;
use super::decoder::DecodeLimits;

/// What a file shows.
pub(super) struct HeifPicture {
    /// As the container turns it, in the file's own colours.
    pub pixels: RgbImage,
    /// Whether the container says how the picture is turned, so that EXIF must not turn it again.
    pub states_orientation: bool,
    /// What the colours mean.
    pub profile: ColourProfile,
}

/// `HEIC` or `AVIF` when the file starts with a file type box that names one of their brands (ISO/IEC 23008-12, B.4.2;
/// AVIF specification, section 6).
pub(super) fn recognise(start: &[u8]) -> Option<&'static str> {
    let length = u32::from_be_bytes(start.get(..4)?.try_into().ok()?) as usize;
    let brands = start.get(8..length.min(start.len()))?;
    if start.get(4..8)? != b"ftyp" {
        return None;
    }
    // Major brand, version, compatible brands.
    let mut brands = brands.chunks_exact(4).enumerate().filter(|(index, _)| *index != 1).map(|(_, brand)| brand);
    brands.find_map(|brand| match brand {
        b"avif" | b"avis" => Some("AVIF"),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some("HEIC"),
        _ => None,
    })
}

/// Whether the container says how its picture is turned.
pub(super) fn states_orientation(bytes: &[u8]) -> bool {
    Heif::read(bytes).is_some_and(|file| file.states_orientation())
}

/// Width and height of the primary picture as its header says, without its turns; none where the bytes do not tell.
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let file = Heif::read(bytes)?;
    picture::size_told(&file, file.primary)
}

/// The primary picture in RGB, what is transparent over white.
///
/// # Errors
/// A file that is no whole picture within `limits`, or one whose kind is not supported.
pub(super) fn decode(bytes: &[u8], format: &'static str, limits: &DecodeLimits) -> Result<HeifPicture, DecodeError> {
    let file = open(bytes, format)?;
    shown(&file, picture::PictureReader::new(&file, format, *limits))
}

/// The same of a damaged file: tiles that cannot be read stay grey. Only to be looked at.
pub(super) fn decode_what_there_is(
    bytes: &[u8],
    format: &'static str,
    limits: &DecodeLimits,
) -> Result<HeifPicture, DecodeError> {
    let file = open(bytes, format)?;
    shown(&file, picture::PictureReader::new(&file, format, *limits).forgiving())
}

fn open<'a>(bytes: &'a [u8], format: &'static str) -> Result<Heif<'a>, DecodeError> {
    Heif::read(bytes).ok_or_else(|| {
        let reason = "it names no primary picture".to_owned();
        DecodeError::Damaged { format, reason }
    })
}

fn shown(file: &Heif<'_>, reader: picture::PictureReader<'_>) -> Result<HeifPicture, DecodeError> {
    let pixels = reader.primary_over_white()?;
    Ok(HeifPicture { pixels, states_orientation: file.states_orientation(), profile: reader.profile() })
}

#[cfg(test)]
pub(super) mod tests;
