//! What an import knows of earlier answers: whose a face was that is somebody's no more, and which names of other programs
//! were refused or taken.

use super::import::Import;
use super::import_people::ImportedPeople;
use crate::library::error::Result;
use crate::library::names;
use crate::library::review::{Belongs, FaceState, rows};

impl Import<'_, '_> {
    /// Whose a face was that the import has set aside, or said not to be theirs: taking that back makes it theirs again.
    pub(super) fn remember(&mut self, people: &ImportedPeople, face: i64, person: i64, belongs: Belongs) -> Result<()> {
        let (Some(&here), Some(own)) = (self.faces.get(&face), people.known(person)) else { return Ok(()) };
        let is_same_here = match self.rejected.contains(&(face, person)) {
            true => rows::is_rejected(self.d.t, here, own)?,
            false => {
                matches!(rows::face(self.d.t, here)?, Some(FaceState::SetAside(_)))
                    && rows::was_when_set_aside(self.d.t, here)?.is_none()
            }
        };
        if is_same_here && rows::was_of(self.d.t, here, own)?.is_none() {
            self.d.set_was_of(here, own, Some(belongs))?;
        }
        Ok(())
    }

    pub(super) fn answer_names(&mut self) -> Result<()> {
        for (photo, answered) in &self.contents.names {
            if let Some(&photo) = self.photos.get(photo) {
                self.report.decisions += usize::from(names::note_answer(self.d.t, photo, answered)?);
            }
        }
        Ok(())
    }
}
