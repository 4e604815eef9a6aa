//! A packet into a JPEG: one segment changes, every other byte stays.
//!
//! Bytes behind the segment move when it grows. Within the picture nothing counts them, but what follows a picture
//! does: MPF counts from its own segment to the second picture, makers' notes to previews. So where anything follows,
//! or MPF says that something does, the segment keeps its length by its padding, or the file is refused.

use super::container::{JpegSegment, SEGMENT_NAME};
use super::encoding::{PacketText, TextEncoding};
use super::error::Refusal;
use super::fragment::EMPTY_PACKET;

/// "The packet must fit in 65502 bytes" (XMP specification part 3, section 1.1.3).
const MAX_PACKET: usize = 65_502;
/// Left free in a packet that is written anew, so that the next name needs no bytes to move.
const SPARE: usize = 1024;

/// Bytes of a file in the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentChange {
    pub at: usize,
    pub old: std::ops::Range<usize>,
    pub new: Vec<u8>,
}

/// The change that puts a packet's text into a JPEG; `old` is the segment of its packet and that packet.
pub(crate) fn embed(
    jpeg: &[u8],
    segments: &[JpegSegment],
    old: Option<(&JpegSegment, &PacketText)>,
    text: &str,
) -> Result<SegmentChange, Refusal> {
    if old.is_some_and(|(_, packet)| packet.encoding() != TextEncoding::Utf8) {
        return Err(Refusal::UnknownForm);
    }
    let may_move = !is_followed(jpeg, segments)?;
    let Some((segment, packet)) = old else {
        let at = place_for_packet(jpeg, segments);
        let new = segment_bytes(&with_spare(text))?;
        return if may_move { Ok(SegmentChange { at, old: at..at, new }) } else { Err(Refusal::WouldMove) };
    };
    let start = segment.at as usize;
    let old = start..(segment.content.0 + segment.content.1) as usize;
    if may_move && unpadded(text) == EMPTY_PACKET {
        return Ok(SegmentChange { at: start, old, new: Vec::new() });
    }
    let length = segment.content.1 as usize - SEGMENT_NAME.len();
    // As long as it was, where that can be.
    let spare = length.checked_sub(packet.encode(&unpadded(text)).len());
    let text = match spare {
        Some(spare) => padded(text, spare),
        None if !may_move => return Err(Refusal::WouldMove),
        None => with_spare(text),
    };
    Ok(SegmentChange { at: start, old, new: segment_bytes_of(&packet.encode(&text))? })
}

/// Behind JFIF and Exif, which readers expect first.
fn place_for_packet(jpeg: &[u8], segments: &[JpegSegment]) -> usize {
    let is_first = |segment: &&JpegSegment| {
        let content = &jpeg[segment.content.0 as usize..(segment.content.0 + segment.content.1) as usize];
        segment.marker == 0xe0 || segment.marker == 0xe1 && content.starts_with(b"Exif\0")
    };
    let last = segments.iter().take_while(is_first).last();
    last.map_or(2, |segment| (segment.content.0 + segment.content.1) as usize)
}

fn segment_bytes(text: &str) -> Result<Vec<u8>, Refusal> {
    segment_bytes_of(text.as_bytes())
}

fn segment_bytes_of(packet: &[u8]) -> Result<Vec<u8>, Refusal> {
    if packet.len() > MAX_PACKET {
        return Err(Refusal::TooLong);
    }
    let length = (2 + SEGMENT_NAME.len() + packet.len()) as u16;
    let mut bytes = vec![0xff, 0xe1];
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(SEGMENT_NAME);
    bytes.extend_from_slice(packet);
    Ok(bytes)
}

/// Whether bytes follow the picture, or a segment says so.
fn is_followed(jpeg: &[u8], segments: &[JpegSegment]) -> Result<bool, Refusal> {
    let has_mpf = segments
        .iter()
        .any(|segment| segment.marker == 0xe2 && jpeg[segment.content.0 as usize..].starts_with(b"MPF\0"));
    let scan = segments.last().map_or(2, |segment| (segment.content.0 + segment.content.1) as usize);
    let end = end_of_picture(jpeg, scan).ok_or(Refusal::DamagedJpeg)?;
    Ok(has_mpf || end < jpeg.len())
}

/// Behind the end marker, seen from before the first scan.
fn end_of_picture(jpeg: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += jpeg.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match *jpeg.get(at + 1)? {
            0xd9 => return Some(at + 2),
            0xff => at += 1,
            // A byte of data, or a mark within the data.
            0x00 | 0x01 | 0xd0..=0xd7 => at += 2,
            _ => {
                let length = u16::from_be_bytes([*jpeg.get(at + 2)?, *jpeg.get(at + 3)?]);
                at += 2 + usize::from(length).max(2);
            }
        }
    }
}

/// Splits a packet before the padding and behind it.
fn around_padding(text: &str) -> (&str, &str) {
    let is_end = |at: &usize| text[at + "<?xpacket".len()..].trim_start().starts_with("end=");
    let end = text.rfind("<?xpacket").filter(is_end).unwrap_or(text.len());
    (text[..end].trim_end(), &text[end..])
}

fn unpadded(text: &str) -> String {
    let (body, end) = around_padding(text);
    if end.is_empty() { body.to_owned() } else { format!("{body}\n{end}") }
}

/// Only a packet that says that it may be written in place gets room for that.
fn with_spare(text: &str) -> String {
    let (_, end) = around_padding(text);
    let is_open = end.contains("end=\"w\"") || end.contains("end='w'");
    let room = MAX_PACKET.saturating_sub(unpadded(text).len());
    if is_open { padded(text, SPARE.min(room)) } else { unpadded(text) }
}

/// With `spare` bytes of space more than [`unpadded`].
fn padded(text: &str, spare: usize) -> String {
    let (body, end) = around_padding(text);
    let line = format!("{}\n", " ".repeat(99));
    let mut padding = line.repeat(spare / 100);
    padding.push_str(&" ".repeat(spare % 100));
    let gap = if end.is_empty() { "" } else { "\n" };
    format!("{body}{gap}{padding}{end}")
}
