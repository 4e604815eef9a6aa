//! JPEG XL (ISO/IEC 18181), bare or in its container, through `jxl-oxide`.
//!
//! The codestream says how the picture is turned, and the decoder turns it; EXIF only describes (ISO/IEC 18181-2). Of an
//! animation the first frame is taken.

use std::io::Read;

use ::image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use jxl_oxide::{AllocTracker, EnumColourEncoding, InitializeResult, JxlImage, PixelFormat, Render, RenderingIntent};

use super::DecodeError;
use super::colour::FileColours;
use super::decoder::{DecodeLimits, Stored, in_srgb};
use crate::types::iso_box::boxes;

const CONTAINER: &[u8] = b"\0\0\0\x0cJXL \r\n\x87\n";

pub(super) fn recognise(start: &[u8]) -> bool {
    start.starts_with(&[0xff, 0x0a]) || start.starts_with(CONTAINER)
}

pub(super) fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let file = open(bytes, limits)?;
    if file.num_loaded_keyframes() == 0 {
        return Err(DecodeError::Truncated);
    }
    stored(&file, &file.render_frame(0).map_err(|error| failed(&*error))?)
}

/// What there is of a picture. Only to be looked at.
pub(super) fn decode_what_there_is(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let mut file = open(bytes, limits)?;
    let render = match file.num_loaded_keyframes() {
        0 => file.render_loading_frame(),
        _ => file.render_frame(0),
    };
    stored(&file, &render.map_err(|error| failed(&*error))?)
}

/// Width and height, where these first bytes of a file tell them.
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut file = JxlImage::builder().build_uninit();
    file.feed_bytes(bytes).ok()?;
    match file.try_init().ok()? {
        InitializeResult::Initialized(file) => Some((file.width(), file.height())),
        InitializeResult::NeedMoreData(_) => None,
    }
}

/// The block of EXIF in the container, as bytes of a TIFF.
pub(super) fn exif(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = bytes.starts_with(CONTAINER).then_some(bytes)?;
    let is_packed = |kind: &[u8], content: &[u8]| kind == b"brob" && content.starts_with(b"Exif");
    let (kind, content) = boxes(bytes).find(|(kind, content)| *kind == b"Exif" || is_packed(kind, content))?;
    let unpacked = match content.strip_prefix(b"Exif").filter(|_| kind == b"brob") {
        Some(packed) => {
            let mut block = Vec::new();
            brotli_decompressor::Decompressor::new(packed, 4096).take(LONGEST_EXIF).read_to_end(&mut block).ok()?;
            block
        }
        None => content.to_vec(),
    };
    // Before the block stands how much stands before it.
    let (before, block) = unpacked.split_first_chunk::<4>()?;
    block.get(usize::try_from(u32::from_be_bytes(*before)).ok()?..).map(<[u8]>::to_vec)
}

const LONGEST_EXIF: u64 = 16 << 20;

/// The pieces of the codestream, in their order. A bare one is a single piece.
pub(super) fn codestream(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    if !bytes.starts_with(CONTAINER) {
        return Some(vec![bytes]);
    }
    let mut pieces = Vec::new();
    for (kind, content) in boxes(bytes) {
        match kind {
            b"jxlc" => pieces.push((0, content)),
            b"jxlp" => {
                let (number, piece) = content.split_first_chunk::<4>()?;
                // The highest bit marks the last one.
                pieces.push((u32::from_be_bytes(*number) & 0x7fff_ffff, piece));
            }
            _ => {}
        }
    }
    pieces.sort_by_key(|(number, _)| *number);
    (!pieces.is_empty()).then(|| pieces.into_iter().map(|(_, piece)| piece).collect())
}

/// The decoder sees the codestream alone: what else the container holds might unpack to anything.
fn open(bytes: &[u8], limits: &DecodeLimits) -> Result<JxlImage, DecodeError> {
    // Four floats a pixel, and as much again while a frame is put together.
    let memory = usize::try_from(limits.max_pixels.saturating_mul(32)).unwrap_or(usize::MAX);
    let tracker = AllocTracker::with_limit(memory.min(MOST_MEMORY));
    let mut file = JxlImage::builder().alloc_tracker(tracker).build_uninit();
    let stream = codestream(bytes).ok_or(DecodeError::Truncated)?.concat();
    file.feed_bytes(&stream).map_err(|error| failed(&*error))?;
    let mut file = match file.try_init().map_err(|error| failed(&*error))? {
        InitializeResult::Initialized(file) => file,
        InitializeResult::NeedMoreData(_) => return Err(DecodeError::Truncated),
    };
    limits.check(file.width(), file.height())?;
    if profile(&file).is_none() {
        let is_grey = file.image_header().metadata.grayscale();
        let srgb = if is_grey { EnumColourEncoding::gray_srgb } else { EnumColourEncoding::srgb };
        file.request_color_encoding(srgb(RenderingIntent::Relative));
    }
    Ok(file)
}

/// The profile that the pixels will have; none where the decoder knows the colours itself, and makes them sRGB.
fn profile(file: &JxlImage) -> Option<&[u8]> {
    file.original_icc().filter(|_| !file.image_header().metadata.xyb_encoded)
}

fn stored(file: &JxlImage, render: &Render) -> Result<Stored, DecodeError> {
    let mut stream = render.stream();
    let (width, height) = (stream.width(), stream.height());
    let mut samples = vec![0; width as usize * height as usize * stream.channels() as usize];
    stream.write_to_buffer::<u8>(&mut samples);
    let picture = match file.pixel_format() {
        PixelFormat::Gray => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
        PixelFormat::Graya => GrayAlphaImage::from_raw(width, height, samples).map(DynamicImage::from),
        PixelFormat::Rgb => RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
        PixelFormat::Rgba => RgbaImage::from_raw(width, height, samples).map(DynamicImage::from),
        PixelFormat::Cmyk | PixelFormat::Cmyka => {
            let reason = "it is in printing inks".to_owned();
            return Err(DecodeError::Unsupported { format: "JPEG XL", reason });
        }
    };
    let picture = picture.ok_or_else(|| failed(&"its channels contradict each other"))?;
    let (pixels, used) = in_srgb(picture, profile(file).map(FileColours::Icc));
    Ok(Stored::whole(pixels, used))
}

const MOST_MEMORY: usize = 6 << 30;

fn failed(error: &(impl std::fmt::Display + ?Sized)) -> DecodeError {
    DecodeError::Damaged { format: "JPEG XL", reason: error.to_string().chars().take(160).collect() }
}

#[cfg(test)]
mod tests;
