//! Which files of a folder are photos. Symbolic links are followed, each real folder once, so a loop ends.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::app::engine::progress::Skipped;
use crate::faces::image::is_photo_name;
use crate::types::Cancel;

/// What a walk found. `photos` is sorted, so that two walks of the same folder agree.
#[derive(Debug, Default)]
pub struct Found {
    pub photos: Vec<PathBuf>,
    /// Folders and links that could not be read.
    pub skipped: Vec<Skipped>,
}

/// Lists the photos below `folder`, by their names' extensions. Hidden files and folders (a leading dot) are left out,
/// as photo tools keep their caches there.
pub fn find_photos(folder: &Path, cancel: &Cancel, mut seen: impl FnMut(u64)) -> Result<Found> {
    let root = fs::canonicalize(folder).with_context(|| format!("cannot open the folder {}", folder.display()))?;
    anyhow::ensure!(root.is_dir(), "this is not a folder: {}", folder.display());
    fs::read_dir(&root).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut found = Found::default();
    let mut visited = HashSet::from([root.clone()]);
    let mut known_files = HashSet::new();
    let mut open = vec![root];
    while let Some(folder) = open.pop() {
        if cancel.is_cancelled() {
            break;
        }
        match fs::read_dir(&folder) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => visit(&entry.path(), &mut found, &mut visited, &mut known_files, &mut open),
                        Err(error) => found.skip(&folder, format!("cannot list the folder: {}", plain(&error))),
                    }
                }
            }
            Err(error) => found.skip(&folder, format!("cannot read the folder: {}", plain(&error))),
        }
        seen(found.photos.len() as u64);
    }
    found.photos.sort();
    Ok(found)
}

fn visit(
    path: &Path,
    found: &mut Found,
    visited: &mut HashSet<PathBuf>,
    known_files: &mut HashSet<PathBuf>,
    open: &mut Vec<PathBuf>,
) {
    if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
        return;
    }
    // The real path: two links to one file are one photo, and a loop of links comes back to a folder already visited.
    let real = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if path.is_symlink() || is_photo_name(path) => {
            return found.skip(path, format!("cannot follow the link: {}", plain(&error)));
        }
        Err(_) => return,
    };
    if real.is_dir() {
        if visited.insert(real.clone()) {
            open.push(real);
        } else if path.is_symlink() {
            found.skip(path, "a link to a folder that is scanned anyway".to_owned());
        }
    } else if is_photo_name(path) && known_files.insert(real.clone()) {
        if real.is_file() {
            found.photos.push(real);
        } else {
            found.skip(path, "not a regular file".to_owned());
        }
    }
}

impl Found {
    fn skip(&mut self, path: &Path, reason: String) {
        self.skipped.push(Skipped { path: path.to_owned(), reason });
    }
}

/// The operating system's sentence without its number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_photos_in_order_and_leaves_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "sub/名字.webp", "sub/line\nbreak.jpg"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        let found = find_photos(folder.path(), &Cancel::default(), |_| {}).unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let names: Vec<_> = found.photos.iter().map(|p| p.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.PNG", "b.jpg", "sub/line\nbreak.jpg", "sub/名字.webp"]);
        assert!(found.skipped.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends_and_a_broken_link_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.jpg"), b"x").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("a.jpg", folder.path().join("same.jpg")).unwrap();
        std::os::unix::fs::symlink("gone.jpg", folder.path().join("broken.jpg")).unwrap();
        let found = find_photos(folder.path(), &Cancel::default(), |_| {}).unwrap();
        assert_eq!(found.photos.len(), 1);
        let mut told: Vec<_> = found.skipped.iter().map(|s| s.path.file_name().unwrap().to_str().unwrap()).collect();
        told.sort();
        assert_eq!(told, ["broken.jpg", "loop"]);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        assert!(find_photos(Path::new("/no/such/folder"), &Cancel::default(), |_| {}).is_err());
    }
}
