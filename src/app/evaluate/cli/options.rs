//! Options that several evaluations share.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::{Global, named, part, rate, usage};
use crate::app::engine::networks::EngineOptions;
use crate::app::evaluate::job::evaluation::EmbeddingsFile;
use crate::eval::FarRule;
use crate::networks::device::DeviceChoice;
use crate::types::{CropRule, FaceCrop};

/// Where the embeddings come from: a file, or images and a model.
#[derive(Debug, Args)]
pub(crate) struct EmbeddingSource {
    /// Ready embeddings: the JSON Lines of `likeness embed`, or a NumPy array with --paths.
    #[arg(long, value_name = "FILE", required_unless_present = "images")]
    pub embeddings: Option<PathBuf>,
    /// Paths of a NumPy array's rows, one a line.
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub paths: Option<PathBuf>,
    #[command(flatten)]
    pub pictures: Pictures,
    /// Print one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

impl EmbeddingSource {
    /// Refuses what has no effect: ready embeddings are of a network and of crops already.
    pub fn refuse_idle(&self, global: &Global) -> Result<()> {
        self.pictures.refuse_idle()?;
        refuse_beside_embeddings(self.embeddings.is_some(), &self.pictures, global)
    }

    /// The embeddings that are there already.
    pub fn ready(&self, mirrored: Option<PathBuf>) -> Option<EmbeddingsFile> {
        let path = self.embeddings.clone()?;
        Some(EmbeddingsFile { path, images: self.paths.clone(), mirrored })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Pictures {
    /// Folder of the images, as Name/Name_0001.jpg; with --embeddings only for pictures in the report.
    #[arg(long, value_name = "DIR")]
    pub images: Option<PathBuf>,
    /// The embedding network.
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// The detector: yunet or mtcnn.
    #[arg(long, value_name = "ID")]
    pub detector: Option<String>,
    /// How the face is cut out, such as square:1.2, margin:32, output-margin:32 or greater-margin:32; the model's
    /// own way if not given.
    #[arg(long, value_name = "RULE")]
    pub crop_rule: Option<CropRule>,
    /// Which part of an image is the face; without it the face in the middle for lists of pairs, whose labels mean
    /// that one, and the largest for folders.
    #[arg(long, value_name = "CROP", value_parser = named(&FaceCrop::NAMED))]
    crop: Option<FaceCrop>,
    /// Side of the square of --crop centre, as a share of the shorter side, if not 0.6.
    #[arg(long, value_name = "SHARE", value_parser = part::<f32>)]
    centre_share: Option<f32>,
    /// Do not install a missing model.
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FarTarget {
    /// The false accept rate at which VAL is given.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE", value_parser = rate::<f64>)]
    pub far: f64,
    /// How the threshold for a FAR is read off the distances.
    #[arg(long, value_enum, default_value = "interpolated", value_name = "RULE")]
    pub far_rule: FarRule,
}

/// No network runs where the embeddings are there already.
pub(crate) fn refuse_beside_embeddings(are_ready: bool, pictures: &Pictures, global: &Global) -> Result<()> {
    usage(
        !are_ready || !(pictures.says_how_to_embed() || global.device.is_some()),
        "--embeddings are ready: --model, --detector, --crop, --crop-rule, --offline and --device have no effect on them",
    )
}

/// For evaluations that show no picture.
pub(crate) fn refuse_images_beside_embeddings(are_ready: bool, pictures: &Pictures) -> Result<()> {
    usage(
        !are_ready || pictures.images.is_none(),
        "--images have no effect beside --embeddings here: no picture is looked at",
    )
}

impl Pictures {
    /// Refuses what has no effect.
    pub fn refuse_idle(&self) -> Result<()> {
        let is_centre = matches!(self.crop, Some(FaceCrop::Centre { .. }));
        usage(self.centre_share.is_none() || is_centre, "--centre-share has no effect without --crop centre")?;
        let looks = !matches!(self.crop, Some(FaceCrop::Centre { .. } | FaceCrop::AsStored));
        let asked = self.detector.is_some() || self.crop_rule.is_some();
        usage(looks || !asked, "--detector and --crop-rule have no effect where --crop looks for no face")
    }

    pub fn says_how_to_embed(&self) -> bool {
        self.model.is_some() || self.offline || self.says_how_to_cut()
    }

    pub fn says_how_to_cut(&self) -> bool {
        self.detector.is_some() || self.crop_rule.is_some() || self.crop.is_some()
    }

    pub fn engine_options(&self, device: Option<DeviceChoice>) -> EngineOptions {
        EngineOptions {
            device,
            model: self.model.clone(),
            detector: self.detector.clone(),
            crop: self.crop_rule,
            whole_pictures: matches!(self.crop, Some(FaceCrop::AsStored | FaceCrop::Centre { .. })),
            small_faces: Some(false),
            offline: self.offline,
        }
    }

    /// What `--crop` says, else `usual`.
    pub fn crop_or(&self, usual: FaceCrop) -> FaceCrop {
        match self.crop.unwrap_or(usual) {
            FaceCrop::Centre { share } => FaceCrop::Centre { share: self.centre_share.unwrap_or(share) },
            crop => crop,
        }
    }
}
