//! Forgetting a person: faces, crops, vectors, rejections, history and name, from the library and every backup, so that
//! no byte of them is left in any of these files. There is no way back.
//!
//! Backups go first: killed in between, the person is still in the library, and can be forgotten again. What an export
//! wrote is its user's own file, and so are photos; neither is touched.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::forget_backups::{self, BackupOutcome};
use super::forget_pending::{self, PENDING, Pending};
use super::forget_written::ForgottenInFiles;
use crate::library::error::{LibraryError, Result, Stale};
use crate::library::open::{Library, LibraryReader};
use crate::library::review::change::Change;
use crate::library::review::{self, FaceState, NextSteps, rows};
use crate::library::{names, path};
use crate::types::{FaceBox, FaceId, PersonId, Touched};

/// What is known of a person, and would go with them.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonToForget {
    pub person: PersonId,
    /// None: a group.
    pub name: Option<String>,
    /// Since 1970. Stays as it is when they are given another name.
    pub made_at_secs: i64,
    pub faces: Vec<FaceToForget>,
    pub vectors: usize,
    pub rejections: usize,
    /// Steps of the history that mention the person or one of the faces.
    pub steps: usize,
    /// Others of the same name, who stay.
    pub namesakes: usize,
}

/// A face of the person, also one that was only suggested.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceToForget {
    pub face_id: FaceId,
    /// Where its photo is, or was last. The photo stays.
    pub paths: Vec<PathBuf>,
    /// Of the files that show it.
    pub sha256: Vec<[u8; 32]>,
    /// Of the coded picture.
    pub picture: Option<[u8; 32]>,
    pub face_box: FaceBox,
    pub is_decided: bool,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Forgotten {
    pub person: PersonToForget,
    pub touched: Touched,
    pub backups_cleaned: usize,
    /// Backups that the person could not surely be taken out of.
    pub backups_deleted: Vec<PathBuf>,
    /// False: the file could not be written anew yet, or a backup not be cleaned, since another program was reading or
    /// the disk failed. The next opening does it.
    pub is_complete: bool,
}

impl PersonToForget {
    /// Whether this is who the other one was: the same name, and the same faces would go.
    fn is_still(&self, other: &Self) -> bool {
        let face = |face: &FaceToForget| (face.face_id, face.is_decided);
        self.name == other.name && self.faces.iter().map(face).eq(other.faces.iter().map(face))
    }

    /// The name, unless others bear it too: then it stays where it is theirs.
    pub(super) fn only_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.namesakes == 0)
    }
}

/// How many people were forgotten: a backup that was begun before the last of them does not count.
const COUNT: &str = "forget.count";

impl LibraryReader {
    /// How many files names were written into and could be taken back from, and could not any more without this person.
    pub(crate) fn ways_back_with(&self, person: &PersonToForget) -> Result<usize> {
        let faces = person.faces.iter().map(|face| face.face_id.0).collect();
        self.at_once(|library| {
            library.read(|c| ForgottenInFiles::of(c, &HashSet::from([person.person.0]), &faces)?.count_ways_back(c))
        })
    }

    /// What [`Library::forget_person`] would remove from the library itself.
    pub(crate) fn person_to_forget(&self, person: PersonId) -> Result<PersonToForget> {
        self.at_once(|library| library.read(|c| read(c, person)))
    }
}

impl Library {
    /// The same person as they are now.
    ///
    /// # Errors
    /// [`LibraryError::ReadOnly`] where nothing can be forgotten, and [`LibraryError::Stale`] when they are not any more
    /// whom the question showed.
    pub(crate) fn still_to_forget(&self, shown: &PersonToForget) -> Result<PersonToForget> {
        if self.is_read_only() {
            return Err(LibraryError::ReadOnly { path: self.path.clone() });
        }
        match self.person_to_forget(shown.person) {
            Ok(known) if known.is_still(shown) => Ok(known),
            Ok(_) => Err(LibraryError::Stale(Stale::PersonChanged)),
            Err(LibraryError::NoSuchPerson(_)) => Err(LibraryError::Stale(Stale::PersonGone)),
            Err(error) => Err(error),
        }
    }

