//! Networks to start a run from, by name: the only place where the trainer knows particular networks.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorReadError};

use super::data::PictureSource;
use super::events::{Control, StopReason, TrainEvent};
use super::loader::load_plain;
use super::run::{Setup, TrainError, train};
use super::sampler::Exemplar;
use super::step::{embed, normalise_rows};
use super::validate::ValidationReport;
use crate::nets::EmbeddingNet;
use crate::nets::likeness_small::{self, LikenessSmall};
use crate::nets::sface::SFace;
use crate::types::{ChannelOrder, CropRule, InputRecipe, PixelScaling};
use crate::weights::{ModelCard, TensorFile, WeightsError, fill};

/// How SFace is called.
pub const SFACE: &str = "sface";

/// The weights a network starts from.
#[derive(Debug, Clone)]
pub enum Weights {
    /// Drawn at random from a seed.
    Scratch { seed: u64 },
    /// Written by a run: tensors by the paths of the network's parameters.
    Own(TensorFile),
    /// SFace's released ONNX file.
    SFaceOnnx(TensorFile),
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no network called {name} that can be trained; known are {known}")]
    Unknown { name: String, known: String },
    #[error("these weights belong to {SFACE}, not to {0}")]
    OtherNetwork(String),
    #[error("the weights could not be used: {0}")]
    Weights(#[from] WeightsError),
    #[error("the device did not hand its result back: {0}")]
    Device(#[from] TensorReadError),
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// What became of a run; the network is in its folder.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub parameters: usize,
    pub steps: u64,
    pub reason: StopReason,
    pub judged: Option<ValidationReport>,
    pub skipped_pictures: usize,
    pub elapsed_secs: f64,
}

/// The names of networks that can be trained.
pub fn names() -> Vec<&'static str> {
    vec![likeness_small::NAME, SFACE]
}

/// Name, embedding size and input of a network without a file that says so.
pub fn card(name: &str) -> Result<ModelCard, StartError> {
    let (dimensions, input) = match name {
        likeness_small::NAME => (likeness_small::EMBEDDING_SIZE, likeness_small::RECIPE),
        SFACE => (128, SFACE_RECIPE),
        _ => return Err(unknown(name)),
    };
    Ok(ModelCard { architecture: name.to_owned(), dimensions, input, run: None })
}

const SFACE_RECIPE: InputRecipe = InputRecipe {
    width: 112,
    height: 112,
    crop: CropRule::FivePoints,
    scaling: PixelScaling::Fixed { mean: 127.5, divisor: 128.0 },
    channels: ChannelOrder::Rgb,
};

/// Trains the network that `setup.card` names, starting from `weights`.
pub fn train_named(
    weights: &Weights,
    device: &Device,
    setup: Setup<'_>,
    control: &Control,
    emit: &mut dyn FnMut(TrainEvent),
) -> Result<Outcome, StartError> {
    let name = setup.card.architecture.clone();
    with_network(&name, weights, device, Training { setup, control, emit })?
}

/// The unit vectors of pictures by a network that stays as it is, for harmonic triplets. A picture that cannot be read
/// has none.
pub fn frozen_vectors(
    card: &ModelCard,
    weights: &Weights,
    device: &Device,
    source: &dyn PictureSource,
    pictures: &[usize],
) -> Result<BTreeMap<usize, Vec<f32>>, StartError> {
    with_network(&card.architecture, weights, device, Embedding { card, source, pictures })?
}

/// The small network with weights drawn from `seed`.
pub fn small_from_scratch(seed: u64, device: &Device) -> LikenessSmall {
    drawn(seed, device, LikenessSmall::init)
}

/// Something to do with a network whose type is only known by its name.
trait Task {
    type Output;
    fn with<N: Module + EmbeddingNet>(self, net: N) -> Self::Output;
}

fn with_network<T: Task>(name: &str, weights: &Weights, device: &Device, task: T) -> Result<T::Output, StartError> {
    match (name, weights) {
        (likeness_small::NAME, weights) => Ok(task.with(filled(weights, device, name, LikenessSmall::init)?)),
        (SFACE, Weights::SFaceOnnx(file)) => Ok(task.with(SFace::from_onnx(file.clone(), device)?)),
        (SFACE, weights) => Ok(task.with(filled(weights, device, name, SFace::new)?)),
        _ => Err(unknown(name)),
    }
}

fn filled<N: Module + EmbeddingNet>(
    weights: &Weights,
    device: &Device,
    name: &str,
    init: impl FnOnce(&Device) -> N,
) -> Result<N, StartError> {
    match weights {
        Weights::Scratch { seed } => Ok(drawn(*seed, device, init)),
        Weights::Own(file) => Ok(fill(init(device), file, str::to_owned)?),
        Weights::SFaceOnnx(_) => Err(StartError::OtherNetwork(name.to_owned())),
    }
}

/// Burn draws initial weights when they are first used; here they are drawn at once, right after seeding.
fn drawn<N: Module>(seed: u64, device: &Device, init: impl FnOnce(&Device) -> N) -> N {
    struct Draw;
    impl ModuleVisitor for Draw {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            param.val();
        }
    }
    device.seed(seed);
    let net = init(device);
    net.visit(&mut Draw);
    net
}

