//! Learning the vectors of another network, the teacher: the mean over pictures of ‖u − t‖², where u is the unit vector
//! of the network that learns and t the teacher's of the same picture; 2 − 2·cos of the angle between them. It needs no
//! names. A triplet loss of some weight may stand beside it.
//!
//! The teacher looks at each picture as it is, once a run, cut and scaled as the teacher wants it. Where training
//! mirrors pictures, t is then the mean direction of a picture and its mirror image, as both shall get one vector; the
//! other changes of [`super::augment`] are made to the learner's picture only, which is to give what the teacher gave
//! without them. Or the teacher sees what the learner sees, in every step, changes and all, and also pictures mixed
//! from two: more is learned from few pictures where they are gone over often (Beyer et al. 2022, "a good teacher is
//! patient and consistent"), for the price of a pass of the teacher.
//!
//! A learner with another number of dimensions learns a projection of t ([`Projection`]), so that what it gives is of
//! use by itself and nothing has to be kept beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use burn::tensor::TensorReadError;
use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::data::PictureSource;
use super::rows::normalise_rows;

mod principal;

use principal::principal_directions;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct TeacherConfig {
    /// What the triplet loss weighs beside the distance to the teacher. 0 looks for no triplets and needs no names:
    /// batches then go over all pictures.
    pub triplet_weight: f32,
    /// Pictures a batch where no triplets are looked for.
    pub pictures_per_batch: usize,
    #[serde(default)]
    pub sees: TeacherSees,
    /// Of the pictures that both see; a mixture shows nobody, so none is made where triplets are looked for.
    #[serde(default)]
    pub mixed_share: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TeacherSees {
    /// Each picture as it is, once a run
    #[default]
    Original,
    /// What the learner sees, changes and all, in every step
    Same,
}

impl Default for TeacherConfig {
    fn default() -> Self {
        Self { triplet_weight: 0.0, pictures_per_batch: 32, sees: TeacherSees::Original, mixed_share: 0.0 }
    }
}

impl TeacherConfig {
    pub fn looks_for_triplets(&self) -> bool {
        self.triplet_weight > 0.0
    }

    /// The share of pictures that are mixed.
    pub fn mixed(&self) -> f32 {
        let mixes = self.sees == TeacherSees::Same && !self.looks_for_triplets();
        if mixes { self.mixed_share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// A teacher that looks on in every step.
pub(crate) struct LiveTeacher {
    /// Gives each picture as the teacher wants it.
    pub source: Arc<dyn PictureSource>,
    /// Unit vectors of crops, row after row, with as many numbers as the learner gives.
    pub embed: EmbedCrops,
}

pub(crate) type EmbedCrops = Box<dyn Fn(&[RgbImage]) -> Result<Vec<f32>, TensorReadError> + Send + Sync>;

/// The teacher's vectors of a batch, row after row, and how much the triplet loss weighs beside them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lesson<'a> {
    pub vectors: &'a [f32],
    pub triplet_weight: f32,
}

/// The mean squared distance of `raw`, row after row before normalisation, to the unit vectors `wanted`, and its
/// gradient by `raw`: of ‖e/|e| − t‖² by e it is 2 (u (u·t) − t) / |e| with u = e/|e|.
pub(crate) fn distance_and_gradient(raw: &[f32], wanted: &[f32], dimensions: usize) -> (f32, Vec<f32>) {
    let rows = (raw.len() / dimensions).max(1) as f64;
    let (mut distance, mut gradient) = (0.0, Vec::with_capacity(raw.len()));
    for (raw, wanted) in raw.chunks(dimensions).zip(wanted.chunks(dimensions)) {
        let sum = |by: &[f32]| raw.iter().zip(by).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        let length = sum(raw).sqrt().max(1e-12);
        let cosine = sum(wanted) / length;
        distance += raw.iter().zip(wanted).map(|(&a, &b)| (f64::from(a) / length - f64::from(b)).powi(2)).sum::<f64>();
        let slope = |(&a, &b): (&f32, &f32)| 2.0 * (f64::from(a) / length * cosine - f64::from(b)) / length / rows;
        gradient.extend(raw.iter().zip(wanted).map(|pair| slope(pair) as f32));
    }
    ((distance / rows) as f32, gradient)
}

/// The mean squared distance between the unit vectors of two networks, row by row.
pub(crate) fn mean_distance(vectors: &[f32], wanted: &[f32], dimensions: usize) -> f64 {
    let squared = vectors.iter().zip(wanted).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>();
    squared / (vectors.len() / dimensions).max(1) as f64
}

/// Makes a teacher's unit vectors ones with as many numbers as the learner gives.
///
/// With more numbers than the teacher's the further ones are zero, which changes no distance. With fewer they are the
/// vectors' parts along their principal directions (not centred, as angles are measured from zero), made unit vectors
/// again: no other linear map of so many numbers loses less of them. Either is fixed before the first step and found
/// again from the same vectors.
pub(crate) struct Projection {
    given: usize,
    dimensions: usize,
    /// Row after row; none where nothing is left out.
    directions: Vec<f64>,
}

impl Projection {
    /// Of vectors of `given` numbers. The directions are those of the pictures `learned` from.
    pub fn of(vectors: &BTreeMap<usize, Vec<f32>>, learned: &BTreeSet<usize>, given: usize, dimensions: usize) -> Self {
        let of_learned = vectors.iter().filter(|(picture, _)| learned.contains(picture)).map(|(_, vector)| vector);
        let directions = match given > dimensions {
            true => principal_directions(of_learned, given, dimensions),
            false => Vec::new(),
        };
        Self { given, dimensions, directions }
    }

    pub fn project(&self, vector: &[f32]) -> Vec<f32> {
        if self.directions.is_empty() {
            let mut vector = vector.to_vec();
            vector.resize(self.dimensions, 0.0);
            return vector;
        }
        let part = |direction: &[f64]| vector.iter().zip(direction).map(|(&a, b)| f64::from(a) * b).sum::<f64>() as f32;
        let mut parts: Vec<f32> = self.directions.chunks(self.given).map(part).collect();
        normalise_rows(&mut parts, self.dimensions);
        parts
    }

    pub fn project_all(&self, vectors: BTreeMap<usize, Vec<f32>>) -> BTreeMap<usize, Vec<f32>> {
        vectors.into_iter().map(|(picture, vector)| (picture, self.project(&vector))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::loss::normalise;
    use crate::train::mining::squared_distance;
    use crate::train::rng::{Purpose, stream};
    use burn::tensor::{Device, Tensor, TensorData};
    use rand::RngExt;

    fn drawn(seed: u64, count: usize) -> Vec<f32> {
        let mut rng = stream(seed, Purpose::Pictures, 0, 0);
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    /// Of which the first fifty are learned from.
    fn fitted(rows: &BTreeMap<usize, Vec<f32>>, given: usize, dimensions: usize) -> BTreeMap<usize, Vec<f32>> {
        Projection::of(rows, &(0..50).collect(), given, dimensions).project_all(rows.clone())
    }

    fn unit(seed: u64, count: usize, dimensions: usize) -> Vec<f32> {
        let mut rows = drawn(seed, count * dimensions);
        normalise_rows(&mut rows, dimensions);
        rows
    }

    /// The definition in f64, and its slope by a small change of each number.
    #[test]
    fn the_gradient_is_the_slope_of_the_distance() {
        let (raw, wanted) = (drawn(1, 7 * 5), unit(2, 7, 5));
        let loss = |raw: &[f64]| {
            let row = |(raw, wanted): (&[f64], &[f32])| {
                let length = raw.iter().map(|value| value * value).sum::<f64>().sqrt();
                raw.iter().zip(wanted).map(|(a, &b)| (a / length - f64::from(b)).powi(2)).sum::<f64>()
            };
            raw.chunks(5).zip(wanted.chunks(5)).map(row).sum::<f64>() / 7.0
        };
        let exact: Vec<f64> = raw.iter().map(|&value| f64::from(value)).collect();
        let (distance, gradient) = distance_and_gradient(&raw, &wanted, 5);
        assert!((f64::from(distance) - loss(&exact)).abs() < 1e-6);
        for at in 0..raw.len() {
            let moved = |by: f64| {
                let mut moved = exact.clone();
                moved[at] += by;
                loss(&moved)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((f64::from(gradient[at]) - slope).abs() < 1e-5, "{at}: {} {slope}", gradient[at]);
        }
    }

    #[test]
    fn so_says_automatic_differentiation() {
        let (raw, wanted, device) = (drawn(3, 9 * 6), unit(4, 9, 6), Device::flex().autodiff());
        let leaf = Tensor::<2>::from_data(TensorData::new(raw.clone(), [9, 6]), &device).require_grad();
        let targets = Tensor::<2>::from_data(TensorData::new(wanted.clone(), [9, 6]), &device);
        let loss = (normalise(leaf.clone()) - targets).square().sum_dim(1).mean();
        let slopes = leaf.grad(&loss.backward()).unwrap().try_into_vec_as::<f32>().unwrap();
        let (distance, gradient) = distance_and_gradient(&raw, &wanted, 6);
        assert!((distance - loss.into_scalar::<f32>()).abs() < 1e-5);
        assert!(gradient.iter().zip(&slopes).all(|(a, b)| (a - b).abs() < 1e-5), "{gradient:?} {slopes:?}");
    }

    #[test]
    fn a_longer_vector_keeps_every_distance() {
        let rows: BTreeMap<usize, Vec<f32>> = unit(5, 8, 4).chunks(4).map(<[f32]>::to_vec).enumerate().collect();
        assert_eq!(fitted(&rows, 4, 4), rows);
        let longer = fitted(&rows, 4, 9);
        for (a, b) in [(0, 1), (2, 7), (3, 3)] {
            let [before, after] = [&rows, &longer].map(|rows| squared_distance(&rows[&a], &rows[&b]));
            assert!(longer[&a].len() == 9 && (before - after).abs() < 1e-6);
        }
    }

    /// Vectors of 12 numbers that lie in a plane of three, but for a little noise.
    #[test]
    fn a_shorter_vector_keeps_the_distances_that_there_are() {
        let (plane, noise) = (drawn(6, 3 * 12), drawn(7, 60 * 12));
        let mut rows = Vec::new();
        for (row, parts) in drawn(8, 60 * 3).chunks(3).enumerate() {
            let value = |at: usize| (0..3).map(|k| parts[k] * plane[k * 12 + at]).sum::<f32>();
            rows.extend((0..12).map(|at| value(at) + 1e-3 * noise[row * 12 + at]));
        }
        normalise_rows(&mut rows, 12);
        let rows: BTreeMap<usize, Vec<f32>> = rows.chunks(12).map(<[f32]>::to_vec).enumerate().collect();
        let shorter = fitted(&rows, 12, 3);
        assert_eq!(fitted(&rows, 12, 3), shorter, "found again in the same way");
        for a in 0..60 {
            assert!((squared_distance(&shorter[&a], &[0.0; 3]) - 1.0).abs() < 1e-5);
            for b in 0..a {
                let [before, after] = [&rows, &shorter].map(|rows| squared_distance(&rows[&a], &rows[&b]));
                assert!((before - after).abs() < 0.02, "{before} {after}");
            }
        }
    }
}
