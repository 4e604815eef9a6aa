//! The learning rate over time: constant, lowered to finish, exponential decay, a cosine, or a schedule file as
//! davidsandberg/facenet has them.
//!
//! A schedule line is `epoch: rate`, `#` starts a comment, and a rate of −1 or `-` ends training at that epoch. His
//! reader returns nothing from the last entry's epoch on; here the last entry holds until the end.

use std::f64::consts::PI;
use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum LearningRate {
    Constant {
        rate: f64,
    },
    /// rate · factor over the last share of the steps.
    Lowered {
        rate: f64,
        factor: f64,
        last_share: f64,
    },
    /// rate · factor^⌊epoch / every_epochs⌋
    Exponential {
        rate: f64,
        factor: f64,
        every_epochs: u64,
    },
    /// Rises evenly over the first share of the steps, then falls to nothing along half a cosine (Loshchilov & Hutter
    /// 2017, without restarts; the rise is that of Goyal et al. 2017).
    Cosine {
        rate: f64,
        warm_up_share: f64,
    },
    Schedule(Schedule),
}

/// How long a run is, and what it calls an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub steps: u64,
    pub steps_per_epoch: u64,
}

/// Entries in order of their epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    entries: Vec<ScheduleEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct ScheduleEntry {
    from_epoch: u64,
    /// None stops training.
    rate: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum ScheduleError {
    #[error("line {line} of the schedule is not `epoch: rate`")]
    NotAnEntry { line: usize },
    #[error("line {line} of the schedule has an epoch that is not after the one before")]
    OutOfOrder { line: usize },
    #[error("the schedule says nothing about epoch 0")]
    NoStart,
}

impl LearningRate {
    /// Whether the length of an epoch has an effect on it.
    pub(crate) fn counts_epochs(&self) -> bool {
        matches!(self, Self::Exponential { .. } | Self::Schedule(_))
    }

    /// The rate of the step after `step` others, or None when training ends there.
    pub fn at(&self, step: u64, of: Length) -> Option<f64> {
        let epoch = step / of.steps_per_epoch.max(1);
        match self {
            Self::Constant { rate } => Some(*rate),
            Self::Lowered { rate, factor, last_share } => {
                let lowered = (of.steps as f64 * last_share).round() as u64;
                let ends = step >= of.steps.saturating_sub(lowered);
                Some(if ends { rate * factor } else { *rate })
            }
            Self::Exponential { rate, factor, every_epochs } => {
                Some(rate * factor.powf((epoch / (*every_epochs).max(1)) as f64))
            }
            Self::Cosine { rate, warm_up_share } => Some(rate * cosine(step, of.steps, *warm_up_share)),
            Self::Schedule(schedule) => schedule.at(epoch),
        }
    }

    /// The rate that a change of it moves: the first, or the highest of a cosine.
    pub fn main_rate(&self) -> Option<f64> {
        match self {
            Self::Constant { rate }
            | Self::Lowered { rate, .. }
            | Self::Exponential { rate, .. }
            | Self::Cosine { rate, .. } => Some(*rate),
            Self::Schedule(schedule) => schedule.at(0),
        }
    }
}

impl Schedule {
    /// From epochs, in their order and the first of them 0, and their rates.
    pub(super) fn of(entries: &[(u64, f64)]) -> Self {
        let entry = |&(from_epoch, rate)| ScheduleEntry { from_epoch, rate: Some(rate) };
        Self { entries: entries.iter().map(entry).collect() }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let mut entries: Vec<ScheduleEntry> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line_number = number + 1;
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let entry = parse_entry(content).ok_or(ScheduleError::NotAnEntry { line: line_number })?;
            if entries.last().is_some_and(|last| last.from_epoch >= entry.from_epoch) {
                return Err(ScheduleError::OutOfOrder { line: line_number });
            }
            entries.push(entry);
        }
        match entries.first() {
            Some(first) if first.from_epoch == 0 => Ok(Self { entries }),
            _ => Err(ScheduleError::NoStart),
        }
    }

    fn at(&self, epoch: u64) -> Option<f64> {
        self.entries.iter().rev().find(|entry| entry.from_epoch <= epoch).and_then(|entry| entry.rate)
    }
}

/// In the file's format, with commas for ends of lines.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, entry) in self.entries.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{}: ", entry.from_epoch)?;
            match entry.rate {
                Some(rate) => write!(f, "{rate}")?,
                None => f.write_str("-")?,
            }
        }
        Ok(())
    }
}

