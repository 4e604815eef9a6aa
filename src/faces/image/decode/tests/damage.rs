//! Damaged files: what may be shown of them, and that nothing worse comes of thousands of them.

use super::*;
use crate::faces::image::heif::tests::build::{AVIF, CLEAR_HEIC, HEIC, HeifBuilder};
use crate::types::mutation::{Work, changed, mutations, peak_kib};

fn shown(bytes: &[u8]) -> Result<DamagedPicture, DecodeError> {
    let (_folder, path) = on_disk("photo.bin", bytes);
    decode_what_there_is(&path, &DecodeLimits::default())
}

#[test]
fn what_there_is_of_a_cut_file_is_shown_upright() {
    let noise = |x: u32, y: u32| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x ^ y) as u8]);
    let picture = RgbImage::from_fn(64, 64, noise);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = encode(&picture.clone().into(), format);
        let cut = &whole[..whole.len() * 7 / 10];
        assert!(decode_bytes(cut, DecodeScale::Full).is_err(), "{format:?}");
        assert_eq!(shown(cut).unwrap().thumbnail(64).dimensions(), (64, 64), "{format:?}");
    }
    let turned = jpeg_with_exif(&quarters(64, 48), &oriented(6));
    let shown = shown(&turned[..turned.len() - 20]).unwrap();
    assert_eq!(shown.thumbnail(64).dimensions(), (48, 64));
    assert_eq!(shown.thumbnail(32).dimensions(), (24, 32));
}

/// Its frame is 60,000 pixels wide and high, the picture 64 and 48.
#[test]
fn a_frame_larger_than_its_picture_takes_no_memory() {
    let mut gif = encode(&quarters(64, 48).into(), ImageFormat::Gif);
    let frame = gif.windows(9).position(|window| window == [0x2c, 0, 0, 0, 0, 64, 0, 48, 0]).unwrap();
    gif[frame + 5..frame + 9].copy_from_slice(&[0x60, 0xea, 0x60, 0xea]);
    assert!(decode_bytes(&gif, DecodeScale::Full).is_err());
    // Other tests of this process take memory meanwhile; the frame would take 3,900.
    let before = peak_mib();
    drop(shown(&gif));
    assert!(peak_mib() < before + 3000, "{} MiB", peak_mib());
}

#[test]
fn a_png_without_its_end_is_whole() {
    let png = encode(&quarters(64, 48).into(), ImageFormat::Png);
    let photo = decode_bytes(&png[..png.len() - 12], DecodeScale::Full).unwrap();
    assert_eq!(letters(&photo.pixels), "rgbw");
}

#[test]
fn a_cut_file_is_told_as_one_in_every_format() {
    let noise = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x ^ y) as u8]));
    for format in [ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Bmp] {
        let whole = encode(&noise.clone().into(), format);
        let outcome = decode_bytes(&whole[..whole.len() / 2], DecodeScale::Full);
        assert!(matches!(outcome, Err(DecodeError::Truncated)), "{format:?}");
    }
}

/// Phones put a photo together from tiles, and tiles do not need each other.
#[test]
fn the_tiles_that_there_are_of_a_cut_heic_are_shown() {
    let mut file = turned_grid();
    let whole = file.bytes();
    file.items_mut(4).1.truncate(40);
    let cut = file.bytes();
    assert!(decode_bytes(&cut, DecodeScale::Full).is_err());
    let shown = shown(&cut).unwrap().thumbnail(180);
    assert_eq!(shown.dimensions(), (120, 180), "turned as the container says");
    let whole = decode_bytes(&whole, DecodeScale::Full).unwrap().pixels;
    // Turned by a quarter: the first tile is at the top right, the last one at the bottom left.
    assert_eq!(shown.get_pixel(100, 20), whole.get_pixel(100, 20));
    assert_eq!(shown.get_pixel(10, 170).0, [128; 3], "the last one is missing");
}

/// A file of a few bytes that says to be large is not worth the memory.
#[test]
fn what_there_is_stands_in_proportion_to_the_file() {
    let mut bytes = b"P6 14000 14000 255\n".to_vec();
    bytes.extend([9; 4096]);
    assert!(matches!(shown(&bytes), Err(DecodeError::TooManyPixels { .. })));
}

const MOST_KIB: u64 = 512 << 10;
/// Of markers, boxes and chunks.
const LOUD: &[u8] = &[0, 1, 0x7f, 0x80, 0xff, 0xd8, 0xd9, 0xda, b'I', b'M', b' ', b'9'];

