//! Files to embeddings without a library: what scripts, `compare` and independent evaluations use.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use rayon::prelude::*;

use crate::app::engine::home::Home;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::app::jobs::working_copy::working_copy;
use crate::faces::image::{DecodeError, Photo, check_beginning};
use crate::library::FaceRecord;
use crate::types::{Cancel, Detection, Embedding, ModelId, error_chain};

/// Files decoded and embedded together.
const BATCH: usize = 8;

/// A face of a file.
#[derive(Debug, Clone)]
pub(crate) struct EmbeddedFace {
    /// None where no detector looked.
    pub detection: Option<Detection>,
    /// None where the network gave a vector without a direction.
    pub embedding: Option<Embedding>,
}

/// Faces by the model that embedded them.
pub(crate) type FacesOfModel<'a> = (&'a ModelId, Vec<EmbeddedFace>);

/// Loads the networks, then calls `each` with every file's faces (largest first) or its error, in the order of `files`.
/// Returns early when cancelled or when `each` fails; where no file begins like a picture, no network is loaded.
pub(crate) fn embed_files(
    files: &[PathBuf],
    (home, options): (&Home, &EngineOptions),
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
    each: &mut dyn FnMut(&Path, Result<FacesOfModel>) -> Result<()>,
) -> Result<()> {
    let unusable: Vec<DecodeError> = files.iter().map_while(|path| check_beginning(path).err()).collect();
    if unusable.len() == files.len() {
        return files.iter().zip(unusable).try_for_each(|(path, error)| each(path, Err(error.into())));
    }
    let engine = Engine::load(home, options, cancel, events)?;
    let mut meter = Meter::start(Stage::EMBEDDING, Some(files.len() as u64));
    for batch in files.chunks(BATCH) {
        if cancel.is_cancelled() {
            break;
        }
        let photos: Vec<Result<Photo>> = batch.par_iter().map(|path| working_copy(path)).collect();
        let readable: Vec<(&Path, &Photo)> = batch
            .iter()
            .zip(&photos)
            .filter_map(|(path, photo)| Some((path.as_path(), photo.as_ref().ok()?)))
            .collect();
        // Without a detector a file is one face already: the whole picture is the crop.
        let find = if options.whole_pictures { whole } else { detected };
        let mut found = find(&engine, &readable).into_iter();
        for (path, photo) in batch.iter().zip(&photos) {
            let faces = match photo {
                Ok(_) => found.next().unwrap_or_else(|| Err(anyhow!("the networks gave no answer"))),
                Err(error) => Err(anyhow::Error::msg(error_chain(error))),
            };
            each(path, faces.map(|faces| (engine.model_id(), faces)))?;
        }
        events(JobEvent::Progress(meter.advance(batch.len() as u64)));
    }
    Ok(())
}

fn detected(engine: &Engine, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<EmbeddedFace>>> {
    let found = engine.find_faces(photos).into_iter();
    found
        .map(|faces| {
            let face =
                |found: FaceRecord| EmbeddedFace { detection: Some(found.detection), embedding: found.embedding };
            Ok(faces?.into_iter().map(face).collect())
        })
        .collect()
}

fn whole(engine: &Engine, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<EmbeddedFace>>> {
    let pictures: Vec<_> = photos.iter().map(|(_, photo)| &photo.pixels).collect();
    match engine.embed_whole(&pictures) {
        Ok(embeddings) => {
            embeddings.into_iter().map(|embedding| Ok(vec![EmbeddedFace { detection: None, embedding }])).collect()
        }
        Err(error) => photos.iter().map(|_| Err(anyhow::Error::msg(error_chain(&error)))).collect(),
    }
}
