//! Damaged files: what may be shown of them, and that nothing worse comes of thousands of them.

use std::time::Instant;

use super::*;

fn shown(bytes: &[u8]) -> Result<DamagedPicture, DecodeError> {
    let (_folder, path) = on_disk("photo.bin", bytes);
    decode_what_there_is(&path, &DecodeLimits::default())
}

#[test]
fn what_there_is_of_a_cut_file_is_shown_upright() {
    let noise = |x: u32, y: u32| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x ^ y) as u8]);
    let picture = RgbImage::from_fn(64, 64, noise);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Bmp] {
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

/// `LIKENESS_MUTATIONS=10000 cargo test --release mutated_files` takes longer.
#[test]
fn mutated_files_do_no_harm() {
    let rounds = std::env::var("LIKENESS_MUTATIONS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(60);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let (_folder, path) = on_disk("photo.bin", b"");
    let mut slowest = 0.0_f64;
    for (name, file) in files() {
        let start = Instant::now();
        assert!(decode_bytes(&file, DecodeScale::Full).is_ok(), "{name} is none to begin with");
        let sound = start.elapsed().as_secs_f64();
        for _ in 0..rounds {
            fs::write(&path, mutated(&file, &mut random)).unwrap();
            let start = Instant::now();
            let outcome = decode(&path, DecodeScale::LongSideAtLeast(32), &DecodeLimits::default());
            if outcome.is_err() {
                drop(decode_what_there_is(&path, &DecodeLimits { max_pixels: 20_000_000 }));
            }
            crate::faces::image::picture_hash_of_file(&path).unwrap();
            slowest = slowest.max(start.elapsed().as_secs_f64() - sound);
        }
    }
    println!("the slowest took {slowest:.3} s");
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
        ("raw", crate::faces::image::raw::tests::nikon()),
        ("CR3", crate::faces::image::raw::tests::canon()),
    ]
}
