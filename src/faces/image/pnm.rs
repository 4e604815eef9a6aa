//! PBM, PGM, PPM and PAM, written out or packed (P1 to P7), after netpbm's descriptions of the formats.
//!
//! Old collections of faces come so (ORL, Yale, FERET). Values are taken for sRGB, and scaled to 255 as netpbm does it.

use ::image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

use super::DecodeError;
use super::colour::ProfileUse;
use super::decoder::{DecodeLimits, Stored, over_white};

pub(super) fn recognise(start: &[u8]) -> bool {
    match start {
        [b'P', b'1'..=b'6', after, ..] => after.is_ascii_whitespace() || *after == b'#',
        _ => start.starts_with(b"P7\n"),
    }
}

pub(super) fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let (header, mut data) = PnmHeader::read(bytes)?;
    limits.check(header.width, header.height)?;
    let samples = header.samples(&mut data)?;
    Ok(Stored::whole(header.picture(samples).ok_or_else(|| damaged("a size is absurd"))?, ProfileUse::None))
}

/// What there is of a picture, white where nothing is. Only to be looked at.
pub(super) fn decode_what_there_is(bytes: &[u8], limits: &DecodeLimits) -> Result<Stored, DecodeError> {
    let (header, mut data) = PnmHeader::read(bytes)?;
    limits.check(header.width, header.height)?;
    let missing = header.data_bytes().saturating_sub(data.0.len() as u64);
    if header.is_plain || missing == 0 {
        return decode(bytes, limits);
    }
    let filled = [data.0, &vec![if header.is_bitmap { 0 } else { 0xff }; missing as usize]].concat();
    data.0 = &filled;
    let samples = header.samples(&mut data)?;
    Ok(Stored::whole(header.picture(samples).ok_or_else(|| damaged("a size is absurd"))?, ProfileUse::None))
}

/// Pictures that follow the first one in the same file.
pub(super) fn further_pages(bytes: &[u8]) -> u32 {
    let mut further = 0;
    let mut rest = bytes;
    while let Ok((header, data)) = PnmHeader::read(rest) {
        let length = usize::try_from(header.data_bytes()).ok().filter(|_| !header.is_plain);
        let Some(next) = length.and_then(|length| data.0.get(length..)).filter(|next| recognise(next)) else { break };
        further += 1;
        rest = next;
    }
    further
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::Damaged { format: "PNM", reason: reason.to_owned() }
}

struct PnmHeader {
    width: u32,
    height: u32,
    /// Samples a pixel: grey, grey and alpha, RGB, RGB and alpha.
    depth: u32,
    /// The value of white.
    most: u32,
    /// Written out in digits.
    is_plain: bool,
    /// One bit a pixel, where 1 is black.
    is_bitmap: bool,
}

impl PnmHeader {
    fn read(bytes: &[u8]) -> Result<(Self, Text<'_>), DecodeError> {
        let mut text = Text(bytes.get(2..).unwrap_or_default());
        let kind = bytes.get(1).copied().unwrap_or_default();
        if kind == b'7' {
            return Ok((Self::read_arbitrary(&mut text)?, text));
        }
        let is_bitmap = matches!(kind, b'1' | b'4');
        let (width, height) = (text.number()?, text.number()?);
        let most = if is_bitmap { 1 } else { text.number()? };
        let is_plain = matches!(kind, b'1'..=b'3');
        let depth = if matches!(kind, b'3' | b'6') { 3 } else { 1 };
        // One white space, then the data.
        text.0 = text.0.get(1..).unwrap_or_default();
        Ok((Self { width, height, depth, most, is_plain, is_bitmap }.checked()?, text))
    }

    /// PAM: a line for each number, in any order.
    fn read_arbitrary(text: &mut Text<'_>) -> Result<Self, DecodeError> {
        let (mut width, mut height, mut depth, mut most) = (0, 0, 0, 0);
        text.line();
        loop {
            if text.0.is_empty() {
                return Err(DecodeError::Truncated);
            }
            let line = text.line();
            let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
            let target = match words.first() {
                Some(&b"ENDHDR") => break,
                Some(&b"WIDTH") => &mut width,
                Some(&b"HEIGHT") => &mut height,
                Some(&b"DEPTH") => &mut depth,
                Some(&b"MAXVAL") => &mut most,
                _ => continue,
            };
            *target = Text(words.get(1).copied().unwrap_or_default()).number()?;
        }
        Self { width, height, depth, most, is_plain: false, is_bitmap: false }.checked()
    }

    fn checked(self) -> Result<Self, DecodeError> {
        let fits = self.width > 0 && self.height > 0 && (1..=65_535).contains(&self.most);
        if !fits || !(1..=4).contains(&self.depth) {
            return Err(damaged("its header contradicts itself"));
        }
        Ok(self)
    }

    /// Length of the packed data.
    fn data_bytes(&self) -> u64 {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        match self.is_bitmap {
            true => width.div_ceil(8) * height,
            false => (width * height).saturating_mul(u64::from(self.depth) * if self.most > 255 { 2 } else { 1 }),
        }
    }

    /// 0…255 each.
    fn samples(&self, data: &mut Text<'_>) -> Result<Vec<u8>, DecodeError> {
        let wanted = u64::from(self.width) * u64::from(self.height) * u64::from(self.depth);
        // A digit at least for each, before memory is asked for.
        let least = if self.is_plain { wanted } else { self.data_bytes() };
        if (data.0.len() as u64) < least {
            return Err(DecodeError::Truncated);
        }
        let scaled = |value: u32| ((value.min(self.most) * 255 + self.most / 2) / self.most) as u8;
        if self.is_bitmap {
            return self.bits(data);
        }
        if self.is_plain {
            return (0..wanted).map(|_| data.number().map(scaled)).collect();
        }
        let bytes = &data.0[..self.data_bytes() as usize];
        Ok(match self.most {
            255 => bytes.to_vec(),
            ..255 => bytes.iter().map(|&value| scaled(value.into())).collect(),
            _ => bytes.as_chunks::<2>().0.iter().map(|&pair| scaled(u16::from_be_bytes(pair).into())).collect(),
        })
    }

