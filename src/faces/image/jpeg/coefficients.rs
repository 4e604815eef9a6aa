//! The coefficients of a JPEG, and what is wrong with its data.
//!
//! Read are all kinds with Huffman codes and 8 bits, also those whose pixels another decoder makes: those fill what is
//! missing without a word, or put it in the wrong place. Damaged data give what libjpeg gives (`jdhuff.c`, `jdphuff.c`,
//! `jdmarker.c`): a strip between restart markers that is missing stays empty, and those after it keep their place.

use super::super::DecodeError;
use super::condition::{Condition, Gaps};
use super::damaged;
use super::entropy::{Bits, Codes, is_skipped_data};
use super::scan::{self, DctBlock, Pass, ScanState, Tables, ZIGZAG};
use super::small_plane::SmallPlane;
use super::survey::{next_marker, segment};

#[derive(Default)]
pub(crate) struct Coefficients {
    pub width: usize,
    pub height: usize,
    progressive: bool,
    pub components: Vec<Component>,
    quantisers: [Option<[u16; 64]>; 4],
    dc: [Option<Codes>; 4],
    ac: [Option<Codes>; 4],
    /// Units between restart markers; 0: none.
    interval: usize,
    pub jfif: bool,
    /// The colour transform that Adobe's marker states.
    pub adobe: Option<u8>,
    pub condition: Condition,
    /// Whether the blocks are kept; a sequential file can be checked without.
    keeps: bool,
    /// The whole picture's side over that of a smaller one, where such a one is made while reading: 2, 4 or 8.
    divisor: Option<usize>,
}

pub(crate) struct Component {
    pub id: u8,
    /// Blocks of a unit, across and down.
    pub across: usize,
    pub down: usize,
    table: usize,
    /// As they were when the first scan began.
    pub quantisers: Option<[u16; 64]>,
    /// Samples of the component that belong to the picture.
    pub width: usize,
    pub height: usize,
    /// Blocks a row, with those that fill up the last unit; and how many rows.
    pub stride: usize,
    rows: usize,
    pub blocks: Vec<DctBlock>,
    pub small: Option<SmallPlane>,
    /// Of each coefficient: the bits that are still to come; none where no scan brought any.
    to_come: [Option<u8>; 64],
}

impl Component {
    /// Twice what black and white have.
    fn most_mean(&self) -> u32 {
        const TWICE_WHITE: u32 = 2048;
        TWICE_WHITE / u32::from(self.quantisers.map_or(1, |quantisers| quantisers[0].max(1)))
    }
}

/// Reads all scans. Only the frame header was looked at before.
///
/// # Errors
/// A frame that contradicts itself. Whatever is wrong with the data stands in the [`Condition`].
pub(crate) fn read(bytes: &[u8]) -> Result<Coefficients, DecodeError> {
    read_into(Coefficients { keeps: true, ..Coefficients::default() }, bytes)
}

/// The condition, and with a divisor (2, 4 or 8) what makes a picture as much smaller: each component's `small`, where
/// it can be made. Of sequential files no coefficient is kept.
///
/// # Errors
/// As for [`read`].
pub(crate) fn read_small(bytes: &[u8], divisor: Option<usize>) -> Result<Coefficients, DecodeError> {
    read_into(Coefficients { divisor, ..Coefficients::default() }, bytes)
}

