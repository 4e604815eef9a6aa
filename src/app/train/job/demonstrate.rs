//! The demonstration, as the window shows it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::anyhow;

use crate::app::engine::picture::Picture;
use crate::app::engine::progress::{Progress, Stage};
use crate::app::engine::report::{Failed, JobEnd, JobId, JobKind, JobReport, JobSummary, Report};
use crate::app::engine::shared::{Sink, Tasks, failure};
use crate::app::jobs::demonstration::{DemoEvent, DemoOptions, demo, network};
use crate::app::train::job::window::{device_for, news_of};
use crate::app::train::state::live::{Group, RunEnd, RunKind};
use crate::app::train::state::message::{DemoChoice, TrainNews};
use crate::train::events::TrainEvent;

const SNAPSHOT_EVERY_STEPS: u64 = 2;

pub fn demonstrate(tasks: &mut Tasks<'_, TrainNews>, which: DemoChoice) {
    let (job, control) = tasks.begin_run(SNAPSHOT_EVERY_STEPS);
    tasks.long(move |shared, networks, sink| {
        networks.unload();
        let options = DemoOptions { seed: which.seed, steps: which.steps, ..DemoOptions::default() };
        let work = || {
            let device = device_for(shared)?;
            sink.send(TrainNews::Began {
                job,
                kind: RunKind::Demonstration,
                name: String::new(),
                network: network().to_owned(),
                device: device.name.clone(),
                steps: options.steps,
            });
            progress(sink, job, Stage::DrawingPeople, 0, None, None);
            demo(options, &device, &control, &mut |event| tell(sink, job, options.steps, &event))
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
        sink.send(TrainNews::Ended(Box::new(end)));
        sink.report(Report::JobEnded(job, job_end));
    });
}

fn tell(sink: &Sink<TrainNews>, job: JobId, steps: u64, event: &DemoEvent<'_>) {
    let news = match event {
        DemoEvent::Drawn { pictures, secs, people } => {
            progress(sink, job, Stage::Training, 0, Some(steps), None);
            let people = people.iter().map(Picture::from_rgb).collect();
            Some(TrainNews::Drawn { pictures: *pictures as u64, secs: *secs, people })
        }
        DemoEvent::Train(event) => {
            if let TrainEvent::Step(report) = event {
                progress(sink, job, Stage::Training, report.step, Some(steps), Some(report.left_secs));
            }
            news_of(event)
        }
        DemoEvent::Grouped { faces, groups } => {
            let group = |group: &crate::app::jobs::demonstration::ShownGroup| Group {
                faces: group.faces.clone(),
                people: group.people,
                size: group.size,
            };
            let faces = faces.iter().map(Picture::from_rgb).collect();
            Some(TrainNews::Groups { faces, groups: groups.iter().map(group).collect() })
        }
    };
    if let Some(news) = news {
        sink.send(news);
    }
}

fn progress(sink: &Sink<TrainNews>, job: JobId, stage: Stage, done: u64, total: Option<u64>, left_secs: Option<f64>) {
    sink.job(JobReport { job, kind: JobKind::Demonstrate, progress: Progress::at(stage, done, total, left_secs) });
}
