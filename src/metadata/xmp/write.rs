//! Changes to files, each at once or not at all: the new bytes go into a file beside the old one and reach the disk
//! before they take its name. What was changed since it was looked at is left alone.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{MetadataError, Refusal};
use crate::types::{files, hex, path_text};

/// What happens to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FileChange {
    Nothing,
    Create {
        #[serde(with = "base64_text")]
        bytes: Vec<u8>,
    },
    /// `old` at `at` becomes `new`; the whole file's SHA-256 says that it is still the one.
    Replace {
        at: u64,
        #[serde(with = "base64_text")]
        old: Vec<u8>,
        #[serde(with = "base64_text")]
        new: Vec<u8>,
        before: String,
        after: String,
    },
    Remove {
        #[serde(with = "base64_text")]
        bytes: Vec<u8>,
    },
}

impl FileChange {
    /// The change of a whole file that puts `new` at the place of `old`.
    pub fn replace(file: &[u8], at: usize, old: usize, new: Vec<u8>) -> Self {
        let old = file[at..at + old].to_vec();
        if old == new {
            return Self::Nothing;
        }
        let changed = [&file[..at], &new, &file[at + old.len()..]].concat();
        Self::Replace { at: at as u64, old, new, before: digest(file), after: digest(&changed) }
    }

    /// What takes it back, byte for byte.
    pub fn inverse(&self) -> Self {
        match self.clone() {
            Self::Nothing => Self::Nothing,
            Self::Create { bytes } => Self::Remove { bytes },
            Self::Remove { bytes } => Self::Create { bytes },
            Self::Replace { at, old, new, before, after } => {
                Self::Replace { at, old: new, new: old, before: after, after: before }
            }
        }
    }

    /// The file's bytes after the change; none where it is gone.
    ///
    /// # Errors
    /// The file is not the one for which the change was made.
    pub fn result(&self, file: Option<&[u8]>) -> Result<Option<Vec<u8>>, FileDiffers> {
        match (self, file) {
            (Self::Nothing, file) => Ok(file.map(<[u8]>::to_vec)),
            (Self::Create { bytes }, None) => Ok(Some(bytes.clone())),
            (Self::Remove { bytes }, Some(file)) if file == bytes => Ok(None),
            (Self::Replace { at, old, new, before, after }, Some(file)) if digest(file) == *before => {
                let at = usize::try_from(*at).map_err(|_| FileDiffers)?;
                let (head, rest) = file.split_at_checked(at).ok_or(FileDiffers)?;
                let tail = rest.strip_prefix(old.as_slice()).ok_or(FileDiffers)?;
                let changed = [head, new, tail].concat();
                if digest(&changed) == *after { Ok(Some(changed)) } else { Err(FileDiffers) }
            }
            _ => Err(FileDiffers),
        }
    }
}

/// A file is another than the one that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileDiffers;

/// The time of the last change that a written file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Modified {
    Now,
    /// That of the file before.
    Kept,
    At(SystemTime),
}

/// What restores a file's bytes and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileUndo {
    #[serde(with = "path_text")]
    pub path: PathBuf,
    pub change: FileChange,
    pub modified: Modified,
}

impl FileUndo {
    /// Of a change that is still to be made.
    pub fn of(path: &Path, change: &FileChange) -> Result<Self, MetadataError> {
        let modified = match change {
            FileChange::Nothing | FileChange::Create { .. } => Modified::Now,
            _ => Modified::At(fs::metadata(path).and_then(|meta| meta.modified()).map_err(failed("read", path))?),
        };
        Ok(Self { path: path.to_owned(), change: change.inverse(), modified })
    }

    /// Of a writing that broke off before it came to the file nothing is to be put back, beside what it began.
    ///
    /// # Errors
    /// The file has changed since, or cannot be written; it is as it was.
    pub fn apply(&self) -> Result<Undone, MetadataError> {
        if is_so(&self.path, &self.change).map_err(failed("read", &self.path))? {
            let _ = fs::remove_file(partial_path(&self.path));
            return Ok(Undone::WasSo);
        }
        apply(&self.path, &self.change, self.modified).map(|()| Undone::Restored)
    }
}

/// What putting a file back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undone {
    Restored,
    /// The file was as it was before the writing.
    WasSo,
}

