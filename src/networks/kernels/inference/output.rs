//! What kernels write into: memory that is used again, and filled by several tasks at once.
//!
//! The system gives large pieces of memory page by page when they are first touched, and takes them back when they are
//! freed; layer by layer, YuNet spent a quarter of its time on that. So what was put out is kept, and taken again by the
//! next output of that size once nobody else holds it. The process keeps up to 32 MiB so for as long as it lives; what is
//! above 8 MiB is not kept (what YuNet puts out between two chains for a photo of 640×640 has 3.1 MiB at most).

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

use super::lanes::WIDTH;

/// Numbers that are kept at most: 32 MiB.
const MOST_KEPT: usize = 8 << 20;

/// Numbers of the largest output that is kept: others would drive out many small ones.
const LARGEST_KEPT: usize = MOST_KEPT / 4;

/// Outputs that are kept at most: each is searched for under a lock that all threads share.
const MOST_OUTPUTS: usize = 64;

/// The latest last.
static KEPT: Mutex<Vec<FlexTensor>> = Mutex::new(Vec::new());

/// So many numbers, whatever they were before, handed to `fill`.
pub(super) fn filled(len: usize, fill: impl FnOnce(&mut [f32])) -> FlexTensor {
    let mut output = again(len).unwrap_or_else(|| new(len));
    let start = output.layout().start_offset();
    fill(&mut output.try_storage_mut().expect("nobody else holds it")[start..][..len]);
    if len <= LARGEST_KEPT {
        keep(output.clone());
    }
    output
}

/// Begins where a line of the cache does: reading a register's numbers from two lines takes twice as long.
fn new(len: usize) -> FlexTensor {
    let values = Bytes::from_elems(vec![0.0_f32; len + LINE - 1]);
    let start = values.as_ptr().align_offset(size_of::<CacheLine>()) / size_of::<f32>();
    // Places are counted in whole numbers, so that a start beyond the first line is one that cannot be had.
    let layout = Layout::new(Shape::from([len]), vec![1], if start < LINE { start } else { 0 });
    FlexTensor::new(values, layout, DType::F32)
}

fn again(len: usize) -> Option<FlexTensor> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = kept.iter().rposition(|tensor| tensor.layout().num_elements() == len && tensor.is_unique())?;
    Some(kept.remove(place))
}

fn keep(output: FlexTensor) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push(output);
    let count = beyond_limits(&kept);
    let dropped: Vec<_> = kept.drain(..count).collect();
    // Freeing takes long.
    drop(kept);
    drop(dropped);
}

/// How many of the oldest are too many.
fn beyond_limits(kept: &[FlexTensor]) -> usize {
    let mut numbers = 0;
    let within = kept.iter().rev().take(MOST_OUTPUTS).take_while(|tensor| {
        numbers += tensor.layout().num_elements();
        numbers <= MOST_KEPT
    });
    kept.len() - within.count()
}

/// Numbers of a line of the cache.
const LINE: usize = WIDTH;

/// A line of the cache, and in one.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct CacheLine(pub [f32; LINE]);

/// Numbers that begin where a line of the cache does.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<CacheLine>);

impl Lines {
    /// So many at least, whatever they were before; what was there stays.
    pub fn at_least(&mut self, len: usize) -> &mut [f32] {
        let lines = len.div_ceil(LINE);
        if self.0.len() < lines {
            self.0.resize(lines, CacheLine([0.0; LINE]));
        }
        // SAFETY: a line is nothing but numbers, as large as they are.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }

    pub fn numbers(&self) -> &[f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}

/// Where tasks write, each its own places.
#[derive(Clone, Copy)]
pub(super) struct WritePlaces<'a> {
    start: *mut f32,
    len: usize,
    of: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is only a place; who writes promises that nobody else does.
unsafe impl Send for WritePlaces<'_> {}
// SAFETY: as above.
unsafe impl Sync for WritePlaces<'_> {}

impl<'a> WritePlaces<'a> {
    pub fn new(values: &'a mut [f32]) -> Self {
        Self { start: values.as_mut_ptr(), len: values.len(), of: PhantomData }
    }

    /// The numbers from a place on.
    ///
    /// # Safety
    /// No other task has these places meanwhile.
    #[inline(always)]
    pub unsafe fn at(self, place: usize, count: usize) -> &'a mut [f32] {
        assert!(place <= self.len && count <= self.len - place);
        // SAFETY: inside the slice by the line above, and the caller's alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(place), count) }
    }
}

/// Where the pixels of a task go.
#[derive(Clone, Copy)]
pub(super) struct Onto<'a> {
    pub output: WritePlaces<'a>,
    /// Of each pixel's first number.
    pub places: &'a [usize],
}

impl Onto<'_> {
    /// Of some pixels.
    #[inline(always)]
    pub fn places_from<const PIXELS: usize>(&self, first: usize) -> [usize; PIXELS] {
        *self.places[first..].first_chunk().expect("a tile's pixels have places")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_out_begins_with_a_line_of_the_cache() {
        for len in [1, 15, 16, 1000, 300_001] {
            let output = filled(len, |values| values.fill(2.0));
            let start = &output.storage::<f32>()[output.layout().start_offset()];
            assert_eq!((output.layout().num_elements(), std::ptr::from_ref(start).addr() % 64), (len, 0));
        }
    }

    #[test]
    fn what_is_kept_has_limits() {
        let output = new;
        let small = vec![output(1); 70];
        assert_eq!(beyond_limits(&small), 70 - MOST_OUTPUTS);
        let large = vec![output(LARGEST_KEPT); 6];
        assert_eq!(beyond_limits(&large), 2);
        assert_eq!(beyond_limits(&large[..4]), 0);
        // No other test puts out as many.
        drop(filled(LARGEST_KEPT + 1, |values| values.fill(1.0)));
        assert!(again(LARGEST_KEPT + 1).is_none());
    }
}
