//! What a study asks of training: a finished run once more with one thing changed, and what the network then was worth.
//!
//! Evaluate makes the study and Train repeats the run; neither knows the other. `main` hands [`Repeat`] over.

use std::path::Path;

use anyhow::Result;

use crate::networks::device::ComputeDevice;
use crate::networks::models::Store;
use crate::train::validate::PeopleReport;
use crate::types::Cancel;

/// What is different from the run that is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunChange {
    /// At most so many pictures of each person (paper, table 6). The people held out keep all of theirs.
    PicturesEach(usize),
    /// An embedding of so many numbers (paper, table 5).
    Dimensions(usize),
}

/// A run that was repeated.
#[derive(Debug, Clone)]
pub struct Repeated {
    /// What it started from.
    pub start: String,
    pub pictures: usize,
    pub skipped: usize,
    /// How the trained network does on the people held out.
    pub people: PeopleReport,
}

/// Where and how to repeat.
pub struct RepeatOn<'a> {
    pub(crate) store: &'a Store,
    pub device: &'a ComputeDevice,
    pub cancel: &'a Cancel,
}

/// Repeats the run in a folder; nothing of it is kept but what is told.
pub(crate) type Repeat = fn(&Path, RunChange, &RepeatOn<'_>, &mut dyn FnMut(String)) -> Result<Repeated>;
