//! JPEG (ITU-T T.81, annex B): all segments but comments and what applications add, and the coded data of the scans.
//!
//! Of the applications' segments three change colours: JFIF (APP0), the ICC profile (APP2), Adobe's transform (APP14).
//! What comes after the end marker (further pictures, a phone's video) is left out; a missing end marker is no change.

use super::PartHasher;
use crate::types::reader::Reader;

const TEM: u8 = 0x01;
const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const COM: u8 = 0xfe;

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    let mut reader = Reader(bytes.get(2..)?);
    let mut colours = Colours::default();
    let mut scans = 0;
    while let Some(marker) = next_marker(&mut reader) {
        if marker == EOI {
            break;
        }
        // These have no segment; outside of a scan they mean nothing.
        if matches!(marker, TEM | SOI | 0xd0..=0xd7) {
            continue;
        }
        let length = usize::try_from(reader.big(2)?).ok()?.checked_sub(2)?;
        let segment = reader.take(length)?;
        match marker {
            0xe0..=0xef => colours.application(marker, segment),
            COM => {}
            SOS => {
                seen.part(&[marker], segment);
                seen.part(b"coded", coded_data(&mut reader));
                scans += 1;
            }
            _ => {
                colours.frame(marker, segment);
                seen.part(&[marker], segment);
            }
        }
    }
    colours.hash(seen)?;
    seen.exif_orientation(crate::faces::image::jpeg::exif(bytes).unwrap_or_default());
    (scans > 0).then_some(())
}

/// Skips fill bytes, and what stands between segments, as libjpeg does. None at the end of the file.
fn next_marker(reader: &mut Reader) -> Option<u8> {
    loop {
        let gap = reader.0.iter().position(|&byte| byte == 0xff)?;
        reader.take(gap + 1)?;
        let fill = reader.0.iter().take_while(|&&byte| byte == 0xff).count();
        reader.take(fill)?;
        match reader.byte()? {
            0 => {}
            marker => return Some(marker),
        }
    }
}

/// Up to the next marker that is no restart marker, or to the end of the file.
fn coded_data<'a>(reader: &mut Reader<'a>) -> &'a [u8] {
    let bytes = reader.0;
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7);
    let end = bytes.windows(2).position(is_marker).unwrap_or(bytes.len());
    reader.0 = &bytes[end..];
    &bytes[..end]
}

/// What says which colours the components are.
#[derive(Default)]
struct Colours<'a> {
    jfif: bool,
    adobe_transform: Option<u8>,
    /// Numbers of the components in the frame header.
    names: Vec<u8>,
    /// Number and content of the profile's pieces.
    profile: Vec<(u8, &'a [u8])>,
}

impl<'a> Colours<'a> {
    fn application(&mut self, marker: u8, segment: &'a [u8]) {
        const ICC: &[u8] = b"ICC_PROFILE\0";
        match marker {
            0xe0 if segment.starts_with(b"JFIF\0") => self.jfif = true,
            0xe2 if segment.starts_with(ICC) && segment.len() >= ICC.len() + 2 => {
                self.profile.push((segment[ICC.len()], &segment[ICC.len() + 2..]));
            }
            0xee if segment.starts_with(b"Adobe") => self.adobe_transform = segment.get(11).copied(),
            _ => {}
        }
    }

    fn frame(&mut self, marker: u8, segment: &[u8]) {
        let is_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame && segment.len() > 6 {
            self.names = segment[6..].chunks_exact(3).map(|component| component[0]).collect();
        }
    }

    /// None without a frame.
    fn hash(&mut self, seen: &mut PartHasher) -> Option<()> {
        if self.names.is_empty() {
            return None;
        }
        // JFIF only speaks where Adobe's marker and the names would say something else; so that a program may drop it.
        let says_rgb = self.adobe_transform.map_or(self.names == *b"RGB", |transform| transform != 1);
        let overruled = self.names.len() == 3 && says_rgb && self.jfif;
        seen.part(b"colours", &[self.adobe_transform.unwrap_or(0xff), overruled.into()]);
        self.profile.sort_by_key(|(number, _)| *number);
        let pieces: Vec<_> = self.profile.iter().map(|(_, piece)| *piece).collect();
        seen.joined(b"profile", &pieces);
        Some(())
    }
}
