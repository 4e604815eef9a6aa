//! Runs of a network with a batch norm behind every layer, on made pictures: what comes of one does not depend on how
//! its batches are cut, and harmonic training makes a network that goes with an old one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::module::Module;
use burn::tensor::Device;
use image::RgbImage;
use rand::RngExt;
use rayon::prelude::*;

use super::judging::READ_AT_ONCE;
use super::{Setup, TrainingData, train};
use crate::networks::weights::{ModelCard, collect, load};
use crate::train::TrainConfig;
use crate::train::augment::AugmentConfig;
use crate::train::checkpoint::RunFolder;
use crate::train::config::{HoldOut, MiningSource, ValidationConfig};
use crate::train::data::{Dataset, Person, PictureSource};
use crate::train::events::{Control, EmbeddingWhy, TrainEvent};
use crate::train::frozen::TrainablePart;
use crate::train::mining::offline::OfflineConfig;
use crate::train::mining::{MiningRule, Negatives, Positives};
use crate::train::presets::Preset;
use crate::train::rng::{Purpose, stream};
use crate::train::rows::normalise_rows;
use crate::train::sampler::SamplerConfig;
use crate::train::schedule::{LearningRate, Schedule};
use crate::train::step::{ChunkSizes, embed};
use crate::train::testing::{NormedNet, TINY_PREPROCESSING};
use crate::train::validate::{PeopleReport, ValidationReport};

pub(super) const PICTURES: usize = 8;
pub(super) const PEOPLE: usize = 60;

/// Everybody is a mixture of a few patterns, so that whoever can tell some apart can tell others; each picture has noise,
/// a light and a contrast of its own.
struct Mixtures(Vec<RgbImage>);

impl Mixtures {
    fn drawn() -> Self {
        const PIXELS: usize = 12 * 12 * 3;
        let mut rng = stream(1, Purpose::Pictures, 0, 0);
        let mut values =
            |count: usize, reach: f32| -> Vec<f32> { (0..count).map(|_| rng.random_range(-reach..reach)).collect() };
        let patterns: Vec<Vec<f32>> = (0..12).map(|_| values(PIXELS, 22.0)).collect();
        let mut pictures = Vec::new();
        for _ in 0..PEOPLE {
            let weights = values(patterns.len(), 1.0);
            let mut face = vec![0.0_f32; PIXELS];
            for (pattern, weight) in patterns.iter().zip(&weights) {
                face.iter_mut().zip(pattern).for_each(|(sum, value)| *sum += weight * value);
            }
            for _ in 0..PICTURES {
                let (light, contrast, noise) = (values(3, 40.0), 1.0 + values(1, 0.5)[0], values(PIXELS, 60.0));
                let pixel = |at: usize| (128.0 + light[at % 3] + contrast * face[at] + noise[at]) as u8;
                let pixels = (0..PIXELS).map(pixel).collect();
                pictures.push(RgbImage::from_raw(12, 12, pixels).unwrap());
            }
        }
        Self(pictures)
    }
}

impl PictureSource for Mixtures {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        Ok(self.0[picture].clone())
    }
}

pub(super) fn data() -> TrainingData {
    let person = |id: usize| Person { name: id.to_string(), pictures: (id * PICTURES..(id + 1) * PICTURES).collect() };
    let (training, held_out) = Dataset { people: (0..PEOPLE).map(person).collect() }.split(0.5, 2);
    TrainingData::new(Arc::new(Mixtures::drawn()), training, held_out)
}

pub(super) fn config(seed: u64, gradient: usize) -> TrainConfig {
    TrainConfig {
        seed,
        steps: 80,
        learning_rate: LearningRate::Constant { rate: 0.05 },
        rule: MiningRule { positives: Positives::AllPairs, negatives: Negatives::SemiHardRandom },
        sampler: SamplerConfig { people_per_batch: 10, pictures_per_person: 6, ..SamplerConfig::default() },
        augmentation: AugmentConfig::NONE,
        chunks: ChunkSizes { gradient, ..ChunkSizes::default() },
        ema_decay: None,
        validation: ValidationConfig {
            every_steps: 0,
            held_out_share: 0.5,
            hold_out: HoldOut::People,
            far_target: 0.01,
            pictures_at_most: 1000,
        },
        ..TrainConfig::default()
    }
}

pub(super) fn setup<'a>(config: &'a TrainConfig, data: &'a TrainingData) -> Setup<'a> {
    let card = ModelCard { architecture: "normed".into(), dimensions: 12, ..super::tests::card() };
    Setup { config, data, card, folder: None, resume: None, decode_threads: 1 }
}

pub(super) fn trained(net: NormedNet, config: &TrainConfig, data: &TrainingData) -> (NormedNet, PeopleReport) {
    let trained = train(net, setup(config, data), &Control::default(), &mut |_| {}).unwrap();
    (trained.net, trained.outcome.judged.unwrap().people.unwrap())
}

pub(super) fn fresh(seed: u64) -> NormedNet {
    NormedNet::new(seed, &Device::flex().autodiff())
}

/// AUC on people held out.
fn auc(data: &TrainingData, seed: u64, gradient: usize) -> f64 {
    trained(fresh(seed), &config(seed, gradient), data).1.auc
}

#[test]
fn batches_in_pieces_teach_as_much_as_whole_ones() {
    let data = data();
    let mean = |gradient| {
        let aucs = [1, 2, 3, 4, 5].into_par_iter().map(|seed| auc(&data, seed, gradient));
        aucs.sum::<f64>() / 5.0
    };
    let whole = mean(60);
    assert!(whole > 0.8, "{whole}");
    // Of 59 at once one picture would be left over.
    for gradient in [59, 24, 12] {
        let pieces = mean(gradient);
        assert!((pieces - whole).abs() < 0.015, "{gradient} at once: {pieces}, {whole} whole");
    }
}

