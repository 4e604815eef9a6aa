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
    pub fn area(self) -> f32 {
        self.width.max(0.0) * self.height.max(0.0)
    }

    pub fn centre(self) -> [f32; 2] {
        [self.x + self.width / 2.0, self.y + self.height / 2.0]
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

impl Landmarks {
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
