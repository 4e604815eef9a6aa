//! What comes of a run does not depend on how its batches are cut, also where every layer has a batch norm.

use std::sync::Arc;

use burn::tensor::Device;
use image::RgbImage;
use rand::RngExt;
use rayon::prelude::*;

use super::{Setup, TrainingData, train};
use crate::networks::weights::ModelCard;
use crate::train::TrainConfig;
use crate::train::augment::AugmentConfig;
use crate::train::config::ValidationConfig;
use crate::train::data::{Dataset, Person, PictureSource};
use crate::train::events::Control;
use crate::train::mining::{MiningRule, Negatives, Positives};
use crate::train::rng::{Purpose, stream};
use crate::train::sampler::SamplerConfig;
use crate::train::schedule::LearningRate;
use crate::train::step::ChunkSizes;
use crate::train::testing::{NormedNet, TINY_PREPROCESSING};

const PICTURES: usize = 8;
const PEOPLE: usize = 60;

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

fn data() -> TrainingData {
    let person = |id: usize| Person { name: id.to_string(), pictures: (id * PICTURES..(id + 1) * PICTURES).collect() };
    let (training, held_out) = Dataset { people: (0..PEOPLE).map(person).collect() }.split(0.5, 2);
    TrainingData { source: Arc::new(Mixtures::drawn()), training, held_out, pairs: None, old_vectors: None }
}

/// AUC on people held out.
fn auc(data: &TrainingData, seed: u64, gradient: usize) -> f64 {
    let config = TrainConfig {
        seed,
        steps: 80,
        learning_rate: LearningRate::Constant { rate: 0.05 },
        rule: MiningRule { positives: Positives::AllPairs, negatives: Negatives::SemiHardRandom },
        sampler: SamplerConfig { people_per_batch: 10, pictures_per_person: 6, random_negatives: 0 },
        augmentation: AugmentConfig::NONE,
        chunks: ChunkSizes { gradient, ..ChunkSizes::default() },
        ema_decay: None,
        validation: ValidationConfig { every_steps: 0, held_out_share: 0.5, far_target: 0.01, pictures_at_most: 1000 },
        ..TrainConfig::default()
    };
    let card = ModelCard {
        architecture: "normed".into(),
        dimensions: 12,
        input: TINY_PREPROCESSING,
        crop_with: Default::default(),
        batch_norm: None,
        dropout: None,
        run: None,
    };
    let setup = Setup { config: &config, data, card, folder: None, resume: None, decode_threads: 1 };
    let net = NormedNet::new(seed, &Device::flex().autodiff());
    let trained = train(net, setup, &Control::default(), &mut |_| {}).unwrap();
    trained.outcome.judged.unwrap().people.unwrap().auc
}

#[test]
fn batches_in_pieces_teach_as_much_as_whole_ones() {
    let data = data();
    let mean = |gradient| {
        let aucs = [1, 2, 3].into_par_iter().map(|seed| auc(&data, seed, gradient));
        aucs.sum::<f64>() / 3.0
    };
    let whole = mean(60);
    assert!(whole > 0.8, "{whole}");
    // Of 59 at once one picture would be left over.
    for gradient in [59, 24, 12] {
        let pieces = mean(gradient);
        assert!((pieces - whole).abs() < 0.015, "{gradient} at once: {pieces}, {whole} whole");
    }
}
