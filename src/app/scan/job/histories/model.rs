//! What must hold, as plainly as it can be said: for each face of a picture the user's word about it, and what a scan
//! makes of pictures that come, go, and take each other's place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::pictures::Picture;
use super::words::{Word, Words};
use super::world::{Key, Shown, VisibleLibrary};
use crate::library::{FaceState, MissingPolicy};
use crate::types::{PersonId, StepId};

/// Whether both were made from one shot.
fn are_edits(one: Picture, other: Picture) -> bool {
    one != other && one.scene == other.scene && !one.is_rubbish()
}

/// Whether the library knows of somebody whom the face is not: also what a grouping handed on from a group that it
/// emptied, which is the user's word as well.
fn is_rejected(view: &VisibleLibrary, key: Key) -> bool {
    view.rejected.iter().any(|(face, _)| *face == key)
}

/// One step that can be undone: what was, and what is said since.
#[derive(Debug, Clone)]
pub struct Step {
    /// As the library counts it.
    pub id: Option<StepId>,
    pub before: Words,
    pub after: Words,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub words: Words,
    /// Who was said to be whom: people of the library, and who they truly are.
    pub given: BTreeSet<(PersonId, usize)>,
    /// Which picture the library has seen where.
    pub linked: BTreeMap<PathBuf, Picture>,
    /// The numbers of the scans of a folder that met a path with its picture first and last. A folder in a file's place,
    /// as which one that cannot be read stands, is no file that was met.
    met_in: BTreeMap<PathBuf, (usize, usize)>,
    scans: usize,
    /// Which it saw where until they were gone.
    gone: BTreeMap<PathBuf, Picture>,
    /// Which it saw in folders that were removed since.
    left: BTreeMap<PathBuf, BTreeSet<Picture>>,
    /// Pictures that lost a path to another one, and whether it is sure that the library says so.
    replaced: BTreeMap<Picture, bool>,
    /// Faces of pictures that are gone, and the faces of edits that are said to be the same; or the face itself, which its
    /// user let go.
    carried: BTreeMap<Key, BTreeSet<Key>>,
    /// Pictures that a scan has met.
    met: BTreeSet<Picture>,
    /// Faces of which no scan is to know again.
    forgotten: BTreeSet<Key>,
    /// At which step its user said something of a face last.
    said_at: BTreeMap<Key, usize>,
    steps: usize,
    pub done: Vec<Step>,
    pub undone: Vec<Step>,
}

/// A folder that is looked through, and what is met there.
pub(crate) struct LookedThrough<'a> {
    pub folder: &'a Path,
    /// A folder inside that is scanned by itself, and whether it is there.
    pub inner: Option<(&'a Path, bool)>,
    pub met: BTreeMap<PathBuf, Picture>,
    /// What cannot be read.
    pub broken: BTreeSet<PathBuf>,
}

impl LookedThrough<'_> {
    /// The innermost folder that a path lies in, of those of which this says what is gone.
    fn holder(&self, path: &Path) -> Option<&Path> {
        match self.inner.filter(|(inner, _)| path.starts_with(inner)) {
            Some((inner, is_there)) => is_there.then_some(inner),
            None => path.starts_with(self.folder).then_some(self.folder),
        }
    }

    fn is_gone(&self, path: &Path) -> bool {
        self.holder(path).is_some() && !self.met.contains_key(path) && !self.broken.contains(path)
    }
}

/// What a scan has to tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    pub missing: usize,
    pub withheld: usize,
    /// Each a picture and the one that took its place, at one path.
    pub replacements: Vec<(Picture, Picture)>,
    /// Pictures found where they were not before.
    pub come: BTreeSet<Picture>,
    /// Pictures that were gone and are where they were.
    pub back: BTreeSet<Picture>,
    /// Pictures that no scan has met before.
    pub new: BTreeSet<Picture>,
}

impl Model {
    pub fn is_present(&self, picture: Picture) -> bool {
        self.linked.values().any(|shown| *shown == picture)
    }