/// The share of the rate that the step after `step` others has.
fn cosine(step: u64, steps: u64, warm_up_share: f64) -> f64 {
    let rise = (steps as f64 * warm_up_share.clamp(0.0, 1.0)).round();
    let done = step as f64;
    if done < rise {
        return (done + 1.0) / rise;
    }
    let fallen = (done - rise) / (steps as f64 - rise).max(1.0);
    0.5 * (1.0 + (PI * fallen.min(1.0)).cos())
}

fn parse_entry(content: &str) -> Option<ScheduleEntry> {
    let (epoch, rate) = content.split_once(':')?;
    let from_epoch = epoch.trim().parse().ok()?;
    let rate = match rate.trim() {
        "-" => None,
        text => match text.parse::<f64>().ok()? {
            stop if stop < 0.0 => None,
            rate if rate.is_finite() => Some(rate),
            _ => return None,
        },
    };
    Some(ScheduleEntry { from_epoch, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step an epoch.
    const LENGTH: Length = Length { steps: 400, steps_per_epoch: 1 };

    #[test]
    fn reads_davidsandbergs_format() {
        let text = "# Learning rate schedule\n# Maps an epoch number to a learning rate\n0:  0.05\n60: 0.005\n80: 0.0005  # end\n91: -1\n";
        let rate = LearningRate::Schedule(Schedule::parse(text).unwrap());
        let at = |epoch| rate.at(epoch, LENGTH);
        assert_eq!([at(0), at(59), at(60), at(90)], [Some(0.05), Some(0.05), Some(0.005), Some(0.0005)]);
        assert_eq!([at(91), at(5000)], [None, None]);
    }

    #[test]
    fn the_last_entry_holds_to_the_end() {
        let rate = LearningRate::Schedule(Schedule::parse("0: 0.1\n300: 0.01\n1000: 0.0001").unwrap());
        assert_eq!([rate.at(1000, LENGTH), rate.at(9999, LENGTH)], [Some(0.0001), Some(0.0001)]);
        assert_eq!(LearningRate::Schedule(Schedule::parse("0:0.1\n5:-").unwrap()).at(5, LENGTH), None);
    }

    #[test]
    fn says_which_line_is_wrong() {
        assert_eq!(Schedule::parse("0: 0.1\nten: 0.01"), Err(ScheduleError::NotAnEntry { line: 2 }));
        assert_eq!(Schedule::parse("0: 0.1\n\n5: 0.01\n5: 0.02"), Err(ScheduleError::OutOfOrder { line: 4 }));
        assert_eq!(Schedule::parse("3: 0.1"), Err(ScheduleError::NoStart));
        assert_eq!(Schedule::parse("# nothing"), Err(ScheduleError::NoStart));
        assert_eq!(Schedule::parse("0: inf"), Err(ScheduleError::NotAnEntry { line: 1 }));
    }

    #[test]
    fn decays_in_steps() {
        let rate = LearningRate::Exponential { rate: 0.1, factor: 0.5, every_epochs: 100 };
        assert_eq!(
            [0, 99, 100, 250].map(|epoch| rate.at(epoch, LENGTH)),
            [Some(0.1), Some(0.1), Some(0.05), Some(0.025)]
        );
    }

    #[test]
    fn a_cosine_rises_falls_and_follows_the_length_of_the_run() {
        let rate = LearningRate::Cosine { rate: 0.2, warm_up_share: 0.1 };
        let shares = |steps: u64| -> Vec<f64> {
            let of = Length { steps, steps_per_epoch: 1000 };
            (0..steps).map(|step| rate.at(step, of).unwrap() / 0.2).collect()
        };
        for steps in [40, 400] {
            let (found, top) = (shares(steps), steps as usize / 10);
            assert!((found[0] - 1.0 / top as f64).abs() < 1e-12);
            assert!((found[top] - 1.0).abs() < 1e-12 && (found[top + (steps as usize - top) / 2] - 0.5).abs() < 1e-12);
            assert!(found[..=top].is_sorted() && found[top..].is_sorted_by(|a, b| a > b));
            assert!(found[steps as usize - 1] < 0.005);
        }
        let without = LearningRate::Cosine { rate: 0.2, warm_up_share: 0.0 };
        assert_eq!(without.at(0, LENGTH), Some(0.2));
    }
}
