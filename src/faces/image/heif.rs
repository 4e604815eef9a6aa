//! HEIC and AVIF: told by their content always, decoded by the platform's libheif in a build with the feature `heif`.

use super::DecodeError;
use super::decoder::{DecodeLimits, Stored};

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

#[cfg(not(feature = "heif"))]
pub(super) fn decode(_bytes: &[u8], format: &'static str, _limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    Err(DecodeError::NeedsLibheif { format })
}

/// Decodes the primary picture. libheif applies the file's own rotation and mirroring, so EXIF must not do it again.
#[cfg(feature = "heif")]
pub(super) fn decode(bytes: &[u8], format: &'static str, limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    use libheif_rs::{ColorSpace, HeifContext, LibHeif, RgbChroma};

    let failed = |error: libheif_rs::HeifError| DecodeError::Damaged { format, reason: error.to_string() };
    let context = HeifContext::read_from_bytes(bytes).map_err(failed)?;
    let handle = context.primary_image_handle().map_err(failed)?;
    limits.check(handle.width(), handle.height())?;
    let picture = LibHeif::new().decode(&handle, ColorSpace::Rgb(RgbChroma::Rgba), None).map_err(failed)?;
    let planes = picture.planes();
    let plane = planes.interleaved.ok_or_else(|| DecodeError::Damaged { format, reason: "no pixels".to_owned() })?;
    let row_bytes = plane.width as usize * 4;
    let rows = plane.data.chunks(plane.stride).take(plane.height as usize);
    let pixels: Vec<u8> = rows.flat_map(|row| row[..row_bytes].iter().copied()).collect();
    let size = (plane.width, plane.height);
    let pixels = ::image::RgbaImage::from_raw(size.0, size.1, pixels).ok_or(DecodeError::Truncated)?;
    Ok(Stored { pixels: super::decoder::over_white(pixels.into()), size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brands_tell_the_format() {
        assert_eq!(recognise(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Some("HEIC"));
        assert_eq!(recognise(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"), Some("AVIF"));
        assert_eq!(recognise(b"\0\0\0\x18ftypisom\0\0\0\0isommp42"), None);
        assert_eq!(recognise(b"\xff\xd8\xff\xe0"), None);
        assert_eq!(recognise(b"\0\0\0\x04ftypheic"), None);
    }
}
