//! Made libraries with known people: vectors as distant as those of real faces, families that resemble each other,
//! series of photos with the same company, and everything that goes wrong.
//!
//! Distances are those of FaceNet on LFW (Schroff et al. 2015, section 5.6 and figure 8; the threshold there is 1.242):
//! faces of one person about 0.85 apart with a wide spread, of two people about 1.9, of a family about 1.5.

use std::collections::HashMap;
use std::path::PathBuf;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::faces::{FaceOwner, FaceToName, PhotoToName};
use super::name_key::NameKey;
use super::region_box::{ExifTurn, RegionBox};
use crate::types::{Embedding, FaceId, PersonId, PhotoId, SquaredDistance};

pub(super) const SAME_PERSON: SquaredDistance = SquaredDistance(1.24);
pub(super) const DIMENSIONS: usize = 128;

/// What is made, and how much of it goes wrong (shares).
#[derive(Debug, Clone, Copy)]
pub(super) struct MadeAlbumPlan {
    pub people: usize,
    pub photos: usize,
    pub seed: u64,
    /// Of the people in a photo, those whose names are missing.
    pub unnamed: f64,
    /// Of the people in a photo, those whose faces were not found.
    pub unseen: f64,
    /// Of the faces, those of passers-by.
    pub strangers: f64,
    /// Of the faces, those in another's group.
    pub misgrouped: f64,
    /// Of the faces, those in no group.
    pub ungrouped: f64,
    /// Of the names, those of somebody who is not in the photo.
    pub wrong: f64,
    /// Groups for one person.
    pub groups: usize,
}

/// A library like those that people have.
pub(super) const USUAL: MadeAlbumPlan = MadeAlbumPlan {
    people: 40,
    photos: 2_000,
    seed: 1,
    unnamed: 0.2,
    unseen: 0.1,
    strangers: 0.15,
    misgrouped: 0.03,
    ungrouped: 0.1,
    wrong: 0.01,
    groups: 2,
};

/// A face, its person, its group.
struct MadeFace {
    person: usize,
    group: Option<usize>,
    vector: Embedding,
}

pub(super) struct MadeAlbum {
    photos: Vec<Vec<MadeFace>>,
    /// Photo and person.
    pub names: Vec<(usize, usize)>,
    people: usize,
}

/// How good an answer is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    pub right: usize,
    pub wrong: usize,
    /// Names whose face was found.
    pub possible: usize,
}

impl Counted {
    pub(super) fn precision(self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    pub(super) fn recall(self) -> f64 {
        self.right as f64 / self.possible.max(1) as f64
    }
}

pub(super) fn name_of(person: usize) -> NameKey {
    NameKey::of(&format!("Person {person}")).unwrap()
}

impl MadeAlbum {
    pub(super) fn new(plan: MadeAlbumPlan) -> Self {
        let mut maker = Maker::new(plan);
        let mut album = Self { photos: Vec::new(), names: Vec::new(), people: plan.people };
        while album.photos.len() < plan.photos {
            maker.series(&mut album);
        }
        album
    }

    pub(super) fn photos(&self) -> Vec<PhotoToName<'_>> {
        let face = |photo: usize, (place, face): (usize, &'_ MadeFace)| FaceToName {
            id: FaceId((photo * 100 + place) as i64),
            at: RegionBox { x: 0.1 * place as f32, y: 0.4, width: 0.08, height: 0.1 },
            of: face.group.map_or(FaceOwner::Nobody, |group| FaceOwner::Group(PersonId(group as i64))),
            denied: &[],
            embedding: None,
        };
        let photo = |(number, faces): (usize, &'_ Vec<MadeFace>)| PhotoToName {
            id: PhotoId(number as i64),
            path: PathBuf::from(format!("/p/{number}.jpg")),
            size: (4000, 3000),
            turn: ExifTurn::NONE,
            faces: faces.iter().enumerate().map(|made| face(number, made)).collect(),
            forgotten: Vec::new(),
        };
        let mut photos: Vec<PhotoToName> = self.photos.iter().enumerate().map(photo).collect();
        for (photo, faces) in photos.iter_mut().zip(&self.photos) {
            photo.faces.iter_mut().zip(faces).for_each(|(face, made)| face.embedding = Some(&made.vector));
        }
        photos
    }

    pub(super) fn names(&self) -> Vec<(usize, NameKey)> {
        self.names.iter().map(|&(photo, person)| (photo, name_of(person))).collect()
    }

    /// By photo and place of the face.
    pub(super) fn people_of_faces(&self) -> Vec<Vec<usize>> {
        self.photos.iter().map(|faces| faces.iter().map(|face| face.person).collect()).collect()
    }

