//! Runs of a tiny network on made patterns.

mod resumed;

use super::*;
use crate::train::augment::AugmentConfig;
use crate::train::config::{HoldOut, LastLayerFirst, ValidationConfig};
use crate::train::data::Person;
use crate::train::events::EmbeddingWhy;
use crate::train::frozen::TrainablePart;
use crate::train::loss::LossConfig;
use crate::train::mining::harmonic::Combinations;
use crate::train::mining::offline::{OfflineConfig, SelectionConfig};
use crate::train::mining::{MiningRule, Negatives, Positives};
use crate::train::optimiser::{OptimiserConfig, Rule, WeightDecay};
use crate::train::rng::{Purpose, stream};
use crate::train::sampler::{Fill, SamplerConfig};
use crate::train::schedule::LearningRate;
use crate::train::teacher::TeacherConfig;
use crate::train::testing::{TINY_PREPROCESSING, TinyNet};
use burn::tensor::Device;
use image::{Rgb, RgbImage};
use rand::RngExt;
use std::path::Path;

const PICTURES: usize = 6;
const PEOPLE: usize = 12;
const UNREADABLE: usize = 7;

/// A random pattern a person, with noise a picture.
struct Patterns;

impl PictureSource for Patterns {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        if picture == UNREADABLE {
            return Err("the file is truncated".to_owned());
        }
        let mut pattern = stream(1, Purpose::Pictures, 0, (picture / PICTURES) as u64);
        let mut noise = stream(1, Purpose::Pictures, 1, picture as u64);
        Ok(RgbImage::from_fn(12, 12, |_, _| {
            Rgb(std::array::from_fn(|_| {
                let value = pattern.random_range(70..=185) + noise.random_range(-60..=60);
                value as u8
            }))
        }))
    }
}

fn data() -> TrainingData {
    let person =
        |id: usize| Person { name: format!("person {id}"), pictures: (id * PICTURES..(id + 1) * PICTURES).collect() };
    let (training, held_out) = Dataset { people: (0..PEOPLE).map(person).collect() }.split(0.3, 2);
    TrainingData::new(Arc::new(Patterns), training, held_out)
}

fn config(steps: u64) -> TrainConfig {
    TrainConfig {
        seed: 3,
        steps,
        learning_rate: LearningRate::Constant { rate: 0.01 },
        optimiser: OptimiserConfig { rule: Rule::ADAM, weight_decay: WeightDecay::L2(1e-4), clip_norm: Some(5.0) },
        rule: MiningRule { positives: Positives::AllPairs, negatives: Negatives::SemiHardRandom },
        sampler: SamplerConfig { people_per_batch: 4, pictures_per_person: 4, random_negatives: 3, fill: Fill::No },
        augmentation: AugmentConfig::GENTLE,
        ema_decay: Some(0.9),
        validation: ValidationConfig {
            every_steps: 4,
            held_out_share: 0.3,
            hold_out: HoldOut::People,
            far_target: 0.1,
            pictures_at_most: 100,
        },
        checkpoint_every_steps: 3,
        ..TrainConfig::default()
    }
}

pub(super) fn card() -> ModelCard {
    ModelCard {
        architecture: "tiny".into(),
        dimensions: 5,
        input: TINY_PREPROCESSING,
        crop_with: Default::default(),
        batch_norm: None,
        dropout: None,
        width: None,
        run: None,
        run_step: None,
    }
}

struct Watched {
    trained: Trained<TinyNet>,
    losses: Vec<(u64, f32)>,
    events: Vec<TrainEvent>,
}

