//! Pictures that were edited since an export: which took another's place, as the import and this library know it, and which
//! faces are in no photo here.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use rusqlite::params;

use super::import::{FaceDecision, Import, decision_in};
use super::import_people::ImportedPeople;
use crate::library::error::Result;
use crate::library::review::{Belongs, rows};
use crate::library::{path, sought};
use crate::types::{FaceBox, FaceId};

/// A face that no file here shows, in order of path.
#[derive(Debug, Clone, PartialEq)]
pub struct NotPlaced {
    /// Where its picture was.
    pub path: PathBuf,
    pub face_box: FaceBox,
    pub import: FaceDecision,
    pub waits_for: WaitsFor,
}

/// By what a face may yet be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitsFor {
    /// A scan that finds the picture, wherever it lies.
    Picture,
    /// Another picture is in its place, perhaps an edit of it: the next scan compares them. What it does not find there
    /// waits among the lost faces.
    Comparison,
}

impl<'c> Import<'_, 'c> {
    /// Photos that took the place of one with faces, or of one that did so, by their numbers in the file.
    pub(super) fn took_a_place(&self, has_faces: impl Fn(i64) -> bool) -> HashSet<i64> {
        let by: HashMap<i64, i64> =
            self.contents.photos.iter().filter_map(|photo| Some((photo.id, photo.replaced_by?))).collect();
        let mut took = HashSet::new();
        for photo in by.keys().filter(|photo| has_faces(**photo)) {
            let mut next = by.get(photo);
            while let Some(&photo) = next.filter(|photo| took.insert(**photo)) {
                next = by.get(&photo);
            }
        }
        took
    }

    /// Which photo took another's place, and which of its faces were found there: as far as only the import knows it.
    pub(super) fn follow_edits(&mut self) -> Result<()> {
        for photo in &self.contents.photos {
            let Some(id) = self.photos.get(&photo.id).filter(|id| self.made_photos.contains(id)) else { continue };
            let Some(by) = photo.replaced_by else { continue };
            // By one of which the export says nothing: its own number, as for one that left the library.
            let by = *self.photos.get(&by).unwrap_or(id);
            self.d.t.prepare_cached("UPDATE photo SET replaced_by = ?2 WHERE id = ?1")?.execute([id.0, by.0])?;
            if by == *id {
                continue;
            }
            if photo.carried {
                self.compared.push((*id, by));
            } else {
                self.d
                    .t
                    .prepare_cached("INSERT OR IGNORE INTO replaced (old, new, came_later) VALUES (?1, ?2, 0)")?
                    .execute([id.0, by.0])?;
            }
        }
        for face in &self.contents.faces {
            let Some(&id) = self.faces.get(&face.id) else { continue };
            for copy in face.carried_to.iter().filter_map(|copy| self.faces.get(copy)) {
                let is_wanted = match *copy == id {
                    true => self.may_be_let_go(id)?,
                    false => self.made_faces.contains(&id),
                };
                if is_wanted && !rows::is_carried(self.d.t, id, *copy)? {
                    rows::write_carried(self.d.t, id, *copy, true)?;
                    self.report.decisions += usize::from(!self.made_faces.contains(&id));
                }
            }
        }
        Ok(())
    }

    /// Of a face that nobody needs to look for, as its user said: so it is where it is lost, or will be when the pictures
    /// have been compared. Where its picture is there, it never was looked for here.
    fn may_be_let_go(&self, face: FaceId) -> Result<bool> {
        if !self.made_faces.contains(&face) {
            return sought::is_lost(self.d.t, face);
        }
        let mut query = self.d.t.prepare_cached(
            "SELECT 1 FROM face JOIN photo ON photo.id = photo_id WHERE face.id = ?1 AND missing = 1",
        )?;
        Ok(query.exists([face.0])?)
    }

    /// A picture that is nowhere here, and whose path shows another one, was edited there or replaced. Where nothing is
    /// known of its path, its folder has another place here: a file of its name, with a picture that the import does not
    /// know, is taken for it then, until a scan finds the picture itself.
    pub(super) fn follow_paths(&mut self) -> Result<()> {
        let by_name = self.others_by_name()?;
        for photo in &self.contents.photos {
            let Some(id) = self.photos.get(&photo.id).filter(|id| self.made_photos.contains(id)) else { continue };
            for path in &photo.paths {
                let path = path.to_path();
                self.d
                    .t
                    .prepare_cached(
                        "UPDATE photo SET replaced_by = ifnull((SELECT photo_id FROM file WHERE path = ?2 \
                         AND missing = 0), ?3) WHERE id = ?1 AND missing = 1 AND replaced_by IS NULL",
                    )?
                    .execute(params![id.0, path::to_bytes(&path), by_name.get(&path::name_key(&path))])?;
            }
        }
        Ok(())
    }

    /// Photos that are there and that the import says nothing of, by their files' names; the first of a name.
    fn others_by_name(&self) -> Result<HashMap<String, i64>> {
        let of_import: HashSet<i64> = self.photos.values().map(|photo| photo.0).collect();
        let mut query = self.d.t.prepare("SELECT name_key, id FROM photo WHERE missing = 0 ORDER BY id DESC")?;
        let others = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let others = others.filter(|other| !other.as_ref().is_ok_and(|(_, id)| of_import.contains(id)));
        Ok(others.collect::<rusqlite::Result<_>>()?)
    }

    /// Faces of pictures that were replaced here before anything was said of them: now that it is, the next scan looks
    /// for them in what took their place, and in what took the place of that.
    pub(super) fn compare_again(&mut self) -> Result<()> {
        for &face in &self.decided {
            if self.is_in_sight(face)? {
                continue;
            }
            self.d
                .t
                .prepare_cached(
                    "WITH RECURSIVE edit (old, new) AS (SELECT photo.id, replaced_by FROM photo JOIN face \
                     ON photo.id = photo_id WHERE face.id = ?1 AND missing = 1 UNION SELECT id, replaced_by FROM photo \
                     JOIN edit ON id = new WHERE missing = 1) \
                     INSERT OR IGNORE INTO replaced (old, new, came_later) SELECT old, new, 0 FROM edit \
                     WHERE new IS NOT NULL AND new <> old",
                )?
                .execute([face.0])?;
        }
        // What was not found in a picture that is not here either waits among the lost faces at once.
        for (old, new) in self.compared.iter().filter(|(_, new)| self.made_photos.contains(new)) {
            self.d.t.prepare_cached("DELETE FROM replaced WHERE old = ?1 AND new = ?2")?.execute([old.0, new.0])?;
        }
        Ok(())
    }

    /// Whether a file shows a face, or the same face in a picture that took its own one's place.
    fn is_in_sight(&self, face: FaceId) -> Result<bool> {
        let mut query = self.d.t.prepare_cached(
            "WITH RECURSIVE same (id) AS (SELECT ?1 UNION SELECT into_face FROM carried JOIN same ON face_id = same.id) \
             SELECT EXISTS (SELECT 1 FROM same JOIN face ON face.id = same.id JOIN photo ON photo.id = photo_id \
             WHERE missing = 0)",
        )?;
        Ok(query.query_row([face.0], |row| row.get(0))?)
    }

    pub(super) fn note_not_placed(&mut self, people: &ImportedPeople<'c>) -> Result<()> {
        let mut rejected: HashMap<i64, i64> = HashMap::new();
        self.contents.rejected.iter().for_each(|&(face, person)| _ = rejected.entry(face).or_insert(person));
        for face in &self.contents.faces {
            let Some(&here) = self.faces.get(&face.id) else { continue };
            // Whoever is hidden keeps all of theirs out of sight, whatever a grouping said of them.
            let is_hidden = face.person.is_some_and(|person| people.is_hidden(person));
            let is_decided = is_hidden || face.set_aside.is_some() || face.belongs.is_some_and(Belongs::is_decided);
            let import = match rejected.get(&face.id) {
                _ if is_decided => decision_in(face, |id| people.name(id)),
                Some(&person) => FaceDecision::IsNot(people.name(person)),
                None => continue,
            };
            if self.is_in_sight(here)? {
                continue;
            }
            let waits_for = if self.is_to_be_compared(here)? { WaitsFor::Comparison } else { WaitsFor::Picture };
            let path = self.path_of(face);
            self.report.not_placed.push(NotPlaced { path, face_box: face.face_box, import, waits_for });
        }
        self.report.not_placed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }

    fn is_to_be_compared(&self, face: FaceId) -> Result<bool> {
        let mut query = self
            .d
            .t
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM replaced JOIN face ON photo_id = old WHERE face.id = ?1)")?;
        Ok(query.query_row([face.0], |row| row.get(0))?)
    }
}
