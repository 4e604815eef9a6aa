//! The networks: one file each, `blocks` shared, `catalogue` lists all.
//!
//! A file of this folder reads like its paper's table: the rows stand in a constant, `init` walks them with a
//! [`blocks::Builder`], and the result knows how to compute and how to describe itself. Five networks keep their layers
//! in named fields instead: [`inception_resnet_v1`], [`openface`], [`iresnet`] and [`sface`], because published weight
//! files fill them by name, and [`likeness_small`], which is small enough.
//! [`yunet`] and [`mtcnn`], which find faces, are written for inference. [`Net`] is any of the embedding networks;
//! [`recognise`] tells from a weight file which one it holds.
//!
//! # Devices
//! Nothing asks which device it runs on but [`blocks::learning`], whose gradients have kernels on the CPU, and
//! `blocks::inference` with the poolings and norms beside it, which have kernels there where nothing is learnt. Where Burn
//! 0.22.1 has no operation, a layer is put together from those it has, so none needed a shader of our own: L2 pooling is
//! the root of an average of squares, a locally connected layer lays its windows out as columns and multiplies each place
//! by its own matrix, maxout is a maximum over a reshaped product, the channel shuffle a reshape and a swap.
//! `tests/layers.rs` holds each kind of layer on an adapter against the CPU.

use burn::tensor::Tensor;

use blocks::{Block, MapShape, Trace};

pub(crate) use super::kernels::inference::KernelSet;

pub mod blocks;
pub(crate) mod buffers;
pub mod catalogue;
mod config;
pub mod deepface;
pub mod facenet_inception;
pub mod inception_resnet_v1;
pub mod inception_resnet_v2;
pub mod inception_v1;
pub mod inception_v2;
pub mod inception_v3;
pub mod inception_v4;
pub mod iresnet;
pub mod likeness_small;
pub mod mobilefacenet;
pub mod mobilenet;
pub mod mtcnn;
mod net;
pub mod nin;
pub mod openface;
pub(crate) mod random_pass;
pub mod recognise;
pub mod sface;
pub mod shufflenet;
pub mod squeezenet;
#[cfg(test)]
pub(crate) mod testing;
pub mod yunet;
pub mod zeiler_fergus;

pub(crate) use crate::networks::nets::config::NetConfig;
pub use crate::networks::nets::net::Net;

/// Keeps the norm of a vector away from zero, as davidsandberg/facenet does.
const NORM_EPSILON: f64 = 1e-10;

/// A network whose blocks run one after the other, under the names that its source's table gives them.
pub(crate) trait Sequential: Send + Sync {
    fn stages(&self) -> Vec<(String, &dyn Block)>;

    /// Where the head begins: the last stage with a weight matrix or convolution, or a dropout in front of it.
    fn head(&self) -> usize;

    /// Numbers that come out for one image.
    fn outputs(&self) -> usize;
}

impl<N: Sequential> Block for N {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        run(&self.stages(), maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        self.stages().iter().fold(input, |shape, (name, block)| trace.named(name, shape, *block))
    }
}

impl<N: Sequential> EmbeddingNet for N {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        Block::forward(self, images).flatten(1, 3)
    }

    fn embedding_size(&self) -> usize {
        self.outputs()
    }

    fn features(&self, images: Tensor<4>) -> Tensor<4> {
        run(&self.stages()[..self.head()], images)
    }

    fn embed_features(&self, features: Tensor<4>) -> Tensor<2> {
        run(&self.stages()[self.head()..], features).flatten(1, 3)
    }
}

fn run(stages: &[(String, &dyn Block)], maps: Tensor<4>) -> Tensor<4> {
    blocks::inference::run(&stages.iter().map(|(_, block)| *block).collect::<Vec<_>>(), maps)
}

/// A network that turns crops into embeddings.
pub trait EmbeddingNet: Send + Sync {
    /// The embeddings before normalisation.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, scaled and ordered as the network's `Preprocessing` says
    /// - output: `[batch, embedding_size]`
    fn forward(&self, images: Tensor<4>) -> Tensor<2>;

    fn embedding_size(&self) -> usize;

    /// The first part of [`EmbeddingNet::forward`]: all that comes before the last weight matrix or convolution and
    /// before a dropout in front of it. A network that does not know its parts gives the images themselves.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`
    /// - output: `[batch, channels, height', width']`
    fn features(&self, images: Tensor<4>) -> Tensor<4> {
        images
    }

    /// The second part: the embeddings, before normalisation, of [`EmbeddingNet::features`].
    ///
    /// # Shapes
    /// - features: `[batch, channels, height', width']`
    /// - output: `[batch, embedding_size]`
    fn embed_features(&self, features: Tensor<4>) -> Tensor<2> {
        self.forward(features)
    }

    /// The same features in fewer passes over memory, for inference; what comes after them may change.
    fn with_folded_trunk(self) -> Self
    where
        Self: Sized,
    {
        self
    }

    /// The embeddings on the unit sphere: f / √(max(Σ f², 10⁻¹⁰)).
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`
    /// - output: `[batch, embedding_size]`
    fn forward_unit(&self, images: Tensor<4>) -> Tensor<2> {
        let embeddings = self.forward(images);
        let norms = embeddings.clone().square().sum_dim(1).clamp_min(NORM_EPSILON).sqrt();
        embeddings / norms
    }
}
