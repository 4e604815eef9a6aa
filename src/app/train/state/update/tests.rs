use std::path::PathBuf;

use super::*;
use crate::app::engine::facts::Facts;
use crate::app::engine::progress::Skipped;
use crate::app::engine::report::JobId;
use crate::app::jobs::demonstration::DemoOptions;
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::data_summary::DataSummary;
use crate::app::train::state::live::{RunKind, RunStart};
use crate::app::train::state::{Choices, ModelChoice};
use crate::app::ui::action;
use crate::train::events::{Alarm, Past, StepReport, TrainEvent};
use crate::types::ModelId;

fn asked(work: impl FnOnce(&mut Out<'_>)) -> Vec<Request> {
    action::asked(&Facts::default(), work)
}

fn after(state: &mut State, message: Message) -> Vec<Request> {
    asked(|out| state.update(message, out))
}

fn told(state: &mut State, event: Event) -> Vec<Request> {
    asked(|out| state.receive(event, out))
}

fn run_told(state: &mut State, event: RunEvent) {
    assert_eq!(told(state, Event::Run(Box::new(event))), []);
}

fn began() -> Event {
    Event::Began(RunStart {
        job: JobId(4),
        kind: RunKind::Training,
        name: "faces".into(),
        network: "sface".into(),
        device: "CPU".into(),
        steps: 100,
    })
}

fn choices() -> Choices {
    let model = ModelId("sface".into());
    let sface = ModelChoice { model, name: "SFace".into(), dimensions: 128, in_use: true };
    Choices { models: vec![sface], ..Choices::default() }
}

#[test]
fn a_folder_is_counted_once_and_then_started() {
    let mut state = State::default();
    told(&mut state, Event::Choices(choices()));
    let folder = PathBuf::from("/faces");
    let data = DataSource::Folder(folder.clone());
    let asked = after(&mut state, Message::SetPath(TrainPath::Data, folder));
    assert_eq!(asked, [Request::Summarise(data.clone())]);
    assert_eq!(after(&mut state, Message::Start), [], "not before it is counted");
    let form = Box::new(state.form.clone());
    assert_eq!(after(&mut state, Message::Edit(form)), [], "the same folder is not counted again");
    told(&mut state, Event::Summarised(DataSource::Library { one_by_one: false }, Err("late".into())));
    let summary = DataSummary { people: 5, pictures: 20, ..DataSummary::default() };
    told(&mut state, Event::Summarised(data, Ok(summary)));
    let asked = after(&mut state, Message::Start);
    assert!(matches!(&asked[..], [Request::Start { name, .. }] if name == "sface-faces"), "{asked:?}");
    assert!(state.waiting);
    assert_eq!(after(&mut state, Message::Start), [], "one run at a time");
    assert_eq!(after(&mut state, Message::Demonstrate(DemoOptions::default())), []);
}

#[test]
fn a_run_is_paused_stopped_and_left() {
    let mut state = State::default();
    told(&mut state, began());
    assert_eq!(after(&mut state, Message::Pause(true)), [Request::Pause(true)]);
    assert_eq!(state.run.as_ref().unwrap().stage, RunStage::Pausing);
    run_told(&mut state, RunEvent::Train(TrainEvent::Paused { step: 1 }));
    assert_eq!(state.run.as_ref().unwrap().stage, RunStage::Paused);
    assert_eq!(after(&mut state, Message::Leave), [], "a running run is not left");
    assert!(state.run.is_some());
    after(&mut state, Message::AskDiscard(Discarding::Running));
    assert_eq!(after(&mut state, Message::Discard(Discarding::Running)), [Request::Stop { discard: true }]);
    assert_eq!(told(&mut state, Event::Ended(Box::new(RunEnd::Discarded))), [Request::LoadChoices]);
    after(&mut state, Message::Leave);
    assert!(state.run.is_none());
}

#[test]
fn a_resumed_run_shows_its_curves_from_the_start() {
    let mut state = State::default();
    told(&mut state, began());
    let report = |step: u64| StepReport {
        step,
        loss: 0.1,
        learning_rate: 0.05,
        pictures: 8,
        people: 2,
        pairs: 4,
        triplets: 2,
        hard: 1,
        semi_hard: 1,
        gradient_norm: 1.0,
        spread: 1.0,
        elapsed_secs: 1.0,
        pictures_per_s: 8.0,
        left_secs: 9.0,
        ..StepReport::default()
    };
    let past = Past { steps: (1..=5).map(report).collect(), judged: Vec::new() };
    run_told(&mut state, RunEvent::Train(TrainEvent::Resumed { step: 5, past }));
    run_told(&mut state, RunEvent::Train(TrainEvent::Step(report(6))));
    let run = state.run.unwrap();
    let steps: Vec<f64> = run.loss.points().iter().map(|[step, _]| *step).collect();
    assert_eq!((steps, run.resumed_at), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], Some(5)));
}

