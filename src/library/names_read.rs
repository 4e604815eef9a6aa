//! What other programs' files said when they were read last: only those that changed since are read again.

use std::path::{Path, PathBuf};

use rusqlite::params;

use super::error::Result;
use super::open::{Library, LibraryReader};
use super::path;

/// A file that was read, as the part that reads them says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamesRead {
    pub path: PathBuf,
    /// Tells the file from a changed one, and what lies beside it.
    pub stamp: String,
    pub said: String,
}

impl LibraryReader {
    /// Of the files below a folder.
    pub(crate) fn names_read(&self, folder: &Path) -> Result<Vec<NamesRead>> {
        self.read(|c| {
            let mut query = c.prepare("SELECT path, stamp, said FROM names_read ORDER BY path")?;
            let mut rows = query.query([])?;
            let mut read = Vec::new();
            while let Some(row) = rows.next()? {
                let path = path::from_bytes(row.get(0)?);
                if path.starts_with(folder) {
                    read.push(NamesRead { path, stamp: row.get(1)?, said: row.get(2)? });
                }
            }
            Ok(read)
        })
    }
}

impl Library {
    /// Notes files that were read, and leaves out those that are not read any more.
    pub(crate) fn note_names_read(&mut self, read: &[NamesRead], gone: &[PathBuf]) -> Result<()> {
        self.write(|t| {
            let mut insert =
                t.prepare_cached("INSERT OR REPLACE INTO names_read (path, stamp, said) VALUES (?1, ?2, ?3)")?;
            for NamesRead { path, stamp, said } in read {
                insert.execute(params![path::to_bytes(path), stamp, said])?;
            }
            let mut delete = t.prepare_cached("DELETE FROM names_read WHERE path = ?1")?;
            gone.iter().try_for_each(|path| delete.execute([path::to_bytes(path)]).map(drop))?;
            Ok(())
        })
    }
}
