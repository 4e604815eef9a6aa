//! Training on a folder of people: prepare the pictures, build the network, run the trainer, compare before and after.

pub mod adopt;
pub mod choices;
pub mod comparison;
pub mod data_summary;
#[cfg(feature = "gui")]
pub mod demonstrate;
pub mod people;
pub mod repeat;
pub mod runs;
pub mod source;
#[cfg(feature = "gui")]
pub mod window;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::app::engine::memory::with_memory;
use crate::app::engine::networks::{EngineOptions, load_detector, model_of_task};
use crate::app::train::job::comparison::{Judged, OldNetwork};
use crate::app::train::job::people::Prepared;
use crate::app::train::job::source::{CROPS_BYTES, FolderSource, KeptCrops};
use crate::eval::PairList;
use crate::faces::detect::Detector;
use crate::networks::device::ComputeDevice;
use crate::networks::models::{Store, Task};
use crate::networks::nets::catalogue::{NetOptions, card};
use crate::networks::nets::recognise::recognise;
use crate::networks::weights::{ModelCard, load};
use crate::train::TrainConfig;
use crate::train::checkpoint::{Checkpoint, RunFolder};
use crate::train::comparison::Comparison;
use crate::train::config::MiningSource;
use crate::train::events::{Control, StopReason, TrainEvent};
use crate::train::run::{Setup, TrainingData};
use crate::train::start::{Weights, frozen_vectors, train_named};
use crate::train::validate::ValidationReport;
use crate::types::{CropRule, ModelId, PixelScaling, Preprocessing, error_chain};
use people::{FaceFinding, LeftOut};

/// What to train, on what, from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainRequest {
    pub data: DataFrom,
    pub start: StartFrom,
    /// Of the pixels, where a network from scratch shall have another than the catalogue says.
    #[serde(default)]
    pub scaling: Option<PixelScaling>,
    pub faces: FaceFinding,
    /// Finds the faces; none is the default pack's.
    #[serde(default)]
    pub detector: Option<ModelId>,
    pub pairs: Option<PairsRequest>,
    /// The network that the result is measured against; none is the start's own weights, where it has any.
    #[serde(default)]
    pub against: Option<StartFrom>,
    /// The network that stays as it is, for harmonic training.
    pub old: Option<StartFrom>,
    pub config: TrainConfig,
}

/// Where people and their pictures come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DataFrom {
    /// One sub-folder a person.
    Folder { path: PathBuf },
    /// The confirmed faces of a library, by its file.
    Library { path: PathBuf },
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
    left_out: usize,
    request: TrainRequest,
}

