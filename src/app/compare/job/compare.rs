//! Faces side by side: the crop as the network saw it, and its embedding.

use std::path::Path;

use anyhow::{Context, Result};

use crate::app::engine::networks::{Engine, FindFaces};
use crate::app::engine::picture::Picture;
use crate::app::jobs::working_copy::working_copy;
use crate::faces::image::{DecodeLimits, DecodeScale, decode};
use crate::types::{Detection, Embedding};

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

/// The largest face of a file.
pub fn compare_file(engine: &Engine, path: &Path) -> Result<(ComparedFace, Embedding)> {
    let photo = working_copy(path)?;
    let found = engine.find_faces(&[(path, &photo)]).pop().context("no answer")??;
    let faces_in_file = found.len();
    let face = found.into_iter().next().context("no face found")?;
    let (face, embedding) = compare_face(engine, path, &face.detection)?;
    Ok((ComparedFace { faces_in_file, ..face }, embedding))
}

/// A face that is known already, in pixels of the full photo.
pub fn compare_face(engine: &Engine, path: &Path, face: &Detection) -> Result<(ComparedFace, Embedding)> {
    let photo = decode(path, DecodeScale::Full, &DecodeLimits::default())?;
    let crop = engine.crop(&photo.pixels, face);
    let embedding =
        engine.embed(std::slice::from_ref(&crop))?.pop().flatten().context("the network gave no embedding")?;
    let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((ComparedFace { crop: Picture::from_rgb(&crop), title, faces_in_file: 1 }, embedding))
}
