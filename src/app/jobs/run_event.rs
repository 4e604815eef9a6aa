//! What a training run tells whoever watches, window or terminal, on real photos or on synthetic people.

use crate::app::engine::memory::resident_bytes;
use crate::app::engine::picture::Picture;
use crate::app::engine::progress::Skipped;
use crate::train::events::{StepReport, TrainEvent};

#[derive(Debug, Clone)]
pub enum RunEvent {
    /// A line for the terminal.
    Note(String),
    Preparing {
        done: usize,
        total: usize,
    },
    /// A picture that takes no part.
    LeftOut(Skipped),
    /// What there is to learn from and to judge on has been found: the same when a run goes on as when it began.
    Prepared {
        pictures: usize,
        left_out: usize,
    },
    /// All pictures of the demonstration are drawn; of some people, one picture each is shown.
    Drawn {
        pictures: usize,
        secs: f64,
        people: Vec<Picture>,
    },
    /// The trainer's own event, as it came.
    Train(TrainEvent),
    /// The steps are done; the new network is measured against the old one, on pictures that both look at.
    Comparing {
        done: usize,
        total: usize,
    },
    /// The demonstration's held-out people, grouped.
    Grouped(GroupedFaces),
}

/// Held-out people as the network grouped them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupedFaces {
    pub faces: Vec<Picture>,
    /// Largest first; groups beyond those shown are only counted in the report.
    pub groups: Vec<FaceGroup>,
}

/// A group of held-out people's pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaceGroup {
    /// Places among the faces that are shown: some of the group, from all its people.
    pub faces: Vec<usize>,
    /// How many different people are in it; one is right.
    pub people: usize,
    pub size: usize,
}

/// The event as it is, with the process's memory where the device's is not known.
pub(crate) fn with_memory(event: TrainEvent) -> TrainEvent {
    match event {
        TrainEvent::Step(report) => {
            let memory_bytes = report.memory_bytes.or_else(resident_bytes);
            TrainEvent::Step(StepReport { memory_bytes, ..report })
        }
        other => other,
    }
}
