//! Runs that are killed after every step, and while the part that stays as it is is passed, end bit by bit as one that
//! was not.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use image::RgbImage;
use rand::RngExt;

use super::made::{PEOPLE, PICTURES, config, data, fresh, setup};
use super::{Setup, TrainingData, train};
use crate::networks::weights::{TensorFile, load};
use crate::train::TrainConfig;
use crate::train::checkpoint::{Checkpoint, RunFolder};
use crate::train::config::{LastLayerFirst, ValidationConfig};
use crate::train::events::{Control, EmbeddingWhy, TrainEvent};
use crate::train::presets::Preset;
use crate::train::rng::{Purpose, stream};
use crate::train::rows::normalise_rows;
use crate::train::sampler::SamplerConfig;
use crate::train::step::embed;
use crate::train::teacher::{LiveTeacher, TeacherConfig, TeacherSees};
use crate::train::testing::TINY_PREPROCESSING;

const STEPS: u64 = 6;

/// As it is, but short and small; every second step has a checkpoint, every third is judged.
fn short(preset: Preset) -> TrainConfig {
    let validation = ValidationConfig { every_steps: 3, pictures_at_most: 40, ..config(1, 60).validation };
    let sampler = SamplerConfig { people_per_batch: 4, pictures_per_person: 3, ..SamplerConfig::default() };
    TrainConfig { steps: STEPS, sampler, validation, checkpoint_every_steps: 2, ..preset.config() }
}

/// Vectors of some other network, and a teacher that gives its own.
fn with_vectors() -> TrainingData {
    let vector = |picture: usize| {
        let mut rng = stream(7, Purpose::Pictures, 0, picture as u64);
        let mut vector: Vec<f32> = (0..12).map(|_| rng.random_range(-1.0..1.0)).collect();
        normalise_rows(&mut vector, 12);
        (picture, vector)
    };
    let vectors: BTreeMap<usize, Vec<f32>> = (0..PEOPLE * PICTURES).map(vector).collect();
    let (data, teacher) = (data(), fresh(9));
    let looks_on = move |crops: &[RgbImage]| {
        let mut rows = embed(&teacher, crops, &TINY_PREPROCESSING, 100)?;
        normalise_rows(&mut rows, 12);
        Ok(rows)
    };
    let live_teacher = Some(LiveTeacher { source: data.source.clone(), embed: Box::new(looks_on) });
    TrainingData { old_vectors: Some(vectors.clone()), teacher_vectors: Some(vectors), live_teacher, ..data }
}

/// How a run ends that is killed; whatever else ends it is a fault.
struct Killed;

/// Begins the run or goes on with it, and kills it when `at` says so: what is not on the disk by then is lost. Answers
/// whether it came to its end.
fn goes_on(config: &TrainConfig, data: &TrainingData, root: &Path, at: &mut dyn FnMut(&TrainEvent) -> bool) -> bool {
    let (folder, resume) = match root.exists() {
        true => RunFolder::open(root).unwrap().go_on().unwrap(),
        false => (RunFolder::create(root, config, "").unwrap(), None),
    };
    let setup = Setup { folder: Some(folder), resume, ..setup(config, data) };
    let run = AssertUnwindSafe(|| {
        train(fresh(3), setup, &Control::default(), &mut |event| {
            if at(&event) {
                resume_unwind(Box::new(Killed));
            }
        })
        .unwrap();
    });
    match catch_unwind(run) {
        Ok(()) => true,
        Err(cause) if cause.is::<Killed>() => false,
        Err(fault) => resume_unwind(fault),
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn bits_of(file: &TensorFile) -> BTreeMap<String, Vec<u32>> {
    file.iter().map(|tensor| (tensor.name.clone(), bits(&tensor.data))).collect()
}

/// All that a run leaves: weights and statistics, the optimiser's memory, the average, and the network handed on.
fn left(root: &Path) -> Vec<BTreeMap<String, Vec<u32>>> {
    let checkpoint = RunFolder::open(root).unwrap().checkpoint().cloned().unwrap();
    let Checkpoint { weights, optimiser, average, state } = checkpoint;
    assert_eq!(state.position.0, STEPS);
    let rows = |values: BTreeMap<String, Vec<f32>>| values.into_iter().map(|(name, row)| (name, bits(&row))).collect();
    let average = average.map_or_else(BTreeMap::new, |average| rows(average.averages));
    let model = bits_of(&load(&root.join("model.safetensors")).unwrap().0);
    vec![bits_of(&weights), rows(optimiser.slots), average, model]
}

fn check(config: &TrainConfig, data: &TrainingData) {
    let place = tempfile::tempdir().unwrap();
    let (whole, killed) = (place.path().join("whole"), place.path().join("killed"));
    let mut losses = BTreeMap::new();
    assert!(goes_on(config, data, &whole, &mut |event| {
        if let TrainEvent::Step(report) = event {
            losses.insert(report.step, report.loss.to_bits());
        }
        false
    }));
    if *config.trainable_at(0) == crate::train::frozen::TrainablePart::LastLayer {
        let in_frozen_part = |event: &TrainEvent| {
            matches!(event, TrainEvent::Embedding { why: EmbeddingWhy::FrozenPart, done: 1.., .. })
        };
        assert!(!goes_on(config, data, &killed, &mut { in_frozen_part }));
        assert!(killed.join("features.bin").metadata().unwrap().len() > 0);
    }
    for step in 1..=STEPS {
        assert!(!goes_on(config, data, &killed, &mut |event| match event {
            TrainEvent::Step(report) => {
                assert_eq!(losses.get(&report.step), Some(&report.loss.to_bits()), "step {}", report.step);
                report.step == step
            }
            _ => false,
        }));
    }
    assert!(goes_on(config, data, &killed, &mut |_| false));
    assert_eq!(left(&killed), left(&whole));
}

#[test]
fn a_fine_tuning_ends_as_if_it_had_not_been_killed() {
    check(&short(Preset::Finetune), &data());
}

#[test]
fn so_does_one_that_learns_from_a_teacher() {
    let data = with_vectors();
    let beside = TeacherConfig { triplet_weight: 0.5, ..TeacherConfig::default() };
    let alone = TeacherConfig { pictures_per_batch: 9, ..TeacherConfig::default() };
    let mixed = TeacherConfig { sees: TeacherSees::Same, mixed_share: 0.5, ..alone };
    for teacher in [alone, beside, mixed] {
        check(&TrainConfig { teacher: Some(teacher), ..short(Preset::Teacher) }, &data);
    }
}

/// Killed in its first part, too, and where the second begins.
#[test]
fn so_does_one_that_is_to_go_with_an_old_network() {
    let harmonic = short(Preset::Harmonic);
    let first = harmonic.last_layer_first.map(|first| LastLayerFirst { steps: STEPS / 2, ..first });
    check(&TrainConfig { last_layer_first: first, ..harmonic }, &with_vectors());
}