/// Trains, and cancels once `stop_after` steps are done.
fn run(config: &TrainConfig, data: &TrainingData, folder: Option<&Path>, resume: bool, stop_after: u64) -> Watched {
    let (folder, resume) = match (folder, resume) {
        (Some(root), true) => {
            let (folder, checkpoint) = RunFolder::open(root).unwrap().go_on().unwrap();
            (Some(folder), checkpoint)
        }
        (Some(root), false) => (Some(RunFolder::create(root, config, "").unwrap()), None),
        (None, _) => (None, None),
    };
    let control = Control::default();
    let mut events = Vec::new();
    let setup = Setup { config, data, card: card(), folder, resume, decode_threads: 1 };
    let trained = train(TinyNet::new(5, &Device::flex().autodiff()), setup, &control, &mut |event| {
        if matches!(&event, TrainEvent::Step(report) if report.step == stop_after) {
            control.cancel.cancel();
        }
        events.push(event);
    });
    let losses = events.iter().filter_map(|event| match event {
        TrainEvent::Step(report) => Some((report.step, report.loss)),
        _ => None,
    });
    Watched { trained: trained.unwrap(), losses: losses.collect(), events }
}

fn weights(net: &TinyNet) -> Vec<f32> {
    net.linear.weight.val().try_into_vec_as().unwrap()
}

/// To a millionth.
fn figure(judged: &ValidationReport) -> u64 {
    (judged.people.as_ref().unwrap().val * 1e6).round() as u64
}

/// No negative is nearer than a positive by the whole diameter.
#[test]
fn a_selection_without_triplets_takes_a_step_and_the_next_one_follows() {
    let mining = MiningSource::Selected(SelectionConfig::default());
    let loss = LossConfig { margin: -4.0, ..config(4).loss };
    let watched = run(&TrainConfig { mining, loss, ..config(4) }, &data(), None, false, u64::MAX);
    assert_eq!(watched.losses.iter().map(|&(_, loss)| loss).collect::<Vec<_>>(), [0.0; 4]);
    let first: Vec<f32> = TinyNet::new(5, &Device::flex()).linear.weight.val().try_into_vec_as().unwrap();
    assert_eq!(weights(&watched.trained.net), first);
}

/// Somebody's vectors.
fn taught(data: TrainingData) -> TrainingData {
    let vector = |picture: usize| {
        let mut rng = stream(4, Purpose::Pictures, 0, (picture / PICTURES) as u64);
        let mut vector: Vec<f32> = (0..5).map(|_| rng.random_range(-1.0..1.0)).collect();
        crate::train::rows::normalise_rows(&mut vector, 5);
        (picture, vector)
    };
    TrainingData { teacher_vectors: Some((0..PEOPLE * PICTURES).map(vector).collect()), ..data }
}

#[test]
fn a_teacher_without_triplets_needs_no_names_and_each_picture_a_vector() {
    let config = TrainConfig { teacher: Some(TeacherConfig::default()), ..config(3) };
    let nameless = |data: TrainingData| {
        let pictures = data.training.people.iter().flat_map(|person| person.pictures.clone());
        let person = |picture: usize| Person { name: picture.to_string(), pictures: vec![picture] };
        TrainingData { training: Dataset { people: pictures.map(person).collect() }, ..data }
    };
    let watched = run(&config, &nameless(taught(data())), None, false, u64::MAX);
    assert_eq!(watched.losses.len(), 3);
    let alarms = watched.events.iter().filter(|event| matches!(event, TrainEvent::Alarm(_))).count();
    assert_eq!(alarms, 0, "nobody misses a second picture or a triplet");
    let net = || TinyNet::new(5, &Device::flex().autodiff());
    let failed = |config: &TrainConfig, data: &TrainingData| {
        let setup = Setup { config, data, card: card(), folder: None, resume: None, decode_threads: 1 };
        train(net(), setup, &Control::default(), &mut |_| {}).unwrap_err()
    };
    assert!(matches!(failed(&config, &nameless(data())), TrainError::NoTeacherVector(_)));
    let beside = TeacherConfig { triplet_weight: 0.1, ..TeacherConfig::default() };
    let with_triplets = TrainConfig { teacher: Some(beside), ..config.clone() };
    assert!(matches!(failed(&with_triplets, &nameless(taught(data()))), TrainError::TooFewPeople(0)));
    let nothing = TrainingData { training: Dataset::default(), ..taught(data()) };
    assert!(matches!(failed(&config, &nothing), TrainError::TooFewPictures(0)));
}

const MIRRORED: AugmentConfig = AugmentConfig { flip: true, ..AugmentConfig::NONE };

