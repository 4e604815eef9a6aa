//! The library's people by name. Several may have one.

use std::collections::{HashMap, HashSet};

use super::NamesToReview;
use crate::metadata::name_key::NameKey;
use crate::types::PersonId;

/// In order of their numbers.
pub(super) fn known_people(input: &NamesToReview) -> HashMap<NameKey, Vec<PersonId>> {
    let mut known: HashMap<NameKey, Vec<PersonId>> = HashMap::new();
    for (id, name) in input.people {
        if let Some(key) = NameKey::of(name) {
            known.entry(key).or_default().push(*id);
        }
    }
    known.values_mut().for_each(|people| people.sort_unstable());
    known
}

/// Names that several people have: who is at one place says nothing of who is at another.
pub(super) fn shared_names(input: &NamesToReview) -> HashSet<NameKey> {
    known_people(input).into_iter().filter(|(_, people)| people.len() > 1).map(|(key, _)| key).collect()
}
