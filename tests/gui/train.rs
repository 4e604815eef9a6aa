//! Made-up runs for the Train view: what the jobs would tell of them.

use std::path::PathBuf;

use image::RgbImage;
use likeness::app::engine::picture::Picture;
use likeness::app::engine::progress::Skipped;
use likeness::app::engine::report::JobId;
use likeness::app::jobs::demonstration::{CurvePoint, DemoReport, Groups};
use likeness::app::jobs::run_event::{FaceGroup, GroupedFaces, RunEvent};
use likeness::app::train::job::TrainSummary;
use likeness::app::train::job::choices::NetworkChoice;
use likeness::app::train::job::data_summary::{DataSummary, LeftOutWhy};
use likeness::app::train::job::runs::UnfinishedRun;
use likeness::app::train::state::DataSource;
use likeness::app::train::state::live::{RunEnd, RunKind, RunStart};
use likeness::app::train::state::{Choices, ModelChoice};
use likeness::app::train::state::{Event, Message, TrainPath};
use likeness::cluster::score;
use likeness::networks::nets::catalogue;
use likeness::train::comparison::{
    Compared, Comparison, Measured, PairsComparison, PeopleComparison, TrainedDistances,
};
use likeness::train::events::{Alarm, EmbeddingWhy, StepReport, StopReason, TrainEvent};
use likeness::train::mining::Space;
use likeness::train::snapshot::{BINS, BatchSnapshot, FaceSnapshot, Histograms, TripletKind, TripletSnapshot};
use likeness::train::times::PartTimes;
use likeness::train::validate::{PeopleReport, ValidationReport};
use likeness::types::ModelId;

use super::painted::portrait;

pub fn choices() -> Choices {
    let network = |name: &str| NetworkChoice::of(catalogue::find(name).unwrap());
    let model = |id: &str, name: &str, dimensions, in_use| ModelChoice {
        model: ModelId(id.into()),
        name: name.into(),
        dimensions,
        in_use,
    };
    Choices {
        networks: vec![network("nn2"), network("likeness-small")],
        models: vec![
            model("sface-2021dec", "SFace (December 2021)", 128, true),
            model("facenet-keras-128", "FaceNet, Keras", 128, false),
        ],
        unfinished: vec![UnfinishedRun {
            path: PathBuf::from("/home/maria/.local/share/likeness/runs/sface-choir"),
            name: "sface-choir".into(),
            network: "sface".into(),
            step: 350,
            steps: 500,
        }],
        taken: vec!["sface-choir".into()],
        runs: PathBuf::from("/home/maria/.local/share/likeness/runs"),
    }
}

pub fn data_summary() -> DataSummary {
    let example = |name: &str, why| (PathBuf::from(format!("/home/maria/Faces/{name}")), why);
    DataSummary {
        people: 412,
        pictures: 3204,
        named: 0,
        with_one_picture: 38,
        left_out: [(LeftOutWhy::NoPicture, 3), (LeftOutWhy::Unreadable, 1)].into(),
        examples: vec![example("Ada/notes.txt", LeftOutWhy::NoPicture), example("Bo/3.jpg", LeftOutWhy::Unreadable)],
    }
}

/// The user's choice of a folder.
pub fn choose_folder() -> Message {
    Message::SetPath(TrainPath::Data, "/home/maria/Faces".into())
}

pub fn folder() -> DataSource {
    DataSource::Folder("/home/maria/Faces".into())
}

fn run(event: RunEvent) -> Event {
    Event::Run(Box::new(event))
}

fn began(kind: RunKind) -> Event {
    let demonstration = kind == RunKind::Demonstration;
    Event::Began(RunStart {
        job: JobId(9),
        kind,
        name: if demonstration { String::new() } else { "sface-2021dec-Faces".into() },
        network: if demonstration { "likeness-small" } else { "sface-2021dec" }.into(),
        device: "Radeon 780M".into(),
        steps: 600,
    })
}

/// A bell of `count` pairs about `middle`.
fn bell(middle: f64, width: f64, count: f64) -> Vec<u32> {
    let at = |bin: usize| (4.0 * (bin as f64 + 0.5) / BINS as f64 - middle) / width;
    (0..BINS).map(|bin| (count * (-0.5 * at(bin).powi(2)).exp()) as u32).collect()
}

/// Of a step of 0.28 seconds.
fn times() -> PartTimes {
    PartTimes {
        waited_secs: 0.004,
        embedding_secs: 0.071,
        mining_secs: 0.011,
        learning_secs: 0.172,
        optimiser_secs: 0.006,
        judging_secs: 0.012,
        saving_secs: 0.003,
        rest_secs: 0.001,
    }
}

