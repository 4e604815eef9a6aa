//! What goes with somebody who is forgotten, as the library and its history tell it: who was merged into them, what all of
//! these were ever called, the faces that were set aside as theirs, and the steps that tell of any of it.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use crate::library::error::Result;
use crate::library::review::change::Change;
use crate::library::review::{FaceState, rows};

/// The faces of a person, with those that were set aside as theirs.
pub(super) const FACES: &str = "SELECT id FROM face WHERE person_id = ?1 UNION SELECT face_id FROM was_of \
    JOIN face ON face.id = face_id WHERE was_of.person_id = ?1 AND set_aside IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM rejected WHERE rejected.face_id = was_of.face_id AND rejected.person_id = ?1)";

/// All by which somebody is known in a library, or in a copy of it.
pub(super) struct Theirs {
    /// With who was merged into them, also by way of others.
    pub people: HashSet<i64>,
    pub faces: HashSet<i64>,
    /// What they were ever called, as far as is known.
    pub names: HashSet<String>,
    /// Of these, what nobody who stays is or was called.
    pub own_names: HashSet<String>,
    /// Named people who are gone, and of whom nobody can tell into whom they were merged.
    untraceable: HashSet<i64>,
}

impl Theirs {
    /// From some of the people and faces. `names` are others that are known of them.
    pub fn of(
        c: &Connection,
        people: &HashSet<i64>,
        faces: &HashSet<i64>,
        names: impl IntoIterator<Item = String>,
    ) -> Result<Self> {
        let (here, told) = (people_of(c)?, Told::read(c)?);
        let mut theirs = Self {
            people: people.clone(),
            faces: faces.clone(),
            names: names.into_iter().collect(),
            own_names: HashSet::new(),
            untraceable: HashSet::new(),
        };
        let known = |id: i64| people.contains(&id) || here.contains_key(&id);
        let mut of_others = HashSet::new();
        for id in told.people().chain(here.keys().copied()).chain(people.iter().copied()).collect::<HashSet<_>>() {
            let names = told.names.get(&id).into_iter().flatten().chain(here.get(&id).into_iter().flatten());
            let names: Vec<String> = names.cloned().collect();
            match told.successor(id, known) {
                // A group that nobody named is no part of them, and what else is told of it stays.
                Some(successor) if people.contains(&successor) && !names.is_empty() => {
                    theirs.people.insert(id);
                    theirs.names.extend(names);
                }
                Some(_) => of_others.extend(names),
                None if told.merged_into_nobody_known.contains(&id) => _ = theirs.untraceable.insert(id),
                None => {}
            }
        }
        theirs.own_names = theirs.names.difference(&of_others).cloned().collect();
        for person in &theirs.people {
            theirs.faces.extend(faces_of(c, *person)?);
        }
        Ok(theirs)
    }

    /// The steps of the history that mention any of it, or cannot be read.
    pub fn steps(&self, c: &Connection) -> Result<Vec<i64>> {
        let mut steps = Vec::new();
        each_step(c, |step| {
            if step.changes.is_none_or(|changes| changes.iter().any(|change| self.is_about(change))) {
                steps.push(step.id);
            }
        })?;
        Ok(steps)
    }

    fn is_about(&self, change: &Change) -> bool {
        let (people, faces) = (&self.people, &self.faces);
        let of = |state: &FaceState| state.person().is_some_and(|person| people.contains(&person.0));
        match change {
            Change::Face { id, before, after } => faces.contains(id) || of(before) || of(after),
            Change::Person { id, before, after } => {
                people.contains(id)
                    || self.untraceable.contains(id)
                    || [before, after].into_iter().filter_map(name_in).any(|name| self.own_names.contains(name))
            }
            Change::Rejected { face, person, .. } | Change::WasOf { face, person, .. } => {
                faces.contains(face) || people.contains(person)
            }
            Change::Made { face, .. } => faces.contains(face),
            Change::Carried { face, into, .. } => faces.contains(face) || faces.contains(into),
            Change::Different { a, b, .. } => people.contains(a) || people.contains(b),
            // All answers are forgotten, whosever they are: the steps stay without them.
            Change::Answer { .. } => false,
            Change::Parted { .. } | Change::Setting { .. } => false,
        }
    }
}

