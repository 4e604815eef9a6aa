//! Feature maps where they lie in memory, and the windows that layers move over them.
//!
//! The kernels beside this file put their outputs down pixel by pixel, the channels of one side by side ("NHWC"): then
//! whatever slides over the maps reads runs of numbers, and what works on channels fills vector registers whatever the
//! maps' size. They read maps in any order.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use super::output::Lines;

/// Numbers under the windows of one task: they stay in the second cache beside what is multiplied with them.
pub(super) const UNDER_A_TASK: usize = 32 * 1024;

/// Maps of a batch with any strides.
#[derive(Clone, Copy)]
pub(super) struct Maps<'a> {
    /// Beginning with the first number of the first picture.
    pub values: &'a [f32],
    /// Pictures, channels, height, width.
    pub sides: [usize; 4],
    pub strides: [usize; 4],
}

/// What slides over maps, in pixels: height, width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlidingWindow {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Above and below, left and right.
    pub padding: [usize; 2],
}

impl SlidingWindow {
    /// The sides of what comes out. Panics where the window does not fit.
    pub fn output(&self, input: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| {
            let [padded, kernel] = [input[axis] + 2 * self.padding[axis], self.kernel[axis]];
            assert!(kernel <= padded, "a window of {kernel} pixels does not fit on {padded}");
            (padded - kernel) / self.stride[axis] + 1
        })
    }
}

/// Strides of maps that lie pixel by pixel.
pub(super) fn by_pixel([_, channels, height, width]: [usize; 4]) -> [usize; 4] {
    [channels * height * width, 1, width * channels, channels]
}

/// Rows of the output in pieces, where `a_row` numbers are under each: small enough for the cache, and no fewer than
/// threads.
pub(super) fn pieces(rows: usize, a_row: usize) -> impl Iterator<Item = Range<usize>> {
    equal_parts(rows, (a_row * rows).div_ceil(UNDER_A_TASK).max(rayon::current_num_threads()))
}

/// In order, none empty.
pub(super) fn equal_parts(count: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = parts.clamp(1, count.max(1));
    (0..parts).map(move |part| part * count / parts..(part + 1) * count / parts).filter(|part| !part.is_empty())
}

impl<'a> Maps<'a> {
    /// Whether they lie pixel by pixel without gaps; the stride of an axis of one place says nothing.
    pub fn are_by_pixel(&self) -> bool {
        let axes = self.sides.into_iter().zip(self.strides).zip(by_pixel(self.sides));
        axes.into_iter().all(|((side, stride), wanted)| side == 1 || stride == wanted)
    }

    /// The numbers pixel by pixel.
    pub fn pixels(&self) -> Cow<'a, [f32]> {
        let [pictures, channels, height, width] = self.sides;
        if self.are_by_pixel() {
            return Cow::Borrowed(&self.values[..self.sides.iter().product()]);
        }
        let mut pixels = vec![0.0; self.sides.iter().product()];
        for picture in 0..pictures {
            let to = &mut pixels[picture * channels * height * width..][..channels * height * width];
            self.copy_rows(picture, 0..height, [0, 0], 0.0, to);
        }
        Cow::Owned(pixels)
    }

    /// Some rows of one picture pixel by pixel, padded; rows count from the first of the padding.
    pub fn copy_rows(
        &self,
        picture: usize,
        rows: Range<usize>,
        padding: [usize; 2],
        padding_value: f32,
        to: &mut [f32],
    ) {
        let [_, channels, height, width] = self.sides;
        let [picture_stride, channel_stride, row_stride, pixel_stride] = self.strides;
        let a_row = (width + 2 * padding[1]) * channels;
        for (row, to) in rows.zip(to.chunks_exact_mut(a_row.max(1))) {
            let row = row.checked_sub(padding[0]).filter(|row| *row < height);
            let Some(row) = row else {
                to.fill(padding_value);
                continue;
            };
            let (left, to) = to.split_at_mut(padding[1] * channels);
            let (to, right) = to.split_at_mut(width * channels);
            left.fill(padding_value);
            right.fill(padding_value);
            let from = &self.values[picture * picture_stride + row * row_stride..];
            if channel_stride == 1 && pixel_stride == channels {
                to.copy_from_slice(&from[..width * channels]);
            } else {
                for channel in 0..channels {
                    // The stride of an axis of one place says nothing, and may be zero.
                    let from = from[channel * channel_stride..].iter().step_by(pixel_stride.max(1));
                    let pixels = to.chunks_exact_mut(channels);
                    pixels.zip(from).for_each(|(pixel, value)| pixel[channel] = *value);
                }
            }
        }
    }

    /// The rows of a window over some output rows, counted over the whole batch, as one block; and the places of those
    /// rows' pixels of so many numbers.
    pub fn under<R>(
        &self,
        window: &SlidingWindow,
        padding_value: f32,
        rows: Range<usize>,
        outputs: usize,
        work: impl FnOnce(Under<'_>, &[usize]) -> R,
    ) -> R {
        SCRATCH.with_borrow_mut(|(copies, pixels, places)| {
            let [_, channels, height, width] = self.sides;
            let [output_height, output_width] = window.output([height, width]);
            let as_they_lie = window.padding == [0, 0] && self.are_by_pixel();
            pixels.clear();
            places.clear();
            places.extend((rows.start * output_width..rows.end * output_width).map(|pixel| pixel * outputs));
            let wide = width + 2 * window.padding[1];
            let mut copied = 0;
            let mut row = rows.start;
            while row < rows.end {
                let (picture, first) = (row / output_height, row % output_height);
                let count = (output_height - first).min(rows.end - row);
                let first_under = first * window.stride[0];
                let start = match as_they_lie {
                    true => (picture * height + first_under) * wide * channels,
                    false => copied,
                };
                if !as_they_lie {
                    let under = first_under..first_under + (count - 1) * window.stride[0] + window.kernel[0];
                    copied += under.len() * wide * channels;
                    let to = &mut copies.at_least(copied)[start..copied];
                    self.copy_rows(picture, under, window.padding, padding_value, to);
                }
                for row in 0..count {
                    let start = start + row * window.stride[0] * wide * channels;
                    pixels.extend((0..output_width).map(|column| start + column * window.stride[1] * channels));
                }
                row += count;
            }
            let values = if as_they_lie { self.values } else { &copies.numbers()[..copied] };
            work(Under { values, pixels, row: wide * channels }, places)
        })
    }
}

/// What lies under the windows of some pixels.
pub(super) struct Under<'a> {
    /// Pixel by pixel.
    pub values: &'a [f32],
    /// Where the window of each pixel begins.
    pub pixels: &'a [usize],
    /// From a row to the next.
    pub row: usize,
}

impl Under<'_> {
    /// Where the windows of some pixels begin.
    #[inline(always)]
    pub fn pixels_from<const PIXELS: usize>(&self, first: usize) -> [usize; PIXELS] {
        *self.pixels[first..].first_chunk().expect("a tile's pixels are there")
    }
}

/// What a task reads: copies of what is under its windows, where each pixel's window begins, where the pixel goes.
type Scratch = (Lines, Vec<usize>, Vec<usize>);

thread_local! {
    /// Kept from task to task: memory that the system has given already.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}
