//! Which backups stay, and which make room.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::backup::{BackupReason, BackupState, FoundBackup, find, inspect};
use super::holdings::Holdings;
use super::{check, file, remains};
use crate::library::error::Result;

/// The newest so many are kept …
const KEPT: usize = 10;
/// … as long as together they are at most so many times as large as the library.
const TIMES_THE_LIBRARY: u64 = 2;
/// How long a damaged library is kept that a restore put aside. It holds what was decided after the backup that took its
/// place, and nothing else does: later backups are of the restored library. That something is missing shows only when
/// its user comes upon it, and then the file can still be brought to somebody who saves what can be read.
const PUT_ASIDE_KEPT_SECS: i64 = 30 * 24 * 60 * 60;

/// Which backups stay. At most ten, in this order, each where it fits:
///
/// 1. the one just made, whatever its size;
/// 2. of the sound ones with most named people the newest, then of those with most decided faces: a library that came out
///    of a wrong restore, or was emptied, fills the folder with copies of itself, and what people gave hours to must not
///    go for them;
/// 3. the one that was restored just now;
/// 4. the damaged library that the last restore put aside, for a while;
/// 5. the other sound ones, the newest first, whatever the clock says, those that hold the same as a newer one behind; at
///    last those that are not sound.
///
/// All together are at most twice as large as the library is `now`. Only where it was larger once than it is now have the
/// first four kinds room for twice the largest of them: the first two fit always.
///
/// Returns those that were removed.
pub(super) fn prune(library: &Path, now: u64, made: Option<&Path>, restored: Option<&Path>) -> Result<Vec<PathBuf>> {
    remains::clear(library)?;
    // Copies that earlier programs left beside the library are few, and stay.
    let own: Vec<FoundBackup> = find(library)?.into_iter().filter(|found| !found.is_beside).collect();
    if own.len() <= KEPT && own.iter().map(|found| found.bytes).sum::<u64>() <= now * TIMES_THE_LIBRARY {
        return Ok(Vec::new());
    }
    let mut removed = Vec::new();
    let judged = judge(own, made, restored);
    let (mut kept, mut bytes, mut largest, mut is_full) = (0, 0, now, false);
    for (worth, found) in judged {
        let measure = if worth.is_spared() { largest.max(found.bytes) } else { now };
        let fits = kept < KEPT && bytes + found.bytes <= measure * TIMES_THE_LIBRARY;
        // No worse one stays instead.
        is_full |= !fits;
        if fits && (worth.is_spared() || !is_full) {
            (kept, bytes, largest) = (kept + 1, bytes + found.bytes, largest.max(found.bytes));
        } else {
            file::remove(&found.path)?;
            removed.push(found.path);
        }
    }
    Ok(removed)
}

/// Those that are worth most first. Each is read, since one may have been damaged after it was made.
fn judge(own: Vec<FoundBackup>, made: Option<&Path>, restored: Option<&Path>) -> Vec<(Worth, FoundBackup)> {
    let put_aside = own.iter().find(|found| is_put_aside(found)).map(|found| found.path.clone());
    let mut judged: Vec<(Worth, FoundBackup)> = own.into_iter().map(|found| (worth(&found.path), found)).collect();
    mark_same(&mut judged);
    let fullest = fullest(&judged);
    let (made, restored) = (made.map(whole), restored.map(whole));
    for (worth, found) in &mut judged {
        let path = whole(&found.path);
        *worth = match fullest.iter().position(|fullest| *fullest == found.path) {
            _ if made.as_ref() == Some(&path) => Worth::Made,
            Some(place) => Worth::Fullest(place),
            None if restored.as_ref() == Some(&path) => Worth::Restored,
            None if put_aside.as_ref() == Some(&found.path) => Worth::PutAside,
            None => *worth,
        };
    }
    judged.sort_by_key(|(worth, _)| *worth);
    judged
}

/// Of sound ones that hold the same, which are sorted by time, only the newest has its worth.
fn mark_same(judged: &mut [(Worth, FoundBackup)]) {
    let mut seen = HashSet::new();
    for (worth, found) in judged.iter_mut().filter(|(worth, _)| *worth == Worth::Sound) {
        if holdings(&found.path).is_some_and(|held| !seen.insert(held)) {
            *worth = Worth::Same;
        }
    }
}

/// None of a backup in an older format.
pub(super) fn holdings(backup: &Path) -> Option<Holdings> {
    Holdings::of(&file::open_still(backup).ok()?).ok()
}

/// The same path, however it is written.
fn whole(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Of the sound ones, which are sorted by time, the newest with most named people, and the newest with most decided faces.
fn fullest(judged: &[(Worth, FoundBackup)]) -> Vec<PathBuf> {
    let sound = judged.iter().filter(|(worth, _)| *worth == Worth::Sound);
    let held: Vec<(&Path, [usize; 2])> =
        sound.filter_map(|(_, found)| Some((found.path.as_path(), held(&found.path)?))).collect();
    let most = |which: fn([usize; 2]) -> [usize; 2]| {
        // Of several with the same, the last one is taken: the newest.
        held.iter().rev().max_by_key(|(_, held)| which(*held)).map(|(path, _)| path.to_path_buf())
    };
    most(|held| held).into_iter().chain(most(|[people, faces]| [faces, people])).collect()
}

/// How many people a backup holds with a name, and how many faces of which its user said something.
fn held(backup: &Path) -> Option<[usize; 2]> {
    let connection = file::open_still(backup).ok()?;
    let people = check::count(&connection, "SELECT count(*) FROM person WHERE name IS NOT NULL").ok()?;
    // Formats before the fourth know no other word than the last.
    let decided = "SELECT count(*) FROM face WHERE belongs IN ('named', 'confirmed') OR set_aside IS NOT NULL";
    Some([people, check::count(&connection, decided).ok()?])
}

/// Whether it is a damaged library that a restore put aside of late, also by a clock that was set back since.
fn is_put_aside(found: &FoundBackup) -> bool {
    let age_secs = Timestamp::now().as_second() - found.at.as_second();
    found.reason == BackupReason::BeforeRestore
        && age_secs < PUT_ASIDE_KEPT_SECS
        && worth(&found.path) == Worth::Unsound
}

/// In which order backups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    Made,
    /// With more named people, or after that more decided faces, than any that is newer.
    Fullest(usize),
    Restored,
    /// The damaged library that the last restore put aside.
    PutAside,
    Sound,
    /// Sound, and a newer one holds the same.
    Same,
    /// Of a newer program, which may find it sound.
    Unknown,
    Unsound,
}

impl Worth {
    /// Whether the newer ones do not replace it.
    fn is_spared(self) -> bool {
        matches!(self, Self::Made | Self::Fullest(_) | Self::Restored | Self::PutAside)
    }
}

pub(super) fn worth(backup: &Path) -> Worth {
    match inspect(backup) {
        BackupState::Sound { .. } => Worth::Sound,
        BackupState::Newer => Worth::Unknown,
        BackupState::Damaged(_) => Worth::Unsound,
    }
}
