//! Answers what the window asks of the library's file, each on a connection of its own: the writer waits for none of it
//! but what changes the library.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{export, import, restore_by};
use crate::app::engine::report::{Failed, Ticket};
use crate::app::engine::scan_lock::ScanRuns;
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks};
use crate::app::jobs::forget::{self, Forgetting};
use crate::library::care::{
    self, Backup, BackupReason, CheckReport, ExportCounts, Forgotten, ImportMode, ImportReport, MadeBackup,
    PersonToForget, Restored,
};
use crate::library::{Library, LibraryError, Stale};
use crate::train::checkpoint::RunFolderError;
use crate::types::{PersonId, Touched};

const BACKUP_FAILED: Failed = Failed::Own("failed_back_up");
const RESTORE_IN_SCAN: Failed = Failed::Own("failed_restore_in_scan");
const RESTORE_FAILED: Failed = Failed::Own("failed_restore");
const IMPORT_FAILED: Failed = Failed::Own("failed_bring_in");
const FORGETTING_FAILED: Failed = Failed::Own("failed_forget");
const FORGETTING_UNSCANNED: Failed = Failed::Own("failed_forget_unscanned");
const FORGETTING_IN_TRAINING: Failed = Failed::Own("failed_forget_in_training");

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
    /// This and the next ones come before the change of their name is answered.
    BackedUp(Ticket, MadeBackup),
    Restored(Ticket, Restored),
    Exported(Ticket, ExportCounts),
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
                    let made = Library::open_read_only(&path)
                        .and_then(|library| library.back_up_and_tell(BackupReason::Asked));
                    let told = made.map(|made| sink.send(Event::BackedUp(ticket, made)));
                    sink.changed(ticket, BACKUP_FAILED, told.map(|()| Touched::default()).map_err(Into::into));
                    load_backups(&path, sink);
                }
                Request::Check => sink.send(Event::Checked(care::check(&path))),
                Request::Restore(ticket, backup) => {
                    let restored = restore(shared, backup);
                    let scans = restored.as_ref().is_err_and(|error| error.is::<ScanRuns>());
                    // What a backup holds may differ in anything.
                    let touched = restored.map(|restored| {
                        sink.send(Event::Restored(ticket, restored));
                        Touched::everything()
                    });
                    sink.changed(ticket, if scans { RESTORE_IN_SCAN } else { RESTORE_FAILED }, touched);
                    load_backups(&path, sink);
                }
                Request::Export(ticket, to) => {
                    let written =
                        Library::open_read_only(&path).map_err(Into::into).and_then(|library| export(&library, &to));
                    let told = written.map(|counts| sink.send(Event::Exported(ticket, counts)));
                    sink.changed(ticket, Failed::Save, told.map(|()| Touched::default()));
                }
                Request::Import(ticket, from) => {
                    sink.changed(ticket, IMPORT_FAILED, bring_in(shared, from, sink));
                    load_backups(&path, sink);
                }
                Request::PreviewForget(person) => sink.loaded(preview_of_forgetting(shared, person), |event| event),
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
    sink.loaded(care::backups(library).map_err(Into::into), Event::Backups);
}

/// A scan that nobody has asked for gives way.
fn restore(shared: &Shared, backup: PathBuf) -> Result<Restored> {
    let _act = shared.unasked.first();
    restore_by(&shared.home, || {
        let restored = shared.library.call(move |library| library.restore_backup(&backup));
        shared.library_changed();
        restored
    })
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
    if let Some(RunFolderError::InUse { .. }) = error.downcast_ref() {
        return FORGETTING_IN_TRAINING;
    }
    match error.downcast_ref() {
        Some(LibraryError::PicturesUnknown { .. }) => FORGETTING_UNSCANNED,
        _ => Failed::of(error, FORGETTING_FAILED),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::unbounded;

    use super::*;
    use crate::app::engine::home::Home;
    use crate::app::engine::report::Report;
    use crate::app::engine::shared::Running;
    use crate::app::engine::workers::Workers;
    use crate::library::{Decision, Destination};
    use crate::types::Revision;

    #[test]
    fn what_a_forgetting_left_is_told_before_its_change_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let shared = Shared::of_home(&home);
        let to = Destination::NewPerson { name: "Ada".to_owned() };
        let decision = Decision::Move { of: None, faces: Vec::new(), to };
        shared.library.call(move |library| library.decide(&decision, Revision::NOW)).unwrap();
        let reader = Library::open_read_only(&home.library()).unwrap();
        let workers = Workers::start(home, || ()).unwrap();
        let (send, told) = unbounded();
        let sink = Sink::new(move |report| _ = send.send(report));
        let mut tasks = Tasks { shared: &shared, workers: &workers, sink, running: &mut Running::default() };
        let hear = || told.recv_timeout(Duration::from_secs(20)).unwrap();
        let heard = reader.at_once(|reader| {
            let (person, _) = reader.named_people()?[0];
            let shown = reader.person_to_forget(person)?;
            Job.handle(&mut tasks, Request::Forget { ticket: 7, shown, may_find_again: true });
            Ok::<_, LibraryError>((hear(), hear()))
        });
        let (first, second) = heard.unwrap();
        assert!(matches!(&first, Report::Own(Event::Forgotten(7, done)) if !done.is_complete), "{first:?}");
        assert!(matches!(second, Report::Changed(7, _)), "{second:?}");
    }

    #[test]
    fn faces_that_no_scan_could_leave_out_are_told_with_what_to_do() {
        let refused = LibraryError::PicturesUnknown { faces: 2 }.into();
        assert_eq!(forgetting_failed(&refused), FORGETTING_UNSCANNED);
    }
}
