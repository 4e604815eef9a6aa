//! Convolution, batch norm and activation in one unit, and the words that tables describe it with.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PRelu, PaddingConfig2d};
use burn::tensor::Tensor;

use super::conv_norm::ConvNorm;
use super::inference::{self, ConvLink, Link, PackedWeights};
use super::learning::AfterNorm;
use super::{Block, MapShape, Trace};

/// What follows a convolution and its normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    Linear,
    Relu,
    /// One learnt slope a channel for negative values (He et al. 2015).
    PRelu,
}

/// How many filters a convolution has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filters {
    /// A number of the table, multiplied by the network's width.
    Scaled(usize),
    /// A number that no width changes, such as the embedding's.
    Exact(usize),
    /// One filter a channel.
    Depthwise,
}

/// A convolution as a table row: SAME padding for odd kernels, stride 1, the network's own activation and
/// normalisation, unless a method says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv {
    pub filters: Filters,
    pub kernel: [usize; 2],
    pub stride: usize,
    pub padding: [usize; 2],
    pub groups: usize,
    /// `None`: the network's own.
    pub activation: Option<Activation>,
    /// False: no batch norm although the network has it elsewhere; the convolution then has a bias.
    pub normalised: bool,
}

/// A square convolution with SAME padding.
pub const fn conv(kernel: usize, filters: usize) -> Conv {
    rectangular(kernel, kernel, filters)
}

/// A convolution of `height` × `width` with SAME padding.
pub const fn rectangular(height: usize, width: usize, filters: usize) -> Conv {
    Conv {
        filters: Filters::Scaled(filters),
        kernel: [height, width],
        stride: 1,
        padding: [height / 2, width / 2],
        groups: 1,
        activation: None,
        normalised: true,
    }
}

/// One square filter a channel, SAME padding.
pub const fn depthwise(kernel: usize) -> Conv {
    let mut depthwise = conv(kernel, 0);
    depthwise.filters = Filters::Depthwise;
    depthwise
}

impl Conv {
    pub const fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    pub const fn padding(mut self, padding: usize) -> Self {
        self.padding = [padding, padding];
        self
    }

    /// No padding: TensorFlow's VALID.
    pub(crate) const fn valid(self) -> Self {
        self.padding(0)
    }

    pub const fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// No activation after it.
    pub const fn linear(mut self) -> Self {
        self.activation = Some(Activation::Linear);
        self
    }

    /// A bias and no batch norm, whatever the network has elsewhere.
    pub const fn plain(mut self) -> Self {
        self.normalised = false;
        self
    }

    /// A number of filters that the network's width leaves alone.
    pub(crate) const fn exact(mut self, filters: usize) -> Self {
        self.filters = Filters::Exact(filters);
        self
    }
}

/// Convolution → batch norm → activation. Parameters are named as PyTorch's usual state dicts have them: `conv`, `bn`.
#[derive(Module, Debug)]
pub struct ConvUnit {
    pub conv: Conv2d,
    pub bn: Option<BatchNorm>,
    pub prelu: Option<PRelu>,
    pub relu: bool,
    #[module(skip)]
    pub(crate) packed: PackedWeights,
}

impl ConvUnit {
    /// The same function for inference, batch norm folded into the convolution.
    pub fn folded(self) -> Self {
        let folded = ConvNorm { conv: self.conv, norm: self.bn, packed: self.packed }.folded();
        Self { conv: folded.conv, bn: folded.norm, packed: folded.packed, ..self }
    }

    /// The activation of the unit's output and a shortcut.
    pub(crate) fn with_shortcut(&self, maps: Tensor<4>, shortcut: Option<Tensor<4>>) -> Tensor<4> {
        self.conv_link().run(maps, shortcut)
    }

    pub(crate) fn conv_link(&self) -> ConvLink<'_> {
        let after = match &self.prelu {
            Some(prelu) => AfterNorm::PRelu(prelu),
            None if self.relu => AfterNorm::Relu,
            None => AfterNorm::Nothing,
        };
        ConvLink { conv: &self.conv, packed: &self.packed, norm: self.bn.as_ref(), after }
    }
}

impl Block for ConvUnit {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.with_shortcut(maps, None)
    }

    fn link(&self) -> Option<Link<'_>> {
        Some(Link::Conv(self.conv_link()))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let own = self.prelu.as_ref().map_or(0, Module::num_params)
            + self.bn.as_ref().map_or(0, |bn| bn.gamma.lazy_shape().num_elements() * 2);
        let (kernel, output, params, multiply_adds) = describe(&self.conv, input);
        trace.layer(kernel, output, params + own, multiply_adds)
    }
}

impl Block for Conv2d {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        Conv2d::forward(self, maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let (kernel, output, params, multiply_adds) = describe(self, input);
        trace.layer(kernel, output, params, multiply_adds)
    }
}

impl Block for Vec<ConvUnit> {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let links: Vec<_> = self.iter().filter_map(Block::link).collect();
        inference::run_chain(&links, maps, None)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let units = self.iter().enumerate();
        units.fold(input, |shape, (index, unit)| trace.named(&index.to_string(), shape, unit))
    }
}

/// Kernel in words, output size, parameters, multiply-adds.
pub(crate) fn describe(conv: &Conv2d, input: MapShape) -> (String, MapShape, usize, usize) {
    let weights = conv.weight.lazy_shape();
    let (top, left, bottom, right) = match conv.padding {
        PaddingConfig2d::Explicit(top, left, bottom, right) => (top, left, bottom, right),
        PaddingConfig2d::Valid => (0, 0, 0, 0),
        PaddingConfig2d::Same => unreachable!("the builder writes every padding out"),
    };
    let [kernel_height, kernel_width] = conv.kernel_size;
    let [stride, _] = conv.stride;
    let output = MapShape::new(
        weights[0],
        (input.height + top + bottom - kernel_height) / stride + 1,
        (input.width + left + right - kernel_width) / stride + 1,
    );
    let params = weights.num_elements() + conv.bias.as_ref().map_or(0, |bias| bias.lazy_shape().num_elements());
    let multiply_adds = weights.num_elements() * output.height * output.width;
    let kind = match conv.groups {
        1 => "conv".to_owned(),
        groups if groups == weights[0] => "depthwise conv".to_owned(),
        groups => format!("conv in {groups} groups"),
    };
    let stride = if stride == 1 { String::new() } else { format!("/{stride}") };
    (format!("{kind} {kernel_height}×{kernel_width}{stride}"), output, params, multiply_adds)
}
