//! What a trainer tells whoever watches, window or command line, alarms too, and how it is told to wait or stop.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::loader::SkippedPicture;
use super::snapshot::BatchSnapshot;
use super::times::PartTimes;
use super::validate::ValidationReport;
use crate::types::{Cancel, counted};

#[derive(Debug, Clone)]
pub enum TrainEvent {
    /// The run goes on from a checkpoint; its first judgement was told again before.
    Resumed {
        step: u64,
        past: Past,
    },
    Step(StepReport),
    /// The run has ended: where the time since its last step went.
    Closed(ClosingReport),
    /// Pictures go through a network, and nothing is learned meanwhile.
    Embedding {
        why: EmbeddingWhy,
        done: usize,
        total: usize,
    },
    /// The mini-batch of a step as the network saw it, when the [`Control`] asks for it.
    Snapshot(BatchSnapshot),
    Validated(ValidationReport),
    /// A checkpoint is on the disk.
    Saved {
        step: u64,
    },
    /// The run waits; a checkpoint of this step is on the disk.
    Paused {
        step: u64,
    },
    /// The run no longer waits.
    Continued {
        step: u64,
    },
    Alarm(Alarm),
    /// A picture that could not be read; told once a picture.
    Skipped(SkippedPicture),
}

/// What pictures are embedded for between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddingWhy {
    /// To judge the network.
    Judging,
    /// To choose the triplets of the coming steps.
    Mining,
    /// What the part that stays as it is makes of them, once for many steps.
    FrozenPart,
}

/// What a run had told before it was interrupted, up to the checkpoint it goes on from.
#[derive(Debug, Clone, Default)]
pub struct Past {
    pub steps: Vec<StepReport>,
    pub judged: Vec<ValidationReport>,
}

/// One step, after the weights have moved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// Triplets whose negative is nearer than the positive, and those whose negative lies within the margin beyond it.
    pub hard: usize,
    pub semi_hard: usize,
    /// Before clipping.
    pub gradient_norm: f32,
    /// Mean squared distance between two embeddings of the batch; near zero when the network has collapsed.
    pub spread: f32,
    /// Mean squared distance of the batch to the teacher's vectors; none without a teacher.
    #[serde(default)]
    pub to_teacher: Option<f32>,
    /// Of the whole run, without pauses.
    pub elapsed_secs: f64,
    /// Where the time since the report before went.
    #[serde(flatten)]
    pub times: PartTimes,
    /// How long other threads took to read and change the batch's pictures, meanwhile.
    #[serde(default)]
    pub loading_secs: f64,
    /// Over the whole step, waiting included.
    pub pictures_per_s: f64,
    /// Until the last step, at the mean pace of the steps since the run was started or resumed.
    pub left_secs: f64,
    /// Reserved on the device, or by the process where the processor is the device; none where that cannot be told.
    pub memory_bytes: Option<u64>,
}

/// After the last step: the last judgement, and the network and the last checkpoint written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ClosingReport {
    pub step: u64,
    /// Of the whole run, without pauses.
    pub elapsed_secs: f64,
    #[serde(flatten)]
    pub times: PartTimes,
}

impl StepReport {
    /// Whether there was anything to learn: weight decay alone is no learning.
    pub(crate) fn has_learned(&self) -> bool {
        self.triplets > 0 || self.to_teacher.is_some()
    }

    /// The share of pairs that still had something to teach.
    pub(crate) fn active_share(&self) -> f64 {
        self.triplets as f64 / self.pairs.max(1) as f64
    }
}

