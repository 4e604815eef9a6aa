//! SFace: 112×112 aligned faces to 128 numbers (Zhong et al. 2021, "SFace: Sigmoid-Constrained Hypersphere Loss for
//! Robust Face Recognition", arXiv:2205.12010), in the release `face_recognition_sface_2021dec` of OpenCV's model zoo.
//!
//! The paper is about the loss. The released network is MobileNet (Howard et al. 2017, arXiv:1704.04861, table 1) with
//! three departures that its file shows: the first convolution keeps the full size, the activations are PReLU with a
//! slope a channel, and in place of average pooling and a classifier stands one linear layer over the flattened 7×7
//! maps, between two batch norms.
//!
//! The catalogue builds it in other sizes too: batch norm may be left out (then convolutions have a bias), and the
//! linear layer takes whatever map is left of the input.

use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig, PRelu, PReluConfig, PaddingConfig2d,
};
use burn::tensor::{Device, Tensor};

use super::blocks::conv_norm::{ConvNorm, fold_norm_after, fold_norm_before};
use super::blocks::inference::{Link, run_chain};
use super::blocks::learning::AfterNorm;
use super::blocks::{Block, MapShape, Trace, Width, describe};
use super::{EmbeddingNet, NetConfig, mobilenet};
use crate::networks::weights::{TensorFile, WeightsError, fill};
use crate::types::{ChannelOrder, CropRule, PixelScaling, Preprocessing};

/// The pictures it wants. Its graph begins with (x − 127.5) · 1/128, which the preprocessing states instead.
pub const PREPROCESSING: Preprocessing = Preprocessing {
    width: 112,
    height: 112,
    crop: CropRule::FivePoints,
    scaling: PixelScaling::Fixed { mean: 127.5, divisor: 128.0 },
    channels: ChannelOrder::Rgb,
};

/// Length of its embeddings.
pub const EMBEDDING_SIZE: usize = 128;

const STEM_CHANNELS: usize = 32;

/// Of the release, before its linear layer.
pub(crate) const DROPOUT: f64 = 0.4;

/// The ε of the norms after convolutions, and of the two around the linear layer.
const CONV_EPSILON: f64 = 1e-3;
const HEAD_EPSILON: f64 = 2e-5;

#[derive(Module, Debug)]
pub struct SFace {
    stem: ConvPRelu,
    rows: Vec<SeparableRow>,
    maps_norm: Option<BatchNorm>,
    dropout: Dropout,
    linear: Linear,
    embedding_norm: Option<BatchNorm>,
}

/// Builds the network with random weights.
pub(crate) fn init(config: &NetConfig, device: &Device) -> SFace {
    let norm = config.batch_norm;
    let width = Width { factor: config.width, multiple: 4 };
    let mut channels = width.scale(STEM_CHANNELS);
    let stem = ConvPRelu::new(conv_3x3([3, channels], 1), norm, device);
    let mut rows = Vec::with_capacity(mobilenet::FILTERS.len());
    for (channels_out, stride) in mobilenet::FILTERS.into_iter().zip(mobilenet::STRIDES) {
        let channels_out = width.scale(channels_out);
        rows.push(SeparableRow::new(channels, channels_out, stride, norm, device));
        channels = channels_out;
    }
    let maps = trace_maps(&stem, &rows, config.input_shape(), &mut Trace::default());
    let head_norm = |size| norm.then(|| BatchNormConfig::new(size).with_epsilon(HEAD_EPSILON).init(device));
    SFace {
        stem,
        rows,
        maps_norm: head_norm(channels),
        dropout: DropoutConfig::new(config.dropout).init(),
        linear: LinearConfig::new(maps.values(), config.embedding_size).init(device),
        embedding_norm: head_norm(config.embedding_size),
    }
}

impl SFace {
    /// As it was released, with random weights.
    pub fn new(device: &Device) -> Self {
        let input = [PREPROCESSING.height as usize, PREPROCESSING.width as usize];
        let config =
            NetConfig { input, embedding_size: EMBEDDING_SIZE, dropout: DROPOUT, batch_norm: true, width: 1.0 };
        init(&config, device)
    }

    /// With the weights of the released ONNX file, norms in place.
    pub fn from_onnx(mut weights: TensorFile, device: &Device) -> Result<Self, WeightsError> {
        take_input_scaling(&mut weights)?;
        weights.transpose("pre_fc1_weight")?;
        let slopes: Vec<String> =
            weights.names().filter(|name| name.ends_with("_relu_gamma")).map(str::to_owned).collect();
        for name in slopes {
            weights.flatten(&name)?;
        }
        fill(Self::new(device), &weights, onnx_name)
    }

