//! What each answer to a contradiction means.

use super::lists::names_in;
use crate::app::metadata::job::{NameChoices, NameOfPhoto, NamePlace, PlacedName, name_at};
use crate::metadata::found::NameKind;
use crate::metadata::name_key::NameKey;
use crate::metadata::review::{
    DisputedFace, NameConflict, NameOfFace, NamesReview, NamesakeQuestion, OwnName, SharedName,
};
use crate::types::PersonId;

/// What its user says to a contradiction.
#[derive(Debug, Clone, PartialEq)]
pub enum ConflictAnswer {
    /// The face is this one, whatever else was said of it.
    Is(NameKey),
    /// The same, or all faces of the question, of which of the people of that name.
    Of(NameKey, PersonId),
    /// None of the other programs' names is right: what its user said stays.
    Neither,
    /// All faces are of one person of that name.
    AllOne,
    /// Only this side's faces are.
    Only(usize),
}

/// What its user says to all contradictions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// What they said, or nothing, stays.
    Mine,
    /// The other programs, where these say one thing.
    Theirs,
}

impl Follow {
    /// What that is of one contradiction; none where other programs contradict each other.
    pub(super) fn answer(self, conflict: &NameConflict) -> Option<ConflictAnswer> {
        match (self, conflict) {
            (Self::Mine, _) => Some(ConflictAnswer::Neither),
            (Self::Theirs, NameConflict::TwoNames(face)) => match &face.names[..] {
                [NameOfFace { key, people, .. }] if people.len() < 2 => Some(ConflictAnswer::Is(key.clone())),
                _ => None,
            },
            (Self::Theirs, NameConflict::Namesakes(_)) => None,
            (Self::Theirs, NameConflict::TwoPeople(shared)) => {
                shared.in_one_photo().is_none().then_some(ConflictAnswer::AllOne)
            }
        }
    }
}

/// What is taken and refused with it.
pub(super) fn choices(review: &NamesReview, conflict: &NameConflict, answer: &ConflictAnswer) -> NameChoices {
    match (conflict, answer) {
        (NameConflict::TwoNames(face), ConflictAnswer::Is(name)) => is_one(review, face, name),
        (NameConflict::TwoNames(face), ConflictAnswer::Of(name, person)) => {
            let of = name_at(review, face.photo, name, face.at);
            NameChoices { whose: [(of, *person)].into(), ..is_one(review, face, name) }
        }
        (NameConflict::Namesakes(asked), ConflictAnswer::Of(_, person)) => all_of(review, asked, *person),
        (NameConflict::TwoPeople(shared), ConflictAnswer::AllOne) => of_sides(review, shared, |_| true),
        (NameConflict::TwoPeople(shared), ConflictAnswer::Only(only)) => of_sides(review, shared, |side| side == *only),
        (NameConflict::TwoNames(face), _) => {
            NameChoices { refused: names_in(review, conflict), settled: settled(face), ..NameChoices::default() }
        }
        (NameConflict::TwoPeople(_) | NameConflict::Namesakes(_), _) => {
            NameChoices { refused: names_in(review, conflict), ..NameChoices::default() }
        }
    }
}

fn is_one(review: &NamesReview, face: &DisputedFace, name: &NameKey) -> NameChoices {
    let of = |name: &NameKey| name_at(review, face.photo, name, face.at);
    let others = face.names.iter().filter(|other| other.key != *name);
    let mut chosen = NameChoices {
        refused: others.map(|other| of(&other.key)).collect(),
        settled: settled(face),
        looked_at: true,
        ..NameChoices::default()
    };
    match face.face {
        Some(known) => chosen.corrected.push((known, of(name))),
        None => {
            let (of, place) = (of(name), NamePlace::Region);
            chosen.taken.push(PlacedName { of, place, at: face.at, kind: NameKind::Confirmed });
        }
    }
    chosen
}

fn all_of(review: &NamesReview, asked: &NamesakeQuestion, person: PersonId) -> NameChoices {
    let of = |photo, at| name_at(review, photo, &asked.key, at);
    let faces =
        asked.faces.iter().map(|face| (of(face.photo, face.at), NamePlace::Face(face.face), face.at, face.kind));
    let regions =
        asked.by_hand.iter().map(|region| (of(region.photo, region.at), NamePlace::Region, region.at, region.kind));
    let taken: Vec<PlacedName> =
        faces.chain(regions).map(|(of, place, at, kind)| PlacedName { of, place, at, kind }).collect();
    let whose = taken.iter().map(|name| (name.of.clone(), person)).collect();
    NameChoices { taken, whose, ..NameChoices::default() }
}

/// The name that another program took back is the user's own where it stays.
fn settled(face: &DisputedFace) -> Vec<NameOfPhoto> {
    let taken = face.ours.as_ref().and_then(|OwnName { taken, .. }| taken.as_ref());
    taken.map(|(name, at)| NameOfPhoto { photo: face.photo, name: name.clone(), at: *at }).into_iter().collect()
}

fn of_sides(review: &NamesReview, shared: &SharedName, is_right: impl Fn(usize) -> bool) -> NameChoices {
    let mut chosen = NameChoices::default();
    for (side, faces) in shared.sides.iter().enumerate() {
        for face in faces {
            let of = name_at(review, face.photo, &shared.key, face.at);
            match is_right(side) {
                true => {
                    let place = NamePlace::Face(face.face);
                    chosen.taken.push(PlacedName { of, place, at: face.at, kind: face.kind });
                }
                false => chosen.refused.push(of),
            }
        }
    }
    chosen
}
