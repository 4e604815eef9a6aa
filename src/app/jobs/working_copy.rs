//! A photo at the scale that detection works at.

use std::path::Path;

use anyhow::Result;

use crate::app::engine::networks::WORKING_LONG_SIDE;
use crate::faces::image::{DecodeLimits, DecodeScale, Photo, decode, thumbnail};

/// What is enough for the detector.
pub(crate) const WORKING_SCALE: DecodeScale = DecodeScale::LongSideAtLeast(WORKING_LONG_SIDE);

/// The photo at the detector's working scale; formats without scaled decoding are made smaller here, so that a queue
/// of large photos stays small.
pub(crate) fn working_copy(path: &Path) -> Result<Photo> {
    let mut photo = decode(path, WORKING_SCALE, &DecodeLimits::default())?;
    if photo.pixels.width().max(photo.pixels.height()) >= 2 * WORKING_LONG_SIDE {
        photo.pixels = thumbnail(&photo.pixels, WORKING_LONG_SIDE);
    }
    Ok(photo)
}
