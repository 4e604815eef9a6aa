//! Builds layers in the order of a table, keeping track of the size of the maps.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, DropoutConfig, Linear, PReluConfig, PaddingConfig2d};
use burn::tensor::Device;

use super::dense;
use super::inference::PackedWeights;
use super::init::{Init, constant};
use super::{
    Activation, Block, Branches, Conv, ConvUnit, Filters, Layer, Layers, LocallyConnected, MapShape, Maxout, Op, Pool,
    Residual, StageRow, Trace, TurnedLinear, depthwise, rectangular,
};
use crate::networks::nets::NetConfig;

/// When a convolution has a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bias {
    Always,
    /// Batch norm's shift takes its place.
    WithoutBatchNorm,
}

/// Factor on every number of filters, rounded to a multiple.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Width {
    pub factor: f64,
    pub multiple: usize,
}

impl Width {
    pub(crate) fn scale(self, filters: usize) -> usize {
        if self.factor == 1.0 {
            return filters;
        }
        let steps = (filters as f64 * self.factor / self.multiple as f64).round_ties_even() as usize;
        steps.max(1) * self.multiple
    }
}

/// What holds for a whole network.
#[derive(Debug, Clone)]
pub struct Style {
    /// ε and momentum (the share of the new batch); `None`: no batch norm.
    pub batch_norm: Option<BatchNormStyle>,
    pub bias: Bias,
    pub activation: Activation,
    pub init: Init,
    pub bias_value: f64,
    pub width: Width,
}

impl Style {
    /// What most sources share: batch norm in place of biases where it is on, ReLU, widths in steps of four.
    pub(crate) fn of(config: &NetConfig, batch_norm: BatchNormStyle) -> Self {
        Self {
            batch_norm: config.batch_norm.then_some(batch_norm),
            bias: Bias::WithoutBatchNorm,
            activation: Activation::Relu,
            init: Init::He,
            bias_value: 0.0,
            width: Width { factor: config.width, multiple: 4 },
        }
    }
}

/// Constants of batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormStyle {
    pub(crate) epsilon: f64,
    /// Share of the new batch in the running statistics: one minus TensorFlow's decay.
    pub(crate) momentum: f64,
}

impl BatchNormStyle {
    /// Torch's defaults.
    pub const TORCH: Self = Self { epsilon: 1e-5, momentum: 0.1 };
    /// TF-slim's for the Inception networks (decay 0.995 in davidsandberg/facenet).
    pub(crate) const SLIM: Self = Self { epsilon: 1e-3, momentum: 0.005 };

    pub fn init(self, channels: usize, device: &Device) -> BatchNorm {
        BatchNormConfig::new(channels).with_epsilon(self.epsilon).with_momentum(self.momentum).init(device)
    }
}

/// Grows a row of layers.
#[derive(Debug, Clone)]
pub struct Builder {
    pub style: Style,
    /// Size of the maps after the last layer.
    pub shape: MapShape,
    device: Device,
    layers: Vec<Layer>,
    names: Vec<String>,
}

impl Builder {
    pub fn new(input: MapShape, style: Style, device: &Device) -> Self {
        Self { style, shape: input, device: device.clone(), layers: Vec::new(), names: Vec::new() }
    }

    /// The layers so far: a branch, or the whole network.
    pub fn finish(self) -> Layers {
        Layers { layers: self.layers, names: self.names, outputs: self.shape.values() }
    }

    /// Layers that start where this builder stands; it does not move.
    pub fn branch(&self, build: impl FnOnce(&mut Self)) -> Layers {
        let mut branch = Self::new(self.shape, self.style.clone(), &self.device);
        build(&mut branch);
        branch.finish()
    }

    pub fn add(&mut self, name: &str, layer: Layer) -> &mut Self {
        let layer = self.passed(layer);
        self.layers.push(layer);
        self.names.push(name.to_owned());
        self
    }

    pub fn conv(&mut self, name: &str, conv: Conv) -> &mut Self {
        let unit = self.unit_here(conv);
        self.add(name, Layer::Conv(unit))
    }

    /// A convolution for a network that keeps its layers in named fields; the builder moves on.
    pub(crate) fn unit(&mut self, conv: Conv) -> ConvUnit {
        let unit = self.unit_here(conv);
        self.passed(unit)
    }

    /// Moves past a block.
    pub(crate) fn passed<B: Block>(&mut self, block: B) -> B {
        self.shape = block.trace(self.shape, &mut Trace::default());
        block
    }

    pub fn pool(&mut self, name: &str, pool: Pool) -> &mut Self {
        self.add(name, Layer::Pool(pool))
    }

    /// Local response normalisation, with the constants of Torch and Caffe.
    pub fn response_norm(&mut self, name: &str) -> &mut Self {
        self.add(name, Layer::ResponseNorm(dense::response_norm()))
    }

    pub fn dropout(&mut self, probability: f64) -> &mut Self {
        if probability > 0.0 {
            self.add("dropout", Layer::Dropout(DropoutConfig::new(probability).init()));
        }
        self
    }

    /// A fully connected layer on the flattened maps, with bias, without activation.
    pub fn linear(&mut self, name: &str, outputs: usize) -> &mut Self {
        let linear = self.linear_here(outputs, true);
        self.add(name, Layer::Linear(linear))
    }

    /// A fully connected layer with the network's activation, written as a convolution that covers the whole map.
    pub(crate) fn conv_everywhere(&mut self, name: &str, outputs: usize) -> &mut Self {
        let cover = rectangular(self.shape.height, self.shape.width, 0).valid().exact(outputs).plain();
        self.conv(name, cover)
    }

