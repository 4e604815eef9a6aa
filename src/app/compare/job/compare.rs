//! Faces side by side: the crops as the network saw them, and the distances between their embeddings.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::picture::Picture;
use crate::app::engine::progress::JobEvent;
use crate::app::jobs::working_copy::working_copy;
use crate::faces::image::{DecodeLimits, DecodeScale, check_beginning, decode};
use crate::networks::models::Store;
use crate::types::{Cancel, Detection, Embedding, FaceId, ModelId, SquaredDistance, error_chain};

/// A face to compare.
#[derive(Debug, Clone, PartialEq)]
pub enum CompareSource {
    /// The largest face of this file.
    File(PathBuf),
    Face(FaceId),
}

#[derive(Debug, Clone)]
pub struct CompareResult {
    /// As they were asked for.
    pub sources: Vec<CompareSource>,
    /// One for each source; why it has no face to compare.
    pub slots: Vec<Result<ComparedFace, String>>,
    /// Between slots; none where one of the two failed.
    pub distances: Vec<Vec<Option<SquaredDistance>>>,
}

/// A face as it was compared.
#[derive(Debug, Clone)]
pub struct ComparedFace {
    /// As the network saw it.
    pub crop: Picture,
    /// The file's name.
    pub title: String,
    /// How many faces the file has; the largest is compared.
    pub faces_in_file: usize,
}

/// The faces of all sources and how far apart they are. `library` is where faces are known; None for files alone.
pub(crate) fn compare(
    engine: &Engine,
    sources: Vec<CompareSource>,
    library: Option<&LibraryHandle>,
    cancel: &Cancel,
) -> CompareResult {
    let face = |source: &CompareSource| {
        ensure!(!cancel.is_cancelled(), "cancelled");
        match source {
            CompareSource::File(path) => compare_file(engine, path),
            CompareSource::Face(face) => {
                let (path, found) = stored_face(library.context("no library is open")?, *face)?;
                compare_face(engine, &path, &found)
            }
        }
    };
    let found = sources.iter().map(face).collect();
    CompareResult::of(sources, found)
}

/// Files beside each other, and what tells one person from two.
#[derive(Debug)]
pub(crate) struct ComparedFiles {
    pub result: CompareResult,
    pub model: ModelId,
    /// Up to which two faces count as the same person, by the model's own measure.
    pub same_person: SquaredDistance,
}

/// Loads the networks and compares the largest faces of the files, which must begin like pictures.
pub(crate) fn compare_files(
    home: &Home,
    options: &EngineOptions,
    files: &[PathBuf],
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<ComparedFiles> {
    for file in files {
        check_beginning(file).with_context(|| format!("cannot compare {}", file.display()))?;
    }
    let engine = Engine::load(home, options, cancel, events)?;
    let result = compare(&engine, files.iter().cloned().map(CompareSource::File).collect(), None, cancel);
    let same_person = options.thresholds(&Store::open(home.models())?)?.same_person;
    Ok(ComparedFiles { result, model: engine.model_id().clone(), same_person })
}

impl CompareResult {
    fn of(sources: Vec<CompareSource>, found: Vec<Result<(ComparedFace, Embedding)>>) -> Self {
        let vectors: Vec<Option<&Embedding>> = found.iter().map(|face| Some(&face.as_ref().ok()?.1)).collect();
        let row = |a: &Option<&Embedding>| vectors.iter().map(|b| Some((*a)?.squared_distance((*b)?))).collect();
        let distances = vectors.iter().map(row).collect();
        let slot = |face: Result<(ComparedFace, Embedding)>| face.map(|(face, _)| face);
        let slots = found.into_iter().map(|face| slot(face).map_err(|error| error_chain(&error))).collect();
        Self { sources, slots, distances }
    }

    /// Of networks that could not be loaded.
    pub(crate) fn failed(sources: Vec<CompareSource>, error: &anyhow::Error) -> Self {
        let found = sources.iter().map(|_| Err(anyhow::Error::msg(error_chain(error)))).collect();
        Self::of(sources, found)
    }
}

/// The largest face of a file.
fn compare_file(engine: &Engine, path: &Path) -> Result<(ComparedFace, Embedding)> {
    let photo = working_copy(path)?;
    let found = engine.find_faces(&[(path, &photo)]).pop().context("no answer")??;
    let faces_in_file = found.len();
    let face = found.into_iter().next().context("no face found")?;
    let (face, embedding) = compare_face(engine, path, &face.detection)?;
    Ok((ComparedFace { faces_in_file, ..face }, embedding))
}

fn stored_face(library: &LibraryHandle, face: FaceId) -> Result<(PathBuf, Detection)> {
    let detail = library.ask(|library| library.face(face))?.context("this face is gone")?;
    Ok((detail.path, detail.detection))
}

/// A face that is known already, in pixels of the full photo.
fn compare_face(engine: &Engine, path: &Path, face: &Detection) -> Result<(ComparedFace, Embedding)> {
    let photo = decode(path, DecodeScale::Full, &DecodeLimits::default())?;
    let crop = engine.crop(&photo.pixels, face);
    let embedding =
        engine.embed(std::slice::from_ref(&crop))?.pop().flatten().context("the network gave no embedding")?;
    let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((ComparedFace { crop: Picture::from_rgb(&crop), title, faces_in_file: 1 }, embedding))
}

/// Three files, the second of which shows no face.
#[cfg(test)]
pub(in crate::app::compare) fn with_a_bad_file() -> CompareResult {
    let sources = ["a.jpg", "wall.jpg", "b.jpg"].map(|name| CompareSource::File(name.into())).to_vec();
    let face = |name: &str, vector: [f32; 2]| {
        let crop = Picture::from_rgb(&image::RgbImage::new(1, 1));
        let face = ComparedFace { crop, title: name.to_owned(), faces_in_file: 1 };
        Ok((face, Embedding::normalise(vector.to_vec()).unwrap()))
    };
    let wall = Err(anyhow::anyhow!("no face found"));
    CompareResult::of(sources, vec![face("a.jpg", [1.0, 0.0]), wall, face("b.jpg", [0.0, 1.0])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_face_is_compared_with_each_and_a_bad_file_says_why() {
        let result = with_a_bad_file();
        let distances: Vec<Vec<Option<f32>>> =
            result.distances.iter().map(|row| row.iter().map(|d| d.map(|d| d.0)).collect()).collect();
        let (zero, two) = (Some(0.0), Some(2.0));
        assert_eq!(distances, [vec![zero, None, two], vec![None; 3], vec![two, None, zero]]);
        assert_eq!(result.slots[1].as_ref().unwrap_err(), "no face found");
        assert_eq!(result.slots[2].as_ref().unwrap().title, "b.jpg");
    }

    #[test]
    fn without_networks_every_slot_says_why() {
        let sources = vec![CompareSource::Face(FaceId(1)), CompareSource::Face(FaceId(2))];
        let result = CompareResult::failed(sources, &anyhow::anyhow!("fetching is forbidden"));
        assert!(result.slots.iter().all(|slot| slot.as_ref().unwrap_err() == "fetching is forbidden"));
        assert_eq!(result.distances, [vec![None; 2], vec![None; 2]]);
    }
}
