//! PNG: an `iTXt` chunk with the keyword `XML:com.adobe.xmp`, plain or compressed (PNG 3, section 11.3.3.4).

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::super::encoding::MAX_BYTES;
use super::{ContainerError, FileWindow, RawPacket, damaged, too_long};

const KEYWORD: &[u8] = b"XML:com.adobe.xmp\0";

pub(super) fn packets(file: &mut FileWindow) -> Result<Vec<RawPacket>, ContainerError> {
    let mut found = Vec::new();
    let mut at = 8;
    while at + 8 <= file.length() {
        let [a, b, c, d, name @ ..] = file.array::<8>(at)?;
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        if &name == b"iTXt" && length >= KEYWORD.len() as u64 {
            found.extend(text_chunk(file, at + 8, length)?);
        } else if &name == b"IEND" {
            break;
        }
        // The checksum is four bytes more.
        at += 12 + length;
    }
    Ok(found)
}

fn text_chunk(file: &mut FileWindow, at: u64, length: u64) -> Result<Option<RawPacket>, ContainerError> {
    let begin = KEYWORD.len() as u64;
    if file.bytes(at, begin)? != KEYWORD {
        return Ok(None);
    }
    if length > MAX_BYTES as u64 {
        return Err(too_long());
    }
    let content = file.bytes(at + begin, length - begin)?;
    let torn = || damaged("the PNG", "its text chunk with XMP is cut short");
    let ([is_compressed, _method], rest) = content.split_first_chunk::<2>().ok_or_else(torn)?;
    // A language and the keyword in it, both usually empty.
    let mut parts = rest.splitn(3, |byte| *byte == 0);
    let text = parts.nth(2).ok_or_else(torn)?;
    if *is_compressed == 0 {
        return Ok(Some(RawPacket::whole(text.to_vec())));
    }
    let mut bytes = Vec::new();
    let unpacked = ZlibDecoder::new(text).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    unpacked.map_err(|_| damaged("the PNG", "its compressed XMP cannot be unpacked"))?;
    if bytes.len() > MAX_BYTES { Err(too_long()) } else { Ok(Some(RawPacket::whole(bytes))) }
}
