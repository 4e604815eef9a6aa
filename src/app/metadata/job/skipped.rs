//! Files that are left out: the kind of reason, for which the window has words of its own, and what a reader or the
//! system said of it in English.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::app::engine::progress::Skipped;
use crate::metadata::xmp::{MetadataError, Refusal};
use crate::types::plain;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFile {
    pub path: PathBuf,
    pub why: SkipWhy,
}

/// Why a file is left out. The texts are for the command line, and for who wants to know more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkipWhy {
    /// The system keeps it.
    CannotOpen(String),
    /// What it says of people cannot be read.
    Damaged(String),
    /// Another sidecar of the same photo hides it.
    HiddenSidecar,
    /// Names are not written into such a file.
    Refused(Refusal),
    ChangedSinceRead,
    ChangedSinceShown,
    /// Its way back cannot be kept, or was not kept so that it can be read.
    NotNoted,
    /// No face can be cut out of the photo.
    NoFace(String),
}

impl SkippedFile {
    pub(super) fn new(path: &Path, why: SkipWhy) -> Self {
        Self { path: path.to_owned(), why }
    }
}

impl SkipWhy {
    /// Without the path, which stands before it.
    pub(super) fn of(error: &MetadataError) -> Self {
        match error {
            MetadataError::Io { doing, reason, .. } => {
                Self::CannotOpen(format!("cannot {doing} the file: {}", plain(reason)))
            }
            MetadataError::Packet { reason, .. } => Self::Damaged(reason.to_string()),
            MetadataError::Refused { why, .. } => Self::Refused(*why),
            MetadataError::Changed { .. } => Self::ChangedSinceRead,
        }
    }
}

impl SkipWhy {
    /// What was said of it that its kind does not say.
    #[cfg(feature = "gui")]
    pub(crate) fn details(&self) -> Option<&str> {
        match self {
            Self::CannotOpen(said) | Self::Damaged(said) | Self::NoFace(said) => Some(said),
            Self::HiddenSidecar
            | Self::Refused(_)
            | Self::ChangedSinceRead
            | Self::ChangedSinceShown
            | Self::NotNoted => None,
        }
    }
}

impl fmt::Display for SkipWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotOpen(said) | Self::Damaged(said) | Self::NoFace(said) => f.write_str(said),
            Self::HiddenSidecar => {
                f.write_str("another sidecar of the same photo hides it from most programs; it was not read")
            }
            Self::Refused(why) => why.fmt(f),
            Self::ChangedSinceRead => f.write_str("the file has changed since it was looked at"),
            Self::ChangedSinceShown => {
                f.write_str("the file, or the names for it, have changed since they were shown; look again")
            }
            Self::NotNoted => f.write_str("what was written into it is not noted in a form that can be read"),
        }
    }
}

/// As all jobs tell it.
impl From<SkippedFile> for Skipped {
    fn from(file: SkippedFile) -> Self {
        Self { path: file.path, reason: file.why.to_string() }
    }
}
