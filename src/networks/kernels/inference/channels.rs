//! What works on the channels of each pixel: putting maps together, adding them, response norm.

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::after::After;
use super::cpu::{Cpu, CpuTask};
use super::lanes::Lanes;
use super::maps::equal_parts;
use super::output::filled;

/// Numbers worth a thread of their own.
const OF_A_TASK: usize = 32 * 1024;

/// The maps with pixels of `channels` numbers changed, some of them at a time; `change` gets the place of its first
/// number.
fn changed(maps: &[f32], channels: usize, change: impl Fn(usize, &mut [f32]) + Sync) -> FlexTensor {
    let pixels = maps.len() / channels.max(1);
    let tasks = maps.len().div_ceil(OF_A_TASK).min(rayon::current_num_threads());
    let step = equal_parts(pixels, tasks).map(|part| part.len()).max().unwrap_or(1) * channels;
    filled(maps.len(), |output| {
        let pieces = output.par_chunks_mut(step).zip(maps.par_chunks(step)).enumerate();
        pieces.for_each(|(index, (output, maps))| {
            output.copy_from_slice(maps);
            change(index * step, output);
        });
    })
}

/// Maps of one size one after the other by channel; all lie pixel by pixel.
pub(super) fn concatenate(maps: &[(&[f32], usize)]) -> FlexTensor {
    let channels: usize = maps.iter().map(|(_, channels)| channels).sum();
    let pixels = maps.first().map_or(0, |(values, channels)| values.len() / channels);
    for (values, channels) in maps {
        assert_eq!(values.len(), pixels * channels, "maps that are put together have as many pixels");
    }
    filled(pixels * channels, |output| {
        for (pixel, mut output) in output.chunks_exact_mut(channels).enumerate() {
            for (values, channels) in maps {
                let (to, rest) = output.split_at_mut(*channels);
                to.copy_from_slice(&values[pixel * channels..][..*channels]);
                output = rest;
            }
        }
    })
}

/// The maps times a factor, and what follows.
pub(super) fn add(maps: &[f32], channels: usize, scale: f32, after: After) -> FlexTensor {
    after.check(maps.len(), channels);
    changed(maps, channels, |first, values| {
        for (pixel, values) in values.chunks_exact_mut(channels).enumerate() {
            values.iter_mut().for_each(|value| *value *= scale);
            after.apply(values, 0, first + pixel * channels);
        }
    })
}

/// The maps of those sides, and on each square of four pixels one of the coarse ones.
pub(super) fn add_doubled(maps: &[f32], coarse: &[f32], [pictures, channels, height, width]: [usize; 4]) -> FlexTensor {
    assert_eq!(maps.len(), pictures * channels * height * width, "numbers of the maps");
    assert_eq!((maps.len(), height % 2, width % 2), (4 * coarse.len(), 0, 0), "a coarse pixel lies on four");
    changed(maps, width * channels, |first, rows| {
        let first = first / (width * channels);
        for (row, values) in rows.chunks_exact_mut(width * channels).enumerate() {
            // Pictures have even heights, so that rows pair over their borders too.
            let coarse = &coarse[(first + row) / 2 * (width / 2) * channels..];
            for (two, coarse) in values.chunks_exact_mut(2 * channels).zip(coarse.chunks_exact(channels)) {
                for values in two.chunks_exact_mut(channels) {
                    values.iter_mut().zip(coarse).for_each(|(value, coarse)| *value += coarse);
                }
            }
        }
    })
}

/// x · (k + α/n Σ x²)^−β over n channels around each (Krizhevsky et al. 2012, section 3.3).
#[derive(Debug, Clone, Copy)]
pub(super) struct ResponseNorm {
    pub size: usize,
    pub alpha: f32,
    pub k: f32,
}

impl ResponseNorm {
    /// β is ¾, whose power two roots make.
    pub fn apply(self, maps: &[f32], channels: usize, cpu: Cpu) -> FlexTensor {
        changed(maps, channels, |_, values| NormTask { norm: self, values, channels }.run(cpu))
    }
}

struct NormTask<'a> {
    norm: ResponseNorm,
    values: &'a mut [f32],
    channels: usize,
}

impl CpuTask for NormTask<'_> {
    #[inline(always)]
    fn work<L: Lanes>(self) {
        let Self { norm: ResponseNorm { size, alpha, k }, values, channels } = self;
        let before = (size - 1) / 2;
        let mut squares = vec![0.0; channels + size - 1];
        let mut sums = vec![0.0; channels];
        let factor = alpha / size as f32;
        for values in values.chunks_exact_mut(channels) {
            squares[before..][..channels].iter_mut().zip(&*values).for_each(|(square, value)| *square = value * value);
            sums.fill(0.0);
            for offset in 0..size {
                sums.iter_mut().zip(&squares[offset..]).for_each(|(sum, square)| *sum += square);
            }
            for (value, sum) in values.iter_mut().zip(&sums) {
                let root = sum.mul_add(factor, k).sqrt();
                *value /= root * root.sqrt();
            }
        }
    }
}
