//! Small relatives of every variant at work: gradients, files, folding.
//!
//! At a quarter of the width and a reduced input, so that the largest networks stay small; the layers and their order
//! are those of the full network.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Distribution, Tensor};

use super::*;
use crate::networks::kernels::inference::{KernelSet, both_ways};
use crate::networks::nets::testing::DrawnNorms;
use crate::networks::weights::{collect, fill, keep_path};

/// Every variant from its card and its own format, at a quarter of the width: paths are unique, say nothing of our
/// types, and give the same embedding back.
#[test]
fn every_variant_comes_back_from_its_tensors() {
    let device = Device::flex();
    for variant in &VARIANTS {
        let options = NetOptions {
            embedding_size: Some(8),
            input: Some(variant.least_input().map(|least| least.max(48))),
            width: Some(0.25),
            ..Default::default()
        };
        let config = variant.config(&options).unwrap();
        let net = variant.build(&config, &device).drawn(3, &device);
        let tensors = collect(&net).unwrap();
        let bad = |name: &&str| name.split('.').any(|part| ["Conv", "Branches", "Linear", "Table"].contains(&part));
        assert_eq!(tensors.names().find(bad), None, "{}", variant.name);
        let again = fill(variant.build(&config, &device), &tensors, str::to_owned).unwrap();
        let [height, width] = config.input;
        let images = Tensor::<4>::random([1, 3, height, width], Distribution::Normal(0.0, 1.0), &device);
        let [first, second] = [net, again].map(|net| numbers(net.forward_unit(images.clone())));
        assert_eq!(first, second, "{}", variant.name);
        assert_eq!(first.len(), 8);
    }
}

/// Batch norms with something to do, folded away, and what runs then on several pictures: against Burn's own operations on
/// the network as it is.
#[test]
fn folding_and_our_kernels_change_no_variant() {
    let device = Device::flex();
    // The small network has no layer that our kernels know, and nothing to fold.
    for variant in VARIANTS.iter().filter(|variant| variant.architecture != Architecture::LikenessSmall) {
        // Deep ones take long.
        let pictures = if is_deep(variant) { 1 } else { 3 };
        let input = Some(variant.least_input().map(|least| least.max(48)));
        let options = NetOptions { embedding_size: Some(8), input, width: Some(0.25), ..Default::default() };
        let config = variant.config(&options).unwrap();
        let net = variant.build(&config, &device).drawn(4, &device).map(&mut DrawnNorms);
        let [height, width] = config.input;
        let images = Tensor::<4>::random([pictures, 3, height, width], Distribution::Normal(0.0, 1.0), &device);
        let before = numbers(KernelSet::Burn.during(|| net.forward_unit(images.clone())));
        let folded = net.folded();
        for after in both_ways(|| numbers(folded.forward_unit(images.clone()))) {
            assert_eq!(after.len(), before.len());
            let difference = before.iter().zip(&after).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(difference < 1e-5, "{}: {difference}", variant.name);
        }
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as().unwrap()
}

/// Names of the parameters whose gradient is missing, not finite, or zero throughout.
struct BadGradients<'a> {
    path: Vec<String>,
    gradients: &'a burn::tensor::Gradients,
    bad: Vec<String>,
}

impl ModuleVisitor for BadGradients<'_> {
    keep_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.path.last().is_some_and(|name| name.starts_with("running_")) {
            return;
        }
        let values = param.val().grad(self.gradients).map(|g| g.into_data().try_to_vec::<f32>().unwrap());
        let good = values.is_some_and(|v| v.iter().all(|g| g.is_finite()) && v.iter().any(|g| *g != 0.0));
        if !good {
            self.bad.push(self.path.join("."));
        }
    }
}

/// Gradients of a small relative: every one is alive. A branch of few units may be dead by chance in one draw of weights,
/// not in each of several.
fn check_backward(variant: &Variant) {
    const DRAWS: u64 = 4;
    let mut bad = dead_gradients(variant, 1);
    for draw in 2..=DRAWS {
        if bad.is_empty() {
            return;
        }
        let now = dead_gradients(variant, draw);
        bad.retain(|name| now.contains(name));
    }
    assert!(bad.is_empty(), "{}: no gradient for {bad:?}", variant.name);
}

fn dead_gradients(variant: &Variant, draw: u64) -> Vec<String> {
    let options = NetOptions {
        embedding_size: Some(16),
        dropout: Some(0.0),
        input: Some(variant.least_input().map(|least| least.max(48))),
        width: Some(0.25),
        ..Default::default()
    };
    let device = Device::flex().autodiff();
    device.seed(10 + draw);
    let config = variant.config(&options).unwrap();
    let net = variant.build(&config, &device);
    let [height, width] = config.input;
    let images = Tensor::<4>::random([3, 3, height, width], Distribution::Normal(0.0, 1.0), &device);
    let embeddings = EmbeddingNet::forward(&net, images);
    assert_eq!(embeddings.dims(), [3, 16], "{}", variant.name);
    let weights = Tensor::<2>::random([3, 16], Distribution::Normal(0.0, 1.0), &device);
    let gradients = (embeddings * weights).sum().backward();
    let mut visitor = BadGradients { path: Vec::new(), gradients: &gradients, bad: Vec::new() };
    net.visit(&mut visitor);
    visitor.bad
}

#[test]
fn facenet_gradients_are_alive() {
    for variant in
        VARIANTS.iter().filter(|v| matches!(v.architecture, Architecture::Nn1 | Architecture::FaceNetInception(_)))
    {
        check_backward(variant);
    }
}

/// Of the IResNets the least: the others have more of the same blocks.
#[test]
fn rivals_gradients_are_alive() {
    let is_rival = |v: &&Variant| !matches!(v.architecture, Architecture::Nn1 | Architecture::FaceNetInception(_));
    VARIANTS.iter().filter(is_rival).filter(|v| !is_deep(v)).for_each(check_backward);
}

fn is_deep(variant: &Variant) -> bool {
    matches!(variant.architecture, Architecture::IResNet(depth) if depth != Depth::Eighteen)
}
