//! Where the time of a training step goes: measured once, and the same values are written, drawn and shown.
//!
//! A graphics card works on while its results are not asked for, so what it still has to do for a part is counted with
//! the next one that asks: moving the weights with the pass that needs them.

use std::ops::AddAssign;
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// Seconds of a step by its parts. Together they are the whole time from one report to the next; pauses are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartTimes {
    /// The device had nothing to do because pictures were not ready.
    pub waited_secs: f64,
    /// Pictures went through the network once to be told apart: to choose triplets, or as what a frozen part makes of
    /// them. A batch that is passed with its gradients at once counts as learning.
    pub embedding_secs: f64,
    /// Triplets were chosen and the loss found.
    pub mining_secs: f64,
    /// Forwards with gradients, and backwards.
    pub learning_secs: f64,
    /// The weights moved, and their average.
    pub optimiser_secs: f64,
    /// The network was judged since the step before.
    pub judging_secs: f64,
    /// Checkpoints were written since the step before.
    pub saving_secs: f64,
    /// What is none of these: counting, showing, logging.
    pub rest_secs: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimePart {
    Waiting,
    Embedding,
    Mining,
    Learning,
    Optimiser,
    Judging,
    Saving,
    Rest,
}

impl TimePart {
    /// As metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waited_secs",
            Self::Embedding => "embedding_secs",
            Self::Mining => "mining_secs",
            Self::Learning => "learning_secs",
            Self::Optimiser => "optimiser_secs",
            Self::Judging => "judging_secs",
            Self::Saving => "saving_secs",
            Self::Rest => "rest_secs",
        }
    }
}

impl PartTimes {
    /// In the order in which they happen.
    pub(crate) fn parts(&self) -> [(TimePart, f64); 8] {
        [
            (TimePart::Waiting, self.waited_secs),
            (TimePart::Embedding, self.embedding_secs),
            (TimePart::Mining, self.mining_secs),
            (TimePart::Learning, self.learning_secs),
            (TimePart::Optimiser, self.optimiser_secs),
            (TimePart::Judging, self.judging_secs),
            (TimePart::Saving, self.saving_secs),
            (TimePart::Rest, self.rest_secs),
        ]
    }

    pub(crate) fn sum_secs(&self) -> f64 {
        self.parts().iter().map(|(_, secs)| secs).sum()
    }

    /// With the rest of so many seconds in all.
    pub(super) fn filled_up_to(self, all_secs: f64) -> Self {
        let known = Self { rest_secs: 0.0, ..self };
        Self { rest_secs: (all_secs - known.sum_secs()).max(0.0), ..known }
    }
}

impl AddAssign for PartTimes {
    fn add_assign(&mut self, other: Self) {
        self.waited_secs += other.waited_secs;
        self.embedding_secs += other.embedding_secs;
        self.mining_secs += other.mining_secs;
        self.learning_secs += other.learning_secs;
        self.optimiser_secs += other.optimiser_secs;
        self.judging_secs += other.judging_secs;
        self.saving_secs += other.saving_secs;
        self.rest_secs += other.rest_secs;
    }
}

/// A clock that tells the seconds since it was last asked.
pub(super) struct Lap(Instant);

impl Lap {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn secs(&mut self) -> f64 {
        let now = Instant::now();
        (now - std::mem::replace(&mut self.0, now)).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_are_written_and_the_rest_fills_up() {
        let times = PartTimes { waited_secs: 1.0, learning_secs: 2.5, ..PartTimes::default() }.filled_up_to(4.0);
        let written = serde_json::to_value(times).unwrap();
        for (part, secs) in times.parts() {
            assert_eq!(written[part.name()], secs);
        }
        assert_eq!((times.rest_secs, times.sum_secs()), (0.5, 4.0));
        let mut twice = times;
        twice += times;
        assert!(twice.parts().iter().zip(times.parts()).all(|((_, two), (_, one))| *two == 2.0 * one));
        assert_eq!(
            serde_json::from_value::<PartTimes>(serde_json::json!({ "waited_secs": 3.0 })).unwrap().waited_secs,
            3.0
        );
    }
}