/// What goes wrong, in plain words with what to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Alarm {
    /// All embeddings are nearly alike.
    Collapse {
        spread: f32,
    },
    NoTriplets {
        steps: u32,
    },
    NotANumber {
        step: u64,
    },
    PeopleWithOnePicture {
        people: usize,
        /// Whether batches show them all the same.
        are_negatives: bool,
    },
    /// What a frozen part makes of pictures finds no place.
    FeaturesNotKept {
        why: String,
    },
    NobodyHeldOut,
    /// Someone of the training data looks, to the network, like someone held out.
    SameIdentity {
        training: String,
        held_out: String,
        squared_distance: f32,
    },
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collapse { spread } => write!(
                f,
                "The network has collapsed: all faces get nearly the same embedding (mean squared distance {spread:.4}). \
                 Lower the learning rate, or mine semi-hard instead of hardest negatives"
            ),
            Self::NoTriplets { steps } => write!(
                f,
                "No triplets left in {}: the batches are too easy. Take more people a batch, a larger margin, or stop here",
                counted(*steps as usize, "step", "steps in a row")
            ),
            Self::NotANumber { step } => write!(
                f,
                "Step {step} gave a loss or gradient that is not a number. The weights before it are kept. \
                 Lower the learning rate, or limit gradients with --clip-norm"
            ),
            Self::PeopleWithOnePicture { people, are_negatives } => write!(
                f,
                "{} only one picture. They {}; add a second picture of each to learn from them",
                counted(*people, "person has", "people have"),
                if *are_negatives { "serve as negatives only" } else { "take no part" }
            ),
            Self::FeaturesNotKept { why } => write!(
                f,
                "Not all that the part that stays as it is makes of pictures can be kept ({why}). The run goes on and \
                 finds the rest again at each step, which takes longer"
            ),
            Self::NobodyHeldOut => {
                f.write_str("Nobody is held out, so nothing says how the network does on people it has not seen")
            }
            Self::SameIdentity { training, held_out, squared_distance } => write!(
                f,
                "{training} (training) and {held_out} (held out) look like one person (squared distance \
                 {squared_distance:.2}). If they are, put their pictures into one folder: the validation figures are \
                 too good as it is"
            ),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    StepsDone,
    ScheduleEnded,
    /// At once: nothing is judged any more, and the run can be resumed.
    Cancelled,
    /// Early, and the network is judged and kept as it is.
    Kept,
    /// Early, and the network is not wanted.
    Discarded,
    /// The loss or a gradient was not a number; the weights before that step are kept.
    NotANumber,
}

/// How a run shall end before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Judge the network, then keep it as if its steps were done.
    Keep,
    /// Forget the run.
    Discard,
}

/// Asked of a trainer between two steps, and within one whether it shall be left; clones share the flags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Control {
    pub cancel: Cancel,
    paused: Arc<AtomicBool>,
    ending: Arc<OnceLock<Ending>>,
    snapshot_every_steps: u64,
}

impl Control {
    pub(crate) fn with_cancel(cancel: Cancel) -> Self {
        Self { cancel, ..Self::default() }
    }

    /// Asks for a [`TrainEvent::Snapshot`] every so many steps; 0 asks for none.
    pub(crate) fn with_snapshots_every(self, steps: u64) -> Self {
        Self { snapshot_every_steps: steps, ..self }
    }

    /// Between two steps the run writes a checkpoint and waits until this is taken back, or the run is stopped.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Ends the run after the present step. The first wish holds.
    pub(crate) fn stop(&self, ending: Ending) {
        self.ending.get_or_init(|| ending);
    }

    /// Why the run shall stop now, if it shall. A cancel goes before a stop.
    pub fn stopped(&self) -> Option<StopReason> {
        if self.cancel.is_cancelled() {
            return Some(StopReason::Cancelled);
        }
        self.ending.get().map(|ending| match ending {
            Ending::Keep => StopReason::Kept,
            Ending::Discard => StopReason::Discarded,
        })
    }

    /// Why whatever is under way shall be left as it is, if it shall: a network that is to be kept is judged to the end.
    pub(crate) fn interrupted(&self) -> Option<StopReason> {
        self.stopped().filter(|reason| *reason != StopReason::Kept)
    }

    pub(super) fn takes_snapshot_at(&self, step: u64) -> bool {
        self.snapshot_every_steps > 0 && step.is_multiple_of(self.snapshot_every_steps)
    }
}
