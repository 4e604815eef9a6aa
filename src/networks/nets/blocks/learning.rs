//! The same functions in forms whose gradients are quick.
//!
//! Burn 0.22.1 finds a convolution's gradients by other convolutions: that of a 1×1 convolution by one whose kernel is
//! the whole map, that of a depthwise one channel by channel, each with copies into columns. A 1×1 convolution is a
//! matrix product, a depthwise one over the whole map a sum of products, and a PReLU one product: their gradients are
//! products again. Batch norm and other depthwise convolutions have kernels of their own on the CPU
//! ([`crate::networks::kernels::learning`]). Only where a backward pass may follow; elsewhere
//! see [`super::inference`].

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PRelu, PaddingConfig2d};
use burn::tensor::{Tensor, activation};

use crate::networks::kernels::learning::{self as kernels, Normalised};

/// conv(maps)
pub fn convolve(conv: &Conv2d, maps: Tensor<4>) -> Tensor<4> {
    if !maps.device().is_autodiff() || conv.bias.is_some() || conv.dilation != [1, 1] {
        return conv.forward(maps);
    }
    let Some(padding) = even_padding(conv) else { return conv.forward(maps) };
    let [_, channels, height, width] = maps.dims();
    let unpadded = padding == 0;
    if unpadded && conv.kernel_size == [1, 1] && conv.stride == [1, 1] && conv.groups == 1 {
        return pointwise(conv, maps);
    }
    if conv.groups != channels || conv.weight.dims()[0] != channels {
        return conv.forward(maps);
    }
    if unpadded && conv.kernel_size == [height, width] {
        return whole_map(conv, maps);
    }
    let square = conv.kernel_size[0] == conv.kernel_size[1] && conv.stride[0] == conv.stride[1];
    if square && kernels::runs_here(&maps) {
        return kernels::depthwise(maps, conv.weight.val(), conv.stride[0], padding);
    }
    conv.forward(maps)
}

/// What follows a batch norm.
#[derive(Clone, Copy)]
pub enum AfterNorm<'a> {
    Nothing,
    Relu,
    PRelu(&'a PRelu),
}

/// after(norm(maps)); with the batch's own mean and variance where the norm learns.
pub fn batch_norm(norm: &BatchNorm, after: AfterNorm, maps: Tensor<4>) -> Tensor<4> {
    let learns = maps.device().is_autodiff() && norm.training.is_enabled() && kernels::runs_here(&maps);
    if learns && let Some(slope) = after.slope(&maps) {
        return batch_norm_with_slope(norm, slope, maps);
    }
    after.of(norm.forward(maps))
}

impl AfterNorm<'_> {
    pub fn of(self, maps: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Nothing => maps,
            Self::Relu => activation::relu(maps),
            Self::PRelu(unit) => prelu(unit, maps),
        }
    }

    /// The factor of negative values, one a channel; none if one number serves several channels.
    fn slope(self, maps: &Tensor<4>) -> Option<Tensor<1>> {
        let channels = maps.dims()[1];
        match self {
            Self::Nothing => Some(Tensor::ones([channels], &maps.device())),
            Self::Relu => Some(Tensor::zeros([channels], &maps.device())),
            Self::PRelu(unit) => Some(unit.alpha.val()).filter(|slope| slope.dims()[0] == channels),
        }
    }
}

/// One slope a channel for negative values: x · (α + (1 − α) · \[x ≥ 0\]).
pub(crate) fn prelu(prelu: &PRelu, maps: Tensor<4>) -> Tensor<4> {
    let slope = prelu.alpha.val();
    if !maps.device().is_autodiff() || slope.dims()[0] != maps.dims()[1] {
        return prelu.forward(maps);
    }
    let slope = slope.reshape([1, -1, 1, 1]);
    let positive = maps.clone().detach().greater_equal_elem(0.0).float();
    let above = slope.clone().neg().add_scalar(1.0);
    maps * (positive * above + slope)
}

