//! YuNet: faces and five landmarks at three scales (Wu, Peng and Yu 2023, "YuNet: A Tiny Millisecond-level Face
//! Detector", Machine Intelligence Research 20, 656–665), in the release `face_detection_yunet_2023mar` of OpenCV's
//! model zoo.
//!
//! Everything but the first layer is one kind of unit: 1×1 convolution, then 3×3 depthwise convolution. The backbone
//! halves the size five times, a feature pyramid adds coarse maps to finer ones, and at strides 8, 16 and 32 each cell
//! predicts one face: class, objectness, box, landmarks ([`crate::faces::detect`] turns those into faces).
//!
//! The release has its batch norms folded already. The four heads of a level, four units in the paper, are one unit of
//! 1 + 1 + 4 + 10 channels here: the same numbers from a sixth of the passes over the widest maps.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::activation::sigmoid;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};

use super::blocks::inference::{ConvLink, Link, PackedWeights, run_chain};
use super::blocks::learning::AfterNorm;
use super::buffers::LargestBuffers;
use crate::networks::kernels::inference as kernels;
use crate::networks::weights::{TensorFile, WeightsError, fill};

/// Input pixels a cell of each level covers, finest first.
pub const STRIDES: [usize; 3] = [8, 16, 32];

const STEM_CHANNELS: usize = 16;

/// The backbone after the first convolution: channels out of each unit.
const BACKBONE: [usize; 11] = [16, 16, 32, 32, 64, 64, 64, 64, 64, 64, 64];

/// The units of the backbone with a pooling before them.
const POOLED: [usize; 4] = [1, 5, 7, 9];

/// The units of the backbone whose output the levels of [`STRIDES`] see.
const LEVEL_UNITS: [usize; 3] = [6, 8, 10];

const PYRAMID_CHANNELS: usize = 64;

/// The heads in the order their channels are stacked, as the release names them: class and objectness (one channel
/// each), box (4), landmarks (10).
const HEADS: [&str; 4] = ["cls", "obj", "bbox", "kps"];

/// Channels of the output: class probability, objectness (how well the box fits), box (centre relative to the cell
/// and logarithm of width and height, in strides), five landmarks (x and y relative to the cell, in strides).
pub(crate) const HEAD_CHANNELS: usize = 1 + 1 + 4 + 10;

#[derive(Module, Debug)]
pub struct YuNet {
    stem: Conv2d,
    #[module(skip)]
    packed: PackedWeights,
    backbone: Vec<Unit>,
    pyramid: Vec<Unit>,
    heads: Vec<Unit>,
}

impl YuNet {
    /// With random weights.
    pub fn new(device: &Device) -> Self {
        let mut channels = STEM_CHANNELS;
        let mut backbone = Vec::with_capacity(BACKBONE.len());
        for channels_out in BACKBONE {
            backbone.push(Unit::new(channels, channels_out, device));
            channels = channels_out;
        }
        let a_level = |channels_out| STRIDES.map(|_| Unit::new(PYRAMID_CHANNELS, channels_out, device)).into();
        Self {
            stem: conv_3x3([3, STEM_CHANNELS]).with_stride([2, 2]).init(device),
            packed: PackedWeights::default(),
            backbone,
            pyramid: a_level(PYRAMID_CHANNELS),
            heads: a_level(HEAD_CHANNELS),
        }
    }

    /// What it needs for pictures of so many rows and columns: nothing is larger than what the first layer makes of them.
    pub(super) fn buffers(&self, [height, width]: [usize; 2]) -> LargestBuffers {
        let bytes = |channels: usize, pixels: usize| 4 * (channels * pixels) as u64;
        let stem = bytes(STEM_CHANNELS, height.div_ceil(2) * width.div_ceil(2));
        LargestBuffers::known(4 * self.num_params() as u64, bytes(3, height * width), ("stem", stem))
    }

