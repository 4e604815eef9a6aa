//! From a face in a photo to the crop a network was trained on. Plain pixels and numbers; no device.
//!
//! * [`CropRule::FivePoints`]: the similarity transform that brings the five landmarks nearest to the ArcFace template
//!   (least squares, Umeyama 1991), applied backwards with bilinear sampling, black outside the photo.
//! * [`CropRule::SquareBox`], [`CropRule::BoxMargin`]: the detector's box, see [`boxes`].
//! * [`CropRule::Centre`], [`CropRule::AsStored`]: no face needed.
//!
//! # Pixel centres
//! The first pixel's centre is at (0.5, 0.5) everywhere in this crate. OpenCV's `warpAffine`, the template and the
//! landmarks that OpenCV's `FaceRecognizerSF::alignCrop` is given count from the centre of the first pixel, so all of
//! them are half a pixel smaller. [`Landmarks::template`] adds the half, `detect` must do so to YuNet's landmarks, and then the
//! crops are those of `alignCrop`, with which the published LFW figure of SFace was measured: both sides of the fit
//! shift alike, and sampling asks for the value at the same place.
//!
//! One departure: where a crop pixel covers two photo pixels or more, bilinear sampling would skip some of them and
//! hair or stubble would turn into noise. The photo is then first averaged over blocks of n × n pixels, n being the
//! whole part of the reduction. Below 2 the result is OpenCV's.

pub mod boxes;
mod warp;

use ::image::RgbImage;

use crate::image::resize;
use crate::types::{CropRule, Detection, InputRecipe, Landmarks, Similarity};

pub use warp::warp;

/// The network's input picture of one face. `detection` is in pixels of `photo`.
///
/// Landmarks that all lie on one point say nothing about size and turn; the box alone is used for such a face.
pub fn crop(photo: &RgbImage, detection: &Detection, recipe: &InputRecipe) -> RgbImage {
    let (width, height) = (recipe.width, recipe.height);
    match recipe.crop {
        CropRule::FivePoints => match Similarity::fit(&detection.landmarks.0, &Landmarks::template(width, height).0) {
            Some(crop_from_photo) => warp(photo, &crop_from_photo, width, height),
            None => boxes::square(photo, detection.face_box, 1.0, width, height),
        },
        CropRule::SquareBox { enlarge } => boxes::square(photo, detection.face_box, enlarge, width, height),
        CropRule::BoxMargin { margin } => boxes::with_margin(photo, detection.face_box, margin, width, height),
        CropRule::Centre { .. } | CropRule::AsStored => crop_without_face(photo, recipe),
    }
}

/// The network's input picture where no detector runs: the centre if the recipe says so, else the whole picture, which
/// is then taken for a finished crop.
pub fn crop_without_face(photo: &RgbImage, recipe: &InputRecipe) -> RgbImage {
    match recipe.crop {
        CropRule::Centre { share } => boxes::centre(photo, share, recipe.width, recipe.height),
        _ => resize(photo, recipe.width, recipe.height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ChannelOrder, FaceBox, PixelScaling};
    use ::image::Rgb;

    fn recipe(crop: CropRule, side: u32) -> InputRecipe {
        InputRecipe { width: side, height: side, crop, scaling: PixelScaling::Raw, channels: ChannelOrder::Bgr }
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
        let crop = crop(&photo, &detection(Landmarks::template(112, 112).0), &recipe(CropRule::FivePoints, 112));
        assert!(crop == photo, "the identity moved pixels");
    }

    #[test]
    fn a_shifted_face_comes_back() {
        let photo = pattern(120, 120);
        let moved = Landmarks::template(112, 112).0.map(|[x, y]| [x + 5.0, y + 3.0]);
        let crop = crop(&photo, &detection(moved), &recipe(CropRule::FivePoints, 112));
        for (x, y) in [(0, 0), (50, 70), (111, 111)] {
            assert_eq!(crop.get_pixel(x, y), photo.get_pixel(x + 5, y + 3));
        }
    }

    #[test]
    fn half_a_pixel_is_half_a_pixel() {
        let photo = pattern(120, 120);
        let moved = Landmarks::template(112, 112).0.map(|[x, y]| [x + 5.5, y + 3.0]);
        let crop = crop(&photo, &detection(moved), &recipe(CropRule::FivePoints, 112));
        // Half between columns 55 and 56, which hold 110 and 112.
        assert_eq!(crop.get_pixel(50, 20).0[0], 111);
        assert_eq!(crop.get_pixel(50, 20).0[1], 46);
    }

    #[test]
    fn landmarks_without_extent_leave_the_box() {
        let photo = pattern(40, 40);
        let crop = crop(&photo, &detection([[9.0, 9.0]; 5]), &recipe(CropRule::FivePoints, 8));
        assert_eq!(crop.get_pixel(0, 0), photo.get_pixel(4, 4));
    }

    #[test]
    fn pictures_without_a_face() {
        let photo = pattern(40, 20);
        let whole = crop_without_face(&photo, &recipe(CropRule::AsStored, 20));
        assert_eq!(whole.dimensions(), (20, 20));
        let centre = crop_without_face(&photo, &recipe(CropRule::Centre { share: 0.5 }, 10));
        assert_eq!(centre.get_pixel(0, 0), photo.get_pixel(15, 5));
        let by_detection = crop(&photo, &detection([[1.0; 2]; 5]), &recipe(CropRule::Centre { share: 0.5 }, 10));
        assert!(centre == by_detection);
    }
}
