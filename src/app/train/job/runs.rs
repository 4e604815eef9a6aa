//! The runs of a folder: which can be gone on with, and taking one away.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::app::train::job::{DataFrom, RunRecord, StartFrom};
use crate::train::checkpoint::RunFolder;

/// A run that was left before its end: before its last step, or before its network was judged, written and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    pub path: PathBuf,
    pub name: String,
    pub network: String,
    /// Of the newest checkpoint.
    pub step: u64,
    pub steps: u64,
}

/// Runs below `folder` that have something left to do and that nobody works on, by name. Folders that hold no run of
/// this version are passed over.
pub(crate) fn unfinished_runs(folder: &Path) -> Result<Vec<UnfinishedRun>> {
    let left = |path: &PathBuf| unfinished_run(path).filter(|_| !RunFolder::is_held(path));
    let mut runs: Vec<UnfinishedRun> = folders(folder)?.iter().filter_map(left).collect();
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(runs)
}

/// The names that a new run cannot have.
pub(crate) fn run_names(folder: &Path) -> Result<Vec<String>> {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(folders(folder)?.iter().filter_map(name).collect())
}

/// A run's name: of what it starts from and what it learns from, with a number where that is taken.
pub(crate) fn run_name(start: Option<&StartFrom>, data: Option<&DataFrom>, taken: &[String]) -> String {
    let stem = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let network = start.and_then(|start| match start {
        StartFrom::Installed { id } => Some(id.0.clone()),
        StartFrom::Scratch { net, .. } => Some(net.clone()),
        StartFrom::File { path } => stem(path),
    });
    let data = data.and_then(|data| match data {
        DataFrom::Folder { path } => stem(path),
        DataFrom::Library { .. } => Some("library".to_owned()),
    });
    let parts: Vec<String> = [network, data].into_iter().flatten().collect();
    let base = if parts.is_empty() { "run".to_owned() } else { parts.join("-") };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(base)
}

/// Takes away what a run has written, unless somebody works on it.
pub(crate) fn discard_run(run: &Path) -> Result<()> {
    // Nothing but a run is ever removed.
    RunFolder::config(run)?;
    Ok(RunFolder::discard(run)?)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read the runs: {}", folder.display())),
    }
}

/// None where the run has ended, or the folder holds none.
pub(crate) fn unfinished_run(path: &Path) -> Option<UnfinishedRun> {
    let record = RunRecord::read(path).ok()?;
    let steps = record.request.config.steps;
    let step = RunFolder::newest_step(path).ok()?.unwrap_or(0);
    let name = path.file_name()?.to_string_lossy().into_owned();
    let network = record.network.architecture;
    (!RunFolder::has_ended(path)).then(|| UnfinishedRun { path: path.to_owned(), name, network, step, steps })
}
