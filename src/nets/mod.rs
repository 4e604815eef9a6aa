//! The networks: one file each, `blocks` shared, `catalogue` lists all.

pub mod blocks;
pub mod likeness_small;
pub mod sface;
pub mod yunet;

use burn::tensor::Tensor;

/// A network that turns crops into embeddings.
pub trait EmbeddingNet: Send + Sync {
    /// The embeddings before normalisation.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, scaled and ordered as the network's `InputRecipe` says
    /// - output: `[batch, embedding_size]`
    fn forward(&self, images: Tensor<4>) -> Tensor<2>;

    fn embedding_size(&self) -> usize;
}