/// Updates the running statistics as Burn's layer does.
fn batch_norm_with_slope(norm: &BatchNorm, slope: Tensor<1>, maps: Tensor<4>) -> Tensor<4> {
    let parameters = [norm.gamma.val(), norm.beta.val(), slope];
    let Normalised { maps, mean, variance } = kernels::batch_norm(maps, parameters, norm.epsilon);
    for (running, of_batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let kept = running.value_sync().to_device(&of_batch.device()).mul_scalar(1.0 - norm.momentum);
        running.update((kept + of_batch.mul_scalar(norm.momentum)).detach());
    }
    maps
}

/// The padding, if it is the same on all sides.
fn even_padding(conv: &Conv2d) -> Option<usize> {
    match conv.padding {
        PaddingConfig2d::Valid => Some(0),
        PaddingConfig2d::Explicit(top, left, bottom, right) => {
            (top == left && left == bottom && bottom == right).then_some(top)
        }
        PaddingConfig2d::Same => None,
    }
}

fn pointwise(conv: &Conv2d, maps: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = maps.dims();
    let weight = conv.weight.val();
    let filters = weight.dims()[0];
    let weight = weight.reshape([1, filters, channels]);
    weight.matmul(maps.reshape([batch, channels, height * width])).reshape([batch, filters, height, width])
}

