//! Canon's CR3: boxes as in a film. The first track is a single JPEG at full size; EXIF lies in blocks of their own.

use super::super::exif;
use super::{About, Found};
use crate::types::iso_box::{boxes, find_box};
use crate::types::reader::{Reader, slice};

/// The box that holds Canon's blocks, and the one with a smaller preview.
const CANON: &[u8; 16] = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
const PREVIEW: &[u8; 16] = b"\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16";

pub(super) fn find(bytes: &[u8]) -> Option<Found<'_>> {
    let moov = find_box(bytes, b"moov")?;
    let tracks = boxes(moov).filter(|(kind, _)| *kind == b"trak");
    let samples = tracks.filter_map(|(_, track)| first_sample(bytes, track));
    let blocks = uuid(moov, CANON).unwrap_or_default();
    let block = |kind| find_box(blocks, kind).unwrap_or_default();
    let (meta, orientation) = exif::of_blocks(block(b"CMT1"), block(b"CMT2"), block(b"CMT4"));
    Some(Found { previews: samples.chain(smaller(bytes)).collect(), about: About::File(meta, orientation) })
}

fn uuid<'a>(bytes: &'a [u8], wanted: &[u8; 16]) -> Option<&'a [u8]> {
    boxes(bytes).filter(|(kind, _)| *kind == b"uuid").find_map(|(_, content)| content.strip_prefix(wanted))
}

/// By the track's tables of lengths and places.
fn first_sample<'a>(bytes: &'a [u8], track: &[u8]) -> Option<&'a [u8]> {
    let media = find_box(find_box(track, b"mdia")?, b"minf")?;
    let tables = find_box(media, b"stbl")?;
    let mut sizes = Reader(find_box(tables, b"stsz")?.get(4..)?);
    let length = match (sizes.big(4)?, sizes.big(4)?) {
        (0, 1..) => sizes.big(4)?,
        (length, _) => length,
    };
    let place = |kind, width| Reader(find_box(tables, kind)?.get(8..)?).big(width);
    let at = place(b"co64", 8).or_else(|| place(b"stco", 4))?;
    slice(bytes, at, length.min((bytes.len() as u64).checked_sub(at)?))
}

/// Its header says little that the JPEG does not.
fn smaller(bytes: &[u8]) -> Option<&[u8]> {
    let content = uuid(bytes, PREVIEW)?;
    let start = content.windows(3).position(|window| window == [0xff, 0xd8, 0xff])?;
    content.get(start..)
}
