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
use super::remains::Writing;
use super::{BackupReason, backup, check};
use crate::library::error::{LibraryError, Result};
use crate::library::open;
use crate::library::reason::Reason;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const LEAST_PAGE: usize = 512;
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
/// Each round's first salt is one more than that of the round before.
const ROUNDS_BACK: u32 = 1 << 16;
/// Another program may be writing a frame just now: then it is whole soon.
const LOOKS: usize = 4;
const PAUSE: Duration = Duration::from_millis(50);

/// Refuses a library whose log is garbled. What can still be had of it is put among the backups, where it is one state
/// of the library and no mixture.
pub(in crate::library) fn refuse_garbled(library: &Path) -> Result<()> {
    let Some(reason) = garbled(library) else { return Ok(()) };
    let reason = Reason::from(reason);
    let reason = match rescue(library) {
        Ok(Some(BackupReason::FileAlone)) => reason
            .and("; the library's file without that log, which may lack what was decided last, is among the backups"),
        Ok(Some(_)) => reason.and("; what could be read of it is among the backups"),
        Ok(None) => reason,
        Err(error) => reason.and(&format!("; what could be read of it could not be put among the backups: {error}")),
    };
    Err(LibraryError::Damaged { path: library.to_owned(), reason })
}

/// Puts what can still be had of a library whose log is garbled among the backups, where nobody has opened it since. What
/// hinders it is told by who opens the library.
pub(crate) fn rescue_garbled(library: &Path) {
    if file::refuse_obstructed(library).is_ok() {
        let _ = refuse_garbled(library);
    }
}

/// What is wrong with a library's log, if anything.
pub(super) fn garbled(library: &Path) -> Option<String> {
    let lost = || lost_after(&read(library)?);
    let first = lost()?;
    for _ in 1..LOOKS {
        std::thread::sleep(PAUSE);
        if lost() != Some(first) {
            return None;
        }
    }
    Some(format!("the log of its latest changes is garbled after {first} pages, and cannot be read from there on"))
}

/// None where there is no log; nor is something else in its place.
fn read(library: &Path) -> Option<Vec<u8>> {
    let log = with_suffix(library, "-wal");
    std::fs::metadata(&log).ok()?.is_file().then(|| std::fs::read(&log).ok())?
}

/// Puts what can be had among the backups, once, and says what that is.
fn rescue(library: &Path) -> Result<Option<BackupReason>> {
    let log = with_suffix(library, "-wal");
    let changed = std::fs::metadata(&log).and_then(|log| log.modified()).map_err(|error| file::at(&log, &error))?;
    let is_of_this = |found: &&backup::FoundBackup| {
        let is_rescue = matches!(found.reason, BackupReason::Rescued | BackupReason::FileAlone);
        is_rescue && std::time::SystemTime::from(found.at) > changed
    };
    if let Some(found) = backup::find(library)?.iter().find(is_of_this) {
        return Ok(Some(found.reason));
    }
    let garbled = read(library).unwrap_or_default();
    let mended = with_header(&garbled);
    let bytes = mended.as_deref().unwrap_or(&garbled);
    // Of a log that is whole it does not matter how much of it has come into the file.
    if lost_after(bytes).is_none() || is_untouched(library, bytes) {
        match &mended {
            Some(mended) => back_up_with(library, mended)?,
            None => _ = backup::back_up(&file::open_as_it_is(library)?, library, BackupReason::Rescued)?,
        }
        return Ok(Some(BackupReason::Rescued));
    }
    let alone = file::open_alone(library)?;
    if !check::is_one_state(&alone)? {
        return Ok(None);
    }
    backup::back_up(&alone, library, BackupReason::FileAlone)?;
    Ok(Some(BackupReason::FileAlone))
}

/// Puts the library with another log than the one beside it among the backups.
fn back_up_with(library: &Path, log: &[u8]) -> Result<()> {
    let _writing = Writing::begin(library);
    let work = with_suffix(library, ".rescuing");
    let write = || -> Result<()> {
        file::remove(&work)?;
        for path in [work.clone(), with_suffix(&work, "-wal")] {
            open::create_private(&path, true).map_err(|error| file::at(&path, &error))?;
        }
        std::fs::copy(library, &work).map_err(|error| file::at(&work, &error))?;
        let beside = with_suffix(&work, "-wal");
        std::fs::write(&beside, log).map_err(|error| file::at(&beside, &error))?;
        file::change(&work, |rescued| backup::back_up(rescued, library, BackupReason::Rescued).map(drop))
    };
    let written = write();
    file::remove(&work)?;
    written
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
    let Some((round, sum)) = round_of(header) else {
        // Without its header SQLite takes the log for empty.
        return (behind.len() >= FRAME_HEADER + LEAST_PAGE).then_some(0);
    };
    let frames: Vec<&[u8]> = round.frames(behind).collect();
    let whole = round.whole(&frames, sum);
    let behind_whole = &behind[whole * round.frame_size()..];
    let rest: Vec<&[u8]> = round.frames(&behind_whole[..round.written(behind_whole)]).collect();
    let is_of_none = rest.first().is_some_and(|frame| !round.is_own(frame) && !round.is_earlier(frame));
    let is_lost = is_of_none || rest.iter().any(|frame| round.is_own(frame) && word(frame, 4) != 0);
    is_lost.then_some(whole)
}

