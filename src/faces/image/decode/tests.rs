use std::fs;
use std::io::Cursor;

use ::exif::{Field, In, Rational, Tag, Value};
use ::image::{DynamicImage, Luma, Rgb, Rgba, RgbaImage};

use super::*;
use crate::faces::image::damaged::DamagedPicture;
use crate::faces::image::heif::tests::build::letters;
use crate::faces::image::{ProfileUse, decode_what_there_is, resize};

mod damage;
mod kinds;

const ORIENTATIONS: std::ops::RangeInclusive<u16> = 1..=8;

/// A folder of its own and a file in it.
fn on_disk(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn decode_bytes(bytes: &[u8], scale: DecodeScale) -> Result<Photo, DecodeError> {
    let (_folder, path) = on_disk("photo.bin", bytes);
    decode(&path, scale, &DecodeLimits::default())
}

fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Four flat quarters of a picture that is wider than tall: red, green / blue, white.
fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb([250, 5, 5]),
        (false, true) => Rgb([5, 250, 5]),
        (true, false) => Rgb([5, 5, 250]),
        (false, false) => Rgb([250, 250, 250]),
    })
}

fn exif_block(fields: &[Field]) -> Vec<u8> {
    let mut writer = ::exif::experimental::Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    block.into_inner()
}

fn field(tag: Tag, value: Value) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value }
}

fn oriented(orientation: u16) -> Vec<u8> {
    exif_block(&[field(Tag::Orientation, Value::Short(vec![orientation]))])
}

/// Puts the block behind the start marker.
fn jpeg_with_exif(picture: &RgbImage, block: &[u8]) -> Vec<u8> {
    let plain = encode(&picture.clone().into(), ImageFormat::Jpeg);
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend((block.len() as u16 + 8).to_be_bytes());
    bytes.extend(b"Exif\0\0");
    bytes.extend(block);
    bytes.extend(&plain[2..]);
    bytes
}

/// Puts an eXIf chunk behind the header chunk.
fn png_with_exif(picture: &RgbImage, block: &[u8]) -> Vec<u8> {
    let plain = encode(&picture.clone().into(), ImageFormat::Png);
    let mut body = b"eXIf".to_vec();
    body.extend(block);
    let mut crc = flate2::Crc::new();
    crc.update(&body);
    let mut bytes = plain[..33].to_vec();
    bytes.extend((block.len() as u32).to_be_bytes());
    bytes.extend(body);
    bytes.extend(crc.sum().to_be_bytes());
    bytes.extend(&plain[33..]);
    bytes
}

/// The colour of the stored top left, top right, bottom left and bottom right quarter after turning upright: EXIF 2.32
/// says for each value which side of the upright picture row 0 and column 0 are.
fn expected_letters(orientation: u16) -> &'static str {
    match orientation {
        1 => "rgbw", // row 0 top, column 0 left
        2 => "grwb", // top, right
        3 => "wbgr", // bottom, right
        4 => "bwrg", // bottom, left
        5 => "rbgw", // row 0 left, column 0 top
        6 => "brwg", // row 0 right, column 0 top
        7 => "wgbr", // row 0 right, column 0 bottom
        8 => "gwrb", // row 0 left, column 0 bottom
        _ => unreachable!(),
    }
}

fn check_upright(bytes: &[u8], orientation: u16, scale: DecodeScale, expect_size: (u32, u32)) {
    let photo = decode_bytes(bytes, scale).unwrap();
    assert_eq!(letters(&photo.pixels), expected_letters(orientation), "orientation {orientation}");
    let (width, height) = if orientation >= 5 { (48, 64) } else { (64, 48) };
    assert_eq!(photo.full_size, (width, height));
    let turned = if orientation >= 5 { (expect_size.1, expect_size.0) } else { expect_size };
    assert_eq!(photo.pixels.dimensions(), turned, "orientation {orientation}");
}

