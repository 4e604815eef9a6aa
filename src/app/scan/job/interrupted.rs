//! Which folders a window's scan has begun and nobody's has ended: kept with the library, so that it can go on when the
//! window is opened again.
//!
//! A scan that its user stops, or that fails, has ended. One that goes on by itself and ends the program over and over
//! would keep its user out: it goes on by itself only where it came further since it did so last, and is offered else.

use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::presence::real_path;
use crate::app::engine::library_thread::LibraryHandle;
use crate::library::{Library, LibraryError, LibraryReader, ScanProgress};
use crate::types::path_text;

const SETTING: &str = "scan_under_way";

/// A scan that was interrupted.
#[cfg(feature = "gui")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterruptedScan {
    pub folders: Vec<PathBuf>,
    /// It came further since it went on by itself last.
    pub came_further: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct UnderWay {
    #[serde(with = "path_text::several")]
    folders: Vec<PathBuf>,
    /// How far scans had come when it went on by itself last.
    went_on_at: Option<ScanProgress>,
}

/// Notes that these folders are being scanned. Returns those of which that was not noted before.
#[cfg(feature = "gui")]
pub(super) fn note_begun(library: &LibraryHandle, folders: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    library.call(move |library| {
        let mut under_way = UnderWay::read(library)?;
        let new = folders.into_iter().filter(|folder| !under_way.folders.contains(folder)).collect::<Vec<_>>();
        under_way.folders.extend(new.iter().cloned());
        under_way.keep(library)?;
        Ok::<_, LibraryError>(new)
    })
}

/// Notes that the scan of these folders has ended, however it did.
pub(super) fn note_ended(library: &LibraryHandle, folders: Vec<PathBuf>) -> Result<()> {
    // Nobody waits for the library while the disk is asked.
    let noted = library.ask(UnderWay::read)?.folders;
    let real = |folder: &PathBuf| real_path(folder).unwrap_or_else(|_| folder.clone());
    let ended: Vec<PathBuf> = folders.iter().map(real).collect();
    let ended: Vec<PathBuf> = noted.into_iter().filter(|folder| ended.contains(&real(folder))).collect();
    if ended.is_empty() {
        return Ok(());
    }
    library.call(move |library| {
        let mut under_way = UnderWay::read(library)?;
        under_way.folders.retain(|folder| !ended.contains(folder));
        under_way.keep(library)
    })
}

/// The scan that was interrupted, where there is one, of folders that the library has by now and still has.
#[cfg(feature = "gui")]
pub(super) fn interrupted(library: &LibraryHandle) -> Result<Option<InterruptedScan>> {
    let (under_way, places, progress) = library.ask(|library| {
        let under_way = UnderWay::read(library)?;
        // Counting takes a while.
        let progress = if under_way.folders.is_empty() { None } else { Some(library.scan_progress()?) };
        Ok::<_, LibraryError>((under_way, library.folder_places()?, progress))
    })?;
    let UnderWay { mut folders, went_on_at } = under_way;
    let places: Vec<PathBuf> = places.into_iter().map(|(folder, _)| folder).collect();
    folders.retain(|folder| real_path(folder).is_ok_and(|folder| places.contains(&folder)));
    Ok((!folders.is_empty()).then_some(InterruptedScan { folders, came_further: went_on_at != progress }))
}

/// Notes that it goes on by itself, and how far it has come.
#[cfg(feature = "gui")]
pub(super) fn note_going_on(library: &LibraryHandle) -> Result<()> {
    library.call(|library| {
        let under_way = UnderWay { went_on_at: Some(library.scan_progress()?), ..UnderWay::read(library)? };
        under_way.keep(library)
    })
}

impl UnderWay {
    /// What cannot be read is as good as none.
    fn read(library: &LibraryReader) -> Result<Self, LibraryError> {
        Ok(library.setting(SETTING)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn keep(&self, library: &mut Library) -> Result<(), LibraryError> {
        let kept = if self.folders.is_empty() { &Self::default() } else { self };
        library.set_setting(SETTING, &serde_json::to_string(kept).unwrap_or_default())
    }
}

#[cfg(feature = "gui")]
#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::library::{FacesOfFolder, FileFacts, FileHashes};

    fn library() -> (tempfile::TempDir, LibraryHandle) {
        let folder = tempfile::tempdir().unwrap();
        let library = LibraryHandle::open(&folder.path().join("library.sqlite")).unwrap();
        for folder in ["/photos", "/a", "/b"] {
            library.call(|library| library.begin_scan(Path::new(folder))).unwrap();
        }
        (folder, library)
    }

    fn now(library: &LibraryHandle) -> Option<InterruptedScan> {
        interrupted(library).unwrap()
    }

    /// A scan is killed after it has recorded one more photo.
    fn record_one(library: &LibraryHandle, name: &str) {
        let hashes = Some(FileHashes { file: [name.len() as u8; 32], picture: [name.len() as u8; 32] });
        let file = FileFacts { path: Path::new("/photos").join(name), size: 1, mtime_ns: 1, ctime_ns: None, hashes };
        let record = move |library: &mut Library| {
            let scan = library.begin_scan(Path::new("/photos"))?;
            library.record_skip(scan, &file, "not decoded")
        };
        library.call(record).unwrap();
    }

    #[test]
    fn a_scan_that_ends_the_program_without_getting_further_does_not_go_on_by_itself_for_ever() {
        let (_folder, library) = library();
        assert_eq!(now(&library), None);
        note_begun(&library, vec!["/photos".into()]).unwrap();
        for name in ["a", "bb", "ccc"] {
            assert!(now(&library).unwrap().came_further);
            note_going_on(&library).unwrap();
            note_begun(&library, vec!["/photos".into()]).unwrap();
            record_one(&library, name);
        }
        note_going_on(&library).unwrap();
        let stuck = InterruptedScan { folders: vec!["/photos".into()], came_further: false };
        assert_eq!(now(&library), Some(stuck), "it is offered");
        note_ended(&library, vec!["/photos".into()]).unwrap();
        assert_eq!(now(&library), None);
    }

    #[test]
    fn a_scan_of_other_folders_does_not_end_the_one_that_was_interrupted() {
        let (_folder, library) = library();
        note_begun(&library, vec!["/a".into(), "/b".into()]).unwrap();
        let noted = note_begun(&library, vec!["/b".into(), "/c".into()]).unwrap();
        assert_eq!(noted, [Path::new("/c")], "only what is new is its own to end");
        note_ended(&library, noted).unwrap();
        assert_eq!(now(&library).unwrap().folders, [Path::new("/a"), Path::new("/b")]);
    }

    #[test]
    fn a_folder_that_was_removed_since_is_not_gone_on_with() {
        let (_folder, library) = library();
        note_begun(&library, vec!["/a".into(), "/b".into()]).unwrap();
        for (removed, left) in [("/a", Some(vec![PathBuf::from("/b")])), ("/b", None)] {
            library.call(|library| library.remove_folder(Path::new(removed), FacesOfFolder::Keep)).unwrap();
            assert_eq!(now(&library).map(|scan| scan.folders), left);
        }
    }
}
