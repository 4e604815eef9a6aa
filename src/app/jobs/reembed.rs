//! Embeddings of the library's faces by another model: detection and names stay, only the vectors are new. Faces whose
//! picture has no file any more are embedded from their portraits, so that lost faces are still found again by their
//! vectors, and people are known by photos that are gone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, FindFaces};
use crate::app::engine::portrait::{in_portrait, portrait_jpeg};
use crate::app::engine::progress::{JobEvent, Meter, Skipped, Stage};
use crate::faces::image::{DecodeLimits, DecodeScale, Photo, decode, picture_hash_of_file};
use crate::library::{FaceToEmbed, PortraitToEmbed};
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
        let EmbeddedBatch { embeddings, portraits } = embed_batch(engine, faces, &mut summary.skipped)?;
        summary.faces += embeddings.len();
        let model = engine.model_id().clone();
        library.call(move |library| {
            library.add_embeddings(&model, &embeddings)?;
            library.add_portraits(&portraits)
        })?;
        events(JobEvent::Progress(meter.advance(count)));
    }
    summary.faces += embed_portraits(engine, library, cancel, events)?;
    Ok(summary)
}

/// Embeds decided faces whose picture has no file. A portrait shows the face larger than the networks want it, so that
/// its vector is nearly the one of the full photo. Returns how many faces that were; one whose portrait cannot be read
/// is left as it was.
pub(crate) fn embed_portraits(
    engine: &dyn FindFaces,
    library: &LibraryHandle,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<usize> {
    let mut meter = Meter::start(Stage::EMBEDDING, None);
    let (mut after, mut count) = (FaceId(0), 0);
    while !cancel.is_cancelled() {
        let model = engine.model_id().clone();
        let faces = library.call(move |library| library.portraits_without_embedding(&model, after, BATCH))?;
        let Some(last) = faces.last() else { break };
        after = last.face_id;
        let mut embeddings = Vec::new();
        for face in &faces {
            embeddings.extend(embed_portrait(engine, face)?.map(|embedding| (face.face_id, embedding)));
        }
        count += embeddings.len();
        let model = engine.model_id().clone();
        library.call(move |library| library.add_embeddings(&model, &embeddings))?;
        events(JobEvent::Progress(meter.advance(faces.len() as u64)));
    }
    Ok(count)
}

fn embed_portrait(engine: &dyn FindFaces, face: &PortraitToEmbed) -> Result<Option<Embedding>> {
    let Ok(portrait) = image::load_from_memory(&face.jpeg) else { return Ok(None) };
    let portrait = portrait.to_rgb8();
    let place = in_portrait(&face.detection, face.photo_size, portrait.width());
    Ok(engine.embed_faces(&portrait, &[place])?.into_iter().next().flatten())
}

/// Why a file is left alone that is not what the library knows any more.
pub(crate) const SHOWS_ANOTHER: &str = "the file shows another picture since it was scanned; scan its folder again";

/// The picture of a file, where it is that one still: a vector of another one would take the name along.
pub fn open(path: &Path, picture: Option<&[u8; 32]>) -> Result<Photo> {
    let is_that_one = || -> Result<bool> {
        let Some(known) = picture else { return Ok(true) };
        Ok(picture_hash_of_file(path)?.1.0 == *known)
    };
    let photo = is_that_one()?.then(|| decode(path, DecodeScale::Full, &DecodeLimits::default())).transpose()?;
    // Once more: it may have been exchanged before it was decoded.
    let photo = if is_that_one()? { photo } else { None };
    photo.context(SHOWS_ANOTHER)
}

/// What was made of a batch of faces.
struct EmbeddedBatch {
    embeddings: Vec<(FaceId, Embedding)>,
    /// Of those that had none.
    portraits: Vec<(FaceId, Vec<u8>)>,
}

/// Photos are decoded side by side; the crops go through the network together.
fn embed_batch(engine: &Engine, faces: Vec<FaceToEmbed>, skipped: &mut Vec<Skipped>) -> Result<EmbeddedBatch> {
    let mut by_photo: BTreeMap<PathBuf, Vec<FaceToEmbed>> = BTreeMap::new();
    for face in faces {
        by_photo.entry(face.path.clone()).or_default().push(face);
    }
    let opened: Vec<_> = by_photo
        .into_par_iter()
        .map(|(path, faces)| {
            let photo = open(&path, faces[0].picture.as_ref());
            let cut = |face: &FaceToEmbed, photo: &Photo| {
                let portrait =
                    (!face.has_portrait).then(|| portrait_jpeg(&photo.pixels, &face.detection)).transpose()?;
                Ok((face.face_id, engine.crop(&photo.pixels, &face.detection), portrait))
            };
            let cut = photo.and_then(|photo| faces.iter().map(|face| cut(face, &photo)).collect::<Result<Vec<_>>>());
            cut.map_err(|error| Skipped { path, reason: error.to_string() })
        })
        .collect();
    let (mut ids, mut crops, mut portraits) = (Vec::new(), Vec::new(), Vec::new());
    for photo in opened {
        match photo {
            Ok(cut) => cut.into_iter().for_each(|(id, crop, portrait)| {
                ids.push(id);
                crops.push(crop);
                portraits.extend(portrait.map(|jpeg| (id, jpeg)));
            }),
            Err(unreadable) => skipped.push(unreadable),
        }
    }
    let embeddings = ids.into_iter().zip(engine.embed(&crops)?);
    Ok(EmbeddedBatch {
        embeddings: embeddings.filter_map(|(id, embedding)| Some((id, embedding?))).collect(),
        portraits,
    })
}
