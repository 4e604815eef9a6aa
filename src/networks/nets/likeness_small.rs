//! A small network of our own, for demonstrations and tests: 48 × 48 pictures, 64-D embeddings, quick enough to learn
//! synthetic people from scratch on a CPU while one looks on. It is no rival of the catalogue's networks.
//!
//! | layer | output | kernel | parameters | multiply-adds |
//! |---|---|---|---|---|
//! | squares to channels | 24 × 24 × 12 | 2 × 2 | 0 | 0 |
//! | conv1 | 24 × 24 × 16 | 3 × 3 × 12 | 1,744 | 995,328 |
//! | conv2 | 12 × 12 × 32 | 3 × 3 × 16, 2 | 4,640 | 663,552 |
//! | conv3 | 6 × 6 × 64 | 3 × 3 × 32, 2 | 18,496 | 663,552 |
//! | conv4 | 3 × 3 × 96 | 3 × 3 × 64, 2 | 55,392 | 497,664 |
//! | linear | 64 | 864 | 55,360 | 55,296 |
//!
//! The first layer rearranges each square of 2 × 2 pixels into one of 12 channels, so that no convolution runs at full
//! resolution. Leaky ReLU (slope 0.1) throughout, He initialisation, no batch norm: the gradient of a batch is then
//! the same in chunks of any size.

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::leaky_relu;
use burn::tensor::{Device, Tensor};

use super::blocks::{Block, MapShape, Trace, Width};
use super::{EmbeddingNet, NetConfig};
use crate::types::{ChannelOrder, CropRule, PixelScaling, Preprocessing};

/// How the catalogue and the command line call it.
pub const NAME: &str = "likeness-small";
const SLOPE: f64 = 0.1;

/// What it wants to see.
pub const PREPROCESSING: Preprocessing = Preprocessing {
    width: 48,
    height: 48,
    crop: CropRule::SquareBox { enlarge: 1.2 },
    scaling: PixelScaling::Fixed { mean: 127.5, divisor: 64.0 },
    channels: ChannelOrder::Rgb,
};

#[derive(Module, Debug)]
pub struct LikenessSmall {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    conv4: Conv2d,
    linear: Linear,
}

/// Builds the network for an input of even sides; it knows neither dropout nor batch norm.
pub(crate) fn init(config: &NetConfig, device: &Device) -> LikenessSmall {
    let [c1, c2, c3, c4] = [16, 32, 64, 96].map(|filters| Width { factor: config.width, multiple: 4 }.scale(filters));
    let conv = |channels, stride| {
        let initializer = Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: false };
        let config = Conv2dConfig::new(channels, [3, 3]).with_stride([stride, stride]);
        config.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_initializer(initializer).init(device)
    };
    let [conv1, conv2, conv3, conv4] = [conv([12, c1], 1), conv([c1, c2], 2), conv([c2, c3], 2), conv([c3, c4], 2)];
    let convs = [&conv1, &conv2, &conv3, &conv4];
    let maps = trace_maps(convs, config.input_shape(), &mut Trace::default());
    let linear = LinearConfig::new(maps.values(), config.embedding_size).init(device);
    LikenessSmall { conv1, conv2, conv3, conv4, linear }
}

impl LikenessSmall {
    fn convs(&self) -> [&Conv2d; 4] {
        [&self.conv1, &self.conv2, &self.conv3, &self.conv4]
    }
}

impl EmbeddingNet for LikenessSmall {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.embed_features(self.features(images))
    }

    fn features(&self, images: Tensor<4>) -> Tensor<4> {
        let maps = SquaresToChannels.forward(images);
        self.convs().into_iter().fold(maps, |maps, conv| leaky_relu(conv.forward(maps), SLOPE))
    }

    fn embed_features(&self, features: Tensor<4>) -> Tensor<2> {
        self.linear.forward(features.flatten::<2>(1, 3))
    }

    fn embedding_size(&self) -> usize {
        self.linear.weight.lazy_shape()[1]
    }
}

impl Block for LikenessSmall {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        EmbeddingNet::forward(self, maps).unsqueeze_dims(&[2, 3])
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let maps = trace_maps(self.convs(), input, trace);
        trace.named("linear", maps, &self.linear)
    }
}

fn trace_maps(convs: [&Conv2d; 4], input: MapShape, trace: &mut Trace) -> MapShape {
    let shape = trace.named("squares to channels", input, &SquaresToChannels);
    let numbered = (1..).zip(convs);
    numbered.fold(shape, |shape, (number, conv)| trace.named(&format!("conv{number}"), shape, conv))
}

/// Each square of 2 × 2 pixels becomes one pixel of four times the channels. The sides must be even.
struct SquaresToChannels;

impl Block for SquaresToChannels {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        squares_to_channels(maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let output = MapShape::new(4 * input.channels, input.height / 2, input.width / 2);
        trace.layer("squares to channels".to_owned(), output, 0, 0)
    }
}

/// # Shapes
/// - input: `[batch, channels, height, width]`, even sides
/// - output: `[batch, 4 · channels, height / 2, width / 2]`
fn squares_to_channels(images: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = images.dims();
    let squares = images.reshape([batch, channels, height / 2, 2, width / 2, 2]).permute([0, 1, 3, 5, 2, 4]);
    squares.reshape([batch, 4 * channels, height / 2, width / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_channels() {
        let image = Tensor::<1, burn::tensor::Int>::arange(0..16, &Device::flex()).float().reshape([1, 1, 4, 4]);
        let channels = squares_to_channels(image).try_into_vec_as::<f32>().unwrap();
        assert_eq!(channels[..8], [0.0, 2.0, 8.0, 10.0, 1.0, 3.0, 9.0, 11.0]);
    }
}