    fn bits(&self, data: &mut Text<'_>) -> Result<Vec<u8>, DecodeError> {
        let paint = |is_black| if is_black { 0 } else { 255 };
        if self.is_plain {
            let pixels = u64::from(self.width) * u64::from(self.height);
            return (0..pixels).map(|_| data.bit().map(paint)).collect();
        }
        let rows = data.0.chunks(self.width.div_ceil(8) as usize).take(self.height as usize);
        let bits = |row: &'_ [u8]| {
            (0..self.width as usize).map(|x| paint(row[x / 8] << (x % 8) & 0x80 != 0)).collect::<Vec<u8>>()
        };
        Ok(rows.flat_map(bits).collect())
    }

    fn picture(&self, samples: Vec<u8>) -> Option<RgbImage> {
        let picture = match self.depth {
            1 => DynamicImage::from(GrayImage::from_raw(self.width, self.height, samples)?),
            2 => GrayAlphaImage::from_raw(self.width, self.height, samples)?.into(),
            3 => RgbImage::from_raw(self.width, self.height, samples)?.into(),
            _ => RgbaImage::from_raw(self.width, self.height, samples)?.into(),
        };
        Some(over_white(picture))
    }
}

/// What is left of a file's text.
struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Goes over white space and comments.
    fn skip_blank(&mut self) {
        loop {
            self.0 = self.0.trim_ascii_start();
            if self.0.first() != Some(&b'#') {
                return;
            }
            self.line();
        }
    }

    fn number(&mut self) -> Result<u32, DecodeError> {
        self.skip_blank();
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let value = std::str::from_utf8(&self.0[..digits]).ok().and_then(|digits| digits.parse().ok());
        let is_empty = self.0.is_empty();
        self.0 = &self.0[digits..];
        value.ok_or_else(|| if is_empty { DecodeError::Truncated } else { damaged("a number is none") })
    }

    /// Bits need no space between them.
    fn bit(&mut self) -> Result<bool, DecodeError> {
        self.skip_blank();
        let (bit, rest) = self.0.split_first().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        match bit {
            b'0' => Ok(false),
            b'1' => Ok(true),
            _ => Err(damaged("a bit is none")),
        }
    }

    fn line(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|&byte| byte == b'\n').unwrap_or(self.0.len());
        let line = &self.0[..end];
        self.0 = self.0.get(end + 1..).unwrap_or_default();
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<RgbImage, DecodeError> {
        decode(bytes, &DecodeLimits::default()).map(|stored| stored.pixels)
    }

    fn greys(bytes: &[u8]) -> Vec<u8> {
        decoded(bytes).unwrap().pixels().map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn the_same_picture_in_every_kind() {
        assert_eq!(greys(b"P1 # a comment\n3 2\n1 0 1\n010"), [0, 255, 0, 255, 0, 255]);
        assert_eq!(greys(b"P4\n3 2\n\xa0\x40"), [0, 255, 0, 255, 0, 255]);
        assert_eq!(greys(b"P2\n3 1\n# the most\n15\n0 5 15\n"), [0, 85, 255]);
        assert_eq!(greys(b"P5 3 1 15\n\0\x05\x0f"), [0, 85, 255]);
        assert_eq!(greys(b"P5\n2 1\n65535\n\x80\0\xff\xff"), [128, 255]);
        assert_eq!(decoded(b"P3 1 1 255 1 2 3").unwrap().as_raw()[..], [1, 2, 3]);
        assert_eq!(decoded(b"P6 1 1 255\n\x01\x02\x03").unwrap().as_raw()[..], [1, 2, 3]);
        let pam = b"P7\nWIDTH 2\n# a comment\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\
            \x01\x02\x03\xff\x01\x02\x03\x00";
        assert_eq!(decoded(pam).unwrap().as_raw()[..], [1, 2, 3, 255, 255, 255]);
        let pam = b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\x01\x00";
        assert_eq!(greys(pam), [255, 0]);
    }

    #[test]
    fn what_is_missing_is_noticed() {
        for whole in [&b"P5 2 2 255\nabcd"[..], b"P4 9 2 \xa0\x40\xa0\x40", b"P2 2 1 9 1 2", b"P1 2 1 01"] {
            assert!(decoded(whole).is_ok());
            for length in 2..whole.len() - 1 {
                assert!(decoded(&whole[..length]).is_err(), "{:?} cut after {length}", &whole[..2]);
            }
        }
        let shown = decode_what_there_is(b"P5 2 2 255\nab", &DecodeLimits::default()).unwrap().pixels;
        assert_eq!(shown.as_raw()[..], [97, 97, 97, 98, 98, 98, 255, 255, 255, 255, 255, 255]);
        for bad in [&b"P5 2 x 255\nabcd"[..], b"P5 0 2 255\n", b"P5 2 2 99999\nabcd", b"P1 1 1 2"] {
            assert!(matches!(decoded(bad), Err(DecodeError::Damaged { .. })), "{bad:?}");
        }
    }

    #[test]
    fn further_pictures_are_counted() {
        assert_eq!(further_pages(b"P5 1 1 255\naP5 1 1 255\nbP6 1 1 255\nccc"), 2);
        assert_eq!(further_pages(b"P5 1 1 255\na trailer"), 0);
    }
}
