//! Embeddings of the library's faces by another model: detection and names stay, only the vectors are new.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, FindFaces};
use crate::app::engine::progress::{JobEvent, Meter, Skipped, Stage};
use crate::faces::image::{DecodeLimits, DecodeScale, Photo, decode, picture_hash_of_file};
use crate::library::FaceToEmbed;
use crate::types::{Cancel, Embedding, FaceId};

/// Faces taken from the library at once.
const BATCH: usize = 64;

/// What became of the faces that had no embedding of the engine's model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReembedSummary {
    pub faces: usize,
    /// Photos that could not be opened again; their faces take no part in a grouping by this model.
    pub skipped: Vec<Skipped>,
}

/// Embeds every face that the engine's model has not embedded yet. What is embedded stays, whenever it stops.
pub(crate) fn reembed(
    engine: &Engine,
    library: &LibraryHandle,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<ReembedSummary> {
    let (model, weights) = (engine.model_id().clone(), engine.weights().to_owned());
    library.call(move |library| library.use_weights(&model, &weights))?;
    let mut summary = ReembedSummary::default();
    let mut meter = Meter::start(Stage::EMBEDDING, None);
    let mut after = FaceId(0);
    while !cancel.is_cancelled() {
        let model = engine.model_id().clone();
        let faces = library.call(move |library| library.faces_without_embedding(&model, after, BATCH))?;
        let Some(last) = faces.last() else { break };
        after = last.face_id;
        let count = faces.len() as u64;
        let embedded = embed_batch(engine, faces, &mut summary.skipped)?;
        summary.faces += embedded.len();
        let model = engine.model_id().clone();
        library.call(move |library| library.add_embeddings(&model, &embedded))?;
        events(JobEvent::Progress(meter.advance(count)));
    }
    Ok(summary)
}

/// The picture of a file, where it is that one still: a vector of another one would take the name along.
pub fn open(path: &Path, picture: Option<&[u8; 32]>) -> Result<Photo> {
    if let Some(known) = picture {
        let (_, now) = picture_hash_of_file(path)?;
        anyhow::ensure!(now.0 == *known, "the file shows another picture since it was scanned; scan its folder again");
    }
    Ok(decode(path, DecodeScale::Full, &DecodeLimits::default())?)
}

/// Photos are decoded side by side; the crops go through the network together.
fn embed_batch(
    engine: &Engine,
    faces: Vec<FaceToEmbed>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<(FaceId, Embedding)>> {
    let mut by_photo: BTreeMap<PathBuf, Vec<FaceToEmbed>> = BTreeMap::new();
    for face in faces {
        by_photo.entry(face.path.clone()).or_default().push(face);
    }
    let opened: Vec<_> = by_photo
        .into_par_iter()
        .map(|(path, faces)| {
            let photo = open(&path, faces[0].picture.as_ref());
            let crop = |face: &FaceToEmbed, photo: &Photo| engine.crop(&photo.pixels, &face.detection);
            match photo {
                Ok(photo) => Ok(faces.iter().map(|face| (face.face_id, crop(face, &photo))).collect::<Vec<_>>()),
                Err(error) => Err(Skipped { path, reason: error.to_string() }),
            }
        })
        .collect();
    let mut ids = Vec::new();
    let mut crops = Vec::new();
    for photo in opened {
        match photo {
            Ok(cut) => cut.into_iter().for_each(|(id, crop)| {
                ids.push(id);
                crops.push(crop);
            }),
            Err(unreadable) => skipped.push(unreadable),
        }
    }
    let embeddings = engine.embed(&crops)?;
    Ok(ids.into_iter().zip(embeddings).filter_map(|(id, embedding)| Some((id, embedding?))).collect())
}
