//! Which device computes, how scans search, and the folders that are scanned.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Testing, devices};
use crate::app::engine::facts::ByItself;
use crate::app::engine::report::{Failed, Ticket};
use crate::app::engine::scan_lock::{ScanLock, ScanRuns};
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks};
use crate::app::jobs::{by_itself, options, regroup};
use crate::library::{FacesOfFolder, Gone, Library, LibraryError, ScannedFolder};
use crate::networks::device::{DeviceChoice, ListedDevice};
use crate::types::Touched;

/// Pointing a folder to where nothing of it lies.
const OTHER_FOLDER: Failed = Failed::Own("failed_other_folder");
/// Removing or moving one while the library is scanned.
const FOLDERS_IN_SCAN: Failed = Failed::Own("failed_folders_in_scan");

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadDevices,
    UseDevice(Ticket, DeviceChoice),
    FindSmallFaces(Ticket, bool),
    DoByItself(Ticket, ByItself),
    LoadFolders,
    RemoveFolder(Ticket, PathBuf, FacesOfFolder),
    MoveFolder { ticket: Ticket, from: PathBuf, to: PathBuf },
    AcceptMissing { ticket: Ticket, folder: PathBuf, gone: u64 },
}

#[derive(Debug, Clone)]
pub enum Event {
    Devices(Vec<ListedDevice>),
    Folders(Vec<ScannedFolder>),
}

/// Changes folders and devices at length, reads on the quick threads.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        let only_reads = matches!(request, Request::LoadFolders);
        let work = move |shared: &Shared, sink: &Sink<Event>| match request {
            Request::LoadDevices => {
                // Nothing is tested for this: that is done before a device is first used.
                sink.send(Event::Devices(devices(&shared.home, Testing::Nothing, &mut |_| {})));
            }
            Request::UseDevice(ticket, choice) => sink.changed(ticket, Failed::Change, use_device(shared, choice)),
            Request::FindSmallFaces(ticket, find) => {
                sink.changed(ticket, Failed::Change, find_small_faces(shared, find));
            }
            Request::DoByItself(ticket, by_itself) => {
                let chosen = by_itself::choose(&shared.library, by_itself);
                sink.changed(ticket, Failed::Change, chosen.map(|()| settings()));
            }
            Request::LoadFolders => sink.loaded(shared.library.ask(|library| library.folders()), Event::Folders),
            Request::RemoveFolder(ticket, folder, faces) => {
                sink.changed_as(ticket, what_failed, remove_folder(shared, folder, faces));
            }
            Request::MoveFolder { ticket, from, to } => {
                let moved = change_folders(shared, || {
                    shared.library.ask(|library| library.sample(&from))?.find_at(&to)?;
                    Ok(move |library: &mut Library| library.move_folder(&from, &to))
                });
                sink.changed_as(ticket, what_failed, moved);
            }
            Request::AcceptMissing { ticket, folder, gone } => {
                sink.changed_as(ticket, what_failed, accept_missing(shared, folder, gone));
            }
        };
        match only_reads {
            true => tasks.in_background(work),
            false => tasks.at_length(work),
        }
    }
}

/// Another folder than the one that was moved is told as such, and so is a scan that goes on.
fn what_failed(error: &anyhow::Error) -> Failed {
    match error.downcast_ref::<LibraryError>() {
        Some(LibraryError::OtherFolder { .. }) => OTHER_FOLDER,
        _ if error.downcast_ref::<ScanRuns>().is_some() => FOLDERS_IN_SCAN,
        _ => Failed::of(error, Failed::Change),
    }
}

fn accept_missing(shared: &Shared, folder: PathBuf, shown: u64) -> Result<Touched> {
    change_folders(shared, || {
        let gone = Gone::in_folder(&folder, |question| shared.library.ask(question))?;
        Ok(move |library: &mut Library| library.accept_missing(&folder, shown, &gone).map(drop))
    })
}

/// With faces that are forgotten goes what the last grouping kept of everybody: vectors, and distances between them. The
/// next one keeps it again of who is left.
fn remove_folder(shared: &Shared, folder: PathBuf, faces: FacesOfFolder) -> Result<Touched> {
    let removed =
        change_folders(shared, || Ok(move |library: &mut Library| library.remove_folder(&folder, faces).map(drop)))?;
    if faces == FacesOfFolder::Forget {
        regroup::remove_all(&shared.home.cache()).context("cannot remove what the last grouping kept")?;
    }
    Ok(removed)
}

/// Photos of everybody may come and go. No folder goes from under a scan, here or in another program; one that nobody has
/// asked for gives way. `prepare` asks the disk what is to be known before: nobody waits for the library meanwhile.
fn change_folders<C: FnOnce(&mut Library) -> Result<(), LibraryError> + Send + 'static>(
    shared: &Shared,
    prepare: impl FnOnce() -> Result<C>,
) -> Result<Touched> {
    let _act = shared.unasked.first();
    let _scan = ScanLock::take(&shared.home)?;
    let changed = shared.library.call(prepare()?);
    shared.library_changed();
    changed.map(|()| Touched::everything())
}

/// From the next scan on.
fn find_small_faces(shared: &Shared, find: bool) -> Result<Touched> {
    options::change(shared, |options| options.small_faces = Some(find))?;
    Ok(settings())
}

fn use_device(shared: &Shared, choice: DeviceChoice) -> Result<Touched> {
    options::change(shared, |options| options.device = Some(choice))?;
    shared.set_device(None);
    Ok(settings())
}

fn settings() -> Touched {
    Touched { settings: true, ..Touched::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::{Home, grouping_in};
    use crate::app::engine::unasked::Ran;
    use crate::types::Cancel;

    #[test]
    fn a_scan_that_nobody_asked_for_keeps_no_folder_from_being_removed() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared::of_home(&Home::open(Some(folder.path())).unwrap());
        let photos = folder.path().join("photos");
        let begin = photos.clone();
        shared.library.call(move |library| library.begin_scan(&begin)).unwrap();
        let (scans, cancel) = (std::sync::Barrier::new(2), Cancel::default());
        std::thread::scope(|scope| {
            let scan = scope.spawn(|| {
                shared.unasked.run(&cancel, || {
                    let _lock = ScanLock::take(&shared.home).unwrap();
                    scans.wait();
                    while !cancel.is_cancelled() {
                        std::thread::sleep(std::time::Duration::from_millis(1));
                    }
                })
            });
            scans.wait();
            remove_folder(&shared, photos.clone(), FacesOfFolder::Keep).unwrap();
            assert_eq!(scan.join().unwrap(), Ran::GaveWay(()), "it is to be done later");
        });
        let _asked = ScanLock::take(&shared.home).unwrap();
        assert!(remove_folder(&shared, photos, FacesOfFolder::Keep).unwrap_err().is::<ScanRuns>());
    }

    #[test]
    fn what_a_grouping_kept_goes_with_the_forgotten_faces_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let kept = grouping_in(&home.cache());
        let shared = Shared::of_home(&home);
        for (faces, stays) in [(FacesOfFolder::Keep, true), (FacesOfFolder::Forget, false)] {
            let photos = folder.path().join("photos");
            let begin = photos.clone();
            shared.library.call(move |library| library.begin_scan(&begin)).unwrap();
            std::fs::create_dir_all(&kept).unwrap();
            std::fs::write(kept.join("vectors"), "vectors").unwrap();
            remove_folder(&shared, photos, faces).unwrap();
            assert_eq!(kept.exists(), stays, "{faces:?}");
        }
    }
}
