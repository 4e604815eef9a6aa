//! Names without a region: who in the photo is meant, worked out over the whole library.
//!
//! A caption says who is in a photo, not where; across many photos only one face is always there when a name is. This
//! is the "names and faces in the news" of Berg et al. (CVPR 2004) with the constraint of Guillaumin et al. (ECCV 2008;
//! IJCV 96, 2012) that in a photo a name is at most one face and a face at most one name. As a photo library has them,
//! the unknowns are not single faces but groups of faces that the grouping holds for one person.
//!
//! [`model`] finds for every group how likely it is each name that its photos have, by coordinate ascent: a name that
//! somebody else in the photo explains is no evidence, one that nobody explains is, photos of the group without the
//! name speak against it, and so does a face unlike the name's others. Two people who are always named together stay
//! at one half each. [`choice`] then assigns names to faces in every photo and proposes an assignment only where the
//! best one without it is far less likely.

mod choice;
mod model;
mod nodes;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::faces::PhotoToName;
use super::name_key::NameKey;
use crate::types::{Cancel, SquaredDistance};

/// What is known before.
pub(crate) struct NamesToPlace<'a> {
    pub photos: &'a [PhotoToName<'a>],
    /// Photo and name, without a region.
    pub names: &'a [(usize, NameKey)],
    /// Names that regions gave to faces, by photo and place among its faces; none where they contradict each other.
    pub placed: &'a HashMap<(usize, usize), Option<NameKey>>,
    /// Where two vectors of the model are as likely one person as two: the threshold of the grouping.
    pub same_person: SquaredDistance,
    /// Nothing is worked out any more once it is set.
    pub cancel: &'a Cancel,
}

/// A name worked out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeducedName {
    pub photo: usize,
    /// Its place among the photo's faces.
    pub face: usize,
    pub name: NameKey,
    /// That it is right, 0.5 to 1.
    pub confidence: f32,
}

/// A name of a photo that came to no face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UndecidedName {
    pub photo: usize,
    pub name: NameKey,
    pub why: UndecidedWhy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum UndecidedWhy {
    /// No face was found, or each has another name already.
    NoFace,
    /// Several faces could be meant.
    SeveralFaces,
    /// The only face that could be meant is too unlike the person, or was seen too seldom.
    Unsure,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Deduced {
    pub names: Vec<DeducedName>,
    pub undecided: Vec<UndecidedName>,
}

/// Less sure names are not proposed.
pub(crate) const MIN_CONFIDENCE: f32 = 0.95;

pub(crate) fn deduce(input: &NamesToPlace) -> Deduced {
    let nodes = nodes::Nodes::of(input);
    match model::NameModel::fit(&nodes, input.same_person, input.cancel) {
        Some(model) => choice::choose(input, &nodes, &model),
        None => Deduced::default(),
    }
}
