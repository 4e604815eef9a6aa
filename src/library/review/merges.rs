//! People with names who were said to be one. Each such step of the history is kept beyond what undo reaches, since it took
//! a name away: it can be taken back by itself, as one more step.
//!
//! Whom they went into may go on into somebody else. Where that took another name away, it is taken back first. Where it
//! did not, as with a group that got the name, nothing tells of it: the way back leads from there.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};

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
    /// The latest first. Whom another name was taken from since come back before those who went into them.
    pub(crate) fn merged_people(&self) -> Result<Vec<MergedPerson>> {
        self.read(|c| {
            let mut query = c.prepare(
                "SELECT id, changes FROM journal WHERE action = 'merge_named' AND undone = 0 ORDER BY id DESC",
            )?;
            let mut rows = query.query([])?;
            let (mut merged, mut went_on) = (Vec::new(), WentOn::default());
            while let Some(row) = rows.next()? {
                let changes = journal::parse_step(&row.get::<_, Vec<u8>>(1)?)?;
                merged.extend(merged_in(c, StepId(row.get(0)?), &changes, &went_on)?);
                went_on.note(&changes);
            }
            Ok(merged)
        })
    }
}

/// Whether a merge is kept: somebody with a name goes with it, or somebody to whom a kept one leads.
pub(super) fn is_kept(c: &Connection, changes: &[Change]) -> Result<bool> {
    match who_went(changes) {
        Some((_, Some(_))) => Ok(true),
        Some((person, None)) => leads_to(c, person),
        None => Ok(false),
    }
}

/// Whether a kept merge has led to this person.
fn leads_to(c: &Connection, person: PersonId) -> Result<bool> {
    // Kept steps may be large, and most merges are of groups of which none speaks.
    let mut query = c.prepare_cached(
        "SELECT changes FROM journal WHERE action = 'merge_named' AND undone = 0 AND instr(changes, ?1) > 0",
    )?;
    let mut rows = query.query([format!(":{},", person.0).into_bytes()])?;
    while let Some(row) = rows.next()? {
        let changes = journal::parse_step(&row.get::<_, Vec<u8>>(0)?)?;
        if who_went(&changes).and_then(|(from, _)| into_whom(&changes, from)) == Some(person) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Does the step backwards, row by row, where each is still as the step left it. What was said since stays.
pub(super) fn part<'t>(t: &'t Transaction<'t>, step: StepId) -> Result<Decisions<'t>> {
    let mut changes = journal::read_step(t, step)?;
    if let Some(into) = who_went(&changes).and_then(|(from, _)| into_whom(&changes, from)) {
        let successor = WentOn::since(t, step)?.follow(t, into)?;
        if successor != into {
            changes = changes.into_iter().filter_map(|change| change.of_successor(into, successor)).collect();
        }
    }
    let changes: Vec<_> = changes.into_iter().rev().map(Change::reversed).collect();
    let mut reverting = Reverting::begin(t, Direction::Undo, &changes)?;
    for change in &changes {
        reverting.change(change)?;
    }
    // Its user may say the same once more: that is another step, and this one has nothing to give back any more.
    reverting.change(&Change::Parted { step: step.0, before: false, after: true })?;
    let Reverting { stamp, restored, .. } = reverting;
    Ok(Decisions::done(t, restored, stamp))
}

/// False where the step is not there any more, or is so already.
pub(super) fn set_parted(t: &Transaction, step: StepId, is_parted: bool) -> Result<bool> {
    let (before, after) = if is_parted { ("merge_named", "merge_parted") } else { ("merge_parted", "merge_named") };
    let mut update = t.prepare_cached("UPDATE journal SET action = ?3 WHERE id = ?1 AND action = ?2")?;
    Ok(update.execute(params![step.0, before, after])? > 0)
}

/// Refuses a step that was taken back since.
pub(super) fn check(c: &Connection, step: StepId) -> Result<()> {
    let mut query =
        c.prepare_cached("SELECT 1 FROM journal WHERE id = ?1 AND action = 'merge_named' AND undone = 0")?;
    let is_there = query.exists([step.0])?
        && merged_in(c, step, &journal::read_step(c, step)?, &WentOn::since(c, step)?)?.is_some();
    if is_there { Ok(()) } else { Err(LibraryError::Stale(Stale::PersonChanged)) }
}

/// Into whom people went on in kept merges that are not listed, since they took no name away.
#[derive(Default)]
struct WentOn(HashMap<PersonId, PersonId>);

impl WentOn {
    fn since(c: &Connection, step: StepId) -> Result<Self> {
        let mut query = c.prepare_cached(
            "SELECT changes FROM journal WHERE action = 'merge_named' AND undone = 0 AND id > ?1 ORDER BY id DESC",
        )?;
        let mut rows = query.query([step.0])?;
        let mut went_on = Self::default();
        while let Some(row) = rows.next()? {
            went_on.note(&journal::parse_step(&row.get::<_, Vec<u8>>(0)?)?);
        }
        Ok(went_on)
    }

    /// The latest come first.
    fn note(&mut self, changes: &[Change]) {
        if let Some((from, _)) = who_went(changes)
            && gone(changes).is_none()
            && let Some(into) = into_whom(changes, from)
        {
            self.0.entry(from).or_insert(into);
        }
    }

    fn follow(&self, c: &Connection, mut person: PersonId) -> Result<PersonId> {
        // As many as there can be in a row.
        for _ in 0..self.0.len() {
            match self.0.get(&person) {
                Some(into) if rows::person(c, person)?.is_none() => person = *into,
                _ => break,
            }
        }
        Ok(person)
    }
}

/// None where they are there again, or where whom they went into is not.
fn merged_in(c: &Connection, step: StepId, changes: &[Change], went_on: &WentOn) -> Result<Option<MergedPerson>> {
    let Some((from, name)) = gone(changes) else { return Ok(None) };
    let faces = changes.iter().filter(|change| is_face_of(change, from)).count();
    let into = into_whom(changes, from).map(|into| went_on.follow(c, into)).transpose()?;
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
    who_went(changes).and_then(|(person, name)| Some((person, name?)))
}

/// Whoever is not there any more, and what they were called.
fn who_went(changes: &[Change]) -> Option<(PersonId, Option<String>)> {
    changes.iter().find_map(|change| match change {
        Change::Person { id, before: Some(row), after: None } => Some((PersonId(*id), row.name.clone())),
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
