//! The demonstration, as the window shows it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::anyhow;

use crate::app::engine::progress::Stage;
use crate::app::engine::report::{Failed, JobEnd, JobKind, JobSummary};
use crate::app::engine::shared::{Tasks, failure};
use crate::app::jobs::demonstration::{DemoOptions, demo, network};
use crate::app::train::job::window::{Reporter, device_for};
use crate::app::train::state::live::{RunEnd, RunKind, RunStart};
use crate::app::train::state::message::{DemoChoice, Event};

const SNAPSHOT_EVERY_STEPS: u64 = 2;

pub fn demonstrate(tasks: &mut Tasks<'_, Event>, which: DemoChoice) {
    let (job, control) = tasks.begin_run(SNAPSHOT_EVERY_STEPS);
    tasks.long(move |shared, networks, sink| {
        networks.unload();
        let options = DemoOptions { seed: which.seed, steps: which.steps, ..DemoOptions::default() };
        let reporter = Reporter { sink, job, kind: JobKind::Demonstrate, steps: options.steps };
        let work = || {
            let device = device_for(shared)?;
            sink.send(Event::Began(RunStart {
                job,
                kind: RunKind::Demonstration,
                name: String::new(),
                network: network().to_owned(),
                device: device.name.clone(),
                steps: options.steps,
            }));
            reporter.progress(Stage::DrawingPeople, 0, 0, None);
            demo(options, &device, &control, &mut |event| reporter.tell(event))
        };
        let outcome = catch_unwind(AssertUnwindSafe(work));
        let (end, job_end) = match outcome.unwrap_or_else(|_| Err(anyhow!("the demonstration broke down"))) {
            Ok(report) => (RunEnd::Demonstrated(report), JobEnd::Done(JobSummary::default())),
            Err(_) if control.stopped().is_some() => (RunEnd::Stopped, JobEnd::Cancelled(JobSummary::default())),
            Err(error) => {
                let failure = failure(Failed::Demonstrate, &error);
                (RunEnd::Failed(failure.clone()), JobEnd::Failed(failure))
            }
        };
        reporter.ended(end, job_end);
    });
}
