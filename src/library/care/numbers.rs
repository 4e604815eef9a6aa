//! Where numbers and revisions go on after a library that nobody can read: neither is given a second time, since an open
//! window or a script may know faces, people and states of the library by them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{backup, file};
use crate::library::error::Result;
use crate::library::open;

/// Up to where they are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    number: i64,
    revision: i64,
}

/// What the library gave since its last copy cannot be read; it will hardly have been more.
const UNKNOWN: i64 = 1_000_000;
/// No library gives so many, and JSON still holds them. Where a damaged file speaks of more, that is damage.
const LARGEST: i64 = 1 << 52;

impl Taken {
    /// The last of which anything speaks that is left of the library, of its copies and of those put aside, or that an
    /// earlier restore left out; and so many more. Noted before it holds, so that no later restore begins at the same.
    pub fn with_unknown(library: &Path, staged: &Path) -> Result<Self> {
        let mut files = vec![library.to_owned(), staged.to_owned()];
        files.extend(backup::find(library)?.into_iter().map(|found| found.path));
        let note = note_path(library);
        let mut last = Self { number: noted(&note), revision: 0 };
        for known in files.iter().filter_map(|path| read(path)) {
            last.number = last.number.max(known.number);
            last.revision = last.revision.max(known.revision);
        }
        // A library changes less often than once in a millisecond: the time is beyond all revisions that came of an
        // earlier one.
        let now = Timestamp::now().as_millisecond();
        let taken = Self { number: last.number + UNKNOWN, revision: (last.revision + UNKNOWN).max(now) };
        backup::create_folder(&backup::backups_folder(library)).map_err(|error| file::at(&note, &error))?;
        write(&note, taken.number)?;
        Ok(taken)
    }

    /// Lets a copy that takes the library's place go on after them.
    pub fn leave_out(self, staged: &Connection) -> Result<()> {
        staged.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_schema WHERE type = 'table' \
             AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)",
            [],
        )?;
        staged.execute("UPDATE sqlite_sequence SET seq = max(seq, ?1)", [self.number])?;
        tell_apart(staged, self.revision)
    }
}

/// Lets no decision about the library as somebody saw it before, up to that revision, be taken for one about these faces
/// and people. Which of them changed after which stays known, and how much later does not: otherwise each restore would
/// add all revisions there were to those there are.
pub(super) fn tell_apart(staged: &Connection, seen: i64) -> Result<()> {
    let seen: i64 = staged.query_row("SELECT max(revision, ?1) + 1 FROM clock", [seen], |row| row.get(0))?;
    staged.execute_batch(
        "CREATE TEMP TABLE place (revision INTEGER PRIMARY KEY, place INTEGER NOT NULL); \
         INSERT INTO place SELECT revision, row_number() OVER (ORDER BY revision) \
         FROM (SELECT revision FROM face UNION SELECT revision FROM person);",
    )?;
    for table in ["face", "person"] {
        staged.execute(
            &format!(
                "UPDATE {table} SET revision = ?1 + (SELECT place FROM place WHERE place.revision = {table}.revision)"
            ),
            [seen],
        )?;
    }
    staged.execute("UPDATE clock SET revision = ?1 + (SELECT count(*) FROM place)", params![seen])?;
    Ok(staged.execute_batch("DROP TABLE place")?)
}

/// What a file speaks of, as far as it can be read.
fn read(path: &Path) -> Option<Taken> {
    let connection = file::open_as_it_is(path).ok()?;
    let ask = |sql: &str| {
        let last: Option<i64> = connection.query_row(sql, [], |row| row.get(0)).ok()?;
        last.filter(|last| (0..LARGEST).contains(last))
    };
    Some(Taken {
        number: ask("SELECT max(seq) FROM sqlite_sequence").unwrap_or(0),
        revision: ask("SELECT revision FROM clock").unwrap_or(0),
    })
}

/// Beside the backups, which outlive the library.
fn note_path(library: &Path) -> PathBuf {
    backup::backups_folder(library).join(format!("{}-numbers", backup::stem(library)))
}

/// The last number that an earlier restore left out. Of a note that cannot be read, one that it cannot have reached.
fn noted(note: &Path) -> i64 {
    if !note.exists() {
        return 0;
    }
    let last = std::fs::read_to_string(note).ok().and_then(|text| text.trim().parse().ok());
    last.filter(|last| (0..LARGEST).contains(last)).unwrap_or_else(|| Timestamp::now().as_second())
}

fn write(note: &Path, last: i64) -> Result<()> {
    let partial = file::with_suffix(note, ".partial");
    let written = open::create_private(&partial, true).and_then(|()| std::fs::write(&partial, format!("{last}\n")));
    written.map_err(|error| file::at(note, &error))?;
    file::sync(&partial)?;
    file::rename(&partial, note)
}
