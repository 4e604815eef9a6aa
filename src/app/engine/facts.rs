//! TODO

use crate::app::engine::report::Failure;

use std::path::PathBuf;
use serde::Deserialize;
use serde::Serialize;
use crate::types::{FaceId, ModelId, PersonId, SquaredDistance};

/// The library in numbers, and what it works with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overview {
    pub photos: u64,
    pub faces: u64,
    pub skipped: u64,
    pub folders: Vec<PathBuf>,
    /// The device that computes, for example "Radeon 780M".
    pub device: String,
    /// The model that embeds, for example "SFace"; none while none is installed.
    pub model: Option<String>,
    /// Two faces nearer than this are called the same person.
    pub threshold: f32,
    /// The squared distance and the linkage that faces were last grouped with.
    pub grouping: (f32, Linkage),
    pub can_undo: bool,
    pub can_redo: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// Named people, most faces first.
    pub named: Vec<PersonRow>,
    /// Groups without a name, most faces first.
    pub groups: Vec<GroupRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    pub person: PersonId,
    pub name: String,
    /// The face that shows this person best.
    pub cover: FaceId,
    pub confirmed: u64,
    pub suggested: u64,
}

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

/// How the distance between two groups is measured while they are merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linkage {
    #[default]
    Average,
    Complete,
    Single,
    Ward,
}

impl Linkage {
    pub const ALL: [Self; 4] = [Self::Average, Self::Complete, Self::Single, Self::Ward];

    pub fn label_key(self) -> &'static str {
        match self {
            Self::Average => "linkage_average",
            Self::Complete => "linkage_complete",
            Self::Single => "linkage_single",
            Self::Ward => "linkage_ward",
        }
    }
}

impl ModelRow {
    pub fn embeds(&self) -> bool {
        self.task == ModelTask::Embed
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ModelRow {
    pub model: ModelId,
    pub name: String,
    pub task: ModelTask,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelTask {
    Detect,
    Embed,
}

impl ModelTask {
    pub fn label_key(self) -> &'static str {
        match self {
            Self::Detect => "task_detect",
            Self::Embed => "task_embed",
        }
    }
}

/// Something that was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Loadable<T> {
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
