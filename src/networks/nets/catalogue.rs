//! Every network that can be built and trained, in one table.
//!
//! The figures beside ours are the source's own. Where a source counts a classifier that is no part of an embedding
//! network, `printed` says so, and the tests build the network with that classifier's size to hold the counts against
//! each other.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::blocks::LayerTable;
use super::facenet_inception::Member;
use super::iresnet::Depth;
use super::nin::Release;
use super::{
    Net, NetConfig, deepface, facenet_inception, inception_resnet_v1, inception_resnet_v2, inception_v1, inception_v2,
    inception_v3, inception_v4, iresnet, likeness_small, mobilefacenet, mobilenet, nin, openface, sface, shufflenet,
    squeezenet, zeiler_fergus,
};
use crate::networks::weights::ModelCard;
use crate::types::{ChannelOrder, CropRule, PixelScaling, Preprocessing};

mod rows;

pub use crate::networks::nets::catalogue::rows::VARIANTS;

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Nn1,
    FaceNetInception(Member),
    InceptionResnetV1,
    InceptionResnetV2,
    InceptionV1,
    InceptionV2,
    InceptionV3,
    InceptionV4,
    IResNet(Depth),
    MobileFaceNet,
    MobileNet,
    /// With so many groups.
    ShuffleNet(usize),
    SqueezeNet,
    Nin(Release),
    Nn4Small2,
    DeepFace,
    SFace,
    LikenessSmall,
}

/// What a source prints about its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Printed {
    pub params: &'static str,
    pub multiply_adds: &'static str,
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// How the command line and configurations call it.
    pub name: &'static str,
    pub(crate) architecture: Architecture,
    /// Rows and columns.
    pub input: [usize; 2],
    pub embedding_size: usize,
    pub dropout: f64,
    pub batch_norm: bool,
    pub(crate) printed: Printed,
    pub source: &'static str,
}

/// The largest network that is described at all: products of its sizes fit 64 bits. Whether a device holds it is another
/// question.
pub(crate) const MOST_PIXELS: u64 = 8192;
pub(crate) const MOST_NUMBERS: u64 = 65_536;
pub(crate) const MOST_WIDTH: u32 = 32;

/// (x − 127.5) / 128: davidsandberg/facenet's `fixed_image_standardization`, MobileFaceNet's too.
const FACENET_SCALING: PixelScaling = PixelScaling::Fixed { mean: 127.5, divisor: 128.0 };

/// Departures from a variant's own figures; the default is none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NetOptions {
    pub embedding_size: Option<usize>,
    pub dropout: Option<f64>,
    pub batch_norm: Option<bool>,
    /// Rows and columns.
    pub input: Option<[usize; 2]>,
    /// Factor on the numbers of filters.
    pub width: Option<f64>,
}

/// Why a network was not built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatalogueError {
    #[error("there is no network called {name}; known are {known}")]
    Unknown { name: String, known: String },
    #[error("{name} takes no {option} of {value}")]
    BadOption { name: &'static str, option: &'static str, value: String },
    #[error("{name} has no dropout, and none can be set")]
    NoDropout { name: &'static str },
}

/// The variant of that name.
pub fn find(name: &str) -> Result<&'static Variant, CatalogueError> {
    VARIANTS.iter().find(|variant| variant.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let known = VARIANTS.map(|variant| variant.name).join(", ");
        CatalogueError::Unknown { name: name.to_owned(), known }
    })
}

/// Builds the named network with lazily drawn weights.
pub(crate) fn build(name: &str, options: &NetOptions, device: &Device) -> Result<Net, CatalogueError> {
    let variant = find(name)?;
    Ok(variant.build(&variant.config(options)?, device))
}

/// What a new network of that name says of itself: its file, its preprocessing, its figures.
pub fn card(name: &str, options: &NetOptions) -> Result<ModelCard, CatalogueError> {
    let variant = find(name)?;
    let config = variant.config(options)?;
    if config.dropout > 0.0 && !variant.has_dropout() {
        return Err(CatalogueError::NoDropout { name: variant.name });
    }
    Ok(ModelCard {
        architecture: variant.name.to_owned(),
        dimensions: config.embedding_size,
        input: variant.preprocessing(config.input),
        crop_with: BTreeMap::new(),
        batch_norm: Some(config.batch_norm),
        dropout: Some(config.dropout),
        width: (config.width != 1.0).then_some(config.width),
        run: None,
        run_step: None,
    })
}

/// Builds the network that a card describes, with lazily drawn weights.
pub(crate) fn build_as(card: &ModelCard, device: &Device) -> Result<Net, CatalogueError> {
    let options = NetOptions {
        embedding_size: Some(card.dimensions),
        dropout: card.dropout,
        batch_norm: card.batch_norm,
        input: Some([card.input.height as usize, card.input.width as usize]),
        width: card.width,
    };
    build(&card.architecture, &options, device)
}

