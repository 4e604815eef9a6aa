//! The small pictures the window shows: a square around a face, and the whole photo.

use std::io::Cursor;

use anyhow::{Context, Result};
use image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder, imageops};

use crate::faces::image::{resize, thumbnail};
use crate::types::{Detection, FaceBox, Landmarks};

const PORTRAIT_SIDE: u32 = 192;
/// The square's side over the longer side of the detector's box: the whole head with some air.
const PORTRAIT_ENLARGE: f32 = 1.6;
pub(crate) const THUMBNAIL_LONG_SIDE: u32 = 384;

/// A square JPEG of the head. Where the square leaves the photo it is moved inside.
pub(crate) fn portrait_jpeg(photo: &RgbImage, face: &Detection) -> Result<Vec<u8>> {
    let Square { left, top, side } = Square::around(face, photo.dimensions());
    let square = imageops::crop_imm(photo, left, top, side, side).to_image();
    let side = side.min(PORTRAIT_SIDE);
    jpeg(&resize(&square, side, side))
}

/// Where a face is in its portrait, of which so many pixels make a side. `photo` is the size of the photo that the face
/// is given in; the portrait may have been cut from a smaller copy.
pub(crate) fn in_portrait(face: &Detection, photo: (u32, u32), portrait_side: u32) -> Detection {
    let Square { left, top, side } = Square::around(face, photo);
    let moved = |[x, y]: [f32; 2]| [x - left as f32, y - top as f32];
    let [x, y] = moved([face.face_box.x, face.face_box.y]);
    let face_box = FaceBox { x, y, ..face.face_box };
    let there = Detection { face_box, landmarks: Landmarks(face.landmarks.0.map(moved)), ..*face };
    there.scaled(portrait_side as f32 / side as f32)
}

/// What a portrait shows of a photo.
struct Square {
    left: u32,
    top: u32,
    side: u32,
}

impl Square {
    fn around(face: &Detection, (width, height): (u32, u32)) -> Self {
        let wanted = face.face_box.width.max(face.face_box.height) * PORTRAIT_ENLARGE;
        let side = (wanted.round() as u32).clamp(1, width.min(height).max(1));
        let [x, y] = face.face_box.centre();
        let edge = |centre: f32, length: u32| {
            (centre - side as f32 / 2.0).round().clamp(0.0, length.saturating_sub(side) as f32) as u32
        };
        Self { left: edge(x, width), top: edge(y, height), side }
    }
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

    /// A dot at each landmark, and nothing else.
    #[test]
    fn a_face_is_found_in_its_portrait_wherever_it_is_in_the_photo() {
        for (at, side) in [([150.0, 100.0], 200.0), ([2.0, 3.0], 120.0), ([420.0, 240.0], 60.0)] {
            let mut photo = RgbImage::new(500, 320);
            let mut face = face(at[0], at[1], side);
            face.landmarks.0 = [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]
                .map(|[x, y]| [at[0] + x * side, at[1] + y * side]);
            for [x, y] in face.landmarks.0 {
                for (dx, dy) in (-4..=4).flat_map(|dx| (-4..=4).map(move |dy| (dx, dy))) {
                    photo.put_pixel((x as i32 + dx) as u32, (y as i32 + dy) as u32, image::Rgb([0, 255, 0]));
                }
            }
            let portrait = image::load_from_memory(&portrait_jpeg(&photo, &face).unwrap()).unwrap().to_rgb8();
            let found = in_portrait(&face, photo.dimensions(), portrait.width());
            for [x, y] in found.landmarks.0 {
                assert!(portrait.get_pixel(x as u32, y as u32).0[1] > 100, "{at:?} {side}: nothing is at {x} {y}");
            }
        }
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
