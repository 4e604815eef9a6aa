//! Which pictures of whom: found, hashed, their faces located, split by identity. The list is part of the run, so that
//! a resumed run sees the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::engine::library_thread::reader;
use crate::app::engine::progress::Skipped;
use crate::app::jobs::run_event::RunEvent;
use crate::app::jobs::walk::listed::ListedFiles;
use crate::app::jobs::walk::people::people_of;
use crate::app::train::job::{DataFrom, TrainRequest};
use crate::eval::PairList;
use crate::faces::detect::{Detector, SECOND_LONG_SIDE};
use crate::library::ConfirmedFace;
use crate::train::TrainConfig;
use crate::train::config::HoldOut;
use crate::train::data::{Dataset, Person};
use crate::train::events::Control;
use crate::train::run::TrainError;
use crate::train::validate::PairSet;
use crate::types::files;
use crate::types::path_text::{self, to_text};
use crate::types::{Cancel, Detection, PersonId, counted, error_chain, hex};

mod wanted_picture;

use wanted_picture::WantedPicture;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaceFinding {
    /// Photos: the face is found and cut out as the network wants it.
    Detect,
    /// The pictures are crops already.
    Cropped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DataPart {
    Training,
    /// Judged on while the network learns.
    HeldOut,
    /// Held out, too, for the comparison with the old network alone.
    Compared,
    /// Only in the list of pairs.
    Pairs,
}

/// One picture of the run, a line of `data.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataEntry {
    /// As text that can be turned back, where it is a folder's name.
    pub person: String,
    #[serde(with = "path_text")]
    pub path: PathBuf,
    pub sha256: String,
    pub part: DataPart,
    /// Width and height of the upright photo at full scale.
    pub full_size: (u32, u32),
    /// In pixels of the upright photo at full scale.
    pub face: Option<Detection>,
    /// Of a file with several pictures, those that nobody looks at.
    #[serde(default, skip_serializing_if = "is_none")]
    pub further_pages: u64,
    /// Of the file, as it was looked at; versions before this one did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<PictureStamp>,
}

/// Tells without reading a file that it has not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PictureStamp {
    bytes: u64,
    modified_ms: u64,
}