    /// With the weights of the released ONNX file.
    pub fn from_onnx(mut weights: TensorFile, device: &Device) -> Result<Self, WeightsError> {
        // The only other constants of floating type with values: factors of the two enlargements.
        for name in ["464", "465"] {
            weights.take(name)?;
        }
        for level in 0..STRIDES.len() {
            for tensor in ["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"] {
                let heads = HEADS.map(|head| format!("bbox_head.multi_level_{head}.{level}.{tensor}"));
                weights.stack_rows(&heads, &format!("heads.{level}.{tensor}"))?;
            }
        }
        fill(Self::new(device), &weights, onnx_name)
    }

    /// # Shapes
    /// - images: `[batch, 3, height, width]`, raw values 0…255 in the order blue, green, red; sides are multiples of 32
    /// - output: for each of [`STRIDES`] `[batch, HEAD_CHANNELS, height / stride, width / stride]`
    pub fn forward(&self, images: Tensor<4>) -> [Tensor<4>; 3] {
        let [fine, middle, coarse] = self.backbone(images);
        let coarse = self.pyramid[2].forward(coarse, AfterNorm::Relu);
        let middle = self.pyramid[1].forward(plus_doubled(middle, coarse.clone()), AfterNorm::Relu);
        let fine = self.pyramid[0].forward(plus_doubled(fine, middle.clone()), AfterNorm::Relu);
        [self.level(0, fine), self.level(1, middle), self.level(2, coarse)]
    }

    fn level(&self, index: usize, maps: Tensor<4>) -> Tensor<4> {
        let heads = self.heads[index].forward(maps, AfterNorm::Nothing);
        let probabilities = sigmoid(heads.clone().narrow(1, 0, 2));
        Tensor::cat(vec![probabilities, heads.narrow(1, 2, HEAD_CHANNELS - 2)], 1)
    }

    /// The maps at each of [`STRIDES`].
    fn backbone(&self, images: Tensor<4>) -> [Tensor<4>; 3] {
        let stem = ConvLink { conv: &self.stem, packed: &self.packed, norm: None, after: AfterNorm::Relu };
        let mut links = vec![Link::HalvingConv(stem)];
        let mut maps = images;
        let mut next = 0;
        LEVEL_UNITS.map(|last| {
            for index in std::mem::replace(&mut next, last + 1)..=last {
                if POOLED.contains(&index) {
                    links.push(Link::HalvingMaximum);
                }
                links.extend(self.backbone[index].links(AfterNorm::Relu));
            }
            maps = run_chain(&std::mem::take(&mut links), maps.clone(), None);
            maps.clone()
        })
    }
}

/// Pointwise 1×1, then depthwise 3×3.
#[derive(Module, Debug)]
struct Unit {
    pointwise: Conv2d,
    depthwise: Conv2d,
    #[module(skip)]
    packed: [PackedWeights; 2],
}

impl Unit {
    fn new(channels_in: usize, channels_out: usize, device: &Device) -> Self {
        Self {
            pointwise: Conv2dConfig::new([channels_in, channels_out], [1, 1]).init(device),
            depthwise: conv_3x3([channels_out, channels_out]).with_groups(channels_out).init(device),
            packed: Default::default(),
        }
    }

    /// # Shapes
    /// - input: `[batch, channels_in, rows, columns]`
    /// - output: `[batch, channels_out, rows, columns]`
    fn forward(&self, input: Tensor<4>, after: AfterNorm) -> Tensor<4> {
        run_chain(&self.links(after), input, None)
    }

    fn links<'a>(&'a self, after: AfterNorm<'a>) -> [Link<'a>; 2] {
        let [pointwise, depthwise] = &self.packed;
        [
            ConvLink { conv: &self.pointwise, packed: pointwise, norm: None, after: AfterNorm::Nothing },
            ConvLink { conv: &self.depthwise, packed: depthwise, norm: None, after },
        ]
        .map(Link::Conv)
    }
}

