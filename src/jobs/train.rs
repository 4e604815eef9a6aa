//! Training on a folder of people: prepare the pictures, build the network, run the trainer, compare before and after.

mod people;
mod source;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

pub use people::{FaceFinding, LeftOut};

use crate::detect::{DetectorConfig, YuNet};
use crate::device::ComputeDevice;
use crate::eval::PairList;
use crate::models::{Store, Task};
use crate::nets::catalogue::{NetOptions, card};
use crate::nets::recognise::recognise;
use crate::train::TrainConfig;
use crate::train::checkpoint::{Checkpoint, RunFolder};
use crate::train::config::MiningSource;
use crate::train::events::{Control, StopReason, TrainEvent};
use crate::train::run::{Setup, TrainingData};
use crate::train::start::{Weights, frozen_vectors, train_named};
use crate::train::validate::ValidationReport;
use crate::types::{CropRule, InputRecipe, ModelId};
use crate::weights::{ModelCard, load};
use people::Prepared;
use source::FolderSource;

/// What to train, on what, from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainRequest {
    /// One sub-folder a person.
    pub data: PathBuf,
    pub start: StartFrom,
    pub faces: FaceFinding,
    pub pairs: Option<PairsRequest>,
    /// The network that stays as it is, for harmonic training.
    pub old: Option<StartFrom>,
    pub config: TrainConfig,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StartFrom {
    Scratch {
        net: String,
        #[serde(default)]
        options: NetOptions,
    },
    /// A network that was trained here.
    File {
        path: PathBuf,
    },
    Installed {
        id: ModelId,
    },
}

/// An LFW-format list and the folder that its names lie in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairsRequest {
    pub list: PathBuf,
    pub images: PathBuf,
}

/// `config.json` of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RunRecord {
    likeness: String,
    device: String,
    network: ModelCard,
    request: TrainRequest,
}

