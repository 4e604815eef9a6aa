//! The blocks of a scan: sequential, and the four passes of a progressive one (ITU-T T.81, annexes F and G).

use super::entropy::{Bits, Codes};

/// Where the coefficients of a zigzag lie in natural order.
#[rustfmt::skip]
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
    55, 62, 63,
];

/// Coefficients of one block in natural order.
pub(crate) type DctBlock = [i16; 64];

/// Which coefficients a scan brings, and which of their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    pub progressive: bool,
    /// First and last coefficient, as the zigzag counts.
    pub band: (u8, u8),
    /// Bits that came before (0: none) and bits that are still to come.
    pub high: u8,
    pub low: u8,
}

/// The codes for one component.
pub(crate) struct Tables<'a> {
    pub dc: Option<&'a Codes>,
    pub ac: Option<&'a Codes>,
    /// No sound block has a mean beyond it, up or down.
    pub most: u32,
}

/// What carries over from block to block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ScanState {
    /// The last block's mean.
    pub mean: i32,
    /// Blocks to come without a coefficient of this band.
    pub ended: u32,
}

/// Reads one block; None where it needs a table that is missing.
///
/// Damaged data give what libjpeg makes of them.
pub(crate) fn block(
    bits: &mut Bits<'_>,
    tables: &Tables<'_>,
    pass: Pass,
    state: &mut ScanState,
    block: &mut DctBlock,
) -> Option<()> {
    match (pass.progressive, pass.band.0, pass.high) {
        (false, ..) => {
            mean(bits, tables, 0, state, block)?;
            band(bits, tables.ac?, Pass { band: (1, 63), low: 0, ..pass }, &mut ScanState::default(), block);
        }
        (true, 0, 0) => mean(bits, tables, pass.low, state, block)?,
        (true, 0, _) => block[0] |= (bits.take(1) << pass.low) as i16,
        (true, _, 0) => band(bits, tables.ac?, pass, state, block),
        (true, ..) => refine(bits, tables.ac?, pass, state, block),
    }
    Some(())
}

/// Damage that no code betrays lets the means drift away: each is told by its difference from the last.
fn mean(bits: &mut Bits<'_>, tables: &Tables<'_>, low: u8, state: &mut ScanState, block: &mut DctBlock) -> Option<()> {
    let size = tables.dc?.next(bits);
    if size > 15 {
        bits.spoil();
        return Some(());
    }
    state.mean = state.mean.wrapping_add(bits.number(size.into()));
    if state.mean.unsigned_abs() > tables.most >> low {
        bits.spoil();
    }
    block[0] = (state.mean << low) as i16;
    Some(())
}

/// First bits of a band. In a sequential scan no block ends the band of later ones, so `ended` stays 0 there.
fn band(bits: &mut Bits<'_>, codes: &Codes, pass: Pass, state: &mut ScanState, block: &mut DctBlock) {
    if state.ended > 0 {
        state.ended -= 1;
        return;
    }
    let mut at = pass.band.0;
    while at <= pass.band.1 {
        let symbol = codes.next(bits);
        let (run, size) = (symbol >> 4, symbol & 15);
        match (run, size) {
            (15, 0) => at += 16,
            (_, 0) => {
                if pass.progressive {
                    state.ended = (1 << run) - 1 + bits.take(run.into()) as u32;
                }
                return;
            }
            _ => {
                at += run;
                if at > pass.band.1 {
                    bits.spoil();
                }
                block[place(at)] = (bits.number(size.into()) << pass.low) as i16;
                at += 1;
            }
        }
    }
}

/// One more bit of each coefficient of a band.
fn refine(bits: &mut Bits<'_>, codes: &Codes, pass: Pass, state: &mut ScanState, block: &mut DctBlock) {
    let bit = 1_i16 << pass.low;
    let mut at = pass.band.0;
    while state.ended == 0 && at <= pass.band.1 {
        let symbol = codes.next(bits);
        let (run, size) = (symbol >> 4, symbol & 15);
        if size == 0 && run < 15 {
            state.ended = (1 << run) + bits.take(run.into()) as u32;
            break;
        }
        if size > 1 {
            bits.spoil();
        }
        let fresh = match size {
            0 => 0,
            _ if bits.take(1) == 1 => bit,
            _ => -bit,
        };
        let mut zeros = run;
        while at <= pass.band.1 {
            let value = &mut block[place(at)];
            if *value != 0 {
                grow(bits, value, bit);
            } else if zeros > 0 {
                zeros -= 1;
            } else {
                break;
            }
            at += 1;
        }
        if fresh != 0 {
            block[place(at)] = fresh;
        }
        at += 1;
    }
    if state.ended > 0 {
        for at in at..=pass.band.1 {
            let value = &mut block[place(at)];
            if *value != 0 {
                grow(bits, value, bit);
            }
        }
        state.ended -= 1;
    }
}

/// A coefficient that has bits already grows by the next one, away from zero.
fn grow(bits: &mut Bits<'_>, value: &mut i16, bit: i16) {
    if bits.take(1) == 1 && *value & bit == 0 {
        *value = value.wrapping_add(if *value > 0 { bit } else { -bit });
    }
}

/// Where coefficient `at` lies in natural order. Damaged data run beyond the last one and then hit it, as in libjpeg.
#[inline(always)]
fn place(at: u8) -> usize {
    ZIGZAG.get(usize::from(at)).copied().unwrap_or(63).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zigzag_visits_every_place_once() {
        let mut places = ZIGZAG;
        places.sort_unstable();
        assert!(places.into_iter().eq(0..64));
        for pair in ZIGZAG.windows(2) {
            let [(x, y), (u, v)] = [pair[0], pair[1]].map(|place| (i16::from(place % 8), i16::from(place / 8)));
            assert!((x - u).abs() <= 1 && (y - v).abs() <= 1, "{pair:?} are neighbours");
        }
    }
}
