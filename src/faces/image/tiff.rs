//! TIFF and BigTIFF (TIFF 6.0): grey, colour tables, RGB, printing inks and YCbCr, of whole numbers and fractions.
//!
//! The `tiff` crate unpacks strips and tiles. What the numbers mean is told here, because it refuses colour tables and
//! grey with alpha, and the `image` crate above it takes whole numbers of 32 bits for fractions. A colour table is hidden
//! from it: read as grey, the numbers come as they are.

use std::borrow::Cow;
use std::io::Cursor;

use ::image::{DynamicImage, GrayAlphaImage, GrayImage, ImageFormat, RgbImage, RgbaImage};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::{ColorType, TiffError};

use super::DecodeError;
use super::colour::{self, ProfileUse};
use super::decoder::{DecodeLimits, Stored, in_srgb};
use super::header;
use super::ifd::{Directory, TiffFile};
use super::profile::{self, Stated};

const PHOTOMETRIC: u16 = 262;

pub(super) fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let (width, height) = header::dimensions(bytes, ImageFormat::Tiff)?;
    limits.check(width, height)?;
    let page = TiffFile::open(bytes).and_then(|file| file.first()).ok_or(DecodeError::Truncated)?;
    let colours = PageColours::of(&page);
    let plain = colours.as_plain_numbers(bytes, &page);
    let failed = |error| why(error, &page);
    let mut decoder = Decoder::new(Cursor::new(&*plain)).map_err(failed)?.with_limits(memory());
    let kind = decoder.colortype().map_err(failed)?;
    let mut numbers = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut numbers).map_err(failed)?;
    if numbers.as_buffer(0).byte_len() < layout.complete_len {
        return Err(why(TiffError::LimitsExceeded, &page));
    }
    let is_planar = layout.planes > 1;
    let per_pixel = if is_planar { layout.planes } else { usize::from(kind.num_samples()) };
    let in_a_row = width as usize * if is_planar { 1 } else { per_pixel };
    let is_table = colours.photometric == Photometric::Table;
    let samples = samples(numbers, in_a_row, kind.bit_depth(), is_table);
    let samples = samples.ok_or_else(|| unsupported("its numbers have a sign"))?;
    let samples = if is_planar { interleaved(&samples, layout.planes) } else { samples };
    colours.picture(kind, samples, per_pixel, (width, height), &profile::of_tiff(bytes))
}

/// As much as the `image` crate allows.
fn memory() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = 1 << 29;
    limits.intermediate_buffer_size = 1 << 28;
    limits
}

/// PhotometricInterpretation, as far as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Table,
    /// The decoder knows the others.
    Other,
}

/// What the numbers of a page mean.
struct PageColours {
    photometric: Photometric,
    /// The first sample beyond the colours: 1 for alpha that the colours are multiplied by, 2 for another, 0 for none.
    extra: Option<u64>,
    /// Red, green, blue of a colour table.
    table: Vec<[u8; 3]>,
}

impl PageColours {
    fn of(page: &Directory<'_>) -> Self {
        const EXTRA_SAMPLES: u16 = 338;
        const COLOUR_TABLE: u16 = 320;
        let photometric = match page.number(PHOTOMETRIC) {
            Some(0) => Photometric::WhiteIsZero,
            Some(1) => Photometric::BlackIsZero,
            Some(3) => Photometric::Table,
            _ => Photometric::Other,
        };
        let entries: Vec<u8> = page.numbers(COLOUR_TABLE).map(|value| (value >> 8) as u8).collect();
        let (reds, rest) = entries.split_at(entries.len() / 3);
        let (greens, blues) = rest.split_at(rest.len() / 2);
        let table = reds.iter().zip(greens).zip(blues).map(|((&red, &green), &blue)| [red, green, blue]).collect();
        Self { photometric, extra: page.number(EXTRA_SAMPLES), table }
    }

    /// The file, read as grey where the decoder knows no colour tables, or would turn grey round only here and there.
    fn as_plain_numbers<'a>(&self, bytes: &'a [u8], page: &Directory<'_>) -> Cow<'a, [u8]> {
        let place = page.field_at(PHOTOMETRIC).filter(|_| self.photometric != Photometric::Other);
        let Some(field) = place.map(|at| at..at + 2) else { return Cow::Borrowed(bytes) };
        let mut bytes = bytes.to_vec();
        let grey = if bytes.starts_with(b"M") { [0, 1] } else { [1, 0] };
        if let Some(field) = bytes.get_mut(field) {
            field.copy_from_slice(&grey);
        }
        Cow::Owned(bytes)
    }

