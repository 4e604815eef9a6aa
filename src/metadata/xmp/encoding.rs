//! A packet's bytes as text and back: UTF-8 nearly everywhere, UTF-16 and UTF-32 where a sidecar chose them (XMP
//! specification part 1, section 7.1). What is written has the encoding that was read.

use super::error::PacketError;

/// Longer packets are not read: the longest that cameras write are depth maps of a few MiB.
pub(crate) const MAX_BYTES: usize = 16 << 20;

const BOM: char = '\u{feff}';

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextEncoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Utf32Le,
    Utf32Be,
}

/// The text of a packet and what is needed to make its bytes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PacketText {
    pub text: String,
    encoding: TextEncoding,
    has_bom: bool,
    /// Bytes after the text: some writers fill up with zeros.
    tail: Vec<u8>,
}

impl PacketText {
    pub fn decode(bytes: &[u8]) -> Result<Self, PacketError> {
        if bytes.len() > MAX_BYTES {
            return Err(PacketError::TooLong { limit: MAX_BYTES });
        }
        let encoding = TextEncoding::of(bytes);
        let end = encoding.end_of_text(bytes);
        let mut text = encoding.decode(&bytes[..end]).ok_or(PacketError::NotText)?;
        let has_bom = text.starts_with(BOM);
        if has_bom {
            text.drain(..BOM.len_utf8());
        }
        Ok(Self { text, encoding, has_bom, tail: bytes[end..].to_vec() })
    }

    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// The bytes of another text in the same dress.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() + self.tail.len() + 4);
        let bom = self.has_bom.then_some(BOM);
        for c in bom.into_iter().chain(text.chars()) {
            self.encoding.push(&mut bytes, c);
        }
        bytes.extend_from_slice(&self.tail);
        bytes
    }
}

impl TextEncoding {
    /// By the first bytes, which are a byte order mark or the markup's `<`.
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] | [b'<', 0, 0, 0, ..] => Self::Utf32Le,
            [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', ..] => Self::Utf32Be,
            [0xff, 0xfe, ..] | [b'<', 0, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] | [0, b'<', ..] => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    fn unit(self) -> usize {
        match self {
            Self::Utf8 => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
            Self::Utf32Le | Self::Utf32Be => 4,
        }
    }

    /// Whole units, without zeros at the end.
    fn end_of_text(self, bytes: &[u8]) -> usize {
        let unit = self.unit();
        let mut end = bytes.len() / unit * unit;
        while end >= unit && bytes[end - unit..end].iter().all(|byte| *byte == 0) {
            end -= unit;
        }
        end
    }

    fn decode(self, bytes: &[u8]) -> Option<String> {
        let pairs = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
        let fours = || bytes.chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]]);
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Utf16Le => char::decode_utf16(pairs().map(u16::from_le_bytes)).collect::<Result<_, _>>().ok(),
            Self::Utf16Be => char::decode_utf16(pairs().map(u16::from_be_bytes)).collect::<Result<_, _>>().ok(),
            Self::Utf32Le => fours().map(|four| char::from_u32(u32::from_le_bytes(four))).collect(),
            Self::Utf32Be => fours().map(|four| char::from_u32(u32::from_be_bytes(four))).collect(),
        }
    }

    fn push(self, bytes: &mut Vec<u8>, c: char) {
        let (mut eight, mut sixteen) = ([0; 4], [0; 2]);
        match self {
            Self::Utf8 => bytes.extend_from_slice(c.encode_utf8(&mut eight).as_bytes()),
            Self::Utf16Le => c.encode_utf16(&mut sixteen).iter().for_each(|unit| bytes.extend(unit.to_le_bytes())),
            Self::Utf16Be => c.encode_utf16(&mut sixteen).iter().for_each(|unit| bytes.extend(unit.to_be_bytes())),
            Self::Utf32Le => bytes.extend(u32::from(c).to_le_bytes()),
            Self::Utf32Be => bytes.extend(u32::from(c).to_be_bytes()),
        }
    }
}
