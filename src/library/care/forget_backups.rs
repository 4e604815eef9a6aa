//! Taking a person out of the backups.
//!
//! Each backup is copied, brought to the present format, cleaned, written anew and put in its own place. A backup in
//! which that cannot be done surely is deleted: one that cannot be read whole, or in which the name is found afterwards.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::forget::{self, FaceToForget, PersonToForget};
use super::forget_theirs::Theirs;
use super::remains::{self, Cleaning};
use super::{backup, file, forget_pending};
use crate::library::error::{LibraryError, Result};
use crate::library::open::Library;
use crate::library::{faces, migrate, path};
use crate::types::FaceBox;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BackupOutcome {
    /// The person was not in it.
    Untouched,
    Cleaned,
    Deleted,
}

/// Shorter names are found by chance in any large file.
const LEAST_BYTES_SEARCHED: usize = 5;

pub(super) fn clean_all(
    library: &Library,
    person: &PersonToForget,
    may_find_again: bool,
    done: &mut HashSet<PathBuf>,
) -> Result<Vec<(PathBuf, BackupOutcome)>> {
    let library_path = library.path().to_owned();
    let _cleaning = Cleaning::begin(&library_path)?;
    // Before the backups are listed: what is not finished by now was left by somebody, and never comes into its place.
    remains::remove_all(&library_path)?;
    let namesakes: Vec<i64> = match &person.name {
        Some(name) => library.read(|c| forget::bearers(c, name, person.person))?,
        None => Vec::new(),
    };
    let mut outcomes = Vec::new();
    for found in backup::find(&library_path)? {
        if !done.insert(found.path.clone()) {
            continue;
        }
        let work = file::with_suffix(&found.path, ".forgetting");
        // The log of one that was killed would be rolled into the new copy.
        file::remove(&work)?;
        let outcome = match clean(&found.path, &work, person, &namesakes, may_find_again) {
            Ok(outcome) => outcome,
            Err(error) => match error.at(&found.path) {
                error if is_of_the_disk(&error) => {
                    let _ = file::remove(&work);
                    return Err(error);
                }
                _ => BackupOutcome::Deleted,
            },
        };
        match outcome {
            BackupOutcome::Untouched => {}
            BackupOutcome::Cleaned => {
                file::rename(&work, &found.path)?;
                for suffix in file::SIDE_FILES {
                    file::remove(&file::with_suffix(&found.path, suffix))?;
                }
            }
            BackupOutcome::Deleted => file::remove(&found.path)?,
        }
        file::remove(&work)?;
        outcomes.push((found.path, outcome));
    }
    Ok(outcomes)
}

/// Backups of a library that had forgotten as many people by then.
pub(super) fn counted(library: &Library, people: i64) -> Result<Vec<PathBuf>> {
    let has_counted = |found: &backup::FoundBackup| {
        let count = file::open_still(&found.path).and_then(|c| forget::count(&c));
        // One that cannot be read has to be looked at.
        count.is_ok_and(|count| count >= people)
    };
    Ok(backup::find(library.path())?.into_iter().filter(has_counted).map(|found| found.path).collect())
}

/// What may go well another time costs no backup.
pub(super) fn is_of_the_disk(error: &LibraryError) -> bool {
    matches!(
        error,
        LibraryError::DiskFull { .. }
            | LibraryError::DiskFailed { .. }
            | LibraryError::NotWritten { .. }
            | LibraryError::Busy { .. }
    )
}

fn clean(
    backup: &Path,
    work: &Path,
    person: &PersonToForget,
    namesakes: &[i64],
    may_find_again: bool,
) -> Result<BackupOutcome> {
    let from = file::open_still(backup)?;
    migrate::format_of(&from, backup)?;
    let holds_pending = forget_pending::is_in(&from)?;
    file::copy(&from, work)?;
    drop(from);
    file::change(work, |copy| {
        migrate::migrate_copy(copy, work)?;
        copy.pragma_update(None, "foreign_keys", true)?;
        copy.pragma_update(None, "temp_store", "memory")?;
        copy.pragma_update(None, "secure_delete", true)?;
        let found = Found::in_copy(copy, person)?;
        if found.is_nothing && !holds_pending {
            let is_sure = !is_named(copy, person, namesakes)?;
            return Ok(if is_sure { BackupOutcome::Untouched } else { BackupOutcome::Deleted });
        }
        let mut names = found.remove(copy, person, namesakes, may_find_again)?;
        // Where others bear the name today, it may be theirs.
        names.retain(|name| namesakes.is_empty() || Some(name) != person.name.as_ref());
        copy.execute_batch("VACUUM")?;
        let is_left = is_named(copy, person, namesakes)? || is_found(copy, work, &names)?;
        Ok(if is_left { BackupOutcome::Deleted } else { BackupOutcome::Cleaned })
    })
}

