//! What lies in a folder of photos: the one walk of scan, train and eval.
//!
//! Symbolic links are followed, each real folder once, so a loop ends. Hidden and system files and folders are no photos
//! and no people; neither is what Likeness itself keeps, wherever it lies. Whatever is left out is met as such, once, so
//! that it can be told.

pub(crate) mod listed;
pub(crate) mod people;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use walkdir::{DirEntry, WalkDir};

use self::store::is_of_a_store;
use crate::app::engine::progress::Skipped;
use crate::faces::image::{FileKind, OtherKind, is_photo_name, kind_of_file};
use crate::library::asks_disk;
use crate::types::{Cancel, has_extension, is_system_name, plain};

/// What a walk found. `photos` is sorted, so that two walks of the same folder agree.
#[derive(Debug, Default)]
pub(crate) struct FoundPhotos {
    pub photos: Vec<PathBuf>,
    /// Folders and links that could not be read.
    pub skipped: Vec<Skipped>,
    /// Videos, and pictures of kinds that are not read.
    pub not_looked_at: Vec<Skipped>,
    /// Hidden and system files and folders, which nobody looked into.
    pub hidden: usize,
}

/// Lists the photos below `folder`, by their names' extensions, without the folders of `own`, which hold what was made
/// of photos. Behind another picture's or a video's name may be a photo, too.
pub(crate) fn find_photos(
    folder: &Path,
    own: &[PathBuf],
    cancel: &Cancel,
    mut seen: impl FnMut(u64),
) -> Result<FoundPhotos> {
    let mut found = FoundPhotos::default();
    // Of those that a look into them has to tell.
    let mut opened = HashSet::new();
    walk(folder, own, cancel, &mut |met| match met.what {
        MetKind::Folder => seen(found.photos.len() as u64),
        MetKind::File if is_photo_name(&met.path) => found.photos.push(met.real),
        MetKind::File if has_extension(&met.path, OTHER_EXTENSIONS) => {
            if opened.insert(met.real.clone()) {
                found.sort_in(met.real);
            }
        }
        MetKind::File | MetKind::Own => {}
        MetKind::Hidden => found.hidden += 1,
        MetKind::NoFile if !is_photo_name(&met.path) => {}
        MetKind::NoFile => found.skip(&met.path, "not a regular file".to_owned()),
        MetKind::Again => found.skip(&met.path, "a link to a folder that is scanned anyway".to_owned()),
        MetKind::Unreadable(why) => found.skip(&met.path, why),
    })?;
    seen(found.photos.len() as u64);
    found.photos.sort();
    // Two links to one file are one photo.
    found.photos.dedup();
    found.not_looked_at.sort_by(|a, b| a.path.cmp(&b.path));
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// As [`find_photos`], of what lies at these paths below `folder` or in folders there. What is not there any more is not
/// found, and that is all that is said of it.
pub(crate) fn find_photos_at(
    folder: &Path,
    touched: &[PathBuf],
    own: &[PathBuf],
    cancel: &Cancel,
    mut seen: impl FnMut(u64),
) -> FoundPhotos {
    let mut found = FoundPhotos::default();
    let real_own = real_folders(own);
    let is_own = |path: &Path| {
        let mut on_the_way = path.ancestors().take_while(|at| *at != folder);
        on_the_way.any(|at| real_own.contains(at) || is_of_a_store(at))
    };
    for path in touched.iter().filter(|path| is_looked_into(folder, path, own)) {
        let Some(real) = fs::canonicalize(path).ok().filter(|real| !is_own(real)) else { continue };
        if real.is_dir() {
            found.add(find_photos(&real, own, cancel, |_| {}).unwrap_or_default());
        } else if real.is_file() && is_photo_name(path) {
            found.photos.push(real);
        } else if real.is_file() && has_extension(path, OTHER_EXTENSIONS) {
            found.sort_in(real);
        }
        seen(found.photos.len() as u64);
    }
    // A file may be in a folder that was touched, too.
    found.photos.sort();
    found.photos.dedup();
    found
}

/// Whether a scan of `folder` comes to this path, which need not be there: no folder on the way to it is hidden or the
/// program's own.
pub(crate) fn is_looked_into(folder: &Path, path: &Path, own: &[PathBuf]) -> bool {
    asks_disk();
    let below = path.ancestors().take_while(|at| *at != folder);
    path.starts_with(folder)
        && below.into_iter().all(|at| {
            let is_hidden = at.file_name().is_some_and(is_system_name);
            !is_hidden && !own.iter().any(|own| own == at) && !is_of_a_store(at)
        })
}

/// Whether the name is of what a scan opens, should it be a file.
pub(crate) fn may_be_photo(path: &Path) -> bool {
    is_photo_name(path) || has_extension(path, OTHER_EXTENSIONS)
}

/// Something that a walk meets.
struct Met {
    /// As it is reached from the folder, through links.
    path: PathBuf,
    /// Where it is.
    real: PathBuf,
    what: MetKind,
}

enum MetKind {
    File,
    /// It is walked.
    Folder,
    /// Hidden, or a system's own; a folder is not looked into.
    Hidden,
    /// Of Likeness itself.
    Own,
    /// A socket, a pipe, a device.
    NoFile,
    /// A link to a folder that is walked anyway.
    Again,
    /// Why the folder or link cannot be read.
    Unreadable(String),
}

/// A folder to be walked: as it is reached, and where it is.
struct Start {
    path: PathBuf,
    real: PathBuf,
}

/// Tells of everything below `folder` once, in order of the names; what lies behind links to folders comes last.
fn walk(folder: &Path, own: &[PathBuf], cancel: &Cancel, each: &mut dyn FnMut(Met)) -> Result<()> {
    let root = real_folder(folder)?;
    fs::read_dir(&root).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut walk = Walk { own: real_folders(own), known: HashSet::from([root.clone()]), links: Vec::new(), each };
    let mut next = Some(Start { path: root.clone(), real: root });
    while let Some(start) = next {
        walk.folder(&start, cancel);
        next = walk.next_behind_a_link();
    }
    Ok(())
}

/// Where a folder that somebody named is.
///
/// # Errors
/// There is nothing, or no folder.
pub(crate) fn real_folder(folder: &Path) -> Result<PathBuf> {
    let root = fs::canonicalize(folder).with_context(|| format!("cannot open the folder {}", folder.display()))?;
    anyhow::ensure!(root.is_dir(), "this is not a folder: {}", folder.display());
    Ok(root)
}

fn real_folders(folders: &[PathBuf]) -> HashSet<PathBuf> {
    folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()).collect()
}

