//! Where a box drawn by hand is, and whether a found face is there.

use crate::types::FaceBox;

/// Other programs frame the whole head, a detector the face in it: of the smaller box so much lies in the larger …
const INSIDE: f32 = 0.6;
/// … their centres are no farther apart than this share of the larger one's side …
const OFFSET: f32 = 0.4;
/// … and its sides are at most so many times as long.
const SIDES: f32 = 3.0;

/// Whether two boxes are one face, where one of them may be the whole head.
pub(super) fn is_place_by_hand(a: FaceBox, b: FaceBox) -> bool {
    let (small, large) = if a.area() <= b.area() { (a, b) } else { (b, a) };
    let overlap = a.overlap(b);
    let shared = overlap / (1.0 + overlap) * (a.area() + b.area());
    let ([x, y], [other_x, other_y], side) = (a.centre(), b.centre(), large.area().sqrt());
    // Written so that what is not a number is nowhere.
    shared >= INSIDE * small.area()
        && (x - other_x).hypot(y - other_y) <= OFFSET * side
        && side <= SIDES * small.area().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_in_the_head_that_was_drawn_is_one_and_a_neighbour_is_another() {
        let at = |x: f32, y: f32, width: f32, height: f32| FaceBox { x, y, width, height };
        let head = at(100.0, 100.0, 180.0, 220.0);
        assert!(is_place_by_hand(head, at(140.0, 170.0, 100.0, 110.0)));
        assert!(is_place_by_hand(at(140.0, 170.0, 100.0, 110.0), head), "either way round");
        assert!(!is_place_by_hand(head, at(270.0, 170.0, 100.0, 110.0)), "a neighbour");
        assert!(!is_place_by_hand(head, at(170.0, 190.0, 30.0, 40.0)), "a face on a shirt");
        assert!(!is_place_by_hand(head, at(f32::NAN, 0.0, 10.0, 10.0)));
    }
}
