//! The same functions in forms whose gradients are quick.
//!
//! Burn 0.22.1 finds a convolution's gradients by other convolutions: that of a 1×1 convolution by one whose kernel is
//! the whole map, that of a depthwise one channel by channel, each with copies into columns. A 1×1 convolution is a
//! matrix product, a depthwise one over the whole map a sum of products, and a PReLU one product: their gradients are
//! products again. Only where a backward pass may follow; inference keeps Burn's operations, which are quicker there.

use burn::nn::conv::Conv2d;
use burn::nn::{PRelu, PaddingConfig2d};
use burn::tensor::Tensor;

/// conv(maps)
pub(crate) fn convolve(conv: &Conv2d, maps: Tensor<4>) -> Tensor<4> {
    if !maps.device().is_autodiff() || conv.bias.is_some() || !unpadded(conv) || conv.dilation != [1, 1] {
        return conv.forward(maps);
    }
    let [_, channels, height, width] = maps.dims();
    if conv.kernel_size == [1, 1] && conv.stride == [1, 1] && conv.groups == 1 {
        return pointwise(conv, maps);
    }
    let filters = conv.weight.dims()[0];
    if conv.groups == channels && filters == channels && conv.kernel_size == [height, width] {
        return whole_map(conv, maps);
    }
    conv.forward(maps)
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

fn unpadded(conv: &Conv2d) -> bool {
    matches!(conv.padding, PaddingConfig2d::Valid | PaddingConfig2d::Explicit(0, 0, 0, 0))
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
    use burn::module::Module;
    use burn::nn::PReluConfig;
    use burn::nn::conv::Conv2dConfig;
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

    #[test]
    fn convolutions_and_their_gradients_are_those_of_burn() {
        device().seed(4);
        let pointwise = Conv2dConfig::new([6, 9], [1, 1]);
        let whole_map = Conv2dConfig::new([6, 6], [5, 4]).with_groups(6);
        let others = [
            Conv2dConfig::new([6, 9], [1, 1]).with_stride([2, 2]),
            Conv2dConfig::new([6, 6], [3, 3]).with_groups(6),
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
}