struct Walk<'a> {
    own: HashSet<PathBuf>,
    /// Real paths of folders that are walked.
    known: HashSet<PathBuf>,
    /// To folders.
    links: Vec<Start>,
    each: &'a mut dyn FnMut(Met),
}

impl Walk<'_> {
    /// All below a folder but what lies behind links.
    fn folder(&mut self, start: &Start, cancel: &Cancel) {
        let mut entries = WalkDir::new(&start.real).min_depth(1).sort_by_file_name().into_iter();
        while !cancel.is_cancelled()
            && let Some(entry) = entries.next()
        {
            match entry {
                Ok(entry) => {
                    let is_dir = entry.file_type().is_dir();
                    let met = self.meet(start, &entry);
                    let is_left = is_dir && !met.as_ref().is_some_and(|met| matches!(met.what, MetKind::Folder));
                    if let Some(met) = met {
                        (self.each)(met);
                    }
                    if is_left {
                        entries.skip_current_dir();
                    }
                }
                Err(error) => {
                    let path = as_reached(start, error.path().unwrap_or(&start.real));
                    (self.each)(Met { real: path.clone(), path, what: MetKind::Unreadable(why_not_read(&error)) });
                }
            }
        }
    }

    /// None: nothing is to be told of it yet.
    fn meet(&mut self, start: &Start, entry: &DirEntry) -> Option<Met> {
        let path = as_reached(start, entry.path());
        let (real, kind) = match real(entry) {
            Ok(there) => there,
            // What cannot be followed leads nowhere.
            Err(error) => {
                let what = match is_system_name(entry.file_name()) {
                    true => MetKind::Hidden,
                    false => MetKind::Unreadable(format!("cannot follow the link: {}", plain(&error))),
                };
                return Some(Met { path, real: entry.path().to_owned(), what });
            }
        };
        let what = if is_system_name(entry.file_name()) {
            MetKind::Hidden
        } else if kind.is_file() {
            MetKind::File
        } else if !kind.is_dir() {
            MetKind::NoFile
        } else if self.own.contains(&real) || is_of_a_store(&real) {
            MetKind::Own
        } else if entry.path_is_symlink() {
            self.links.push(Start { path, real });
            return None;
        } else {
            self.known.insert(real.clone()).then_some(MetKind::Folder)?
        };
        Some(Met { path, real, what })
    }

    /// Only when all else was walked it is known which links lead elsewhere.
    fn next_behind_a_link(&mut self) -> Option<Start> {
        self.links.sort_by(|a, b| b.path.cmp(&a.path));
        while let Some(link) = self.links.pop() {
            let is_new = self.known.insert(link.real.clone());
            let what = if is_new { MetKind::Folder } else { MetKind::Again };
            (self.each)(Met { path: link.path.clone(), real: link.real.clone(), what });
            if is_new {
                return Some(link);
            }
        }
        None
    }
}

