//! A small network, forward and backward, on a device and on the CPU.
//!
//! It uses each operation that the real networks use: 3×3, depthwise, 1×7 and 1×1 convolutions, batch norm with
//! running and with batch statistics, PReLU, pooling, matrix product, normalisation. Its gradients are compared with
//! every weight tracked, and with a frozen base, where Burn has returned NaN (its issue 5162). All numbers are seeded.

use std::time::Instant;

use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::activation::{prelu, relu};
use burn::tensor::module::{adaptive_avg_pool2d, batch_norm, batch_norm_train, conv2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

const BATCH: usize = 4;
const SIDE: usize = 24;
const CHANNELS: usize = 16;
const WIDE: usize = 32;
const DIMENSIONS: usize = 8;
const SEED: u64 = 7;
/// Relative to the largest number of a tensor. Single precision leaves about 1e-5 here; a wrong kernel 1e-1 and more.
const TOLERANCE: f32 = 1e-3;

/// The parts of the test, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    Forward,
    Backward,
    FrozenBase,
    Step,
}

/// What one part found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PhaseResult {
    pub phase: Phase,
    pub largest_difference: f32,
    pub seconds: f32,
    /// The first tensor that is wrong.
    pub failure: Option<String>,
}

impl Phase {
    pub const ALL: [Self; 4] = [Self::Forward, Self::Backward, Self::FrozenBase, Self::Step];

    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "the forward pass",
            Self::Backward => "the backward pass",
            Self::FrozenBase => "the backward pass with a frozen base",
            Self::Step => "an optimiser step",
        }
    }

    /// Runs this part on `device` and on the CPU.
    pub fn run(self, device: &Device) -> PhaseResult {
        let start = Instant::now();
        let found = self.outputs(device);
        let seconds = start.elapsed().as_secs_f32();
        self.judged(&self.outputs(&Device::flex()), &found, seconds)
    }

    fn judged(self, expected: &[Named], found: &[Named], seconds: f32) -> PhaseResult {
        let missing = (expected.len() != found.len()).then(|| "a tensor has no gradient, or one too many".to_owned());
        let mut finding = PhaseResult { phase: self, largest_difference: 0.0, seconds, failure: missing };
        for ((name, expected), (_, found)) in expected.iter().zip(found) {
            let difference = difference(expected, found);
            finding.largest_difference = finding.largest_difference.max(difference);
            if finding.failure.is_none() && (difference.is_nan() || difference > TOLERANCE) {
                finding.failure = Some(format!("{name} differs from the CPU's by {difference:.1e}"));
            }
        }
        finding
    }

    /// Every number to compare, by name.
    fn outputs(self, device: &Device) -> Vec<Named> {
        match self {
            Self::Forward => {
                let net = TestNet::new(device, |_| false);
                vec![("the embedding", numbers(net.forward(input(device), Norm::Running)))]
            }
            Self::Backward => TestNet::new(&device.clone().autodiff(), |_| true).train().1,
            Self::FrozenBase => TestNet::new(&device.clone().autodiff(), |name| HEAD.contains(&name)).train().1,
            Self::Step => {
                let (net, _) = TestNet::new(&device.clone().autodiff(), |_| true).train();
                vec![("the embedding after a step", numbers(net.forward(input(device), Norm::Running)))]
            }
        }
    }
}

