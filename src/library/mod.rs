//! The SQLite library: photos, faces, people, review journal, scan state. All SQL on it stands here.
//!
//! [`Library`] is the one writer and lives on one thread; [`LibraryReader`] is a connection that only reads, for the
//! window. Both answer the same questions. Every write is one transaction, so a process killed at any moment loses at
//! most the photos in flight.
//!
//! * A photo is a picture, known by the hash of its coded data ([`FileHashes`]); files lead to it, come and go. What
//!   was decided about its faces holds for all its copies. A path with another picture leads to another photo.
//! * A face belongs to at most one person: grouped, suggested, named with its group, or confirmed ([`Belongs`]). The
//!   grouping moves only what the user has not said ([`Library::apply_grouping`]).
//! * A person is a row with a name, or without one: a group. Names need not be unique.
//! * Embeddings are stored by model and its weights ([`Library::use_weights`]), and every question names the model. Of
//!   many faces they are also kept in one file that is mapped ([`KeptVectors`]).
//! * What a user decides is one step of a history that survives restarts ([`LibraryReader::history`]), refused where it
//!   no longer means what was seen ([`Library::decide`]).
//!
//! Left out: the clustering itself (`cluster`), reading photos (`faces::image`), and a name's uniqueness.

mod aside;
mod attempts;
pub mod care;
mod carry;
mod error;
mod faces;
mod files;
#[cfg(test)]
pub(crate) mod fixture;
mod folders;
mod gone;
mod grouping;
mod held;
mod kept_vectors;
mod migrate;
mod models;
mod names;
mod names_read;
mod open;
mod path;
mod people;
mod photos;
mod place;
mod reason;
mod review;
mod scan;
mod scan_part;
mod settings;
mod sought;
#[cfg(test)]
mod tests;
mod to_group;
mod touched_since;
mod vectors;
mod written;

#[cfg(test)]
pub(crate) use self::{error::Obstacle, grouping::GroupingOutcome, review::ReviewAction, scan::ScanEnd};
pub use aside::{AgainstMerge, FaceSetAside, Rejection, ToldApart};
pub(crate) use attempts::{ScanProgress, Suspect};
pub use carry::{Carried, CarriedFace, LostFace};
pub(crate) use carry::{FaceInPicture, PictureFaces, Replaced};
pub use error::{LibraryError, Result, Stale};
pub use faces::FaceRecord;
pub(crate) use faces::{ConfirmedFace, FaceToEmbed, PortraitToEmbed};
pub(crate) use files::{Placed, with_small_faces};
pub use folders::{FacesOfFolder, ScannedFolder};
pub(crate) use gone::{Gone, is_gone};
pub use grouping::GroupedBy;
pub(crate) use held::{HeldLibrary, asks_disk};
pub(crate) use kept_vectors::KeptVectors;
pub(crate) use names::{FaceWithOwner, NameAnswer, PhotoWithFaces};
pub(crate) use names_read::NamesRead;
pub use open::Library;
pub(crate) use open::LibraryReader;
pub use people::{FaceDetail, FaceOfPerson, PersonCard};
pub(crate) use people::{ListedFace, PeopleFilter, PeopleKind, PersonListing};
pub(crate) use photos::ListedPhoto;
pub use photos::{Counts, PhotoDetail, PhotoFilter};
pub use review::{
    Belongs, CorrectedFace, Decision, Destination, FaceByHand, FaceState, MergedPerson, NameAnswers, NextSteps,
    SetAside, TakenName,
};
pub use scan::{FileFacts, FileHashes, MissingPolicy, PhotoRecord, PhotoState, ScanOutcome};
pub(crate) use scan::{KnownBefore, ScanId};
pub(crate) use sought::{FacesThere, LostPicture};
pub(crate) use to_group::{FaceToGroup, GroupingInput};
pub(crate) use vectors::VectorState;
pub use written::WritePlace;
pub(crate) use written::{NamedFace, PhotoToWrite, WrittenFile};

/// A part of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPage {
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

impl ListPage {
    /// Everything at once.
    pub const ALL: Self = Self { offset: 0, limit: i64::MAX as usize };
}
