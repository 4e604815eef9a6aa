//! What a user said, as plainly as it can be said.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Key, VisibleLibrary};
use crate::library::{Belongs, FaceState, SetAside};
use crate::types::PersonId;

/// What its user said of a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Word {
    #[default]
    Nothing,
    Of {
        person: PersonId,
        one_by_one: bool,
    },
    Aside(SetAside),
}

impl Word {
    pub fn of(state: FaceState) -> Self {
        match state {
            FaceState::Of { person, belongs: Belongs::Confirmed } => Self::Of { person, one_by_one: true },
            FaceState::Of { person, belongs: Belongs::Named } => Self::Of { person, one_by_one: false },
            FaceState::SetAside(why) => Self::Aside(why),
            _ => Self::Nothing,
        }
    }
}

/// All that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Words {
    pub faces: BTreeMap<Key, Word>,
    /// Faces that are not somebody.
    pub rejected: BTreeSet<(Key, PersonId)>,
    /// People with a name or hidden: those who must not vanish.
    pub people: BTreeMap<PersonId, (Option<String>, bool)>,
    pub apart: BTreeSet<(PersonId, PersonId)>,
}

impl Words {
    pub fn of(&self, key: Key) -> Word {
        self.faces.get(&key).copied().unwrap_or_default()
    }

    pub fn say(&mut self, key: Key, word: Word) {
        self.faces.insert(key, word);
        self.faces.retain(|_, word| *word != Word::Nothing);
    }

    /// Whether the same is said of both, one by one or with a group.
    pub fn agree(&self, one: Key, other: Key) -> bool {
        match (self.of(one), self.of(other)) {
            (Word::Of { person, .. }, Word::Of { person: same, .. }) => person == same,
            (word, same) => word == same,
        }
    }

    pub fn is_decided(&self, key: Key) -> bool {
        self.of(key) != Word::Nothing || self.rejected.iter().any(|(face, _)| *face == key)
    }

    pub fn rejected_by(&self, key: Key) -> BTreeSet<PersonId> {
        self.rejected
            .iter()
            .filter(|(face, person)| *face == key && self.people.contains_key(person))
            .map(|no| no.1)
            .collect()
    }

    /// As the library shows them.
    pub fn shown(view: &VisibleLibrary) -> Self {
        let mut words = Self { rejected: view.rejected.clone(), apart: view.apart.clone(), ..Self::default() };
        view.faces.iter().for_each(|shown| words.say(shown.key, Word::of(shown.state)));
        let known = view.people.iter().filter(|(_, (name, hidden))| name.is_some() || *hidden);
        words.people = known.map(|(person, row)| (*person, row.clone())).collect();
        words
    }

    /// Without what was said about groups that nobody knows: these come and go.
    pub fn about_known(&self) -> Self {
        let mut words = self.clone();
        words.rejected.retain(|(_, person)| self.people.contains_key(person));
        words.apart.retain(|(a, b)| self.people.contains_key(a) && self.people.contains_key(b));
        words
    }
}
