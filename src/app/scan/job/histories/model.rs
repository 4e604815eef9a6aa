//! What must hold, as plainly as it can be said: for each face of a picture the user's word about it, and what a scan
//! makes of pictures that come, go, and take each other's place.

mod carried;
mod checks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::pictures::Picture;
use super::words::{Word, Words};
use super::world::{Key, VisibleLibrary};
use crate::library::MissingPolicy;
use crate::types::{PersonId, StepId};

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

    /// What cannot be read at these paths may show another picture by now, where it was written into: its faces may be
    /// lost, and not only missing, when it goes.
    pub fn may_be_others(&mut self, unreadable: &[PathBuf]) {
        for picture in unreadable.iter().filter_map(|path| self.last_at(path)).collect::<Vec<_>>() {
            self.replaced.entry(picture).or_insert(false);
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
