//! Whether what the window asks about is over, whoever has settled it: its user on the command line, a drive that is back,
//! a scan that came to its end since.

use anyhow::Result;

use super::interrupted::interrupted;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::report::Matter;
use crate::library::is_gone;

/// Those of the matters that surely are over. Who reads the library next says why it cannot be read.
pub(super) fn over(mut matters: Vec<Matter>, library: &LibraryHandle) -> Vec<Matter> {
    matters.retain(|matter| is_over(matter, library).unwrap_or_default());
    matters
}

fn is_over(matter: &Matter, library: &LibraryHandle) -> Result<bool> {
    Ok(match matter {
        // No reader is held while the disk is asked.
        Matter::MissingPhotos(folder) => {
            let files = library.ask(|library| library.files_held(folder))?;
            !files.iter().any(|file| is_gone(file))
        }
        Matter::InterruptedScan => library.ask(interrupted)?.is_none(),
        Matter::WritingNames => false,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::super::interrupted::{note_begun, note_ended};
    use super::*;
    use crate::library::{FacesOfFolder, FileFacts, FileHashes};

    #[test]
    fn a_question_is_over_when_anybody_has_settled_its_matter() {
        let folder = tempfile::tempdir().unwrap();
        let photos = fs::canonicalize(folder.path()).unwrap().join("photos");
        fs::create_dir(&photos).unwrap();
        let library = LibraryHandle::open(&folder.path().join("library.sqlite")).unwrap();
        let file = photos.join("a.jpg");
        let hashes = Some(FileHashes { file: [1; 32], picture: [1; 32] });
        let facts = FileFacts { path: file.clone(), size: 1, mtime_ns: 1, ctime_ns: None, hashes };
        let at = photos.clone();
        let record = move |library: &mut crate::library::Library| {
            let scan = library.begin_scan(&at)?;
            library.record_skip(scan, &facts, "not decoded")
        };
        library.call(record).unwrap();
        let asked = [Matter::MissingPhotos(photos.clone()), Matter::InterruptedScan];
        let open = || {
            let over = over(asked.to_vec(), &library);
            asked.iter().filter(|matter| !over.contains(matter)).cloned().collect::<Vec<_>>()
        };
        note_begun(&library, vec![photos.clone()]).unwrap();
        assert_eq!(open(), asked, "the file is not there");
        fs::write(&file, b"x").unwrap();
        assert_eq!(open(), asked[1..], "it is back");
        fs::remove_file(&file).unwrap();
        let accepted: PathBuf = photos.clone();
        library.call(move |library| library.accept_missing(&accepted, 1)).unwrap();
        assert_eq!(open(), asked[1..], "it was said on the command line that it is gone");
        note_ended(&library, vec![photos.clone()]).unwrap();
        assert_eq!(open(), [], "a scan came to its end");
        library.call(move |library| library.remove_folder(&photos, FacesOfFolder::Keep)).unwrap();
        assert_eq!(open(), [], "nor is there anything to ask of a folder that was removed");
    }
}
