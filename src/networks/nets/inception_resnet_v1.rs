//! Inception-ResNet-v1 as davidsandberg/facenet trained it (`src/models/inception_resnet_v1.py`, after Szegedy et al.
//! 2016, figures 10 to 15), 160×160: the network behind the published FaceNet weights.
//!
//! 23,482,624 parameters with 512 values, 1.42 billion multiply-adds. Fields are named as in facenet-pytorch's state
//! dict, so that weight files fill the network by name (batch norm's `weight` and `bias` are Burn's `gamma` and `beta`).
//! First weights: a truncated normal of σ = 0.1. Without batch norm, as weights with folded statistics want it, the
//! convolutions have biases; the last batch norm stays, for it comes after the embedding's product.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor};

use super::blocks::inference::{self, ConvLink, PackedWeights};
use super::blocks::learning::AfterNorm;
use super::blocks::{BatchNormStyle, Block, Builder, Conv, ConvUnit, MapShape, Pool, Trace, conv, rectangular};
use super::inception_v3::slim_style;
use super::{NetConfig, Sequential};

/// Branches of a residual block; each is a row of convolutions.
type ResidualBranches = &'static [&'static [Conv]];

const BLOCK_35: ResidualBranches =
    &[&[conv(1, 32)], &[conv(1, 32), conv(3, 32)], &[conv(1, 32), conv(3, 32), conv(3, 32)]];
const BLOCK_17: ResidualBranches = &[&[conv(1, 128)], &[conv(1, 128), rectangular(1, 7, 128), rectangular(7, 1, 128)]];
const BLOCK_8: ResidualBranches = &[&[conv(1, 192)], &[conv(1, 192), rectangular(1, 3, 192), rectangular(3, 1, 192)]];

/// Reduction-A with k, l, m, n = 192, 192, 256, 384.
const MIXED_6A: ResidualBranches = &[&[down(384)], &[conv(1, 192), conv(3, 192), down(256)]];
const MIXED_7A: ResidualBranches =
    &[&[conv(1, 256), down(384)], &[conv(1, 256), down(256)], &[conv(1, 256), conv(3, 256), down(256)]];

const fn down(filters: usize) -> Conv {
    conv(3, filters).valid().stride(2)
}

#[derive(Module, Debug)]
pub struct InceptionResnetV1 {
    pub conv2d_1a: ConvUnit,
    pub conv2d_2a: ConvUnit,
    pub conv2d_2b: ConvUnit,
    pub maxpool_3a: Pool,
    pub conv2d_3b: ConvUnit,
    pub conv2d_4a: ConvUnit,
    pub conv2d_4b: ConvUnit,
    pub(crate) repeat_1: Vec<ResidualBlock>,
    pub(crate) mixed_6a: ReductionA,
    pub(crate) repeat_2: Vec<ResidualBlock>,
    pub(crate) mixed_7a: ReductionB,
    pub(crate) repeat_3: Vec<ResidualBlock>,
    pub(crate) block8: ResidualBlock,
    pub avgpool_1a: Pool,
    pub dropout: Dropout,
    pub last_linear: Linear,
    pub last_bn: BatchNorm,
}

/// Builds the network. Field by field in the order of the pixels' way, for the builder moves with them.
pub(crate) fn init(config: &NetConfig, device: &Device) -> InceptionResnetV1 {
    let mut b = Builder::new(config.input_shape(), slim_style(config), device);
    InceptionResnetV1 {
        conv2d_1a: b.unit(down(32)),
        conv2d_2a: b.unit(conv(3, 32).valid()),
        conv2d_2b: b.unit(conv(3, 64)),
        maxpool_3a: b.passed(Pool::max(3, 2, 0)),
        conv2d_3b: b.unit(conv(1, 80)),
        conv2d_4a: b.unit(conv(3, 192).valid()),
        conv2d_4b: b.unit(down(256)),
        repeat_1: (0..5).map(|_| ResidualBlock::new(&b, BLOCK_35, 0.17, true)).collect(),
        mixed_6a: ReductionA::new(&mut b),
        repeat_2: (0..10).map(|_| ResidualBlock::new(&b, BLOCK_17, 0.10, true)).collect(),
        mixed_7a: ReductionB::new(&mut b),
        repeat_3: (0..5).map(|_| ResidualBlock::new(&b, BLOCK_8, 0.20, true)).collect(),
        block8: ResidualBlock::new(&b, BLOCK_8, 1.0, false),
        avgpool_1a: b.passed(Pool::global()),
        dropout: DropoutConfig::new(config.dropout).init(),
        last_linear: b.linear_here(config.embedding_size, false),
        last_bn: BatchNormStyle::SLIM.init(config.embedding_size, device),
    }
}

