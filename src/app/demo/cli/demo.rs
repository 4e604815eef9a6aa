//! `likeness demo`: synthetic people, learned from scratch while one looks on.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::console::{counted, end_on_ctrl_c};
use crate::app::engine::cli::{Global, at_least_one, output, seed};
use crate::app::engine::home::Home;
use crate::app::engine::networks::choose_device;
use crate::app::jobs::demonstration::{DemoOptions, DemoReport, demo};
use crate::app::jobs::options::device_in_use;
use crate::app::jobs::run_event::RunEvent;
use crate::train::events::{Control, TrainEvent};

/// Trains a small network from scratch on synthetic people and judges it on others, in the window. Needs no download
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Run in the terminal instead of the window
    #[arg(long)]
    headless: bool,
    /// End with one JSON object on standard output
    #[arg(long, requires = "headless")]
    json: bool,
    /// Another seed draws other people
    #[arg(long, default_value_t = 1, value_parser = seed)]
    seed: u64,
    /// Training steps
    #[arg(long, default_value_t = DemoOptions::default().steps, value_parser = at_least_one::<u64>)]
    steps: u64,
}

impl DemoArgs {
    pub fn in_window(&self) -> bool {
        !self.headless
    }

    pub fn options(&self) -> DemoOptions {
        DemoOptions { seed: self.seed, steps: self.steps, ..DemoOptions::default() }
    }
}

pub fn run(home: &Home, global: &Global, args: DemoArgs) -> Result<ExitCode> {
    let (device, notes) = choose_device(home, &device_in_use(home, global.device()?)?)?;
    notes.iter().for_each(output::note);
    let control = Control::with_cancel(end_on_ctrl_c()?);
    let report = demo(args.options(), &device, &control, &mut print_event)?;
    if args.json {
        output::json(&report)?;
    } else {
        print_report(&report)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_event(event: RunEvent) {
    match event {
        RunEvent::Drawn { pictures, secs, .. } => {
            output::note(format!("{} drawn in {secs:.1} s", counted(pictures, "picture", "pictures")));
        }
        RunEvent::Train(TrainEvent::Validated(report)) => {
            if let Some(people) = &report.people {
                output::note(format!(
                    "Step {:>4}: recognises {:.1}% of same pairs at {:.1}% wrong matches, AUC {:.4}",
                    report.step,
                    100.0 * people.val,
                    100.0 * people.far_target,
                    people.auc
                ));
            }
        }
        RunEvent::Train(TrainEvent::Alarm(alarm)) => output::note(alarm),
        _ => {}
    }
}

fn print_report(report: &DemoReport) -> Result<()> {
    output::line(format!("Seed {}, {:.0} s on {}", report.seed, report.seconds, report.device))?;
    let [val, far] = [report.val, report.far].map(|share| 100.0 * share);
    output::line(format!("VAL {val:.1}% at FAR {far:.2}%, AUC {:.4}", report.auc))?;
    let scores = &report.groups.scores;
    output::line(format!(
        "{} never seen in training put into {} (B-cubed F {:.3})",
        counted(scores.labels, "person", "people"),
        counted(scores.clusters, "group", "groups"),
        scores.b_cubed_f
    ))
}