/// The harmonic preset's first part has features to keep, though pictures are changed later.
#[test]
fn the_first_part_keeps_features_where_it_mirrors_at_most() {
    let last_layer_first = Some(LastLayerFirst { steps: 7, redraw: true, mirrors_at_most: true });
    let config = TrainConfig { last_layer_first, ..config(9) };
    assert_eq!(config.augmentation, AugmentConfig::GENTLE);
    let passed = |config: &TrainConfig| frozen_part(&run(config, &data(), None, false, u64::MAX)).pop();
    let all = passed(&config).unwrap().1;
    let shown: usize = data().training.pictures() + data().held_out.pictures();
    assert!(all > shown - 5, "nearly every picture at least once: {all} of {shown}");
    let changed = LastLayerFirst { mirrors_at_most: false, ..last_layer_first.unwrap() };
    let only_judged = passed(&TrainConfig { last_layer_first: Some(changed), ..config }).unwrap().1;
    assert!(only_judged <= data().held_out.pictures());
}

/// Own people are on both sides then, which is no mistake.
#[test]
fn pictures_held_out_of_the_people_who_are_learned_raise_no_alarm() {
    let person =
        |id: usize| Person { name: format!("person {id}"), pictures: (id * PICTURES..(id + 1) * PICTURES).collect() };
    let (training, held_out) = Dataset { people: (0..PEOPLE).map(person).collect() }.split_pictures(0.3, 2);
    let data = TrainingData::new(Arc::new(Patterns), training, held_out);
    let alarms = |hold_out| {
        let mut config = TrainConfig { ema_decay: None, augmentation: AugmentConfig::NONE, ..config(60) };
        config.validation = ValidationConfig { hold_out, every_steps: 0, ..config.validation };
        let watched = run(&config, &data, None, false, u64::MAX);
        watched.events.iter().filter(|event| matches!(event, TrainEvent::Alarm(Alarm::SameIdentity { .. }))).count()
    };
    assert_eq!((alarms(HoldOut::Pictures), alarms(HoldOut::People)), (0, 1));
}

/// How far the frozen part was told to be.
fn frozen_part(watched: &Watched) -> Vec<(usize, usize)> {
    let of_frozen_part = |event: &TrainEvent| match event {
        TrainEvent::Embedding { why: EmbeddingWhy::FrozenPart, done, total } => Some((*done, *total)),
        _ => None,
    };
    watched.events.iter().filter_map(of_frozen_part).collect()
}

#[test]
fn a_judgement_is_told_and_can_be_left_and_made_again() {
    let (config, data) = (config(9), data());
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("run");
    let whole = run(&config, &data, None, false, u64::MAX);
    let control = Control::default();
    let folder = Some(RunFolder::create(&root, &config, "").unwrap());
    let setup = Setup { config: &config, data: &data, card: card(), folder, resume: None, decode_threads: 1 };
    let (mut step, mut told) = (0, Vec::new());
    let stopped = train(TinyNet::new(5, &Device::flex().autodiff()), setup, &control, &mut |event| match event {
        TrainEvent::Step(report) => step = report.step,
        TrainEvent::Embedding { why: EmbeddingWhy::Judging, done, total } => {
            told.push((step, done, total));
            if step == 4 {
                control.cancel.cancel();
            }
        }
        _ => {}
    });
    let outcome = stopped.unwrap().outcome;
    assert_eq!((outcome.reason, outcome.steps), (StopReason::Cancelled, 4));
    let pictures = told[0].2;
    assert_eq!(told, [(0, 0, pictures), (0, pictures, pictures), (4, 0, pictures)]);
    let resumed = run(&config, &data, Some(&root), true, u64::MAX);
    let judged = |watched: &Watched| {
        let judged = |event: &TrainEvent| match event {
            TrainEvent::Validated(report) => Some((report.step, figure(report))),
            _ => None,
        };
        watched.events.iter().filter_map(judged).collect::<Vec<_>>()
    };
    assert_eq!(judged(&resumed), judged(&whole));
    assert_eq!(resumed.losses, whole.losses[4..]);
}

/// Patterns from a slow disk, wherever it is not the loader that reads ahead.
struct Slow;

