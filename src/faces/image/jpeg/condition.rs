//! What is wrong with a JPEG's data, and what of that makes it unfit for recognition.

use super::super::DecodeError;
use super::damaged;
use super::entropy::Bits;

/// What was found out about a file's data.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Condition {
    /// They end in the middle of the picture.
    pub cut: bool,
    /// They hold codes that no sound file has: from there on everything may be rubbish.
    pub spoilt: bool,
    /// Share of the picture that is missing between restart markers.
    pub lost: f32,
    /// The end marker is missing, or something stands before it.
    pub open: bool,
}

impl Condition {
    pub fn is_sound(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// What makes the picture unfit for recognition.
    pub fn check(&self) -> Result<(), DecodeError> {
        match self {
            Self { cut: true, .. } => Err(DecodeError::Truncated),
            Self { spoilt: true, .. } => Err(damaged("it holds codes that mean nothing")),
            Self { lost, .. } if *lost > MOST_LOST => Err(damaged("most of the picture is missing")),
            _ => Ok(()),
        }
    }
}

/// With more missing, what is there is no photo.
const MOST_LOST: f32 = 0.5;

/// Units for which there was no data.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gaps {
    /// No data until the next restart marker that fits.
    pub starving: bool,
    pub all: usize,
    /// Without one that was read in between: those at the end of the scan.
    pub at_end: usize,
    /// Those of this strip that were read whole.
    read: usize,
}

impl Gaps {
    /// Goes to the next strip. Where one was read that left data behind, it was another's, or read from the middle.
    pub fn restart(&mut self, bits: &mut Bits<'_>, wanted: u8) {
        let is_found = bits.restart(wanted);
        if is_found && bits.has_skipped() && self.read > 0 {
            bits.spoil();
        }
        self.starving &= !is_found;
        self.read = 0;
    }

    pub fn count(&mut self) {
        self.all += 1;
        self.at_end += 1;
    }

    /// After a unit was read.
    #[inline]
    pub fn examine(&mut self, bits: &mut Bits<'_>) {
        self.at_end = 0;
        if bits.ran_out() {
            self.starving = true;
            self.count();
        } else {
            self.read += 1;
        }
    }
}