impl PictureStamp {
    fn of(path: &Path) -> io::Result<Self> {
        let file = fs::metadata(path)?;
        let modified = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Self { bytes: file.len(), modified_ms: modified.map_or(0, |since| since.as_millis() as u64) })
    }

    /// As the library has looked at the file.
    fn known_of(face: &ConfirmedFace) -> Self {
        Self { bytes: face.file_bytes, modified_ms: u64::try_from(face.modified_ns / 1_000_000).unwrap_or(0) }
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct PreparedPeople {
    /// Shared with the sources of crops: of half a million pictures they fill a quarter of a gigabyte.
    pub(crate) entries: Arc<Vec<DataEntry>>,
    pub left_out: usize,
}

/// Pictures are decoded and searched in groups of so many, between which progress is told.
const AT_ONCE: usize = 32;
const DETECTION_LONG_SIDE: u32 = SECOND_LONG_SIDE;

pub(crate) fn prepare(
    request: &TrainRequest,
    pairs: Option<&PairList>,
    detector: Option<&Detector>,
    control: &Control,
    events: &mut dyn FnMut(RunEvent),
) -> Result<PreparedPeople> {
    let wanted = wanted(request, pairs, events)?;
    let (mut found, mut left_out) = (Vec::new(), 0);
    for (number, files_now) in wanted.chunks(AT_ONCE).enumerate() {
        if let Some(reason) = control.stopped() {
            let stopped = Err(TrainError::Interrupted(reason));
            return stopped.context("stopped while the pictures were prepared; nothing was written");
        }
        let entries: Vec<Result<DataEntry, Skipped>> = files_now
            .par_iter()
            .map(|wanted| {
                wanted
                    .entry(detector)
                    .map_err(|error| Skipped { path: wanted.path.clone(), reason: error_chain(&error) })
            })
            .collect();
        for entry in entries {
            match entry {
                Ok(entry) => found.push(entry),
                Err(skipped) => {
                    left_out += 1;
                    events(RunEvent::LeftOut(skipped));
                }
            }
        }
        events(RunEvent::Preparing { done: number * AT_ONCE + files_now.len(), total: wanted.len() });
    }
    events(RunEvent::Prepared { pictures: found.len(), left_out });
    let mut prepared = PreparedPeople { entries: Arc::new(found), left_out };
    for note in [prepared.shared_pictures(), prepared.copies(), further_pages_words(&prepared)].into_iter().flatten() {
        events(RunEvent::Note(note));
    }
    prepared.hold_out(&request.config, request.may_have_old_network());
    Ok(prepared)
}

/// What shall take part, before any of it is looked at.
pub(super) fn wanted(
    request: &TrainRequest,
    pairs: Option<&PairList>,
    events: &mut dyn FnMut(RunEvent),
) -> Result<Vec<WantedPicture>> {
    let mut wanted = match &request.data {
        DataFrom::Folder { path } => list(path, request.config.needs_names(), events)?,
        DataFrom::Library { path, one_by_one } => named(path, *one_by_one)?,
    };
    if let (Some(pairs), Some(of_pairs)) = (pairs, &request.pairs) {
        // However a file system spells them.
        let in_pairs: BTreeSet<String> =
            pairs.images.iter().filter_map(|name| Some(name.split('/').next()?.to_lowercase())).collect();
        let people =
            |wanted: &[WantedPicture]| wanted.iter().map(|wanted| &wanted.person).collect::<BTreeSet<_>>().len();
        let before = people(&wanted);
        wanted.retain(|wanted| !in_pairs.contains(&wanted.person.to_lowercase()));
        let kept_out = before - people(&wanted);
        if kept_out > 0 {
            let who = counted(kept_out, "person", "people");
            events(RunEvent::Note(format!("kept out of training, since they are in the list of pairs: {who}")));
        }
        let nameless = |path: &Path| wanted.iter().any(|wanted| wanted.path.parent() == Some(path));
        if matches!(&request.data, DataFrom::Folder { path } if nameless(path)) {
            let words =
                "pictures beside the people's folders have no names: people of the list of pairs may be among them";
            events(RunEvent::Note(words.to_owned()));
        }
        let mut files = ListedFiles::in_folder(&of_pairs.images);
        wanted.extend(pairs.images.iter().map(|name| WantedPicture {
            person: name.split('/').next().unwrap_or_default().to_owned(),
            path: files.path(name),
            part: DataPart::Pairs,
            known: None,
        }));
    }
    Ok(wanted)
}

impl PreparedPeople {
    pub(crate) fn to_lines(&self) -> Result<String> {
        let mut lines = String::new();
        for entry in self.entries.iter() {
            lines += &serde_json::to_string(entry).context("a picture's name cannot be written down")?;
            lines.push('\n');
        }
        Ok(lines)
    }

    pub(crate) fn from_lines(text: &str) -> Result<Self> {
        let entries: Result<Vec<DataEntry>, _> = text.lines().map(serde_json::from_str).collect();
        Ok(Self { entries: Arc::new(entries?), left_out: 0 })
    }

    /// Training and held-out people; a picture's number is its entry's.
    pub(crate) fn datasets(&self) -> (Dataset, Dataset) {
        (self.people_of(DataPart::Training), self.people_of(DataPart::HeldOut))
    }

    /// People held out who have no say in which network is handed on.
    pub(crate) fn compared(&self) -> Dataset {
        self.people_of(DataPart::Compared)
    }

    /// The list's pairs by picture, names being relative to `images`.
    pub(crate) fn pair_set(&self, list: &PairList, images: &Path) -> PairSet {
        let of_pairs = self.entries.iter().enumerate().filter(|(_, entry)| entry.part == DataPart::Pairs);
        let number_of: BTreeMap<&Path, usize> =
            of_pairs.map(|(number, entry)| (entry.path.as_path(), number)).collect();
        let mut files = ListedFiles::in_folder(images);
        let mut picture = |name: &String| number_of.get(files.path(name).as_path()).copied();
        PairSet { pictures: list.images.iter().map(&mut picture).collect(), pairs: list.pairs.clone() }
    }

    fn people_of(&self, part: DataPart) -> Dataset {
        let mut people: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.part == part) {
            people.entry(&entry.person).or_default().push(number);
        }
        let person = |(name, pictures): (&str, Vec<usize>)| Person { name: name.to_owned(), pictures };
        Dataset { people: people.into_iter().map(person).collect() }
    }

    /// Pictures that show the same face under two names, byte by byte.
    fn shared_pictures(&self) -> Option<String> {
        let mut names: BTreeMap<(&str, Option<[i32; 2]>), BTreeSet<&str>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.part != DataPart::Pairs) {
            names.entry((&entry.sha256, entry.place())).or_default().insert(&entry.person);
        }
        let shared: Vec<&BTreeSet<&str>> = names.values().filter(|people| people.len() > 1).collect();
        let people: Vec<&str> = shared.first()?.iter().copied().take(2).collect();
        let pictures =
            if shared.len() == 1 { "1 picture is".to_owned() } else { format!("{} pictures are", shared.len()) };
        Some(format!(
            "{pictures} there under two names, the first as {} and as {}: leave each with one, for the same person in \
             training and among those held out makes the figures too good",
            people[0], people[1]
        ))
    }

    /// Pictures of one person that are there more than once, byte by byte.
    fn copies(&self) -> Option<String> {
        let mut seen: BTreeSet<(&str, &str, Option<[i32; 2]>)> = BTreeSet::new();
        let of_people = self.entries.iter().filter(|entry| entry.part != DataPart::Pairs);
        let copies: Vec<&DataEntry> =
            of_people.filter(|entry| !seen.insert((&entry.person, &entry.sha256, entry.place()))).collect();
        let first = copies.first()?.path.display();
        Some(match copies.len() {
            1 => format!(
                "1 picture is a copy of another one of the same person, and counts as often as it is there: {first}"
            ),
            n => format!(
                "{n} pictures are copies of others of the same person, and count as often as they are there, such as {first}"
            ),
        })
    }

    /// Without names, and with nobody known to have two pictures, some pictures are held out. Where judgements choose a
    /// network that is then compared, other people compare than choose.
    fn hold_out(&mut self, config: &TrainConfig, is_compared: bool) {
        let (share, seed, people) = (config.validation.held_out_share, config.seed, self.people_of(DataPart::Training));
        let (rest, held_out) = match config.validation.hold_out {
            HoldOut::People => people.split(share, seed),
            HoldOut::Pictures => people.split_pictures(share, seed),
        };
        let (mut held_out, compared) = match is_compared && config.chooses() {
            true => held_out.choosing_and_comparing(seed),
            false => (held_out, Dataset::default()),
        };
        if held_out.people.is_empty() && !config.needs_names() {
            held_out = rest.split_anybody(share, seed).1;
        }
        let entries = Arc::make_mut(&mut self.entries);
        for (part, people) in [(DataPart::HeldOut, held_out), (DataPart::Compared, compared)] {
            let pictures = people.people.iter().flat_map(|person| &person.pictures);
            pictures.for_each(|&picture| entries[picture].part = part);
        }
    }
}