    /// Whether the library knows what is, or was, at a path.
    pub fn knows(&self, path: &Path) -> bool {
        self.last_at(path).is_some()
    }

    /// What the library has seen at a path last.
    pub fn last_at(&self, path: &Path) -> Option<Picture> {
        self.linked.get(path).or(self.gone.get(path)).copied()
    }

    /// Nothing is known any more of files in this folder, but of pictures where they were last. What lies in another
    /// folder that is scanned stays.
    pub fn remove_folder(&mut self, folder: &Path, others: &BTreeSet<PathBuf>) {
        for files in [&mut self.linked, &mut self.gone] {
            let is_left = |path: &PathBuf, _: &mut Picture| {
                path.starts_with(folder) && !others.iter().any(|other| path.starts_with(other))
            };
            for (path, picture) in files.extract_if(.., is_left) {
                self.met_in.remove(&path);
                self.left.entry(path).or_default().insert(picture);
            }
        }
    }

    /// A scan of one folder, as far as it meets what is there. Returns which one it is.
    pub fn meet(&mut self, looked: &LookedThrough<'_>, expected: &mut Expected) -> usize {
        let met = &looked.met;
        self.scans += 1;
        expected.new.extend(met.values().filter(|picture| !self.met.contains(picture)));
        for (path, picture) in met {
            let gone = self.gone.remove(path);
            // Which of them it compares hangs on where they were shown.
            for old in self.left.get(path).into_iter().flatten().filter(|old| *old != picture) {
                self.replaced.entry(*old).or_insert(false);
            }
            let is_fresh = gone != Some(*picture) && self.linked.get(path) != Some(picture);
            let first = self.met_in.get(path).filter(|_| !is_fresh).map_or(self.scans, |(first, _)| *first);
            self.met_in.insert(path.clone(), (first, self.scans));
            match self.linked.insert(path.clone(), *picture) {
                Some(before) if before == *picture => {}
                None if gone == Some(*picture) => _ = expected.back.insert(*picture),
                before if before.or(gone).is_some_and(|before| before != *picture) => {
                    expected.replacements.extend(before.or(gone).map(|before| (before, *picture)));
                    expected.come.insert(*picture);
                }
                _ => _ = expected.come.insert(*picture),
            }
        }
        for (old, _) in &expected.replacements {
            self.replaced.insert(*old, !expected.come.contains(old));
        }
        for picture in expected.come.iter().chain(&expected.back) {
            if self.replaced.get(picture) == Some(&true) {
                self.replaced.remove(picture);
            }
        }
        self.scans
    }

    /// What that scan did not meet, once all folders were looked through.
    pub fn lose(&mut self, looked: &LookedThrough<'_>, scan: usize, policy: MissingPolicy, expected: &mut Expected) {
        let mut paths: BTreeMap<Picture, Vec<PathBuf>> = BTreeMap::new();
        for (path, picture) in &self.linked {
            paths.entry(*picture).or_default().push(path.clone());
        }
        let are_gone = |paths: &Vec<PathBuf>| paths.iter().all(|path| looked.is_gone(path));
        let lost: BTreeSet<Picture> =
            paths.iter().filter(|(_, paths)| are_gone(paths)).map(|(picture, _)| *picture).collect();
        // Each folder that is scanned by itself is asked about by itself.
        let mut withheld = BTreeSet::new();
        for holder in [Some(looked.folder), looked.inner.map(|(inner, _)| inner)].into_iter().flatten() {
            let held = |picture: &Picture| {
                paths[picture].iter().filter(|path| looked.holder(path) == Some(holder)).collect::<Vec<_>>()
            };
            let lost_here = lost.iter().filter(|picture| !held(picture).is_empty()).count();
            // What has come since they were met last says nothing of what was there.
            let met_last = lost.iter().flat_map(held).map(|path| self.met_in[path].1).max();
            let was_here = |path: &&PathBuf| Some(self.met_in[*path].0) <= met_last;
            // But for what took another one's place: there was a picture before.
            let is_fresh = |path: &&PathBuf| self.met_in[*path].0 == scan;
            let is_here = |picture: &&Picture| {
                let took_a_place = expected.replacements.iter().any(|(_, new)| new == *picture);
                held(picture).iter().any(|path| was_here(path) || (took_a_place && is_fresh(path)))
            };
            let here = paths.keys().filter(is_here).count();
            if policy == MissingPolicy::Ask && 2 * lost_here > here {
                expected.withheld += lost_here;
                withheld.insert(holder);
            }
        }
        let stays = |path: &PathBuf, picture: &Picture| {
            let is_withheld = looked.holder(path).is_some_and(|holder| withheld.contains(holder));
            !looked.is_gone(path) || (is_withheld && lost.contains(picture))
        };
        let is_missing = |picture: &Picture| !paths[picture].iter().any(|path| stays(path, picture));
        expected.missing += lost.iter().filter(|picture| is_missing(picture)).count();
        let (linked, gone) =
            std::mem::take(&mut self.linked).into_iter().partition(|(path, picture)| stays(path, picture));
        self.linked = linked;
        self.gone.extend::<BTreeMap<_, _>>(gone);
    }

