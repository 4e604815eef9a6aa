//! What `likeness train` says while it runs and at the end.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::app::engine::cli::console::{counted, printable};
use crate::app::engine::cli::output;
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::TrainSummary;
use crate::app::train::job::adopt::{DistancesFrom, NotAdvised};
use crate::train::comparison::{Compared, Comparison, ComparisonOutcome, TrainedDistances};
use crate::train::data::FEWEST_COMPARED;
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
            RunEvent::Note(note) => output::note(note),
            RunEvent::Prepared { pictures, left_out } => output::note(prepared_words(pictures, left_out)),
            RunEvent::Preparing { .. } => {}
            RunEvent::LeftOut(left_out) => {
                output::note(format!("Left out: {}: {}", left_out.reason, printable(&left_out.path)));
            }
            RunEvent::Train(event) => self.train(&event),
            RunEvent::Comparing { done: 0, .. } => output::note("Comparing the new network with the old one"),
            RunEvent::Comparing { done, total } => {
                if done < total && due(&mut self.last_embedding) {
                    output::note(format!("Comparing: {done} of {total} pictures"));
                }
            }
            // Of the demonstration only.
            RunEvent::Drawn { .. } | RunEvent::Grouped(_) => {}
        }
    }

    fn train(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Resumed { step, .. } => output::note(format!("Going on after step {step}")),
            TrainEvent::Step(report) => {
                if !due(&mut self.last_step) {
                    return;
                }
                let mut words = format!("Step {}: loss {:.4}", report.step, report.loss);
                if let Some(distance) = report.to_teacher {
                    words += &format!(", squared distance to the teacher {distance:.4}");
                }
                if report.pairs > 0 {
                    let triplets = counted(report.triplets, "triplet", "triplets");
                    words += &format!(", {triplets} of {}", counted(report.pairs, "pair", "pairs"));
                }
                let (rate, pace) = (report.learning_rate, report.pictures_per_s);
                output::note(format!("{words}, rate {rate:.2e}, {pace:.0} pictures/s"));
            }
            TrainEvent::Embedding { why, done, total } => {
                // The first part of a long work is not over within these seconds; a short one is not worth a line.
                if *done > 0 && done < total && due(&mut self.last_embedding) {
                    let what = match why {
                        EmbeddingWhy::Judging => "Judging",
                        EmbeddingWhy::Mining => "Looking for triplets",
                        EmbeddingWhy::FrozenPart => "Passing the part that stays as it is",
                    };
                    output::note(format!("{what}: {done} of {total} pictures"));
                }
            }
            TrainEvent::Validated(report) => output::note(format!("Step {}: {}", report.step, words(report))),
            TrainEvent::Saved { step } => output::note(format!("Step {step}: saved")),
            TrainEvent::Paused { step } => output::note(format!("Step {step}: paused")),
            TrainEvent::Continued { step } => output::note(format!("Step {step}: going on")),
            // What is skipped is told by its path, as what was left out before.
            TrainEvent::Snapshot(_) | TrainEvent::Closed(_) | TrainEvent::Skipped(_) => {}
            TrainEvent::Alarm(alarm) => output::note(alarm),
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

pub(crate) fn print_summary(summary: &TrainSummary) -> Result<()> {
    output::line(format!(
        "{} in {:.0} s on {}; the device waited {:.1}% of its time for pictures",
        counted(summary.steps as usize, "step", "steps"),
        summary.seconds,
        summary.device,
        100.0 * summary.waited_share
    ))?;
    if let Some(model) = &summary.model {
        output::line(format!("Model: {}", printable(model)))?;
        output::line(which_network(summary))?;
        match summary.not_advised() {
            // It is not what it shall be yet.
            _ if summary.stopped == StopReason::Cancelled => {}
            // Whoever wants the network all the same can do without being told to.
            Some(why) => output::line(not_advised_words(why, summary))?,
            None => {
                let known = summary.thresholds();
                let install = how_to_install(model, &summary.run, known.map(|known| known.distances));
                output::line(format!("Install it with: {install}"))?;
                match known.map(|known| known.from) {
                    Some(DistancesFrom::Choosers) => output::line(CHOSE)?,
                    Some(DistancesFrom::Teacher) => output::line(TEACHERS)?,
                    Some(DistancesFrom::Strangers) | None => {}
                }
            }
        }
    }
    let rows = [("Before", &summary.before), ("After", &summary.after)];
    for (when, report) in rows.into_iter().filter_map(|(when, report)| Some((when, report.as_ref()?))) {
        output::line(format!("{when}: {}", words(report)))?;
    }
    if let Some(comparison) = &summary.comparison {
        print_comparison(comparison, summary)?;
    }
    if summary.stopped == StopReason::Cancelled {
        let go_on = output::command(&[OsStr::new("train"), OsStr::new("--resume"), &output::path_word(&summary.run)]);
        output::line(format!("Stopped early; go on with: {go_on}"))?;
    }
    Ok(())
}

/// Which step's network is handed on, and what speaks for it.
fn which_network(summary: &TrainSummary) -> String {
    let network = format!("It is the network after step {} of {}", summary.model_step, summary.steps);
    match &summary.after {
        Some(after) if summary.chosen => format!("{network}, judged best: {}", words(after)),
        Some(after) => format!("{network}, the last one: {}", words(after)),
        None => format!("{network}; it has not been judged"),
    }
}

const CHOSE: &str =
    "Its distances were measured on the people who chose it, having no others, and may be too good for strangers";

const TEACHERS: &str = "Its distances are its teacher's, whose vectors it has learned; they were not measured on it";

fn not_advised_words(why: NotAdvised, summary: &TrainSummary) -> String {
    let old = summary.comparison.as_ref().map_or("", |comparison| &comparison.old);
    match why {
        NotAdvised::Ruined => format!(
            "After step {} the loss, a gradient or the network was no number any more, and the run ended; the model is the \
             network after step {}. Lower the learning rate, or limit gradients with --clip-norm, and train again",
            summary.steps, summary.model_step
        ),
        NotAdvised::NothingLearned => {
            "Nothing was learned: no step found a triplet, and the network is the one that the run began with"
                .to_owned()
        }
        NotAdvised::NothingGained => {
            "Nothing was gained: of all that were judged, the network that it began with did best".to_owned()
        }
        NotAdvised::Worse => format!("It is not advised to install it: it tells people apart less well than {old}"),
        NotAdvised::Fell => {
            "It is not advised to install it: it tells people apart less well than before the run".to_owned()
        }
        NotAdvised::NobodyTwice => {
            "It is not advised to install it: no two of the pictures held out are known to show one person, as without \
             names, and its distances cannot be measured on them"
                .to_owned()
        }
        NotAdvised::FarFromTeacher => {
            "It is not advised to install it: it has not come near enough to its teacher to take the teacher's distances, \
             and no two of the pictures held out are known to show one person; train it longer, or on more pictures"
                .to_owned()
        }
        NotAdvised::TooFewJudged { pictures: 0 } => {
            "It is not advised to install it: nobody was held out to measure its distances on (see --held-out)"
                .to_owned()
        }
        NotAdvised::TooFewJudged { pictures } => format!(
            "It is not advised to install it: {} of people held out are too few to measure its distances on; hold out \
             more (--held-out)",
            counted(pictures, "picture", "pictures")
        ),
    }
}

/// Which of the pictures that were there take part.
fn prepared_words(pictures: usize, left_out: usize) -> String {
    let prepared = counted(pictures, "picture prepared", "pictures prepared");
    if left_out > 0 { format!("{prepared}, {left_out} left out") } else { prepared }
}

/// A command, with the network's own distances, measured on people it has not learned from. One that is no distance, of
/// a network that tells nobody apart, is left to the usual one.
fn how_to_install(model: &Path, run: &Path, thresholds: Option<TrainedDistances>) -> String {
    let id = model_id(run);
    let mut words = ["models", "import"].map(OsString::from).to_vec();
    words.extend([output::path_word(model), "--id".into(), id.into()]);
    if let Some(TrainedDistances { same_person, grouping }) = thresholds {
        let distances = [("--same-person", same_person), ("--grouping", grouping)];
        let distances =
            distances.into_iter().filter(|(_, distance)| distance.is_finite() && *distance >= LEAST_DISTANCE);
        distances.for_each(|(option, distance)| words.extend([option.into(), format!("{distance:.3}").into()]));
    }
    output::command(&words.iter().map(OsString::as_os_str).collect::<Vec<_>>())
}

/// Less would be printed as nothing.
const LEAST_DISTANCE: f64 = 0.0005;

/// The run's name, as far as it can be a model's.
fn model_id(run: &Path) -> String {
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let id = name.chars().map(plain).collect::<String>().trim_matches(['.', '-']).to_owned();
    if id.is_empty() { "my-network".to_owned() } else { id }
}

fn print_comparison(comparison: &Comparison, summary: &TrainSummary) -> Result<()> {
    let verdict = match comparison.verdict {
        ComparisonOutcome::Better => "better than",
        ComparisonOutcome::NoDifference => "no different from",
        ComparisonOutcome::Worse => "worse than",
        ComparisonOutcome::Chosen => "chosen by the same people or pairs, and so not called better than",
        ComparisonOutcome::NotMeasured => "not measured against",
    };
    let old = &comparison.old;
    output::line(match comparison.verdict {
        ComparisonOutcome::NotMeasured => {
            let why = why_not_measured(summary.held_out_people, summary.holds_nobody_out_twice());
            format!("The new network is {verdict} {old}: {why}")
        }
        _ => {
            let old = if summary.against_teacher { format!("its teacher {old}") } else { old.clone() };
            format!("The new network is {verdict} {old}, as far as these people and pairs can tell")
        }
    })?;
    let figure = |name: String, compared: &Compared| {
        output::line(format!(
            "  {name}: {:.2}% ± {:.2} before, {:.2}% ± {:.2} after; difference {:+.2}, 95% interval {:+.2} to {:+.2}",
            100.0 * compared.old.value,
            100.0 * compared.old.standard_error,
            100.0 * compared.new.value,
            100.0 * compared.new.standard_error,
            100.0 * compared.difference.value,
            100.0 * compared.low,
            100.0 * compared.high
        ))
    };
    if let Some(people) = &comparison.people {
        let (who, pictures) =
            (counted(people.people, "person", "people"), counted(people.pictures, "picture", "pictures"));
        let on = format!("{pictures} of {who} held out");
        figure(format!("VAL at FAR {:.2}% on {on}", 100.0 * people.far_target), &people.val)?;
        figure(format!("accuracy on {on}"), &people.accuracy)?;
    }
    if let Some(pairs) = &comparison.pairs {
        let on = counted(pairs.pairs, "pair", "pairs");
        figure(format!("accuracy on {on}"), &pairs.accuracy)?;
        figure(format!("VAL at FAR {:.2}% on {on}", 100.0 * pairs.far_target), &pairs.val)?;
    }
    Ok(())
}

fn why_not_measured(held_out: usize, nobody_twice: bool) -> String {
    match held_out {
        _ if nobody_twice => {
            "no two of the pictures held out are known to show one person, and no list of pairs (--pairs)".to_owned()
        }
        few if few < FEWEST_COMPARED => format!(
            "{} held out, where {FEWEST_COMPARED} are needed, and no list of pairs (--pairs)",
            counted(few, "person", "people")
        ),
        _ => "too few of the pictures held out could be read, and no list of pairs (--pairs)".to_owned(),
    }
}

fn words(report: &ValidationReport) -> String {
    let people = report.people.as_ref().map(|people| {
        format!("held out: VAL {:.2}% at FAR {:.3}%, AUC {:.4}", 100.0 * people.val, 100.0 * people.far, people.auc)
            + &people.against_old.map_or_else(String::new, |with| {
                format!(", against the old network VAL {:.2}%, AUC {:.4}", 100.0 * with.val, with.auc)
            })
    });
    let pairs = report.pairs.as_ref().map(|pairs| {
        format!(
            "{} ({} skipped): accuracy {:.2}% ± {:.2}, VAL {:.2}%",
            counted(pairs.pairs, "pair", "pairs"),
            pairs.skipped,
            100.0 * pairs.accuracy,
            100.0 * pairs.accuracy_standard_error,
            100.0 * pairs.val
        )
    });
    let teacher = report.to_teacher.map(|teacher| {
        format!(
            "{} held out: squared distance to the teacher {:.4}",
            counted(teacher.pictures, "picture", "pictures"),
            teacher.squared_distance
        )
    });
    teacher.into_iter().chain(people).chain(pairs).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::train::job::adopt::tests::summary;

    #[test]
    fn which_network_is_handed_on_is_told_also_where_nobody_judged_it() {
        let (judged, last) = (summary(40), TrainSummary { chosen: false, ..summary(40) });
        assert!(which_network(&judged).starts_with("It is the network after step 9 of 9, judged best: held out: VAL"));
        assert!(which_network(&last).contains("the last one: held out"), "{}", which_network(&last));
        let stopped = TrainSummary { after: None, steps: 7, model_step: 7, ..judged };
        assert_eq!(which_network(&stopped), "It is the network after step 7 of 7; it has not been judged");
    }

    #[test]
    fn who_is_too_few_to_measure_is_told() {
        let told = why_not_measured(2, false);
        assert!(
            told.contains("2 people held out") && told.contains("5 are needed") && told.contains("--pairs"),
            "{told}"
        );
        assert!(why_not_measured(9, false).contains("could be read"));
        assert!(why_not_measured(9, true).contains("no two of the pictures"));
    }
}
