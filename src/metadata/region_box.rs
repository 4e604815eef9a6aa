//! Rectangles in a picture, what turning the picture does to them, and whether two of them mean the same face.

use serde::{Deserialize, Serialize};

/// A rectangle by its top left corner, in fractions of the picture's width and height unless something else is said beside
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegionBox {
    // As notes of names that were written say it.
    #[serde(alias = "left")]
    pub x: f32,
    #[serde(alias = "top")]
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// Where in the upright picture something is, in 65,535ths of its sides: a [`RegionBox`] that can be noted and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionSpot([u16; 4]);

impl From<RegionBox> for RegionSpot {
    fn from(at: RegionBox) -> Self {
        Self([at.x, at.y, at.width, at.height].map(|part| (part.clamp(0.0, 1.0) * f32::from(u16::MAX)).round() as u16))
    }
}

impl From<RegionSpot> for RegionBox {
    fn from(RegionSpot(parts): RegionSpot) -> Self {
        let [x, y, width, height] = parts.map(|part| f32::from(part) / f32::from(u16::MAX));
        Self { x, y, width, height }
    }
}

/// A value of EXIF's orientation, 1 to 8: how a picture has to be turned to be upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ExifTurn(u8);

impl ExifTurn {
    pub(crate) const NONE: Self = Self(1);

    /// Anything but 2 to 8 means: as it is.
    pub(crate) fn new(value: u32) -> Self {
        if (2..=8).contains(&value) { Self(value as u8) } else { Self::NONE }
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (1..=8).map(Self)
    }

    /// 0 to 7, for tables.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0) - 1
    }

    /// From the upright picture to the stored one. Only the two quarter turns are not their own inverse.
    pub(crate) fn back(self) -> Self {
        match self.0 {
            6 => Self(8),
            8 => Self(6),
            _ => self,
        }
    }

    pub(crate) fn is_mirrored(self) -> bool {
        matches!(self.0, 2 | 4 | 5 | 7)
    }

    /// Whether width and height change places.
    pub(crate) fn swaps_sides(self) -> bool {
        self.0 >= 5
    }
}

impl RegionBox {
    pub(crate) fn around([x, y]: [f32; 2], width: f32, height: f32) -> Self {
        Self { x: x - width / 2.0, y: y - height / 2.0, width, height }
    }

    /// None of what is no rectangle: without extent, or not finite.
    pub(crate) fn checked(self) -> Option<Self> {
        let is_finite = self.sides().iter().all(|value| value.is_finite());
        (is_finite && self.width > 0.0 && self.height > 0.0).then_some(self)
    }

    /// Left, top, width and height.
    pub(crate) fn sides(self) -> [f32; 4] {
        [self.x, self.y, self.width, self.height]
    }

    /// None where a value is not finite, the box is empty, or none of it lies within the picture. What juts out is cut.
    pub(crate) fn within_picture(self) -> Option<Self> {
        self.checked()?;
        let (left, top) = (self.x.clamp(0.0, 1.0), self.y.clamp(0.0, 1.0));
        let (right, bottom) = ((self.x + self.width).clamp(0.0, 1.0), (self.y + self.height).clamp(0.0, 1.0));
        Self { x: left, y: top, width: right - left, height: bottom - top }.checked()
    }

    /// Whether both mean the same face. Programs frame heads differently, so the smaller one's middle has to lie well
    /// inside of the larger one, and half of its area.
    pub(crate) fn is_same_place(self, other: Self) -> bool {
        let (small, large) = if self.area() <= other.area() { (self, other) } else { (other, self) };
        let [x, y] = small.centre();
        let [large_x, large_y] = large.centre();
        let is_central = (x - large_x).abs() < large.width * 0.35 && (y - large_y).abs() < large.height * 0.35;
        is_central && small.shared(large) >= 0.5 * small.area() && small.area() >= 0.15 * large.area()
    }

    /// The box in the upright picture, where `self` is one in a picture that needs `turn` to be upright
    /// (EXIF 2.32, table 6).
    pub(crate) fn turned(self, turn: ExifTurn) -> Self {
        let Self { x, y, width, height } = self;
        let (from_right, from_bottom) = (1.0 - x - width, 1.0 - y - height);
        let (x, y) = match turn.0 {
            2 => (from_right, y),
            3 => (from_right, from_bottom),
            4 => (x, from_bottom),
            5 => (y, x),
            6 => (from_bottom, x),
            7 => (from_bottom, from_right),
            8 => (y, from_right),
            _ => (x, y),
        };
        let (width, height) = if turn.swaps_sides() { (height, width) } else { (width, height) };
        Self { x, y, width, height }
    }

    pub(crate) fn centre(self) -> [f32; 2] {
        [self.x + self.width / 2.0, self.y + self.height / 2.0]
    }

    pub(crate) fn area(self) -> f32 {
        self.width.max(0.0) * self.height.max(0.0)
    }

    /// The area that both cover.
    pub(crate) fn shared(self, other: Self) -> f32 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        width.max(0.0) * height.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box of one pixel in a picture of 4 × 3, turned as pixels are turned.
    fn by_pixels(turn: u32, x: u32, y: u32) -> (u32, u32) {
        match turn {
            2 => (3 - x, y),
            3 => (3 - x, 2 - y),
            4 => (x, 2 - y),
            5 => (y, x),
            6 => (2 - y, x),
            7 => (2 - y, 3 - x),
            8 => (y, 3 - x),
            _ => (x, y),
        }
    }

    #[test]
    fn a_box_turns_as_its_pixels_do() {
        for turn in 1..=8 {
            for (x, y) in [(0, 0), (3, 0), (1, 2), (2, 1)] {
                let one = RegionBox { x: x as f32 / 4.0, y: y as f32 / 3.0, width: 0.25, height: 1.0 / 3.0 };
                let (to_x, to_y) = by_pixels(turn, x, y);
                let (wide, high) = if turn >= 5 { (3.0, 4.0) } else { (4.0, 3.0) };
                let turned = one.turned(ExifTurn::new(turn));
                let pixels = [turned.x * wide, turned.y * high, turned.width * wide, turned.height * high];
                let expected = [to_x as f32, to_y as f32, 1.0, 1.0];
                assert!(pixels.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{turn}: {pixels:?}");
            }
        }
    }

    #[test]
    fn what_is_no_box_is_refused() {
        let whole = RegionBox { x: 0.2, y: 0.2, width: 0.2, height: 0.2 };
        assert_eq!(RegionBox { width: f32::NAN, ..whole }.within_picture(), None);
        assert_eq!(RegionBox { height: 0.0, ..whole }.within_picture(), None);
        assert_eq!(RegionBox { x: 1.5, ..whole }.within_picture(), None);
        let cut = RegionBox { x: -0.1, ..whole }.within_picture().unwrap();
        assert!(cut.x == 0.0 && (cut.width - 0.1).abs() < 1e-6);
    }
}
