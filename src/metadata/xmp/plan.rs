//! What writing names would do to one photo: nothing is written here.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::container::{self, FileWindow, RawPacket, SEGMENT_NAME};
use super::embed;
use super::encoding::PacketText;
use super::error::{MetadataError, PacketError, Refusal};
use super::fragment::EMPTY_PACKET;
use super::merge::{self, MergeError, MergedPacket, PlannedChange};
use super::model::{PacketPlace, PeoplePacket};
use super::read;
use super::request::{FaceToWrite, NamesToWrite, PacketBeside};
use super::seed;
use super::sidecar::Sidecars;
use super::write::{self, FileChange, FileUndo, Modified};
use super::written::{NameList, WrittenNames, is_same_name};
use crate::library::WritePlace;

/// What would change, and what of it would then be ours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetadataPlan {
    /// The file to be changed.
    pub path: PathBuf,
    pub file: FileChange,
    pub changes: Vec<PlannedChange>,
    pub written: WrittenNames,
}

impl MetadataPlan {
    /// What takes it back; to be kept before anything is written.
    pub fn undo(&self) -> Result<FileUndo, MetadataError> {
        FileUndo::of(&self.path, &self.file)
    }

    /// # Errors
    /// The file is one that is not replaced: it has several names, or may not be written.
    pub fn check(&self) -> Result<(), MetadataError> {
        write::check(&self.path, &self.file)
    }

    /// Another for a plan that would do anything else: to another file, to other bytes, or with other ones.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new_with_prefix(self.path.as_os_str().as_encoded_bytes());
        // Enough of each change to tell it from all others; none of it fails to become text.
        digest.update(serde_json::to_vec(&self.file).unwrap_or_default());
        digest.finalize().into()
    }

    /// # Errors
    /// The file has changed since, or cannot be written; it is as it was.
    pub fn write(&self, modified: Modified) -> Result<(), MetadataError> {
        write::apply(&self.path, &self.file, modified)
    }
}

/// Plans the names of one photo.
///
/// # Errors
/// The file cannot be read, its XMP is damaged, or it is one into which names are not written.
pub(crate) fn plan(photo: &Path, place: WritePlace, names: &NamesToWrite<'_>) -> Result<MetadataPlan, MetadataError> {
    let faces = checked(names).map_err(|why| MetadataError::Refused { path: photo.to_owned(), why })?;
    let names = NamesToWrite { faces: &faces, ..*names };
    match place {
        WritePlace::Sidecar => plan_sidecar(photo, &names),
        WritePlace::Embedded => plan_embedded(photo, &names),
    }
}

fn plan_sidecar(photo: &Path, names: &NamesToWrite<'_>) -> Result<MetadataPlan, MetadataError> {
    let path = real_path(&Sidecars::of(photo).to_write(photo))?;
    let beside = packets_beside(photo, names.library)?;
    if !path.exists() {
        let text = start_of_sidecar(photo, names.lists, &beside)?;
        let own = beside.iter().flat_map(|packet| packet.ours.0.clone());
        let ours = WrittenNames(names.ours.0.iter().cloned().chain(own).collect());
        let merged = merged(&path, &text, &NamesToWrite { ours: &ours, ..*names }, &beside)?;
        let file = if merged.written.0.is_empty() {
            FileChange::Nothing
        } else {
            FileChange::Create { bytes: merged.text.as_bytes().to_vec() }
        };
        return Ok(finished(path, file, merged));
    }
    let bytes = read::read_sidecar(&path)?.map_err(|reason| MetadataError::Packet { path: path.clone(), reason })?;
    let packet = PacketText::decode(&bytes).map_err(|reason| MetadataError::Packet { path: path.clone(), reason })?;
    let merged = merged(&path, &packet.text, names, &beside)?;
    let file = if merged.text == packet.text {
        FileChange::Nothing
    } else if merged.text.trim_end() == EMPTY_PACKET {
        // Nothing is left but what we began it with.
        FileChange::Remove { bytes }
    } else {
        FileChange::replace(&bytes, 0, bytes.len(), packet.encode(&merged.text))
    };
    Ok(finished(path, file, merged))
}

/// A sidecar hides what the photo itself says in the same lists from many programs, so these begin with that; what of it
/// is ours by its marks stays ours.
fn start_of_sidecar(photo: &Path, lists: &[NameList], beside: &[PacketBeside]) -> Result<String, MetadataError> {
    let copies = beside.iter().filter_map(|packet| seed::copies(&packet.text, lists).ok());
    let copies: Vec<String> = copies.flatten().collect();
    seed::with_descriptions(EMPTY_PACKET, &copies)
        .map_err(|reason| MetadataError::Packet { path: photo.to_owned(), reason })
}

