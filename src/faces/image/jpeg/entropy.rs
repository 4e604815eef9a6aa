//! Bits and Huffman codes of a JPEG's scans (ITU-T T.81, annexes C and F.2.2).

use super::survey::{MARKER_BYTES, next_marker};

const FIRST_RESTART: u8 = 0xd0;

/// Reads the bits of entropy-coded data; stops at the next marker.
///
/// What is asked for beyond it are zeros, as in libjpeg, and the reader remembers that it ran out.
pub(crate) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
    ran_out: bool,
    spoilt: bool,
    skipped: bool,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, buffer: 0, count: 0, ran_out: false, spoilt: false, skipped: false }
    }

    /// Where the data ends: at a marker, once all bits before it were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether no marker follows either: the file ends here.
    pub fn is_at_end(&self) -> bool {
        next_marker(self.data, self.at).is_none()
    }

    /// So many bits, the first one highest; at most 16.
    #[inline]
    pub fn take(&mut self, count: u32) -> i32 {
        if count == 0 {
            return 0;
        }
        if self.count < count {
            self.fill();
        }
        let value = (self.buffer >> (64 - count)) as i32;
        self.drop(count);
        value
    }

    /// A number of `size` bits in the form of section F.2.2.1: those without a leading one are negative.
    #[inline]
    pub fn number(&mut self, size: u32) -> i32 {
        let value = self.take(size);
        // Without a branch, because which it is nobody can foretell: all ones where the leading bit is missing.
        let missing = (value - (1 << size >> 1)) >> 31;
        value + (missing & (1 - (1 << size)))
    }

    /// Whether more was asked for than there was, since this was last asked.
    pub fn ran_out(&mut self) -> bool {
        std::mem::take(&mut self.ran_out)
    }

    /// Whether a code was met that no sound file has.
    pub fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    /// Whether the last restart went over data that nobody had read.
    pub fn has_skipped(&self) -> bool {
        self.skipped
    }

    pub fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// Goes to the data behind restart marker `wanted`, a number 0…7; what stands before a marker is skipped.
    ///
    /// Another marker is dealt with as libjpeg does (`jpeg_resync_to_restart`): one of the two that came before is an
    /// old one, and the search goes on; one of the next two, or of another kind, means that data are missing, and it
    /// stays where it is for later. False in that case: nothing can be read now.
    pub fn restart(&mut self, wanted: u8) -> bool {
        (self.buffer, self.count, self.ran_out, self.skipped) = (0, 0, false, false);
        let start = self.at;
        loop {
            let Some((marker, after)) = next_marker(self.data, self.at) else {
                self.at = self.data.len();
                return false;
            };
            let ahead = marker.wrapping_sub(FIRST_RESTART).wrapping_sub(wanted) & 7;
            match marker {
                0xd0..=0xd7 if matches!(ahead, 1 | 2) => {
                    self.at = after - MARKER_BYTES;
                    return false;
                }
                0xd0..=0xd7 if matches!(ahead, 6 | 7) => self.at = after,
                0xd0..=0xd7 => {
                    self.at = after;
                    self.skipped = is_skipped_data(self.data, start, after);
                    return true;
                }
                // No marker of any kind of JPEG that is read here.
                0x00..=0xbf => self.at = after,
                _ => {
                    self.at = after - MARKER_BYTES;
                    return false;
                }
            }
        }
    }

    /// Up to 57 bits or more, where the data go on so long.
    fn fill(&mut self) {
        let ahead = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<8>());
        if let Some(word) = ahead.map(|bytes| u64::from_be_bytes(*bytes)).filter(|&word| !has_marker_byte(word)) {
            // The last byte may come in part; its bits are the same when they come again.
            self.buffer |= word >> self.count;
            let bytes = (63 - self.count) / 8;
            self.at += bytes as usize;
            self.count += 8 * bytes;
            return;
        }
        while self.count <= 56 {
            let Some(&byte) = self.data.get(self.at) else { return };
            if byte == 0xff {
                match self.data.get(self.at + 1) {
                    Some(0) => self.at += 1,
                    Some(0xff) => {
                        self.at += 1;
                        continue;
                    }
                    _ => return,
                }
            }
            self.at += 1;
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    fn drop(&mut self, count: u32) {
        if self.count < count {
            // Below what is left of the data the buffer holds zeros.
            (self.ran_out, self.count) = (true, 64);
        }
        self.count -= count;
        self.buffer <<= count;
    }
}

/// Whether what lies between the place where a reader stopped and the end of the next marker is more than padding.
pub(crate) fn is_skipped_data(data: &[u8], from: usize, to: usize) -> bool {
    const A_LITTLE: usize = 12;
    let skipped = data.get(from..to).unwrap_or_default();
    skipped.iter().filter(|&&byte| !matches!(byte, 0 | 0xff)).count() > A_LITTLE
}

/// Whether one of the eight bytes is 0xff: the usual trick for a zero byte, on the inverse.
fn has_marker_byte(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    (!word).wrapping_sub(ONES) & word & (ONES << 7) != 0
}

const QUICK_BITS: usize = 9;

/// A table of codes, the short ones by one look.
#[derive(Clone)]
pub(crate) struct Codes {
    /// Length and symbol by the next nine bits; length 0 where the code is longer.
    quick: Vec<(u8, u8)>,
    /// For each length: the first code beyond those of this length (left-aligned in 16 bits), and what to add to a code
    /// for its place among the symbols.
    longer: [(u32, i32); 17],
    symbols: Vec<u8>,
}