/// `LIKENESS_MUTATIONS=10000 cargo test --release mutated -- --test-threads=1 --nocapture` is the long form.
#[test]
fn mutated_files_do_no_harm() {
    let (_folder, path) = on_disk("photo.bin", b"");
    for (name, file) in files() {
        fs::write(&path, &file).unwrap();
        assert!(decode(&path, DecodeScale::Full, &DecodeLimits::default()).is_ok(), "{name} is none to begin with");
        let mut used = 0;
        mutations(name, 40, MOST_KIB, Work::OfAllThreads, |random| {
            fs::write(&path, changed(&file, LOUD, random)).unwrap();
            used += usize::from(look_at(&path));
        });
        println!("{name}: {used} of them read");
    }
}

/// Whole files around blocks that are none: their lengths are right, so that the block itself is read.
#[test]
fn mutated_exif_blocks_do_no_harm() {
    let (_folder, path) = on_disk("photo.bin", b"");
    let picture = quarters(16, 16);
    let block = exif_block(&[
        field(Tag::Orientation, Value::Short(vec![6])),
        field(Tag::Model, Value::Ascii(vec![b"Camera".to_vec()])),
        field(Tag::DateTimeOriginal, Value::Ascii(vec![b"2024:05:06 07:08:09".to_vec()])),
        field(Tag::GPSLatitude, Value::Rational(vec![Rational { num: 52, denom: 1 }; 3])),
    ]);
    let (mut all, mut used) = (0, 0);
    mutations("EXIF block", 200, MOST_KIB, Work::OfAllThreads, |random| {
        let mut block = changed(&block, LOUD, random);
        block.truncate(60_000);
        fs::write(&path, jpeg_with_exif(&picture, &block)).unwrap();
        (all, used) = (all + 1, used + usize::from(look_at(&path)));
    });
    assert!(used * 2 > all, "the picture itself is whole, but {used} of {all} were read");
}

/// All that a scan and the window do with a file; whether it is a photo.
fn look_at(path: &Path) -> bool {
    let limits = DecodeLimits::default();
    let photo = decode(path, DecodeScale::LongSideAtLeast(32), &limits);
    if photo.is_err() {
        drop(decode_what_there_is(path, &limits));
    }
    crate::faces::image::picture_hash_of_file(path).unwrap();
    orientation_of_file(path).unwrap();
    photo.is_ok()
}

/// The most memory that this process ever held; 0 where the system does not say.
fn peak_mib() -> u64 {
    peak_kib() / 1024
}

/// Of four tiles, as phones write it, with a block of EXIF.
fn turned_grid() -> HeifBuilder {
    let mut file = HeifBuilder::default();
    let turn = file.property(b"irot", &[3]);
    let tiles: Vec<u16> = (0..4).map(|_| file.coded(HEIC, &[])).collect();
    file.grid(2, &tiles, (180, 120), &[turn]);
    file.exif(6);
    file
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    macro_rules! fixture {
        ($name:literal) => {
            ($name, include_bytes!(concat!("../../../../../tests/fixtures/image/", $name)).to_vec())
        };
    }
    let picture = quarters(64, 48);
    let p3 = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let png = encode(&picture.clone().into(), ImageFormat::Png);
    let mut packed = flate2::write::ZlibEncoder::new(b"name\0\0".to_vec(), flate2::Compression::none());
    std::io::Write::write_all(&mut packed, &p3).unwrap();
    let mut chunk = b"iCCP".to_vec();
    chunk.extend(packed.finish().unwrap());
    let mut crc = flate2::Crc::new();
    crc.update(&chunk);
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    let with_profile = [&png[..33], &length, &chunk, &crc.sum().to_be_bytes(), &png[33..]].concat();
    vec![
        fixture!("libjpeg/progressive.jpg"),
        fixture!("libjpeg/restart.jpg"),
        fixture!("cmyk.jpg"),
        fixture!("jxl/lossy.jxl"),
        fixture!("jxl/lossless.jxl"),
        fixture!("jxl/turned.jxl"),
        ("EXIF", jpeg_with_exif(&picture, &oriented(6))),
        ("profile", with_profile),
        ("TIFF", tiff_by_hand(&picture, 6)),
        ("WebP", webp_with_exif(&picture, &oriented(8))),
        ("packed PNM", [b"P6 16 16 255\n".to_vec(), vec![77; 768]].concat()),
        ("plain PNM", [b"P2 16 16 255\n".to_vec(), b"77 ".repeat(256)].concat()),
        ("GIF", encode(&picture.clone().into(), ImageFormat::Gif)),
        ("BMP", encode(&picture.clone().into(), ImageFormat::Bmp)),
        ("HEIC", HEIC.to_vec()),
        ("HEIC with alpha", CLEAR_HEIC.to_vec()),
        ("AVIF", AVIF.to_vec()),
        ("a turned grid", turned_grid().bytes()),
        ("raw", crate::faces::image::raw::tests::nikon()),
        ("CR3", crate::faces::image::raw::tests::canon()),
    ]
}