/// A log whose header was garbled, with the header that belongs to its first frame. The sums of a log are a chain from the
/// header on, which can be walked back as well; of the header only one number is not known, and follows from it.
fn with_header(log: &[u8]) -> Option<Vec<u8>> {
    let (header, behind) = log.split_at_checked(HEADER)?;
    if round_of(header).is_some() {
        return None;
    }
    let sizes = (9..=16).map(|power| 1_usize << power);
    let header = sizes.flat_map(|size| [(size, false), (size, true)]).find_map(|(page_size, is_big_endian)| {
        let frame = behind.get(..FRAME_HEADER + page_size)?;
        let round = Round { salts: (word(frame, 8), word(frame, 12)), is_big_endian, page_size };
        round.header_before(frame)
    })?;
    Some([&header, behind].concat())
}

/// Whether no page of the log has come into the file yet but those that can be read from the log all the same.
fn is_untouched(library: &Path, log: &[u8]) -> bool {
    let Some((header, behind)) = log.split_at_checked(HEADER) else { return false };
    let Some((round, sum)) = round_of(header) else { return false };
    let read = round.committed(behind, sum);
    // Closing it drops locks that other connections of this process hold; a library that is refused has none.
    let Ok(mut file) = File::open(library) else { return false };
    let mut page = vec![0; round.page_size];
    round.frames(behind).skip(read).filter(|frame| round.is_own(frame)).all(|frame| {
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
    fn frame_size(self) -> usize {
        FRAME_HEADER + self.page_size
    }

    fn frames(self, behind_header: &[u8]) -> impl Iterator<Item = &[u8]> {
        behind_header.chunks_exact(self.frame_size())
    }

    /// How much of what follows the whole frames was written. A file system that had made the file longer when the power
    /// went leaves zeros to the end: a log that ends so was cut off. Less than a frame of them may be a sector that is gone.
    fn written(self, behind_whole: &[u8]) -> usize {
        let end = behind_whole.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if behind_whole.len() - end >= self.frame_size() { end } else { behind_whole.len() }
    }

    /// How many frames from the first on are whole.
    fn whole(self, frames: &[&[u8]], mut sum: (u32, u32)) -> usize {
        let mut whole = 0;
        while let Some(next) = frames.get(whole).and_then(|frame| self.next_sum(frame, sum)) {
            (sum, whole) = (next, whole + 1);
        }
        whole
    }

    /// Up to which frame SQLite goes: the last commit among those that are whole.
    fn committed(self, behind_header: &[u8], sum: (u32, u32)) -> usize {
        let frames: Vec<&[u8]> = self.frames(behind_header).collect();
        let whole = &frames[..self.whole(&frames, sum)];
        whole.iter().rposition(|frame| word(frame, 4) != 0).map_or(0, |last| last + 1)
    }

    /// The header of a log that begins with this frame; none where its sums do not fit any.
    fn header_before(self, frame: &[u8]) -> Option<[u8; HEADER]> {
        let sum = (word(frame, 16), word(frame, 20));
        let sum = self.sum_before(&frame[..8], self.sum_before(&frame[FRAME_HEADER..], sum));
        let mut header = [0; HEADER];
        let mut put = |at: usize, word: u32| header[at..at + 4].copy_from_slice(&word.to_be_bytes());
        put(0, if self.is_big_endian { MAGIC | 1 } else { MAGIC });
        put(4, VERSION);
        put(8, u32::try_from(self.page_size).ok()?);
        for (at, word) in [(16, self.salts.0), (20, self.salts.1), (24, sum.0), (28, sum.1)] {
            put(at, word);
        }
        // The number of the round is what its sums still lack.
        let (_, b) = self.sum(&header[..8], (0, 0));
        let (next_a, next_b) = self.sum_before(&header[16..24], sum);
        let number = next_b.wrapping_sub(b).wrapping_sub(next_a);
        let number = if self.is_big_endian { number } else { number.swap_bytes() };
        header[12..16].copy_from_slice(&number.to_be_bytes());
        round_of(&header).map(|_| header)
    }

    /// The sum before these bytes, from the one behind them.
    fn sum_before(self, bytes: &[u8], (mut a, mut b): (u32, u32)) -> (u32, u32) {
        for pair in bytes.as_chunks().0.iter().rev() {
            let (first, second) = self.summed(*pair);
            b = b.wrapping_sub(second).wrapping_sub(a);
            a = a.wrapping_sub(first).wrapping_sub(b);
        }
        (a, b)
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
        for pair in bytes.as_chunks().0 {
            let (first, second) = self.summed(*pair);
            a = a.wrapping_add(first).wrapping_add(b);
            b = b.wrapping_add(second).wrapping_add(a);
        }
        (a, b)
    }

    fn summed(self, [a, b, c, d, e, f, g, h]: [u8; 8]) -> (u32, u32) {
        match self.is_big_endian {
            true => (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])),
            false => (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])),
        }
    }
}

/// All numbers of the log are big-endian.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
