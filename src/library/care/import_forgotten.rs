//! Faces that an import says are forgotten for good: no scan finds them, and those that one has found are taken out.

use std::collections::HashSet;
use std::path::PathBuf;

use rusqlite::params;

use super::import::{Contradiction, FaceDecision, Import};
use super::lines::Hash;
use crate::library::error::Result;
use crate::library::review::FaceState;
use crate::library::{faces, path};
use crate::types::{FaceBox, FaceId, PhotoId};

impl Import<'_, '_> {
    pub(super) fn forgotten(&mut self) -> Result<()> {
        for &(picture, face_box) in &self.contents.forgotten {
            let FaceBox { x, y, width, height } = face_box;
            self.d.t.execute(
                "INSERT INTO forgotten (picture, x, y, width, height) SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS \
                 (SELECT 1 FROM forgotten WHERE picture = ?1 AND x = ?2 AND y = ?3 AND width = ?4 AND height = ?5)",
                params![picture.0, x, y, width, height],
            )?;
            self.take_out(picture, face_box)?;
        }
        Ok(())
    }

    /// Takes out the face of somebody forgotten, with its crop and vectors, as a scan leaves it out. One that its user
    /// decided on here stays; so does one that the import itself knows beside it.
    fn take_out(&mut self, picture: Hash, place: FaceBox) -> Result<()> {
        let photos: Vec<(PhotoId, PathBuf)> = {
            let mut query = self.d.t.prepare_cached("SELECT id, path FROM photo WHERE picture = ?1")?;
            let rows = query.query_map([picture.0], |row| Ok((PhotoId(row.get(0)?), path::from_bytes(row.get(1)?))))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let known: HashSet<FaceId> = self.faces.values().copied().collect();
        for (photo, path) in photos {
            let (here, _) = self.faces_here(photo)?;
            let is_meant = |face: &FaceId, found| faces::is_same_place(found, place) && !known.contains(face);
            for (face, face_box) in here.into_iter().filter(|(face, found)| is_meant(face, *found)) {
                match self.decision_here(face)? {
                    Some(here) => {
                        let (path, import) = (path.clone(), FaceDecision::Forgotten);
                        self.report.contradictions.push(Contradiction::Face { path, face_box, here, import });
                    }
                    None => {
                        self.d.set_face(face, FaceState::Unassigned)?;
                        self.d.t.prepare_cached("DELETE FROM face WHERE id = ?1")?.execute([face.0])?;
                        self.report.faces_forgotten += 1;
                    }
                }
            }
        }
        Ok(())
    }
}
