//! What a learning step puts into the network: pictures, or what a frozen trunk has made of them.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use rayon::prelude::*;

use crate::faces::image::scale_pixels;
use crate::networks::nets::EmbeddingNet;
use crate::types::Preprocessing;

/// A batch, row for row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Inputs<'a> {
    Images(&'a [RgbImage]),
    /// [`EmbeddingNet::features`] of the pictures.
    Features(&'a Features),
}

/// Feature maps of a batch of pictures.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// A picture's maps; shared with whoever keeps them for later batches.
    pub rows: Vec<Arc<[f32]>>,
}

impl Inputs<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Images(images) => images.len(),
            Self::Features(features) => features.len(),
        }
    }

    /// The embeddings of some rows before normalisation.
    pub(in crate::train) fn forward(
        &self,
        net: &impl EmbeddingNet,
        rows: &[usize],
        preprocessing: &Preprocessing,
        device: &Device,
    ) -> Tensor<2> {
        match self {
            Self::Images(images) => {
                let images: Vec<&RgbImage> = rows.iter().map(|&row| &images[row]).collect();
                net.forward(to_tensor(&images, preprocessing, device))
            }
            Self::Features(features) => net.embed_features(features.to_tensor(rows, device)),
        }
    }
}

impl Features {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// # Shapes
    /// - output: `[rows, channels, height, width]`
    pub fn to_tensor(&self, rows: &[usize], device: &Device) -> Tensor<4> {
        let [channels, height, width] = self.shape;
        let mut values = Vec::with_capacity(rows.len() * channels * height * width);
        rows.iter().for_each(|&row| values.extend_from_slice(&self.rows[row]));
        Tensor::from_data(TensorData::new(values, [rows.len(), channels, height, width]), device)
    }
}

/// Pictures as the network takes them.
///
/// # Shapes
/// - output: `[images, 3, height, width]`
pub(crate) fn to_tensor(images: &[&RgbImage], preprocessing: &Preprocessing, device: &Device) -> Tensor<4> {
    let (width, height) = (preprocessing.width as usize, preprocessing.height as usize);
    let mut values = vec![0.0; images.len() * 3 * width * height];
    values
        .par_chunks_mut(3 * width * height)
        .zip(images)
        .for_each(|(out, image)| scale_pixels(image, preprocessing.scaling, preprocessing.channels, out));
    Tensor::from_data(TensorData::new(values, [images.len(), 3, height, width]), device)
}
