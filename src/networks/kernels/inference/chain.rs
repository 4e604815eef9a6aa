//! Layers one after the other, a few rows at a time, so that what lies between two of them stays in the cache.
//!
//! Each layer but the first reads from a [`Band`]: the rows that it needs next, padded as it wants them, which the layer
//! before it puts there. Rows that are needed again move to the band's beginning; none is computed twice but where two
//! tasks meet.

use std::cell::RefCell;
use std::ops::Range;

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::after::After;
use super::conv::{ConvTask, PackedFilters};
use super::cpu::{Cpu, CpuTask};
use super::maps::{Maps, SlidingWindow, UNDER_A_TASK, Under, by_pixel, equal_parts};
use super::output::{Lines, Onto, WritePlaces, filled};
use super::slide::{ChannelFilters, ChannelProducts, Maximum, Slide, SlideTask};
use super::{conv, slide};

/// A layer of a chain.
#[derive(Clone, Copy)]
pub(super) struct ChainLayer<'a> {
    pub kind: LayerKind<'a>,
    pub window: SlidingWindow,
    pub after: After<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum LayerKind<'a> {
    Filters(&'a PackedFilters),
    OneAChannel(&'a ChannelFilters),
    Maximum,
}

/// Layers that run together at most: where two tasks meet, each computes the rows that both need.
const MOST_TOGETHER: usize = 8;

/// Rows that are worth a task of their own.
const ROWS_OF_A_TASK: usize = 4;

impl ChainLayer<'_> {
    /// The sides of what comes out.
    pub fn output(&self, [pictures, channels, height, width]: [usize; 4]) -> [usize; 4] {
        let [height, width] = self.window.output([height, width]);
        let channels = match self.kind {
            LayerKind::Filters(filters) => filters.outputs(),
            LayerKind::OneAChannel(_) | LayerKind::Maximum => channels,
        };
        [pictures, channels, height, width]
    }

    /// Of its weights.
    fn numbers(&self) -> usize {
        match self.kind {
            LayerKind::Filters(filters) => filters.numbers(),
            LayerKind::OneAChannel(filters) => filters.numbers(),
            LayerKind::Maximum => 0,
        }
    }

    /// What stands where there is no map.
    fn padding(&self) -> f32 {
        match self.kind {
            LayerKind::Filters(_) => 0.0,
            LayerKind::OneAChannel(_) => ChannelProducts::PADDING,
            LayerKind::Maximum => Maximum::PADDING,
        }
    }

    /// Panics unless it suits such maps.
    fn check(&self, sides: [usize; 4]) {
        match self.kind {
            LayerKind::Filters(filters) => filters.check(sides[1], &self.window),
            LayerKind::OneAChannel(filters) => ChannelProducts { filters }.check(sides[1], &self.window),
            LayerKind::Maximum => {}
        }
        let output = self.output(sides);
        self.after.check(output.iter().product(), output[1]);
    }

    /// The layer alone.
    fn run(&self, maps: Maps, cpu: Cpu) -> FlexTensor {
        match self.kind {
            LayerKind::Filters(filters) => conv::convolve(maps, filters, &self.window, self.after, cpu),
            LayerKind::OneAChannel(filters) => {
                slide::slide(maps, ChannelProducts { filters }, &self.window, self.after, cpu)
            }
            LayerKind::Maximum => slide::slide(maps, Maximum, &self.window, self.after, cpu),
        }
    }

    fn work(&self, under: Under, onto: Onto, [_, channels, height, width]: [usize; 4], cpu: Cpu) {
        let Self { kind, ref window, after } = *self;
        let sides = [height, width];
        match kind {
            LayerKind::Filters(filters) => {
                ConvTask { under, onto, filters, blocks: filters.blocks(), after }.run(cpu);
            }
            LayerKind::OneAChannel(filters) => {
                let slide = ChannelProducts { filters };
                SlideTask { under, onto, channels, slide, window, sides, after }.run(cpu);
            }
            LayerKind::Maximum => {
                SlideTask { under, onto, channels, slide: Maximum, window, sides, after }.run(cpu);
            }
        }
    }
}

