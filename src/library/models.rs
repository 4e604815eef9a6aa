//! Which network made which embeddings: a model's name, and the weights behind it. Vectors of other weights under the
//! same name are never compared with the present ones.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::{LibraryError, Result};
use super::open::{Library, LibraryReader};
use super::vectors;
use crate::types::ModelId;

impl Library {
    /// Says which weights stand behind a model's name from now on. Embeddings that others made are put aside under the
    /// name with their weights, and are back when these are. Those of an older program, which did not note the weights,
    /// count as made by these.
    pub(crate) fn use_weights(&mut self, model: &ModelId, weights: &str) -> Result<()> {
        self.write(|t| {
            let before: Option<Option<String>> =
                t.query_row("SELECT weights FROM model WHERE name = ?1", [&model.0], |row| row.get(0)).optional()?;
            match before.flatten() {
                Some(other) if other != weights => {
                    rename(t, &model.0, &put_aside(model, &other))?;
                    rename(t, &put_aside(model, weights), &model.0)?;
                }
                _ => {}
            }
            t.execute("UPDATE model SET weights = ?2 WHERE name = ?1", [&model.0, weights])?;
            if vectors::state(t)?.is_none() {
                // An older program has written them.
                vectors::changed(t)?;
            }
            t.execute(
                "INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)",
                [&weights_setting(model), weights],
            )?;
            Ok(())
        })
    }
}

impl LibraryReader {
    /// How many faces each model has embedded.
    pub fn models(&self) -> Result<Vec<(ModelId, usize)>> {
        self.read(|c| {
            let mut query = c.prepare(
                "SELECT name, (SELECT count(*) FROM embedding WHERE model_id = model.id) FROM model ORDER BY id",
            )?;
            let rows = query.query_map([], |row| Ok((ModelId(row.get(0)?), row.get::<_, i64>(1)? as usize)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// The row of a model, made on first use. A model's embeddings all have one length.
pub(super) fn row(c: &Connection, model: &ModelId, found: usize) -> Result<i64> {
    let row: Option<(i64, i64)> = c
        .prepare_cached("SELECT id, dimensions FROM model WHERE name = ?1")?
        .query_row([&model.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match row {
        Some((id, known)) if known == found as i64 => Ok(id),
        Some((_, known)) => Err(LibraryError::Dimensions { model: model.0.clone(), known: known as usize, found }),
        None => {
            c.execute(
                "INSERT INTO model (name, dimensions, weights) VALUES (?1, ?2, (SELECT value FROM setting WHERE key = ?3))",
                params![model.0, found as i64, weights_setting(model)],
            )?;
            Ok(c.last_insert_rowid())
        }
    }
}

fn rename(c: &Connection, from: &str, to: &str) -> Result<()> {
    c.execute("UPDATE model SET name = ?2 WHERE name = ?1", [from, to])?;
    vectors::changed(c)
}

fn put_aside(model: &ModelId, weights: &str) -> String {
    format!("{model}@{weights}")
}

fn weights_setting(model: &ModelId) -> String {
    format!("model.weights.{model}")
}