#[derive(Debug)]
pub enum TrainJobEvent<'a> {
    Note(String),
    Preparing { done: usize, total: usize },
    LeftOut(&'a LeftOut),
    Train(&'a TrainEvent),
}

#[derive(Debug, Clone, Serialize)]
pub struct TrainSummary {
    pub run: PathBuf,
    pub model: PathBuf,
    pub network: String,
    pub parameters: usize,
    pub device: String,
    pub steps: u64,
    pub stopped: StopReason,
    pub seconds: f64,
    pub people: usize,
    pub pictures: usize,
    pub held_out_people: usize,
    pub left_out: usize,
    pub skipped: usize,
    /// The starting weights on the same people and pairs, where this run began at them.
    pub before: Option<ValidationReport>,
    pub after: Option<ValidationReport>,
}

/// Starts a run in the folder `out`.
pub fn train_folder(
    request: TrainRequest,
    out: &Path,
    models: &Store,
    device: &ComputeDevice,
    control: &Control,
    events: &mut dyn FnMut(TrainJobEvent<'_>),
) -> Result<TrainSummary> {
    let (card, weights) = starting_point(&request.start, request.config.seed, models)?;
    let recipe = recipe(&card, request.faces);
    let detector = detector_for(&recipe, models, device)?;
    let pairs = request.pairs.as_ref().map(read_pairs).transpose()?;
    let share = request.config.validation.held_out_share;
    let prepared = people::prepare(&request, pairs.as_ref(), detector.as_ref(), share, &control.cancel, events)?;
    let card = ModelCard { input: recipe, run: Some(out.display().to_string()), ..card };
    let record = RunRecord {
        likeness: env!("CARGO_PKG_VERSION").to_owned(),
        device: device.name.clone(),
        network: card.clone(),
        request,
    };
    let folder = RunFolder::create(out, &record, &prepared.to_lines()?)?;
    Job { record, prepared, pairs, weights, folder, resume: None }.run(models, device, control, events)
}

/// Goes on with the run in the folder `out`.
pub fn resume(
    out: &Path,
    models: &Store,
    device: &ComputeDevice,
    control: &Control,
    events: &mut dyn FnMut(TrainJobEvent<'_>),
) -> Result<TrainSummary> {
    let record: RunRecord =
        serde_json::from_str(&RunFolder::config(out)?).context("the run was made by another version of Likeness")?;
    let pairs = record.request.pairs.as_ref().map(read_pairs).transpose()?;
    let prepared = Prepared::from_lines(&RunFolder::data(out)?).context("the run's list of pictures is unreadable")?;
    let (folder, checkpoint) = RunFolder::resume(out)?;
    // Any weights do: the checkpoint's replace them.
    let weights = Weights::Scratch { seed: record.request.config.seed };
    Job { record, prepared, pairs, weights, folder, resume: Some(checkpoint) }.run(models, device, control, events)
}

struct Job {
    record: RunRecord,
    prepared: Prepared,
    pairs: Option<PairList>,
    weights: Weights,
    folder: RunFolder,
    resume: Option<Checkpoint>,
}

impl Job {
    fn run(
        self,
        models: &Store,
        device: &ComputeDevice,
        control: &Control,
        events: &mut dyn FnMut(TrainJobEvent<'_>),
    ) -> Result<TrainSummary> {
        let Self { record, prepared, pairs, weights, folder, resume } = self;
        let RunRecord { network: card, request, .. } = record;
        let (training, held_out) = prepared.datasets();
        let source = Arc::new(FolderSource::new(&prepared, card.input));
        let mut data = TrainingData {
            source: source.clone(),
            pairs: pairs.zip(request.pairs.as_ref()).map(|(list, from)| prepared.pair_set(&list, &from.images)),
            training,
            held_out,
            old_vectors: None,
        };
        if let MiningSource::Harmonic { .. } = request.config.mining {
            let old =
                request.old.as_ref().context("harmonic training needs --old, the network to stay comparable with")?;
            let (old_card, old_weights) = starting_point(old, request.config.seed, models)?;
            ensure!(
                old_card.dimensions == card.dimensions,
                "the old network gives {} numbers a face, the new one {}: harmonic training needs as many",
                old_card.dimensions,
                card.dimensions
            );
            let old_card = ModelCard { input: recipe(&old_card, request.faces), ..old_card };
            let source = FolderSource::new(&prepared, old_card.input);
            let pictures: Vec<usize> = data.training.people.iter().flat_map(|person| person.pictures.clone()).collect();
            let vectors = frozen_vectors(&old_card, &old_weights, &device.burn, &source, &pictures)?;
            for person in &mut data.training.people {
                person.pictures.retain(|picture| vectors.contains_key(picture));
            }
            data.old_vectors = Some(vectors);
        }
        let (people, pictures) = (data.training.people.len(), data.training.pictures());
        let held_out_people = data.held_out.people.len();
        events(TrainJobEvent::Note(format!(
            "{people} people with {pictures} pictures to learn from, {held_out_people} people held out"
        )));
        let (root, model) = (folder.root().to_owned(), folder.model());
        let threads = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let network = card.architecture.clone();
        let setup =
            Setup { config: &request.config, data: &data, card, folder: Some(folder), resume, decode_threads: threads };
        let mut before = None;
        let outcome = train_named(&weights, &device.burn, setup, control, &mut |event| {
            if let TrainEvent::Validated(report) = &event
                && report.step == 0
            {
                before = Some(report.clone());
            }
            events(TrainJobEvent::Train(&event));
        })?;
        Ok(TrainSummary {
            run: root,
            model,
            network,
            parameters: outcome.parameters,
            device: device.name.clone(),
            steps: outcome.steps,
            stopped: outcome.reason,
            seconds: outcome.elapsed_secs,
            people,
            pictures,
            held_out_people,
            left_out: prepared.left_out,
            skipped: outcome.skipped_pictures,
            before,
            after: outcome.judged,
        })
    }
}

/// The network's card and the weights it starts from.
fn starting_point(start: &StartFrom, seed: u64, models: &Store) -> Result<(ModelCard, Weights)> {
    match start {
        StartFrom::Scratch { net, options } => Ok((card(net, options)?, Weights::Scratch { seed })),
        StartFrom::File { path } => {
            let (tensors, card) = load(path)?;
            Ok((card, Weights::Own(tensors)))
        }
        StartFrom::Installed { id } => {
            let entry = models.entry(id)?;
            ensure!(entry.task == Task::Embed, "{id} does not embed faces");
            let found = recognise(&models.read(id)?).with_context(|| format!("cannot load {id}"))?;
            Ok((ModelCard { input: entry.input, ..found.card }, Weights::Own(found.tensors)))
        }
    }
}

fn recipe(card: &ModelCard, faces: FaceFinding) -> InputRecipe {
    match faces {
        FaceFinding::Detect => card.input,
        FaceFinding::Cropped => InputRecipe { crop: CropRule::AsStored, ..card.input },
    }
}

/// The default pack's detector, where crops need a face found.
fn detector_for(recipe: &InputRecipe, models: &Store, device: &ComputeDevice) -> Result<Option<YuNet>> {
    if matches!(recipe.crop, CropRule::AsStored | CropRule::Centre { .. }) {
        return Ok(None);
    }
    let id = ModelId("yunet-2023mar".to_owned());
    let bytes = models.read(&id).context("finding faces needs YuNet; or say --faces cropped for ready crops")?;
    Ok(Some(YuNet::from_onnx(&bytes, &device.burn, DetectorConfig::default())?))
}

fn read_pairs(request: &PairsRequest) -> Result<PairList> {
    let text = std::fs::read_to_string(&request.list)
        .with_context(|| format!("cannot read the list of pairs: {}", request.list.display()))?;
    Ok(PairList::parse_lfw(&text)?)
}

#[cfg(test)]
mod tests;
