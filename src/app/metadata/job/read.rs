//! What stands about people in a folder's photos and beside them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::skipped::{SkipWhy, SkippedFile};
use crate::app::engine::progress::{JobEvent, Meter, Skipped, Stage};
use crate::app::jobs::walk::find_photos;
use crate::metadata::xmp::{self, FoundPeople, PacketPlace, PeoplePacket};
use crate::types::Cancel;

pub(super) const READING: Stage = Stage::new("stage_metadata_read", "Reading metadata");

/// The photos of which something is said, in order of their paths.
#[derive(Debug, Default)]
pub(crate) struct FolderNames {
    pub photos: Vec<(PathBuf, FoundPeople)>,
    /// Photos that were looked at.
    pub looked_at: usize,
    pub skipped: Vec<Skipped>,
    pub cancelled: bool,
}

/// Reads what other programs, and this one, wrote about people. `own` are folders of the program's own.
pub(crate) fn read(
    folder: &Path,
    own: &[PathBuf],
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<FolderNames> {
    let found = find_photos(folder, own, cancel, |_| {})?;
    let mut names = FolderNames { skipped: found.skipped, ..FolderNames::default() };
    let mut meter = Meter::start(READING, Some(found.photos.len() as u64));
    for photo in found.photos {
        if cancel.is_cancelled() {
            break;
        }
        names.looked_at += 1;
        match xmp::read(&photo) {
            Ok(people) => names.add(photo, people),
            Err(error) => names.skipped.push(SkippedFile::new(&photo, SkipWhy::of(&error)).into()),
        }
        events(JobEvent::Progress(meter.advance(1)));
    }
    names.cancelled = cancel.is_cancelled();
    Ok(names)
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameCounts {
    pub regions: usize,
    /// Different ones, of regions and of people without a place.
    pub names: usize,
}

impl FolderNames {
    pub fn counts(&self) -> NameCounts {
        let packets = || self.photos.iter().flat_map(|(_, people)| &people.packets);
        let people = || packets().flat_map(|packet| packet.regions.iter().filter(|region| region.kind.is_person()));
        let placed = people().filter_map(|region| region.name.as_deref());
        let unplaced = packets().flat_map(|packet| packet.person_in_image.iter().map(String::as_str));
        let names: HashSet<&str> = placed.chain(unplaced).collect();
        NameCounts { regions: people().count(), names: names.len() }
    }

    fn add(&mut self, photo: PathBuf, people: FoundPeople) {
        self.skipped.extend(unread(&photo, &people).into_iter().map(Skipped::from));
        if people.packets.iter().any(says_something) {
            self.photos.push((photo, people));
        }
    }
}

/// What of a photo's XMP was left out.
pub(super) fn unread(photo: &Path, people: &FoundPeople) -> Vec<SkippedFile> {
    let damaged = people.unread.iter().map(|(place, error)| {
        let path = match place {
            PacketPlace::Sidecar(path) => path,
            PacketPlace::Embedded | PacketPlace::Extended => photo,
        };
        SkippedFile::new(path, SkipWhy::Damaged(error.to_string()))
    });
    let hidden = people.hidden_sidecar.iter().map(|path| SkippedFile::new(path, SkipWhy::HiddenSidecar));
    damaged.chain(hidden).collect()
}

/// Whether a packet tells anything about people.
pub(crate) fn says_something(packet: &PeoplePacket) -> bool {
    let lists = [&packet.person_in_image, &packet.subject, &packet.hierarchical, &packet.tags];
    !packet.regions.is_empty() || lists.iter().any(|list| !list.is_empty())
}
