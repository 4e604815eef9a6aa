//! Crops to embeddings, in batches.
//!
//! On the CPU a batch is spread over the cores, each with a network pass of its own on one thread: measured with Burn's
//! Flex, which gained next to nothing from threads inside a small network (`benches/README.md`). Batch norms are folded into the
//! convolutions beforehand. On a GPU a pass takes as many crops as [`Batching`] says, by default 64, or 8 where a
//! processor imitates a GPU; whoever makes the embedder says fewer where they would not fit into a buffer.
//!
//! [`quantise`] holds the one-byte-a-number form of an embedding.

pub mod quantise;

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread;

use ::image::RgbImage;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::faces::image::scale_pixels;
use crate::networks::device::DeviceKind;
use crate::networks::nets::{EmbeddingNet, KernelSet};
use crate::types::{ChannelOrder, Embedding, EmbeddingError, PixelScaling, Preprocessing};

/// A network with everything it needs to embed crops.
pub struct Embedder {
    net: Box<dyn EmbeddingNet>,
    preprocessing: Preprocessing,
    device: Device,
    batch_size: usize,
    /// One thread each; inside, Flex finds a pool of one thread and does not split its work further.
    lanes: Vec<ThreadPool>,
}

/// How 8-bit pixels become the network's input.
type Pixels = (PixelScaling, ChannelOrder);

/// How many crops go through the network together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batching {
    /// One pass a core and a few crops, for the CPU.
    SpreadOverCores,
    /// Passes of up to so many crops, for a GPU.
    Together(NonZeroUsize),
}

impl From<DeviceKind> for Batching {
    fn from(kind: DeviceKind) -> Self {
        let together = |size| Self::Together(NonZeroUsize::new(size).expect("not zero"));
        match kind {
            DeviceKind::Cpu => Self::SpreadOverCores,
            DeviceKind::Hardware => together(64),
            DeviceKind::Software => together(8),
        }
    }
}

/// Why crops were not embedded.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    #[error("crop {index} has {}×{} pixels where the model wants {}×{}", found.0, found.1, wanted.0, wanted.1)]
    CropSize { index: usize, found: (u32, u32), wanted: (u32, u32) },
    #[error("crop {index} has no usable embedding: {source}")]
    Embedding { index: usize, source: EmbeddingError },
    #[error("the device did not hand the embeddings back: {reason}")]
    Device { reason: String },
    #[error("the threads for embedding could not be started: {reason}")]
    Threads { reason: String },
}

/// Crops a pass on the CPU: enough to spare work between passes, few enough for the caches.
const CROPS_A_PASS_ON_CPU: usize = 4;

impl Embedder {
    /// `net` must live on `device` and want pictures of `preprocessing`.
    pub fn new(
        net: Box<dyn EmbeddingNet>,
        preprocessing: Preprocessing,
        device: &Device,
        batching: Batching,
    ) -> Result<Self, EmbedError> {
        let (batch_size, lanes) = match batching {
            Batching::SpreadOverCores => (CROPS_A_PASS_ON_CPU, lanes()?),
            Batching::Together(size) => (size.get(), vec![]),
        };
        Ok(Self { net, preprocessing, device: device.clone(), batch_size, lanes })
    }

    /// The pictures it wants.
    pub(crate) fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// One embedding a crop, in order. The crops must have the preprocessing's size.
    pub fn embed(&self, crops: &[RgbImage]) -> Result<Vec<Embedding>, EmbedError> {
        self.embed_as(crops, self.preprocessing.scaling, self.preprocessing.channels)
    }

    /// As [`Self::embed`], with pixels scaled and ordered in another way than the preprocessing says: to find out which way is
    /// right.
    pub(crate) fn embed_as(
        &self,
        crops: &[RgbImage],
        scaling: PixelScaling,
        channels: ChannelOrder,
    ) -> Result<Vec<Embedding>, EmbedError> {
        let wanted = (self.preprocessing.width, self.preprocessing.height);
        for (index, crop) in crops.iter().enumerate() {
            if crop.dimensions() != wanted {
                return Err(EmbedError::CropSize { index, found: crop.dimensions(), wanted });
            }
        }
        let pixels = (scaling, channels);
        let values = match self.lanes.len() > 1 && crops.len() > 1 {
            true => self.values_over_lanes(crops, pixels)?,
            false => self.values(crops, pixels)?,
        };
        let normalised = values.into_iter().enumerate().map(|(index, values)| {
            Embedding::normalise(values).map_err(|source| EmbedError::Embedding { index, source })
        });
        normalised.collect()
    }