/// The preset for a tenth of its steps. Before, the two networks have nothing in common.
#[test]
fn a_network_learned_harmonically_goes_with_the_old_one() {
    let mut data = data();
    let (old, of_old) = trained(fresh(1), &config(1, 60), &data);
    let (new, _) = trained(fresh(2), &config(2, 60), &data);
    let pictures: Vec<usize> = (0..PEOPLE * PICTURES).collect();
    let images: Vec<RgbImage> = pictures.iter().map(|&picture| data.source.crop(picture).unwrap()).collect();
    let mut vectors = embed(&old, &images, &TINY_PREPROCESSING, 100).unwrap();
    normalise_rows(&mut vectors, 12);
    data.old_vectors = Some(pictures.into_iter().zip(vectors.chunks(12).map(<[f32]>::to_vec)).collect());
    let preset = Preset::Harmonic.config();
    let usual = config(3, 60);
    let (sampler, augmentation, validation) = (usual.sampler, usual.augmentation, usual.validation);
    let steps = preset.steps / 10;
    let mut config = TrainConfig { sampler, augmentation, validation, ..preset };
    config.set_steps(steps);
    let against_old = |steps| {
        let config = TrainConfig { steps, ..config.clone() };
        trained(new.clone().train(), &config, &data).1.against_old.unwrap().auc
    };
    let (before, after) = (against_old(0), against_old(steps));
    assert!(before < 0.6, "{before}");
    assert!(after > of_old.auc - 0.05, "{after}, the old network alone {}", of_old.auc);
}

/// Tells how many pictures were read since it was last asked, but for those of the coming batches.
struct Counted(AtomicUsize, Mixtures);

impl PictureSource for Counted {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        let reads_ahead = std::thread::current().name().is_some_and(|name| name.starts_with("train-decode"));
        self.0.fetch_add(usize::from(!reads_ahead), Ordering::Relaxed);
        self.1.crop(picture)
    }
}

/// However many are judged, mined offline or passed through the part that stays as it is.
#[test]
fn no_more_pictures_are_in_memory_at_once_between_two_steps_than_a_few() {
    let source = Arc::new(Counted(AtomicUsize::new(0), Mixtures::drawn()));
    let data = TrainingData { source: source.clone(), ..data() };
    let usual = TrainConfig {
        steps: 3,
        validation: ValidationConfig { every_steps: 2, ..config(1, 60).validation },
        ..config(1, 60)
    };
    let offline = OfflineConfig { every_steps: 2, subset_pictures: 150, triplets_per_step: 9 };
    let mines = TrainConfig { mining: MiningSource::Offline(offline), ..usual.clone() };
    let frozen = TrainConfig { trainable: TrainablePart::LastLayer, ..usual };
    for (config, why) in [(mines, EmbeddingWhy::Mining), (frozen, EmbeddingWhy::FrozenPart)] {
        let mut told = [0, 0];
        train(fresh(1), setup(&config, &data), &Control::default(), &mut |event| {
            let read = source.0.swap(0, Ordering::Relaxed);
            assert!(read <= READ_AT_ONCE, "{read} pictures at once before {event:?}");
            if let TrainEvent::Embedding { why: told_why, total, .. } = event {
                assert!(total > 3 * READ_AT_ONCE, "few enough to be read at once");
                told[usize::from(told_why == why)] += 1;
            }
        })
        .unwrap();
        assert!(told.iter().all(|&times| times > 3), "{told:?}");
    }
}

/// Twenty good steps, then ten that ruin what was learned; interrupted between the two, before the former are judged.
#[test]
fn the_network_that_was_judged_best_is_handed_on() {
    let learning_rate = LearningRate::Schedule(Schedule::parse("0: 0.05\n20: 50").unwrap());
    let validation = ValidationConfig { every_steps: 10, ..config(1, 60).validation };
    let config = TrainConfig { steps: 30, steps_per_epoch: 1, learning_rate, validation, ..config(1, 60) };
    let data = data();
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("run");
    let control = Control::default();
    let folder = Some(RunFolder::create(&root, &config, "").unwrap());
    let first = train(fresh(1), Setup { folder, ..setup(&config, &data) }, &control, &mut |event| match event {
        TrainEvent::Step(report) if report.step == 20 => control.cancel.cancel(),
        _ => {}
    });
    assert_eq!(first.unwrap().outcome.steps, 20);
    let (folder, resume) = RunFolder::open(&root).unwrap().go_on().unwrap();
    let second = Setup { folder: Some(folder), resume, ..setup(&config, &data) };
    let trained = train(fresh(1), second, &Control::default(), &mut |_| {}).unwrap();
    let (folder, _) = RunFolder::open(&root).unwrap().go_on().unwrap();
    let val = |report: &ValidationReport| report.people.as_ref().unwrap().val;
    let judged = folder.past().unwrap().judged;
    assert_eq!(judged.iter().map(|report| report.step).collect::<Vec<_>>(), [0, 10, 20, 30]);
    let best = judged.iter().max_by(|a, b| val(a).total_cmp(&val(b))).unwrap();
    assert!((10..=20).contains(&best.step) && val(best) > val(&judged[3]), "nothing was ruined: {judged:?}");
    let kept = trained.outcome.judged.unwrap();
    assert_eq!((kept.step, trained.outcome.steps), (best.step, 30));
    let (model, _) = load(&folder.model()).unwrap();
    assert_eq!(model, folder.checkpoint(best.step).unwrap().weights);
    assert_eq!(collect(&trained.net).unwrap(), model);
}
