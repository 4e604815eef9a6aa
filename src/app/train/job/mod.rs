//! Training on a folder of people or on the library's: prepare the pictures, build the network, run the trainer, compare
//! before and after.

pub mod adopt;
pub mod choices;
pub mod comparison;
pub mod data_summary;
mod limits;
pub mod people;
pub(crate) mod picture_lost;
mod pictures_now;
mod prepared_run;
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

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::app::engine::networks::load_detector;
use crate::app::engine::progress::Skipped;
use crate::app::jobs::input_file::{ListFormat, read_pairs};
use crate::app::jobs::run_event::RunEvent;
use crate::app::jobs::walk::real_folder;
use crate::app::train::job::people::PreparedPeople;
use crate::app::train::job::start::{FrozenRecord, Networks, StartingNetwork, detector_id, preprocessing};
use crate::eval::PairList;
use crate::faces::detect::Detector;
use crate::networks::device::ComputeDevice;
use crate::networks::models::Store;
use crate::networks::nets::catalogue::NetOptions;
use crate::networks::weights::ModelCard;
use crate::train::TrainConfig;
use crate::train::checkpoint::RunFolder;
use crate::train::comparison::{Comparison, TrainedDistances};
use crate::train::config::MiningSource;
use crate::train::events::{Control, StopReason};
use crate::train::start::StartWeights;
use crate::train::validate::ValidationReport;
use crate::types::path_text::to_text;
use crate::types::{CropRule, ModelId, PROGRAM, PixelScaling, Preprocessing, error_chain, files, path_text};
use limits::can_run;
use people::FaceFinding;
use picture_lost::PictureLost;
use pictures_now::check_pictures;
use prepared_run::PreparedRun;
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

impl StartFrom {
    fn with_absolute_paths(self) -> io::Result<Self> {
        Ok(match self {
            Self::File { path } => Self::File { path: absolute(path)? },
            other => other,
        })
    }
}

