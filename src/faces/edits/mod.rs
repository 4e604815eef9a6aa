//! How an edited picture relates to the one that it replaces, and where a face then is.
//!
//! [`register()`] finds from two small grey pictures whether the new one is the old one resized, recompressed, turned,
//! mirrored, cropped, or changed in brightness; [`Edit`] says which, and takes boxes and landmarks along; [`match_faces`]
//! says which face of the new picture is which of the old one, and where one has to be that no detector finds. Where
//! anything is in doubt the answer is "none": a name that moves onto another picture is the worst fault, and a face that
//! isn't carried over waits to be put back by hand.
//!
//! Sizes are width and height of the upright pictures at full scale; relative coordinates run from 0 to 1 over them.

mod matching;
mod register;
mod thumbnail;

pub(crate) use matching::{FaceMatch, FoundFace, KnownFace, Sizes, match_faces};
pub(crate) use register::register;
pub use thumbnail::Thumbnail;

use ::image::{DynamicImage, RgbImage};

use crate::types::{Detection, FaceBox, Landmarks};

/// What turns and mirrors a picture: the eight ways in which EXIF numbers them (EXIF 2.32, table 6). The name says what
/// is done to the old picture to get the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Orientation {
    Same = 1,
    /// Left and right exchanged.
    Mirrored = 2,
    HalfTurn = 3,
    /// Top and bottom exchanged.
    Flipped = 4,
    /// Mirrored at the diagonal from the top left.
    Transposed = 5,
    /// A quarter turn clockwise.
    TurnedRight = 6,
    /// Mirrored at the diagonal from the top right.
    Transversed = 7,
    /// A quarter turn anticlockwise.
    TurnedLeft = 8,
}

impl Orientation {
    pub const ALL: [Self; 8] = [
        Self::Same,
        Self::Mirrored,
        Self::HalfTurn,
        Self::Flipped,
        Self::Transposed,
        Self::TurnedRight,
        Self::Transversed,
        Self::TurnedLeft,
    ];

    /// Whether right and left are exchanged.
    fn is_mirrored(self) -> bool {
        matches!(self, Self::Mirrored | Self::Flipped | Self::Transposed | Self::Transversed)
    }

    /// Whether width and height are exchanged.
    fn swaps_sides(self) -> bool {
        self >= Self::Transposed
    }

    /// Where a point is after the turn, both relative.
    pub fn apply(self, [x, y]: [f32; 2]) -> [f32; 2] {
        match self {
            Self::Same => [x, y],
            Self::Mirrored => [1.0 - x, y],
            Self::HalfTurn => [1.0 - x, 1.0 - y],
            Self::Flipped => [x, 1.0 - y],
            Self::Transposed => [y, x],
            Self::TurnedRight => [1.0 - y, x],
            Self::Transversed => [1.0 - y, 1.0 - x],
            Self::TurnedLeft => [y, 1.0 - x],
        }
    }

    /// What takes it back.
    pub fn inverse(self) -> Self {
        match self {
            Self::TurnedRight => Self::TurnedLeft,
            Self::TurnedLeft => Self::TurnedRight,
            own => own,
        }
    }

    /// The picture after the turn.
    pub fn turned(self, picture: RgbImage) -> RgbImage {
        let mut picture = DynamicImage::ImageRgb8(picture);
        if let Some(turn) = ::image::metadata::Orientation::from_exif(self as u8) {
            picture.apply_orientation(turn);
        }
        picture.into_rgb8()
    }

    /// Width and height after the turn.
    pub fn turned_size<T>(self, (width, height): (T, T)) -> (T, T) {
        if self.swaps_sides() { (height, width) } else { (width, height) }
    }
}

/// A rectangle in relative coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RelativeRect {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl RelativeRect {
    /// All of the picture.
    pub const WHOLE: Self = Self { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
}

/// What was done to a picture: turned first, then cropped. Scale, compression and brightness move nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edit {
    pub orientation: Orientation,
    /// The new picture's place in the turned old one.
    pub crop: RelativeRect,
}

impl Edit {
    /// A turn without a crop.
    pub fn turn(orientation: Orientation) -> Self {
        Self { orientation, crop: RelativeRect::WHOLE }
    }

    /// What leads from the new picture back to the old one, of which it may be a part only.
    pub fn inverse(&self) -> Self {
        let orientation = self.orientation.inverse();
        let [[ax, ay], [bx, by]] = [[0.0, 0.0], [1.0, 1.0]].map(|corner| orientation.apply(self.apply(corner)));
        let crop = RelativeRect { x: ax.min(bx), y: ay.min(by), width: (bx - ax).abs(), height: (by - ay).abs() };
        Self { orientation, crop }
    }

    /// Where a point of the old picture (relative) is in the new one (relative); outside of 0…1 it was cut off.
    pub fn apply(&self, point: [f32; 2]) -> [f32; 2] {
        let [x, y] = self.orientation.apply(point);
        [(x - self.crop.x) / self.crop.width, (y - self.crop.y) / self.crop.height]
    }

    /// A box in pixels of the old picture, in pixels of the new one. It is not cut at the new picture's edges.
    pub fn map_box(&self, face: FaceBox, sizes: &Sizes) -> FaceBox {
        let [ax, ay] = self.map_point([face.x, face.y], sizes);
        let [bx, by] = self.map_point([face.x + face.width, face.y + face.height], sizes);
        FaceBox { x: ax.min(bx), y: ay.min(by), width: (bx - ax).abs(), height: (by - ay).abs() }
    }

