//! What was found elsewhere: a name, the photo, the region if one was drawn, and how sure that program was.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::region_box::RegionBox;
use crate::types::path_text;

/// Where names stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NameSource {
    /// XMP `mwg-rs`.
    Mwg,
    /// XMP `MP`.
    MicrosoftPeople,
    /// XMP `Iptc4xmpExt`.
    Iptc,
    /// XMP `acdsee-rs`.
    AcdSee,
    /// XMP `apple-fi`.
    Apple,
    Picasa,
    GoogleTakeout,
    Keyword,
    DigikamDatabase,
}

impl NameSource {
    /// Those that lie in the photos and their folders.
    pub(crate) const IN_FOLDERS: [Self; 8] = [
        Self::Mwg,
        Self::MicrosoftPeople,
        Self::Iptc,
        Self::AcdSee,
        Self::Apple,
        Self::Picasa,
        Self::GoogleTakeout,
        Self::Keyword,
    ];

    /// For the command line.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Mwg => "XMP regions",
            Self::MicrosoftPeople => "Windows' regions",
            Self::Iptc => "IPTC",
            Self::AcdSee => "ACDSee",
            Self::Apple => "Apple",
            Self::Picasa => "Picasa",
            Self::GoogleTakeout => "Google Takeout",
            Self::Keyword => "keywords",
            Self::DigikamDatabase => "digiKam's database",
        }
    }
}

/// What the program says of the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NameKind {
    /// Somebody gave the name, or said yes to it.
    Confirmed,
    /// The program's own guess.
    Suggested,
    /// A face without a name; it helps to find out how the program counts.
    Unnamed,
    /// A face that somebody said to leave alone.
    Ignored,
}

/// The photo as the source names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum PhotoPath {
    Whole(PathBuf),
    /// On a volume that is not known here: the folder on that volume, and the path inside the folder.
    OnVolume {
        #[serde(with = "path_text")]
        root: PathBuf,
        #[serde(with = "path_text")]
        inside: PathBuf,
    },
}

/// The picture in which the source's rules count, or its author said it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum StatedFrame {
    /// The pixels as they are stored.
    Stored,
    Upright,
}

/// A region as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct NameRegion {
    pub region: RegionArea,
    pub frame: StatedFrame,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum RegionArea {
    /// `of`: width and height of the picture that it was drawn in, where that is known (MWG's AppliedToDimensions).
    Fractions { at: RegionBox, of: Option<(u32, u32)> },
    /// Left, top, width, height in pixels of a picture with these sides, whichever of them is its width.
    Pixels { at: [f32; 4], sides: (u32, u32) },
}

/// One name, or one face, of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NameFound {
    pub photo: PhotoPath,
    /// None where [`NameKind`] says that there is none.
    pub name: Option<String>,
    pub region: Option<NameRegion>,
    pub source: NameSource,
    /// The program that wrote it, where the file tells: two programs may count differently in one format.
    pub writer: Option<String>,
    pub kind: NameKind,
}

impl NameFound {
    /// Whether it says who somebody is.
    pub(crate) fn names_somebody(&self) -> bool {
        self.name.is_some() && matches!(self.kind, NameKind::Confirmed | NameKind::Suggested)
    }
}