    /// Removes everything about a person. Unless later scans may find their faces again, the picture's hash and the
    /// place of each stay, so that they do not.
    ///
    /// `shown` is what its user was asked about.
    ///
    /// # Errors
    /// [`LibraryError::Stale`] when the person has another name or other faces since. When the library cannot be
    /// written, or a backup can neither be cleaned nor deleted; what was not reached is as it
    /// was, and the call can be made again.
    pub(crate) fn forget_person(&mut self, shown: &PersonToForget, may_find_again: bool) -> Result<Forgotten> {
        let (person, known) = (shown.person, self.still_to_forget(shown)?);
        let mut done = HashSet::new();
        let mut outcomes = forget_backups::clean_all(self, &known, may_find_again, &mut done)?;
        self.overwrite_what_is_deleted()?;
        let (number, touched, steps) = self.write(|t| {
            let before = NextSteps::read(t)?;
            if !known.is_still(&read(t, person)?) {
                return Err(LibraryError::Stale(Stale::PersonChanged));
            }
            let touched = touched(t, &known)?;
            let faces: HashSet<i64> = known.faces.iter().map(|face| face.face_id.0).collect();
            if may_find_again {
                find_faces_again(t, &known)?;
            } else {
                keep_places(t, &known)?;
            }
            remove(t, &HashSet::from([person.0]), &faces, known.only_name())?;
            t.execute(
                "INSERT INTO setting (key, value) VALUES (?1, '1') ON CONFLICT (key) DO UPDATE SET value = value + 1",
                [COUNT],
            )?;
            let number = count(t)?;
            forget_pending::add(t, Pending::new(&known, may_find_again, number))?;
            Ok((number, touched, (before, NextSteps::read(t)?)))
        })?;
        self.own_steps.note(steps.0, steps.1);
        // What others backed up in the meantime is cleaned too. The person is gone by now, whatever becomes of the files.
        let is_complete = match self.finish(number, &done) {
            Err(error) if forget_backups::is_of_the_disk(&error) => false,
            finished => {
                let (more, is_complete) = finished?;
                outcomes.extend(more);
                is_complete
            }
        };
        let backups_cleaned = outcomes.iter().filter(|(_, outcome)| *outcome == BackupOutcome::Cleaned).count();
        let deleted = |(backup, outcome)| (outcome == BackupOutcome::Deleted).then_some(backup);
        let backups_deleted = outcomes.into_iter().filter_map(deleted).collect();
        Ok(Forgotten { person: known, touched, backups_cleaned, backups_deleted, is_complete })
    }

    /// Takes people who were forgotten out of backups that still hold them, and writes the file anew, so that it holds
    /// nothing of what was removed. False where others are reading and it has to be done again.
    pub(in crate::library) fn finish_forgetting(&mut self) -> Result<bool> {
        Ok(self.finish(0, &HashSet::new())?.1)
    }

    /// Of the forgetting with this number, some backups are done.
    fn finish(&mut self, number: i64, done: &HashSet<PathBuf>) -> Result<(Vec<(PathBuf, BackupOutcome)>, bool)> {
        let Some(pending) = self.read(forget_pending::read)? else { return Ok((Vec::new(), true)) };
        let mut outcomes = Vec::new();
        for pending in &pending {
            let mut done = if pending.count == number { done.clone() } else { HashSet::new() };
            done.extend(forget_backups::counted(self, pending.count)?);
            outcomes.extend(forget_backups::clean_all(self, &pending.person(), pending.may_find_again, &mut done)?);
        }
        self.overwrite_what_is_deleted()?;
        let mut is_complete = self.read(|c| {
            c.execute_batch("VACUUM")?;
            empty_log(c)
        })?;
        if is_complete && !pending.is_empty() {
            // Their names stand there until all else is done.
            self.write(|t| forget_pending::only_the_library(t))?;
            is_complete = self.read(empty_log)?;
        }
        if is_complete {
            self.write(|t| {
                t.execute("DELETE FROM setting WHERE key = ?1", [PENDING])?;
                Ok(())
            })?;
        }
        Ok((outcomes, is_complete))
    }

    fn overwrite_what_is_deleted(&self) -> Result<()> {
        self.read(|c| Ok(c.pragma_update(None, "secure_delete", true)?))
    }
}

/// How many people this library has forgotten.
pub(super) fn count(c: &Connection) -> Result<i64> {
    let count = c.query_row("SELECT CAST(value AS INTEGER) FROM setting WHERE key = ?1", [COUNT], |row| row.get(0));
    Ok(count.optional()?.unwrap_or(0))
}

