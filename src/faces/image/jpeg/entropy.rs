//! Bits and Huffman codes of a JPEG's scans (ITU-T T.81, annexes C and F.2.2).

/// Reads the bits of entropy-coded data; stops at the next marker.
pub(crate) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, buffer: 0, count: 0 }
    }

    /// Where the data ends: at a marker, once all bits before it were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// So many bits, the first one highest; at most 16.
    #[inline]
    pub fn take(&mut self, count: u32) -> Option<i32> {
        if count == 0 {
            return Some(0);
        }
        if self.count < count {
            self.fill();
        }
        let value = (self.buffer >> (64 - count)) as i32;
        self.drop(count)?;
        Some(value)
    }

    /// A number of `size` bits in the form of section F.2.2.1: those without a leading one are negative.
    #[inline]
    pub fn number(&mut self, size: u32) -> Option<i32> {
        let value = self.take(size)?;
        // Without a branch, because which it is nobody can foretell: all ones where the leading bit is missing.
        let missing = (value - (1 << size >> 1)) >> 31;
        Some(value + (missing & (1 - (1 << size))))
    }

    /// Goes over the restart marker that must come now.
    pub fn restart(&mut self) -> Option<()> {
        (self.buffer, self.count) = (0, 0);
        while self.data.get(self.at..self.at + 2)? == [0xff, 0xff] {
            self.at += 1;
        }
        match self.data.get(self.at..self.at + 2)? {
            [0xff, 0xd0..=0xd7] => self.at += 2,
            _ => return None,
        }
        Some(())
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

    fn drop(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.buffer <<= count;
        Some(())
    }
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

    #[inline]
    pub fn next(&self, bits: &mut Bits<'_>) -> Option<u8> {
        if bits.count < 16 {
            bits.fill();
        }
        let (length, symbol) = self.quick[(bits.buffer >> (64 - QUICK_BITS)) as usize];
        if length > 0 {
            bits.drop(length.into())?;
            return Some(symbol);
        }
        let ahead = (bits.buffer >> 48) as u32;
        let length = (QUICK_BITS + 1..=16).find(|&length| ahead < self.longer[length].0)?;
        bits.drop(length as u32)?;
        let place = (ahead >> (16 - length)) as i32 + self.longer[length].1;
        self.symbols.get(usize::try_from(place).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_numbers() {
        // 1010 1100, 1111 1111 (with its stuffed zero), 0100 0000, then a marker.
        let data = [0xac, 0xff, 0x00, 0x40, 0xff, 0xd9];
        let mut bits = Bits::new(&data, 0);
        assert_eq!([bits.take(3), bits.take(1), bits.take(0)], [Some(0b101), Some(0), Some(0)]);
        assert_eq!([bits.number(3), bits.number(3)], [Some(0b110), Some(0b011 - 7)]);
        assert_eq!([bits.take(6), bits.take(9)], [Some(0b111111), None]);
        assert_eq!(bits.position(), 4);
        assert!(bits.restart().is_none());
        let mut bits = Bits::new(&[0x80, 0xff, 0xff, 0xd3, 0x40], 0);
        assert_eq!(bits.take(1), Some(1));
        assert!(bits.restart().is_some());
        assert_eq!(bits.take(2), Some(1));
    }

    /// 0, 10, 110 and a code of twelve bits.
    #[test]
    fn codes_of_all_lengths() {
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[2], counts[11]) = (1, 1, 1, 1);
        let codes = Codes::new(&counts, &[5, 6, 7, 8]).unwrap();
        // 110 0 10 1110 0000 0000 0…
        let mut bits = Bits::new(&[0b1100_1011, 0b1000_0000, 0b0000_0000], 0);
        let found: Vec<u8> = (0..5).map_while(|_| codes.next(&mut bits)).collect();
        assert_eq!(found, [7, 5, 6, 8, 5]);
        assert!(Codes::new(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1, 2, 3]).is_none(), "two fit");
        assert!(Codes::new(&counts, &[5, 6]).is_none(), "too few symbols");
    }
}
