//! Reads a whole library and says what is wrong with it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{file, log, rules};
use crate::library::error::{LibraryError, Result};
use crate::library::files::TO_SETTLE;
use crate::library::migrate;
use crate::library::open::{self, LibraryReader};
use crate::library::photos::{PhotoCounts, faces_in_sight, photo_counts};
use crate::library::reason::Reason;
use crate::library::vectors;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// That are there and could be looked through, as a scan and the window count them.
    pub photos: usize,
    /// Those that were there.
    pub missing: usize,
    /// Files that are there, and of which no picture could be made.
    pub failed: usize,
    /// Of photos that are there, without those set aside.
    pub faces: usize,
    /// With a name.
    pub people: usize,
    /// What is damaged, or cannot be read.
    pub problems: Vec<Problem>,
    /// Photos whose note that they are missing does not fit their files. Nothing is lost by that, and the next scan
    /// mends it.
    pub to_settle: usize,
    /// Still of this older format, so that only its structure could be checked.
    pub older_format: Option<i64>,
    /// What SQLite says of a problem itself, for who wants to look closer.
    pub details: Option<String>,
}

/// Something wrong, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It cannot be opened.
    #[error("{0}")]
    Closed(String),
    /// A newer program wrote it, which has to be used: no backup holds more.
    #[error("{0}")]
    Newer(String),
    /// It cannot be read at present, which says nothing of itself: the disk is full, or another program writes.
    #[error("{0}")]
    NotNow(String),
    #[error("the file is damaged: {0}")]
    Structure(String),
    #[error("rows of {table} that refer to {to} which are not there: {rows}")]
    Dangling { table: String, to: String, rows: usize },
    #[error("faces without a photo: {0}")]
    FaceWithoutPhoto(usize),
    #[error("faces of which it is not clear to whom they belong: {0}")]
    Unclear(usize),
    #[error("embeddings of {model} that have another length than it: {rows}")]
    Length { model: String, rows: usize },
    #[error("steps of the history that cannot be read: {0}")]
    History(usize),
    #[error("names that cannot be read: {0}")]
    Names(usize),
    #[error("the table {0} is not there")]
    NoTable(String),
    #[error("the column {column} of {table} is not there")]
    NoColumn { table: String, column: String },
    #[error("rows of {table} with values that Likeness never writes: {rows}")]
    Values { table: String, rows: usize },
    #[error("embeddings that cannot be read: {0}")]
    Vectors(usize),
    #[error("it is not known how many changes there were")]
    Clock,
    /// Each may refuse what Likeness writes.
    #[error("triggers and views that are not of Likeness: {0}")]
    OfOthers(usize),
}

impl CheckReport {
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Checks a library, or a backup, whether it can be opened or not. Reads the whole file and changes nothing, but that it
/// takes back what a killed program had half written: only then is it a library to be read.
pub fn check(path: &Path) -> CheckReport {
    let opened = file::refuse_obstructed(path).and_then(|()| {
        file::roll_back(path);
        open::refuse_emptied(path)?;
        open(path)
    });
    match opened.and_then(|connection| inspect(&connection)).map_err(|error| error.at(path)) {
        Ok(report) => report,
        Err(LibraryError::Damaged { reason, .. }) => CheckReport::damaged(&reason),
        Err(error @ LibraryError::Newer { .. }) => CheckReport::of(Problem::Newer(error.to_string())),
        Err(error) if says_nothing(&error) => CheckReport::of(Problem::NotNow(error.to_string())),
        Err(error) => CheckReport::of(Problem::Closed(error.to_string())),
    }
}

/// Of the library itself: its disk or its folder hinders it, or another program.
fn says_nothing(error: &LibraryError) -> bool {
    matches!(
        error,
        LibraryError::DiskFull { .. }
            | LibraryError::DiskFailed { .. }
            | LibraryError::Busy { .. }
            | LibraryError::NoMemory { .. }
            | LibraryError::CannotOpen { .. }
            | LibraryError::ReadOnly { .. }
            | LibraryError::InTheWay { .. }
    )
}

impl LibraryReader {
    /// See [`check`].
    pub fn check(&self) -> Result<CheckReport> {
        self.at_once(|library| library.read(inspect))
    }
}

impl CheckReport {
    fn of(problem: Problem) -> Self {
        Self { problems: vec![problem], ..Self::default() }
    }

