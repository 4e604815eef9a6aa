//! Whole JPEGs with the very pixels that libjpeg's default settings give.
//!
//! Published networks were trained, and published figures measured, on what libjpeg decodes. Other decoders round
//! differently by one or two grey levels, which is nothing to the eye, but a cascade such as MTCNN's rounds to whole
//! pixels again and again: with the `image` crate's pixels many boxes in group photos lay more than a pixel beside
//! facenet-pytorch's. The arithmetic is in `samples`.
//!
//! Read here: baseline, extended and progressive Huffman coding, 8 bits, grey or YCbCr with the colours at full size, at
//! half width, or at half width and height. Everything else, and every damaged file, is left to the `image` crate, which
//! also has the last word on what is an error.

use super::entropy::{Bits, Codes};
use super::samples::{inverse_dct, to_rgb, widen, widen_between};
use super::scan::{self, DctBlock, Pass, ScanState, Tables, ZIGZAG};
use ::image::RgbImage;

/// Beyond this the coefficients of a progressive picture would take too much memory.
const MOST_PIXELS: usize = 1 << 25;

/// None where this decoder is not the right one.
pub(crate) fn decode(bytes: &[u8]) -> Option<RgbImage> {
    let mut decoder = Decoder::default();
    let mut at = 2;
    loop {
        let (marker, after) = super::next_marker(bytes, at)?;
        at = after;
        if matches!(marker, 0x01 | 0xd0..=0xd8) {
            continue;
        }
        if marker == 0xd9 {
            return decoder.picture();
        }
        let segment = super::segment(bytes, after)?;
        at = after + 2 + segment.len();
        match marker {
            0xc0..=0xc2 => decoder.frame(segment, marker == 0xc2)?,
            0xc4 => decoder.codes(segment)?,
            // Lossless, hierarchical and arithmetic coding, and lines counted later.
            0xc3 | 0xc5..=0xcf | 0xdc => return None,
            0xdb => decoder.quantisers(segment)?,
            0xdd => decoder.interval = u16::from_be_bytes(segment.get(..2)?.try_into().ok()?).into(),
            0xee if segment.starts_with(b"Adobe") => decoder.adobe = segment.get(11).copied(),
            0xe0 if segment.starts_with(b"JFIF\0") => decoder.jfif = true,
            0xda => at = decoder.scan(segment, bytes, at)?,
            _ => {}
        }
    }
}

#[derive(Default)]
struct Decoder {
    width: usize,
    height: usize,
    progressive: bool,
    components: Vec<Component>,
    quantisers: [Option<[u16; 64]>; 4],
    dc: [Option<Codes>; 4],
    ac: [Option<Codes>; 4],
    /// Units between restart markers; 0: none.
    interval: usize,
    jfif: bool,
    /// The colour transform that Adobe's marker states.
    adobe: Option<u8>,
}

struct Component {
    id: u8,
    /// Blocks of a unit, across and down.
    across: usize,
    down: usize,
    table: usize,
    /// As they were when the first scan began.
    quantisers: Option<[u16; 64]>,
    /// Samples of the component that belong to the picture.
    width: usize,
    height: usize,
    /// Half as wide, half as high as the first component.
    half: (bool, bool),
    /// Blocks a row, with those that fill up the last unit.
    stride: usize,
    blocks: Vec<DctBlock>,
}

impl Decoder {
    fn frame(&mut self, segment: &[u8], progressive: bool) -> Option<()> {
        let &[8, h1, h0, w1, w0, count, ref components @ ..] = segment else { return None };
        self.height = u16::from_be_bytes([h1, h0]).into();
        self.width = u16::from_be_bytes([w1, w0]).into();
        self.progressive = progressive;
        let listed = components.as_chunks::<3>().0.get(..count.into())?;
        let alone = listed.len() == 1;
        if !self.components.is_empty() || !matches!(listed.len(), 1 | 3) || self.width * self.height > MOST_PIXELS {
            return None;
        }
        // A component alone has one block a unit, whatever it says.
        let sampling = |byte: u8| if alone { (1, 1) } else { (usize::from(byte >> 4), usize::from(byte & 15)) };
        let largest = sampling(listed[0][1]);
        let halves = |&[_, byte, _]: &[u8; 3]| {
            let (across, down) = sampling(byte);
            (across, down) == largest || (2 * across, down) == largest || (2 * across, 2 * down) == largest
        };
        if largest.0 == 0 || largest.1 == 0 || !listed.iter().all(halves) || self.width == 0 || self.height == 0 {
            return None;
        }
        let units = (self.width.div_ceil(8 * largest.0), self.height.div_ceil(8 * largest.1));
        for &[id, byte, table] in listed {
            let (across, down) = sampling(byte);
            self.components.push(Component {
                id,
                across,
                down,
                table: table.into(),
                quantisers: None,
                width: (self.width * across).div_ceil(largest.0),
                height: (self.height * down).div_ceil(largest.1),
                half: (across < largest.0, down < largest.1),
                stride: units.0 * across,
                blocks: vec![[0; 64]; units.0 * across * units.1 * down],
            });
        }
        Some(())
    }

