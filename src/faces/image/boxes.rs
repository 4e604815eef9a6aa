//! Boxes of ISO/IEC 14496-12, which JPEG XL and Canon's newer raw files use for their containers.

use super::reader::Reader;

/// Kind and content of the boxes, one after the other. The last one may be cut off.
pub(super) fn boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut reader = Reader(bytes);
    std::iter::from_fn(move || {
        let (short, kind) = (reader.big(4)?, reader.take(4)?);
        let length = match short {
            0 => reader.0.len() as u64,
            1 => reader.big(8)?.checked_sub(16)?,
            length => length.checked_sub(8)?,
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(reader.0.len());
        Some((kind, reader.take(length)?))
    })
}

pub(super) fn find<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(kind, _)| *kind == wanted).map(|(_, content)| content)
}