/// What a copy of a backup holds of a person.
struct Found {
    faces: HashSet<i64>,
    people: HashSet<i64>,
    is_nothing: bool,
}

impl Found {
    fn in_copy(c: &Connection, person: &PersonToForget) -> Result<Self> {
        let faces = faces_in(c, person)?;
        let mut people = people_in(c, person, &faces)?;
        let has_no_row = people.is_empty();
        for id in std::iter::once(&person.person).chain(&person.merged) {
            if !c.prepare_cached("SELECT 1 FROM person WHERE id = ?1")?.exists([id.0])? {
                // Nobody else has the number: where the history mentions it, it is theirs.
                people.insert(id.0);
            }
        }
        let theirs = Theirs::of(c, &people, &faces, person.own_names().cloned())?;
        let is_nothing = has_no_row && theirs.faces.is_empty() && theirs.steps(c)?.is_empty();
        Ok(Self { is_nothing, faces, people })
    }

    /// Returns the names that are not to be found any more.
    fn remove(
        mut self,
        copy: &mut Connection,
        person: &PersonToForget,
        namesakes: &[i64],
        may_find_again: bool,
    ) -> Result<HashSet<String>> {
        let transaction = copy.transaction()?;
        for &id in &self.people {
            self.faces.extend(faces_of(&transaction, id)?);
        }
        self.people.extend(emptied(&transaction, &self.faces)?);
        self.people.extend(without_a_face(&transaction, &self.people, namesakes)?);
        let theirs = Theirs::of(&transaction, &self.people, &self.faces, person.own_names().cloned())?;
        forget::remove(&transaction, &theirs)?;
        if !may_find_again {
            forget::keep_places(&transaction, person)?;
        }
        transaction.commit()?;
        Ok(theirs.own_names)
    }
}

/// The faces at the places of the person's faces, whoever they belonged to then.
fn faces_in(c: &Connection, person: &PersonToForget) -> Result<HashSet<i64>> {
    let mut found = HashSet::new();
    for face in &person.faces {
        for photo in photos_of(c, face)? {
            let mut query = c.prepare_cached("SELECT id, x, y, width, height FROM face WHERE photo_id = ?1")?;
            let mut rows = query.query([photo])?;
            while let Some(row) = rows.next()? {
                let there = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
                if faces::is_same_place(there, face.face_box) {
                    found.insert(row.get(0)?);
                }
            }
        }
    }
    Ok(found)
}

/// The photos of a face's picture: by its hash, its files' hashes, and where an older program noted neither, by path.
fn photos_of(c: &Connection, face: &FaceToForget) -> Result<HashSet<i64>> {
    let mut photos: HashSet<i64> = HashSet::new();
    let mut add = |sql: &str, value: &dyn rusqlite::ToSql| -> Result<()> {
        let mut query = c.prepare_cached(sql)?;
        for id in query.query_map(params![value], |row| row.get(0))? {
            photos.insert(id?);
        }
        Ok(())
    };
    add("SELECT id FROM photo WHERE picture = ?1", &face.picture)?;
    for hash in &face.sha256 {
        add("SELECT id FROM photo WHERE sha256 = ?1 AND picture IS NULL", hash)?;
        add(
            "SELECT photo_id FROM file JOIN photo ON photo.id = photo_id WHERE file.sha256 = ?1 AND picture IS NULL",
            hash,
        )?;
    }
    for file in &face.paths {
        let bytes = path::to_bytes(file);
        add("SELECT id FROM photo WHERE path = ?1 AND picture IS NULL AND sha256 IS NULL", &bytes)?;
    }
    Ok(photos)
}

/// The person in the backup, and who was merged into them since: who has one of their numbers, and has one of their names,
/// no name, one of the faces, or no face, perhaps by a name of before; and who has one of their names and one of the faces.
/// Who has no face today is known by having been made in the same second. An older program may have given a number a second
/// time, and an undone name leaves a group to somebody else.
fn people_in(c: &Connection, person: &PersonToForget, faces: &HashSet<i64>) -> Result<HashSet<i64>> {
    let mut holders = HashSet::new();
    for &face in faces {
        holders.extend(forget::holder(c, face)?);
    }
    let numbers: HashSet<i64> = std::iter::once(&person.person).chain(&person.merged).map(|id| id.0).collect();
    let names: HashSet<&String> = person.name.iter().chain(&person.earlier_names).collect();
    let mut query = c.prepare("SELECT id, name, created_at FROM person")?;
    let mut rows = query.query([])?;
    let mut people = HashSet::new();
    while let Some(row) = rows.next()? {
        let (id, name): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
        let is_as_old =
            id == person.person.0 && person.faces.is_empty() && row.get::<_, i64>(2)? == person.made_at_secs;
        let is_holder = holders.contains(&id);
        let has_name = name.as_ref().is_some_and(|name| names.contains(name));
        let may_be = is_as_old || has_name || name.is_none() || is_holder || faces_of(c, id)?.is_empty();
        if (numbers.contains(&id) && may_be) || (has_name && is_holder) {
            people.insert(id);
        }
    }
    Ok(people)
}