fn conv_3x3(channels: [usize; 2]) -> Conv2dConfig {
    Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
}

/// The maps, and on each square of four pixels one of the coarse ones.
fn plus_doubled(maps: Tensor<4>, coarse: Tensor<4>) -> Tensor<4> {
    if kernels::runs_here(&maps) {
        return kernels::add_doubled(maps, coarse);
    }
    maps + interpolate(coarse, InterpolateOptions::new(InterpolateMode::Nearest).with_scale_factor([2.0, 2.0]))
}

/// The released file's name for a parameter.
///
/// Folding the batch norms left the depthwise convolutions of backbone and pyramid (and the first layer) with numbers
/// for names, three apart, in the order in which they run; the pyramid runs from the coarsest level down.
fn onnx_name(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let numbered = |first: usize, parameter: &str| (first + usize::from(parameter == "bias")).to_string();
    let depthwise = |run: usize, parameter: &str| numbered(423 + 3 * run, parameter);
    let index = parts.get(1).and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
    match parts[..] {
        ["stem", parameter] => numbered(420, parameter),
        ["backbone", _, "depthwise", parameter] => depthwise(index, parameter),
        ["pyramid", _, "depthwise", parameter] => depthwise(BACKBONE.len() + STRIDES.len() - 1 - index, parameter),
        ["backbone", _, _, parameter] => {
            format!("backbone.model{}.conv{}.conv1.{parameter}", index.div_ceil(2), 2 - index % 2)
        }
        ["pyramid", _, _, parameter] => format!("neck.lateral_convs.{index}.conv1.{parameter}"),
        ["heads", _, "pointwise", parameter] => format!("heads.{index}.conv1.{parameter}"),
        ["heads", _, "depthwise", parameter] => format!("heads.{index}.conv2.{parameter}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_named_as_in_the_release() {
        let cases = [
            ("stem.weight", "420"),
            ("stem.bias", "421"),
            ("backbone.0.pointwise.weight", "backbone.model0.conv2.conv1.weight"),
            ("backbone.0.depthwise.weight", "423"),
            ("backbone.1.pointwise.bias", "backbone.model1.conv1.conv1.bias"),
            ("backbone.10.pointwise.bias", "backbone.model5.conv2.conv1.bias"),
            ("backbone.10.depthwise.bias", "454"),
            ("pyramid.2.depthwise.weight", "456"),
            ("pyramid.0.depthwise.bias", "463"),
            ("pyramid.0.pointwise.weight", "neck.lateral_convs.0.conv1.weight"),
        ];
        for (path, name) in cases {
            assert_eq!(onnx_name(path), name);
        }
    }

    /// Counted in the file, whose heads hold the same numbers in more tensors.
    #[test]
    fn has_as_many_parameters_as_the_release() {
        assert_eq!(YuNet::new(&Device::flex()).num_params(), 53_104);
    }

    #[test]
    fn predicts_one_face_a_cell() {
        let device = Device::flex();
        let levels = YuNet::new(&device).forward(Tensor::zeros([2, 3, 64, 96], &device));
        for (level, stride) in levels.into_iter().zip(STRIDES) {
            let [rows, columns] = [64 / stride, 96 / stride];
            assert_eq!(level.dims(), [2, HEAD_CHANNELS, rows, columns]);
        }
    }

    #[test]
    fn our_kernels_change_nothing() {
        let device = Device::flex();
        device.seed(6);
        let net = YuNet::new(&device);
        let images = Tensor::random([2, 3, 64, 96], burn::tensor::Distribution::Uniform(0.0, 1.0), &device);
        let [burns, ours] = kernels::both_ways(|| net.forward(images.clone()));
        for (burns, ours) in burns.into_iter().zip(ours) {
            let tolerance = burn::tensor::Tolerance::absolute(1e-5);
            ours.into_data().assert_approx_eq::<f32>(&burns.into_data(), tolerance);
        }
    }
}
