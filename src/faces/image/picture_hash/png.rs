//! PNG (W3C, third edition): the chunks that a viewer needs for its picture, and the joined image data.
//!
//! Texts, time, EXIF, the paper's resolution and the frames of an animation are left out, as is all after the end chunk.

use super::PartHasher;
use crate::types::reader::Reader;

/// Chunks that count, in the order in which they are hashed.
const SEEN: [&[u8]; 9] = [b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP"];

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    let mut reader = Reader(bytes.get(8..)?);
    let (mut chunks, mut data) = (Vec::new(), Vec::new());
    while !reader.0.is_empty() {
        let length = usize::try_from(reader.big(4)?).ok()?;
        let (kind, content) = (reader.take(4)?, reader.take(length)?);
        reader.take(CHECKSUM_BYTES)?;
        match kind {
            b"IEND" => break,
            b"IDAT" => data.push(content),
            kind if SEEN.contains(&kind) => chunks.push((kind, content)),
            _ => {}
        }
    }
    chunks.sort_by_key(|(kind, _)| SEEN.iter().position(|seen| seen == kind));
    chunks.iter().for_each(|(kind, content)| seen.part(kind, content));
    seen.joined(b"IDAT", &data);
    seen.exif_orientation(bytes);
    (!data.is_empty() && chunks.first().is_some_and(|(kind, _)| *kind == b"IHDR")).then_some(())
}

const CHECKSUM_BYTES: usize = 4;
