//! Training on a folder of people or on the library's: prepare the pictures, build the network, run the trainer, compare
//! before and after.

pub mod adopt;
pub mod choices;
pub mod comparison;
pub mod data_summary;
mod limits;
pub mod people;
pub mod repeat;
pub mod runs;
pub mod source;
pub mod start;
mod training_data;
#[cfg(feature = "gui")]
mod window;

#[cfg(feature = "gui")]
pub(crate) use self::window::{DEMONSTRATE, REEMBED};
#[cfg(feature = "gui")]
pub use self::window::{Event, Job, Request, RunEnd, RunKind, RunStart, TRAIN};

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::app::engine::networks::load_detector;
use crate::app::jobs::input_file::{ListFormat, read_pairs};
use crate::app::jobs::run_event::{RunEvent, with_memory};
use crate::app::train::job::comparison::Judged;
use crate::app::train::job::people::PreparedPeople;
use crate::app::train::job::start::{FrozenRecord, Networks, StartingNetwork, detector_id, preprocessing};
use crate::eval::PairList;
use crate::faces::detect::Detector;
use crate::networks::device::ComputeDevice;
use crate::networks::models::Store;
use crate::networks::nets::catalogue::NetOptions;
use crate::networks::weights::ModelCard;
use crate::train::TrainConfig;
use crate::train::checkpoint::{Checkpoint, RunFolder};
use crate::train::comparison::Comparison;
use crate::train::config::MiningSource;
use crate::train::events::{Control, StopReason, TrainEvent};
use crate::train::run::{RunOutcome, Setup, TrainError, TrainingData};
use crate::train::start::{StartWeights, train_named};
use crate::train::validate::ValidationReport;
use crate::types::path_text::to_text;
use crate::types::{CropRule, ModelId, PROGRAM, PixelScaling, Preprocessing, counted, error_chain, path_text};
use limits::{can_run, shrunk_batches};
use people::FaceFinding;
use training_data::{NO_TEACHER, with_the_teachers_dimensions};

/// What to train, on what, from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainRequest {
    pub data: DataFrom,
    pub start: StartFrom,
    /// Of the pixels, where a network from scratch shall have another than the catalogue says.
    #[serde(default)]
    pub scaling: Option<PixelScaling>,
    pub(crate) faces: FaceFinding,
    /// Finds the faces; none is the default pack's.
    #[serde(default)]
    pub detector: Option<ModelId>,
    pub(crate) pairs: Option<PairsRequest>,
    /// The network that the result is measured against; none is the start's own weights, where it has any.
    #[serde(default)]
    pub against: Option<StartFrom>,
    /// The network that stays as it is, for harmonic training.
    pub old: Option<StartFrom>,
    /// The network whose vectors are learned, where the configuration has a teacher.
    #[serde(default)]
    pub teacher: Option<StartFrom>,
    pub config: TrainConfig,
}

/// Where people and their pictures come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DataFrom {
    /// One sub-folder a person; a teacher without triplets is learned from pictures beside them too.
    Folder {
        #[serde(with = "path_text")]
        path: PathBuf,
    },
    /// The faces of a library's named people, by its file: all that are theirs, or those confirmed one by one.
    Library {
        #[serde(with = "path_text")]
        path: PathBuf,
        #[serde(default)]
        one_by_one: bool,
    },
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
        #[serde(with = "path_text")]
        path: PathBuf,
    },
    Installed {
        id: ModelId,
    },
}

impl std::fmt::Display for StartFrom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scratch { net, .. } => f.write_str(net),
            Self::File { path } => path.display().fmt(f),
            Self::Installed { id } => id.fmt(f),
        }
    }
}

/// An LFW-format list and the folder that its names lie in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PairsRequest {
    #[serde(with = "path_text")]
    pub list: PathBuf,
    #[serde(with = "path_text")]
    pub images: PathBuf,
}

impl TrainRequest {
    /// Whether there is a network that the result is measured against.
    fn may_have_old_network(&self) -> bool {
        let starts_trained = !matches!(self.start, StartFrom::Scratch { .. });
        starts_trained || [&self.against, &self.old, &self.teacher].into_iter().any(Option::is_some)
    }
}

/// `config.json` of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RunRecord {
    /// What began the run; versions before this one did not say.
    #[serde(default)]
    program: Option<String>,
    device: String,
    network: ModelCard,
    left_out: usize,
    #[serde(default)]
    old: Option<FrozenRecord>,
    #[serde(default)]
    teacher: Option<FrozenRecord>,
    request: TrainRequest,
}

