//! Vectors in their table, and a name for what they are altogether.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::error::{LibraryError, Result};
use super::kept_vectors::KeptVectors;
use super::models;
use super::open::{Library, LibraryReader};
use super::settings;
use crate::types::{Embedding, FaceId, ModelId};

/// Names what the library's vectors are: after each that is written it is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VectorState(pub(super) u128);

const STATE: &str = "vectors.state";
/// With a model's name behind it: of which state a file holds vectors that are still what they were.
const KEPT: &str = "vectors.kept.";

/// None before a vector was written by a program that notes it.
pub(super) fn state(c: &Connection) -> Result<Option<VectorState>> {
    word(c, STATE)
}

fn word(c: &Connection, key: &str) -> Result<Option<VectorState>> {
    Ok(settings::read(c, key)?.and_then(|word| u128::from_str_radix(&word, 16).ok()).map(VectorState))
}

/// Whoever writes another vector than was there, takes one from a face, or puts one under another name, says so.
pub(super) fn changed(c: &Connection) -> Result<()> {
    c.prepare_cached("DELETE FROM setting WHERE substr(key, 1, length(?1)) = ?1")?.execute([KEPT])?;
    added(c)
}

/// All vectors that were there are what they were.
fn added(c: &Connection) -> Result<()> {
    c.prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, hex(randomblob(16)))")?
        .execute([STATE])?;
    Ok(())
}

pub(super) fn is_kept(c: &Connection, model: &ModelId, file: &KeptVectors) -> Result<bool> {
    Ok(word(c, &format!("{KEPT}{model}"))? == Some(file.state()))
}

impl Library {
    /// Notes that a file holds vectors as they were in this state: where it is still the library's, the file is of use
    /// until one of them is another.
    pub(crate) fn note_kept_vectors(&mut self, model: &ModelId, seen: VectorState) -> Result<()> {
        self.write(|t| match state(t)? == Some(seen) {
            true => settings::write(t, &format!("{KEPT}{model}"), Some(&format!("{:x}", seen.0))),
            false => Ok(()),
        })
    }
}

impl LibraryReader {
    /// A face's embedding of one model.
    pub fn embedding(&self, model: &ModelId, face: FaceId) -> Result<Option<Embedding>> {
        self.read(|c| embedding_of(c, model, face))
    }
}

pub(super) fn embedding_of(c: &Connection, model: &ModelId, face: FaceId) -> Result<Option<Embedding>> {
    let mut query = c.prepare_cached(
        "SELECT vector FROM embedding WHERE face_id = ?2 AND model_id = (SELECT id FROM model WHERE name = ?1)",
    )?;
    let bytes: Option<Vec<u8>> = query.query_row(params![model.0, face.0], |row| row.get(0)).optional()?;
    bytes.map(|b| embedding_from(&b)).transpose()
}

/// Of a face that has gone meanwhile nothing is kept.
pub(super) fn put_embedding(t: &Transaction, model: &ModelId, face: FaceId, embedding: &Embedding) -> Result<()> {
    let model_row = models::row(t, model, embedding.dimensions())?;
    let bytes: Vec<u8> = embedding.as_slice().iter().flat_map(|v| v.to_le_bytes()).collect();
    let before: Option<Vec<u8>> = t
        .prepare_cached("SELECT vector FROM embedding WHERE model_id = ?1 AND face_id = ?2")?
        .query_row(params![model_row, face.0], |row| row.get(0))
        .optional()?;
    if before.as_ref() == Some(&bytes) {
        return Ok(());
    }
    let sql = "INSERT OR REPLACE INTO embedding (model_id, face_id, vector) SELECT ?1, id, ?3 FROM face WHERE id = ?2";
    t.prepare_cached(sql)?.execute(params![model_row, face.0, bytes])?;
    if before.is_some() { changed(t) } else { added(t) }
}

pub(super) fn embedding_from(bytes: &[u8]) -> Result<Embedding> {
    Embedding::normalise(floats(bytes)).map_err(|_| LibraryError::BadValue { what: "embedding" })
}

pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}