    fn quantisers(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let size = if kind >> 4 == 0 { 1 } else { 2 };
            let values = rest.get(..64 * size)?;
            let mut table = [0; 64];
            for (value, place) in values.chunks(size).zip(ZIGZAG) {
                table[usize::from(place)] = value.iter().fold(0, |sum, &byte| sum << 8 | u16::from(byte));
            }
            *self.quantisers.get_mut(usize::from(kind & 15))? = Some(table);
            segment = &rest[64 * size..];
        }
        Some(())
    }

    fn codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let counts = rest.get(..16)?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum::<usize>();
            let codes = Codes::new(counts, rest.get(16..16 + symbols)?)?;
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(kind & 15))? = Some(codes);
            segment = &rest[16 + symbols..];
        }
        Some(())
    }

    /// Reads a scan whose data begin at `at`, and returns where they end.
    fn scan(&mut self, segment: &[u8], bytes: &[u8], at: usize) -> Option<usize> {
        let (&count, rest) = segment.split_first()?;
        let listed = rest.get(..2 * usize::from(count))?.as_chunks::<2>().0;
        let &[first, last, bits, ..] = rest.get(2 * usize::from(count)..)? else { return None };
        let pass = Pass { progressive: self.progressive, band: (first, last), high: bits >> 4, low: bits & 15 };
        let sound = first <= last && last <= 63 && pass.low <= 13 && (first == 0 || count == 1);
        if !sound && self.progressive {
            return None;
        }
        let mut parts = vec![];
        for &[id, tables] in listed {
            let index = self.components.iter().position(|component| component.id == id)?;
            let component = &mut self.components[index];
            component.quantisers = component.quantisers.or(*self.quantisers.get(component.table)?);
            parts.push((index, usize::from(tables >> 4), usize::from(tables & 15)));
        }
        let mut bits = Bits::new(bytes, at);
        self.blocks(&mut bits, &parts, pass)?;
        Some(bits.position())
    }

    fn blocks(&mut self, bits: &mut Bits<'_>, parts: &[(usize, usize, usize)], pass: Pass) -> Option<()> {
        let alone = parts.len() == 1;
        let first = self.components.get(parts.first()?.0)?;
        // A scan of one component goes block by block and only over those with samples of the picture.
        let (columns, rows) = match alone {
            true => (first.width.div_ceil(8), first.height.div_ceil(8)),
            false => (first.stride / first.across, first.blocks.len() / first.stride / first.down),
        };
        let mut states = vec![ScanState::default(); parts.len()];
        for unit in 0..columns * rows {
            if self.interval > 0 && unit > 0 && unit % self.interval == 0 {
                bits.restart()?;
                states.fill(ScanState::default());
            }
            let (column, row) = (unit % columns, unit / columns);
            for (&(index, dc, ac), state) in parts.iter().zip(&mut states) {
                let tables = Tables { dc: self.dc.get(dc)?.as_ref(), ac: self.ac.get(ac)?.as_ref() };
                let component = &mut self.components[index];
                let (across, down) = if alone { (1, 1) } else { (component.across, component.down) };
                for block in 0..across * down {
                    let place = (row * down + block / across) * component.stride + column * across + block % across;
                    scan::block(bits, &tables, pass, state, component.blocks.get_mut(place)?)?;
                }
            }
        }
        Some(())
    }

    fn picture(mut self) -> Option<RgbImage> {
        let planes: Vec<Plane> = self.components.iter_mut().map(Plane::of).collect::<Option<_>>()?;
        let mut pixels = RgbImage::new(self.width as u32, self.height as u32);
        match &planes[..] {
            [grey] => {
                for (y, row) in pixels.chunks_exact_mut(3 * self.width).enumerate() {
                    let pixels = row.as_chunks_mut::<3>().0.iter_mut().zip(grey.row(y));
                    pixels.for_each(|(pixel, &value)| *pixel = [value; 3]);
                }
            }
            [luma, blue, red] if self.is_ycbcr() => simd::paint([luma, blue, red], self.width, &mut pixels),
            _ => return None,
        }
        Some(pixels)
    }

    /// As libjpeg guesses: JFIF is YCbCr; then Adobe's marker says; then the components' names.
    fn is_ycbcr(&self) -> bool {
        let names = self.components.iter().map(|component| component.id);
        self.jfif || self.adobe.map_or(!names.eq(*b"RGB"), |transform| transform == 1)
    }
}