impl PictureSource for Slow {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        if std::thread::current().name().is_none_or(|name| !name.starts_with("train-decode")) {
            std::thread::sleep(Duration::from_millis(30));
        }
        Patterns.crop(picture)
    }
}

/// A second without a name would be the rest's, and one that is none of a step's would be in the time left.
#[test]
fn what_comes_before_the_first_step_and_after_the_last_has_its_part_too() {
    let config = TrainConfig { trainable: TrainablePart::LastLayer, augmentation: MIRRORED, ..config(5) };
    let data = TrainingData { source: Arc::new(Slow), ..data() };
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("run");
    let folder = Some(RunFolder::create(&root, &config, "").unwrap());
    let setup = Setup { config: &config, data: &data, card: card(), folder, resume: None, decode_threads: 1 };
    let (mut frozen, mut steps, mut closing) = (Vec::new(), Vec::new(), None);
    let net = TinyNet::new(5, &Device::flex().autodiff());
    let trained = train(net, setup, &Control::default(), &mut |event| match event {
        TrainEvent::Embedding { why: EmbeddingWhy::FrozenPart, .. } => frozen.push(Instant::now()),
        TrainEvent::Step(report) => steps.push(report),
        TrainEvent::Closed(report) => closing = Some(report),
        _ => {}
    });
    let (outcome, closing) = (trained.unwrap().outcome, closing.unwrap());
    let passed_secs = (*frozen.last().unwrap() - frozen[0]).as_secs_f64();
    let first = &steps[0];
    assert!(first.times.embedding_secs >= passed_secs && first.times.rest_secs < passed_secs / 2.0, "{first:?}");
    assert!(first.left_secs < passed_secs, "{} left after {passed_secs} before", first.left_secs);
    assert!(closing.times.judging_secs > 0.0 && closing.times.saving_secs > 0.0, "{closing:?}");
    let sum = steps.iter().map(|report| report.times.sum_secs()).sum::<f64>() + closing.times.sum_secs();
    assert!((sum - outcome.elapsed_secs).abs() < 1e-6, "{sum} of {}", outcome.elapsed_secs);
    let lines = std::fs::read_to_string(root.join("metrics.jsonl")).unwrap();
    assert!(lines.lines().last().unwrap().contains("\"kind\":\"closing\""));
}

#[test]
fn the_parts_of_all_steps_make_up_the_time_of_the_run() {
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("run");
    let watched = run(&config(9), &data(), Some(&root), false, u64::MAX);
    let steps: Vec<&StepReport> = watched
        .events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Step(report) => Some(report),
            _ => None,
        })
        .collect();
    let sum = steps.iter().map(|report| report.times.sum_secs()).sum::<f64>();
    assert!((sum - steps[8].elapsed_secs).abs() < 1e-6, "{sum} of {}", steps[8].elapsed_secs);
    assert!(steps.iter().all(|report| report.times.learning_secs > 0.0 && report.times.optimiser_secs > 0.0));
    assert!(steps.iter().all(|report| report.loading_secs > 0.0));
    // Judged before the first step and after each fourth, saved after each third: told with the step that follows.
    let after = |told: fn(&PartTimes) -> f64| -> Vec<u64> {
        steps.iter().filter(|report| told(&report.times) > 0.0).map(|report| report.step).collect()
    };
    assert_eq!(after(|times| times.judging_secs), [1, 5, 9]);
    assert!([1, 4, 7].iter().all(|step| after(|times| times.saving_secs).contains(step)));
    let lines = std::fs::read_to_string(root.join("metrics.jsonl")).unwrap();
    let first: serde_json::Value =
        serde_json::from_str(lines.lines().find(|line| line.contains("\"kind\":\"step\"")).unwrap()).unwrap();
    for (part, secs) in steps[0].times.parts() {
        // Text is read back to the last digit but one.
        assert!((first[part.name()].as_f64().unwrap() - secs).abs() < 1e-12, "{}", part.name());
    }
}

