//! The people found, each with what is proposed.

use std::collections::{BTreeMap, BTreeSet};

use super::combine::{Combined, FaceName};
use super::fate::{FaceFate, fate};
use super::known::known_people;
use super::{FaceProposal, HandProposal, NamesToReview, OpenName, OpenWhy, PersonFound, ProposedBy};
use crate::metadata::deduce::UndecidedWhy;
use crate::metadata::found::{NameKind, NameSource};
use crate::metadata::name_key::{NameKey, Spellings};

/// Those with the most names first, then by name.
pub(super) fn people(input: &NamesToReview, combined: &Combined) -> Vec<PersonFound> {
    let known = known_people(input);
    let mut people: BTreeMap<NameKey, PersonFound> = BTreeMap::new();
    for (key, spellings, by_source, names) in given(input, combined) {
        let sorted: Vec<(String, usize)> =
            spellings.sorted().iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let person = PersonFound {
            name: sorted.first().map(|(name, _)| name.clone()).unwrap_or_default(),
            spellings: sorted,
            people: known.get(&key).cloned().unwrap_or_default(),
            names,
            by_source,
            faces: Vec::new(),
            by_hand: Vec::new(),
            open: Vec::new(),
            settled: 0,
            examples: Vec::new(),
            key: key.clone(),
        };
        people.insert(key, person);
    }
    add_faces(input, combined, &mut people);
    add_others(input, combined, &mut people);
    let mut people: Vec<PersonFound> = people.into_values().collect();
    people.iter_mut().for_each(PersonFound::choose_examples);
    people.sort_by(|a, b| b.names.cmp(&a.names).then(a.key.cmp(&b.key)));
    people
}

type GivenBySources = (NameKey, Spellings, BTreeMap<NameSource, usize>, usize);

/// Names by person, each photo once.
fn given(input: &NamesToReview, combined: &Combined) -> Vec<GivenBySources> {
    let mut people: BTreeMap<&NameKey, (Spellings, BTreeMap<NameSource, usize>, usize)> = BTreeMap::new();
    for ((_, key), found) in &combined.given {
        let (spellings, by_source, names) = people.entry(key).or_default();
        *names += 1;
        found.iter().filter_map(|&found| input.found[found].name.as_deref()).for_each(|name| spellings.add(name));
        sources(input, found).into_iter().for_each(|source| *by_source.entry(source).or_default() += 1);
    }
    people.into_iter().map(|(key, (spellings, by_source, names))| (key.clone(), spellings, by_source, names)).collect()
}

pub(super) fn sources(input: &NamesToReview, found: &[usize]) -> Vec<NameSource> {
    found.iter().map(|&found| input.found[found].source).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether anybody said it, or every program only guessed.
pub(super) fn kind(input: &NamesToReview, found: &[usize]) -> NameKind {
    match found.iter().any(|&found| input.found[found].kind == NameKind::Confirmed) {
        true => NameKind::Confirmed,
        false => NameKind::Suggested,
    }
}

fn add_faces(input: &NamesToReview, combined: &Combined, people: &mut BTreeMap<NameKey, PersonFound>) {
    for (&(photo, face), names) in &combined.faces {
        let id = input.photos[photo].id;
        for name in names {
            let Some(person) = people.get_mut(&name.key) else { continue };
            match fate(input, photo, face, &name.key) {
                FaceFate::Settled => person.settled += 1,
                FaceFate::Proposed if names.len() == 1 => person.faces.push(proposal(input, photo, face, name)),
                FaceFate::Proposed | FaceFate::Others | FaceFate::Denied => {
                    person.open.push(OpenName { photo: id, why: OpenWhy::Contradicted });
                }
            }
        }
    }
    for name in &combined.deduced {
        let found = combined.given.get(&(name.photo, name.name.clone())).map_or(&[][..], Vec::as_slice);
        let Some(person) = people.get_mut(&name.name) else { continue };
        if let FaceFate::Denied = fate(input, name.photo, name.face, &name.name) {
            let why = OpenWhy::Undecided(UndecidedWhy::Unsure);
            person.open.push(OpenName { photo: input.photos[name.photo].id, why });
        } else {
            person.faces.push(FaceProposal {
                photo: input.photos[name.photo].id,
                face: input.photos[name.photo].faces[name.face].id,
                at: input.photos[name.photo].faces[name.face].at,
                by: ProposedBy::Deduced { confidence: name.confidence },
                kind: NameKind::Confirmed,
                sources: sources(input, found),
            });
        }
    }
}

fn proposal(input: &NamesToReview, photo: usize, face: usize, name: &FaceName) -> FaceProposal {
    FaceProposal {
        photo: input.photos[photo].id,
        face: input.photos[photo].faces[face].id,
        at: input.photos[photo].faces[face].at,
        by: ProposedBy::Region { fit: name.fit },
        kind: name.kind,
        sources: sources(input, &name.found),
    }
}

fn add_others(input: &NamesToReview, combined: &Combined, people: &mut BTreeMap<NameKey, PersonFound>) {
    for region in &combined.by_hand {
        let photo = input.photos[region.photo].id;
        for (key, found) in &region.names {
            let Some(person) = people.get_mut(key) else { continue };
            if region.names.len() == 1 {
                let kind = kind(input, found);
                person.by_hand.push(HandProposal { photo, at: region.at, kind, sources: sources(input, found) });
            } else {
                person.open.push(OpenName { photo, why: OpenWhy::Contradicted });
            }
        }
    }
    for ((photo, key), why) in &combined.open {
        if let Some(person) = people.get_mut(key) {
            person.open.push(OpenName { photo: input.photos[*photo].id, why: *why });
        }
    }
    for (_, key) in &combined.owned {
        if let Some(person) = people.get_mut(key) {
            person.settled += 1;
        }
    }
}