/// The samples of a component.
struct Plane {
    samples: Vec<u8>,
    stride: usize,
    width: usize,
    height: usize,
    half: (bool, bool),
}

impl Plane {
    /// None where the quantisers are missing. The coefficients are given up.
    fn of(component: &mut Component) -> Option<Self> {
        let quantisers = component.quantisers?;
        let blocks = std::mem::take(&mut component.blocks);
        let stride = 8 * component.stride;
        let mut samples = vec![0; 64 * blocks.len()];
        simd::fill(&blocks, &quantisers, &mut samples, stride);
        let &mut Component { width, height, half, .. } = component;
        Some(Self { samples, stride, width, height, half })
    }

    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.stride..][..self.width]
    }

    /// Row `y` of the picture, at its width or a sample wider.
    #[inline(always)]
    fn enlarged(&self, y: usize, out: &mut [u8], scratch: &mut Vec<u16>) {
        match self.half {
            (false, _) => out[..self.width].copy_from_slice(self.row(y)),
            (true, false) => widen(self.row(y), out, scratch),
            (true, true) => {
                // The upper of two rows is nearer to the one above; beyond the picture the last row counts again.
                let near = y / 2;
                let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(self.height - 1) };
                widen_between(self.row(near), self.row(far), out, scratch);
            }
        }
    }
}

/// The loops over all samples, for what every processor of this architecture has and for those with AVX2, which take
/// half the time. Both give the same numbers.
mod simd {
    use super::{DctBlock, Plane, RgbImage, inverse_dct, to_rgb};

    /// The samples of all blocks.
    pub fn fill(blocks: &[DctBlock], quantisers: &[u16; 64], samples: &mut [u8], stride: usize) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has it; nothing else in the function is unsafe.
            return unsafe { fill_avx2(blocks, quantisers, samples, stride) };
        }
        fill_plain(blocks, quantisers, samples, stride);
    }

    /// The pixels of brightness, blue and red.
    pub fn paint(planes: [&Plane; 3], width: usize, pixels: &mut RgbImage) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { paint_avx2(planes, width, pixels) };
        }
        paint_plain(planes, width, pixels);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn fill_avx2(blocks: &[DctBlock], quantisers: &[u16; 64], samples: &mut [u8], stride: usize) {
        fill_plain(blocks, quantisers, samples, stride);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn paint_avx2(planes: [&Plane; 3], width: usize, pixels: &mut RgbImage) {
        paint_plain(planes, width, pixels);
    }

    #[inline(always)]
    fn fill_plain(blocks: &[DctBlock], quantisers: &[u16; 64], samples: &mut [u8], stride: usize) {
        for (band, row) in samples.chunks_mut(8 * stride).zip(blocks.chunks(stride / 8)) {
            for (column, block) in row.iter().enumerate() {
                inverse_dct(block, quantisers, &mut band[8 * column..], stride);
            }
        }
    }

    #[inline(always)]
    fn paint_plain([luma, blue, red]: [&Plane; 3], width: usize, pixels: &mut RgbImage) {
        let (mut wide_blue, mut wide_red) = (vec![0; width + 1], vec![0; width + 1]);
        let mut scratch = Vec::with_capacity(width + 2);
        for (y, row) in pixels.chunks_exact_mut(3 * width).enumerate() {
            blue.enlarged(y, &mut wide_blue, &mut scratch);
            red.enlarged(y, &mut wide_red, &mut scratch);
            to_rgb(luma.row(y), &wide_blue, &wide_red, row);
        }
    }
}

#[cfg(test)]
mod tests;