/// "From the last layer on" names the same weights but goes through the whole network each time.
#[test]
fn a_trunk_run_apart_changes_no_loss_and_no_weight() {
    let data = data();
    for augmentation in [AugmentConfig::GENTLE, MIRRORED] {
        let learned = |trainable| {
            let config = TrainConfig { trainable, augmentation, ..config(9) };
            run(&config, &data, None, false, u64::MAX)
        };
        let (plain, apart) = (learned(TrainablePart::From("linear".to_owned())), learned(TrainablePart::LastLayer));
        let losses = plain.losses.iter().zip(&apart.losses);
        assert!(losses.clone().all(|(a, b)| (a.1 - b.1).abs() < 1e-5), "{:?} {:?}", plain.losses, apart.losses);
        assert!(plain.losses.iter().any(|(_, loss)| *loss > 0.01));
        let weights = |watched: &Watched| watched.trained.net.linear.weight.val().try_into_vec_as::<f32>().unwrap();
        let apart_by = weights(&plain).iter().zip(weights(&apart)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart_by < 1e-4, "{apart_by}");
        let val = |watched: &Watched| watched.trained.outcome.judged.clone().unwrap().people.unwrap().val;
        assert!((val(&plain) - val(&apart)).abs() < 0.05);
    }
}

#[test]
fn learns_the_patterns_and_says_what_it_skipped() {
    let watched = run(
        &TrainConfig { ema_decay: None, augmentation: AugmentConfig::NONE, ..config(100) },
        &data(),
        None,
        false,
        u64::MAX,
    );
    let active = watched.events.iter().filter_map(|event| match event {
        TrainEvent::Step(report) => Some(report.triplets as f32 / report.pairs as f32),
        _ => None,
    });
    let active: Vec<f32> = active.collect();
    let mean = |shares: &[f32]| shares.iter().sum::<f32>() / shares.len() as f32;
    assert!(mean(&active[90..]) < mean(&active[..10]) / 3.0, "{active:?}");
    assert_eq!(watched.trained.outcome.skipped_pictures, 1);
    let skips = watched.events.iter().filter(|event| matches!(event, TrainEvent::Skipped(_))).count();
    assert_eq!(skips, 1);
}

#[test]
fn harmonic_training_needs_and_uses_the_old_vectors() {
    let mining = MiningSource::Harmonic { combinations: Combinations::all_that_learn() };
    let config = TrainConfig { mining, ..config(3) };
    let learned = |data: &TrainingData| {
        let setup = Setup { config: &config, data, card: card(), folder: None, resume: None, decode_threads: 1 };
        train(TinyNet::new(5, &Device::flex().autodiff()), setup, &Control::default(), &mut |_| {})
    };
    let error = learned(&data()).unwrap_err();
    assert!(matches!(error, TrainError::NoOldVector(_)), "{error}");
    // With nobody to judge on, the network of the last step is handed on.
    let mut with = TrainingData { held_out: Dataset::default(), ..data() };
    let one_hot = |person: usize| (0..5).map(|k| if k == person % 5 { 1.0 } else { 0.0 }).collect();
    with.old_vectors = Some((0..PEOPLE * PICTURES).map(|picture| (picture, one_hot(picture / PICTURES))).collect());
    let learned = |data: &TrainingData| {
        let trained = learned(data).unwrap();
        assert_eq!((trained.outcome.steps, trained.outcome.reason), (3, StopReason::StepsDone));
        weights(&trained.net)
    };
    let by_them = learned(&with);
    assert_eq!(learned(&with), by_them);
    let turned = |vector: &Vec<f32>| vector.iter().map(|value| -value).collect();
    with.old_vectors = with.old_vectors.map(|known| known.iter().map(|(&of, vector)| (of, turned(vector))).collect());
    assert_ne!(learned(&with), by_them, "other old vectors teach something else");
}

