//! Which step of the history undo and redo would act on, and whether their user knows that step.

use std::collections::HashSet;

use rusqlite::Connection;

use super::journal::Direction;
use crate::library::error::{LibraryError, Result, Stale};
use crate::library::open::LibraryReader;
use crate::types::StepId;

/// The latest step that is done, and the next one that was undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NextSteps {
    pub undo: StepId,
    pub redo: StepId,
}

impl NextSteps {
    pub(in crate::library) fn read(c: &Connection) -> Result<Self> {
        let mut query = c.prepare_cached(
            "SELECT ifnull((SELECT max(id) FROM journal WHERE undone = 0), 0), \
             ifnull((SELECT min(id) FROM journal WHERE undone = 1), 0)",
        )?;
        Ok(query.query_row([], |row| Ok(Self { undo: StepId(row.get(0)?), redo: StepId(row.get(1)?) }))?)
    }

    fn of(self, direction: Direction) -> StepId {
        match direction {
            Direction::Undo => self.undo,
            Direction::Redo => self.redo,
        }
    }
}

impl LibraryReader {
    /// What undo and redo would act on, for who is to name it.
    pub(crate) fn next_steps(&self) -> Result<NextSteps> {
        self.read(NextSteps::read)
    }
}

/// What one writer itself made of the history: its user knows that before it is read again.
#[derive(Debug, Default)]
pub(in crate::library) struct OwnSteps {
    /// Steps that this writer made, or did again, and that are done.
    made: HashSet<StepId>,
    /// What its own changes led from and to, since somebody else's last one.
    way: Vec<NextSteps>,
}

impl OwnSteps {
    pub fn note(&mut self, before: NextSteps, after: NextSteps) {
        if before == after {
            return;
        }
        if self.way.last() != Some(&before) {
            self.way = vec![before];
        }
        self.way.push(after);
        match after.undo > before.undo {
            true => self.made.insert(after.undo),
            false => self.made.remove(&before.undo),
        };
    }

    /// Refuses a step that has come since its user looked, unless they made it themselves.
    pub(super) fn check(&self, now: NextSteps, direction: Direction, seen: StepId) -> Result<()> {
        let next = now.of(direction);
        let is_own = direction == Direction::Undo && self.made.contains(&next);
        let came_by_own = || self.way.last() == Some(&now) && self.way.iter().any(|at| at.of(direction) == seen);
        if seen == StepId::LATEST || next == seen || is_own || came_by_own() {
            return Ok(());
        }
        Err(LibraryError::Stale(Stale::OtherStep))
    }
}
