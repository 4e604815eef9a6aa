//! Which people of an import are people of this library.

use std::collections::{HashMap, HashSet};

use super::lines::{Contents, FaceLine, PersonLine};
use crate::library::error::Result;
use crate::library::review::journal::Decisions;
use crate::library::review::{Belongs, rows};
use crate::types::{FaceId, PersonId};

/// A person of the import is one of this library who has the same name (or none, as they) and the same faces: the most
/// of those that were given to them, or were said not to be them. Of a group without such faces any faces count. A named
/// person of whom nothing else is known here is one of that name who has no such face: whose faces were forgotten, it may
/// be. Everybody else becomes a new person once a face comes to them: two people may have one name.
pub(super) struct ImportedPeople<'c> {
    lines: HashMap<i64, &'c PersonLine>,
    known: HashMap<i64, PersonId>,
    /// To whom a user gave faces.
    decided: HashSet<i64>,
    made: usize,
}

impl<'c> ImportedPeople<'c> {
    pub fn find(d: &Decisions, contents: &'c Contents, faces: &HashMap<i64, FaceId>) -> Result<Self> {
        let lines: HashMap<i64, &PersonLine> = contents.people.iter().map(|person| (person.id, person)).collect();
        let mut people = Self { lines, known: HashMap::new(), decided: HashSet::new(), made: 0 };
        let mut votes = people.votes(d, contents, faces)?;
        votes.sort();
        let mut taken = HashSet::new();
        for (_, line, person) in votes {
            if !people.known.contains_key(&line) && !taken.contains(&person) {
                people.known.insert(line, person);
                taken.insert(person);
            }
        }
        let named = || contents.people.iter().filter(|line| line.name.is_some());
        let (told, others): (Vec<_>, Vec<_>) = named().partition(|line| people.decided.contains(&line.id));
        for line in others.into_iter().chain(told) {
            if !people.known.contains_key(&line.id)
                && let Some(person) = without_faces(d, line, &taken)?
            {
                people.known.insert(line.id, person);
                taken.insert(person);
            }
        }
        Ok(people)
    }

    /// How many faces speak for a line and a person being one, the most first.
    fn votes(
        &mut self,
        d: &Decisions,
        contents: &Contents,
        faces: &HashMap<i64, FaceId>,
    ) -> Result<Vec<(std::cmp::Reverse<usize>, i64, PersonId)>> {
        let mut votes: HashMap<(i64, PersonId), usize> = HashMap::new();
        self.decided = contents.faces.iter().filter(|face| is_decided(face)).filter_map(|face| face.person).collect();
        for face in &contents.faces {
            let (Some(line), Some(&here)) = (face.person, faces.get(&face.id)) else { continue };
            // What the grouping said of a person tells nothing of them where their user said more.
            if self.decided.contains(&line) && !is_decided(face) {
                continue;
            }
            let state = rows::face(d.t, here)?;
            let is_named = self.lines[&line].name.is_some();
            if let Some(state) = state.filter(|state| state.is_decided() || !is_named)
                && let Some(person) = state.person()
                && self.has_name(d, line, person)?
            {
                *votes.entry((line, person)).or_default() += 1;
            }
        }
        for (face, line) in &contents.rejected {
            let Some(&here) = faces.get(face) else { continue };
            for person in rows::rejected_for(d.t, here)? {
                if self.has_name(d, *line, person)? {
                    *votes.entry((*line, person)).or_default() += 1;
                }
            }
        }
        Ok(votes.into_iter().map(|((line, person), count)| (std::cmp::Reverse(count), line, person)).collect())
    }

    fn has_name(&self, d: &Decisions, line: i64, person: PersonId) -> Result<bool> {
        Ok(rows::person(d.t, person)?.is_some_and(|row| row.name == self.lines[&line].name))
    }