/// A copy that is restored must not count anew: backups that were counted before would pass for clean.
pub(super) fn count_at_least(c: &Connection, people: i64) -> Result<()> {
    if count(c)? < people {
        c.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", params![COUNT, people.to_string()])?;
    }
    Ok(())
}

fn empty_log(c: &Connection) -> Result<bool> {
    Ok(c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))? == 0)
}

fn read(c: &Connection, person: PersonId) -> Result<PersonToForget> {
    let row = rows::person(c, person)?.ok_or(LibraryError::NoSuchPerson(person))?;
    let faces = faces(c, person)?;
    let ids: HashSet<i64> = faces.iter().map(|face| face.face_id.0).collect();
    let count = |sql: &str| -> Result<usize> { Ok(c.query_row(sql, [person.0], |row| row.get::<_, i64>(0))? as usize) };
    let namesakes = match &row.name {
        None => 0,
        Some(name) => bearers(c, name, person)?.len(),
    };
    Ok(PersonToForget {
        vectors: count("SELECT count(*) FROM embedding JOIN face ON face.id = face_id WHERE person_id = ?1")?,
        rejections: count("SELECT count(*) FROM rejected WHERE person_id = ?1")?,
        steps: steps(c, &HashSet::from([person.0]), &ids, row.name.as_deref().filter(|_| namesakes == 0))?.len(),
        namesakes,
        person,
        name: row.name,
        made_at_secs: row.created_at,
        faces,
    })
}

/// Who goes, whose faces, whom they were told apart from, and which faces were said not to be theirs.
fn touched(c: &Connection, known: &PersonToForget) -> Result<Touched> {
    let mut people = BTreeSet::from([known.person]);
    people.extend(rows::different_from(c, known.person)?);
    let mut faces: BTreeSet<FaceId> = known.faces.iter().map(|face| face.face_id).collect();
    faces.extend(rows::rejecting_faces(c, known.person)?);
    review::touched::touched_rows(c, faces, people)
}

fn faces(c: &Connection, person: PersonId) -> Result<Vec<FaceToForget>> {
    let mut query = c.prepare(
        "SELECT face.id, x, y, face.width, face.height, belongs IN ('named', 'confirmed'), picture, photo.sha256, \
         path, photo_id FROM face JOIN photo ON photo.id = photo_id WHERE person_id = ?1 ORDER BY face.id",
    )?;
    let mut rows = query.query([person.0])?;
    let mut files = c.prepare("SELECT path, sha256 FROM file WHERE photo_id = ?1 ORDER BY path")?;
    let mut faces = Vec::new();
    while let Some(row) = rows.next()? {
        let mut face = FaceToForget {
            face_id: FaceId(row.get(0)?),
            face_box: FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? },
            is_decided: row.get(5)?,
            picture: row.get(6)?,
            sha256: row.get::<_, Option<[u8; 32]>>(7)?.into_iter().collect(),
            paths: vec![path::from_bytes(row.get(8)?)],
        };
        let mut shown = files.query([row.get::<_, i64>(9)?])?;
        while let Some(file) = shown.next()? {
            let path = path::from_bytes(file.get(0)?);
            if !face.paths.contains(&path) {
                face.paths.push(path);
            }
            if let Some(hash) = file.get::<_, Option<[u8; 32]>>(1)?.filter(|hash| !face.sha256.contains(hash)) {
                face.sha256.push(hash);
            }
        }
        faces.push(face);
    }
    Ok(faces)
}

/// Lets the next scan look for faces there.
fn find_faces_again(t: &Transaction, known: &PersonToForget) -> Result<()> {
    for face in &known.faces {
        t.prepare_cached("UPDATE photo SET detector = NULL WHERE id = (SELECT photo_id FROM face WHERE id = ?1)")?
            .execute([face.face_id.0])?;
    }
    Ok(())
}

/// Nothing stays but these: no scan finds a face there.
pub(super) fn keep_places(t: &Transaction, known: &PersonToForget) -> Result<()> {
    for face in &known.faces {
        let FaceBox { x, y, width, height } = face.face_box;
        t.prepare_cached(
            "INSERT INTO forgotten (picture, x, y, width, height) SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?1 IS NOT NULL",
        )?
        .execute(params![face.picture, x, y, width, height])?;
    }
    Ok(())
}

