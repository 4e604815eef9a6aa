//! What contradicts.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::answers::WithdrawnName;
use super::combine::Combined;
use super::fate::{FaceFate, fate};
use super::known::known_people;
use super::people::sources;
use super::{
    DisputedFace, FaceProposal, NameConflict, NameOfFace, NamesToReview, NamesakeQuestion, OpenName, OpenWhy, OwnName,
    PersonFound, SharedName,
};
use crate::metadata::faces::{FaceOwner, FaceToName};
use crate::metadata::found::NameSource;
use crate::metadata::name_key::NameKey;
use crate::types::{FaceId, PersonId, PhotoId};

/// A group of fewer faces than this, and than this share of a name's faces, is no second person; a wrong face among many
/// is a wrong face.
const MIN_FACES: usize = 2;
const MIN_SHARE: f64 = 0.25;
/// Two groups are two people if they are so much farther apart than the threshold: groups of one person that the
/// grouping left apart lie just beyond it.
const APART: f64 = 1.15;

/// Faces that bear a contradicted name are proposed no more.
pub(super) fn conflicts(input: &NamesToReview, combined: &Combined, people: &mut [PersonFound]) -> Vec<NameConflict> {
    let mut conflicts = of_faces(input, combined);
    conflicts.extend(of_regions(input, combined));
    let faces = input.photos.iter().flat_map(|photo| &photo.faces);
    let by_id: HashMap<FaceId, &FaceToName> = faces.map(|face| (face.id, face)).collect();
    for person in people {
        if person.people.len() > 1 {
            conflicts.extend(namesakes(&by_id, person).into_iter().map(NameConflict::Namesakes));
            continue;
        }
        let mut shared = in_one_photo(person);
        shared.extend(unlike_groups(input, &by_id, person));
        if !shared.is_empty() {
            person.choose_examples();
        }
        conflicts.extend(shared.into_iter().map(NameConflict::TwoPeople));
    }
    conflicts
}

/// A name that was taken and that another one stands for by now, at the same face, is one question.
pub(super) fn join_withdrawn(conflicts: &mut [NameConflict], withdrawn: &mut Vec<WithdrawnName>) {
    let mut disputed: HashMap<FaceId, &mut OwnName> = HashMap::new();
    for conflict in conflicts {
        if let NameConflict::TwoNames(DisputedFace { face: Some(face), ours: Some(ours), .. }) = conflict {
            disputed.insert(*face, ours);
        }
    }
    withdrawn.retain(|name| match disputed.get_mut(&name.face).filter(|ours| ours.person == name.person) {
        Some(ours) => {
            ours.taken = Some((name.answer.name.clone(), name.answer.at));
            false
        }
        None => true,
    });
}

fn of_faces(input: &NamesToReview, combined: &Combined) -> Vec<NameConflict> {
    let (mut conflicts, known) = (Vec::new(), known_people(input));
    for (&(photo, face), names) in &combined.faces {
        let FaceToName { id, at, of, .. } = input.photos[photo].faces[face];
        let others = names.iter().filter(|name| !matches!(fate(input, photo, face, &name.key), FaceFate::Settled));
        let names: Vec<NameOfFace> =
            others.map(|name| name_of_face(&name.key, &known, sources(input, &name.found))).collect();
        let is_denied = |name: &NameOfFace| matches!(fate(input, photo, face, &name.key), FaceFate::Denied);
        let denied = names.iter().any(is_denied);
        let ours = match of {
            FaceOwner::Person { id: person, name } => Some(OwnName { person, name: name.to_owned(), taken: None }),
            FaceOwner::Nobody | FaceOwner::Group(_) | FaceOwner::SetAside => None,
        };
        if names.len() > 1 || (names.len() == 1 && (ours.is_some() || denied)) {
            let photo = input.photos[photo].id;
            conflicts.push(NameConflict::TwoNames(DisputedFace { photo, face: Some(id), at, ours, denied, names }));
        }
    }
    conflicts
}

fn of_regions(input: &NamesToReview, combined: &Combined) -> impl Iterator<Item = NameConflict> {
    let (disputed, known) = (combined.by_hand.iter().filter(|region| region.names.len() > 1), known_people(input));
    disputed.map(move |region| {
        let names = region.names.iter().map(|(key, found)| name_of_face(key, &known, sources(input, found)));
        let (photo, at) = (input.photos[region.photo].id, region.at);
        NameConflict::TwoNames(DisputedFace {
            photo,
            face: None,
            at,
            ours: None,
            denied: false,
            names: names.collect(),
        })
    })
}

