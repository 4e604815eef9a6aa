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

/// Of more paths in one watched folder only the folder is kept.
const MOST: usize = 5000;

#[derive(Debug)]
pub(super) struct Gathered {
    patience: Patience,
    /// By the watched folder that they lie in.
    folders: HashMap<PathBuf, HashMap<PathBuf, Waiting>>,
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
        Self { patience, folders: HashMap::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    /// Something happened to a path below `root`. A folder in which something happens is not at rest either.
    pub fn note(&mut self, root: &Path, path: &Path, is_written: bool, now: Instant) {
        let paths = self.folders.entry(root.to_owned()).or_default();
        for above in path.ancestors().skip(1).take_while(|above| above.starts_with(root)) {
            if let Some(waiting) = paths.get_mut(above) {
                waiting.last = now;
            }
        }
        let mut waiting = Waiting { first: now, last: now, is_written, seen: None };
        if paths.len() < MOST || paths.contains_key(path) {
            let waiting = paths.entry(path.to_owned()).or_insert(waiting);
            (waiting.last, waiting.is_written) = (now, is_written);
        } else {
            waiting.first = paths.values().map(|waiting| waiting.first).min().unwrap_or(now);
            waiting.is_written = false;
            *paths = HashMap::from([(root.to_owned(), waiting)]);
        }
    }

    /// Takes out what lies still: all of it together, or what has waited long enough for the rest. `mark` tells what a
    /// file is now: where it is another than at the last look, somebody writes into it of whom the system tells nothing.
    /// A folder in which something happens all the time does not wait for ever.
    pub fn take_due(&mut self, now: Instant, mark: &dyn Fn(&Path) -> FileMark) -> Vec<PathBuf> {
        let Patience { quiet, written, longest } = self.patience;
        let (mut due, mut all, mut have_waited) = (Vec::new(), 0, false);
        let waiting = self.folders.iter_mut().flat_map(|(root, paths)| paths.iter_mut().map(move |path| (root, path)));
        for (root, (path, waiting)) in waiting {
            all += 1;
            let lies_still = now - waiting.last >= if waiting.is_written { written } else { quiet };
            let has_waited = now - waiting.first >= longest;
            if !lies_still && (waiting.is_written || !has_waited) {
                continue;
            }
            let is = mark(path);
            let is_due = match lies_still {
                true => waiting.seen.replace(is) == Some(is),
                false => is.is_none(),
            };
            if is_due {
                have_waited |= has_waited;
                due.push((root.clone(), path.clone()));
            } else if lies_still {
                waiting.last = now;
            }
        }
        if due.len() < all && !have_waited {
            return Vec::new();
        }
        for paths in self.folders.values_mut() {
            due.iter().for_each(|(_, path)| _ = paths.remove(path));
        }
        self.folders.retain(|_, paths| !paths.is_empty());
        due.sort();
        // What lies in a folder is looked at with it, unless it is looked into from elsewhere.
        due.dedup_by(|(root, path), (root_before, before)| root == root_before && path.starts_with(before));
        due.into_iter().map(|(_, path)| path).collect()
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
        assert!(gathered.folders[root].len() <= MOST && gathered.folders[root].contains_key(root));
        due(&mut gathered, begun + QUIET, 1);
        assert_eq!(due(&mut gathered, begun + 2 * QUIET, 1), [root]);
    }

    #[test]
    fn very_many_paths_of_one_folder_take_no_room_from_another_one() {
        let (mut gathered, begun) = gathered();
        let (full, other) = (Path::new("/full"), Path::new("/other"));
        (0..MOST).for_each(|n| gathered.note(full, &full.join(format!("{n}.jpg")), false, begun));
        gathered.note(other, &other.join("a.jpg"), false, begun);
        due(&mut gathered, begun + QUIET, 1);
        let due = due(&mut gathered, begun + 2 * QUIET, 1);
        assert_eq!((due.len(), due.last()), (MOST + 1, Some(&other.join("a.jpg"))));
    }

    #[test]
    fn what_is_looked_into_from_a_folder_inside_another_one_is_not_taken_for_a_part_of_that() {
        let (mut gathered, begun) = gathered();
        let (outer, inner) = (Path::new("/photos"), Path::new("/photos/.phone"));
        gathered.note(outer, outer, false, begun);
        gathered.note(outer, &outer.join("a.jpg"), false, begun);
        gathered.note(inner, &inner.join("b.jpg"), false, begun);
        due(&mut gathered, begun + QUIET, 1);
        assert_eq!(due(&mut gathered, begun + 2 * QUIET, 1), [outer.to_owned(), inner.join("b.jpg")]);
    }

    /// As of a camera that takes a picture every second.
    #[test]
    fn a_folder_that_is_never_at_rest_is_looked_at_all_the_same() {
        let (mut gathered, begun) = gathered();
        let root = Path::new("/photos");
        gathered.note(root, root, false, begun);
        let mut steps = (1..40_u32).filter(|step| {
            let now = begun + *step * QUIET / 2;
            gathered.note(root, &root.join("a.jpg"), true, now);
            gathered.take_due(now, &|path| (path != root).then_some((1, None))) == [root]
        });
        assert_eq!(steps.next(), Some(20), "as long as anything waits");
    }
}
