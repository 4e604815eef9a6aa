//! For each format: what a program writes about a picture changes nothing, what is seen changes the hash.

mod files;
mod heif;
mod jxl;
mod tiff;

use ::image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::*;
use files::*;

/// A base file, variants of it that show the same, and variants that show something else.
struct Case {
    name: &'static str,
    base: Vec<u8>,
    same: Vec<(&'static str, Vec<u8>)>,
    other: Vec<(&'static str, Vec<u8>)>,
}

fn cases() -> Vec<Case> {
    let of_their_own = [tiff::case(), heif::case(), jxl::case()];
    let here = vec![jpeg_case(), png_case(), webp_case(), animated_webp_case(), gif_case()];
    here.into_iter().chain(of_their_own).collect()
}

#[test]
fn what_is_written_about_a_picture_changes_nothing() {
    for case in cases() {
        let hash = picture_hash(&case.base);
        for (variant, bytes) in &case.same {
            assert_ne!(bytes, &case.base, "{}: {variant} is no variant", case.name);
            assert_eq!(picture_hash(bytes), hash, "{}: {variant}", case.name);
        }
    }
}

#[test]
fn what_is_seen_changes_the_hash() {
    for case in cases() {
        let mut hashes = vec![("base", picture_hash(&case.base))];
        for (variant, bytes) in &case.other {
            let hash = picture_hash(bytes);
            let equal = hashes.iter().find(|(_, known)| *known == hash);
            assert_eq!(equal, None, "{}: {variant} looks like another", case.name);
            hashes.push((variant, hash));
        }
    }
}

#[test]
fn no_base_file_is_hashed_whole() {
    for case in cases() {
        let format = recognise(&case.base).unwrap_or_else(|| panic!("{} is not recognised", case.name));
        assert!(follow(&case.base, format).is_some(), "{} cannot be followed", case.name);
    }
}

#[test]
fn truncated_and_damaged_files_have_hashes() {
    for case in cases() {
        for bytes in std::iter::once(&case.base).chain(case.same.iter().map(|(_, bytes)| bytes)) {
            for length in 0..bytes.len() {
                picture_hash(&bytes[..length]);
            }
            let mut damaged = bytes.clone();
            for at in 0..bytes.len() {
                for value in [0, 1, 0x7f, 0xff, bytes[at] ^ 0x80] {
                    damaged[at] = value;
                    picture_hash(&damaged);
                }
                damaged[at] = bytes[at];
            }
        }
    }
}

#[test]
fn each_orientation_is_another_picture() {
    let jpeg = encode(ImageFormat::Jpeg);
    let hash = |orientation| picture_hash(&with_segment(&jpeg, 0xe1, &exif_segment(orientation, "")));
    assert_eq!(hash(1), picture_hash(&jpeg), "upright is what a picture without EXIF is");
    assert_eq!(hash(0), hash(1), "0 and 9 are no orientations");
    assert_eq!(hash(9), hash(1));
    let different: std::collections::BTreeSet<_> = (1..=8).map(hash).collect();
    assert_eq!(different.len(), 8);
}

#[test]
fn formats_do_not_run_together() {
    let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp];
    let different: std::collections::BTreeSet<_> = formats.map(|format| picture_hash(&encode(format))).into();
    assert_eq!(different.len(), formats.len());
}

#[test]
fn other_files_are_hashed_whole() {
    let whole = |bytes: &[u8]| PictureHash(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into());
    let bmp = encode(ImageFormat::Bmp);
    for bytes in [&b""[..], b"a text", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", &bmp] {
        assert_eq!(picture_hash(bytes), whole(bytes));
    }
}

#[test]
fn a_file_on_disk_has_the_hash_of_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let large = vec![7; 3 * STREAMED_BYTES + 5];
    let mut jpeg = encode(ImageFormat::Jpeg);
    jpeg.resize(20_000, 1);
    for bytes in [&b""[..], b"a text", &jpeg, &large] {
        std::fs::write(&path, bytes).unwrap();
        let (file, picture) = picture_hash_of_file(&path).unwrap();
        assert_eq!(file[..], Sha256::digest(bytes)[..]);
        assert_eq!(picture, picture_hash(bytes));
    }
    assert!(picture_hash_of_file(folder.path()).is_err());
    assert!(picture_hash_of_file(&folder.path().join("absent")).is_err());
}

