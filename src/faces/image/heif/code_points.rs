//! How a file's samples are to be read: numbers of ITU-T H.273.

/// Code points of ITU-T H.273, in a `colr` box of type `nclx` or in the stream. 2 stands for "not said".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodePoints {
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    pub full_range: bool,
}

impl CodePoints {
    /// Where there is not even a stream that says nothing: sRGB by the matrix of BT.601 (ISO/IEC 23000-22, 7.3.6.4).
    pub const UNSAID: Self = Self { primaries: 1, transfer: 13, matrix: 6, full_range: true };

    /// A `colr` box's content after `nclx`.
    pub fn read(nclx: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes(nclx.get(at..at + 2)?.try_into().ok()?));
        let full_range = nclx.get(6)? & 0x80 != 0;
        Some(Self { primaries: word(0)?, transfer: word(2)?, matrix: word(4)?, full_range })
    }
}
