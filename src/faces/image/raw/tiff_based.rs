//! Raw files built as TIFF: DNG, NEF, CR2, ARW, and with numbers of their own ORF and RW2.
//!
//! A TIFF is a raw file where one of its directories describes a sensor (PhotometricInterpretation 32803 or 34892), or
//! where it says that it is a DNG. Previews lie in strips, in the old fields for a JPEG, or in the maker's notes.

use std::borrow::Cow;
use std::io::Cursor;

use super::super::exif;
use super::super::ifd::{Directory, TiffFile};
use super::{About, Found};

const MAKE: u16 = 271;
const SUB_DIRECTORIES: u16 = 330;
const DNG_VERSION: u16 = 50706;

pub(super) fn name(bytes: &[u8]) -> Option<&'static str> {
    let file = TiffFile::open(bytes)?;
    let first = file.first()?;
    if first.bytes(DNG_VERSION).is_some() {
        return Some("DNG");
    }
    directories(&file).iter().any(describes_a_sensor).then(|| by_make(&first.text(MAKE).to_ascii_uppercase()))
}

pub(super) fn find(bytes: &[u8]) -> Option<Found<'_>> {
    let file = TiffFile::open(bytes)?;
    let first = file.first()?;
    let in_directories = directories(&file).into_iter().flat_map(|directory| previews(bytes, &directory));
    let all = in_directories.chain(first.bytes(PANASONIC_JPEG)).chain(olympus(&first));
    Some(Found { previews: all.collect(), about: about(&file) })
}

/// Those of the chain, and those that they point to.
fn directories<'a>(file: &TiffFile<'a>) -> Vec<Directory<'a>> {
    let chain = file.chain();
    let children: Vec<_> = chain.iter().take(8).flat_map(|directory| directory.children(SUB_DIRECTORIES)).collect();
    [chain, children].concat()
}

fn describes_a_sensor(directory: &Directory<'_>) -> bool {
    const PHOTOMETRIC: u16 = 262;
    const COLOUR_FILTERS: u64 = 32803;
    const LINEAR_RAW: u64 = 34892;
    matches!(directory.number(PHOTOMETRIC), Some(COLOUR_FILTERS | LINEAR_RAW))
}

fn by_make(make: &str) -> &'static str {
    const NAMES: [(&str, &str); 8] = [
        ("NIKON", "NEF"),
        ("SONY", "ARW"),
        ("CANON", "CR2"),
        ("PENTAX", "PEF"),
        ("RICOH", "PEF"),
        ("SAMSUNG", "SRW"),
        ("HASSELBLAD", "3FR"),
        ("PHASE ONE", "IIQ"),
    ];
    NAMES.iter().find(|(start, _)| make.starts_with(start)).map_or("camera raw", |(_, name)| *name)
}

/// Those that may be a JPEG: what is none is sorted out by its beginning.
fn previews<'a>(bytes: &'a [u8], directory: &Directory<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    const PLACES: [(u16, u16); 2] = [(513, 514), (273, 279)];
    PLACES
        .map(|(place, length)| {
            // A preview in several strips would be no JPEG of its own.
            let mut places = directory.numbers(place);
            let at = places.next().filter(|_| places.next().is_none())?;
            piece(bytes, at, directory.number(length)?)
        })
        .into_iter()
        .flatten()
}

/// The tag of RW2's JPEG, which holds EXIF of its own.
const PANASONIC_JPEG: u16 = 0x2e;

/// The preview in the camera settings of the maker's notes; all places count from the notes' beginning.
fn olympus<'a>(first: &Directory<'a>) -> Option<&'a [u8]> {
    const EXIF: u16 = 34665;
    const MAKER_NOTE: u16 = 37500;
    const CAMERA_SETTINGS: u16 = 0x2020;
    let note = first.children(EXIF).next()?.bytes(MAKER_NOTE)?;
    let header = [(&b"OLYMPUS\0"[..], 8_usize), (b"OM SYSTEM\0\0\0", 12)];
    let (_, order_at) = header.into_iter().find(|(mark, _)| note.starts_with(mark))?;
    // Order of bytes and version, then the directory.
    let block = TiffFile::within(note, order_at)?;
    let settings = block.directory(order_at as u64 + 4)?.children(CAMERA_SETTINGS).next()?;
    piece(note, settings.number(0x101)?, settings.number(0x102)?)
}

/// As much as the file has of it.
fn piece(bytes: &[u8], at: u64, length: u64) -> Option<&[u8]> {
    let rest = bytes.get(usize::try_from(at).ok()?..)?;
    Some(&rest[..usize::try_from(length).unwrap_or(usize::MAX).min(rest.len())])
}

/// The reader of EXIF takes no number but 42.
fn about(file: &TiffFile<'_>) -> About {
    let block = match file.magic {
        42 => Cow::Borrowed(file.bytes),
        _ => {
            let mut block = file.bytes.to_vec();
            let number = if block.starts_with(b"I") { b"*\0" } else { b"\0*" };
            block[2..4].copy_from_slice(number);
            Cow::Owned(block)
        }
    };
    let (meta, orientation) = exif::read(&mut Cursor::new(block), "");
    About::File(meta, orientation)
}
