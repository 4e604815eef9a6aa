//! What `synth` makes: an album of drawn people, or the rows of a made library.

use std::path::Path;

use anyhow::Result;

use crate::app::engine::home::Home;
use crate::app::engine::memory::hold;
use crate::app::engine::networks::EngineOptions;
use crate::app::jobs::made_library::{MadeLibrary, MadeLibraryPlan, fill};
use crate::library::Library;
use crate::synth::{AlbumPlan, AlbumTruth, Identity, write_album};
use crate::types::{Cancel, counted};

/// Fills the library of a home, as [`fill`] does, with vectors as of the default model.
pub(crate) fn fill_home(
    home: &Home,
    faces: usize,
    seed: u64,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<MadeLibrary> {
    let options = EngineOptions::default();
    let plan = MadeLibraryPlan { faces, seed, model: options.model_id(), detector: options.detector_id() };
    fill(&mut Library::open(&home.library())?, &home.root().join("made"), &plan, cancel, progress)
}

/// Draws an album, if the memory holds its people.
pub(crate) fn draw_album(
    to: &Path,
    plan: &AlbumPlan,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<AlbumTruth> {
    let people = counted(plan.people as usize, "person", "people");
    hold(&people, u64::from(plan.people) * size_of::<Identity>() as u64)?;
    Ok(write_album(to, plan, cancel, progress)?)
}