/// 24 × 16 pixels with something in them.
fn picture(seed: u8) -> DynamicImage {
    let pixel = |x: u32, y: u32| [x * 9, y * 13, (x ^ y) * 7].map(|value| (value as u8).wrapping_add(seed));
    RgbImage::from_fn(24, 16, |x, y| Rgb(pixel(x, y))).into()
}

fn encode_as(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn encode(format: ImageFormat) -> Vec<u8> {
    encode_as(&picture(0), format)
}

fn jpeg_case() -> Case {
    let base = encode(ImageFormat::Jpeg);
    let icc =
        |number: u8, count: u8, content: &str| [b"ICC_PROFILE\0", &[number, count][..], content.as_bytes()].concat();
    let profile = with_segment(&base, 0xe2, &icc(1, 1, "profile"));
    let in_pieces = with_segment(&with_segment(&base, 0xe2, &icc(2, 2, "file")), 0xe2, &icc(1, 2, "pro"));
    assert_eq!(picture_hash(&profile), picture_hash(&in_pieces), "a profile in two pieces");
    let end = base.len() - 2;
    let trailer = [&base[..], &base, b"a film"].concat();
    let thumbnail = with_segment(&base, 0xe1, &[&exif_segment(1, "EXIF")[..], &base].concat());
    Case {
        name: "JPEG",
        same: vec![
            ("EXIF", with_segment(&base, 0xe1, &exif_segment(1, "a camera"))),
            ("EXIF with a thumbnail", thumbnail),
            ("XMP", with_segment(&base, 0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")),
            ("IPTC", with_segment(&base, 0xed, b"Photoshop 3.0\0 8BIM")),
            ("a comment", with_segment(&base, 0xfe, b"a comment")),
            ("an index of pictures", with_segment(&base, 0xe2, b"MPF\0II*\0")),
            ("no JFIF", without_segment(&base, 0xe0)),
            ("no end", base[..end].to_vec()),
            ("a trailer", trailer),
            ("fill bytes", [&base[..2], &[0xff, 0xff], &base[2..]].concat()),
        ],
        other: vec![
            ("turned", with_segment(&base, 0xe1, &exif_segment(6, ""))),
            ("a profile", profile),
            ("another profile", with_segment(&base, 0xe2, &icc(1, 1, "another"))),
            ("Adobe's RGB", with_segment(&base, 0xee, b"Adobe\0\x64\0\0\0\0\0")),
            ("other coded data", flipped(&base, end - 4)),
            ("other tables", flipped(&base, find(&base, &[0xff, 0xdb]) + 10)),
            ("another height", flipped(&base, find(&base, &[0xff, 0xc0]) + 6)),
            ("another picture", encode_as(&picture(40), ImageFormat::Jpeg)),
        ],
        base,
    }
}

fn png_case() -> Case {
    let base = encode(ImageFormat::Png);
    let with = |kind: &[u8], content: &[u8]| with_chunk(&base, kind, content);
    let data = find(&base, b"IDAT");
    Case {
        name: "PNG",
        same: vec![
            ("a text", with(b"tEXt", b"Comment\0a comment")),
            ("XMP", with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>")),
            ("a packed text", with(b"zTXt", b"Comment\0\0x")),
            ("a time", with(b"tIME", &[7, 230, 1, 2, 3, 4, 5])),
            ("a resolution", with(b"pHYs", &[0, 0, 11, 19, 0, 0, 11, 19, 1])),
            ("EXIF", with(b"eXIf", &exif_block(1, "a camera"))),
            ("frames", with(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0])),
            ("data in many chunks", rechunked(&base, 7)),
            ("a trailer", [&base[..], b"a trailer"].concat()),
        ],
        other: vec![
            ("turned", with(b"eXIf", &exif_block(3, ""))),
            ("a profile", with(b"iCCP", b"profile\0\0x")),
            ("another profile", with(b"iCCP", b"another\0\0x")),
            ("gamma", with(b"gAMA", &[0, 0, 177, 143])),
            ("transparency", with(b"tRNS", &[0, 1, 0, 2, 0, 3])),
            ("other data", flipped(&base, data + 20)),
            ("another size", flipped(&base, 19)),
        ],
        base,
    }
}

fn webp_case() -> Case {
    let simple = encode(ImageFormat::WebP);
    let length = little(&simple[16..20]) as usize;
    let coded = &simple[20..20 + length];
    let header = |flags: u8| [flags, 0, 0, 0, 23, 0, 0, 15, 0, 0];
    let extended = |flags, before: &[(&[u8], &[u8])], after: &[(&[u8], &[u8])]| {
        let own: [(&[u8], &[u8]); 1] = [(b"VP8L", coded)];
        riff(&[&[(&b"VP8X"[..], &header(flags)[..])], before, &own, after].concat())
    };
    let prefixed = [&b"Exif\0\0"[..], &exif_block(6, "")].concat();
    let turned = extended(8, &[], &[(b"EXIF", &exif_block(6, ""))]);
    assert_eq!(picture_hash(&turned), picture_hash(&extended(8, &[], &[(b"EXIF", &prefixed)])));
    Case {
        name: "WebP",
        same: vec![
            ("an extended header", extended(0, &[], &[])),
            ("EXIF", extended(8, &[], &[(b"EXIF", &exif_block(1, "a camera!"))])),
            ("XMP", extended(4, &[], &[(b"XMP ", b"<x:xmpmeta/>")])),
            ("an unknown chunk", extended(0, &[], &[(b"abcd", b"odd")])),
            ("a trailer", [&simple[..], b"a trailer"].concat()),
        ],
        other: vec![
            ("turned", turned),
            ("a profile", extended(32, &[(b"ICCP", b"profile")], &[])),
            ("another profile", extended(32, &[(b"ICCP", b"another")], &[])),
            ("alpha", extended(16, &[(b"ALPH", b"alpha")], &[])),
            ("other data", flipped(&simple, simple.len() - 6)),
        ],
        base: simple,
    }
}

fn animated_webp_case() -> Case {
    let simple = encode(ImageFormat::WebP);
    let coded = chunk(b"VP8L", &simple[20..20 + little(&simple[16..20]) as usize]);
    let frame = |x: u8, duration: u8, flags: u8| {
        [&[x, 0, 0, 0, 0, 0, 23, 0, 0, 15, 0, 0, duration, 0, 0, flags][..], &coded].concat()
    };
    let file = |canvas: u8, loops: u8, frames: &[Vec<u8>]| {
        let (header, control) = ([2, 0, 0, 0, canvas, 0, 0, 15, 0, 0], [1, 2, 3, 4, loops, 0]);
        let mut chunks: Vec<(&[u8], &[u8])> = vec![(b"VP8X", &header), (b"ANIM", &control)];
        chunks.extend(frames.iter().map(|frame| (&b"ANMF"[..], &frame[..])));
        riff(&chunks)
    };
    Case {
        name: "animated WebP",
        base: file(23, 0, &[frame(0, 10, 0), frame(1, 10, 0)]),
        same: vec![
            ("times", file(23, 3, &[frame(0, 20, 0), frame(1, 10, 0)])),
            ("a further frame", file(23, 0, &[frame(0, 10, 0), frame(1, 10, 0), frame(2, 10, 0)])),
        ],
        other: vec![
            ("another canvas", file(24, 0, &[frame(0, 10, 0)])),
            ("another place", file(23, 0, &[frame(1, 10, 0)])),
            ("not blended", file(23, 0, &[frame(0, 10, 2)])),
        ],
    }
}

fn gif_case() -> Case {
    let base = encode(ImageFormat::Gif);
    let start = 13 + if base[10] & 0x80 != 0 { 3 << ((base[10] & 7) + 1) } else { 0 };
    let with = |extension: &[u8]| [&base[..start], extension, &base[start..]].concat();
    let image = start + base[start..].windows(10).position(|b| b[..5] == [0x2c, 0, 0, 0, 0]).unwrap();
    let mut older = base.clone();
    older[4] = b'7';
    let data = image + 10 + if base[image + 9] & 0x80 != 0 { 3 << ((base[image + 9] & 7) + 1) } else { 0 };
    let second = [&base[..base.len() - 1], &base[image..]].concat();
    Case {
        name: "GIF",
        same: vec![
            ("a comment", with(b"\x21\xfe\x03abc\0")),
            ("XMP", with(b"\x21\xff\x0bXMP DataXMP\x02<>\0")),
            ("a loop", with(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")),
            ("a time", with(b"\x21\xf9\x04\0\x0a\0\0\0")),
            ("an older version", older),
            ("a second frame", second),
            ("a trailer", [&base[..], b"a trailer"].concat()),
        ],
        other: vec![
            ("another palette", flipped(&base, data - 30)),
            ("other data", flipped(&base, data + 20)),
            ("another screen", flipped(&base, 6)),
            ("another place", flipped(&base, image + 1)),
            ("transparency", [&base[..image], b"\x21\xf9\x04\x01\0\0\x05\0", &base[image..]].concat()),
        ],
        base,
    }
}