#[test]
fn alarms_and_left_out_pictures_are_kept() {
    let mut state = State::default();
    run_told(&mut state, RunEvent::Train(TrainEvent::Alarm(Alarm::NobodyHeldOut)));
    told(&mut state, began());
    run_told(&mut state, RunEvent::Train(TrainEvent::Alarm(Alarm::NobodyHeldOut)));
    for _ in 0..150 {
        let left_out = Skipped { path: "a.jpg".into(), reason: "no face was found".into() };
        run_told(&mut state, RunEvent::LeftOut(left_out));
    }
    let run = state.run.as_ref().unwrap();
    assert_eq!((run.alarms.len(), run.left_out_count, run.left_out.len()), (1, 150, 100));
    // As a run tells it that goes on, of which three more have gone since.
    told(&mut state, began());
    run_told(&mut state, RunEvent::Prepared { pictures: 40, left_out: 150 });
    for _ in 0..3 {
        run_told(&mut state, RunEvent::LeftOut(Skipped { path: "b.jpg".into(), reason: "gone".into() }));
    }
    assert_eq!(state.run.unwrap().left_out_count, 153);
}

#[test]
fn a_run_that_never_began_says_why() {
    let mut state = State::default();
    after(&mut state, Message::Demonstrate(DemoOptions::default()));
    let failure = Failure { what: Failed::Job, details: "no device".into() };
    told(&mut state, Event::Ended(Box::new(RunEnd::Failed(failure.clone()))));
    assert_eq!((state.waiting, state.failed_to_begin), (false, Some(failure)));
}

#[test]
fn a_bad_schedule_is_named_and_not_taken() {
    let mut state = State::default();
    let path = PathBuf::from("rates.txt");
    let asked = after(&mut state, Message::SetPath(TrainPath::Schedule, path.clone()));
    assert_eq!(asked, [Request::ReadSchedule(path.clone())]);
    let rate = state.form.config.learning_rate.clone();
    told(&mut state, Event::Schedule(path, Err("line 2".into())));
    assert_eq!((state.form.config.learning_rate, state.form.schedule), (rate, None));
    assert_eq!(state.form.schedule_problem.as_deref(), Some("line 2"));
}

#[test]
fn no_face_waits_once_the_library_is_embedded_again() {
    let mut state = State::default();
    told(&mut state, began());
    told(&mut state, Event::InUse { model: "faces".into(), faces: 11 });
    assert_eq!(after(&mut state, Message::Reembed), [Request::Reembed]);
    told(&mut state, Event::Reembedded { faces: 11, skipped: 0, all: true });
    let adoption = &state.run.as_ref().unwrap().adoption;
    assert_eq!(*adoption, Adoption::InUse { model: "faces".into(), faces: 0 });
}

#[test]
fn what_was_chosen_is_chosen_again() {
    let mut before = State::default();
    before.form.data = Some(DataSource::Folder("/people".into()));
    before.form.pairs = Some("/lfw/pairs.txt".into());
    let (mut kept, mut after) = (Remembered::new(), State::default());
    before.remember(&mut kept);
    after.recall(&kept);
    assert_eq!((after.form.data, after.form.pairs), (before.form.data, before.form.pairs));
}
