//! Without a new tree: whom a new face resembles, and where the middle of many faces lies.

use crate::types::{Embedding, PersonId, SquaredDistance};

/// A person as the mean of their confirmed faces. Not normalised: then 2 − 2·mean·x is the mean squared distance of x
/// to all of them, which is average linkage.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownPerson {
    pub id: PersonId,
    mean: Vec<f32>,
}

/// Somebody whom a face may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suggestion {
    /// Its place among the faces asked about.
    pub face: usize,
    pub person: PersonId,
    /// The mean squared distance to the person's faces.
    pub distance: SquaredDistance,
}

impl KnownPerson {
    /// None of no faces.
    pub fn new<'a>(id: PersonId, faces: impl Iterator<Item = &'a Embedding>) -> Option<Self> {
        let (sum, count) = sum(faces);
        (count > 0).then(|| Self { id, mean: sum.iter().map(|total| (total / count as f64) as f32).collect() })
    }

    pub fn distance(&self, face: &Embedding) -> SquaredDistance {
        let cosine: f64 = self.mean.iter().zip(face.as_slice()).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        SquaredDistance((2.0 - 2.0 * cosine).max(0.0) as f32)
    }
}

/// For each face the nearest person within `threshold`, if any, among those whom `may_be` allows.
pub fn suggest(
    faces: &[Embedding],
    people: &[KnownPerson],
    threshold: SquaredDistance,
    may_be: impl Fn(usize, PersonId) -> bool,
) -> Vec<Suggestion> {
    let nearest = |(index, face): (usize, &Embedding)| {
        people
            .iter()
            .filter(|person| may_be(index, person.id))
            .map(|person| Suggestion { face: index, person: person.id, distance: person.distance(face) })
            .filter(|suggestion| suggestion.distance <= threshold)
            .min_by(|a, b| a.distance.0.total_cmp(&b.distance.0).then(a.person.cmp(&b.person)))
    };
    faces.iter().enumerate().filter_map(nearest).collect()
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
    fn a_new_face_goes_to_the_nearest_person_allowed() {
        let ada = [at(0.0), at(20.0)];
        let bo = [at(60.0)];
        let people =
            [KnownPerson::new(PersonId(1), ada.iter()).unwrap(), KnownPerson::new(PersonId(2), bo.iter()).unwrap()];
        let new = [at(15.0), at(50.0), at(180.0), at(14.0)];
        let found = suggest(&new, &people, SquaredDistance(0.5), |face, person| (face, person) != (3, PersonId(1)));
        let pairs: Vec<(usize, i64)> = found.iter().map(|s| (s.face, s.person.0)).collect();
        assert_eq!(pairs, vec![(0, 1), (1, 2)], "the third is nobody's, the fourth was refused for Ada");
        let mean = (new[0].squared_distance(&ada[0]).0 + new[0].squared_distance(&ada[1]).0) / 2.0;
        assert!((found[0].distance.0 - mean).abs() < 1e-6, "average linkage");
        assert!(KnownPerson::new(PersonId(3), [].iter()).is_none());
    }

    #[test]
    fn the_centroid_has_the_direction_of_the_mean() {
        let opposite = [vec![1.0, 0.0], vec![-1.0, 0.0]].map(|v| Embedding::normalise(v).unwrap());
        assert_eq!(centroid(opposite.iter()), None);
        let centre = centroid([at(0.0), at(10.0)].iter()).unwrap();
        assert!(centre.squared_distance(&at(5.0)).0 < 1e-9);
    }
}
