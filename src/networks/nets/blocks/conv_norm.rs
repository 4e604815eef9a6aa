//! Convolution followed by batch norm, and the folding of one into the other.
//!
//! At inference batch norm is y = s·x + t a channel, with s = γ/√(σ² + ε) and t = β − s·µ (Ioffe and Szegedy 2015,
//! algorithm 2), so it disappears into the weights of the layer before it; the network then does the same in fewer
//! passes over memory. A network that is to be trained further keeps it.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::{Device, Tensor};

use super::inference::{ConvLink, PackedWeights};
use super::learning::AfterNorm;

/// A convolution and the batch norm after it, until [`ConvNorm::folded`] makes one convolution of both.
#[derive(Module, Debug)]
pub struct ConvNorm {
    pub conv: Conv2d,
    pub norm: Option<BatchNorm>,
    #[module(skip)]
    pub(crate) packed: PackedWeights,
}

impl ConvNorm {
    /// A convolution alone.
    pub(crate) fn plain(conv: Conv2d) -> Self {
        Self { conv, norm: None, packed: PackedWeights::default() }
    }

    /// A convolution without bias, since the norm has one.
    pub fn new(conv: Conv2dConfig, norm_epsilon: f64, device: &Device) -> Self {
        let norm = BatchNormConfig::new(conv.channels[1]).with_epsilon(norm_epsilon).init(device);
        Self { norm: Some(norm), ..Self::plain(conv.with_bias(false).init(device)) }
    }

    /// after(norm(conv(x)))
    ///
    /// # Shapes
    /// - input: `[batch, channels_in, height, width]`
    /// - output: `[batch, channels_out, height / stride, width / stride]`
    pub fn forward(&self, input: Tensor<4>, after: AfterNorm) -> Tensor<4> {
        self.link(after).run(input, None)
    }

    pub(crate) fn link<'a>(&'a self, after: AfterNorm<'a>) -> ConvLink<'a> {
        ConvLink { conv: &self.conv, packed: &self.packed, norm: self.norm.as_ref(), after }
    }

    /// The same function for inference, as one convolution with bias.
    pub fn folded(self) -> Self {
        let Some(norm) = self.norm else { return self };
        let (scale, shift) = scale_and_shift(&norm);
        let Conv2d { weight, bias, .. } = self.conv;
        let bias = match bias {
            Some(bias) => bias.map(|bias| bias * scale.clone() + shift),
            None => Param::from_tensor(shift),
        };
        let weight = weight.map(|weight| weight * scale.reshape([-1, 1, 1, 1]));
        Self::plain(Conv2d { weight, bias: Some(bias), ..self.conv })
    }
}

/// `linear` with the batch norm that follows it folded in.
pub fn fold_norm_after(linear: Linear, norm: &BatchNorm) -> Linear {
    let (scale, shift) = scale_and_shift(norm);
    let bias = match linear.bias {
        Some(bias) => bias.map(|bias| bias * scale.clone() + shift),
        None => Param::from_tensor(shift),
    };
    let weight = linear.weight.map(|weight| weight * scale.unsqueeze_dim::<2>(0));
    Linear { weight, bias: Some(bias) }
}

/// `linear` with the batch norm folded in that stood before it, over the channels of maps that are flattened to
/// `[batch, channels · positions]` in between.
pub fn fold_norm_before(linear: Linear, norm: &BatchNorm) -> Linear {
    let (scale, shift) = scale_and_shift(norm);
    let weight = linear.weight.val();
    let positions = weight.dims()[0] / scale.dims()[0];
    // One value a channel becomes one a row of the weights.
    let by_row = |values: Tensor<1>| values.unsqueeze_dim::<2>(1).repeat_dim(1, positions).reshape([-1, 1]);
    let shifted = (weight * by_row(shift)).sum_dim(0).squeeze_dim::<1>(0);
    let bias = match linear.bias {
        Some(bias) => bias.map(|bias| bias + shifted),
        None => Param::from_tensor(shifted),
    };
    let weight = linear.weight.map(|weight| weight * by_row(scale));
    Linear { weight, bias: Some(bias) }
}

/// s and t of a norm's running statistics.
fn scale_and_shift(norm: &BatchNorm) -> (Tensor<1>, Tensor<1>) {
    let (mean, variance) = (norm.running_mean.value_sync(), norm.running_var.value_sync());
    let scale = norm.gamma.val() / (variance + norm.epsilon).sqrt();
    let shift = norm.beta.val() - mean * scale.clone();
    (scale, shift)
}

#[cfg(test)]
mod tests {
    use burn::module::RunningState;
    use burn::nn::LinearConfig;
    use burn::tensor::{Distribution, Tolerance};

    use super::*;

    fn random<const D: usize>(shape: [usize; D], low: f64, high: f64) -> Tensor<D> {
        Tensor::random(shape, Distribution::Uniform(low, high), &Device::flex())
    }

    /// A norm as it may be after training.
    fn trained_norm(channels: usize) -> BatchNorm {
        let mut norm = BatchNormConfig::new(channels).with_epsilon(1e-3).init(&Device::flex());
        norm.gamma = Param::from_tensor(random([channels], -2.0, 2.0));
        norm.beta = Param::from_tensor(random([channels], -1.0, 1.0));
        norm.running_mean = RunningState::new(random([channels], -1.0, 1.0));
        norm.running_var = RunningState::new(random([channels], 0.1, 3.0));
        norm
    }

    fn assert_close<const D: usize>(a: Tensor<D>, b: Tensor<D>) {
        a.into_data().assert_approx_eq::<f32>(&b.into_data(), Tolerance::absolute(1e-5));
    }

    #[test]
    fn a_folded_convolution_computes_the_same() {
        Device::flex().seed(3);
        for (groups, with_bias) in [(1, false), (4, false), (2, true)] {
            let config = Conv2dConfig::new([4, 8], [3, 3]).with_groups(groups);
            let mut block = ConvNorm::new(config.clone(), 1e-3, &Device::flex());
            block.norm = Some(trained_norm(8));
            if with_bias {
                block.conv = config.with_bias(true).init(&Device::flex());
            }
            let input = random([2, 4, 7, 6], -1.0, 1.0);
            let before = block.forward(input.clone(), AfterNorm::Nothing);
            let folded = block.folded();
            assert!(folded.norm.is_none());
            assert_close(before, folded.forward(input, AfterNorm::Nothing));
        }
    }

    #[test]
    fn a_folded_linear_layer_computes_the_same() {
        Device::flex().seed(4);
        let (before, after) = (trained_norm(3), trained_norm(5));
        let input = random([2, 3, 2, 2], -1.0, 1.0);
        for with_bias in [false, true] {
            let linear = LinearConfig::new(12, 5).with_bias(with_bias).init(&Device::flex());
            let flat = before.forward(input.clone()).flatten::<2>(1, 3);
            let expected = after.forward(linear.forward(flat));
            let folded = fold_norm_after(fold_norm_before(linear, &before), &after);
            assert_close(expected, folded.forward(input.clone().flatten::<2>(1, 3)));
        }
    }
}
