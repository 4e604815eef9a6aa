//! Every name that stands with a folder's photos, from all programs that leave some.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::files_read::FilesRead;
use super::read::{READING, unread};
use super::skipped::{SkipWhy, SkippedFile};
use crate::app::engine::progress::{JobEvent, Meter};
use crate::app::jobs::walk::sorted;
use crate::faces::image::orientation_of_file;
use crate::metadata::digikam;
use crate::metadata::files::{SourceFileError, read_source};
use crate::metadata::found::{NameFound, NameSource, PhotoPath};
use crate::metadata::from_xmp;
use crate::metadata::keywords::{PeopleKeywords, PhotoKeywords};
use crate::metadata::picasa::{self, PicasaContacts, PicasaIni};
use crate::metadata::takeout::{self, TakeoutFolder, TakeoutJson};
use crate::metadata::xmp::{self, FoundPeople, MetadataError, Sidecars};
use crate::types::{Cancel, files};

/// Where names are looked for besides the photos' own folders.
#[derive(Debug, Clone, Default)]
pub struct MoreSources {
    /// digiKam's `digikam4.db`.
    pub digikam: Option<PathBuf>,
    /// Picasa's `contacts.xml`.
    pub contacts: Option<PathBuf>,
}

/// What the library says itself.
pub(super) struct OwnNames<'a> {
    /// Of its people: by them keywords without levels are told.
    pub people: &'a [String],
    /// What marks in files call it: what it wrote is no other program's.
    pub marked: Option<&'a str>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct CollectedNames {
    pub found: Vec<NameFound>,
    /// Sources that could be read in all photos.
    pub read: HashSet<NameSource>,
    pub skipped: Vec<SkippedFile>,
    /// Orientations of photos that are known already.
    pub turns: HashMap<PathBuf, u32>,
}

/// What a photo and its sidecars say, as it is kept until one of them changes.
#[derive(Debug, Default, Serialize, Deserialize)]
struct PhotoNames {
    /// Without the photo's path.
    found: Vec<NameFound>,
    keywords: Vec<PhotoKeywords>,
    unread: Vec<(PathBuf, SkipWhy)>,
    /// Its orientation, where there are regions.
    turn: Option<u32>,
}

