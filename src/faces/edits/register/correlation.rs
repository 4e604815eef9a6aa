//! Normalised cross-correlation, and what it takes for two grids to be one picture.

use std::ops::Range;

use crate::faces::edits::thumbnail::Grey;

/// Variance of grey values below which a surface is flat: its noise would decide.
const FLAT_VARIANCE: f32 = 9.0;

/// Pearson's correlation; 0 where one of both is flat.
pub(super) fn correlation(a: &[f32], b: &[f32]) -> f32 {
    correlation_above(a, b, FLAT_VARIANCE)
}

/// 0 where the variance of one of both is less than that.
fn correlation_above(a: &[f32], b: &[f32], least_variance: f32) -> f32 {
    let count = a.len() as f32;
    let (mean_a, mean_b) = (a.iter().sum::<f32>() / count, b.iter().sum::<f32>() / count);
    let (mut aa, mut bb, mut ab) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    if aa.min(bb) < least_variance * count { 0.0 } else { ab / (aa * bb).sqrt() }
}

/// Sums over all rectangles that begin at the top left.
pub(super) struct Sums {
    width: usize,
    values: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    pub fn new(grey: &Grey) -> Self {
        let width = grey.width + 1;
        let empty = vec![0.0; width * (grey.height + 1)];
        let mut sums = Self { width, values: empty.clone(), squares: empty };
        for (y, row) in grey.values.chunks_exact(grey.width).enumerate() {
            let (mut value, mut square) = (0.0, 0.0);
            for (x, &grey) in row.iter().enumerate() {
                let grey = f64::from(grey);
                value += grey;
                square += grey * grey;
                let (at, above) = ((y + 1) * width + x + 1, y * width + x + 1);
                sums.values[at] = sums.values[above] + value;
                sums.squares[at] = sums.squares[above] + square;
            }
        }
        sums
    }

    /// Number of pixels times their variance.
    fn spread(&self, x: usize, y: usize, width: usize, height: usize) -> f64 {
        let (top, bottom) = (y * self.width, (y + height) * self.width);
        let sum = |of: &[f64]| of[bottom + x + width] - of[bottom + x] - of[top + x + width] + of[top + x];
        let value = sum(&self.values);
        sum(&self.squares) - value * value / (width * height) as f64
    }

    fn mean(&self, left: usize, top: usize, right: usize, bottom: usize) -> f32 {
        let (top_row, bottom_row) = (top * self.width, bottom * self.width);
        let sum = self.values[bottom_row + right] - self.values[bottom_row + left] - self.values[top_row + right]
            + self.values[top_row + left];
        (sum / ((right - left) * (bottom - top)) as f64) as f32
    }
}

/// A picture with mean 0 and length 1, to be laid on another one.
pub(super) struct Template {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Template {
    pub fn new(grey: &Grey) -> Self {
        let count = grey.values.len() as f32;
        let mean = grey.values.iter().sum::<f32>() / count;
        let spread: f32 = grey.values.iter().map(|value| (value - mean).powi(2)).sum();
        // Flat: correlates with nothing.
        let factor = if spread < FLAT_VARIANCE * count { 0.0 } else { 1.0 / spread.sqrt() };
        let values = grey.values.iter().map(|value| (value - mean) * factor).collect();
        Self { width: grey.width, height: grey.height, values }
    }

    /// With the part of `grey` whose top left pixel is (x, y).
    pub fn correlation(&self, grey: &Grey, sums: &Sums, x: usize, y: usize) -> f32 {
        let spread = sums.spread(x, y, self.width, self.height) as f32;
        if spread < FLAT_VARIANCE * self.values.len() as f32 {
            return 0.0;
        }
        let rows = self.values.chunks_exact(self.width).enumerate();
        let product: f32 = rows.map(|(row, values)| dot(values, &grey.values[(y + row) * grey.width + x..])).sum();
        product / spread.sqrt()
    }
}

/// Of the first values of `b`; in eight sums, which a processor computes at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let b = &b[..a.len()];
    let (a_eights, a_rest) = a.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (a, b) in a_eights.iter().zip(b_eights) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// How much two grids of one size look alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    /// Correlation of the grey values: light and dark are where they were.
    whole: f32,
    /// Correlation without what varies slowly. Portraits of one framing share only that.
    details: f32,
    /// The least correlation of a part: somebody else in the same room changes only one.
    worst_part: f32,
}

impl Agreement {
    /// `b` is the edited picture.
    pub fn new(a: &[f32], b: &[f32], width: usize) -> Self {
        let radius = (width.max(a.len() / width) / 24).max(2);
        Self {
            whole: correlation(a, b),
            details: correlation_above(&details(a, width, radius), &details(b, width, radius), 1.0),
            worst_part: worst_part(a, b, width).unwrap_or(0.0),
        }
    }

    pub fn score(&self) -> f32 {
        self.whole.min(self.details).min(self.worst_part)
    }
}

/// None where the parts that say something are too few.
fn worst_part(a: &[f32], b: &[f32], width: usize) -> Option<f32> {
    const MOST_ALONG: usize = 6;
    const LEAST_SIDE: usize = 8;
    const LEAST_PARTS: usize = 4;
    let height = a.len() / width;
    let cuts = |length: usize| {
        let parts = (length / LEAST_SIDE).clamp(1, MOST_ALONG);
        (0..parts).map(move |part| part * length / parts..(part + 1) * length / parts)
    };
    let inside = |rows: &Range<usize>, columns: &Range<usize>| {
        let columns = columns.clone();
        let places = rows.clone().flat_map(move |row| columns.clone().map(move |column| row * width + column));
        places.map(|place| (a[place], b[place])).collect::<Vec<_>>()
    };
    let parts = cuts(height).flat_map(|rows| cuts(width).map(move |columns| (rows.clone(), columns)));
    let found: Vec<f32> = parts.filter_map(|(rows, columns)| part(&inside(&rows, &columns))).collect();
    (found.len() >= LEAST_PARTS).then(|| found.into_iter().fold(1.0, f32::min))
}

/// None where both are flat, or the edit has made most of it black or white.
fn part(pixels: &[(f32, f32)]) -> Option<f32> {
    const UNCLIPPED: Range<f32> = 5.0..250.0;
    const LEAST_VARIANCE: f32 = 100.0;
    let (a, b): (Vec<f32>, Vec<f32>) = pixels.iter().filter(|(_, b)| UNCLIPPED.contains(b)).copied().unzip();
    let says_something = 2 * a.len() >= pixels.len() && variance(&a).max(variance(&b)) >= LEAST_VARIANCE;
    says_something.then(|| correlation_above(&a, &b, 0.1))
}

fn variance(values: &[f32]) -> f32 {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32
}

/// What is left of a picture without its means over squares.
fn details(values: &[f32], width: usize, radius: usize) -> Vec<f32> {
    let height = values.len() / width;
    let sums = Sums::new(&Grey { width, height, values: values.to_vec() });
    let detail = |index: usize| {
        let (x, y) = (index % width, index / width);
        let (left, top) = (x.saturating_sub(radius), y.saturating_sub(radius));
        let (right, bottom) = ((x + radius + 1).min(width), (y + radius + 1).min(height));
        values[index] - sums.mean(left, top, right, bottom)
    };
    (0..values.len()).map(detail).collect()
}
