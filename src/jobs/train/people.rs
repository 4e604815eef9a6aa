//! Which pictures of whom: found, hashed, their faces located, split by identity. The list is part of the run, so that
//! a resumed run sees the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{TrainJobEvent, TrainRequest};
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

pub fn prepare(
    request: &TrainRequest,
    pairs: Option<&PairList>,
    detector: Option<&YuNet>,
    held_out_share: f32,
    control: &Control,
    events: &mut dyn FnMut(TrainJobEvent<'_>),
) -> Result<Prepared> {
    let mut wanted = list(&request.data)?;
    if let (Some(pairs), Some(of_pairs)) = (pairs, &request.pairs) {
        let in_pairs: BTreeSet<&str> = pairs.images().iter().filter_map(|name| name.split('/').next()).collect();
        let before = wanted.len();
        wanted.retain(|(person, _)| !in_pairs.contains(person.as_str()));
        let kept_out = before - wanted.len();
        if kept_out > 0 {
            events(TrainJobEvent::Note(format!("{kept_out} people of the list of pairs are kept out of training")));
        }
        wanted.extend(pairs.images().iter().map(|name| {
            let person = name.split('/').next().unwrap_or_default().to_owned();
            (person, vec![of_pairs.images.join(name)])
        }));
    }
    let pairs_from = pairs.map_or(usize::MAX, |pairs| wanted.len() - pairs.images().len());
    let files: Vec<(String, PathBuf, Part)> = wanted
        .into_iter()
        .enumerate()
        .flat_map(|(number, (person, paths))| {
            let part = if number < pairs_from { Part::Training } else { Part::Pairs };
            paths.into_iter().map(move |path| (person.clone(), path, part))
        })
        .collect();
    let mut prepared = Prepared::default();
    for (number, files_now) in files.chunks(AT_ONCE).enumerate() {
        if control.stopped().is_some() {
            bail!("stopped while the pictures were prepared; nothing was written");
        }
        let entries: Vec<Result<Entry, LeftOut>> = files_now
            .par_iter()
            .map(|(person, path, part)| {
                entry(person, path, *part, detector)
                    .map_err(|error| LeftOut { path: path.clone(), reason: format!("{error:#}") })
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
        events(TrainJobEvent::Preparing {
            done: (number * AT_ONCE + files_now.len()).min(files.len()),
            total: files.len(),
        });
    }
    prepared.hold_out(held_out_share, request.config.seed);
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

    fn hold_out(&mut self, share: f32, seed: u64) {
        let (_, held_out) = self.people_of(Part::Training).split(share, seed);
        for picture in held_out.people.iter().flat_map(|person| &person.pictures) {
            self.entries[*picture].part = Part::HeldOut;
        }
    }
}

/// People and their pictures in order of their names.
fn list(folder: &Path) -> Result<Vec<(String, Vec<PathBuf>)>> {
    let mut people = Vec::new();
    for folder in sorted(folder)?.into_iter().filter(|path| path.is_dir()) {
        let pictures: Vec<PathBuf> =
            sorted(&folder)?.into_iter().filter(|path| path.is_file() && is_photo_name(path)).collect();
        if !pictures.is_empty() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            people.push((name, pictures));
        }
    }
    if people.is_empty() {
        bail!("no pictures in sub-folders, one a person, were found: {}", folder.display());
    }
    Ok(people)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.with_context(|| format!("cannot read the folder {}", folder.display()))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn entry(person: &str, path: &Path, part: Part, detector: Option<&YuNet>) -> Result<Entry> {
    let bytes = fs::read(path)?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let photo = decode(path, DecodeScale::LongSideAtLeast(DETECTION_LONG_SIDE), &DecodeLimits::default())?;
    let face = match detector {
        None => None,
        Some(detector) => {
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
    Ok(Entry { person: person.to_owned(), path: path.to_owned(), sha256, part, full_size: photo.full_size, face })
}

/// davidsandberg's choice among several faces: large and central.
fn prominence(face: &Detection, centre: [f32; 2]) -> f32 {
    let [x, y] = face.face_box.centre();
    face.face_box.area() - 2.0 * ((x - centre[0]).powi(2) + (y - centre[1]).powi(2))
}
