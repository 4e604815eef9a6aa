//! Boxes on their way through the cascade: moved by what a network says, made square, cut at the photo's edge.
//!
//! All in 32-bit floating point and in the reference's order, because a box is rounded to whole pixels before it is cut
//! out: another last digit can be another pixel.

use super::area::Window;

/// A face that a network believes in: left, top, right, bottom edge, as the reference counts them (the first pixel is 1
/// where it cuts out, and a box spans `right − left + 1` pixels there).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub edges: [f32; 4],
    pub score: f32,
}

/// Whether a box from `left` to `right` counts as `right − left` or one pixel more; the reference does either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Between,
    Inclusive,
}

impl Extent {
    pub fn of(self, low: f32, high: f32) -> f32 {
        match self {
            Self::Between => high - low,
            Self::Inclusive => high - low + 1.0,
        }
    }
}

impl Candidate {
    /// Each edge moved by so many sides of the box.
    pub fn moved(self, offsets: [f32; 4], extent: Extent) -> Self {
        let [left, top, right, bottom] = self.edges;
        let (width, height) = (extent.of(left, right), extent.of(top, bottom));
        let [a, b, c, d] = offsets;
        Self { edges: [left + a * width, top + b * height, right + c * width, bottom + d * height], ..self }
    }

    /// Square on the longer side, about the same centre.
    pub fn squared(self) -> Self {
        let [left, top, right, bottom] = self.edges;
        let (width, height) = (right - left, bottom - top);
        let side = width.max(height);
        let left = left + width * 0.5 - side * 0.5;
        let top = top + height * 0.5 - side * 0.5;
        Self { edges: [left, top, left + side, top + side], ..self }
    }

    /// The pixels to cut out: edges rounded towards zero, what lies outside the photo left out. None where nothing is
    /// left (the reference then mixes up its crops; here the candidate is dropped).
    pub fn window(self, width: usize, height: usize) -> Option<Window> {
        // The casts round towards zero and saturate.
        let low = |edge: f32| (edge as i64).max(1) - 1;
        let high = |edge: f32, limit: usize| (edge as i64).min(limit as i64);
        let [left, top, right, bottom] = self.edges;
        let (left, top, right, bottom) = (low(left), low(top), high(right, width), high(bottom, height));
        (left < right && top < bottom).then_some(Window {
            left: left as usize,
            top: top as usize,
            right: right as usize,
            bottom: bottom as usize,
        })
    }

    /// A point given in sides of the box, in the photo's pixels: O-Net's crop begins one pixel before the box's edge.
    pub fn point(self, x: f32, y: f32) -> [f32; 2] {
        let [left, top, right, bottom] = self.edges;
        let place = |share: f32, low: f32, high: f32| Extent::Inclusive.of(low, high) * share + low - 1.0;
        [place(x, left, right), place(y, top, bottom)]
    }

    pub fn is_finite(self) -> bool {
        self.score.is_finite() && self.edges.iter().all(|edge| edge.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(edges: [f32; 4]) -> Candidate {
        Candidate { edges, score: 0.9 }
    }

    #[test]
    fn edges_move_by_shares_of_the_box() {
        let moved = |extent| candidate([10.0, 20.0, 30.0, 60.0]).moved([0.5, -0.25, 0.0, 0.5], extent).edges;
        assert_eq!(moved(Extent::Between), [20.0, 10.0, 30.0, 80.0]);
        assert_eq!(moved(Extent::Inclusive), [20.5, 9.75, 30.0, 80.5]);
    }

    #[test]
    fn a_square_keeps_the_centre() {
        assert_eq!(candidate([10.0, 20.0, 30.0, 60.0]).squared().edges, [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(candidate([0.0, 0.0, 9.0, 3.0]).squared().edges, [0.0, -3.0, 9.0, 6.0]);
    }

    /// The first pixel is 1 and the last is inside: 1…10 is the whole of ten pixels.
    #[test]
    fn windows_stay_inside_the_photo() {
        let window = |edges| candidate(edges).window(10, 8);
        let cut = |left, top, right, bottom| Some(Window { left, top, right, bottom });
        assert_eq!(window([1.0, 1.0, 10.0, 8.0]), cut(0, 0, 10, 8));
        assert_eq!(window([-5.5, -0.9, 3.9, 99.0]), cut(0, 0, 3, 8));
        assert_eq!(window([4.0, 5.0, 4.0, 5.0]), cut(3, 4, 4, 5));
        assert_eq!(window([11.0, 2.0, 15.0, 6.0]), None);
        assert_eq!(window([-9.0, 2.0, -1.0, 6.0]), None);
        assert_eq!(window([1e30, 2.0, 1e31, 6.0]), None);
        assert_eq!(window([f32::NAN, 2.0, f32::NAN, 6.0]), None);
    }

    #[test]
    fn points_are_shares_of_the_crop() {
        let face = candidate([11.0, 21.0, 30.0, 40.0]);
        assert_eq!(face.point(0.0, 1.0), [10.0, 40.0]);
        assert_eq!(face.point(0.5, 0.25), [20.0, 25.0]);
    }
}