impl DataEntry {
    /// Whether the file still looks as it did when the run began; one that is read is asked for its content.
    pub fn looks_unchanged(&self) -> io::Result<bool> {
        let now = PictureStamp::of(&self.path)?;
        match self.stamp {
            Some(stamp) if stamp != now => Ok(hash(&self.path)? == self.sha256),
            _ => Ok(true),
        }
    }

    /// Whether this is the file's content when the run began.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        hash_of(bytes) == self.sha256
    }

    /// A photo of two people is there twice, with two faces.
    fn place(&self) -> Option<[i32; 2]> {
        self.face.as_ref().map(|face| [face.face_box.x as i32, face.face_box.y as i32])
    }
}

fn further_pages_words(prepared: &PreparedPeople) -> Option<String> {
    let more: Vec<&DataEntry> = prepared.entries.iter().filter(|entry| entry.further_pages > 0).collect();
    let first = more.first()?.path.display();
    Some(match more.len() {
        1 => format!("1 file has further pages, which nobody looks at: {first}"),
        n => format!("{n} files have further pages, which nobody looks at, such as {first}"),
    })
}

/// The people of a folder with one sub-folder a person, in order of their names, and their pictures.
pub(super) fn people_folders(folder: &Path) -> Result<Vec<(String, Vec<PathBuf>)>> {
    let people = people_of(folder, &[], &Cancel::default())?.people.into_iter();
    let join = |(name, pictures): (String, Vec<PathBuf>)| {
        (name, pictures.into_iter().map(|picture| folder.join(picture)).collect())
    };
    Ok(people.map(join).collect())
}