    /// One linear filter a channel that covers the whole map.
    pub fn global_depthwise(&mut self, name: &str) -> &mut Self {
        let mut cover = depthwise(1).valid().linear();
        cover.kernel = [self.shape.height, self.shape.width];
        self.conv(name, cover)
    }

    /// A fully connected layer on the maps turned to columns, rows, channels, with a PReLU.
    pub(crate) fn turned_linear(&mut self, name: &str, outputs: usize) -> &mut Self {
        let prelu = PReluConfig::new().with_num_parameters(outputs).init(&self.device);
        let linear = self.linear_here(outputs, true);
        self.add(name, Layer::TurnedLinear(TurnedLinear { linear, prelu }))
    }

    pub fn maxout(&mut self, name: &str, units: usize, pieces: usize) -> &mut Self {
        let linear = self.linear_here(units * pieces, true);
        self.add(name, Layer::Maxout(Maxout { linear, pieces }))
    }

    pub fn batch_norm(&mut self, name: &str, style: BatchNormStyle) -> &mut Self {
        self.add(name, Layer::BatchNorm(style.init(self.shape.channels, &self.device)))
    }

    pub fn locally_connected(&mut self, name: &str, filters: usize, kernel: usize, stride: usize) -> &mut Self {
        let Style { init, bias_value, width, .. } = self.style;
        let filters = width.scale(filters);
        let layer = LocallyConnected::new(self.shape, filters, [kernel, stride], init, bias_value, &self.device);
        self.add(name, Layer::LocallyConnected(layer))
    }

    /// Branches side by side, concatenated.
    pub fn concat(&mut self, name: &str, branches: Vec<Layers>, relu: bool) -> &mut Self {
        self.add(name, Layer::Branches(Branches { branches, relu }))
    }

    pub fn residual(&mut self, name: &str, body: Layers, scale: f64, relu: bool) -> &mut Self {
        self.add(name, Layer::Residual(Residual { body, scale, relu }))
    }

    /// All lines of an Inception table.
    pub(crate) fn stages(&mut self, stages: &[StageRow]) -> &mut Self {
        for (name, branches) in stages {
            self.mixed(name, branches);
        }
        self
    }

    /// One line: a plain layer or a module of branches.
    pub(crate) fn mixed(&mut self, name: &str, branches: &[&[Op]]) -> &mut Self {
        match branches {
            [[op]] => self.op(name, op),
            _ => {
                let branches = branches.iter().enumerate().map(|(index, ops)| self.ops(index, ops)).collect();
                self.concat(name, branches, false)
            }
        }
    }

    /// Operations as a branch; names count from 1: `2.1` is the first layer of the second branch.
    pub(crate) fn ops(&self, branch: usize, ops: &[Op]) -> Layers {
        self.branch(|b| {
            for (index, op) in ops.iter().enumerate() {
                b.op(&format!("{}.{}", branch + 1, index + 1), op);
            }
        })
    }

    fn op(&mut self, name: &str, op: &Op) -> &mut Self {
        match op {
            Op::Conv(conv) => self.conv(name, *conv),
            Op::Pool(pool) => self.pool(name, pool.clone()),
            Op::Split(branches) => self.mixed(name, branches),
        }
    }

    /// A fully connected layer for the present maps; the builder stays.
    pub(crate) fn linear_here(&self, outputs: usize, bias: bool) -> Linear {
        let inputs = self.shape.values();
        Linear {
            weight: self.style.init.param([inputs, outputs], inputs, outputs, &self.device),
            bias: bias.then(|| constant(self.style.bias_value, outputs, &self.device)),
        }
    }

    /// A bare convolution with a bias for the present maps; the builder stays.
    pub(crate) fn conv_here(&self, conv: Conv, bias: bool) -> Conv2d {
        let channels = self.shape.channels;
        let (filters, groups) = match conv.filters {
            Filters::Scaled(filters) => (self.style.width.scale(filters), conv.groups),
            Filters::Exact(filters) => (filters, conv.groups),
            Filters::Depthwise => (channels, channels),
        };
        let [top, left] = conv.padding;
        let mut bare = Conv2dConfig::new([channels, filters], conv.kernel)
            .with_stride([conv.stride; 2])
            .with_padding(PaddingConfig2d::Explicit(top, left, top, left))
            .with_groups(groups)
            .with_bias(false)
            .init(&self.device);
        let places = conv.kernel[0] * conv.kernel[1];
        let shape = [filters, channels / groups, conv.kernel[0], conv.kernel[1]];
        let (inputs, outputs) = (channels / groups * places, filters / groups * places);
        bare.weight = self.style.init.param(shape, inputs, outputs, &self.device);
        bare.bias = bias.then(|| constant(self.style.bias_value, filters, &self.device));
        bare
    }

    fn unit_here(&self, conv: Conv) -> ConvUnit {
        let norm = self.style.batch_norm.filter(|_| conv.normalised);
        let bare = self.conv_here(conv, norm.is_none() || self.style.bias == Bias::Always);
        let filters = bare.weight.lazy_shape()[0];
        let activation = conv.activation.unwrap_or(self.style.activation);
        ConvUnit {
            conv: bare,
            bn: norm.map(|style| style.init(filters, &self.device)),
            prelu: (activation == Activation::PRelu)
                .then(|| PReluConfig::new().with_num_parameters(filters).init(&self.device)),
            relu: activation == Activation::Relu,
            packed: PackedWeights::default(),
        }
    }
}
