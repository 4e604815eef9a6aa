//! A small grey picture: enough to tell whether two pictures are one.

use image::RgbImage;

use super::Orientation;
use crate::faces::image::resize;

/// A grey picture of at most [`Thumbnail::LONG_SIDE`].
#[derive(Debug, Clone, PartialEq)]
pub struct Thumbnail(pub(super) Grey);

impl Thumbnail {
    /// Of a crop of a quarter of each side 48 pixels are left.
    pub(crate) const LONG_SIDE: u32 = 192;

    /// From a whole upright picture of any size, best of 192 pixels and more.
    pub fn new(pixels: &RgbImage) -> Self {
        let (width, height) = pixels.dimensions();
        if width == 0 || height == 0 {
            return Self(Grey { width: 0, height: 0, values: Vec::new() });
        }
        let factor = (f64::from(Self::LONG_SIDE) / f64::from(width.max(height))).min(1.0);
        let [width, height] = [width, height].map(|side| ((f64::from(side) * factor).round() as u32).max(1));
        let small = resize(pixels, width, height);
        // Luma of ITU-R BT.601, as JPEG has it.
        let grey =
            |[red, green, blue]: [u8; 3]| 0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue);
        let values = small.pixels().map(|pixel| grey(pixel.0)).collect();
        Self(Grey { width: width as usize, height: height as usize, values })
    }
}

/// Grey values row by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grey {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Grey {
    pub fn turned(&self, orientation: Orientation) -> Self {
        let (width, height) = orientation.turned_size((self.width, self.height));
        let mut values = vec![0.0; self.values.len()];
        for (index, &value) in self.values.iter().enumerate() {
            let (x, y) = (index % self.width, index / self.width);
            let (right, below) = (self.width - 1 - x, self.height - 1 - y);
            let (to_x, to_y) = match orientation {
                Orientation::Same => (x, y),
                Orientation::Mirrored => (right, y),
                Orientation::HalfTurn => (right, below),
                Orientation::Flipped => (x, below),
                Orientation::Transposed => (y, x),
                Orientation::TurnedRight => (below, x),
                Orientation::Transversed => (below, right),
                Orientation::TurnedLeft => (y, right),
            };
            values[to_y * width + to_x] = value;
        }
        Self { width, height, values }
    }

    /// Another size, each value the mean of what it covers.
    pub fn resized(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let (columns, rows) = (shares(self.width, width), shares(self.height, height));
        let mut narrow = Vec::with_capacity(width * self.height);
        for row in self.values.chunks_exact(self.width) {
            narrow.extend(columns.iter().map(|(from, weights)| weighted(&row[*from..], weights)));
        }
        let mut values = vec![0.0; width * height];
        for (target, (from, weights)) in values.chunks_exact_mut(width).zip(&rows) {
            for (row, weight) in narrow[from * width..].chunks_exact(width).zip(weights) {
                target.iter_mut().zip(row).for_each(|(target, value)| *target += weight * value);
            }
        }
        Self { width, height, values }
    }

    /// The same picture with this long side, at most its own.
    pub fn with_long_side(&self, long_side: f32) -> Self {
        let factor = (long_side / self.width.max(self.height) as f32).min(1.0);
        let [width, height] = [self.width, self.height].map(|side| ((side as f32 * factor).round() as usize).max(1));
        self.resized(width, height)
    }

    /// Between the centres of the pixels around a place; beyond the edge as at the edge.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let x = (x - 0.5).clamp(0.0, (self.width - 1) as f32);
        let y = (y - 0.5).clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right, below) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (x, y) = (x - left as f32, y - top as f32);
        let (upper, lower) = (&self.values[top * self.width..], &self.values[below * self.width..]);
        let (upper, lower) =
            (upper[left] + x * (upper[right] - upper[left]), lower[left] + x * (lower[right] - lower[left]));
        upper + y * (lower - upper)
    }
}

fn weighted(values: &[f32], weights: &[f32]) -> f32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// For each of `to` cells the first of `from` cells that it covers, and the shares of those; their sum is 1.
fn shares(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let step = from as f32 / to as f32;
    let cell = |index: usize| {
        let (start, end) = (index as f32 * step, (index + 1) as f32 * step);
        let first = (start as usize).min(from - 1);
        let last = (end.ceil() as usize).clamp(first + 1, from);
        let covered = |at: usize| (end.min((at + 1) as f32) - start.max(at as f32)).max(0.0);
        let weights: Vec<f32> = (first..last).map(covered).collect();
        let sum: f32 = weights.iter().sum();
        (first, weights.into_iter().map(|weight| weight / sum).collect())
    };
    (0..to).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole() {
        for (from, to) in [(192, 40), (40, 40), (7, 3), (3, 7), (1, 1), (191, 190)] {
            let shares = shares(from, to);
            assert_eq!(shares.len(), to);
            for (first, weights) in shares {
                assert!(first + weights.len() <= from && (weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_smaller_picture_is_the_mean() {
        let grey = Grey { width: 4, height: 2, values: vec![1.0, 3.0, 5.0, 7.0, 1.0, 3.0, 5.0, 7.0] };
        assert_eq!(grey.resized(2, 1).values, [2.0, 6.0]);
        assert_eq!(grey.at(2.0, 1.0), 4.0, "between the pixels");
        assert_eq!(grey.at(-3.0, 9.0), 1.0);
    }

    #[test]
    fn empty_pictures_have_thumbnails() {
        assert_eq!(Thumbnail::new(&RgbImage::new(0, 5)).0.values.len(), 0);
        let wide = Thumbnail::new(&RgbImage::new(4000, 2)).0;
        assert_eq!((wide.width, wide.height), (192, 1));
    }
}