/// A tensor's name and numbers.
type Named = (&'static str, Vec<f32>);

/// The weights that a frozen base leaves to be trained.
const HEAD: [&str; 2] = ["row", "linear"];

#[derive(Clone, Copy)]
enum Norm {
    Running,
    Batch,
}

/// Four convolutions and a linear layer.
struct TestNet {
    stem: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    alpha: Tensor<1>,
    depthwise: Tensor<4>,
    row: Tensor<4>,
    point: Tensor<4>,
    linear: Tensor<2>,
}

impl TestNet {
    fn new(device: &Device, tracked: impl Fn(&str) -> bool) -> Self {
        let weights = TestWeights { device, tracked: &tracked };
        Self {
            stem: weights.draw("stem", 1, [CHANNELS, 3, 3, 3], 0.3),
            gamma: weights.draw("gamma", 2, [CHANNELS], 0.5).add_scalar(1.0).leaf(tracked("gamma")),
            beta: weights.draw("beta", 3, [CHANNELS], 0.2),
            alpha: weights.draw("alpha", 4, [CHANNELS], 0.3),
            depthwise: weights.draw("depthwise", 5, [CHANNELS, 1, 3, 3], 0.4),
            row: weights.draw("row", 6, [CHANNELS, CHANNELS, 1, 7], 0.15),
            point: weights.draw("point", 7, [WIDE, CHANNELS, 1, 1], 0.3),
            linear: weights.draw("linear", 8, [WIDE, DIMENSIONS], 0.3),
        }
    }

    /// Unit vectors.
    fn forward(&self, images: Tensor<4>, norm: Norm) -> Tensor<2> {
        let options = |stride, padding, groups| ConvOptions::new(stride, padding, [1, 1], groups);
        let x = conv2d(images, self.stem.clone(), None, options([2, 2], [1, 1], 1));
        let (gamma, beta) = (self.gamma.clone(), self.beta.clone());
        let x = match norm {
            Norm::Batch => batch_norm_train(x, gamma, beta, 1e-5).output,
            Norm::Running => {
                let (mean, variance) = (self.beta.clone().neg(), self.gamma.clone().add_scalar(0.5));
                batch_norm(x, gamma, beta, mean, variance, 1e-5)
            }
        };
        let x = prelu(x, self.alpha.clone());
        let x = conv2d(x, self.depthwise.clone(), None, options([1, 1], [1, 1], CHANNELS));
        let x = relu(conv2d(x, self.row.clone(), None, options([1, 1], [0, 3], 1)));
        let x = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init().forward(x);
        let x = conv2d(x, self.point.clone(), None, options([1, 1], [0, 0], 1));
        let x = adaptive_avg_pool2d(x, [1, 1]).reshape([BATCH, WIDE]);
        let x = x.matmul(self.linear.clone());
        let length = x.clone().powf_scalar(2.0).sum_dim(1).add_scalar(1e-12).sqrt();
        x.div(length)
    }

    /// One step of plain gradient descent on a loss of squared distances; all gradients are returned too.
    fn train(self) -> (Self, Vec<Named>) {
        let device = self.stem.device();
        let embeddings = self.forward(input(&device), Norm::Batch);
        let first = embeddings.clone().slice([0..BATCH / 2, 0..DIMENSIONS]);
        let second = embeddings.slice([BATCH / 2..BATCH, 0..DIMENSIONS]);
        let loss = first.sub(second).powf_scalar(2.0).sum();
        let mut seen = vec![("the loss", numbers(loss.clone()))];
        let gradients = loss.backward();
        let mut step = TestStep { gradients, seen: &mut seen };
        let net = Self {
            stem: step.apply("the gradient of a 3×3 convolution", self.stem),
            gamma: step.apply("the gradient of a batch norm's scale", self.gamma),
            beta: step.apply("the gradient of a batch norm's shift", self.beta),
            alpha: step.apply("the gradient of a PReLU", self.alpha),
            depthwise: step.apply("the gradient of a depthwise convolution", self.depthwise),
            row: step.apply("the gradient of a 1×7 convolution", self.row),
            point: step.apply("the gradient of a 1×1 convolution", self.point),
            linear: step.apply("the gradient of a matrix product", self.linear),
        };
        (net, seen)
    }
}

struct TestWeights<'a> {
    device: &'a Device,
    tracked: &'a dyn Fn(&str) -> bool,
}

impl TestWeights<'_> {
    fn draw<const D: usize>(&self, name: &str, stream: u64, shape: [usize; D], spread: f32) -> Tensor<D> {
        random(stream, shape, spread, self.device).leaf((self.tracked)(name))
    }
}

trait Leaf {
    /// A tensor without a past, whose gradient is kept when `tracked`.
    fn leaf(self, tracked: bool) -> Self;
}

impl<const D: usize> Leaf for Tensor<D> {
    fn leaf(self, tracked: bool) -> Self {
        if tracked { self.detach().require_grad() } else { self.detach() }
    }
}

struct TestStep<'a> {
    gradients: burn::tensor::Gradients,
    seen: &'a mut Vec<Named>,
}

