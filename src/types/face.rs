//! Where a face is in a photo. All coordinates are pixels of the upright photo at full scale; the centre of the
//! top-left pixel is (0.5, 0.5).

use serde::{Deserialize, Serialize};

/// An axis-aligned box: left edge, top edge, width, height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FaceBox {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl FaceBox {
    pub(crate) fn area(self) -> f32 {
        self.width.max(0.0) * self.height.max(0.0)
    }

    pub fn centre(self) -> [f32; 2] {
        [self.x + self.width / 2.0, self.y + self.height / 2.0]
    }

    /// Intersection over union, 0 to 1.
    pub fn overlap(self, other: Self) -> f32 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        let shared = width.max(0.0) * height.max(0.0);
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }

    /// The box in coordinates multiplied by `factor`.
    pub fn scaled(self, factor: f32) -> Self {
        Self { x: self.x * factor, y: self.y * factor, width: self.width * factor, height: self.height * factor }
    }
}

/// Right eye, left eye, nose tip, right and left corner of the mouth, as seen by the person (so the right eye is on
/// the left of the picture): the order of YuNet and of the ArcFace template.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Landmarks(pub [[f32; 2]; 5]);

/// Where the five landmarks are in a crop of 112 × 112, counted from the centre of the first pixel
/// (insightface, `arcface_dst`; OpenCV's `FaceRecognizerSF` has the same figures).
const ARCFACE_TEMPLATE: [[f32; 2]; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];
const ARCFACE_SIDE: f32 = 112.0;

impl Landmarks {
    /// Where an aligned crop of `width` × `height` has them: the ArcFace template, pixel centres at .5.
    pub(crate) fn template(width: u32, height: u32) -> Self {
        let (x_scale, y_scale) = (width as f32 / ARCFACE_SIDE, height as f32 / ARCFACE_SIDE);
        Self(ARCFACE_TEMPLATE.map(|[x, y]| [(x + 0.5) * x_scale, (y + 0.5) * y_scale]))
    }

    pub fn scaled(self, factor: f32) -> Self {
        Self(self.0.map(|[x, y]| [x * factor, y * factor]))
    }
}

/// One face as a detector reports it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    pub face_box: FaceBox,
    /// Confidence in [0, 1]; comparable only within one detector.
    pub score: f32,
    pub landmarks: Landmarks,
}

impl Detection {
    /// In a picture so many times as large.
    pub fn scaled(&self, factor: f32) -> Self {
        Self { face_box: self.face_box.scaled(factor), landmarks: self.landmarks.scaled(factor), ..*self }
    }

    /// In a picture of which this one is a part that begins at `left`, `top`.
    pub fn moved(&self, [left, top]: [f32; 2]) -> Self {
        let FaceBox { x, y, .. } = self.face_box;
        let face_box = FaceBox { x: x + left, y: y + top, ..self.face_box };
        Self { face_box, landmarks: Landmarks(self.landmarks.0.map(|[x, y]| [x + left, y + top])), ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_grows_with_the_crop() {
        let (small, large) = (Landmarks::template(112, 112), Landmarks::template(224, 224));
        assert!((small.0[0][0] - 38.7946).abs() < 1e-4);
        assert!(small.0.iter().zip(large.0).all(|(a, b)| (2.0 * a[0] - b[0]).abs() < 1e-4));
    }
}
