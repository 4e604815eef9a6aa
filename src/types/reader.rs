//! Numbers and slices out of a file that may end anywhere.

/// What is left of some bytes. Each method takes from the front, or answers None and takes nothing.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// A big-endian number of 0 to 8 bytes.
    pub(crate) fn big(&mut self, length: usize) -> Option<u64> {
        self.take(length).map(big)
    }

    /// A little-endian number of 0 to 8 bytes.
    pub(crate) fn little(&mut self, length: usize) -> Option<u64> {
        self.take(length).map(little)
    }
}

pub(crate) fn big(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

pub(crate) fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// `length` bytes at `at`, where the file has them.
pub(crate) fn slice(bytes: &[u8], at: u64, length: u64) -> Option<&[u8]> {
    let (at, end) = (usize::try_from(at).ok()?, usize::try_from(at.checked_add(length)?).ok()?);
    bytes.get(at..end)
}
