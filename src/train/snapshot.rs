//! What an inspector shows of one mini-batch: how far apart its faces are, and some of its triplets with the pictures
//! as the network saw them.

use std::collections::BTreeMap;

use image::RgbImage;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::data::Dataset;
use super::loss::Triplet;
use super::mining::{Points, Space, squared_distance};
use super::rng::{Purpose, stream};
use super::sampler::Exemplar;

/// Bins of a histogram over squared distances of 0 to 4.
pub const BINS: usize = 80;
/// Triplets shown of those that were learned from, and of those drawn at random.
const MINED_SHOWN: usize = 8;
const DRAWN_SHOWN: usize = 4;
/// Longer sides are scaled down to this.
const THUMBNAIL_SIDE: u32 = 96;

/// The mini-batch of one step, before the weights moved.
#[derive(Debug, Clone)]
pub struct BatchSnapshot {
    pub step: u64,
    pub margin: f32,
    pub distances: Histograms,
    pub faces: Vec<FaceSnapshot>,
    /// Those that were learned from, then some drawn at random.
    pub triplets: Vec<TripletSnapshot>,
}

/// Counts of pairs over squared distances of 0 to 4, [`BINS`] each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histograms {
    pub same: Vec<u32>,
    pub different: Vec<u32>,
}

#[derive(Debug, Clone)]
pub struct FaceSnapshot {
    pub picture: usize,
    pub person: String,
    /// Augmented, as the network saw it; at most 96 pixels a side.
    pub thumbnail: RgbImage,
}

/// Three of the faces of a snapshot by their places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TripletSnapshot {
    pub anchor: usize,
    pub positive: usize,
    pub negative: usize,
    /// Whose vector each of the three is; all new but in harmonic training.
    pub spaces: [Space; 3],
    /// Squared distances from the anchor.
    pub to_positive: f32,
    pub to_negative: f32,
    pub kind: TripletKind,
    /// False for one drawn at random beside those that were mined.
    pub learned_from: bool,
}

/// How much a triplet still has to teach (Schroff et al. 2015, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TripletKind {
    /// The negative is no farther than the positive.
    Hard,
    /// The negative is farther, but within the margin.
    SemiHard,
    /// The negative is beyond the margin: no loss.
    Easy,
}

impl TripletKind {
    pub fn of(to_positive: f32, to_negative: f32, margin: f32) -> Self {
        if to_negative <= to_positive {
            Self::Hard
        } else if to_negative < to_positive + margin {
            Self::SemiHard
        } else {
            Self::Easy
        }
    }
}

/// How many of `triplets` are hard and how many semi-hard.
pub(crate) fn count_kinds(points: Points<'_>, triplets: &[Triplet], margin: f32) -> (usize, usize) {
    let count = |(hard, semi): (usize, usize), kind: TripletKind| {
        (hard + usize::from(kind == TripletKind::Hard), semi + usize::from(kind == TripletKind::SemiHard))
    };
    triplets
        .par_iter()
        .map(|triplet| kind_of(points, triplet, margin))
        .fold(|| (0, 0), count)
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
}

fn kind_of(points: Points<'_>, triplet: &Triplet, margin: f32) -> TripletKind {
    let [to_positive, to_negative] = distances_of(points, triplet);
    TripletKind::of(to_positive, to_negative, margin)
}

fn distances_of(points: Points<'_>, triplet: &Triplet) -> [f32; 2] {
    [triplet.positive, triplet.negative].map(|other| points.squared_distance(triplet.anchor as usize, other as usize))
}

/// Same and different pairs of unit vectors, row after row.
pub fn histograms(vectors: &[f32], dimensions: usize, people: &[u32]) -> Histograms {
    let rows: Vec<&[f32]> = vectors.chunks(dimensions.max(1)).collect();
    let empty = || Histograms { same: vec![0; BINS], different: vec![0; BINS] };
    let add = |mut counts: Histograms, a: usize| {
        for b in a + 1..rows.len() {
            let list = if people[a] == people[b] { &mut counts.same } else { &mut counts.different };
            list[bin(squared_distance(rows[a], rows[b]))] += 1;
        }
        counts
    };
    let sum = |mut a: Histograms, b: Histograms| {
        a.same.iter_mut().zip(b.same).for_each(|(a, b)| *a += b);
        a.different.iter_mut().zip(b.different).for_each(|(a, b)| *a += b);
        a
    };
    (0..rows.len()).into_par_iter().fold(empty, add).reduce(empty, sum)
}

