//! What decoding a file takes in memory, before it is decoded: from width and height where the first bytes of the file tell
//! them.

use ::image::ImageFormat;

use super::decoder::DecodeScale;
use super::kind::{FileKind, PictureFormat, kind_of};
use super::{header, heif, jpeg, jxl};

/// So much of a file tells it: cameras put EXIF with a small picture and profiles before the width and height.
pub(super) const FIRST_BYTES: u64 = 1 << 18;
/// As a picture is stored, mostly in four bytes, and in three.
const PIXEL: u64 = 7;
/// Planes of two bytes, three of them at most, and three bytes.
const HEIF_PIXEL: u64 = 9;
/// Four floats, as much again while a frame is put together, and three bytes.
const JXL_PIXEL: u64 = 35;

/// For the first bytes of a file.
pub(super) fn decoding_takes(bytes: &[u8], scale: DecodeScale) -> Option<u64> {
    let FileKind::Read(format) = kind_of(bytes) else { return None };
    let of_pixels = |(width, height): (u32, u32), pixel: u64| (u64::from(width) * u64::from(height)).checked_mul(pixel);
    let other = |format| of_pixels(header::dimensions(bytes, format).ok()?, PIXEL);
    match format {
        PictureFormat::Jpeg => jpeg::decoding_takes(bytes, scale),
        PictureFormat::Heif(_) => of_pixels(heif::dimensions(bytes)?, HEIF_PIXEL),
        PictureFormat::JpegXl => of_pixels(jxl::dimensions(bytes)?, JXL_PIXEL),
        PictureFormat::Png => other(ImageFormat::Png),
        PictureFormat::WebP => other(ImageFormat::WebP),
        PictureFormat::Bmp => other(ImageFormat::Bmp),
        PictureFormat::Gif => other(ImageFormat::Gif),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKING: DecodeScale = DecodeScale::LongSideAtLeast(1000);

    fn takes(bytes: &[u8]) -> Option<u64> {
        decoding_takes(bytes, WORKING)
    }

    /// Start and frame header: all that a picture's beginning has to hold.
    fn jpeg(marker: u8, side: u16) -> Vec<u8> {
        let [high, low] = side.to_be_bytes();
        let frame = [0xff, marker, 0, 17, 8, high, low, high, low, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
        [&[0xff, 0xd8][..], &frame].concat()
    }

    #[test]
    fn a_jpeg_takes_what_is_made_of_it_and_of_a_progressive_one_all_coefficients_wait() {
        let (small, large) = (takes(&jpeg(0xc0, 1000)).unwrap(), takes(&jpeg(0xc0, 8000)).unwrap());
        assert_eq!(large, small / 2, "an eighth is made, without keeping a coefficient");
        let progressive = takes(&jpeg(0xc2, 8000)).unwrap();
        assert!(progressive >= 6 * 8000 * 8000, "{progressive}");
    }

    #[test]
    fn heic_and_jpeg_xl_tell_their_size_whatever_their_files_length() {
        let lossy = include_bytes!("../../../tests/fixtures/image/jxl/lossy.jxl");
        let same = include_bytes!("../../../tests/fixtures/image/jxl/lossy.png");
        let (width, height) = ::image::load_from_memory(same).unwrap().into_rgb8().dimensions();
        assert_eq!(takes(heif::tests::build::HEIC), Some(96 * 64 * HEIF_PIXEL));
        assert_eq!(takes(lossy), Some(u64::from(width) * u64::from(height) * JXL_PIXEL));
        assert_eq!(takes(&lossy[..1000]), takes(lossy), "from its beginning");
        assert_eq!(takes(b"no picture"), None);
    }
}
