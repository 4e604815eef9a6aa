//! Vectors in their table, and a name for what they are altogether.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::error::{LibraryError, Result};
use super::models;
use super::open::LibraryReader;
use crate::types::{Embedding, FaceId, ModelId};

/// Names what the library's vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VectorState(pub(super) u128);

const SETTING: &str = "vectors.state";

/// None before a vector was written by a program that notes it.
pub(super) fn state(c: &Connection) -> Result<Option<VectorState>> {
    let mut query = c.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
    let word: Option<String> = query.query_row([SETTING], |row| row.get(0)).optional()?;
    Ok(word.and_then(|word| u128::from_str_radix(&word, 16).ok()).map(VectorState))
}

/// Whoever writes a vector, takes one from a face, or puts one under another name, says so.
pub(super) fn changed(c: &Connection) -> Result<()> {
    c.prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, hex(randomblob(16)))")?
        .execute([SETTING])?;
    Ok(())
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
    let sql = "INSERT OR REPLACE INTO embedding (model_id, face_id, vector) SELECT ?1, id, ?3 FROM face WHERE id = ?2";
    t.prepare_cached(sql)?.execute(params![model_row, face.0, bytes])?;
    changed(t)
}

pub(super) fn embedding_from(bytes: &[u8]) -> Result<Embedding> {
    Embedding::normalise(floats(bytes)).map_err(|_| LibraryError::BadValue { what: "embedding" })
}

pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}
