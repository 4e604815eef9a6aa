//! What is known before any distance is looked at.

use std::collections::HashMap;
use std::hash::Hash;

use super::ClusterError;
use crate::types::{PersonId, PhotoId};

/// Facts about faces, each list either empty or one entry a face.
///
/// Confirmed faces of one person are one cluster from the start, even if they are of one photo (a mirror, a collage).
/// Everything else keeps clusters apart: nobody is twice in a photo, two known people are two, and `apart`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Constraints {
    pub photos: Vec<PhotoId>,
    pub confirmed: Vec<Option<PersonId>>,
    /// Pairs of faces that are of different people.
    pub apart: Vec<(usize, usize)>,
}

/// The same, as the algorithms use it: numbers from 0, and lists by number.
pub(super) struct NumberedConstraints {
    /// For each known person their faces.
    pub people: Vec<Vec<usize>>,
    /// The known person of a face.
    pub person_of: Vec<Option<usize>>,
    /// For each photo with more than one face its faces.
    pub photos: Vec<Vec<usize>>,
    /// The photo of a face, if it has other faces too.
    pub photo_of: Vec<Option<usize>>,
    /// For each face the faces it is told apart from.
    pub apart: Vec<Vec<usize>>,
}

impl NumberedConstraints {
    pub fn new(constraints: &Constraints, faces: usize) -> Result<Self, ClusterError> {
        let check = |what, given: usize| match given == 0 || given == faces {
            true => Ok(()),
            false => Err(ClusterError::Lengths { what, faces, given }),
        };
        check("photos", constraints.photos.len())?;
        check("confirmed people", constraints.confirmed.len())?;
        let photo_keys = constraints.photos.iter().copied().map(Some);
        let (photos, photo_of) = collect(photo_keys, faces, 2);
        let (people, person_of) = collect(constraints.confirmed.iter().copied(), faces, 1);
        let mut apart = vec![Vec::new(); faces];
        for &(a, b) in &constraints.apart {
            if a >= faces || b >= faces {
                return Err(ClusterError::Lengths { what: "told apart", faces, given: a.max(b) + 1 });
            }
            apart[a].push(b);
            apart[b].push(a);
        }
        Ok(Self { people, person_of, photos, photo_of, apart })
    }
}

/// Numbers the keys that have at least `least` faces, in order of first appearance.
fn collect<K: Eq + Hash>(
    keys: impl Iterator<Item = Option<K>>,
    faces: usize,
    least: usize,
) -> (Vec<Vec<usize>>, Vec<Option<usize>>) {
    let mut numbers: HashMap<K, usize> = HashMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (face, key) in keys.enumerate() {
        let Some(key) = key else { continue };
        let number = *numbers.entry(key).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[number].push(face);
    }
    members.retain(|faces| faces.len() >= least);
    let mut number_of = vec![None; faces];
    for (number, faces) in members.iter().enumerate() {
        for &face in faces {
            number_of[face] = Some(number);
        }
    }
    (members, number_of)
}
