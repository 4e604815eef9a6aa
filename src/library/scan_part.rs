//! A look at a part of a scanned folder: what has come, gone or changed at some paths, as a watch tells them. It says
//! nothing of when the folder was looked through as a whole, and leaves no scan behind, unless it is stopped.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::error::Result;
use super::folders::Folders;
use super::open::{Library, LibraryReader};
use super::path;
use super::scan::{GoneSince, close_scan, folder_of, insert_scan, is_gone, mark_missing, told_missing};
use super::scan::{MissingPolicy, ScanEnd, ScanId, ScanOutcome};

impl Library {
    /// None where the library does not have the folder any more.
    pub(crate) fn begin_part(&mut self, folder: &Path) -> Result<Option<ScanId>> {
        self.write(|t| insert_scan(t, folder))
    }

    /// As [`Self::finish_scan`]; only what the library knows at or below the `touched` paths can be gone.
    pub(crate) fn finish_part(
        &mut self,
        scan: ScanId,
        outcome: ScanOutcome,
        policy: MissingPolicy,
        touched: &[PathBuf],
    ) -> Result<ScanEnd> {
        let gone: HashSet<PathBuf> = match outcome {
            ScanOutcome::Complete => self.gone_at(touched)?,
            ScanOutcome::Cancelled => HashSet::new(),
        };
        let (mut end, gone) = match gone.is_empty() {
            true => (ScanEnd::default(), Vec::new()),
            false => told_missing(self.gone_since_whole(scan, &|path| gone.contains(path))?, policy),
        };
        if end.withheld.is_some() {
            // Whoever is asked is told of all that are gone from the folder: of so many the answer is then true.
            end.withheld = told_missing(self.gone_since_whole(scan, &is_gone)?, policy).0.withheld;
        }
        self.write(|t| {
            end.missing = mark_missing(t, &gone)?;
            match outcome {
                ScanOutcome::Complete => _ = t.execute("DELETE FROM scan WHERE id = ?1", [scan.0])?,
                ScanOutcome::Cancelled => close_scan(t, scan, outcome)?,
            }
            Ok(end)
        })
    }

    /// As [`Self::gone_since`], with what parts have marked since the folders were looked through as a whole: those files
    /// were met since, and others were not.
    fn gone_since_whole(&self, scan: ScanId, is_gone: &dyn Fn(&Path) -> bool) -> Result<Vec<GoneSince>> {
        let mut since = self.gone_since(scan, is_gone)?;
        self.read(|c| {
            let (folder, folders) = (folder_of(c, scan)?, Folders::load(c)?);
            let mut query =
                c.prepare("SELECT folder_id, max(id) FROM scan WHERE outcome = 'complete' GROUP BY folder_id")?;
            let whole = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let whole: BTreeMap<i64, i64> = whole.collect::<rusqlite::Result<_>>()?;
            let mut query = c.prepare(
                "SELECT file.path, folder_id, max(seen_in_scan) FROM photo JOIN file ON photo_id = photo.id \
                 WHERE photo.missing = 1 AND file.missing = 1 GROUP BY photo.id",
            )?;
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

impl LibraryReader {
    /// Where the folders lie that are scanned, and whether their drives were not there when they were looked for last; in
    /// the order in which they were added.
    pub(crate) fn folder_places(&self) -> Result<Vec<(PathBuf, bool)>> {
        self.read(|c| {
            let mut query = c.prepare_cached("SELECT path, offline FROM folder ORDER BY id")?;
            let places = query.query_map([], |row| Ok((path::from_bytes(row.get(0)?), row.get(1)?)))?;
            Ok(places.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether there is a file that is not missing at this path or below.
    pub(crate) fn knows_files_at(&self, path: &Path) -> Result<bool> {
        self.read(|c| Ok(c.prepare_cached(&files_at())?.exists(path::at_or_below(path))?))
    }

    /// Files at these paths or below that are gone from the disk.
    fn gone_at(&self, paths: &[PathBuf]) -> Result<HashSet<PathBuf>> {
        self.read(|c| {
            let (mut gone, mut query) = (HashSet::new(), c.prepare_cached(&files_at())?);
            for at in paths {
                let mut rows = query.query(path::at_or_below(at))?;
                while let Some(row) = rows.next()? {
                    gone.extend(Some(path::from_bytes(row.get(0)?)).filter(|path| is_gone(path)));
                }
            }
            Ok(gone)
        })
    }
}

fn files_at() -> String {
    format!("SELECT path FROM file WHERE missing = 0 AND {}", path::AT_OR_BELOW)
}
