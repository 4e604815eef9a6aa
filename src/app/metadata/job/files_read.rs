//! What files said when they were read last: a look reads again only those whose size or times have changed since, or those
//! of what lies beside them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::engine::changed_places::ChangedPlaces;
use crate::library::NamesRead;
use crate::metadata::xmp::Sidecars;
use crate::types::Cancel;

/// Files whose notes are kept together, so that a look that is cancelled has not read for nothing.
const BATCH: usize = 256;

/// Keeps what was read, and leaves out files that are read no more.
pub(crate) type KeepRead<'a> = dyn FnMut(Vec<NamesRead>, Vec<PathBuf>) + 'a;

pub(super) struct FilesRead<'a> {
    known: HashMap<PathBuf, NamesRead>,
    changed: ChangedPlaces,
    used: HashSet<PathBuf>,
    fresh: Vec<NamesRead>,
    keep: &'a mut KeepRead<'a>,
}

impl<'a> FilesRead<'a> {
    pub fn new(known: Vec<NamesRead>, changed: ChangedPlaces, keep: &'a mut KeepRead<'a>) -> Self {
        let known = known.into_iter().map(|read| (read.path.clone(), read)).collect();
        Self { known, changed, used: HashSet::new(), fresh: Vec::new(), keep }
    }

    /// What a file said when it was read last, where nothing has changed since. The disk is not asked.
    /// Those beside it are noted by their [`Sidecars::owner`].
    pub fn as_before<T: DeserializeOwned>(&mut self, path: &Path) -> Option<T> {
        let has_changed = || Sidecars::as_owner(path).iter().any(|owner| self.changed.has(owner));
        let known = self.known.get(path).filter(|_| !has_changed())?;
        let said = serde_json::from_str(&known.said).ok()?;
        self.used.insert(path.to_owned());
        Some(said)
    }

    /// What a file says, together with those beside it. What cannot be read now is no answer to keep.
    pub fn read_if_changed<T: Serialize + DeserializeOwned, E>(
        &mut self,
        path: &Path,
        beside: &[&Path],
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(stamp) = stamp(path, beside) else { return read() };
        self.used.insert(path.to_owned());
        let known = self.known.get(path).filter(|known| known.stamp == stamp);
        if let Some(said) = known.and_then(|known| serde_json::from_str(&known.said).ok()) {
            return Ok(said);
        }
        let said = read()?;
        // A name that is no text is read again each time.
        if let Ok(text) = serde_json::to_string(&said) {
            self.fresh.push(NamesRead { path: path.to_owned(), stamp, said: text });
        }
        if self.fresh.len() >= BATCH {
            (self.keep)(std::mem::take(&mut self.fresh), Vec::new());
        }
        Ok(said)
    }

    /// Everything was read, or as much as a cancel let.
    pub fn finish(self, cancel: &Cancel) {
        let is_gone = |path: &&PathBuf| !cancel.is_cancelled() && !self.used.contains(*path);
        let gone: Vec<PathBuf> = self.known.keys().filter(is_gone).cloned().collect();
        if !self.fresh.is_empty() || !gone.is_empty() {
            (self.keep)(self.fresh, gone);
        }
    }
}

/// Tells files from changed ones, and this program from one that reads more. None where the disk does not tell.
fn stamp(path: &Path, beside: &[&Path]) -> Option<String> {
    let mut stamp = env!("CARGO_PKG_VERSION").to_owned();
    for file in std::iter::once(&path).chain(beside) {
        let meta = fs::metadata(file).ok()?;
        let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let name = if *file == path { String::new() } else { file.file_name()?.to_string_lossy().into_owned() };
        stamp.push_str(&format!("|{name}:{}:{}:{}", meta.len(), since.as_nanos(), changed_ns(&meta)));
    }
    Some(stamp)
}

/// Programs that keep a file's size and time change this all the same.
#[cfg(unix)]
fn changed_ns(meta: &fs::Metadata) -> i128 {
    use std::os::unix::fs::MetadataExt;
    i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed_ns(_: &fs::Metadata) -> i128 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of files that were read, and what was kept.
    fn look(folder: &Path, known: Vec<NamesRead>) -> (usize, Vec<NamesRead>, Vec<PathBuf>) {
        let (mut reads, mut kept, mut gone) = (0, Vec::new(), Vec::new());
        let mut keep = |read: Vec<NamesRead>, left: Vec<PathBuf>| {
            kept.extend(read);
            gone.extend(left);
        };
        let mut files = FilesRead::new(known, ChangedPlaces::Anywhere, &mut keep);
        let sidecar = folder.join("a.xmp");
        let beside: Vec<&Path> = if sidecar.exists() { vec![&sidecar] } else { Vec::new() };
        for name in ["a.jpg", "b.jpg"] {
            let beside = if name == "a.jpg" { &beside[..] } else { &[] };
            let read = || {
                reads += 1;
                fs::read_to_string(folder.join(name)).map_err(drop)
            };
            let _: Result<String, ()> = files.read_if_changed(&folder.join(name), beside, read);
        }
        files.finish(&Cancel::default());
        (reads, kept, gone)
    }

    #[test]
    fn only_what_changed_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("a.jpg", "a");
        write("b.jpg", "b");
        let (reads, kept, _) = look(folder.path(), Vec::new());
        assert_eq!((reads, kept.len()), (2, 2));
        let (reads, again, gone) = look(folder.path(), kept.clone());
        assert_eq!((reads, again.len(), gone.len()), (0, 0, 0), "nothing has changed");
        write("a.xmp", "a sidecar came");
        write("b.jpg", "longer");
        assert_eq!(look(folder.path(), kept.clone()).0, 2);
        fs::remove_file(folder.path().join("b.jpg")).unwrap();
        assert_eq!(look(folder.path(), kept).2, [folder.path().join("b.jpg")], "what is gone is kept no more");
    }

    #[test]
    fn where_nothing_changed_the_disk_is_not_asked() {
        let read = |name: &str| NamesRead { path: name.into(), stamp: String::new(), said: "\"before\"".to_owned() };
        let mut gone_at_last = Vec::new();
        let mut keep = |_: Vec<NamesRead>, gone: Vec<PathBuf>| gone_at_last.extend(gone);
        let mut changed = ChangedPlaces::default();
        changed.take();
        let sidecars = ["/none/b.jpg.xmp", "/none/d.XMP"].map(|sidecar| Sidecars::owner(Path::new(sidecar)).unwrap());
        changed.add(sidecars);
        let known = ["/none/a.jpg", "/none/b.jpg", "/none/d.jpg"].map(read).to_vec();
        let mut files = FilesRead::new(known, changed, &mut keep);
        let before = |files: &mut FilesRead<'_>, name: &str| files.as_before::<String>(Path::new(name));
        assert_eq!(before(&mut files, "/none/a.jpg").as_deref(), Some("before"));
        assert_eq!(["/none/b.jpg", "/none/d.jpg"].map(|path| before(&mut files, path)), [None, None]);
        assert_eq!(before(&mut files, "/none/c.jpg"), None, "it is new");
        files.finish(&Cancel::default());
        gone_at_last.sort();
        assert_eq!(gone_at_last, ["/none/b.jpg", "/none/d.jpg"].map(PathBuf::from));
    }
}
