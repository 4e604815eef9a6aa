//! Pulls a turned and scaled rectangle out of a photo.

use ::image::RgbImage;

use crate::types::Similarity;

/// A picture of `width` × `height` whose pixel centres are looked up in `photo` through the inverse of
/// `crop_from_photo`, bilinearly, with black around the photo. See the module [`align`](super) for pixel centres and
/// strong reductions.
pub(crate) fn warp(photo: &RgbImage, crop_from_photo: &Similarity, width: u32, height: u32) -> RgbImage {
    let photo_from_crop = crop_from_photo.inverse();
    let reduction = photo_from_crop.scale().floor().max(1.0) as u32;
    if reduction == 1 {
        return sample(photo, &photo_from_crop, width, height);
    }
    let (left, top, block_means) = average_blocks(photo, &photo_from_crop, width, height, reduction);
    let n = f64::from(reduction);
    let blocks_from_crop = Similarity {
        a: photo_from_crop.a / n,
        b: photo_from_crop.b / n,
        u: (photo_from_crop.u - f64::from(left)) / n,
        v: (photo_from_crop.v - f64::from(top)) / n,
    };
    sample(&block_means, &blocks_from_crop, width, height)
}

fn sample(photo: &RgbImage, photo_from_crop: &Similarity, width: u32, height: u32) -> RgbImage {
    let mut crop = RgbImage::new(width, height);
    for (x, y, pixel) in crop.enumerate_pixels_mut() {
        let [photo_x, photo_y] = photo_from_crop.apply([f64::from(x) + 0.5, f64::from(y) + 0.5]);
        pixel.0 = bilinear(photo, photo_x - 0.5, photo_y - 0.5);
    }
    crop
}

/// The value between four pixels; `x` and `y` count from the centre of the first pixel.
fn bilinear(photo: &RgbImage, x: f64, y: f64) -> [u8; 3] {
    let (column, row) = (x.floor(), y.floor());
    let (right, below) = ((x - column) as f32, (y - row) as f32);
    // Saturates far outside, where every pixel is black.
    let (column, row) = (column as i64, row as i64);
    let weights = [(1.0 - right) * (1.0 - below), right * (1.0 - below), (1.0 - right) * below, right * below];
    let mut sum = [0.0_f32; 3];
    for (index, weight) in weights.into_iter().enumerate() {
        if let Some(pixel) =
            pixel_at(photo, column.saturating_add(index as i64 % 2), row.saturating_add(index as i64 / 2))
        {
            for channel in 0..3 {
                sum[channel] += weight * f32::from(pixel[channel]);
            }
        }
    }
    sum.map(|value| (value + 0.5) as u8)
}

fn pixel_at(photo: &RgbImage, column: i64, row: i64) -> Option<&[u8; 3]> {
    let (column, row) = (u32::try_from(column).ok()?, u32::try_from(row).ok()?);
    photo.get_pixel_checked(column, row).map(|pixel| &pixel.0)
}

/// The part of the photo under the crop, averaged over blocks of `side` × `side` pixels, with its left and top edge.
/// Blocks at the photo's edge average what there is of them.
fn average_blocks(
    photo: &RgbImage,
    photo_from_crop: &Similarity,
    width: u32,
    height: u32,
    side: u32,
) -> (u32, u32, RgbImage) {
    let (width, height) = (f64::from(width), f64::from(height));
    let corners =
        [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]].map(|corner| photo_from_crop.apply(corner));
    let range = |axis: usize, length: u32| {
        let low = corners.iter().map(|corner| corner[axis]).fold(f64::INFINITY, f64::min) - 2.0 * f64::from(side);
        let high = corners.iter().map(|corner| corner[axis]).fold(f64::NEG_INFINITY, f64::max) + 2.0 * f64::from(side);
        let inside = |edge: f64| edge.clamp(0.0, f64::from(length)) as u32;
        (inside(low.floor()), inside(high.ceil()))
    };
    let ((left, right), (top, bottom)) = (range(0, photo.width()), range(1, photo.height()));
    let means = RgbImage::from_fn((right - left).div_ceil(side), (bottom - top).div_ceil(side), |x, y| {
        let (block_left, block_top) = (left + x * side, top + y * side);
        let columns = block_left..(block_left + side).min(right);
        ::image::Rgb(mean_of(photo, columns, block_top..(block_top + side).min(bottom)))
    });
    (left, top, means)
}

