//! Crops that follow the detector's box or the middle of the picture; the landmarks are not asked.
//!
//! Every rule ends in four edges in whole pixels; what they enclose is `cut` and resized as Pillow does it. So anybody
//! who knows the box makes the same crop, bit by bit, with two calls of Pillow:
//! `photo.crop(edges).resize((width, height), Image.BILINEAR)`. The edges, in pixels of the upright photo, where a box is
//! `x, y, w, h`:
//! * [`CropRule::SquareBox`]: `side = max(w, h) · enlarge`, edges at `x + w / 2 ∓ side / 2` and `y + h / 2 ∓ side / 2`,
//!   each rounded to the nearest whole number, as `Image.crop` rounds. What leaves the photo is black.
//! * [`CropRule::BoxMargin`]: `x − margin / 2`, `y − margin / 2`, `x + w + margin / 2`, `y + h + margin / 2`, clipped to the
//!   photo, fractions cut off, then stretched to the crop's shape. davidsandberg/facenet, `align_dataset_mtcnn.py`.
//! * [`CropRule::OutputMargin`]: the same with `margin · w / (width − margin)` across and `margin · h / (height − margin)`
//!   down; `margin` is less than the crop's sides. facenet-pytorch 2.6.0, `extract_face`.
//! * [`CropRule::GreaterMargin`]: the same with the greater of the two margins, on each axis for itself.
//! * [`CropRule::Centre`]: a square of a share of the shorter side in the middle, edges rounded to the nearest whole number.

use crate::faces::image::Region;
use crate::types::{CropRule, FaceBox};

/// What `rule` cuts out of a photo of that size for a crop of `width` × `height`. Landmarks of no use to
/// [`CropRule::FivePoints`] leave it the box as a square.
pub(crate) fn region(rule: CropRule, face_box: FaceBox, photo_size: (u32, u32), width: u32, height: u32) -> Region {
    let in_photo = |margin: f32| {
        let in_photo = |length: f32, side: u32| margin * length / (side as f32 - margin).max(1.0);
        [in_photo(face_box.width, width), in_photo(face_box.height, height)]
    };
    let (columns, rows) = (f64::from(photo_size.0), f64::from(photo_size.1));
    match rule {
        CropRule::FivePoints => square(face_box, 1.0),
        CropRule::SquareBox { enlarge } => square(face_box, enlarge),
        CropRule::BoxMargin { margin } => grown(face_box, [margin; 2], photo_size),
        CropRule::OutputMargin { margin } => grown(face_box, in_photo(margin), photo_size),
        CropRule::GreaterMargin { margin } => grown(face_box, in_photo(margin).map(|m| m.max(margin)), photo_size),
        CropRule::Centre { share } => {
            around([columns / 2.0, rows / 2.0], columns.min(rows) * f64::from(share.clamp(0.0, 1.0)))
        }
        CropRule::AsStored => Region { left: 0, top: 0, right: photo_size.0.into(), bottom: photo_size.1.into() },
    }
}

/// The box made square on its longer side and enlarged about its centre.
fn square(face_box: FaceBox, enlarge: f32) -> Region {
    let [x, y, width, height] = numbers(face_box);
    around([x + width / 2.0, y + height / 2.0], width.max(height) * f64::from(enlarge))
}

/// The box grown by half of `margins` on each side and clipped.
fn grown(face_box: FaceBox, margins: [f32; 2], photo_size: (u32, u32)) -> Region {
    let [x, y, width, height] = numbers(face_box);
    let range = |start: f64, length: f64, margin: f32, limit: u32| {
        let half = f64::from(margin) / 2.0;
        ((start - half).max(0.0) as i64, (start + length + half).min(limit.into()) as i64)
    };
    let (left, right) = range(x, width, margins[0], photo_size.0);
    let (top, bottom) = range(y, height, margins[1], photo_size.1);
    Region { left, top, right, bottom }
}

/// A square about a point, its edges on whole pixels.
fn around([x, y]: [f64; 2], side: f64) -> Region {
    let whole = |edge: f64| edge.round_ties_even() as i64;
    let half = side / 2.0;
    Region { left: whole(x - half), top: whole(y - half), right: whole(x + half), bottom: whole(y + half) }
}