    fn picture(
        &self,
        kind: ColorType,
        mut samples: Vec<u8>,
        per_pixel: usize,
        (width, height): (u32, u32),
        stated: &Stated<'_>,
    ) -> Result<Stored, DecodeError> {
        // A fourth sample of RGB of which nothing is said is usually meant so.
        let unsaid = matches!(kind, ColorType::RGBA(_)).then_some(2);
        let alpha = self.extra.or(unsaid).filter(|extra| matches!(extra, 1 | 2) && per_pixel > colours_of(kind));
        if self.photometric == Photometric::WhiteIsZero {
            samples.chunks_exact_mut(per_pixel).for_each(|pixel| pixel[0] = 255 - pixel[0]);
        }
        if let (ColorType::CMYK(_) | ColorType::CMYKA(_), Stated::Icc(profile)) = (kind, stated) {
            let inks: Vec<u8> = samples.chunks_exact(per_pixel).flat_map(|pixel| &pixel[..4]).copied().collect();
            if let Some(pixels) = colour::inks_to_srgb(&inks, width, height, profile) {
                return Ok(Stored::whole(pixels, ProfileUse::Converted));
            }
        }
        let colour = |pixel: &[u8]| self.colour(kind, pixel);
        let clear = |pixel: &[u8]| with_alpha(colour(pixel), pixel[colours_of(kind)], alpha == Some(1));
        let pixels = samples.chunks_exact(per_pixel);
        let is_grey = colours_of(kind) == 1 && self.photometric != Photometric::Table;
        let picture = match (is_grey, alpha) {
            (true, None) => {
                GrayImage::from_raw(width, height, pixels.map(|pixel| pixel[0]).collect()).map(DynamicImage::from)
            }
            (true, Some(_)) => {
                let grey = |pixel| {
                    let [grey, .., alpha] = clear(pixel);
                    [grey, alpha]
                };
                GrayAlphaImage::from_raw(width, height, pixels.flat_map(grey).collect()).map(DynamicImage::from)
            }
            (false, None) => {
                RgbImage::from_raw(width, height, pixels.flat_map(colour).collect()).map(DynamicImage::from)
            }
            (false, Some(_)) => {
                RgbaImage::from_raw(width, height, pixels.flat_map(clear).collect()).map(DynamicImage::from)
            }
        };
        let (pixels, used) = in_srgb(picture.ok_or(DecodeError::Truncated)?, stated.colours());
        Ok(Stored::whole(pixels, if *stated == Stated::Broken { ProfileUse::Broken } else { used }))
    }

    fn colour(&self, kind: ColorType, pixel: &[u8]) -> [u8; 3] {
        match *pixel {
            [place, ..] if self.photometric == Photometric::Table => {
                self.table.get(usize::from(place)).copied().unwrap_or_default()
            }
            [cyan, magenta, yellow, black, ..] if matches!(kind, ColorType::CMYK(_) | ColorType::CMYKA(_)) => {
                let paper = u32::from(255 - black);
                [cyan, magenta, yellow].map(|ink| ((u32::from(255 - ink) * paper + 127) / 255) as u8)
            }
            [luma, blue, red, ..] if matches!(kind, ColorType::YCbCr(_)) => {
                let mut rgb = [0; 3];
                super::jpeg::to_rgb(&[luma], &[blue], &[red], &mut rgb);
                rgb
            }
            [red, green, blue, ..] if colours_of(kind) == 3 => [red, green, blue],
            [grey, ..] => [grey; 3],
            [] => [0; 3],
        }
    }
}

/// Samples of a pixel that are no alpha.
fn colours_of(kind: ColorType) -> usize {
    match kind {
        ColorType::RGB(_) | ColorType::RGBA(_) | ColorType::YCbCr(_) => 3,
        ColorType::CMYK(_) | ColorType::CMYKA(_) => 4,
        _ => 1,
    }
}

/// A colour that was multiplied by its alpha is divided by it.
fn with_alpha(colour: [u8; 3], alpha: u8, is_multiplied: bool) -> [u8; 4] {
    let whole = |value: u8| match alpha {
        1..=254 if is_multiplied => (u32::from(value) * 255 / u32::from(alpha)).min(255) as u8,
        _ => value,
    };
    let [red, green, blue] = colour.map(whole);
    [red, green, blue, alpha]
}

