//! The library's confirmed faces as something to learn from: detection and names are there already.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::jobs::LibraryHandle;
use crate::library::{Belongs, LibraryError};
use crate::types::Detection;

/// A face that the user has confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfirmedFace {
    /// Two people of one name are told apart by a number.
    pub person: String,
    pub path: PathBuf,
    /// In pixels of the upright photo at full scale.
    pub detection: Detection,
}

/// All confirmed faces of named people whose photo is on the disk, person by person.
pub fn confirmed_faces(library: &LibraryHandle) -> Result<Vec<ConfirmedFace>> {
    let faces = library.call(|library| {
        let mut faces = Vec::new();
        for listed in library.everyone()? {
            let Some(name) = listed.name else { continue };
            for face in listed.faces.iter().filter(|face| face.belongs == Belongs::Confirmed) {
                if let Some(detail) = library.face(face.face_id)? {
                    let person = format!("{name} #{}", listed.id.0);
                    faces.push(ConfirmedFace { person, path: detail.path, detection: detail.detection });
                }
            }
        }
        Ok::<_, LibraryError>(faces)
    });
    faces.context("the library could not be read")
}