fn step(step: u64) -> Event {
    let done = step as f64 / 600.0;
    let wave = ((step * 37) % 19) as f64 / 19.0 - 0.5;
    let pairs = 1200;
    run(RunEvent::Train(TrainEvent::Step(StepReport {
        step,
        loss: (0.19 * (-2.2 * done).exp() + 0.02 + 0.02 * wave) as f32,
        learning_rate: 2e-3 * 0.5_f64.powi((4.0 * done) as i32),
        pictures: 240,
        people: 40,
        pairs,
        triplets: (f64::from(pairs as u32) * (0.85 * (-1.8 * done).exp() + 0.06 * wave + 0.05)) as usize,
        hard: 3,
        semi_hard: 140,
        gradient_norm: 0.4,
        spread: 1.2,
        elapsed_secs: 0.28 * step as f64,
        times: times(),
        loading_secs: 0.19,
        pictures_per_s: 857.0,
        left_secs: 0.28 * (600 - step) as f64,
        memory_bytes: Some(412_000_000),
        ..StepReport::default()
    })))
}

pub fn judging(done: usize, total: usize) -> Event {
    run(RunEvent::Train(TrainEvent::Embedding { why: EmbeddingWhy::Judging, done, total }))
}

fn people(step: u64) -> PeopleReport {
    let done = step as f64 / 600.0;
    PeopleReport {
        pictures: 720,
        same_pairs: 3960,
        different_pairs: 254_880,
        accuracy: 0.985,
        threshold: 0.92,
        val: 0.96 - 0.9 * (-4.0 * done).exp(),
        far_target: 1e-2,
        far: 0.01,
        val_threshold: 0.81,
        auc: 0.998,
        median_same: 0.4,
        separation: 4.0,
        against_old: None,
        histograms: Histograms { same: bell(0.5, 0.2, 900.0), different: bell(1.9, 0.35, 9000.0) },
    }
}

fn judged(step: u64) -> Event {
    let report = ValidationReport { step, people: Some(people(step)), ..ValidationReport::default() };
    run(RunEvent::Train(TrainEvent::Validated(report)))
}

fn rgb(picture: &Picture) -> RgbImage {
    RgbImage::from_fn(picture.width, picture.height, |x, y| {
        let at = ((y * picture.width + x) * 4) as usize;
        image::Rgb([picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2]])
    })
}

fn snapshot_of(step: u64, apart: f64) -> Event {
    let face = |place: usize| FaceSnapshot {
        picture: place,
        person: format!("Person {}", place / 3 + 1),
        thumbnail: rgb(&portrait(place as u64 / 3, place as u64, 64)),
    };
    let triplet = |n: usize| {
        let (to_positive, to_negative) = (0.45 + 0.05 * n as f32, 0.40 + 0.16 * n as f32);
        TripletSnapshot {
            anchor: 3 * n,
            positive: 3 * n + 1,
            negative: (3 * n + 4) % 18,
            spaces: [Space::New; 3],
            to_positive,
            to_negative,
            kind: TripletKind::of(to_positive, to_negative, 0.3),
            learned_from: n < 4,
        }
    };
    run(RunEvent::Train(TrainEvent::Snapshot(BatchSnapshot {
        step,
        margin: 0.3,
        distances: Histograms {
            same: bell(0.9 - 0.4 * apart, 0.25, 900.0),
            different: bell(1.1 + 0.8 * apart, 0.35, 9000.0),
        },
        faces: (0..18).map(face).collect(),
        triplets: (0..6).map(triplet).collect(),
    })))
}

/// Up to step `last`, as it is told while it runs.
fn learning(kind: RunKind, last: u64) -> Vec<Event> {
    let mut events = vec![began(kind)];
    if kind == RunKind::Demonstration {
        let people = (0..32).map(|person| portrait(person, person, 48)).collect();
        events.push(run(RunEvent::Drawn { pictures: 4560, secs: 2.4, people }));
    } else {
        let (path, reason) = ("/home/maria/Faces/Bo/7.jpg".into(), "no face was found".into());
        events.push(run(RunEvent::LeftOut(Skipped { path, reason })));
    }
    events.push(judged(0));
    for at in 1..=last {
        events.push(step(at));
        if at == 4 {
            events.push(snapshot_of(at, 0.0));
        }
        if at % 50 == 0 {
            events.push(judged(at));
        }
    }
    events.push(snapshot_of(last, 1.0));
    events
}

