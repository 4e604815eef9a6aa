//! What each format says about its picture: its block of EXIF, how it is turned, and what else the file holds.
//!
//! Programs disagree about the letters `Exif` before a block: JPEG has them, the chunks of PNG and WebP should not, and
//! often do.

use std::io::Cursor;

use super::exif::{self, PhotoMeta};
use super::ifd::{Directory, TiffFile};
use super::kind::PictureFormat;
use super::{jpeg, jxl, pnm, profile};

/// The metadata of a file, and the orientation that is still to be applied.
pub(super) fn of_file(bytes: &[u8], format: PictureFormat) -> (PhotoMeta, u32) {
    let (meta, orientation) = match format {
        PictureFormat::Jpeg => of_block(jpeg::exif(bytes)),
        PictureFormat::WebP => of_block(profile::webp_chunk(bytes, b"EXIF")),
        PictureFormat::Png => of_block(profile::png_chunk(bytes, b"eXIf")),
        // Its decoder turns the picture itself, as the container says.
        PictureFormat::JpegXl => (of_block(jxl::exif(bytes).as_deref()).0, 1),
        PictureFormat::Tiff => of_tiff(bytes),
        _ => exif::read(&mut Cursor::new(bytes), ""),
    };
    let further_pages = match format {
        PictureFormat::Tiff => further_pages(bytes),
        PictureFormat::Pnm => pnm::further_pages(bytes),
        _ => 0,
    };
    (PhotoMeta { format: format.name().to_owned(), further_pages, ..meta }, orientation)
}

fn of_block(block: Option<&[u8]>) -> (PhotoMeta, u32) {
    let block = block.unwrap_or_default();
    exif::read(&mut Cursor::new(block.strip_prefix(b"Exif\0\0").unwrap_or(block)), "")
}

/// The reader of EXIF does not know BigTIFF; of that, how it is turned is enough.
fn of_tiff(bytes: &[u8]) -> (PhotoMeta, u32) {
    const ORIENTATION: u16 = 274;
    match TiffFile::open(bytes).filter(TiffFile::is_big) {
        Some(file) => {
            let value = file.first().and_then(|first| first.number(ORIENTATION));
            let orientation = value.filter(|value| (1..=8).contains(value)).unwrap_or(1);
            (PhotoMeta::default(), orientation as u32)
        }
        None => exif::read(&mut Cursor::new(bytes), ""),
    }
}

/// Directories with a picture of their own; smaller versions of the first one do not count (NewSubfileType, bit 0).
fn further_pages(bytes: &[u8]) -> u32 {
    const NEW_SUBFILE_TYPE: u16 = 254;
    const WIDTH: u16 = 256;
    let chain = TiffFile::open(bytes).map(|file| file.chain()).unwrap_or_default();
    let is_page =
        |page: &&Directory<'_>| page.number(NEW_SUBFILE_TYPE).unwrap_or(0) & 1 == 0 && page.number(WIDTH).is_some();
    chain.get(1..).unwrap_or_default().iter().filter(is_page).count() as u32
}