impl Codes {
    /// From the number of codes of each length 1…16 and their symbols; None where they contradict each other.
    pub fn new(counts: &[u8], symbols: &[u8]) -> Option<Self> {
        let mut quick = vec![(0, 0); 1 << QUICK_BITS];
        let mut longer = [(0, 0); 17];
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, &count) in (1_usize..=16).zip(counts) {
            longer[length].1 = place as i32 - code as i32;
            for _ in 0..count {
                let symbol = *symbols.get(place)?;
                if code >= 1 << length {
                    return None;
                }
                if length <= QUICK_BITS {
                    let first = (code as usize) << (QUICK_BITS - length);
                    quick[first..first + (1 << (QUICK_BITS - length))].fill((length as u8, symbol));
                }
                code += 1;
                place += 1;
            }
            longer[length].0 = code << (16 - length);
            code <<= 1;
        }
        Some(Self { quick, longer, symbols: symbols.to_vec() })
    }

    /// The next symbol; 0 where no code fits, as libjpeg goes on.
    #[inline]
    pub fn next(&self, bits: &mut Bits<'_>) -> u8 {
        if bits.count < LONGEST_READ {
            bits.fill();
        }
        let (length, symbol) = self.quick[(bits.buffer >> (64 - QUICK_BITS)) as usize];
        if length > 0 {
            bits.drop(length.into());
            return symbol;
        }
        self.next_long(bits)
    }

    fn next_long(&self, bits: &mut Bits<'_>) -> u8 {
        let ahead = (bits.buffer >> 48) as u32;
        let Some(length) = (QUICK_BITS + 1..=16).find(|&length| ahead < self.longer[length].0) else {
            bits.drop(LONGEST_READ);
            bits.spoil();
            return 0;
        };
        bits.drop(length as u32);
        let place = (ahead >> (16 - length)) as i32 + self.longer[length].1;
        let symbol = usize::try_from(place).ok().and_then(|place| self.symbols.get(place));
        symbol.copied().unwrap_or_else(|| {
            bits.spoil();
            0
        })
    }
}

/// Of a code that is none, libjpeg reads one bit more than the longest has.
const LONGEST_READ: u32 = 17;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_numbers() {
        // 1010 1100, 1111 1111 (with its stuffed zero), 0100 0000, then a marker.
        let data = [0xac, 0xff, 0x00, 0x40, 0xff, 0xd9];
        let mut bits = Bits::new(&data, 0);
        assert_eq!([bits.take(3), bits.take(1), bits.take(0)], [0b101, 0, 0]);
        assert_eq!([bits.number(3), bits.number(3)], [0b110, 0b011 - 7]);
        assert_eq!((bits.take(6), bits.ran_out()), (0b111111, false));
        assert_eq!((bits.take(8), bits.ran_out()), (0b0100_0000, false));
        assert_eq!((bits.take(3), bits.ran_out()), (0, true), "zeros beyond the end");
        assert_eq!(bits.position(), 4);
    }

    #[test]
    fn restart_markers_as_libjpeg_takes_them() {
        let found = |data: &[u8], wanted: u8| {
            let mut bits = Bits::new(data, 0);
            bits.restart(wanted).then(|| bits.take(8))
        };
        assert_eq!(found(&[0x80, 0xff, 0xff, 0xd3, 0x40], 3), Some(0x40), "fill bytes, and data before it");
        assert_eq!(found(&[0xff, 0xd2, 7, 0xff, 0xd3, 8], 3), Some(8), "an old one is gone over");
        assert_eq!(found(&[0xff, 0xd1, 7, 0xff, 0xd3, 8], 3), Some(8));
        assert_eq!(found(&[0xff, 0xd4, 7], 3), None, "the next one: a strip is missing");
        assert_eq!(found(&[0xff, 0xd5, 7], 3), None);
        assert_eq!(found(&[0xff, 0xd7, 7], 3), Some(7), "too far away to mean anything");
        assert_eq!(found(&[0xff, 0xd9, 7], 3), None);
        assert_eq!(found(&[1, 2, 3], 3), None);
        let mut bits = Bits::new(&[0xff, 0xd4, 7], 0);
        assert!(!bits.restart(3) && bits.restart(4), "it stays for the next strip");
    }

    /// 0, 10, 110 and a code of twelve bits.
    #[test]
    fn codes_of_all_lengths() {
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[2], counts[11]) = (1, 1, 1, 1);
        let codes = Codes::new(&counts, &[5, 6, 7, 8]).unwrap();
        // 110 0 10 1110 0000 0000 0…
        let mut bits = Bits::new(&[0b1100_1011, 0b1000_0000, 0b0000_0000], 0);
        let found: Vec<u8> = (0..5).map(|_| codes.next(&mut bits)).collect();
        assert_eq!(found, [7, 5, 6, 8, 5]);
        assert!(!bits.is_spoilt());
        let mut bits = Bits::new(&[0xff, 0, 0xff, 0, 0xff, 0, 0x40], 0);
        assert_eq!((codes.next(&mut bits), bits.is_spoilt()), (0, true), "no code is all ones");
        assert_eq!((codes.next(&mut bits), codes.next(&mut bits)), (0, 5), "behind the end are zeros");
        assert!(Codes::new(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1, 2, 3]).is_none(), "two fit");
        assert!(Codes::new(&counts, &[5, 6]).is_none(), "too few symbols");
    }
}