/// Removes people and faces with everything that refers to them, from this library or a copy of it. Expects foreign
/// keys on, so that crops and vectors go with their faces.
pub(super) fn remove(t: &Transaction, people: &HashSet<i64>, faces: &HashSet<i64>, name: Option<&str>) -> Result<()> {
    // Names stand in what was written into files, too.
    ForgottenInFiles::of(t, people, faces)?.remove(t)?;
    for step in steps(t, people, faces, name)? {
        t.execute("DELETE FROM journal WHERE id = ?1", [step])?;
    }
    for face in faces {
        t.prepare_cached("DELETE FROM face WHERE id = ?1")?.execute([face])?;
    }
    for person in people {
        t.execute("DELETE FROM rejected WHERE person_id = ?1", [person])?;
        t.execute("DELETE FROM was_of WHERE person_id = ?1", [person])?;
        t.execute("DELETE FROM different WHERE person_a = ?1 OR person_b = ?1", [person])?;
        t.execute("DELETE FROM person WHERE id = ?1", [person])?;
    }
    // Names stand in what was answered to names found in files.
    names::forget_answers(t)?;
    // Nobody knows any more whose they were.
    review::by_hand::drop_undone(t)?;
    rows::next_revision(t)?;
    Ok(())
}

/// The steps of the history that mention one of them, or cannot be read.
pub(super) fn steps(
    c: &Connection,
    people: &HashSet<i64>,
    faces: &HashSet<i64>,
    name: Option<&str>,
) -> Result<Vec<i64>> {
    let mut query = c.prepare("SELECT id, changes FROM journal ORDER BY id")?;
    let mut rows = query.query([])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let changes: Vec<u8> = row.get(1)?;
        let is_about = match serde_json::from_slice::<Vec<Change>>(&changes) {
            Ok(changes) => changes.iter().any(|change| mentions(change, people, faces, name)),
            Err(_) => true,
        };
        if is_about {
            steps.push(row.get(0)?);
        }
    }
    Ok(steps)
}

/// What the history says they were called before.
pub(super) fn names_before(c: &Connection, people: &HashSet<i64>) -> Result<Vec<String>> {
    let mut query = c.prepare("SELECT changes FROM journal")?;
    let mut rows = query.query([])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        let changes: Vec<u8> = row.get(0)?;
        for change in serde_json::from_slice::<Vec<Change>>(&changes).unwrap_or_default() {
            if let Change::Person { id, before, after } = change
                && people.contains(&id)
            {
                names.extend([before, after].into_iter().flatten().filter_map(|row| row.name));
            }
        }
    }
    Ok(names)
}

fn mentions(change: &Change, people: &HashSet<i64>, faces: &HashSet<i64>, name: Option<&str>) -> bool {
    let of = |state: &FaceState| state.person().is_some_and(|person| people.contains(&person.0));
    match change {
        Change::Face { id, before, after } => faces.contains(id) || of(before) || of(after),
        Change::Person { id, before, after } => {
            let is_named = |row: &Option<rows::PersonRow>| {
                row.as_ref().is_some_and(|row| row.name.is_some() && row.name.as_deref() == name)
            };
            people.contains(id) || is_named(before) || is_named(after)
        }
        Change::Rejected { face, person, .. } | Change::WasOf { face, person, .. } => {
            faces.contains(face) || people.contains(person)
        }
        Change::Made { face, .. } => faces.contains(face),
        Change::Carried { face, into, .. } => faces.contains(face) || faces.contains(into),
        Change::Different { a, b, .. } => people.contains(a) || people.contains(b),
    }
}

/// Whether other people bear a name.
pub(super) fn bearers(c: &Connection, name: &str, beside: PersonId) -> Result<Vec<i64>> {
    let mut query = c.prepare("SELECT id FROM person WHERE name = ?1 AND id <> ?2")?;
    Ok(query.query_map(params![name, beside.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The person that a face belongs to, in this library or a copy of it.
pub(super) fn holder(c: &Connection, face: i64) -> Result<Option<i64>> {
    let mut query = c.prepare_cached("SELECT person_id FROM face WHERE id = ?1")?;
    Ok(query.query_row([face], |row| row.get::<_, Option<i64>>(0)).optional()?.flatten())
}
