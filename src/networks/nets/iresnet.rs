//! IResNet (Duta et al. 2020, arXiv:2004.04989, has the idea; the body is that of ArcFace, Deng et al. 2019,
//! arXiv:1801.07698, as InsightFace trains it in `arcface_torch/backbones/iresnet.py`), 112×112 to 512 numbers: 18, 34, 50
//! or 100 layers.
//!
//! A block is batch norm, 3×3, batch norm, PReLU, 3×3 with the stage's stride, batch norm, added to the input, with no
//! activation behind; the first of a stage has a 1×1 convolution and a batch norm on its shortcut. MagFace's body is the
//! same; AdaFace's has no convolution on the very first shortcut but takes every second pixel, and CurricularFace's has
//! besides no norm between the first convolution and PReLU: with a convolution and norms that change nothing they are
//! this network too (`weights::remap::iresnet`).
//!
//! 24,025,600, 34,139,328, 43,590,848 and 65,156,160 parameters. A convolution and the batch norm behind it are one unit
//! here. Convolutions begin as in the source, normal with σ = 0.1, and so does the linear layer, whose norm takes the
//! scale away again.

use burn::module::Module;
use burn::nn::{BatchNorm, Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor};

use super::blocks::{Activation, BatchNormStyle, Block, Builder, Conv, ConvUnit, Init, MapShape, Style, Trace, conv};
use super::{NetConfig, Sequential};
use crate::types::{ChannelOrder, CropRule, PixelScaling, Preprocessing};

/// What InsightFace trains on. AdaFace's and MagFace's pictures have other channels.
pub(crate) const PREPROCESSING: Preprocessing = Preprocessing {
    width: 112,
    height: 112,
    crop: CropRule::FivePoints,
    scaling: PixelScaling::Fixed { mean: 127.5, divisor: 127.5 },
    channels: ChannelOrder::Rgb,
};

const STAGES: usize = 4;
const FILTERS: [usize; STAGES] = [64, 128, 256, 512];

/// So many layers, in blocks of each stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    Eighteen,
    ThirtyFour,
    Fifty,
    Hundred,
}

impl Depth {
    pub(crate) const ALL: [Self; 4] = [Self::Eighteen, Self::ThirtyFour, Self::Fifty, Self::Hundred];

    /// In the catalogue.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Eighteen => "iresnet-18",
            Self::ThirtyFour => "iresnet-34",
            Self::Fifty => "iresnet-50",
            Self::Hundred => "iresnet-100",
        }
    }

    pub(crate) const fn blocks(self) -> [usize; STAGES] {
        match self {
            Self::Eighteen => [2, 2, 2, 2],
            Self::ThirtyFour => [3, 4, 6, 3],
            Self::Fifty => [3, 4, 14, 3],
            Self::Hundred => [3, 13, 30, 3],
        }
    }
}

/// Blocks are named by stage and number, as the source's.
#[derive(Module, Debug)]
pub struct IResNet {
    conv1: ConvUnit,
    layer1: Vec<IResBlock>,
    layer2: Vec<IResBlock>,
    layer3: Vec<IResBlock>,
    layer4: Vec<IResBlock>,
    bn2: BatchNorm,
    dropout: Dropout,
    fc: Linear,
    features: BatchNorm,
}

/// Builds the network; the builder moves with the fields, so their order is the pixels' way.
pub(crate) fn init(depth: Depth, config: &NetConfig, device: &Device) -> IResNet {
    let style = Style {
        activation: Activation::PRelu,
        init: Init::Normal { std: 0.1 },
        ..Style::of(config, BatchNormStyle::TORCH)
    };
    let mut b = Builder::new(config.input_shape(), style, device);
    let conv1 = b.unit(conv(3, FILTERS[0]));
    let [layer1, layer2, layer3, layer4] = [0, 1, 2, 3].map(|stage| {
        let stride = |index| if index == 0 { 2 } else { 1 };
        let blocks = 0..depth.blocks()[stage];
        blocks.map(|index| IResBlock::new(&mut b, FILTERS[stage], stride(index), device)).collect::<Vec<_>>()
    });
    IResNet {
        conv1,
        layer1,
        layer2,
        layer3,
        layer4,
        bn2: BatchNormStyle::TORCH.init(b.shape.channels, device),
        dropout: DropoutConfig::new(config.dropout).init(),
        fc: b.linear_here(config.embedding_size, true),
        features: BatchNormStyle::TORCH.init(config.embedding_size, device),
    }
}

