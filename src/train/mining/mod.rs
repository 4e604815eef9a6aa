//! Choosing triplets (Schroff et al. 2015, section 3.2).
//!
//! [`online`] looks within a mini-batch, [`offline`] over a subset of the data with the newest weights, [`harmonic`]
//! over the vectors of an old and a new network together. All take plain slices. A slow version in plain words checks
//! each (in the tests).

pub mod harmonic;
pub mod offline;
pub mod online;
#[cfg(test)]
mod reference;

use serde::{Deserialize, Serialize};

use super::loss::Triplet;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MiningRule {
    pub positives: Positives,
    pub negatives: Negatives,
}

impl Default for MiningRule {
    fn default() -> Self {
        Self { positives: Positives::AllPairs, negatives: Negatives::SemiHardClosest }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Positives {
    /// Every ordered pair of two vectors of a person: the paper's "all anchor-positive pairs".
    AllPairs,
    /// Each pair of vectors of one network once, the earlier as anchor: davidsandberg's and OpenFace's loops. A pair of
    /// two networks once in each combination, which says whose vector is the anchor.
    EachPairOnce,
    /// The farthest vector of the same person, one pair an anchor.
    Hardest,
}

/// d_ap and d_an are squared distances of the anchor to the positive and to the negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Negatives {
    /// The closest with d_ap < d_an < d_ap + α.
    SemiHardClosest,
    /// A random one with d_ap < d_an < d_ap + α.
    SemiHardRandom,
    /// The closest of all, when d_an < d_ap + α.
    Hardest,
    /// A random one with d_an < d_ap + α: what davidsandberg's code does, after VGG Face.
    AnyViolating,
}

/// Whose vectors: those of the frozen network (v1) or of the one that learns (v2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    New,
    Old,
}

/// Vectors of unit length, row after row, with the person and the network of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Points<'a> {
    pub vectors: &'a [f32],
    pub dimensions: usize,
    pub people: &'a [u32],
    pub spaces: &'a [Space],
}

impl Points<'_> {
    pub(crate) fn len(&self) -> usize {
        self.people.len()
    }

    pub fn squared_distance(&self, a: usize, b: usize) -> f32 {
        let row = |index: usize| &self.vectors[index * self.dimensions..(index + 1) * self.dimensions];
        squared_distance(row(a), row(b))
    }
}

/// The vectors of the network that learns, and behind them, where there are any, the frozen network's of the same
/// pictures.
pub(super) struct BothSpaces {
    vectors: Vec<f32>,
    dimensions: usize,
    people: Vec<u32>,
    spaces: Vec<Space>,
}

impl BothSpaces {
    pub fn of(new: &[f32], dimensions: usize, people: &[u32], old: Option<&[f32]>) -> Self {
        let count = people.len();
        let copies = 1 + usize::from(old.is_some());
        Self {
            vectors: [new, old.unwrap_or_default()].concat(),
            dimensions,
            people: people.repeat(copies),
            spaces: (0..count * copies).map(|row| if row < count { Space::New } else { Space::Old }).collect(),
        }
    }

    pub fn points(&self) -> Points<'_> {
        let Self { vectors, dimensions, people, spaces } = self;
        Points { vectors, dimensions: *dimensions, people, spaces }
    }
}

/// Triplets and what was considered on the way.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Mined {
    pub triplets: Vec<Triplet>,
    /// Anchor–positive pairs looked at; those without a fitting negative gave no triplet.
    pub pairs: usize,
}

/// Eight running sums, so that the compiler may use vector registers.
pub fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a_blocks, b_blocks) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..8 {
            sums[lane] += (x[lane] - y[lane]) * (x[lane] - y[lane]);
        }
    }
    tail + sums.iter().sum::<f32>()
}
