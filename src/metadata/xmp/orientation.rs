//! Boxes from the upright picture to the stored one and back (EXIF 2.32, table 6: where row 0 and column 0 of the
//! stored picture belong).

use crate::metadata::region_box::{ExifTurn, RegionBox};

/// Where a box of the upright picture (fractions) is in the stored one.
pub(crate) fn to_stored(upright: RegionBox, orientation: u8) -> RegionBox {
    upright.turned(ExifTurn::new(u32::from(orientation)).back())
}

/// Where a box of the stored picture (fractions) is in the upright one.
pub(crate) fn to_upright(stored: RegionBox, orientation: u8) -> RegionBox {
    stored.turned(ExifTurn::new(u32::from(orientation)))
}

/// The frame in which a list of regions really is, by the size that it gives for its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListFrame {
    Stored,
    /// Written after the orientation was applied, against the format's rule.
    Upright,
    /// Neither: the picture was cropped since.
    Stale,
}

/// Where both frames fit, or no size is given, the format's rule holds: stored.
pub(crate) fn list_frame(applied_to: Option<(u32, u32)>, (width, height): (u32, u32), orientation: u8) -> ListFrame {
    let Some((w, h)) = applied_to.filter(|(w, h)| *w > 0 && *h > 0) else { return ListFrame::Stored };
    // Scaled pictures are off by less than a pixel and a half on their shorter side.
    let fits = |width: u32, height: u32| {
        let (here, there) = (f64::from(width) / f64::from(height), f64::from(w) / f64::from(h));
        let slack = 0.005 + 1.5 / f64::from(w.min(h)) + 1.5 / f64::from(width.min(height));
        (here / there - 1.0).abs() < slack
    };
    if fits(width, height) {
        ListFrame::Stored
    } else if orientation >= 5 && fits(height, width) {
        ListFrame::Upright
    } else {
        ListFrame::Stale
    }
}