/// Judged after the last step, after each, and never.
#[test]
fn a_rate_that_ruins_the_network_stops_the_run_with_the_weights_before() {
    let first: Vec<f32> = TinyNet::new(5, &Device::flex()).linear.weight.val().try_into_vec_as().unwrap();
    for (every_steps, held_out) in [(0, true), (1, true), (0, false)] {
        let config = TrainConfig {
            learning_rate: LearningRate::Constant { rate: f64::INFINITY },
            optimiser: OptimiserConfig { rule: Rule::NESTEROV, ..OptimiserConfig::default() },
            validation: ValidationConfig { every_steps, ..config(1).validation },
            checkpoint_every_steps: 1,
            ..config(5)
        };
        let data = if held_out { data() } else { TrainingData { held_out: Dataset::default(), ..data() } };
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("run");
        for resumes in [false, true] {
            let watched = run(&config, &data, Some(&root), resumes, u64::MAX);
            let outcome = &watched.trained.outcome;
            assert_eq!(outcome.reason, StopReason::NotANumber);
            assert_eq!(outcome.judged.as_ref().map(|judged| judged.step), (every_steps == 1).then_some(0));
            let is_alarm = |event: &&TrainEvent| matches!(event, TrainEvent::Alarm(Alarm::NotANumber { .. }));
            assert_eq!(watched.events.iter().filter(is_alarm).count(), 1);
            assert_eq!(weights(&watched.trained.net), first);
            let (model, _) = crate::networks::weights::load(&root.join("model.safetensors")).unwrap();
            assert_eq!(model.get("linear.weight").unwrap().data, first);
            let newest = RunFolder::newest_step(&root).unwrap();
            assert!(RunFolder::has_ended(&root) && newest == Some(0), "{newest:?}: no ruined network is kept");
        }
        let end: serde_json::Value = serde_json::from_slice(&std::fs::read(root.join("end.json")).unwrap()).unwrap();
        assert_eq!((&end["step"], &end["model_step"]), (&1.into(), &0.into()));
    }
}

/// Everything but some pictures.
struct Without(BTreeSet<usize>);

impl PictureSource for Without {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        if self.0.contains(&picture) { Err("it is gone".to_owned()) } else { Patterns.crop(picture) }
    }
}

/// All of them, all but one, or all of some people: then no pair, or only pairs of one kind are left.
#[test]
fn a_run_whose_held_out_pictures_are_gone_learns_to_its_end() {
    let held_out = data().held_out.people;
    let all: BTreeSet<usize> = held_out.iter().flat_map(|person| person.pictures.clone()).collect();
    let but = |left: &[usize]| all.iter().copied().filter(|picture| !left.contains(picture)).collect();
    for gone in [all.clone(), but(&held_out[0].pictures[..1]), but(&held_out[0].pictures)] {
        let data = TrainingData { source: Arc::new(Without(gone)), ..data() };
        let watched = run(&config(5), &data, None, false, u64::MAX);
        assert_eq!((watched.losses.len(), &watched.trained.outcome.judged), (5, &None));
    }
    let teacher = Some(TeacherConfig { pictures_per_batch: 9, ..TeacherConfig::default() });
    let data = TrainingData { source: Arc::new(Without(all)), ..taught(data()) };
    let watched = run(&TrainConfig { teacher, ..config(5) }, &data, None, false, u64::MAX);
    assert_eq!(watched.trained.outcome.judged, None, "no picture is as near to the teacher as can be");
}

#[test]
fn offline_mining_looks_at_two_people_and_goes_on_where_no_triplet_is_left() {
    let triplets = |subset_pictures, margin| {
        let mining = MiningSource::Offline(OfflineConfig { every_steps: 50, subset_pictures, triplets_per_step: 9 });
        let loss = LossConfig { margin, ..config(7).loss };
        let watched = run(&TrainConfig { mining, loss, ..config(7) }, &data(), None, false, u64::MAX);
        assert_eq!(watched.losses.len(), 7);
        let alarms = watched.events.iter().filter(|event| matches!(event, TrainEvent::Alarm(Alarm::NoTriplets { .. })));
        let of_step = |event: &TrainEvent| match event {
            TrainEvent::Step(report) => report.triplets,
            _ => 0,
        };
        (watched.events.iter().map(of_step).sum::<usize>(), alarms.count())
    };
    // Everybody has six pictures.
    let (found, alarms) = triplets(7, 0.5);
    assert!(found > 0 && alarms == 0, "{found} triplets of two people");
    assert_eq!(triplets(30, -4.0), (0, 1));
}