fn numbers(face_box: FaceBox) -> [f64; 4] {
    [face_box.x, face_box.y, face_box.width, face_box.height].map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faces::image::cut;
    use ::image::{Rgb, RgbImage};

    fn crop(photo: &RgbImage, rule: CropRule, face_box: FaceBox, width: u32, height: u32) -> RgbImage {
        cut(photo, super::region(rule, face_box, photo.dimensions(), width, height), width, height)
    }

    fn square(photo: &RgbImage, face_box: FaceBox, enlarge: f32, width: u32, height: u32) -> RgbImage {
        crop(photo, CropRule::SquareBox { enlarge }, face_box, width, height)
    }

    fn with_margin(photo: &RgbImage, face_box: FaceBox, margin: f32, width: u32, height: u32) -> RgbImage {
        crop(photo, CropRule::BoxMargin { margin }, face_box, width, height)
    }

    fn with_output_margin(photo: &RgbImage, face_box: FaceBox, margin: f32, width: u32, height: u32) -> RgbImage {
        crop(photo, CropRule::OutputMargin { margin }, face_box, width, height)
    }

    fn face_box(x: f32, y: f32, width: f32, height: f32) -> FaceBox {
        FaceBox { x, y, width, height }
    }

    fn region(left: i64, top: i64, right: i64, bottom: i64) -> Region {
        Region { left, top, right, bottom }
    }

    fn pattern() -> RgbImage {
        RgbImage::from_fn(40, 30, |x, y| Rgb([(x * 5) as u8, (y * 5) as u8, 99]))
    }

    #[test]
    fn a_square_keeps_the_centre() {
        // Box 10 × 6 about (15, 13), enlarged ×1.2: a square of 12 from (9, 7).
        let crop = square(&pattern(), face_box(10.0, 10.0, 10.0, 6.0), 1.2, 12, 12);
        assert_eq!(crop.get_pixel(0, 0).0, [45, 35, 99]);
        assert_eq!(crop.get_pixel(11, 11).0, [100, 90, 99]);
    }

    #[test]
    fn edges_of_a_square_are_rounded_to_the_nearest_pixel() {
        // About (16.1, 18.4) with a side of 12.6: 9.8, 12.1, 22.4, 24.7.
        assert_eq!(super::square(face_box(11.1, 13.15, 10.0, 10.5), 1.2), region(10, 12, 22, 25));
        assert_eq!(super::square(face_box(-7.2, -3.9, 4.0, 4.0), 1.0), region(-7, -4, -3, 0));
    }

    #[test]
    fn a_square_over_the_edge_is_black_there() {
        let crop = square(&pattern(), face_box(-4.0, 26.0, 8.0, 8.0), 1.0, 8, 8);
        assert_eq!(crop.get_pixel(0, 0).0, [0; 3]);
        assert_eq!(crop.get_pixel(5, 7).0, [0; 3]);
        assert_eq!(crop.get_pixel(4, 0).0, [0, 130, 99]);
        assert_eq!(crop.get_pixel(7, 3).0, [15, 145, 99]);
    }

    #[test]
    fn a_margin_is_clipped_and_stretched() {
        // 4 pixels on each side of (10.9…20.8, 2…12): columns 6…24, rows 0…16 because -2 is outside.
        assert_eq!(grown(face_box(10.9, 2.0, 9.9, 10.0), [8.0; 2], (40, 30)), region(6, 0, 24, 16));
        let crop = with_margin(&pattern(), face_box(10.9, 2.0, 9.9, 10.0), 8.0, 18, 16);
        assert_eq!(crop.get_pixel(0, 0).0, [30, 0, 99]);
        assert_eq!(crop.get_pixel(17, 15).0, [115, 75, 99]);
        assert_eq!(with_margin(&pattern(), face_box(10.0, 2.0, 9.0, 10.0), 8.0, 9, 9).dimensions(), (9, 9));
    }

    #[test]
    fn a_margin_in_the_crop_grows_with_the_box() {
        // Of 16 crop pixels 4 are margin, so 12 are the box of 12 × 6: 4 × 2 photo pixels around, half on each side.
        let crop = with_output_margin(&pattern(), face_box(10.0, 10.0, 12.0, 6.0), 4.0, 16, 16);
        assert!(crop == cut(&pattern(), region(8, 9, 24, 17), 16, 16));
        let clipped = with_output_margin(&pattern(), face_box(-1.5, 27.0, 12.9, 6.0), 4.0, 16, 16);
        assert!(clipped == cut(&pattern(), region(0, 26, 13, 30), 16, 16));
    }

    #[test]
    fn the_greater_margin_counts_on_each_axis() {
        // Of 16 crop pixels 4 are margin: 6 photo pixels for 18 across, but 4 at least for 6 down.
        let crop = crop(&pattern(), CropRule::GreaterMargin { margin: 4.0 }, face_box(10.0, 10.0, 18.0, 6.0), 16, 16);
        assert!(crop == cut(&pattern(), region(7, 8, 31, 18), 16, 16));
    }

    #[test]
    fn boxes_outside_the_photo_are_black() {
        let photo = pattern();
        assert!(square(&photo, face_box(500.0, 500.0, 9.0, 9.0), 1.0, 5, 5).as_raw().iter().all(|&value| value == 0));
        assert!(
            with_margin(&photo, face_box(500.0, 0.0, 9.0, 9.0), 4.0, 5, 5).as_raw().iter().all(|&value| value == 0)
        );
        assert_eq!(square(&photo, face_box(0.0, 0.0, 0.0, 0.0), 1.0, 5, 5).dimensions(), (5, 5));
        assert_eq!(square(&photo, face_box(0.0, 0.0, 1e9, 1e9), 1.0, 5, 5).dimensions(), (5, 5));
        assert_eq!(square(&photo, face_box(f32::NAN, 0.0, 9.0, f32::INFINITY), 1.0, 5, 5).dimensions(), (5, 5));
    }

    #[test]
    fn the_centre_is_the_centre() {
        let crop = crop(&pattern(), CropRule::Centre { share: 0.5 }, face_box(0.0, 0.0, 0.0, 0.0), 15, 15);
        // A square of 15 from (12.5, 7.5), rounded to (12, 8) … (28, 22).
        assert!(crop == cut(&pattern(), region(12, 8, 28, 22), 15, 15));
    }
}
