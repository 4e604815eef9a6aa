//! Whether the library says what the user said, everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Model;
use crate::app::scan::job::histories::pictures::Picture;
use crate::app::scan::job::histories::words::{Word, Words};
use crate::app::scan::job::histories::world::{Key, Shown, VisibleLibrary};
use crate::library::FaceState;
use crate::types::PersonId;

impl Model {
    /// Whether the library says what the user said, everywhere.
    pub fn check(&self, view: &VisibleLibrary) -> Result<(), String> {
        if let Some(problem) = &view.unsound {
            return Err(format!("the library is not sound: {problem}"));
        }
        self.check_names(view)?;
        let shown = Words::shown(view);
        let mut keys: Vec<Key> = view.faces.iter().map(|face| face.key).collect();
        keys.sort();
        if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("{:?} is two faces", twice[0]));
        }
        for key in self.words.faces.keys().chain(shown.faces.keys()) {
            if self.words.of(*key) != shown.of(*key) {
                return Err(format!("{key:?} is {:?}, its user said {:?}", shown.of(*key), self.words.of(*key)));
            }
        }
        if self.words.people != shown.people {
            return Err(format!("people are {:?}, its user said {:?}", shown.people, self.words.people));
        }
        let (said, shown) = (self.words.about_known(), shown.about_known());
        if let Some((key, person)) = said.rejected.difference(&shown.rejected).next() {
            return Err(format!("that {key:?} is not {person:?} is forgotten"));
        }
        self.check_listed(view)?;
        // Of a group as long as it is there: with its last face it goes to whom that went.
        let are_there =
            |pair: &&(PersonId, PersonId)| view.people.contains_key(&pair.0) && view.people.contains_key(&pair.1);
        if let Some(pair) = self.words.apart.iter().filter(are_there).find(|pair| !view.apart.contains(*pair)) {
            return Err(format!("that {pair:?} are two people is forgotten"));
        }
        let suggested = |face: &&Shown| match face.state {
            FaceState::Of { person, .. } => said.rejected.contains(&(face.key, person)),
            _ => false,
        };
        if let Some(face) = view.faces.iter().find(suggested) {
            return Err(format!("{face:?} is with somebody whom it is not"));
        }
        if let Some(face) = view.faces.iter().find(|face| self.forgotten.contains(&face.key)) {
            return Err(format!("{face:?} was forgotten and is there"));
        }
        self.check_places(view)?;
        self.check_cards(view)
    }

    /// Each rejection is listed: once for a face that a file shows, though the same may have been said of the face in the
    /// pictures whose place its own one took.
    fn check_listed(&self, view: &VisibleLibrary) -> Result<(), String> {
        let is_shown = |key: Key, person| {
            view.listed.iter().any(|no| no.1 == person && no.0 != key && self.is_handed_over(key, no.0))
        };
        for &(key, person) in view.rejected.difference(&view.listed) {
            if !is_shown(key, person) {
                return Err(format!("that {key:?} is not {person:?} is listed nowhere"));
            }
        }
        let is_twice = |key: Key, person| {
            let mut same = self.carried.get(&key).into_iter().flatten();
            same.any(|same| *same != key && self.is_present(same.0) && view.listed.contains(&(*same, person)))
        };
        match view.listed.iter().find(|no| !self.is_present(no.0.0) && is_twice(no.0, no.1)) {
            Some(no) => Err(format!("{no:?} is listed once more for its edit")),
            None => Ok(()),
        }
    }

    /// A name never moves.
    pub fn check_names(&self, view: &VisibleLibrary) -> Result<(), String> {
        view.faces.iter().try_for_each(|face| self.check_name(face))
    }

    fn check_name(&self, face: &Shown) -> Result<(), String> {
        let Word::Of { person, .. } = Word::of(face.state) else { return Ok(()) };
        let truly = face.key.0.person(face.key.1);
        match self.given.contains(&(person, truly)) {
            true => Ok(()),
            false => {
                Err(format!("a name has moved: {:?} is the true person {truly} and said to be {person:?}", face.key))
            }
        }
    }

    /// Pictures are where the last scans saw them; faces of the others are missing with their photo, or lost.
    fn check_places(&self, view: &VisibleLibrary) -> Result<(), String> {
        let mut places: BTreeMap<Picture, BTreeSet<PathBuf>> = BTreeMap::new();
        for (path, picture) in &self.linked {
            places.entry(*picture).or_default().insert(path.clone());
        }
        for (picture, paths) in &view.paths {
            let expected = places.remove(picture).unwrap_or_default();
            if *paths != expected {
                return Err(format!("{picture:?} is told to be at {paths:?} and is at {expected:?}"));
            }
        }
        if let Some(picture) = places.keys().next() {
            return Err(format!("{picture:?} is on the disk and not in the library"));
        }
        for key in self.words.faces.keys() {
            let is_gone = !self.is_present(key.0);
            let may_be_lost = is_gone && self.replaced.contains_key(&key.0) && !self.is_said_elsewhere(*key);
            let must_be_lost = may_be_lost && self.replaced[&key.0];
            let is_lost = view.lost.contains(key);
            if must_be_lost && !is_lost {
                return Err(format!("{key:?} is gone without a word"));
            }
            if is_lost && !(is_gone && self.replaced.contains_key(&key.0)) {
                return Err(format!("{key:?} is told as lost and is not"));
            }
        }
        Ok(())
    }

    /// People's faces are counted: those of photos on the disk.
    fn check_cards(&self, view: &VisibleLibrary) -> Result<(), String> {
        for (person, counted) in &view.cards {
            let mut expected = (0, 0);
            for (key, word) in &self.words.faces {
                if let Word::Of { person: of, one_by_one } = word
                    && of == person
                    && self.is_present(key.0)
                {
                    expected.0 += 1;
                    expected.1 += usize::from(*one_by_one);
                }
            }
            if *counted != expected {
                return Err(format!("{person:?} has {expected:?} faces and confirmed ones, {counted:?} are counted"));
            }
        }
        Ok(())
    }
}
