//! A network small enough for tests that train.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::networks::nets::EmbeddingNet;
use crate::types::{ChannelOrder, CropRule, PixelScaling, Preprocessing};

pub(crate) const TINY_PREPROCESSING: Preprocessing = Preprocessing {
    width: 12,
    height: 12,
    crop: CropRule::AsStored,
    scaling: PixelScaling::Fixed { mean: 127.5, divisor: 64.0 },
    channels: ChannelOrder::Rgb,
};

#[derive(Module, Debug)]
pub(crate) struct TinyNet {
    pub conv1: Conv2d,
    pub norm: BatchNorm,
    pub conv2: Conv2d,
    pub linear: Linear,
}

impl TinyNet {
    pub fn new(seed: u64, device: &Device) -> Self {
        let conv = |channels| Conv2dConfig::new(channels, [3, 3]).with_stride([2, 2]).with_bias(false);
        let net = Self {
            conv1: conv([3, 6]).init(device),
            norm: BatchNormConfig::new(6).init(device),
            conv2: conv([6, 8]).init(device),
            linear: LinearConfig::new(8 * 2 * 2, 5).with_bias(false).init(device),
        };
        net.map(&mut Seeded(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl EmbeddingNet for TinyNet {
    /// Images of 12 × 12.
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.embed_features(self.features(images))
    }

    fn features(&self, images: Tensor<4>) -> Tensor<4> {
        let x = relu(self.norm.forward(self.conv1.forward(images)));
        relu(self.conv2.forward(x))
    }

    fn embed_features(&self, features: Tensor<4>) -> Tensor<2> {
        self.linear.forward(features.flatten::<2>(1, 3))
    }

    fn embedding_size(&self) -> usize {
        5
    }
}

/// Three layers with a norm behind each, the last on embeddings: what MobileFaceNet does, in small.
#[derive(Module, Debug)]
pub(crate) struct NormedNet {
    conv1: Conv2d,
    norm1: BatchNorm,
    conv2: Conv2d,
    pub norm2: BatchNorm,
    linear: Linear,
    pub norm3: BatchNorm,
}

impl NormedNet {
    pub fn new(seed: u64, device: &Device) -> Self {
        let conv = |channels| Conv2dConfig::new(channels, [3, 3]).with_stride([2, 2]).with_bias(false);
        let net = Self {
            conv1: conv([3, 8]).init(device),
            norm1: BatchNormConfig::new(8).init(device),
            conv2: conv([8, 16]).init(device),
            norm2: BatchNormConfig::new(16).init(device),
            linear: LinearConfig::new(16 * 2 * 2, 12).with_bias(false).init(device),
            norm3: BatchNormConfig::new(12).init(device),
        };
        net.map(&mut Seeded(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl EmbeddingNet for NormedNet {
    /// Images of 12 × 12.
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.embed_features(self.features(images))
    }

    fn features(&self, images: Tensor<4>) -> Tensor<4> {
        let x = relu(self.norm1.forward(self.conv1.forward(images)));
        relu(self.norm2.forward(self.conv2.forward(x)))
    }

    fn embed_features(&self, features: Tensor<4>) -> Tensor<2> {
        self.norm3.forward(self.linear.forward(features.flatten::<2>(1, 3)))
    }

    fn embedding_size(&self) -> usize {
        12
    }
}

/// Weights from a generator of our own: Burn's is shared by all threads, so tests beside this one would disturb it.
struct Seeded(ChaCha8Rng);

impl burn::module::ModuleMapper for Seeded {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D < 2 {
            return param;
        }
        let shape = param.lazy_shape();
        let values: Vec<f32> = (0..shape.num_elements()).map(|_| self.0.random_range(-0.3..0.3)).collect();
        param.map(|weight| {
            Tensor::from_data(TensorData::new(values, shape), &weight.device())
                .set_require_grad(weight.is_require_grad())
        })
    }
}

pub fn noise<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

/// Pictures of 12 × 12 random pixels.
pub fn pictures(seed: u64, count: usize) -> Vec<image::RgbImage> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| image::RgbImage::from_fn(12, 12, |_, _| image::Rgb(rng.random()))).collect()
}