/// Reads the names of photos.
/// `copies` is a folder of the program's own, for a passing copy of digiKam's database.
pub(super) fn collect(
    photos: &[PathBuf],
    own: &OwnNames<'_>,
    more: &MoreSources,
    copies: &Path,
    files: &mut FilesRead<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<CollectedNames> {
    let named = NamedSources::read(more, copies)?;
    let mut names = CollectedNames::default();
    let mut meter = Meter::start(READING, Some(photos.len() as u64));
    let mut keywords = Vec::new();
    for photo in photos {
        if cancel.is_cancelled() {
            return Ok(names);
        }
        match photo_names(photo, own.marked, files) {
            Ok(said) => names.add_photo(photo, said, &mut keywords),
            Err(error) => names.skip(photo, SkipWhy::of(&error)),
        }
        events(JobEvent::Progress(meter.advance(1)));
    }
    names.add_folders(photos, named.contacts, files, cancel);
    names.found.extend(named.digikam);
    names.add_keywords(&keywords, own.people);
    names.note_what_was_read(more);
    Ok(names)
}

/// What was named is read before anything else: a file of which nothing can be had is no source without names, but a
/// mistake.
#[derive(Default)]
struct NamedSources {
    contacts: PicasaContacts,
    digikam: Vec<NameFound>,
}

impl NamedSources {
    fn read(more: &MoreSources, copies: &Path) -> Result<Self> {
        let mut named = Self::default();
        if let Some(path) = &more.contacts {
            let cannot = || format!("cannot use Picasa's contacts in {}", path.display());
            named.contacts.add_xml(&files::read(path).with_context(cannot)?).with_context(cannot)?;
        }
        if let Some(path) = &more.digikam {
            named.digikam = digikam::read(path, copies, &digikam::roots::mount_point)?.found;
        }
        Ok(named)
    }
}

fn photo_names(photo: &Path, own: Option<&str>, files: &mut FilesRead<'_>) -> Result<PhotoNames, MetadataError> {
    if let Some(said) = files.as_before(photo) {
        return Ok(said);
    }
    let Sidecars { valid, hidden, .. } = Sidecars::of(photo);
    let beside: Vec<&Path> = [&valid, &hidden].into_iter().flatten().map(PathBuf::as_path).collect();
    files.read_if_changed(photo, &beside, || xmp::read(photo).map(|people| PhotoNames::of(photo, own, people)))
}

impl PhotoNames {
    fn of(photo: &Path, own: Option<&str>, people: FoundPeople) -> Self {
        let unread = unread(photo, &people).into_iter().map(|skipped| (skipped.path, skipped.why));
        let mut said = Self { unread: unread.collect(), ..Self::default() };
        for packet in people.packets {
            let packet = match own {
                Some(own) => packet.without_written(own),
                None => packet,
            };
            said.found.extend(from_xmp::names(&packet, Path::new("")));
            let keywords =
                PhotoKeywords { flat: packet.subject, hierarchical: packet.hierarchical, tags_list: packet.tags };
            if keywords != PhotoKeywords::default() {
                said.keywords.push(keywords);
            }
        }
        if said.found.iter().any(|found| found.region.is_some()) {
            said.turn = orientation_of_file(photo).ok();
        }
        said
    }
}

impl CollectedNames {
    fn skip(&mut self, path: &Path, why: SkipWhy) {
        self.skipped.push(SkippedFile::new(path, why));
    }

    fn add_photo(&mut self, photo: &Path, said: PhotoNames, keywords: &mut Vec<(PathBuf, PhotoKeywords)>) {
        said.unread.into_iter().for_each(|(path, why)| self.skip(&path, why));
        let of_photo = |found| NameFound { photo: PhotoPath::Whole(photo.to_owned()), ..found };
        self.found.extend(said.found.into_iter().map(of_photo));
        keywords.extend(said.keywords.into_iter().map(|of_photo| (photo.to_owned(), of_photo)));
        self.turns.extend(said.turn.map(|turn| (photo.to_owned(), turn)));
    }

    /// What programs leave beside photos: `.picasa.ini`, and the JSON files of Google Takeout.
    fn add_folders(
        &mut self,
        photos: &[PathBuf],
        mut contacts: PicasaContacts,
        files: &mut FilesRead<'_>,
        cancel: &Cancel,
    ) {
        let mut folders: BTreeMap<&Path, Vec<&PathBuf>> = BTreeMap::new();
        for photo in photos {
            folders.entry(photo.parent().unwrap_or(Path::new(""))).or_default().push(photo);
        }
        let mut of_picasa = Vec::new();
        for (folder, photos) in folders.iter().take_while(|_| !cancel.is_cancelled()) {
            for path in picasa::INI_NAMES.map(|name| folder.join(name)) {
                if let Some(bytes) = self.source(&path) {
                    let ini = PicasaIni::read(&bytes);
                    contacts.add_folder(&ini);
                    of_picasa.push((*folder, ini));
                }
            }
            self.add_takeout(folder, photos, files);
        }
        self.found.extend(of_picasa.iter().flat_map(|(folder, ini)| picasa::names(ini, folder, &contacts)));
    }

    fn add_takeout(&mut self, folder: &Path, photos: &[&PathBuf], files: &mut FilesRead<'_>) {
        let listed = match sorted(folder) {
            Ok(listed) => listed,
            Err(error) => return self.skip(folder, SkipWhy::CannotOpen(error.to_string())),
        };
        let mut jsons = TakeoutFolder::default();
        for path in listed {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if !takeout::is_sidecar_name(name) {
                continue;
            }
            // None: nothing that is to be read, which has been said.
            let read = || {
                let json = self.source(&path).ok_or(())?;
                Ok::<_, ()>(TakeoutJson::read(&json).map_err(|error| error.to_string()))
            };
            match files.read_if_changed(&path, &[], read) {
                Ok(Ok(json)) => jsons.add(name, json),
                Ok(Err(reason)) => self.skip(&path, SkipWhy::Damaged(reason)),
                Err(()) => {}
            }
        }
        for photo in photos {
            let name = photo.file_name().and_then(|name| name.to_str());
            if let Some(json) = name.and_then(|name| jsons.of_photo(name)) {
                self.found.extend(takeout::names(photo, json));
            }
        }
    }

    fn add_keywords(&mut self, keywords: &[(PathBuf, PhotoKeywords)], known: &[String]) {
        let mut people = PeopleKeywords::new(&[]);
        keywords.iter().for_each(|(_, of_photo)| people.learn(of_photo));
        let named = self.found.iter().filter_map(|found| found.name.as_ref());
        named.chain(known).for_each(|name| people.know(name));
        let names: Vec<_> = keywords.iter().flat_map(|(photo, of_photo)| people.names(photo, of_photo)).collect();
        self.found.extend(names);
    }

    /// A source of which anything could not be read has withdrawn nothing.
    fn note_what_was_read(&mut self, more: &MoreSources) {
        if self.skipped.is_empty() {
            self.read.extend(NameSource::IN_FOLDERS);
            self.read.extend(more.digikam.as_ref().map(|_| NameSource::DigikamDatabase));
        }
    }

    fn source(&mut self, path: &Path) -> Option<Vec<u8>> {
        match read_source(path) {
            Ok(bytes) => bytes,
            // A folder or a pipe of that name says nothing about anybody.
            Err(SourceFileError::NotAFile { .. }) => None,
            Err(error) => {
                self.skip(path, SkipWhy::CannotOpen(error.to_string()));
                None
            }
        }
    }
}