    /// Landmarks in pixels of the new picture. A mirror makes a right eye a left one.
    fn map_landmarks(&self, landmarks: Landmarks, sizes: &Sizes) -> Landmarks {
        let [right_eye, left_eye, nose, right_mouth, left_mouth] =
            landmarks.0.map(|point| self.map_point(point, sizes));
        Landmarks(if self.orientation.is_mirrored() {
            [left_eye, right_eye, nose, left_mouth, right_mouth]
        } else {
            [right_eye, left_eye, nose, right_mouth, left_mouth]
        })
    }

    /// A face of the old picture, in pixels of the new one.
    pub fn map(&self, face: &Detection, sizes: &Sizes) -> Detection {
        Detection {
            face_box: self.map_box(face.face_box, sizes),
            landmarks: self.map_landmarks(face.landmarks, sizes),
            score: face.score,
        }
    }

    fn map_point(&self, [x, y]: [f32; 2], sizes: &Sizes) -> [f32; 2] {
        let [x, y] = self.apply([x / sizes.old.0 as f32, y / sizes.old.1 as f32]);
        [x * sizes.new.0 as f32, y * sizes.new.1 as f32]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { old: (400, 200), new: (50, 100) };

    fn assert_close(found: FaceBox, expected: [f32; 4]) {
        let FaceBox { x, y, width, height } = found;
        let is_close = [x, y, width, height].iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(is_close, "{found:?} is not {expected:?}");
    }

    /// By hand: a box at the left of a wide picture is at the top after a quarter turn clockwise.
    #[test]
    fn a_box_follows_a_quarter_turn() {
        let face = FaceBox { x: 40.0, y: 20.0, width: 80.0, height: 60.0 };
        let turned = Edit::turn(Orientation::TurnedRight).map_box(face, &SIZES);
        assert_close(turned, [30.0, 10.0, 15.0, 20.0]);
    }

    #[test]
    fn a_crop_moves_and_grows() {
        let crop = RelativeRect { x: 0.25, y: 0.5, width: 0.5, height: 0.5 };
        let edit = Edit { orientation: Orientation::Same, crop };
        let sizes = Sizes { old: (400, 200), new: (200, 100) };
        let face = FaceBox { x: 150.0, y: 120.0, width: 50.0, height: 40.0 };
        assert_close(edit.map_box(face, &sizes), [50.0, 20.0, 50.0, 40.0]);
        assert_eq!(edit.apply([0.0, 0.0]), [-0.5, -1.0]);
    }

    #[test]
    fn an_inverse_leads_back() {
        for orientation in Orientation::ALL {
            let edit = Edit { orientation, crop: RelativeRect { x: 0.25, y: 0.125, width: 0.5, height: 0.75 } };
            let back = edit.inverse();
            for point in [[0.0, 0.0], [0.3, 0.9], [1.0, 0.5]] {
                let [x, y] = back.apply(edit.apply(point));
                assert!((x - point[0]).abs() + (y - point[1]).abs() < 1e-5, "{orientation:?}: {point:?} is at {x} {y}");
            }
        }
    }

    #[test]
    fn a_mirror_exchanges_right_and_left() {
        let landmarks = Landmarks([[10.0, 10.0], [30.0, 10.0], [20.0, 20.0], [12.0, 30.0], [28.0, 30.0]]);
        let sizes = Sizes { old: (100, 100), new: (100, 100) };
        for orientation in Orientation::ALL {
            let mapped = Edit::turn(orientation).map_landmarks(landmarks, &sizes).0;
            // Seen from the nose, the way from the right eye to the left one keeps its turn.
            let turn = |points: [[f32; 2]; 5]| {
                let [right, left, nose, ..] = points;
                (right[0] - nose[0]) * (left[1] - nose[1]) - (right[1] - nose[1]) * (left[0] - nose[0])
            };
            assert!(turn(mapped) * turn(landmarks.0) > 0.0, "{orientation:?}");
        }
        let mirrored = Edit::turn(Orientation::Mirrored).map_landmarks(landmarks, &sizes).0;
        let expected = [[70.0, 10.0], [90.0, 10.0], [80.0, 20.0], [72.0, 30.0], [88.0, 30.0]];
        assert!(mirrored.as_flattened().iter().zip(expected.as_flattened()).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    /// The turns are those that `faces::image` makes of the EXIF numbers.
    #[test]
    fn turns_are_the_decoder_s() {
        use ::image::{Rgb, RgbImage, imageops};
        let picture = RgbImage::from_fn(5, 3, |x, y| Rgb([x as u8, y as u8, 0]));
        for orientation in Orientation::ALL {
            let turned = match orientation {
                Orientation::Same => picture.clone(),
                Orientation::Mirrored => imageops::flip_horizontal(&picture),
                Orientation::HalfTurn => imageops::rotate180(&picture),
                Orientation::Flipped => imageops::flip_vertical(&picture),
                Orientation::Transposed => imageops::flip_horizontal(&imageops::rotate90(&picture)),
                Orientation::TurnedRight => imageops::rotate90(&picture),
                Orientation::Transversed => imageops::flip_horizontal(&imageops::rotate270(&picture)),
                Orientation::TurnedLeft => imageops::rotate270(&picture),
            };
            let (width, height) = orientation.turned_size(picture.dimensions());
            assert_eq!(turned.dimensions(), (width, height));
            assert_eq!(orientation.turned(picture.clone()), turned);
            assert_eq!(orientation.inverse().turned(turned.clone()), picture);
            for (x, y, pixel) in picture.enumerate_pixels() {
                let [u, v] = orientation.apply([(x as f32 + 0.5) / 5.0, (y as f32 + 0.5) / 3.0]);
                let place = ((u * width as f32) as u32, (v * height as f32) as u32);
                assert_eq!(turned.get_pixel(place.0, place.1), pixel, "{orientation:?}");
            }
        }
    }
}
