//! The files that a list names, as they are called in a folder: lists of LFW's kind leave the extension open, and file
//! systems and converters change case.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::sorted;
use crate::faces::image::is_photo_name;
use crate::types::path_text::from_text;

/// Where the pictures of a list are in a folder. What each folder holds is read once, and only where a name is not there
/// as it is listed.
pub(crate) struct ListedFiles {
    folder: PathBuf,
    read: HashMap<PathBuf, Vec<PathBuf>>,
}

impl ListedFiles {
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), read: HashMap::new() }
    }

    /// The file of that name; else the first in order that differs in the case of letters or the extension alone. Where
    /// there is none, the path as it is listed.
    pub fn path(&mut self, listed: &str) -> PathBuf {
        let listed = from_text(listed);
        let as_listed = self.folder.join(&listed);
        if as_listed.is_file() {
            return as_listed;
        }
        self.spelled_otherwise(&listed).unwrap_or(as_listed)
    }

    fn spelled_otherwise(&mut self, listed: &Path) -> Option<PathBuf> {
        let (stem, folders) = (listed.file_stem()?, listed.parent()?);
        let mut at = self.folder.clone();
        for folder in folders {
            let exact = at.join(folder);
            at = match exact.is_dir() {
                true => exact,
                false => self.entries(&at).iter().find(|path| same(path.file_name(), folder) && path.is_dir())?.clone(),
            };
        }
        let pictures = self.entries(&at).iter().filter(|path| is_photo_name(path));
        let found: Vec<&PathBuf> = pictures.filter(|path| same(path.file_stem(), stem)).collect();
        let exact = found.iter().find(|path| path.file_stem() == Some(stem));
        exact.or(found.first()).map(|path| (*path).clone())
    }

    fn entries(&mut self, folder: &Path) -> &[PathBuf] {
        self.read.entry(folder.to_owned()).or_insert_with(|| sorted(folder).unwrap_or_default())
    }
}

/// Whether the names differ in the case of letters alone.
fn same(a: Option<&OsStr>, b: &OsStr) -> bool {
    let lower = |name: &OsStr| name.to_string_lossy().to_lowercase();
    a.is_some_and(|a| a == b || lower(a) == lower(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extension_and_case_are_those_that_are_there() {
        let place = tempfile::tempdir().unwrap();
        let files = ["Ann/Ann_0001.JPG", "BO/BO_0002.png", "Cy/Cy_0001.jpg", "Cy/Cy_0001.webp", "Di/Di_0001.txt"];
        for file in files.map(|file| place.path().join(file)) {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "x").unwrap();
        }
        let mut listed = ListedFiles::in_folder(place.path());
        let mut found = |name: &str| listed.path(name).strip_prefix(place.path()).unwrap().to_str().unwrap().to_owned();
        assert_eq!(found("Ann/Ann_0001.jpg"), "Ann/Ann_0001.JPG");
        assert_eq!(found("Bo/Bo_0002.jpg"), "BO/BO_0002.png");
        assert_eq!(found("Cy/Cy_0001.webp"), "Cy/Cy_0001.webp");
        assert_eq!(found("Cy/Cy_0001.tif"), "Cy/Cy_0001.jpg");
        // Nothing there is it: said of the name that was listed.
        assert_eq!(found("Di/Di_0001.jpg"), "Di/Di_0001.jpg");
        assert_eq!(found("Ann/Ann_0009.jpg"), "Ann/Ann_0009.jpg");
        assert_eq!(found("Ed/Ed_0001.jpg"), "Ed/Ed_0001.jpg");
    }
}
