//! What finding and recognising faces costs on this machine's CPU, and learning; run with `cargo bench --no-default-features`.
//!
//! The networks have random weights: the time does not depend on them.

use std::hint::black_box;

use burn::nn::conv::Conv2dConfig;
use burn::nn::{BatchNormConfig, PReluConfig, PaddingConfig2d};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use image::RgbImage;
use likeness::faces::embed::quantise::QuantisedEmbedding;
use likeness::faces::embed::{Batching, Embedder};
use likeness::networks::nets::EmbeddingNet;
use likeness::networks::nets::blocks::learning::{self, AfterNorm};
use likeness::networks::nets::sface::{self, SFace};
use likeness::networks::nets::yunet::YuNet;
use likeness::types::Embedding;

fn random_images(batch: usize, side: usize) -> Tensor<4> {
    Tensor::random([batch, 3, side, side], Distribution::Uniform(0.0, 255.0), &Device::flex())
}

fn detect(criterion: &mut Criterion) {
    let net = YuNet::new(&Device::flex());
    let images = random_images(1, 640);
    criterion.bench_function("yunet, 640×640", |bencher| {
        bencher.iter(|| black_box(net.forward(images.clone()).map(Tensor::into_data)));
    });
}

fn embed(criterion: &mut Criterion) {
    let device = Device::flex();
    let net = SFace::new(&device);
    let image = random_images(1, 112);
    for (form, net) in [("as stored", net.clone()), ("folded", net.clone().folded())] {
        criterion.bench_function(&format!("sface {form}, one face"), |bencher| {
            bencher.iter(|| black_box(net.forward(image.clone()).into_data()));
        });
    }
    let crops = vec![RgbImage::from_pixel(112, 112, [90, 120, 150].into()); 16];
    let net = Box::new(net.folded());
    let embedder = Embedder::new(net, sface::PREPROCESSING, &device, Batching::SpreadOverCores).expect("threads start");
    criterion.bench_function("sface folded, 16 faces over the cores", |bencher| {
        bencher.iter(|| black_box(embedder.embed(&crops).expect("random weights give finite embeddings")));
    });
}

/// A step forwards and back through what batch norm and depthwise convolutions are: ours, and Burn's own.
fn learn(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    let maps = Tensor::<4>::random([60, 128, 28, 28], Distribution::Uniform(-1.0, 1.0), &device);
    let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
    let config = Conv2dConfig::new([128, 128], [3, 3]).with_groups(128).with_padding(padding).with_bias(false);
    let (conv, norm) = (config.init(&device), BatchNormConfig::new(128).init(&device));
    let prelu = PReluConfig::new().with_num_parameters(128).init(&device);
    let mut measure = |name: &str, forward: &dyn Fn(Tensor<4>) -> Tensor<4>| {
        let back = || forward(maps.clone().require_grad()).square().sum().backward();
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(back())));
    };
    measure("depthwise convolution with gradients", &|maps| learning::convolve(&conv, maps));
    measure("depthwise convolution with gradients, Burn's", &|maps| conv.forward(maps));
    let after = AfterNorm::PRelu(&prelu);
    measure("batch norm and PReLU with gradients", &|maps| learning::batch_norm(&norm, after, maps));
    measure("batch norm and PReLU with gradients, Burn's", &|maps| prelu.forward(norm.forward(maps)));
}

fn compare(criterion: &mut Criterion) {
    let wave = |phase: f32| (0..128).map(|at| (at as f32 + phase).sin()).collect();
    let embedding = |phase| Embedding::normalise(wave(phase)).expect("a wave has a length");
    let (a, b) = (embedding(0.0), embedding(1.0));
    criterion.bench_function("distance of two embeddings", |bencher| {
        bencher.iter(|| black_box(&a).squared_distance(black_box(&b)));
    });
    let (a, b) = (QuantisedEmbedding::new(&a), QuantisedEmbedding::new(&b));
    criterion.bench_function("distance of two quantised embeddings", |bencher| {
        bencher.iter(|| black_box(&a).squared_distance(black_box(&b)));
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = detect, embed, learn, compare }
criterion_main!(benches);
