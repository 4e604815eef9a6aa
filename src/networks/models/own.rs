//! Models that the user added: `<id>/model.json`, an entry as the manifest has them, beside `<id>/model.safetensors`.
//! Removing the folder removes the model.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Manifest, ModelEntry, StoreError};
use crate::types::ModelId;

pub(super) const ENTRY: &str = "model.json";

/// The models that were found in the store's folder besides the built-in ones.
#[derive(Debug, Default)]
pub struct Own {
    pub(crate) entries: Vec<ModelEntry>,
    /// Folders whose entry cannot be used, and why.
    pub(crate) unusable: Vec<String>,
}

impl Own {
    pub(super) fn read(folder: &Path, built_in: &Manifest) -> Result<Self, StoreError> {
        let mut own = Self::default();
        let listed = match fs::read_dir(folder) {
            // Nothing was installed yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(own),
            listed => listed.map_err(StoreError::io("read the model store", folder, 0))?,
        };
        let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path().join(ENTRY)).collect();
        paths.sort();
        for path in paths {
            match read_entry(&path, built_in) {
                Ok(entry) => own.entries.extend(entry),
                Err(problem) => own.unusable.push(format!("{problem}: {}", path.display())),
            }
        }
        Ok(own)
    }

    pub fn has(&self, id: &ModelId) -> bool {
        self.entries.iter().any(|entry| entry.id == *id)
    }
}

/// None where the folder has no entry of its own.
fn read_entry(path: &Path, built_in: &Manifest) -> Result<Option<ModelEntry>, String> {
    let text = match fs::read_to_string(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        read => read.map_err(|error| error.to_string())?,
    };
    let entry: ModelEntry = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    entry.check()?;
    let folder = path.parent().and_then(Path::file_name);
    if folder.is_none_or(|name| name != entry.id.0.as_str()) {
        return Err(format!("it calls itself {}, unlike its folder", entry.id));
    }
    if built_in.entry(&entry.id).is_some() {
        return Err(format!("{} is the name of a built-in model", entry.id));
    }
    Ok(Some(entry))
}