#[test]
fn every_orientation_is_applied_once() {
    let picture = quarters(64, 48);
    for orientation in ORIENTATIONS {
        let block = oriented(orientation);
        let jpeg = jpeg_with_exif(&picture, &block);
        check_upright(&jpeg, orientation, DecodeScale::Full, (64, 48));
        check_upright(&jpeg, orientation, DecodeScale::LongSideAtLeast(32), (32, 24));
        check_upright(&png_with_exif(&picture, &block), orientation, DecodeScale::Full, (64, 48));
    }
}

/// Programs add segments, forget the letters' last zero, or leave an empty block behind.
#[test]
fn the_orientation_is_found_among_other_segments() {
    let picture = quarters(64, 48);
    let plain = jpeg_with_exif(&picture, &oriented(6));
    let segment = |content: &[u8]| [&[0xff, 0xe1][..], &(content.len() as u16 + 2).to_be_bytes(), content].concat();
    let after_start = |more: &[u8]| [&plain[..2], more, &plain[2..]].concat();
    check_upright(&after_start(&segment(b"Exif\0\0")), 6, DecodeScale::Full, (64, 48));
    check_upright(&after_start(&segment(b"http://ns.adobe.com/xap/1.0/\0<x/>")), 6, DecodeScale::Full, (64, 48));
    check_upright(&after_start(b"rubbish"), 6, DecodeScale::Full, (64, 48));
    let mut other_letters = plain.clone();
    let letters_at = plain.windows(4).position(|window| window == b"Exif").unwrap();
    other_letters[letters_at + 5] = 0xff;
    check_upright(&other_letters, 6, DecodeScale::Full, (64, 48));
    let (_folder, path) = on_disk("photo.jpg", &other_letters);
    assert_eq!(orientation_of_file(&path).unwrap(), 6);
}

#[test]
fn tiff_and_webp_orientation_too() {
    let picture = quarters(64, 48);
    let tiff = tiff_by_hand(&picture, 6);
    check_upright(&tiff, 6, DecodeScale::Full, (64, 48));
    let webp = webp_with_exif(&picture, &oriented(8));
    check_upright(&webp, 8, DecodeScale::Full, (64, 48));
}

/// An uncompressed little-endian RGB TIFF of one strip.
fn tiff_by_hand(picture: &RgbImage, orientation: u16) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let pixels = picture.as_raw();
    let strip_at = 8 + 2 + 10 * 12 + 4 + 6;
    let mut bytes = b"II\x2a\0\x08\0\0\0\x0a\0".to_vec();
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    };
    entry(256, 4, 1, width);
    entry(257, 4, 1, height);
    entry(258, 3, 3, strip_at - 6);
    entry(259, 3, 1, 1);
    entry(262, 3, 1, 2);
    entry(273, 4, 1, strip_at);
    entry(274, 3, 1, u32::from(orientation));
    entry(277, 3, 1, 3);
    entry(278, 4, 1, height);
    entry(279, 4, 1, pixels.len() as u32);
    bytes.extend([0; 4]);
    bytes.extend([8, 0, 8, 0, 8, 0]);
    bytes.extend(pixels);
    bytes
}

/// Wraps the simple lossless file of the encoder into the extended format (VP8X, VP8L, EXIF chunks).
fn webp_with_exif(picture: &RgbImage, block: &[u8]) -> Vec<u8> {
    let plain = encode(&picture.clone().into(), ImageFormat::WebP);
    let chunk = |name: &[u8; 4], body: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend((body.len() as u32).to_le_bytes());
        chunk.extend(body);
        chunk.extend(&[0][..body.len() % 2]);
        chunk
    };
    let at = plain.windows(4).position(|name| name == b"VP8L").unwrap();
    let length = u32::from_le_bytes(plain[at + 4..at + 8].try_into().unwrap()) as usize;
    let side = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let header = [vec![0x08, 0, 0, 0], side(picture.width()), side(picture.height())].concat();
    let image = chunk(b"VP8L", &plain[at + 8..at + 8 + length]);
    let body = [b"WEBP".to_vec(), chunk(b"VP8X", &header), image, chunk(b"EXIF", block)].concat();
    chunk(b"RIFF", &body)
}

