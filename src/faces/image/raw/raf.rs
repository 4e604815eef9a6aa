//! Fujifilm's RAF: a header of its own that says where the JPEG is, which carries the EXIF of the whole.

use super::{About, Found};
use crate::types::reader::{big, slice};

pub(super) const MARK: &[u8] = b"FUJIFILMCCD-RAW ";

/// Behind mark, version, number and name of the camera, and the version of the directory.
const JPEG_PLACE: u64 = 84;

pub(super) fn find(bytes: &[u8]) -> Option<Found<'_>> {
    let number = |at| slice(bytes, at, 4).map(big);
    let (at, length) = (number(JPEG_PLACE)?, number(JPEG_PLACE + 4)?);
    let rest = slice(bytes, at, (bytes.len() as u64).checked_sub(at)?)?;
    let length = usize::try_from(length).ok()?.min(rest.len());
    Some(Found { previews: vec![&rest[..length]], about: About::Preview })
}
