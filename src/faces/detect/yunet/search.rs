//! One pass of YuNet over a picture: resized onto a black canvas that suits the network, and its cells read.

use ::image::{RgbImage, imageops};
use burn::tensor::{Device, Tensor, TensorData};

use super::decode::{self, Cells};
use crate::faces::detect::DetectError;
use crate::faces::image::{resize, scale_pixels};
use crate::networks::nets::yunet::{STRIDES, YuNet};
use crate::types::{ChannelOrder, Detection, FaceBox, Landmarks, PixelScaling};

/// The network's sides must be multiples of its coarsest stride.
pub(super) const SIDE_STEP: u32 = 32;

/// The network at work, or what a test puts in its place.
pub(super) trait FaceSearch {
    /// The faces of a picture at the given long side, in pixels of the picture, before suppression.
    fn search(&self, picture: &RgbImage, long_side: u32, min_score: f32) -> Result<Vec<Detection>, DetectError>;

    /// The faces of each of several pictures of one size, sides multiples of [`SIDE_STEP`], before suppression.
    fn search_all(&self, pictures: &[RgbImage], min_score: f32) -> Result<Vec<Vec<Detection>>, DetectError>;
}

/// The network on its device.
pub(super) struct YuNetOnDevice {
    pub net: YuNet,
    pub device: Device,
}

impl FaceSearch for YuNetOnDevice {
    fn search(&self, picture: &RgbImage, long_side: u32, min_score: f32) -> Result<Vec<Detection>, DetectError> {
        let Letterboxed { canvas, photo_from_canvas } = letterboxed(picture, long_side);
        let faces = self.search_all(&[canvas], min_score)?.into_iter().flatten();
        Ok(faces.map(|face| in_photo(face, photo_from_canvas)).collect())
    }

    fn search_all(&self, pictures: &[RgbImage], min_score: f32) -> Result<Vec<Vec<Detection>>, DetectError> {
        let Some((width, height)) = pictures.first().map(RgbImage::dimensions) else { return Ok(vec![]) };
        let (width, height) = (width as usize, height as usize);
        let mut numbers = vec![0.0; pictures.len() * 3 * width * height];
        for (picture, numbers) in pictures.iter().zip(numbers.chunks_exact_mut(3 * width * height)) {
            scale_pixels(picture, PixelScaling::Raw, ChannelOrder::Bgr, numbers);
        }
        let shape = [pictures.len(), 3, height, width];
        let images = Tensor::<4>::from_data(TensorData::new(numbers, shape), &self.device);
        let mut faces = vec![vec![]; pictures.len()];
        for (level, stride) in self.net.forward(images).into_iter().zip(STRIDES) {
            let values = level.try_into_vec_as::<f32>();
            let values = values.map_err(|error| DetectError::Device { reason: error.to_string() })?;
            let columns = width / stride;
            for (values, faces) in values.chunks_exact(values.len() / pictures.len()).zip(&mut faces) {
                faces.extend(decode::faces(&Cells { values, columns, stride }, min_score));
            }
        }
        Ok(faces)
    }
}

struct Letterboxed {
    canvas: RgbImage,
    /// Photo pixels a canvas pixel, horizontally and vertically.
    photo_from_canvas: [f32; 2],
}

/// The photo resized to `long_side` in the top left corner of a black canvas that suits the network.
fn letterboxed(photo: &RgbImage, long_side: u32) -> Letterboxed {
    let scale = f64::from(long_side) / f64::from(photo.width().max(photo.height()));
    let side = |full: u32| (f64::from(full) * scale).round().max(1.0) as u32;
    let (width, height) = (side(photo.width()), side(photo.height()));
    let mut canvas = RgbImage::new(width.next_multiple_of(SIDE_STEP), height.next_multiple_of(SIDE_STEP));
    if photo.dimensions() == (width, height) {
        imageops::replace(&mut canvas, photo, 0, 0);
    } else {
        imageops::replace(&mut canvas, &resize(photo, width, height), 0, 0);
    }
    let photo_from_canvas = [photo.width() as f32 / width as f32, photo.height() as f32 / height as f32];
    Letterboxed { canvas, photo_from_canvas }
}

fn in_photo(face: Detection, [x_factor, y_factor]: [f32; 2]) -> Detection {
    let FaceBox { x, y, width, height } = face.face_box;
    let face_box = FaceBox { x: x * x_factor, y: y * y_factor, width: width * x_factor, height: height * y_factor };
    let landmarks = Landmarks(face.landmarks.0.map(|[x, y]| [x * x_factor, y * y_factor]));
    Detection { face_box, landmarks, ..face }
}

#[cfg(test)]
mod tests {
    use ::image::Rgb;

    use super::*;

    #[test]
    fn the_canvas_suits_the_network_and_keeps_the_photo_in_its_corner() {
        let cases = [((640, 480), 640, (640, 480)), ((1, 1), 1, (32, 32)), ((1000, 33), 500, (512, 32))];
        for ((width, height), long_side, expected) in cases {
            let photo = RgbImage::from_pixel(width, height, Rgb([9, 8, 7]));
            let Letterboxed { canvas, photo_from_canvas } = letterboxed(&photo, long_side);
            assert_eq!(canvas.dimensions(), expected);
            assert_eq!(canvas.get_pixel(0, 0), &Rgb([9, 8, 7]));
            assert_eq!(photo_from_canvas[0], width as f32 / long_side as f32);
        }
        let black = letterboxed(&RgbImage::from_pixel(33, 20, Rgb([255; 3])), 33).canvas;
        // 33×20 pixels of white; the rest of the 64×32 canvas is black.
        assert_eq!(black.get_pixel(32, 19), &Rgb([255; 3]));
        assert_eq!(black.get_pixel(33, 19), &Rgb([0; 3]));
        assert_eq!(black.get_pixel(32, 20), &Rgb([0; 3]));
    }

    #[test]
    fn faces_are_reported_in_the_photos_pixels() {
        let face_box = FaceBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 };
        let face = Detection { face_box, score: 0.8, landmarks: Landmarks([[1.0, 1.0]; 5]) };
        let face = in_photo(face, [2.0, 3.0]);
        assert_eq!(face.face_box, FaceBox { x: 2.0, y: 6.0, width: 6.0, height: 12.0 });
        assert_eq!(face.landmarks.0[4], [2.0, 3.0]);
        assert_eq!(face.score, 0.8);
    }

    /// With random weights: whatever a picture shows, its neighbours in the batch do not change it.
    #[test]
    fn several_pictures_at_once_are_searched_as_each_alone() {
        let device = Device::flex();
        let network = YuNetOnDevice { net: YuNet::new(&device), device };
        let pictures =
            [3_u32, 40, 90].map(|by| RgbImage::from_fn(64, 32, |x, y| Rgb([(x * by) as u8, (y * by) as u8, 7])));
        let together = network.search_all(&pictures, 0.1).unwrap();
        assert!(together.iter().any(|faces| !faces.is_empty()), "random weights find something");
        for (picture, together) in pictures.iter().zip(together) {
            let alone = network.search(picture, 64, 0.1).unwrap();
            assert_eq!(alone.len(), together.len());
            for (a, b) in alone.iter().zip(&together) {
                assert!((a.score - b.score).abs() < 1e-4 && (a.face_box.x - b.face_box.x).abs() < 0.01, "{a:?} {b:?}");
            }
        }
    }
}