impl InceptionResnetV1 {
    /// The same function for inference, every batch norm but the last and the blocks' scale folded into convolutions.
    pub fn folded(self) -> Self {
        let blocks = |blocks: Vec<ResidualBlock>| blocks.into_iter().map(ResidualBlock::folded).collect();
        Self {
            conv2d_1a: self.conv2d_1a.folded(),
            conv2d_2a: self.conv2d_2a.folded(),
            conv2d_2b: self.conv2d_2b.folded(),
            conv2d_3b: self.conv2d_3b.folded(),
            conv2d_4a: self.conv2d_4a.folded(),
            conv2d_4b: self.conv2d_4b.folded(),
            repeat_1: blocks(self.repeat_1),
            mixed_6a: self.mixed_6a.folded(),
            repeat_2: blocks(self.repeat_2),
            mixed_7a: self.mixed_7a.folded(),
            repeat_3: blocks(self.repeat_3),
            block8: self.block8.folded(),
            ..self
        }
    }
}

impl Sequential for InceptionResnetV1 {
    fn stages(&self) -> Vec<(String, &dyn Block)> {
        fn numbered<'a>(name: &str, blocks: &'a [ResidualBlock]) -> impl Iterator<Item = (String, &'a dyn Block)> {
            blocks.iter().enumerate().map(move |(index, block)| (format!("{name}.{index}"), block as &dyn Block))
        }
        let mut stages: Vec<(String, &dyn Block)> = vec![
            ("conv2d_1a".into(), &self.conv2d_1a),
            ("conv2d_2a".into(), &self.conv2d_2a),
            ("conv2d_2b".into(), &self.conv2d_2b),
            ("maxpool_3a".into(), &self.maxpool_3a),
            ("conv2d_3b".into(), &self.conv2d_3b),
            ("conv2d_4a".into(), &self.conv2d_4a),
            ("conv2d_4b".into(), &self.conv2d_4b),
        ];
        stages.extend(numbered("repeat_1", &self.repeat_1));
        stages.push(("mixed_6a".into(), &self.mixed_6a));
        stages.extend(numbered("repeat_2", &self.repeat_2));
        stages.push(("mixed_7a".into(), &self.mixed_7a));
        stages.extend(numbered("repeat_3", &self.repeat_3));
        let head: [(String, &dyn Block); 5] = [
            ("block8".into(), &self.block8),
            ("avgpool_1a".into(), &self.avgpool_1a),
            ("dropout".into(), &self.dropout),
            ("last_linear".into(), &self.last_linear),
            ("last_bn".into(), &self.last_bn),
        ];
        stages.extend(head);
        stages
    }

    /// Dropout, linear layer and its norm.
    fn head(&self) -> usize {
        self.stages().len() - 3
    }

    fn outputs(&self) -> usize {
        self.last_bn.gamma.lazy_shape()[0]
    }
}

/// x + scale · (1×1 of the branches, with bias, without batch norm), then ReLU but for the very last block.
#[derive(Module, Debug)]
pub(crate) struct ResidualBlock {
    pub branch0: ConvUnit,
    pub branch1: Vec<ConvUnit>,
    /// Empty in the blocks of two branches.
    pub branch2: Vec<ConvUnit>,
    pub conv2d: Conv2d,
    pub scale: f64,
    pub relu: bool,
    #[module(skip)]
    packed: PackedWeights,
}

impl ResidualBlock {
    fn new(b: &Builder, branches: ResidualBranches, scale: f64, relu: bool) -> Self {
        let (branch0, _) = units(b, branches[0]);
        let (branch1, first) = units(b, branches[1]);
        let (branch2, second) = branches.get(2).map_or((Vec::new(), 0), |row| units(b, row));
        let mut joined = b.clone();
        joined.shape.channels = branch0[0].conv.weight.lazy_shape()[0] + first + second;
        let conv2d = joined.conv_here(conv(1, 0).exact(b.shape.channels), true);
        let branch0 = branch0.into_iter().next().expect("the first branch is one convolution");
        Self { branch0, branch1, branch2, conv2d, scale, relu, packed: PackedWeights::default() }
    }

    fn folded(self) -> Self {
        let (branch1, branch2) = (folded(self.branch1), folded(self.branch2));
        let Conv2d { weight, bias, .. } = self.conv2d;
        let weight = weight.map(|weight| weight.mul_scalar(self.scale));
        let bias = bias.map(|bias| bias.map(|bias| bias.mul_scalar(self.scale)));
        let conv2d = Conv2d { weight, bias, ..self.conv2d };
        Self { branch0: self.branch0.folded(), branch1, branch2, conv2d, scale: 1.0, ..self }
    }
}

