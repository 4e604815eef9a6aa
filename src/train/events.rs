//! What a trainer tells whoever watches, window or command line, and how it is told to wait or stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::alarms::Alarm;
use super::loader::Skipped;
use super::sampler::Exemplar;
use super::validate::ValidationReport;
use crate::types::Cancel;

#[derive(Debug, Clone)]
pub enum TrainEvent {
    /// The run goes on from a checkpoint.
    Resumed {
        step: u64,
    },
    Step(StepReport),
    Validated(ValidationReport),
    /// A checkpoint is on the disk.
    Saved {
        step: u64,
    },
    Alarm(Alarm),
    /// A picture that could not be read; told once a picture.
    Skipped(Skipped),
}

/// One step, after the weights have moved.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Counts from one.
    pub step: u64,
    pub loss: f32,
    pub learning_rate: f64,
    pub pictures: usize,
    pub people: usize,
    /// Anchor–positive pairs looked at, and how many of them gave a triplet.
    pub pairs: usize,
    pub triplets: usize,
    /// Before clipping.
    pub gradient_norm: f32,
    /// Mean squared distance between two embeddings of the batch; near zero when the network has collapsed.
    pub spread: f32,
    pub elapsed_secs: f64,
    pub pictures_per_s: f64,
    /// A few of the triplets, for looking at.
    #[serde(skip)]
    pub examples: Vec<TripletExample>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TripletExample {
    pub anchor: Exemplar,
    pub positive: Exemplar,
    pub negative: Exemplar,
    /// Squared distances before the step.
    pub to_positive: f32,
    pub to_negative: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    StepsDone,
    ScheduleEnded,
    Cancelled,
    /// The loss or a gradient was not a number; the weights before that step are kept.
    NotANumber,
}

/// Asked of a trainer between two steps; clones share the flags.
#[derive(Debug, Clone, Default)]
pub struct Control {
    pub cancel: Cancel,
    paused: Arc<AtomicBool>,
}

impl Control {
    pub fn with_cancel(cancel: Cancel) -> Self {
        Self { cancel, paused: Arc::default() }
    }

    pub fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    /// Returns once the run may go on or shall stop; true when it shall stop.
    pub(super) fn wait(&self) -> bool {
        while self.paused.load(Ordering::Relaxed) && !self.cancel.is_cancelled() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        self.cancel.is_cancelled()
    }
}
