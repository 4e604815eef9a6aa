//! What kernels write into: memory that is used again, and filled by several tasks at once.
//!
//! The system gives large pieces of memory page by page when they are first touched, and takes them back when they are
//! freed; a small network would wait for that longer than it computes. So what was put out is kept, and taken again by
//! the next output of that size once nobody else holds it.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

/// Numbers that are kept at most: 128 MiB.
const MOST_KEPT: usize = 32 << 20;

/// The latest last.
static KEPT: Mutex<Vec<FlexTensor>> = Mutex::new(Vec::new());

/// So many numbers, whatever they were before, handed to `fill`.
pub(super) fn filled(len: usize, fill: impl FnOnce(&mut [f32])) -> FlexTensor {
    let mut output = again(len).unwrap_or_else(|| {
        FlexTensor::new(Bytes::from_elems(vec![0.0_f32; len]), Layout::contiguous(Shape::from([len])), DType::F32)
    });
    fill(output.try_storage_mut().expect("nobody else holds it"));
    keep(output.clone());
    output
}

fn again(len: usize) -> Option<FlexTensor> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = kept.iter().rposition(|tensor| tensor.layout().num_elements() == len && tensor.is_unique())?;
    Some(kept.remove(place))
}

fn keep(output: FlexTensor) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push(output);
    let numbers = |kept: &[FlexTensor]| kept.iter().map(|tensor| tensor.layout().num_elements()).sum::<usize>();
    while numbers(&kept) > MOST_KEPT {
        kept.remove(0);
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
