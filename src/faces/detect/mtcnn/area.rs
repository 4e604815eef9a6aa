//! Means over windows of a picture: PyTorch's `interpolate(mode = "area")`, which the reference resizes with.
//!
//! Along each side output value i covers the input from ⌊i·in/out⌋ up to ⌈(i+1)·in/out⌉, so neighbours may share a pixel
//! and enlarging repeats some. Sums are whole numbers and exact.

use std::ops::Range;

use ::image::RgbImage;

/// A rectangle of whole pixels inside a photo; `right` and `bottom` lie just outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Window {
    pub fn whole(photo: &RgbImage) -> Self {
        Self { left: 0, top: 0, right: photo.width() as usize, bottom: photo.height() as usize }
    }
}

/// Adds `rows` of the window resized to `width` × `height` to `planes`: three planes, red, green, blue, each value scaled
/// to (x − 127.5) / 128 as the networks were trained.
pub(crate) fn resized(
    photo: &RgbImage,
    window: Window,
    (width, height): (usize, usize),
    rows: Range<usize>,
    planes: &mut Vec<f32>,
) {
    let columns: Vec<Range<usize>> =
        (0..width).map(|column| covered(column, width, window.left, window.right)).collect();
    let (start, plane) = (planes.len(), rows.len() * width);
    planes.resize(start + 3 * plane, 0.0);
    let mut line = RowSums::new(width);
    let mut sums = vec![[0_u32; 3]; width];
    for (at, row) in rows.enumerate() {
        let covered_rows = covered(row, height, window.top, window.bottom);
        let row_count = covered_rows.len();
        sums.fill([0; 3]);
        for source_row in covered_rows {
            for (sum, add) in sums.iter_mut().zip(line.of(photo, source_row, &columns)) {
                (0..3).for_each(|channel| sum[channel] += add[channel]);
            }
        }
        for (column, (sum, covered)) in sums.iter().zip(&columns).enumerate() {
            let count = (row_count * covered.len()) as f32;
            for channel in 0..3 {
                let mean = sum[channel] as f32 / count;
                planes[start + channel * plane + at * width + column] = (mean - 127.5) * SCALE;
            }
        }
    }
}

/// 1/128, a power of two: multiplying is as exact as dividing.
const SCALE: f32 = 0.007_812_5;

/// The input that output value `index` of `count` covers, of the input from `low` to `high`.
fn covered(index: usize, count: usize, low: usize, high: usize) -> Range<usize> {
    let length = high - low;
    low + index * length / count..low + ((index + 1) * length).div_ceil(count)
}

/// The sums along one row of the photo, kept because the next output row may begin with the same row.
struct RowSums {
    row: Option<usize>,
    sums: Vec<[u32; 3]>,
}

impl RowSums {
    fn new(width: usize) -> Self {
        Self { row: None, sums: vec![[0; 3]; width] }
    }

    fn of(&mut self, photo: &RgbImage, row: usize, columns: &[Range<usize>]) -> &[[u32; 3]] {
        if self.row == Some(row) {
            return &self.sums;
        }
        let stride = photo.width() as usize * 3;
        let pixels = &photo.as_raw()[row * stride..(row + 1) * stride];
        for (sum, columns) in self.sums.iter_mut().zip(columns) {
            *sum = [0; 3];
            for pixel in pixels[3 * columns.start..3 * columns.end].chunks_exact(3) {
                (0..3).for_each(|channel| sum[channel] += u32::from(pixel[channel]));
            }
        }
        self.row = Some(row);
        &self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    fn noise(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([x * 37 + y * 101, x * x + 7 * y, x ^ (y * 3)].map(|v| v as u8)))
    }

    /// The definition, in floating point: each output value on its own.
    fn slow(photo: &RgbImage, window: Window, (width, height): (usize, usize)) -> Vec<f32> {
        let edges = |index: usize, count: usize, low: usize, high: usize| {
            let step = (high - low) as f64 / count as f64;
            let (start, end) = (index as f64 * step, (index + 1) as f64 * step);
            // A hair inside, so that rounding errors do not add a pixel.
            ((start + 1e-9).floor() as usize + low, (end - 1e-9).ceil() as usize + low)
        };
        let mut planes = vec![];
        for channel in 0..3 {
            for row in 0..height {
                for column in 0..width {
                    let (top, bottom) = edges(row, height, window.top, window.bottom);
                    let (left, right) = edges(column, width, window.left, window.right);
                    let values = (top..bottom).flat_map(|y| (left..right).map(move |x| (x as u32, y as u32)));
                    let sum: f64 = values.map(|(x, y)| f64::from(photo.get_pixel(x, y)[channel])).sum();
                    let mean = sum / ((bottom - top) * (right - left)) as f64;
                    planes.push(((mean - 127.5) / 128.0) as f32);
                }
            }
        }
        planes
    }

    #[test]
    fn means_are_those_of_the_definition() {
        let photo = noise(53, 41);
        let inner = Window { left: 5, top: 3, right: 16, bottom: 40 };
        for (window, size) in
            [(Window::whole(&photo), (31, 25)), (Window::whole(&photo), (53, 41)), (inner, (24, 24)), (inner, (7, 48))]
        {
            let mut fast = vec![];
            resized(&photo, window, size, 0..size.1, &mut fast);
            let expected = slow(&photo, window, size);
            assert_eq!(fast.len(), expected.len());
            let worst = fast.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-6, "{window:?} {size:?}: {worst}");
        }
    }

    #[test]
    fn some_rows_are_those_of_all() {
        let photo = noise(30, 30);
        let (mut all, mut some) = (vec![], vec![9.0]);
        resized(&photo, Window::whole(&photo), (17, 13), 0..13, &mut all);
        resized(&photo, Window::whole(&photo), (17, 13), 4..9, &mut some);
        assert_eq!(some[0], 9.0, "what was there stays");
        for channel in 0..3 {
            let (plane, part) = (channel * 17 * 13, 1 + channel * 17 * 5);
            assert_eq!(some[part..part + 17 * 5], all[plane + 17 * 4..plane + 17 * 9]);
        }
    }
}