    fn damaged(reason: &Reason) -> Self {
        Self { details: reason.details(), ..Self::of(Problem::Structure(reason.to_string())) }
    }
}

/// A library that others may be writing to is read as they leave it.
pub(super) fn open(path: &Path) -> Result<Connection> {
    if let Some(reason) = log::garbled(path) {
        return Err(LibraryError::Damaged { path: path.to_owned(), reason: reason.into() });
    }
    if let Some(connection) = file::open_protected(path)? {
        return Ok(connection);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        migrate::format_of(&connection, path)?;
        Ok(connection)
    };
    // On a disk that can only be read SQLite cannot put its files beside.
    open().or_else(|error| file::open_after(error, path))
}

pub(super) fn inspect(c: &Connection) -> Result<CheckReport> {
    match file::full_check(c)? {
        Some(reason) => Ok(CheckReport::damaged(&reason)),
        None => inspect_rows(c),
    }
}

/// What is wrong with the rows of a copy whose pages were checked when it was written, if anything.
pub(super) fn wrong_rows(c: &Connection) -> Result<Option<Problem>> {
    Ok(inspect_rows(c)?.problems.into_iter().next())
}

/// Whether a file without its log is one state of the library, as far as it can tell: a checkpoint that was broken off
/// leaves pages of two states, whose indices and counts do not agree.
pub(super) fn is_one_state(c: &Connection) -> Result<bool> {
    if file::full_check(c)?.is_some() {
        return Ok(false);
    }
    let report = inspect_rows(c)?;
    // One of an older format is not known well enough.
    let fits = report.is_sound() && report.to_settle == 0 && count(c, AHEAD)? == 0;
    Ok(fits && report.older_format.is_none() && report != CheckReport::default())
}

fn inspect_rows(c: &Connection) -> Result<CheckReport> {
    let format: i64 = c.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format == 0 {
        // Nothing has been kept yet, or a killed program was about to begin.
        return Ok(CheckReport::default());
    }
    if format == migrate::known_format() {
        let missing = rules::missing(c)?;
        if !missing.is_empty() {
            return Ok(CheckReport { problems: missing, ..CheckReport::default() });
        }
    }
    let mut report = CheckReport {
        photos: count(c, "SELECT count(*) FROM photo")?,
        faces: count(c, "SELECT count(*) FROM face")?,
        people: count(c, "SELECT count(*) FROM person WHERE name IS NOT NULL")?,
        problems: dangling(c)?,
        ..CheckReport::default()
    };
    if format < migrate::known_format() {
        report.older_format = Some(format);
        return Ok(report);
    }
    PhotoCounts { photos: report.photos, missing: report.missing, failed: report.failed } = photo_counts(c)?;
    report.faces = faces_in_sight(c)?;
    report.to_settle = count(c, &format!("SELECT count(*) FROM {TO_SETTLE}"))?;
    let counted: [(&str, fn(usize) -> Problem); 2] = [(ALONE, Problem::FaceWithoutPhoto), (UNCLEAR, Problem::Unclear)];
    for (sql, problem) in counted {
        match count(c, sql)? {
            0 => {}
            rows => report.problems.push(problem(rows)),
        }
    }
    report.problems.extend(lengths(c)?);
    report.problems.extend(rules::broken(c)?);
    let unreadable: [(usize, fn(usize) -> Problem); 3] = [
        (unreadable_steps(c)?, Problem::History),
        (unreadable_names(c)?, Problem::Names),
        (unreadable_vectors(c)?, Problem::Vectors),
    ];
    for (rows, problem) in unreadable.into_iter().filter(|(rows, _)| *rows > 0) {
        report.problems.push(problem(rows));
    }
    Ok(report)
}

const ALONE: &str = "SELECT count(*) FROM face WHERE photo_id NOT IN (SELECT id FROM photo)";
const UNCLEAR: &str = "SELECT count(*) FROM face WHERE (person_id IS NULL) <> (belongs IS NULL) \
    OR (set_aside IS NOT NULL AND person_id IS NOT NULL)";

/// Changed after the last change that the library has counted, or numbered after the last number that was given.
const AHEAD: &str = "SELECT (SELECT count(*) FROM face WHERE revision > (SELECT revision FROM clock)) \
    + (SELECT count(*) FROM person WHERE revision > (SELECT revision FROM clock)) \
    + (SELECT count(*) FROM face WHERE id > (SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'face')) \
    + (SELECT count(*) FROM photo WHERE id > (SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'photo'))";

pub(super) fn count(c: &Connection, sql: &str) -> Result<usize> {
    Ok(c.query_row(sql, [], |row| row.get::<_, i64>(0))? as usize)
}

fn dangling(c: &Connection) -> Result<Vec<Problem>> {
    let mut query = c.prepare("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2")?;
    let rows = query.query_map([], |row| {
        Ok(Problem::Dangling { table: row.get(0)?, to: row.get(1)?, rows: row.get::<_, i64>(2)? as usize })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn lengths(c: &Connection) -> Result<Vec<Problem>> {
    let mut query = c.prepare(
        "SELECT name, count(*) FROM embedding JOIN model ON model.id = model_id \
         WHERE length(vector) <> 4 * dimensions GROUP BY name ORDER BY name",
    )?;
    let rows =
        query.query_map([], |row| Ok(Problem::Length { model: row.get(0)?, rows: row.get::<_, i64>(1)? as usize }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn unreadable_steps(c: &Connection) -> Result<usize> {
    count(c, "SELECT count(*) FROM journal WHERE NOT json_valid(CAST(changes AS TEXT)) OR length(changes) <> bytes")
}

fn unreadable_names(c: &Connection) -> Result<usize> {
    let mut query = c.prepare("SELECT name FROM person WHERE name IS NOT NULL")?;
    let mut rows = query.query([])?;
    let mut unreadable = 0;
    while let Some(row) = rows.next()? {
        unreadable += usize::from(row.get_ref(0)?.as_str().is_err());
    }
    Ok(unreadable)
}

/// Of the right length, and of no direction.
fn unreadable_vectors(c: &Connection) -> Result<usize> {
    let mut query = c.prepare(
        "SELECT vector FROM embedding JOIN model ON model.id = model_id \
         WHERE typeof(vector) = 'blob' AND length(vector) = 4 * dimensions",
    )?;
    let mut rows = query.query([])?;
    let mut unreadable = 0;
    while let Some(row) = rows.next()? {
        let vector = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        unreadable += usize::from(vectors::embedding_from(vector).is_err());
    }
    Ok(unreadable)
}
