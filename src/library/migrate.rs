//! Brings a database of an older format to the present one, step by step, after a backup.
//!
//! The format's number is SQLite's `user_version`; step `n` of [`STEPS`] leads from format `n` to `n + 1`. Steps are
//! never edited once released, only added.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::care;
use super::error::{LibraryError, Result};
use super::reason::Reason;

pub(super) const STEPS: &[&str] = &[
    include_str!("migrations/0001_photos_faces_people.sql"),
    include_str!("migrations/0002_review.sql"),
    include_str!("migrations/0003_history_state.sql"),
    include_str!("migrations/0004_pictures.sql"),
    include_str!("migrations/0005_replaced.sql"),
    include_str!("migrations/0006_sought.sql"),
    include_str!("migrations/0007_attempts.sql"),
    include_str!("migrations/0008_was_of.sql"),
    include_str!("migrations/0009_newer.sql"),
    include_str!("migrations/0010_metadata.sql"),
    include_str!("migrations/0011_by_hand.sql"),
    include_str!("migrations/0012_answers_in_steps.sql"),
    include_str!("migrations/0013_unread.sql"),
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
    // A library is given its tables and its format in one transaction.
    if format < 0 || (format == 0 && objects > 0) {
        let reason = "its format number is none that any Likeness has written".into();
        return Err(LibraryError::Damaged { path: path.to_owned(), reason });
    }
    if format > known_format() {
        return Err(LibraryError::Newer { path: path.to_owned(), found: format, known: known_format() });
    }
    Ok(format)
}

/// Runs the missing steps in one transaction, after a backup when there is anything to lose.
pub(super) fn migrate(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<()> {
    let from = format_of(connection, path)?;
    if from >= steps.len() as i64 {
        return Ok(());
    }
    if from > 0 {
        care::back_up_to_migrate(connection, path)?;
    }
    bring_up(connection, path, steps)
}

/// Brings a copy of a library to the present format. No copy is made of it.
pub(super) fn migrate_copy(connection: &mut Connection, path: &Path) -> Result<()> {
    if format_of(connection, path)? < known_format() {
        return bring_up(connection, path, STEPS);
    }
    Ok(())
}

fn bring_up(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<()> {
    // A table built anew under its old name must not take the rows that refer to it along.
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = run_steps(connection, path, steps);
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

fn run_steps(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<()> {
    let to = steps.len() as i64;
    let failed = |reason: Reason| LibraryError::MigrationFailed { path: path.to_owned(), to, reason };
    // A full disk is none of the migration's faults, and no backup helps.
    let refused = |error: rusqlite::Error, c: &Connection| match LibraryError::from(error).on(c).at(path) {
        LibraryError::Sql(error) => failed(Reason::with("one of its steps was refused", error)),
        other => other,
    };
    // Immediate: of two programs that open an old library at once, the second waits here and finds the work done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = format_of(&transaction, path)?;
    for step in &steps[from as usize..] {
        transaction.execute_batch(step).map_err(|error| refused(error, &transaction))?;
    }
    let broken = transaction.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if broken {
        return Err(failed("rows would refer to rows that are not there".into()));
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", to)?;
    transaction.commit().map_err(|error| refused(error, connection))
}
