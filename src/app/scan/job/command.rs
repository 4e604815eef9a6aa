//! What the command line asks for: a folder scanned with networks that are loaded for it, into the home's library.

use std::path::Path;

use anyhow::Result;

use super::{BrokenScan, ScanChoices, ScanContext, ScanSummary, run, summary_without_networks};
use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::progress::JobEvent;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::jobs::options::{remember_networks, remember_small_faces, resolve};
use crate::app::jobs::regroup::GroupSummary;
use crate::types::{Cancel, ModelId};

/// A scan, and what it was done with.
pub(crate) struct FolderScan {
    pub summary: ScanSummary,
    pub groups: Option<GroupSummary>,
    pub detector: ModelId,
    pub model: ModelId,
    /// None where nothing was to be done with networks, and none were loaded.
    pub device: Option<String>,
}

/// What is given of the networks is so from now on in this library.
pub(crate) fn scan_folder(
    home: &Home,
    folder: &Path,
    given: EngineOptions,
    choices: &ScanChoices<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<FolderScan, BrokenScan> {
    let small_faces = given.small_faces;
    let options = resolve(home, given)?;
    if let Some(summary) = summary_without_networks(folder, &options, home, cancel)? {
        let (detector, model) = (options.detector_id(), options.model_id());
        return Ok(FolderScan { summary, groups: None, detector, model, device: None });
    }
    let engine = Engine::load(home, &options, cancel, events)?;
    let library = LibraryHandle::open(&home.library())?;
    if let Some(small_faces) = small_faces {
        remember_small_faces(&library, small_faces)?;
    }
    remember_networks(&library, &options)?;
    let thumbnails = ThumbnailCache::new(home.cache());
    let context = ScanContext { home, options: &options, engine: &engine, library: &library, thumbnails: &thumbnails };
    let (summary, groups) = run(&[folder.to_owned()], choices, &context, cancel, events)?;
    let (detector, model) = (engine.detector_model().clone(), engine.model_id().clone());
    Ok(FolderScan { summary, groups, detector, model, device: Some(engine.device().name.clone()) })
}
