//! Against libjxl's `djxl`; the fixtures and their script are in `tests/fixtures/image`.

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        &include_bytes!(concat!("../../../../tests/fixtures/image/jxl/", $name))[..]
    };
}

fn full(bytes: &[u8]) -> Result<Stored, DecodeError> {
    decode(bytes, &DecodeLimits::default())
}

#[test]
fn pixels_are_those_of_libjxl() {
    for (name, file, png, most) in [
        ("lossless", fixture!("lossless.jxl"), fixture!("lossless.png"), 0),
        ("grey", fixture!("grey.jxl"), fixture!("grey.png"), 0),
        ("lossy", fixture!("lossy.jxl"), fixture!("lossy.png"), 2),
        ("from a JPEG", fixture!("from-jpeg.jxl"), fixture!("from-jpeg.png"), 2),
        ("turned", fixture!("turned.jxl"), fixture!("turned.png"), 2),
    ] {
        let expected = ::image::load_from_memory(png).unwrap().into_rgb8();
        let found = full(file).unwrap_or_else(|error| panic!("{name}: {error}")).pixels;
        let worst = found.as_raw().iter().zip(expected.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert_eq!(found.dimensions(), expected.dimensions(), "{name}");
        assert!(worst <= most, "{name}: {worst}");
    }
}

#[test]
fn turned_once_and_by_the_codestream() {
    let stored = full(fixture!("turned.jxl")).unwrap();
    assert_eq!(stored.size, (45, 61));
    let block = exif(fixture!("turned.jxl")).unwrap();
    assert!(block.windows(6).any(|window| window == b"Canon\0"), "the packed block");
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for file in [fixture!("lossless.jxl"), fixture!("lossy.jxl"), fixture!("turned.jxl")] {
        for percent in [1, 5, 20, 50, 80, 97] {
            let outcome = full(&file[..file.len() * percent / 100]);
            assert!(outcome.is_err(), "cut after {percent} %");
        }
    }
}

#[test]
fn bombs_are_refused_by_their_header() {
    let outcome = decode(fixture!("lossless.jxl"), &DecodeLimits { max_pixels: 999 });
    assert!(matches!(outcome, Err(DecodeError::TooManyPixels { width: 61, height: 45, .. })));
}
