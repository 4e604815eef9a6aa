//! What the command line asks for: the same as the window, of the home's library.

use std::path::Path;

use anyhow::Result;

use super::{
    AnsweredHere, KnownFaces, MoreSources, NameChoices, OfferedNames, UndoSummary, WriteChoices, WriteSummary,
    answer_here, offer, offer_again,
};
use crate::app::engine::home::Home;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::progress::JobEvent;
use crate::app::jobs::options::resolve;
use crate::app::jobs::walk::real_folder;
use crate::library::{Library, WritePlace};
use crate::metadata::xmp::MetadataPlan;
use crate::types::Cancel;

/// Which names are looked for, and how they are answered.
pub struct NamesAsked<'a> {
    pub folder: &'a Path,
    pub more: &'a MoreSources,
    /// What was refused is offered again.
    pub again: bool,
    /// Nothing is answered.
    pub dry_run: bool,
}

/// What was offered and chosen, and what became of it; nothing in a dry run.
pub struct NamesAnswered {
    pub offered: OfferedNames,
    pub chosen: NameChoices,
    pub(crate) answered: Option<AnsweredHere>,
}

/// Offers the names of a folder's photos and answers those that `choose` chooses. None: cancelled.
pub fn names(
    home: &Home,
    given: EngineOptions,
    asked: &NamesAsked<'_>,
    choose: impl FnOnce(&OfferedNames) -> Result<NameChoices>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<NamesAnswered>> {
    let folder = real_folder(asked.folder)?;
    let mut library = open(home)?;
    let options = resolve(home, given)?;
    if asked.again {
        offer_again(&mut library)?;
    }
    let known = KnownFaces::read(&library, &folder, &options.model_id())?;
    // A library that cannot be written is read anew the next time.
    let mut keep = |read: Vec<_>, gone: Vec<_>| _ = library.note_names_read(&read, &gone);
    let Some(offered) = offer(home, known, &options, asked.more, &mut keep, cancel, events)? else { return Ok(None) };
    let chosen = choose(&offered)?;
    if asked.dry_run {
        return Ok(Some(NamesAnswered { offered, chosen, answered: None }));
    }
    let (mut loaded, loading) = (None, &options);
    let place = &mut loaded;
    let load = move |events: &mut dyn FnMut(JobEvent)| {
        let engine: &Engine = { place }.insert(Engine::load(home, loading, cancel, events)?);
        Ok(Some(engine as &dyn FindFaces))
    };
    let answered = answer_here(&mut library, (home, &options), (&offered, &chosen), load, cancel, events)?;
    Ok(answered.map(|answered| NamesAnswered { offered, chosen, answered: Some(answered) }))
}

pub(crate) fn diff(
    home: &Home,
    folder: &Path,
    choices: &WriteChoices,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
    tell: &mut dyn FnMut(&Path, WritePlace, &MetadataPlan) -> Result<()>,
) -> Result<WriteSummary> {
    super::diff(&mut open(home)?, folder, choices, cancel, events, tell)
}

pub(crate) fn write(
    home: &Home,
    folder: &Path,
    choices: &WriteChoices,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<WriteSummary> {
    super::write(&mut open(home)?, folder, choices, cancel, events)
}

pub(crate) fn undo(home: &Home, cancel: &Cancel, events: &mut dyn FnMut(JobEvent)) -> Result<Option<UndoSummary>> {
    super::undo(&mut open(home)?, cancel, events)
}

fn open(home: &Home) -> Result<Library> {
    Ok(Library::open(&home.library())?)
}
