//! GIF (87a and 89a): the screen, the palettes, and the first image with its transparent colour.
//!
//! The version is left out, because it rises when a comment is added; so are all extensions but transparency.

use super::PartHasher;
use crate::types::reader::Reader;

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    let mut reader = Reader(bytes.get(6..)?);
    let screen = reader.take(7)?;
    seen.part(b"screen", screen);
    seen.part(b"palette", palette(&mut reader, screen[4])?);
    let mut transparent = None;
    loop {
        match reader.byte()? {
            EXTENSION => {
                let label = reader.byte()?;
                let blocks = blocks(&mut reader)?;
                if label == GRAPHIC_CONTROL {
                    transparent = transparent_colour(blocks.first()?)?;
                }
            }
            IMAGE => break,
            _ => return None,
        }
    }
    let image = reader.take(9)?;
    seen.part(b"image", image);
    seen.part(b"palette", palette(&mut reader, image[8])?);
    seen.part(b"transparent", transparent.as_slice());
    seen.part(b"code size", &[reader.byte()?]);
    seen.joined(b"coded", &blocks(&mut reader)?);
    Some(())
}

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const GRAPHIC_CONTROL: u8 = 0xf9;

/// Of three bytes a colour; the flags say whether it is there, and how long it is.
fn palette<'a>(reader: &mut Reader<'a>, flags: u8) -> Option<&'a [u8]> {
    reader.take(if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 })
}

/// Pieces of up to 255 bytes, ended by an empty one.
fn blocks<'a>(reader: &mut Reader<'a>) -> Option<Vec<&'a [u8]>> {
    let mut blocks = Vec::new();
    loop {
        let length = reader.byte()?;
        match length {
            0 => return Some(blocks),
            _ => blocks.push(reader.take(length.into())?),
        }
    }
}

/// The outer None is a block that is too short.
fn transparent_colour(control: &[u8]) -> Option<Option<u8>> {
    let (flags, colour) = (*control.first()?, *control.get(3)?);
    Some((flags & 1 != 0).then_some(colour))
}
