//! What each answer to a contradiction means.

use super::lists::names_in;
use crate::app::metadata::job::{NameChoices, NameOfPhoto, NamePlace, OfferedNames, PlacedName, placed_names};
use crate::metadata::found::NameKind;
use crate::metadata::fraction_box::FractionBox;
use crate::metadata::name_key::NameKey;
use crate::metadata::review::NameConflict;
use crate::types::PersonId;

/// What its user says to a contradiction.
#[derive(Debug, Clone, PartialEq)]
pub enum ConflictAnswer {
    /// The face is this one, whatever else was said of it.
    Is(NameKey),
    /// None of the other programs' names is right: what its user said stays.
    Neither,
    /// All faces are of one person of that name.
    AllOne,
    /// Only this group's faces are.
    Only(PersonId),
}

/// What is taken and refused with it.
pub(super) fn choices(offered: &OfferedNames, conflict: &NameConflict, answer: &ConflictAnswer) -> NameChoices {
    let all = names_in(offered, conflict);
    match (conflict, answer) {
        (NameConflict::TwoNames { photo, face, at, .. }, ConflictAnswer::Is(name)) => {
            let of = NameOfPhoto { photo: *photo, name: name.clone() };
            let place = face.map_or(NamePlace::Region, NamePlace::Face);
            let refused = all.into_iter().filter(|other| *other != of).collect();
            NameChoices { taken: vec![placed(of, place, *at)], refused, corrects: true }
        }
        (NameConflict::OtherPerson { photo, face, at, .. }, ConflictAnswer::Is(name)) => {
            let of = NameOfPhoto { photo: *photo, name: name.clone() };
            let taken = vec![placed(of, NamePlace::Face(*face), *at)];
            NameChoices { taken, refused: Vec::new(), corrects: true }
        }
        (NameConflict::TwoPeople { key, groups }, ConflictAnswer::AllOne | ConflictAnswer::Only(_)) => {
            let person = offered.review.people.iter().find(|person| person.key == *key);
            let names: Vec<PlacedName> = person.into_iter().flat_map(placed_names).collect();
            let others =
                groups.iter().filter(|group| matches!(answer, ConflictAnswer::Only(only) if *only != group.group));
            let others: Vec<_> = others.flat_map(|group| &group.faces).collect();
            let is_other = |name: &PlacedName| matches!(name.place, NamePlace::Face(face) if others.contains(&&face));
            let (refused, taken): (Vec<_>, Vec<_>) = names.into_iter().partition(is_other);
            NameChoices { taken, refused: refused.into_iter().map(|name| name.of).collect(), corrects: false }
        }
        _ => NameChoices { refused: all, ..NameChoices::default() },
    }
}

fn placed(of: NameOfPhoto, place: NamePlace, at: FractionBox) -> PlacedName {
    PlacedName { of, place, at, kind: NameKind::Confirmed }
}
