//! Products of bytes, and which of them reach a limit. Three ways with one result: AVX-512 VNNI, AVX2, and plain loops,
//! chosen when the program runs.

use super::quantised::{GROUP, PANEL, Panels, Quantised};

/// A pair whose product of bytes reaches its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ByteProduct {
    pub row: u32,
    pub column: u32,
    pub product: i32,
}

/// How products of bytes are computed.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    Vnni512,
    Avx2,
    Plain,
}

impl Kernel {
    /// The quickest that this processor has.
    pub fn detect() -> Self {
        Self::available()[0]
    }

    /// What this processor has, the quickest first.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512bw") && has!("avx512vnni") {
                found.push(Self::Vnni512);
            }
            if has!("avx2") {
                found.push(Self::Avx2);
            }
        }
        found.push(Self::Plain);
        found
    }

    /// Of a tile's rows × its panels' columns all pairs whose product is at least the smaller of the two limits, of the row
    /// and of the column's panel. The order is the same for every kernel.
    pub fn near(self, tile: &Tile<'_>, out: &mut Vec<ByteProduct>) {
        match self {
            // SAFETY: `detect` and `available` give only what the processor has.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni512 => unsafe { x86::vnni512(tile, out) },
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86::avx2(tile, out) },
            _ => plain(tile, out),
        }
    }
}

/// Some rows by some panels.
pub(super) struct Tile<'a> {
    pub rows: &'a Quantised,
    pub row_range: std::ops::Range<usize>,
    pub row_limits: &'a [i32],
    pub panels: &'a Panels,
    pub panel_range: std::ops::Range<usize>,
    pub panel_limits: &'a [i32],
}

impl Tile<'_> {
    fn panel(&self, panel: usize) -> &[u8] {
        let width = self.rows.groups * GROUP * PANEL;
        &self.panels.bytes[panel * width..][..width]
    }

    /// The limit of a row in a panel.
    fn limit(&self, row: usize, panel: usize) -> i32 {
        let row_limit = self.row_limits[row - self.row_range.start];
        row_limit.min(self.panel_limits[panel - self.panel_range.start])
    }

    fn keep(&self, row: usize, panel: usize, offset: usize, product: i32, out: &mut Vec<ByteProduct>) {
        let column = panel * PANEL + offset;
        if column < self.panels.columns {
            out.push(ByteProduct { row: row as u32, column: column as u32, product });
        }
    }
}

/// VectorRows that share each panel while it is in the nearest cache.
const ROWS_AT_ONCE: usize = 8;