impl Block for ResidualBlock {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let mut branches = vec![self.branch0.forward(maps.clone()), self.branch1.forward(maps.clone())];
        if !self.branch2.is_empty() {
            branches.push(self.branch2.forward(maps.clone()));
        }
        let branches = inference::concatenate(branches);
        let link = |after| ConvLink { conv: &self.conv2d, packed: &self.packed, norm: None, after };
        if self.scale == 1.0 {
            let after = if self.relu { AfterNorm::Relu } else { AfterNorm::Nothing };
            return link(after).run(branches, Some(maps));
        }
        let update = link(AfterNorm::Nothing).run(branches, None);
        inference::add(update, self.scale, maps, self.relu)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let mut channels = trace.named("branch0", input, &self.branch0).channels;
        channels += trace.named("branch1", input, &self.branch1).channels;
        if !self.branch2.is_empty() {
            channels += trace.named("branch2", input, &self.branch2).channels;
        }
        trace.named("conv2d", MapShape { channels, ..input }, &self.conv2d)
    }
}

/// From 17×17 to 8×8.
#[derive(Module, Debug)]
pub(crate) struct ReductionA {
    pub branch0: ConvUnit,
    pub branch1: Vec<ConvUnit>,
    pub branch2: Pool,
}

impl ReductionA {
    fn new(b: &mut Builder) -> Self {
        let (branch0, _) = units(b, MIXED_6A[0]);
        let (branch1, _) = units(b, MIXED_6A[1]);
        let branch0 = branch0.into_iter().next().expect("the first branch is one convolution");
        b.passed(Self { branch0, branch1, branch2: Pool::max(3, 2, 0) })
    }

    fn folded(self) -> Self {
        Self { branch0: self.branch0.folded(), branch1: folded(self.branch1), ..self }
    }
}

impl Block for ReductionA {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        concatenate(&[&self.branch0, &self.branch1, &self.branch2], maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        trace_side_by_side(&[&self.branch0, &self.branch1, &self.branch2], input, trace)
    }
}

/// From 8×8 to 3×3.
#[derive(Module, Debug)]
pub(crate) struct ReductionB {
    pub branch0: Vec<ConvUnit>,
    pub branch1: Vec<ConvUnit>,
    pub branch2: Vec<ConvUnit>,
    pub branch3: Pool,
}

impl ReductionB {
    fn new(b: &mut Builder) -> Self {
        let [branch0, branch1, branch2] = [0, 1, 2].map(|branch| units(b, MIXED_7A[branch]).0);
        b.passed(Self { branch0, branch1, branch2, branch3: Pool::max(3, 2, 0) })
    }

    fn folded(self) -> Self {
        let [branch0, branch1, branch2] = [self.branch0, self.branch1, self.branch2].map(folded);
        Self { branch0, branch1, branch2, ..self }
    }
}

impl Block for ReductionB {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        concatenate(&[&self.branch0, &self.branch1, &self.branch2, &self.branch3], maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        trace_side_by_side(&[&self.branch0, &self.branch1, &self.branch2, &self.branch3], input, trace)
    }
}

fn folded(units: Vec<ConvUnit>) -> Vec<ConvUnit> {
    units.into_iter().map(ConvUnit::folded).collect()
}

fn concatenate(branches: &[&dyn Block], maps: Tensor<4>) -> Tensor<4> {
    inference::concatenate(branches.iter().map(|branch| branch.forward(maps.clone())).collect())
}

fn trace_side_by_side(branches: &[&dyn Block], input: MapShape, trace: &mut Trace) -> MapShape {
    let mut output = MapShape { channels: 0, ..input };
    for (index, branch) in branches.iter().enumerate() {
        let shape = trace.named(&format!("branch{index}"), input, *branch);
        output = MapShape { channels: output.channels + shape.channels, ..shape };
    }
    output
}

/// A row of convolutions from where `b` stands, and the channels of its output.
fn units(b: &Builder, row: &[Conv]) -> (Vec<ConvUnit>, usize) {
    let mut branch = b.clone();
    let units = row.iter().map(|conv| branch.unit(*conv)).collect();
    (units, branch.shape.channels)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::networks::nets::EmbeddingNet;
    use crate::networks::nets::testing::DrawnNorms;

    #[test]
    fn folding_changes_nothing() {
        let device = Device::flex();
        device.seed(23);
        let config = NetConfig { input: [80, 80], embedding_size: 8, dropout: 0.0, batch_norm: true, width: 0.25 };
        let net = init(&config, &device).map(&mut DrawnNorms);
        let images = Tensor::<4>::random([2, 3, 80, 80], Distribution::Normal(0.0, 1.0), &device);
        let before = net.forward_unit(images.clone());
        let after = net.folded().forward_unit(images);
        let difference = (before - after).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-4, "{difference}");
    }
}
