//! People with names who were said to be one. Each such step of the history is kept beyond what undo reaches, since it took
//! a name away: it can be taken back by itself, as one more step.

use rusqlite::{Connection, Transaction};

use super::apply::Reverting;
use super::change::Change;
use super::journal::{self, Decisions, Direction};
use super::rows;
use crate::library::error::{LibraryError, Result, Stale};
use crate::library::open::LibraryReader;
use crate::types::{PersonId, StepId};

/// Somebody who was said to be somebody else, and is not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedPerson {
    pub step: StepId,
    pub name: String,
    /// Who they are said to be; none where neither had a face.
    pub into: Option<PersonId>,
    pub into_name: Option<String>,
    /// How many faces they had.
    pub faces: usize,
}

impl LibraryReader {
    /// The latest first. Whoever went on into somebody else again comes back after them.
    pub(crate) fn merged_people(&self) -> Result<Vec<MergedPerson>> {
        self.read(|c| {
            let mut query = c.prepare(
                "SELECT id, changes FROM journal WHERE action = 'merge_named' AND undone = 0 ORDER BY id DESC",
            )?;
            let mut rows = query.query([])?;
            let mut merged = Vec::new();
            while let Some(row) = rows.next()? {
                let changes = journal::parse_step(&row.get::<_, Vec<u8>>(1)?)?;
                merged.extend(merged_in(c, StepId(row.get(0)?), &changes)?);
            }
            Ok(merged)
        })
    }
}

/// Whether a step takes a name away: it leaves somebody without a row who had one.
pub(super) fn takes_a_name(changes: &[Change]) -> bool {
    gone(changes).is_some()
}

/// Does the step backwards, row by row, where each is still as the step left it. What was said since stays.
pub(super) fn part<'t>(t: &'t Transaction<'t>, step: StepId) -> Result<Decisions<'t>> {
    let changes = journal::read_step(t, step)?.into_iter().rev().map(Change::reversed).collect::<Vec<_>>();
    let mut reverting = Reverting::begin(t, Direction::Undo, &changes)?;
    for change in &changes {
        reverting.change(change)?;
    }
    let Reverting { stamp, restored, .. } = reverting;
    Ok(Decisions::done(t, restored, stamp))
}

/// Refuses a step that was taken back since.
pub(super) fn check(c: &Connection, step: StepId) -> Result<()> {
    let mut query =
        c.prepare_cached("SELECT 1 FROM journal WHERE id = ?1 AND action = 'merge_named' AND undone = 0")?;
    let is_there = query.exists([step.0])? && merged_in(c, step, &journal::read_step(c, step)?)?.is_some();
    if is_there { Ok(()) } else { Err(LibraryError::Stale(Stale::PersonChanged)) }
}

/// None where they are there again, or where whom they went into is not.
fn merged_in(c: &Connection, step: StepId, changes: &[Change]) -> Result<Option<MergedPerson>> {
    let Some((from, name)) = gone(changes) else { return Ok(None) };
    let faces = changes.iter().filter(|change| is_face_of(change, from)).count();
    let into = into_whom(changes, from);
    let row = into.map(|into| rows::person(c, into)).transpose()?;
    if rows::person(c, from)?.is_some() || matches!(row, Some(None)) {
        return Ok(None);
    }
    Ok(Some(MergedPerson { step, name, into, into_name: row.flatten().and_then(|row| row.name), faces }))
}

/// Whoever went with their name. A group that has it since took it over, and nothing is gone.
fn gone(changes: &[Change]) -> Option<(PersonId, String)> {
    let is_taken_over = |change: &Change| match change {
        Change::Person { before: Some(before), after: Some(after), .. } => {
            before.name.is_none() && after.name.is_some()
        }
        _ => false,
    };
    if changes.iter().any(is_taken_over) {
        return None;
    }
    changes.iter().find_map(|change| match change {
        Change::Person { id, before: Some(row), after: None } => Some((PersonId(*id), row.name.clone()?)),
        _ => None,
    })
}

fn is_face_of(change: &Change, person: PersonId) -> bool {
    matches!(change, Change::Face { before, .. } if before.person() == Some(person))
}

fn into_whom(changes: &[Change], from: PersonId) -> Option<PersonId> {
    changes.iter().find_map(|change| match change {
        Change::Face { before, after, .. } if before.person() == Some(from) => after.person(),
        Change::Person { id, before: Some(_), after: Some(_) } => Some(PersonId(*id)),
        _ => None,
    })
}