/// Whether a file is already what a change makes of it.
fn is_so(path: &Path, change: &FileChange) -> io::Result<bool> {
    let file = match files::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => Some(read?),
    };
    Ok(match (change, file) {
        (FileChange::Nothing, _) | (FileChange::Remove { .. }, None) => true,
        (FileChange::Create { bytes }, Some(file)) => file == *bytes,
        (FileChange::Replace { after, .. }, Some(file)) => digest(&file) == *after,
        (FileChange::Create { .. } | FileChange::Replace { .. }, None) | (FileChange::Remove { .. }, Some(_)) => false,
    })
}

/// Makes a change.
///
/// # Errors
/// The file is another than the change was made for, or cannot be written; it is as it was.
pub(crate) fn apply(path: &Path, change: &FileChange, modified: Modified) -> Result<(), MetadataError> {
    if *change == FileChange::Nothing {
        return Ok(());
    }
    let before = match fs::symlink_metadata(path) {
        Ok(meta) => Some(checked(path, meta)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed("read", path)(error)),
    };
    let bytes = before.as_ref().map(|_| fs::read(path)).transpose().map_err(failed("read", path))?;
    let changed = |FileDiffers| MetadataError::Changed { path: path.to_owned() };
    match change.result(bytes.as_deref()).map_err(changed)? {
        Some(bytes) => put(path, &bytes, before.as_ref(), modified)?,
        None => fs::remove_file(path).map_err(failed("remove", path))?,
    }
    sync_folder(path).map_err(failed("write", path))
}

/// Refuses what a change would be refused for, as far as that is seen before.
pub(super) fn check(path: &Path, change: &FileChange) -> Result<(), MetadataError> {
    match fs::symlink_metadata(path) {
        _ if *change == FileChange::Nothing => Ok(()),
        Ok(meta) => checked(path, meta).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Refuses what replacing would harm.
fn checked(path: &Path, meta: fs::Metadata) -> Result<fs::Metadata, MetadataError> {
    let refused = |why| Err(MetadataError::Refused { path: path.to_owned(), why });
    if !meta.is_file() {
        return refused(Refusal::NotAFile);
    }
    if meta.permissions().readonly() {
        return refused(Refusal::ReadOnly);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if meta.nlink() > 1 {
            return refused(Refusal::Linked);
        }
        // Where the system does not say who this is, handing the new file over fails instead.
        let own = fs::metadata("/proc/self").ok().map(|own| own.uid());
        if own.is_some_and(|own| cannot_be_given_to(meta.uid(), own)) {
            return refused(Refusal::OtherOwner);
        }
    }
    Ok(meta)
}

/// Only the administrator gives files away.
#[cfg(unix)]
fn cannot_be_given_to(owner: u32, own: u32) -> bool {
    own != 0 && own != owner
}

fn put(path: &Path, bytes: &[u8], before: Option<&fs::Metadata>, modified: Modified) -> Result<(), MetadataError> {
    let partial = partial_path(path);
    let written = write_partial(path, &partial, bytes, before, modified)
        .and_then(|()| fs::rename(&partial, path).map_err(failed("write", path)));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&partial);
    })
}

fn write_partial(
    path: &Path,
    partial: &Path,
    bytes: &[u8],
    before: Option<&fs::Metadata>,
    modified: Modified,
) -> Result<(), MetadataError> {
    // One that was left by an interrupted write, and no link that somebody put there.
    match fs::remove_file(partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("write", partial)(error)),
        _ => {}
    }
    let cannot = || failed("write", path);
    let mut file = OpenOptions::new().write(true).create_new(true).open(partial).map_err(cannot())?;
    if let Some(before) = before {
        keep_rights(path, partial, &file, before)?;
    }
    file.write_all(bytes).map_err(cannot())?;
    let time = match (modified, before) {
        (Modified::Now, _) | (Modified::Kept, None) => None,
        (Modified::Kept, Some(before)) => Some(before.modified().map_err(cannot())?),
        (Modified::At(time), _) => Some(time),
    };
    time.map_or(Ok(()), |time| file.set_modified(time)).map_err(cannot())?;
    file.sync_all().map_err(cannot())
}

