//! Convolution with bias, shortcut and activation in one pass.
//!
//! A tile of some pixels and [`WIDTH`] filters is summed up in registers: each weight is read once for all its pixels,
//! each pixel's number once for all its filters. Since pixels lie with their channels side by side, a row of a kernel is
//! one run of numbers under every pixel, and nothing is laid out as columns first; the rows that a task needs are copied
//! where they must be padded, a piece at a time that fits into the cache.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::after::After;
use super::cpu::{Cpu, CpuTask};
use super::maps::{Maps, SlidingWindow, UNDER_A_TASK, Under, equal_parts, pieces};
use super::output::{WritePlaces, filled};

/// Filters of a tile: two registers of AVX2.
pub(super) const WIDTH: usize = 16;

/// Pixels of a tile: with [`WIDTH`] filters twelve of AVX2's sixteen registers.
const HEIGHT: usize = 6;

/// Weights of a tile's filters for one number: a line of the cache, and in one.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Row([f32; WIDTH]);

/// A layer's weights in the order in which tiles read them.
#[derive(Debug)]
pub(super) struct PackedFilters {
    pub kernel: [usize; 2],
    /// Of one group.
    channels: usize,
    /// Of one group.
    filters: usize,
    groups: usize,
    /// Of each group, of each [`WIDTH`] filters: kernel row, kernel column, channel; filters that are missing are zero.
    weights: Vec<Row>,
    bias: Vec<[f32; WIDTH]>,
}

impl PackedFilters {
    /// `weights`: `[filters, channels / groups, height, width]`.
    pub fn new(weights: &[f32], [filters, channels, height, width]: [usize; 4], groups: usize, bias: &[f32]) -> Self {
        assert_eq!(weights.len(), filters * channels * height * width);
        assert!(groups > 0 && filters % groups == 0 && (bias.is_empty() || bias.len() == filters));
        let of_group = filters / groups;
        let blocks = of_group.div_ceil(WIDTH);
        let taps = height * width;
        let mut packed = vec![Row([0.0; WIDTH]); groups * blocks * taps * channels];
        let mut biases = vec![[0.0; WIDTH]; groups * blocks];
        for filter in 0..filters {
            let (group, filter_in) = (filter / of_group, filter % of_group);
            let (block, lane) = (group * blocks + filter_in / WIDTH, filter_in % WIDTH);
            biases[block][lane] = bias.get(filter).copied().unwrap_or(0.0);
            let to = &mut packed[block * taps * channels..][..taps * channels];
            for (channel, weights) in
                weights[filter * channels * taps..][..channels * taps].chunks_exact(taps).enumerate()
            {
                for (tap, weight) in weights.iter().enumerate() {
                    to[tap * channels + channel].0[lane] = *weight;
                }
            }
        }
        Self { kernel: [height, width], channels, filters: of_group, groups, weights: packed, bias: biases }
    }

    pub fn outputs(&self) -> usize {
        self.filters * self.groups
    }

    pub fn inputs(&self) -> usize {
        self.channels * self.groups
    }

    fn block(&self, block: usize) -> FilterTile<'_> {
        let blocks = self.bias.len() / self.groups;
        let (group, of_group) = (block / blocks, block % blocks);
        let taken = self.kernel[0] * self.kernel[1] * self.channels;
        FilterTile {
            first_channel: group * self.channels,
            first: group * self.filters + of_group * WIDTH,
            count: (self.filters - of_group * WIDTH).min(WIDTH),
            weights: &self.weights[block * taken..][..taken],
            bias: &self.bias[block],
        }
    }

    /// Of a kernel: where its runs of numbers begin, and how many there are in one.
    fn runs(&self, row: usize) -> (Vec<usize>, usize) {
        let [height, width] = self.kernel;
        match self.groups {
            1 => ((0..height).map(|y| y * row).collect(), width * self.channels),
            _ => {
                let column = |y: usize| (0..width).map(move |x| y * row + x * self.inputs());
                ((0..height).flat_map(column).collect(), self.channels)
            }
        }
    }
}

/// Filters of a tile.
struct FilterTile<'a> {
    /// Of the maps.
    first_channel: usize,
    /// Of all filters.
    first: usize,
    count: usize,
    weights: &'a [Row],
    bias: &'a [f32; WIDTH],
}

/// The maps after the layer, pixel by pixel.
pub(super) fn convolve(
    maps: Maps,
    filters: &PackedFilters,
    window: &SlidingWindow,
    after: After,
    cpu: Cpu,
) -> FlexTensor {
    let [pictures, channels, height, width] = maps.sides;
    assert_eq!(channels, filters.inputs(), "maps have the channels that the filters read");
    assert_eq!(window.kernel, filters.kernel, "the window is the filters'");
    let [output_height, output_width] = window.output([height, width]);
    let outputs = pictures * output_height * output_width * filters.outputs();
    after.check(outputs, filters.outputs());
    filled(outputs, |output| {
        let places = WritePlaces::new(output);
        let tasks = tasks(&maps, filters, window, pictures * output_height);
        tasks.into_par_iter().for_each(|(rows, blocks)| {
            let first_pixel = rows.start * output_width;
            maps.under(window, 0.0, rows, |under| {
                ConvTask { under, first_pixel, filters, blocks, after, places }.run(cpu);
            });
        });
    })
}