    /// Splits `crops` into one share a lane; shares differ by one crop at most.
    fn values_over_lanes(&self, crops: &[RgbImage], pixels: Pixels) -> Result<Vec<Vec<f32>>, EmbedError> {
        let shares = crops.chunks(crops.len().div_ceil(self.lanes.len()));
        let kernels = KernelSet::here();
        let results: Vec<_> = thread::scope(|scope| {
            let start = |(lane, share)| {
                let wait = move || ThreadPool::install(lane, || kernels.during(|| self.values(share, pixels)));
                thread::Builder::new().name("embed wait".into()).spawn_scoped(scope, wait)
            };
            let waiting: Vec<_> = self.lanes.iter().zip(shares).map(start).collect();
            waiting.into_iter().map(|started| started.map(|handle| handle.join())).collect()
        });
        let mut values = Vec::with_capacity(crops.len());
        for result in results {
            let joined = result.map_err(|error| EmbedError::Threads { reason: error.to_string() })?;
            values.append(&mut joined.unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(values)
    }

    /// The network's output for each crop, pass by pass.
    fn values(&self, crops: &[RgbImage], pixels: Pixels) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut values = Vec::with_capacity(crops.len());
        for batch in crops.chunks(self.batch_size) {
            let embeddings = self.net.forward(self.images(batch, pixels));
            let numbers = embeddings.try_into_vec_as::<f32>();
            let numbers = numbers.map_err(|error| EmbedError::Device { reason: error.to_string() })?;
            values.extend(numbers.chunks(self.net.embedding_size()).map(<[f32]>::to_vec));
        }
        Ok(values)
    }

    /// Crops as the network's input, `[batch, 3, height, width]`.
    fn images(&self, crops: &[RgbImage], (scaling, channels): Pixels) -> Tensor<4> {
        let (width, height) = (self.preprocessing.width as usize, self.preprocessing.height as usize);
        let mut numbers = vec![0.0; crops.len() * 3 * height * width];
        for (crop, numbers) in crops.iter().zip(numbers.chunks_mut(3 * height * width)) {
            scale_pixels(crop, scaling, channels, numbers);
        }
        Tensor::from_data(TensorData::new(numbers, [crops.len(), 3, height, width]), &self.device)
    }
}

fn lanes() -> Result<Vec<ThreadPool>, EmbedError> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let lane = |index| ThreadPoolBuilder::new().num_threads(1).thread_name(move |_| format!("embed {index}")).build();
    let lanes: Result<Vec<_>, _> = (0..cores).map(lane).collect();
    lanes.map_err(|error| EmbedError::Threads { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use ::image::Rgb;

    use super::*;
    use crate::networks::kernels::inference::both_ways;
    use crate::networks::nets::catalogue::{self, NetOptions};
    use crate::types::CropRule;

    /// Embeds a picture as the mean of each colour; an all-black picture has no direction.
    struct MeanColour;

    impl EmbeddingNet for MeanColour {
        fn forward(&self, images: Tensor<4>) -> Tensor<2> {
            images.flatten::<3>(2, 3).mean_dim(2).squeeze_dim(2)
        }

        fn embedding_size(&self) -> usize {
            3
        }
    }

    const PREPROCESSING: Preprocessing = Preprocessing {
        width: 4,
        height: 2,
        crop: CropRule::AsStored,
        scaling: PixelScaling::Raw,
        channels: ChannelOrder::Rgb,
    };

    fn embedder(batching: Batching) -> Embedder {
        Embedder::new(Box::new(MeanColour), PREPROCESSING, &Device::flex(), batching).unwrap()
    }

    fn plain(colour: [u8; 3]) -> RgbImage {
        RgbImage::from_pixel(4, 2, Rgb(colour))
    }

    #[test]
    fn the_order_of_the_crops_is_kept_whatever_the_batching() {
        let crops: Vec<_> = (1..=11).map(|red| plain([red, 10, 0])).collect();
        let batchings = [1, 3, 64].map(|size| Batching::Together(NonZeroUsize::new(size).unwrap()));
        for batching in batchings.into_iter().chain([Batching::SpreadOverCores]) {
            let embeddings = embedder(batching).embed(&crops).unwrap();
            assert_eq!(embeddings.len(), crops.len());
            for (red, embedding) in (1_u8..).zip(&embeddings) {
                let expected = Embedding::normalise(vec![red.into(), 10.0, 0.0]).unwrap();
                assert!(embedding.squared_distance(&expected).0 < 1e-9, "{batching:?}, crop {red}");
            }
        }
    }

    /// With [`KernelSet`] in its first number.
    struct WhichKernels;

    impl EmbeddingNet for WhichKernels {
        fn forward(&self, images: Tensor<4>) -> Tensor<2> {
            let ours = f32::from(KernelSet::here() == KernelSet::Ours);
            let row = Tensor::<1>::from_floats([ours, 1.0 - ours], &images.device());
            row.reshape([1, 2]).repeat_dim(0, images.dims()[0])
        }

        fn embedding_size(&self) -> usize {
            2
        }
    }

    #[test]
    fn all_lanes_take_the_kernels_of_who_asks() {
        let net = Box::new(WhichKernels);
        let embedder = Embedder::new(net, PREPROCESSING, &Device::flex(), Batching::SpreadOverCores).unwrap();
        let crops: Vec<_> = (0..9).map(|_| plain([1, 2, 3])).collect();
        for (set, expected) in [(KernelSet::Burn, [0.0, 1.0]), (KernelSet::Ours, [1.0, 0.0])] {
            let embeddings = set.during(|| embedder.embed(&crops)).unwrap();
            assert!(embeddings.iter().all(|embedding| embedding.as_slice() == expected), "{set:?}");
        }
    }

    #[test]
    fn our_kernels_embed_as_burn_does() {
        let options = NetOptions { embedding_size: Some(8), width: Some(0.25), ..Default::default() };
        let variant = catalogue::find("mobilefacenet").unwrap();
        let config = variant.config(&options).unwrap();
        let [height, width] = config.input.map(|side| side as u32);
        let device = Device::flex();
        let net = variant.build(&config, &device).drawn(5, &device).folded();
        let preprocessing = Preprocessing { width, height, ..PREPROCESSING };
        let batching = Batching::Together(NonZeroUsize::new(3).unwrap());
        let embedder = Embedder::new(Box::new(net), preprocessing, &device, batching).unwrap();
        let crop =
            |shade: u32| RgbImage::from_fn(width, height, |x, y| Rgb([x * shade, y + shade, x ^ y].map(|v| v as u8)));
        let crops: Vec<_> = (1..=3).map(crop).collect();
        let scaling = PixelScaling::FACENET;
        let [burns, ours] = both_ways(|| embedder.embed_as(&crops, scaling, ChannelOrder::Rgb).unwrap());
        for (burns, ours) in burns.iter().zip(&ours) {
            assert!(burns.squared_distance(ours).0 < 1e-9);
        }
    }

    #[test]
    fn no_crops_give_no_embeddings() {
        assert!(embedder(Batching::SpreadOverCores).embed(&[]).unwrap().is_empty());
    }

    #[test]
    fn bad_crops_are_named() {
        let embedder = embedder(Batching::SpreadOverCores);
        let small = embedder.embed(&[plain([1, 2, 3]), RgbImage::new(2, 2)]);
        assert!(matches!(small, Err(EmbedError::CropSize { index: 1, found: (2, 2), wanted: (4, 2) })));
        let black = embedder.embed(&[plain([1, 2, 3]), plain([3, 2, 1]), plain([0, 0, 0])]);
        assert!(matches!(black, Err(EmbedError::Embedding { index: 2, source: EmbeddingError::Zero })));
    }
}
