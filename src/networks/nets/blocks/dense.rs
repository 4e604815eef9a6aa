//! Fully connected layers, maxout, and Burn's own layers as blocks.

use burn::module::Module;
use burn::nn::{BatchNorm, Dropout, Linear, LocalResponseNorm, LocalResponseNormConfig, PRelu};
use burn::tensor::Tensor;

use super::learning::{self, AfterNorm};
use super::trace::FULLY_CONNECTED;
use super::{Block, MapShape, Trace};
use crate::networks::kernels::inference as kernels;

/// Flattens the maps (channels, rows, columns) and multiplies.
impl Block for Linear {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let output = Linear::forward(self, maps.flatten::<2>(1, 3));
        let [batch, values] = output.dims();
        output.reshape([batch, values, 1, 1])
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let (outputs, params, multiply_adds) = describe(self, input);
        trace.layer(FULLY_CONNECTED.to_owned(), MapShape::vector(outputs), params, multiply_adds)
    }
}

/// A fully connected layer on maps turned to columns, rows, channels, and its PReLU.
#[derive(Module, Debug)]
pub struct TurnedLinear {
    pub linear: Linear,
    pub prelu: PRelu,
}

impl Block for TurnedLinear {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.prelu.forward(Block::forward(&self.linear, maps.permute([0, 3, 2, 1])))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let (outputs, params, multiply_adds) = describe(&self.linear, input);
        let slopes = self.prelu.alpha.lazy_shape().num_elements();
        trace.layer(FULLY_CONNECTED.to_owned(), MapShape::vector(outputs), params + slopes, multiply_adds)
    }
}

/// Outputs, parameters, multiply-adds.
fn describe(linear: &Linear, input: MapShape) -> (usize, usize, usize) {
    let weights = linear.weight.lazy_shape();
    assert_eq!(weights[0], input.values(), "a fully connected layer was built for another map");
    let bias = linear.bias.as_ref().map_or(0, |bias| bias.lazy_shape().num_elements());
    (weights[1], weights.num_elements() + bias, weights.num_elements())
}

impl Block for BatchNorm {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        learning::batch_norm(self, AfterNorm::Nothing, maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        trace.layer("batch norm".to_owned(), input, self.gamma.lazy_shape().num_elements() * 2, 0)
    }
}

impl Block for Dropout {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        Dropout::forward(self, maps)
    }

    fn trace(&self, input: MapShape, _: &mut Trace) -> MapShape {
        input
    }
}

/// A window of 5 channels, α = 10⁻⁴ divided by the window, β = 0.75, k = 1: FaceNet prints no constants; these are Torch's
/// and Caffe's.
pub(crate) fn response_norm() -> LocalResponseNorm {
    LocalResponseNormConfig::new(RESPONSE_WINDOW).with_alpha(RESPONSE_ALPHA).with_beta(0.75).with_k(RESPONSE_K).init()
}

const RESPONSE_WINDOW: usize = 5;
const RESPONSE_ALPHA: f64 = 1e-4;
const RESPONSE_K: f64 = 1.0;

/// As [`response_norm`] makes it; across channels: x / (k + α/n Σ x²)^β (Krizhevsky et al. 2012, section 3.3).
impl Block for LocalResponseNorm {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        if kernels::runs_here(&maps) {
            return kernels::response_norm(maps, RESPONSE_WINDOW, RESPONSE_ALPHA as f32, RESPONSE_K as f32);
        }
        LocalResponseNorm::forward(self, maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        trace.layer("response norm".to_owned(), input, 0, 0)
    }
}

/// max over pieces of (W x + b): Goodfellow et al. 2013. Pieces of one unit are `units` apart.
#[derive(Module, Debug)]
pub struct Maxout {
    pub linear: Linear,
    pub pieces: usize,
}

impl Block for Maxout {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let candidates = Linear::forward(&self.linear, maps.flatten::<2>(1, 3));
        let [batch, values] = candidates.dims();
        let units = values / self.pieces;
        candidates.reshape([batch, self.pieces, units]).max_dim(1).reshape([batch, units, 1, 1])
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let (outputs, params, multiply_adds) = describe(&self.linear, input);
        let output = MapShape::vector(outputs / self.pieces);
        trace.layer(format!("maxout of {}", self.pieces), output, params, multiply_adds)
    }
}