/// The bin of a squared distance.
pub fn bin(squared_distance: f32) -> usize {
    ((squared_distance / 4.0 * BINS as f32) as usize).min(BINS - 1)
}

/// A batch that was learned from.
pub(crate) struct LearnedBatch<'a> {
    pub step: u64,
    pub seed: u64,
    pub margin: f32,
    pub exemplars: &'a [Exemplar],
    pub images: &'a [RgbImage],
    /// New vectors first, one a picture; in harmonic training the old ones of the same pictures behind them.
    pub points: Points<'a>,
    pub triplets: &'a [Triplet],
    pub names: &'a Dataset,
}

impl LearnedBatch<'_> {
    pub fn snapshot(&self) -> BatchSnapshot {
        let pictures = self.exemplars.len();
        let dimensions = self.points.dimensions;
        let new = &self.points.vectors[..pictures * dimensions];
        let every = (self.triplets.len() / MINED_SHOWN).max(1);
        let mined = self.triplets.iter().step_by(every).take(MINED_SHOWN).map(|triplet| (*triplet, true));
        let shown: Vec<(Triplet, bool)> = mined.chain(self.drawn().map(|triplet| (triplet, false))).collect();
        let mut faces = SnapshotFaces { of_row: BTreeMap::new(), list: Vec::new() };
        let triplets = shown.iter().map(|(triplet, learned_from)| {
            let rows = [triplet.anchor, triplet.positive, triplet.negative].map(|row| row as usize);
            let [anchor, positive, negative] = rows.map(|row| faces.place(row % pictures, self));
            let [to_positive, to_negative] = distances_of(self.points, triplet);
            let kind = TripletKind::of(to_positive, to_negative, self.margin);
            let spaces = rows.map(|row| self.points.spaces[row]);
            let learned_from = *learned_from;
            TripletSnapshot { anchor, positive, negative, spaces, to_positive, to_negative, kind, learned_from }
        });
        BatchSnapshot {
            step: self.step,
            margin: self.margin,
            triplets: triplets.collect(),
            faces: faces.list,
            distances: histograms(new, dimensions, &self.points.people[..pictures]),
        }
    }

    /// Triplets that nobody chose, so that easy ones are seen too.
    fn drawn(&self) -> impl Iterator<Item = Triplet> {
        let mut rng = stream(self.seed, Purpose::Inspection, self.step, 0);
        let count = self.exemplars.len();
        let person = |row: usize| self.exemplars[row].person;
        // Some draws find no second picture or nobody else; enough others do.
        (0..4 * DRAWN_SHOWN)
            .filter_map(move |_| {
                let anchor = rng.random_range(0..count);
                let mut any = |fits: &dyn Fn(usize) -> bool| {
                    let rows: Vec<usize> = (0..count).filter(|&row| row != anchor && fits(row)).collect();
                    (!rows.is_empty()).then(|| rows[rng.random_range(0..rows.len())] as u32)
                };
                let positive = any(&|row| person(row) == person(anchor))?;
                let negative = any(&|row| person(row) != person(anchor))?;
                Some(Triplet { anchor: anchor as u32, positive, negative })
            })
            .take(DRAWN_SHOWN)
    }
}

/// Each picture once, however many triplets show it.
struct SnapshotFaces {
    of_row: BTreeMap<usize, usize>,
    list: Vec<FaceSnapshot>,
}

