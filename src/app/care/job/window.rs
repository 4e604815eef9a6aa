//! Answers what the window asks of the library's file, each on a connection of its own: the writer waits for none of it
//! but what changes the library.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{export, import};
use crate::app::engine::report::{Failed, Ticket};
use crate::app::engine::scan_lock::{ScanLock, ScanRuns};
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks};
use crate::app::jobs::forget::{self, Forgetting};
use crate::library::care::{
    self, Backup, BackupReason, CheckReport, Forgotten, ImportMode, ImportReport, PersonToForget,
};
use crate::library::{Library, LibraryError, Stale};
use crate::types::{PersonId, Touched};

const BACKUP_FAILED: Failed = Failed::Own("failed_back_up");
const RESTORE_IN_SCAN: Failed = Failed::Own("failed_restore_in_scan");
const RESTORE_FAILED: Failed = Failed::Own("failed_restore");
const IMPORT_FAILED: Failed = Failed::Own("failed_bring_in");
const FORGETTING_FAILED: Failed = Failed::Own("failed_forget");
const FORGETTING_UNSCANNED: Failed = Failed::Own("failed_forget_unscanned");

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadBackups,
    BackUp(Ticket),
    Check,
    Restore(Ticket, PathBuf),
    Export(Ticket, PathBuf),
    Import(Ticket, PathBuf),
    PreviewForget(PersonId),
    /// Whom the question showed.
    Forget {
        ticket: Ticket,
        shown: PersonToForget,
        may_find_again: bool,
    },
}

#[derive(Debug, Clone)]
pub enum Event {
    Backups(Vec<Backup>),
    Checked(CheckReport),
    Imported(ImportReport),
    Forgetting(Forgetting),
    /// Before the change of this name is answered.
    Forgotten(Ticket, Forgotten),
}

/// Reads on the quick threads; all else takes long.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        let only_reads = matches!(request, Request::LoadBackups | Request::PreviewForget(_));
        let work = move |shared: &Shared, sink: &Sink<Event>| {
            let path = shared.home.library();
            match request {
                Request::LoadBackups => load_backups(&path, sink),
                Request::BackUp(ticket) => {
                    let made = Library::open_read_only(&path).and_then(|library| library.back_up(BackupReason::Asked));
                    sink.changed(ticket, BACKUP_FAILED, made.map(|_| Touched::default()).map_err(Into::into));
                    load_backups(&path, sink);
                }
                Request::Check => sink.send(Event::Checked(care::check(&path))),
                Request::Restore(ticket, backup) => {
                    let restored = restore(shared, backup);
                    let scans = restored.as_ref().is_err_and(|error| error.is::<ScanRuns>());
                    sink.changed(ticket, if scans { RESTORE_IN_SCAN } else { RESTORE_FAILED }, restored);
                    load_backups(&path, sink);
                }
                Request::Export(ticket, to) => {
                    let written =
                        Library::open_read_only(&path).map_err(Into::into).and_then(|library| export(&library, &to));
                    sink.changed(ticket, Failed::Save, written.map(|_| Touched::default()));
                }
                Request::Import(ticket, from) => {
                    sink.changed(ticket, IMPORT_FAILED, bring_in(shared, from, sink));
                    load_backups(&path, sink);
                }
                Request::PreviewForget(person) => match preview_of_forgetting(shared, person) {
                    Ok(event) => sink.send(event),
                    Err(error) => sink.fail(Failed::Load, &error),
                },
                Request::Forget { ticket, shown, may_find_again } => {
                    let person = shown.person;
                    let forgotten = forget_person(shared, shown, may_find_again);
                    let failed = forgotten.as_ref().err().map_or(FORGETTING_FAILED, forgetting_failed);
                    let touched = forgotten.map(|forgotten| {
                        let touched = forgotten.touched.clone();
                        sink.send(Event::Forgotten(ticket, forgotten));
                        touched
                    });
                    sink.changed(ticket, failed, touched);
                    if failed == Failed::Stale(Stale::PersonChanged)
                        && let Ok(event) = preview_of_forgetting(shared, person)
                    {
                        // Asked anew, about the person as they are now.
                        sink.send(event);
                    }
                    load_backups(&path, sink);
                }
            }
        };
        match only_reads {
            true => tasks.in_background(work),
            false => tasks.at_length(work),
        }
    }
}

fn load_backups(library: &Path, sink: &Sink<Event>) {
    match care::backups(library) {
        Ok(backups) => sink.send(Event::Backups(backups)),
        Err(error) => sink.fail(Failed::Load, &error.into()),
    }
}

/// Not while somebody scans: the photos would be gone under the scan. What a backup holds may differ in anything.
fn restore(shared: &Shared, backup: PathBuf) -> Result<Touched> {
    let _lock = ScanLock::take(&shared.home)?;
    let restored = shared.library.call(move |library| library.restore_backup(&backup));
    shared.library_changed();
    restored.map(|_| Touched::everything())
}

/// Photos, folders and settings come in with the people, and groups go: more than can be named.
fn bring_in(shared: &Shared, from: PathBuf, sink: &Sink<Event>) -> Result<Touched> {
    let report = shared.library.call(move |library| import(library, &from, ImportMode::Apply));
    shared.library_changed();
    sink.send(Event::Imported(report?));
    Ok(Touched::everything())
}

fn preview_of_forgetting(shared: &Shared, person: PersonId) -> Result<Event> {
    let library = Library::open_read_only(&shared.home.library()).context("cannot read the library")?;
    Ok(Event::Forgetting(forget::preview(&shared.home, &library, person)?))
}

/// The library's log is emptied once no reader of this window is in the middle of a question.
fn forget_person(shared: &Shared, shown: PersonToForget, may_find_again: bool) -> Result<Forgotten> {
    let home = shared.home.clone();
    let forgotten = shared.library.call(move |library| forget::forget(&home, library, &shown, may_find_again));
    shared.library_changed();
    forgotten
}

fn forgetting_failed(error: &anyhow::Error) -> Failed {
    match error.downcast_ref() {
        Some(LibraryError::PicturesUnknown { .. }) => FORGETTING_UNSCANNED,
        _ => Failed::of(error, FORGETTING_FAILED),
    }
}
