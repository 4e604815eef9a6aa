//! The gradients of a depthwise convolution, over plain slices.
//!
//! A plane is padded, and its gradient spread to stride 1 in rows of the padded plane's width. Each tap of the kernel is
//! then one walk over the whole plane at an offset, instead of one for each row.

use rayon::prelude::*;

use super::sum;

/// Sides of maps and kernel, in pixels: height, width.
#[derive(Clone, Copy)]
pub(super) struct Depthwise {
    pub channels: usize,
    pub input: [usize; 2],
    pub output: [usize; 2],
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Depthwise {
    /// By the maps and by the weights; sums over the batch are made in its order, whatever the number of threads.
    pub fn backward(self, maps: &[f32], weight: &[f32], gradient: &[f32]) -> [Vec<f32>; 2] {
        let [inside, outside] = [self.input, self.output].map(|[height, width]| height * width * self.channels);
        let mut by_maps = vec![0.0; maps.len()];
        let given = maps.par_chunks_exact(inside).zip(gradient.par_chunks_exact(outside));
        let pictures = by_maps.par_chunks_exact_mut(inside).zip(given);
        let of = |(by_maps, (maps, gradient))| self.picture(maps, weight, gradient, by_maps);
        let parts: Vec<Vec<f32>> = pictures.map(of).collect();
        let mut by_weight = vec![0.0; weight.len()];
        for part in parts {
            by_weight.iter_mut().zip(part).for_each(|(to, value)| *to += value);
        }
        [by_maps, by_weight]
    }

    /// Returns the gradient by the weights.
    fn picture(self, maps: &[f32], weight: &[f32], gradient: &[f32], by_maps: &mut [f32]) -> Vec<f32> {
        let ([height, width], taps) = (self.input, self.kernel * self.kernel);
        let [rows, wide] = [height, width].map(|side| side + 2 * self.padding);
        let [last_row, last_column] = self.output.map(|side| (side - 1) * self.stride);
        let mut padded = vec![0.0; rows * wide];
        let mut by_padded = vec![0.0; rows * wide];
        let mut spread = vec![0.0; last_row * wide + last_column + 1];
        let mut by_weight = Vec::with_capacity(weight.len());
        let planes = maps.chunks_exact(height * width).zip(by_maps.chunks_exact_mut(height * width));
        let gradients = gradient.chunks_exact(self.output[0] * self.output[1]).zip(weight.chunks_exact(taps));
        for ((plane, by_plane), (gradient, weight)) in planes.zip(gradients) {
            let inner = |row: usize| (row + self.padding) * wide + self.padding;
            for (row, values) in plane.chunks_exact(width).enumerate() {
                padded[inner(row)..][..width].copy_from_slice(values);
            }
            for (row, values) in gradient.chunks_exact(self.output[1]).enumerate() {
                let to = spread[row * self.stride * wide..].iter_mut().step_by(self.stride);
                to.zip(values).for_each(|(to, value)| *to = *value);
            }
            by_padded.fill(0.0);
            for (tap, weight) in weight.iter().enumerate() {
                let offset = tap / self.kernel * wide + tap % self.kernel;
                let [by_tap] = sum(&padded[offset..][..spread.len()], &spread, |x, gradient| [x * gradient]);
                by_weight.push(by_tap as f32);
                let to = by_padded[offset..].iter_mut().zip(&spread);
                to.for_each(|(to, gradient)| *to += weight * gradient);
            }
            for (row, values) in by_plane.chunks_exact_mut(width).enumerate() {
                values.copy_from_slice(&by_padded[inner(row)..][..width]);
            }
        }
        by_weight
    }
}
