//! HEIC and AVIF as their parts are put together here, from four small coded pictures.

use ::image::{RgbImage, imageops};

use super::code_points::CodePoints;
use super::*;
use build::*;

pub(in super::super) mod build;

fn decoded(bytes: &[u8]) -> Result<HeifPicture, DecodeError> {
    decode(bytes, "HEIC", &DecodeLimits::default())
}

fn pixels(file: &HeifBuilder) -> RgbImage {
    decoded(&file.bytes()).unwrap().pixels
}

fn reason(file: &HeifBuilder) -> String {
    decoded(&file.bytes()).err().expect("an error").to_string()
}

#[test]
fn brands_tell_the_format() {
    assert_eq!(recognise(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Some("HEIC"));
    assert_eq!(recognise(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"), Some("AVIF"));
    assert_eq!(recognise(b"\0\0\0\x18ftypisom\0\0\0\0isommp42"), None);
    assert_eq!(recognise(b"\xff\xd8\xff\xe0"), None);
    assert_eq!(recognise(b"\0\0\0\x04ftypheic"), None);
}

#[test]
fn a_picture_is_decoded() {
    for (bytes, name) in [(HEIC, "HEIC"), (AVIF, "AVIF")] {
        assert_eq!(recognise(bytes), Some(name));
        let picture = decoded(bytes).unwrap();
        assert_eq!(picture.pixels.dimensions(), (96, 64));
        assert_eq!(letters(&picture.pixels), "rgbw", "{name}");
        for (x, y, colour) in [(8, 8, [250, 5, 5]), (70, 8, [5, 250, 5]), (8, 50, [5, 5, 250]), (70, 50, [250; 3])] {
            let found = picture.pixels.get_pixel(x, y).0;
            let far = found.iter().zip(colour).any(|(a, b)| a.abs_diff(b) > 6);
            assert!(!far, "{name} {x} {y}: {found:?}");
        }
        assert!(!picture.states_orientation);
    }
}

#[test]
fn what_is_transparent_is_white() {
    for bytes in [CLEAR_HEIC, CLEAR_AVIF] {
        let picture = decoded(bytes).unwrap().pixels;
        assert_eq!(letters(&picture), "wgww");
    }
}

#[test]
fn depth_maps_and_thumbnails_are_left_out() {
    let mut file = HeifBuilder::default();
    let name = file.property(b"auxC", b"\0\0\0\0urn:mpeg:hevc:2015:auxid:2\0");
    let (depth, thumbnail) = (file.coded(HEIC, &[name]), file.coded(HEIC, &[]));
    let picture = file.coded(HEIC, &[]);
    file.refer(b"auxl", depth, &[picture]);
    file.refer(b"thmb", thumbnail, &[picture]);
    assert!(pixels(&file) == decoded(HEIC).unwrap().pixels);
}

/// By hand, the colour being black where it is transparent already.
#[test]
fn premultiplied_colours_are_not_multiplied_again() {
    let grey = |multiplied: bool| {
        let mut file = HeifBuilder::default();
        let alpha_name = file.property(b"auxC", b"\0\0\0\0urn:mpeg:hevc:2015:auxid:1\0");
        let alpha = file.coded(HEIC, &[alpha_name]);
        let colour = file.coded(HEIC, &[]);
        file.refer(b"auxl", alpha, &[colour]);
        if multiplied {
            file.refer(b"prem", colour, &[alpha]);
        }
        pixels(&file).get_pixel(8, 50).0
    };
    let (blue, brightness) = (250_u32, 33_u32);
    let near = |found: u8, expect: u32| u32::from(found).abs_diff(expect) < 5;
    assert!(near(grey(false)[2], (blue * brightness + 255 * (255 - brightness)) / 255), "{:?}", grey(false));
    assert!(near(grey(true)[0], 5 + 255 - brightness), "{:?}", grey(true));
    assert_eq!(grey(true)[2], 255);
}

#[test]
fn the_containers_turns_count_once_and_in_order() {
    let upright = decoded(HEIC).unwrap().pixels;
    let check = |turns: &[(&[u8], u8)], expect: RgbImage| {
        let mut file = HeifBuilder::default();
        let numbers: Vec<u8> = turns.iter().map(|(kind, value)| file.property(kind, &[*value])).collect();
        file.coded(HEIC, &numbers);
        let picture = decoded(&file.bytes()).unwrap();
        assert!(picture.pixels == expect, "{turns:?}");
        assert_eq!(picture.pixels.dimensions(), expect.dimensions());
        assert!(picture.states_orientation);
    };
    let (turn, mirror): (&[u8], &[u8]) = (b"irot", b"imir");
    check(&[(turn, 0)], upright.clone());
    check(&[(turn, 1)], imageops::rotate270(&upright));
    check(&[(turn, 2)], imageops::rotate180(&upright));
    check(&[(turn, 3)], imageops::rotate90(&upright));
    check(&[(mirror, 0)], imageops::flip_vertical(&upright));
    check(&[(mirror, 1)], imageops::flip_horizontal(&upright));
    check(&[(turn, 1), (mirror, 1)], imageops::flip_horizontal(&imageops::rotate270(&upright)));
    check(&[(mirror, 1), (turn, 1)], imageops::rotate270(&imageops::flip_horizontal(&upright)));
}

#[test]
fn an_identitys_source_states_the_orientation() {
    let mut file = HeifBuilder::default();
    let turn = file.property(b"irot", &[1]);
    let source = file.coded(HEIC, &[turn]);
    let identity = file.item(b"iden", &[], &[]);
    file.refer(b"dimg", identity, &[source]);
    let picture = decoded(&file.bytes()).unwrap();
    assert!(picture.states_orientation);
    assert_eq!(picture.pixels.dimensions(), (64, 96));
    assert_eq!(letters(&picture.pixels), "gwrb");
}

#[test]
fn a_clean_aperture_is_cut_out() {
    let mut file = HeifBuilder::default();
    let numbers: [i32; 8] = [48, 1, 32, 1, 24, 1, -16, 1];
    let cut = file.property(b"clap", &numbers.map(i32::to_be_bytes).concat());
    file.coded(HEIC, &[cut]);
    let whole = decoded(HEIC).unwrap().pixels;
    assert!(pixels(&file) == imageops::crop_imm(&whole, 48, 0, 48, 32).to_image());
    assert!(!decoded(&file.bytes()).unwrap().states_orientation);
    let mut file = HeifBuilder::default();
    let outside = file.property(b"clap", &[32, 1, 24, 1, 900, 1, 0, 1].map(i32::to_be_bytes).concat());
    file.coded(HEIC, &[outside]);
    assert_eq!(reason(&file), "the HEIC data is damaged: a clean aperture outside of the picture");
}

#[test]
fn a_grid_is_put_together() {
    let tile = decoded(HEIC).unwrap().pixels;
    let mut file = HeifBuilder::default();
    let tiles: Vec<u16> = (0..6).map(|_| file.coded(HEIC, &[])).collect();
    file.grid(3, &tiles, (250, 110), &[]);
    let whole = pixels(&file);
    assert_eq!(whole.dimensions(), (250, 110));
    let expect = RgbImage::from_fn(250, 110, |x, y| *tile.get_pixel(x % 96, y % 64));
    assert!(whole == expect);
}

#[test]
fn a_turned_grid_is_turned_as_a_whole() {
    let mut file = HeifBuilder::default();
    let turn = file.property(b"irot", &[3]);
    let tiles: Vec<u16> = (0..2).map(|_| file.coded(HEIC, &[])).collect();
    file.grid(2, &tiles, (192, 64), &[turn]);
    let picture = decoded(&file.bytes()).unwrap();
    assert_eq!(picture.pixels.dimensions(), (64, 192));
    assert!(picture.states_orientation);
}

#[test]
fn tiles_with_alpha_planes_of_their_own() {
    let mut file = HeifBuilder::default();
    let alpha_name = file.property(b"auxC", b"\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0");
    let tiles: Vec<u16> = (0..2).map(|_| file.coded(HEIC, &[])).collect();
    for tile in &tiles {
        let alpha = file.coded(HEIC, &[alpha_name]);
        file.refer(b"auxl", alpha, &[*tile]);
    }
    file.grid(2, &tiles, (192, 64), &[]);
    // The dark blue quarter is nearly transparent, the white one is opaque.
    assert!(pixels(&file).get_pixel(100, 50).0[0] > 200);
}

#[test]
fn a_grid_that_its_tiles_do_not_make_is_damaged() {
    let grid = |tiles: usize, columns: u8, size: (u32, u32)| {
        let mut file = HeifBuilder::default();
        let tiles: Vec<u16> = (0..tiles).map(|_| file.coded(HEIC, &[])).collect();
        file.grid(columns, &tiles, size, &[]);
        file
    };
    assert_eq!(reason(&grid(2, 2, (193, 64))), "the HEIC data is damaged: a grid's tiles do not cover it");
    assert_eq!(reason(&grid(4, 2, (96, 128))), "the HEIC data is damaged: a grid's tiles do not cover it");
    assert_eq!(reason(&grid(3, 2, (192, 64))), "the HEIC data is damaged: a grid has not as many tiles as it needs");
    let mut nested = grid(1, 1, (96, 64));
    let size = nested.size(96, 64);
    let inner = nested.grid(1, &[1], (96, 64), &[size]);
    nested.grid(1, &[inner], (96, 64), &[]);
    assert_eq!(reason(&nested), "this kind of HEIC is not supported: a grid of pictures of type grid");
}

#[test]
fn the_header_is_held_against_the_limit_and_the_picture_against_the_header() {
    let stated = |width, height| {
        let mut file = HeifBuilder::default();
        let size = file.size(width, height);
        let own = file.coded(HEIC, &[]);
        // The first size counts.
        file.items_mut(own).2.insert(0, size);
        file
    };
    assert_eq!(reason(&stated(60_000, 60_000)), "60000 × 60000 pixels are more than the limit of 200 megapixels");
    let damaged =
        |found: &str| format!("the HEIC data is damaged: the coded picture has 96 × 64 pixels, the header {found}");
    assert_eq!(reason(&stated(97, 64)), damaged("97 × 64"));
    assert_eq!(reason(&stated(8_000, 8_000)), damaged("8000 × 8000"));
    assert_eq!(reason(&stated(0, 64)), "the HEIC data is damaged: a picture has no size");
    assert_eq!(pixels(&stated(94, 63)).dimensions(), (94, 63), "what fills up a block is cut off");
    let mut file = HeifBuilder::default();
    let tile = file.coded(HEIC, &[]);
    file.grid(1, &[tile], (60_000, 60_000), &[]);
    assert_eq!(reason(&file), "60000 × 60000 pixels are more than the limit of 200 megapixels");
}

#[test]
fn colours_are_those_that_the_file_states() {
    let stated = |code_points: [u8; 7]| {
        let mut file = HeifBuilder::default();
        let colours = file.property(b"colr", &[&b"nclx"[..], &code_points].concat());
        let profile = file.property(b"colr", b"profa profile");
        file.coded(HEIC, &[profile, colours]);
        decoded(&file.bytes())
    };
    let full = stated([0, 12, 0, 13, 0, 6, 0x80]).unwrap();
    let code_points = CodePoints { primaries: 12, transfer: 13, matrix: 6, full_range: true };
    assert_eq!(full.profile, ColourProfile { icc: Some(b"a profile".to_vec()), code_points: Some(code_points) });
    let mut silent = HeifBuilder::default();
    silent.coded(HEIC, &[]);
    let of_stream = decoded(&silent.bytes()).unwrap().profile;
    assert_eq!(of_stream.icc, None);
    assert_eq!(of_stream.code_points.map(|said| (said.matrix, said.full_range)), Some((6, true)));
    let limited = stated([0, 1, 0, 13, 0, 6, 0]).unwrap();
    let red = |picture: &HeifPicture| picture.pixels.get_pixel(8, 8).0;
    assert_eq!(letters(&limited.pixels), "rgbw");
    assert!(red(&full)[0].abs_diff(250) < 6 && red(&full)[1] < 12, "{:?}", red(&full));
    assert_ne!(red(&limited), red(&full));
    let unknown = stated([0, 1, 0, 13, 0, 14, 0x80]).err().unwrap().to_string();
    assert_eq!(unknown, "this kind of HEIC is not supported: matrix coefficients 14");
}

#[test]
fn what_is_not_supported_is_named() {
    for (kind, name) in [(b"iovl", "iovl"), (b"avc1", "avc1"), (b"jpeg", "jpeg"), (b"vvc1", "vvc1")] {
        let mut file = HeifBuilder::default();
        let size = file.size(96, 64);
        file.item(kind, b"data", &[size]);
        assert_eq!(reason(&file), format!("this kind of HEIC is not supported: a picture of type {name}"));
    }
}

#[test]
fn a_property_that_must_be_known_is_named() {
    let with = |bit: u8| {
        let mut file = HeifBuilder::default();
        let layers = file.property(b"lsel", &[0, 1]);
        file.coded(HEIC, &[layers | bit]);
        file
    };
    assert_eq!(pixels(&with(0)).dimensions(), (96, 64));
    assert_eq!(reason(&with(0x80)), "this kind of HEIC is not supported: a picture with the property lsel");
}

#[test]
fn an_identity_of_itself_ends() {
    let mut file = HeifBuilder::default();
    let identity = file.item(b"iden", &[], &[]);
    file.refer(b"dimg", identity, &[identity]);
    assert_eq!(reason(&file), "the HEIC data is damaged: a picture is made of itself");
}

#[test]
fn a_file_that_ends_early_is_no_picture() {
    for bytes in [HEIC, AVIF, CLEAR_HEIC, CLEAR_AVIF] {
        // Most ends cost a picture: every third, and each of the last.
        let last = bytes.len() - 50;
        for length in (0..last).step_by(3).chain(last..bytes.len()) {
            assert!(decoded(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
        }
    }
}

/// Coded data that is cut inside of its item, the boxes being whole.
#[test]
fn coded_data_that_ends_early_is_no_picture() {
    for bytes in [HEIC, AVIF] {
        let mut file = HeifBuilder::default();
        let item = file.coded(bytes, &[]);
        let data = file.items_mut(item).1.clone();
        for length in 0..data.len() - 1 {
            file.items_mut(item).1 = data[..length].to_vec();
            assert!(decoded(&file.bytes()).is_err(), "{length} of {}", data.len());
        }
    }
}

/// A byte in thirty-one: each costs a picture. Nothing panics, and what comes out is no larger than the header may say.
#[test]
fn damaged_files_end_in_an_error_or_a_picture() {
    for bytes in [HEIC, AVIF, CLEAR_HEIC, CLEAR_AVIF] {
        for at in (0..bytes.len()).step_by(31) {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= if at % 2 == 0 { 1 } else { 0x80 };
            if let Ok(picture) = decoded(&damaged) {
                let (width, height) = picture.pixels.dimensions();
                assert!(u64::from(width) * u64::from(height) <= DecodeLimits::default().max_pixels, "{at}");
            }
        }
    }
}
