//! Convolution with bias, shortcut and activation in one pass.
//!
//! A tile of some pixels and once or twice [`WIDTH`] filters is summed up in registers: each weight is read once for all
//! its pixels, each pixel's number once for all its filters. Since pixels lie with their channels side by side, a row of a
//! kernel is one run of numbers under every pixel, and nothing is laid out as columns first; the rows that a task needs are
//! copied where they must be padded, a piece at a time that fits into the cache.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::after::After;
use super::cpu::{Cpu, CpuTask};
use super::lanes::{Lanes, TileWork, WIDTH};
use super::maps::{Maps, SlidingWindow, UNDER_A_TASK, Under, equal_parts, pieces};
use super::output::{CacheLine, Onto, WritePlaces, filled};

/// How many lines before they are read weights are announced: a network has more of them than the caches hold, and
/// where there are few pixels they are read from memory for each picture.
const ANNOUNCED: usize = 32;

/// A layer's weights in the order in which tiles read them.
#[derive(Debug)]
pub(super) struct PackedFilters {
    pub kernel: [usize; 2],
    /// Of one group.
    channels: usize,
    /// Of one group.
    filters: usize,
    groups: usize,
    /// Of each group, of each [`WIDTH`] filters: kernel row, kernel column, channel, a line of the filters; those that
    /// are missing are zero.
    weights: Vec<CacheLine>,
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
        let mut packed = vec![CacheLine([0.0; WIDTH]); groups * blocks * taps * channels];
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

    /// Of [`WIDTH`] filters each.
    pub fn blocks(&self) -> Range<usize> {
        0..self.bias.len()
    }

    /// Of its weights.
    pub fn numbers(&self) -> usize {
        self.weights.len() * WIDTH
    }

    /// Panics unless it suits maps of so many channels and the window.
    pub fn check(&self, channels: usize, window: &SlidingWindow) {
        assert_eq!(channels, self.inputs(), "maps have the channels that the filters read");
        assert_eq!(window.kernel, self.kernel, "the window is the filters'");
    }

