//! From a face in a photo to the crop a network was trained on. Plain pixels and numbers; no device.
//!
//! * [`CropRule::FivePoints`]: the similarity transform that brings the five landmarks nearest to the ArcFace template
//!   (least squares, Umeyama 1991), applied backwards with bilinear sampling, black outside the photo.
//! * [`CropRule::SquareBox`], [`CropRule::BoxMargin`], [`CropRule::OutputMargin`], [`CropRule::GreaterMargin`]: the
//!   detector's box, see [`boxes`].
//!   The box of a face on its head or side is turned upright, as far as the landmarks tell.
//! * [`CropRule::Centre`], [`CropRule::AsStored`]: no face needed.
//!
//! # Pixel centres
//! The first pixel's centre is at (0.5, 0.5) everywhere in this crate. OpenCV's `warpAffine` and the template count from
//! the centre of the first pixel, so both are half a pixel smaller; [`Landmarks::template`] adds the half. Landmarks
//! that OpenCV would hand to `FaceRecognizerSF::alignCrop`, with half a pixel added, give the crop of `alignCrop`, with
//! which the published LFW figure of SFace was measured: both sides of the fit shift alike, and sampling asks for the
//! value at the same place. A detector whose numbers are taken without that half gives a crop that lies half a photo
//! pixel beside OpenCV's.
//!
//! One departure: where a crop pixel covers two photo pixels or more, bilinear sampling would skip some of them and
//! hair or stubble would turn into noise. The photo is then first averaged over blocks of n × n pixels, n being the
//! whole part of the reduction. Below 2 the result is OpenCV's.

pub mod boxes;
mod place;
mod warp;

use ::image::RgbImage;

use crate::faces::align::boxes::region;
use crate::faces::image::{cut, turned};
use crate::types::{CropRule, Detection, FaceBox, Landmarks, Preprocessing, Similarity};

pub(crate) use crate::faces::align::place::landmarks_in_crop;
pub(crate) use crate::faces::align::warp::warp;

/// The network's input picture of one face. `detection` is in pixels of `photo`.
///
/// Landmarks that all lie on one point say nothing about size and turn; the box alone is used for such a face.
pub fn crop(photo: &RgbImage, detection: &Detection, preprocessing: &Preprocessing) -> RgbImage {
    let &Preprocessing { width, height, .. } = preprocessing;
    match crop_from_photo(detection, preprocessing) {
        Some(crop_from_photo) => warp(photo, &crop_from_photo, width, height),
        None => cut_upright(photo, detection, preprocessing),
    }
}

/// What the box encloses, turned as the face stands.
fn cut_upright(photo: &RgbImage, detection: &Detection, preprocessing: &Preprocessing) -> RgbImage {
    let &Preprocessing { width, height, crop, .. } = preprocessing;
    let turn = detection.landmarks.turn_upright();
    let (columns, rows) = if turn.swaps_sides() { (height, width) } else { (width, height) };
    let cut = cut(photo, region(crop, detection.face_box, photo.dimensions(), columns, rows), columns, rows);
    turned(&cut, turn).into_owned()
}

/// The network's input picture where no detector runs: the centre if it says so, else the whole picture, which
/// is then taken for a finished crop.
pub(crate) fn crop_without_face(photo: &RgbImage, preprocessing: &Preprocessing) -> RgbImage {
    let &Preprocessing { width, height, crop, .. } = preprocessing;
    let rule = if matches!(crop, CropRule::Centre { .. }) { crop } else { CropRule::AsStored };
    let no_box = FaceBox { x: 0.0, y: 0.0, width: 0.0, height: 0.0 };
    cut(photo, region(rule, no_box, photo.dimensions(), width, height), width, height)
}

