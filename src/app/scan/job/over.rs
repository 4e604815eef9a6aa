//! Whether what the window asks about is over, whoever has settled it: its user on the command line, a drive that is back,
//! a scan that came to its end since.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Result;

use super::interrupted::interrupted;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::report::Matter;
use crate::app::engine::shared::lock;
use crate::library::{Gone, is_gone};

/// Of each folder that is asked about a file that was gone when all were looked for. While it is, the question is open, and
/// the others of a folder that may be large are not looked for every few seconds.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenQuestions(Arc<Mutex<HashMap<PathBuf, PathBuf>>>);

impl OpenQuestions {
    /// Those of the matters that surely are over. Who reads the library next says why it cannot be read.
    pub fn over(&self, mut matters: Vec<Matter>, library: &LibraryHandle) -> Vec<Matter> {
        lock(&self.0).retain(|folder, _| matters.contains(&Matter::MissingPhotos(folder.clone())));
        matters.retain(|matter| self.is_over(matter, library).unwrap_or_default());
        matters
    }

    fn is_over(&self, matter: &Matter, library: &LibraryHandle) -> Result<bool> {
        Ok(match matter {
            // No reader is held while the disk is asked.
            Matter::MissingPhotos(folder) => {
                let gone = Gone::folders(|question| library.ask(question))?;
                let is_held = |file: &Path| library.ask(|library| library.is_held(folder, file, &gone));
                self.is_none_gone(folder, is_held, || library.ask(|library| library.files_held(folder, &gone)))?
            }
            Matter::InterruptedScan => interrupted(library)?.is_none(),
            Matter::WritingNames => false,
        })
    }

    fn is_none_gone(
        &self,
        folder: &Path,
        is_held: impl FnOnce(&Path) -> Result<bool>,
        files: impl FnOnce() -> Result<Vec<PathBuf>>,
    ) -> Result<bool> {
        let known = lock(&self.0).get(folder).cloned();
        if let Some(file) = known
            && is_gone(&file)
            && is_held(&file)?
        {
            return Ok(false);
        }
        let gone = files()?.into_iter().find(|file| is_gone(file));
        let is_none = gone.is_none();
        match gone {
            Some(file) => _ = lock(&self.0).insert(folder.to_owned(), file),
            None => _ = lock(&self.0).remove(folder),
        }
        Ok(is_none)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        let questions = OpenQuestions::default();
        let open = || {
            let over = questions.over(asked.to_vec(), &library);
            asked.iter().filter(|matter| !over.contains(matter)).cloned().collect::<Vec<_>>()
        };
        note_begun(&library, vec![photos.clone()]).unwrap();
        assert_eq!(open(), asked, "the file is not there");
        fs::write(&file, b"x").unwrap();
        assert_eq!(open(), asked[1..], "it is back");
        fs::remove_file(&file).unwrap();
        let (accepted, gone) = (photos.clone(), Gone::in_folder(&photos, |question| library.ask(question)).unwrap());
        library.call(move |library| library.accept_missing(&accepted, 1, &gone)).unwrap();
        assert_eq!(open(), asked[1..], "it was said on the command line that it is gone");
        note_ended(&library, vec![photos.clone()]).unwrap();
        assert_eq!(open(), [], "a scan came to its end");
        library.call(move |library| library.remove_folder(&photos, FacesOfFolder::Keep)).unwrap();
        assert_eq!(open(), [], "nor is there anything to ask of a folder that was removed");
    }

    #[test]
    fn while_one_file_is_gone_the_others_are_not_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a.jpg", "b.jpg"].map(|name| folder.path().join(name));
        let questions = OpenQuestions::default();
        let look = |is_held: bool| {
            let mut looked_for_all = false;
            let all = || {
                looked_for_all = true;
                Ok(files.to_vec())
            };
            let is_over = questions.is_none_gone(folder.path(), |_| Ok(is_held), all).unwrap();
            (is_over, looked_for_all)
        };
        assert_eq!([look(true), look(true)], [(false, true), (false, false)]);
        fs::write(&files[0], b"x").unwrap();
        assert_eq!([look(true), look(true)], [(false, true), (false, false)], "the other one is gone");
        assert_eq!(look(false), (false, true), "the library does not have it there any more");
        fs::write(&files[1], b"x").unwrap();
        assert_eq!(look(true), (true, true));
    }
}