impl TrainRequest {
    /// A run may go on in another working directory.
    fn with_absolute_paths(self) -> io::Result<Self> {
        let network = |from: Option<StartFrom>| from.map(StartFrom::with_absolute_paths).transpose();
        let data = match self.data {
            DataFrom::Folder { path } => DataFrom::Folder { path: absolute(path)? },
            DataFrom::Library { path, one_by_one } => DataFrom::Library { path: absolute(path)?, one_by_one },
        };
        let pairs = self.pairs.map(|PairsRequest { list, images }| {
            io::Result::Ok(PairsRequest { list: absolute(list)?, images: absolute(images)? })
        });
        Ok(Self {
            data,
            pairs: pairs.transpose()?,
            start: self.start.with_absolute_paths()?,
            against: network(self.against)?,
            old: network(self.old)?,
            teacher: network(self.teacher)?,
            ..self
        })
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

    /// Whether that network is the teacher of one from random weights, which replaces none.
    fn is_measured_against_its_teacher(&self) -> bool {
        let begins_anew = matches!(self.start, StartFrom::Scratch { .. });
        self.config.teacher.is_some() && begins_anew && self.against.is_none() && self.old.is_none()
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
    /// Versions before this one did not say what the run starts from, what it is measured against, and which pairs it
    /// is judged on.
    #[serde(default)]
    start: Option<FrozenRecord>,
    #[serde(default)]
    against: Option<FrozenRecord>,
    #[serde(default)]
    pairs_sha256: Option<String>,
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
    /// Where pictures of each person are held out, those who have some.
    pub held_out_people: usize,
    pub held_out_pictures: usize,
    pub left_out: usize,
    pub skipped: usize,
    /// The share of its time that the device waited for pictures.
    pub waited_share: f64,
    /// Whether any step found something to learn.
    pub learned: bool,
    /// After how many steps the network that is handed on was what it is.
    pub model_step: u64,
    /// Whether judgements chose it among those of several steps.
    pub chosen: bool,
    /// The starting weights on the same people and pairs.
    pub before: Option<ValidationReport>,
    pub after: Option<ValidationReport>,
    /// Against the old network; none without one, and when the run was cancelled.
    pub comparison: Option<Comparison>,
    /// Whether that is its teacher.
    pub against_teacher: bool,
    /// The teacher's own, where the network learns its vectors as they are.
    pub teacher_distances: Option<TrainedDistances>,
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
    check_named(&request)?;
    let request = request.with_absolute_paths().context("a path of the run means nothing here")?;
    let request = TrainRequest { detector: Some(detector_id(&request, models)?), ..request };
    let teacher = Networks::new(&request, models).teacher()?;
    ensure!(teacher.is_some() || request.config.teacher.is_none(), NO_TEACHER);
    let request = with_the_teachers_dimensions(request, teacher.as_ref());
    let (start, old, against) = {
        let mut networks = Networks::new(&request, models);
        (networks.start()?, networks.old()?, networks.against()?)
    };
    let recorded_start = FrozenRecord::of(&start);
    let StartingNetwork { card, weights, .. } = start;
    can_run(&card, &request.config, device)?;
    let scaling = request.scaling.unwrap_or(card.input.scaling);
    let preprocessing = Preprocessing { scaling, ..preprocessing(&card, request.faces) };
    let others = [&against, &old, &teacher].into_iter().flatten().map(|network| network.card.input);
    let detector = detector_for(others.chain([preprocessing]), &detector_id(&request, models)?, models, device)?;
    let (pairs, pairs_sha256) = pairs_of(&request)?.unzip();
    let prepared = people::prepare(&request, pairs.as_ref(), detector.as_ref(), control, events)?;
    let card = ModelCard { input: preprocessing, run: Some(to_text(out.as_os_str())), run_step: None, ..card };
    let record = RunRecord {
        program: Some(PROGRAM.to_owned()),
        device: device.name.clone(),
        network: card.clone(),
        left_out: prepared.left_out,
        start: Some(recorded_start),
        against: against.as_ref().map(FrozenRecord::of),
        pairs_sha256,
        old: old.as_ref().map(FrozenRecord::of),
        teacher: teacher.as_ref().map(FrozenRecord::of),
        request,
    };
    let folder = RunFolder::create(out, &record, &prepared.to_lines()?)?;
    let told = BTreeSet::new();
    let job = PreparedRun { record, prepared, pairs, weights, old, teacher, against, resume: None, told };
    let outcome = job.run(folder, device, control, events);
    // A run that was refused leaves nothing in the way of the next try.
    if outcome.is_err() && RunFolder::never_began(out) {
        RunFolder::discard(out)?;
    }
    outcome
}

/// Refuses what the request names and what cannot be what it is named for, before a device or a model is asked for.
pub(crate) fn check_named(request: &TrainRequest) -> Result<()> {
    if let DataFrom::Folder { path } = &request.data {
        real_folder(path)?;
    }
    let readable = |path: &Path| files::can_be_read(path).with_context(|| format!("cannot read {}", path.display()));
    if let Some(PairsRequest { list, images }) = &request.pairs {
        check_pair_pictures(images)?;
        readable(list)?;
    }
    let networks = [Some(&request.start), request.against.as_ref(), request.old.as_ref(), request.teacher.as_ref()];
    networks.into_iter().flatten().try_for_each(|network| match network {
        StartFrom::File { path } => readable(path),
        StartFrom::Scratch { .. } | StartFrom::Installed { .. } => Ok(()),
    })
}

fn check_pair_pictures(images: &Path) -> Result<()> {
    ensure!(images.exists(), "the folder of the pairs' pictures is not there: {}", images.display());
    real_folder(images).map(drop)
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
    if record.device != device.name {
        let (began, now) = (&record.device, &device.name);
        events(RunEvent::Note(format!("the run was begun on {began}; {now} computes a little otherwise")));
    }
    // Nothing of the run is touched until it is sure that it can go on.
    let left = RunFolder::open(out)?;
    can_run(&record.network, &record.request.config, device)?;
    let (pairs, pairs_sha256) = pairs_of(&record.request)?.unzip();
    ensure!(
        record.pairs_sha256.is_none() || record.pairs_sha256 == pairs_sha256,
        "the list of pairs is another than when the run began: put that back, or begin a new run"
    );
    let entries =
        PreparedPeople::from_lines(&RunFolder::data(out)?).context("the run's list of pictures is unreadable")?;
    let prepared = PreparedPeople { left_out: record.left_out, ..entries };
    events(RunEvent::Prepared { pictures: prepared.entries.len(), left_out: prepared.left_out });
    let mut told = check_pictures(&prepared, &record.request, pairs.as_ref(), events)?;
    let skipped = left.checkpoint().into_iter().flat_map(|checkpoint| &checkpoint.state.skipped).copied();
    for (picture, entry) in skipped.filter_map(|picture| Some((picture, prepared.entries.get(picture)?))) {
        if told.insert(picture) {
            let reason = PictureLost::WasUnreadable.to_string();
            events(RunEvent::LeftOut(Skipped { path: entry.path.clone(), reason }));
        }
    }
    let mut networks = Networks::new(&record.request, models);
    let start = left.checkpoint().is_none().then(|| networks.start()).transpose()?;
    let (old, teacher) = (networks.old()?, networks.teacher()?);
    // Where there is a checkpoint any weights do: the checkpoint's replace them.
    let recorded_start = record.start.as_ref().filter(|_| start.is_some());
    for (recorded, now) in [(recorded_start, &start), (record.old.as_ref(), &old), (record.teacher.as_ref(), &teacher)]
    {
        recorded.map_or(Ok(()), |recorded| recorded.check(now.as_ref()))?;
    }
    let weights = start.map_or(StartWeights::Scratch { seed: record.request.config.seed }, |start| start.weights);
    let against = networks.against().and_then(|now| {
        record.against.as_ref().map_or(Ok(()), |recorded| recorded.check(now.as_ref()))?;
        Ok(now)
    });
    let against = against.unwrap_or_else(|error| {
        // The run itself needs it no more: only what the result should be measured against has gone since it began.
        let why = error_chain(&error);
        events(RunEvent::Note(format!("the network will not be compared with the old one: {why}")));
        None
    });
    let (folder, checkpoint) = left.go_on()?;
    let job = PreparedRun { record, prepared, pairs, weights, old, teacher, against, resume: checkpoint, told };
    job.run(folder, device, control, events)
}

fn harmonic(request: &TrainRequest) -> bool {
    matches!(request.config.mining, MiningSource::Harmonic { .. })
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

/// The list of pairs and its hash.
fn pairs_of(request: &TrainRequest) -> Result<Option<(PairList, String)>> {
    let Some(PairsRequest { list: path, images }) = &request.pairs else { return Ok(None) };
    check_pair_pictures(images)?;
    let (list, file) = read_pairs(path, ListFormat::Lfw)?;
    let folds: BTreeSet<usize> = list.pairs.iter().map(|pair| pair.fold).collect();
    ensure!(
        folds.len() > 1,
        "the list of pairs needs two folds at least, for each is judged at the threshold of the others: {}",
        path.display()
    );
    Ok(Some((list, file.sha256)))
}

#[cfg(test)]
mod tests;
