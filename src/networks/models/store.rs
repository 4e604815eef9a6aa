//! The folder of installed models: `<id>/<file>`, with half-fetched files in `.partial/`.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::own::Own;
use super::{Manifest, ModelEntry, ModelFile, StoreError};
use crate::types::{ModelId, files, hex};

/// The installed models, and what the manifest knows of all.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    /// The built-in manifest and the models that the user added.
    manifest: Manifest,
    own: Own,
}

/// What a look at a model's files says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileCheck {
    Sound,
    Missing,
    Damaged { found_sha256: String, path: PathBuf },
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub id: ModelId,
    pub file_name: String,
    /// False while other files of the model are missing.
    pub(crate) complete: bool,
}

impl Store {
    /// Opens the store in `folder`, which is made when something is put in.
    pub fn open(folder: PathBuf) -> Result<Self, StoreError> {
        Self::with_manifest(folder, Manifest::built_in())
    }

    pub(super) fn with_manifest(folder: PathBuf, mut manifest: Manifest) -> Result<Self, StoreError> {
        let own = Own::read(&folder, &manifest)?;
        manifest.models.extend(own.entries.iter().cloned());
        Ok(Self { folder, manifest, own })
    }

    /// What the user added.
    pub fn own(&self) -> &Own {
        &self.own
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn entry(&self, id: &ModelId) -> Result<&ModelEntry, StoreError> {
        self.manifest.entry(id).ok_or_else(|| self.unknown(&id.0))
    }

    /// The models that a user means by the name of a model or of a pack.
    pub fn resolve(&self, name: &str) -> Result<Vec<ModelId>, StoreError> {
        if let Some(pack) = self.manifest.packs.get(name) {
            return Ok(pack.clone());
        }
        Ok(vec![self.named(name)?.id.clone()])
    }

    /// The model that a user means by its id or the beginning of it, see [`Manifest::named`].
    pub fn named(&self, name: &str) -> Result<&ModelEntry, StoreError> {
        self.manifest.named(name).ok_or_else(|| self.unknown(name))
    }

    /// Whether every file of the model is there with the right size. Its bytes are checked when it is read.
    pub fn installed(&self, id: &ModelId) -> bool {
        self.manifest.entry(id).is_some_and(|entry| {
            let there = |file: &ModelFile| {
                fs::metadata(self.file_path(entry, file)).is_ok_and(|meta| meta.is_file() && meta.len() == file.bytes)
            };
            entry.files.iter().all(there)
        })
    }

    /// The folder of the model's files.
    pub fn path(&self, id: &ModelId) -> PathBuf {
        self.folder.join(&id.0)
    }

    /// The bytes of a model that is one file, or of the first of several.
    pub fn read(&self, id: &ModelId) -> Result<Vec<u8>, StoreError> {
        let entry = self.entry(id)?;
        self.read_file(entry, &entry.files[0])
    }

    /// The bytes of all files of a model, in the manifest's order.
    pub fn read_all(&self, id: &ModelId) -> Result<Vec<Vec<u8>>, StoreError> {
        let entry = self.entry(id)?;
        entry.files.iter().map(|file| self.read_file(entry, file)).collect()
    }

    /// The SHA-256 is checked on every reading: it costs less than parsing.
    fn read_file(&self, entry: &ModelEntry, file: &ModelFile) -> Result<Vec<u8>, StoreError> {
        let id = &entry.id;
        let path = self.file_path(entry, file);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NotInstalled { id: id.clone() });
            }
            read => read.map_err(StoreError::io("read", &path, 0))?,
        };
        let found = hex(&Sha256::digest(&bytes));
        if !same_file(&found, file) {
            return Err(StoreError::Damaged { id: id.clone(), expected: file.sha256.clone(), found, path });
        }
        Ok(bytes)
    }

    /// Reads all files of the model and compares their SHA-256.
    pub fn verify(&self, id: &ModelId) -> Result<FileCheck, StoreError> {
        let entry = self.entry(id)?;
        for file in &entry.files {
            match self.verify_file(entry, file)? {
                FileCheck::Sound => {}
                verdict => return Ok(verdict),
            }
        }
        Ok(FileCheck::Sound)
    }

    /// Takes a local file that is a known model's, recognised by its SHA-256 whatever its name.
    pub fn import(&self, path: &Path) -> Result<Imported, StoreError> {
        let (entry, file) = self.find(path)?;
        let _lock = self.lock()?;
        self.copy_in(entry, file, path)?;
        Ok(Imported { id: entry.id.clone(), file_name: file.name.clone(), complete: self.installed(&entry.id) })
    }

    /// The model that this file belongs to.
    pub fn find(&self, path: &Path) -> Result<(&ModelEntry, &ModelFile), StoreError> {
        let sha256 = hash_file(path).map_err(StoreError::io("read", path, 0))?;
        let mut files = self.manifest.models.iter().flat_map(|entry| entry.files.iter().map(move |file| (entry, file)));
        let found = files.find(|(_, file)| same_file(&sha256, file));
        found.ok_or_else(|| StoreError::NotRecognised { sha256, path: path.to_owned() })
    }

    /// Removes the model's files; says whether there were any.
    pub fn remove(&self, id: &ModelId) -> Result<bool, StoreError> {
        let entry = self.entry(id)?;
        let _lock = self.lock()?;
        for file in &entry.files {
            remove_if_there(fs::remove_file(self.partial(file)), &self.partial(file))?;
        }
        let folder = self.path(id);
        remove_if_there(fs::remove_dir_all(&folder), &folder)
    }

    pub(super) fn verify_file(&self, entry: &ModelEntry, file: &ModelFile) -> Result<FileCheck, StoreError> {
        let path = self.file_path(entry, file);
        match hash_file(&path) {
            Ok(found) if same_file(&found, file) => Ok(FileCheck::Sound),
            Ok(found_sha256) => Ok(FileCheck::Damaged { found_sha256, path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FileCheck::Missing),
            Err(error) => Err(StoreError::io("read", &path, 0)(error)),
        }
    }

    /// Copies a file whose hash was found right; it is checked once more on the way, for it may change meanwhile.
    pub(super) fn copy_in(&self, entry: &ModelEntry, file: &ModelFile, from: &Path) -> Result<(), StoreError> {
        let partial = self.partial(file);
        let copied = File::create(&partial).and_then(|mut to| copy_into(from, &mut to));
        let copied = copied.map_err(StoreError::io("copy to the store", &partial, file.bytes));
        let moved = copied.and_then(|found| match same_file(&found, file) {
            true => self.move_in(entry, file, &partial),
            false => Err(StoreError::WrongFile {
                id: entry.id.clone(),
                name: file.name.clone(),
                problem: "it changed while it was read".into(),
                path: from.to_owned(),
            }),
        });
        moved.inspect_err(|_| {
            let _ = fs::remove_file(&partial);
        })
    }

    /// Puts a checked file into its place: first its bytes reach the disk, then its name.
    pub(super) fn move_in(&self, entry: &ModelEntry, file: &ModelFile, from: &Path) -> Result<(), StoreError> {
        let folder = self.path(&entry.id);
        let to = self.file_path(entry, file);
        let placed = fs::create_dir_all(&folder)
            .and_then(|()| File::options().write(true).open(from)?.sync_all())
            .and_then(|()| fs::rename(from, &to))
            .and_then(|()| sync_folder(&folder));
        placed.map_err(StoreError::io("move into place", &to, file.bytes))
    }

    /// Held while files are put in or removed; another process gets [`StoreError::Busy`].
    pub(super) fn lock(&self) -> Result<Lock, StoreError> {
        let partials = self.partials();
        fs::create_dir_all(&partials).map_err(StoreError::io("create", &partials, 0))?;
        let path = partials.join("lock");
        let file = File::create(&path).map_err(StoreError::io("create", &path, 0))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: self.folder.clone() }),
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path, 0)(error)),
        }
        self.sweep(&partials)?;
        Ok(Lock(file))
    }

    pub(super) fn partials(&self) -> PathBuf {
        self.folder.join(".partial")
    }

    /// Where a download of this file grows. The hash in the name lets any source go on from another's beginning.
    pub(super) fn partial(&self, file: &ModelFile) -> PathBuf {
        self.partials().join(&file.sha256)
    }

    /// Throws away package folders that a killed installation left behind.
    fn sweep(&self, partials: &Path) -> Result<(), StoreError> {
        for entry in fs::read_dir(partials).map_err(StoreError::io("read", partials, 0))?.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(StoreError::io("remove", &path, 0))?;
            }
        }
        Ok(())
    }

    fn file_path(&self, entry: &ModelEntry, file: &ModelFile) -> PathBuf {
        self.path(&entry.id).join(&file.name)
    }

    fn unknown(&self, asked: &str) -> StoreError {
        let packs = self.manifest.packs.keys().map(String::as_str);
        let models = self.manifest.models.iter().map(|entry| entry.id.0.as_str());
        let known = packs.chain(models).collect::<Vec<_>>().join(", ");
        StoreError::Unknown { asked: asked.into(), known }
    }
}

/// Released when dropped, also when the process dies.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough: a child process that another thread starts at this moment holds a copy of it
    /// until its own program runs.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

pub(super) fn hash_file(path: &Path) -> io::Result<String> {
    copy_into(path, &mut io::sink())
}

pub(super) fn same_file(sha256: &str, file: &ModelFile) -> bool {
    sha256 == file.sha256
}

fn copy_into(from: &Path, out: &mut dyn Write) -> io::Result<String> {
    let mut file = files::open(from)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..count]);
        out.write_all(&buffer[..count])?;
    }
}

fn remove_if_there(outcome: io::Result<()>, path: &Path) -> Result<bool, StoreError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("remove", path, 0)(error)),
    }
}

/// Makes a rename last. Only Unix can open a folder for this; elsewhere the file system looks after itself.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