#[test]
fn reads_what_the_camera_wrote() {
    let rational = |parts: [(u32, u32); 3]| {
        Value::Rational(parts.into_iter().map(|(num, denom)| Rational { num, denom }).collect())
    };
    let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let block = exif_block(&[
        field(Tag::Make, ascii("NIKON CORPORATION")),
        field(Tag::Model, ascii("NIKON D90")),
        field(Tag::DateTime, ascii("2020:01:01 00:00:00")),
        field(Tag::DateTimeOriginal, ascii("2015:06:01 17:45:03")),
        field(Tag::GPSLatitudeRef, ascii("S")),
        field(Tag::GPSLatitude, rational([(33, 1), (51, 1), (3600, 100)])),
        field(Tag::GPSLongitudeRef, ascii("E")),
        field(Tag::GPSLongitude, rational([(151, 1), (12, 1), (0, 0)])),
    ]);
    let meta = decode_bytes(&jpeg_with_exif(&quarters(16, 16), &block), DecodeScale::Full).unwrap().meta;
    assert_eq!(meta.captured_at.as_deref(), Some("2015-06-01T17:45:03"));
    assert_eq!(meta.camera.as_deref(), Some("NIKON D90"));
    assert_eq!(meta.format, "JPEG");
    let [latitude, longitude] = meta.gps.unwrap();
    assert!((latitude + 33.86).abs() < 1e-9 && (longitude - 151.2).abs() < 1e-9, "{latitude} {longitude}");
}

#[test]
fn every_format_by_content() {
    let picture = DynamicImage::from(quarters(32, 32));
    let formats =
        [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::Jpeg];
    for format in formats {
        let photo = decode_bytes(&encode(&picture, format), DecodeScale::Full).unwrap();
        assert_eq!(letters(&photo.pixels), "rgbw", "{format:?}");
        assert_eq!(photo.full_size, (32, 32));
        assert!(photo.meta.format.eq_ignore_ascii_case(&format!("{format:?}")));
        assert_eq!(photo.scale(), 1.0);
    }
}

#[test]
fn other_pixel_kinds_become_rgb() {
    let check = |picture: DynamicImage, expect: [u8; 3]| {
        let photo = decode_bytes(&encode(&picture, ImageFormat::Png), DecodeScale::Full).unwrap();
        assert_eq!(photo.pixels.get_pixel(0, 0).0, expect, "{:?}", picture.color());
    };
    check(::image::GrayImage::from_pixel(2, 2, Luma([77])).into(), [77; 3]);
    check(::image::ImageBuffer::from_pixel(2, 2, Luma([77_u16 * 257])).into(), [77; 3]);
    check(RgbaImage::from_pixel(2, 2, Rgba([200, 0, 100, 255])).into(), [200, 0, 100]);
    check(RgbaImage::from_pixel(2, 2, Rgba([200, 0, 100, 0])).into(), [255; 3]);
    check(RgbaImage::from_pixel(2, 2, Rgba([200, 0, 100, 51])).into(), [244, 204, 224]);
}

#[test]
fn a_cmyk_jpeg_has_the_colours_of_its_print() {
    let bytes = include_bytes!("../../../../tests/fixtures/image/cmyk.jpg");
    for scale in [DecodeScale::Full, DecodeScale::LongSideAtLeast(8)] {
        let photo = decode_bytes(bytes, scale).unwrap();
        assert_eq!(letters(&photo.pixels), "rgbw");
    }
}

