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
use super::forget_theirs::{self, Theirs};
use super::forget_written::ForgottenInFiles;
use super::{backup, pruning};
use crate::library::error::{LibraryError, Result, Stale};
use crate::library::open::{Library, LibraryReader};
use crate::library::review::{self, NextSteps, journal, rows};
use crate::library::{names, path};
use crate::types::{FaceBox, FaceId, PersonId, Touched};

/// What is known of a person, and would go with them.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonToForget {
    pub person: PersonId,
    /// None: a group.
    pub name: Option<String>,
    /// What else they, and who was merged into them, were called: none that somebody who stays is or was called.
    pub earlier_names: Vec<String>,
    /// People with a name who were merged into them, also by way of others.
    pub merged: Vec<PersonId>,
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

/// A face of the person, also one that was only suggested, or set aside as theirs.
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
    pub is_set_aside: bool,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgotten {
    pub person: PersonToForget,
    pub touched: Touched,
    pub backups_cleaned: usize,
    /// Backups that the person could not surely be taken out of.
    pub backups_deleted: Vec<PathBuf>,
    /// Backups for which the library is too small now.
    pub backups_removed: Vec<PathBuf>,
    /// False: the file could not be written anew yet, or a backup not be cleaned, since another program was reading or
    /// the disk failed. The next opening does it.
    pub is_complete: bool,
}

impl PersonToForget {
    /// Whether this is who the other one was: the same name, and the same faces would go.
    fn is_still(&self, other: &Self) -> bool {
        let face = |face: &FaceToForget| (face.face_id, face.is_decided, face.is_set_aside);
        self.name == other.name && self.faces.iter().map(face).eq(other.faces.iter().map(face))
    }

    /// Faces whose pictures no scan would know again.
    fn unknown_pictures(&self) -> usize {
        self.faces.iter().filter(|face| face.picture.is_none()).count()
    }

    /// The names, without one that others bear too: it stays where it is theirs.
    pub(super) fn own_names(&self) -> impl Iterator<Item = &String> {
        self.name.iter().filter(|_| self.namesakes == 0).chain(&self.earlier_names)
    }
}

/// How many people were forgotten: a backup that was begun before the last of them does not count.
const COUNT: &str = "forget.count";

impl LibraryReader {
    /// How many files names were written into and could be taken back from, and could not any more without this person.
    pub(crate) fn ways_back_with(&self, person: &PersonToForget) -> Result<usize> {
        let faces = ids(&person.faces);
        self.at_once(|library| {
            library.read(|c| {
                let theirs = Theirs::of(c, &HashSet::from([person.person.0]), &faces, [])?;
                ForgottenInFiles::of(c, &theirs)?.count_ways_back(c)
            })
        })
    }

