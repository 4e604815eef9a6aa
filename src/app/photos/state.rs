//! TODO

use std::path::PathBuf;
use crate::types::{FaceBox, FaceId, PersonId, PhotoId};

/// Which photos the library shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum PhotoFilter {
    #[default]
    All,
    Person(PersonId),
    UnnamedFaces,
    NoFaces,
    /// Files that could not be read, each with its reason.
    Skipped,
}

/// The photos that pass a filter, by month, newest first; or the skipped files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    pub months: Vec<Month>,
    pub skipped: Vec<SkippedFile>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    pub year: i32,
    /// 1 to 12, or 0 where the photos do not say when they were taken.
    pub month: u8,
    pub photos: Vec<PhotoTile>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTile {
    pub photo: PhotoId,
    /// Of the upright photo, in pixels.
    pub size: (u32, u32),
    /// In pixels of the upright photo.
    pub faces: Vec<FaceBox>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SkippedFile {
    pub path: PathBuf,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PhotoDetail {
    pub photo: PhotoId,
    pub path: PathBuf,
    /// Of the upright photo, in pixels.
    pub size: (u32, u32),
    /// ISO 8601, as the camera wrote it.
    pub captured_at: Option<String>,
    pub camera: Option<String>,
    pub faces: Vec<PhotoFace>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PhotoFace {
    pub face: FaceId,
    pub face_box: FaceBox,
    /// The person or unnamed group the face belongs to.
    pub person: Option<PersonId>,
    pub name: Option<String>,
    pub confirmed: bool,
}
