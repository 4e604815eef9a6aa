//! What is left to be answered, as the page lists it. Made anew when something of it changes, not with every frame.

use std::collections::HashSet;

use crate::app::metadata::job::{NameOfPhoto, OfferedNames, PlacedName, name_at, placed_names};
use crate::metadata::found::NameKind;
use crate::metadata::review::answers::WithdrawnName;
use crate::metadata::review::{NameConflict, NamesReview, OpenWhy, PersonFound};

/// A person with names on faces, or on places of faces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PersonToReview {
    /// The place among those found.
    pub found: usize,
    pub names: Vec<TickedName>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TickedName {
    pub name: PlacedName,
    /// Whether it is taken with the others.
    pub ticked: bool,
}

/// A name of a photo that came to no face there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NameWithoutFace {
    pub of: NameOfPhoto,
    /// As it is spelled.
    pub spelled: String,
    pub why: OpenWhy,
}

#[derive(Debug, Default)]
pub(crate) struct ReviewLists {
    pub people: Vec<PersonToReview>,
    /// Places among those found.
    pub conflicts: Vec<usize>,
    pub withdrawn: Vec<usize>,
    pub without_face: Vec<NameWithoutFace>,
}

impl PersonToReview {
    pub fn ticked(&self) -> usize {
        self.names.iter().filter(|name| name.ticked).count()
    }
}

impl ReviewLists {
    /// Without what was answered. Names that nobody confirmed elsewhere are not ticked, unless their user did so.
    pub fn of(offered: &OfferedNames, answered: &HashSet<NameOfPhoto>, toggled: &HashSet<NameOfPhoto>) -> Self {
        let mut lists = Self::default();
        for (found, person) in offered.review.people.iter().enumerate() {
            let open = placed_names(&offered.review, person).filter(|name| !answered.contains(&name.of));
            let tick = |name: PlacedName| {
                let ticked = (name.kind == NameKind::Confirmed) != toggled.contains(&name.of);
                TickedName { name, ticked }
            };
            let names: Vec<TickedName> = open.map(tick).collect();
            if !names.is_empty() {
                lists.people.push(PersonToReview { found, names });
            }
            lists.without_face.extend(without_face(person).filter(|name| !answered.contains(&name.of)));
        }
        let is_open =
            |conflict: &NameConflict| names_in(&offered.review, conflict).iter().any(|name| !answered.contains(name));
        let conflicts = offered.review.conflicts.iter().enumerate();
        lists.conflicts = conflicts.filter(|(_, conflict)| is_open(conflict)).map(|(at, _)| at).collect();
        let withdrawn = offered.review.withdrawn.iter().enumerate();
        let is_open = |name: &WithdrawnName| !answered.contains(&NameOfPhoto::of_withdrawn(name));
        lists.withdrawn = withdrawn.filter(|(_, name)| is_open(name)).map(|(at, _)| at).collect();
        lists
    }

    /// Names with a place, and how many people have them.
    pub fn counts(&self) -> (usize, usize) {
        (self.people.iter().map(|person| person.names.len()).sum(), self.people.len())
    }

    pub fn ticked(&self) -> usize {
        self.people.iter().map(PersonToReview::ticked).sum()
    }
}

fn without_face(person: &PersonFound) -> impl Iterator<Item = NameWithoutFace> {
    // Contradictions have a place of their own.
    let open = person.open.iter().filter(|open| open.why != OpenWhy::Contradicted);
    open.map(|open| NameWithoutFace {
        of: NameOfPhoto { photo: open.photo, name: person.key.clone(), at: None },
        spelled: person.name.clone(),
        why: open.why,
    })
}

/// The names that a contradiction is about.
pub(super) fn names_in(review: &NamesReview, conflict: &NameConflict) -> Vec<NameOfPhoto> {
    match conflict {
        NameConflict::TwoNames(face) => {
            face.names.iter().map(|name| name_at(review, face.photo, &name.key, face.at)).collect()
        }
        NameConflict::TwoPeople(shared) => {
            let faces = shared.sides.iter().flatten();
            faces.map(|face| name_at(review, face.photo, &shared.key, face.at)).collect()
        }
        NameConflict::Namesakes(asked) => {
            let faces = asked.faces.iter().map(|face| (face.photo, face.at));
            let places = faces.chain(asked.by_hand.iter().map(|region| (region.photo, region.at)));
            places.map(|(photo, at)| name_at(review, photo, &asked.key, at)).collect()
        }
    }
}
