//! JPEG: a packet in an APP1 segment, and what is too long for it in further ones, each with the name (a digest), the
//! whole length and its own place (XMP specification part 3, section 1.1.3).

use std::collections::BTreeMap;

use super::super::encoding::MAX_BYTES;
use super::super::error::PacketError;
use super::{ContainerError, FileWindow, RawPacket, damaged, too_long};

/// What a segment with a packet begins with.
pub(crate) const SEGMENT_NAME: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const EXTENSION_NAME: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";

/// A segment before the picture's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JpegSegment {
    /// Of the marker's first byte.
    pub at: u64,
    pub marker: u8,
    /// Of the content, without marker and length.
    pub content: (u64, u64),
}

/// The segments up to the first scan; the end of the file, or the picture, ends them too.
pub(crate) fn segments(file: &mut FileWindow) -> Result<Vec<JpegSegment>, ContainerError> {
    let mut found = Vec::new();
    let mut at = 2;
    while at + 2 <= file.length() {
        let [0xff, marker] = file.array(at)? else { break };
        match marker {
            // Filling.
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            0xd9 | 0xda => break,
            _ => {
                let length = u64::from(u16::from_be_bytes(file.array(at + 2)?));
                if length < 2 || at + 2 + length > file.length() {
                    return Err(damaged("the JPEG", "a segment is longer than the file"));
                }
                found.push(JpegSegment { at, marker, content: (at + 4, length - 2) });
                at += 2 + length;
            }
        }
    }
    Ok(found)
}

pub(super) fn packets(file: &mut FileWindow) -> Result<Vec<RawPacket>, ContainerError> {
    let mut found = Vec::new();
    let mut extensions = Extensions::default();
    for segment in segments(file)?.into_iter().filter(|segment| segment.marker == 0xe1) {
        let content = file.bytes(segment.content.0, segment.content.1)?;
        if let Some(packet) = content.strip_prefix(SEGMENT_NAME) {
            found.push(RawPacket::whole(packet.to_vec()));
        } else if let Some(part) = content.strip_prefix(EXTENSION_NAME) {
            extensions.add(part)?;
        }
    }
    found.extend(extensions.joined()?);
    Ok(found)
}

/// Parts by their names; each part with its place.
#[derive(Default)]
struct Extensions(BTreeMap<Vec<u8>, (usize, BTreeMap<usize, Vec<u8>>)>);

impl Extensions {
    fn add(&mut self, part: &[u8]) -> Result<(), ContainerError> {
        let torn = || damaged("the JPEG", "a part of the extended XMP has no head");
        let (name, rest) = part.split_at_checked(32).ok_or_else(torn)?;
        let (numbers, data) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
        let [a, b, c, d, e, f, g, h] = *numbers;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let at = u32::from_be_bytes([e, f, g, h]) as usize;
        if length > MAX_BYTES {
            return Err(too_long());
        }
        let parts = self.0.entry(name.to_vec()).or_insert_with(|| (length, BTreeMap::new()));
        parts.1.insert(at, data.to_vec());
        Ok(())
    }

    /// Each name's parts as one packet; all of it has to be there, once.
    fn joined(self) -> Result<Vec<RawPacket>, ContainerError> {
        let join = |(name, (length, parts)): (Vec<u8>, (usize, BTreeMap<usize, Vec<u8>>))| {
            let mut bytes = Vec::new();
            for (at, part) in parts {
                if at != bytes.len() || bytes.len() + part.len() > length {
                    return Err(PacketError::ExtendedInPieces.into());
                }
                bytes.extend_from_slice(&part);
            }
            if bytes.len() != length {
                return Err(PacketError::ExtendedInPieces.into());
            }
            Ok(RawPacket { bytes, extends: Some(String::from_utf8_lossy(&name).into_owned()) })
        };
        self.0.into_iter().map(join).collect()
    }
}
