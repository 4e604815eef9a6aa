//! What a window does to each channel alone: convolution with one filter a channel, and pooling.
//!
//! Pixels lie with their channels side by side, so that some channels of some pixels fill the registers, and each place of
//! the window is one step for all of them.

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::after::After;
use super::cpu::{Cpu, CpuTask};
use super::lanes::{Lanes, WIDTH};
use super::maps::{Maps, SlidingWindow, Under, pieces};
use super::output::{Onto, WritePlaces, filled};

/// Pixels of a tile: with [`WIDTH`] channels eight of AVX2's sixteen registers.
const HEIGHT: usize = 4;

/// What the numbers under a window become.
pub(super) trait Slide: Copy + Sync {
    /// What stands where there is no map.
    const PADDING: f32;

    /// Panics unless it suits so many channels and the window.
    fn check(self, _channels: usize, _window: &SlidingWindow) {}

    fn start<const LANES: usize>(self, channel: usize) -> [f32; LANES];

    /// What the places of the window, counted by rows, are weighed with.
    fn weights<const LANES: usize>(self, place: usize, channel: usize) -> [f32; LANES];

    fn step(self, sum: f32, value: f32, weight: f32) -> f32;

    /// `on_map`: places of the window that are not padding.
    fn end(self, sum: f32, on_map: impl FnOnce() -> usize) -> f32;
}

/// One filter a channel.
#[derive(Clone, Copy)]
pub(super) struct ChannelProducts<'a> {
    pub filters: &'a ChannelFilters,
}

/// Weights by the window's places, then channels.
#[derive(Debug)]
pub(super) struct ChannelFilters {
    channels: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl ChannelFilters {
    /// `weights`: channel by channel.
    pub fn new(weights: &[f32], channels: usize, bias: &[f32]) -> Self {
        assert!(bias.is_empty() || bias.len() == channels, "{} biases for {channels} channels", bias.len());
        let places = weights.len() / channels;
        let place = |place: usize| weights.iter().skip(place).step_by(places).copied();
        let bias = if bias.is_empty() { vec![0.0; channels] } else { bias.to_vec() };
        Self { channels, weights: (0..places).flat_map(place).collect(), bias }
    }

    /// Of its weights.
    pub fn numbers(&self) -> usize {
        self.weights.len()
    }
}

impl Slide for ChannelProducts<'_> {
    const PADDING: f32 = 0.0;

    fn check(self, channels: usize, window: &SlidingWindow) {
        let places: usize = window.kernel.iter().product();
        assert_eq!(channels, self.filters.channels, "maps have a channel for each filter");
        assert_eq!(places * channels, self.filters.weights.len(), "filters have a weight for each place of the window");
    }

    #[inline(always)]
    fn start<const LANES: usize>(self, channel: usize) -> [f32; LANES] {
        lanes(&self.filters.bias[channel..])
    }

    #[inline(always)]
    fn weights<const LANES: usize>(self, place: usize, channel: usize) -> [f32; LANES] {
        lanes(&self.filters.weights[place * self.filters.channels + channel..])
    }

    #[inline(always)]
    fn step(self, sum: f32, value: f32, weight: f32) -> f32 {
        value.mul_add(weight, sum)
    }

    #[inline(always)]
    fn end(self, sum: f32, _: impl FnOnce() -> usize) -> f32 {
        sum
    }
}

#[inline(always)]
fn lanes<const LANES: usize>(values: &[f32]) -> [f32; LANES] {
    *values.first_chunk().expect("a tile's channels are there")
}

/// The largest number.
#[derive(Clone, Copy)]
pub(super) struct Maximum;

impl Slide for Maximum {
    const PADDING: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn start<const LANES: usize>(self, _: usize) -> [f32; LANES] {
        [f32::NEG_INFINITY; LANES]
    }

    #[inline(always)]
    fn weights<const LANES: usize>(self, _: usize, _: usize) -> [f32; LANES] {
        [1.0; LANES]
    }

    #[inline(always)]
    fn step(self, sum: f32, value: f32, _: f32) -> f32 {
        // What is no number stays none: nothing is larger than it.
        if value > sum || value.is_nan() { value } else { sum }
    }

    #[inline(always)]
    fn end(self, sum: f32, _: impl FnOnce() -> usize) -> f32 {
        sum
    }
}

/// The mean of what is on the map.
#[derive(Clone, Copy)]
pub(super) struct Average;

impl Slide for Average {
    const PADDING: f32 = 0.0;

    #[inline(always)]
    fn start<const LANES: usize>(self, _: usize) -> [f32; LANES] {
        [0.0; LANES]
    }

    #[inline(always)]
    fn weights<const LANES: usize>(self, _: usize, _: usize) -> [f32; LANES] {
        [1.0; LANES]
    }

    #[inline(always)]
    fn step(self, sum: f32, value: f32, _: f32) -> f32 {
        sum + value
    }

    #[inline(always)]
    fn end(self, sum: f32, on_map: impl FnOnce() -> usize) -> f32 {
        // A window that lies on padding alone has a mean of zero.
        sum / on_map().max(1) as f32
    }
}

/// √(Σ x² + ε)
#[derive(Clone, Copy)]
pub(super) struct RootOfSquares {
    pub epsilon: f32,
}

impl Slide for RootOfSquares {
    const PADDING: f32 = 0.0;

