//! WebP (RFC 9649): the bitstream, its alpha plane and the colour profile; of an animation the first frame and its canvas.
//!
//! The extended header counts only for an animation: a still picture gets one when metadata is first written to it.

use super::PartHasher;
use crate::types::reader::{Reader, little};

type Chunk<'a> = (&'a [u8], &'a [u8]);

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    let length = usize::try_from(little(bytes.get(4..8)?)).ok()?.checked_add(8)?;
    let chunks = chunks(bytes.get(12..length.min(bytes.len()))?)?;
    if let Some(profile) = find(&chunks, b"ICCP") {
        seen.part(b"ICCP", profile);
    }
    match find(&chunks, b"ANMF") {
        Some(frame) => animation(&chunks, frame, seen)?,
        None => bitstream(&chunks, seen)?,
    }
    let block = find(&chunks, b"EXIF").unwrap_or_default();
    // Many programs put JPEG's prefix before the block.
    seen.exif_orientation(block.strip_prefix(b"Exif\0\0").unwrap_or(block));
    Some(())
}

fn chunks(bytes: &[u8]) -> Option<Vec<Chunk<'_>>> {
    let mut reader = Reader(bytes);
    let mut chunks = Vec::new();
    while !reader.0.is_empty() {
        let kind = reader.take(4)?;
        let length = usize::try_from(reader.little(4)?).ok()?;
        chunks.push((kind, reader.take(length)?));
        // An odd chunk is filled up; at the end of the file that may be missing.
        reader.take((length % 2).min(reader.0.len()))?;
    }
    Some(chunks)
}

fn find<'a>(chunks: &[Chunk<'a>], kind: &[u8]) -> Option<&'a [u8]> {
    chunks.iter().find(|(found, _)| *found == kind).map(|(_, content)| *content)
}

fn bitstream(chunks: &[Chunk], seen: &mut PartHasher) -> Option<()> {
    if let Some(alpha) = find(chunks, b"ALPH") {
        seen.part(b"ALPH", alpha);
    }
    let (kind, content) = chunks.iter().find(|(kind, _)| [b"VP8 ", b"VP8L"].iter().any(|known| kind == known))?;
    seen.part(kind, content);
    Some(())
}

/// Canvas, background, and the first frame without its duration.
fn animation(chunks: &[Chunk], frame: &[u8], seen: &mut PartHasher) -> Option<()> {
    const FRAME_HEADER_BYTES: usize = 16;
    seen.part(b"canvas", find(chunks, b"VP8X")?.get(4..10)?);
    seen.part(b"background", find(chunks, b"ANIM")?.get(..4)?);
    seen.part(b"place", frame.get(..12)?);
    seen.part(b"blending", frame.get(15..FRAME_HEADER_BYTES)?);
    bitstream(&self::chunks(&frame[FRAME_HEADER_BYTES..])?, seen)
}
