//! How a network wants its input: facts that the model store states, `faces::align` and `faces::embed` obey.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// From a detection to the network's input picture. What each rule cuts out, to the pixel, and how it is resized stands
/// in `align::boxes`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CropRule {
    /// Similarity transform of the five landmarks to the ArcFace template, 112×112.
    FivePoints,
    /// The detector's box made square on its longer side, enlarged about its centre, edges rounded, resized.
    SquareBox { enlarge: f32 },
    /// davidsandberg's rule: the box with `margin / 2` photo pixels added on each side, clipped, resized.
    BoxMargin { margin: f32 },
    /// facenet-pytorch's rule: as much of the photo added around the box as makes `margin / 2` crop pixels on each side,
    /// clipped, resized.
    OutputMargin { margin: f32 },
    /// On each axis the greater of those two: davidsandberg's crop for faces as small as those it was made for, and no
    /// tighter one for large faces.
    GreaterMargin { margin: f32 },
    /// The centre of the picture, no detector: a square of this share of the shorter side.
    Centre { share: f32 },
    /// The whole picture as stored, resized.
    AsStored,
}

/// Which part of an image is the face.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaceCrop {
    /// The largest face that the detector finds.
    Largest,
    /// The face that davidsandberg's alignment picks: box area less twice the squared distance of its centre from the
    /// image's. LFW's labels mean the face in the middle.
    Central,
    /// The whole image is the crop.
    AsStored,
    /// A square in the middle, of this share of the shorter side.
    Centre { share: f32 },
}

impl FaceCrop {
    /// Of the shorter side, where nothing else is said.
    pub(crate) const CENTRE_SHARE: f32 = 0.6;
    pub(crate) const CENTRE: Self = Self::Centre { share: Self::CENTRE_SHARE };
    /// As the command line calls them.
    pub(crate) const NAMED: [(&str, Self); 4] = [
        ("largest", Self::Largest),
        ("central", Self::Central),
        ("as-stored", Self::AsStored),
        ("centre", Self::CENTRE),
    ];
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

impl PixelScaling {
    pub(crate) const FACENET: Self = Self::Fixed { mean: 127.5, divisor: 128.0 };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    Rgb,
    Bgr,
}

/// Everything about how a network wants its input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    pub width: u32,
    pub height: u32,
    pub crop: CropRule,
    pub scaling: PixelScaling,
    pub channels: ChannelOrder,
}

/// As the command line has it: `five-points`, `square:1.2`, `margin:32`, `output-margin:32`, `greater-margin:32`,
/// `centre:0.5`, `as-stored`.
impl fmt::Display for CropRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FivePoints => f.write_str("five-points"),
            Self::SquareBox { enlarge } => write!(f, "square:{enlarge}"),
            Self::BoxMargin { margin } => write!(f, "margin:{margin}"),
            Self::OutputMargin { margin } => write!(f, "output-margin:{margin}"),
            Self::GreaterMargin { margin } => write!(f, "greater-margin:{margin}"),
            Self::Centre { share } => write!(f, "centre:{share}"),
            Self::AsStored => f.write_str("as-stored"),
        }
    }
}

impl FromStr for CropRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, number) = text.split_once(':').unwrap_or((text, ""));
        // Beyond these a crop would be black.
        let pixels = || not_negative(number).and_then(|pixels| up_to(1000.0, pixels));
        match kind {
            "five-points" => Ok(Self::FivePoints),
            "square" => Ok(Self::SquareBox { enlarge: above_zero(number).and_then(|by| up_to(10.0, by))? }),
            "margin" => Ok(Self::BoxMargin { margin: pixels()? }),
            "output-margin" => Ok(Self::OutputMargin { margin: pixels()? }),
            "greater-margin" => Ok(Self::GreaterMargin { margin: pixels()? }),
            "centre" => Ok(Self::Centre { share: share(number)? }),
            "as-stored" => Ok(Self::AsStored),
            _ => Err(format!(
                "{text} is no crop: say five-points, square:1.2, margin:32, output-margin:32, greater-margin:32, \
                 centre:0.5 or as-stored"
            )),
        }
    }
}

/// As the command line has it: `raw`, `unit`, `per-image`, `fixed:127.5,128`; `fixed` alone is FaceNet's.
impl fmt::Display for PixelScaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.write_str("raw"),
            Self::Unit => f.write_str("unit"),
            Self::Fixed { mean, divisor } => write!(f, "fixed:{mean},{divisor}"),
            Self::PerImage => f.write_str("per-image"),
        }
    }
}

impl FromStr for PixelScaling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("fixed:").and_then(|numbers| numbers.split_once(','))) {
            ("raw", _) => Ok(Self::Raw),
            ("unit", _) => Ok(Self::Unit),
            ("per-image", _) => Ok(Self::PerImage),
            ("fixed", _) => Ok(Self::FACENET),
            (_, Some((mean, divisor))) => Ok(Self::Fixed { mean: not_negative(mean)?, divisor: above_zero(divisor)? }),
            _ => Err(format!("{text} is no scaling: say raw, unit, per-image or fixed:127.5,128")),
        }
    }
}

fn not_negative(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number: &f32| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| format!("\"{text}\" is no number of zero or more"))
}

fn up_to(most: f32, number: f32) -> Result<f32, String> {
    if number <= most { Ok(number) } else { Err(format!("{number} is more than {most}")) }
}

fn share(text: &str) -> Result<f32, String> {
    let number = above_zero(text).ok().filter(|number| *number <= 1.0);
    number.ok_or_else(|| format!("\"{text}\" is no share above zero and up to one"))
}

/// What multiplies or divides.
fn above_zero(text: &str) -> Result<f32, String> {
    let number = not_negative(text).ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| format!("\"{text}\" is no number above zero"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_nothing_follows_from_is_refused() {
        for text in
            ["square:0", "square:nan", "margin:-1", "margin:inf", "centre:0", "centre:1.5", "square:11", "margin:1e30"]
        {
            assert!(text.parse::<CropRule>().is_err(), "{text}");
        }
        for text in ["fixed:127.5,0", "fixed:nan,128", "fixed:127.5,-1", "fixed:1"] {
            assert!(text.parse::<PixelScaling>().is_err(), "{text}");
        }
    }

    #[test]
    fn rules_are_written_as_they_are_read() {
        for text in [
            "five-points",
            "square:1.2",
            "margin:32",
            "output-margin:32",
            "greater-margin:32",
            "centre:0.5",
            "as-stored",
        ] {
            assert_eq!(text.parse::<CropRule>().unwrap().to_string(), text);
        }
        for text in ["raw", "unit", "per-image", "fixed:127.5,128"] {
            assert_eq!(text.parse::<PixelScaling>().unwrap().to_string(), text);
        }
        assert_eq!("fixed".parse(), Ok(PixelScaling::FACENET));
        for text in ["round", "square", "square:-1", "margin:many"] {
            assert!(text.parse::<CropRule>().is_err(), "{text}");
        }
        assert!("fixed:1".parse::<PixelScaling>().is_err() && "fixed:1,nan".parse::<PixelScaling>().is_err());
    }
}
