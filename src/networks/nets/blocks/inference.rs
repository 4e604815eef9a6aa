//! Where nothing is learnt from the maps, the CPU has kernels of its own for a layer and what follows it
//! ([`crate::networks::kernels::inference`]). Elsewhere the same functions are Burn's operations.

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::Tensor;

use super::learning::{self, AfterNorm};
use crate::networks::kernels::inference::{self as kernels, FusedActivation, FusedConv};

pub(crate) use crate::networks::kernels::inference::PackedWeights;

/// after(norm(conv(maps)) + shortcut)
pub(crate) fn convolve(
    (conv, packed): (&Conv2d, &PackedWeights),
    norm: Option<&BatchNorm>,
    maps: Tensor<4>,
    shortcut: Option<Tensor<4>>,
    after: AfterNorm,
) -> Tensor<4> {
    if norm.is_none()
        && kernels::runs_here(&maps)
        && let Some(layer) = layer(conv, packed)
        && let Some(activation) = activation(after, conv.weight.lazy_shape()[0])
    {
        return kernels::convolve(maps, layer, shortcut, activation);
    }
    let maps = learning::convolve(conv, maps);
    match (norm, shortcut) {
        (Some(norm), None) => learning::batch_norm(norm, after, maps),
        (norm, shortcut) => {
            let maps = norm.into_iter().fold(maps, |maps, norm| learning::batch_norm(norm, AfterNorm::Nothing, maps));
            after.of(shortcut.into_iter().fold(maps, |maps, shortcut| maps + shortcut))
        }
    }
}

/// after(scale · maps + shortcut)
pub(crate) fn add(maps: Tensor<4>, scale: f64, shortcut: Tensor<4>, relu: bool) -> Tensor<4> {
    if kernels::runs_here(&maps) {
        let activation = if relu { FusedActivation::Relu } else { FusedActivation::None };
        return kernels::add(maps, scale as f32, shortcut, activation);
    }
    let maps = if scale == 1.0 { maps } else { maps.mul_scalar(scale) };
    let maps = shortcut + maps;
    if relu { AfterNorm::Relu.of(maps) } else { maps }
}

/// Maps of one size one after the other by channel.
pub(crate) fn concatenate(maps: Vec<Tensor<4>>) -> Tensor<4> {
    match maps.iter().all(kernels::runs_here) && maps.len() > 1 {
        true => kernels::concatenate(maps),
        false => Tensor::cat(maps, 1),
    }
}

/// None for what the kernels do not know.
fn layer<'a>(conv: &Conv2d, packed: &'a PackedWeights) -> Option<FusedConv<'a>> {
    let padding = match conv.padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if (top, left) == (bottom, right) => [top, left],
        PaddingConfig2d::Explicit(..) | PaddingConfig2d::Same => return None,
    };
    (conv.dilation == [1, 1]).then(|| FusedConv {
        weight: conv.weight.val(),
        bias: conv.bias.as_ref().map(|bias| bias.val()),
        stride: conv.stride,
        padding,
        groups: conv.groups,
        packed,
    })
}

/// None where one slope serves several channels.
fn activation(after: AfterNorm, channels: usize) -> Option<FusedActivation> {
    match after {
        AfterNorm::Nothing => Some(FusedActivation::None),
        AfterNorm::Relu => Some(FusedActivation::Relu),
        AfterNorm::PRelu(unit) => {
            let slopes = unit.alpha.val();
            (slopes.dims()[0] == channels).then_some(FusedActivation::Slopes(slopes))
        }
    }
}
