//! The runs of a folder: which can be gone on with, and taking one away.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::RunRecord;
use crate::train::checkpoint::RunFolder;

/// A run that ended before its last step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    pub path: PathBuf,
    pub name: String,
    pub network: String,
    /// Of the newest checkpoint.
    pub step: u64,
    pub steps: u64,
}

/// Runs below `folder` that have a checkpoint and steps left, by name. Folders that hold no run of this version are
/// passed over.
pub fn unfinished_runs(folder: &Path) -> Result<Vec<UnfinishedRun>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read the runs: {}", folder.display())),
    };
    let mut runs: Vec<UnfinishedRun> = entries.flatten().filter_map(|entry| unfinished(&entry.path())).collect();
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(runs)
}

/// Takes a run away with everything in it.
pub fn discard_run(run: &Path) -> Result<()> {
    // Nothing but a run is ever removed.
    RunFolder::config(run)?;
    std::fs::remove_dir_all(run).with_context(|| format!("cannot remove the run: {}", run.display()))
}

fn unfinished(path: &Path) -> Option<UnfinishedRun> {
    let record: RunRecord = serde_json::from_str(&RunFolder::config(path).ok()?).ok()?;
    let config = &record.request.config;
    let step = RunFolder::newest_step(path).ok()??;
    let ends = step >= config.steps || config.learning_rate.at(step / config.steps_per_epoch.max(1)).is_none();
    let name = path.file_name()?.to_string_lossy().into_owned();
    let network = record.network.architecture;
    (!ends).then(|| UnfinishedRun { path: path.to_owned(), name, network, step, steps: config.steps })
}