/// The new file has the old one's owner, mode and extended attributes.
fn keep_rights(path: &Path, partial: &Path, file: &File, before: &fs::Metadata) -> Result<(), MetadataError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let now = file.metadata().map_err(failed("write", path))?;
        if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
            let refused = |_| MetadataError::Refused { path: path.to_owned(), why: Refusal::OtherOwner };
            chown(partial, Some(before.uid()), Some(before.gid())).map_err(refused)?;
        }
    }
    file.set_permissions(before.permissions()).map_err(failed("write", path))?;
    keep_attributes(path, partial).map_err(failed("keep the attributes of", path))
}

/// Among them are access lists, and what desktops note of a file. Some only the system may set: these it sets itself.
#[cfg(unix)]
fn keep_attributes(path: &Path, partial: &Path) -> io::Result<()> {
    let or_none = |kept: io::Result<()>| match kept {
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) => Ok(()),
        kept => kept,
    };
    let copy = |name: &OsStr| match xattr::get(path, name)? {
        Some(value) => xattr::set(partial, name, &value),
        None => Ok(()),
    };
    or_none(xattr::list(path).and_then(|mut names| names.try_for_each(|name| or_none(copy(&name)))))
}

#[cfg(not(unix))]
fn keep_attributes(_path: &Path, _partial: &Path) -> io::Result<()> {
    Ok(())
}

/// What writes that were killed have left in photo folders, cleared away folder by folder. The next write of the same file
/// does that by itself; of a file that is never written again, nobody would.
#[derive(Debug, Default)]
pub(crate) struct WriteRemains {
    cleared: HashSet<PathBuf>,
}

/// What is younger may be another program's, which is writing it.
const LONGEST_WRITE: Duration = Duration::from_secs(3600);

impl WriteRemains {
    /// In the folder of a photo, once. What cannot be removed stays.
    pub fn clear_beside(&mut self, photo: &Path) {
        let Some(folder) = photo.parent().filter(|folder| self.cleared.insert(folder.to_path_buf())) else { return };
        clear(folder, LONGEST_WRITE);
    }
}

fn clear(folder: &Path, longest: Duration) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_partial(&entry.file_name()) && is_older_file(&entry.path(), longest) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Exactly as [`partial_path`] names it.
fn is_partial(name: &OsStr) -> bool {
    let digits = name.to_str().and_then(|name| name.strip_prefix(".likeness-")?.strip_suffix(".tmp"));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// By the time at which it was made: the time of its last change may be the photo's.
fn is_older_file(path: &Path, than: Duration) -> bool {
    let Ok(meta) = fs::symlink_metadata(path) else { return false };
    #[cfg(unix)]
    let at = u64::try_from(std::os::unix::fs::MetadataExt::ctime(&meta))
        .ok()
        .map(|secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs));
    #[cfg(not(unix))]
    let at = meta.created().ok();
    meta.is_file() && at.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > than)
}

/// Always the same for a file, so that an interrupted write leaves nothing for long, and short, since names may be as
/// long as the disk allows.
fn partial_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let digest = Sha256::digest(name.as_encoded_bytes());
    path.with_file_name(format!(".likeness-{}.tmp", hex(&digest[..8])))
}

/// Makes a rename last. Only Unix can open a folder for this; elsewhere the file system looks after itself.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> MetadataError {
    let path = path.to_owned();
    move |reason| MetadataError::Io { doing, path, reason }
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in a text format take four letters for three.
mod base64_text {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_of_another_user_is_refused_before_anything_is_shown_or_written() {
        assert!(cannot_be_given_to(1000, 1001) && cannot_be_given_to(0, 1001));
        assert!(!cannot_be_given_to(1000, 1000) && !cannot_be_given_to(1000, 0));
    }

    #[test]
    fn only_what_a_killed_write_left_long_ago_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let photo = folder.path().join("a.jpg");
        let names =
            [".likeness-0123456789abcdef.tmp", ".likeness-mine.tmp", ".likeness-0123456789abcdef.tmp.jpg", "a.jpg"];
        names.iter().for_each(|name| fs::write(folder.path().join(name), b"x").unwrap());
        let of_ours: Vec<bool> = names.iter().map(|name| is_partial(OsStr::new(name))).collect();
        assert_eq!(of_ours, [true, false, false, false]);
        assert!(is_partial(partial_path(&photo).file_name().unwrap()));
        WriteRemains::default().clear_beside(&photo);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "it may be being written just now");
        clear(folder.path(), Duration::ZERO);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
