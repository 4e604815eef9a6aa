//! What `likeness train` says while it runs and at the end.

use std::path::Path;

use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::TrainSummary;
use crate::train::comparison::{Compared, Comparison, ComparisonOutcome};
use crate::train::events::{StopReason, TrainEvent};
use crate::train::validate::ValidationReport;

/// Prints what a run says of itself, steps at most every few seconds.
#[derive(Default)]
pub struct Printer {
    last_step: Option<std::time::Instant>,
}

impl Printer {
    pub fn show(&mut self, event: RunEvent) {
        match event {
            RunEvent::Note(note) => eprintln!("{note}"),
            RunEvent::Preparing { done, total } if done == total => eprintln!("{total} pictures prepared"),
            RunEvent::Preparing { .. } => {}
            RunEvent::LeftOut(left_out) => eprintln!("Left out: {}: {}", left_out.reason, left_out.path.display()),
            RunEvent::Train(event) => self.train(&event),
            RunEvent::Comparing => eprintln!("Comparing the new network with the old one"),
            // Of the demonstration only.
            RunEvent::Drawn { .. } | RunEvent::Grouped(_) => {}
        }
    }

    fn train(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Resumed { step, .. } => eprintln!("Going on after step {step}"),
            TrainEvent::Step(report) => {
                if self.last_step.is_some_and(|last| last.elapsed().as_secs() < 5) {
                    return;
                }
                self.last_step = Some(std::time::Instant::now());
                eprintln!(
                    "Step {}: loss {:.4}, {} triplets of {} pairs, rate {:.2e}, {:.0} pictures/s",
                    report.step,
                    report.loss,
                    report.triplets,
                    report.pairs,
                    report.learning_rate,
                    report.pictures_per_s
                );
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

pub fn print_summary(summary: &TrainSummary) {
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
    people.into_iter().chain(pairs).collect::<Vec<_>>().join("; ")
}