/// 0…255 each, or as they are where they are places in a table. None for numbers with a sign.
fn samples(numbers: DecodingResult, in_a_row: usize, bits: u8, as_they_are: bool) -> Option<Vec<u8>> {
    let share = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    Some(match numbers {
        DecodingResult::U8(packed) if bits < 8 => unpacked(&packed, in_a_row, bits, as_they_are),
        DecodingResult::U8(values) => values,
        DecodingResult::U16(values) if as_they_are => values.into_iter().map(|value| value.min(255) as u8).collect(),
        DecodingResult::U16(values) => values.into_iter().map(|v| ((u32::from(v) + 128) / 257) as u8).collect(),
        DecodingResult::U32(values) => values.into_iter().map(|value| (value >> 24) as u8).collect(),
        DecodingResult::U64(values) => values.into_iter().map(|value| (value >> 56) as u8).collect(),
        DecodingResult::F16(values) => values.into_iter().map(|value| share(value.to_f32())).collect(),
        DecodingResult::F32(values) => values.into_iter().map(share).collect(),
        DecodingResult::F64(values) => values.into_iter().map(|value| share(value as f32)).collect(),
        _ => return None,
    })
}

/// Samples of fewer than eight bits; each row begins with a byte of its own.
fn unpacked(packed: &[u8], in_a_row: usize, bits: u8, as_they_are: bool) -> Vec<u8> {
    let (bits, most) = (usize::from(bits.max(1)), (1_u16 << bits) - 1);
    let rows = packed.chunks_exact((in_a_row * bits).div_ceil(8).max(1));
    let sample = |row: &[u8], at: usize| {
        let value = (0..bits).fold(0_u16, |value, bit| {
            let place = at * bits + bit;
            value << 1 | u16::from(row[place / 8] >> (7 - place % 8) & 1)
        });
        if as_they_are { value as u8 } else { (value * 255 / most) as u8 }
    };
    rows.flat_map(|row| (0..in_a_row).map(|at| sample(row, at)).collect::<Vec<u8>>()).collect()
}

/// Planes one after the other become pixels.
fn interleaved(samples: &[u8], planes: usize) -> Vec<u8> {
    let length = samples.len() / planes;
    (0..length).flat_map(|at| (0..planes).map(move |plane| samples[plane * length + at])).collect()
}

fn unsupported(reason: &str) -> DecodeError {
    DecodeError::Unsupported { format: "TIFF", reason: reason.to_owned() }
}

