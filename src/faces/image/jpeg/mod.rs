//! JPEG: whole pictures with libjpeg's pixels ([`whole`]) or, where that does not read them, through the `image` crate;
//! smaller ones (and enormous ones) straight from the DCT through `jpeg-decoder`.
//!
//! Decoders fill what is missing of a cut file with grey or stop without a word, so the markers are walked first
//! (ITU-T T.81, annex B): a file without an end-of-image marker is incomplete.

mod entropy;
mod samples;
mod scan;
mod whole;

use ::image::{ImageFormat, RgbImage};

use super::DecodeError;
use super::decoder::{DecodeLimits, DecodeScale, Stored};
use super::resize::resize_region;

pub(super) fn decode(bytes: &[u8], scale: DecodeScale, limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let frame = survey(bytes)?;
    limits.check(frame.width.into(), frame.height.into())?;
    let size = (frame.width.into(), frame.height.into());
    let long_side = u32::from(frame.width.max(frame.height));
    let wanted = match scale {
        DecodeScale::LongSideAtLeast(side) if long_side.div_ceil(2) >= side => Some(side),
        _ if u64::from(frame.width) * u64::from(frame.height) > LARGE_PIXELS => Some(long_side),
        _ => None,
    };
    if let Some(pixels) = wanted.and_then(|side| decode_scaled(bytes, frame, side)) {
        return Ok(Stored { pixels, size });
    }
    if let Some(pixels) = whole::decode(bytes).filter(|pixels| pixels.dimensions() == size) {
        return Ok(Stored { pixels, size });
    }
    let picture = ::image::load_from_memory_with_format(bytes, ImageFormat::Jpeg);
    let pixels = picture.map_err(|error| DecodeError::from_image(error, "JPEG"))?.into_rgb8();
    // The budget was kept for the frame that `survey` found; a second frame header must not smuggle in another size.
    if pixels.dimensions() != size {
        return Err(damaged("two frame headers disagree"));
    }
    Ok(Stored { pixels, size })
}

/// Beyond this the `image` crate's memory limit (512 MiB) refuses the picture.
const LARGE_PIXELS: u64 = 512 * 1024 * 1024 / 3;

/// The frame header, as far as it is needed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FrameHeader {
    width: u16,
    height: u16,
    components: u8,
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::Damaged { format: "JPEG", reason: reason.to_owned() }
}

/// Walks the markers from start to end of image. Whatever follows the end (previews, trailers) is not looked at.
fn survey(bytes: &[u8]) -> Result<FrameHeader, DecodeError> {
    let mut frame = None;
    let mut at = 2;
    loop {
        let (marker, after) = next_marker(bytes, at).ok_or(DecodeError::Truncated)?;
        match marker {
            0xd9 => return frame.ok_or_else(|| damaged("no picture before the end marker")),
            // TEM, RST and a repeated SOI stand alone.
            0x01 | 0xd0..=0xd8 => at = after,
            _ => {
                let segment = segment(bytes, after).ok_or(DecodeError::Truncated)?;
                if is_frame_header(marker) && frame.is_none() {
                    frame = Some(frame_of(segment).ok_or_else(|| damaged("the frame header is too short"))?);
                }
                at = after + 2 + segment.len();
            }
        }
    }
}

/// The next marker code at or after `at`, and where its segment begins. Entropy-coded data is jumped over: there 0xff
/// is followed by 0 (a stuffed byte) or by a restart marker.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        match *bytes.get(at + 1)? {
            0xff => at += 1,
            0x00 => at += 2,
            marker => return Some((marker, at + 2)),
        }
    }
}

fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    bytes.get(at + 2..at + length.max(2))
}

/// SOF0…SOF15 without DHT, JPG and DAC.
fn is_frame_header(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn frame_of(segment: &[u8]) -> Option<FrameHeader> {
    let &[_precision, h1, h0, w1, w0, components, ..] = segment else { return None };
    Some(FrameHeader { width: u16::from_be_bytes([w1, w0]), height: u16::from_be_bytes([h1, h0]), components })
}

/// The smallest of full size, half, quarter and eighth that keeps the longer side at `side` or above.
///
/// None where the DCT cannot be scaled: the decoder for whole pictures then has the last word, also about damage.
fn decode_scaled(bytes: &[u8], frame: FrameHeader, side: u32) -> Option<RgbImage> {
    if frame.components == 4 {
        return None;
    }
    let side = u16::try_from(side.max(1)).ok()?;
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let (width, height) = decoder.scale(side, side).ok()?;
    let pixels = decoder.decode().ok()?;
    let format = decoder.info()?.pixel_format;
    let (columns, rows) = (u32::from(width), u32::from(height));
    let picture = match format {
        jpeg_decoder::PixelFormat::RGB24 => RgbImage::from_raw(columns, rows, pixels)?,
        jpeg_decoder::PixelFormat::L8 => {
            RgbImage::from_raw(columns, rows, pixels.iter().flat_map(|&grey| [grey; 3]).collect())?
        }
        _ => return None,
    };
    let divisor = [8, 4, 2, 1].into_iter().find(|&divisor| frame.width.div_ceil(divisor) == width)?;
    Some(exact_cover(picture, frame, divisor))
}

/// A size that is no multiple of the divisor leaves a last column and row that lie partly outside the photo. They are
/// resampled away, so that `pixels` covers exactly the photo. Coordinates then scale by the ratio of the widths; on the
/// other axis that is off by less than half a pixel of the smaller picture.
fn exact_cover(picture: RgbImage, frame: FrameHeader, divisor: u16) -> RgbImage {
    if frame.width.is_multiple_of(divisor) && frame.height.is_multiple_of(divisor) {
        return picture;
    }
    let (full_width, full_height) = (f64::from(frame.width), f64::from(frame.height));
    let region = [0.0, 0.0, full_width / f64::from(divisor), full_height / f64::from(divisor)];
    // Upwards, so that the promise about the longer side holds.
    let long_side = full_width.max(full_height);
    let scale = (long_side / f64::from(divisor)).ceil() / long_side;
    let length = |full: f64| ((full * scale).round() as u32).max(1);
    resize_region(&picture, region, length(full_width), length(full_height))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, frame of 3 × 2 pixels, one scan with a stuffed byte and a restart marker, end.
    const WHOLE: &[u8] = &[
        0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 2, 0, 3, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xda, 0, 3, 0, 7,
        0xff, 0x00, 9, 0xff, 0xd0, 1, 2, 0xff, 0xff, 0xd9, 5, 6,
    ];

    #[test]
    fn finds_the_frame_and_the_end() {
        assert_eq!(survey(WHOLE).unwrap(), FrameHeader { width: 3, height: 2, components: 3 });
    }

    #[test]
    fn every_cut_is_noticed() {
        for length in 2..WHOLE.len() - 2 {
            let outcome = survey(&WHOLE[..length]);
            assert!(matches!(outcome, Err(DecodeError::Truncated)), "cut after {length}: {outcome:?}");
        }
    }
}