    /// Photo, place of the face, name.
    pub(super) fn count<'a>(&self, answers: impl Iterator<Item = (usize, usize, &'a NameKey)>) -> Counted {
        let of: HashMap<NameKey, usize> = (0..self.people).map(|person| (name_of(person), person)).collect();
        let is_there =
            |&&(photo, person): &&(usize, usize)| self.photos[photo].iter().any(|face| face.person == person);
        let mut counted = Counted { possible: self.names.iter().filter(is_there).count(), ..Counted::default() };
        for (photo, face, name) in answers {
            let is_right = of.get(name) == Some(&self.photos[photo][face].person);
            *(if is_right { &mut counted.right } else { &mut counted.wrong }) += 1;
        }
        counted
    }
}

struct Maker {
    plan: MadeAlbumPlan,
    random: ChaCha8Rng,
    centres: Vec<Vec<f32>>,
    families: Vec<Vec<usize>>,
    strangers: usize,
}

/// Of a person's faces about their centre: 2 − 2 / (1 + 0.86²) = 0.85.
const SPREAD: f64 = 0.86;
/// What members of a family have in common.
const FAMILY: f64 = 0.55;

impl Maker {
    fn new(plan: MadeAlbumPlan) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
        let (mut centres, mut families) = (Vec::new(), Vec::new());
        while centres.len() < plan.people {
            let size = random.random_range(2..=6).min(plan.people - centres.len());
            let shared = direction(&mut random);
            families.push((centres.len()..centres.len() + size).collect::<Vec<_>>());
            for _ in 0..size {
                let own = direction(&mut random);
                let mixed = own.iter().zip(&shared).map(|(own, shared)| own + FAMILY as f32 * shared);
                centres.push(Embedding::normalise(mixed.collect()).unwrap().as_slice().to_vec());
            }
        }
        Self { plan, random, centres, families, strangers: 0 }
    }

    /// One occasion: a company of which every photo shows two to five.
    fn series(&mut self, album: &mut MadeAlbum) {
        let mut company = self.families[self.random.random_range(0..self.families.len())].clone();
        for _ in 0..self.random.random_range(0..3) {
            let other = self.families[self.random.random_range(0..self.families.len())].clone();
            company.extend(other.iter().filter(|_| self.random.random_bool(0.6)));
        }
        company.sort_unstable();
        company.dedup();
        for _ in 0..self.random.random_range(4..30) {
            if album.photos.len() == self.plan.photos {
                return;
            }
            let count = self.random.random_range(2..=5).min(company.len());
            let shown: Vec<usize> =
                rand::seq::index::sample(&mut self.random, company.len(), count).iter().map(|at| company[at]).collect();
            self.photo(&shown, album);
        }
    }

    fn photo(&mut self, shown: &[usize], album: &mut MadeAlbum) {
        let (photo, plan) = (album.photos.len(), self.plan);
        let mut faces = Vec::new();
        for &person in shown {
            if !self.random.random_bool(plan.unnamed) {
                let is_wrong = self.random.random_bool(plan.wrong);
                let named = if is_wrong { self.random.random_range(0..plan.people) } else { person };
                album.names.push((photo, named));
            }
            if !self.random.random_bool(plan.unseen) {
                faces.push(self.face(person));
            }
            if self.random.random_bool(plan.strangers) {
                self.strangers += 1;
                let vector = Embedding::normalise(direction(&mut self.random)).unwrap();
                faces.push(MadeFace { person: plan.people + self.strangers, group: None, vector });
            }
        }
        album.photos.push(faces);
    }

    fn face(&mut self, person: usize) -> MadeFace {
        let plan = self.plan;
        // Blurred and turned faces lie farther out.
        let spread = SPREAD * (0.3 * gauss(&mut self.random)).exp();
        let noise = direction(&mut self.random);
        let vector =
            self.centres[person].iter().zip(&noise).map(|(centre, noise)| centre + spread as f32 * noise).collect();
        let group_of = if self.random.random_bool(plan.misgrouped) { self.relative(person) } else { person };
        let group = group_of * plan.groups + self.random.random_range(0..plan.groups);
        let group = (!self.random.random_bool(plan.ungrouped)).then_some(group);
        MadeFace { person, group, vector: Embedding::normalise(vector).unwrap() }
    }

    /// Whom the grouping takes somebody for.
    fn relative(&mut self, person: usize) -> usize {
        let family = self.families.iter().find(|family| family.contains(&person)).cloned().unwrap_or_default();
        let others: Vec<usize> = family.into_iter().filter(|&other| other != person).collect();
        if others.is_empty() { person } else { others[self.random.random_range(0..others.len())] }
    }
}

/// A random vector of length 1.
fn direction(random: &mut ChaCha8Rng) -> Vec<f32> {
    let values: Vec<f32> = (0..DIMENSIONS).map(|_| gauss(random) as f32).collect();
    Embedding::normalise(values).unwrap().as_slice().to_vec()
}

/// Box and Muller.
fn gauss(random: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (random.random_range(f64::EPSILON..1.0), random.random_range(0.0..1.0));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
