//! Every network that can be built and trained, in one table.
//!
//! The figures beside ours are the source's own. Where a source counts a classifier that is no part of an embedding
//! network, `printed` says so, and the tests build the network with that classifier's size to hold the counts against
//! each other.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::blocks::{Block, LayerTable, MapShape, TableNet, Trace};
use super::facenet_inception::Member;
use super::inception_resnet_v1::InceptionResnetV1;
use super::nin::Release;
use super::openface::Nn4Small2;
use super::{
    EmbeddingNet, NetConfig, deepface, facenet_inception, inception_resnet_v1, inception_resnet_v2, inception_v1,
    inception_v2, inception_v3, inception_v4, mobilefacenet, mobilenet, nin, openface, shufflenet, squeezenet,
    zeiler_fergus,
};

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    Nn1,
    FaceNetInception(Member),
    InceptionResnetV1,
    InceptionResnetV2,
    InceptionV1,
    InceptionV2,
    InceptionV3,
    InceptionV4,
    MobileFaceNet,
    MobileNet,
    /// With so many groups.
    ShuffleNet(usize),
    SqueezeNet,
    Nin(Release),
    Nn4Small2,
    DeepFace,
}

/// What a source prints about its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    pub params: &'static str,
    pub multiply_adds: &'static str,
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// How the command line and configurations call it.
    pub name: &'static str,
    pub architecture: Architecture,
    /// Rows and columns.
    pub input: [usize; 2],
    pub embedding_size: usize,
    pub dropout: f64,
    pub batch_norm: bool,
    pub printed: Printed,
    pub source: &'static str,
}

const fn printed(params: &'static str, multiply_adds: &'static str) -> Printed {
    Printed { params, multiply_adds }
}

const FACENET: &str = "Schroff et al. 2015";
const SZEGEDY_2016: &str = "Szegedy et al. 2016";

/// The catalogue: the paper's networks first, then its rivals.
pub const VARIANTS: [Variant; 25] = [
    row("nn1", Architecture::Nn1, [220, 220], 128, 0.0, false, printed("140M", "1.6B"), "Schroff et al. 2015, table 1"),
    row(
        "nn2",
        facenet(Member::Nn2),
        [224, 224],
        128,
        0.0,
        false,
        printed("7.5M", "1.6B"),
        "Schroff et al. 2015, table 2",
    ),
    row("nn3", facenet(Member::Nn2), [160, 160], 128, 0.0, false, printed("7.5M", ""), FACENET),
    row("nn4", facenet(Member::Nn4), [96, 96], 128, 0.0, false, printed("6.6M", "285M"), FACENET),
    row(
        "nns1",
        facenet(Member::Nns1),
        [165, 165],
        128,
        0.0,
        false,
        printed("26M", "220M"),
        "reconstruction: layers never published",
    ),
    row(
        "nns2",
        facenet(Member::Nns2),
        [140, 116],
        128,
        0.0,
        false,
        printed("4.3M", "20M"),
        "reconstruction: layers never published",
    ),
    row(
        "inception-resnet-v1",
        Architecture::InceptionResnetV1,
        [160, 160],
        512,
        0.6,
        true,
        printed("", "1.42B"),
        "davidsandberg/facenet",
    ),
    row(
        "inception-resnet-v2",
        Architecture::InceptionResnetV2,
        [160, 160],
        512,
        0.6,
        true,
        printed("", ""),
        "davidsandberg/facenet",
    ),
    row(
        "inception-v1",
        Architecture::InceptionV1,
        [224, 224],
        128,
        0.4,
        false,
        printed("7M with 1,000 classes", "1.5B"),
        "Szegedy et al. 2014, table 1",
    ),
    row(
        "inception-v2",
        Architecture::InceptionV2,
        [224, 224],
        128,
        0.2,
        true,
        printed("", ""),
        "Ioffe and Szegedy 2015, figure 5",
    ),
    row(
        "inception-v3",
        Architecture::InceptionV3,
        [299, 299],
        128,
        0.2,
        true,
        printed("23.8M with 1,000 classes", "5B"),
        "Szegedy et al. 2015",
    ),
    row(
        "inception-v4",
        Architecture::InceptionV4,
        [299, 299],
        128,
        0.2,
        true,
        printed("42.7M with 1,001 classes", ""),
        SZEGEDY_2016,
    ),
    row(
        "mobilefacenet",
        Architecture::MobileFaceNet,
        [112, 112],
        128,
        0.0,
        true,
        printed("0.99M", "221M"),
        "Chen et al. 2018, table 1",
    ),
    row(
        "mobilenet-v1",
        Architecture::MobileNet,
        [224, 224],
        128,
        0.001,
        true,
        printed("4.2M with 1,000 classes", "569M"),
        "Howard et al. 2017, table 1",
    ),
    row(
        "shufflenet-g1",
        Architecture::ShuffleNet(1),
        [224, 224],
        128,
        0.0,
        true,
        printed("", "143M"),
        "Zhang et al. 2017, table 1",
    ),
    row(
        "shufflenet-g2",
        Architecture::ShuffleNet(2),
        [224, 224],
        128,
        0.0,
        true,
        printed("", "140M"),
        "Zhang et al. 2017, table 1",
    ),
    row(
        "shufflenet-g3",
        Architecture::ShuffleNet(3),
        [224, 224],
        128,
        0.0,
        true,
        printed("", "137M"),
        "Zhang et al. 2017, table 1",
    ),
    row(
        "shufflenet-g4",
        Architecture::ShuffleNet(4),
        [224, 224],
        128,
        0.0,
        true,
        printed("", "133M"),
        "Zhang et al. 2017, table 1",
    ),
    row(
        "shufflenet-g8",
        Architecture::ShuffleNet(8),
        [224, 224],
        128,
        0.0,
        true,
        printed("", "137M"),
        "Zhang et al. 2017, table 1",
    ),
    row(
        "squeezenet",
        Architecture::SqueezeNet,
        [224, 224],
        128,
        0.5,
        false,
        printed("1.25M with 1,000 classes", ""),
        "Iandola et al. 2016, table 1",
    ),
    row(
        "nin-cifar",
        Architecture::Nin(Release::Cifar),
        [32, 32],
        128,
        0.5,
        false,
        printed("0.97M with 10 classes", ""),
        "Lin et al. 2013",
    ),
    row(
        "nin-imagenet",
        Architecture::Nin(Release::ImageNet),
        [224, 224],
        128,
        0.5,
        false,
        printed("7.6M with 1,000 classes", ""),
        "Lin et al. 2013",
    ),
    row(
        "nn4.small2",
        Architecture::Nn4Small2,
        [96, 96],
        128,
        0.0,
        true,
        printed("3,733,968", ""),
        "cmusatyalab/openface",
    ),
    row(
        "deepface",
        Architecture::DeepFace,
        [152, 152],
        4096,
        0.5,
        false,
        printed("120M with 4,030 classes", ""),
        "Taigman et al. 2014, figure 2",
    ),
    row(
        "nn2-no-5x5",
        facenet(Member::Table6),
        [96, 96],
        128,
        0.0,
        false,
        printed("", ""),
        "Schroff et al. 2015, table 6",
    ),
];

