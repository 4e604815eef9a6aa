//! Where nothing is learnt from the maps, the CPU has kernels of its own for a layer and what follows it
//! ([`crate::networks::kernels::inference`]). Elsewhere the same functions are Burn's operations.

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::Tensor;

use super::learning::{self, AfterNorm};
use super::{Block, halving};
use crate::networks::kernels::inference::{self as kernels, FusedActivation, FusedConv, FusedLayer};

pub(crate) use crate::networks::kernels::inference::PackedWeights;

/// A convolution and what follows it: after(norm(conv(maps)) + shortcut).
#[derive(Clone, Copy)]
pub(crate) struct ConvLink<'a> {
    pub conv: &'a Conv2d,
    pub packed: &'a PackedWeights,
    pub norm: Option<&'a BatchNorm>,
    pub after: AfterNorm<'a>,
}

/// What runs in a chain with others ([`run_chain`]).
#[derive(Clone, Copy)]
pub(crate) enum Link<'a> {
    Conv(ConvLink<'a>),
    /// [`halving::conv_3x3_halving`]
    HalvingConv(ConvLink<'a>),
    /// [`halving::max_pool_halving`]
    HalvingMaximum,
}

/// One after the other; the last gets a shortcut and is a convolution if there is one.
pub(crate) fn run_chain(links: &[Link], maps: Tensor<4>, shortcut: Option<Tensor<4>>) -> Tensor<4> {
    if kernels::runs_here(&maps)
        && let Some(layers) = links.iter().map(|link| link.layer()).collect::<Option<Vec<_>>>()
        && !layers.is_empty()
    {
        return kernels::run_chain(maps, layers, shortcut);
    }
    let Some((last, others)) = links.split_last() else { return maps };
    let maps = others.iter().fold(maps, |maps, link| link.alone(maps, None));
    last.alone(maps, shortcut)
}

/// One after the other, convolutions in a row as a chain.
pub(crate) fn run(blocks: &[&dyn Block], mut maps: Tensor<4>) -> Tensor<4> {
    let mut links = Vec::new();
    for block in blocks {
        match block.link() {
            Some(link) => links.push(link),
            None => {
                maps = block.forward(run_chain(&std::mem::take(&mut links), maps, None));
            }
        }
    }
    run_chain(&links, maps, None)
}

impl<'a> Link<'a> {
    /// None for what the kernels do not know.
    fn layer(&self) -> Option<FusedLayer<'a>> {
        match self {
            Self::Conv(link) | Self::HalvingConv(link) => link.layer(),
            Self::HalvingMaximum => Some(FusedLayer::HalvingMaximum),
        }
    }

    fn alone(&self, maps: Tensor<4>, shortcut: Option<Tensor<4>>) -> Tensor<4> {
        match self {
            Self::Conv(link) => link.run(maps, shortcut),
            Self::HalvingConv(link) if kernels::runs_here(&maps) => link.run(maps, None),
            Self::HalvingConv(link) => halving::conv_3x3_halving(link.conv, maps, link.after),
            Self::HalvingMaximum => halving::max_pool_halving(maps),
        }
    }
}

impl<'a> ConvLink<'a> {
    pub fn run(&self, maps: Tensor<4>, shortcut: Option<Tensor<4>>) -> Tensor<4> {
        if kernels::runs_here(&maps)
            && let Some(layer) = self.layer()
        {
            return kernels::run_chain(maps, vec![layer], shortcut);
        }
        let Self { conv, norm, after, .. } = *self;
        let maps = learning::convolve(conv, maps);
        match (norm, shortcut) {
            (Some(norm), None) => learning::batch_norm(norm, after, maps),
            (norm, shortcut) => {
                let maps =
                    norm.into_iter().fold(maps, |maps, norm| learning::batch_norm(norm, AfterNorm::Nothing, maps));
                after.of(shortcut.into_iter().fold(maps, |maps, shortcut| maps + shortcut))
            }
        }
    }

    fn layer(&self) -> Option<FusedLayer<'a>> {
        let Self { conv, packed, norm, after } = *self;
        let activation = activation(after, conv.weight.lazy_shape()[0])?;
        norm.is_none().then(|| layer(conv, packed))?.map(|layer| FusedLayer::Conv(layer, activation))
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
