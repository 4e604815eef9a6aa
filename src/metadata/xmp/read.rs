//! Everything that XMP says about the people in a photo: its sidecar's packet first, then those in the file.

use std::path::{Path, PathBuf};

use super::container::{self, ContainerError, FileWindow, RawPacket};
use super::encoding::MAX_BYTES;
use super::error::{MetadataError, PacketError};
use super::model::{PacketPlace, PeoplePacket};
use super::packet;
use super::sidecar::Sidecars;

/// What was found with a photo. Damage in one place hides nothing in the others.
#[derive(Debug, Default)]
pub(crate) struct FoundPeople {
    /// In the order in which programs believe them.
    pub packets: Vec<PeoplePacket>,
    pub unread: Vec<(PacketPlace, PacketError)>,
    /// A sidecar that another one hides.
    pub hidden_sidecar: Option<PathBuf>,
}

/// Reads a photo's sidecar and its own packets.
///
/// # Errors
/// A file that the disk does not give. Damaged XMP is no error but listed as unread.
pub(crate) fn read(photo: &Path) -> Result<FoundPeople, MetadataError> {
    let sidecars = Sidecars::of(photo);
    let mut found = FoundPeople { hidden_sidecar: sidecars.hidden, ..FoundPeople::default() };
    if let Some(path) = sidecars.valid {
        let place = PacketPlace::Sidecar(path.clone());
        match read_sidecar(&path)? {
            Ok(bytes) => found.add(&bytes, place),
            Err(error) => found.unread.push((place, error)),
        }
    }
    match embedded(photo)? {
        Ok(packets) => packets.iter().for_each(|raw| found.add_raw(raw)),
        Err(error) => found.unread.push((PacketPlace::Embedded, error)),
    }
    Ok(found)
}

/// The packets in a file, those that continue no other left out.
pub(crate) fn embedded(photo: &Path) -> Result<Result<Vec<RawPacket>, PacketError>, MetadataError> {
    let cannot = |reason| MetadataError::Io { doing: "read", path: photo.to_owned(), reason };
    let mut file = FileWindow::open(photo).map_err(cannot)?;
    let packets = match container::packets(&mut file) {
        Ok(packets) => packets,
        Err(ContainerError::Packet(error)) => return Ok(Err(error)),
        // No piece outside of the file is read, so this is said by a length in it.
        Err(ContainerError::Io(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Ok(Err(PacketError::Container { format: "the file", what: "it ends in the middle of a part" }));
        }
        Err(ContainerError::Io(error)) => return Err(cannot(error)),
    };
    Ok(Ok(continued(packets)))
}

/// A sidecar's bytes.
pub(crate) fn read_sidecar(path: &Path) -> Result<Result<Vec<u8>, PacketError>, MetadataError> {
    let cannot = |reason| MetadataError::Io { doing: "read", path: path.to_owned(), reason };
    let mut file = FileWindow::open(path).map_err(cannot)?;
    let length = file.length();
    if length > MAX_BYTES as u64 {
        return Ok(Err(PacketError::TooLong { limit: MAX_BYTES }));
    }
    Ok(Ok(file.bytes(0, length).map_err(cannot)?))
}

fn continued(packets: Vec<RawPacket>) -> Vec<RawPacket> {
    let (parts, mut packets): (Vec<_>, Vec<_>) = packets.into_iter().partition(|raw| raw.extends.is_some());
    if parts.is_empty() {
        return packets;
    }
    let names = packets.iter().filter_map(|raw| packet::extended_name(&raw.bytes).ok().flatten());
    let names: Vec<String> = names.map(|name| name.to_uppercase()).collect();
    let is_asked = |raw: &RawPacket| raw.extends.as_ref().is_some_and(|name| names.contains(&name.to_uppercase()));
    packets.extend(parts.into_iter().filter(is_asked));
    packets
}

impl FoundPeople {
    fn add_raw(&mut self, raw: &RawPacket) {
        let place = if raw.extends.is_some() { PacketPlace::Extended } else { PacketPlace::Embedded };
        self.add(&raw.bytes, place);
    }

    fn add(&mut self, bytes: &[u8], place: PacketPlace) {
        match PeoplePacket::parse(bytes, place.clone()) {
            Ok(packet) => self.packets.push(packet),
            Err(error) => self.unread.push((place, error)),
        }
    }
}
