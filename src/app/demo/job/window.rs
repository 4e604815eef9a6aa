//! The demonstration, as the window shows it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::anyhow;

use crate::app::demo::job::demo::{DemoEvent, DemoOptions, demo, network};
use crate::app::engine::report::{Failed, JobEnd, JobSummary};
use crate::app::engine::workers::Sink;
use crate::app::shell::backend::Event;
use crate::app::engine::report::{JobId, JobKind, JobReport, JobStage};
use crate::app::engine::picture::Picture;
use crate::app::engine::shared::failure;
use crate::app::shell::threads::Desk;
use crate::app::train::job::window::{device_for, news_of};
use crate::app::train::state::live::{Group, RunEnd, RunKind};
use crate::app::train::state::message::{DemoChoice, TrainNews};
use crate::train::events::TrainEvent;

const LOOK_EVERY_STEPS: u64 = 2;

impl Desk {
    pub(crate) fn demonstrate(&mut self, which: DemoChoice) {
        let (job, control) = self.begin_run(LOOK_EVERY_STEPS);
        let shared = self.shared.clone();
        self.runner.long(move |desk, sink| {
            desk.unload();
            let options = DemoOptions { seed: which.seed, steps: which.steps, ..DemoOptions::default() };
            let work = || {
                let device = device_for(&shared)?;
                sink.send(Event::Train(TrainNews::Began {
                    job,
                    kind: RunKind::Demonstration,
                    name: String::new(),
                    network: network().to_owned(),
                    device: device.name.clone(),
                    steps: options.steps,
                }));
                progress(sink, job, JobStage::DrawPeople, 0, None, None);
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
            sink.send(Event::Train(TrainNews::Ended(Box::new(end))));
            sink.send(Event::JobEnded(job, job_end));
        });
    }
}

fn tell(sink: &Sink<Event>, job: JobId, steps: u64, event: &DemoEvent<'_>) {
    let news = match event {
        DemoEvent::Drawn { pictures, secs, people } => {
            progress(sink, job, JobStage::Train, 0, Some(steps), None);
            let people = people.iter().map(Picture::from_rgb).collect();
            Some(TrainNews::Drawn { pictures: *pictures as u64, secs: *secs, people })
        }
        DemoEvent::Train(event) => {
            if let TrainEvent::Step(report) = event {
                progress(sink, job, JobStage::Train, report.step, Some(steps), Some(report.left_secs));
            }
            news_of(event)
        }
        DemoEvent::Grouped { faces, groups } => {
            let group = |group: &crate::app::demo::job::demo::ShownGroup| Group {
                faces: group.faces.clone(),
                people: group.people,
                size: group.size,
            };
            let faces = faces.iter().map(Picture::from_rgb).collect();
            Some(TrainNews::Groups { faces, groups: groups.iter().map(group).collect() })
        }
    };
    if let Some(news) = news {
        sink.send(Event::Train(news));
    }
}

fn progress(sink: &Sink<Event>, job: JobId, stage: JobStage, done: u64, total: Option<u64>, left_secs: Option<f64>) {
    let kind = JobKind::Demonstrate;
    sink.send(Event::Job(JobReport { job, kind, stage, done, total, per_sec: None, left_secs }));
}
