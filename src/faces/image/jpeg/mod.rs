//! JPEG: whole pictures with libjpeg's pixels ([`whole`]) or, where that does not make them, through the `image` crate;
//! smaller ones straight from the DCT ([`scaled`]), enormous ones through `jpeg-decoder`.
//!
//! Other decoders fill what is missing with grey, or put what follows in its place, without a word. So the coded data
//! are always read here first ([`coefficients`]), and what is not sound never reaches another decoder. A picture that is
//! all there is used whatever else is wrong with the file; libjpeg is the measure.

mod cmyk;
mod coefficients;
mod condition;
mod entropy;
mod icc;
mod samples;
mod scaled;
mod scan;
mod small_plane;
mod survey;
mod whole;

#[cfg(test)]
mod damage_tests;

use ::image::{ImageFormat, RgbImage};

use self::condition::Condition;
pub(super) use self::samples::to_rgb;
use self::survey::FrameHeader;
use super::DecodeError;
use super::colour::{self, FileColours, ProfileUse};
use super::decoder::{DecodeLimits, DecodeScale, Stored};

pub(super) fn decode(bytes: &[u8], scale: DecodeScale, limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let frame = survey::survey(bytes)?;
    limits.check(frame.width.into(), frame.height.into())?;
    if u64::from(frame.width) * u64::from(frame.height) > bytes.len() as u64 * MOST_PIXELS_A_BYTE {
        return Err(DecodeError::Truncated);
    }
    let size = (frame.width.into(), frame.height.into());
    let (profile, is_broken) = icc::profile(bytes);
    let (mut pixels, condition, converted) = pixels(bytes, frame, scale, profile.as_deref())?;
    let profile = match profile {
        _ if is_broken => ProfileUse::Broken,
        Some(profile) => converted.unwrap_or_else(|| colour::to_srgb(&mut pixels, FileColours::Icc(&profile))),
        None => ProfileUse::None,
    };
    Ok(Stored { pixels, size, profile, lost: condition.lost })
}

/// What there is of a picture, whatever is wrong with it. Only to be looked at.
pub(super) fn decode_what_there_is(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let frame = survey::survey(bytes)?;
    limits.check(frame.width.into(), frame.height.into())?;
    let mut pixels = match whole::picture(coefficients::read(bytes)?) {
        Some(pixels) => pixels,
        None => by_other_decoder(&[bytes, &END].concat(), frame)?,
    };
    let size = pixels.dimensions();
    let profile = match icc::profile(bytes) {
        (Some(profile), _) => colour::to_srgb(&mut pixels, FileColours::Icc(&profile)),
        (None, true) => ProfileUse::Broken,
        (None, false) => ProfileUse::None,
    };
    Ok(Stored { pixels, size, profile, lost: 0.0 })
}

/// Width and height, where the bytes begin like a JPEG that can be read.
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    let frame = survey::survey(bytes).ok()?;
    Some((frame.width.into(), frame.height.into()))
}

/// What decoding takes besides the file's own bytes: coefficients where they are kept, planes, and pixels. None where the
/// bytes do not tell.
pub(super) fn decoding_takes(bytes: &[u8], scale: DecodeScale) -> Option<u64> {
    let frame = survey::survey(bytes).ok()?;
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let divisor = wanted_side(frame, scale).and_then(|side| divisor(frame, side));
    let samples = pixels * u64::from(frame.components);
    let kept = if frame.progressive || divisor.is_none() { 2 * samples } else { 0 };
    let side = divisor.unwrap_or(1) as u64;
    Some(kept + (samples + 3 * pixels) / (side * side))
}

/// The contents of the APP`number` segments before the picture.
pub(super) fn application_segments(bytes: &[u8], number: u8) -> impl Iterator<Item = &[u8]> {
    let mut at = survey::MARKER_BYTES;
    let segments = std::iter::from_fn(move || {
        loop {
            let (marker, after) = survey::next_marker(bytes, at)?;
            match marker {
                0xd9 | 0xda => return None,
                0x01 | 0xd0..=0xd8 => at = after,
                _ => {
                    let segment = survey::segment(bytes, after)?;
                    at = after + 2 + segment.len();
                    return Some((marker, segment));
                }
            }
        }
    });
    segments.filter(move |(marker, _)| *marker == 0xe0 + number).map(|(_, segment)| segment)
}

/// The block of EXIF, as bytes of a TIFF: the first one that holds something. Some cameras end the letters before it
/// otherwise than the standard says.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    const BEFORE: usize = 6;
    let block = |segment: &'_ [u8]| segment.starts_with(b"Exif\0") && segment.len() > BEFORE;
    application_segments(bytes, 1).find(|segment| block(segment)).map(|segment| &segment[BEFORE..])
}