    /// The same function for inference, every norm folded into the layer beside it.
    pub fn folded(self) -> Self {
        let linear = self.maps_norm.iter().fold(self.linear, fold_norm_before);
        let linear = self.embedding_norm.iter().fold(linear, fold_norm_after);
        Self {
            stem: self.stem.folded(),
            rows: self.rows.into_iter().map(SeparableRow::folded).collect(),
            maps_norm: None,
            linear,
            embedding_norm: None,
            ..self
        }
    }
}

impl EmbeddingNet for SFace {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.embed_features(self.features(images))
    }

    fn features(&self, images: Tensor<4>) -> Tensor<4> {
        let rows = self.rows.iter().flat_map(|row| [&row.depthwise, &row.pointwise]);
        let links: Vec<_> = [&self.stem].into_iter().chain(rows).map(ConvPRelu::conv_link).collect();
        let maps = run_chain(&links, images, None);
        self.maps_norm.iter().fold(maps, |maps, norm| norm.forward(maps))
    }

    fn embed_features(&self, features: Tensor<4>) -> Tensor<2> {
        let embedding = self.linear.forward(self.dropout.forward(features.flatten(1, 3)));
        self.embedding_norm.iter().fold(embedding, |embedding, norm| norm.forward(embedding))
    }

    fn embedding_size(&self) -> usize {
        self.linear.weight.lazy_shape()[1]
    }

    /// The norm before the linear layer stays: folded, it would go into weights that learn.
    fn with_folded_trunk(self) -> Self {
        Self { stem: self.stem.folded(), rows: self.rows.into_iter().map(SeparableRow::folded).collect(), ..self }
    }
}

impl Block for SFace {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        EmbeddingNet::forward(self, maps).unsqueeze_dims(&[2, 3])
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let shape = trace_maps(&self.stem, &self.rows, input, trace);
        let shape = self.maps_norm.iter().fold(shape, |shape, norm| trace.named("bn1", shape, norm));
        let shape = trace.named("fc1", shape, &self.linear);
        self.embedding_norm.iter().fold(shape, |shape, norm| trace.named("bn2", shape, norm))
    }
}

/// Walks the convolutions, numbered as in the release.
fn trace_maps(stem: &ConvPRelu, rows: &[SeparableRow], input: MapShape, trace: &mut Trace) -> MapShape {
    let shape = trace.named("conv_1", input, stem);
    let numbered = (2..).zip(rows);
    numbered.fold(shape, |shape, (number, row)| trace.named(&format!("conv_{number}"), shape, row))
}

/// Depthwise 3×3, then pointwise 1×1.
#[derive(Module, Debug)]
struct SeparableRow {
    depthwise: ConvPRelu,
    pointwise: ConvPRelu,
}

impl SeparableRow {
    fn new(channels_in: usize, channels_out: usize, stride: usize, norm: bool, device: &Device) -> Self {
        let depthwise = conv_3x3([channels_in, channels_in], stride).with_groups(channels_in);
        let padding = PaddingConfig2d::Explicit(0, 0, 0, 0);
        let pointwise = Conv2dConfig::new([channels_in, channels_out], [1, 1]).with_padding(padding);
        Self { depthwise: ConvPRelu::new(depthwise, norm, device), pointwise: ConvPRelu::new(pointwise, norm, device) }
    }

    fn folded(self) -> Self {
        Self { depthwise: self.depthwise.folded(), pointwise: self.pointwise.folded() }
    }
}

impl Block for SeparableRow {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.pointwise.forward(self.depthwise.forward(maps))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let between = trace.named("depthwise", input, &self.depthwise);
        trace.named("pointwise", between, &self.pointwise)
    }
}

/// Convolution, batch norm, PReLU.
#[derive(Module, Debug)]
struct ConvPRelu {
    layer: ConvNorm,
    slope: PRelu,
}

impl ConvPRelu {
    fn new(conv: Conv2dConfig, norm: bool, device: &Device) -> Self {
        let slope = PReluConfig::new().with_num_parameters(conv.channels[1]).init(device);
        let layer = match norm {
            true => ConvNorm::new(conv, CONV_EPSILON, device),
            false => ConvNorm::plain(conv.init(device)),
        };
        Self { layer, slope }
    }

    fn folded(self) -> Self {
        Self { layer: self.layer.folded(), ..self }
    }

    fn conv_link(&self) -> Link<'_> {
        Link::Conv(self.layer.link(AfterNorm::PRelu(&self.slope)))
    }
}

impl Block for ConvPRelu {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.layer.forward(maps, AfterNorm::PRelu(&self.slope))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let (kernel, output, params, multiply_adds) = describe(&self.layer.conv, input);
        let norm = self.layer.norm.as_ref().map_or(0, |norm| 2 * norm.gamma.lazy_shape().num_elements());
        let slope = self.slope.alpha.lazy_shape().num_elements();
        trace.layer(kernel, output, params + norm + slope, multiply_adds)
    }
}