/// The photos that show a picture.
pub(super) fn photos_with(c: &Connection, picture: &[u8; 32]) -> Result<Vec<i64>> {
    let mut query = c.prepare_cached("SELECT id FROM photo WHERE picture = ?1")?;
    Ok(query.query_map([picture], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn faces_of(c: &Connection, person: i64) -> Result<Vec<i64>> {
    let mut query = c.prepare("SELECT id FROM face WHERE person_id = ?1")?;
    Ok(query.query_map([person], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Who has no face but these: the person by an earlier name, before two were joined.
pub(super) fn emptied(c: &Connection, faces: &HashSet<i64>) -> Result<HashSet<i64>> {
    let mut holders = HashSet::new();
    for &face in faces {
        holders.extend(forget::holder(c, face)?);
    }
    let mut emptied = HashSet::new();
    for person in holders {
        if faces_of(c, person)?.iter().all(|face| faces.contains(face)) {
            emptied.insert(person);
        }
    }
    Ok(emptied)
}

/// Who bears a name of theirs and has no face: what is left of them from before their faces were found anew.
fn without_a_face(c: &Connection, people: &HashSet<i64>, namesakes: &[i64]) -> Result<HashSet<i64>> {
    let mut query = c.prepare(
        "SELECT id FROM person WHERE name = (SELECT name FROM person WHERE id = ?1) \
         AND NOT EXISTS (SELECT 1 FROM face WHERE person_id = person.id)",
    )?;
    let mut found = HashSet::new();
    for id in people {
        for bearer in query.query_map([id], |row| row.get(0))? {
            found.insert(bearer?);
        }
    }
    found.retain(|id| !namesakes.contains(id));
    Ok(found)
}

/// Whether somebody in the backup still has the name who is none of those that bear it today.
fn is_named(c: &Connection, person: &PersonToForget, namesakes: &[i64]) -> Result<bool> {
    let Some(name) = &person.name else { return Ok(false) };
    Ok(forget::bearers(c, name, crate::types::PersonId(0))?.iter().any(|id| !namesakes.contains(id)))
}

/// Whether the bytes of one of the names are in the file, though nothing that stays has a right to them.
fn is_found(c: &Connection, file: &Path, names: &HashSet<String>) -> Result<bool> {
    for name in names.iter().filter(|name| name.len() >= LEAST_BYTES_SEARCHED) {
        if !stands_elsewhere(c, name)? && contains(file, name.as_bytes()).map_err(|error| file::at(file, &error))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// In a path, a setting or as a part of another's name.
fn stands_elsewhere(c: &Connection, name: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM person WHERE instr(name, ?1)) \
        OR EXISTS (SELECT 1 FROM photo WHERE instr(path, CAST(?1 AS BLOB)) OR instr(name_key, ?1)) \
        OR EXISTS (SELECT 1 FROM file WHERE instr(path, CAST(?1 AS BLOB))) \
        OR EXISTS (SELECT 1 FROM folder WHERE instr(path, CAST(?1 AS BLOB))) \
        OR EXISTS (SELECT 1 FROM setting WHERE instr(value, ?1)) OR EXISTS (SELECT 1 FROM model WHERE instr(name, ?1)) \
        OR EXISTS (SELECT 1 FROM photo WHERE instr(camera, ?1))";
    Ok(c.query_row(sql, [name], |row| row.get(0))?)
}

/// Whether a file holds these bytes anywhere.
pub(super) fn contains(file: &Path, wanted: &[u8]) -> std::io::Result<bool> {
    let mut file = std::fs::File::open(file)?;
    let mut buffer = Vec::new();
    let mut block = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(false);
        }
        buffer.extend_from_slice(&block[..read]);
        if find(&buffer, wanted) {
            return Ok(true);
        }
        // What may be the beginning of a match is kept.
        buffer.drain(..buffer.len() - buffer.len().min(wanted.len() - 1));
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> bool {
    let first = wanted[0];
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first);
    starts.map(|(at, _)| at).any(|at| bytes[at..].starts_with(wanted))
}
