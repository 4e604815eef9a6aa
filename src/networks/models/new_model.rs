//! Adds a model of the user's own: it is put together in `.partial/<id>/` and appears by one rename of its folder, so no
//! half of one is ever listed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::manifest::check_name;
use super::own::ENTRY;
use super::store::{Lock, hash_file, sync_folder};
use super::{ModelEntry, ModelFile, Store, StoreError};
use crate::types::ModelId;

const FILE: &str = "model.safetensors";

/// A model that is being added; dropped unfinished, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct NewModel<'a> {
    store: &'a Store,
    id: ModelId,
    folder: PathBuf,
    _lock: Lock,
}

impl Store {
    /// Begins to add a model of the user's own. The store stays locked until the model is finished or dropped.
    pub fn add(&self, id: &ModelId) -> Result<NewModel<'_>, StoreError> {
        check_name(&id.0).map_err(|problem| StoreError::BadEntry { id: id.clone(), problem })?;
        let lock = self.lock()?;
        if self.entry(id).is_ok() || self.path(id).exists() {
            return Err(StoreError::Taken { id: id.clone() });
        }
        let folder = self.partials().join(&id.0);
        fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder, 0))?;
        Ok(NewModel { store: self, id: id.clone(), folder, _lock: lock })
    }
}

impl NewModel<'_> {
    /// Where the model's file has to be written.
    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Puts the written file and its entry into the store; size and SHA-256 are taken from the file.
    pub fn finish(self, mut entry: ModelEntry) -> Result<ModelEntry, StoreError> {
        let file = self.file();
        let bytes = fs::metadata(&file).map_err(StoreError::io("read", &file, 0))?.len();
        let sha256 = hash_file(&file).map_err(StoreError::io("read", &file, 0))?;
        entry.id = self.id.clone();
        entry.files = vec![ModelFile { name: FILE.to_owned(), bytes, sha256, sources: Vec::new() }];
        let bad = |problem: String| StoreError::BadEntry { id: self.id.clone(), problem };
        entry.check().map_err(bad)?;
        let text = serde_json::to_string_pretty(&entry).map_err(|error| bad(error.to_string()))?;
        let to = self.store.path(&self.id);
        write_synced(&self.folder.join(ENTRY), text.as_bytes())
            .and_then(|()| sync_folder(&self.folder))
            .and_then(|()| fs::rename(&self.folder, &to))
            .and_then(|()| to.parent().map_or(Ok(()), sync_folder))
            .map_err(StoreError::io("add a model", &to, bytes))?;
        Ok(entry)
    }
}

impl Drop for NewModel<'_> {
    /// After `finish` the folder is gone. One that cannot be removed is swept by the next who locks the store.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
