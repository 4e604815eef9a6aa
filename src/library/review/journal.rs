//! The history of decisions. Each entry keeps what every touched row was before and what it became, as data, so that
//! undo and redo work across restarts and whatever the commands will be called one day.
//!
//! Undo puts a row back only where it still is as the action left it. What has changed since (a scan replaced the
//! face, a new grouping moved it) is left alone and counted. What changes with it (see [`super::apply`]) is noted as part
//! of the step, so that redo does again what was undone, and no more.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::apply::Reverting;
use super::by_hand;
use super::change::Change;
use super::merges;
use super::rows::{self, Belongs, FaceState, PersonRow, Stamp};
use super::touched::touched;
use crate::library::error::{LibraryError, Result};
use crate::library::names::{self, NameAnswer};
use crate::library::open::LibraryReader;
use crate::library::scan::now_secs;
use crate::library::settings;
use crate::types::{FaceId, PersonId, StepId, Touched};

/// What the user did, as the history names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAction {
    Name,
    /// Nobody knows any more who this is.
    TakeBackName,
    Confirm,
    /// Whether faces are somebody's is open again.
    TakeBackYes,
    Reject,
    Move,
    /// Names that other programs gave.
    TakeNames,
    /// Such names that are not wanted, and names that stay although those programs took them back.
    AnswerNames,
    TakeOut,
    Merge,
    /// A merge in which somebody with a name went, or to whom an earlier such merge leads.
    MergeNamed,
    /// Such a merge that was taken back by itself.
    MergeParted,
    /// Two people again whom such a merge made one.
    Part,
    Different,
    Hide,
    Show,
    /// Faces that are strangers.
    Ignore,
    NotAFace,
    Restore,
    /// Two people who were told apart may be one.
    MayBeSame,
    /// A face that was not somebody may be them.
    TakeBackReject,
    /// A lost face, put back onto a face of today.
    PutBack,
    /// A lost face that nobody needs any more.
    LetGo,
    /// A face that was let go is lost again.
    TakeBackLetGo,
    Cover,
    Regroup,
}

/// One step of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryEntry {
    pub action: ReviewAction,
    /// How many faces it touched.
    pub faces: usize,
    pub at_secs: i64,
    pub is_undone: bool,
}

/// What undo or redo did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reverted {
    pub action: ReviewAction,
    pub restored: usize,
    /// Rows that had changed since and were left as they are.
    pub left_alone: usize,
    /// What the restored rows are about.
    pub touched: Touched,
}

/// Older steps are forgotten beyond this many …
const MAX_ENTRIES: i64 = 200;
/// … or when together they take more than this.
const MAX_BYTES: i64 = 32 << 20;
/// Of merges of people with names so many are kept, whatever came after them.
const MAX_MERGES: i64 = 1000;

/// The only way to change a decision: every setter notes what was there before.
pub(in crate::library) struct Decisions<'t> {
    pub t: &'t Transaction<'t>,
    changes: Vec<Change>,
    stamp: Option<Stamp>,
}

impl<'t> Decisions<'t> {
    pub fn begin(t: &'t Transaction<'t>) -> Self {
        Self { t, changes: Vec::new(), stamp: None }
    }

    /// What was changed already.
    pub(super) fn done(t: &'t Transaction<'t>, changes: Vec<Change>, stamp: Stamp) -> Self {
        Self { t, changes, stamp: Some(stamp) }
    }

    /// The number of this change; counted with its first row.
    fn stamp(&mut self) -> Result<&mut Stamp> {
        match self.stamp.take() {
            Some(stamp) => Ok(self.stamp.insert(stamp)),
            None => Ok(self.stamp.insert(Stamp::next(self.t)?)),
        }
    }

    /// The number of this change, where it changed anything.
    pub fn take_stamp(&mut self) -> Option<Stamp> {
        self.stamp.take()
    }

