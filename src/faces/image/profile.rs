//! Where each format keeps what it says about its colours.
//!
//! PNG: W3C, sections 11.3.2.3 (iCCP) and 11.3.2.6 (cICP); WebP: RFC 9649, section 2.7.1.4; TIFF: tag 34675. JPEG's
//! pieces are joined in `jpeg::icc`.

use std::borrow::Cow;
use std::io::Read;

use super::colour::FileColours;
use super::ifd::TiffFile;
use crate::types::reader::Reader;

/// A file's own word about its colours.
#[derive(Debug, PartialEq)]
pub(super) enum Stated<'a> {
    Nothing,
    Icc(Cow<'a, [u8]>),
    Codes {
        primaries: u8,
        transfer: u8,
    },
    /// Something is there that cannot be read.
    Broken,
}

impl Stated<'_> {
    pub fn colours(&self) -> Option<FileColours<'_>> {
        match self {
            Self::Icc(bytes) => Some(FileColours::Icc(bytes)),
            &Self::Codes { primaries, transfer } => Some(FileColours::Codes { primaries, transfer }),
            Self::Nothing | Self::Broken => None,
        }
    }
}

/// `cICP` goes before `iCCP`, as the standard says.
pub(super) fn of_png(bytes: &[u8]) -> Stated<'_> {
    let mut stated = Stated::Nothing;
    let mut reader = Reader(bytes.get(8..).unwrap_or_default());
    while let Some((kind, content)) = next_png_chunk(&mut reader) {
        match kind {
            b"IDAT" | b"IEND" => break,
            b"cICP" => match content {
                &[primaries, transfer, 0, 1] => return Stated::Codes { primaries, transfer },
                _ => stated = Stated::Broken,
            },
            b"iCCP" => stated = unpacked(content).map_or(Stated::Broken, |bytes| Stated::Icc(bytes.into())),
            _ => {}
        }
    }
    stated
}

pub(super) fn of_webp(bytes: &[u8]) -> Stated<'_> {
    webp_chunk(bytes, b"ICCP").map_or(Stated::Nothing, |profile| Stated::Icc(profile.into()))
}

pub(super) fn of_tiff(bytes: &[u8]) -> Stated<'_> {
    const ICC: u16 = 34675;
    let profile = TiffFile::open(bytes).and_then(|file| file.first()?.bytes(ICC));
    profile.map_or(Stated::Nothing, |profile| Stated::Icc(profile.into()))
}

/// The content of the first chunk of a kind.
pub(super) fn webp_chunk<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    let mut reader = Reader(bytes.get(12..)?);
    loop {
        let kind = reader.take(4)?;
        let length = usize::try_from(reader.little(4)?).ok()?;
        let content = reader.take(length)?;
        if kind == wanted {
            return Some(content);
        }
        reader.take(length % 2)?;
    }
}

/// The content of the first chunk of a kind.
pub(super) fn png_chunk<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    let mut reader = Reader(bytes.get(8..)?);
    let mut chunks = std::iter::from_fn(|| next_png_chunk(&mut reader));
    chunks.find(|(kind, _)| kind == wanted).map(|(_, content)| content)
}

fn next_png_chunk<'a>(reader: &mut Reader<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let length = usize::try_from(reader.big(4)?).ok()?;
    let (kind, content) = (reader.take(4)?, reader.take(length)?);
    reader.take(4)?;
    Some((kind, content))
}

/// Profiles of printing presses have two megabytes; packed zeros must not become more.
const LONGEST: u64 = 16 << 20;

/// A name of up to 79 bytes, a zero, the method (0), and the packed profile.
fn unpacked(content: &[u8]) -> Option<Vec<u8>> {
    let name = content.iter().take(80).position(|&byte| byte == 0)?;
    let packed = content.get(name + 1..)?.strip_prefix(&[0])?;
    let mut profile = Vec::new();
    flate2::read::ZlibDecoder::new(packed).take(LONGEST).read_to_end(&mut profile).ok()?;
    Some(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_states_codes_before_a_profile() {
        let chunk =
            |kind: &[u8], content: &[u8]| [&(content.len() as u32).to_be_bytes(), kind, content, &[0; 4]].concat();
        let png = |chunks: &[Vec<u8>]| [b"\x89PNG\r\n\x1a\n", &chunks.concat()[..], &chunk(b"IDAT", b"")].concat();
        let mut packed = flate2::write::ZlibEncoder::new(b"name\0\0".to_vec(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, b"a profile").unwrap();
        let profile = chunk(b"iCCP", &packed.finish().unwrap());
        assert_eq!(of_png(&png(&[])), Stated::Nothing);
        assert_eq!(of_png(&png(&[profile.clone()])), Stated::Icc(b"a profile".into()));
        let codes = chunk(b"cICP", &[12, 13, 0, 1]);
        assert_eq!(of_png(&png(&[profile, codes])), Stated::Codes { primaries: 12, transfer: 13 });
        assert_eq!(of_png(&png(&[chunk(b"iCCP", b"name\0\0rubbish")])), Stated::Broken);
        assert_eq!(of_png(&png(&[chunk(b"iCCP", b"no end of the name")])), Stated::Broken);
    }
}