/// The path of what is below a folder's real path, as the folder is reached.
fn as_reached(start: &Start, real: &Path) -> PathBuf {
    match real.strip_prefix(&start.real) {
        Ok(below) if below.as_os_str().is_empty() => start.path.clone(),
        Ok(below) => start.path.join(below),
        Err(_) => real.to_owned(),
    }
}

/// Names of videos and of pictures that are mostly not read: these files are opened to tell what they are.
#[rustfmt::skip]
const OTHER_EXTENSIONS: &[&str] = &[
    // Videos.
    "3g2", "3gp", "asf", "avi", "crm", "divx", "f4v", "flv", "insv", "lrv", "m2t", "m2ts", "m2v", "m4v", "mkv", "mng",
    "mod", "mov", "mp4", "mpe", "mpeg", "mpg", "mts", "mxf", "ogv", "qt", "rm", "rmvb", "tod", "ts", "vob", "webm", "wmv",
    // Camera raw files; some are built as TIFF, and read.
    "crw", "mrw", "raw", "x3f",
    // Other pictures, and documents that hold some.
    "ai", "bpg", "bw", "cur", "dcm", "dds", "djv", "djvu", "eps", "exr", "ff", "fit", "fits", "hdp", "hdr", "heics",
    "heifs", "icb", "icns", "ico", "iff", "ilbm", "j2c", "j2k", "jls", "jng", "jp2", "jpc", "jpf", "jpm", "jpx", "jxr",
    "lbm", "pcx", "pdf", "pfm", "ps", "psb", "psd", "qoi", "ras", "rgb", "rgba", "sgi", "svg", "tga", "vda", "wdp", "wmf",
    "xcf", "xpm",
];

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

/// The pictures that lie in a folder itself, in order of the names.
pub(crate) fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_picture =
        |path: &PathBuf| is_photo_name(path) && path.is_file() && !path.file_name().is_some_and(is_system_name);
    Ok(sorted(folder)?.into_iter().filter(is_picture).collect())
}

/// What lies in a folder itself, hidden or not, in order of the names.
pub fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = listed.with_context(|| format!("cannot read the folder {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

impl FoundPhotos {
    fn add(&mut self, more: Self) {
        self.photos.extend(more.photos);
        self.skipped.extend(more.skipped);
        self.not_looked_at.extend(more.not_looked_at);
        self.hidden += more.hidden;
    }

    /// By its content, whatever its name says; what is no picture and no video is left out.
    fn sort_in(&mut self, path: PathBuf) {
        let reason = match kind_of_file(&path) {
            Ok(FileKind::Read(_)) => return self.photos.push(path),
            Ok(FileKind::NotAPicture) => return,
            Ok(FileKind::NotRead(OtherKind::Video(kind))) => format!("a video ({kind})"),
            Ok(FileKind::NotRead(OtherKind::Picture(kind))) => format!("{kind}, which is not read"),
            Err(error) => format!("cannot read the file: {}", plain(&error)),
        };
        self.not_looked_at.push(Skipped { path, reason });
    }

    fn skip(&mut self, path: &Path, reason: String) {
        self.skipped.push(Skipped { path: path.to_owned(), reason });
    }
}
