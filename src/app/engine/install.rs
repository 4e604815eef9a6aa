//! Installing models, told as a job.

use anyhow::Result;

use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::networks::models::{InstallEvent, InstallOptions, Store};
use crate::types::{Cancel, ModelId};

/// The detector and the embedding network that a fresh library uses.
pub(crate) const DEFAULT_PACK: &str = "default";

/// Installs those of `wanted` that are missing.
pub(crate) fn ensure_installed(
    store: &Store,
    wanted: &[&ModelId],
    offline: bool,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let missing: Vec<ModelId> = wanted.iter().filter(|id| !store.installed(id)).map(|&id| id.clone()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(store, &missing, &InstallOptions { offline, ..Default::default() }, cancel, events)
}

/// Installs models and tells from where, with the bytes as progress.
pub(crate) fn install(
    store: &Store,
    ids: &[ModelId],
    options: &InstallOptions,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let mut meter = Meter::start(Stage::INSTALLING, None);
    store.install_all(ids, options, cancel, &mut |event| match event {
        InstallEvent::Trying { model, source } => events(JobEvent::Note(format!("Installing {model} from {source}"))),
        InstallEvent::Progress { done_bytes, total_bytes, .. } => {
            events(JobEvent::Progress(meter.set(done_bytes, Some(total_bytes))));
        }
        InstallEvent::Failed { source, reason, .. } => {
            events(JobEvent::Note(format!("Could not use {source}: {reason}")));
        }
        InstallEvent::Installed { model } => {
            meter = Meter::start(Stage::INSTALLING, None);
            events(JobEvent::Note(format!("Installed {model}")));
        }
    })?;
    Ok(())
}
