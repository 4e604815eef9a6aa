//! What a running job says of itself; the window and the command line show the same.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use crate::types::path_text;

/// Which part of a job is running. Those that jobs share are named here, the others where they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    label_key: &'static str,
    word: &'static str,
    unit: StageUnit,
}

/// What a stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StageUnit {
    Items,
    Bytes,
}

impl Stage {
    pub const INSTALLING: Self = Self { unit: StageUnit::Bytes, ..Self::new("stage_download", "Installing") };
    /// Another process scans the same library.
    pub(crate) const WAITING_FOR_SCAN: Self = Self::new("stage_wait_for_scan", "Waiting for another scan");
    pub(crate) const EMBEDDING: Self = Self::new("stage_embed", "Embedding");
    pub(crate) const GROUPING: Self = Self::new("stage_group", "Grouping");

    pub(crate) const fn new(label_key: &'static str, word: &'static str) -> Self {
        Self { label_key, word, unit: StageUnit::Items }
    }

    /// The name of the window's words for it.
    pub(crate) fn label_key(self) -> &'static str {
        self.label_key
    }

    pub(crate) fn unit(self) -> StageUnit {
        self.unit
    }

    /// The English word; the window has its own table.
    pub fn word(self) -> &'static str {
        self.word
    }
}

/// How far a stage is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    pub stage: Stage,
    pub done: u64,
    /// Unknown while the work is still being counted.
    pub total: Option<u64>,
    /// Items a second since the stage began.
    pub rate_per_s: f64,
    pub left_secs: Option<f64>,
}

impl Progress {
    /// Of work that counts for itself and tells no rate.
    pub fn at(stage: Stage, done: u64, total: Option<u64>, left_secs: Option<f64>) -> Self {
        Self { stage, done, total, rate_per_s: 0.0, left_secs }
    }
}

/// A file that a job left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    pub reason: String,
}

/// Everything a job says while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEvent {
    Progress(Progress),
    /// Something the user should hear once: which device was chosen, what is being installed from where.
    Note(String),
    Skipped(Skipped),
    /// Faces that were found so far are in groups, while others are still looked for.
    Grouped,
}

/// Counts a stage and turns counts into rate and time left.
#[derive(Debug)]
pub(crate) struct Meter {
    stage: Stage,
    started: Instant,
    done: u64,
    total: Option<u64>,
}

impl Meter {
    pub fn start(stage: Stage, total: Option<u64>) -> Self {
        Self { stage, started: Instant::now(), done: 0, total }
    }

    pub fn advance(&mut self, items: u64) -> Progress {
        self.done += items;
        self.progress()
    }

    /// For counters that are kept elsewhere, like bytes of a download.
    pub fn set(&mut self, done: u64, total: Option<u64>) -> Progress {
        self.done = done;
        self.total = total;
        self.progress()
    }

    pub fn elapsed_secs(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    pub fn progress(&self) -> Progress {
        progress_at(self.stage, self.done, self.total, self.elapsed_secs())
    }
}

fn progress_at(stage: Stage, done: u64, total: Option<u64>, elapsed_secs: f64) -> Progress {
    let rate_per_s = if elapsed_secs > 0.0 { done as f64 / elapsed_secs } else { 0.0 };
    let left = total.map(|total| total.saturating_sub(done) as f64);
    let left_secs = left.filter(|_| done > 0 && rate_per_s > 0.0).map(|left| left / rate_per_s);
    Progress { stage, done, total, rate_per_s, left_secs }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCANNING: Stage = Stage::new("stage_find_faces", "Scanning");

    #[test]
    fn tells_rate_and_time_left() {
        let progress = progress_at(SCANNING, 50, Some(200), 10.0);
        assert_eq!(progress.rate_per_s, 5.0);
        assert_eq!(progress.left_secs, Some(30.0));
    }

    #[test]
    fn promises_no_time_before_the_first_item() {
        assert_eq!(progress_at(SCANNING, 0, Some(200), 10.0).left_secs, None);
        assert_eq!(progress_at(SCANNING, 7, None, 10.0).left_secs, None);
    }
}