    #[inline(always)]
    fn start<const LANES: usize>(self, _: usize) -> [f32; LANES] {
        [self.epsilon; LANES]
    }

    #[inline(always)]
    fn weights<const LANES: usize>(self, _: usize, _: usize) -> [f32; LANES] {
        [1.0; LANES]
    }

    #[inline(always)]
    fn step(self, sum: f32, value: f32, _: f32) -> f32 {
        value.mul_add(value, sum)
    }

    #[inline(always)]
    fn end(self, sum: f32, _: impl FnOnce() -> usize) -> f32 {
        sum.sqrt()
    }
}

/// The maps after the window, pixel by pixel.
pub(super) fn slide<S: Slide>(maps: Maps, slide: S, window: &SlidingWindow, after: After, cpu: Cpu) -> FlexTensor {
    let [pictures, channels, height, width] = maps.sides;
    slide.check(channels, window);
    let output_sides = window.output([height, width]);
    let rows = pictures * output_sides[0];
    let outputs = rows * output_sides[1] * channels;
    after.check(outputs, channels);
    let a_row = (width + 2 * window.padding[1]) * channels * window.stride[0];
    let tasks: Vec<_> = pieces(rows, a_row).collect();
    filled(outputs, |output| {
        let output = WritePlaces::new(output);
        tasks.into_par_iter().for_each(|rows| {
            maps.under(window, S::PADDING, rows, channels, |under, places| {
                SlideTask {
                    under,
                    onto: Onto { places, output },
                    channels,
                    slide,
                    window,
                    sides: [height, width],
                    after,
                }
                .run(cpu);
            });
        });
    })
}

/// Some pixels.
pub(super) struct SlideTask<'a, S> {
    pub under: Under<'a>,
    pub onto: Onto<'a>,
    pub channels: usize,
    pub slide: S,
    pub window: &'a SlidingWindow,
    /// Of the maps.
    pub sides: [usize; 2],
    pub after: After<'a>,
}

impl<S: Slide> CpuTask for SlideTask<'_, S> {
    #[inline(always)]
    fn work<L: Lanes>(self) {
        let [height, width] = self.window.kernel;
        let row = |y: usize| (0..width).map(move |x| y * self.under.row + x * self.channels);
        let taken: Vec<usize> = (0..height).flat_map(row).collect();
        let pixels = self.under.pixels.len();
        // Pixels and places ascend, so that nothing lies beyond the last of the last.
        let [last_pixel, last_place] = [self.under.pixels, &taken].map(|all| all.last().copied().unwrap_or(0));
        assert!(last_pixel + last_place + self.channels <= self.under.values.len());
        let whole = pixels - pixels % HEIGHT;
        for from in (0..whole).step_by(HEIGHT) {
            self.pixels::<HEIGHT>(from, &taken);
        }
        for from in whole..pixels {
            self.pixels::<1>(from, &taken);
        }
    }
}

impl<S: Slide> SlideTask<'_, S> {
    #[inline(always)]
    fn pixels<const PIXELS: usize>(&self, from: usize, taken: &[usize]) {
        let whole = self.channels - self.channels % WIDTH;
        for channel in (0..whole).step_by(WIDTH) {
            self.tile::<PIXELS, WIDTH>(from, channel, taken);
        }
        for channel in whole..self.channels {
            self.tile::<PIXELS, 1>(from, channel, taken);
        }
    }

    #[inline(always)]
    fn tile<const PIXELS: usize, const LANES: usize>(&self, from: usize, channel: usize, taken: &[usize]) {
        let mut at: [usize; PIXELS] = self.under.pixels_from(from);
        for at in &mut at {
            *at += channel;
        }
        let mut sums: [[f32; LANES]; PIXELS] = [self.slide.start(channel); PIXELS];
        for (place, offset) in taken.iter().enumerate() {
            let weights: [f32; LANES] = self.slide.weights(place, channel);
            for (sums, at) in sums.iter_mut().zip(at) {
                // SAFETY: `work` has seen that the last place of the last pixel is inside.
                let values: [f32; LANES] =
                    unsafe { *self.under.values.as_ptr().add(at + offset).cast::<[f32; LANES]>() };
                for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
                    *sum = self.slide.step(*sum, value, weight);
                }
            }
        }
        let places: [usize; PIXELS] = self.onto.places_from(from);
        for (mut sums, place) in sums.into_iter().zip(places) {
            for sum in &mut sums {
                *sum = self.slide.end(*sum, || self.on_map(place / self.channels));
            }
            let place = place + channel;
            self.after.apply(&mut sums, channel, place);
            // SAFETY: pixel and channel are this tile's alone.
            unsafe { self.onto.output.at(place, LANES) }.copy_from_slice(&sums);
        }
    }

    /// How many places of the window of a pixel, counted over the whole batch, are not padding.
    #[inline(always)]
    fn on_map(&self, pixel: usize) -> usize {
        let [height, width] = self.window.output(self.sides);
        let along = |axis: usize, place: usize| {
            let start = place * self.window.stride[axis];
            let [from, to] = [start, start + self.window.kernel[axis]];
            let padding = self.window.padding[axis];
            to.min(self.sides[axis] + padding).saturating_sub(from.max(padding))
        };
        along(0, pixel / width % height) * along(1, pixel % width)
    }
}