pub fn training() -> Vec<Event> {
    let mut events = learning(RunKind::Training, 320);
    events.push(run(RunEvent::Train(TrainEvent::Alarm(Alarm::PeopleWithOnePicture {
        people: 38,
        are_negatives: false,
    }))));
    events
}

pub fn demonstrating() -> Vec<Event> {
    learning(RunKind::Demonstration, 240)
}

fn compared(old: f64, new: f64, error: f64) -> Compared {
    let measured = |value| Measured { value, standard_error: error };
    let difference = Measured { value: new - old, standard_error: error * 0.6 };
    let reach = 1.96;
    let [low, high] = [-reach, reach].map(|errors| difference.value + errors * difference.standard_error);
    Compared { old: measured(old), new: measured(new), difference, low, high, reach }
}

pub fn summary() -> TrainSummary {
    let people = PeopleComparison {
        people: 82,
        pictures: 641,
        far_target: 1e-3,
        val: compared(0.912, 0.957, 0.012),
        accuracy: compared(0.981, 0.986, 0.004),
        thresholds: Some(TrainedDistances { same_person: 1.12, grouping: 0.87 }),
        chose: false,
    };
    let pairs = PairsComparison {
        pairs: 6000,
        skipped: 2,
        far_target: 1e-3,
        accuracy: compared(0.994, 0.9938, 0.0012),
        val: compared(0.981, 0.979, 0.006),
        chose: false,
    };
    let report = |step| ValidationReport { step, people: Some(people_report(step)), ..ValidationReport::default() };
    TrainSummary {
        run: "/home/maria/.local/share/likeness/runs/sface-2021dec-Faces".into(),
        model: Some("/home/maria/.local/share/likeness/runs/sface-2021dec-Faces/model.safetensors".into()),
        network: "sface".into(),
        parameters: 9_000_000,
        device: "Radeon 780M".into(),
        steps: 600,
        stopped: StopReason::StepsDone,
        seconds: 171.0,
        people: 330,
        pictures: 2563,
        held_out_people: 82,
        held_out_pictures: 641,
        left_out: 1,
        skipped: 0,
        waited_share: 0.03,
        learned: true,
        model_step: 550,
        chosen: true,
        before: Some(report(0)),
        after: Some(report(550)),
        comparison: Some(Comparison::new("sface-2021dec".into(), Some(people), Some(pairs))),
        against_teacher: false,
        teacher_distances: None,
    }
}

fn people_report(step: u64) -> PeopleReport {
    people(step)
}

pub fn trained() -> Vec<Event> {
    trained_to(summary())
}

pub fn trained_for_nothing() -> Vec<Event> {
    let summary = summary();
    trained_to(TrainSummary { after: summary.before.clone(), model_step: 0, ..summary })
}

pub fn trained_to(summary: TrainSummary) -> Vec<Event> {
    let mut events = learning(RunKind::Training, 600);
    events.push(Event::Ended(Box::new(RunEnd::Trained(summary))));
    events
}

pub fn demonstrated() -> Vec<Event> {
    let mut events = learning(RunKind::Demonstration, 600);
    let labels: Vec<usize> = (0..60).flat_map(|person| [person; 12]).collect();
    let clusters: Vec<usize> = labels.iter().map(|&label| if label == 59 { 58 } else { label }).collect();
    let group = |n: usize| FaceGroup {
        faces: (6 * n..6 * n + 6).collect(),
        people: if n == 0 { 2 } else { 1 },
        size: if n == 0 { 24 } else { 12 },
    };
    let faces = (0..12 * 6).map(|face| {
        let person = if face < 3 { 40 } else { face / 6 };
        portrait(person, face, 48)
    });
    events.push(run(RunEvent::Grouped(GroupedFaces { faces: faces.collect(), groups: (0..12).map(group).collect() })));
    let point =
        |step: u64| CurvePoint { step, seconds: 0.28 * step as f64, loss: None, val: people(step).val, auc: 0.99 };
    events.push(Event::Ended(Box::new(RunEnd::Demonstrated(DemoReport {
        seed: 1,
        seconds: 168.0,
        device: "Radeon 780M".into(),
        network: "likeness-small".into(),
        parameters: 135_632,
        steps: 600,
        people: 320,
        held_out_people: 60,
        pictures_per_person: 12,
        curve: (0..=12).map(|n| point(50 * n)).collect(),
        val: 0.943,
        far: 0.0099,
        far_target: 1e-2,
        auc: 0.9978,
        groups: Groups { threshold: 0.81, scores: score(&clusters, &labels) },
        stopped: StopReason::StepsDone,
    }))));
    events
}
