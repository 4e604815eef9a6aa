//! Opening a photo: handing it to its format's decoder, keeping the pixel budget, turning the picture upright.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::image::{ImageFormat, RgbImage, imageops};

use super::colour::{ProfileUse, to_srgb};
use super::decoder::{DecodeLimits, DecodeScale, Stored, in_srgb};
use super::exif::PhotoMeta;
use super::kind::{FileKind, OtherKind, PictureFormat, kind_of, kind_of_file};
use super::profile::{self, Stated};
use super::raw_pairs::is_raw_name;
use super::{DecodeError, about, header, heif, jpeg, jxl, memory, pnm, raw, tiff};
use crate::types::has_extension;

/// A decoded photo, upright.
#[derive(Debug, Clone)]
pub struct Photo {
    /// The whole picture, possibly at a smaller scale.
    pub(crate) pixels: RgbImage,
    /// Width and height of the upright photo at full scale.
    pub(crate) full_size: (u32, u32),
    pub(crate) meta: PhotoMeta,
}

impl Photo {
    /// Pixels of `pixels` a pixel of the full photo: multiply full-scale coordinates by it.
    pub(crate) fn scale(&self) -> f32 {
        self.pixels.width() as f32 / self.full_size.0 as f32
    }
}

/// Whether the name's extension is one of a photo; what the file holds is [`decode`]'s business.
pub(crate) fn is_photo_name(path: &Path) -> bool {
    const EXTENSIONS: [&str; 23] = [
        "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "tif", "tiff", "bmp", "dib", "gif", "heic", "heif",
        "hif", "avif", "jxl", "pbm", "pgm", "ppm", "pnm", "pam",
    ];
    has_extension(path, &EXTENSIONS) || is_raw_name(path)
}

/// Whether the file begins like a picture of a format that [`decode`] reads; nothing is decoded.
pub(crate) fn begins_like_photo(path: &Path) -> bool {
    matches!(kind_of_file(path), Ok(FileKind::Read(_)))
}

/// What keeps a file from being decoded that can be told from its beginning.
///
/// # Errors
/// No file, or one that does not begin like a picture of a format that [`decode`] reads.
pub(crate) fn check_beginning(path: &Path) -> Result<(), DecodeError> {
    beginning(path).map(drop)
}

/// How the stored picture is still to be turned to be upright: EXIF's orientation, 1…8. 1 where the format's own decoder
/// turns it, where nothing is said, and for a file that is no picture.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn orientation_of_file(path: &Path) -> std::io::Result<u32> {
    // Opening a pipe would wait for somebody to write into it.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(1);
    }
    let mut reader = BufReader::new(File::open(path)?);
    let Ok(format) = recognise(reader.fill_buf()?) else { return Ok(1) };
    let most = match format {
        // Its EXIF stands at the beginning.
        PictureFormat::Jpeg => JPEG_HEADERS,
        _ => DecodeLimits::default().max_bytes(),
    };
    let mut bytes = Vec::new();
    reader.take(most).read_to_end(&mut bytes)?;
    let is_turned = matches!(format, PictureFormat::Heif(_)) && heif::states_orientation(&bytes);
    Ok(if is_turned { 1 } else { about::of_file(&bytes, format).1 })
}

const JPEG_HEADERS: u64 = 1 << 18;

/// Reads a photo.
///
/// # Errors
/// A file that is no whole, readable picture within `limits`. A panic inside a decoder counts as a damaged file.
pub(crate) fn decode(path: &Path, scale: DecodeScale, limits: &DecodeLimits) -> Result<Photo, DecodeError> {
    PhotoFile::read(path, limits)?.decode(scale, limits)
}

/// The content of a file that begins like a picture, for whoever looks at more of it than its pixels.
pub(crate) struct PhotoFile {
    format: PictureFormat,
    pub(crate) bytes: Vec<u8>,
}

impl PhotoFile {
    pub(crate) fn read(path: &Path, limits: &DecodeLimits) -> Result<Self, DecodeError> {
        let (format, bytes) = open(path, limits)?;
        Ok(Self { format, bytes })
    }

    /// As [`decode`].
    pub(crate) fn decode(&self, scale: DecodeScale, limits: &DecodeLimits) -> Result<Photo, DecodeError> {
        let Self { format, bytes } = self;
        let decoded = catch_unwind(AssertUnwindSafe(|| decode_as(*format, bytes, scale, limits)));
        decoded.unwrap_or_else(|_| {
            Err(DecodeError::Damaged { format: format.name(), reason: "the decoder gave up".to_owned() })
        })
    }
}

/// The most that decoding at this scale takes besides the file's own bytes; none where the file's beginning does not tell.
pub(crate) fn decoding_takes(path: &Path, scale: DecodeScale) -> Option<u64> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(memory::FIRST_BYTES).read_to_end(&mut bytes).ok()?;
    memory::decoding_takes(&bytes, scale)
}

/// The content of a file that begins like a picture, and its format.
pub(super) fn open(path: &Path, limits: &DecodeLimits) -> Result<(PictureFormat, Vec<u8>), DecodeError> {
    let (format, mut reader) = beginning(path)?;
    let bytes = read_all(&mut reader, limits.max_bytes())?;
    let is_raw = if format == PictureFormat::Tiff { raw::name_of_tiff(&bytes) } else { None };
    Ok((is_raw.map_or(format, PictureFormat::Raw), bytes))
}