    /// Whether somebody was forgotten of whom traces may be left in the library's files.
    pub(crate) fn is_forgetting_unfinished(&self) -> Result<bool> {
        self.read(forget_pending::is_in)
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
    /// [`LibraryError::ReadOnly`] where nothing can be forgotten, [`LibraryError::Stale`] when they are not any more whom
    /// the question showed, and [`LibraryError::PicturesUnknown`] where later scans could not leave a face out.
    pub(crate) fn still_to_forget(&mut self, shown: &PersonToForget, may_find_again: bool) -> Result<PersonToForget> {
        self.be_writable()?;
        match self.person_to_forget(shown.person) {
            Ok(known) if known.is_still(shown) => match known.unknown_pictures() {
                faces if faces > 0 && !may_find_again => Err(LibraryError::PicturesUnknown { faces }),
                _ => Ok(known),
            },
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
    /// As [`Self::still_to_forget`]. When the library cannot be written, or a backup can neither be cleaned nor deleted;
    /// what was not reached is as it was, and the call can be made again.
    pub(crate) fn forget_person(&mut self, shown: &PersonToForget, may_find_again: bool) -> Result<Forgotten> {
        let (person, known) = (shown.person, self.still_to_forget(shown, may_find_again)?);
        let mut done = HashSet::new();
        let mut outcomes = forget_backups::clean_all(self, &known, may_find_again, &mut done)?;
        self.overwrite_what_is_deleted()?;
        let (number, touched, steps) = self.write(|t| {
            let before = NextSteps::read(t)?;
            if !known.is_still(&read(t, person)?) {
                return Err(LibraryError::Stale(Stale::PersonChanged));
            }
            let touched = touched(t, &known)?;
            if may_find_again {
                find_faces_again(t, &known)?;
            } else {
                keep_places(t, &known)?;
            }
            remove(t, &Theirs::of(t, &HashSet::from([person.0]), &ids(&known.faces), [])?)?;
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
        // Before its file was written anew, the library is as large as it was.
        let backups_removed = match is_complete {
            true => pruning::prune(self.path(), backup::bytes_of(self.path()), None, None).unwrap_or_default(),
            false => Vec::new(),
        };
        Ok(Forgotten { person: known, touched, backups_cleaned, backups_deleted, backups_removed, is_complete })
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
            if is_held_by_a_reader(c)? {
                // All would be written anew for nothing, and again at the next attempt.
                return Ok(false);
            }
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

/// Whether somebody reads what the library was before its last change, so that its log cannot be emptied. Nobody waits
/// for this answer.
fn is_held_by_a_reader(c: &Connection) -> Result<bool> {
    let copied = c.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok(row.get::<_, i64>(0)? == 0 && row.get::<_, i64>(1)? == row.get::<_, i64>(2)?)
    })?;
    Ok(!copied)
}

fn empty_log(c: &Connection) -> Result<bool> {
    Ok(c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))? == 0)
}

fn ids(faces: &[FaceToForget]) -> HashSet<i64> {
    faces.iter().map(|face| face.face_id.0).collect()
}

fn read(c: &Connection, person: PersonId) -> Result<PersonToForget> {
    let row = rows::person(c, person)?.ok_or(LibraryError::NoSuchPerson(person))?;
    let faces = faces(c, person)?;
    let theirs = Theirs::of(c, &HashSet::from([person.0]), &ids(&faces), [])?;
    let is_earlier = |name: &&String| Some(*name) != row.name.as_ref();
    let mut earlier_names: Vec<String> = theirs.own_names.iter().filter(is_earlier).cloned().collect();
    earlier_names.sort();
    let mut merged: Vec<PersonId> = theirs.people.iter().copied().map(PersonId).filter(|id| *id != person).collect();
    merged.sort();
    let count = |sql: &str| -> Result<usize> { Ok(c.query_row(sql, [person.0], |row| row.get::<_, i64>(0))? as usize) };
    let in_faces = forget_theirs::FACES;
    let namesakes = match &row.name {
        None => 0,
        Some(name) => bearers(c, name, person)?.len(),
    };
    Ok(PersonToForget {
        vectors: count(&format!("SELECT count(*) FROM embedding WHERE face_id IN ({in_faces})"))?,
        rejections: count("SELECT count(*) FROM rejected WHERE person_id = ?1")?,
        steps: theirs.steps(c)?.len(),
        namesakes,
        person,
        name: row.name,
        earlier_names,
        merged,
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
    let mut query = c.prepare(&format!(
        "SELECT face.id, x, y, face.width, face.height, ifnull(face.belongs, was_of.belongs) IN ('named', 'confirmed'), \
         picture, photo.sha256, path, photo_id, set_aside IS NOT NULL FROM face JOIN photo ON photo.id = photo_id \
         LEFT JOIN was_of ON was_of.face_id = face.id AND was_of.person_id = ?1 WHERE face.id IN ({}) ORDER BY face.id",
        forget_theirs::FACES
    ))?;
    let mut rows = query.query([person.0])?;
    let mut files = c.prepare("SELECT path, sha256 FROM file WHERE photo_id = ?1 ORDER BY path")?;
    let mut faces = Vec::new();
    while let Some(row) = rows.next()? {
        let mut face = FaceToForget {
            face_id: FaceId(row.get(0)?),
            face_box: FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? },
            is_decided: row.get(5)?,
            is_set_aside: row.get(10)?,
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

/// Nothing stays but these: no scan finds a face there. What is left to do for an earlier program may be of pictures that
/// it did not know.
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
pub(super) fn remove(t: &Transaction, theirs: &Theirs) -> Result<()> {
    // Names stand in what was written into files, too.
    ForgottenInFiles::of(t, theirs)?.remove(t)?;
    for step in theirs.steps(t)? {
        t.execute("DELETE FROM journal WHERE id = ?1", [step])?;
    }
    for face in &theirs.faces {
        t.prepare_cached("DELETE FROM face WHERE id = ?1")?.execute([face])?;
    }
    for person in &theirs.people {
        t.execute("DELETE FROM rejected WHERE person_id = ?1", [person])?;
        t.execute("DELETE FROM was_of WHERE person_id = ?1", [person])?;
        t.execute("DELETE FROM different WHERE person_a = ?1 OR person_b = ?1", [person])?;
        t.execute("DELETE FROM person WHERE id = ?1", [person])?;
    }
    // Names stand in what was answered to names found in files.
    names::forget_answers(t)?;
    journal::forget_answers(t)?;
    // Nobody knows any more whose they were.
    review::by_hand::drop_undone(t)?;
    rows::next_revision(t)?;
    Ok(())
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
