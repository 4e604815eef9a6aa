//! What jobs tell the window: where they stand, how they ended, what failed, what a change touched.

use std::path::PathBuf;

use super::picture::{ImageKey, Picture};
use super::progress::Progress;
use crate::library::{LibraryError, Stale};
use crate::types::Touched;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// Where a running job stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobReport {
    pub job: JobId,
    pub kind: JobKind,
    pub progress: Progress,
}

/// What a job does, by name. Those that several features ask for are named here, the others in their features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobKind(pub &'static str);

impl JobKind {
    pub const SCAN: Self = Self("scan");
    pub const INSTALL: Self = Self("install");
}

/// What a question in passing is about. A newer question about the same takes its place, and it goes when its matter is
/// over, whoever has settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// Photos of this folder are gone, or its drive is not there.
    MissingPhotos(PathBuf),
    InterruptedScan,
    WritingNames,
}

/// Names a change, so that its answer finds the words said about it.
pub type Ticket = u64;

/// What a job tells while it works, and what answers a request; `E` are the events of one feature alone.
#[derive(Debug, Clone)]
pub enum Report<E> {
    Own(E),
    Image(ImageKey, Result<Picture, String>),
    /// A job started, or went on.
    Job(JobReport),
    JobEnded(JobId, JobEnd),
    Changed(Ticket, Touched),
    /// Another program has changed the library.
    ChangedElsewhere(Touched),
    Failed(Option<Ticket>, Failure),
}

/// How a job ended.
#[derive(Debug, Clone)]
pub enum JobEnd {
    /// It may have told nothing before its end, so it says what it was. What it achieved its feature has heard before.
    Done(JobKind),
    /// Stopped by its user; what was done is kept.
    Cancelled,
    Failed(Failure),
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
    Job,
    Save,
    /// The library's file is damaged: a backup helps, and trying again does not.
    Damaged,
    /// A fault of the program itself.
    Internal,
    /// A decision about something that has changed since it was shown.
    Stale(Stale),
    /// What one feature alone does: the name of its text.
    Own(&'static str),
}

impl Failed {
    /// What came too late is told as such, anything else as `otherwise`.
    pub fn of(error: &anyhow::Error, otherwise: Self) -> Self {
        match error.downcast_ref::<LibraryError>() {
            Some(LibraryError::Stale(stale)) => Self::Stale(*stale),
            _ => otherwise,
        }
    }

    /// The text that says what failed, what was kept and what to do.
    pub(crate) fn words_key(self) -> &'static str {
        match self {
            Self::Load => "failed_load",
            Self::Change => "failed_change",
            Self::Job => "failed_job",
            Self::Save => "failed_save",
            Self::Damaged => "repair_title",
            Self::Internal => "failed",
            Self::Stale(Stale::FaceGone) => "stale_face_gone",
            Self::Stale(Stale::FaceMoved) => "stale_face_moved",
            Self::Stale(Stale::FaceDecided) => "stale_face_decided",
            Self::Stale(Stale::FaceFound) => "stale_face_found",
            Self::Stale(Stale::FaceOfOther) => "stale_face_of_other",
            Self::Stale(Stale::FaceNotAFace) => "stale_face_not_a_face",
            Self::Stale(Stale::FaceStranger) => "stale_face_stranger",
            Self::Stale(Stale::FaceRejected) => "stale_face_rejected",
            Self::Stale(Stale::PersonGone) => "stale_person_gone",
            Self::Stale(Stale::PersonChanged) => "stale_person_changed",
            Self::Stale(Stale::SaidApart) => "stale_said_apart",
            Self::Stale(Stale::MoreGone) => "stale_more_gone",
            Self::Stale(Stale::OtherPreview) => "stale_preview",
            Self::Stale(Stale::OtherStep) => "stale_other_step",
            Self::Own(words_key) => words_key,
        }
    }
}
