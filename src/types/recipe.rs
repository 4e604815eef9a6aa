//! How a network wants its input: facts that the model store states, `align` and `embed` obey.

use serde::{Deserialize, Serialize};

/// From a detection to the network's input picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CropRule {
    /// Similarity transform of the five landmarks to the ArcFace template, 112×112.
    FivePoints,
    /// The detector's box made square on its longer side, enlarged about its centre, resized.
    SquareBox { enlarge: f32 },
    /// davidsandberg's rule: the box with `margin / 2` photo pixels added on each side, clipped, resized.
    BoxMargin { margin: f32 },
    /// The centre of the picture, no detector: a square of this share of the shorter side.
    Centre { share: f32 },
    /// The whole picture as stored, resized.
    AsStored,
}

/// From 8-bit pixel values to the network's input values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PixelScaling {
    /// 0…255 as they are.
    Raw,
    /// x / 255.
    Unit,
    /// (x − mean) / divisor; FaceNet's 2018 weights use 127.5 and 128.
    Fixed { mean: f32, divisor: f32 },
    /// (x − mean of the image) / max(standard deviation of the image, 1/√N): "prewhitening".
    PerImage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    Rgb,
    Bgr,
}

/// The whole recipe of a network's input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct InputRecipe {
    pub width: u32,
    pub height: u32,
    pub crop: CropRule,
    pub scaling: PixelScaling,
    pub channels: ChannelOrder,
}
