//! Rectangles, and whether two of them mean the same face.

use serde::{Deserialize, Serialize};

/// A rectangle by its top left corner; which unit and which frame it has is said beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegionBox {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl RegionBox {
    pub fn around([x, y]: [f64; 2], width: f64, height: f64) -> Self {
        Self { left: x - width / 2.0, top: y - height / 2.0, width, height }
    }

    pub fn centre(self) -> [f64; 2] {
        [self.left + self.width / 2.0, self.top + self.height / 2.0]
    }

    /// None of what is no rectangle: without extent, or not finite.
    pub fn checked(self) -> Option<Self> {
        let numbers = [self.left, self.top, self.width, self.height];
        (numbers.iter().all(|n| n.is_finite()) && self.width > 0.0 && self.height > 0.0).then_some(self)
    }

    /// Cut at the picture's edges, over which fractions must not lead.
    pub fn within_picture(self) -> Self {
        let side = |at: f64, extent: f64| (at.clamp(0.0, 1.0), (at + extent).clamp(0.0, 1.0));
        let ((left, right), (top, bottom)) = (side(self.left, self.width), side(self.top, self.height));
        Self { left, top, width: right - left, height: bottom - top }
    }

    /// Whether both mean the same face. Programs frame heads differently, so the smaller one's middle has to lie well
    /// inside of the larger one, and half of its area.
    pub fn is_same_place(self, other: Self) -> bool {
        let (small, large) = if self.area() <= other.area() { (self, other) } else { (other, self) };
        let [x, y] = small.centre();
        let [large_x, large_y] = large.centre();
        let is_central = (x - large_x).abs() < large.width * 0.35 && (y - large_y).abs() < large.height * 0.35;
        is_central && small.shared(large) >= 0.5 * small.area() && small.area() >= 0.15 * large.area()
    }

    fn area(self) -> f64 {
        self.width * self.height
    }

    fn shared(self, other: Self) -> f64 {
        let width = (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let height = (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }
}