#[allow(clippy::too_many_arguments, reason = "one argument a column of the table")]
const fn row(
    name: &'static str,
    architecture: Architecture,
    input: [usize; 2],
    embedding_size: usize,
    dropout: f64,
    batch_norm: bool,
    printed: Printed,
    source: &'static str,
) -> Variant {
    Variant { name, architecture, input, embedding_size, dropout, batch_norm, printed, source }
}

const fn facenet(member: Member) -> Architecture {
    Architecture::FaceNetInception(member)
}

/// Departures from a variant's own figures; the default is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
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
}

/// The variant of that name.
pub fn find(name: &str) -> Result<&'static Variant, CatalogueError> {
    VARIANTS.iter().find(|variant| variant.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let known = VARIANTS.map(|variant| variant.name).join(", ");
        CatalogueError::Unknown { name: name.to_owned(), known }
    })
}

/// Builds the named network with lazily drawn weights.
pub fn build(name: &str, options: &NetOptions, device: &Device) -> Result<Net, CatalogueError> {
    let variant = find(name)?;
    Ok(variant.build(&variant.config(options)?, device))
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
        if config.embedding_size == 0 {
            return refuse("embedding size", config.embedding_size.to_string());
        }
        if !(0.0..1.0).contains(&config.dropout) {
            return refuse("dropout", config.dropout.to_string());
        }
        if !(config.width.is_finite() && config.width > 0.0) {
            return refuse("width", config.width.to_string());
        }
        if config.input.iter().zip(self.least_input()).any(|(side, least)| *side < least) {
            return refuse("input", format!("{}×{}", config.input[0], config.input[1]));
        }
        Ok(config)
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
            Architecture::MobileFaceNet => Net::Table(mobilefacenet::init(config, device)),
            Architecture::MobileNet => Net::Table(mobilenet::init(config, device)),
            Architecture::ShuffleNet(groups) => Net::Table(shufflenet::init(groups, config, device)),
            Architecture::SqueezeNet => Net::Table(squeezenet::init(config, device)),
            Architecture::Nin(release) => Net::Table(nin::init(release, config, device)),
            Architecture::Nn4Small2 => Net::Nn4Small2(openface::init(config, device)),
            Architecture::DeepFace => Net::Table(deepface::init(config, device)),
        }
    }

    /// The layer table at the variant's own figures. Allocates no weights.
    pub fn table(&self) -> LayerTable {
        let config = self.config(&NetOptions::default()).expect("a row of the catalogue is sound");
        self.build(&config, &Device::flex()).table(config.input_shape())
    }

    /// The smallest input on which every layer still has a place.
    fn least_input(&self) -> [usize; 2] {
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

/// A network of the catalogue.
#[derive(Module, Debug)]
pub enum Net {
    Table(TableNet),
    InceptionResnetV1(InceptionResnetV1),
    Nn4Small2(Nn4Small2),
}

impl Net {
    fn block(&self) -> &dyn Block {
        match self {
            Self::Table(net) => net,
            Self::InceptionResnetV1(net) => net,
            Self::Nn4Small2(net) => net,
        }
    }

    /// The same function for inference, batch norm folded into convolutions where the network can do it: so far
    /// Inception-ResNet-v1.
    pub fn folded(self) -> Self {
        match self {
            Self::InceptionResnetV1(net) => Self::InceptionResnetV1(net.folded()),
            other => other,
        }
    }

    /// What the network consists of, for images of this size.
    pub fn table(&self, input: MapShape) -> LayerTable {
        LayerTable::of(self, input)
    }
}

impl Block for Net {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.block().forward(maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        self.block().trace(input, trace)
    }
}

impl EmbeddingNet for Net {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        Block::forward(self, images).flatten(1, 3)
    }

    fn embedding_size(&self) -> usize {
        match self {
            Self::Table(net) => net.embedding_size(),
            Self::InceptionResnetV1(net) => net.embedding_size(),
            Self::Nn4Small2(net) => net.embedding_size(),
        }
    }
}

#[cfg(test)]
mod tests;
