//! What other programs say about the people in a photo, as they say it: boxes stay in the frame of their format.

use std::path::PathBuf;

use super::written::{NameList, WrittenMark};
use crate::metadata::region_box::RegionBox;

/// Which picture a box is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxFrame {
    /// The format asks for the stored pixels, before EXIF orientation is applied; not every program obeys.
    Stored,
    /// The format leaves it open.
    Unsaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxUnit {
    /// Of the picture's width and height.
    Fractions,
    Pixels,
}

/// In whose format a region is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RegionFormat {
    Mwg,
    /// Mwg with Apple's own fields.
    Apple,
    Microsoft,
    Iptc,
    AcdSee,
}

impl RegionFormat {
    pub fn word(self) -> &'static str {
        match self {
            Self::Mwg => "mwg",
            Self::Apple => "apple",
            Self::Microsoft => "microsoft",
            Self::Iptc => "iptc",
            Self::AcdSee => "acdsee",
        }
    }

    /// The list into which names of this format are written, where they are.
    pub fn list(self) -> Option<NameList> {
        match self {
            Self::Mwg | Self::Apple => Some(NameList::MwgRegions),
            Self::Microsoft => Some(NameList::MicrosoftRegions),
            Self::Iptc | Self::AcdSee => None,
        }
    }
}

/// What a region shows. Only [`Self::is_person`] concerns us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RegionKind {
    Face,
    Pet,
    Focus,
    BarCode,
    Unsaid,
    Other(String),
}

impl RegionKind {
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Face | Self::Unsaid)
    }
}

/// A region as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct XmpRegion {
    pub format: RegionFormat,
    /// None where nobody has named it.
    pub name: Option<String>,
    pub kind: RegionKind,
    /// In its `unit`. None where the file says no rectangle that can be used.
    pub area: Option<RegionBox>,
    pub unit: BoxUnit,
    pub frame: BoxFrame,
    /// Width and height of the picture for which the regions were made, by which a frame can be told.
    pub applied_to: Option<(u32, u32)>,
}

/// Where a packet was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PacketPlace {
    Sidecar(PathBuf),
    Embedded,
    /// In a JPEG's further segments, which carry what is too long for the first.
    Extended,
}

/// What one packet of XMP says about people. The three lists of keywords are as they stand: which of them are names is
/// not decided here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PeoplePacket {
    pub place: PacketPlace,
    pub regions: Vec<XmpRegion>,
    /// `Iptc4xmpExt:PersonInImage`: people without a place.
    pub person_in_image: Vec<String>,
    /// `dc:subject`.
    pub subject: Vec<String>,
    /// `lr:HierarchicalSubject`, with `|` between levels.
    pub hierarchical: Vec<String>,
    /// `digiKam:TagsList`, with `/` between levels.
    pub tags: Vec<String>,
    /// `xmp:CreatorTool`, else the toolkit that wrote the packet.
    pub program: Option<String>,
    /// What Likeness wrote there, by its own marks.
    pub marks: Vec<WrittenMark>,
}