/// Pictures that lie beside the people's folders take part where nobody has to be told apart, each as somebody's only
/// one.
fn list(folder: &Path, needs_names: bool, events: &mut dyn FnMut(RunEvent)) -> Result<Vec<WantedPicture>> {
    let found = people_of(folder, &[], &Cancel::default())?;
    found.left_out_words().into_iter().for_each(|words| events(RunEvent::Note(words)));
    if needs_names {
        found.has_people(folder)?;
        if let Some(first) = found.beside.first() {
            let (count, first) = (found.beside.len(), first.display());
            events(RunEvent::Note(match count {
                1 => format!("Left out: 1 picture beside the people's folders ({first})"),
                _ => format!("Left out: {count} pictures beside the people's folders (such as {first})"),
            }));
        }
    }
    let of = |person: String, path: &Path| WantedPicture {
        person,
        path: folder.join(path),
        part: DataPart::Training,
        known: None,
    };
    let beside = found.beside.iter().filter(|_| !needs_names);
    let mut wanted: Vec<WantedPicture> = beside.map(|path| of(to_text(path.as_os_str()), path)).collect();
    for (person, pictures) in &found.people {
        wanted.extend(pictures.iter().map(|path| of(person.clone(), path)));
    }
    if wanted.is_empty() {
        bail!("no pictures were found in the folder or its sub-folders: {}", folder.display());
    }
    Ok(wanted)
}

/// The library's named faces. People who share a name, or have none, are told apart by their number.
fn named(library: &Path, one_by_one: bool) -> Result<Vec<WantedPicture>> {
    let mut faces = reader(library)?.confirmed_faces()?;
    faces.retain(|face| face.one_by_one || !one_by_one);
    if faces.is_empty() {
        bail!("nobody's faces are named yet: name people first: {}", library.display());
    }
    let mut ids: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    for face in &faces {
        ids.entry(face.name.clone().unwrap_or_default()).or_default().insert(face.person_id);
    }
    let person = |face: &ConfirmedFace| match &face.name {
        Some(name) if ids[name].len() == 1 => name.clone(),
        Some(name) => format!("{name} ({})", face.person_id.0),
        None => format!("Person {}", face.person_id.0),
    };
    let wanted = |face: ConfirmedFace| WantedPicture {
        person: person(&face),
        path: face.path.clone(),
        part: DataPart::Training,
        known: Some(face),
    };
    Ok(faces.into_iter().map(wanted).collect())
}

fn hash(path: &Path) -> io::Result<String> {
    Ok(hash_of(&files::read(path)?))
}

fn hash_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
