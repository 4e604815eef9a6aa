//! A run as it is watched: what its events add up to.

use crate::app::engine::picture::Picture;
use crate::app::engine::progress::Skipped;
use crate::app::jobs::run_event::{GroupedFaces, RunEvent};
pub use crate::app::train::job::{RunEnd, RunKind, RunStart};
use crate::train::events::{Alarm, EmbeddingWhy, StepReport, TrainEvent};
use crate::train::snapshot::{BatchSnapshot, Histograms};
use crate::train::times::PartTimes;
use crate::train::validate::ValidationReport;

/// What a run does at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum RunStage {
    #[default]
    Starting,
    Preparing {
        done: usize,
        total: usize,
    },
    Training,
    /// Pause was pressed; the step under way is finished first.
    Pausing,
    Paused,
    /// Stop was pressed, or the last step is done: judging, saving.
    Ending,
    /// The new network is measured against the old one.
    Comparing {
        done: usize,
        total: usize,
    },
}

/// What became of the trained network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Adoption {
    #[default]
    Undecided,
    /// Being installed.
    Underway,
    /// In use under this name; so many faces wait to be embedded by it.
    InUse {
        model: String,
        faces: u64,
    },
    OldKept,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct LiveRun {
    pub begun: RunStart,
    pub stage: RunStage,
    pub loss: Curve,
    pub active: Curve,
    pub rate: Curve,
    /// Mean squared distance of batches to the teacher's vectors, and of pictures held out.
    pub to_teacher: Curve,
    pub judged_to_teacher: Vec<[f64; 2]>,
    /// Where the time went, summed over so many steps, and how long other threads read pictures meanwhile.
    pub times: PartTimes,
    pub timed_steps: u64,
    pub loading_secs: f64,
    /// Pictures are embedded between two steps: for what, how many are done, and of how many.
    pub embedding: Option<(EmbeddingWhy, usize, usize)>,
    pub val: Vec<[f64; 2]>,
    pub pairs_val: Vec<[f64; 2]>,
    pub last: Option<StepReport>,
    pub judged: Option<ValidationReport>,
    pub first_judged: Option<ValidationReport>,
    pub first_distances: Option<Histograms>,
    pub snapshot: Option<BatchSnapshot>,
    pub alarms: Vec<Alarm>,
    /// The first pictures that were left out, and how many there are.
    pub left_out: Vec<Skipped>,
    pub left_out_count: u64,
    pub resumed_at: Option<u64>,
    pub saved_at: Option<u64>,
    /// Pictures drawn for the demonstration, and the seconds that took.
    pub drawn: Option<(usize, f64)>,
    pub album: Vec<Picture>,
    pub groups: Option<GroupedFaces>,
    pub end: Option<RunEnd>,
    pub adoption: Adoption,
}

/// Named among those left out.
const LEFT_OUT_SHOWN: usize = 100;

impl LiveRun {
    pub fn new(begun: RunStart) -> Self {
        Self { begun, ..Self::default() }
    }

    pub fn is_running(&self) -> bool {
        self.end.is_none()
    }

    pub fn receive(&mut self, event: RunEvent) {
        match event {
            RunEvent::Preparing { done, total } => self.stage = RunStage::Preparing { done, total },
            RunEvent::LeftOut(left_out) => self.left_out(left_out),
            // Of those a run that goes on names none again.
            RunEvent::Prepared { left_out, .. } => self.left_out_count = left_out as u64,
            RunEvent::Drawn { pictures, secs, people } => {
                self.drawn = Some((pictures, secs));
                self.album = people;
            }
            RunEvent::Train(event) => self.learned(event),
            RunEvent::Comparing { done, total } => self.stage = RunStage::Comparing { done, total },
            RunEvent::Grouped(groups) => self.groups = Some(groups),
            RunEvent::Note(_) => {}
        }
    }

    fn learned(&mut self, event: TrainEvent) {
        self.embedding = match event {
            TrainEvent::Embedding { why, done, total } if done < total => Some((why, done, total)),
            _ => None,
        };
        match event {
            TrainEvent::Embedding { .. } => {}
            TrainEvent::Resumed { step, past } => {
                self.resumed_at = Some(step);
                past.steps.into_iter().for_each(|report| self.step(report));
                past.judged.into_iter().for_each(|report| self.judged(report));
                self.stage = RunStage::Training;
            }
            TrainEvent::Step(report) => self.step(report),
            TrainEvent::Closed(report) => self.times += report.times,
            TrainEvent::Snapshot(snapshot) => self.show_snapshot(snapshot),
            TrainEvent::Validated(report) => self.judged(report),
            TrainEvent::Saved { step } => self.saved_at = Some(step),
            TrainEvent::Paused { .. } => self.stage = RunStage::Paused,
            TrainEvent::Continued { .. } if self.stage == RunStage::Paused => self.stage = RunStage::Training,
            TrainEvent::Continued { .. } => {}
            TrainEvent::Alarm(alarm) => self.alarms.push(alarm),
            // Told by its path, as what was left out before.
            TrainEvent::Skipped(_) => {}
        }
    }

    fn step(&mut self, report: StepReport) {
        let at = report.step as f64;
        self.loss.push(at, f64::from(report.loss));
        if report.pairs > 0 || report.to_teacher.is_none() {
            self.active.push(at, 100.0 * report.active_share());
        }
        if let Some(distance) = report.to_teacher {
            self.to_teacher.push(at, f64::from(distance));
        }
        self.times += report.times;
        self.timed_steps += 1;
        self.loading_secs += report.loading_secs;
        self.rate.push(at, report.learning_rate);
        if matches!(self.stage, RunStage::Starting | RunStage::Preparing { .. }) {
            self.stage = RunStage::Training;
        }
        if report.step >= self.begun.steps {
            self.stage = RunStage::Ending;
        }
        self.last = Some(report);
    }