/// How many of the first layers run a few rows at a time.
///
/// Weights are read once for each task, maps between layers once for each layer: so those with fewer weights than there
/// are numbers between them. Of each layer there are rows for all threads.
fn together(layers: &[ChainLayer], sides: [usize; 4]) -> usize {
    let mut sides = sides;
    let mut count = 1;
    for pair in layers.windows(2) {
        sides = pair[0].output(sides);
        let [pictures, _, height, _] = pair[1].output(sides);
        let weights = pair[0].numbers() + pair[1].numbers();
        let rows = pictures * height.div_ceil(ROWS_OF_A_TASK);
        if sides.iter().product::<usize>() < weights || rows < rayon::current_num_threads() || count == MOST_TOGETHER {
            break;
        }
        count += 1;
    }
    count
}

/// The maps after all layers, pixel by pixel, and their sides. None but the last layer has a shortcut.
pub(super) fn run(maps: Maps, layers: &[ChainLayer], cpu: Cpu) -> (FlexTensor, [usize; 4]) {
    let (first, others) = layers.split_at(together(layers, maps.sides));
    let (values, sides) = match first {
        [layer] => (layer.run(maps, cpu), layer.output(maps.sides)),
        layers => run_together(maps, layers, cpu),
    };
    if others.is_empty() {
        return (values, sides);
    }
    let start = values.layout().start_offset();
    run(Maps { values: &values.storage()[start..], sides, strides: by_pixel(sides) }, others, cpu)
}

/// Two layers or more.
fn run_together(maps: Maps, layers: &[ChainLayer], cpu: Cpu) -> (FlexTensor, [usize; 4]) {
    let mut sides = vec![maps.sides];
    for layer in layers {
        let input = sides[sides.len() - 1];
        layer.check(input);
        sides.push(layer.output(input));
    }
    let [pictures, channels, height, width] = sides[layers.len()];
    let parts = rayon::current_num_threads().div_ceil(pictures.max(1)).min(height.div_ceil(ROWS_OF_A_TASK));
    let tasks: Vec<_> =
        (0..pictures).flat_map(|picture| equal_parts(height, parts).map(move |rows| (picture, rows))).collect();
    let step = rows_at_once(layers, &sides);
    let output = filled(pictures * channels * height * width, |output| {
        let places = WritePlaces::new(output);
        tasks.into_par_iter().for_each(|(picture, rows)| {
            BANDS.with_borrow_mut(|bands| {
                bands.resize_with(layers.len().max(bands.len()), Band::default);
                bands.iter_mut().for_each(|band| band.rows = 0..0);
                let chain = Chain { maps, layers, sides: &sides, picture, cpu };
                let first_row = picture * height;
                for first in rows.clone().step_by(step) {
                    let rows = first..(first + step).min(rows.end);
                    let start = (first_row + first) * width * channels;
                    let to = Target { output: places, start, row: width * channels };
                    chain.compute(layers.len() - 1, rows, bands, to);
                }
            });
        });
    });
    (output, sides[layers.len()])
}

/// Of the last layer, so that no band has more than the cache holds.
fn rows_at_once(layers: &[ChainLayer], sides: &[[usize; 4]]) -> usize {
    let mut steps = 1;
    let fitting = layers.iter().zip(sides).rev().map(|(layer, [_, channels, _, width])| {
        steps *= layer.window.stride[0];
        UNDER_A_TASK / ((width + 2 * layer.window.padding[1]) * channels * steps)
    });
    fitting.min().unwrap_or(1).max(1)
}

/// Rows before a layer, pixel by pixel and padded.
#[derive(Default)]
struct Band {
    values: Lines,
    /// Which, counted from the first of the padding.
    rows: Range<usize>,
}

thread_local! {
    /// Kept from task to task: memory that the system has given already.
    static BANDS: RefCell<Vec<Band>> = RefCell::default();

    /// Of a layer's pixels: where their windows begin, and where they go.
    static PLACES: RefCell<[Vec<usize>; 2]> = RefCell::default();
}