    /// Writes the history entry of a user's action and returns what it touched. An action that changed nothing leaves
    /// none.
    pub fn keep(self, action: ReviewAction) -> Result<Touched> {
        if self.changes.is_empty() {
            return Ok(Touched::default());
        }
        let faces = self.changes.iter().filter(|c| matches!(c, Change::Face { .. })).count();
        let action = match action {
            ReviewAction::Merge if merges::is_kept(self.t, &self.changes)? => ReviewAction::MergeNamed,
            action => action,
        };
        let changes = serde_json::to_vec(&self.changes).map_err(|_| LibraryError::BadValue { what: "history" })?;
        self.t.execute("DELETE FROM journal WHERE undone = 1", [])?;
        by_hand::drop_undone(self.t)?;
        self.t
            .prepare_cached("INSERT INTO journal (action, faces, changes, bytes, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![action_name(action)?, faces as i64, changes, changes.len() as i64, now_secs()])?;
        forget_oldest(self.t)?;
        touched(self.t, &self.changes)
    }

    pub(super) fn note(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub fn set_face(&mut self, face: FaceId, after: FaceState) -> Result<()> {
        let before = rows::face(self.t, face)?.ok_or(LibraryError::NoSuchFace(face))?;
        if before != after {
            let t = self.t;
            let stamp = self.stamp()?;
            rows::write_face(t, face, after, stamp)?;
            if let Some(person) = left(before, after) {
                rows::touch_person(t, person, stamp)?;
            }
            self.changes.push(Change::Face { id: face.0, before, after });
        }
        Ok(())
    }

    pub fn set_person(&mut self, person: PersonId, after: PersonRow) -> Result<()> {
        let before = rows::person(self.t, person)?.ok_or(LibraryError::NoSuchPerson(person))?;
        if before != after {
            let t = self.t;
            rows::write_person(t, person, &after, self.stamp()?)?;
            self.changes.push(Change::Person { id: person.0, before: Some(before), after: Some(after) });
        }
        Ok(())
    }

    pub fn create_person(&mut self, name: Option<String>) -> Result<PersonId> {
        let row = PersonRow { name, hidden: false, cover_face: None, created_at: now_secs() };
        let t = self.t;
        let id = rows::insert_person(t, &row, self.stamp()?)?;
        self.changes.push(Change::Person { id: id.0, before: None, after: Some(row) });
        Ok(id)
    }

    /// Makes a group anew that went with its last face.
    pub fn create_group_again(&mut self, group: PersonId) -> Result<()> {
        let row = PersonRow { name: None, hidden: false, cover_face: None, created_at: now_secs() };
        let t = self.t;
        rows::write_person(t, group, &row, self.stamp()?)?;
        self.changes.push(Change::Person { id: group.0, before: None, after: Some(row) });
        Ok(())
    }

    /// The faces of which a change says something.
    pub fn changed_faces(&self) -> BTreeSet<FaceId> {
        let face = |change: &Change| match change {
            Change::Face { id, .. } => Some(FaceId(*id)),
            _ => None,
        };
        self.changes.iter().filter_map(face).collect()
    }

    /// Deletes a person who has no faces left, and every fact about them.
    pub fn delete_person(&mut self, person: PersonId) -> Result<()> {
        for face in rows::rejecting_faces(self.t, person)? {
            self.set_rejected(face, person, false)?;
        }
        for other in rows::different_from(self.t, person)? {
            self.set_different(person, other, false)?;
        }
        let before = rows::person(self.t, person)?;
        if before.is_some() {
            self.t.prepare_cached("DELETE FROM person WHERE id = ?1")?.execute([person.0])?;
            self.changes.push(Change::Person { id: person.0, before, after: None });
        }
        Ok(())
    }

    pub fn set_rejected(&mut self, face: FaceId, person: PersonId, after: bool) -> Result<()> {
        let before = rows::is_rejected(self.t, face, person)?;
        if before != after {
            if !after {
                self.set_was_of(face, person, None)?;
            }
            let t = self.t;
            rows::write_rejected(t, face, person, after)?;
            rows::touch_person(t, person, self.stamp()?)?;
            self.changes.push(Change::Rejected { face: face.0, person: person.0, before, after });
        }
        Ok(())
    }

    pub fn set_was_of(&mut self, face: FaceId, person: PersonId, after: Option<Belongs>) -> Result<()> {
        let before = rows::was_of(self.t, face, person)?;
        if before != after {
            rows::write_was_of(self.t, face, person, after)?;
            self.changes.push(Change::WasOf { face: face.0, person: person.0, before, after });
        }
        Ok(())
    }

    pub fn set_answer(&mut self, NameAnswer { photo, name, answer }: &NameAnswer) -> Result<()> {
        let before = names::answer_to(self.t, *photo, name)?;
        if before != *answer && names::change_answer(self.t, *photo, name, before.as_deref(), answer.as_deref())? {
            self.changes.push(Change::Answer { photo: photo.0, name: name.clone(), before, after: answer.clone() });
        }
        Ok(())
    }

    pub fn set_setting(&mut self, key: &str, after: &str) -> Result<()> {
        let before = settings::read(self.t, key)?;
        if before.as_deref() != Some(after) {
            settings::write(self.t, key, Some(after))?;
            self.changes.push(Change::Setting { key: key.to_owned(), before, after: Some(after.to_owned()) });
        }
        Ok(())
    }

    pub fn set_carried(&mut self, face: FaceId, into: FaceId, after: bool) -> Result<()> {
        let before = rows::is_carried(self.t, face, into)?;
        if before != after {
            rows::write_carried(self.t, face, into, after)?;
            self.changes.push(Change::Carried { face: face.0, into: into.0, before, after });
        }
        Ok(())
    }

    pub fn set_different(&mut self, a: PersonId, b: PersonId, after: bool) -> Result<()> {
        let (a, b) = (a.min(b), a.max(b));
        let before = rows::is_different(self.t, a, b)?;
        if before != after {
            let t = self.t;
            rows::write_different(t, a, b, after)?;
            let stamp = self.stamp()?;
            rows::touch_person(t, a, stamp)?;
            rows::touch_person(t, b, stamp)?;
            self.changes.push(Change::Different { a: a.0, b: b.0, before, after });
        }
        Ok(())
    }
}

impl LibraryReader {
    /// The latest actions first. Those already taken back stand before those that can be undone.
    pub fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.read(|c| {
            let mut query =
                c.prepare_cached("SELECT action, faces, at, undone FROM journal ORDER BY id DESC LIMIT ?1")?;
            let mut rows = query.query([limit as i64])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(HistoryEntry {
                    action: action_from(row.get(0)?)?,
                    faces: row.get::<_, i64>(1)? as usize,
                    at_secs: row.get(2)?,
                    is_undone: row.get(3)?,
                });
            }
            Ok(entries)
        })
    }

