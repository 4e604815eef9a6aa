//! What contradicts.

use std::collections::{BTreeMap, HashMap};

use super::combine::Combined;
use super::people::{FaceFate, fate, sources};
use super::{GroupOfName, NameConflict, NameOfFace, NamesToReview, PersonFound};
use crate::metadata::faces::FaceToName;
use crate::types::{FaceId, PersonId};

/// A group of fewer faces than this is no second person; a single wrong face is a wrong face.
const MIN_FACES: usize = 2;
/// Two groups are two people if they are so much farther apart than the threshold: groups of one person that the
/// grouping left apart lie just beyond it.
const APART: f64 = 1.15;

pub(super) fn conflicts(input: &NamesToReview, combined: &Combined, people: &[PersonFound]) -> Vec<NameConflict> {
    let mut conflicts = of_faces(input, combined);
    conflicts.extend(of_regions(input, combined));
    conflicts.extend(of_people(input, people));
    conflicts
}

fn of_faces(input: &NamesToReview, combined: &Combined) -> Vec<NameConflict> {
    let mut conflicts = Vec::new();
    for (&(photo, face), names) in &combined.faces {
        let FaceToName { id: face_id, at, .. } = input.photos[photo].faces[face];
        let photo_id = input.photos[photo].id;
        let named: Vec<NameOfFace> = names
            .iter()
            .map(|name| NameOfFace { key: name.key.clone(), sources: sources(input, &name.found) })
            .collect();
        for name in &named {
            if let FaceFate::Others(person) = fate(input, photo, face, &name.key) {
                let name = name.clone();
                conflicts.push(NameConflict::OtherPerson { photo: photo_id, face: face_id, at, person, name });
            }
        }
        if named.len() > 1 {
            conflicts.push(NameConflict::TwoNames { photo: photo_id, face: Some(face_id), at, names: named });
        }
    }
    conflicts
}

fn of_regions(input: &NamesToReview, combined: &Combined) -> impl Iterator<Item = NameConflict> {
    combined.by_hand.iter().filter(|region| region.names.len() > 1).map(|region| NameConflict::TwoNames {
        photo: input.photos[region.photo].id,
        face: None,
        at: region.at,
        names: region
            .names
            .iter()
            .map(|(key, found)| NameOfFace { key: key.clone(), sources: sources(input, found) })
            .collect(),
    })
}

fn of_people(input: &NamesToReview, people: &[PersonFound]) -> Vec<NameConflict> {
    let by_id: HashMap<FaceId, &FaceToName> =
        input.photos.iter().flat_map(|photo| &photo.faces).map(|face| (face.id, face)).collect();
    let mut conflicts = Vec::new();
    for person in people {
        let mut groups: BTreeMap<PersonId, Vec<&FaceToName>> = BTreeMap::new();
        for face in person.faces.iter().filter_map(|proposal| by_id.get(&proposal.face)) {
            if let Some(group) = face.of.person() {
                groups.entry(group).or_default().push(face);
            }
        }
        groups.retain(|_, faces| faces.len() >= MIN_FACES);
        let means: Vec<(PersonId, Option<Vec<f64>>)> = groups.iter().map(|(id, faces)| (*id, mean(faces))).collect();
        let limit = APART * f64::from(input.same_person.0);
        let is_apart = |(id, own): &(PersonId, Option<Vec<f64>>)| {
            let others = means.iter().filter(|(other, _)| other != id);
            others.filter_map(|(_, mean)| distance(own.as_ref()?, mean.as_ref()?)).any(|distance| distance > limit)
        };
        let apart: Vec<PersonId> = means.iter().filter(|mean| is_apart(mean)).map(|(id, _)| *id).collect();
        if apart.len() > 1 {
            let group =
                |id: PersonId| GroupOfName { group: id, faces: groups[&id].iter().map(|face| face.id).collect() };
            let groups = apart.into_iter().map(group).collect();
            conflicts.push(NameConflict::TwoPeople { key: person.key.clone(), groups });
        }
    }
    conflicts
}

/// Not normalised: so the distance below is the mean over all pairs.
fn mean(faces: &[&FaceToName]) -> Option<Vec<f64>> {
    let mut sum: Vec<f64> = Vec::new();
    let mut count = 0.0;
    for vector in faces.iter().filter_map(|face| face.embedding) {
        sum.resize(vector.dimensions(), 0.0);
        sum.iter_mut().zip(vector.as_slice()).for_each(|(sum, value)| *sum += f64::from(*value));
        count += 1.0;
    }
    (count > 0.0).then(|| sum.iter().map(|sum| sum / count).collect())
}

/// None of vectors of two models.
fn distance(a: &[f64], b: &[f64]) -> Option<f64> {
    (a.len() == b.len()).then(|| 2.0 - 2.0 * a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>())
}
