//! The head in space and on the picture: 2.5-D, features sit on a rounded front and move with its turn.

use crate::types::{FaceBox, Landmarks, Similarity};

use super::identity::Identity;
use super::variation::Moment;

/// A posed head with its place in the picture.
pub(super) struct Head<'a> {
    pub identity: &'a Identity,
    pub moment: &'a Moment,
    picture_from_flat: Similarity,
}

impl<'a> Head<'a> {
    /// `unit` pixels a head unit, the point between the eyes of the unturned head at `eyes`.
    pub fn placed(identity: &'a Identity, moment: &'a Moment, eyes: [f32; 2], unit: f32) -> Self {
        let (sin, cos) = (moment.roll.sin() * unit, moment.roll.cos() * unit);
        let picture_from_flat = Similarity { a: cos.into(), b: sin.into(), u: eyes[0].into(), v: eyes[1].into() };
        Self { identity, moment, picture_from_flat }
    }

    /// Placed so that the landmarks come nearest to `target`, as alignment would do with a photo.
    pub fn aligned(identity: &'a Identity, moment: &'a Moment, target: &Landmarks) -> Self {
        let upright = Self::placed(identity, moment, [0.0, 0.0], 1.0);
        // The landmarks of a head always have some extent.
        let fitted = Similarity::fit(&upright.landmarks().0, &target.0).unwrap_or(upright.picture_from_flat);
        let (a, b) = (upright.picture_from_flat.a, upright.picture_from_flat.b);
        let picture_from_flat = Similarity { a: fitted.a * a - fitted.b * b, b: fitted.a * b + fitted.b * a, ..fitted };
        Self { identity, moment, picture_from_flat }
    }

    /// The same head elsewhere.
    pub fn moved(&self, x: f32, y: f32) -> Self {
        let Similarity { a, b, u, v } = self.picture_from_flat;
        let picture_from_flat = Similarity { a, b, u: u + f64::from(x), v: v + f64::from(y) };
        Self { identity: self.identity, moment: self.moment, picture_from_flat }
    }

    /// A point of the face's front.
    pub fn at(&self, x: f32, y: f32) -> [f32; 2] {
        self.in_space(x, y, front(x, y))
    }

    /// A point anywhere: z towards the viewer.
    pub fn in_space(&self, x: f32, y: f32, z: f32) -> [f32; 2] {
        let (pitch_sin, pitch_cos) = self.moment.pitch.sin_cos();
        let (yaw_sin, yaw_cos) = self.moment.yaw.sin_cos();
        let (y, z) = (y * pitch_cos - z * pitch_sin, y * pitch_sin + z * pitch_cos);
        let (x, z) = (x * yaw_cos + z * yaw_sin, z * yaw_cos - x * yaw_sin);
        let nearness = 1.0 + 0.05 * z;
        self.on_picture(x * nearness, y * nearness)
    }

    /// A point of the head's outline. An outline keeps its width when the head turns; only the jaw, which lies further
    /// to the front, swings along.
    pub fn rim(&self, x: f32, y: f32) -> [f32; 2] {
        let towards_chin = ((y - 0.45) / 0.95).clamp(0.0, 1.0);
        let z = 0.10 + 0.45 * towards_chin * towards_chin;
        let (yaw_sin, yaw_cos) = self.moment.yaw.sin_cos();
        let (pitch_sin, pitch_cos) = self.moment.pitch.sin_cos();
        let width = 0.85 + 0.15 * yaw_cos;
        self.on_picture(x * width + z * yaw_sin, y * (0.8 + 0.2 * pitch_cos) - z * pitch_sin)
    }

    /// A point behind the face (hair, cap): moves against the turn.
    pub fn back(&self, x: f32, y: f32) -> [f32; 2] {
        self.on_picture(x - 0.18 * self.moment.yaw.sin(), y + 0.12 * self.moment.pitch.sin())
    }