impl Variant {
    /// The variant's own figures with departures; senseless ones are refused.
    pub fn config(&self, options: &NetOptions) -> Result<NetConfig, CatalogueError> {
        let config = NetConfig {
            input: options.input.unwrap_or(self.input),
            embedding_size: options.embedding_size.unwrap_or(self.embedding_size),
            dropout: options.dropout.unwrap_or(self.dropout),
            batch_norm: options.batch_norm.unwrap_or(self.batch_norm),
            width: options.width.unwrap_or(1.0),
        };
        let refuse = |option, value: String| Err(CatalogueError::BadOption { name: self.name, option, value });
        if config.embedding_size == 0 || config.embedding_size as u64 > MOST_NUMBERS {
            return refuse("embedding size", config.embedding_size.to_string());
        }
        if !(0.0..1.0).contains(&config.dropout) {
            return refuse("dropout", config.dropout.to_string());
        }
        if !(config.width > 0.0 && config.width <= f64::from(MOST_WIDTH)) {
            return refuse("width", config.width.to_string());
        }
        if self.architecture == Architecture::LikenessSmall && config.batch_norm {
            return refuse("batch norm", config.batch_norm.to_string());
        }
        let halves = self.architecture != Architecture::LikenessSmall || config.input.iter().all(|side| side % 2 == 0);
        let is_too_large = config.input.iter().any(|side| *side as u64 > MOST_PIXELS);
        if !halves || is_too_large || config.input.iter().zip(self.least_input()).any(|(side, least)| *side < least) {
            return refuse("input", format!("{}×{}", config.input[0], config.input[1]));
        }
        Ok(config)
    }

    /// Whether there is a dropout that a share can be set for.
    pub(crate) fn has_dropout(&self) -> bool {
        self.architecture != Architecture::LikenessSmall
    }

    pub fn build(&self, config: &NetConfig, device: &Device) -> Net {
        match self.architecture {
            Architecture::Nn1 => Net::Table(zeiler_fergus::init(config, device)),
            Architecture::FaceNetInception(member) => Net::Table(facenet_inception::init(member, config, device)),
            Architecture::InceptionResnetV1 => Net::InceptionResnetV1(inception_resnet_v1::init(config, device)),
            Architecture::InceptionResnetV2 => Net::Table(inception_resnet_v2::init(config, device)),
            Architecture::InceptionV1 => Net::Table(inception_v1::init(config, device)),
            Architecture::InceptionV2 => Net::Table(inception_v2::init(config, device)),
            Architecture::InceptionV3 => Net::Table(inception_v3::init(config, device)),
            Architecture::InceptionV4 => Net::Table(inception_v4::init(config, device)),
            Architecture::IResNet(depth) => Net::IResNet(iresnet::init(depth, config, device)),
            Architecture::MobileFaceNet => Net::Table(mobilefacenet::init(config, device)),
            Architecture::MobileNet => Net::Table(mobilenet::init(config, device)),
            Architecture::ShuffleNet(groups) => Net::Table(shufflenet::init(groups, config, device)),
            Architecture::SqueezeNet => Net::Table(squeezenet::init(config, device)),
            Architecture::Nin(release) => Net::Table(nin::init(release, config, device)),
            Architecture::Nn4Small2 => Net::Nn4Small2(openface::init(config, device)),
            Architecture::DeepFace => Net::Table(deepface::init(config, device)),
            Architecture::SFace => Net::SFace(sface::init(config, device)),
            Architecture::LikenessSmall => Net::LikenessSmall(likeness_small::init(config, device)),
        }
    }

    /// The layer table at the variant's own figures. Allocates no weights.
    pub fn table(&self) -> LayerTable {
        let config = self.config(&NetOptions::default()).expect("a row of the catalogue is sound");
        self.build(&config, &Device::flex()).table(config.input_shape())
    }

    /// Paths and shapes of its parameters and running statistics at the variant's own figures.
    pub fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        let config = self.config(&NetOptions::default()).expect("a row of the catalogue is sound");
        self.build(&config, &Device::flex()).parameters()
    }

    /// Pictures of that many rows and columns, as the source prepares them where it says so. FaceNet's paper crops
    /// tightly around the face and says nothing of pixel values; networks for aligned faces want the five points.
    /// OpenFace aligned three of 68 landmarks, which the five points come nearest to.
    pub(crate) fn preprocessing(&self, [height, width]: [usize; 2]) -> Preprocessing {
        let (crop, scaling) = match self.architecture {
            Architecture::SFace => (sface::PREPROCESSING.crop, sface::PREPROCESSING.scaling),
            Architecture::LikenessSmall => (likeness_small::PREPROCESSING.crop, likeness_small::PREPROCESSING.scaling),
            Architecture::IResNet(_) => (iresnet::PREPROCESSING.crop, iresnet::PREPROCESSING.scaling),
            Architecture::MobileFaceNet => (CropRule::FivePoints, FACENET_SCALING),
            Architecture::Nn4Small2 => (CropRule::FivePoints, PixelScaling::Unit),
            _ => (CropRule::SquareBox { enlarge: 1.2 }, FACENET_SCALING),
        };
        Preprocessing { width: width as u32, height: height as u32, crop, scaling, channels: ChannelOrder::Rgb }
    }

    /// The smallest input on which every layer still has a place.
    pub fn least_input(&self) -> [usize; 2] {
        match self.architecture {
            Architecture::InceptionV3 | Architecture::InceptionV4 => [75; 2],
            Architecture::InceptionResnetV1 | Architecture::InceptionResnetV2 => [75; 2],
            Architecture::DeepFace => [80; 2],
            Architecture::Nn4Small2 => [80; 2],
            Architecture::Nin(Release::ImageNet) | Architecture::SqueezeNet => [64; 2],
            Architecture::Nin(Release::Cifar) => [16; 2],
            _ => [32; 2],
        }
    }
}

#[cfg(test)]
mod tests;