    fn judged(&mut self, report: ValidationReport) {
        let at = report.step as f64;
        if let Some(people) = &report.people {
            replace_last(&mut self.val, at, 100.0 * people.val);
        }
        if let Some(pairs) = &report.pairs {
            replace_last(&mut self.pairs_val, at, 100.0 * pairs.val);
        }
        if let Some(teacher) = report.to_teacher {
            replace_last(&mut self.judged_to_teacher, at, teacher.squared_distance);
        }
        if report.step == 0 || self.first_judged.is_none() {
            self.first_judged = Some(report.clone());
        }
        self.judged = Some(report);
    }

    fn show_snapshot(&mut self, snapshot: BatchSnapshot) {
        if self.first_distances.is_none() {
            self.first_distances = Some(snapshot.distances.clone());
        }
        self.snapshot = Some(snapshot);
    }

    fn left_out(&mut self, left_out: Skipped) {
        self.left_out_count += 1;
        if self.left_out.len() < LEFT_OUT_SHOWN {
            self.left_out.push(left_out);
        }
    }
}

/// A step that is judged twice, at its turn and at the end, counts once.
fn replace_last(points: &mut Vec<[f64; 2]>, at: f64, value: f64) {
    points.retain(|[step, _]| *step < at);
    points.push([at, value]);
}

/// Values over steps in bounded memory: when it is full, two neighbours become one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Curve {
    points: Vec<[f64; 2]>,
    /// Steps that one point stands for; 0 as long as nothing came.
    per_point: u32,
    /// Sum over steps that do not make a point yet: their number, last step, values.
    waiting: (u32, f64, f64),
}

impl Curve {
    pub const MOST: usize = 2048;

    pub fn push(&mut self, step: f64, value: f64) {
        self.per_point = self.per_point.max(1);
        let (count, _, sum) = self.waiting;
        self.waiting = (count + 1, step, sum + value);
        if self.waiting.0 < self.per_point {
            return;
        }
        let (count, step, sum) = std::mem::take(&mut self.waiting);
        self.points.push([step, sum / f64::from(count)]);
        if self.points.len() == Self::MOST {
            self.points = self.points.chunks(2).map(|pair| [pair[1][0], (pair[0][1] + pair[1][1]) / 2.0]).collect();
            self.per_point *= 2;
        }
    }

    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// A running mean over a fiftieth of the curve, forgetting towards the past.
    pub fn smoothed(&self) -> Vec<[f64; 2]> {
        let span = (self.points.len() as f64 / 50.0).max(1.0);
        let keep = 1.0 - 1.0 / span;
        let (mut mean, mut weight) = (0.0, 0.0);
        let smooth = |&[step, value]: &[f64; 2]| {
            mean = keep * mean + (1.0 - keep) * value;
            weight = keep * weight + (1.0 - keep);
            [step, mean / weight]
        };
        self.points.iter().map(smooth).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_stays_bounded_and_keeps_its_ends() {
        let mut curve = Curve::default();
        for step in 1..=100_000 {
            curve.push(f64::from(step), f64::from(step % 2));
        }
        assert!(curve.points().len() < Curve::MOST);
        assert!(curve.points().len() >= Curve::MOST / 4);
        assert!(curve.points().last().unwrap()[0] > 99_000.0);
        assert!(curve.points().iter().all(|[_, value]| (value - 0.5).abs() < 1e-9), "means of neighbours");
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_follows() {
        let mut curve = Curve::default();
        for step in 0..500 {
            curve.push(f64::from(step), if step < 250 { 1.0 } else { 0.0 });
        }
        let smooth = curve.smoothed();
        assert!((smooth[0][1] - 1.0).abs() < 1e-9);
        assert!(smooth[499][1] < 0.01);
    }

    #[test]
    fn times_add_up_and_what_is_embedded_meanwhile_is_forgotten_after() {
        let mut run = LiveRun::new(RunStart { steps: 10, ..RunStart::default() });
        let times = PartTimes { learning_secs: 0.5, judging_secs: 0.25, ..PartTimes::default() };
        for step in 1..=2 {
            let why = EmbeddingWhy::Judging;
            run.receive(RunEvent::Train(TrainEvent::Embedding { why, done: 64, total: 100 }));
            assert_eq!(run.embedding, Some((why, 64, 100)));
            let report =
                StepReport { step, times, to_teacher: Some(0.5), loading_secs: 0.125, ..StepReport::default() };
            run.receive(RunEvent::Train(TrainEvent::Step(report)));
            assert_eq!(run.embedding, None);
        }
        assert_eq!((run.times.learning_secs, run.times.judging_secs, run.timed_steps), (1.0, 0.5, 2));
        assert_eq!((run.loading_secs, run.to_teacher.points().len(), run.active.points().len()), (0.25, 2, 0));
    }

    #[test]
    fn a_step_judged_twice_counts_once() {
        let mut run = LiveRun::new(RunStart { steps: 10, ..RunStart::default() });
        for (step, val) in [(0, 0.1), (5, 0.4), (5, 0.5)] {
            let mut report = ValidationReport { step, ..ValidationReport::default() };
            report.people = Some(
                crate::train::validate::judge_people(&[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0], 2, &[0, 0, 1, 1], 0.1)
                    .unwrap(),
            );
            report.people.as_mut().unwrap().val = val;
            run.judged(report);
        }
        assert_eq!(run.val, [[0.0, 10.0], [5.0, 50.0]]);
        assert_eq!((run.first_judged.unwrap().step, run.judged.unwrap().step), (0, 5));
    }
}
