//! A photo's regions under one reading, and whether they are of this picture at all.

use super::PhotoRegions;
use super::fit::fit;
use crate::metadata::found::{NameRegion, RegionArea};
use crate::metadata::region_box::{ExifTurn, RegionBox};

/// Two shapes are one if their aspects differ by no more than this share. Small previews round to whole pixels; the
/// nearest common shapes (4:3 and 7:5) are 5 % apart.
const SAME_ASPECT: f32 = 0.02;

/// Whether the picture that the region was drawn in agrees with a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrawnShape {
    Agrees,
    Contradicts,
    Unsaid,
}

impl PhotoRegions<'_> {
    /// The regions in the upright picture, if they need this turn. None of what lies outside.
    pub(super) fn upright(&self, turn: ExifTurn) -> Vec<Option<RegionBox>> {
        self.regions.iter().map(|(_, region)| upright(region, turn, self.photo.size)).collect()
    }

    /// Region by face; 0 where they do not fit.
    pub(super) fn fits(&self, boxes: &[Option<RegionBox>]) -> Vec<Vec<f64>> {
        let aspect = self.photo.aspect();
        let of_face =
            |region: Option<RegionBox>, face| region.and_then(|region| fit(region, face, aspect)).unwrap_or(0.0);
        let row = |region: &Option<RegionBox>| {
            self.photo.faces.iter().map(|face| f64::from(of_face(*region, face.at))).collect()
        };
        boxes.iter().map(row).collect()
    }

    pub(super) fn shape(&self, turn: ExifTurn) -> DrawnShape {
        let drawn_in = self.regions.iter().find_map(|(_, region)| match region.region {
            RegionArea::Fractions { of, .. } => of,
            RegionArea::Pixels { .. } => None,
        });
        match drawn_in.filter(|(width, height)| *width > 0 && *height > 0) {
            None => DrawnShape::Unsaid,
            Some(of) if is_same_aspect(of, before(self.photo.size, turn)) => DrawnShape::Agrees,
            Some(_) => DrawnShape::Contradicts,
        }
    }
}

/// Whether the region was drawn in a picture of another shape, turned or not.
pub(super) fn is_stale(region: &NameRegion, size: (u32, u32)) -> bool {
    let drawn_in = match region.region {
        RegionArea::Fractions { of, .. } => of,
        RegionArea::Pixels { sides, .. } => Some(sides),
    };
    let turned = (size.1, size.0);
    drawn_in
        .filter(|(width, height)| *width > 0 && *height > 0)
        .is_some_and(|of| !is_same_aspect(of, size) && !is_same_aspect(of, turned))
}

fn upright(region: &NameRegion, turn: ExifTurn, size: (u32, u32)) -> Option<RegionBox> {
    let at = match region.region {
        RegionArea::Fractions { at, .. } => at,
        RegionArea::Pixels { at: [x, y, width, height], sides: (a, b) } => {
            let (frame_width, frame_height) = before(size, turn);
            let (long, short) = (a.max(b) as f32, a.min(b) as f32);
            let (wide, high) = if frame_width >= frame_height { (long, short) } else { (short, long) };
            RegionBox { x: x / wide, y: y / high, width: width / wide, height: height / high }
        }
    };
    at.within_picture()?.turned(turn).within_picture()
}

/// The size of the picture that this turn makes upright.
fn before(upright: (u32, u32), turn: ExifTurn) -> (u32, u32) {
    if turn.swaps_sides() { (upright.1, upright.0) } else { upright }
}

fn is_same_aspect(a: (u32, u32), b: (u32, u32)) -> bool {
    let aspect = |(width, height): (u32, u32)| width.max(1) as f32 / height.max(1) as f32;
    (aspect(a) / aspect(b)).ln().abs() <= SAME_ASPECT
}