#[test]
fn smaller_scales_keep_the_promise_and_the_place() {
    // 1203 × 801 is a multiple of no divisor. Column x holds x / 5, row y holds y / 4, rounded down.
    let ramp = RgbImage::from_fn(1203, 801, |x, y| Rgb([(x / 5) as u8, (y / 4) as u8, 128]));
    let mut jpeg = Vec::new();
    ::image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 97).encode_image(&ramp).unwrap();
    for (asked, long_side) in [(2000, 1203), (603, 1203), (602, 602), (400, 602), (301, 301), (151, 151), (10, 151)] {
        let photo = decode_bytes(&jpeg, DecodeScale::LongSideAtLeast(asked)).unwrap();
        assert_eq!(photo.pixels.width(), long_side, "asked for {asked}");
        assert_eq!(photo.full_size, (1203, 801));
        let (column_drift, row_drift) = drift(&photo, |x| x / 5.0 - 0.5, |y| y / 4.0 - 0.5);
        // In pixels of the smaller picture; a last column that lies partly outside the photo would cost 0.45 of an
        // eighth. Colour rounding alone is worth up to 0.8 pixels of the full photo.
        let drift = [column_drift * 5.0 * photo.scale(), row_drift * 4.0 * photo.scale()];
        let rounding = 0.8 * photo.scale();
        assert!(drift[0] < rounding.max(0.35) && drift[1] < rounding.max(0.5), "{asked}: {drift:?}");
    }
    let eighth = decode_bytes(&jpeg, DecodeScale::LongSideAtLeast(150)).unwrap().pixels;
    let slow = resize(&ramp, eighth.width(), eighth.height());
    let worst = eighth.as_raw().iter().zip(slow.as_raw()).map(|(&a, &b)| a.abs_diff(b)).max().unwrap();
    assert!(worst <= 6, "an eighth by DCT and by averaging differ by {worst}");
}

/// How much more the first two channels differ near the right and the lower edge from what the full photo holds there
/// than they do near the left and the upper edge (the decoder rounds all of an eighth down a little).
fn drift(photo: &Photo, column_value: impl Fn(f32) -> f32 + Copy, row_value: impl Fn(f32) -> f32 + Copy) -> (f32, f32) {
    let (near, far) = (
        difference(photo, 0.05..0.25, column_value, row_value),
        difference(photo, 0.75..0.95, column_value, row_value),
    );
    ((far.0 - near.0).abs(), (far.1 - near.1).abs())
}

fn difference(
    photo: &Photo,
    part: std::ops::Range<f32>,
    column_value: impl Fn(f32) -> f32,
    row_value: impl Fn(f32) -> f32,
) -> (f32, f32) {
    let (width, height) = photo.pixels.dimensions();
    let (mut columns, mut rows, mut count) = (0.0, 0.0, 0.0);
    for (x, y, pixel) in photo.pixels.enumerate_pixels() {
        if part.contains(&(x as f32 / width as f32)) && part.contains(&(y as f32 / height as f32)) {
            columns += f32::from(pixel[0]) - column_value((x as f32 + 0.5) / photo.scale());
            rows += f32::from(pixel[1]) - row_value((y as f32 + 0.5) / photo.scale());
            count += 1.0;
        }
    }
    (columns / count, rows / count)
}

/// A PNG that says it has 60,000 × 60,000 pixels and holds a few bytes of data.
fn huge_png() -> Vec<u8> {
    let mut bytes = encode(&quarters(8, 8).into(), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    bytes
}

#[test]
fn bombs_are_refused_by_their_header() {
    let mut gif = encode(&quarters(8, 8).into(), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0x60, 0xea, 0x60, 0xea]);
    let mut tiff = tiff_by_hand(&quarters(8, 8), 1);
    tiff[18..20].copy_from_slice(&60_000_u16.to_le_bytes());
    tiff[30..32].copy_from_slice(&60_000_u16.to_le_bytes());
    // Rows of the one strip, else the header contradicts itself and is refused for that.
    tiff[114..116].copy_from_slice(&60_000_u16.to_le_bytes());
    let mut bmp = encode(&quarters(8, 8).into(), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&60_000_u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&60_000_u32.to_le_bytes());
    let mut jpeg = encode(&quarters(8, 8).into(), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    // The largest size that WebP can say is 16384 × 16384: 268 megapixels.
    let mut webp = webp_with_exif(&quarters(8, 8), &oriented(1));
    webp[24..30].copy_from_slice(&[0xff, 0x3f, 0, 0xff, 0x3f, 0]);
    for bytes in [huge_png(), gif, tiff, bmp, jpeg, webp] {
        let outcome = decode_bytes(&bytes, DecodeScale::LongSideAtLeast(640));
        assert!(matches!(outcome, Err(DecodeError::TooManyPixels { .. })), "{:?}", outcome.map(|photo| photo.meta));
    }
}

#[test]
fn the_budget_is_the_callers() {
    let (_folder, path) = on_disk("a.png", &encode(&quarters(100, 100).into(), ImageFormat::Png));
    let outcome = decode(&path, DecodeScale::Full, &DecodeLimits { max_pixels: 9_999 });
    assert!(matches!(outcome, Err(DecodeError::TooManyPixels { width: 100, height: 100, .. })));
    assert!(decode(&path, DecodeScale::Full, &DecodeLimits { max_pixels: 10_000 }).is_ok());
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let noise = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x ^ y) as u8]));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Bmp] {
        let whole = encode(&noise.clone().into(), format);
        assert!(decode_bytes(&whole, DecodeScale::Full).is_ok());
        for percent in [20, 50, 80, 97] {
            for scale in [DecodeScale::Full, DecodeScale::LongSideAtLeast(16)] {
                let outcome = decode_bytes(&whole[..whole.len() * percent / 100], scale);
                assert!(outcome.is_err(), "{format:?} cut after {percent}% gave a picture");
            }
        }
    }
}