/// Beyond this the `image` crate's memory limit (512 MiB) refuses the picture.
const LARGE_PIXELS: u64 = 512 * 1024 * 1024 / 3;
/// Each block of 64 pixels takes a bit at least. A file with less is cut, before memory is asked for.
const MOST_PIXELS_A_BYTE: u64 = 1024;
/// Beyond this the coefficients would take too much memory to make a whole picture of them.
const MOST_WHOLE_PIXELS: u64 = 1 << 25;
const END: [u8; 2] = [0xff, 0xd9];

fn damaged(reason: &str) -> DecodeError {
    DecodeError::Damaged { format: "JPEG", reason: reason.to_owned() }
}

/// The pixels, and what became of the profile where making them took it in already.
fn pixels(
    bytes: &[u8],
    frame: FrameHeader,
    scale: DecodeScale,
    profile: Option<&[u8]>,
) -> Result<(RgbImage, Condition, Option<ProfileUse>), DecodeError> {
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let wanted = wanted_side(frame, scale);
    if wanted.is_some() || pixels > MOST_WHOLE_PIXELS || frame.components == 4 {
        let divisor = wanted.and_then(|side| divisor(frame, side));
        let read = coefficients::read_small(bytes, divisor)?;
        let condition = read.condition;
        condition.check()?;
        if condition.is_sound() {
            if let Some(pixels) = divisor.and_then(|divisor| scaled::picture(&read, frame, divisor)) {
                return Ok((pixels, condition, None));
            }
            drop(read);
            return sound(bytes, frame, wanted, profile).map(|(pixels, used)| (pixels, condition, used));
        }
    }
    let read = coefficients::read(bytes)?;
    let condition = read.condition;
    condition.check()?;
    if let Some(pixels) = whole::picture(read) {
        return Ok((pixels, condition, None));
    }
    if condition.lost > 0.0 {
        return Err(damaged("a strip is missing"));
    }
    let closed = if condition.open { [bytes, &END].concat() } else { Vec::new() };
    let bytes = if condition.open { &closed[..] } else { bytes };
    sound(bytes, frame, wanted, profile).map(|(pixels, used)| (pixels, condition, used))
}

/// The longer side that is enough, where the whole picture is not made.
fn wanted_side(frame: FrameHeader, scale: DecodeScale) -> Option<u32> {
    let long_side = u32::from(frame.width.max(frame.height));
    match scale {
        DecodeScale::LongSideAtLeast(side) if long_side.div_ceil(2) >= side => Some(side),
        _ if u64::from(frame.width) * u64::from(frame.height) > LARGE_PIXELS => Some(long_side),
        _ => None,
    }
}

fn divisor(frame: FrameHeader, side: u32) -> Option<usize> {
    (frame.components != 4).then(|| scaled::divisor(frame, side)).flatten()
}

/// Sound data through the decoders that would not notice if they were not.
fn sound(
    bytes: &[u8],
    frame: FrameHeader,
    wanted: Option<u32>,
    profile: Option<&[u8]>,
) -> Result<(RgbImage, Option<ProfileUse>), DecodeError> {
    if let Some(pixels) = wanted.and_then(|side| scaled::decode(bytes, frame, side)) {
        return Ok((pixels, None));
    }
    if frame.components == 4 {
        if let Some(pixels) = profile.and_then(|profile| cmyk::decode(bytes, profile)) {
            return Ok((pixels, Some(ProfileUse::Converted)));
        }
        // Without its profile, or with one that is none for inks.
        let used = profile.map(|_| ProfileUse::Broken);
        return by_other_decoder(bytes, frame).map(|pixels| (pixels, used));
    }
    if u64::from(frame.width) * u64::from(frame.height) <= MOST_WHOLE_PIXELS
        && let Some(pixels) = whole::picture(coefficients::read(bytes)?)
    {
        return Ok((pixels, None));
    }
    by_other_decoder(bytes, frame).map(|pixels| (pixels, None))
}

fn by_other_decoder(bytes: &[u8], frame: FrameHeader) -> Result<RgbImage, DecodeError> {
    let picture = ::image::load_from_memory_with_format(bytes, ImageFormat::Jpeg);
    let pixels = picture.map_err(|error| DecodeError::from_image(error, "JPEG"))?.into_rgb8();
    // The budget was kept for the frame that `survey` found; a second frame header must not smuggle in another size.
    if pixels.dimensions() != (frame.width.into(), frame.height.into()) {
        return Err(damaged("two frame headers disagree"));
    }
    Ok(pixels)
}