fn unknown(name: &str) -> StartError {
    StartError::Unknown { name: name.to_owned(), known: names().join(", ") }
}

struct Training<'a> {
    setup: Setup<'a>,
    control: &'a Control,
    emit: &'a mut dyn FnMut(TrainEvent),
}

impl Task for Training<'_> {
    type Output = Result<Outcome, StartError>;

    fn with<N: Module + EmbeddingNet>(self, net: N) -> Self::Output {
        let trained = train(net, self.setup, self.control, self.emit)?;
        Ok(Outcome {
            parameters: trained.parameters,
            steps: trained.steps,
            reason: trained.reason,
            judged: trained.judged,
            skipped_pictures: trained.skipped_pictures,
            elapsed_secs: trained.elapsed_secs,
        })
    }
}

struct Embedding<'a> {
    card: &'a ModelCard,
    source: &'a dyn PictureSource,
    pictures: &'a [usize],
}

const PICTURES_AT_ONCE: usize = 256;

impl Task for Embedding<'_> {
    type Output = Result<BTreeMap<usize, Vec<f32>>, StartError>;

    fn with<N: Module + EmbeddingNet>(self, net: N) -> Self::Output {
        let net = net.valid();
        let mut vectors = BTreeMap::new();
        for pictures in self.pictures.chunks(PICTURES_AT_ONCE) {
            let exemplars: Vec<Exemplar> = pictures.iter().map(|&picture| Exemplar { picture, person: 0 }).collect();
            let loaded = load_plain(self.source, &exemplars);
            let mut rows = embed(&net, &loaded.images, &self.card.input, PICTURES_AT_ONCE)?;
            normalise_rows(&mut rows, self.card.dimensions);
            let rows = rows.chunks(self.card.dimensions).map(<[f32]>::to_vec);
            vectors.extend(loaded.exemplars.iter().map(|exemplar| exemplar.picture).zip(rows));
        }
        Ok(vectors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::collect;

    #[test]
    fn the_same_name_and_weights_give_the_same_network() {
        struct Collect;
        impl Task for Collect {
            type Output = TensorFile;
            fn with<N: Module + EmbeddingNet>(self, net: N) -> TensorFile {
                collect(&net).unwrap()
            }
        }
        let device = Device::flex();
        let weights = collect(&small_from_scratch(2, &device)).unwrap();
        let own = Weights::Own(weights.clone());
        assert_eq!(with_network(likeness_small::NAME, &own, &device, Collect).unwrap(), weights);
        let error = with_network("nn9", &own, &device, Collect).unwrap_err().to_string();
        assert!(error.contains("likeness-small, sface"), "{error}");
        let onnx = Weights::SFaceOnnx(TensorFile::default());
        assert!(matches!(
            with_network(likeness_small::NAME, &onnx, &device, Collect),
            Err(StartError::OtherNetwork(_))
        ));
    }
}
