//! Paths that were touched, until they lie still: a file that is being copied is not looked at by halves, and what comes
//! one after the other is looked at together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How long something is waited for.
#[derive(Debug, Clone, Copy)]
pub(in crate::app::scan::job) struct Patience {
    /// So long nothing must happen to a path.
    pub quiet: Duration,
    /// As long as somebody writes into a file, as far as the system tells. They may never close it.
    pub written: Duration,
    /// What lies still waits so long for the rest.
    pub longest: Duration,
}

/// Of more paths the folders around them are kept.
const MOST: usize = 5000;

#[derive(Debug)]
pub(super) struct Gathered {
    patience: Patience,
    paths: HashMap<PathBuf, Waiting>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    first: Instant,
    last: Instant,
    is_written: bool,
    /// What the file was when it was looked at last.
    seen: Option<FileMark>,
}

/// Size and time of a file; none where there is no file.
pub(super) type FileMark = Option<(u64, Option<SystemTime>)>;

impl Gathered {
    pub fn new(patience: Patience) -> Self {
        Self { patience, paths: HashMap::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Something happened to a path below `root`. A folder in which something happens is not at rest either.
    pub fn note(&mut self, root: &Path, path: &Path, is_written: bool, now: Instant) {
        for above in path.ancestors().skip(1).take_while(|above| above.starts_with(root)) {
            if let Some(waiting) = self.paths.get_mut(above) {
                waiting.last = now;
            }
        }
        if self.paths.len() >= MOST && !self.paths.contains_key(path) {
            self.paths.retain(|waiting, _| !waiting.starts_with(root));
            return self.note(root, root, false, now);
        }
        let waiting = Waiting { first: now, last: now, is_written, seen: None };
        let waiting = self.paths.entry(path.to_owned()).or_insert(waiting);
        (waiting.last, waiting.is_written) = (now, is_written);
    }

    /// Takes out what lies still: all of it together, or what has waited long enough for the rest. `mark` tells what a
    /// file is now: where it is another than at the last look, somebody writes into it of whom the system tells nothing.
    pub fn take_due(&mut self, now: Instant, mark: &dyn Fn(&Path) -> FileMark) -> Vec<PathBuf> {
        let Patience { quiet, written, longest } = self.patience;
        let mut due = Vec::new();
        for (path, waiting) in &mut self.paths {
            if now - waiting.last < if waiting.is_written { written } else { quiet } {
                continue;
            }
            let is = mark(path);
            match waiting.seen.replace(is) {
                Some(was) if was == is => due.push(path.clone()),
                _ => waiting.last = now,
            }
        }
        let has_waited = |path: &PathBuf| now - self.paths[path].first >= longest;
        if due.len() < self.paths.len() && !due.iter().any(has_waited) {
            return Vec::new();
        }
        due.iter().for_each(|path| _ = self.paths.remove(path));
        due.sort();
        // What lies in a folder is looked at with it.
        due.dedup_by(|path, before| path.starts_with(before));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_secs(2);

    fn gathered() -> (Gathered, Instant) {
        let patience = Patience { quiet: QUIET, written: 15 * QUIET, longest: 10 * QUIET };
        (Gathered::new(patience), Instant::now())
    }

    fn due(gathered: &mut Gathered, now: Instant, size: u64) -> Vec<PathBuf> {
        gathered.take_due(now, &|_| Some((size, None)))
    }

    #[test]
    fn a_file_that_still_grows_waits_until_it_lies_still() {
        let (mut gathered, begun) = gathered();
        let (root, file) = (Path::new("/photos"), Path::new("/photos/a.jpg"));
        gathered.note(root, file, true, begun);
        assert_eq!(due(&mut gathered, begun + 5 * QUIET, 1), Vec::<PathBuf>::new(), "it is open");
        gathered.note(root, file, false, begun + 5 * QUIET);
        // No system tells of writers elsewhere: only the size does.
        for step in 6..9 {
            assert_eq!(due(&mut gathered, begun + step * QUIET, u64::from(step)), Vec::<PathBuf>::new(), "it grows");
        }
        assert_eq!(due(&mut gathered, begun + 9 * QUIET, 8), [file]);
        assert!(gathered.is_empty());
    }

    #[test]
    fn what_comes_one_after_the_other_is_looked_at_together_and_not_never() {
        let (mut gathered, begun) = gathered();
        let root = Path::new("/photos");
        let mut batches = Vec::new();
        for step in 0..60_u32 {
            let now = begun + step * QUIET / 2;
            gathered.note(root, &root.join(format!("{step:02}.jpg")), false, now);
            batches.push(due(&mut gathered, now, 1));
        }
        batches.retain(|batch| !batch.is_empty());
        assert!((1..=4).contains(&batches.len()), "{batches:?}");
        assert!(batches[0].len() > 10, "{batches:?}");
    }

    #[test]
    fn of_very_many_paths_the_folder_is_kept_and_files_go_with_a_folder_around_them() {
        let (mut gathered, begun) = gathered();
        let root = Path::new("/photos");
        (0..2 * MOST).for_each(|n| gathered.note(root, &root.join(format!("{n}.jpg")), false, begun));
        assert!(gathered.paths.len() <= MOST && gathered.paths.contains_key(root));
        due(&mut gathered, begun + QUIET, 1);
        assert_eq!(due(&mut gathered, begun + 2 * QUIET, 1), [root]);
    }
}