impl SnapshotFaces {
    fn place(&mut self, row: usize, seen: &LearnedBatch<'_>) -> usize {
        *self.of_row.entry(row).or_insert_with(|| {
            let Exemplar { picture, person } = seen.exemplars[row];
            let person = seen.names.people[person as usize].name.clone();
            self.list.push(FaceSnapshot { picture, person, thumbnail: thumbnail(&seen.images[row]) });
            self.list.len() - 1
        })
    }
}

fn thumbnail(image: &RgbImage) -> RgbImage {
    let longest = image.width().max(image.height()).max(1);
    if longest <= THUMBNAIL_SIDE {
        return image.clone();
    }
    let side = |length: u32| (length * THUMBNAIL_SIDE / longest).max(1);
    crate::faces::image::resize(image, side(image.width()), side(image.height()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::Person;
    use image::Rgb;

    const VECTORS: [[f32; 2]; 5] = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.0], [0.6, 0.8]];
    const PEOPLE: [u32; 5] = [0, 0, 1, 1, 1];

    #[test]
    fn a_triplet_is_hard_semi_hard_or_easy() {
        let kind = |to_positive, to_negative| TripletKind::of(to_positive, to_negative, 0.2);
        assert_eq!([kind(0.5, 0.4), kind(0.5, 0.5)], [TripletKind::Hard; 2]);
        assert_eq!([kind(0.5, 0.51), kind(0.5, 0.69)], [TripletKind::SemiHard; 2]);
        assert_eq!(kind(0.5, 0.75), TripletKind::Easy);
    }

    #[test]
    fn every_pair_is_counted_once() {
        let counts = histograms(VECTORS.as_flattened(), 2, &PEOPLE);
        assert_eq!([&counts.same, &counts.different].map(|bins| bins.iter().sum::<u32>()), [4, 6]);
        // (1, 0) and (0.8, 0.6) are 0.4 apart: eight bins of 0.05.
        assert_eq!(counts.same[8] + counts.same[7], 2, "{counts:?}");
    }

    #[test]
    fn a_snapshot_shows_each_picture_once_with_its_person() {
        let spaces = [Space::New; 5];
        let points = Points { vectors: VECTORS.as_flattened(), dimensions: 2, people: &PEOPLE, spaces: &spaces };
        let exemplars: Vec<Exemplar> =
            PEOPLE.iter().enumerate().map(|(row, &person)| Exemplar { picture: 10 + row, person }).collect();
        let images: Vec<RgbImage> = (0..5).map(|row| RgbImage::from_pixel(200, 100, Rgb([row; 3]))).collect();
        let person = |name: &str| Person { name: name.to_owned(), pictures: Vec::new() };
        let names = Dataset { people: vec![person("Ada"), person("Emmy")] };
        let triplets = [Triplet { anchor: 0, positive: 1, negative: 4 }];
        assert_eq!(count_kinds(points, &triplets, 0.5), (0, 1), "0.4 to the positive, 0.8 to the negative");
        let seen = LearnedBatch {
            step: 3,
            seed: 1,
            margin: 0.5,
            exemplars: &exemplars,
            images: &images,
            points,
            triplets: &triplets,
            names: &names,
        };
        let snapshot = seen.snapshot();
        let first = snapshot.triplets[0];
        assert!(first.learned_from && first.kind == TripletKind::SemiHard);
        assert_eq!(snapshot.triplets.len(), 1 + DRAWN_SHOWN);
        let of = |place: usize| (snapshot.faces[place].picture, snapshot.faces[place].person.as_str());
        assert_eq!([of(first.anchor), of(first.negative)], [(10, "Ada"), (14, "Emmy")]);
        assert_eq!(snapshot.faces[first.negative].thumbnail.dimensions(), (96, 48));
        let pictures: std::collections::BTreeSet<usize> = snapshot.faces.iter().map(|face| face.picture).collect();
        assert_eq!(pictures.len(), snapshot.faces.len());
        for triplet in snapshot.triplets.iter().filter(|triplet| !triplet.learned_from) {
            assert_eq!(of(triplet.anchor).1, of(triplet.positive).1);
            assert_ne!(of(triplet.anchor).1, of(triplet.negative).1);
        }
    }
}