impl TestStep<'_> {
    /// The weight after the step, off the tape. An untracked weight stays as it is.
    fn apply<const D: usize>(&mut self, name: &'static str, weight: Tensor<D>) -> Tensor<D> {
        let Some(gradient) = weight.grad(&self.gradients) else { return weight.inner() };
        self.seen.push((name, numbers(gradient.clone())));
        weight.inner().sub(gradient.mul_scalar(0.05))
    }
}

fn input(device: &Device) -> Tensor<4> {
    random(0, [BATCH, 3, SIDE, SIDE], 1.0, device)
}

fn random<const D: usize>(stream: u64, shape: [usize; D], spread: f32, device: &Device) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    rng.set_stream(stream);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-spread..spread)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The largest difference over the largest expected number; NaN when something is not a number or missing.
fn difference(expected: &[f32], found: &[f32]) -> f32 {
    if expected.len() != found.len() || found.iter().any(|value| !value.is_finite()) {
        return f32::NAN;
    }
    let largest = expected.iter().fold(1e-6f32, |largest, value| largest.max(value.abs()));
    let apart = expected.iter().zip(found).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f32::max) / largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_agrees_with_itself() {
        for phase in Phase::ALL {
            let finding = phase.run(&Device::flex());
            assert_eq!(finding.failure, None);
            assert!(finding.largest_difference < 1e-5);
        }
    }

    /// As a wrong kernel would: one number in any tensor off by a hundredth of the largest, not a number, or missing.
    #[test]
    fn a_planted_fault_is_found_wherever_it_is() {
        let faults: [fn(&mut Vec<f32>); 3] = [
            |values| values[0] += 0.01 * values.iter().fold(0.0, |largest: f32, value| largest.max(value.abs())),
            |values| values[0] = f32::NAN,
            |values| _ = values.pop(),
        ];
        for phase in Phase::ALL {
            let expected = phase.outputs(&Device::flex());
            assert_eq!(phase.judged(&expected, &expected, 0.0).failure, None);
            for (at, fault) in (0..expected.len()).flat_map(|at| faults.map(|fault| (at, fault))) {
                let mut found = expected.clone();
                fault(&mut found[at].1);
                let failure = phase.judged(&expected, &found, 0.0).failure.unwrap_or_default();
                assert!(failure.starts_with(expected[at].0), "{phase:?}: {failure}");
            }
            assert!(phase.judged(&expected, &expected[1..], 0.0).failure.is_some());
        }
    }

    #[test]
    fn every_weight_has_a_gradient_that_matters() {
        let (_, all) = TestNet::new(&Device::flex().autodiff(), |_| true).train();
        assert_eq!(all.len(), 9, "the loss and eight weights");
        for (name, values) in &all {
            let largest = values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
            assert!(largest > 1e-3, "{name}: {largest}");
        }
        let (_, frozen) = TestNet::new(&Device::flex().autodiff(), |name| HEAD.contains(&name)).train();
        assert_eq!(frozen.len(), 3, "the loss and two weights");
        let gradient = |list: &[(&str, Vec<f32>)]| list.last().unwrap().1.clone();
        assert!(difference(&gradient(&all), &gradient(&frozen)) < 1e-5);
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let loss = |bump: f32| {
            let mut net = TestNet::new(&Device::flex().autodiff(), |_| true);
            let mut values = numbers(net.row.clone());
            values[3] += bump;
            let device = net.stem.device();
            let row = Tensor::from_data(TensorData::new(values, [CHANNELS, CHANNELS, 1, 7]), &device);
            net.row = row.leaf(true);
            f64::from(net.train().1[0].1[0])
        };
        let (_, seen) = TestNet::new(&Device::flex().autodiff(), |_| true).train();
        let gradient = seen.iter().find(|(name, _)| name.contains("1×7")).unwrap().1[3];
        let numeric = (loss(5e-3) - loss(-5e-3)) / 1e-2;
        assert!((f64::from(gradient) - numeric).abs() < 0.02 * numeric.abs().max(0.05), "{gradient} {numeric}");
    }

    #[test]
    fn differences_are_seen() {
        assert_eq!(difference(&[1.0, -2.0], &[1.0, -2.0]), 0.0);
        assert_eq!(difference(&[1.0, -2.0], &[1.0, -1.0]), 0.5);
        assert!(difference(&[1.0], &[f32::NAN]).is_nan());
        assert!(difference(&[1.0], &[]).is_nan());
    }
}