/// Output rows and blocks of filters of each task.
fn tasks(
    maps: &Maps,
    filters: &PackedFilters,
    window: &SlidingWindow,
    rows: usize,
) -> Vec<(Range<usize>, Range<usize>)> {
    let [_, channels, _, width] = maps.sides;
    let a_row = (width + 2 * window.padding[1]) * channels * window.stride[0];
    // Where the weights are more than the maps, threads share them out: each reads only its own.
    let threads = rayon::current_num_threads();
    let shares_filters = filters.weights.len() * WIDTH > a_row * rows && filters.bias.len() >= threads;
    let pieces: Vec<_> = match shares_filters {
        true => equal_parts(rows, (a_row * rows).div_ceil(UNDER_A_TASK)).collect(),
        false => pieces(rows, a_row).collect(),
    };
    let parts = if shares_filters { threads } else { 1 };
    let parts = equal_parts(filters.bias.len(), parts);
    parts.flat_map(|blocks| pieces.iter().map(move |rows| (rows.clone(), blocks.clone()))).collect()
}

struct ConvTask<'a> {
    under: Under<'a>,
    /// Of the whole output.
    first_pixel: usize,
    filters: &'a PackedFilters,
    blocks: Range<usize>,
    after: After<'a>,
    places: WritePlaces<'a>,
}

impl CpuTask for ConvTask<'_> {
    #[inline(always)]
    fn work(self) {
        let pixels = self.under.pixels.len();
        let (starts, run) = self.filters.runs(self.under.row);
        // Pixels and starts ascend, so that nothing lies beyond the last of the last.
        let [last_pixel, last_start] = [self.under.pixels, &starts].map(|all| all.last().copied().unwrap_or(0));
        let last_group = (self.filters.groups - 1) * self.filters.channels;
        assert!(last_pixel + last_start + last_group + run <= self.under.values.len());
        let tiles = pixels.div_ceil(HEIGHT).max(1);
        for block in self.blocks.clone() {
            let block = self.filters.block(block);
            let mut from = 0;
            for tile in 0..tiles {
                // Tiles of equal size, but for one pixel.
                let count = pixels / tiles + usize::from(tile < pixels % tiles);
                match count {
                    0 => {}
                    1 => self.tile::<1>(&block, from, &starts, run),
                    2 => self.tile::<2>(&block, from, &starts, run),
                    3 => self.tile::<3>(&block, from, &starts, run),
                    4 => self.tile::<4>(&block, from, &starts, run),
                    5 => self.tile::<5>(&block, from, &starts, run),
                    HEIGHT => self.tile::<HEIGHT>(&block, from, &starts, run),
                    _ => unreachable!("a tile has up to {HEIGHT} pixels"),
                }
                from += count;
            }
        }
    }
}

impl ConvTask<'_> {
    #[inline(always)]
    fn tile<const PIXELS: usize>(&self, block: &FilterTile, from: usize, starts: &[usize], run: usize) {
        let mut at: [usize; PIXELS] = self.under.pixels_from(from);
        for at in &mut at {
            *at += block.first_channel;
        }
        let mut sums = [*block.bias; PIXELS];
        // SAFETY: `work` has seen that the last run of the last pixel is inside.
        unsafe { add_products(self.under.values, at, starts, run, block.weights, &mut sums) };
        let mut place = (self.first_pixel + from) * self.filters.outputs() + block.first;
        for sums in &mut sums {
            // SAFETY: pixel and filter are this tile's alone.
            let to = unsafe { self.places.at(place, block.count) };
            if let Some(to) = to.first_chunk_mut() {
                self.after.apply(sums, block.first, place);
                *to = *sums;
            } else {
                self.after.apply(&mut sums[..block.count], block.first, place);
                to.copy_from_slice(&sums[..block.count]);
            }
            place += self.filters.outputs();
        }
    }
}

/// Of a tile; the runs begin at `starts` from each of `at`.
///
/// # Safety
/// All runs lie inside `values`.
#[inline(always)]
unsafe fn add_products<const PIXELS: usize>(
    values: &[f32],
    at: [usize; PIXELS],
    starts: &[usize],
    run: usize,
    weights: &[Row],
    sums: &mut [[f32; WIDTH]; PIXELS],
) {
    let mut registers = *sums;
    for (start, weights) in starts.iter().zip(weights.chunks_exact(run)) {
        let mut rows = [values.as_ptr(); PIXELS];
        for (row, at) in rows.iter_mut().zip(at) {
            // SAFETY: inside, as the caller promises.
            *row = unsafe { row.add(at + start) };
        }
        for (step, weights) in weights.iter().enumerate() {
            for (sums, row) in registers.iter_mut().zip(rows) {
                // SAFETY: there are as many weights as numbers of a run.
                let value = unsafe { *row.add(step) };
                for (sum, weight) in sums.iter_mut().zip(&weights.0) {
                    *sum = value.mul_add(*weight, *sum);
                }
            }
        }
    }
    *sums = registers;
}
