//! Against the pixels of libjpeg; the fixtures and their script are in `tests/fixtures/image`.

use super::super::coefficients;
use super::*;

fn check(name: &str, jpeg: &[u8], png: &[u8]) {
    let expected = ::image::load_from_memory(png).unwrap().into_rgb8();
    let read = coefficients::read(jpeg).unwrap();
    assert!(read.condition.is_sound(), "{name}: {:?}", read.condition);
    assert_eq!(coefficients::read_small(jpeg, None).unwrap().condition, read.condition, "{name}");
    let found = picture(read).unwrap_or_else(|| panic!("{name} is read here"));
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
    check("half as high", fixture!("high", "jpg"), fixture!("high", "png"));
    check("a quarter as wide", fixture!("4x1", "jpg"), fixture!("4x1", "png"));
    check("a third as wide, half as high", fixture!("3x2", "jpg"), fixture!("3x2", "png"));
    check("colours of different sizes", fixture!("mixed", "jpg"), fixture!("mixed", "png"));
    check("two columns", fixture!("narrow", "jpg"), fixture!("narrow", "png"));
}

#[test]
fn inks_are_left_to_others() {
    let read = coefficients::read(include_bytes!("../../../../../tests/fixtures/image/cmyk.jpg")).unwrap();
    assert!(read.condition.is_sound() && picture(read).is_none());
}
