//! What can go wrong with models: each case says what failed, what was kept and what to do.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::types::{Advised, ModelId};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("there is no model or pack named {asked}; known are {known}")]
    Unknown { asked: String, known: String },
    #[error("the model {id} is not installed: run {}", Advised(&format!("models install {id}")))]
    NotInstalled { id: ModelId },
    #[error(
        "the file of {id} is damaged (SHA-256 {found} instead of {expected}): remove the model and install it again: {}",
        path.display()
    )]
    Damaged { id: ModelId, expected: String, found: String, path: PathBuf },
    #[error(
        "{id} is not installed and fetching is forbidden: import a local file with {}",
        Advised("models import FILE")
    )]
    Offline { id: ModelId },
    #[error("{id} could not be installed, the store is as it was:{}", list(attempts))]
    NothingWorked { id: ModelId, attempts: Vec<Attempt> },
    #[error("no file of a known model has the SHA-256 {sha256}; the store is as it was: {}", path.display())]
    NotRecognised { sha256: String, path: PathBuf },
    #[error("the given file is not {name} of {id}: {problem}; the store is as it was: {}", path.display())]
    WrongFile { id: ModelId, name: String, problem: String, path: PathBuf },
    #[error("there is a model called {id} already: give another id, or remove that one first")]
    Taken { id: ModelId },
    #[error("{id} was not added, the store is as it was: {problem}")]
    BadEntry { id: ModelId, problem: String },
    #[error("the disk is full, the store is as it was: free {needed_mb} MB and try again: {}", path.display())]
    DiskFull { needed_mb: u64, path: PathBuf },
    #[error("another installation is running on this store: wait for it: {}", path.display())]
    Busy { path: PathBuf },
    #[error("the installation was cancelled; what was downloaded so far is kept for the next time")]
    Cancelled,
    #[error("cannot {what}: {source}: {}", path.display())]
    Io { what: &'static str, source: io::Error, path: PathBuf },
}

/// One source that was tried in vain.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub source: String,
    pub error: FetchError,
}

/// Why one source did not yield the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("no network ({0})")]
    NoNetwork(String),
    #[error("the server answered {0}")]
    Status(u16),
    #[error("the file there has {found} bytes instead of {expected}")]
    WrongSize { found: u64, expected: u64 },
    #[error("the file there has the SHA-256 {found} instead of {expected}")]
    WrongHash { found: String, expected: String },
    #[error("the transfer broke off after {done} of {total} bytes ({why}); the next attempt goes on from there")]
    Interrupted { done: u64, total: u64, why: String },
    #[error("{client} is not installed (tried {tried})")]
    MissingClient { client: &'static str, tried: String },
    #[error("{command} failed: {message}")]
    ClientFailed { command: String, message: String },
    #[error("{command} made no progress for {seconds} s")]
    ClientStalled { command: String, seconds: u64 },
    #[error("the archive cannot be read: {0}")]
    BadArchive(String),
    #[error("the disk is full")]
    DiskFull,
    #[error("cancelled")]
    Cancelled,
    #[error("cannot {what}: {source}: {}", path.display())]
    Io { what: &'static str, source: io::Error, path: PathBuf },
}

impl StoreError {
    /// An input or output error of the store, a full disk told apart.
    pub(super) fn io(what: &'static str, path: &Path, needed: u64) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull { needed_mb: needed.div_ceil(1_000_000), path },
            _ => Self::Io { what, source, path },
        }
    }
}

impl FetchError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull,
            _ => Self::Io { what, source, path },
        }
    }
}

fn list(attempts: &[Attempt]) -> String {
    attempts.iter().map(|attempt| format!("\n  {attempt}")).collect()
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.error)
    }
}
