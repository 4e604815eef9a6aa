//! Kinds of files beyond the usual: what each program and camera writes a little differently.

use super::*;

/// Puts `Exif\0\0` before a block, as JPEG has it.
fn prefixed(block: &[u8]) -> Vec<u8> {
    [b"Exif\0\0", block].concat()
}

#[test]
fn a_prefix_before_the_block_is_no_matter() {
    let picture = quarters(64, 48);
    for orientation in ORIENTATIONS {
        let block = prefixed(&oriented(orientation));
        check_upright(&webp_with_exif(&picture, &block), orientation, DecodeScale::Full, (64, 48));
        check_upright(&png_with_exif(&picture, &block), orientation, DecodeScale::Full, (64, 48));
    }
}

/// The TIFF by hand with places of eight bytes, in either order of bytes, and more directories behind the first.
fn big_tiff(picture: &RgbImage, big_endian: bool, further: &[u32]) -> Vec<u8> {
    let number = |value: u64, bytes: usize| match big_endian {
        true => value.to_be_bytes()[8 - bytes..].to_vec(),
        false => value.to_le_bytes()[..bytes].to_vec(),
    };
    let (width, height) = picture.dimensions();
    let pixels = picture.as_raw();
    let mut file =
        [if big_endian { b"MM" } else { b"II" }.to_vec(), number(43, 2), number(8, 2), number(0, 2)].concat();
    file.extend(number(16 + pixels.len() as u64, 8));
    file.extend(pixels);
    let subfiles = [&[0], further].concat();
    for (index, subfile) in subfiles.iter().enumerate() {
        let bits = [number(8, 2), number(8, 2), number(8, 2), number(0, 2)].concat();
        let entries: Vec<(u16, u16, u64, Vec<u8>)> = vec![
            (254, 4, 1, number((*subfile).into(), 4)),
            (256, 4, 1, number(width.into(), 4)),
            (257, 4, 1, number(height.into(), 4)),
            (258, 3, 3, bits),
            (259, 3, 1, number(1, 2)),
            (262, 3, 1, number(2, 2)),
            (273, 16, 1, number(16, 8)),
            (274, 3, 1, number(6, 2)),
            (277, 3, 1, number(3, 2)),
            (278, 4, 1, number(height.into(), 4)),
            (279, 16, 1, number(pixels.len() as u64, 8)),
        ];
        let length = 8 + 20 * entries.len() as u64 + 8;
        let next = if index + 1 < subfiles.len() { file.len() as u64 + length } else { 0 };
        file.extend(number(entries.len() as u64, 8));
        for (tag, kind, count, mut value) in entries {
            value.resize(8, 0);
            file.extend([number(tag.into(), 2), number(kind.into(), 2), number(count, 8), value].concat());
        }
        file.extend(number(next, 8));
    }
    file
}

#[test]
fn big_tiffs_are_read() {
    for big_endian in [false, true] {
        let tiff = big_tiff(&quarters(64, 48), big_endian, &[]);
        let photo = decode_bytes(&tiff, DecodeScale::Full).unwrap();
        assert_eq!(photo.meta.format, "TIFF");
        // The reader of EXIF does not know this kind; the picture's own tag says how it is turned.
        assert_eq!(letters(&photo.pixels), expected_letters(6));
        assert_eq!(photo.meta.further_pages, 0);
    }
}

#[test]
fn further_pages_are_told() {
    // Bit 0: a smaller version of another page.
    let photo = decode_bytes(&big_tiff(&quarters(64, 48), false, &[0, 1, 2]), DecodeScale::Full).unwrap();
    assert_eq!(photo.meta.further_pages, 2);
    let photo = decode_bytes(b"P5 1 1 255\naP5 1 1 255\nb", DecodeScale::Full).unwrap();
    assert_eq!((photo.meta.further_pages, photo.meta.format.as_str()), (1, "PNM"));
}

#[test]
fn what_follows_a_jpeg_is_not_looked_at() {
    let jpeg = encode(&quarters(64, 48).into(), ImageFormat::Jpeg);
    let other = encode(&DynamicImage::from(RgbImage::new(64, 48)), ImageFormat::Jpeg);
    let film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
    for trailer in [&other[..], film, b"\0\0"] {
        let photo = decode_bytes(&[&jpeg, trailer].concat(), DecodeScale::Full).unwrap();
        assert_eq!(letters(&photo.pixels), "rgbw");
    }
}

#[test]
fn videos_and_other_kinds_are_named() {
    let check = |bytes: &[u8], expect: &str| {
        assert_eq!(decode_bytes(bytes, DecodeScale::Full).unwrap_err().to_string(), expect);
    };
    check(b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ", "this is a video (MOV), which is not looked at");
    let psd = "PSD is known, but not read; save the picture as JPEG or PNG to have it read";
    check(b"8BPS\0\x01\0\0\0\0\0\0", psd);
    let (_folder, path) = on_disk("film.jpg", b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ");
    assert!(!begins_like_photo(&path));
}

/// A profile whose red lies where sRGB's green does would be seen at once.
fn exchanged() -> Vec<u8> {
    let mut profile = moxcms::ColorProfile::new_srgb();
    std::mem::swap(&mut profile.red_colorant, &mut profile.green_colorant);
    profile.encode().unwrap()
}

fn chunk_of_png(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let body = [kind, content].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&body);
    [&(content.len() as u32).to_be_bytes()[..], &body, &crc.sum().to_be_bytes()].concat()
}

fn jpeg_with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    let half = profile.len() / 2;
    let piece = |number: u8, piece: &[u8]| {
        let content = [b"ICC_PROFILE\0", &[number, 2][..], piece].concat();
        [&[0xff, 0xe2][..], &(content.len() as u16 + 2).to_be_bytes(), &content].concat()
    };
    [&jpeg[..2], &piece(2, &profile[half..]), &piece(1, &profile[..half]), &jpeg[2..]].concat()
}

fn png_with_profile(png: &[u8], profile: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(b"name\0\0".to_vec(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, profile).unwrap();
    [&png[..33], &chunk_of_png(b"iCCP", &packed.finish().unwrap()), &png[33..]].concat()
}

#[test]
fn profiles_are_found_in_every_format() {
    let profile = exchanged();
    let picture = DynamicImage::from(quarters(64, 48));
    let jpeg = encode(&picture, ImageFormat::Jpeg);
    let png = encode(&picture, ImageFormat::Png);
    for scale in [DecodeScale::Full, DecodeScale::LongSideAtLeast(16)] {
        for file in [jpeg_with_profile(&jpeg, &profile), png_with_profile(&png, &profile)] {
            let photo = decode_bytes(&file, scale).unwrap();
            assert_eq!((letters(&photo.pixels).as_str(), photo.meta.profile), ("grbw", ProfileUse::Converted));
        }
        for file in [jpeg_with_profile(&jpeg, b"rubbish"), png_with_profile(&png, b"rubbish")] {
            let photo = decode_bytes(&file, scale).unwrap();
            assert_eq!((letters(&photo.pixels).as_str(), photo.meta.profile), ("rgbw", ProfileUse::Broken));
        }
        let srgb = moxcms::ColorProfile::new_srgb().encode().unwrap();
        let (plain, with) =
            (decode_bytes(&jpeg, scale).unwrap(), decode_bytes(&jpeg_with_profile(&jpeg, &srgb), scale));
        let with = with.unwrap();
        assert!(plain.pixels == with.pixels, "to the last bit");
        assert_eq!((plain.meta.profile, with.meta.profile), (ProfileUse::None, ProfileUse::Srgb));
    }
}