fn name_of_face(key: &NameKey, known: &HashMap<NameKey, Vec<PersonId>>, sources: Vec<NameSource>) -> NameOfFace {
    NameOfFace { key: key.clone(), people: known.get(key).cloned().unwrap_or_default(), sources }
}

/// Whose faces these are: one question a group, and one for each face or region that is in none.
fn namesakes(by_id: &HashMap<FaceId, &FaceToName>, person: &mut PersonFound) -> Vec<NamesakeQuestion> {
    let (key, people) = (person.key.clone(), person.people.clone());
    let question = || NamesakeQuestion { key: key.clone(), people: people.clone(), faces: Vec::new(), by_hand: None };
    let (mut questions, mut of_group): (Vec<NamesakeQuestion>, HashMap<PersonId, usize>) = Default::default();
    for face in std::mem::take(&mut person.faces) {
        person.open.push(OpenName { photo: face.photo, why: OpenWhy::Contradicted });
        let group = by_id.get(&face.face).and_then(|face| face.of.person());
        let place = group.map_or(questions.len(), |group| *of_group.entry(group).or_insert(questions.len()));
        if place == questions.len() {
            questions.push(question());
            questions[place].people.sort_by_key(|person| Some(*person) != group);
        }
        questions[place].faces.push(face);
    }
    for region in std::mem::take(&mut person.by_hand) {
        person.open.push(OpenName { photo: region.photo, why: OpenWhy::Contradicted });
        questions.push(NamesakeQuestion { by_hand: Some(region), ..question() });
    }
    person.choose_examples();
    questions
}

/// Nobody is twice in one photo, unless it is a collage or there is a mirror.
fn in_one_photo(person: &mut PersonFound) -> Vec<SharedName> {
    let mut of_photo: BTreeMap<PhotoId, Vec<FaceId>> = BTreeMap::new();
    for face in &person.faces {
        of_photo.entry(face.photo).or_default().push(face.face);
    }
    let shared = of_photo.into_values().filter(|faces| faces.len() > 1);
    let sides = |faces: Vec<FaceId>| faces.into_iter().map(|face| vec![face]).collect();
    shared.map(sides).collect::<Vec<_>>().into_iter().map(|sides| take_out(person, sides)).collect()
}

/// What the name's faces look like, as far as they are in groups.
fn unlike_groups(
    input: &NamesToReview,
    by_id: &HashMap<FaceId, &FaceToName>,
    person: &mut PersonFound,
) -> Option<SharedName> {
    let mut groups: BTreeMap<PersonId, Vec<&FaceToName>> = BTreeMap::new();
    for face in person.faces.iter().filter_map(|proposal| by_id.get(&proposal.face)) {
        if let Some(group) = face.of.person() {
            groups.entry(group).or_default().push(face);
        }
    }
    let all: usize = groups.values().map(Vec::len).sum();
    groups.retain(|_, faces| faces.len() >= MIN_FACES || faces.len() as f64 >= MIN_SHARE * all as f64);
    let means: Vec<(PersonId, Option<Vec<f64>>)> = groups.iter().map(|(id, faces)| (*id, mean(faces))).collect();
    let limit = APART * f64::from(input.same_person.0);
    let is_apart = |(id, own): &(PersonId, Option<Vec<f64>>)| {
        let others = means.iter().filter(|(other, _)| other != id);
        others.filter_map(|(_, mean)| distance(own.as_ref()?, mean.as_ref()?)).any(|distance| distance > limit)
    };
    let apart = means.iter().filter(|mean| is_apart(mean));
    let sides: Vec<Vec<FaceId>> = apart.map(|(id, _)| groups[id].iter().map(|face| face.id).collect()).collect();
    (sides.len() > 1).then(|| take_out(person, sides))
}

/// These faces are asked for instead of proposed.
fn take_out(person: &mut PersonFound, sides: Vec<Vec<FaceId>>) -> SharedName {
    let asked: HashSet<FaceId> = sides.iter().flatten().copied().collect();
    let (asked, left): (Vec<_>, Vec<_>) =
        std::mem::take(&mut person.faces).into_iter().partition(|face| asked.contains(&face.face));
    person.faces = left;
    person.open.extend(asked.iter().map(|face| OpenName { photo: face.photo, why: OpenWhy::Contradicted }));
    let of_side = |side: Vec<FaceId>| asked.iter().filter(|face| side.contains(&face.face)).cloned().collect();
    let sides: Vec<Vec<FaceProposal>> = sides.into_iter().map(of_side).collect();
    SharedName { key: person.key.clone(), sides }
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
