//! The library's confirmed faces as a labelled set: what a user said of the own photos is the best test there is.

use std::collections::HashMap;

use anyhow::{Result, ensure};

use crate::app::engine::home::Home;
use crate::app::evaluate::job::inputs::{Faces, Photos};
use crate::app::jobs::input_file::InputFile;
use crate::eval::embedded::EmbeddedImages;
use crate::library::Library;
use crate::types::ModelId;

/// Every confirmed face with its embedding by `model`, labelled by its person. Faces that the model has not embedded
/// are counted as skipped.
pub fn library_faces(home: &Home, model: &ModelId) -> Result<Faces> {
    let path = home.library();
    ensure!(path.is_file(), "there is no library yet: scan a folder first ({})", path.display());
    let library = Library::open(&path)?;
    let (mut paths, mut vectors, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut photos, mut detections) = (HashMap::new(), Vec::new());
    for person in library.everyone()? {
        let named = person.name.unwrap_or_default().replace(['/', '\\'], " ");
        // Two people of one name stay two people.
        let folder = format!("{named} #{}", person.id.0);
        for face in person.faces.into_iter().filter(|face| face.belongs.is_said()) {
            let name = format!("{folder}/face {}", face.face_id.0);
            match library.embedding(model, face.face_id)? {
                Some(embedding) => {
                    let detail = library.face(face.face_id)?;
                    detections.push(detail.as_ref().map(|detail| detail.detection));
                    photos.extend(detail.map(|detail| (name.clone(), detail.path)));
                    paths.push(name);
                    vectors.push(embedding.as_slice().to_vec());
                }
                None => failed.push((name, format!("it has no embedding by {model}"))),
            }
        }
    }
    ensure!(
        !paths.is_empty(),
        "the library holds no confirmed face with an embedding by {model}: name some people first"
    );
    let mut images = EmbeddedImages::new(paths, vectors)?;
    (images.model, images.failed, images.faces) = (Some(model.0.clone()), failed, detections);
    Ok(Faces { images, inputs: Vec::<InputFile>::new(), photos: Photos::Files(photos) })
}
