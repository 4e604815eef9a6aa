//! Forgettings that are not finished: who is still to be taken out of backups that other programs made meanwhile, or that
//! a failing disk did not let be cleaned.
//!
//! It stands in a setting of the library, which is part of no backup: until it is done, the library itself holds the name.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::forget::{FaceToForget, PersonToForget};
use super::lines::Hash;
use crate::library::error::Result;
use crate::types::{FaceBox, FaceId, PathText, PersonId};

/// Set until the file holds no trace any more; of an older program, or where only the library's own file is left to be
/// written anew, no list.
pub(super) const PENDING: &str = "forget.pending";
const ONLY_THE_LIBRARY: &str = "1";

/// Somebody who may still be in backups.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    person: i64,
    name: Option<String>,
    #[serde(default)]
    earlier_names: Vec<String>,
    #[serde(default)]
    merged: Vec<i64>,
    /// None of one that an older program noted.
    #[serde(default)]
    made_at_secs: Option<i64>,
    namesakes: usize,
    faces: Vec<ForgottenFace>,
    pub may_find_again: bool,
    /// The number of this forgetting: backups of a library that counted as many are clean.
    pub count: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct ForgottenFace {
    paths: Vec<PathText>,
    sha256: Vec<Hash>,
    picture: Option<Hash>,
    face_box: FaceBox,
}

impl Pending {
    pub fn new(known: &PersonToForget, may_find_again: bool, count: i64) -> Self {
        let face = |face: &FaceToForget| ForgottenFace {
            paths: face.paths.iter().map(|path| PathText::of(path)).collect(),
            sha256: face.sha256.iter().copied().map(Hash).collect(),
            picture: face.picture.map(Hash),
            face_box: face.face_box,
        };
        Self {
            person: known.person.0,
            name: known.name.clone(),
            earlier_names: known.earlier_names.clone(),
            merged: known.merged.iter().map(|person| person.0).collect(),
            made_at_secs: Some(known.made_at_secs),
            namesakes: known.namesakes,
            faces: known.faces.iter().map(face).collect(),
            may_find_again,
            count,
        }
    }

    pub fn person(&self) -> PersonToForget {
        let face = |face: &ForgottenFace| FaceToForget {
            face_id: FaceId(0),
            paths: face.paths.iter().map(PathText::to_path).collect(),
            sha256: face.sha256.iter().map(|hash| hash.0).collect(),
            picture: face.picture.map(|hash| hash.0),
            face_box: face.face_box,
            is_decided: true,
            is_set_aside: false,
        };
        PersonToForget {
            person: PersonId(self.person),
            name: self.name.clone(),
            earlier_names: self.earlier_names.clone(),
            merged: self.merged.iter().copied().map(PersonId).collect(),
            made_at_secs: self.made_at_secs.unwrap_or(i64::MIN),
            faces: self.faces.iter().map(face).collect(),
            vectors: 0,
            rejections: 0,
            steps: 0,
            namesakes: self.namesakes,
        }
    }
}

/// Those not finished; none: nothing is to be done.
pub(super) fn read(c: &Connection) -> Result<Option<Vec<Pending>>> {
    let value: Option<String> =
        c.query_row("SELECT value FROM setting WHERE key = ?1", [PENDING], |row| row.get(0)).optional()?;
    Ok(value.map(|value| serde_json::from_str(&value).unwrap_or_default()))
}

pub(super) fn add(t: &Transaction, pending: Pending) -> Result<()> {
    let mut all = read(t)?.unwrap_or_default();
    all.push(pending);
    put(t, &serde_json::to_string(&all).unwrap_or_else(|_| ONLY_THE_LIBRARY.to_owned()))
}

/// The backups are clean.
pub(super) fn only_the_library(c: &Connection) -> Result<()> {
    put(c, ONLY_THE_LIBRARY)
}

fn put(c: &Connection, value: &str) -> Result<()> {
    c.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", params![PENDING, value])?;
    Ok(())
}

/// Whether a library, or a copy of it, holds what is left of somebody forgotten. One of the first format has no settings.
pub(super) fn is_in(c: &Connection) -> Result<bool> {
    let has_settings: bool =
        c.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'setting'")?.exists([])?;
    Ok(has_settings && c.prepare("SELECT 1 FROM setting WHERE key = ?1")?.exists([PENDING])?)
}

/// Takes it out of a copy, with what lies in pages that are not in use.
pub(super) fn scrub(copy: &Connection) -> Result<()> {
    if !is_in(copy)? {
        return Ok(());
    }
    copy.pragma_update(None, "temp_store", "memory")?;
    copy.pragma_update(None, "secure_delete", true)?;
    copy.execute("DELETE FROM setting WHERE key = ?1", [PENDING])?;
    copy.execute_batch("VACUUM")?;
    Ok(())
}
