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
    /// What was said of a face before it was said not to be somebody, where nothing was said of it since.
    pub before: BTreeMap<(Key, PersonId), Word>,
}

impl Words {
    pub fn of(&self, key: Key) -> Word {
        self.faces.get(&key).copied().unwrap_or_default()
    }

    pub fn say(&mut self, key: Key, word: Word) {
        self.before.retain(|(face, _), _| *face != key);
        self.faces.insert(key, word);
        self.faces.retain(|_, word| *word != Word::Nothing);
    }

    /// The face is not this person, whatever was said of it.
    pub fn reject(&mut self, key: Key, person: PersonId) {
        let before = self.of(key);
        self.say(key, Word::Nothing);
        self.rejected.insert((key, person));
        if matches!(before, Word::Of { person: of, .. } if of == person) {
            self.before.insert((key, person), before);
        }
    }

    /// Nothing is known of the person any more, nor of these faces.
    pub fn forget(&mut self, person: PersonId, faces: &BTreeSet<Key>) {
        self.faces.retain(|key, _| !faces.contains(key));
        self.rejected.retain(|(key, of)| *of != person && !faces.contains(key));
        self.apart.retain(|(a, b)| *a != person && *b != person);
        self.people.remove(&person);
        self.before.clear();
    }

    /// Whether the two differ in what they say of the person, or of one of the faces.
    pub fn differ_about(&self, other: &Self, person: PersonId, faces: &BTreeSet<Key>) -> bool {
        let is_of = |word: Word| matches!(word, Word::Of { person: of, .. } if of == person);
        let keys: BTreeSet<Key> = self.faces.keys().chain(other.faces.keys()).copied().collect();
        let is_about = |key: &Key| faces.contains(key) || is_of(self.of(*key)) || is_of(other.of(*key));
        self.people.get(&person) != other.people.get(&person)
            || keys.iter().any(|key| self.of(*key) != other.of(*key) && is_about(key))
            || self.rejected.symmetric_difference(&other.rejected).any(|no| no.1 == person || faces.contains(&no.0))
            || self.apart.symmetric_difference(&other.apart).any(|(a, b)| *a == person || *b == person)
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