/// In words what a sound page is that nobody here reads.
fn why(error: TiffError, page: &Directory<'_>) -> DecodeError {
    const COMPRESSION: u16 = 259;
    match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => DecodeError::Truncated,
        TiffError::LimitsExceeded => {
            DecodeError::TooMuchMemory { format: "TIFF", reason: "its page is too large".to_owned() }
        }
        TiffError::UnsupportedError(unread) => match page.number(COMPRESSION) {
            Some(2 | 3) => unsupported("it is packed as a fax"),
            Some(6) => unsupported("it holds a JPEG of the old kind"),
            Some(34925) => unsupported("it is packed by LZMA"),
            Some(50000) => unsupported("it is packed by Zstandard"),
            Some(50001 | 34927) => unsupported("it is packed as WebP"),
            Some(50002 | 52546) => unsupported("it is packed as JPEG XL"),
            Some(33003 | 33005 | 34712) => unsupported("it is packed as JPEG 2000"),
            _ if matches!(page.number(PHOTOMETRIC), Some(8..=10)) => unsupported("its colours are in CIELab"),
            _ => unsupported(&unread.to_string().chars().take(120).collect::<String>()),
        },
        error => DecodeError::Damaged { format: "TIFF", reason: error.to_string().chars().take(160).collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of a little-endian TIFF with one strip; those longer than four bytes go behind.
    fn file(size: (u32, u32), entries: &[(u16, u16, &[u8])], data: &[u8]) -> Vec<u8> {
        let long = |value: usize| (value as u32).to_le_bytes().to_vec();
        let mut all: Vec<(u16, u16, Vec<u8>)> =
            entries.iter().map(|(tag, kind, content)| (*tag, *kind, content.to_vec())).collect();
        all.extend([(256, 4, long(size.0 as usize)), (257, 4, long(size.1 as usize)), (278, 4, long(size.1 as usize))]);
        all.extend([(273, 4, long(8)), (279, 4, long(data.len()))]);
        all.sort_by_key(|(tag, ..)| *tag);
        let mut bytes = b"II*\0\0\0\0\0".to_vec();
        bytes.extend(data);
        let mut directory = (all.len() as u16).to_le_bytes().to_vec();
        for (tag, kind, content) in all {
            let count = content.len() / if kind == 3 { 2 } else { 4 };
            let mut field = content.clone();
            if content.len() > 4 {
                field = long(bytes.len());
                bytes.extend(content);
            }
            field.resize(4, 0);
            directory.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &long(count), &field].concat());
        }
        let at = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&at.to_le_bytes());
        [bytes, directory, vec![0; 4]].concat()
    }

    fn shorts(values: &[u16]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn pixels(entries: &[(u16, &[u16])], data: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let contents: Vec<Vec<u8>> = entries.iter().map(|(_, values)| shorts(values)).collect();
        let entries: Vec<_> =
            entries.iter().zip(&contents).map(|((tag, _), content)| (*tag, 3, &content[..])).collect();
        let stored = decode(&file((2, 1), &entries, data), &DecodeLimits::default())?;
        Ok(stored.pixels.into_raw())
    }

    #[test]
    fn every_kind_of_number_and_colour() {
        let check = |entries: &[(u16, &[u16])], data: &[u8], expect: [u8; 6]| {
            assert_eq!(pixels(entries, data).unwrap(), expect, "{entries:?}");
        };
        let floats = |values: [f32; 2]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let grey = |a: u8, b: u8| [a, a, a, b, b, b];
        check(&[(258, &[8]), (262, &[1]), (277, &[1])], &[7, 200], grey(7, 200));
        check(&[(258, &[8]), (262, &[0]), (277, &[1])], &[7, 200], grey(248, 55));
        check(&[(258, &[4]), (262, &[1]), (277, &[1])], &[0x3f], grey(51, 255));
        check(&[(258, &[1]), (262, &[0]), (277, &[1])], &[0x80], grey(0, 255));
        check(&[(258, &[16]), (262, &[1]), (277, &[1])], &[0, 0x80, 0xff, 0xff], grey(128, 255));
        check(&[(258, &[32]), (262, &[1]), (277, &[1])], &[0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff], grey(9, 255));
        check(&[(258, &[32]), (262, &[1]), (277, &[1]), (339, &[3])], &floats([0.2, 7.0]), grey(51, 255));
        let alpha: &[(u16, &[u16])] = &[(258, &[8, 8]), (262, &[1]), (277, &[2]), (338, &[2])];
        check(alpha, &[7, 255, 7, 0], grey(7, 255));
        let table: Vec<u16> = [[0, 0xffff], [0x8000, 0], [0, 0x4000]].concat();
        let places: &[(u16, &[u16])] = &[(258, &[1]), (262, &[3]), (277, &[1]), (320, &table)];
        check(places, &[0x40], [0, 128, 0, 255, 0, 64]);
        let ycbcr: &[(u16, &[u16])] = &[(258, &[8, 8, 8]), (262, &[6]), (277, &[3]), (530, &[1, 1])];
        check(ycbcr, &[128, 128, 128, 76, 85, 255], [128, 128, 128, 254, 0, 0]);
        let inks: &[(u16, &[u16])] = &[(258, &[8, 8, 8, 8]), (262, &[5]), (277, &[4])];
        check(inks, &[0, 255, 255, 0, 0, 0, 0, 255], [255, 0, 0, 0, 0, 0]);
        let rgb: &[(u16, &[u16])] = &[(258, &[8, 8, 8]), (262, &[2]), (277, &[3])];
        check(rgb, &[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]);
        let planes: &[(u16, &[u16])] = &[(258, &[8, 8, 8, 8]), (262, &[2]), (277, &[4]), (338, &[1])];
        check(planes, &[10, 20, 30, 255, 10, 20, 30, 128], [10, 20, 30, 137, 147, 157]);
    }

    #[test]
    fn what_is_sound_but_not_read_is_said_in_words() {
        let said = |entries: &[(u16, &[u16])]| pixels(entries, &[0; 64]).unwrap_err().to_string();
        assert_eq!(
            said(&[(258, &[1]), (259, &[3]), (262, &[1]), (277, &[1])]),
            "this kind of TIFF is not supported: it is packed as a fax"
        );
        assert_eq!(
            said(&[(258, &[8, 8, 8]), (262, &[8]), (277, &[3])]),
            "this kind of TIFF is not supported: its colours are in CIELab"
        );
    }
}
