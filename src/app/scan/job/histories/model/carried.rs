//! What was said of a face holds in an edit of its picture, and where the file is put back; what is lost is found again.

use std::collections::BTreeSet;

use super::{Expected, Model};
use crate::app::scan::job::histories::pictures::Picture;
use crate::app::scan::job::histories::words::{Word, Words};
use crate::app::scan::job::histories::world::{Key, VisibleLibrary};

/// Whether both were made from one shot.
fn are_edits(one: Picture, other: Picture) -> bool {
    one != other && one.scene == other.scene && !one.is_rubbish()
}

/// Whether the library knows of somebody whom the face is not: also what a grouping handed on from a group that it
/// emptied, which is the user's word as well.
fn is_rejected(view: &VisibleLibrary, key: Key) -> bool {
    view.rejected.iter().any(|(face, _)| *face == key)
}

impl Model {
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
        self.note_edits_of_gone(expected);
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

    /// Where a photo that went is found again in a new one, what else was in it may be told as lost from then on.
    fn note_edits_of_gone(&mut self, expected: &Expected) {
        let is_found = |gone: &Picture| expected.new.iter().any(|new| are_edits(*new, *gone));
        let gone: Vec<Picture> = self.gone.values().filter(|gone| is_found(gone)).copied().collect();
        gone.into_iter().for_each(|picture| _ = self.replaced.entry(picture).or_insert(false));
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
}
