//! Files that are not quite right, against libjpeg-turbo's pixels; `tests/fixtures/image/make.py` makes them.

use super::super::decoder::{DecodeLimits, DecodeScale, Stored};
use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/image/", $name))
    };
}

fn full(bytes: &[u8]) -> Result<Stored, DecodeError> {
    decode(bytes, DecodeScale::Full, &DecodeLimits::default())
}

fn assert_pixels(name: &str, jpeg: &[u8], png: &[u8]) -> Stored {
    let expected = ::image::load_from_memory(png).unwrap().into_rgb8();
    let found = full(jpeg).unwrap_or_else(|error| panic!("{name}: {error}"));
    let different = found.pixels.as_raw().iter().zip(expected.as_raw()).filter(|(a, b)| a != b).count();
    assert_eq!((found.pixels.dimensions(), different), (expected.dimensions(), 0), "{name}");
    found
}

const KINDS: [(&str, &[u8], &[u8]); 5] = [
    ("sequential", fixture!("libjpeg/quarter.jpg"), fixture!("libjpeg/quarter.png")),
    ("progressive", fixture!("libjpeg/progressive.jpg"), fixture!("libjpeg/progressive.png")),
    ("restart", fixture!("libjpeg/restart.jpg"), fixture!("libjpeg/restart.png")),
    ("grey", fixture!("libjpeg/grey.jpg"), fixture!("libjpeg/grey.png")),
    ("full", fixture!("libjpeg/full.jpg"), fixture!("libjpeg/full.png")),
];

#[test]
fn a_picture_that_is_all_there_is_used() {
    for (name, jpeg, png) in KINDS {
        let open = &jpeg[..jpeg.len() - 2];
        assert_eq!(assert_pixels(name, open, png).lost, 0.0);
        assert_pixels(name, &[open, b"\0\0\0 a trailer, \xff\x00 and more"].concat(), png);
        assert_pixels(name, &[open, jpeg].concat(), png);
        assert_pixels(name, &[jpeg, jpeg].concat(), png);
        assert_pixels(name, &[open, &[7; 9], &jpeg[jpeg.len() - 2..]].concat(), png);
        let between = [&jpeg[..2], b"rubbish\xff\x00", &jpeg[2..]].concat();
        assert_pixels(name, &between, png);
        let open_and_small = decode(open, DecodeScale::LongSideAtLeast(16), &DecodeLimits::default()).unwrap();
        assert_eq!(open_and_small.size, (61, 45), "{name}");
    }
}

#[test]
fn strips_keep_their_place_as_in_libjpeg() {
    let cases: [(&str, &[u8], &[u8], f32); 7] = [
        ("missing", fixture!("damaged/missing.jpg"), fixture!("damaged/missing.png"), 0.25),
        ("missing-last", fixture!("damaged/missing-last.jpg"), fixture!("damaged/missing-last.png"), 0.25),
        ("twice", fixture!("damaged/twice.jpg"), fixture!("damaged/twice.png"), 0.25),
        ("early", fixture!("damaged/early.jpg"), fixture!("damaged/early.png"), 1.0 / 3.0),
        ("far", fixture!("damaged/far.jpg"), fixture!("damaged/far.png"), 0.0),
        ("strip-gone", fixture!("damaged/strip-gone.jpg"), fixture!("damaged/strip-gone.png"), 0.25),
        ("garbage", fixture!("damaged/garbage.jpg"), fixture!("damaged/garbage.png"), 0.0),
    ];
    for (name, jpeg, png, lost) in cases {
        let found = assert_pixels(name, jpeg, png);
        assert!((found.lost - lost).abs() < 1e-6, "{name}: {}", found.lost);
        // A smaller picture may not come from a decoder that puts the strips elsewhere.
        let small = decode(jpeg, DecodeScale::LongSideAtLeast(16), &DecodeLimits::default()).unwrap();
        assert!(lost == 0.0 || small.pixels == found.pixels, "{name}");
    }
}

/// Where libjpeg puts a strip into another's place, faces may be put together wrongly.
#[test]
fn strips_in_the_wrong_place_are_only_shown() {
    let (jpeg, png) = (fixture!("damaged/swapped.jpg"), fixture!("damaged/swapped.png"));
    for scale in [DecodeScale::Full, DecodeScale::LongSideAtLeast(16)] {
        assert!(matches!(decode(jpeg, scale, &DecodeLimits::default()), Err(DecodeError::Damaged { .. })));
    }
    let shown = decode_what_there_is(jpeg, &DecodeLimits::default()).unwrap().pixels;
    assert!(shown == ::image::load_from_memory(png).unwrap().into_rgb8());
}

/// A byte more or less in the coded data moves what follows, and seldom a code betrays it. Codes soon fall into step
/// again, so that in a picture as small as this one half of the cases look like sound files.
#[test]
fn many_pictures_out_of_step_are_refused() {
    let (_, whole, _) = KINDS[0];
    let scan = whole.windows(2).rposition(|marker| marker == [0xff, 0xda]).unwrap() + 14;
    let places = (scan..scan + (whole.len() - scan) / 2).step_by(7);
    let (mut tried, mut used) = (0, 0);
    for at in places.filter(|&at| whole[at] != 0xff && whole[at - 1] != 0xff) {
        for spoilt in [[&whole[..at], &whole[at + 1..]].concat(), [&whole[..at], b"\x5a", &whole[at..]].concat()] {
            tried += 1;
            used += usize::from(full(&spoilt).is_ok());
        }
    }
    assert!(used * 3 < tried * 2, "{used} of {tried} went unnoticed");
}

/// Whatever is cut off: never a picture, even with an end marker set behind it.
#[test]
fn a_picture_that_is_cut_is_refused() {
    for (name, jpeg, _) in KINDS {
        let scan = jpeg.windows(2).rposition(|marker| marker == [0xff, 0xda]).unwrap();
        for cut in 2..jpeg.len() - 6 {
            for scale in [DecodeScale::Full, DecodeScale::LongSideAtLeast(16)] {
                let outcome = decode(&jpeg[..cut], scale, &DecodeLimits::default());
                assert!(outcome.is_err(), "{name} cut after {cut} of {}", jpeg.len());
            }
        }
        if name == "sequential" {
            for cut in scan + 20..jpeg.len() - 6 {
                let closed = [&jpeg[..cut], &END].concat();
                assert!(matches!(full(&closed), Err(DecodeError::Truncated)), "{name} closed after {cut}");
            }
        }
    }
}

#[test]
fn what_there_is_of_a_cut_picture_can_be_looked_at() {
    let (_, jpeg, png) = KINDS[0];
    let shown = decode_what_there_is(&jpeg[..jpeg.len() * 2 / 3], &DecodeLimits::default()).unwrap().pixels;
    let whole = ::image::load_from_memory(png).unwrap().into_rgb8();
    assert_eq!(shown.dimensions(), whole.dimensions());
    assert!((0..16).all(|x| shown.get_pixel(x, 3) == whole.get_pixel(x, 3)), "the beginning is there");
    assert_eq!(shown.get_pixel(60, 44).0, [128; 3], "the last one is missing");
}

/// Every byte is overwritten: no panic, and what no sound file holds is refused.
#[test]
fn damage_is_no_disaster() {
    let (_, whole, _) = KINDS[1];
    let mut refused = 0;
    for at in 2..whole.len() {
        for value in [0x00, 0x11, 0x7f, 0xff] {
            let mut damaged = whole.to_vec();
            damaged[at] = value;
            refused += usize::from(full(&damaged).is_err());
        }
    }
    assert!(refused > whole.len() / 4, "{refused} of {}", 4 * whole.len());
}
