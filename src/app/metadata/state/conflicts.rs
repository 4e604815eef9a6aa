//! What each answer to a contradiction means.

use super::lists::names_in;
use crate::app::metadata::job::{NameChoices, NameOfPhoto, NamePlace, PlacedName};
use crate::metadata::found::NameKind;
use crate::metadata::name_key::NameKey;
use crate::metadata::review::{DisputedFace, NameConflict, OwnName, SharedName};

/// What its user says to a contradiction.
#[derive(Debug, Clone, PartialEq)]
pub enum ConflictAnswer {
    /// The face is this one, whatever else was said of it.
    Is(NameKey),
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
                [name] => Some(ConflictAnswer::Is(name.key.clone())),
                _ => None,
            },
            (Self::Theirs, NameConflict::TwoPeople(shared)) => {
                shared.in_one_photo().is_none().then_some(ConflictAnswer::AllOne)
            }
        }
    }
}

/// What is taken and refused with it.
pub(super) fn choices(conflict: &NameConflict, answer: &ConflictAnswer) -> NameChoices {
    match (conflict, answer) {
        (NameConflict::TwoNames(face), ConflictAnswer::Is(name)) => is_one(face, name),
        (NameConflict::TwoPeople(shared), ConflictAnswer::AllOne) => of_sides(shared, |_| true),
        (NameConflict::TwoPeople(shared), ConflictAnswer::Only(only)) => of_sides(shared, |side| side == *only),
        (NameConflict::TwoNames(face), _) => {
            let refused = face.names.iter().map(|name| of(face, &name.key)).collect();
            NameChoices { refused, settled: settled(face), ..NameChoices::default() }
        }
        (NameConflict::TwoPeople(_), _) => NameChoices { refused: names_in(conflict), ..NameChoices::default() },
    }
}

fn is_one(face: &DisputedFace, name: &NameKey) -> NameChoices {
    let others = face.names.iter().filter(|other| other.key != *name);
    let mut chosen = NameChoices {
        refused: others.map(|other| of(face, &other.key)).collect(),
        settled: settled(face),
        looked_at: true,
        ..NameChoices::default()
    };
    match face.face {
        Some(known) => chosen.corrected.push((known, of(face, name))),
        None => {
            let (of, place) = (of(face, name), NamePlace::Region);
            chosen.taken.push(PlacedName { of, place, at: face.at, kind: NameKind::Confirmed });
        }
    }
    chosen
}

fn of(face: &DisputedFace, name: &NameKey) -> NameOfPhoto {
    NameOfPhoto { photo: face.photo, name: name.clone() }
}

/// The name that another program took back is the user's own where it stays.
fn settled(face: &DisputedFace) -> Vec<NameOfPhoto> {
    let taken = face.ours.as_ref().and_then(|OwnName { taken, .. }| taken.as_ref());
    taken.map(|name| of(face, name)).into_iter().collect()
}

fn of_sides(shared: &SharedName, is_right: impl Fn(usize) -> bool) -> NameChoices {
    let mut chosen = NameChoices::default();
    for (side, faces) in shared.sides.iter().enumerate() {
        for face in faces {
            let of = NameOfPhoto { photo: face.photo, name: shared.key.clone() };
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
