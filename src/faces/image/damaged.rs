//! What there is of a damaged picture, for its owner to look at.
//!
//! It is a type of its own, and no [`Photo`](super::Photo), so that nothing that looks for faces can be given one: half
//! a face, or a face cut into strips, becomes a person that nobody is.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::image::codecs::gif::GifDecoder;
use ::image::{DynamicImage, GrayAlphaImage, GrayImage, ImageDecoder, ImageFormat, RgbImage, RgbaImage};

use super::decode::{decode_other, open, upright};
use super::decoder::{DecodeLimits, Stored, over_white};
use super::kind::PictureFormat;
use super::resize::thumbnail;
use super::{DecodeError, about, heif, jpeg, jxl, pnm, raw, tiff};
use crate::types::reader::little;

/// A picture that may lack parts, or hold rubbish. Upright, as a photo is.
#[derive(Debug, Clone)]
pub(crate) struct DamagedPicture(RgbImage);

impl DamagedPicture {
    pub(crate) fn thumbnail(&self, long_side: u32) -> RgbImage {
        thumbnail(&self.0, long_side)
    }
}

/// Reads what [`decode`](super::decode()) refuses as cut or damaged, as far as it goes. What is missing is grey or white.
///
/// # Errors
/// A file that [`decode`](super::decode()) refuses for another reason, and one of which nothing can be shown.
pub(crate) fn decode_what_there_is(path: &Path, limits: &DecodeLimits) -> Result<DamagedPicture, DecodeError> {
    let (format, bytes) = open(path, limits)?;
    let limits = in_proportion(limits, &bytes);
    let shown = catch_unwind(AssertUnwindSafe(|| shown(format, &bytes, &limits)));
    shown.unwrap_or_else(|_| {
        Err(DecodeError::Damaged { format: format.name(), reason: "the decoder gave up".to_owned() })
    })
}

/// Damage may have hit the size, too: a large picture is believed where the file is long enough for a part of it.
fn in_proportion(limits: &DecodeLimits, bytes: &[u8]) -> DecodeLimits {
    const ALWAYS_BELIEVED: u64 = 50_000_000;
    const MOST_PIXELS_A_BYTE: u64 = 400;
    let believed = ALWAYS_BELIEVED.max(bytes.len() as u64 * MOST_PIXELS_A_BYTE);
    DecodeLimits { max_pixels: limits.max_pixels.min(believed) }
}

fn shown(format: PictureFormat, bytes: &[u8], limits: &DecodeLimits) -> Result<DamagedPicture, DecodeError> {
    let stored = match format {
        PictureFormat::Jpeg => jpeg::decode_what_there_is(bytes, limits)?,
        PictureFormat::Pnm => pnm::decode_what_there_is(bytes, limits)?,
        PictureFormat::JpegXl => jxl::decode_what_there_is(bytes, limits)?,
        PictureFormat::Png => png(bytes, limits)?,
        PictureFormat::Tiff => tiff::decode(&filled(bytes, ImageFormat::Tiff, limits)?, limits)?,
        PictureFormat::Bmp => {
            decode_other(&filled(bytes, ImageFormat::Bmp, limits)?, ImageFormat::Bmp, format, limits)?
        }
        PictureFormat::Raw(name) => {
            let (stored, _, orientation) = raw::decode_what_there_is(bytes, name, limits)?;
            return Ok(DamagedPicture(upright(stored.pixels, orientation)));
        }
        PictureFormat::Gif => gif(bytes, limits)?,
        PictureFormat::WebP => webp(bytes, format, limits)?,
        PictureFormat::Heif(name) => {
            let picture = heif::decode_what_there_is(bytes, name, limits)?;
            let orientation = if picture.states_orientation { 1 } else { about::of_file(bytes, format).1 };
            return Ok(DamagedPicture(upright(picture.pixels, orientation)));
        }
    };
    let (_, orientation) = about::of_file(bytes, format);
    Ok(DamagedPicture(upright(stored.pixels, orientation)))
}

/// The rows that can be read.
fn png(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let failed = |error: png::DecodingError| DecodeError::Damaged { format: "PNG", reason: error.to_string() };
    let (width, height) = super::header::dimensions(bytes, ImageFormat::Png)?;
    limits.check(width, height)?;
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.ignore_checksums(true);
    let mut reader = decoder.read_info().map_err(failed)?;
    let length = reader.output_buffer_size().ok_or(DecodeError::Truncated)?;
    let mut samples = vec![255; length];
    // What was read before an error stays.
    drop(reader.next_frame(&mut samples));
    let picture = match reader.output_color_type().0 {
        png::ColorType::Grayscale => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
        png::ColorType::GrayscaleAlpha => GrayAlphaImage::from_raw(width, height, samples).map(DynamicImage::from),
        png::ColorType::Rgba => RgbaImage::from_raw(width, height, samples).map(DynamicImage::from),
        png::ColorType::Rgb | png::ColorType::Indexed => {
            RgbImage::from_raw(width, height, samples).map(DynamicImage::from)
        }
    };
    let picture = picture.ok_or(DecodeError::Truncated)?;
    Ok(Stored::whole(over_white(picture), Default::default()))
}

const MOST_FRAME_BYTES: u64 = 200 << 20;

/// The rows of the first frame that can be read.
fn gif(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let failed = |error| DecodeError::from_image(error, "GIF");
    let (width, height) = super::header::dimensions(bytes, ImageFormat::Gif)?;
    limits.check(width, height)?;
    let mut decoder = GifDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    // A frame may say to be larger than the picture that it is put into.
    let mut memory = ::image::Limits::default();
    memory.max_alloc = Some(MOST_FRAME_BYTES);
    decoder.set_limits(memory).map_err(failed)?;
    // Nothing is opaque yet.
    let mut picture = RgbaImage::new(width, height);
    drop(decoder.read_image(&mut picture));
    Ok(Stored::whole(over_white(picture.into()), Default::default()))
}

/// With as many zeros as its header misses; what they are taken for lies below what is there.
fn webp(bytes: &[u8], format: PictureFormat, limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let stated = little(bytes.get(4..8).ok_or(DecodeError::Truncated)?) + 8;
    if stated > limits.max_bytes() {
        return Err(DecodeError::TooLong { max_bytes: limits.max_bytes() });
    }
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(stated as usize), 0);
    decode_other(&bytes, ImageFormat::WebP, format, limits)
}

/// Formats that store plain rows, with as many zeros added as may be missing.
fn filled(bytes: &[u8], kind: ImageFormat, limits: &DecodeLimits) -> Result<Vec<u8>, DecodeError> {
    const PALETTE_AND_HEADER: u64 = 4096;
    let (width, height) = super::header::dimensions(bytes, kind)?;
    limits.check(width, height)?;
    let missing = u64::from(width) * u64::from(height) * 4 + PALETTE_AND_HEADER;
    Ok([bytes, &vec![0; usize::try_from(missing).map_err(|_| DecodeError::Truncated)?]].concat())
}
