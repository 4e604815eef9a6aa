//! The seam between the window and the jobs behind it.
//!
//! The window sends a [`Request`] and later polls an [`Event`]; neither ever blocks. Requests that change something
//! carry a [`Ticket`], and exactly one [`Event::Changed`] or [`Event::Failed`] answers it. Loads are answered by their
//! own event. Everything here is plain data: nothing knows a database, a file format or a device.

use std::path::PathBuf;

use super::evaluate::{EvaluateEvent, EvaluateRequest};
use super::rows::{
    CompareResult, CompareSource, DeviceRow, GroupingPreview, ImageKey, JobId, JobReport, Linkage, ModelRow,
    NetworkRow, Overview, People, PersonPage, PhotoDetail, PhotoFilter, Picture, Timeline,
};
use super::train::messages::{TrainAsk, TrainNews};
use crate::export::Saving;
use crate::jobs::{ImportRequest, OpenQuestion};
use crate::types::{FaceId, ModelId, PersonId, PhotoId};

/// Names a change, so that its answer finds the words said about it.
pub type Ticket = u64;

/// What the window asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadOverview,
    LoadPeople,
    /// The photos that pass the filter, newest month first.
    LoadTimeline(PhotoFilter),
    LoadPhoto(PhotoId),
    LoadPerson(PersonId),
    LoadModels,
    LoadNetworks,
    LoadDevices,
    /// What must be asked before this file can be imported.
    LookAtModel(PathBuf),
    LoadImage(ImageKey),
    /// Photos whose file name holds this text.
    FindPhotos(String),
    /// What grouping at this threshold would change, without changing anything.
    PreviewGrouping {
        squared_distance: f32,
        linkage: Linkage,
    },
    Compare(Vec<CompareSource>),
    Evaluate(EvaluateRequest),
    /// Writes a figure or a table to this file.
    Save(Ticket, PathBuf, Box<Saving>),
    /// Adds the folders to the library and looks for what is new in them; no folder means all known ones.
    Scan(Vec<PathBuf>),
    InstallModels(Vec<ModelId>),
    Train(TrainAsk),
    Cancel(JobId),
    Change(Ticket, Change),
}

/// What alters the library, the model store or the settings of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Gives a person or an unnamed group its name.
    Name {
        person: PersonId,
        name: String,
    },
    Confirm {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// Confirms every suggestion of this person.
    ConfirmAll(PersonId),
    /// These faces are not this person; they are not suggested again.
    Reject {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    Move {
        faces: Vec<FaceId>,
        to: MoveTarget,
    },
    /// Back among the faces without a person.
    TakeOut(Vec<FaceId>),
    Merge {
        from: PersonId,
        into: PersonId,
    },
    /// This group holds different people: group its faces again, more cautiously.
    Split(PersonId),
    /// Keep the group out of sight.
    Ignore(PersonId),
    /// These detections show no face of a person.
    NotAPerson(PersonId),
    Undo,
    Redo,
    ApplyGrouping {
        squared_distance: f32,
        linkage: Linkage,
    },
    ImportModel(Box<ImportRequest>),
    VerifyModel(ModelId),
    RemoveModel(ModelId),
    /// Faces are embedded with this model from now on.
    UseModel(ModelId),
    /// The device's name as [`DeviceRow`] gives it; none means: choose the best.
    UseDevice(Option<String>),
}

/// Where moved faces go.
#[derive(Debug, Clone, PartialEq)]
pub enum MoveTarget {
    Person(PersonId),
    NewPerson(String),
}

/// What came back.
#[derive(Debug, Clone)]
pub enum Event {
    Overview(Overview),
    People(People),
    Timeline(PhotoFilter, Timeline),
    Photo(PhotoDetail),
    Person(PersonPage),
    Models(Vec<ModelRow>),
    Networks(Vec<NetworkRow>),
    Devices(Vec<DeviceRow>),
    ModelLookedAt(PathBuf, Result<Option<OpenQuestion>, Failure>),
    Image(ImageKey, Result<Picture, String>),
    GroupingPreview(GroupingPreview),
    /// For the text that was searched: each photo with its file's name.
    PhotosFound(String, Vec<(PhotoId, String)>),
    Compared(CompareResult),
    Evaluate(EvaluateEvent),
    /// A figure or table was written.
    Saved(Ticket),
    Train(TrainNews),
    /// A job will install these models.
    Installing(JobId, Vec<ModelId>),
    /// A job started, or went on.
    Job(JobReport),
    /// A job ended.
    JobEnded(JobId, JobEnd),
    Changed(Ticket),
    Failed(Option<Ticket>, Failure),
}

/// How a job ended.
#[derive(Debug, Clone)]
pub enum JobEnd {
    /// What it achieved, in numbers.
    Done(JobSummary),
    /// Stopped by its user; what was done is kept.
    Cancelled(JobSummary),
    Failed(Failure),
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct JobSummary {
    pub photos: u64,
    pub faces: u64,
    pub skipped: u64,
    /// Pairs that an evaluation judged.
    pub pairs: u64,
    pub elapsed_secs: f64,
}

/// What failed; the details are folded until asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub what: Failed,
    pub details: String,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    Load,
    Change,
    Remove,
    Preview,
    Job,
    Evaluation,
    Save,
    /// Taking in a model file.
    Import,
    /// Counting the people and pictures of a folder.
    Look,
    /// A training run.
    Train,
    Demonstrate,
    /// Putting a trained network into use.
    Adopt,
    /// A fault of the program itself.
    Internal,
}

impl Failed {
    /// The text that says what failed, what was kept and what to do.
    pub fn words_key(self) -> &'static str {
        match self {
            Self::Load => "failed_load",
            Self::Change => "failed_change",
            Self::Remove => "failed_remove",
            Self::Preview => "failed_preview",
            Self::Job => "failed_job",
            Self::Evaluation => "failed_evaluation",
            Self::Save => "failed_save",
            Self::Import => "failed_import",
            Self::Look => "failed_look",
            Self::Train => "failed_train",
            Self::Demonstrate => "failed_demonstrate",
            Self::Adopt => "failed_adopt",
            Self::Internal => "failed",
        }
    }
}

/// The jobs, as the window sees them.
pub trait Backend {
    /// Hands a request over, or gives it back when the queue is full: it is sent again later.
    fn send(&mut self, request: Request) -> Result<(), Request>;

    /// The next event, if one is there.
    fn poll(&mut self) -> Option<Event>;
}