    /// Hides whom the import hid: a group of which nothing was said here. Returns how many that were, and those of whom
    /// something was said, who stay in sight.
    pub fn hide(&self, d: &mut Decisions) -> Result<(usize, Vec<Option<String>>)> {
        let (mut hidden, mut kept) = (0, Vec::new());
        for line in self.in_order().into_iter().filter(|line| line.hidden) {
            let Some(person) = self.known(line.id) else { continue };
            let Some(row) = rows::person(d.t, person)?.filter(|row| !row.hidden) else { continue };
            let is_given = rows::faces_of(d.t, person)?.iter().any(|(_, belongs)| belongs.is_decided());
            if row.is_known() || is_given || rows::is_spoken_of(d.t, person)? {
                kept.push(row.name);
            } else {
                hidden += 1;
                d.set_person(person, rows::PersonRow { hidden: true, ..row })?;
            }
        }
        Ok((hidden, kept))
    }

    pub fn known(&self, line: i64) -> Option<PersonId> {
        self.known.get(&line).copied()
    }

    pub fn found(&self) -> usize {
        self.known.len() - self.made
    }

    pub fn is_hidden(&self, line: i64) -> bool {
        self.lines.get(&line).is_some_and(|line| line.hidden)
    }

    pub fn name(&self, line: i64) -> Option<String> {
        self.lines.get(&line).and_then(|line| line.name.clone())
    }

    /// This library's person, made where there is none.
    pub fn get(&mut self, d: &mut Decisions, line: i64) -> Result<PersonId> {
        if let Some(person) = self.known(line) {
            return Ok(person);
        }
        let of_line = self.lines[&line];
        let person = d.create_person(of_line.name.clone())?;
        if of_line.hidden
            && let Some(row) = rows::person(d.t, person)?
        {
            d.set_person(person, rows::PersonRow { hidden: true, ..row })?;
        }
        self.known.insert(line, person);
        self.made += 1;
        Ok(person)
    }

    pub fn made(&self) -> usize {
        self.made
    }

    /// Makes named people without faces too.
    pub(crate) fn make_others(&mut self, d: &mut Decisions) -> Result<()> {
        for line in self.in_order() {
            if line.name.is_some() && !self.decided.contains(&line.id) {
                self.get(d, line.id)?;
            }
        }
        Ok(())
    }

    fn in_order(&self) -> Vec<&'c PersonLine> {
        let mut lines: Vec<&PersonLine> = self.lines.values().copied().collect();
        lines.sort_by_key(|line| line.id);
        lines
    }

    /// Gives cards their faces where none was chosen here.
    pub(crate) fn choose_covers(&self, d: &mut Decisions, faces: &HashMap<i64, FaceId>) -> Result<()> {
        for line in self.in_order() {
            let cover = line.cover.and_then(|face| faces.get(&face)).copied();
            let (Some(person), Some(cover)) = (self.known(line.id), cover) else { continue };
            let Some(row) = rows::person(d.t, person)? else { continue };
            let is_theirs = rows::face(d.t, cover)?.and_then(|state| state.person()) == Some(person);
            if row.cover_face.is_none() && is_theirs {
                d.set_person(person, rows::PersonRow { cover_face: Some(cover.0), ..row })?;
            }
        }
        Ok(())
    }
}

fn is_decided(face: &FaceLine) -> bool {
    face.belongs.is_some_and(Belongs::is_decided)
}

/// A person of that name to whom nobody gave a face.
fn without_faces(d: &Decisions, line: &PersonLine, taken: &HashSet<PersonId>) -> Result<Option<PersonId>> {
    let mut query = d.t.prepare_cached(
        "SELECT id FROM person WHERE name = ?1 \
         AND NOT EXISTS (SELECT 1 FROM face WHERE person_id = person.id AND belongs IN ('named', 'confirmed')) ORDER BY id",
    )?;
    let found = query.query_map([&line.name], |row| Ok(PersonId(row.get(0)?)))?;
    let found: Vec<PersonId> = found.collect::<rusqlite::Result<_>>()?;
    Ok(found.into_iter().find(|person| !taken.contains(person)))
}
