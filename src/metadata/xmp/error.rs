//! What can go wrong with other programs' metadata, in words for its user.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Why a packet of XMP is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PacketError {
    #[error("the XMP holds bytes that are no text in its encoding")]
    NotText,
    #[error("the XMP is longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("the XMP is nested deeper, or has more parts, than any program writes")]
    TooComplex,
    #[error("the XMP declares a document type, which no program needs and which could harm its readers")]
    DocumentType,
    #[error("the XMP is damaged near line {line}, column {column}")]
    NotXml { line: u32, column: u32 },
    #[error("the XMP holds no RDF")]
    NoRdf,
    #[error("{format} is damaged: {what}")]
    Container { format: &'static str, what: &'static str },
    #[error("the parts of the extended XMP do not fit together")]
    ExtendedInPieces,
}

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    #[error("cannot {doing}: {reason}: {}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        #[source]
        reason: io::Error,
    },
    #[error("{reason}; nothing was written: {}", path.display())]
    Packet {
        path: PathBuf,
        #[source]
        reason: PacketError,
    },
    #[error("{why}; nothing was written: {}", path.display())]
    Refused { path: PathBuf, why: Refusal },
    #[error("this file has changed since the preview; nothing was written, look again: {}", path.display())]
    Changed { path: PathBuf },
}

/// Why names are not written into a file that could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    #[error("names are put into JPEG files only; use a sidecar for this one")]
    NotJpeg,
    #[error("the JPEG is not whole; use a sidecar")]
    DamagedJpeg,
    #[error("the file holds more than one packet of XMP, and programs differ on which one holds; use a sidecar")]
    SeveralPackets,
    #[error("the list to be changed stands in the extended XMP; use a sidecar")]
    InExtended,
    #[error("with these names the XMP would be longer than a JPEG's segment; use a sidecar")]
    TooLong,
    #[error(
        "something follows the picture in this file (a second picture, a film) that would move when the XMP grows; use \
         a sidecar"
    )]
    WouldMove,
    #[error(
        "the face regions there were made for a picture of another shape, which was cropped since; have them replaced, \
         or remove them in the program that wrote them"
    )]
    StaleRegions,
    #[error("a list in the XMP has a form that no standard describes; mend it in the program that wrote it")]
    UnknownForm,
    #[error("the file has several names on the disk (hard links), which writing would part; use a sidecar")]
    Linked,
    #[error("the file is read-only")]
    ReadOnly,
    #[error("the file belongs to another user, and would come to belong to this one; use a sidecar")]
    OtherOwner,
    #[error("the path is no file")]
    NotAFile,
    #[error("the orientation is none of 1 to 8, or the picture has no size")]
    BadPicture,
    #[error("a name is empty or holds control characters")]
    BadName,
}

impl MetadataError {
    /// Whether names that cannot go into the photo itself may still go beside it.
    pub fn asks_for_a_sidecar(&self) -> bool {
        let Self::Refused { why, .. } = self else { return false };
        match why {
            Refusal::NotJpeg
            | Refusal::DamagedJpeg
            | Refusal::SeveralPackets
            | Refusal::InExtended
            | Refusal::TooLong
            | Refusal::WouldMove
            | Refusal::Linked
            | Refusal::ReadOnly
            | Refusal::OtherOwner => true,
            Refusal::StaleRegions
            | Refusal::UnknownForm
            | Refusal::NotAFile
            | Refusal::BadPicture
            | Refusal::BadName => false,
        }
    }
}
