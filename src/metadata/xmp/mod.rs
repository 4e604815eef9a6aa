//! People in XMP: reading what other programs wrote, and writing names beside it.
//!
//! * [`read`]: a photo's sidecar and its own packets, out of JPEG, PNG, WebP, GIF, TIFF and raw files built like it,
//!   HEIC, AVIF, CR3 and JPEG XL. Boxes come as the formats mean them; who has to know where a face really is compares
//!   [`XmpRegion::applied_to`] with the picture.
//! * [`plan`]: what writing names would change, list by list, and the exact new bytes. Into a sidecar, or into a JPEG.
//! * [`MetadataPlan::write`], and [`MetadataPlan::undo`] for the way back.
//!
//! The text of a packet is never written anew. Its tree, with the places of all parts, comes from `roxmltree`; changes
//! are cut into the text, so that whatever else stands there, known to us or not, stays byte for byte. Toolkits that
//! read a packet into a model and write the model out cannot do that: Adobe's drops comments and refuses a packet with
//! literal XML (its error 203), and its RDF parser descends without a limit (Exiv2#9322); `xmpkit` 0.1.6 refuses literal
//! XML too, ends the program at a packet nested deep enough, and writes RDF that Adobe's does not read.
//!
//! What is ours in a file is said by [`WrittenNames`], which the library keeps.

mod container;
mod embed;
mod encoding;
mod error;
mod fragment;
mod left;
mod list;
mod matching;
mod merge;
mod model;
mod namespace;
mod orientation;
mod packet;
mod plan;
mod preview;
mod rdf;
mod read;
mod regions;
mod request;
mod seed;
mod sidecar;
mod splice;
mod tags;
mod write;
mod written;

pub(crate) use error::MetadataError;
pub use error::Refusal;
pub use matching::OthersNames;
pub use merge::ChangeKind;
pub(crate) use merge::PlannedChange;
pub(crate) use model::{BoxUnit, PacketPlace, PeoplePacket, RegionFormat, XmpRegion};
pub(crate) use plan::{MetadataPlan, plan};
pub(crate) use read::{FoundPeople, read};
pub(crate) use request::{FaceToWrite, NamesToWrite};
pub(crate) use sidecar::Sidecars;
pub(crate) use write::{FileChange, FileUndo, Modified, Undone, WriteRemains};
pub use written::NameList;
pub(crate) use written::WrittenNames;

#[cfg(test)]
mod tests;
