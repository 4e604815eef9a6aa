//! What its user has said of a face that a name was found for.

use super::NamesToReview;
use crate::metadata::faces::FaceOwner;
use crate::metadata::name_key::NameKey;

/// What becomes of a name on a face.
pub(super) enum FaceFate {
    Proposed,
    Settled,
    /// The user gave the face to another person.
    Others,
    /// The user said that the face is not this person.
    Denied,
}

pub(super) fn fate(input: &NamesToReview, photo: usize, face: usize, key: &NameKey) -> FaceFate {
    let face = &input.photos[photo].faces[face];
    let is_denied = || face.denied.iter().any(|name| NameKey::of(name).as_ref() == Some(key));
    match face.of {
        FaceOwner::Person { name, .. } if NameKey::of(name).as_ref() == Some(key) => FaceFate::Settled,
        FaceOwner::Person { .. } => FaceFate::Others,
        _ if is_denied() => FaceFate::Denied,
        FaceOwner::Nobody | FaceOwner::Group(_) | FaceOwner::SetAside => FaceFate::Proposed,
    }
}
