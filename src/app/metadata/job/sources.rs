//! Every name that stands with a folder's photos, from all programs that leave some.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::read::{READING, unread};
use crate::app::engine::progress::{JobEvent, Meter, Skipped};
use crate::app::jobs::walk::sorted;
use crate::metadata::digikam;
use crate::metadata::files::{SourceFileError, read_source};
use crate::metadata::found::{NameFound, NameSource};
use crate::metadata::from_xmp;
use crate::metadata::keywords::{PeopleKeywords, PhotoKeywords};
use crate::metadata::picasa::{self, PicasaContacts, PicasaIni};
use crate::metadata::takeout::{self, TakeoutFolder, TakeoutJson};
use crate::metadata::xmp::{self, FoundPeople};
use crate::types::Cancel;

/// Where names are looked for besides the photos' own folders.
#[derive(Debug, Clone, Default)]
pub(crate) struct MoreSources {
    /// digiKam's `digikam4.db`.
    pub digikam: Option<PathBuf>,
    /// Picasa's `contacts.xml`.
    pub contacts: Option<PathBuf>,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct CollectedNames {
    pub found: Vec<NameFound>,
    /// Sources that could be read in all photos.
    pub read: HashSet<NameSource>,
    pub skipped: Vec<Skipped>,
}

/// Reads the names of photos. `known` are people of the library, by whose names keywords without levels are told.
/// `copies` is a folder of the program's own, for a passing copy of digiKam's database.
pub(crate) fn collect(
    photos: &[PathBuf],
    known: &[String],
    more: &MoreSources,
    copies: &Path,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> CollectedNames {
    let mut names = CollectedNames::default();
    let mut meter = Meter::start(READING, Some(photos.len() as u64));
    let mut keywords = Vec::new();
    for photo in photos {
        if cancel.is_cancelled() {
            return names;
        }
        match xmp::read(photo) {
            Ok(people) => names.add_xmp(photo, people, &mut keywords),
            Err(error) => names.skip(photo, super::reason(&error)),
        }
        events(JobEvent::Progress(meter.advance(1)));
    }
    names.add_folders(photos, more.contacts.as_deref());
    if let Some(path) = &more.digikam {
        names.add_digikam(path, copies);
    }
    names.add_keywords(&keywords, known);
    names.note_what_was_read(more);
    names
}

impl CollectedNames {
    fn skip(&mut self, path: &Path, reason: String) {
        self.skipped.push(Skipped { path: path.to_owned(), reason });
    }

    fn add_xmp(&mut self, photo: &Path, people: FoundPeople, keywords: &mut Vec<(PathBuf, PhotoKeywords)>) {
        self.skipped.extend(unread(photo, &people));
        for packet in people.packets {
            self.found.extend(from_xmp::names(&packet, photo));
            let of_photo =
                PhotoKeywords { flat: packet.subject, hierarchical: packet.hierarchical, tags_list: packet.tags };
            if of_photo != PhotoKeywords::default() {
                keywords.push((photo.to_owned(), of_photo));
            }
        }
    }

    /// What programs leave beside photos: `.picasa.ini`, and the JSON files of Google Takeout.
    fn add_folders(&mut self, photos: &[PathBuf], contacts_file: Option<&Path>) {
        let mut folders: BTreeMap<&Path, Vec<&PathBuf>> = BTreeMap::new();
        for photo in photos {
            folders.entry(photo.parent().unwrap_or(Path::new(""))).or_default().push(photo);
        }
        let mut contacts = PicasaContacts::default();
        if let Some(path) = contacts_file
            && let Some(bytes) = self.source(path)
            && let Err(error) = contacts.add_xml(&bytes)
        {
            self.skip(path, error.to_string());
        }
        let mut of_picasa = Vec::new();
        for (folder, photos) in &folders {
            for path in picasa::INI_NAMES.map(|name| folder.join(name)) {
                if let Some(bytes) = self.source(&path) {
                    let ini = PicasaIni::read(&bytes);
                    contacts.add_folder(&ini);
                    of_picasa.push((*folder, ini));
                }
            }
            self.add_takeout(folder, photos);
        }
        self.found.extend(of_picasa.iter().flat_map(|(folder, ini)| picasa::names(ini, folder, &contacts)));
    }

    fn add_takeout(&mut self, folder: &Path, photos: &[&PathBuf]) {
        let files = match sorted(folder) {
            Ok(files) => files,
            Err(error) => return self.skip(folder, error.to_string()),
        };
        let mut jsons = TakeoutFolder::default();
        for path in files {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if takeout::is_sidecar_name(name)
                && let Some(bytes) = self.source(&path)
            {
                match TakeoutJson::read(&bytes) {
                    Ok(json) => jsons.add(name, json),
                    Err(error) => self.skip(&path, error.to_string()),
                }
            }
        }
        for photo in photos {
            let name = photo.file_name().and_then(|name| name.to_str());
            if let Some(json) = name.and_then(|name| jsons.of_photo(name)) {
                self.found.extend(takeout::names(photo, json));
            }
        }
    }

    fn add_digikam(&mut self, path: &Path, copies: &Path) {
        match digikam::read(path, copies, &digikam::roots::mount_point) {
            Ok(names) => self.found.extend(names.found),
            Err(error) => self.skip(path, error.to_string()),
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
                self.skip(path, error.to_string());
                None
            }
        }
    }
}
