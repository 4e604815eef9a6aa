use std::path::PathBuf;

use super::*;
use crate::app::engine::report::JobId;
use crate::app::train::job::data_summary::DataSummary;
use crate::app::train::state::live::RunKind;
use crate::app::train::state::message::DemoChoice;
use crate::app::train::state::{Choices, ModelChoice};
use crate::train::alarms::Alarm;
use crate::train::events::{Past, StepReport};
use crate::types::ModelId;

fn after(state: &mut TrainState, command: TrainCommand) -> Vec<TrainAsk> {
    let mut asked = Vec::new();
    run(state, command, &mut |ask| asked.push(ask));
    asked
}

fn told(state: &mut TrainState, news: TrainNews) -> Vec<TrainAsk> {
    let mut asked = Vec::new();
    receive(state, news, &mut |ask| asked.push(ask));
    asked
}

fn began() -> TrainNews {
    TrainNews::Began {
        job: JobId(4),
        kind: RunKind::Training,
        name: "faces".into(),
        network: "sface".into(),
        device: "CPU".into(),
        steps: 100,
    }
}

fn choices() -> Choices {
    let model = ModelId("sface".into());
    let sface = ModelChoice { model, name: "SFace".into(), dimensions: 128, trainable: true, in_use: true };
    Choices { models: vec![sface], ..Choices::default() }
}

#[test]
fn a_folder_is_counted_once_and_then_started() {
    let mut state = TrainState::default();
    told(&mut state, TrainNews::Choices(choices()));
    let folder = PathBuf::from("/faces");
    let data = DataSource::Folder(folder.clone());
    let asked = after(&mut state, TrainCommand::Chosen(TrainPath::Data, folder));
    assert_eq!(asked, [TrainAsk::Summarise(data.clone())]);
    assert_eq!(after(&mut state, TrainCommand::Start), [], "not before it is counted");
    let form = Box::new(state.form.clone());
    assert_eq!(after(&mut state, TrainCommand::Edit(form)), [], "the same folder is not counted again");
    told(&mut state, TrainNews::Summarised(DataSource::Library, Err("late".into())));
    let summary = DataSummary { people: 5, pictures: 20, ..DataSummary::default() };
    told(&mut state, TrainNews::Summarised(data, Ok(summary)));
    let asked = after(&mut state, TrainCommand::Start);
    assert!(matches!(&asked[..], [TrainAsk::Start { name, .. }] if name == "sface-faces"), "{asked:?}");
    assert!(state.waiting);
    assert_eq!(after(&mut state, TrainCommand::Start), [], "one run at a time");
    assert_eq!(after(&mut state, TrainCommand::Demonstrate(DemoChoice::default())), []);
}

#[test]
fn a_run_is_paused_stopped_and_left() {
    let mut state = TrainState::default();
    told(&mut state, began());
    assert_eq!(after(&mut state, TrainCommand::Pause(true)), [TrainAsk::Pause(true)]);
    assert_eq!(state.run.as_ref().unwrap().stage, RunStage::Pausing);
    told(&mut state, TrainNews::Paused(true));
    assert_eq!(state.run.as_ref().unwrap().stage, RunStage::Paused);
    assert_eq!(after(&mut state, TrainCommand::Leave), [], "a running run is not left");
    assert!(state.run.is_some());
    after(&mut state, TrainCommand::AskDiscard(Discarding::Running));
    assert_eq!(after(&mut state, TrainCommand::Discard(Discarding::Running)), [TrainAsk::Stop { discard: true }]);
    assert_eq!(told(&mut state, TrainNews::Ended(Box::new(RunEnd::Discarded))), [TrainAsk::LoadChoices]);
    after(&mut state, TrainCommand::Leave);
    assert!(state.run.is_none());
}

#[test]
fn a_resumed_run_shows_its_curves_from_the_start() {
    let mut state = TrainState::default();
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
        waited_secs: 0.0,
        pictures_per_s: 8.0,
        left_secs: 9.0,
        memory_bytes: None,
    };
    let past = Box::new(Past { steps: (1..=5).map(report).collect(), judged: Vec::new() });
    told(&mut state, TrainNews::Resumed { step: 5, past });
    told(&mut state, TrainNews::Step(report(6)));
    let run = state.run.unwrap();
    let steps: Vec<f64> = run.loss.points().iter().map(|[step, _]| *step).collect();
    assert_eq!((steps, run.resumed_at), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], Some(5)));
}

#[test]
fn alarms_and_left_out_pictures_are_kept() {
    let mut state = TrainState::default();
    told(&mut state, TrainNews::Alarm(Alarm::NobodyHeldOut));
    told(&mut state, began());
    told(&mut state, TrainNews::Alarm(Alarm::NobodyHeldOut));
    for _ in 0..150 {
        told(&mut state, TrainNews::LeftOut("a.jpg".into(), "no face was found".into()));
    }
    let run = state.run.unwrap();
    assert_eq!((run.alarms.len(), run.left_out_count, run.left_out.len()), (1, 150, 100));
}

#[test]
fn a_run_that_never_began_says_why() {
    let mut state = TrainState::default();
    after(&mut state, TrainCommand::Demonstrate(DemoChoice::default()));
    let failure = Failure { what: Failed::Train, details: "no device".into() };
    told(&mut state, TrainNews::Ended(Box::new(RunEnd::Failed(failure.clone()))));
    assert_eq!((state.waiting, state.failed_to_begin), (false, Some(failure)));
}

#[test]
fn a_bad_schedule_is_named_and_not_taken() {
    let mut state = TrainState::default();
    let path = PathBuf::from("rates.txt");
    let asked = after(&mut state, TrainCommand::Chosen(TrainPath::Schedule, path.clone()));
    assert_eq!(asked, [TrainAsk::ReadSchedule(path.clone())]);
    let rate = state.form.config.learning_rate.clone();
    told(&mut state, TrainNews::Schedule(path, Err("line 2".into())));
    assert_eq!((state.form.config.learning_rate, state.form.schedule), (rate, None));
    assert_eq!(state.form.schedule_problem.as_deref(), Some("line 2"));
}

#[test]
fn no_face_waits_once_the_library_is_embedded_again() {
    let mut state = TrainState::default();
    told(&mut state, began());
    told(&mut state, TrainNews::InUse { model: "faces".into(), faces: 11 });
    assert_eq!(after(&mut state, TrainCommand::Reembed), [TrainAsk::Reembed]);
    told(&mut state, TrainNews::Reembedded);
    let adoption = &state.run.as_ref().unwrap().adoption;
    assert_eq!(*adoption, Adoption::InUse { model: "faces".into(), faces: 0 });
}
