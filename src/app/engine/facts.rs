//! What every view may read: the library in numbers, its people, the models, the running jobs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use super::report::{Failure, JobId, JobReport};
use crate::cluster::Linkage;
use crate::library::NextSteps;
use crate::networks::models::Task;
use crate::types::{FaceId, ModelId, PersonId, Revision, SquaredDistance};

/// The library in numbers, and what it works with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overview {
    pub photos: u64,
    pub faces: u64,
    pub skipped: u64,
    pub folders: Vec<PathBuf>,
    /// The device that computes, for example "Radeon 780M". None: the best one, once the networks are loaded.
    pub device: Option<String>,
    /// Whether scans look for small faces, too.
    pub small_faces: bool,
    pub by_itself: ByItself,
    /// The model that embeds, for example "SFace"; none while none is installed.
    pub model: Option<String>,
    /// Two faces nearer than this are called the same person.
    pub threshold: f32,
    /// The squared distance and the linkage that faces were last grouped with.
    pub grouping: (f32, Linkage),
    /// Lost faces, hidden people and faces set aside.
    pub set_aside: u64,
    pub can_undo: bool,
    pub can_redo: bool,
}

/// What the window does without being asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByItself {
    /// New photos in scanned folders are noticed.
    pub watches_folders: bool,
    /// A scan that was interrupted goes on when the window is opened.
    pub goes_on: bool,
}

/// The folders in which new photos are noticed. None where their user does not want it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watching {
    /// Each scanned folder, and why it is not watched.
    pub folders: Vec<(PathBuf, Option<WatchHindrance>)>,
    /// What is noticed waits until the computer is plugged in.
    pub on_battery: bool,
}

/// Why nothing is noticed in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchHindrance {
    /// It is not there; that it is back is noticed.
    Offline,
    /// What other computers change on it is told to nobody here.
    NetworkDrive,
    /// The system watches no more folders for this user.
    LimitReached,
    /// As the system says it.
    Refused(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// The library when these were read: what a decision about them has seen.
    pub seen: Revision,
    /// What undo and redo would have acted on then.
    pub steps: NextSteps,
    /// Named people, most faces first.
    pub named: Vec<NamedPerson>,
    /// Named people whom their user has hidden: their names are taken all the same.
    pub hidden: Vec<NamedPerson>,
    /// Groups without a name, most faces first.
    pub groups: Vec<GroupRow>,
}

/// A person's card of whom it is certain that there is a name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPerson {
    pub person: PersonId,
    pub name: String,
    /// The face that shows this person best; none where all their faces were set aside or given to others.
    pub cover: Option<FaceId>,
    /// Without those that are only suggested.
    pub faces: u64,
    pub suggested: u64,
}

/// The card of a group without a name, which shows several faces.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    pub person: PersonId,
    pub faces: u64,
    /// The first faces to show, nearest to the group's centre first.
    pub strip: Vec<FaceId>,
    /// The named person who is nearest, if near.
    pub resembles: Option<Resemblance>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Resemblance {
    pub person: PersonId,
    pub name: String,
    pub distance: SquaredDistance,
}

impl ModelRow {
    pub(crate) fn embeds(&self) -> bool {
        self.task == Task::Embed
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ModelRow {
    pub model: ModelId,
    pub name: String,
    pub task: Task,
    pub bytes: u64,
    pub licence: String,
    /// Where it comes from, in a few words.
    pub source: String,
    /// Accuracy on LFW in percent, as its publisher reports it.
    pub lfw_percent: Option<f32>,
    /// "112 × 112, 128-D".
    pub input: String,
    pub installed: bool,
    pub in_use: bool,
    /// Belongs to the pack that a fresh library needs.
    pub default: bool,
}

/// How new what is shown is. Answers are read beside each other, and one may be overtaken by another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Newest(Revision);

impl Newest {
    /// Whether an answer that has seen the library so is older than what is shown; else it is shown now.
    pub fn is_late(&mut self, seen: Revision) -> bool {
        let is_late = seen < self.0;
        self.0 = self.0.max(seen);
        is_late
    }

    /// Another file may be in the library's place, and count from elsewhere.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Something that was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Loadable<T> {
    /// Asked for, or about to be.
    #[default]
    Loading,
    Ready(T),
    Failed(Failure),
}

impl<T> Loadable<T> {
    pub fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading | Self::Failed(_) => None,
        }
    }
}

/// A lost face on its way back: the next face that is pressed on a photo is said to be it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PuttingBack {
    pub lost: FaceId,
    pub of: Option<PersonId>,
    /// Of its person.
    pub name: Option<String>,
    pub seen: Revision,
}

/// What the shell keeps for every view to read.
#[derive(Debug, Default)]
pub struct Facts {
    pub(crate) overview: Loadable<Overview>,
    pub(crate) people: Loadable<People>,
    pub(crate) models: Loadable<Vec<ModelRow>>,
    pub jobs: BTreeMap<JobId, JobReport>,
    /// Those that their user has paused.
    pub paused: BTreeSet<JobId>,
    pub watching: Watching,
    /// The lost face for which its user looks for the right place.
    pub putting_back: Option<PuttingBack>,
    /// Distances of known pairs, for scales; None while they are not known or there are none.
    pub sample: Option<DistanceSample>,
}

