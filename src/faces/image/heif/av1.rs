//! One AV1 picture out of an item `av01`: its sequence header may stand in `av1C` alone (AV1 in ISOBMFF, section 2.3).
//!
//! rav1d speaks dav1d's language of C, also to Rust; all that is unsafe in this room is in this file. It is taken as
//! Rerun publishes it: rav1d 1.1.0 ends the process at each damaged picture (its issue 1497). One thread: others decode
//! other photos and tiles meanwhile.

use std::ffi::{c_int, c_uint};
use std::ptr::NonNull;

use re_rav1d::Dav1dResult;
use re_rav1d::include::dav1d::data::Dav1dData;
use re_rav1d::include::dav1d::dav1d::{Dav1dContext, Dav1dLogger, Dav1dSettings};
use re_rav1d::include::dav1d::headers::{
    DAV1D_PIXEL_LAYOUT_I400, DAV1D_PIXEL_LAYOUT_I420, DAV1D_PIXEL_LAYOUT_I422, DAV1D_PIXEL_LAYOUT_I444,
};
use re_rav1d::include::dav1d::picture::Dav1dPicture;
use re_rav1d::src::lib as dav1d;

use super::code_points::CodePoints;
use super::planes::{Planes, SamplePlane};

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Av1Error {
    /// Memory, or a picture larger than allowed.
    TooLarge,
    Damaged,
    /// The data ends before the picture does.
    EndsEarly,
}

/// Decodes the picture of at most `max_pixels` that `pieces` hold together; `sequence` is what `av1C` states.
pub(super) fn decode(sequence: &[u8], pieces: &[&[u8]], max_pixels: u64) -> Result<Planes, Av1Error> {
    let mut decoder = Av1Decoder::new(max_pixels)?;
    let data = pieces.concat();
    // The same header twice is one sequence.
    for bytes in [sequence, &data].into_iter().filter(|bytes| !bytes.is_empty()) {
        if let Some(picture) = decoder.feed(bytes)? {
            return picture.planes().ok_or(Av1Error::Damaged);
        }
    }
    match decoder.picture()? {
        Some(picture) => picture.planes().ok_or(Av1Error::Damaged),
        None => Err(Av1Error::EndsEarly),
    }
}

/// Numbers of `errno.h`, negative.
const AGAIN: c_int = if cfg!(target_vendor = "apple") { -35 } else { -11 };
const NO_MEMORY: c_int = -12;
const OUT_OF_RANGE: c_int = -34;

/// None where the decoder wants to be asked again.
fn checked(result: Dav1dResult) -> Result<Option<()>, Av1Error> {
    match result.0 {
        0.. => Ok(Some(())),
        AGAIN => Ok(None),
        NO_MEMORY | OUT_OF_RANGE => Err(Av1Error::TooLarge),
        _ => Err(Av1Error::Damaged),
    }
}

struct Av1Decoder(Option<Dav1dContext>);

impl Av1Decoder {
    fn new(max_pixels: u64) -> Result<Self, Av1Error> {
        let mut settings = std::mem::MaybeUninit::<Dav1dSettings>::uninit();
        // SAFETY: the pointer is of memory that may be written to; it is whole afterwards.
        let mut settings = unsafe {
            dav1d::dav1d_default_settings(NonNull::from(&mut settings).cast());
            settings.assume_init()
        };
        settings.n_threads = 1;
        settings.max_frame_delay = 1;
        settings.all_layers = 0;
        settings.frame_size_limit = c_uint::try_from(max_pixels).unwrap_or(c_uint::MAX);
        // SAFETY: without a callback there is nothing to call.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut context = None;
        // SAFETY: both pointers are of values that live here; the settings come from the decoder itself.
        let result =
            unsafe { dav1d::dav1d_open(Some(NonNull::from(&mut context)), Some(NonNull::from(&mut settings))) };
        checked(result)?;
        Ok(Self(context))
    }

    /// The first picture that comes while the bytes are taken.
    fn feed(&mut self, bytes: &[u8]) -> Result<Option<Av1Picture>, Av1Error> {
        let mut data = Av1Data::copy_of(bytes)?;
        while data.0.sz > 0 {
            let left = data.0.sz;
            // SAFETY: the context is open, and the data is the decoder's own copy.
            let sent = checked(unsafe { dav1d::dav1d_send_data(self.0, Some(NonNull::from(&mut data.0))) })?;
            if let Some(picture) = self.picture()? {
                return Ok(Some(picture));
            }
            if sent.is_none() && data.0.sz == left {
                return Err(Av1Error::Damaged);
            }
        }
        Ok(None)
    }

