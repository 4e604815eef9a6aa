//! Raw files by hand: as little of each as a reader of its structure needs.

use ::image::{Rgb, RgbImage};

use super::super::{DecodeLimits, DecodeScale, Photo, decode as decode_file};
use super::*;
use crate::types::iso_box::a_box;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const TEXT: u16 = 2;
const UNDEFINED: u16 = 7;

/// Type and content of a tag.
type Entry = (u16, u16, Vec<u8>);

fn short(tag: u16, value: u16) -> Entry {
    (tag, SHORT, value.to_le_bytes().to_vec())
}

fn long(tag: u16, value: usize) -> Entry {
    (tag, LONG, (value as u32).to_le_bytes().to_vec())
}

fn text(tag: u16, value: &str) -> Entry {
    (tag, TEXT, [value.as_bytes(), &[0]].concat())
}

/// Writes a directory and answers where it lies.
fn directory(file: &mut Vec<u8>, mut entries: Vec<Entry>) -> usize {
    entries.sort_by_key(|(tag, ..)| *tag);
    let mut written = (entries.len() as u16).to_le_bytes().to_vec();
    for (tag, kind, content) in entries {
        let width = match kind {
            SHORT => 2,
            LONG => 4,
            _ => 1,
        };
        written.extend(tag.to_le_bytes());
        written.extend(kind.to_le_bytes());
        written.extend(((content.len() / width) as u32).to_le_bytes());
        let mut field = content.clone();
        if content.len() > 4 {
            field = append(file, &content).to_le_bytes()[..4].to_vec();
        }
        field.resize(4, 0);
        written.extend(field);
    }
    written.extend([0; 4]);
    append(file, &written)
}

fn append(file: &mut Vec<u8>, content: &[u8]) -> usize {
    let at = file.len();
    file.extend(content);
    at
}

/// With the place of the first directory at 4.
fn closed(mut file: Vec<u8>, first: usize) -> Vec<u8> {
    file[4..8].copy_from_slice(&(first as u32).to_le_bytes());
    file
}

/// Red, green / blue, white; 48 to 64 as the sides are.
fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb([250, 5, 5]),
        (false, true) => Rgb([5, 250, 5]),
        (true, false) => Rgb([5, 5, 250]),
        (false, false) => Rgb([250, 250, 250]),
    });
    let mut bytes = Vec::new();
    ::image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode_image(&picture).unwrap();
    bytes
}

const PREVIEW: (u32, u32) = (1024, 768);

fn decoded(bytes: &[u8]) -> Result<Photo, DecodeError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.raw");
    std::fs::write(&path, bytes).unwrap();
    decode_file(&path, DecodeScale::LongSideAtLeast(256), &DecodeLimits::default())
}

/// Turned by a quarter clockwise: what was at the bottom left is at the top left.
fn assert_turned(name: &str, bytes: &[u8]) -> Photo {
    let photo = decoded(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(photo.meta.format, name);
    assert_eq!(photo.full_size, (PREVIEW.1, PREVIEW.0), "{name}");
    let corner = photo.pixels.get_pixel(9, 9).0.map(|value: u8| value > 128);
    assert_eq!(corner, [false, false, true], "{name}");
    photo
}

/// A file of the kind of DNG and NEF: a sensor and a preview in sub-directories.
fn with_sub_directories(make: &str, more: Vec<Entry>, preview: &[u8]) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let at = append(&mut file, preview);
    let sensor = append(&mut file, &[7; 64]);
    let small = append(&mut file, &jpeg(160, 120));
    let of_preview =
        directory(&mut file, vec![long(254, 1), short(259, 7), short(262, 6), long(273, at), long(279, preview.len())]);
    let of_sensor = directory(
        &mut file,
        vec![
            long(254, 0),
            long(256, 8),
            long(257, 8),
            short(259, 1),
            short(262, 32803),
            long(273, sensor),
            long(279, 64),
        ],
    );
    let subs = [of_preview, of_sensor].map(|at| (at as u32).to_le_bytes()).concat();
    let entries = vec![
        long(254, 1),
        long(256, 160),
        long(257, 120),
        text(271, make),
        text(272, &format!("{make} X")),
        short(274, 6),
        text(306, "2015:06:01 17:45:03"),
        (330, LONG, subs),
        long(513, small),
        long(514, 300),
    ];
    let first = directory(&mut file, [entries, more].concat());
    closed(file, first)
}

#[test]
fn files_built_as_tiff() {
    let preview = jpeg(PREVIEW.0, PREVIEW.1);
    let dng = with_sub_directories("Pentax", vec![(50706, 1, vec![1, 4, 0, 0])], &preview);
    let photo = assert_turned("DNG", &dng);
    assert_eq!(photo.meta.camera.as_deref(), Some("Pentax X"));
    assert_eq!(photo.meta.captured_at.as_deref(), Some("2015-06-01T17:45:03"));
    assert_turned("NEF", &with_sub_directories("NIKON CORPORATION", vec![], &preview));
    assert_turned("ARW", &with_sub_directories("SONY", vec![], &preview));
}

#[test]
fn canons_first_directory_is_the_preview() {
    let preview = jpeg(PREVIEW.0, PREVIEW.1);
    let mut file = b"II*\0\0\0\0\0CR\x02\0\0\0\0\0".to_vec();
    let at = append(&mut file, &preview);
    let first = directory(
        &mut file,
        vec![short(259, 6), text(271, "Canon"), short(274, 6), long(273, at), long(279, preview.len())],
    );
    assert_turned("CR2", &closed(file, first));
}