/// What the history tells of people.
#[derive(Default)]
struct Told {
    names: HashMap<i64, HashSet<String>>,
    /// Who went, and to whom their faces came.
    merged: HashMap<i64, i64>,
    /// Named people who went without a face.
    merged_into_nobody_known: HashSet<i64>,
}

impl Told {
    fn read(c: &Connection) -> Result<Self> {
        let mut told = Self::default();
        each_step(c, |step| {
            let changes = step.changes.unwrap_or_default();
            changes.iter().for_each(|change| told.note_names(change));
            if !step.is_undone {
                told.note_gone(&changes);
            }
        })?;
        Ok(told)
    }

    fn note_names(&mut self, change: &Change) {
        let Change::Person { id, before, after } = change else { return };
        let names = [before, after].into_iter().filter_map(name_in).map(str::to_owned);
        self.names.entry(*id).or_default().extend(names);
    }

    fn note_gone(&mut self, step: &[Change]) {
        for change in step {
            let Change::Person { id, before, after } = change else { continue };
            if before.is_some() == after.is_some() {
                continue;
            }
            // Whoever is there again is nobody else any more.
            self.merged.remove(id);
            self.merged_into_nobody_known.remove(id);
            if after.is_some() {
                continue;
            }
            match person_merged_into(step, *id) {
                Some(successor) => _ = self.merged.insert(*id, successor),
                None if name_in(before).is_some() => _ = self.merged_into_nobody_known.insert(*id),
                None => {}
            }
        }
    }

    fn people(&self) -> impl Iterator<Item = i64> {
        self.names.keys().chain(self.merged.keys()).copied()
    }

    /// Who somebody became: themself, if they are known, or into whom they were merged, also by way of others.
    fn successor(&self, person: i64, known: impl Fn(i64) -> bool) -> Option<i64> {
        let mut successor = person;
        // As many as there can be in a row.
        for _ in 0..=self.merged.len() {
            if known(successor) {
                return Some(successor);
            }
            successor = *self.merged.get(&successor)?;
        }
        None
    }
}

/// To whom a step gave a face of somebody who goes with it; where they had none, the only one who is otherwise changed by
/// it.
fn person_merged_into(step: &[Change], gone: i64) -> Option<i64> {
    let given = |change: &Change| match change {
        Change::Face { before, after, .. } if before.person().is_some_and(|person| person.0 == gone) => after.person(),
        _ => None,
    };
    let others: HashSet<i64> = step
        .iter()
        .filter_map(|change| match change {
            Change::Person { id, after: Some(_), .. } => Some(*id),
            Change::Rejected { person, after: true, .. } | Change::WasOf { person, after: Some(_), .. } => {
                Some(*person)
            }
            _ => None,
        })
        .filter(|other| *other != gone)
        .collect();
    let only = if others.len() == 1 { others.into_iter().next() } else { None };
    step.iter().find_map(given).map(|person| person.0).or(only)
}

fn name_in(row: &Option<rows::PersonRow>) -> Option<&str> {
    row.as_ref()?.name.as_deref()
}

struct KeptStep {
    id: i64,
    is_undone: bool,
    /// None: they cannot be read.
    changes: Option<Vec<Change>>,
}

fn each_step(c: &Connection, mut take: impl FnMut(KeptStep)) -> Result<()> {
    let mut query = c.prepare("SELECT id, undone, changes FROM journal ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let changes: Vec<u8> = row.get(2)?;
        take(KeptStep { id: row.get(0)?, is_undone: row.get(1)?, changes: serde_json::from_slice(&changes).ok() });
    }
    Ok(())
}

/// Everybody who is there, with their names.
fn people_of(c: &Connection) -> Result<HashMap<i64, Option<String>>> {
    let mut query = c.prepare("SELECT id, name FROM person")?;
    Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn faces_of(c: &Connection, person: i64) -> Result<Vec<i64>> {
    let mut query = c.prepare_cached(FACES)?;
    Ok(query.query_map([person], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}