    pub fn move_folder(&mut self, from: &Path, to: &Path) {
        let moved = |path: PathBuf| path.strip_prefix(from).map(|rest| to.join(rest)).unwrap_or(path);
        for paths in [&mut self.linked, &mut self.gone] {
            *paths = std::mem::take(paths).into_iter().map(|(path, picture)| (moved(path), picture)).collect();
        }
        self.left = std::mem::take(&mut self.left).into_iter().map(|(path, seen)| (moved(path), seen)).collect();
        self.met_in = std::mem::take(&mut self.met_in).into_iter().map(|(path, scans)| (moved(path), scans)).collect();
    }

    /// Takes over what the scan has carried to edits, where it may; tells what it should have carried and did not.
    /// `before` is what was seen before the scan. Returns how many faces got a word.
    pub fn carry_over(
        &mut self,
        before: &VisibleLibrary,
        after: &VisibleLibrary,
        expected: &Expected,
    ) -> Result<usize, String> {
        for (edit, original) in &expected.replacements {
            self.put_back_file((*edit, *original), before, after)?;
        }
        let said = self.words.clone();
        let shown = Words::shown(after);
        let mut got = 0;
        for face in &after.faces {
            let word = Word::of(face.state);
            let was_decided = said.is_decided(face.key) || is_rejected(before, face.key);
            if was_decided || (word == Word::Nothing && shown.rejected_by(face.key).is_empty()) {
                continue;
            }
            // Only from a face of the same person.
            let person = |key: Key| key.0.person(key.1);
            let is_same = |key: &Key| *key != face.key && person(*key) == person(face.key);
            let is_source = |key: &Key| is_same(key) && said.of(*key) == word;
            let keys: BTreeSet<Key> = said.faces.keys().chain(said.rejected.iter().map(|no| &no.0)).copied().collect();
            if !keys.iter().any(is_source) {
                return Err(format!("{:?} was never said to be {word:?}, and is", face.key));
            }
            got += 1;
            self.words.say(face.key, word);
            self.words.rejected.extend(shown.rejected.iter().filter(|no| no.0 == face.key));
        }
        for (old, new) in &expected.replacements {
            self.check_carried(&said, before, (*old, *new), expected)?;
        }
        self.note_carried(&said, before, expected);
        self.note_found_again();
        self.check_found_again(&said, before, after, expected)?;
        self.met.extend(&expected.new);
        Ok(got)
    }

