//! When a backup is made without being asked for.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::BackupReason;
use crate::library::error::Result;
use crate::library::open::{Library, LibraryReader};
use crate::library::review::rows;
use crate::library::scan::now_secs;
use crate::types::{FaceId, PersonId};

/// A grouping that changes more than one of so many faces of named people is one to come back from.
const MANY: usize = 100;
const DAY_SECS: i64 = 24 * 60 * 60;
const DAILY: &str = "backup.daily";

/// What the last daily backup held.
#[derive(Serialize, Deserialize)]
struct Daily {
    at_secs: i64,
    seen: DecisionCount,
}

/// How much was decided so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct DecisionCount {
    revision: i64,
    steps: i64,
}

impl Library {
    /// Makes the daily backup: when the last one is older than a day and something was decided since.
    pub fn back_up_if_due(&mut self) -> Result<Option<PathBuf>> {
        if self.is_read_only() {
            return Ok(None);
        }
        self.finish_forgetting()?;
        if !self.is_backup_due()? {
            return Ok(None);
        }
        let seen = self.read(seen)?;
        let path = self.back_up(BackupReason::Daily)?;
        let daily = Daily { at_secs: now_secs(), seen };
        self.set_setting(DAILY, &serde_json::to_string(&daily).unwrap_or_default())?;
        Ok(Some(path))
    }

    /// Makes a backup where these groups, applied, change more than one in a hundred faces of named people; else the
    /// daily one where it is due.
    pub fn before_grouping(&mut self, groups: &[Vec<FaceId>]) -> Result<Option<PathBuf>> {
        if self.is_read_only() {
            return Ok(None);
        }
        let (moved, of) = self.named_faces_moved(groups)?;
        if moved * MANY > of {
            return self.back_up(BackupReason::Grouping).map(Some);
        }
        self.back_up_if_due()
    }
}

impl LibraryReader {
    /// Whether the daily backup is to be made.
    pub(crate) fn is_backup_due(&self) -> Result<bool> {
        if self.is_read_only() {
            return Ok(false);
        }
        match self.setting(DAILY)?.and_then(|text| serde_json::from_str::<Daily>(&text).ok()) {
            None => self.read(is_decided),
            // A clock that was set back must not stop the backups.
            Some(last) => Ok(!(0..DAY_SECS).contains(&(now_secs() - last.at_secs)) && last.seen != self.read(seen)?),
        }
    }

    /// How many faces of named people these groups would change, of how many. The user's own word never changes.
    fn named_faces_moved(&self, groups: &[Vec<FaceId>]) -> Result<(usize, usize)> {
        self.read(|c| {
            let named = named_people(c)?;
            let sql = "SELECT count(*) FROM face JOIN person ON person.id = person_id WHERE name IS NOT NULL";
            let of: i64 = c.query_row(sql, [], |row| row.get(0))?;
            let mut moved = 0;
            for group in groups {
                moved += moved_of(c, group, &named)?;
            }
            Ok((moved, of as usize))
        })
    }
}

/// A group goes to the person whom its user gave most of its faces to; the others of it that were suggested for
/// somebody else leave them.
fn moved_of(c: &Connection, group: &[FaceId], named: &HashSet<PersonId>) -> Result<usize> {
    let mut votes: HashMap<PersonId, usize> = HashMap::new();
    let mut open = Vec::new();
    for &face in group {
        let Some(state) = rows::face(c, face)? else { continue };
        match state.person() {
            Some(person) if state.is_decided() => *votes.entry(person).or_default() += 1,
            Some(person) if named.contains(&person) => open.push(person),
            _ => {}
        }
    }
    let owner = votes.into_iter().max_by_key(|&(person, votes)| (votes, std::cmp::Reverse(person)));
    let owner = owner.map(|(person, _)| person);
    Ok(open.into_iter().filter(|&person| Some(person) != owner).count())
}

fn named_people(c: &Connection) -> Result<HashSet<PersonId>> {
    let mut query = c.prepare("SELECT id FROM person WHERE name IS NOT NULL")?;
    Ok(query.query_map([], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn seen(c: &Connection) -> Result<DecisionCount> {
    let sql = "SELECT (SELECT revision FROM clock), (SELECT ifnull(max(id), 0) FROM journal)";
    Ok(c.query_row(sql, [], |row| Ok(DecisionCount { revision: row.get(0)?, steps: row.get(1)? }))?)
}

/// Whether anything was ever decided.
fn is_decided(c: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM journal) OR EXISTS (SELECT 1 FROM person WHERE name IS NOT NULL OR hidden = 1) \
        OR EXISTS (SELECT 1 FROM face WHERE set_aside IS NOT NULL) OR EXISTS (SELECT 1 FROM rejected)";
    Ok(c.query_row(sql, [], |row| row.get(0))?)
}
