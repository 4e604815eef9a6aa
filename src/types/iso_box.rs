//! Boxes of ISO/IEC 14496-12: what HEIC, AVIF, JPEG XL in its container, Canon's newer raw files and films are made of.
//!
//! No length is believed: a content ends at the latest where what holds it ends.

use super::reader::Reader;

/// What stands before a box's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BoxHead {
    pub kind: [u8; 4],
    /// Bytes of the head itself.
    pub length: u64,
    /// Bytes of the content that are there.
    pub content: u64,
    /// Whether there are to be more.
    pub is_cut: bool,
}

impl BoxHead {
    pub const LONGEST: u64 = 16;

    /// From the first bytes of the `left` that follow in the file or in the outer box. None where no box begins.
    pub fn read(start: &[u8], left: u64) -> Option<Self> {
        let mut reader = Reader(start);
        let (short, kind) = (reader.big(4)?, *reader.take(4)?.first_chunk()?);
        let (length, whole) = match short {
            // All that follows.
            0 => (8, left),
            1 => (16, reader.big(8)?),
            whole => (8, whole),
        };
        let (content, there) = (whole.checked_sub(length)?, left.checked_sub(length)?);
        Some(Self { kind, length, content: content.min(there), is_cut: content > there })
    }
}

/// Kind and content, one after the other. The last one may be cut off.
pub(crate) fn boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    heads(bytes).map(|(_, kind, content)| (kind, content))
}

/// Up to the first box that does not fit: what follows it is no part of the file.
pub(crate) fn whole_boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    heads(bytes).take_while(|(head, ..)| !head.is_cut).map(|(_, kind, content)| (kind, content))
}

/// The content of the first box of a kind.
pub(crate) fn find_box<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(kind, _)| kind == wanted).map(|(_, content)| content)
}

fn heads(bytes: &[u8]) -> impl Iterator<Item = (BoxHead, &[u8], &[u8])> {
    let mut reader = Reader(bytes);
    std::iter::from_fn(move || {
        let head = BoxHead::read(reader.0, reader.0.len() as u64)?;
        let start = reader.take(head.length as usize)?;
        Some((head, &start[4..8], reader.take(head.content as usize)?))
    })
}

/// For who makes files.
#[cfg(test)]
pub(crate) fn a_box(kind: &[u8], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), kind, content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(boxes: impl Iterator<Item = (&'static [u8], &'static [u8])>) -> Vec<(&'static [u8], &'static [u8])> {
        boxes.collect()
    }

    #[test]
    fn boxes_of_each_way_to_tell_a_length_follow_each_other() {
        let bytes = b"\0\0\0\x0aftypab\0\0\0\x01mdat\0\0\0\0\0\0\0\x13xyz\0\0\0\0restall";
        let three: [(&[u8], &[u8]); 3] = [(b"ftyp", b"ab"), (b"mdat", b"xyz"), (b"rest", b"all")];
        assert_eq!(found(boxes(bytes)), three);
        assert_eq!(found(whole_boxes(bytes)), three);
        assert_eq!(find_box(bytes, b"mdat"), Some(&b"xyz"[..]));
    }

    #[test]
    fn no_length_leads_out_of_what_holds_the_box() {
        let first = b"\0\0\0\x08free";
        let cut: [&[u8]; 2] = [b"\0\0\0\x50mdatabc", b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xffabc"];
        for last in cut {
            let bytes = [&first[..], last].concat().leak();
            assert_eq!(found(boxes(bytes)), [(&b"free"[..], &b""[..]), (b"mdat", b"abc")]);
            assert_eq!(found(whole_boxes(bytes)), [(&b"free"[..], &b""[..])]);
        }
        // Shorter than its own head, or no whole head.
        let none: [&[u8]; 4] =
            [b"\0\0\0\x07mdat", b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x0f", b"\0\0\0\x01mdat\0\0", b"\0\0\0"];
        for last in none {
            let bytes = [&first[..], last].concat().leak();
            assert_eq!(found(boxes(bytes)).len(), 1, "{last:?}");
        }
    }
}