    /// Of these blocks of [`WIDTH`] filters the first ones, no more than `most`, that read the same channels.
    fn first_of(&self, blocks: Range<usize>, most: usize) -> FilterTile<'_> {
        let a_group = self.bias.len() / self.groups;
        let (group, of_group) = (blocks.start / a_group, blocks.start % a_group);
        let count = blocks.len().min(most).min(a_group - of_group);
        let taken = self.kernel[0] * self.kernel[1] * self.channels;
        FilterTile {
            first_channel: group * self.channels,
            first: group * self.filters + of_group * WIDTH,
            count: (self.filters - of_group * WIDTH).min(count * WIDTH),
            weights: &self.weights[blocks.start * taken..][..count * taken],
            bias: &self.bias[blocks.start..][..count],
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
    /// Block by block.
    weights: &'a [CacheLine],
    bias: &'a [[f32; WIDTH]],
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
    filters.check(channels, window);
    let [output_height, output_width] = window.output([height, width]);
    let outputs = pictures * output_height * output_width * filters.outputs();
    after.check(outputs, filters.outputs());
    filled(outputs, |output| {
        let output = WritePlaces::new(output);
        let tasks = tasks(&maps, filters, window, pictures * output_height);
        tasks.into_par_iter().for_each(|(rows, blocks)| {
            maps.under(window, 0.0, rows, filters.outputs(), |under, places| {
                ConvTask { under, onto: Onto { places, output }, filters, blocks, after }.run(cpu);
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
    let shares_filters = filters.numbers() > a_row * rows && filters.bias.len() >= threads;
    let pieces: Vec<_> = match shares_filters {
        true => equal_parts(rows, (a_row * rows).div_ceil(UNDER_A_TASK)).collect(),
        false => pieces(rows, a_row).collect(),
    };
    let parts = if shares_filters { threads } else { 1 };
    let parts = equal_parts(filters.bias.len(), parts);
    parts.flat_map(|blocks| pieces.iter().map(move |rows| (rows.clone(), blocks.clone()))).collect()
}

/// Some pixels and blocks of filters.
pub(super) struct ConvTask<'a> {
    pub under: Under<'a>,
    pub onto: Onto<'a>,
    pub filters: &'a PackedFilters,
    pub blocks: Range<usize>,
    pub after: After<'a>,
}

impl CpuTask for ConvTask<'_> {
    #[inline(always)]
    fn work<L: Lanes>(self) {
        let pixels = self.under.pixels.len();
        let (starts, run) = self.filters.runs(self.under.row);
        // Pixels and starts ascend, so that nothing lies beyond the last of the last.
        let [last_pixel, last_start] = [self.under.pixels, &starts].map(|all| all.last().copied().unwrap_or(0));
        let last_group = (self.filters.groups - 1) * self.filters.channels;
        assert!(last_pixel + last_start + last_group + run <= self.under.values.len());
        let tiles = pixels.div_ceil(L::PIXELS).max(1);
        let mut blocks = self.blocks.clone();
        while !blocks.is_empty() {
            let filters = &self.filters.first_of(blocks.clone(), L::BLOCKS);
            blocks.start += filters.bias.len();
            let mut from = 0;
            for tile in 0..tiles {
                // Tiles of equal size, but for one pixel.
                let count = pixels / tiles + usize::from(tile < pixels % tiles);
                if count > 0 {
                    let tile = ConvTile { task: &self, filters, from, starts: &starts, run };
                    L::tile(count, filters.bias.len(), &tile);
                }
                from += count;
            }
        }
    }
}

/// Some pixels and filters.
struct ConvTile<'a> {
    task: &'a ConvTask<'a>,
    filters: &'a FilterTile<'a>,
    /// Of the task's pixels.
    from: usize,
    /// Of a window: where its runs of numbers begin, and how many there are in one.
    starts: &'a [usize],
    run: usize,
}

impl<L: Lanes> TileWork<L> for ConvTile<'_> {
    #[inline(always)]
    fn work<const PIXELS: usize, const BLOCKS: usize>(&self) {
        let Self { task, filters, .. } = *self;
        let mut sums = [[[0.0; WIDTH]; BLOCKS]; PIXELS];
        // SAFETY: the task has seen that the last run of the last pixel is inside.
        unsafe { self.sum::<L, PIXELS, BLOCKS>(&mut sums) };
        let places: [usize; PIXELS] = task.onto.places_from(self.from);
        for (sums, place) in sums.iter_mut().zip(places) {
            let place = place + filters.first;
            let sums = sums.as_flattened_mut();
            // SAFETY: pixel and filters are this tile's alone.
            let to = unsafe { task.onto.output.at(place, filters.count) };
            if to.len() == sums.len() {
                task.after.apply(sums, filters.first, place);
                to.copy_from_slice(sums);
            } else {
                let sums = &mut sums[..filters.count];
                task.after.apply(sums, filters.first, place);
                to.copy_from_slice(sums);
            }
        }
    }
}

impl ConvTile<'_> {
    /// # Safety
    /// All runs of the pixels lie inside the values.
    #[inline(always)]
    unsafe fn sum<L: Lanes, const PIXELS: usize, const BLOCKS: usize>(
        &self,
        sums: &mut [[[f32; WIDTH]; BLOCKS]; PIXELS],
    ) {
        let at: [usize; PIXELS] = self.task.under.pixels_from(self.from);
        let weights = self.filters.weights;
        let a_block = weights.len() / BLOCKS;
        let weights: [&[CacheLine]; BLOCKS] = std::array::from_fn(|block| &weights[block * a_block..][..a_block]);
        let bias: [L; BLOCKS] = std::array::from_fn(|block| L::load(&self.filters.bias[block]));
        let mut registers = [bias; PIXELS];
        let mut first = 0;
        for start in self.starts {
            let start = start + self.filters.first_channel;
            // SAFETY: inside, as the caller promises.
            let rows = at.map(|at| unsafe { self.task.under.values.as_ptr().add(at + start) });
            let weights = weights.map(|weights| &weights[first..][..self.run]);
            first += self.run;
            for step in 0..self.run {
                let weights: [L; BLOCKS] = weights.map(|weights| {
                    L::announce(weights.as_ptr().wrapping_add(step + ANNOUNCED).cast());
                    // SAFETY: a run's weights were cut to its length.
                    L::load(unsafe { &weights.get_unchecked(step).0 })
                });
                for (sums, row) in registers.iter_mut().zip(rows) {
                    // SAFETY: there are as many weights as numbers of a run.
                    let value = L::repeat(unsafe { *row.add(step) });
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = sum.plus_product(value, weight);
                    }
                }
            }
        }
        for (to, registers) in sums.as_flattened_mut().iter_mut().zip(registers.as_flattened()) {
            registers.store(to);
        }
    }
}
