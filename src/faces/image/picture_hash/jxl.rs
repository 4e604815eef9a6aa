//! JPEG XL (ISO/IEC 18181): the codestream, which holds size, colours and orientation, wherever it is kept.
//!
//! A bare codestream, one in a container and one in pieces are the same picture. EXIF, XMP and what would make a JPEG of
//! it again are left out.

use super::PartHasher;
use crate::faces::image::jxl;

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    seen.joined(b"codestream", &jxl::codestream(bytes)?);
    Some(())
}