    /// An original that was gone is in the place of its edit again: of two words about one face the last one holds, where
    /// the pictures show that it is one.
    fn put_back_file(
        &mut self,
        (edit, original): (Picture, Picture),
        before: &VisibleLibrary,
        after: &VisibleLibrary,
    ) -> Result<(), String> {
        let was_gone = before.paths.get(&original).is_none_or(BTreeSet::is_empty);
        if !was_gone || !are_edits(edit, original) {
            return Ok(());
        }
        let paths = self.linked.values().filter(|picture| **picture == original).count();
        for slot in 0..original.slots() {
            let (from, to) = ((edit, slot), (original, slot));
            let at = |key: &Key| self.said_at.get(key).copied().unwrap_or(0);
            let both_said = self.words.is_decided(from) && self.words.is_decided(to) && !self.words.agree(from, to);
            if !both_said || at(&from) <= at(&to) {
                continue;
            }
            let Some(face) = after.faces.iter().find(|face| face.key == to) else { continue };
            let has_vector = |key: Key| before.faces.iter().any(|face| face.key == key && face.has_vector);
            let is_plain = original.is_surely_edit_of(edit) || edit.is_surely_edit_of(original);
            let is_whole = |key: Key| key.0.place(key.1).1 > 0.95;
            let is_due = is_plain
                && paths == 1
                && !self.is_present(edit)
                && [from, to].into_iter().all(|key| has_vector(key) && is_whole(key))
                && self.carried.get(&to).is_some_and(|same| same.contains(&from));
            let (old, new, now) = (self.words.of(to), self.words.of(from), Word::of(face.state));
            match now == new {
                false if is_due => return Err(format!("{to:?} is {now:?} again, though {new:?} was said of it last")),
                false => continue,
                true if old == now => continue,
                true => {}
            }
            self.words.say(to, now);
            self.words.rejected.retain(|no| no.0 != to);
            self.words.rejected.extend(after.rejected.iter().filter(|no| no.0 == to));
        }
        Ok(())
    }

    /// What was said of a face has to be said of it in an edit that shows it.
    fn check_carried(
        &self,
        said: &Words,
        before: &VisibleLibrary,
        (old, new): (Picture, Picture),
        expected: &Expected,
    ) -> Result<(), String> {
        // Of two that were there before none was made from the other: they were renamed, or one was copied.
        let may_be_renamed = self.is_present(old) && !expected.new.contains(&new);
        if may_be_renamed || !new.is_surely_edit_of(old) {
            return Ok(());
        }
        for slot in 0..old.slots() {
            let (from, to) = ((old, slot), (new, slot));
            let has_vector = before.faces.iter().any(|face| face.key == from && face.has_vector);
            let is_open = !said.is_decided(to) && !is_rejected(before, to) && !self.forgotten.contains(&to);
            let is_due = said.is_decided(from) && is_open && new.place(slot).1 > 0.95 && has_vector;
            if is_due && self.words.of(to) != said.of(from) {
                return Err(format!("{:?} of {from:?} is not said of its edit {to:?}", said.of(from)));
            }
            if is_due && !self.words.rejected_by(to).is_superset(&said.rejected_by(from)) {
                return Err(format!("rejections of {from:?} are not those of its edit {to:?}"));
            }
        }
        Ok(())
    }

    /// A picture that was gone and is back speaks for itself again; one that was never gone needs no other copy for that.
    fn note_carried(&mut self, said: &Words, before: &VisibleLibrary, expected: &Expected) {
        let was_gone = |picture: &Picture| before.paths.get(picture).is_none_or(BTreeSet::is_empty);
        self.carried.retain(|key, _| !(expected.come.contains(&key.0) && was_gone(&key.0)));
        for (old, new) in &expected.replacements {
            for from in (0..old.slots()).map(|slot| (*old, slot)).filter(|from| said.is_decided(*from)) {
                let is_same = |to: &Key| to.0.person(to.1) == old.person(from.1) && self.words.agree(*to, from);
                let same: Vec<Key> = (0..new.slots()).map(|slot| (*new, slot)).filter(is_same).collect();
                self.carried.entry(from).or_default().extend(same);
            }
        }
    }

    /// Its word is said of another face too, or it is let go itself: it need not wait any more.
    pub fn is_put_back(&mut self, key: Key, onto: Key) {
        self.carried.entry(key).or_default().insert(onto);
    }