fn conv_3x3(channels: [usize; 2], stride: usize) -> Conv2dConfig {
    let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
    Conv2dConfig::new(channels, [3, 3]).with_stride([stride, stride]).with_padding(padding)
}

/// The two constants of the graph's own input scaling must be the ones [`PREPROCESSING`] stands for.
fn take_input_scaling(weights: &mut TensorFile) -> Result<(), WeightsError> {
    for (name, expected) in [("scalar_op1", 127.5), ("scalar_op2", 1.0 / 128.0)] {
        let found = weights.take(name)?.data;
        if found != [expected] {
            let found = found.first().map_or_else(|| "empty".to_owned(), f32::to_string);
            return Err(WeightsError::Malformed {
                format: "the SFace release this program knows",
                reason: format!("its input scaling {name} is {found}, not {expected}"),
            });
        }
    }
    Ok(())
}

/// The released file's name for a parameter: its layers are numbered from 1, depthwise ones marked `dw`.
fn onnx_name(path: &str) -> String {
    let (layer, parameter) = match path.split_once('.') {
        Some(("stem", rest)) => ("conv_1".to_owned(), rest),
        Some(("maps_norm", rest)) => ("bn1".to_owned(), rest),
        Some(("linear", rest)) => ("pre_fc1".to_owned(), rest),
        Some(("embedding_norm", rest)) => ("fc1".to_owned(), rest),
        _ => row_layer(path).unwrap_or((path.to_owned(), "")),
    };
    let parameter = match parameter {
        "layer.conv.weight" => "conv2d_weight",
        "layer.norm.gamma" => "batchnorm_gamma",
        "layer.norm.beta" => "batchnorm_beta",
        "layer.norm.running_mean" => "batchnorm_moving_mean",
        "layer.norm.running_var" => "batchnorm_moving_var",
        "slope.alpha" => "relu_gamma",
        "running_mean" => "moving_mean",
        "running_var" => "moving_var",
        other => other,
    };
    format!("{layer}_{parameter}")
}

/// `rows.0.depthwise.…` is `conv_2_dw`, `rows.0.pointwise.…` is `conv_2`.
fn row_layer(path: &str) -> Option<(String, &str)> {
    let (row, rest) = path.strip_prefix("rows.")?.split_once('.')?;
    let number = row.parse::<usize>().ok()? + 2;
    let (half, parameter) = rest.split_once('.')?;
    let mark = if half == "depthwise" { "_dw" } else { "" };
    Some((format!("conv_{number}{mark}"), parameter))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;
    use crate::networks::weights::collect;

    #[test]
    fn parameters_are_named_as_in_the_release() {
        let cases = [
            ("stem.layer.conv.weight", "conv_1_conv2d_weight"),
            ("rows.0.depthwise.layer.norm.running_var", "conv_2_dw_batchnorm_moving_var"),
            ("rows.12.pointwise.slope.alpha", "conv_14_relu_gamma"),
            ("maps_norm.running_mean", "bn1_moving_mean"),
            ("linear.weight", "pre_fc1_weight"),
            ("embedding_norm.gamma", "fc1_gamma"),
        ];
        for (path, name) in cases {
            assert_eq!(onnx_name(path), name);
        }
    }

    /// The release holds 174 initialisers, of which two are the input scaling.
    #[test]
    fn has_as_many_tensors_and_parameters_as_the_release() {
        let tensors = collect(&SFace::new(&Device::flex())).unwrap();
        assert_eq!(tensors.len(), 172);
        let numbers: usize = tensors.iter().map(|tensor| tensor.data.len()).sum();
        assert_eq!(numbers, 9_667_072);
    }

    /// A network whose norms are as far from doing nothing as after training.
    fn trained(device: &Device) -> SFace {
        let mut tensors = TensorFile::default();
        for tensor in collect(&SFace::new(device)).unwrap().iter() {
            let mut tensor = tensor.clone();
            if tensor.name.contains("norm") {
                let waves = tensor.data.iter().enumerate().map(|(at, value)| value + (at as f32).sin() / 4.0);
                tensor.data = waves.collect();
            }
            tensors.insert(tensor).unwrap();
        }
        fill(SFace::new(device), &tensors, str::to_owned).unwrap()
    }

    #[test]
    fn folding_changes_nothing() {
        let device = Device::flex();
        device.seed(5);
        let net = trained(&device);
        let images = Tensor::random([1, 3, 112, 112], Distribution::Uniform(-1.0, 1.0), &device);
        let expected = EmbeddingNet::forward(&net, images.clone());
        assert_eq!(expected.dims(), [1, EMBEDDING_SIZE]);
        let folded = EmbeddingNet::forward(&net.folded(), images);
        folded.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-5));
    }
}
