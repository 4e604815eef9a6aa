//! Which file was being looked through when the program died, so that one bad file does not stop every later scan.

use std::path::{Path, PathBuf};

use rusqlite::params;

use super::error::Result;
use super::open::Library;
use super::path;

/// How often the program may die with a file alone before the file is set aside.
const DEATHS_ALONE: i64 = 2;

/// A file that was being looked through when the program died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suspect {
    pub path: PathBuf,
    /// It died with this file alone, again and again: it is not tried any more.
    pub is_guilty: bool,
}

impl Library {
    /// Notes that a file is about to be looked through, alone or beside others.
    pub(crate) fn begin_attempt(&mut self, file: &Path, is_alone: bool) -> Result<()> {
        self.write(|t| {
            t.prepare_cached(
                "INSERT INTO attempt (path, is_alone, is_open) VALUES (?1, ?2, 1) \
                 ON CONFLICT (path) DO UPDATE SET is_alone = excluded.is_alone, is_open = 1",
            )?
            .execute(params![path::to_bytes(file), is_alone])?;
            Ok(())
        })
    }

    /// Notes that a network broke down over a file alone, though the program did not end.
    pub(crate) fn note_breakdown(&mut self, file: &Path) -> Result<()> {
        self.write(|t| {
            t.prepare_cached(
                "INSERT INTO attempt (path, deaths, deaths_alone, is_alone, is_open) VALUES (?1, 1, 1, 1, 0) \
                 ON CONFLICT (path) DO UPDATE SET deaths = deaths + 1, deaths_alone = deaths_alone + 1, is_open = 0",
            )?
            .execute([path::to_bytes(file)])?;
            Ok(())
        })
    }

    /// Notes that the program has survived files.
    pub(crate) fn end_attempts(&mut self, files: &[PathBuf]) -> Result<()> {
        self.write(|t| {
            for file in files {
                t.prepare_cached("DELETE FROM attempt WHERE path = ?1")?.execute([path::to_bytes(file)])?;
            }
            Ok(())
        })
    }

    /// The files that were being looked through when the program died; counts that it did. Called once when a scan
    /// begins and no other runs.
    pub(crate) fn suspects(&mut self) -> Result<Vec<Suspect>> {
        self.write(|t| {
            t.execute(
                "UPDATE attempt SET deaths = deaths + 1, deaths_alone = deaths_alone + is_alone, is_open = 0 \
                 WHERE is_open = 1",
                [],
            )?;
            let mut query = t.prepare("SELECT path, deaths_alone >= ?1 FROM attempt ORDER BY path")?;
            let suspects = query.query_map([DEATHS_ALONE], |row| {
                Ok(Suspect { path: path::from_bytes(row.get(0)?), is_guilty: row.get(1)? })
            })?;
            Ok(suspects.collect::<rusqlite::Result<_>>()?)
        })
    }
}
