//! Opening a photo: telling the format, keeping the pixel budget, turning the picture upright.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::image::{ImageFormat, RgbImage, imageops};

use super::decoder::{DecodeLimits, DecodeScale, Stored, over_white};
use super::exif::{self, PhotoMeta};
use super::{DecodeError, header, heif, jpeg};

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
    const EXTENSIONS: [&str; 16] = [
        "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "tif", "tiff", "bmp", "dib", "gif", "heic", "heif", "hif",
        "avif",
    ];
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// Whether the file begins like a picture of a format that [`decode`] reads; nothing is decoded.
pub(crate) fn begins_like_photo(path: &Path) -> bool {
    let is_file = std::fs::metadata(path).is_ok_and(|meta| meta.is_file());
    is_file && File::open(path).is_ok_and(|file| BufReader::new(file).fill_buf().is_ok_and(|b| recognise(b).is_ok()))
}

/// How the stored picture is to be turned to be upright: EXIF's orientation, 1…8. 1 as well where nothing is said, and
/// for a file that is no picture.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn orientation_of_file(path: &Path) -> std::io::Result<u32> {
    let mut reader = BufReader::new(File::open(path)?);
    let container = recognise(reader.fill_buf()?);
    // Its decoder turns the picture itself.
    let is_turned = matches!(container, Ok(FileFormat::Heif(_)) | Err(_));
    Ok(if is_turned { 1 } else { exif::read(&mut reader, "").1 })
}

/// Reads a photo.
///
/// # Errors
/// A file that is no whole, readable picture within `limits`. A panic inside a decoder counts as a damaged file.
pub(crate) fn decode(path: &Path, scale: DecodeScale, limits: &DecodeLimits) -> Result<Photo, DecodeError> {
    // Opening a pipe would wait for somebody to write into it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(DecodeError::NotAFile);
    }
    let mut reader = BufReader::new(File::open(path)?);
    let container = recognise(reader.fill_buf()?)?;
    let bytes = read_all(&mut reader, limits.max_bytes())?;
    let decoded = catch_unwind(AssertUnwindSafe(|| decode_as(container, &bytes, scale, limits)));
    decoded.unwrap_or_else(|_| {
        Err(DecodeError::Damaged { format: container.name(), reason: "the decoder gave up".to_owned() })
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFormat {
    Jpeg,
    Heif(&'static str),
    Other(ImageFormat, &'static str),
}

impl FileFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Heif(name) | Self::Other(_, name) => name,
        }
    }
}

fn recognise(start: &[u8]) -> Result<FileFormat, DecodeError> {
    if start.is_empty() {
        return Err(DecodeError::Empty);
    }
    if let Some(name) = heif::recognise(start) {
        return Ok(FileFormat::Heif(name));
    }
    match ::image::guess_format(start) {
        Ok(ImageFormat::Jpeg) => Ok(FileFormat::Jpeg),
        Ok(format @ ImageFormat::Png) => Ok(FileFormat::Other(format, "PNG")),
        Ok(format @ ImageFormat::WebP) => Ok(FileFormat::Other(format, "WebP")),
        Ok(format @ ImageFormat::Tiff) => Ok(FileFormat::Other(format, "TIFF")),
        Ok(format @ ImageFormat::Bmp) => Ok(FileFormat::Other(format, "BMP")),
        Ok(format @ ImageFormat::Gif) => Ok(FileFormat::Other(format, "GIF")),
        _ => Err(DecodeError::NotAPicture),
    }
}

fn decode_as(
    container: FileFormat,
    bytes: &[u8],
    scale: DecodeScale,
    limits: &DecodeLimits,
) -> Result<Photo, DecodeError> {
    let stored = match container {
        FileFormat::Jpeg => jpeg::decode(bytes, scale, limits)?,
        FileFormat::Heif(name) => heif::decode(bytes, name, limits)?,
        FileFormat::Other(format, name) => decode_other(bytes, format, name, limits)?,
    };
    let (meta, orientation) = exif::read(&mut Cursor::new(bytes), container.name());
    // libheif turns the picture upright itself.
    let orientation = if matches!(container, FileFormat::Heif(_)) { 1 } else { orientation };
    let (width, height) = stored.size;
    let full_size = if orientation >= 5 { (height, width) } else { (width, height) };
    Ok(Photo { pixels: upright(stored.pixels, orientation), full_size, meta })
}

fn read_all(reader: &mut impl Read, max_bytes: u64) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::new();
    reader.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(DecodeError::TooLong { max_bytes });
    }
    Ok(bytes)
}

fn decode_other(
    bytes: &[u8],
    format: ImageFormat,
    name: &'static str,
    limits: &DecodeLimits,
) -> Result<Stored, DecodeError> {
    let (width, height) = header::dimensions(bytes, format)?;
    limits.check(width, height)?;
    // Has a memory limit of its own, for files whose parts contradict their header.
    let picture = ::image::load_from_memory_with_format(bytes, format);
    let pixels = over_white(picture.map_err(|error| DecodeError::from_image(error, name))?);
    let size = pixels.dimensions();
    Ok(Stored { pixels, size })
}

/// Undoes the EXIF orientation 1…8 (EXIF 2.32, table 6: where row 0 and column 0 of the stored picture belong).
fn upright(pixels: RgbImage, orientation: u32) -> RgbImage {
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
