//! What goes wrong in triplet training, noticed and said in plain words with what to do. Each alarm is given once a
//! run.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::events::StepReport;

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
                "No triplets left in {steps} steps in a row: the batches are too easy. \
                 Take more people a batch, a larger margin, or stop here"
            ),
            Self::NotANumber { step } => write!(
                f,
                "Step {step} gave a loss or gradient that is not a number. The weights before it are kept. \
                 Lower the learning rate, or limit gradients with --clip-norm"
            ),
            Self::PeopleWithOnePicture { people } => write!(
                f,
                "{people} people have only one picture. They serve as negatives only; add a second picture of each to \
                 learn from them"
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

/// Watches the steps and gives each kind of alarm once.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    given: BTreeSet<&'static str>,
    steps_without_triplets: u32,
}

/// Below this mean squared distance nothing tells faces apart; untrained networks are well above it.
const COLLAPSED_SPREAD: f32 = 0.003;
const EMPTY_STEPS: u32 = 5;

impl Watch {
    pub fn step(&mut self, report: &StepReport) -> Option<Alarm> {
        // A teacher still teaches where no triplet is left.
        let nothing = report.triplets == 0 && report.to_teacher.is_none();
        self.steps_without_triplets = if nothing { self.steps_without_triplets + 1 } else { 0 };
        if report.pictures > 1 && report.spread < COLLAPSED_SPREAD {
            return self.once("collapse", Alarm::Collapse { spread: report.spread });
        }
        if self.steps_without_triplets == EMPTY_STEPS {
            return self.once("no triplets", Alarm::NoTriplets { steps: EMPTY_STEPS });
        }
        None
    }

    fn once(&mut self, kind: &'static str, alarm: Alarm) -> Option<Alarm> {
        self.given.insert(kind).then_some(alarm)
    }
}

/// Mean squared distance between two different rows of unit length: (2 − 2‖mean‖²) · n / (n − 1).
pub fn spread(vectors: &[f32], dimensions: usize) -> f32 {
    let rows = vectors.len() / dimensions.max(1);
    if rows < 2 {
        return 0.0;
    }
    let mut mean = vec![0.0_f64; dimensions];
    for row in vectors.chunks(dimensions) {
        mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value) / rows as f64);
    }
    let squared: f64 = mean.iter().map(|value| value * value).sum();
    ((2.0 - 2.0 * squared).max(0.0) * rows as f64 / (rows as f64 - 1.0)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(triplets: usize, spread: f32) -> StepReport {
        StepReport {
            step: 1,
            loss: 0.2,
            learning_rate: 0.05,
            pictures: 4,
            people: 2,
            pairs: 4,
            triplets,
            hard: 0,
            semi_hard: triplets,
            gradient_norm: 1.0,
            spread,
            elapsed_secs: 1.0,
            pictures_per_s: 4.0,
            left_secs: 1.0,
            ..StepReport::default()
        }
    }

    #[test]
    fn each_alarm_is_given_once() {
        let mut watch = Watch::default();
        assert_eq!(watch.step(&report(3, 0.5)), None);
        assert_eq!(watch.step(&report(3, 0.001)), Some(Alarm::Collapse { spread: 0.001 }));
        assert_eq!(watch.step(&report(3, 0.001)), None);
        let given: Vec<_> = (0..12).filter_map(|_| watch.step(&report(0, 0.5))).collect();
        assert_eq!(given, [Alarm::NoTriplets { steps: 5 }]);
    }

    #[test]
    fn spread_is_the_mean_over_pairs() {
        let rows = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]];
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let squared = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
        let wanted = pairs.iter().map(|&(a, b)| squared(rows[a], rows[b])).sum::<f32>() / 3.0;
        assert!((spread(rows.as_flattened(), 2) - wanted).abs() < 1e-6);
        assert_eq!(spread(&[1.0, 0.0, 1.0, 0.0], 2), 0.0);
    }
}
