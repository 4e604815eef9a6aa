//! Damaged files: what may be shown of them, and that nothing worse comes of thousands of them.

use std::time::Instant;

use super::*;
use crate::faces::image::heif::tests::build::{AVIF, CLEAR_HEIC, HEIC, HeifBuilder};

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

/// A few bytes of a file overwritten, or a piece of it taken out or said twice.
fn mutated(bytes: &[u8], random: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random(4) {
        let reach = 1 << (4 + random(12));
        let at = random(bytes.len().min(reach));
        match random(6) {
            0 => bytes[at] ^= 1 << random(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)],
            2 => bytes.truncate(at.max(16)),
            3 => drop(bytes.drain(at..(at + random(9)).min(bytes.len()))),
            4 => {
                let end = (at + random(40)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = random(256) as u8),
        }
    }
    bytes
}

/// `LIKENESS_MUTATIONS=10000 cargo test --release mutated_files -- --nocapture` is the long form, which holds the peak of
/// memory, too: an ordinary run has other tests beside it.
#[test]
fn mutated_files_do_no_harm() {
    let asked = std::env::var("LIKENESS_MUTATIONS").ok().and_then(|rounds| rounds.parse().ok());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let (_folder, path) = on_disk("photo.bin", b"");
    for (name, file) in files() {
        fs::write(&path, &file).unwrap();
        assert!(decode(&path, DecodeScale::Full, &DecodeLimits::default()).is_ok(), "{name} is none to begin with");
        let (mut slowest, mut used) = (0.0_f64, 0);
        for round in 0..asked.unwrap_or(40) {
            let bytes = mutated(&file, &mut random);
            fs::write(&path, &bytes).unwrap();
            let took = look_at(&path, &mut used);
            if asked.is_some() && (took > MOST_SECS || peak_mib() > MOST_MIB) {
                let kept = std::env::temp_dir().join("mutated.bin");
                fs::write(&kept, bytes).unwrap();
                panic!("{name}, file {round}, kept as {}: {took:.1} s, {} MiB", kept.display(), peak_mib());
            }
            slowest = slowest.max(took);
        }
        println!("{name}: slowest {slowest:.3} s, {used} of them read, at most {} MiB", peak_mib());
    }
}

const MOST_SECS: f64 = 1.0;
const MOST_MIB: u64 = 512;

/// What all threads of this process have computed so far, in seconds; by the clock where the system does not say.
fn computed_secs(begin: Instant) -> f64 {
    const TICKS_A_SEC: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    ticks(11).zip(ticks(12)).map_or(begin.elapsed().as_secs_f64(), |(user, system)| (user + system) / TICKS_A_SEC)
}

/// All that a scan and the window do with a file; how long it took.
fn look_at(path: &Path, used: &mut u32) -> f64 {
    let begin = Instant::now();
    let start = computed_secs(begin);
    let limits = DecodeLimits::default();
    match decode(path, DecodeScale::LongSideAtLeast(32), &limits) {
        Ok(_) => *used += 1,
        Err(_) => drop(decode_what_there_is(path, &limits)),
    }
    crate::faces::image::picture_hash_of_file(path).unwrap();
    orientation_of_file(path).unwrap();
    computed_secs(begin) - start
}

/// The most memory that this process ever held; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0) / 1024
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