impl IResNet {
    /// The same function for inference, every batch norm folded into the convolution before it.
    pub fn folded(self) -> Self {
        let blocks = |blocks: Vec<IResBlock>| blocks.into_iter().map(IResBlock::folded).collect();
        Self {
            conv1: self.conv1.folded(),
            layer1: blocks(self.layer1),
            layer2: blocks(self.layer2),
            layer3: blocks(self.layer3),
            layer4: blocks(self.layer4),
            ..self
        }
    }
}

impl Sequential for IResNet {
    fn stages(&self) -> Vec<(String, &dyn Block)> {
        let mut stages: Vec<(String, &dyn Block)> = vec![("conv1".into(), &self.conv1)];
        for (number, layer) in (1..).zip([&self.layer1, &self.layer2, &self.layer3, &self.layer4]) {
            let named = layer.iter().enumerate();
            stages.extend(named.map(|(index, block)| (format!("layer{number}.{index}"), block as &dyn Block)));
        }
        let head: [(String, &dyn Block); 4] = [
            ("bn2".into(), &self.bn2),
            ("dropout".into(), &self.dropout),
            ("fc".into(), &self.fc),
            ("features".into(), &self.features),
        ];
        stages.extend(head);
        stages
    }

    /// Dropout, linear layer and its norm.
    fn head(&self) -> usize {
        self.stages().len() - 3
    }

    fn outputs(&self) -> usize {
        self.features.gamma.lazy_shape()[0]
    }
}

/// x + norm(3×3(PReLU(norm(3×3(norm(x)))))).
#[derive(Module, Debug)]
pub(crate) struct IResBlock {
    /// Before the zeros of the padding, so that it cannot be folded into what follows.
    bn1: BatchNorm,
    conv1: ConvUnit,
    conv2: ConvUnit,
    downsample: Option<ConvUnit>,
}

impl IResBlock {
    fn new(b: &mut Builder, filters: usize, stride: usize, device: &Device) -> Self {
        let shortcut = |conv: Conv| b.clone().unit(conv.stride(stride).linear());
        let downsample = (stride > 1).then(|| shortcut(conv(1, filters)));
        Self {
            bn1: BatchNormStyle::TORCH.init(b.shape.channels, device),
            conv1: b.unit(conv(3, filters)),
            conv2: b.unit(conv(3, filters).stride(stride).linear()),
            downsample,
        }
    }

    fn folded(self) -> Self {
        Self {
            conv1: self.conv1.folded(),
            conv2: self.conv2.folded(),
            downsample: self.downsample.map(ConvUnit::folded),
            ..self
        }
    }
}

impl Block for IResBlock {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let update = self.conv1.forward(Block::forward(&self.bn1, maps.clone()));
        let maps = self.downsample.iter().fold(maps, |maps, unit| unit.forward(maps));
        self.conv2.with_shortcut(update, Some(maps))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let between = trace.named("bn1", input, &self.bn1);
        let between = trace.named("conv1", between, &self.conv1);
        let output = trace.named("conv2", between, &self.conv2);
        let shortcut = self.downsample.iter().fold(input, |shape, unit| trace.named("downsample", shape, unit));
        assert_eq!(shortcut, output, "a shortcut joins maps of one size");
        output
    }
}

#[cfg(test)]
mod tests;
