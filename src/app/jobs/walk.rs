//! Which files of a folder are photos. Symbolic links are followed, each real folder once, so a loop ends.

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use walkdir::{DirEntry, WalkDir};

use crate::app::engine::progress::Skipped;
use crate::faces::image::{FileKind, OtherKind, is_photo_name, kind_of_file};
use crate::types::Cancel;

/// What a walk found. `photos` is sorted, so that two walks of the same folder agree.
#[derive(Debug, Default)]
pub(crate) struct FoundPhotos {
    pub photos: Vec<PathBuf>,
    /// Folders and links that could not be read.
    pub skipped: Vec<Skipped>,
    /// Videos, and pictures of kinds that are not read.
    pub not_looked_at: Vec<Skipped>,
}

/// Lists the photos below `folder`, by their names' extensions. Hidden files and folders (a leading dot) are left out,
/// as photo tools keep their caches there, and so are the folders of `own`, which hold what was made of photos.
pub(crate) fn find_photos(
    folder: &Path,
    own: &[PathBuf],
    cancel: &Cancel,
    mut seen: impl FnMut(u64),
) -> Result<FoundPhotos> {
    let root = fs::canonicalize(folder).with_context(|| format!("cannot open the folder {}", folder.display()))?;
    anyhow::ensure!(root.is_dir(), "this is not a folder: {}", folder.display());
    fs::read_dir(&root).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut found = FoundPhotos::default();
    // Real paths: two links to one file are one photo, and a folder is walked once however many links lead to it.
    let mut known = HashSet::from([root.clone()]);
    let own: HashSet<PathBuf> = own.iter().filter_map(|folder| fs::canonicalize(folder).ok()).collect();
    let mut open = vec![root];
    // A linked folder gets a walk of its own, from its real path on, so that every path told is a real one.
    while let Some(start) = open.pop() {
        let mut walk = WalkDir::new(&start).min_depth(1).into_iter().filter_entry(|entry| !is_hidden(entry));
        while !cancel.is_cancelled()
            && let Some(entry) = walk.next()
        {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    found.skip(error.path().unwrap_or(&start), why_not_read(&error));
                    continue;
                }
            };
            let (path, is_link) = (entry.path(), entry.path_is_symlink());
            let (real, kind) = match real(&entry) {
                Ok(real) => real,
                Err(error) => {
                    found.skip(path, format!("cannot follow the link: {}", plain(&error)));
                    continue;
                }
            };
            if kind.is_dir() {
                seen(found.photos.len() as u64);
                if own.contains(&real) {
                    if !is_link {
                        walk.skip_current_dir();
                    }
                    continue;
                }
                match (known.insert(real.clone()), is_link) {
                    (true, false) => {}
                    (true, true) => open.push(real),
                    (false, false) => walk.skip_current_dir(),
                    (false, true) => found.skip(path, "a link to a folder that is scanned anyway".to_owned()),
                }
            } else if is_photo_name(path) && known.insert(real.clone()) {
                match kind.is_file() {
                    true => found.photos.push(real),
                    false => found.skip(path, "not a regular file".to_owned()),
                }
            } else if kind.is_file() && is_other_name(path) && known.insert(real.clone()) {
                found.not_looked_at.extend(other_kind(real));
            }
        }
    }
    seen(found.photos.len() as u64);
    found.photos.sort();
    found.not_looked_at.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Whether the name is one of a video or of a picture of another kind: only these are opened to tell what they are.
fn is_other_name(path: &Path) -> bool {
    const EXTENSIONS: [&str; 28] = [
        "mp4", "m4v", "mov", "avi", "mkv", "webm", "mts", "m2ts", "3gp", "mpg", "mpeg", "wmv", "psd", "psb", "svg",
        "ico", "tga", "jp2", "j2k", "jpf", "jxr", "exr", "hdr", "dcr", "x3f", "mrw", "crw", "pdf",
    ];
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// What the content is, and that nobody looks at it; none where it is something else.
fn other_kind(path: PathBuf) -> Option<Skipped> {
    let reason = match kind_of_file(&path) {
        Ok(FileKind::NotRead(OtherKind::Video(kind))) => format!("a video ({kind})"),
        Ok(FileKind::NotRead(OtherKind::Picture(kind))) => format!("{kind}, which is not read"),
        Ok(FileKind::Read(_) | FileKind::NotAPicture) => return None,
        Err(error) => format!("cannot read the file: {}", plain(&error)),
    };
    Some(Skipped { path, reason })
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Where an entry leads, and what is there.
fn real(entry: &DirEntry) -> io::Result<(PathBuf, FileType)> {
    if !entry.path_is_symlink() {
        return Ok((entry.path().to_owned(), entry.file_type()));
    }
    let real = fs::canonicalize(entry.path())?;
    let kind = fs::metadata(&real)?.file_type();
    Ok((real, kind))
}

fn why_not_read(error: &walkdir::Error) -> String {
    let what = if error.path().is_some() { "read" } else { "list" };
    format!("cannot {what} the folder: {}", error.io_error().map(plain).unwrap_or_default())
}

/// What lies in a folder itself, hidden or not, in order of the names.
pub fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = listed.with_context(|| format!("cannot read the folder {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

impl FoundPhotos {
    fn skip(&mut self, path: &Path, reason: String) {
        self.skipped.push(Skipped { path: path.to_owned(), reason });
    }
}

/// The operating system's sentence without its number.
pub(crate) fn plain(error: &io::Error) -> String {
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
        let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let names: Vec<_> = found.photos.iter().map(|p| p.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.PNG", "b.jpg", "sub/line\nbreak.jpg", "sub/名字.webp"]);
        assert!(found.skipped.is_empty());
    }

    #[test]
    fn a_video_is_counted_and_what_only_has_its_name_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.mp4"), b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom").unwrap();
        fs::write(folder.path().join("b.mov"), b"notes").unwrap();
        fs::write(folder.path().join("c.psd"), b"8BPS\0\x01\0\0\0\0\0\0").unwrap();
        let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
        let names: Vec<_> = found.not_looked_at.iter().map(|other| other.path.file_name().unwrap()).collect();
        assert_eq!((names, found.photos.len(), found.skipped.len()), (vec!["a.mp4".as_ref(), "c.psd".as_ref()], 0, 0));
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends_and_a_broken_link_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.jpg"), b"x").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("a.jpg", folder.path().join("same.jpg")).unwrap();
        std::os::unix::fs::symlink("gone.jpg", folder.path().join("broken.jpg")).unwrap();
        let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
        assert_eq!(found.photos.len(), 1);
        let mut told: Vec<_> = found.skipped.iter().map(|s| s.path.file_name().unwrap().to_str().unwrap()).collect();
        told.sort();
        assert_eq!(told, ["broken.jpg", "loop"]);
    }

    #[test]
    fn what_the_program_made_is_no_photo() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("library/cache");
        for path in ["a.jpg", "library/b.jpg", "library/cache/thumbnails/c.jpg"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        let found = find_photos(folder.path(), &[own], &Cancel::default(), |_| {}).unwrap();
        let names: Vec<_> = found.photos.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["a.jpg", "b.jpg"]);
        assert!(found.skipped.is_empty());
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        assert!(find_photos(Path::new("/no/such/folder"), &[], &Cancel::default(), |_| {}).is_err());
    }
}