fn mean_of(photo: &RgbImage, columns: std::ops::Range<u32>, rows: std::ops::Range<u32>) -> [u8; 3] {
    let stride = photo.width() as usize * 3;
    let count = columns.len() as u64 * rows.len() as u64;
    let mut sum = [0_u64; 3];
    for row in rows {
        let start = row as usize * stride;
        let pixels = &photo.as_raw()[start + columns.start as usize * 3..start + columns.end as usize * 3];
        for pixel in pixels.chunks_exact(3) {
            for channel in 0..3 {
                sum[channel] += u64::from(pixel[channel]);
            }
        }
    }
    sum.map(|value| ((value + count / 2) / count.max(1)) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    /// A ramp in both directions whose value at the point (x, y) is 2 x − 1 + y − 0.5, so 2 column + row at centres.
    fn ramp(side: u32) -> RgbImage {
        RgbImage::from_fn(side, side, |x, y| Rgb([(2 * x + y) as u8; 3]))
    }

    fn check(crop_from_photo: Similarity, tolerance: f64) {
        let photo = ramp(80);
        let crop = warp(&photo, &crop_from_photo, 20, 20);
        let back = crop_from_photo.inverse();
        for (x, y, pixel) in crop.enumerate_pixels() {
            let [px, py] = back.apply([f64::from(x) + 0.5, f64::from(y) + 0.5]);
            let margin = back.scale() + 1.0;
            if [px, py].iter().all(|&place| place > margin && place < 80.0 - margin) {
                let expect = 2.0 * (px - 0.5) + (py - 0.5);
                let got = f64::from(pixel[0]);
                assert!((got - expect).abs() <= tolerance, "{crop_from_photo:?} at {x} {y}: {got} for {expect}");
            }
        }
    }

    #[test]
    fn a_ramp_is_read_where_it_is() {
        let (sin, cos) = 0.5_f64.sin_cos();
        check(Similarity { a: 1.0, b: 0.0, u: -20.0, v: -30.0 }, 0.0);
        check(Similarity { a: 1.0, b: 0.0, u: -20.25, v: -30.5 }, 0.51);
        check(Similarity { a: cos, b: sin, u: -10.0, v: -30.0 }, 0.51);
        check(Similarity { a: 2.5, b: 0.0, u: -60.0, v: -60.0 }, 0.51);
        // Reductions by 2.5 and by 3.9: averaged over blocks first, still in place.
        check(Similarity { a: 0.4, b: 0.0, u: -3.0, v: -2.0 }, 1.01);
        check(Similarity { a: cos / 3.9, b: sin / 3.9, u: 3.0, v: -2.0 }, 1.01);
    }

    #[test]
    fn outside_is_black_and_the_edge_half_black() {
        let white = RgbImage::from_pixel(4, 4, Rgb([200; 3]));
        let crop = warp(&white, &Similarity { a: 1.0, b: 0.0, u: 2.5, v: 0.0 }, 8, 4);
        let row: Vec<u8> = (0..8).map(|x| crop.get_pixel(x, 1)[0]).collect();
        assert_eq!(row, [0, 0, 100, 200, 200, 200, 100, 0]);
    }

    #[test]
    fn fine_patterns_become_grey() {
        let board = RgbImage::from_fn(400, 400, |x, y| if (x + y) % 2 == 0 { Rgb([255; 3]) } else { Rgb([0; 3]) });
        let crop = warp(&board, &Similarity { a: 0.23, b: 0.1, u: -1.0, v: -41.0 }, 50, 50);
        let inner = crop.enumerate_pixels().filter(|(x, y, _)| (12..40).contains(x) && (12..40).contains(y));
        assert!(
            inner.into_iter().all(|(_, _, pixel)| pixel[0].abs_diff(128) <= 15),
            "blocks of 3 × 3 hold five and four"
        );
    }

    #[test]
    fn far_away_is_black() {
        let white = RgbImage::from_pixel(4, 4, Rgb([200; 3]));
        for transform in
            [Similarity { a: 1.0, b: 0.0, u: 1e12, v: -1e12 }, Similarity { a: 0.01, b: 0.0, u: 500.0, v: 0.0 }]
        {
            assert!(warp(&white, &transform, 6, 6).as_raw().iter().all(|&value| value == 0));
        }
    }
}
