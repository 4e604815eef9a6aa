//! SQLite's write-ahead log, looked through before SQLite does: it stops at the first frame that is not whole, and drops
//! what was committed behind it without a word.
//!
//! A process killed while it writes leaves frames without the commit that ends them, and behind them frames of an earlier
//! round of the log, or of changes that were never complete. So a commit of this round behind the last whole frame, or a
//! frame of no round at all, says that the log was garbled and kept changes are lost. A log that was cut off says nothing:
//! it is like one that a kill left.
//! The layout: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::file::{self, with_suffix};
use super::{BackupReason, backup};
use crate::library::error::{LibraryError, Result};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const LEAST_PAGE: usize = 512;
const MAGIC: u32 = 0x377f_0682;
/// Each round's first salt is one more than that of the round before.
const ROUNDS_BACK: u32 = 1 << 16;
/// Another program may be writing a frame just now: then it is whole soon.
const LOOKS: usize = 4;
const PAUSE: Duration = Duration::from_millis(50);

/// Refuses a library whose log is garbled. Where what stands before is an earlier state of the library, and no mixture, it
/// is put among the backups.
pub(in crate::library) fn refuse_garbled(library: &Path) -> Result<()> {
    let Some(mut reason) = garbled(library) else { return Ok(()) };
    match rescue(library) {
        Ok(true) => reason += "; what was kept before is among the backups",
        Ok(false) => {}
        Err(error) => reason += &format!("; what was kept before could not be put among the backups: {error}"),
    }
    Err(LibraryError::Damaged { path: library.to_owned(), reason })
}

/// What is wrong with a library's log, if anything.
pub(super) fn garbled(library: &Path) -> Option<String> {
    let look = || lost_after(&std::fs::read(with_suffix(library, "-wal")).ok()?);
    let first = look()?;
    for _ in 1..LOOKS {
        std::thread::sleep(PAUSE);
        if look() != Some(first) {
            return None;
        }
    }
    Some(format!("the log of its latest changes is garbled after {first} pages, and what was kept there is lost"))
}

fn rescue(library: &Path) -> Result<bool> {
    let log = with_suffix(library, "-wal");
    let bytes = std::fs::read(&log).map_err(|error| file::at(&log, &error))?;
    if !is_untouched(library, &bytes) {
        return Ok(false);
    }
    let changed = std::fs::metadata(&log).and_then(|log| log.modified()).map_err(|error| file::at(&log, &error))?;
    let is_rescued = |found: &backup::Found| {
        found.reason == BackupReason::Rescued && std::time::SystemTime::from(found.at) > changed
    };
    if !backup::find(library)?.iter().any(is_rescued) {
        backup::back_up(&file::open_as_it_is(library)?, library, BackupReason::Rescued)?;
    }
    Ok(true)
}

#[derive(Clone, Copy)]
struct Round {
    salts: (u32, u32),
    /// Checksums are of words in this order.
    is_big_endian: bool,
    page_size: usize,
}

/// After how many whole frames changes are lost; none where none are.
fn lost_after(log: &[u8]) -> Option<usize> {
    let (header, behind) = log.split_at_checked(HEADER)?;
    let Some((round, mut sum)) = round_of(header) else {
        // Without its header SQLite takes the log for empty.
        return (behind.len() >= FRAME_HEADER + LEAST_PAGE).then_some(0);
    };
    let frames: Vec<&[u8]> = round.frames(behind).collect();
    let mut whole = 0;
    while let Some(next) = frames.get(whole).and_then(|frame| round.next_sum(frame, sum)) {
        (sum, whole) = (next, whole + 1);
    }
    let rest = &frames[whole..];
    let is_of_none = rest.first().is_some_and(|frame| !round.is_own(frame) && !round.is_earlier(frame));
    let is_lost = is_of_none || rest.iter().any(|frame| round.is_own(frame) && word(frame, 4) != 0);
    is_lost.then_some(whole)
}

/// Whether no page of the log has come into the file yet.
fn is_untouched(library: &Path, log: &[u8]) -> bool {
    let Some((header, behind)) = log.split_at_checked(HEADER) else { return false };
    let Some((round, _)) = round_of(header) else { return false };
    // Closing it drops locks that other connections of this process hold; a library that is refused has none.
    let Ok(mut file) = File::open(library) else { return false };
    let mut page = vec![0; round.page_size];
    round.frames(behind).filter(|frame| round.is_own(frame)).all(|frame| {
        let at = u64::from(word(frame, 0).saturating_sub(1)) * round.page_size as u64;
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut page));
        read.is_err() || frame[FRAME_HEADER..] != page
    })
}

fn round_of(header: &[u8]) -> Option<(Round, (u32, u32))> {
    let is_big_endian = word(header, 0) == MAGIC | 1;
    let page_size = word(header, 8) as usize;
    let round = Round { salts: (word(header, 16), word(header, 20)), is_big_endian, page_size };
    let sum = round.sum(&header[..24], (0, 0));
    let is_whole = word(header, 0) | 1 == MAGIC | 1
        && page_size.is_power_of_two()
        && (LEAST_PAGE..=1 << 16).contains(&page_size)
        && sum == (word(header, 24), word(header, 28));
    is_whole.then_some((round, sum))
}

impl Round {
    fn frames(self, behind_header: &[u8]) -> impl Iterator<Item = &[u8]> {
        behind_header.chunks_exact(FRAME_HEADER + self.page_size)
    }

    fn is_own(self, frame: &[u8]) -> bool {
        (word(frame, 8), word(frame, 12)) == self.salts
    }

    fn is_earlier(self, frame: &[u8]) -> bool {
        let back = self.salts.0.wrapping_sub(word(frame, 8));
        (1..=ROUNDS_BACK).contains(&back) && word(frame, 12) != self.salts.1
    }

    /// The checksum after a frame that continues this one.
    fn next_sum(self, frame: &[u8], before: (u32, u32)) -> Option<(u32, u32)> {
        let sum = self.sum(&frame[FRAME_HEADER..], self.sum(&frame[..8], before));
        (self.is_own(frame) && word(frame, 0) > 0 && sum == (word(frame, 16), word(frame, 20))).then_some(sum)
    }

    fn sum(self, bytes: &[u8], (mut a, mut b): (u32, u32)) -> (u32, u32) {
        for pair in bytes.chunks_exact(8) {
            a = a.wrapping_add(self.summed(pair, 0)).wrapping_add(b);
            b = b.wrapping_add(self.summed(pair, 4)).wrapping_add(a);
        }
        (a, b)
    }

    fn summed(self, bytes: &[u8], at: usize) -> u32 {
        let word = word(bytes, at);
        if self.is_big_endian { word } else { word.swap_bytes() }
    }
}

/// All numbers of the log are big-endian.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