fn beginning(path: &Path) -> Result<(PictureFormat, BufReader<File>), DecodeError> {
    // Opening a pipe would wait for somebody to write into it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(DecodeError::NotAFile);
    }
    let mut reader = BufReader::new(File::open(path)?);
    let format = recognise(reader.fill_buf()?)?;
    Ok((format, reader))
}

fn recognise(start: &[u8]) -> Result<PictureFormat, DecodeError> {
    match kind_of(start) {
        _ if start.is_empty() => Err(DecodeError::Empty),
        FileKind::Read(format) => Ok(format),
        FileKind::NotRead(OtherKind::Video(kind)) => Err(DecodeError::Video { kind }),
        FileKind::NotRead(OtherKind::Picture(kind)) => Err(DecodeError::NotRead { kind }),
        FileKind::NotAPicture => Err(DecodeError::NotAPicture),
    }
}

fn decode_as(
    format: PictureFormat,
    bytes: &[u8],
    scale: DecodeScale,
    limits: &DecodeLimits,
) -> Result<Photo, DecodeError> {
    let stored = match format {
        PictureFormat::Jpeg => jpeg::decode(bytes, scale, limits)?,
        PictureFormat::Heif(name) => return heif_photo(bytes, name, limits),
        PictureFormat::JpegXl => jxl::decode(bytes, limits)?,
        PictureFormat::Pnm => pnm::decode(bytes, limits)?,
        PictureFormat::Png => decode_other(bytes, ImageFormat::Png, format, limits)?,
        PictureFormat::WebP => decode_other(bytes, ImageFormat::WebP, format, limits)?,
        PictureFormat::Tiff => tiff::decode(bytes, limits)?,
        PictureFormat::Bmp => decode_other(bytes, ImageFormat::Bmp, format, limits)?,
        PictureFormat::Gif => decode_other(bytes, ImageFormat::Gif, format, limits)?,
        PictureFormat::Raw(name) => {
            let (stored, meta, orientation) = raw::decode(bytes, name, scale, limits)?;
            return Ok(photo(stored, meta, orientation));
        }
    };
    let (meta, orientation) = about::of_file(bytes, format);
    Ok(photo(stored, meta, orientation))
}

/// What the container has turned, EXIF must not turn again.
fn heif_photo(bytes: &[u8], name: &'static str, limits: &DecodeLimits) -> Result<Photo, DecodeError> {
    let heif::HeifPicture { mut pixels, states_orientation, profile } = heif::decode(bytes, name, limits)?;
    let used = profile.colours().map_or(ProfileUse::None, |colours| to_srgb(&mut pixels, colours));
    let (meta, orientation) = about::of_file(bytes, PictureFormat::Heif(name));
    Ok(photo(Stored::whole(pixels, used), meta, if states_orientation { 1 } else { orientation }))
}

fn photo(stored: Stored, meta: PhotoMeta, orientation: u32) -> Photo {
    let (width, height) = stored.size;
    let full_size = if orientation >= 5 { (height, width) } else { (width, height) };
    let meta = PhotoMeta { profile: stored.profile, lost: stored.lost, ..meta };
    Photo { pixels: upright(stored.pixels, orientation), full_size, meta }
}

fn read_all(reader: &mut impl Read, max_bytes: u64) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::new();
    reader.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(DecodeError::TooLong { max_bytes });
    }
    Ok(bytes)
}

/// A chunk without content, and its checksum.
const PNG_END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// The formats that the `image` crate reads.
pub(super) fn decode_other(
    bytes: &[u8],
    kind: ImageFormat,
    format: PictureFormat,
    limits: &DecodeLimits,
) -> Result<Stored, DecodeError> {
    let (width, height) = header::dimensions(bytes, kind)?;
    limits.check(width, height)?;
    // Has a memory limit of its own, for files whose parts contradict their header.
    let mut picture = ::image::load_from_memory_with_format(bytes, kind);
    if picture.is_err() && kind == ImageFormat::Png {
        // Where only the end marker is missing, it is a whole picture.
        picture = ::image::load_from_memory_with_format(&[bytes, PNG_END].concat(), kind).or(picture);
    }
    let picture = picture.map_err(|error| match header::is_cut(bytes, kind) {
        true => DecodeError::Truncated,
        false => DecodeError::from_image(error, format.name()),
    })?;
    let stated = match format {
        PictureFormat::Png => profile::of_png(bytes),
        PictureFormat::WebP => profile::of_webp(bytes),
        _ => Stated::Nothing,
    };
    let (pixels, used) = in_srgb(picture, stated.colours());
    Ok(Stored::whole(pixels, if stated == Stated::Broken { ProfileUse::Broken } else { used }))
}

/// Undoes the EXIF orientation 1…8 (EXIF 2.32, table 6: where row 0 and column 0 of the stored picture belong).
pub(super) fn upright(pixels: RgbImage, orientation: u32) -> RgbImage {
    match orientation {
        2 => imageops::flip_horizontal(&pixels),
        3 => imageops::rotate180(&pixels),
        4 => imageops::flip_vertical(&pixels),
        5 => imageops::flip_horizontal(&imageops::rotate90(&pixels)),
        6 => imageops::rotate90(&pixels),
        7 => imageops::flip_horizontal(&imageops::rotate270(&pixels)),
        8 => imageops::rotate270(&pixels),
        _ => pixels,
    }
}

#[cfg(test)]
mod tests;