fn plain(tile: &Tile<'_>, out: &mut Vec<ByteProduct>) {
    for panel in tile.panel_range.clone() {
        let bytes = tile.panel(panel);
        for row in tile.row_range.clone() {
            let mut sums = [-128 * tile.rows.sums[row]; PANEL];
            for (four, group) in tile.rows.row(row).as_chunks::<GROUP>().0.iter().zip(bytes.chunks_exact(GROUP * PANEL))
            {
                for (sum, column) in sums.iter_mut().zip(group.as_chunks::<GROUP>().0) {
                    for (&a, &b) in four.iter().zip(column) {
                        *sum += i32::from(a) * i32::from(b);
                    }
                }
            }
            let limit = tile.limit(row, panel);
            for (offset, &product) in sums.iter().enumerate().filter(|(_, product)| **product >= limit) {
                tile.keep(row, panel, offset, product, out);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::super::quantised::{GROUP, PANEL};
    use super::{ByteProduct, ROWS_AT_ONCE, Tile};

    /// Four products a lane and instruction.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn vnni512(tile: &Tile<'_>, out: &mut Vec<ByteProduct>) {
        for panel in tile.panel_range.clone() {
            let mut row = tile.row_range.start;
            while row + ROWS_AT_ONCE <= tile.row_range.end {
                vnni_rows::<ROWS_AT_ONCE>(tile, row, panel, out);
                row += ROWS_AT_ONCE;
            }
            for row in row..tile.row_range.end {
                vnni_rows::<1>(tile, row, panel, out);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    #[inline]
    fn vnni_rows<const N: usize>(tile: &Tile<'_>, first: usize, panel: usize, out: &mut Vec<ByteProduct>) {
        let groups = tile.rows.groups;
        let columns = tile.panel(panel).as_ptr();
        let rows: [*const i32; N] = std::array::from_fn(|row| tile.rows.row(first + row).as_ptr().cast());
        let mut sums = [[_mm512_setzero_si512(); 2]; N];
        for (row, sums) in sums.iter_mut().enumerate() {
            *sums = [_mm512_set1_epi32(-128 * tile.rows.sums[first + row]); 2];
        }
        for group in 0..groups {
            // SAFETY: a panel has `groups` groups of 128 bytes, a row as many of 4.
            unsafe {
                let left = _mm512_loadu_si512(columns.add(group * GROUP * PANEL).cast());
                let right = _mm512_loadu_si512(columns.add(group * GROUP * PANEL + 64).cast());
                for row in 0..N {
                    let four = _mm512_set1_epi32(rows[row].add(group).read_unaligned());
                    sums[row][0] = _mm512_dpbusd_epi32(sums[row][0], left, four);
                    sums[row][1] = _mm512_dpbusd_epi32(sums[row][1], right, four);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let limit = _mm512_set1_epi32(tile.limit(first + row, panel));
            let masks = sums.map(|sums| _mm512_cmpge_epi32_mask(sums, limit));
            let mut mask = u32::from(masks[0]) | u32::from(masks[1]) << 16;
            if mask != 0 {
                let mut products = [0_i32; PANEL];
                // SAFETY: 32 numbers of 4 bytes.
                unsafe {
                    _mm512_storeu_si512(products.as_mut_ptr().cast(), sums[0]);
                    _mm512_storeu_si512(products.as_mut_ptr().add(16).cast(), sums[1]);
                }
                while mask != 0 {
                    let offset = mask.trailing_zeros() as usize;
                    tile.keep(first + row, panel, offset, products[offset], out);
                    mask &= mask - 1;
                }
            }
        }
    }

    /// VectorRows at once: as many as sixteen registers hold with four sums each.
    const ROWS: usize = 2;

    #[target_feature(enable = "avx2")]
    pub(super) fn avx2(tile: &Tile<'_>, out: &mut Vec<ByteProduct>) {
        for panel in tile.panel_range.clone() {
            let mut row = tile.row_range.start;
            while row + ROWS <= tile.row_range.end {
                avx2_rows::<ROWS>(tile, row, panel, out);
                row += ROWS;
            }
            for row in row..tile.row_range.end {
                avx2_rows::<1>(tile, row, panel, out);
            }
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn avx2_rows<const N: usize>(tile: &Tile<'_>, first: usize, panel: usize, out: &mut Vec<ByteProduct>) {
        let columns = tile.panel(panel).as_ptr();
        let rows: [*const i32; N] = std::array::from_fn(|row| tile.rows.row(first + row).as_ptr().cast());
        let shift = _mm256_set1_epi8(-128);
        let ones = _mm256_set1_epi16(1);
        let mut sums = [[_mm256_setzero_si256(); 4]; N];
        for group in 0..tile.rows.groups {
            // SAFETY: a panel has `groups` groups of 128 bytes, a row as many of 4.
            let column: [__m256i; 4] = std::array::from_fn(|part| unsafe {
                // Back to signed bytes: |a|·|b| ≤ 127², two of which fit 16 bits.
                _mm256_xor_si256(_mm256_loadu_si256(columns.add(group * GROUP * PANEL + part * 32).cast()), shift)
            });
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                let four = _mm256_set1_epi32(unsafe { rows[row].add(group).read_unaligned() });
                let size = _mm256_abs_epi8(four);
                for (sum, &column) in sums.iter_mut().zip(&column) {
                    let pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(column, four));
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            avx2_keep(tile, first + row, panel, sums, out);
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn avx2_keep(tile: &Tile<'_>, row: usize, panel: usize, sums: &[__m256i; 4], out: &mut Vec<ByteProduct>) {
        let limit = tile.limit(row, panel);
        let below = _mm256_set1_epi32(limit.saturating_sub(1));
        let none = _mm256_setzero_si256();
        let any = sums.iter().fold(none, |any, &sum| _mm256_or_si256(any, _mm256_cmpgt_epi32(sum, below)));
        if _mm256_movemask_epi8(any) == 0 {
            return;
        }
        for (part, &sum) in sums.iter().enumerate() {
            let mut products = [0_i32; 8];
            // SAFETY: 8 numbers of 4 bytes.
            unsafe { _mm256_storeu_si256(products.as_mut_ptr().cast(), sum) };
            for (offset, &product) in products.iter().enumerate().filter(|(_, product)| **product >= limit) {
                tile.keep(row, panel, part * 8 + offset, product, out);
            }
        }
    }
}
