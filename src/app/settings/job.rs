//! The adapters of this machine and which one computes; the folders that are scanned.

use anyhow::Result;

use super::state::{DeviceRow, Event, Request};
use crate::app::engine::report::Failed;
use crate::app::engine::shared::{FeatureJob, Shared, Tasks};
use crate::app::jobs::options;
use crate::library::{Library, LibraryError};
use crate::networks::device::{self, DeviceChoice, VerdictCache};
use crate::types::Touched;

/// Answers a request in the background.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        tasks.in_background(move |shared, sink| match request {
            Request::LoadDevices => sink.send(Event::Devices(devices(shared))),
            Request::UseDevice(ticket, choice) => sink.changed(ticket, Failed::Change, use_device(shared, choice)),
            Request::LoadFolders => match shared.library.call(|library| library.folders()) {
                Ok(folders) => sink.send(Event::Folders(folders)),
                Err(error) => sink.fail(Failed::Load, &error),
            },
            Request::RemoveFolder(ticket, folder, faces) => {
                let removed = change_folders(shared, move |library| library.remove_folder(&folder, faces).map(drop));
                sink.changed(ticket, Failed::Change, removed);
            }
            Request::MoveFolder { ticket, from, to } => {
                let moved = change_folders(shared, move |library| library.move_folder(&from, &to));
                sink.changed(ticket, Failed::Change, moved);
            }
            Request::AcceptMissing(ticket, folder) => {
                let accepted = change_folders(shared, move |library| library.accept_missing(&folder).map(drop));
                sink.changed(ticket, Failed::Change, accepted);
            }
        });
    }
}

/// Photos of everybody may come and go.
fn change_folders(
    shared: &Shared,
    change: impl FnOnce(&mut Library) -> Result<(), LibraryError> + Send + 'static,
) -> Result<Touched> {
    let changed = shared.library.call(change);
    shared.library_changed();
    changed.map(|()| Touched::everything())
}

fn use_device(shared: &Shared, choice: DeviceChoice) -> Result<Touched> {
    options::change(shared, |options| options.device = choice)?;
    shared.set_device(None);
    Ok(Touched { settings: true, ..Touched::default() })
}

fn devices(shared: &Shared) -> Vec<DeviceRow> {
    let verdicts = VerdictCache::open(shared.home.device_verdicts());
    let rows = device::list(&verdicts).into_iter().map(|found| DeviceRow {
        usable: found.is_usable(),
        self_test: found.self_test(),
        kind: found.kind,
        name: found.name,
    });
    rows.collect()
}