    fn picture(&mut self) -> Result<Option<Av1Picture>, Av1Error> {
        let mut picture = Av1Picture(Dav1dPicture::default());
        // SAFETY: the context is open, and the picture lives here.
        let result = unsafe { dav1d::dav1d_get_picture(self.0, Some(NonNull::from(&mut picture.0))) };
        Ok(checked(result)?.map(|()| picture))
    }
}

impl Drop for Av1Decoder {
    fn drop(&mut self) {
        // SAFETY: the context was opened by `new` and is closed once.
        unsafe { dav1d::dav1d_close(Some(NonNull::from(&mut self.0))) }
    }
}

struct Av1Data(Dav1dData);

impl Av1Data {
    fn copy_of(bytes: &[u8]) -> Result<Self, Av1Error> {
        let mut data = Self(Dav1dData::default());
        // SAFETY: the data lives here.
        let memory = unsafe { dav1d::dav1d_data_create(Some(NonNull::from(&mut data.0)), bytes.len()) };
        let Some(memory) = NonNull::new(memory) else { return Err(Av1Error::TooLarge) };
        // SAFETY: the decoder has made room for as many bytes, which nobody else knows of.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), memory.as_ptr(), bytes.len()) };
        Ok(data)
    }
}

impl Drop for Av1Data {
    fn drop(&mut self) {
        // SAFETY: what is left of the decoder's own copy; nothing is left where it was taken.
        unsafe { dav1d::dav1d_data_unref(Some(NonNull::from(&mut self.0))) }
    }
}

struct Av1Picture(Dav1dPicture);

impl Av1Picture {
    /// None where the picture is not as the format says.
    fn planes(&self) -> Option<Planes> {
        let (width, height) = (usize::try_from(self.0.p.w).ok()?, usize::try_from(self.0.p.h).ok()?);
        let halved = match self.0.p.layout {
            DAV1D_PIXEL_LAYOUT_I400 | DAV1D_PIXEL_LAYOUT_I444 => (false, false),
            DAV1D_PIXEL_LAYOUT_I422 => (true, false),
            DAV1D_PIXEL_LAYOUT_I420 => (true, true),
            _ => return None,
        };
        let luma = self.plane(0, width, height)?;
        let chroma = match self.0.p.layout {
            DAV1D_PIXEL_LAYOUT_I400 => None,
            _ => {
                let across = if halved.0 { width.div_ceil(2) } else { width };
                let down = if halved.1 { height.div_ceil(2) } else { height };
                Some([self.plane(1, across, down)?, self.plane(2, across, down)?])
            }
        };
        Some(Planes { luma, chroma, halved, signalled: self.code_points() })
    }

    fn plane(&self, number: usize, width: usize, height: usize) -> Option<SamplePlane> {
        let start = self.0.data[number]?;
        let stride = self.0.stride[number.min(1)];
        let depth = u8::try_from(self.0.p.bpc).ok()?;
        let mut samples = Vec::with_capacity(width * height);
        for y in 0..isize::try_from(height).ok()? {
            // SAFETY: the decoder keeps `height` rows, `stride` bytes apart, of `width` samples each: bytes at a depth of
            // 8, else words at even addresses. They are whole, and nobody writes to them while the picture is held.
            unsafe {
                let row = start.byte_offset(y.checked_mul(stride)?);
                match depth {
                    8 => samples.extend(
                        std::slice::from_raw_parts(row.cast::<u8>().as_ptr(), width).iter().map(|s| u16::from(*s)),
                    ),
                    _ => samples.extend_from_slice(std::slice::from_raw_parts(row.cast::<u16>().as_ptr(), width)),
                }
            }
        }
        Some(SamplePlane { width, height, samples, depth })
    }

    fn code_points(&self) -> Option<CodePoints> {
        // SAFETY: the header lives as long as the picture that refers to it.
        let header = unsafe { self.0.seq_hdr?.as_ref() };
        let word = |value: c_uint| u16::try_from(value).ok();
        Some(CodePoints {
            primaries: word(header.pri)?,
            transfer: word(header.trc)?,
            matrix: word(header.mtrx)?,
            full_range: header.color_range != 0,
        })
    }
}

impl Drop for Av1Picture {
    fn drop(&mut self) {
        // SAFETY: a picture of the decoder's, or an empty one.
        unsafe { dav1d::dav1d_picture_unref(Some(NonNull::from(&mut self.0))) }
    }
}
