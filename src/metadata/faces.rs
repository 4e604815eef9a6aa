//! What the caller knows of a photo: its faces, and whose they are.

use std::path::PathBuf;

use super::region_box::{ExifTurn, RegionBox};
use crate::types::{Embedding, FaceId, PersonId, PhotoId};

/// A photo of the library with its faces.
#[derive(Debug, Clone)]
pub(crate) struct PhotoToName<'a> {
    pub id: PhotoId,
    pub path: PathBuf,
    /// Width and height of the upright picture.
    pub size: (u32, u32),
    /// What the file says of its orientation. 1 where the format's own reader turns the picture (HEIC, AVIF).
    pub turn: ExifTurn,
    pub faces: Vec<FaceToName<'a>>,
    /// Where somebody was whom the user had forgotten: no face is made there.
    pub forgotten: Vec<RegionBox>,
}

impl PhotoToName<'_> {
    /// Width by height.
    pub(crate) fn aspect(&self) -> f32 {
        let (width, height) = self.size;
        width.max(1) as f32 / height.max(1) as f32
    }
}

/// A face that was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaceToName<'a> {
    pub id: FaceId,
    /// In the upright picture.
    pub at: RegionBox,
    pub of: FaceOwner<'a>,
    /// Names of people of whom the user said that the face is not theirs.
    pub denied: &'a [String],
    /// None where the model has not embedded the face.
    pub embedding: Option<&'a Embedding>,
}

/// Whose the face is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaceOwner<'a> {
    Nobody,
    /// In a group that nobody has named, or only put with a named person by the grouping.
    Group(PersonId),
    /// The user said so.
    Person {
        id: PersonId,
        name: &'a str,
    },
    /// The user set the face aside: a stranger, or no face.
    SetAside,
}

impl FaceOwner<'_> {
    pub(crate) fn person(&self) -> Option<PersonId> {
        match self {
            Self::Group(id) | Self::Person { id, .. } => Some(*id),
            Self::Nobody | Self::SetAside => None,
        }
    }
}