impl RunRecord {
    fn read(run: &Path) -> Result<Self> {
        serde_json::from_str(&RunFolder::config(run)?).context("the run was made by another version of Likeness")
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainSummary {
    #[serde(with = "path_text")]
    pub run: PathBuf,
    /// None when the run was discarded.
    #[serde(serialize_with = "path_text::perhaps::serialize")]
    pub model: Option<PathBuf>,
    pub network: String,
    /// 0 when the run was stopped before it had built its network.
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
    pub comparison: Option<Comparison>,
}

/// Starts a run in the folder `out`.
pub(crate) fn start_training(
    request: TrainRequest,
    out: &Path,
    models: &Store,
    device: &ComputeDevice,
    control: &Control,
    events: &mut dyn FnMut(RunEvent),
) -> Result<TrainSummary> {
    // Before minutes are spent on preparing.
    RunFolder::is_free(out)?;
    let request = TrainRequest { detector: Some(detector_id(&request, models)?), ..request };
    let teacher = Networks::new(&request, models).teacher()?;
    ensure!(teacher.is_some() || request.config.teacher.is_none(), NO_TEACHER);
    let request = with_the_teachers_dimensions(request, teacher.as_ref());
    let (StartingNetwork { card, weights, .. }, old, against) = {
        let mut networks = Networks::new(&request, models);
        (networks.start()?, networks.old()?, networks.against()?)
    };
    can_run(&card, &request.config, device)?;
    let scaling = request.scaling.unwrap_or(card.input.scaling);
    let preprocessing = Preprocessing { scaling, ..preprocessing(&card, request.faces) };
    let others = [&against, &old, &teacher].into_iter().flatten().map(|network| network.card.input);
    let detector = detector_for(others.chain([preprocessing]), &detector_id(&request, models)?, models, device)?;
    let pairs = pairs_of(&request)?;
    let prepared = people::prepare(&request, pairs.as_ref(), detector.as_ref(), control, events)?;
    let card = ModelCard { input: preprocessing, run: Some(to_text(out.as_os_str())), ..card };
    let record = RunRecord {
        program: Some(PROGRAM.to_owned()),
        device: device.name.clone(),
        network: card.clone(),
        left_out: prepared.left_out,
        old: old.as_ref().map(FrozenRecord::of),
        teacher: teacher.as_ref().map(FrozenRecord::of),
        request,
    };
    let folder = RunFolder::create(out, &record, &prepared.to_lines()?)?;
    let job = PreparedRun { record, prepared, pairs, weights, old, teacher, against, resume: None };
    let outcome = job.run(folder, device, control, events);
    // A run that was refused leaves nothing in the way of the next try.
    if outcome.is_err() && RunFolder::never_began(out) {
        RunFolder::discard(out)?;
    }
    outcome
}

/// Goes on with the run in the folder `out`.
pub(crate) fn resume(
    out: &Path,
    models: &Store,
    device: &ComputeDevice,
    control: &Control,
    events: &mut dyn FnMut(RunEvent),
) -> Result<TrainSummary> {
    let record = RunRecord::read(out)?;
    if record.program.as_deref() != Some(PROGRAM) {
        let began = record.program.as_deref().unwrap_or("an earlier likeness");
        let note = format!("the run was begun by {began} and goes on with {PROGRAM}, which may learn otherwise");
        events(RunEvent::Note(note));
    }
    can_run(&record.network, &record.request.config, device)?;
    let pairs = pairs_of(&record.request)?;
    let entries =
        PreparedPeople::from_lines(&RunFolder::data(out)?).context("the run's list of pictures is unreadable")?;
    let prepared = PreparedPeople { left_out: record.left_out, ..entries };
    let (folder, checkpoint) = RunFolder::resume(out)?;
    let mut networks = Networks::new(&record.request, models);
    let weights = match &checkpoint {
        // Any weights do: the checkpoint's replace them.
        Some(_) => StartWeights::Scratch { seed: record.request.config.seed },
        None => networks.start()?.weights,
    };
    let (old, teacher) = (networks.old()?, networks.teacher()?);
    for (recorded, now) in [(&record.old, &old), (&record.teacher, &teacher)] {
        recorded.as_ref().map_or(Ok(()), |recorded| recorded.check(now.as_ref()))?;
    }
    let against = networks.against().unwrap_or_else(|error| {
        // The run itself needs it no more: only what the result should be measured against has gone since it began.
        let why = error_chain(&error);
        events(RunEvent::Note(format!("the network will not be compared with the old one: {why}")));
        None
    });
    let job = PreparedRun { record, prepared, pairs, weights, old, teacher, against, resume: checkpoint };
    job.run(folder, device, control, events)
}

struct PreparedRun {
    record: RunRecord,
    prepared: PreparedPeople,
    pairs: Option<PairList>,
    /// Where the network starts.
    weights: StartWeights,
    /// Stays as it is, for harmonic training.
    old: Option<StartingNetwork>,
    /// Its vectors are learned.
    teacher: Option<StartingNetwork>,
    /// The result is measured against it.
    against: Option<StartingNetwork>,
    resume: Option<Checkpoint>,
}

impl PreparedRun {
    fn run(
        mut self,
        folder: RunFolder,
        device: &ComputeDevice,
        control: &Control,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<TrainSummary> {
        let data = match self.data(&folder, device, control, events) {
            Err(error) => return self.stopped_before_the_first_step(folder, device, error),
            Ok(data) => data,
        };
        let (people, pictures) = (data.training.people.len(), data.training.pictures());
        let held_out_people = data.held_out.people.len() + self.prepared.compared().people.len();
        events(RunEvent::Note(match self.record.request.config.needs_names() {
            true => {
                let (people, pictures) =
                    (counted(people, "person", "people"), counted(pictures, "picture", "pictures"));
                format!(
                    "{people} with {pictures} to learn from, {} held out",
                    counted(held_out_people, "person", "people")
                )
            }
            false => {
                let pictures = counted(pictures, "picture", "pictures");
                format!("{pictures} to learn from, {} held out", data.held_out.pictures())
            }
        }));
        let config = &self.record.request.config;
        shrunk_batches(&data.training, config).into_iter().for_each(|words| events(RunEvent::Note(words)));
        let (run, model) = (folder.root().to_owned(), folder.model());
        RunFolder::set_uncompared(&run, self.against.is_some())?;
        let mut totals = Totals::default();
        let outcome = self.learn(&data, folder, device, control, &mut |event| {
            totals.note(&event);
            events(RunEvent::Train(event));
        })?;
        let kept = outcome.reason != StopReason::Discarded;
        if !kept {
            RunFolder::discard(&run)?;
        }
        let old = self.against.as_ref().filter(|_| kept && outcome.reason != StopReason::Cancelled);
        let comparison = old.map(|old| {
            let on = Judged { prepared: &self.prepared, data: &data, config: &self.record.request.config, control };
            let mut progress = |done, total| events(RunEvent::Comparing { done, total });
            let comparison = comparison::compare(old, &model, &on, device, &mut progress);
            let saved = comparison.iter().flatten().try_for_each(|made| RunFolder::save_comparison(&run, made));
            // Whether it was made, stopped or impossible: it would be the same again.
            RunFolder::set_uncompared(&run, false)?;
            saved?;
            comparison
        });
        Ok(TrainSummary {
            run,
            model: kept.then_some(model),
            network: self.record.network.architecture,
            parameters: outcome.parameters,
            device: device.name.clone(),
            steps: outcome.steps,
            stopped: outcome.reason,
            seconds: outcome.elapsed_secs,
            people,
            pictures,
            held_out_people,
            left_out: self.prepared.left_out,
            skipped: outcome.skipped_pictures,
            waited_share: totals.waited_secs / totals.step_secs.max(1e-9),
            before: totals.before,
            after: outcome.judged,
            comparison: comparison.transpose()?.flatten(),
        })
    }

    /// Stopped while the vectors of a network that stays as it is were found: those that are known are kept for when
    /// the run goes on.
    fn stopped_before_the_first_step(
        &self,
        folder: RunFolder,
        device: &ComputeDevice,
        error: anyhow::Error,
    ) -> Result<TrainSummary> {
        let Some(TrainError::Interrupted(stopped)) = error.downcast_ref() else { return Err(error) };
        let run = folder.root().to_owned();
        drop(folder);
        if *stopped == StopReason::Discarded {
            RunFolder::discard(&run)?;
        }
        let (training, held_out) = self.prepared.datasets();
        Ok(TrainSummary {
            run,
            model: None,
            network: self.record.network.architecture.clone(),
            parameters: 0,
            device: device.name.clone(),
            steps: self.resume.as_ref().map_or(0, |checkpoint| checkpoint.state.position.0),
            stopped: *stopped,
            seconds: self.resume.as_ref().map_or(0.0, |checkpoint| checkpoint.state.elapsed_secs),
            people: training.people.len(),
            pictures: training.pictures(),
            held_out_people: held_out.people.len() + self.prepared.compared().people.len(),
            left_out: self.prepared.left_out,
            skipped: 0,
            waited_share: 0.0,
            before: None,
            after: None,
            comparison: None,
        })
    }

    fn learn(
        &mut self,
        data: &TrainingData,
        folder: RunFolder,
        device: &ComputeDevice,
        control: &Control,
        events: &mut dyn FnMut(TrainEvent),
    ) -> Result<RunOutcome> {
        let setup = Setup {
            config: &self.record.request.config,
            data,
            card: self.record.network.clone(),
            folder: Some(folder),
            resume: self.resume.take(),
            decode_threads: std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2),
        };
        Ok(train_named(&self.weights, &device.burn, setup, control, &mut |event| events(with_memory(event)))?)
    }
}

fn harmonic(request: &TrainRequest) -> bool {
    matches!(request.config.mining, MiningSource::Harmonic { .. })
}

/// What a summary keeps of a run's events.
#[derive(Default)]
struct Totals {
    before: Option<ValidationReport>,
    waited_secs: f64,
    step_secs: f64,
}

impl Totals {
    fn note(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Validated(report) if report.step == 0 => self.before = Some(report.clone()),
            TrainEvent::Step(report) => {
                self.waited_secs += report.times.waited_secs;
                self.step_secs += report.pictures as f64 / report.pictures_per_s;
            }
            _ => {}
        }
    }
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

fn pairs_of(request: &TrainRequest) -> Result<Option<PairList>> {
    let read = |pairs: &PairsRequest| Ok(read_pairs(&pairs.list, ListFormat::Lfw)?.0);
    request.pairs.as_ref().map(read).transpose()
}

#[cfg(test)]
mod tests;
