//! What is gone from the disk: which files the library has to have looked for, and what follows from the answer.
//!
//! The disk of a network or a drive that fails may take minutes to answer. So [`Gone`] asks it between two questions to
//! the library: whoever decides or reads meanwhile waits for nothing.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::Result;
use super::folders::Folders;
use super::held::asks_disk;
use super::open::LibraryReader;
use super::path;
use super::photos::IS_NO_PHOTO;
use super::scan::{MissingPolicy, ScanEnd, ScanId, folder_of};
use crate::types::Cancel;

/// What the disk says is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    /// Scanned folders.
    folders: HashSet<PathBuf>,
    files: HashSet<PathBuf>,
    /// All files of a folder in which only a part was looked at: of so many its user is asked.
    of_whole: Option<HashSet<PathBuf>>,
}

/// What is to be looked for on the disk.
pub(crate) type AskedFiles<'a> = &'a dyn Fn(&LibraryReader) -> Result<Vec<PathBuf>>;

impl Gone {
    /// After a scan, or a look at `part` of its folder, what it has not met. `read` puts a question to the library. None
    /// where it was cancelled before the disk had answered, or folders came or went meanwhile.
    pub fn after<E>(
        scan: ScanId,
        part: Option<&[PathBuf]>,
        policy: MissingPolicy,
        cancel: &Cancel,
        read: impl Fn(AskedFiles<'_>) -> std::result::Result<Vec<PathBuf>, E>,
    ) -> std::result::Result<Option<Self>, E> {
        let mut gone = Self::folders(&read)?;
        let not_met = |gone: &Self| read(&|library| library.files_not_met(scan, gone));
        let files = match part {
            None => not_met(&gone)?,
            Some(touched) => read(&|library| library.files_at(touched))?,
        };
        let Some(files) = those_gone(files, cancel) else { return Ok(None) };
        gone.files = files;
        if part.is_some() && !gone.files.is_empty() {
            // Whoever is asked is told of all that are gone from the folder: of so many the answer is then true.
            let all = read(&|library| match told_missing(library.gone_since_whole(scan, &gone)?, policy).0.withheld {
                Some(_) => library.files_not_met(scan, &gone),
                None => Ok(Vec::new()),
            })?;
            if !all.is_empty() {
                let Some(all) = those_gone(all, cancel) else { return Ok(None) };
                gone.of_whole = Some(all);
            }
        }
        // A drive that was pulled while its files were asked for has lost none of them.
        let is_as_before = Self::folders(&read)?.folders == gone.folders;
        Ok(is_as_before.then_some(gone))
    }

    /// Of all files of a folder.
    pub fn in_folder<E>(
        folder: &Path,
        read: impl Fn(AskedFiles<'_>) -> std::result::Result<Vec<PathBuf>, E>,
    ) -> std::result::Result<Self, E> {
        let mut gone = Self::folders(&read)?;
        let files = read(&|library| library.files_held(folder, &gone))?;
        gone.files = files.into_iter().filter(|file| is_gone(file)).collect();
        Ok(gone)
    }

    /// Only of the folders.
    pub fn folders<E>(
        read: impl Fn(AskedFiles<'_>) -> std::result::Result<Vec<PathBuf>, E>,
    ) -> std::result::Result<Self, E> {
        let folders = read(&|library| Ok(library.folder_places()?.into_iter().map(|(folder, _)| folder).collect()))?;
        Ok(Self { folders: folders.into_iter().filter(|folder| is_gone(folder)).collect(), ..Self::default() })
    }

    pub(super) fn is_folder(&self, folder: &Path) -> bool {
        self.folders.contains(folder)
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.files.iter().cloned().collect();
        files.sort();
        files
    }

    /// The same with all that is gone from the folder, where its user is asked about it.
    pub(super) fn of_whole(&self) -> Option<Self> {
        let files = self.of_whole.clone()?;
        Some(Self { folders: self.folders.clone(), files, of_whole: None })
    }
}

/// Those that are gone; none where it was cancelled.
fn those_gone(files: Vec<PathBuf>, cancel: &Cancel) -> Option<HashSet<PathBuf>> {
    let mut gone = HashSet::new();
    for file in files {
        if cancel.is_cancelled() {
            return None;
        }
        if is_gone(&file) {
            gone.insert(file);
        }
    }
    Some(gone)
}

/// Surely gone, not merely unreadable or on a drive that errs.
pub(crate) fn is_gone(path: &Path) -> bool {
    asks_disk();
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(std::fs::symlink_metadata(path), Err(error) if matches!(error.kind(), NotFound | NotADirectory))
}

/// Of a file; none where there is no file.
pub(super) fn size_of(path: &Path) -> Option<u64> {
    asks_disk();
    std::fs::metadata(path).ok().filter(|there| there.is_file()).map(|there| there.len())
}

impl LibraryReader {
    /// Files that are not missing and that a scan has not met where it has looked.
    fn files_not_met(&self, scan: ScanId, gone: &Gone) -> Result<Vec<PathBuf>> {
        self.read(|c| {
            let (folder, folders) = (folder_of(c, scan)?, Folders::load(c)?.without_drives(gone));
            let mut query =
                c.prepare("SELECT path, folder_id FROM file WHERE missing = 0 AND seen_in_scan <> ?1 ORDER BY path")?;
            let (mut not_met, mut rows) = (Vec::new(), query.query([scan.0])?);
            while let Some(row) = rows.next()? {
                let path = path::from_bytes(row.get(0)?);
                if folders.holder(&path, row.get(1)?, folder).is_some() {
                    not_met.push(path);
                }
            }
            Ok(not_met)
        })
    }

    /// Files at these paths or below.
    fn files_at(&self, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
        self.read(|c| {
            let mut query =
                c.prepare_cached(&format!("SELECT path FROM file WHERE missing = 0 AND {}", path::AT_OR_BELOW))?;
            let mut files = Vec::new();
            for at in paths {
                let mut rows = query.query(path::at_or_below(at))?;
                while let Some(row) = rows.next()? {
                    files.push(path::from_bytes(row.get(0)?));
                }
            }
            Ok(files)
        })
    }

    /// Folder by folder: the one that was scanned, and those inside it that are scanned by themselves. What lies in one
    /// whose drive is not there is not gone.
    pub(super) fn gone_since(&self, scan: ScanId, gone: &Gone) -> Result<BTreeMap<i64, GoneSince>> {
        self.read(|c| {
            let (folder, folders) = (folder_of(c, scan)?, Folders::load(c)?.without_drives(gone));
            // Where a picture took another's place in this scan there was one before: edited, it is not new to the folder.
            let mut query = c.prepare(&format!(
                "SELECT photo_id, file.path, folder_id, seen_in_scan, CASE WHEN linked_in_scan = ?1 \
                 AND EXISTS (SELECT 1 FROM replaced WHERE new = photo_id) THEN 0 ELSE linked_in_scan END, \
                 {IS_NO_PHOTO} FROM file JOIN photo ON photo.id = photo_id WHERE file.missing = 0 ORDER BY photo_id"
            ))?;
            let rows = query.query_map([scan.0], |row| {
                let path = path::from_bytes(row.get(1)?);
                let holder = folders.holder(&path, row.get(2)?, folder);
                let file =
                    FileOfPhoto { path, holder, seen_in: row.get(3)?, linked_in: row.get(4)?, is_photo: !row.get(5)? };
                Ok((row.get::<_, i64>(0)?, file))
            })?;
            let mut since: BTreeMap<i64, GoneSince> = BTreeMap::new();
            let mut of_photo: (i64, Vec<FileOfPhoto>) = (0, Vec::new());
            for row in rows {
                let (photo, file) = row?;
                if photo != of_photo.0 {
                    add(&mut since, scan, std::mem::take(&mut of_photo.1), gone);
                    of_photo.0 = photo;
                }
                of_photo.1.push(file);
            }
            add(&mut since, scan, of_photo.1, gone);
            Ok(since)
        })
    }

    /// The same with what parts have marked since the folders were looked through as a whole: those files were met since,
    /// and others were not.
    pub(super) fn gone_since_whole(&self, scan: ScanId, gone: &Gone) -> Result<Vec<GoneSince>> {
        let mut since = self.gone_since(scan, gone)?;
        self.read(|c| {
            let (folder, folders) = (folder_of(c, scan)?, Folders::load(c)?);
            let whole = last_whole(c)?;
            let mut query = c.prepare(&format!(
                "SELECT file.path, folder_id, max(seen_in_scan) FROM photo JOIN file ON photo_id = photo.id \
                 WHERE photo.missing = 1 AND file.missing = 1 AND NOT ({IS_NO_PHOTO}) GROUP BY photo.id"
            ))?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let (path, seen_in): (_, i64) = (path::from_bytes(row.get(0)?), row.get(2)?);
                let Some(holder) = folders.holder(&path, row.get(1)?, folder) else { continue };
                let last_whole = whole.get(&folder).max(whole.get(&holder)).copied().unwrap_or(1);
                if let Some(since) = since.get_mut(&holder).filter(|_| seen_in >= last_whole) {
                    since.before += 1;
                }
            }
            Ok(since.into_values().collect())
        })
    }
}

/// Of each folder the last scan that looked through it as a whole.
fn last_whole(c: &Connection) -> Result<BTreeMap<i64, i64>> {
    let mut query = c.prepare("SELECT folder_id, max(id) FROM scan WHERE outcome = 'complete' GROUP BY folder_id")?;
    let whole = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(whole.collect::<rusqlite::Result<_>>()?)
}

struct FileOfPhoto {
    path: PathBuf,
    /// The folder that the scan can say something of it for; none where it cannot.
    holder: Option<i64>,
    seen_in: i64,
    linked_in: i64,
    /// Somebody could make a picture of it.
    is_photo: bool,
}

/// What a scan did not meet in a folder and is gone from the disk.
#[derive(Default)]
pub(super) struct GoneSince {
    /// Files of photos that have others, or that were none.
    elsewhere: Vec<PathBuf>,
    /// The last files of their photos.
    last: Vec<PathBuf>,
    /// How many photos that is.
    photos: usize,
    /// So many are missing already since parts of the folder were looked at, after it was looked through as a whole.
    before: usize,
    /// For each photo in the folder the scan that first met it there, and the last one that met one that is gone: what
    /// another drive at the same place has brought along since does not count.
    first_met_in: Vec<i64>,
    gone_after: i64,
}

impl GoneSince {
    /// How many photos were in the folder when those that are gone were met last.
    fn of(&self) -> usize {
        self.first_met_in.iter().filter(|scan| **scan <= self.gone_after).count()
    }
}

/// What is to be marked as missing, and what is not without asking.
pub(super) fn told_missing(
    since: impl IntoIterator<Item = GoneSince>,
    policy: MissingPolicy,
) -> (ScanEnd, Vec<PathBuf>) {
    let (mut end, mut gone) = (ScanEnd::default(), Vec::new());
    for since in since {
        let of = since.of() + since.before;
        gone.extend(since.elsewhere);
        match policy {
            MissingPolicy::Ask if since.photos > 0 && (since.photos + since.before) * 2 > of => {
                let (photos, all) = end.withheld.unwrap_or_default();
                end.withheld = Some((photos + since.photos, all + of));
            }
            _ => gone.extend(since.last),
        }
    }
    (end, gone)
}

/// Sorts the files of one photo into the folders that hold them.
fn add(since: &mut BTreeMap<i64, GoneSince>, scan: ScanId, files: Vec<FileOfPhoto>, gone: &Gone) {
    let (all, is_photo) = (files.len(), files.iter().all(|file| file.is_photo));
    let mut gone_of: BTreeMap<i64, Vec<FileOfPhoto>> = BTreeMap::new();
    let mut first_met: BTreeMap<i64, i64> = BTreeMap::new();
    for file in files {
        let Some(holder) = file.holder else { continue };
        first_met.entry(holder).and_modify(|first| *first = file.linked_in.min(*first)).or_insert(file.linked_in);
        if file.seen_in != scan.0 && gone.files.contains(&file.path) {
            gone_of.entry(holder).or_default().push(file);
        }
    }
    if !is_photo {
        first_met.clear();
    }
    first_met.into_iter().for_each(|(holder, first)| since.entry(holder).or_default().first_met_in.push(first));
    let is_last = is_photo && gone_of.values().map(Vec::len).sum::<usize>() == all;
    for (holder, files) in gone_of {
        let since = since.entry(holder).or_default();
        let last_met = files.iter().map(|file| file.seen_in).max().unwrap_or(0);
        let files = files.into_iter().map(|file| file.path);
        match is_last {
            true => {
                since.photos += 1;
                since.gone_after = since.gone_after.max(last_met);
                since.last.extend(files);
            }
            false => since.elsewhere.extend(files),
        }
    }
}
