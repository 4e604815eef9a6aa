//! How a network wants its input: facts that the model store states, `align` and `embed` obey.

use std::fmt;
use std::str::FromStr;

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
    /// facenet-pytorch's rule: as much of the photo added around the box as makes `margin / 2` crop pixels on each side,
    /// clipped, resized.
    OutputMargin { margin: f32 },
    /// The centre of the picture, no detector: a square of this share of the shorter side.
    Centre { share: f32 },
    /// The whole picture as stored, resized.
    AsStored,
}

/// A rule in words that [`CropRule`]'s `parse` reads again, such as `output-margin:32`.
impl fmt::Display for CropRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FivePoints => f.write_str("five-points"),
            Self::SquareBox { enlarge } => write!(f, "square-box:{enlarge}"),
            Self::BoxMargin { margin } => write!(f, "box-margin:{margin}"),
            Self::OutputMargin { margin } => write!(f, "output-margin:{margin}"),
            Self::Centre { share } => write!(f, "centre:{share}"),
            Self::AsStored => f.write_str("as-stored"),
        }
    }
}

impl FromStr for CropRule {
    type Err = UnknownCropRule;

    fn from_str(words: &str) -> Result<Self, UnknownCropRule> {
        let (kind, number) = words.split_once(':').unwrap_or((words, ""));
        let number: Option<f32> = number.parse().ok().filter(|number: &f32| number.is_finite() && *number >= 0.0);
        match (kind, number) {
            ("five-points", None) => Ok(Self::FivePoints),
            ("as-stored", None) => Ok(Self::AsStored),
            ("square-box", Some(enlarge)) => Ok(Self::SquareBox { enlarge }),
            ("box-margin", Some(margin)) => Ok(Self::BoxMargin { margin }),
            ("output-margin", Some(margin)) => Ok(Self::OutputMargin { margin }),
            ("centre", Some(share)) => Ok(Self::Centre { share }),
            _ => Err(UnknownCropRule(words.to_owned())),
        }
    }
}

/// Words that name no crop rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no crop rule is called {0}: there are five-points, square-box:1.2, box-margin:32, output-margin:32, centre:0.6 and \
     as-stored"
)]
pub struct UnknownCropRule(String);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        for words in ["five-points", "square-box:1.2", "box-margin:32", "output-margin:32", "centre:0.6", "as-stored"] {
            assert_eq!(words.parse::<CropRule>().unwrap().to_string(), words);
        }
        for words in ["", "square-box", "five-points:1", "output-margin:-3", "box-margin:NaN", "square-box:inf"] {
            assert_eq!(words.parse::<CropRule>(), Err(UnknownCropRule(words.into())));
        }
    }
}
