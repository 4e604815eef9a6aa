//! Which pictures of whom: found, hashed, their faces located, split by identity. The list is part of the run, so that
//! a resumed run sees the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ConfirmedFace, TrainJobEvent, TrainRequest};
use crate::detect::YuNet;
use crate::eval::PairList;
use crate::eval::lfw::RowPair;
use crate::image::{DecodeLimits, DecodeScale, decode, is_photo_name};
use crate::train::data::{Dataset, Person};
use crate::train::events::Control;
use crate::train::validate::PairSet;
use crate::types::Detection;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum FaceFinding {
    /// Photos: the face is found and cut out as the network wants it.
    Detect,
    /// The pictures are crops already.
    Cropped,
}

/// A picture that takes no part, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub path: PathBuf,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Training,
    HeldOut,
    /// Only in the list of pairs.
    Pairs,
}

/// One picture of the run, a line of `data.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub person: String,
    pub path: PathBuf,
    pub sha256: String,
    pub part: Part,
    /// Width and height of the upright photo at full scale.
    pub full_size: (u32, u32),
    /// In pixels of the upright photo at full scale.
    pub face: Option<Detection>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prepared {
    pub entries: Vec<Entry>,
    pub left_out: usize,
}

/// Pictures are decoded and searched in groups of so many, between which progress is told.
const AT_ONCE: usize = 32;
const DETECTION_LONG_SIDE: u32 = 1600;

/// A picture that shall take part.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub person: String,
    pub path: PathBuf,
    pub part: Part,
    /// The face where it is known, in pixels of the upright photo at full scale.
    pub face: Option<Detection>,
}

/// People and their pictures in order of their names: one sub-folder a person.
pub fn in_folder(folder: &Path) -> Result<Vec<Wanted>> {
    let mut wanted = Vec::new();
    for folder in sorted(folder)?.into_iter().filter(|path| path.is_dir()) {
        let person = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pictures = sorted(&folder)?.into_iter().filter(|path| path.is_file() && is_photo_name(path));
        wanted.extend(pictures.map(|path| Wanted { person: person.clone(), path, part: Part::Training, face: None }));
    }
    if wanted.is_empty() {
        bail!("no pictures in sub-folders, one a person, were found: {}", folder.display());
    }
    Ok(wanted)
}

/// Faces that somebody has confirmed, and where they are.
pub fn of_faces(faces: &[ConfirmedFace]) -> Vec<Wanted> {
    let wanted = |face: &ConfirmedFace| Wanted {
        person: face.person.clone(),
        path: face.path.clone(),
        part: Part::Training,
        face: Some(face.detection),
    };
    faces.iter().map(wanted).collect()
}

