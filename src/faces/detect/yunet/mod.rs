//! [`YuNetDetector`] looks at a photo once with its long side at 640 pixels. When that look shows small faces, or hints of
//! them, or no face at all, it looks again at up to 1,600 pixels and takes the small faces from there; large ones come
//! from the first look, where the network is surest of them. Detections of both looks are merged by non-maximum
//! suppression ([`boxes`]).

mod decode;

use ::image::{RgbImage, imageops};
use burn::tensor::{Device, Tensor, TensorData};

use super::{DetectError, boxes};
use crate::faces::detect::yunet::decode::Cells;
use crate::faces::image::{resize, scale_pixels};
use crate::networks::nets::yunet::{self, STRIDES};
use crate::networks::weights::{WeightsError, read_onnx};
use crate::types::{ChannelOrder, Detection, FaceBox, Landmarks, PixelScaling};

/// The detector: YuNet's network and how its output is read.
pub struct YuNetDetector {
    net: yunet::YuNet,
    device: Device,
    config: DetectorConfig,
}

/// Which detections count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DetectorConfig {
    /// Least score of a face. In group photos counted by hand every face that shows its eyes scored above 0.7, down to
    /// 20 pixels; what scored 0.5 to 0.7 were hands, background and blurred heads.
    pub min_score: f32,
    /// Two boxes that share more than this part of their union are one face.
    pub max_overlap: f32,
    /// Two boxes are one face, too, when more than this part of the smaller lies in the other.
    pub max_covered: f32,
    /// Of more faces only the surest are kept.
    pub max_faces: usize,
    /// Long side of the photo at the first look, in pixels.
    pub first_long_side: u32,
    /// Long side at most at the second look.
    pub second_long_side: u32,
}

/// The longest side at which photos are looked at, unless told otherwise.
pub(crate) const SECOND_LONG_SIDE: u32 = 1600;

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            min_score: 0.7,
            max_overlap: 0.3,
            max_covered: 0.6,
            max_faces: 1000,
            first_long_side: 640,
            second_long_side: SECOND_LONG_SIDE,
        }
    }
}

/// The network's sides must be multiples of its coarsest stride.
const SIDE_STEP: u32 = 32;

/// A face with a longer side than this in the first look needs no second one.
const SMALL_FACE_SIDE: f32 = 48.0;

/// Score at the first look that hints at a face worth a second one.
const HINT_SCORE: f32 = 0.3;

/// A second look must be larger than the first by this factor to be worth it.
const LEAST_ENLARGEMENT: f32 = 1.25;

impl YuNetDetector {
    /// Reads the released ONNX file.
    pub(crate) fn from_onnx(bytes: &[u8], device: &Device, config: DetectorConfig) -> Result<Self, WeightsError> {
        let net = yunet::YuNet::from_onnx(read_onnx(bytes)?, device)?;
        Ok(Self { net, device: device.clone(), config })
    }

    /// The faces of a photo, largest first, in the photo's pixels. Boxes and landmarks may lie partly outside it.
    pub(crate) fn detect(&self, photo: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        let config = self.config;
        let long_side = photo.width().max(photo.height());
        if photo.width() == 0 || photo.height() == 0 {
            return Ok(vec![]);
        }
        let first_side = long_side.min(config.first_long_side);
        let second_side = long_side.min(config.second_long_side);
        let mut found = self.search(photo, first_side, config.min_score.min(HINT_SCORE))?;
        let small_side = SMALL_FACE_SIDE * long_side as f32 / first_side as f32;
        let is_small = |face: &Detection| face.face_box.width.max(face.face_box.height) < small_side;
        let wants_second_pass = found.iter().any(is_small) || !found.iter().any(|face| face.score >= config.min_score);
        found.retain(|face| face.score >= config.min_score);
        if wants_second_pass && second_side as f32 >= LEAST_ENLARGEMENT * first_side as f32 {
            found.extend(self.search(photo, second_side, config.min_score)?.into_iter().filter(is_small));
        }
        let mut faces = boxes::suppress(found, config.max_overlap, config.max_covered, config.max_faces);
        faces.sort_by(|a, b| b.face_box.area().total_cmp(&a.face_box.area()));
        Ok(faces)
    }

    /// One pass over the photo at the given long side; detections in the photo's pixels, before suppression.
    fn search(&self, photo: &RgbImage, long_side: u32, min_score: f32) -> Result<Vec<Detection>, DetectError> {
        let input = letterboxed(photo, long_side);
        let (width, height) = (input.canvas.width() as usize, input.canvas.height() as usize);
        let mut numbers = vec![0.0; 3 * width * height];
        scale_pixels(&input.canvas, PixelScaling::Raw, ChannelOrder::Bgr, &mut numbers);
        let images = Tensor::<4>::from_data(TensorData::new(numbers, [1, 3, height, width]), &self.device);
        let mut faces = vec![];
        for (level, stride) in self.net.forward(images).into_iter().zip(STRIDES) {
            let values = level.try_into_vec_as::<f32>();
            let values = values.map_err(|error| DetectError::Device { reason: error.to_string() })?;
            faces.extend(decode::faces(&Cells { values: &values, columns: width / stride, stride }, min_score));
        }
        Ok(faces.into_iter().map(|face| in_photo(face, input.photo_from_canvas)).collect())
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
}
