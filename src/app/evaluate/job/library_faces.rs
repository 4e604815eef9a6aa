//! The library's named faces as a labelled set: what a user said of the own photos is the best test there is.

use std::collections::HashMap;

use anyhow::{Result, ensure};

use crate::app::engine::home::Home;
use crate::app::engine::library_thread::reader;
use crate::app::evaluate::job::inputs::{FaceInputs, Photos};
use crate::app::jobs::input_file::InputFile;
use crate::eval::embedded::EmbeddedImages;
use crate::types::ModelId;

/// Every named face, with its group or one by one, with its embedding by `model`, labelled by its person. Faces that the model has not embedded
/// are counted as skipped.
pub(crate) fn library_faces(home: &Home, model: &ModelId) -> Result<FaceInputs> {
    let path = home.library();
    ensure!(path.is_file(), "there is no library yet: scan a folder first ({})", path.display());
    let library = reader(&path)?;
    let (mut paths, mut vectors, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut photos, mut detections, mut people) = (HashMap::new(), Vec::new(), Vec::new());
    for person in library.everyone()? {
        let named = person.name.unwrap_or_default().replace(['/', '\\'], " ");
        for face in person.faces.into_iter().filter(|face| face.belongs.is_decided()) {
            // As reports and tables call it.
            let name = format!("{named} #{}/face {}", person.id.0, face.face_id.0);
            match library.embedding(model, face.face_id)? {
                Some(embedding) => {
                    let detail = library.face(face.face_id)?;
                    detections.push(detail.as_ref().map(|detail| detail.detection));
                    photos.extend(detail.map(|detail| (name.clone(), detail.path)));
                    people.push(person.id);
                    paths.push(name);
                    vectors.push(embedding.as_slice().to_vec());
                }
                None => failed.push((name, format!("it has no embedding by {model}"))),
            }
        }
    }
    ensure!(!paths.is_empty(), "the library holds no named face with an embedding by {model}: name some people first");
    let mut images = EmbeddedImages::new(paths, vectors)?;
    (images.model, images.failed, images.faces) = (Some(model.0.clone()), failed, detections);
    Ok(FaceInputs { images, inputs: Vec::<InputFile>::new(), photos: Photos::Library { people, photos } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::library_thread::LibraryHandle;
    use crate::library::fixture::{face, model, photo};
    use crate::library::{GroupedBy, LibraryError};
    use crate::types::{FaceId, Revision};

    /// The window's writer stays open meanwhile.
    #[test]
    fn two_people_of_one_name_stay_two_and_a_slash_makes_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (library, model) = (LibraryHandle::open(&home.library()).unwrap(), model());
        let (root, of) = (folder.path().to_owned(), model.clone());
        library
            .call(move |library| {
                let scan = library.begin_scan(&root)?;
                let faces = [0.0, 1.0, 90.0, 91.0, 180.0, 181.0].map(|degrees| face(degrees, degrees)).to_vec();
                let photo = photo(&root.join("a.jpg"), 1, faces);
                library.record_photos(scan, &[photo])?;
                let faces: Vec<FaceId> = library.faces_to_group(&of)?.faces.iter().map(|face| face.face_id).collect();
                let groups: Vec<Vec<FaceId>> = faces.chunks(2).map(<[FaceId]>::to_vec).collect();
                library.apply_grouping(&groups, GroupedBy::Scan, Revision::NOW)?;
                for (pair, name) in faces.chunks(2).zip(["Ann/Lee", "Ann/Bo", "Ann/Lee"]) {
                    let person = library.face(pair[0])?.and_then(|face| face.state.person()).expect("grouped");
                    library.name_person(person, name)?;
                }
                Ok::<_, LibraryError>(())
            })
            .unwrap();
        let (labels, people) = library_faces(&home, &model).unwrap().labels().unwrap();
        assert_eq!((labels.len(), people), (6, 3));
        assert!(labels.chunks(2).all(|pair| pair[0] == pair[1]), "{labels:?}");
    }
}