/// How the landmarks' own rule moves a photo; None of other rules.
fn crop_from_photo(detection: &Detection, preprocessing: &Preprocessing) -> Option<Similarity> {
    let &Preprocessing { width, height, crop, .. } = preprocessing;
    let follows_landmarks = crop == CropRule::FivePoints;
    follows_landmarks.then(|| Similarity::fit(&detection.landmarks.0, &Landmarks::template(width, height).0))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ChannelOrder, PixelScaling};
    use ::image::Rgb;

    fn preprocessing(crop: CropRule, side: u32) -> Preprocessing {
        Preprocessing { width: side, height: side, crop, scaling: PixelScaling::Raw, channels: ChannelOrder::Bgr }
    }

    fn detection(landmarks: [[f32; 2]; 5]) -> Detection {
        let face_box = FaceBox { x: 4.0, y: 4.0, width: 8.0, height: 8.0 };
        Detection { face_box, score: 1.0, landmarks: Landmarks(landmarks) }
    }

    fn pattern(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([(x * 2) as u8, (y * 2) as u8, (x + y) as u8]))
    }

    #[test]
    fn landmarks_on_the_template_change_nothing() {
        let photo = pattern(112, 112);
        let crop = crop(&photo, &detection(Landmarks::template(112, 112).0), &preprocessing(CropRule::FivePoints, 112));
        assert!(crop == photo, "the identity moved pixels");
    }

    #[test]
    fn a_shifted_face_comes_back() {
        let photo = pattern(120, 120);
        let moved = Landmarks::template(112, 112).0.map(|[x, y]| [x + 5.0, y + 3.0]);
        let crop = crop(&photo, &detection(moved), &preprocessing(CropRule::FivePoints, 112));
        for (x, y) in [(0, 0), (50, 70), (111, 111)] {
            assert_eq!(crop.get_pixel(x, y), photo.get_pixel(x + 5, y + 3));
        }
    }

    #[test]
    fn half_a_pixel_is_half_a_pixel() {
        let photo = pattern(120, 120);
        let moved = Landmarks::template(112, 112).0.map(|[x, y]| [x + 5.5, y + 3.0]);
        let crop = crop(&photo, &detection(moved), &preprocessing(CropRule::FivePoints, 112));
        // Half between columns 55 and 56, which hold 110 and 112.
        assert_eq!(crop.get_pixel(50, 20).0[0], 111);
        assert_eq!(crop.get_pixel(50, 20).0[1], 46);
    }

    /// `tests/fixtures/align/make.py`; both round to whole grey levels.
    #[test]
    fn the_crop_is_that_of_opencv() {
        let picture = |bytes| ::image::load_from_memory(bytes).unwrap().into_rgb8();
        let photo = picture(include_bytes!("../../../tests/fixtures/align/photo.png"));
        let expect = picture(include_bytes!("../../../tests/fixtures/align/crop.png"));
        let landmarks: [[f32; 2]; 5] =
            serde_json::from_str(include_str!("../../../tests/fixtures/align/landmarks.json")).unwrap();
        let ours = detection(landmarks.map(|[x, y]| [x + 0.5, y + 0.5]));
        let crop = crop(&photo, &ours, &preprocessing(CropRule::FivePoints, 112));
        let worst = crop.as_raw().iter().zip(expect.as_raw()).map(|(&a, &b)| a.abs_diff(b)).max().unwrap();
        assert!(worst <= 1, "the largest difference is {worst}");
    }

    #[test]
    fn landmarks_without_extent_leave_the_box() {
        let photo = pattern(40, 40);
        let crop = crop(&photo, &detection([[9.0, 9.0]; 5]), &preprocessing(CropRule::FivePoints, 8));
        assert_eq!(crop.get_pixel(0, 0), photo.get_pixel(4, 4));
    }

    #[test]
    fn pictures_without_a_face() {
        let photo = pattern(40, 20);
        let whole = crop_without_face(&photo, &preprocessing(CropRule::AsStored, 20));
        assert_eq!(whole.dimensions(), (20, 20));
        let centre = crop_without_face(&photo, &preprocessing(CropRule::Centre { share: 0.5 }, 10));
        assert_eq!(centre.get_pixel(0, 0), photo.get_pixel(15, 5));
        let by_detection = crop(&photo, &detection([[1.0; 2]; 5]), &preprocessing(CropRule::Centre { share: 0.5 }, 10));
        assert!(centre == by_detection);
    }
}
