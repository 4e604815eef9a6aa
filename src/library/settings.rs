//! Small values that belong to this library: the chosen model, the grouping's threshold and linkage.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::open::{Library, LibraryReader};

impl Library {
    pub fn set_setting(&mut self, key: &str, value: &str) -> Result<()> {
        self.write(|t| write(t, key, Some(value)))
    }
}

impl LibraryReader {
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        self.read(|c| read(c, key))
    }
}

pub(super) fn read(c: &Connection, key: &str) -> Result<Option<String>> {
    let mut query = c.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
    Ok(query.query_row([key], |row| row.get(0)).optional()?)
}

pub(super) fn write(c: &Connection, key: &str, value: Option<&str>) -> Result<()> {
    match value {
        Some(value) => c
            .prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)")?
            .execute(params![key, value])?,
        None => c.prepare_cached("DELETE FROM setting WHERE key = ?1")?.execute([key])?,
    };
    Ok(())
}