    /// Whether an undo would find a step. Reads no step, however long the history is.
    pub fn can_undo(&self) -> Result<bool> {
        self.read(|c| Ok(c.prepare_cached("SELECT 1 FROM journal WHERE undone = 0")?.exists([])?))
    }

    /// Whether a redo would find a step.
    pub fn can_redo(&self) -> Result<bool> {
        self.read(|c| Ok(c.prepare_cached("SELECT 1 FROM journal WHERE undone = 1")?.exists([])?))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Direction {
    Undo,
    Redo,
}

/// Takes the latest step back or does it again; with the number of this change.
pub(super) fn step(t: &Transaction, direction: Direction) -> Result<Option<(Reverted, Stamp)>> {
    let query = match direction {
        Direction::Undo => "SELECT id, action, changes FROM journal WHERE undone = 0 ORDER BY id DESC LIMIT 1",
        Direction::Redo => "SELECT id, action, changes FROM journal WHERE undone = 1 ORDER BY id LIMIT 1",
    };
    let entry: Option<(i64, String, Vec<u8>)> =
        t.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((id, action, changes)) = entry else { return Ok(None) };
    let mut changes = parse_step(&changes)?;
    if direction == Direction::Undo {
        changes = changes.into_iter().rev().map(Change::reversed).collect();
    }
    let all = changes.len();
    let mut of_step = 0;
    let mut reverting = Reverting::begin(t, direction, &changes)?;
    for change in &changes {
        of_step += usize::from(reverting.change(change)?);
    }
    let Reverting { stamp, restored, mut whole, .. } = reverting;
    t.execute("UPDATE journal SET undone = ?2 WHERE id = ?1", params![id, direction == Direction::Undo])?;
    if whole.len() > all {
        // Each where it was done: the way back is the same way, and nobody goes before the last of their faces does.
        if direction == Direction::Undo {
            whole = whole.into_iter().rev().map(Change::reversed).collect();
        }
        note(t, id, whole)?;
    }
    let reverted = Reverted {
        action: action_from(action)?,
        restored: of_step,
        left_alone: all - of_step,
        touched: touched(t, &restored)?,
    };
    Ok(Some((reverted, stamp)))
}

/// What a step of the history changed.
pub(super) fn read_step(c: &Connection, step: StepId) -> Result<Vec<Change>> {
    let mut query = c.prepare_cached("SELECT changes FROM journal WHERE id = ?1")?;
    parse_step(&query.query_row([step.0], |row| row.get::<_, Vec<u8>>(0))?)
}

pub(super) fn parse_step(text: &[u8]) -> Result<Vec<Change>> {
    serde_json::from_slice(text).map_err(|_| LibraryError::BadValue { what: "history" })
}

/// Whom a face leaves. Of a suggestion nobody said that it is theirs, so that they are as they were without it.
pub(super) fn left(before: FaceState, after: FaceState) -> Option<PersonId> {
    before.person().filter(|&person| after.person() != Some(person) && before.belongs() != Some(Belongs::Suggested))
}

/// Leaves out of the history what was answered to names: they stand there.
pub(in crate::library) fn forget_answers(t: &Transaction) -> Result<()> {
    let mut query = t.prepare("SELECT id, changes FROM journal")?;
    let steps = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let steps: Vec<(i64, Vec<u8>)> = steps.collect::<rusqlite::Result<_>>()?;
    for (id, changes) in steps {
        let Ok(mut changes) = serde_json::from_slice::<Vec<Change>>(&changes) else { continue };
        let all = changes.len();
        changes.retain(|change| !matches!(change, Change::Answer { .. }));
        if changes.is_empty() {
            t.prepare_cached("DELETE FROM journal WHERE id = ?1")?.execute([id])?;
        } else if changes.len() < all {
            note(t, id, changes)?;
        }
    }
    Ok(())
}

/// What a step has changed, with what was found to belong to it.
fn note(t: &Transaction, id: i64, changes: Vec<Change>) -> Result<()> {
    let changes = serde_json::to_vec(&changes).map_err(|_| LibraryError::BadValue { what: "history" })?;
    t.prepare_cached("UPDATE journal SET changes = ?2, bytes = ?3 WHERE id = ?1")?.execute(params![
        id,
        changes,
        changes.len() as i64
    ])?;
    Ok(())
}

/// Undo goes on to the kept merges, and changes only what is still as they left it.
fn forget_oldest(c: &Connection) -> Result<()> {
    let of_merges = "action IN ('merge_named', 'merge_parted')";
    for (which, most) in [(&format!("NOT {of_merges}")[..], MAX_ENTRIES), (of_merges, MAX_MERGES)] {
        let sql = format!(
            "DELETE FROM journal WHERE {which} AND id <= (SELECT max(id) FROM (SELECT id, row_number() OVER latest AS place, \
             sum(bytes) OVER latest AS bytes FROM journal WHERE undone = 0 AND {which} WINDOW latest AS (ORDER BY id DESC)) \
             WHERE place > ?1 OR (bytes > ?2 AND place > 1))"
        );
        c.prepare_cached(&sql)?.execute([most, MAX_BYTES])?;
    }
    // What was taken back by itself goes with the step that did so.
    c.prepare_cached(
        "DELETE FROM journal WHERE action = 'merge_parted' AND NOT EXISTS (SELECT 1 FROM journal AS later \
         WHERE later.action = 'part' AND instr(later.changes, CAST('\"Parted\":{\"step\":' || journal.id || ',' AS BLOB)) > 0)",
    )?
    .execute([])?;
    Ok(())
}

/// The action's name in the database is its name in JSON without the quotes.
fn action_name(action: ReviewAction) -> Result<String> {
    match serde_json::to_value(action) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(LibraryError::BadValue { what: "history" }),
    }
}

fn action_from(name: String) -> Result<ReviewAction> {
    serde_json::from_value(serde_json::Value::String(name)).map_err(|_| LibraryError::BadValue { what: "history" })
}