    /// Faces that are said to be others as well.
    pub fn carried_faces(&self) -> BTreeSet<Key> {
        self.carried.iter().filter(|(_, into)| !into.is_empty()).map(|(key, _)| *key).collect()
    }

    pub fn is_taken_back(&mut self, key: Key, onto: Key) {
        self.carried.entry(key).or_default().remove(&onto);
    }

    /// Whether what was said of a face is said of one that it was carried over to.
    pub fn is_said_elsewhere(&self, key: Key) -> bool {
        let same = self.carried.get(&key);
        same.is_some_and(|same| same.iter().any(|other| *other == key || self.words.agree(*other, key)))
    }

    /// Whether one is the same face as the other, of a picture that is nowhere any more and was made from the same shot.
    fn is_original(&self, key: Key, of: Key) -> bool {
        !self.is_present(key.0) && are_edits(key.0, of.0) && key.0.person(key.1) == of.0.person(of.1)
    }

    /// Whether what was said of one may have come to the other: its original's, or of the picture whose place it took.
    pub fn is_handed_over(&self, key: Key, to: Key) -> bool {
        self.is_original(key, to) || self.carried.get(&key).is_some_and(|into| into.contains(&to))
    }

    /// A lost face may be found in any picture that is there and was made from the same shot.
    fn note_found_again(&mut self) {
        let gone: Vec<Key> = self.words.faces.keys().filter(|key| !self.is_present(key.0)).copied().collect();
        for key in gone {
            let is_it = |to: &Key| to.0.person(to.1) == key.0.person(key.1) && self.words.agree(*to, key);
            let edits = self.linked.values().filter(|picture| are_edits(**picture, key.0));
            let faces = edits.flat_map(|picture| (0..picture.slots()).map(|slot| (*picture, slot)));
            let found: Vec<Key> = faces.filter(is_it).collect();
            self.carried.entry(key).or_default().extend(found);
        }
    }

    /// What was lost is found in a new picture that was made from its own, and gets its word, if nothing else was said.
    fn check_found_again(
        &self,
        said: &Words,
        before: &VisibleLibrary,
        after: &VisibleLibrary,
        expected: &Expected,
    ) -> Result<(), String> {
        let has_vector = |key: &Key| before.faces.iter().any(|face| face.key == *key && face.has_vector);
        // What was found before, and of which something else was said there, its user places by hand.
        let was_found = |key: &Key| self.carried.get(key).is_some_and(|same| !same.is_empty());
        let is_due = |key: &&Key| after.lost.contains(key) && has_vector(key) && !was_found(key);
        for key in before.lost.iter().filter(is_due) {
            let edits = expected.new.iter().filter(|new| self.is_present(**new) && new.is_surely_edit_of(key.0));
            for to in edits.map(|new| (*new, key.1)).filter(|to| !self.forgotten.contains(to)) {
                let is_found = after.faces.iter().any(|face| face.key == to);
                if is_found && !self.words.is_decided(to) && to.0.place(to.1).1 > 0.95 {
                    return Err(format!("{:?} of the lost {key:?} is not said of its edit {to:?}", said.of(*key)));
                }
            }
        }
        Ok(())
    }

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

    /// What was said of groups that are gone holds for whom their last faces went to.
    pub fn forget_gone(&mut self, view: &VisibleLibrary) {
        self.words.apart.retain(|(a, b)| view.people.contains_key(a) && view.people.contains_key(b));
    }

