//! What goes of names that were written into files when somebody is forgotten: all that is kept of a file that may hold
//! theirs. What is kept of other files stays, and with it their ways back.
//!
//! A file may hold them that shows one of their faces, whose way back has one of their names in its bytes, or into which
//! a name was written that nobody bears who stays: it may be one of theirs from before.

use std::collections::{BTreeSet, HashSet};

use base64::prelude::{BASE64_STANDARD, Engine};
use rusqlite::{Connection, Transaction};
use serde_json::Value;

use super::forget_theirs::Theirs;
use crate::library::error::Result;

/// By which a file is told that may hold them.
pub(super) struct ForgottenInFiles {
    photos: HashSet<Vec<u8>>,
    names: Vec<String>,
    /// Names of those who stay.
    others: HashSet<String>,
}

/// A photo's path, and the place.
type FileKey = (Vec<u8>, String);

impl ForgottenInFiles {
    /// Before anything of them is removed.
    pub fn of(c: &Connection, theirs: &Theirs) -> Result<Self> {
        let mut others = HashSet::new();
        let mut query = c.prepare("SELECT id, name FROM person WHERE name IS NOT NULL")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
            if !theirs.people.contains(&id) {
                others.insert(folded(&name));
            }
        }
        let names: HashSet<String> = theirs.names.iter().map(|name| folded(name)).collect();
        let names = names.into_iter().filter(|name| !others.contains(name)).collect();
        Ok(Self { photos: photos_of(c, &theirs.faces)?, names, others })
    }

    /// How many files can be taken back that could not any more.
    pub fn count_ways_back(&self, c: &Connection) -> Result<usize> {
        let mut query = c.prepare_cached("SELECT 1 FROM written_undo WHERE photo = ?1 AND place = ?2")?;
        let mut count = 0;
        for (photo, place) in self.files(c)? {
            count += usize::from(query.exists((photo, place))?);
        }
        Ok(count)
    }

    pub fn remove(&self, t: &Transaction) -> Result<()> {
        for file in self.files(t)? {
            t.prepare_cached("DELETE FROM written WHERE photo = ?1 AND place = ?2")?.execute((&file.0, &file.1))?;
            t.prepare_cached("DELETE FROM written_undo WHERE photo = ?1 AND place = ?2")?
                .execute((&file.0, &file.1))?;
        }
        Ok(())
    }

    fn files(&self, c: &Connection) -> Result<BTreeSet<FileKey>> {
        let mut query = c.prepare(
            "SELECT photo, place, names, NULL FROM written UNION ALL SELECT photo, place, names, undo FROM written_undo",
        )?;
        let mut rows = query.query([])?;
        let mut files = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (file, names, undo): (FileKey, Option<String>, Option<String>) =
                ((row.get(0)?, row.get(1)?), row.get(2)?, row.get(3)?);
            let is_theirs = self.photos.contains(&file.0)
                || names.is_some_and(|names| self.has_strange_names(&names))
                || undo.is_some_and(|undo| self.is_in(&undo));
            if is_theirs {
                files.insert(file);
            }
        }
        Ok(files)
    }

    /// Whether a name was written that nobody bears who stays; so it is where nobody can tell.
    fn has_strange_names(&self, names: &str) -> bool {
        let Ok(Value::Array(names)) = serde_json::from_str(names) else { return true };
        !names.iter().all(|name| {
            let text = name["text"].as_str().unwrap_or_default();
            // In some lists something stands above it.
            let below = text.split_once(['|', '/']).map(|(_, below)| below);
            [Some(text), below].into_iter().flatten().any(|name| self.others.contains(&folded(name)))
        })
    }

    /// Whether one of the names is in any text of a way back, or in bytes that are written there as text.
    fn is_in(&self, undo: &str) -> bool {
        serde_json::from_str(undo).map_or(true, |undo| self.is_in_value(&undo))
    }

    fn is_in_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                self.is_in_bytes(text.as_bytes())
                    || BASE64_STANDARD.decode(text).is_ok_and(|bytes| self.is_in_bytes(&bytes))
            }
            Value::Array(values) => values.iter().any(|value| self.is_in_value(value)),
            // Where a file lies the library says anyway.
            Value::Object(fields) => fields.iter().any(|(key, value)| key != "path" && self.is_in_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        let nulls = bytes.iter().filter(|byte| **byte == 0).count();
        // Two bytes a letter, or four: only plain letters can be found in that.
        let is_wide = 4 * nulls > bytes.len();
        let text = folded(&unescaped(&String::from_utf8_lossy(bytes).replace('\0', "")));
        self.names.iter().any(|name| text.contains(name) || is_wide && !name.is_ascii())
    }
}

fn photos_of(c: &Connection, faces: &HashSet<i64>) -> Result<HashSet<Vec<u8>>> {
    let mut query = c.prepare(
        "SELECT file.path FROM file JOIN face USING (photo_id) WHERE face.id = ?1 \
         UNION SELECT path FROM photo WHERE id = (SELECT photo_id FROM face WHERE id = ?1)",
    )?;
    let mut photos = HashSet::new();
    for face in faces {
        for path in query.query_map([face], |row| row.get(0))? {
            photos.insert(path?);
        }
    }
    Ok(photos)
}

/// As names are compared: without case, and with what parts levels in some lists.
fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace(['|', '/'], "-")
}

fn unescaped(xml: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    marks.into_iter().fold(xml.to_owned(), |text, (mark, letter)| text.replace(mark, letter))
}
