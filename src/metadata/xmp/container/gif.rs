//! GIF: an application extension `XMP DataXMP`, whose text stands plainly where blocks should be; 258 bytes after it
//! lead any reader of blocks to the end (XMP specification part 3, section 1.1.2).

use super::super::encoding::MAX_BYTES;
use super::{ContainerError, FileWindow, RawPacket, too_long};

/// The last 257 bytes before the end of the blocks, which belong to no text.
const TRAILER: u64 = 257;

pub(super) fn packets(file: &mut FileWindow) -> Result<Vec<RawPacket>, ContainerError> {
    let [.., flags, _background, _aspect] = file.array::<13>(0)?;
    let mut found = Vec::new();
    let mut at = 13 + colours(flags);
    while at < file.length() {
        let [kind] = file.array(at)?;
        match kind {
            0x21 => {
                let [_, label, length] = file.array(at)?;
                let blocks = at + 3 + u64::from(length);
                let is_xmp = label == 0xff && length == 11 && &file.array::<11>(at + 3)? == b"XMP DataXMP";
                let end = skip_blocks(file, blocks)?;
                let length = (end - 1).saturating_sub(blocks + TRAILER);
                if length > MAX_BYTES as u64 {
                    return Err(too_long());
                }
                if is_xmp && length > 0 {
                    found.push(RawPacket::whole(file.bytes(blocks, length)?));
                }
                at = end;
            }
            0x2c => {
                let [.., flags] = file.array::<10>(at)?;
                // One byte says how the picture is coded.
                at = skip_blocks(file, at + 10 + colours(flags) + 1)?;
            }
            _ => break,
        }
    }
    Ok(found)
}

/// Bytes of the table of colours that the flags announce.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Behind the empty block that ends a row of blocks.
fn skip_blocks(file: &mut FileWindow, mut at: u64) -> Result<u64, ContainerError> {
    loop {
        let [length] = file.array(at)?;
        at += 1 + u64::from(length);
        if length == 0 {
            return Ok(at);
        }
    }
}
