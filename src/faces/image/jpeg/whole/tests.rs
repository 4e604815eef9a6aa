//! Against the pixels of libjpeg; the fixtures and their script are in `tests/fixtures/image`.

use super::*;

fn check(name: &str, jpeg: &[u8], png: &[u8]) {
    let expected = ::image::load_from_memory(png).unwrap().into_rgb8();
    let found = decode(jpeg).unwrap_or_else(|| panic!("{name} is read here"));
    let different = found.as_raw().iter().zip(expected.as_raw()).filter(|(a, b)| a != b).count();
    assert_eq!((found.dimensions(), different), (expected.dimensions(), 0), "{name}");
}

macro_rules! fixture {
    ($name:literal, $kind:literal) => {
        include_bytes!(concat!("../../../../../tests/fixtures/image/libjpeg/", $name, ".", $kind))
    };
}

#[test]
fn pixels_are_those_of_libjpeg() {
    check("full colour", fixture!("full", "jpg"), fixture!("full", "png"));
    check("half as wide", fixture!("wide", "jpg"), fixture!("wide", "png"));
    check("half as wide and high", fixture!("quarter", "jpg"), fixture!("quarter", "png"));
    check("progressive", fixture!("progressive", "jpg"), fixture!("progressive", "png"));
    check("restart markers", fixture!("restart", "jpg"), fixture!("restart", "png"));
    check("grey", fixture!("grey", "jpg"), fixture!("grey", "png"));
    check("two columns", fixture!("narrow", "jpg"), fixture!("narrow", "png"));
}

/// Whatever is cut off or overwritten: no panic, and no picture from a scan that ends early.
#[test]
fn damage_is_left_to_others() {
    let whole = fixture!("progressive", "jpg");
    for cut in 2..whole.len() {
        assert!(decode(&whole[..cut]).is_none(), "cut after {cut}");
    }
    let mut cut_scan = whole[..whole.len() - 40].to_vec();
    cut_scan.extend([0xff, 0xd9]);
    assert!(decode(&cut_scan).is_none());
    for at in 2..whole.len() {
        for value in [0x00, 0x11, 0x7f, 0xff] {
            let mut damaged = whole.to_vec();
            damaged[at] = value;
            // Some damage still gives a picture, of whatever size the header then says.
            drop(decode(&damaged));
        }
    }
    assert!(decode(include_bytes!("../../../../../tests/fixtures/image/cmyk.jpg")).is_none());
}
