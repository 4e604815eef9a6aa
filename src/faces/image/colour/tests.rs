use ::image::{Rgb, Rgba};

use super::*;

/// From linear values of P3 (white D65) and Adobe RGB to those of sRGB, by the primaries' definitions.
const P3: [[f64; 3]; 3] =
    [[1.2249401, -0.2249404, 0.0], [-0.0420569, 1.0420571, 0.0], [-0.0196376, -0.0786361, 1.0982735]];
const ADOBE: [[f64; 3]; 3] = [[1.3982832, -0.3982831, 0.0], [0.0, 1.0, 0.0], [0.0, -0.0429383, 1.0429383]];

fn linear(value: u8) -> f64 {
    let value = f64::from(value) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn encoded(value: f64) -> f64 {
    let value = value.clamp(0.0, 1.0);
    255.0 * if value <= 0.0031308 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 }
}

fn by_hand(pixel: [u8; 3], to_linear: impl Fn(u8) -> f64, matrix: [[f64; 3]; 3]) -> [f64; 3] {
    let pixel = pixel.map(to_linear);
    matrix.map(|row| encoded(row.iter().zip(pixel).map(|(factor, value)| factor * value).sum()))
}

fn colours() -> RgbImage {
    RgbImage::from_fn(64, 64, |x, y| Rgb([(4 * x) as u8, (4 * y) as u8, (x ^ y) as u8 * 4]))
}

fn worst(found: &RgbImage, expected: impl Fn([u8; 3]) -> [f64; 3]) -> f64 {
    let channels = colours()
        .pixels()
        .zip(found.pixels())
        .flat_map(|(before, after)| {
            let expected = expected(before.0);
            [0, 1, 2].map(|channel| (f64::from(after[channel]) - expected[channel]).abs())
        })
        .collect::<Vec<_>>();
    channels.into_iter().fold(0.0, f64::max)
}

fn icc(profile: &ColorProfile) -> Vec<u8> {
    profile.encode().unwrap()
}

#[test]
fn wide_colours_are_those_of_their_definition() {
    let p3 = icc(&ColorProfile::new_display_p3());
    let mut pixels = colours();
    assert_eq!(to_srgb(&mut pixels, FileColours::Icc(&p3)), ProfileUse::Converted);
    let error = worst(&pixels, |pixel| by_hand(pixel, linear, P3));
    assert!(error <= 1.6, "Display P3: {error}");
    let mut pixels = colours();
    assert_eq!(to_srgb(&mut pixels, FileColours::Codes { primaries: 12, transfer: 13 }), ProfileUse::Converted);
    let error = worst(&pixels, |pixel| by_hand(pixel, linear, P3));
    assert!(error <= 1.6, "Display P3 by code: {error}");
    let adobe = icc(&ColorProfile::new_adobe_rgb());
    let mut pixels = colours();
    assert_eq!(to_srgb(&mut pixels, FileColours::Icc(&adobe)), ProfileUse::Converted);
    let gamma = |value: u8| (f64::from(value) / 255.0).powf(563.0 / 256.0);
    let error = worst(&pixels, |pixel| by_hand(pixel, gamma, ADOBE));
    // The darkest values, where sRGB's curve is a line.
    assert!(error <= 2.6, "Adobe RGB: {error}");
}

#[test]
fn srgb_costs_not_a_bit() {
    let srgb = icc(&ColorProfile::new_srgb());
    for colours_of in [FileColours::Icc(&srgb), FileColours::Codes { primaries: 1, transfer: 13 }] {
        let mut pixels = colours();
        assert_eq!(to_srgb(&mut pixels, colours_of), ProfileUse::Srgb);
        assert!(pixels == colours());
    }
}

#[test]
fn a_broken_profile_changes_nothing() {
    let p3 = icc(&ColorProfile::new_display_p3());
    let mut pixels = colours();
    for length in [0, 3, 128, p3.len() / 2] {
        assert_eq!(to_srgb(&mut pixels, FileColours::Icc(&p3[..length])), ProfileUse::Broken, "{length}");
    }
    assert_eq!(to_srgb(&mut pixels, FileColours::Codes { primaries: 99, transfer: 13 }), ProfileUse::Broken);
    let grey = icc(&ColorProfile::new_gray_with_gamma(1.8));
    assert_eq!(to_srgb(&mut pixels, FileColours::Icc(&grey)), ProfileUse::Broken, "a profile for grey pictures");
    assert!(pixels == colours());
    assert!(inks_to_srgb(&[0; 16], 2, 2, &p3).is_none(), "no profile for inks");
}

#[test]
fn grey_pictures_have_grey_profiles() {
    let profile = icc(&ColorProfile::new_gray_with_gamma(1.8));
    let mut pixels = RgbImage::from_fn(256, 1, |x, _| Rgb([x as u8; 3]));
    assert_eq!(to_srgb(&mut pixels, FileColours::Icc(&profile)), ProfileUse::Converted);
    for (x, _, pixel) in pixels.enumerate_pixels() {
        let expected = encoded((f64::from(x) / 255.0).powf(1.8));
        assert!((f64::from(pixel[0]) - expected).abs() <= 2.1, "{x}: {} for {expected}", pixel[0]);
        assert!(pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    }
}

#[test]
fn alpha_stays() {
    let p3 = icc(&ColorProfile::new_display_p3());
    let mut pixels = RgbaImage::from_pixel(3, 2, Rgba([200, 100, 50, 77]));
    assert_eq!(rgba_to_srgb(&mut pixels, FileColours::Icc(&p3)), ProfileUse::Converted);
    let expected = by_hand([200, 100, 50], linear, P3);
    for pixel in pixels.pixels() {
        assert_eq!(pixel[3], 77);
        assert!((0..3).all(|channel| (f64::from(pixel[channel]) - expected[channel]).abs() <= 1.6), "{pixel:?}");
    }
}

#[test]
fn a_profile_that_is_met_again_gives_the_same() {
    let profiles = [ColorProfile::new_display_p3(), ColorProfile::new_adobe_rgb()].map(|p| p.encode().unwrap());
    let convert = |profile: &[u8]| {
        let mut pixels = colours();
        assert_eq!(to_srgb(&mut pixels, FileColours::Icc(profile)), ProfileUse::Converted);
        pixels
    };
    let [p3, adobe] = profiles.each_ref().map(|profile| convert(profile));
    assert!(p3 != adobe);
    for _ in 0..2 * MOST_PREPARED {
        assert!(convert(&profiles[0]) == p3 && convert(&profiles[1]) == adobe);
    }
    assert!(lock(&PREPARED).len() <= MOST_PREPARED);
}