    /// Nothing is known of the person and of these faces any more, nor of steps of the history that were about them.
    pub fn forget(
        &mut self,
        person: PersonId,
        faces: &BTreeSet<Key>,
        steps: &[StepId],
        may_find_again: bool,
    ) -> Result<(), String> {
        self.words.forget(person, faces);
        self.given.retain(|(of, _)| *of != person);
        self.carried.retain(|key, _| !faces.contains(key));
        self.carried.values_mut().for_each(|into| into.retain(|key| !faces.contains(key)));
        if !may_find_again {
            self.forgotten.extend(faces);
        }
        for history in [&mut self.done, &mut self.undone] {
            history.retain(|step| step.id.is_some_and(|id| steps.contains(&id)));
            if history.iter().any(|step| step.before.differ_about(&step.after, person, faces)) {
                return Err(format!("a step about {person:?} is kept, who was forgotten"));
            }
        }
        Ok(())
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

    /// A step of the history begins with these words.
    pub fn step(&mut self, before: Words, id: Option<StepId>) {
        self.undone.clear();
        self.note_said(&before);
        self.done.push(Step { id, before, after: self.words.clone() });
    }

    /// Of what differs from these words something was said now.
    fn note_said(&mut self, before: &Words) {
        self.steps += 1;
        let keys: BTreeSet<Key> = [before, &self.words]
            .into_iter()
            .flat_map(|words| words.faces.keys().chain(words.rejected.iter().map(|no| &no.0)))
            .copied()
            .collect();
        let is_new = |key: &Key| {
            before.of(*key) != self.words.of(*key) || before.rejected_by(*key) != self.words.rejected_by(*key)
        };
        let said: Vec<Key> = keys.into_iter().filter(is_new).collect();
        self.said_at.extend(said.into_iter().map(|key| (key, self.steps)));
    }

    /// Follows an undo or redo: what the step changed and nothing changed since is as before it. Rows that have changed
    /// since are left alone, and edits of a picture follow it. `shown_before` is what was seen until then.
    pub fn revert(&mut self, step: &Step, shown_before: &VisibleLibrary, view: &VisibleLibrary) -> Result<(), String> {
        let shown = Words::shown(view);
        let (before, after) = (&step.before, &step.after);
        let changed = |key: &Key| before.of(*key) != after.of(*key);
        let keys: BTreeSet<Key> = view.faces.iter().map(|face| face.key).collect();
        let changed_faces: BTreeSet<(u8, usize)> =
            keys.iter().filter(|key| changed(key)).map(|key| (key.0.scene, key.1)).collect();
        for key in keys {
            let (now, then) = (self.words.of(key), shown.of(key));
            let is_known = |word: Word| match word {
                Word::Of { person, .. } => view.people.contains_key(&person),
                _ => true,
            };
            let (was, is) = (before.of(key), after.of(key));
            if changed(&key) && now == is && is != Word::Nothing && then != was && is_known(was) {
                return Err(format!("{key:?} is {then:?} after it was reverted to {was:?}"));
            }
            let person = key.0.person(key.1);
            let may_follow = changed_faces.iter().any(|(scene, slot)| Picture::shot(*scene).person(*slot) == person);
            if then != now && !may_follow {
                return Err(format!("{key:?} was reverted from {now:?} to {then:?} with a step that is not about it"));
            }
            self.words.say(key, then);
        }
        // What a grouping handed on from a group that it emptied nobody has said, and stays.
        let is_kept = |no: &(Key, PersonId)| shown_before.rejected.contains(no) == shown.rejected.contains(no);
        for no in self.words.rejected.symmetric_difference(&shown.rejected).filter(|no| !is_kept(no)) {
            let is_same =
                |other: &Key| other.0.scene == no.0.0.scene && other.0.person(other.1) == no.0.0.person(no.0.1);
            let mut changed = before.rejected.symmetric_difference(&after.rejected);
            let is_about = changed.any(|other| other.1 == no.1 && is_same(&other.0));
            if !is_about && self.words.people.contains_key(&no.1) && shown.people.contains_key(&no.1) {
                return Err(format!("{no:?} was reverted with a step that is not about it"));
            }
        }
        for (person, row) in &self.words.people {
            let is_about = before.people.get(person) != after.people.get(person);
            if shown.people.get(person) != Some(row) && !is_about {
                return Err(format!("{person:?} was reverted with a step that is not about them"));
            }
        }
        let before = std::mem::replace(&mut self.words, shown);
        self.note_said(&before);
        Ok(())
    }
}
