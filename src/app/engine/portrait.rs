//! The small pictures the window shows: a square around a face, and the whole photo.

use std::io::Cursor;

use anyhow::{Context, Result};
use image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder, imageops};

use crate::faces::image::{resize, thumbnail};
use crate::types::Detection;

const PORTRAIT_SIDE: u32 = 192;
/// The square's side over the longer side of the detector's box: the whole head with some air.
const PORTRAIT_ENLARGE: f32 = 1.6;
const THUMBNAIL_LONG_SIDE: u32 = 384;

/// A square JPEG of the head. Where the square leaves the photo it is moved inside.
pub(crate) fn portrait_jpeg(photo: &RgbImage, face: &Detection) -> Result<Vec<u8>> {
    let (width, height) = photo.dimensions();
    let wanted = face.face_box.width.max(face.face_box.height) * PORTRAIT_ENLARGE;
    let side = (wanted.round() as u32).clamp(1, width.min(height));
    let [x, y] = face.face_box.centre();
    let left = (x - side as f32 / 2.0).round().clamp(0.0, (width - side) as f32) as u32;
    let top = (y - side as f32 / 2.0).round().clamp(0.0, (height - side) as f32) as u32;
    let square = imageops::crop_imm(photo, left, top, side, side).to_image();
    let side = side.min(PORTRAIT_SIDE);
    jpeg(&resize(&square, side, side))
}

/// A JPEG of the whole photo for the grid.
pub(crate) fn thumbnail_jpeg(photo: &RgbImage) -> Result<Vec<u8>> {
    jpeg(&thumbnail(photo, THUMBNAIL_LONG_SIDE))
}

fn jpeg(pixels: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 85)
        .encode(pixels.as_raw(), pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .context("cannot encode a small picture")?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FaceBox, Landmarks};

    fn face(x: f32, y: f32, side: f32) -> Detection {
        let face_box = FaceBox { x, y, width: side, height: side };
        Detection { face_box, score: 1.0, landmarks: Landmarks([[0.0; 2]; 5]) }
    }

    fn size_of(jpeg: &[u8]) -> (u32, u32) {
        image::load_from_memory(jpeg).unwrap().to_rgb8().dimensions()
    }

    #[test]
    fn a_portrait_is_square_and_never_enlarged() {
        let photo = RgbImage::new(400, 300);
        assert_eq!(size_of(&portrait_jpeg(&photo, &face(100.0, 100.0, 50.0)).unwrap()), (80, 80));
        assert_eq!(size_of(&portrait_jpeg(&photo, &face(0.0, 0.0, 290.0)).unwrap()), (192, 192));
    }

    #[test]
    fn a_face_at_or_beyond_the_edge_still_has_a_portrait() {
        let photo = RgbImage::new(40, 30);
        for (x, y) in [(-20.0, -20.0), (38.0, 28.0), (500.0, 500.0)] {
            let (width, height) = size_of(&portrait_jpeg(&photo, &face(x, y, 20.0)).unwrap());
            assert_eq!(width, height);
        }
    }
}
