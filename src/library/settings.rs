//! Small values that belong to this library: the chosen model, the grouping's threshold and linkage.

use rusqlite::{OptionalExtension, params};

use super::error::Result;
use super::open::{Library, LibraryReader};

impl Library {
    pub fn set_setting(&mut self, key: &str, value: &str) -> Result<()> {
        self.write(|t| {
            t.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", params![key, value])?;
            Ok(())
        })
    }
}

impl LibraryReader {
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        self.read(|c| {
            let mut query = c.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
            Ok(query.query_row([key], |row| row.get(0)).optional()?)
        })
    }
}
