//! Where the middle of many faces lies, without a tree of them.

use crate::types::{Embedding, SquaredDistance};

/// The mean of faces. Not normalised: then 2 − 2·mean·x is the mean squared distance of x to all of them, which is average
/// linkage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeanFace(Vec<f32>);

impl MeanFace {
    /// None of no faces.
    pub fn of<'a>(faces: impl Iterator<Item = &'a Embedding>) -> Option<Self> {
        let (sum, count) = sum(faces);
        (count > 0).then(|| Self(sum.iter().map(|total| (total / count as f64) as f32).collect()))
    }

    pub fn distance(&self, face: &Embedding) -> SquaredDistance {
        let cosine: f64 = self.0.iter().zip(face.as_slice()).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        SquaredDistance((2.0 - 2.0 * cosine).max(0.0) as f32)
    }
}

/// The direction of the mean. None of nothing, or where the faces cancel.
pub(crate) fn centroid<'a>(faces: impl Iterator<Item = &'a Embedding>) -> Option<Embedding> {
    Embedding::normalise(sum(faces).0.iter().map(|&total| total as f32).collect()).ok()
}

fn sum<'a>(faces: impl Iterator<Item = &'a Embedding>) -> (Vec<f64>, usize) {
    let mut sum: Vec<f64> = Vec::new();
    let mut count = 0;
    for face in faces {
        sum.resize(face.dimensions(), 0.0);
        for (total, &value) in sum.iter_mut().zip(face.as_slice()) {
            *total += f64::from(value);
        }
        count += 1;
    }
    (sum, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(degrees: f32) -> Embedding {
        let radians = degrees.to_radians();
        Embedding::normalise(vec![radians.cos(), radians.sin()]).unwrap()
    }

    #[test]
    fn the_distance_to_the_mean_is_the_mean_of_the_distances() {
        let faces = [at(0.0), at(20.0), at(70.0)];
        let mean = MeanFace::of(faces.iter()).unwrap();
        for other in [at(15.0), at(180.0)] {
            let of_all = faces.iter().map(|face| other.squared_distance(face).0).sum::<f32>() / 3.0;
            assert!((mean.distance(&other).0 - of_all).abs() < 1e-6);
        }
        assert_eq!(MeanFace::of([].iter()), None);
    }

    #[test]
    fn the_centroid_has_the_direction_of_the_mean() {
        let opposite = [vec![1.0, 0.0], vec![-1.0, 0.0]].map(|v| Embedding::normalise(v).unwrap());
        assert_eq!(centroid(opposite.iter()), None);
        let centre = centroid([at(0.0), at(10.0)].iter()).unwrap();
        assert!(centre.squared_distance(&at(5.0)).0 < 1e-9);
    }
}