impl Facts {
    /// Whether there is nothing yet to look at, so that the first-run page belongs here.
    pub(crate) fn is_fresh(&self) -> bool {
        let is_empty = self.overview.ready().is_some_and(|overview| overview.photos == 0 && overview.skipped == 0);
        // Where there are names, photos have been here: they are missing, and not yet to come.
        is_empty && self.with_a_name().next().is_none()
    }

    pub fn threshold(&self) -> f32 {
        self.overview.ready().map_or(1.0, |overview| overview.threshold)
    }

    /// The squared distance and the linkage that faces were last grouped with.
    pub(crate) fn grouped_with(&self) -> (f32, Linkage) {
        self.overview.ready().map_or((1.0, Linkage::default()), |overview| overview.grouping)
    }

    /// The name of a person, as far as it has been loaded.
    pub(crate) fn name_of(&self, person: PersonId) -> Option<&str> {
        self.with_a_name().find(|row| row.person == person).map(|row| row.name.as_str())
    }

    /// The people who have this name, whatever its case, those with the most faces first, and the hidden ones last.
    pub(crate) fn people_named(&self, name: &str) -> Vec<&NamedPerson> {
        let wanted = name.trim().to_lowercase();
        self.with_a_name().filter(|row| row.name.to_lowercase() == wanted).collect()
    }

    pub(crate) fn is_hidden(&self, person: PersonId) -> bool {
        self.people.ready().is_some_and(|people| people.hidden.iter().any(|row| row.person == person))
    }

    fn with_a_name(&self) -> impl Iterator<Item = &NamedPerson> {
        self.people.ready().into_iter().flat_map(|people| people.named.iter().chain(&people.hidden))
    }

    /// The revision at which people were listed.
    pub(crate) fn people_seen(&self) -> Revision {
        self.people.ready().map_or(Revision::default(), |people| people.seen)
    }

    /// The steps of the history that undo and redo would have acted on then. What the window has decided since does not
    /// count: the library knows that by itself.
    pub(crate) fn steps_seen(&self) -> NextSteps {
        self.people.ready().map_or(NextSteps::default(), |people| people.steps)
    }
}

/// Distances of pairs whose labels are known, for the scale of the Compare view.
#[derive(Debug, Clone, PartialEq)]
pub struct DistanceSample {
    /// Shares of pairs in bins of equal width over squared distances 0 to 4.
    pub same: Vec<f32>,
    pub different: Vec<f32>,
    pub of: SampleOf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SampleOf {
    /// The latest evaluation of the model in use, on this list.
    Run(String),
    /// The library's named faces, so many.
    NamedFaces(u64),
}

/// A person as the window lists them.
#[derive(Debug, Clone, PartialEq)]
pub enum TouchedRow {
    Named(NamedPerson),
    Hidden(NamedPerson),
    /// Whom it resembles stands in [`TouchedFacts::resembling`].
    Group(GroupRow),
}

/// What a change that names what it touched leads to: put it in place of what was loaded before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TouchedFacts {
    /// The library when these were read.
    pub seen: Revision,
    /// Each touched person as they are now; none where they are gone, or a group that is hidden or without a face to show.
    pub people: Vec<(PersonId, Option<TouchedRow>)>,
    /// Groups that may resemble somebody else than before, touched or not.
    pub resembling: HashMap<PersonId, Option<Resemblance>>,
    /// Faces of the library that are not set aside.
    pub faces: u64,
    pub set_aside: u64,
    pub can_undo: bool,
    pub can_redo: bool,
}

impl Overview {
    pub(crate) fn put(&mut self, touched: &TouchedFacts) {
        (self.faces, self.set_aside) = (touched.faces, touched.set_aside);
        (self.can_undo, self.can_redo) = (touched.can_undo, touched.can_redo);
    }
}

impl People {
    /// Puts touched people in place of their old rows, in order. Rows that were not touched are as old as before, and so
    /// is what has been seen.
    pub(crate) fn put(&mut self, touched: &TouchedFacts) {
        let ids: HashSet<PersonId> = touched.people.iter().map(|(person, _)| *person).collect();
        self.named.retain(|row| !ids.contains(&row.person));
        self.hidden.retain(|row| !ids.contains(&row.person));
        self.groups.retain(|row| !ids.contains(&row.person));
        for row in touched.people.iter().filter_map(|(_, row)| row.clone()) {
            match row {
                TouchedRow::Named(row) => self.named.push(row),
                TouchedRow::Hidden(row) => self.hidden.push(row),
                TouchedRow::Group(row) => self.groups.push(row),
            }
        }
        self.named.sort_by_key(|row| (Reverse((row.faces, row.suggested)), row.person));
        self.hidden.sort_by_key(|row| (Reverse((row.faces, row.suggested)), row.person));
        self.groups.sort_by_key(|row| (Reverse(row.faces), row.person));
        for row in &mut self.groups {
            if let Some(resembles) = touched.resembling.get(&row.person) {
                row.resembles = resembles.clone();
            }
        }
    }
}