fn whole_map(conv: &Conv2d, maps: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = maps.dims();
    let weight = conv.weight.val().reshape([1, channels, height * width]);
    (maps.reshape([batch, channels, height * width]) * weight).sum_dim(2).reshape([batch, channels, 1, 1])
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, Param};
    use burn::nn::conv::Conv2dConfig;
    use burn::nn::{BatchNormConfig, PReluConfig};
    use burn::tensor::{Device, Distribution, Tolerance};

    use super::*;

    fn device() -> Device {
        Device::flex().autodiff()
    }

    fn random(shape: [usize; 4]) -> Tensor<4> {
        Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &device())
    }

    /// Output, gradient by the input, gradient by the parameter.
    fn passes<const D: usize>(
        maps: &Tensor<4>,
        parameter: Tensor<D>,
        forward: impl Fn(Tensor<4>) -> Tensor<4>,
    ) -> [Vec<f32>; 3] {
        let maps = maps.clone().require_grad();
        let output = forward(maps.clone());
        // Every output has a weight of its own in the sum.
        let count = output.shape().num_elements();
        let weights: Vec<f32> = (0..count).map(|place| (place as f32 * 0.37).sin()).collect();
        let weights = Tensor::<1>::from_floats(weights.as_slice(), &device()).reshape(output.dims());
        let gradients = (output.clone() * weights).sum().backward();
        let values = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap();
        [
            values(output.inner().flatten(0, 3)),
            values(maps.grad(&gradients).unwrap().flatten(0, 3)),
            values(parameter.grad(&gradients).unwrap().reshape([-1])),
        ]
    }

    fn assert_same(one: [Vec<f32>; 3], other: [Vec<f32>; 3]) {
        for (one, other) in one.into_iter().zip(other) {
            let (one, other) = (Tensor::<1>::from_floats(one.as_slice(), &device()), other);
            one.into_data().assert_approx_eq::<f32>(
                &Tensor::<1>::from_floats(other.as_slice(), &device()).into_data(),
                Tolerance::absolute(2e-5),
            );
        }
    }

    fn depthwise(kernel: usize, stride: usize, padding: usize) -> Conv2dConfig {
        let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
        Conv2dConfig::new([6, 6], [kernel; 2]).with_groups(6).with_stride([stride; 2]).with_padding(padding)
    }

    #[test]
    fn convolutions_and_their_gradients_are_those_of_burn() {
        device().seed(4);
        let pointwise = Conv2dConfig::new([6, 9], [1, 1]);
        let whole_map = Conv2dConfig::new([6, 6], [5, 4]).with_groups(6);
        let others = [
            Conv2dConfig::new([6, 9], [1, 1]).with_stride([2, 2]),
            Conv2dConfig::new([6, 6], [3, 3]).with_groups(6),
            depthwise(3, 1, 1),
            depthwise(3, 2, 1),
            depthwise(4, 3, 2),
            depthwise(5, 1, 2),
            Conv2dConfig::new([6, 6], [3, 2]).with_groups(6),
            Conv2dConfig::new([6, 12], [3, 3]).with_groups(6),
            Conv2dConfig::new([6, 6], [1, 1]).with_groups(2),
        ];
        for config in [pointwise, whole_map].into_iter().chain(others) {
            let conv = config.with_bias(false).init(&device());
            let maps = random([3, 6, 5, 4]);
            let plain = passes(&maps, conv.weight.val(), |maps| conv.forward(maps));
            assert_same(passes(&maps, conv.weight.val(), |maps| convolve(&conv, maps)), plain);
        }
    }

    #[test]
    fn a_prelu_and_its_gradients_are_those_of_burn() {
        device().seed(5);
        let unit = PReluConfig::new().with_num_parameters(6).init(&device());
        let maps = random([3, 6, 5, 4]);
        let plain = passes(&maps, unit.alpha.val(), |maps| unit.forward(maps));
        assert_same(passes(&maps, unit.alpha.val(), |maps| prelu(&unit, maps)), plain);
        assert_eq!(unit.num_params(), 6);
    }

    /// Learning norms differ in their running statistics, too.
    #[test]
    fn a_batch_norm_with_what_follows_it_and_all_gradients_are_those_of_burn() {
        device().seed(6);
        let unit = PReluConfig::new().with_num_parameters(6).init(&device());
        for (sides, epsilon) in [([3, 6, 5, 4], 1e-5), ([4, 6, 1, 1], 1e-3), ([2, 6, 9, 8], 2e-5)] {
            let config = BatchNormConfig::new(6).with_epsilon(epsilon).with_momentum(0.3);
            let maps = random(sides).mul_scalar(3.0).add_scalar(0.7);
            for after in [AfterNorm::Nothing, AfterNorm::Relu, AfterNorm::PRelu(&unit)] {
                let [ours, burns] = [trained(config.init(&device())), trained(config.init(&device()))];
                let of = |norm: &BatchNorm, parameter: Tensor<1>, fused: bool| {
                    passes(&maps, parameter, |maps| match fused {
                        true => batch_norm(norm, after, maps),
                        false => after.of(norm.forward(maps)),
                    })
                };
                assert_same(of(&ours, ours.gamma.val(), true), of(&burns, burns.gamma.val(), false));
                assert_same(of(&ours, ours.beta.val(), true), of(&burns, burns.beta.val(), false));
                if let AfterNorm::PRelu(unit) = after {
                    assert_same(of(&ours, unit.alpha.val(), true), of(&burns, unit.alpha.val(), false));
                }
                let running = |norm: &BatchNorm| [norm.running_mean.value(), norm.running_var.value()];
                for (ours, burns) in running(&ours).into_iter().zip(running(&burns)) {
                    ours.into_data().assert_approx_eq::<f32>(&burns.into_data(), Tolerance::absolute(1e-5));
                }
            }
        }
    }

    #[test]
    fn a_frozen_batch_norm_keeps_its_statistics() {
        device().seed(7);
        let norm = trained(BatchNormConfig::new(6).init(&device())).freeze();
        let maps = random([3, 6, 5, 4]);
        let plain = activation::relu(norm.forward(maps.clone()));
        batch_norm(&norm, AfterNorm::Relu, maps).into_data().assert_eq(&plain.into_data(), true);
        assert_eq!(norm.running_mean.value().sum().into_scalar::<f32>(), 0.0);
    }

    /// Factors and shifts that are not those of the start.
    fn trained(mut norm: BatchNorm) -> BatchNorm {
        norm.gamma = Param::from_tensor(Tensor::from_floats([0.5, -1.5, 2.0, 0.0, 1.0, 0.3], &device()));
        norm.beta = Param::from_tensor(Tensor::from_floats([0.1, -0.4, 0.0, 0.2, 0.6, -0.7], &device()));
        norm
    }
}
