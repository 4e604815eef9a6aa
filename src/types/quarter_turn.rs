//! A picture turned by quarters: photos without an orientation, and people who lie on their side.

use super::{Detection, FaceBox, Landmarks, Similarity};

/// What is done to a picture, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum QuarterTurn {
    None,
    Right,
    Half,
    Left,
}

impl QuarterTurn {
    /// All that change a picture.
    pub const TURNS: [Self; 3] = [Self::Half, Self::Right, Self::Left];

    /// What takes it back.
    pub fn inverse(self) -> Self {
        match self {
            Self::Right => Self::Left,
            Self::Left => Self::Right,
            own => own,
        }
    }

    /// Whether width and height are exchanged.
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Right | Self::Left)
    }

    /// Where a point of a picture of this width and height is after the turn.
    pub fn point(self, [x, y]: [f32; 2], [width, height]: [f32; 2]) -> [f32; 2] {
        match self {
            Self::None => [x, y],
            Self::Right => [height - y, x],
            Self::Half => [width - x, height - y],
            Self::Left => [y, width - x],
        }
    }

    /// Where a face of a picture of this width and height is after the turn.
    pub fn face(self, face: &Detection, size: [f32; 2]) -> Detection {
        let FaceBox { x, y, width, height } = face.face_box;
        let [ax, ay] = self.point([x, y], size);
        let [bx, by] = self.point([x + width, y + height], size);
        let face_box = FaceBox { x: ax.min(bx), y: ay.min(by), width: (bx - ax).abs(), height: (by - ay).abs() };
        Detection { face_box, score: face.score, landmarks: Landmarks(face.landmarks.0.map(|at| self.point(at, size))) }
    }
}

/// A face is turned upright from this tilt on, in degrees: heads are held askew, and a landmark may lie beside its place.
const LEAST_TILT: f64 = 60.0;

impl Landmarks {
    /// What turns the face nearest to upright: nothing, for a face that stands or is only held askew.
    pub(crate) fn turn_upright(self) -> QuarterTurn {
        let template = Self::template(1, 1);
        let Some(Similarity { a, b, .. }) = Similarity::fit(&self.0, &template.0) else { return QuarterTurn::None };
        match b.atan2(a).to_degrees() {
            tilt if tilt.abs() < LEAST_TILT => QuarterTurn::None,
            tilt if tilt.abs() > 135.0 => QuarterTurn::Half,
            tilt if tilt > 0.0 => QuarterTurn::Right,
            _ => QuarterTurn::Left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_turned_and_turned_back_is_where_it_was() {
        let face = Detection {
            face_box: FaceBox { x: 10.0, y: 20.0, width: 30.0, height: 40.0 },
            score: 0.9,
            landmarks: Landmarks([[15.0, 30.0], [35.0, 30.0], [25.0, 40.0], [18.0, 50.0], [32.0, 50.0]]),
        };
        let (size, swapped) = ([100.0, 200.0], [200.0, 100.0]);
        for turn in [QuarterTurn::None, QuarterTurn::Right, QuarterTurn::Half, QuarterTurn::Left] {
            let there = turn.face(&face, size);
            let size_there = if turn.swaps_sides() { swapped } else { size };
            assert_eq!(turn.inverse().face(&there, size_there), face, "{turn:?}");
        }
        for turn in QuarterTurn::TURNS {
            assert_eq!(turn.face(&face, size).landmarks.turn_upright(), turn.inverse());
        }
        assert_eq!(face.landmarks.turn_upright(), QuarterTurn::None);
        assert_eq!(Landmarks([[3.0; 2]; 5]).turn_upright(), QuarterTurn::None, "nothing is known of it");
        let right = QuarterTurn::Right.face(&face, size);
        assert_eq!(right.face_box, FaceBox { x: 140.0, y: 10.0, width: 40.0, height: 30.0 });
        assert_eq!(right.landmarks.0[0], [170.0, 15.0]);
    }
}