/// Where rows of a layer go.
#[derive(Clone, Copy)]
struct Target<'a> {
    output: WritePlaces<'a>,
    /// The first pixel of the first row.
    start: usize,
    /// From a row to the next.
    row: usize,
}

/// Layers at work on one picture.
struct Chain<'a> {
    maps: Maps<'a>,
    layers: &'a [ChainLayer<'a>],
    /// Before each layer, and behind the last.
    sides: &'a [[usize; 4]],
    picture: usize,
    cpu: Cpu,
}

impl Chain<'_> {
    /// Computes some rows of a layer's output, and before them what they need.
    fn compute(&self, index: usize, rows: Range<usize>, bands: &mut [Band], to: Target) {
        let ChainLayer { window, .. } = self.layers[index];
        let [_, channels, height, width] = self.sides[index];
        let row = (width + 2 * window.padding[1]) * channels;
        let first = rows.start * window.stride[0];
        let lies_there = index == 0 && window.padding == [0, 0] && self.maps.are_by_pixel();
        let (values, start) = match lies_there {
            true => (self.maps.values, (self.picture * height + first) * row),
            false => {
                self.fill(index, first..(rows.end - 1) * window.stride[0] + window.kernel[0], bands);
                (bands[index].values.numbers(), 0)
            }
        };
        PLACES.with_borrow_mut(|[pixels, places]| {
            let [_, outputs, _, columns] = self.sides[index + 1];
            pixels.clear();
            places.clear();
            for row_there in 0..rows.len() {
                let start = start + row_there * window.stride[0] * row;
                pixels.extend((0..columns).map(|column| start + column * window.stride[1] * channels));
                let start = to.start + row_there * to.row;
                places.extend((0..columns).map(|column| start + column * outputs));
            }
            let onto = Onto { places, output: to.output };
            self.layers[index].work(Under { values, pixels, row }, onto, self.sides[index], self.cpu);
        });
    }

    /// Puts some rows before a layer into its band; they count from the first of the padding.
    fn fill(&self, index: usize, rows: Range<usize>, bands: &mut [Band]) {
        let layer = &self.layers[index];
        let [_, channels, height, width] = self.sides[index];
        let [above, beside] = layer.window.padding;
        let row = (width + 2 * beside) * channels;
        let (before, bands) = bands.split_at_mut(index);
        let band = &mut bands[0];
        let missing = band.go_on(rows.clone(), row);
        let values = band.values.at_least(rows.len() * row);
        if index == 0 {
            let to = &mut values[(missing.start - rows.start) * row..rows.len() * row];
            return self.maps.copy_rows(self.picture, missing, layer.window.padding, layer.padding(), to);
        }
        for padded in missing.clone() {
            let values = &mut values[(padded - rows.start) * row..][..row];
            if (above..above + height).contains(&padded) {
                values[..beside * channels].fill(layer.padding());
                values[row - beside * channels..].fill(layer.padding());
            } else {
                values.fill(layer.padding());
            }
        }
        let on_map = missing.start.max(above)..missing.end.min(above + height);
        if !on_map.is_empty() {
            let start = (on_map.start - rows.start) * row + beside * channels;
            let to = Target { output: WritePlaces::new(values), start, row };
            self.compute(index - 1, on_map.start - above..on_map.end - above, before, to);
        }
    }
}

impl Band {
    /// Moves rows that are wanted again to the beginning; gives those that are missing.
    fn go_on(&mut self, rows: Range<usize>, row: usize) -> Range<usize> {
        let kept = self.rows.start.max(rows.start)..self.rows.end.min(rows.end);
        let missing = match kept.is_empty() || kept.start != rows.start {
            true => rows.clone(),
            false => {
                let from = (kept.start - self.rows.start) * row;
                self.values.at_least(0).copy_within(from..from + kept.len() * row, 0);
                kept.end..rows.end
            }
        };
        self.rows = rows;
        missing
    }
}
