//! Crops that follow the detector's box or the middle of the picture; the landmarks are not asked.

use ::image::RgbImage;

use crate::image::resize_region;
use crate::types::FaceBox;

/// The box made square on its longer side and enlarged about its centre. Black where it leaves the photo.
pub fn square(photo: &RgbImage, face_box: FaceBox, enlarge: f32, width: u32, height: u32) -> RgbImage {
    let side = f64::from(face_box.width.max(face_box.height)) * f64::from(enlarge);
    let [x, y] = face_box.centre().map(f64::from);
    padded_region(photo, [x - side / 2.0, y - side / 2.0, side, side], width, height)
}

/// The box with `margin / 2` photo pixels on each side, clipped to the photo, edges rounded down to whole pixels and
/// stretched to the crop's shape: davidsandberg/facenet, `align_dataset_mtcnn.py`.
pub fn with_margin(photo: &RgbImage, face_box: FaceBox, margin: f32, width: u32, height: u32) -> RgbImage {
    stretched(photo, face_box, [margin; 2], width, height)
}

/// Like [`with_margin`], but `margin` is counted in pixels of the crop: facenet-pytorch 2.6.0, `extract_face`. It is
/// less than the crop's sides.
pub fn with_output_margin(photo: &RgbImage, face_box: FaceBox, margin: f32, width: u32, height: u32) -> RgbImage {
    stretched(photo, face_box, margins_in_photo(face_box, margin, width, height), width, height)
}

/// Photo pixels that become `margin` pixels of the crop, across and down.
pub fn margins_in_photo(face_box: FaceBox, margin: f32, width: u32, height: u32) -> [f32; 2] {
    let in_photo = |length: f32, side: u32| margin * length / (side as f32 - margin).max(1.0);
    [in_photo(face_box.width, width), in_photo(face_box.height, height)]
}

/// Left, top, width and height of the box grown by half of `margins` on each side, clipped, edges rounded down.
pub fn grown(face_box: FaceBox, margins: [f32; 2], photo_size: (u32, u32)) -> [f32; 4] {
    let range = |start: f32, length: f32, margin: f32, limit: u32| {
        let low = (start - margin / 2.0).max(0.0).floor();
        let high = (start + length + margin / 2.0).min(limit as f32).floor();
        (low, high - low)
    };
    let (left, columns) = range(face_box.x, face_box.width, margins[0], photo_size.0);
    let (top, rows) = range(face_box.y, face_box.height, margins[1], photo_size.1);
    [left, top, columns, rows]
}

fn stretched(photo: &RgbImage, face_box: FaceBox, margins: [f32; 2], width: u32, height: u32) -> RgbImage {
    let region = grown(face_box, margins, photo.dimensions());
    if !(region[2] >= 1.0 && region[3] >= 1.0) {
        return RgbImage::new(width, height);
    }
    resize_region(photo, region.map(f64::from), width, height)
}

/// A square of `share` of the shorter side in the middle of the picture.
pub fn centre(photo: &RgbImage, share: f32, width: u32, height: u32) -> RgbImage {
    let (columns, rows) = (f64::from(photo.width()), f64::from(photo.height()));
    let side = columns.min(rows) * f64::from(share.clamp(0.0, 1.0));
    padded_region(photo, [(columns - side) / 2.0, (rows - side) / 2.0, side, side], width, height)
}

/// [`resize_region`] of a region that may leave the photo, with black outside.
fn padded_region(photo: &RgbImage, [left, top, columns, rows]: [f64; 4], width: u32, height: u32) -> RgbImage {
    let (outer_left, outer_top) = (left.floor(), top.floor());
    let (outer_columns, outer_rows) = ((left + columns).ceil() - outer_left, (top + rows).ceil() - outer_top);
    let inside = outer_left >= 0.0
        && outer_top >= 0.0
        && outer_left + outer_columns <= f64::from(photo.width())
        && outer_top + outer_rows <= f64::from(photo.height());
    if !(columns > 0.0 && rows > 0.0) || outer_columns.max(outer_rows) > LONGEST_SIDE {
        return RgbImage::new(width, height);
    }
    if inside {
        return resize_region(photo, [left, top, columns, rows], width, height);
    }
    let mut padded = RgbImage::new(outer_columns as u32, outer_rows as u32);
    ::image::imageops::replace(&mut padded, photo, -outer_left as i64, -outer_top as i64);
    resize_region(&padded, [left - outer_left, top - outer_top, columns, rows], width, height)
}

/// No photo within the pixel budget has faces this wide; a wilder box would only cost memory.
const LONGEST_SIDE: f64 = 32_768.0;

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    fn face_box(x: f32, y: f32, width: f32, height: f32) -> FaceBox {
        FaceBox { x, y, width, height }
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
    fn a_square_over_the_edge_is_black_there() {
        let crop = square(&pattern(), face_box(-4.0, 26.0, 8.0, 8.0), 1.0, 8, 8);
        assert_eq!(crop.get_pixel(0, 0).0, [0; 3]);
        assert_eq!(crop.get_pixel(5, 7).0, [0; 3]);
        assert_eq!(crop.get_pixel(4, 0).0, [0, 130, 99]);
        assert_eq!(crop.get_pixel(7, 3).0, [15, 145, 99]);
    }

    #[test]
    fn a_margin_is_clipped_and_stretched() {
        // 4 pixels on each side of (10…20, 2…12): columns 6…24, rows 0…16 because -2 is outside.
        let crop = with_margin(&pattern(), face_box(10.9, 2.0, 9.9, 10.0), 8.0, 18, 16);
        assert_eq!(crop.get_pixel(0, 0).0, [30, 0, 99]);
        assert_eq!(crop.get_pixel(17, 15).0, [115, 75, 99]);
        assert_eq!(with_margin(&pattern(), face_box(10.0, 2.0, 9.0, 10.0), 8.0, 9, 9).dimensions(), (9, 9));
    }

    #[test]
    fn a_margin_in_the_crop_grows_with_the_box() {
        // Of 16 crop pixels 4 are margin, so 12 are the box of 12 × 6: 4 × 2 photo pixels around, half on each side.
        let crop = with_output_margin(&pattern(), face_box(10.0, 10.0, 12.0, 6.0), 4.0, 16, 16);
        assert!(crop == crate::image::resize_region(&pattern(), [8.0, 9.0, 16.0, 8.0], 16, 16));
        let clipped = with_output_margin(&pattern(), face_box(-1.5, 27.0, 12.9, 6.0), 4.0, 16, 16);
        assert!(clipped == crate::image::resize_region(&pattern(), [0.0, 26.0, 13.0, 4.0], 16, 16));
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
    }

    #[test]
    fn the_centre_is_the_centre() {
        let crop = centre(&pattern(), 0.5, 15, 15);
        // A square of 15 from (12.5, 7.5): between columns 12 and 13.
        assert!(crop.get_pixel(0, 0)[0].abs_diff(63) <= 1 && crop.get_pixel(0, 0)[1].abs_diff(38) <= 1);
    }
}