    /// A point of neck and shoulders, which follow the head only half way.
    pub fn body(&self, x: f32, y: f32) -> [f32; 2] {
        let (sin, cos) = (-0.7 * self.moment.roll).sin_cos();
        let (above, x) = (y - 1.0, x + 0.08 * self.moment.yaw.sin());
        self.on_picture(x * cos - above * sin, 1.0 + x * sin + above * cos)
    }

    fn on_picture(&self, x: f32, y: f32) -> [f32; 2] {
        self.picture_from_flat.apply([x.into(), y.into()]).map(|value| value as f32)
    }

    /// From pixels back to head units, without turn: for light.
    pub fn flat_from_picture(&self) -> Similarity {
        self.picture_from_flat.inverse()
    }

    /// Pixels a head unit.
    pub fn unit(&self) -> f32 {
        self.picture_from_flat.scale() as f32
    }

    /// Mouth corner: −1 the one on the left of the picture.
    pub fn mouth_corner(&self, side: f32) -> [f32; 2] {
        let mouth = &self.identity.mouth;
        let half_width = mouth.half_width * (1.0 + 0.16 * self.moment.smile - 0.1 * self.moment.mouth_open);
        [side * half_width, mouth.y - mouth.curve - 0.07 * self.moment.smile]
    }

    pub fn landmarks(&self) -> Landmarks {
        let Identity { eyes, nose, .. } = self.identity;
        let corner = |side| {
            let [x, y] = self.mouth_corner(side);
            self.at(x, y)
        };
        Landmarks([
            self.at(-eyes.offset, 0.0),
            self.at(eyes.offset, 0.0),
            self.in_space(0.0, nose.tip_y, front(0.0, nose.tip_y) + nose.height),
            corner(-1.0),
            corner(1.0),
        ])
    }

    /// Around the visible face: forehead to chin, cheek to cheek.
    pub fn face_box(&self) -> FaceBox {
        let edge = self.outline();
        let forehead = [-0.6, 0.0, 0.6].map(|x| self.rim(x, -0.78));
        let low_half = edge.iter().filter(|point| {
            let [_, y] = self.flat_from_picture().apply([point[0].into(), point[1].into()]);
            y > -0.6
        });
        let points: Vec<[f32; 2]> = low_half.chain(&forehead).copied().collect();
        let range = |axis: usize| {
            let low = points.iter().map(|point| point[axis]).fold(f32::INFINITY, f32::min);
            (low, points.iter().map(|point| point[axis]).fold(f32::NEG_INFINITY, f32::max))
        };
        let ((left, right), (top, bottom)) = (range(0), range(1));
        FaceBox { x: left, y: top, width: right - left, height: bottom - top }
    }

    /// The face's outline from the top of the head around.
    pub fn outline(&self) -> Vec<[f32; 2]> {
        let face = &self.identity.face;
        let drop = 0.07 * self.moment.mouth_open;
        let half = [
            (0.0, face.top_y),
            (0.40 * face.width, face.top_y + 0.05),
            (0.74 * face.width, face.top_y + 0.25),
            (0.97 * face.temple * face.width, -0.60),
            (face.width, -0.12),
            (face.cheek * face.width, 0.38),
            (face.jaw * face.width, 0.90 + drop),
            (0.5 * (face.jaw + face.chin_width) * face.width, 1.20 + drop),
            (face.chin_width * face.width, face.chin_y - 0.07 + drop),
            (0.0, face.chin_y + drop),
        ];
        mirrored(&half, |x, y| self.rim(x, y))
    }
}

/// Points of one side, then the same on the other side in turned order; a point in the middle comes once.
pub(super) fn mirrored(half: &[(f32, f32)], place: impl Fn(f32, f32) -> [f32; 2]) -> Vec<[f32; 2]> {
    let other = half.iter().rev().filter(|(x, _)| *x != 0.0).map(|&(x, y)| (-x, y));
    half.iter().copied().chain(other).map(|(x, y)| place(x, y)).collect()
}

/// How far the face's front reaches towards the viewer.
fn front(x: f32, y: f32) -> f32 {
    0.85 * (1.0 - 0.75 * x * x - 0.22 * (y - 0.1) * (y - 0.1)).max(0.05).sqrt()
}