/// The pictures of a list of pairs besides; its people are kept out of training.
pub fn with_pairs(
    mut wanted: Vec<Wanted>,
    pairs: Option<&PairList>,
    request: &TrainRequest,
    events: &mut dyn FnMut(TrainJobEvent<'_>),
) -> Vec<Wanted> {
    let (Some(pairs), Some(of_pairs)) = (pairs, &request.pairs) else { return wanted };
    let in_pairs: BTreeSet<&str> = pairs.images().iter().filter_map(|name| name.split('/').next()).collect();
    let people = |wanted: &[Wanted]| wanted.iter().map(|one| one.person.clone()).collect::<BTreeSet<_>>().len();
    let before = people(&wanted);
    wanted.retain(|one| !in_pairs.contains(one.person.as_str()));
    let kept_out = before - people(&wanted);
    if kept_out > 0 {
        events(TrainJobEvent::Note(format!("{kept_out} people of the list of pairs are kept out of training")));
    }
    wanted.extend(pairs.images().iter().map(|name| {
        let person = name.split('/').next().unwrap_or_default().to_owned();
        Wanted { person, path: of_pairs.images.join(name), part: Part::Pairs, face: None }
    }));
    wanted
}

/// Reads every picture once: its hash, its size, and where the face is.
pub fn prepare(
    wanted: &[Wanted],
    detector: Option<&YuNet>,
    control: &Control,
    events: &mut dyn FnMut(TrainJobEvent<'_>),
) -> Result<Prepared> {
    let mut prepared = Prepared::default();
    for (number, wanted_now) in wanted.chunks(AT_ONCE).enumerate() {
        if control.stopped().is_some() {
            bail!("stopped while the pictures were prepared; nothing was written");
        }
        let entries: Vec<Result<Entry, LeftOut>> = wanted_now
            .par_iter()
            .map(|wanted| {
                entry(wanted, detector)
                    .map_err(|error| LeftOut { path: wanted.path.clone(), reason: format!("{error:#}") })
            })
            .collect();
        for entry in entries {
            match entry {
                Ok(entry) => prepared.entries.push(entry),
                Err(left_out) => {
                    prepared.left_out += 1;
                    events(TrainJobEvent::LeftOut(&left_out));
                }
            }
        }
        let done = (number * AT_ONCE + wanted_now.len()).min(wanted.len());
        events(TrainJobEvent::Preparing { done, total: wanted.len() });
    }
    Ok(prepared)
}

impl Prepared {
    pub fn to_lines(&self) -> Result<String> {
        let mut lines = String::new();
        for entry in &self.entries {
            lines += &serde_json::to_string(entry).context("a picture's name cannot be written down")?;
            lines.push('\n');
        }
        Ok(lines)
    }

    pub fn from_lines(text: &str) -> Result<Self> {
        let entries: Result<Vec<Entry>, _> = text.lines().map(serde_json::from_str).collect();
        Ok(Self { entries: entries?, left_out: 0 })
    }

    /// Training and held-out people; a picture's number is its entry's.
    pub fn datasets(&self) -> (Dataset, Dataset) {
        (self.people_of(Part::Training), self.people_of(Part::HeldOut))
    }

    /// The list's pairs by picture, names being relative to `images`. A picture that was left out gets a number that no
    /// source has, so the judgement counts its pairs as skipped.
    pub fn pair_set(&self, list: &PairList, images: &Path) -> PairSet {
        let of_pairs = self.entries.iter().enumerate().filter(|(_, entry)| entry.part == Part::Pairs);
        let number_of: BTreeMap<&Path, usize> =
            of_pairs.map(|(number, entry)| (entry.path.as_path(), number)).collect();
        let names = list.images();
        let picture = |name: &str| number_of.get(images.join(name).as_path()).copied().unwrap_or(usize::MAX);
        let row_of: BTreeMap<&str, usize> = names.iter().enumerate().map(|(row, &name)| (name, row)).collect();
        PairSet {
            pictures: names.iter().map(|name| picture(name)).collect(),
            pairs: list
                .pairs
                .iter()
                .map(|pair| RowPair {
                    a: row_of[pair.a.as_str()],
                    b: row_of[pair.b.as_str()],
                    same: pair.same,
                    fold: pair.fold,
                })
                .collect(),
        }
    }

    fn people_of(&self, part: Part) -> Dataset {
        let mut people: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.part == part) {
            people.entry(&entry.person).or_default().push(number);
        }
        let person = |(name, pictures): (&str, Vec<usize>)| Person { name: name.to_owned(), pictures };
        Dataset { people: people.into_iter().map(person).collect() }
    }

    /// Keeps a share of the people out of training, by identity.
    pub fn hold_out(&mut self, share: f32, seed: u64) {
        let (_, held_out) = self.people_of(Part::Training).split(share, seed);
        for picture in held_out.people.iter().flat_map(|person| &person.pictures) {
            self.entries[*picture].part = Part::HeldOut;
        }
    }
}

pub(super) fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.with_context(|| format!("cannot read the folder {}", folder.display()))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn entry(wanted: &Wanted, detector: Option<&YuNet>) -> Result<Entry> {
    let Wanted { person, path, part, .. } = wanted;
    let bytes = fs::read(path)?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let photo = decode(path, DecodeScale::LongSideAtLeast(DETECTION_LONG_SIDE), &DecodeLimits::default())?;
    let face = match (wanted.face, detector) {
        (Some(face), _) => Some(face),
        (None, None) => None,
        (None, Some(detector)) => {
            let centre = [photo.pixels.width() as f32 / 2.0, photo.pixels.height() as f32 / 2.0];
            let found = detector.detect(&photo.pixels)?;
            let best = found.into_iter().max_by(|a, b| prominence(a, centre).total_cmp(&prominence(b, centre)));
            let face = best.context("no face was found")?;
            let full_from_found = 1.0 / photo.scale();
            Some(Detection {
                face_box: face.face_box.scaled(full_from_found),
                landmarks: face.landmarks.scaled(full_from_found),
                ..face
            })
        }
    };
    Ok(Entry { person: person.clone(), path: path.clone(), sha256, part: *part, full_size: photo.full_size, face })
}

/// davidsandberg's choice among several faces: large and central.
fn prominence(face: &Detection, centre: [f32; 2]) -> f32 {
    let [x, y] = face.face_box.centre();
    face.face_box.area() - 2.0 * ((x - centre[0]).powi(2) + (y - centre[1]).powi(2))
}
