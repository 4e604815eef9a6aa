//! The networks: one file each, `blocks` shared, `catalogue` lists all.
//!
//! A file of this folder reads like its paper's table: the rows stand in a constant, `init` walks them with a
//! [`blocks::Builder`], and the result knows how to compute and how to describe itself. Two networks keep their layers
//! in named fields instead, because published weight files fill them by name: [`inception_resnet_v1`] and [`openface`].
//! [`yunet`], which finds faces, is written for
//! inference. [`Net`] is any of the embedding networks; [`recognise`] tells from a weight file which one it holds.

use burn::tensor::Tensor;

pub mod blocks;
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
pub mod likeness_small;
pub mod mobilefacenet;
pub mod mobilenet;
pub mod mtcnn;
mod net;
pub mod nin;
pub mod openface;
pub mod recognise;
pub mod sface;
pub mod shufflenet;
pub mod squeezenet;
pub mod yunet;
pub mod zeiler_fergus;

pub use config::NetConfig;
pub use net::Net;

/// Keeps the norm of a vector away from zero, as davidsandberg/facenet does.
const NORM_EPSILON: f64 = 1e-10;

/// A network that turns crops into embeddings.
pub trait EmbeddingNet: Send + Sync {
    /// The embeddings before normalisation.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, scaled and ordered as the network's `InputRecipe` says
    /// - output: `[batch, embedding_size]`
    fn forward(&self, images: Tensor<4>) -> Tensor<2>;

    fn embedding_size(&self) -> usize;

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
