//! A look at a part of a scanned folder: what has come, gone or changed at some paths, as a watch tells them. It says
//! nothing of when the folder was looked through as a whole, and leaves no scan behind, unless it is stopped.

use std::path::{Path, PathBuf};

use super::error::Result;
use super::gone::{Gone, told_missing};
use super::open::{Library, LibraryReader};
use super::path;
use super::scan::{MissingPolicy, ScanEnd, ScanId, ScanOutcome, close_scan, insert_scan, mark_missing};

impl Library {
    /// None where the library does not have the folder any more.
    pub(crate) fn begin_part(&mut self, folder: &Path) -> Result<Option<ScanId>> {
        self.write(|t| insert_scan(t, folder))
    }

    /// As [`Self::end_scan`]; only what the library knows in the part that was looked at can be gone.
    pub(crate) fn end_part(
        &mut self,
        scan: ScanId,
        outcome: ScanOutcome,
        policy: MissingPolicy,
        gone: &Gone,
    ) -> Result<ScanEnd> {
        let (mut end, files) = match outcome == ScanOutcome::Complete && !gone.files().is_empty() {
            true => told_missing(self.gone_since_whole(scan, gone)?, policy),
            false => (ScanEnd::default(), Vec::new()),
        };
        if let Some(all) = gone.of_whole().filter(|_| end.withheld.is_some()) {
            end.withheld = told_missing(self.gone_since_whole(scan, &all)?, policy).0.withheld;
        }
        self.write(|t| {
            end.missing = mark_missing(t, &files)?;
            match outcome {
                ScanOutcome::Complete => _ = t.execute("DELETE FROM scan WHERE id = ?1", [scan.0])?,
                ScanOutcome::Cancelled => close_scan(t, scan, outcome)?,
            }
            Ok(end)
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
        self.read(|c| {
            Ok(c.prepare_cached(&format!("SELECT 1 FROM file WHERE missing = 0 AND {}", path::AT_OR_BELOW))?
                .exists(path::at_or_below(path))?)
        })
    }
}
