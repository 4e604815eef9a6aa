//! Made faces, as `likeness synth --library N` makes them.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::cluster::graph::{NodeKey, VectorRows, fingerprint};
use crate::types::PhotoId;

/// Faces of people of very different sizes, in photos where nobody is twice.
pub(crate) struct MadeFaces {
    pub dimensions: usize,
    pub values: Vec<f32>,
    pub owners: Vec<usize>,
    pub photos: Vec<PhotoId>,
}

impl MadeFaces {
    pub fn rows(&self) -> VectorRows<'_> {
        VectorRows::new(&self.values, self.dimensions)
    }

    pub fn keys(&self) -> Vec<NodeKey> {
        (0..self.owners.len())
            .map(|face| NodeKey { face: face as i64, vector: fingerprint(self.rows().row(face)) })
            .collect()
    }

    pub fn first(&self, faces: usize) -> Self {
        Self {
            dimensions: self.dimensions,
            values: self.values[..faces * self.dimensions].to_vec(),
            owners: self.owners[..faces].to_vec(),
            photos: self.photos[..faces].to_vec(),
        }
    }
}

/// As in `app::jobs::made_library`, which this room doesn't know.
pub(crate) fn made_faces(faces: usize, dimensions: usize, seed: u64) -> MadeFaces {
    let sizes = sizes(faces);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let people: Vec<Vec<f32>> = sizes.iter().map(|_| unit(noise(dimensions, &mut rng))).collect();
    let mut owners: Vec<usize> =
        sizes.iter().enumerate().flat_map(|(person, &size)| std::iter::repeat_n(person, size)).collect();
    owners.shuffle(&mut rng);
    let mut values = Vec::with_capacity(faces * dimensions);
    for &owner in &owners {
        let length = if rng.random_range(0..30) == 0 { 1.5 } else { rng.random_range(0.4..1.0_f32) };
        let scale = length / (dimensions as f32).sqrt();
        let noise = noise(dimensions, &mut rng);
        values.extend(unit(people[owner].iter().zip(noise).map(|(value, noise)| value + scale * noise).collect()));
    }
    let mut photos = Vec::with_capacity(faces);
    let mut photo = 0;
    let mut left = owners.as_slice();
    while !left.is_empty() {
        let most = [1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6][rng.random_range(0..11)].min(left.len());
        let company = (1..most).find(|&at| left[..at].contains(&left[at])).unwrap_or(most);
        photos.extend(std::iter::repeat_n(PhotoId(photo), company));
        photo += 1;
        left = &left[company..];
    }
    MadeFaces { dimensions, values, owners, photos }
}

fn sizes(faces: usize) -> Vec<usize> {
    let (mut low, mut high) = (1.0, faces.max(1) as f64);
    for _ in 0..60 {
        let middle: f64 = (low + high) / 2.0;
        match middle * (5.0 * middle.powf(0.25) - 4.44) < faces as f64 {
            true => low = middle,
            false => high = middle,
        }
    }
    let mut sizes = Vec::new();
    let mut left = faces;
    while left > 0 {
        let size = ((high / ((sizes.len() + 1) as f64).powf(0.8)).round() as usize).clamp(1, left);
        sizes.push(size);
        left -= size;
    }
    sizes
}

fn unit(mut values: Vec<f32>) -> Vec<f32> {
    let norm = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    values.iter_mut().for_each(|value| *value = (f64::from(*value) / norm) as f32);
    values
}

fn noise(dimensions: usize, rng: &mut impl Rng) -> Vec<f32> {
    let pairs = (0..dimensions.div_ceil(2)).flat_map(|_| {
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * rng.random::<f32>()).sin_cos();
        [radius * cos, radius * sin]
    });
    pairs.take(dimensions).collect()
}
