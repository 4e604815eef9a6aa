//! His preset against a rewrite of his loop in PyTorch. What the two share and what each computes by itself stands in
//! `tests/fixtures/train/davidsandberg.py`.

use super::*;
use crate::networks::weights::{NamedTensor, TensorFile, collect};
use crate::train::data::Person;
use crate::train::mining::offline::SelectionConfig;
use crate::train::presets::Preset;
use crate::train::testing::{TINY_PREPROCESSING, TinyNet};
use burn::tensor::Device;
use image::RgbImage;
use serde::Deserialize;

const SIDE: u32 = TINY_PREPROCESSING.width;

#[derive(Deserialize)]
struct Fixture {
    seed: u64,
    people_per_batch: usize,
    images_per_person: usize,
    batch_size: usize,
    /// How many pictures each person has.
    images_of: Vec<usize>,
    /// Of all pictures, row after row, two digits a byte.
    pixels: String,
    weights: BTreeMap<String, Vec<f32>>,
    selections: u64,
    /// The triplets of each update by their pictures.
    updates: Vec<Vec<[usize; 3]>>,
    losses: Vec<f32>,
}

struct Pixels(Vec<u8>);

impl PictureSource for Pixels {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        let size = (3 * SIDE * SIDE) as usize;
        let pixels = self.0[picture * size..(picture + 1) * size].to_vec();
        RgbImage::from_raw(SIDE, SIDE, pixels).ok_or_else(|| "too few pixels".to_owned())
    }
}

impl Fixture {
    fn read() -> Self {
        serde_json::from_str(include_str!("../../../tests/fixtures/train/davidsandberg.json")).unwrap()
    }

    fn data(&self) -> TrainingData {
        let bytes =
            (0..self.pixels.len() / 2).map(|at| u8::from_str_radix(&self.pixels[2 * at..2 * at + 2], 16).unwrap());
        let mut next = 0;
        let people = self.images_of.iter().map(|&count| {
            next += count;
            Person { name: next.to_string(), pictures: (next - count..next).collect() }
        });
        let source = Arc::new(Pixels(bytes.collect()));
        TrainingData::new(source, Dataset { people: people.collect() }, Dataset::default())
    }

    /// His preset but for its size.
    fn config(&self) -> TrainConfig {
        let selection = SelectionConfig { triplets_per_step: self.batch_size / 3 };
        let mut config = TrainConfig {
            seed: self.seed,
            steps: self.losses.len() as u64,
            mining: MiningSource::Selected(selection),
            ..Preset::Davidsandberg.config()
        };
        config.sampler.people_per_batch = self.people_per_batch;
        config.sampler.pictures_per_person = self.images_per_person;
        config.chunks.gradient = self.batch_size;
        config
    }

    fn network(&self) -> TinyNet {
        let net = TinyNet::new(0, &Device::flex().autodiff());
        let mut weights = TensorFile::default();
        for tensor in collect(&net).unwrap().iter() {
            let data = match tensor.name.as_str() {
                "norm.gamma" => self.weights["norm.weight"].clone(),
                "norm.beta" => self.weights["norm.bias"].clone(),
                // Both begin with a mean of 0 and a variance of 1.
                "norm.running_mean" | "norm.running_var" => tensor.data.clone(),
                "linear.weight" => transposed(&self.weights["linear.weight"], tensor.shape[1]),
                name => self.weights[name].clone(),
            };
            weights.insert(NamedTensor::new(tensor.name.clone(), tensor.shape.clone(), data).unwrap()).unwrap();
        }
        fill(net, &weights, str::to_owned).unwrap()
    }
}

/// `rows` rows of PyTorch's matrix as the columns of Burn's.
fn transposed(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows;
    (0..values.len()).map(|at| values[at % rows * columns + at / rows]).collect()
}

#[test]
fn the_preset_follows_his_loop_update_by_update() {
    let fixture = Fixture::read();
    let (data, config) = (fixture.data(), fixture.config());
    let card = super::tests::card();
    let setup = Setup { config: &config, data: &data, card, folder: None, resume: None, decode_threads: 2 };
    let (control, mut ignore) = (Control::default(), |_| {});
    let mut run = TrainingRun::start(fixture.network(), setup, &control, &mut ignore).unwrap();
    assert_eq!(fixture.losses.len(), 20);
    for (number, (triplets, loss)) in fixture.updates.iter().zip(&fixture.losses).enumerate() {
        let rate = config.rate_at(0).unwrap();
        let report = run.one_step(rate, false).unwrap().unwrap();
        let planned = run.plan.as_ref().unwrap().batch(number as u64);
        let picture = |row: u32| planned.exemplars[row as usize].picture;
        let chosen: Vec<_> = planned.triplets.iter().map(|t| [t.anchor, t.positive, t.negative].map(picture)).collect();
        assert_eq!(chosen, *triplets, "update {number}");
        assert!((report.loss - loss).abs() < 1e-3, "update {number}: {} instead of {loss}", report.loss);
    }
    assert_eq!(run.plan.unwrap().next_batch(), fixture.selections);
}
