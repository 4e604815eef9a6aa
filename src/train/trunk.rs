//! The part of a network before its last layer, where only the last layer learns.
//!
//! It has no gradients, its batch norms and dropout behave as in inference, and so it runs as for inference: without
//! autodiff, norms folded into their convolutions. A step passes its pictures through it once, for mining and gradients
//! alike. Where a picture can become nothing but itself and its mirror image, what came out is kept, and a run passes
//! every picture through it once or twice in all, also when it is interrupted: what is kept lies in the run's folder, and
//! is read from there when it is wanted.

use std::io;
use std::path::Path;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Tensor, TensorReadError};
use image::RgbImage;

use super::checkpoint::{KeptRows, VectorKey};
use super::error::TrainError;
use super::step::{Features, in_shares};
use crate::networks::nets::EmbeddingNet;
use crate::types::Preprocessing;

/// A picture of the data, and whether it is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PictureKey {
    pub picture: usize,
    pub mirrored: bool,
}

impl PictureKey {
    /// None of a picture that no source can have.
    fn number(self) -> Option<usize> {
        self.picture.checked_mul(2)?.checked_add(usize::from(self.mirrored))
    }
}

pub(crate) struct Trunk<N> {
    net: N,
    preprocessing: Preprocessing,
    /// Pictures on the device at once.
    chunk: usize,
    shape: [usize; 3],
    kept: KeptRows,
}

impl<N: Module + EmbeddingNet> Trunk<N> {
    /// Of `net`, whose last layer alone shall learn from now on. A file holds what was kept before under the same key.
    pub fn new(
        net: &N,
        preprocessing: Preprocessing,
        chunk: usize,
        file: Option<(&Path, VectorKey)>,
    ) -> Result<Self, TrainError> {
        let net = net.valid().with_folded_trunk();
        let kept = KeptRows::empty(0);
        let mut trunk = Self { net, preprocessing, chunk: chunk.max(1), shape: [0; 3], kept };
        // Any picture tells how large the maps are.
        trunk.pass(&[&RgbImage::new(preprocessing.width, preprocessing.height)])?;
        trunk.kept = KeptRows::open(file, trunk.values());
        Ok(trunk)
    }

    /// Whether what is found from now on is kept.
    pub fn keeps_more(&self) -> bool {
        self.kept.keeps_more()
    }

    /// So many further views will be passed.
    pub fn expect(&mut self, views: usize) {
        self.kept.expect(views);
    }

    /// Why it is not, once.
    pub fn take_problem(&mut self) -> Option<io::Error> {
        self.kept.take_problem()
    }

    pub fn knows(&self, view: PictureKey) -> bool {
        view.number().is_some_and(|number| self.kept.knows(number))
    }

    /// The features of `images`. An image whose view is known is kept, or was.
    pub fn features(&mut self, images: &[RgbImage], views: &[Option<PictureKey>]) -> Result<Features, TrainError> {
        let numbers: Vec<Option<usize>> = views.iter().map(|view| view.and_then(PictureKey::number)).collect();
        let mut rows: Vec<Option<Arc<[f32]>>> = numbers.iter().map(|number| self.kept.get((*number)?)).collect();
        let missing: Vec<usize> = (0..images.len()).filter(|&row| rows[row].is_none()).collect();
        for missing in missing.chunks(self.chunk) {
            let images: Vec<&RgbImage> = missing.iter().map(|&row| &images[row]).collect();
            let passed = self.pass(&images)?;
            let found =
                missing.iter().zip(&passed).filter_map(|(&row, features)| Some((numbers[row]?, features.clone())));
            self.kept.keep(found);
            missing.iter().zip(passed).for_each(|(&row, features)| rows[row] = Some(features));
        }
        Ok(Features { shape: self.shape, rows: rows.into_iter().flatten().collect() })
    }

    fn values(&self) -> usize {
        self.shape.iter().product::<usize>().max(1)
    }

    fn pass(&mut self, images: &[&RgbImage]) -> Result<Vec<Arc<[f32]>>, TensorReadError> {
        let device = self.net.devices().into_iter().next().unwrap_or_default().without_autodiff();
        let pass = |images: Tensor<4>| {
            let maps = self.net.features(images);
            let [_, channels, height, width] = maps.dims();
            Ok(([channels, height, width], maps.try_into_vec_as::<f32>()?))
        };
        let parts = in_shares(images, &self.preprocessing, &device, pass)?;
        self.shape = parts.first().map_or(self.shape, |(shape, _)| *shape);
        let values = self.values();
        Ok(parts.iter().flat_map(|(_, part)| part.chunks(values).map(Arc::from)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::testing::{TINY_PREPROCESSING, TinyNet, pictures};
    use burn::tensor::Device;

    fn trunk() -> Trunk<TinyNet> {
        Trunk::new(&TinyNet::new(4, &Device::flex().autodiff()), TINY_PREPROCESSING, 5, None).unwrap()
    }

    fn view(picture: usize) -> Option<PictureKey> {
        Some(PictureKey { picture, mirrored: false })
    }

    #[test]
    fn features_do_not_depend_on_the_company_they_are_found_in() {
        let images = pictures(3, 40);
        let together = trunk().features(&images, &[None; 40]).unwrap();
        assert_eq!((together.shape, together.len()), ([8, 2, 2], 40));
        let mut alone = trunk();
        for (row, image) in images.iter().enumerate() {
            assert_eq!(alone.features(std::slice::from_ref(image), &[None]).unwrap().rows, together.rows[row..=row]);
        }
    }

    /// However many there are: a row's place is all that memory holds.
    #[test]
    fn every_view_is_passed_once() {
        let (first, second) = (pictures(3, 30), pictures(8, 30));
        let mut trunk = trunk();
        let views: Vec<Option<PictureKey>> = (0..30).map(view).collect();
        let found = trunk.features(&first, &views).unwrap();
        // Other images under the same names show what is remembered.
        assert_eq!(trunk.features(&second, &views).unwrap().rows, found.rows);
        let mirrored = Some(PictureKey { picture: 0, mirrored: true });
        assert_ne!(trunk.features(&second[..1], &[mirrored]).unwrap().rows[0], found.rows[0]);
        assert_ne!(trunk.features(&second[..1], &[None]).unwrap().rows[0], found.rows[0], "of no name, not kept");
    }
}
