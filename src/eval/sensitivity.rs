//! Tables of VAL against one thing that varies, beside the paper's own figures (section 5.2–5.5, tables 3–6). How
//! pictures are degraded is up to the caller; here is what is asked and how it is told.

use serde::Serialize;

use super::ValAtFar;

/// What varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Study {
    /// JPEG quality, 10 to 90
    #[value(name = "jpeg")]
    JpegQuality,
    /// Image size, 40² to 256² pixels
    #[value(name = "size")]
    ImagePixels,
    #[value(name = "blur")]
    BlurSigma,
    #[value(name = "occlusion")]
    OccludedShare,
    #[value(name = "rotation")]
    RotationDegrees,
    /// Fewer dimensions: of a trained embedding, by principal axes; with --train-run by training
    Dimensions,
    /// Fewer pictures to learn from, with --train-run
    TrainingImages,
    /// The installed networks by their multiply-adds; with --model one of them
    #[value(name = "networks")]
    MultiplyAdds,
}

/// One level of a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct StudyRow {
    pub level: f64,
    /// What has this level, where a number does not say it: a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub measured: ValAtFar,
    pub auc: f64,
    pub pairs: usize,
    pub skipped: usize,
    /// VAL at FAR 1e-3 as the paper prints it at this level, of its own network on its own photos.
    pub paper: Option<f64>,
}

impl Study {
    /// The levels studied, the paper's own where it has a table.
    pub fn levels(self) -> &'static [f64] {
        match self {
            Self::JpegQuality => &[10.0, 20.0, 30.0, 50.0, 70.0, 90.0],
            Self::ImagePixels => &[1_600.0, 6_400.0, 14_400.0, 25_600.0, 65_536.0],
            Self::BlurSigma => &[0.0, 1.0, 2.0, 4.0, 8.0],
            Self::OccludedShare => &[0.0, 0.1, 0.2, 0.3, 0.5],
            Self::RotationDegrees => &[0.0, 5.0, 10.0, 20.0, 30.0, 45.0],
            Self::Dimensions => &[16.0, 32.0, 64.0, 128.0, 256.0, 512.0],
            Self::TrainingImages => &[2.6e6, 26e6, 52e6, 260e6],
            Self::MultiplyAdds => &[],
        }
    }

    /// The paper's VAL at `level`: tables 4 (NN1, first hold-out split), 5 (NN1) and 6.
    pub fn paper(self, level: f64) -> Option<f64> {
        let table: &[(f64, f64)] = match self {
            Self::JpegQuality => {
                &[(10.0, 0.673), (20.0, 0.814), (30.0, 0.839), (50.0, 0.855), (70.0, 0.861), (90.0, 0.865)]
            }
            Self::ImagePixels => {
                &[(1_600.0, 0.378), (6_400.0, 0.795), (14_400.0, 0.845), (25_600.0, 0.857), (65_536.0, 0.864)]
            }
            Self::Dimensions => &[(64.0, 0.868), (128.0, 0.879), (256.0, 0.877), (512.0, 0.856)],
            Self::TrainingImages => &[(2.6e6, 0.763), (26e6, 0.851), (52e6, 0.851), (260e6, 0.862)],
            _ => &[],
        };
        table.iter().find(|(at, _)| *at == level).map(|(_, val)| *val)
    }

    /// The paper's networks by multiply-adds, with their VAL (tables 1 to 3; those of NN3 were counted from its layers).
    pub fn paper_networks(self) -> &'static [(&'static str, f64, f64)] {
        match self {
            Self::MultiplyAdds => &[
                ("NNS2", 20e6, 0.519),
                ("NNS1", 220e6, 0.824),
                ("NN4", 285e6, 0.820),
                ("NN3", 814.6e6, 0.883),
                ("NN1", 1.6e9, 0.879),
                ("NN2", 1.6e9, 0.894),
            ],
            _ => &[],
        }
    }

    /// A level in words, where round numbers on an axis would miss what was measured.
    pub fn level_words(self, level: f64) -> Option<String> {
        match self {
            // The paper prints areas of squares.
            Self::ImagePixels => Some(format!("{}²", level.sqrt().round())),
            Self::Dimensions | Self::JpegQuality | Self::RotationDegrees | Self::BlurSigma => Some(level.to_string()),
            Self::OccludedShare => Some(format!("{}%", (level * 100.0).round())),
            Self::TrainingImages | Self::MultiplyAdds => None,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::JpegQuality => "JPEG quality",
            Self::ImagePixels => "Image size (pixels)",
            Self::BlurSigma => "Blur (σ, pixels)",
            Self::OccludedShare => "Occluded share of the face",
            Self::RotationDegrees => "Rotation (degrees)",
            Self::Dimensions => "Dimensions",
            Self::TrainingImages => "Training images",
            Self::MultiplyAdds => "Multiply-adds",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_levels_are_studied() {
        for study in [Study::JpegQuality, Study::ImagePixels, Study::TrainingImages] {
            assert!(study.levels().iter().all(|&level| study.paper(level).is_some()), "{study:?}");
        }
        assert_eq!(Study::Dimensions.paper(128.0), Some(0.879));
        assert_eq!(Study::RotationDegrees.paper(0.0), None);
    }
}
