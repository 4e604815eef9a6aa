//! The seam between the window and the jobs behind it.
//!
//! The window sends a [`Request`] and later polls an [`Event`]; neither ever blocks. Requests that change something
//! carry a [`Ticket`], and exactly one [`Event::Changed`] or [`Event::Failed`] answers it. Loads are answered by their
//! own event. Everything here is plain data: nothing knows a database, a file format or a device.

use crate::app::people::state::MoveTarget;

use crate::app::engine::report::Failed;
use crate::app::engine::report::Failure;
use crate::app::engine::report::JobEnd;
use crate::app::engine::report::Ticket;

use std::path::PathBuf;

use crate::app::evaluate::state::message::{EvaluateEvent, EvaluateRequest};
use crate::app::jobs::import::{ImportRequest, OpenQuestion};
use crate::app::engine::report::{JobId, JobReport};
use crate::app::engine::picture::{ImageKey, Picture};
use crate::app::engine::facts::{Linkage, ModelRow, Overview, People};
use crate::app::photos::state::{PhotoDetail, PhotoFilter, Timeline};
use crate::app::people::state::{GroupingPreview, PersonPage};
use crate::app::compare::state::{CompareResult, CompareSource};
use crate::app::models::state::networks::NetworkRow;
use crate::app::settings::state::DeviceRow;
use crate::app::train::state::message::{TrainAsk, TrainNews};
use crate::figures::Saving;
use crate::types::{FaceId, ModelId, PersonId, PhotoId};

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

/// The jobs, as the window sees them.
pub trait Backend {
    /// Hands a request over, or gives it back when the queue is full: it is sent again later.
    fn send(&mut self, request: Request) -> Result<(), Request>;

    /// The next event, if one is there.
    fn poll(&mut self) -> Option<Event>;
}