#[test]
fn rubbish_is_named() {
    let check = |bytes: &[u8], expect: &str| {
        let error = decode_bytes(bytes, DecodeScale::Full).unwrap_err();
        assert_eq!(error.to_string(), expect);
    };
    check(b"", "the file is empty");
    check(b"Dear diary, this is no picture.", "the content is not a picture of a known format");
    check(&[0xff, 0xd8, 0xff], "the file ends in the middle of the picture");
    check(&huge_png(), "60000 × 60000 pixels are more than the limit of 200 megapixels");
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    check(heic, "the HEIC data is damaged: it names no primary picture");
    let folder = tempfile::tempdir().unwrap();
    let folder_as_photo = decode(folder.path(), DecodeScale::Full, &DecodeLimits::default());
    assert!(matches!(folder_as_photo, Err(DecodeError::NotAFile)));
    let missing = decode(&folder.path().join("missing.jpg"), DecodeScale::Full, &DecodeLimits::default());
    assert!(matches!(missing, Err(DecodeError::Unreadable(_))));
}

#[test]
fn names_of_photos() {
    for name in ["a.jpg", "b.JPEG", "c.Png", "照片.webp", "d.heic", "e.tif", "f.NEF", "g.jxl", "h.pgm", "i.mpo"] {
        assert!(is_photo_name(Path::new(name)), "{name}");
    }
    for name in ["a.txt", "jpg", ".jpg", "a.jpg.part", "b.mp4"] {
        assert!(!is_photo_name(Path::new(name)), "{name}");
    }
}

/// HEIC and AVIF: EXIF turns the picture where the container says nothing, and only there.
#[test]
fn a_heic_is_turned_once() {
    use crate::faces::image::heif::tests::build::{AVIF, HEIC, HeifBuilder};
    const TURNED: [&str; 8] = ["rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb"];
    for coded in [HEIC, AVIF] {
        for (orientation, expect) in ORIENTATIONS.zip(TURNED) {
            let mut file = HeifBuilder::default();
            file.coded(coded, &[]);
            file.exif(orientation as u8);
            let photo = decode_bytes(&file.bytes(), DecodeScale::Full).unwrap();
            assert_eq!(letters(&photo.pixels), expect, "{orientation}");
            assert_eq!(photo.full_size, photo.pixels.dimensions());
            let mut file = HeifBuilder::default();
            let turn = file.property(b"irot", &[3]);
            file.coded(coded, &[turn]);
            file.exif(orientation as u8);
            let photo = decode_bytes(&file.bytes(), DecodeScale::Full).unwrap();
            assert_eq!((letters(&photo.pixels).as_str(), photo.full_size), ("brwg", (64, 96)), "{orientation}");
        }
    }
}
