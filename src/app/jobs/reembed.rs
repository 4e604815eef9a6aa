//! Embeddings of the library's faces by another model: detection and names stay, only the vectors are new.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, FindFaces};
use crate::app::engine::portrait::portrait_jpeg;
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

/// Embeds every face that the engine's model has not embedded yet, and cuts small pictures that are not there. What is embedded stays, whenever it stops.
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
        let Embedded { vectors, crops } = embed_batch(engine, faces, &mut summary.skipped)?;
        summary.faces += vectors.len();
        let model = engine.model_id().clone();
        library.call(move |library| {
            library.add_embeddings(&model, &vectors)?;
            library.add_crops(&crops)
        })?;
        events(JobEvent::Progress(meter.advance(count)));
    }
    Ok(summary)
}

/// The picture of a file, where it is that one still: a vector of another one would take the name along.
pub fn open(path: &Path, picture: Option<&[u8; 32]>) -> Result<Photo> {
    let is_that_one = || -> Result<bool> {
        let Some(known) = picture else { return Ok(true) };
        Ok(picture_hash_of_file(path)?.1.0 == *known)
    };
    let photo = is_that_one()?.then(|| decode(path, DecodeScale::Full, &DecodeLimits::default())).transpose()?;
    // Once more: it may have been exchanged before it was decoded.
    let photo = if is_that_one()? { photo } else { None };
    photo.context("the file shows another picture since it was scanned; scan its folder again")
}

/// What was made of faces.
struct Embedded {
    vectors: Vec<(FaceId, Embedding)>,
    /// Small pictures of those that had none.
    crops: Vec<(FaceId, Vec<u8>)>,
}

/// Photos are decoded side by side; the crops go through the network together.
fn embed_batch(engine: &Engine, faces: Vec<FaceToEmbed>, skipped: &mut Vec<Skipped>) -> Result<Embedded> {
    let mut by_photo: BTreeMap<PathBuf, Vec<FaceToEmbed>> = BTreeMap::new();
    for face in faces {
        by_photo.entry(face.path.clone()).or_default().push(face);
    }
    let opened: Vec<_> = by_photo
        .into_par_iter()
        .map(|(path, faces)| {
            let photo = open(&path, faces[0].picture.as_ref());
            let cut = |face: &FaceToEmbed, photo: &Photo| -> Result<_> {
                let small = (!face.has_crop).then(|| portrait_jpeg(&photo.pixels, &face.detection)).transpose()?;
                Ok((face.face_id, engine.crop(&photo.pixels, &face.detection), small))
            };
            let cut = photo.and_then(|photo| faces.iter().map(|face| cut(face, &photo)).collect::<Result<Vec<_>>>());
            cut.map_err(|error| Skipped { path, reason: error.to_string() })
        })
        .collect();
    let (mut ids, mut pictures, mut crops) = (Vec::new(), Vec::new(), Vec::new());
    for photo in opened {
        match photo {
            Ok(cut) => cut.into_iter().for_each(|(id, picture, small)| {
                ids.push(id);
                pictures.push(picture);
                crops.extend(small.map(|jpeg| (id, jpeg)));
            }),
            Err(unreadable) => skipped.push(unreadable),
        }
    }
    let embeddings = engine.embed(&pictures)?;
    let vectors = ids.into_iter().zip(embeddings).filter_map(|(id, embedding)| Some((id, embedding?))).collect();
    Ok(Embedded { vectors, crops })
}
