//! Where everything that Likeness keeps lies on disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::types::{ModelId, hex};

/// The folder of library, models and runs: `--home`, else `LIKENESS_HOME`, else the platform's data folder.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

impl Home {
    /// Creates the folder, readable by its owner only. A folder that is there keeps its rights; only what Likeness makes
    /// in it is private. Where there is a library on what cannot be written, it is opened as it is.
    pub fn open(chosen: Option<&Path>) -> Result<Self> {
        let home = Self::named(chosen)?;
        home.create()?;
        Ok(home)
    }

    /// Makes what is not there yet, before something is kept in it.
    pub(crate) fn create(&self) -> Result<()> {
        for folder in [&self.0, &self.cache(), &self.runs()] {
            match create_private(folder) {
                Err(error) if self.has_library() && is_read_only(&error) => {}
                created => created.with_context(|| format!("cannot create {}", folder.display()))?,
            }
        }
        Ok(())
    }

    /// For who only reads, or may: nothing is created.
    pub fn named(chosen: Option<&Path>) -> Result<Self> {
        let root = match chosen {
            Some(path) => path.to_owned(),
            None => directories::ProjectDirs::from("", "", "likeness")
                .context("this platform names no data folder: give one with --home")?
                .data_dir()
                .to_owned(),
        };
        ensure!(
            root.is_dir() || !root.exists(),
            "the home of Likeness is a folder, and this is none: {}",
            root.display()
        );
        Ok(Self(root))
    }

    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The model store: one file a model.
    pub fn models(&self) -> PathBuf {
        self.0.join("models")
    }

    /// The SQLite library.
    pub fn library(&self) -> PathBuf {
        self.0.join("library.sqlite")
    }

    /// Whether there is one yet, whatever its state.
    pub(crate) fn has_library(&self) -> bool {
        self.library().exists()
    }

    /// Locked while a scan runs.
    pub(crate) fn scan_lock(&self) -> PathBuf {
        self.0.join("scan.lock")
    }

    /// Thumbnails and face crops that can be made again.
    pub(crate) fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// What adapters' self-tests found.
    pub(crate) fn device_verdicts(&self) -> PathBuf {
        self.0.join("devices.json")
    }

    /// Pairs that a user marked as mislabelled, in the format of `eval::errata`.
    pub(crate) fn label_errata(&self) -> PathBuf {
        self.0.join("label-errata.tsv")
    }

    /// One folder a training or evaluation run.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// Folders whose pictures the program made: no photos of the user's.
    pub(crate) fn own_folders(&self) -> [PathBuf; 3] {
        [self.cache(), self.models(), self.runs()]
    }
}

/// The cache of the home that a library lies in.
pub(crate) fn cache_beside(library: &Path) -> PathBuf {
    library.with_file_name("cache")
}

/// What a grouping keeps beside a library, of all models: forgetting somebody removes it.
pub(crate) fn grouping_in(cache: &Path) -> PathBuf {
    cache.join("grouping")
}

/// One file of it, of one model.
pub(crate) fn grouping_file(library: &Path, kind: &str, model: &ModelId) -> PathBuf {
    // A model's name need not be a file's.
    let name = hex(&Sha256::digest(model.0.as_bytes())[..8]);
    grouping_in(&cache_beside(library)).join(format!("{kind}-{name}"))
}

/// A disc, or somebody else's folder.
fn is_read_only(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Creates a folder that only its owner may enter; one that is there is left as it is.
fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_that_is_there_keeps_its_rights() {
        let outer = tempfile::tempdir().unwrap();
        let rights = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let theirs = outer.path().join("theirs");
        std::fs::create_dir(&theirs).unwrap();
        std::fs::set_permissions(&theirs, std::fs::Permissions::from_mode(0o755)).unwrap();
        let home = Home::open(Some(&theirs)).unwrap();
        assert_eq!((rights(&theirs), rights(&home.cache())), (0o755, 0o700));
        assert_eq!(rights(Home::open(Some(&outer.path().join("new"))).unwrap().root()), 0o700);
    }
}