fn read_into(mut picture: Coefficients, bytes: &[u8]) -> Result<Coefficients, DecodeError> {
    let mut at = 2;
    loop {
        let Some((marker, after)) = next_marker(bytes, at) else { break picture.end(true) };
        at = after;
        match marker {
            0xd9 => break picture.end(false),
            0xd8 if picture.is_complete() => break picture.end(true),
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let Some(segment) = segment(bytes, after) else { break picture.end(true) };
        at = after + 2 + segment.len();
        let read = match marker {
            0xda => picture.scan(segment, bytes, at).map(|end| at = end),
            _ => picture.table(marker, segment),
        };
        if read.is_none() {
            if picture.components.is_empty() {
                return Err(damaged("its headers contradict themselves"));
            }
            // Behind a whole picture that is nothing but a trailer.
            picture.condition.spoilt |= !picture.is_complete();
            break picture.end(true);
        }
        if marker == 0xda && picture.needs_no_more() {
            break picture.end(!matches!(next_marker(bytes, at), Some((0xd9, _))));
        }
    }
    Ok(picture)
}

impl Coefficients {
    fn table(&mut self, marker: u8, segment: &[u8]) -> Option<()> {
        match marker {
            0xc0..=0xc2 => self.frame(segment, marker == 0xc2)?,
            0xc4 => self.codes(segment)?,
            0xc3 | 0xc5..=0xcf => return None,
            0xdb => self.quantisers(segment)?,
            0xdd => self.interval = u16::from_be_bytes(segment.get(..2)?.try_into().ok()?).into(),
            0xee if segment.starts_with(b"Adobe") => self.adobe = segment.get(11).copied(),
            0xe0 if segment.starts_with(b"JFIF\0") => self.jfif = true,
            _ => {}
        }
        Some(())
    }

    fn frame(&mut self, segment: &[u8], progressive: bool) -> Option<()> {
        let &[8, h1, h0, w1, w0, count, ref components @ ..] = segment else { return None };
        self.height = u16::from_be_bytes([h1, h0]).into();
        self.width = u16::from_be_bytes([w1, w0]).into();
        self.progressive = progressive;
        self.keeps |= progressive;
        let listed = components.as_chunks::<3>().0.get(..count.into())?;
        let alone = listed.len() == 1;
        if !self.components.is_empty() || !matches!(listed.len(), 1..=4) || self.width == 0 || self.height == 0 {
            return None;
        }
        // A component alone has one block a unit, whatever it says.
        let sampling = |byte: u8| if alone { (1, 1) } else { (usize::from(byte >> 4), usize::from(byte & 15)) };
        let samplings: Vec<_> = listed.iter().map(|&[_, byte, _]| sampling(byte)).collect();
        if !samplings.iter().all(|(across, down)| (1..=4).contains(across) && (1..=4).contains(down)) {
            return None;
        }
        let most = (samplings.iter().map(|s| s.0).max()?, samplings.iter().map(|s| s.1).max()?);
        let units = (self.width.div_ceil(8 * most.0), self.height.div_ceil(8 * most.1));
        for (&[id, _, table], (across, down)) in listed.iter().zip(samplings) {
            let (stride, rows) = (units.0 * across, units.1 * down);
            let small = self.divisor.and_then(|divisor| {
                // Where colours have fewer samples, a block of theirs is larger in the picture.
                let side =
                    |most: usize, own: usize| Some(8 * most / own / divisor).filter(|_| most.is_multiple_of(own));
                SmallPlane::new(stride, rows, side(most.0, across)?, side(most.1, down)?)
            });
            self.components.push(Component {
                id,
                across,
                down,
                table: table.into(),
                quantisers: None,
                width: (self.width * across).div_ceil(most.0),
                height: (self.height * down).div_ceil(most.1),
                stride,
                rows,
                small,
                blocks: if self.keeps { vec![[0; 64]; stride * rows] } else { Vec::new() },
                to_come: [None; 64],
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
        let band = if self.progressive { usize::from(first)..=usize::from(last) } else { 0..=63 };
        let low = if self.progressive { pass.low } else { 0 };
        let mut parts = vec![];
        for &[id, tables] in listed {
            let index = self.components.iter().position(|component| component.id == id)?;
            let component = &mut self.components[index];
            component.quantisers = component.quantisers.or(*self.quantisers.get(component.table)?);
            component.to_come[band.clone()].fill(Some(low));
            parts.push((index, usize::from(tables >> 4), usize::from(tables & 15)));
        }
        let mut bits = Bits::new(bytes, at);
        self.blocks(&mut bits, &parts, pass)?;
        self.condition.spoilt |= bits.is_spoilt() || self.left_something(bytes, bits.position());
        Some(bits.position())
    }

    /// Whether data follow that the scan did not take. Behind the last scan, without an end marker, they are a trailer.
    fn left_something(&self, bytes: &[u8], at: usize) -> bool {
        let Some((marker, after)) = next_marker(bytes, at) else { return false };
        (marker == 0xd9 || !self.is_complete()) && is_skipped_data(bytes, at, after)
    }

    fn blocks(&mut self, bits: &mut Bits<'_>, parts: &[(usize, usize, usize)], pass: Pass) -> Option<()> {
        let alone = parts.len() == 1;
        let first = self.components.get(parts.first()?.0)?;
        // A scan of one component goes block by block and only over those with samples of the picture.
        let (columns, rows) = match alone {
            true => (first.width.div_ceil(8), first.height.div_ceil(8)),
            false => (first.stride / first.across, first.rows / first.down),
        };
        let mut states = vec![ScanState::default(); parts.len()];
        let mut gaps = Gaps::default();
        let mut unkept = [0; 64];
        for unit in 0..columns * rows {
            if self.interval > 0 && unit > 0 && unit % self.interval == 0 {
                let number = unit / self.interval - 1;
                gaps.restart(bits, (number & 7) as u8);
                states.fill(ScanState::default());
            }
            if gaps.starving {
                gaps.count();
                continue;
            }
            let (column, row) = (unit % columns, unit / columns);
            for (&(index, dc, ac), state) in parts.iter().zip(&mut states) {
                let component = &mut self.components[index];
                let most = component.most_mean();
                let tables = Tables { dc: self.dc.get(dc)?.as_ref(), ac: self.ac.get(ac)?.as_ref(), most };
                let (across, down) = if alone { (1, 1) } else { (component.across, component.down) };
                for block in 0..across * down {
                    let place = (row * down + block / across) * component.stride + column * across + block % across;
                    if self.keeps {
                        scan::block(bits, &tables, pass, state, component.blocks.get_mut(place)?)?;
                        continue;
                    }
                    unkept.fill(0);
                    scan::block(bits, &tables, pass, state, &mut unkept)?;
                    if let Some(small) = &mut component.small {
                        small.put(place, &unkept, component.quantisers.as_ref().unwrap_or(&[1; 64]));
                    }
                }
            }
            gaps.examine(bits);
        }
        self.judge(gaps, columns * rows, bits);
        Some(())
    }

    /// Units that are missing at the end of the data are cut off, unless one strip's marker was lost.
    fn judge(&mut self, gaps: Gaps, units: usize, bits: &Bits<'_>) {
        let at_end = bits.is_at_end();
        let cut = gaps.at_end > 0 && (at_end || gaps.at_end > self.interval);
        self.condition.cut |= cut;
        if !cut && units > 0 {
            self.condition.lost = self.condition.lost.max(gaps.all as f32 / units as f32);
        }
    }

    /// Whether every component has all its bits.
    fn is_complete(&self) -> bool {
        let has_all = |component: &Component| component.to_come.iter().all(|&to_come| to_come == Some(0));
        !self.components.is_empty() && self.components.iter().all(has_all) && !self.condition.cut
    }

    /// A sequential picture whose components all came. A progressive one may be refined by further scans.
    fn needs_no_more(&self) -> bool {
        !self.progressive && (self.is_complete() || self.condition.cut)
    }

    /// What was kept of a progressive picture, made smaller.
    fn shrink(&mut self) {
        for component in self.components.iter_mut().filter(|_| self.keeps) {
            let Some(small) = &mut component.small else { continue };
            let quantisers = component.quantisers.unwrap_or([1; 64]);
            let blocks = std::mem::take(&mut component.blocks);
            blocks.iter().enumerate().for_each(|(place, block)| small.put(place, block, &quantisers));
        }
    }

    /// Nothing more comes. A progressive picture that an end marker closes may be meant to lack its last bits.
    fn end(&mut self, open: bool) {
        let has_mean = |component: &Component| component.to_come[0].is_some();
        self.condition.open = open;
        self.condition.cut |= match open {
            true => !self.is_complete() && !self.condition.spoilt,
            false => !self.components.iter().all(has_mean) || self.components.is_empty(),
        };
        self.shrink();
    }
}