#[derive(Debug)]
pub enum TrainJobEvent<'a> {
    Note(String),
    Preparing {
        done: usize,
        total: usize,
    },
    LeftOut(&'a LeftOut),
    Train(&'a TrainEvent),
    /// The run is over; its network is being compared with the old one.
    Comparing,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainSummary {
    pub run: PathBuf,
    /// None when the run was discarded.
    pub model: Option<PathBuf>,
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
    /// The share of its time that the device waited for pictures.
    pub waited_share: f64,
    /// The starting weights on the same people and pairs.
    pub before: Option<ValidationReport>,
    pub after: Option<ValidationReport>,
    /// Against the old network; none without one, and when the run was cancelled.
    #[serde(rename = "gate")]
    pub comparison: Option<Comparison>,
}

/// Starts a run in the folder `out`.
pub fn start_training(
    request: TrainRequest,
    out: &Path,
    models: &Store,
    device: &ComputeDevice,
    control: &Control,
    events: &mut dyn FnMut(TrainJobEvent<'_>),
) -> Result<TrainSummary> {
    let request = TrainRequest { detector: Some(detector_id(&request, models)?), ..request };
    let (card, weights) = starting_point(&request.start, &request, models)?;
    let preprocessing =
        Preprocessing { scaling: request.scaling.unwrap_or(card.input.scaling), ..preprocessing(&card, request.faces) };
    let old = old_network(&request, models)?;
    let inputs = [Some(preprocessing), old.map(|old| old.card.input)];
    let detector = detector_for(inputs.into_iter().flatten(), &detector_id(&request, models)?, models, device)?;
    let pairs = request.pairs.as_ref().map(read_pairs).transpose()?;
    let share = request.config.validation.held_out_share;
    let prepared = people::prepare(&request, pairs.as_ref(), detector.as_ref(), share, control, events)?;
    let card = ModelCard { input: preprocessing, run: Some(out.display().to_string()), ..card };
    let record = RunRecord {
        likeness: env!("CARGO_PKG_VERSION").to_owned(),
        device: device.name.clone(),
        network: card.clone(),
        left_out: prepared.left_out,
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
    let entries = Prepared::from_lines(&RunFolder::data(out)?).context("the run's list of pictures is unreadable")?;
    let prepared = Prepared { left_out: record.left_out, ..entries };
    let (folder, checkpoint) = RunFolder::resume(out)?;
    let seed = record.request.config.seed;
    let weights = match &checkpoint {
        // Any weights do: the checkpoint's replace them.
        Some(_) => Weights::Scratch { seed },
        None => starting_point(&record.request.start, &record.request, models)?.1,
    };
    Job { record, prepared, pairs, weights, folder, resume: checkpoint }.run(models, device, control, events)
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
        let source = Arc::new(KeptCrops::new(FolderSource::new(&prepared, card.input), CROPS_BYTES));
        let mut data = TrainingData {
            source,
            pairs: pairs.zip(request.pairs.as_ref()).map(|(list, from)| prepared.pair_set(&list, &from.images)),
            training,
            held_out,
            old_vectors: None,
        };
        if let MiningSource::Harmonic { .. } = request.config.mining {
            let old =
                request.old.as_ref().context("harmonic training needs --old, the network to stay comparable with")?;
            let (old_card, old_weights) = starting_point(old, &request, models)?;
            ensure!(
                old_card.dimensions == card.dimensions,
                "the old network gives {} numbers a face, the new one {}: harmonic training needs as many",
                old_card.dimensions,
                card.dimensions
            );
            let old_card = ModelCard { input: preprocessing(&old_card, request.faces), ..old_card };
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
        let mut told = Told::default();
        let outcome = train_named(&weights, &device.burn, setup, control, &mut |event| {
            let event = with_memory(event);
            told.note(&event);
            events(TrainJobEvent::Train(&event));
        })?;
        if outcome.reason == StopReason::Discarded {
            RunFolder::discard(&root)?;
        }
        let kept = outcome.reason != StopReason::Discarded;
        let comparison = match old_network(&request, models) {
            Ok(Some(old)) if kept && outcome.reason != StopReason::Cancelled => {
                events(TrainJobEvent::Comparing);
                let on = Judged {
                    prepared: &prepared,
                    held_out: &data.held_out,
                    pairs: data.pairs.as_ref(),
                    validation: request.config.validation,
                    seed: request.config.seed,
                };
                let comparison = comparison::compare(&old, &model, &on, device)?;
                RunFolder::save_comparison(&root, &comparison)?;
                Some(comparison)
            }
            Ok(_) => None,
            Err(error) => {
                // The network is there; only what it should be measured against has gone since the run began.
                events(TrainJobEvent::Note(format!(
                    "the network was not compared with the old one: {}",
                    error_chain(&error)
                )));
                None
            }
        };
        Ok(TrainSummary {
            run: root,
            model: kept.then_some(model),
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
            waited_share: told.waited_secs / told.step_secs.max(1e-9),
            before: told.before,
            after: outcome.judged,
            comparison,
        })
    }
}

/// What a summary keeps of a run's events.
#[derive(Default)]
struct Told {
    before: Option<ValidationReport>,
    waited_secs: f64,
    step_secs: f64,
}

impl Told {
    fn note(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Validated(report) if report.step == 0 => self.before = Some(report.clone()),
            TrainEvent::Step(report) => {
                self.waited_secs += report.waited_secs;
                self.step_secs += report.pictures as f64 / report.pictures_per_s;
            }
            _ => {}
        }
    }
}

/// What the result is measured against: what the request names, else the weights it starts from, else the network it
/// shall stay comparable with.
fn old_network(request: &TrainRequest, models: &Store) -> Result<Option<OldNetwork>> {
    let start = Some(&request.start).filter(|start| !matches!(start, StartFrom::Scratch { .. }));
    let Some(old) = request.against.as_ref().or(start).or(request.old.as_ref()) else { return Ok(None) };
    let name = match old {
        StartFrom::Scratch { net, .. } => net.clone(),
        StartFrom::File { path } => path.display().to_string(),
        StartFrom::Installed { id } => id.to_string(),
    };
    let (card, weights) = starting_point(old, request, models)?;
    let card = ModelCard { input: preprocessing(&card, request.faces), ..card };
    Ok(Some(OldNetwork { name, card, weights }))
}

/// The network's card, its crop the rule for the request's detector, and the weights it starts from.
fn starting_point(start: &StartFrom, request: &TrainRequest, models: &Store) -> Result<(ModelCard, Weights)> {
    let (mut card, weights) = start_of(start, request, models)?;
    if let Some(crop) = card.crop_with.get(&detector_id(request, models)?) {
        card.input.crop = *crop;
    }
    Ok((card, weights))
}

fn start_of(start: &StartFrom, request: &TrainRequest, models: &Store) -> Result<(ModelCard, Weights)> {
    match start {
        StartFrom::Scratch { net, options } => {
            Ok((card(net, options)?, Weights::Scratch { seed: request.config.seed }))
        }
        StartFrom::File { path } => {
            let (tensors, card) = load(path)?;
            Ok((card, Weights::Own(tensors)))
        }
        StartFrom::Installed { id } => {
            let entry = models.entry(id)?;
            ensure!(entry.task == Task::Embed, "{id} does not embed faces");
            let found = recognise(&models.read(id)?).with_context(|| format!("cannot load {id}"))?;
            let mut crop_with = entry.crop_with.clone();
            if !crop_with.is_empty() {
                // The new network's own rule will be the one it was trained with, so the usual one must be kept too.
                crop_with.entry(EngineOptions::default().detector_id()).or_insert(entry.input.crop);
            }
            Ok((ModelCard { input: entry.input, crop_with, ..found.card }, Weights::Own(found.tensors)))
        }
    }
}

fn preprocessing(card: &ModelCard, faces: FaceFinding) -> Preprocessing {
    match faces {
        FaceFinding::Detect => card.input,
        FaceFinding::Cropped => Preprocessing { crop: CropRule::AsStored, ..card.input },
    }
}

fn detector_id(request: &TrainRequest, models: &Store) -> Result<ModelId> {
    let named = request.detector.clone();
    model_of_task(models, &named.unwrap_or_else(|| EngineOptions::default().detector_id()), Task::Detect)
}

/// The detector, where crops need a face found.
fn detector_for(
    mut inputs: impl Iterator<Item = Preprocessing>,
    id: &ModelId,
    models: &Store,
    device: &ComputeDevice,
) -> Result<Option<Detector>> {
    if inputs.all(|preprocessing| matches!(preprocessing.crop, CropRule::AsStored | CropRule::Centre { .. })) {
        return Ok(None);
    }
    let found = load_detector(models, id, device);
    found.map(Some).with_context(|| format!("finding faces needs {id}; or say --faces cropped for ready crops"))
}

fn read_pairs(request: &PairsRequest) -> Result<PairList> {
    let text = std::fs::read_to_string(&request.list)
        .with_context(|| format!("cannot read the list of pairs: {}", request.list.display()))?;
    Ok(PairList::parse_lfw(&text)?)
}

#[cfg(test)]
mod tests;