/// XMP in the photo itself that cannot be read hides nothing, and says nothing.
fn packets_beside(photo: &Path, library: Option<&str>) -> Result<Vec<PacketBeside>, MetadataError> {
    let packets = read::embedded(photo)?.unwrap_or_default();
    let beside = |raw: &RawPacket| {
        let text = PacketText::decode(&raw.bytes).ok()?.text;
        let parsed = PeoplePacket::parse(&raw.bytes, PacketPlace::Embedded).ok();
        let ours = library.zip(parsed).map(|(library, packet)| packet.written(Some(library))).unwrap_or_default();
        Some(PacketBeside { text, ours })
    };
    Ok(packets.iter().filter_map(beside).collect())
}

fn plan_embedded(photo: &Path, names: &NamesToWrite<'_>) -> Result<MetadataPlan, MetadataError> {
    let path = real_path(photo)?;
    let refused = |why| MetadataError::Refused { path: path.clone(), why };
    let io = |reason| MetadataError::Io { doing: "read", path: path.clone(), reason };
    let mut window = FileWindow::open(&path).map_err(io)?;
    if window.bytes(0, window.length().min(3)).map_err(io)? != [0xff, 0xd8, 0xff] {
        return Err(refused(Refusal::NotJpeg));
    }
    let jpeg = fs::read(&path).map_err(io)?;
    let segments = container::segments(&mut window).map_err(|_| refused(Refusal::DamagedJpeg))?;
    let content = |(at, length): (u64, u64)| jpeg.get(at as usize..(at + length) as usize).unwrap_or_default();
    let mut packets = segments.iter().filter_map(|segment| {
        let is_app1 = segment.marker == 0xe1;
        Some((segment, content(segment.content).strip_prefix(SEGMENT_NAME).filter(|_| is_app1)?))
    });
    let (first, second) = (packets.next(), packets.next());
    if second.is_some() {
        return Err(refused(Refusal::SeveralPackets));
    }
    no_list_is_extended(&path, names.lists)?;
    let packet_error = |reason| MetadataError::Packet { path: path.clone(), reason };
    let old =
        first.map(|(segment, bytes)| Ok((segment, PacketText::decode(bytes)?))).transpose().map_err(packet_error)?;
    let text = old.as_ref().map_or(EMPTY_PACKET, |(_, packet)| packet.text.as_str());
    let merged = merged(&path, text, names, &[])?;
    if merged.text == text {
        return Ok(finished(path, FileChange::Nothing, merged));
    }
    let old = old.as_ref().map(|(segment, packet)| (*segment, packet));
    let change = embed::embed(&jpeg, &segments, old, &merged.text).map_err(refused)?;
    let file = FileChange::replace(&jpeg, change.old.start, change.old.len(), change.new);
    Ok(finished(path, file, merged))
}

/// A list that is continued elsewhere cannot be changed in the first packet alone.
fn no_list_is_extended(photo: &Path, lists: &[NameList]) -> Result<(), MetadataError> {
    let refused = || MetadataError::Refused { path: photo.to_owned(), why: Refusal::InExtended };
    let packets = read::embedded(photo)?.map_err(|_| refused())?;
    let has_list =
        |raw: &RawPacket| -> Result<bool, PacketError> { seed::has_any(&PacketText::decode(&raw.bytes)?.text, lists) };
    let extended = packets.iter().filter(|raw| raw.extends.is_some());
    // What cannot be read may hold one.
    if extended.map(has_list).any(|has| has.unwrap_or(true)) { Err(refused()) } else { Ok(()) }
}

fn merged(
    path: &Path,
    text: &str,
    names: &NamesToWrite<'_>,
    beside: &[PacketBeside],
) -> Result<MergedPacket, MetadataError> {
    merge::merge(text, names, beside).map_err(|error| match error {
        MergeError::Packet(reason) => MetadataError::Packet { path: path.to_owned(), reason },
        MergeError::Refused(why) => MetadataError::Refused { path: path.to_owned(), why },
    })
}

fn finished(path: PathBuf, file: FileChange, merged: MergedPacket) -> MetadataPlan {
    MetadataPlan { path, file, changes: merged.changes, written: merged.written }
}

/// Behind links, so that the file is replaced and not the link to it.
fn real_path(path: &Path) -> Result<PathBuf, MetadataError> {
    match fs::canonicalize(path) {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(reason) => Err(MetadataError::Io { doing: "read", path: path.to_owned(), reason }),
    }
}

/// The faces to write, without those whose name is to go from the file.
fn checked(names: &NamesToWrite<'_>) -> Result<Vec<FaceToWrite>, Refusal> {
    if !(1..=8).contains(&names.orientation) || names.size.0 == 0 || names.size.1 == 0 {
        return Err(Refusal::BadPicture);
    }
    let face = |face: &FaceToWrite| {
        let name = face.name.trim();
        let is_bad = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
        if name.is_empty() || name.contains(is_bad) {
            return Err(Refusal::BadName);
        }
        let area = face.area.within_picture().ok_or(Refusal::BadPicture)?;
        Ok(FaceToWrite { name: name.to_owned(), area })
    };
    let is_to_go = |face: &&FaceToWrite| names.others.remove.iter().any(|name| is_same_name(&face.name, name));
    names.faces.iter().filter(|face| !is_to_go(face)).map(face).collect()
}
