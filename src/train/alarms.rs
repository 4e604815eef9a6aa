//! What goes wrong in triplet training, noticed. Each alarm is given once a run.

use std::collections::BTreeSet;

use super::events::{Alarm, StepReport};

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
        self.steps_without_triplets = if report.has_learned() { 0 } else { self.steps_without_triplets + 1 };
        if report.pictures > 1 && report.spread < COLLAPSED_SPREAD {
            return self.once("collapse", Alarm::Collapse { spread: report.spread });
        }
        if self.steps_without_triplets == EMPTY_STEPS {
            return self.once("no triplets", Alarm::NoTriplets { steps: EMPTY_STEPS });
        }
        None
    }

    /// The network, its loss or a gradient is no number after `step`.
    pub fn ruined(&mut self, step: u64) -> Option<Alarm> {
        self.once("not a number", Alarm::NotANumber { step })
    }

    fn once(&mut self, kind: &'static str, alarm: Alarm) -> Option<Alarm> {
        self.given.insert(kind).then_some(alarm)
    }
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
}
