//! WebP: a chunk `XMP ` of the RIFF container (RFC 9649, section 2.7.1.5).

use super::super::encoding::MAX_BYTES;
use super::{ContainerError, FileWindow, RawPacket, too_long};

pub(super) fn packets(file: &mut FileWindow) -> Result<Vec<RawPacket>, ContainerError> {
    let mut found = Vec::new();
    let mut at = 12;
    while at + 8 <= file.length() {
        let [name @ .., a, b, c, d] = file.array::<8>(at)?;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        if &name == b"XMP " {
            if length > MAX_BYTES as u64 {
                return Err(too_long());
            }
            found.push(RawPacket::whole(file.bytes(at + 8, length)?));
        }
        // Chunks begin at even places.
        at += 8 + length + length % 2;
    }
    Ok(found)
}
