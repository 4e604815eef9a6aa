//! The first convolution and the pooling of small detectors, written so that the CPU is quick at them.
//!
//! Burn 0.22.1's Flex walks pooling windows and strided rows of few channels one value at a time. Both functions here
//! give the values of Burn's own layers from operations that run over whole rows (times: `benches/README.md`).

use burn::nn::conv::Conv2d;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, s};

use super::learning::AfterNorm;
use crate::networks::kernels::inference::{self as kernels, PoolingKernel};

/// A 3×3 convolution of stride 2 and padding 1, for an even width, and what follows it.
///
/// Output column j sees input columns 2j−1, 2j, 2j+1. Of the even columns that is one, of the odd ones two neighbours,
/// so two convolutions of horizontal stride 1 add up to it: kernel column 1 over the even columns, 0 and 2 over the odd.
///
/// # Shapes
/// - input: `[batch, channels_in, height, width]`
/// - output: `[batch, channels_out, ⌈height / 2⌉, width / 2]`
pub(crate) fn conv_3x3_halving(conv: &Conv2d, input: Tensor<4>, after: AfterNorm) -> Tensor<4> {
    let weight = conv.weight.val();
    let even = input.clone().slice(s![.., .., .., 0..;2]);
    let odd = input.slice(s![.., .., .., 1..;2]);
    let options = |left| ConvOptions::new_with_padding([2, 1], [(1, 1), (left, 0)], [1, 1], 1);
    let bias = conv.bias.as_ref().map(|bias| bias.val());
    let of_even = conv2d(even, weight.clone().slice(s![.., .., .., 1..2]), bias, options(0));
    after.of(of_even + conv2d(odd, weight.slice(s![.., .., .., 0..;2]), None, options(1)))
}

/// The maximum of each 2×2 square, for even sides.
///
/// The upper of two rows a and b is taken as a + relu(b − a), which may differ from the maximum in the last bit.
///
/// # Shapes
/// - input: `[batch, channels, height, width]`
/// - output: `[batch, channels, height / 2, width / 2]`
pub(crate) fn max_pool_halving(input: Tensor<4>) -> Tensor<4> {
    if kernels::runs_here(&input) {
        return kernels::pool(input, PoolingKernel::Maximum, [2, 2], 2, 0);
    }
    let [batch, channels, height, width] = input.dims();
    let over_columns = input.reshape([batch * channels, height, width / 2, 2]).max_dim(3);
    let rows = over_columns.reshape([batch * channels, height / 2, 2, width / 2]);
    let (upper, lower) = (rows.clone().narrow(2, 0, 1), rows.narrow(2, 1, 1));
    (relu(lower - upper.clone()) + upper).reshape([batch, channels, height / 2, width / 2])
}

#[cfg(test)]
mod tests {
    use burn::nn::PaddingConfig2d;
    use burn::nn::conv::Conv2dConfig;
    use burn::nn::pool::MaxPool2dConfig;
    use burn::tensor::{Device, Distribution, Tolerance};

    use super::*;
    use crate::networks::kernels::inference::both_ways;

    fn random(height: usize, width: usize) -> Tensor<4> {
        Tensor::random([2, 3, height, width], Distribution::Uniform(-1.0, 1.0), &Device::flex())
    }

    fn assert_close(a: Tensor<4>, b: Tensor<4>) {
        a.into_data().assert_approx_eq::<f32>(&b.into_data(), Tolerance::absolute(1e-6));
    }

    #[test]
    fn convolves_as_the_plain_layer_does() {
        Device::flex().seed(1);
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        let config = Conv2dConfig::new([3, 5], [3, 3]).with_stride([2, 2]).with_padding(padding);
        for (height, width) in [(2, 2), (6, 8), (7, 10)] {
            let conv = config.init(&Device::flex());
            let input = random(height, width);
            let ours = conv_3x3_halving(&conv, input.clone(), AfterNorm::Nothing);
            assert_close(ours, conv.forward(input));
        }
    }

    #[test]
    fn pools_as_the_plain_layer_does() {
        Device::flex().seed(2);
        let pool = MaxPool2dConfig::new([2, 2]).init();
        for (height, width) in [(2, 2), (6, 8)] {
            let input = random(height, width);
            let ours = || max_pool_halving(input.clone());
            for ours in both_ways(ours) {
                assert_close(ours, pool.forward(input.clone()));
            }
        }
    }
}
