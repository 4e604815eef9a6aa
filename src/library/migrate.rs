//! Brings a database of an older format to the present one, step by step, after a copy was put beside it.
//!
//! The format's number is SQLite's `user_version`; step `n` of [`STEPS`] leads from format `n` to `n + 1`. Steps are
//! never edited once released, only added.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, TransactionBehavior};

use super::error::{LibraryError, Result};

pub(super) const STEPS: &[&str] = &[
    include_str!("migrations/0001_photos_faces_people.sql"),
    include_str!("migrations/0002_review.sql"),
    include_str!("migrations/0003_history_state.sql"),
    include_str!("migrations/0004_pictures.sql"),
];

/// "Lken" in ASCII: tells a library from any other SQLite database.
const APPLICATION_ID: i64 = 0x4C6B_656E;

/// The format this program reads and writes.
pub(super) fn known_format() -> i64 {
    STEPS.len() as i64
}

/// Checks that the file is a library, and returns its format; 0 is a new, empty database.
pub(super) fn format_of(connection: &Connection, path: &Path) -> Result<i64> {
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    let is_new = application == 0 && format == 0 && objects == 0;
    if !is_new && application != APPLICATION_ID {
        return Err(LibraryError::NotALibrary { path: path.to_owned() });
    }
    if format > known_format() {
        return Err(LibraryError::Newer { path: path.to_owned(), found: format, known: known_format() });
    }
    Ok(format)
}

/// Runs the missing steps in one transaction, after a backup when there is anything to lose.
pub(super) fn migrate(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<()> {
    let to = steps.len() as i64;
    let failed = |reason: String| LibraryError::MigrationFailed { path: path.to_owned(), to, reason };
    let from = format_of(connection, path)?;
    if from >= to {
        return Ok(());
    }
    if from > 0 {
        back_up(connection, path, from).map_err(failed)?;
    }
    // A table built anew under its old name must not take the rows that refer to it along.
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = run_steps(connection, path, steps);
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

fn run_steps(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<()> {
    let to = steps.len() as i64;
    let failed = |reason: String| LibraryError::MigrationFailed { path: path.to_owned(), to, reason };
    // Immediate: of two programs that open an old library at once, the second waits here and finds the work done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = format_of(&transaction, path)?;
    for step in &steps[from as usize..] {
        transaction.execute_batch(step).map_err(|error| failed(error.to_string()))?;
    }
    let broken = transaction.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if broken {
        return Err(failed("rows would refer to rows that are not there".to_owned()));
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", to)?;
    transaction.commit().map_err(|error| failed(error.to_string()))
}

/// Where the copy of format `from` goes: the library's name with `.v1.backup` behind it.
pub(super) fn backup_path(path: &Path, from: i64) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(format!(".v{from}.backup"));
    name.into()
}

/// Writes a consistent copy. A copy of the same format from an earlier, failed attempt is replaced.
fn back_up(connection: &Connection, path: &Path, from: i64) -> std::result::Result<(), String> {
    let target = backup_path(path, from);
    let mut partial = OsString::from(target.as_os_str());
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // VACUUM INTO fills an empty file, so the owner-only permission is there from the start.
    super::open::create_private(&partial, true).map_err(|error| error.to_string())?;
    connection.execute("VACUUM INTO ?1", [SqlPath(&partial)]).map_err(|error| error.to_string())?;
    std::fs::rename(&partial, &target).map_err(|error| error.to_string())
}

/// A path as an SQL text value without a detour over UTF-8 where the platform allows it.
struct SqlPath<'a>(&'a Path);

impl ToSql for SqlPath<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_os_str().as_bytes())))
        }
        #[cfg(not(unix))]
        {
            match self.0.to_str() {
                Some(text) => Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))),
                None => Err(rusqlite::Error::InvalidPath(self.0.to_owned())),
            }
        }
    }
}
