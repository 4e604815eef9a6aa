//! What `likeness train` says while it runs and at the end.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::TrainSummary;
use crate::train::comparison::{Compared, Comparison, ComparisonOutcome};
use crate::train::events::{EmbeddingWhy, StopReason, TrainEvent};
use crate::train::validate::ValidationReport;

/// Prints what a run says of itself, steps at most every few seconds.
#[derive(Default)]
pub(crate) struct Printer {
    last_step: Option<Instant>,
    last_embedding: Option<Instant>,
}

/// Steps and progress are told at most so often.
const REPORT_EVERY: Duration = Duration::from_secs(5);

impl Printer {
    pub fn show(&mut self, event: RunEvent) {
        match event {
            RunEvent::Note(note) => eprintln!("{note}"),
            RunEvent::Preparing { done, total } if done == total => eprintln!("{total} pictures prepared"),
            RunEvent::Preparing { .. } => {}
            RunEvent::LeftOut(left_out) => eprintln!("Left out: {}: {}", left_out.reason, left_out.path.display()),
            RunEvent::Train(event) => self.train(&event),
            RunEvent::Comparing { done: 0, .. } => eprintln!("Comparing the new network with the old one"),
            RunEvent::Comparing { done, total } => {
                if done < total && due(&mut self.last_embedding) {
                    eprintln!("Comparing: {done} of {total} pictures");
                }
            }
            // Of the demonstration only.
            RunEvent::Drawn { .. } | RunEvent::Grouped(_) => {}
        }
    }

    fn train(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Resumed { step, .. } => eprintln!("Going on after step {step}"),
            TrainEvent::Step(report) => {
                if !due(&mut self.last_step) {
                    return;
                }
                let mut words = format!("Step {}: loss {:.4}", report.step, report.loss);
                if let Some(distance) = report.to_teacher {
                    words += &format!(", squared distance to the teacher {distance:.4}");
                }
                if report.pairs > 0 {
                    words += &format!(", {} triplets of {} pairs", report.triplets, report.pairs);
                }
                eprintln!("{words}, rate {:.2e}, {:.0} pictures/s", report.learning_rate, report.pictures_per_s);
            }
            TrainEvent::Embedding { why, done, total } => {
                // The first part of a long work is not over within these seconds; a short one is not worth a line.
                if *done > 0 && done < total && due(&mut self.last_embedding) {
                    let what = match why {
                        EmbeddingWhy::Judging => "Judging",
                        EmbeddingWhy::Mining => "Looking for triplets",
                        EmbeddingWhy::FrozenPart => "Passing the part that stays as it is",
                    };
                    eprintln!("{what}: {done} of {total} pictures");
                }
            }
            TrainEvent::Validated(report) => eprintln!("Step {}: {}", report.step, words(report)),
            TrainEvent::Saved { step } => eprintln!("Step {step}: saved"),
            TrainEvent::Paused { step } => eprintln!("Step {step}: paused"),
            TrainEvent::Continued { step } => eprintln!("Step {step}: going on"),
            TrainEvent::Snapshot(_) => {}
            TrainEvent::Alarm(alarm) => eprintln!("{alarm}"),
            TrainEvent::Skipped(skipped) => eprintln!("Picture {} skipped: {}", skipped.picture, skipped.reason),
        }
    }
}

/// Whether enough time has gone by since it last was.
fn due(last: &mut Option<Instant>) -> bool {
    let due = last.is_none_or(|last| last.elapsed() >= REPORT_EVERY);
    if due {
        *last = Some(Instant::now());
    }
    due
}

pub(crate) fn print_summary(summary: &TrainSummary) {
    println!(
        "{} steps in {:.0} s on {}; the device waited {:.1}% of its time for pictures",
        summary.steps,
        summary.seconds,
        summary.device,
        100.0 * summary.waited_share
    );
    if let Some(model) = &summary.model {
        println!("Model: {}", model.display());
        if let Some(after) = &summary.after {
            println!("It is the network after step {} of {}, judged best: {}", after.step, summary.steps, words(after));
        }
        println!("{}", how_to_install(model, summary.after.as_ref()));
    }
    let rows = [("Before", &summary.before), ("After", &summary.after)];
    for (when, report) in rows.into_iter().filter_map(|(when, report)| Some((when, report.as_ref()?))) {
        println!("{when}: {}", words(report));
    }
    if let Some(comparison) = &summary.comparison {
        print_comparison(comparison);
    }
    if summary.stopped == StopReason::Cancelled {
        println!("Stopped early; go on with --resume {}", summary.run.display());
    }
}

/// The network's own distances, measured on people it has not learned from.
fn how_to_install(model: &Path, judged: Option<&ValidationReport>) -> String {
    let command = format!("Install it with: likeness models import {} --id NAME", model.display());
    match judged.and_then(|judged| judged.people.as_ref()) {
        Some(people) => {
            let [same_person, grouping] = [people.threshold, people.val_threshold];
            format!("{command} --same-person {same_person:.3} --grouping {grouping:.3}")
        }
        None => command,
    }
}

fn print_comparison(comparison: &Comparison) {
    let verdict = match comparison.verdict {
        ComparisonOutcome::Better => "better than",
        ComparisonOutcome::NoDifference => "no different from",
        ComparisonOutcome::Worse => "worse than",
        ComparisonOutcome::NotMeasured => "not measured against",
    };
    println!("The new network is {verdict} {}, as far as these people and pairs can tell", comparison.old);
    let figure = |name: String, compared: &Compared| {
        println!(
            "  {name}: {:.2}% ± {:.2} before, {:.2}% ± {:.2} after; difference {:+.2}, 95% interval {:+.2} to {:+.2}",
            100.0 * compared.old.value,
            100.0 * compared.old.standard_error,
            100.0 * compared.new.value,
            100.0 * compared.new.standard_error,
            100.0 * compared.difference.value,
            100.0 * compared.low,
            100.0 * compared.high
        );
    };
    if let Some(people) = &comparison.people {
        let on = format!("{} held-out people, {} pictures", people.people, people.pictures);
        figure(format!("VAL at FAR {:.2}% on {on}", 100.0 * people.far_target), &people.val);
        figure(format!("accuracy on {on}"), &people.accuracy);
    }
    if let Some(pairs) = &comparison.pairs {
        figure(format!("accuracy on {} pairs", pairs.pairs), &pairs.accuracy);
        figure(format!("VAL at FAR {:.2}% on {} pairs", 100.0 * pairs.far_target, pairs.pairs), &pairs.val);
    }
}

fn words(report: &ValidationReport) -> String {
    let people = report.people.as_ref().map(|people| {
        format!(
            "held-out people: VAL {:.2}% at FAR {:.3}%, AUC {:.4}",
            100.0 * people.val,
            100.0 * people.far,
            people.auc
        ) + &people.against_old.map_or_else(String::new, |with| {
            format!(", against the old network VAL {:.2}%, AUC {:.4}", 100.0 * with.val, with.auc)
        })
    });
    let pairs = report.pairs.as_ref().map(|pairs| {
        format!(
            "{} pairs ({} skipped): accuracy {:.2}% ± {:.2}, VAL {:.2}%",
            pairs.pairs,
            pairs.skipped,
            100.0 * pairs.accuracy,
            100.0 * pairs.accuracy_standard_error,
            100.0 * pairs.val
        )
    });
    let teacher = report.to_teacher.map(|teacher| {
        format!(
            "{} pictures held out: squared distance to the teacher {:.4}",
            teacher.pictures, teacher.squared_distance
        )
    });
    teacher.into_iter().chain(people).chain(pairs).collect::<Vec<_>>().join("; ")
}