#[test]
fn files_with_numbers_of_their_own() {
    let preview = jpeg(PREVIEW.0, PREVIEW.1);
    let mut panasonic = b"IIU\0\0\0\0\0".to_vec();
    let first =
        directory(&mut panasonic, vec![text(271, "Panasonic"), short(274, 6), (0x2e, UNDEFINED, preview.clone())]);
    assert_turned("RW2", &closed(panasonic, first));

    // The notes hold their own directories, whose places count from the notes.
    let mut note = b"OLYMPUS\0II\x03\0".to_vec();
    let settings_at = note.len() + 2 + 12 + 4;
    let preview_at = settings_at + 2 + 2 * 12 + 4;
    directory(&mut note, vec![long(0x2020, settings_at)]);
    directory(&mut note, vec![long(0x101, preview_at), long(0x102, preview.len())]);
    note.extend(&preview);
    let mut olympus = b"IIRO\0\0\0\0".to_vec();
    let exif = directory(&mut olympus, vec![(37500, UNDEFINED, note)]);
    let first = directory(&mut olympus, vec![text(271, "OLYMPUS"), short(274, 6), long(34665, exif)]);
    assert_turned("ORF", &closed(olympus, first));
}

/// The JPEG behind its start marker gets a block that says how it is turned.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let mut block = b"II*\0\0\0\0\0".to_vec();
    let first = directory(&mut block, vec![short(274, 6)]);
    let content = [b"Exif\0\0", &closed(block, first)[..]].concat();
    [&jpeg[..2], &[0xff, 0xe1], &(content.len() as u16 + 2).to_be_bytes(), &content, &jpeg[2..]].concat()
}

#[test]
fn fujifilms_header() {
    let preview = turned(&jpeg(PREVIEW.0, PREVIEW.1));
    let mut file = b"FUJIFILMCCD-RAW 0201FF393101FinePix X100".to_vec();
    file.resize(84, 0);
    file.extend(100_u32.to_be_bytes());
    file.extend((preview.len() as u32).to_be_bytes());
    file.resize(100, 0);
    file.extend(&preview);
    file.extend([7; 64]);
    assert_turned("RAF", &file);
}

/// For who needs a raw file of either kind.
pub(in crate::faces::image) fn nikon() -> Vec<u8> {
    with_sub_directories("NIKON CORPORATION", vec![], &jpeg(PREVIEW.0, PREVIEW.1))
}

pub(in crate::faces::image) fn canon() -> Vec<u8> {
    let preview = jpeg(PREVIEW.0, PREVIEW.1);
    let ftyp = a_box(b"ftyp", b"crx \0\0\0\x01crx isom");
    let block = |entries: Vec<Entry>| {
        let mut block = b"II*\0\0\0\0\0".to_vec();
        let first = directory(&mut block, entries);
        closed(block, first)
    };
    let camera = block(vec![text(271, "Canon"), text(272, "Canon EOS R"), short(274, 6)]);
    let exposure = block(vec![text(0x9003, "2020:02:03 04:05:06")]);
    let canon = [
        b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48".to_vec(),
        a_box(b"CMT1", &camera),
        a_box(b"CMT2", &exposure),
    ];
    let moov = |at: u64| {
        let size = [&[0; 8][..], &1_u32.to_be_bytes(), &(preview.len() as u32).to_be_bytes()].concat();
        let place = [&[0; 4][..], &1_u32.to_be_bytes(), &at.to_be_bytes()].concat();
        let tables = a_box(b"stbl", &[a_box(b"stsz", &size), a_box(b"co64", &place)].concat());
        let track = a_box(b"trak", &a_box(b"mdia", &a_box(b"minf", &tables)));
        a_box(b"moov", &[a_box(b"uuid", &canon.concat()), track].concat())
    };
    let at = ftyp.len() + moov(0).len() + 8;
    [ftyp, moov(at as u64), a_box(b"mdat", &[&preview[..], &[7; 64]].concat())].concat()
}

#[test]
fn canons_boxes() {
    let photo = assert_turned("CR3", &canon());
    assert_eq!(photo.meta.camera.as_deref(), Some("Canon EOS R"));
    assert_eq!(photo.meta.captured_at.as_deref(), Some("2020-02-03T04:05:06"));
}

#[test]
fn a_file_without_a_preview_says_so() {
    let file = with_sub_directories("NIKON", vec![], &jpeg(320, 240));
    let error = decoded(&file).unwrap_err();
    assert!(matches!(error, DecodeError::NoPreview { format: "NEF" }), "{error}");
}

#[test]
fn a_tiff_without_a_sensor_stays_a_tiff() {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let data = append(&mut file, &[9; 12]);
    let bits = vec![8, 0, 8, 0, 8, 0];
    let entries = vec![
        long(256, 2),
        long(257, 2),
        (258, SHORT, bits),
        short(259, 1),
        short(262, 2),
        text(271, "NIKON"),
        long(273, data),
        short(277, 3),
        long(278, 2),
        long(279, 12),
    ];
    let first = directory(&mut file, entries);
    assert_eq!(decoded(&closed(file, first)).unwrap().meta.format, "TIFF");
}
