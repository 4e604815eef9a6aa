//! Where everything that Likeness keeps lies on disk.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder of library, models and runs: `--home`, else `LIKENESS_HOME`, else the platform's data folder.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

impl Home {
    /// Creates the folder, readable by its owner only.
    pub fn open(chosen: Option<&Path>) -> Result<Self> {
        let root = match chosen {
            Some(path) => path.to_owned(),
            None => directories::ProjectDirs::from("", "", "likeness")
                .context("this platform names no data folder: give one with --home")?
                .data_dir()
                .to_owned(),
        };
        std::fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o700))
                .with_context(|| format!("cannot make {} private", root.display()))?;
        }
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

    /// Thumbnails and face crops that can be made again.
    pub fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// What adapters' self-tests found.
    pub fn device_verdicts(&self) -> PathBuf {
        self.0.join("devices.json")
    }

    /// Pairs that a user marked as mislabelled, in the format of `eval::errata`.
    pub fn label_errata(&self) -> PathBuf {
        self.0.join("label-errata.tsv")
    }

    /// One folder a training or evaluation run.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }
}
